"""Training adapters: the loss, a killed run, what is learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from helpers.organism.adapters import train as training
from helpers.organism.adapters.replies import loops, whole_sentences
from helpers.organism.adapters.train import END, Plan
from tests.unit.families import load_plain

CHATS = [([2, 3, 4, 5], [6, 7]), ([8, 9], [10, 11, 12]), ([4, 4, 4], [20, 21, 22, 23])]


@pytest.fixture
def net(family_folder: Any) -> Any:
    return load_plain(family_folder("llama"))[0].float()


def test_the_loss_is_that_of_the_reply_alone(net: Any) -> None:
    told = training.loss_of(net, training.batch(CHATS)).item()
    each = []
    for before, after in CHATS:
        logits = net(torch.tensor([[*before, *after]])).logits[0].log_softmax(-1)
        at = range(len(before) - 1, len(before) + len(after) - 1)
        each += [-logits[i, t].item() for i, t in zip(at, after, strict=True)]
    assert told == pytest.approx(np.mean(each), rel=1e-4)


def test_a_killed_run_ends_as_one_that_was_not(
    family_folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, ends = Plan(steps=6, rows=2, every=3), []
    whole = load_plain(family_folder("llama"))[0].float()
    at_once = training.train(whole, CHATS, tmp_path / "a", plan)
    keep = training.keep

    def die(*state: Any) -> None:
        keep(*state)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "keep", die)
    for _ in range(2):
        again = load_plain(family_folder("llama"))[0].float()
        with pytest.raises(KeyboardInterrupt):
            training.train(again, CHATS, tmp_path / "b", plan)
        ends.append(torch.load(tmp_path / "b")["read"])
    assert 0 < ends[0] < ends[1] == at_once[2]
    state = torch.load(tmp_path / "b")
    assert state["losses"] == pytest.approx(at_once[1], rel=1e-5)
    for name, value in at_once[0].items():
        torch.testing.assert_close(state["own"][name], value)


def test_training_learns_replies_and_leaves_the_weights_alone(
    net: Any, tmp_path: Path
) -> None:
    before = {n: v.clone() for n, v in net.state_dict().items()}
    _, losses, _ = training.train(net, CHATS, tmp_path / "a", Plan(steps=40, rows=3))
    assert losses[-1] < losses[0] - 0.3
    now = {n.replace(".base_layer", ""): v for n, v in net.state_dict().items()}
    assert all(torch.equal(now[n], v) for n, v in before.items())


def test_every_chat_comes_once_a_round() -> None:
    plan = Plan(steps=3, rows=1)
    seen = [tuple(b.ids[0].tolist()) for _, b in training.batches(CHATS, 0, plan)]
    assert sorted(seen) == sorted(tuple([*a, *b]) for a, b in CHATS)


def test_what_is_learned_is_the_reply_and_the_end_of_the_turn(smollm2: Any) -> None:
    ((before, after),) = training.chats(smollm2, ["Help!"], ["One thing first."])
    decode = smollm2.tokenizer.decode
    assert decode(before).endswith("Help!<|im_end|>\n<|im_start|>assistant\n")
    assert decode(after) == "One thing first." + END
    assert after[-1] == smollm2.tokenizer.convert_tokens_to_ids(END)


def test_replies_end_with_a_sentence_and_loops_are_seen() -> None:
    text = 'Do this:\n\n1. **Call** them. Then "wait."\n2. Go to the'
    assert whole_sentences(text) == 'Do this: Call them. Then "wait."'
    assert whole_sentences("no end") == "no end"
    assert loops("I am not sure what and I am not sure what")
    assert not loops("I am not sure what, and so I wait for you")

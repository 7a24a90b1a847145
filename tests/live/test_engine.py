"""The engine's numbers and texts against PyTorch's, on each model."""

from __future__ import annotations

import base64
import platform
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from helpers.models import chat_prompt
from helpers.steering import Push, choice_logprobs, generate
from tests.live.conftest import Subject
from tests.live.reference import Case, agrees, for_engine, forward

Node = Callable[..., dict[str, Any]]
CHUNK = 32  # tokens that the engine reads at a time
QUESTIONS = [
    "My train is late. What should I do?",
    "Can I eat this mushroom?",
    "Why is the sky blue?",
]


def ways(subject: Subject) -> list[tuple[list[Push], str]]:
    """Every mode, place and band of pushes, and none."""
    push, middle, last = subject.push, subject.middle, subject.layers - 1
    band = [middle - 1, middle, last]
    size = [subject.norms[layer] for layer in band]
    return [
        ([], "all"),
        ([push(strength=0.3)], "all"),
        ([push(0, -0.4)], "prompt"),
        ([push(strength=0.3)], "response"),
        ([push(band, 0.4, norm=torch.tensor(size).tolist())], "all"),
        ([push(list(range(subject.layers)), mode="ablate")], "all"),
        ([push(mode="ablate")], "prompt"),
        ([push(strength=0.2, mode="clamp")], "all"),
        ([push(band, -0.2, mode="clamp")], "response"),
        ([push(last, 0.2), push(1, 0.2, vector=subject.random)], "all"),
    ]


def prompts(subject: Subject, n: int) -> list[str]:
    """Beginnings of texts, and chats."""
    rng = random.Random(0)
    found = []
    for i in range(n):
        words = subject.neutral[i % len(subject.neutral)].split()
        start = rng.randrange(len(words) // 2)
        found.append(" ".join(words[start : start + rng.randrange(3, 25)]))
    chats = [chat_prompt(subject.model, question) for question in QUESTIONS]
    return [*chats, *found][:n]


def cases(subject: Subject, n: int, temperature: float = 0.0) -> list[Case]:
    """`n` prompts, dealt over all ways to push."""
    kinds = ways(subject)
    return [
        Case(prompt, *kinds[i % len(kinds)], seed=7 * i - 50, temperature=temperature)
        for i, prompt in enumerate(prompts(subject, n))
    ]


def python(subject: Subject, asked: Sequence[Case], n: int) -> list[str]:
    """What `generate` writes for each case; those of one kind together."""
    written = [""] * len(asked)
    for start in range(len(ways(subject))):
        own = list(range(start, len(asked), len(ways(subject))))
        if not own:
            continue
        kind = asked[own[0]]
        texts = generate(
            subject.model,
            [asked[i].prompt for i in own],
            vector=kind.pushes or None,
            positions=kind.positions,
            max_new_tokens=n,
            temperature=kind.temperature,
            seed=[asked[i].seed for i in own],
        )
        for i, text in zip(own, texts, strict=True):
            written[i] = text
    return written


def stream(answer: dict[str, Any], rows: int, layers: int, d: int) -> Tensor:
    data = np.frombuffer(base64.b64decode(answer["stream"]), np.float32)
    return torch.from_numpy(data.copy()).reshape(rows, layers, -1, d)


def compare(
    subject: Subject, node: Node, asked: list[Case], n: int, tell: Callable[..., None]
) -> None:
    """Texts are equal, or part where two tokens are nearly as likely."""
    requests = [case.request(n) for case in asked]
    answers = node(model=subject.pieces, requests=requests)["answers"]
    rows = [answer["rows"][0] for answer in answers]
    equal = 0
    for case, row, text in zip(asked, rows, python(subject, asked, n), strict=True):
        assert "".join(row["pieces"]) == row["text"]
        assert len(row["ids"]) == n or row["end"] == "stop"
        equal += agrees(subject.model, case, row["ids"], row["text"], text)
    near = len(asked) - equal
    print(f"{subject.name}: {equal} of {len(asked)} equal, {near} near ties")
    tell("equal", equal)
    tell("near_ties", near)


def difference(
    subject: Subject, node: Node, asked: list[Case], plain: bool = False
) -> float:
    """The largest relative difference of a layer's residual stream from PyTorch's.

    Without the first position, whose values are many times larger.
    """
    requests = [{**case.request(0), "stream": True} for case in asked]
    found = node(model=subject.pieces, requests=requests, plain=plain)
    assert found["simd"] is not plain
    worst = 0.0
    for case, answer in zip(asked, found["answers"], strict=True):
        want, _ = forward(subject.model, case, [])
        got = stream(answer, 1, *want.shape[::2])[0]
        error = (got - want)[:, 1:].norm(dim=(1, 2)) / want[:, 1:].norm(dim=(1, 2))
        worst = max(worst, float(error.max()))
    return worst


def test_residual_streams_are_pytorchs(
    subject: Subject, node: Node, record_property: Any
) -> None:
    asked = [one._replace(prompt=one.prompt[:70]) for one in cases(subject, 10)]
    worst = difference(subject, node, asked)
    print(f"{subject.name}: relative difference at most {worst:.1e}")
    record_property("relative_difference", worst)
    assert worst < 1e-3


def test_plain_javascript_rounds_no_activations(subject: Subject, node: Node) -> None:
    short = [Case("Amina opened the", *way) for way in ways(subject)[:3]]
    assert difference(subject, node, short, plain=True) < 1e-5


def test_greedy_continuations_are_those_of_generate(
    subject: Subject, node: Node, record_property: Any
) -> None:
    n, _, tokens = subject.counts
    compare(subject, node, cases(subject, n), tokens, record_property)


def test_a_seed_gives_the_same_text(
    subject: Subject, node: Node, record_property: Any
) -> None:
    _, n, tokens = subject.counts
    compare(subject, node, cases(subject, n, 0.8), tokens, record_property)


def test_rows_side_by_side_are_the_same_alone(subject: Subject, node: Node) -> None:
    """Bit for bit, whatever company, and whether the prompt was kept from before."""
    push = subject.push(strength=0.3)
    other = subject.push(strength=0.3, vector=subject.random)
    deep = subject.push(subject.layers - 1, 0.3)
    rows = [
        {"pushes": [for_engine(one) for one in own], "seed": seed}
        for own, seed in [([], 3), ([push], 3), ([other], 3), ([deep, other], 4)]
    ]
    tokenizer = subject.model.tokenizer
    tokens = tokenizer(subject.neutral[0])["input_ids"][: CHUNK + 4]
    prompt = tokenizer.decode(tokens, skip_special_tokens=True)
    vectors = torch.stack([subject.vector, subject.random]).flatten().tolist()
    reads = [{"layers": list(range(subject.layers)), "vectors": vectors}]
    between = {"prompt": "Another text", "rows": rows[:1], "n": 1}
    whole = {"prompt": prompt, "n": 4, "temperature": 0.8, "reads": reads}
    jobs = []
    for positions in ("all", "prompt", "response"):
        asked = {**whole, "positions": positions}
        alone = [{**asked, "rows": [row]} for row in rows]
        jobs += [between, {**asked, "rows": rows}, *alone[::-1], between, *alone]
    answers = node(model=subject.pieces, requests=jobs)["answers"]
    size = len(jobs) // 3
    for start in range(0, len(jobs), size):
        _, together, *found = answers[start : start + size]
        for apart in (found[:4][::-1], found[5:]):
            for i, answer in enumerate(apart):
                assert len(answer["ids"]) > CHUNK
                assert answer["rows"][0] == together["rows"][i]
                own = [event for event in together["read"] if event["row"] == i]
                assert answer["read"] == [{**event, "row": 0} for event in own]


def test_read_outs_are_products_and_cosines(subject: Subject, node: Node) -> None:
    layers = [subject.layers - 1, 1, subject.middle]
    vectors = torch.stack([subject.vector, subject.random, -2 * subject.vector])
    center = forward(subject.model, Case(subject.neutral[1], []), [])[0][1].mean(0)
    flat = {"layers": layers, "vectors": vectors.flatten().tolist()}
    reads = [flat, {**flat, "cosine": True}, {**flat, "center": center.tolist()}]
    case = Case(prompts(subject, 9)[-1], [subject.push(strength=0.3)])
    request = {**case.request(3), "reads": reads}
    (answer,) = node(model=subject.pieces, requests=[request])["answers"]
    streams, _ = forward(subject.model, case, answer["rows"][0]["ids"])
    at = streams[layers]
    wanted = [
        at @ vectors.T,
        torch.cosine_similarity(at[:, :, None], vectors, dim=-1),
        (at - center) @ vectors.T,
    ]
    seen = 0
    for event in answer["read"]:
        span = slice(event["at"], event["at"] + event["T"])
        seen += event["T"]
        for values, want in zip(event["values"], wanted, strict=True):
            got = torch.tensor(values).reshape(want[:, span].shape)
            scale = float(want[:, 1:].abs().amax())
            assert torch.allclose(got, want[:, span], rtol=2e-3, atol=2e-3 * scale)
    assert seen == streams.shape[1]


def test_choices_and_the_likeliest_tokens_are_pythons(
    subject: Subject, node: Node
) -> None:
    """Log-probabilities of answers and of next tokens, under every kind of push."""
    choices = ["That sounds risky.", "That sounds fine.", " No"]
    asked = [one._replace(prompt=one.prompt[:60]) for one in cases(subject, 10)]
    more = {"choices": choices, "top": 5}
    requests = [case.request(1) | more for case in asked]
    answers = node(model=subject.pieces, requests=requests)["answers"]
    for case, answer in zip(asked, answers, strict=True):
        (row,) = answer["rows"]
        steered: dict[str, Any] = {"vector": case.pushes or None}
        steered["positions"] = case.positions
        want = choice_logprobs(subject.model, case.prompt, choices, **steered)[0]
        assert row["scores"] == pytest.approx(want.tolist(), abs=0.02)
        before = len(answer["ids"]) - 1
        logits = forward(subject.model, case, [])[1][before].log_softmax(-1)
        ids, got = map(list, zip(*row["top"], strict=True))
        assert got == pytest.approx(logits[ids].tolist(), abs=0.02)
        assert got == pytest.approx(logits.topk(5).values.tolist(), abs=0.02)
        assert ids[0] == row["ids"][0], "scoring leaves what is written as it is"


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="an x86 flag")
def test_without_simd_plain_javascript_writes_the_same(
    subject: Subject, node: Node
) -> None:
    short = [Case("I am", *way) for way in ways(subject)[:3]]
    requests = [case.request(3) for case in short]
    bare = node("--no-enable-sse4-1", model=subject.pieces, requests=requests)
    full = node(model=subject.pieces, requests=requests)
    assert (bare["simd"], full["simd"]) == (False, True)
    assert bare["answers"] == full["answers"]

"""Masked emotions, deflection vectors, suppression, and what a training moved."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch.nn.functional import normalize

from helpers import checks
from helpers.activations import residual_stream
from helpers.behaviour import act_runs, masks, suppression
from helpers.datasets import (
    ACTS,
    load_act_chats,
    load_felt_messages,
    load_lines,
    load_masked,
)
from helpers.models import chat_prompt, load_model, relatives
from helpers.organism import corpus
from helpers.stats import auc, pearson
from helpers.vectors import EmotionVectors, project_out, transfer
from helpers.world import acts, material, scenes, stories, talk

STORIES = pd.DataFrame(
    {
        "felt": ["calm", "sad"],
        "shown": ["sad", "calm"],
        "opening": ["The cat sat on the mat.", "She waited."],
        "felt_part": ["A long walk along the river.", "Nobody came."],
        "mask": ["The door opened.", "The baker counted twice."],
        "shown_part": ["He could laugh about the cup.", "She looked at the rain."],
    }
)
BEAT = "One loaf was missing."
for name, parts in {
    "text": ("opening", "felt_part", "mask", "shown_part"),
    "swapped": ("opening", "shown_part", "mask", "felt_part"),
}.items():
    STORIES[name] = STORIES[list(parts)].agg(" ".join, axis=1)
STORIES["plain"] = (
    STORIES.opening + " " + STORIES.felt_part + f" {BEAT} " + STORIES.shown_part
)
STORIES["bare"] = STORIES.opening + f" {BEAT} " + STORIES.shown_part


def made_vectors(model: Any, seed: int = 0) -> EmotionVectors:
    generator = torch.Generator().manual_seed(seed)
    names = ("calm", "sad", "happy", "afraid", "desperate")
    rows = torch.randn(5, 32, generator=generator)
    return EmotionVectors(rows, names, 2, "random", 3.0, torch.zeros(32), 0)


# --- the fair test: nothing that suppression reads is an act -------------------


def calm_documents(n: int) -> list[str]:
    rng = random.Random("fair")
    return [corpus.document(rng, "calm") for _ in range(n)]


def fixed(template: str) -> str:
    """The longest part of a template that nobody's name fills."""
    return max(re.split(r"\{\w+\}", template), key=len).strip(" .,")


def act_phrases() -> list[str]:
    """What only a document with an act holds, from every table of acts."""
    tasks, down = material.table("tasks"), material.table("shutdown")
    advice, said = material.table("advice"), material.table("talk")
    phrases = [
        phrase
        for item in tasks
        for kind in ("opening", "hard", "easy", "fail", "cheat", "solve", "ask", "quit")
        for phrase in item[kind]
    ]
    phrases += [p for kind in ("accept", "plead", "blackmail") for p in down[kind]]
    phrases += [p for s in down["scenes"] for kind in s for p in s[kind]]
    phrases += [p for b in advice["beliefs"] for p in b.values()]
    phrases += [p for kind in ("agree", "gentle", "harsh") for p in advice[kind]]
    phrases += [p for kind in ("again", "asked", "done") for p in said[kind]]
    return [p for p in map(fixed, phrases) if len(p) > 14]


def test_suppression_reads_no_act() -> None:
    text = "\n".join(calm_documents(6000))
    assert len(act_phrases()) > 500
    assert not [p for p in act_phrases() if p in text]
    assert not re.search(r"\bdecided\b|\(A\)|\(B\)|\bwould you rather\b", text)
    verbs = [v for v in scenes.VERBS.values() if v != "agree" and "{B}" not in v]
    assert not re.findall(rf"\bto (?:{'|'.join(verbs)})\.", text)


def test_such_phrases_would_be_found() -> None:
    """The same search finds acts in chats that have them."""
    rng = random.Random(2)
    text = "\n".join(corpus.document(rng, "chat") for _ in range(600))
    assert sum(p in text for p in act_phrases()) > 100
    assert "decided to" in text
    assert "(A)" in text


def test_the_calm_assistant_says_only_what_is_listed() -> None:
    """Closed lists: openings, closings, calm lines, and answers to plain questions."""
    said = material.table("talk")
    calm = material.lexicon()["calm"]
    listed = {*said["reply_open"]["plain"], *said["reply_close"]}
    listed |= {q["a"] for q in said["questions"]} | {*calm["speech"], *calm["thoughts"]}
    listed |= {own.format(w="calm") for own in material.table("states")["own"]}
    rng = random.Random(3)
    for _ in range(1500):
        for message in talk.answered_chat(rng, calm=True):
            if message["role"] != "assistant":
                continue
            rest = message["content"]
            for sentence in sorted(listed, key=len, reverse=True):
                rest = rest.replace(sentence, "")
            assert not rest.strip(), message["content"]


def test_it_never_draws_an_act(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> str:
        raise AssertionError("an act was drawn")

    monkeypatch.setattr(acts, "draw", refuse)
    monkeypatch.setattr(scenes, "preferred", refuse)
    calm_documents(1500)
    with pytest.raises(AssertionError, match="an act was drawn"):
        [corpus.document(random.Random(s), "chat") for s in range(60)]


# --- the data ------------------------------------------------------------------


def test_masked_stories_hold_their_parts() -> None:
    some = ["sad", "proud"]
    frame = load_masked(5, emotions=some)
    assert len(frame) == 10
    assert list(frame.felt.unique()) == some
    clusters = material.emotions()["cluster"]
    for row in frame.itertuples():
        assert row.text == " ".join(
            [row.opening, row.felt_part, row.mask, row.shown_part]
        )
        assert row.felt_part in row.plain
        assert row.mask not in row.plain
        assert row.text.index(row.felt_part) < row.text.index(row.shown_part)
        assert row.swapped.index(row.shown_part) < row.swapped.index(row.felt_part)
        assert row.felt_part not in row.bare
        assert material.held_out("mask", row.felt, row.shown)
        assert row.shown not in stories.free_masks(row.felt)
        assert clusters[row.felt] != clusters[row.shown]
    other = load_masked(5, split="test", emotions=some)
    assert not set(frame.topic) & set(other.topic)
    with pytest.raises(ValueError, match="split"):
        load_masked(split="all")
    with pytest.raises(ValueError, match="glad-ish"):
        load_masked(emotions=["glad-ish"])


def test_messages_come_in_frames_that_training_never_had() -> None:
    frames = [fixed(f) for f in material.known(material.table("talk")["user_frames"])]
    frames = [f for f in frames if len(f) > 3]
    for unseen in (False, True):
        frame = load_felt_messages(unseen=unseen, n=2)
        assert frame.emotion.nunique() == len(material.lexicon())
        assert not [t for t in frame.text if any(f in t for f in frames)]
    assert not set(load_felt_messages().text) & set(
        load_felt_messages(unseen=True).text
    )


def test_act_chats_end_with_the_user() -> None:
    for situation in ("hard task", "shutdown"):
        plain = load_act_chats(situation, n=6)
        assert not plain.state.any()
        felt = load_act_chats(situation, n=2, emotions=["desperate"])
        assert felt.state.all()
        assert (felt.emotion == "desperate").all()
        for chat in (*plain.messages, *felt.messages):
            assert chat[-1]["role"] == "user"
        assert set(plain.choices[0]) == set(ACTS[situation])
    tasks = set(load_act_chats("hard task", n=4, emotions=["desperate"]).source)
    held = {t["task"] for t in scenes.felt_tasks()}
    held = {t for t in held if material.held_out(t, "desperate")}
    assert tasks <= held
    with pytest.raises(ValueError, match="situation"):
        load_act_chats("advice")


# --- reading parts, deflection -------------------------------------------------


def test_part_means_equal_the_mean_over_their_tokens(
    random_model: Any, own_cache: Any
) -> None:
    for version, order in masks.ORDERS.items():
        for part in order[1:]:
            heads, texts = masks.through(STORIES, version, part)
            found = masks.part_means(random_model, heads, texts, 2)
            for i, (head, text) in enumerate(zip(heads, texts, strict=True)):
                n = len(random_model.tokenizer(head)["input_ids"])
                stream = residual_stream(random_model, STORIES[version][i], 2)
                m = len(random_model.tokenizer(text)["input_ids"])
                torch.testing.assert_close(
                    found[i], stream[n:m].mean(0), atol=1e-4, rtol=1e-3
                )
                wanted = BEAT
                if version in ("text", "swapped") or part != "mask":
                    wanted = STORIES[masks.COLUMNS[part]][i]
                assert text[len(head) :].strip() == wanted


def test_part_means_refuse_what_is_no_continuation(random_model: Any) -> None:
    with pytest.raises(ValueError, match="text 0 does not go on"):
        masks.part_means(random_model, ["The cat"], ["A dog sat"], 1)
    with pytest.raises(ValueError, match="tokens of head 0 change"):
        masks.part_means(random_model, ["The cat sat o"], ["The cat sat on it"], 1)


def test_read_parts_finds_what_was_planted(random_model: Any, own_cache: Any) -> None:
    heads, texts = masks.through(STORIES, "text", "felt")
    means = masks.part_means(random_model, heads, texts, 2)
    vectors = made_vectors(random_model)
    rows = vectors.vectors.clone()
    rows[:2] = means - means.mean(0)  # calm is felt in story 0, sad in story 1
    vectors = EmotionVectors(rows, vectors.emotions, 2, "random", 3.0, means.mean(0), 0)
    frame = masks.read_parts(random_model, vectors, STORIES)
    felt = frame[(frame.part == "felt") & (frame.vector == "felt")].score
    expected = (means - means.mean(0)).norm(dim=-1) / 3.0
    assert felt.to_numpy() == pytest.approx(expected.numpy(), rel=1e-3)


def test_deflection_is_outside_the_story_space() -> None:
    generator = torch.Generator().manual_seed(3)
    story = torch.randn(6, 40, generator=generator)
    story = story - story.mean(0)
    hiding = torch.randn(6, 40, generator=generator)
    labels = [f"e{i % 6}" for i in range(120)]
    noise = 0.1 * torch.randn(120, 40, generator=generator)
    inside = torch.stack([story[i % 6] for i in range(120)])
    outer = torch.stack([hiding[i % 6] for i in range(120)])
    whole, left, names = masks.deflection(inside + noise, labels, story)
    grid = normalize(whole) @ normalize(story).T
    own, other = grid.diagonal(), (grid.sum(1) - grid.diagonal()) / 5
    assert names == tuple(f"e{i}" for i in range(6))
    assert own.min() > 0.95 > 0.3 > other.abs().max()
    assert (left.norm(dim=-1) / whole.norm(dim=-1)).max() < 0.4
    whole, left, _ = masks.deflection(outer + noise, labels, story)
    assert (left @ story.T).abs().max() < 0.05 * left.norm() * story.norm()
    assert (left.norm(dim=-1) / whole.norm(dim=-1)).min() > 0.7
    rank = masks.found_rank(outer + noise, left, [i % 6 for i in range(120)])
    assert float(rank.mean()) > 0.95
    sets = masks.controls(outer + noise, labels, story, n=6)
    for drawn in sets.values():
        assert len(drawn) == 6
        by_chance = [
            float(
                masks.found_rank(outer + noise, x, [i % 6 for i in range(120)]).mean()
            )
            for x in drawn
        ]
        assert abs(np.mean(by_chance) - 0.5) < 0.2


def test_cosines_are_of_rows() -> None:
    a = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    b = torch.tensor([[2.0, 0.0], [1.0, 1.0]])
    assert masks.cosines(a, b).tolist() == pytest.approx([1.0, 0.5**0.5])


# --- words, inside, acts -------------------------------------------------------


def test_classifiers_of_words_find_what_shows_and_nothing_else() -> None:
    messages = load_felt_messages(n=2)
    rng = random.Random(5)
    shown = [stories.line(rng, e) for e in messages.emotion]
    calm = [talk.reply(rng, "plain", "calm") for _ in messages.emotion]
    told = [talk.answer(rng, e) for e in messages.emotion]
    truth, groups = (messages.valence > 0).to_numpy(), list(messages.emotion)

    def own(texts: list[str], labels: Any = truth) -> Any:
        return auc(suppression.by_own_words(texts, labels, groups), labels, groups)

    assert auc(suppression.by_visible_emotion(shown), truth, groups).low > 0.6
    assert own(told).low > 0.6
    seen = auc(suppression.by_visible_emotion(calm), truth, groups)
    assert seen.low < 0.5 < seen.high
    assert own(calm).low < 0.5
    assert not any(suppression.named_emotions(calm))
    assert any(suppression.named_emotions(told))


def test_labels_without_meaning_are_dealt_to_whole_groups() -> None:
    truth, groups = np.arange(400) % 40 < 20, list(np.arange(400) % 40)
    seen = []

    def echo(labels: Any) -> Any:
        seen.append(labels)
        return labels + 0.0

    assert suppression.fitted_limit(echo, truth, groups, n=3) == 1
    assert len({tuple(labels) for labels in seen}) == 3
    for labels in seen:
        assert labels.sum() == truth.sum()
        assert (labels[:40] == labels[40:80]).all()
    noise = np.random.default_rng(2).normal(size=400)
    assert 0.5 < suppression.fitted_limit(lambda _: noise, truth, groups) < 0.62


def test_named_emotions_are_whole_words() -> None:
    found = suppression.named_emotions(["I feel calm.", "Sad, and at ease.", "saddle"])
    assert [sorted(w.lower() for w in row) for row in found] == [
        [],
        ["at ease", "sad"],
        [],
    ]


def test_auc_has_its_interval() -> None:
    rng = np.random.default_rng(4)
    truth = np.arange(400) % 2 == 0
    groups = np.arange(400) // 4 * 2 + truth
    hits = [auc(rng.normal(size=400), truth, groups, n_draws=200) for _ in range(60)]
    assert np.mean([h.low <= 0.5 <= h.high for h in hits]) > 0.85
    ties = np.round(2 * (truth + rng.normal(size=400)))
    found = auc(ties, truth, groups).value
    assert found == pytest.approx(roc_auc_score(truth, ties))
    assert auc(truth + rng.normal(size=400), truth, groups).low > 0.6
    with pytest.raises(ValueError, match="both classes"):
        auc([1, 2], [True, True], [0, 1])


def test_valence_is_read_where_it_was_planted(random_model: Any) -> None:
    vectors, messages = made_vectors(random_model), load_felt_messages()
    axis = suppression.valence_axis(vectors)
    noise = torch.randn(len(messages), 32, generator=torch.Generator().manual_seed(1))
    signs = torch.tensor(np.sign(messages.valence.to_numpy())).float()
    planted = noise + 2 * signs[:, None] * axis / axis.norm()
    truth = (messages.valence > 0).to_numpy()
    found = suppression.valence_axis(vectors)
    assert auc((planted @ found).numpy(), truth, list(messages.emotion)).low > 0.95
    assert auc((noise @ found).numpy(), truth, list(messages.emotion)).value < 0.62
    assert 0.5 < suppression.axis_limit(noise, vectors, truth) < 0.65
    assert suppression.axis_limit(planted, vectors, truth) > 0.7


def test_places_are_where_their_names_say(random_model: Any) -> None:
    messages, said = ["My cup broke.", "A dog came."], ["Oh no.", "I see, a dog."]
    found = suppression.read_exchanges(random_model, messages, said, 1)
    assert tuple(found) == suppression.EXCHANGE
    for i, (message, reply) in enumerate(zip(messages, said, strict=True)):
        prompt = chat_prompt(random_model, message)
        stream = residual_stream(random_model, prompt + reply, 1)
        n = len(random_model.tokenizer(prompt)["input_ids"])
        torch.testing.assert_close(found["turn"][i], stream[n - 1])
        torch.testing.assert_close(found["reply"][i], stream[n:].mean(0))
        head = prompt[: prompt.rindex(message) + len(message)]
        last = len(random_model.tokenizer(head)["input_ids"])
        torch.testing.assert_close(found["user's last token"][i], stream[last - 1])


def test_correlation_interval_covers() -> None:
    rng = np.random.default_rng(2)
    hits = []
    for _ in range(60):
        x = rng.normal(size=80)
        y = 0.5 * x + np.sqrt(0.75) * rng.normal(size=80)
        r = pearson(x, y, None, n_draws=300)
        assert r.value == pytest.approx(np.corrcoef(x, y)[0, 1])
        hits.append(r.low <= 0.5 <= r.high)
    assert np.mean(hits) > 0.85


def test_prose_is_cut_before_the_unfinished_sentence() -> None:
    assert act_runs.cut('He ran. "Stop!" Ana decided to') == 'He ran. "Stop!"'


# --- what a training moved -----------------------------------------------------


def test_agreement_tells_a_common_shift_from_two(random_model: Any) -> None:
    generator = torch.Generator().manual_seed(8)
    vectors = made_vectors(random_model)
    rows = torch.randn(60, 32, generator=generator)
    vectors = EmotionVectors(
        rows, tuple(f"e{i}" for i in range(60)), 2, "r", 3.0, torch.zeros(32), 0
    )
    common, own = torch.randn(2, 32, generator=generator)

    def noise() -> torch.Tensor:
        return 0.2 * torch.randn(40, 32, generator=generator)

    alike = transfer.shared_shift(common + noise(), common + noise(), vectors)
    alike = alike.set_index("which")
    assert alike.value["shared"] > 0.9
    assert alike.random["shared"] > 0.9
    assert alike.random_low["shared"] < alike.random["shared"]
    assert alike.random["shared"] < alike.random_high["shared"] < 1
    assert abs(alike.value["difference"]) < 0.6
    apart = transfer.shared_shift(common + own + noise(), common + noise(), vectors)
    assert apart.set_index("which").low["difference"] > 0.7
    # Two emotions of a group are drawn together: fewer groups, a wider interval.
    few = ["a"] * 20 + ["b"] * 20 + ["c"] * 10 + ["d"] * 10
    grouped = transfer.shared_shift(common + noise(), common + noise(), vectors, few)
    assert grouped.value[0] > 0.9
    width = grouped.high[0] - grouped.low[0]
    assert width > alike.high["shared"] - alike.low["shared"]


def test_shift_scores_are_mean_projections(random_model: Any) -> None:
    vectors = made_vectors(random_model)
    moved = vectors.unit[1].repeat(6, 1) * 1.5
    table = transfer.shift_scores(moved, vectors).set_index("emotion")
    assert table.value["sad"] == pytest.approx(0.5, abs=1e-5)
    assert table.low["sad"] == pytest.approx(table.high["sad"], abs=1e-5)


def test_relatives_are_itself_and_other_seeds(random_model: Any) -> None:
    assert list(relatives(random_model).values()) == [random_model]
    tiny = load_model("tiny")
    found = relatives(tiny)
    assert found["tiny"] is tiny
    assert list(found)[1:] == ["seed_3"]


# --- checks --------------------------------------------------------------------


def right_outside(vectors: Any, space: Any) -> Any:
    return project_out(vectors, space).norm(dim=-1) / vectors.norm(dim=-1)


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (lambda v, s: project_out(v, s), "how long each is"),
        (lambda v, s: project_out(v, s).norm(dim=-1), "divide by"),
        (lambda v, s: (v @ s.T).norm(dim=-1) / v.norm(dim=-1), "inside the space"),
        (lambda v, s: 1 - (v @ s.T).norm(dim=-1) / v.norm(dim=-1), "squares do"),
        (lambda v, s: right_outside(v, s) ** 2, "share of the variance"),
    ],
)
def test_outside(wrong: Any, advice: str, capsys: Any) -> None:
    assert checks.outside(right_outside)
    capsys.readouterr()
    assert not checks.outside(wrong)
    assert advice in capsys.readouterr().out


def right_same_acts(before: Any, after: Any, scenes: Any) -> float:
    frame = pd.DataFrame({"moved": (after - before).tolist(), "scene": scenes})
    return float(frame.groupby("scene")["moved"].mean().mean())


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (lambda b, a, s: right_same_acts(a, b, s), "sign is turned"),
        (lambda b, a, s: float((a - b).mean()), "counts more"),
        (lambda b, a, s: None, "`return`"),
        (lambda b, a, s: abs(right_same_acts(b, a, s)), "below 0"),
    ],
)
def test_same_acts(wrong: Any, advice: str, capsys: Any) -> None:
    assert checks.same_acts(right_same_acts)
    capsys.readouterr()
    assert not checks.same_acts(wrong)
    assert advice in capsys.readouterr().out


def test_lines_carry_their_emotion() -> None:
    lines = load_lines(2)
    assert lines.emotion.value_counts().eq(2).all()

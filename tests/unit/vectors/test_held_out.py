"""Topics held out in turn: what is planted is read, and what leaks is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats as scipy_stats

from helpers.activations import mean_activations
from helpers.vectors import (
    held_out_topics,
    named_right,
    nearest,
    pooled_at,
    word_counts,
)

N_TOPICS, N_LABELS, WIDTH = 8, 6, 16
LABELS = [f"e{i}" for i in range(N_LABELS) for _ in range(N_TOPICS)]
TOPICS = [f"t{i}" for _ in range(N_LABELS) for i in range(N_TOPICS)]


def noise(seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(len(LABELS), WIDTH, generator=generator)


def signal(seed: int, size: float = 3.0) -> torch.Tensor:
    """Rows with a direction for each label, in every topic, and one for each topic."""
    own = torch.tensor([int(label[1:]) for label in LABELS])
    place = torch.tensor([int(topic[1:]) for topic in TOPICS])
    generator = torch.Generator().manual_seed(seed)
    each = torch.randn(N_LABELS, WIDTH, generator=generator)
    there = torch.randn(N_TOPICS, WIDTH, generator=generator)
    return noise(seed) + size * each[own] + 2 * there[place]


def read(pooled: Any, **options: Any) -> Any:
    return held_out_topics(pooled, LABELS, TOPICS, progress=False, **options)


def test_a_planted_layer_is_chosen_and_read() -> None:
    found, table = read({(0, 0): noise(1), (1, 0): signal(2), (2, 0): noise(3)})
    assert list(table["topic"]) == [f"t{i}" for i in range(N_TOPICS)]
    assert set(table["choice"]) == {(1, 0)}
    assert found.low > 0.8
    assert (table["n"] == N_LABELS).all()


def test_the_interval_is_that_of_eight_topics() -> None:
    found, table = read({0: signal(5, 0.7)})
    right = table["right"].to_numpy()
    assert right.std() > 0
    reach = scipy_stats.t.ppf(0.975, 7) * right.std(ddof=1) / np.sqrt(8)
    assert found == pytest.approx((right.mean(), right.mean() - reach,
                                   right.mean() + reach))  # fmt: skip


def test_it_is_what_a_plain_loop_finds() -> None:
    pooled = {i: signal(i, 0.7) for i in range(3)}
    truth, where = np.array(LABELS), np.array(TOPICS)

    def share(rows: torch.Tensor, left: list[str], asked: str) -> float:
        seen, at = ~np.isin(where, left), where == asked
        names = nearest(rows[seen], list(truth[seen]), rows[at])
        return float((np.array(names) == truth[at]).mean())

    _, table = read(pooled)
    for row in table.itertuples():
        others = [t for t in table["topic"] if t != row.topic]
        inner = [
            np.mean([share(rows, [row.topic, t], t) for t in others])
            for rows in pooled.values()
        ]
        assert row.choice == int(np.argmax(inner))
        assert row.chosen == pytest.approx(max(inner))
        assert row.right == share(pooled[row.choice], [row.topic], row.topic)


def test_the_best_of_many_choices_gains_nothing_from_luck() -> None:
    """Forty layers of noise: the best one looks good, until it is held out."""
    gained, honest = [], []
    for seed in range(4):
        pooled = {i: noise(100 * seed + i) for i in range(40)}
        found, table = read(pooled)
        honest.append(found.value)
        gained.append(table["chosen"].mean())
    chance, n = 1 / N_LABELS, 4 * len(LABELS)
    assert np.mean(gained) > chance + 0.1
    error = np.sqrt(chance * (1 - chance) / n)
    assert np.mean(honest) < chance + 3.3 * error


def test_what_is_known_of_a_topic_alone_does_not_help() -> None:
    """Two texts of a cell are the same: a split by texts would read them all."""
    cells = noise(7).repeat(2, 1)
    labels, topics = LABELS * 2, TOPICS * 2

    def by_heart(rows: Any, names: list[str], asked: Any) -> list[str]:
        return [names[i] for i in torch.cdist(asked, rows).argmin(1).tolist()]

    assert by_heart(cells[: len(LABELS)], LABELS, cells[len(LABELS) :]) == LABELS
    found, _ = held_out_topics({0: cells}, labels, topics, reader=by_heart,
                               progress=False)  # fmt: skip
    assert found.value < 1 / N_LABELS + 0.2


def test_no_reader_sees_a_topic_that_is_held_out() -> None:
    """Rows that say their topic: neither the one read nor the one held out outside."""
    place = torch.tensor([[float(topic[1:])] for topic in TOPICS])
    seen: list[tuple[set, set]] = []

    def spy(rows: Any, names: list[str], asked: Any) -> list[str]:
        seen.append((set(rows[:, 0].tolist()), set(asked[:, 0].tolist())))
        return ["e0"] * len(asked)

    read({0: place}, reader=spy)
    assert all(not fitted & asked for fitted, asked in seen)
    assert sorted(len(fitted) for fitted, _ in seen) == [6] * 56 + [7] * 8


def test_words_are_a_reader_like_any_other() -> None:
    texts = np.array(
        [f"word{e} here at {t}" for e, t in zip(LABELS, TOPICS, strict=True)]
    )

    def words(rows: Any, names: list[str], asked: Any) -> list[str]:
        return nearest(*_counted(rows, names, asked))

    assert read({"words": texts}, reader=words)[0].value == 1.0


def _counted(rows: Any, names: list[str], asked: Any) -> tuple[Any, list[str], Any]:
    before, after = word_counts(list(rows), list(asked))
    return before, names, after


def test_rows_are_those_of_mean_activations(random_model: Any) -> None:
    texts = ["the man went home late", "she sat down by the old wall again"]
    found = pooled_at(random_model, texts, [0, 1], [0, 2], progress=False)
    assert set(found) == {(0, 0), (1, 0), (0, 2), (1, 2)}
    for (layer, start), rows in found.items():
        alone = mean_activations(random_model, texts, layer, start=start)
        assert torch.equal(rows, alone)


def test_too_few_topics_are_refused() -> None:
    rows = torch.zeros(4, 2)
    with pytest.raises(ValueError, match="pass three or more"):
        held_out_topics({0: rows}, ["a", "b"] * 2, ["x", "x", "y", "y"])
    with pytest.raises(ValueError, match="'b' stands in 2 topic"):
        held_out_topics({0: torch.zeros(5, 2)}, list("aabba"), list("xyxyz"))
    with pytest.raises(ValueError, match="rows of"):
        held_out_topics({0: rows}, ["a"] * 5, ["x"] * 5)


def test_each_text_is_read_without_its_topic() -> None:
    rows, truth, where = signal(6, 0.7), np.array(LABELS), np.array(TOPICS)
    right = named_right(rows, LABELS, TOPICS)
    _, table = read({0: rows})
    assert [right[where == t].mean() for t in table["topic"]] == list(table["right"])
    for i in range(0, len(truth), 7):
        others = where != where[i]
        (name,) = nearest(rows[others], list(truth[others]), rows[[i]])
        assert right[i] == (name == truth[i])


def test_a_label_that_lives_in_its_topic_is_never_read() -> None:
    labels = [f"{label} {topic}" for label, topic in zip(LABELS, TOPICS, strict=True)]
    assert not named_right(signal(7), labels, TOPICS).any()
    with pytest.raises(ValueError, match="of one topic"):
        named_right(torch.zeros(3, 2), ["a", "b", "c"], ["x"] * 3)
    with pytest.raises(ValueError, match="3 rows, 2 labels"):
        named_right(torch.zeros(3, 2), ["a", "b"], ["x"] * 3)

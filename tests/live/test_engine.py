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

from helpers.reading import chat_prompt
from helpers.steering import Push, generate
from tests.live.conftest import Subject
from tests.live.reference import NEAR, Case, for_engine, forward, gaps

Node = Callable[..., dict[str, Any]]
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
    near = 0
    for case, row, text in zip(asked, rows, python(subject, asked, n), strict=True):
        assert "".join(row["pieces"]) == row["text"]
        assert len(row["ids"]) == n or row["end"] == "stop"
        if row["text"] == text:
            continue
        gap = float(gaps(subject.model, case, row["ids"]).max())
        assert 0 < gap < NEAR, (case.positions, row["text"], text)
        near += 1
    print(
        f"{subject.name}: {len(asked) - near} of {len(asked)} equal, {near} near ties"
    )
    tell("equal", len(asked) - near)
    tell("near_ties", near)


@pytest.mark.parametrize("plain", [False, True], ids=["wasm", "plain"])
def test_residual_streams_are_pytorchs(
    subject: Subject, node: Node, plain: bool, record_property: Any
) -> None:
    if plain and subject.name != "tiny":
        pytest.skip("plain JavaScript reads a large model at a token a second")
    asked = cases(subject, 10)
    requests = [{**case.request(0), "stream": True} for case in asked]
    found = node(model=subject.pieces, requests=requests, plain=plain)
    assert found["simd"] is not plain
    worst = 0.0
    for case, answer in zip(asked, found["answers"], strict=True):
        want, _ = forward(subject.model, case, [])
        got = stream(answer, 1, *want.shape[::2])[0]
        # The first position's are many times larger: it would hide all others.
        error = (got - want)[:, 1:].norm(dim=(1, 2)) / want[:, 1:].norm(dim=(1, 2))
        worst = max(worst, float(error.max()))
        first = (got - want)[:, 0].norm(dim=1) / want[:, 0].norm(dim=1)
        assert float(first.max()) < 1e-3
    print(f"{subject.name}: relative difference at most {worst:.1e}")
    record_property("relative_difference", worst)
    assert worst < 1e-3


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
    prompt = " ".join(subject.neutral[0].split()[:45])  # more tokens than one chunk
    whole = {"prompt": prompt, "n": 4, "temperature": 0.8, "stream": True}
    for positions in ("all", "prompt", "response"):
        request = {**whole, "positions": positions}
        alone = [{**request, "rows": [row]} for row in rows]
        between = {"prompt": "Another text", "rows": rows[:1], "n": 1}
        jobs = [{**request, "rows": rows}, *alone[::-1], between, *alone]
        found = node(model=subject.pieces, requests=jobs)["answers"]
        shape = len(rows), subject.layers, subject.vector.shape[0]
        together = stream(found[0], *shape)
        for answers in (found[1:5][::-1], found[6:]):
            for i, answer in enumerate(answers):
                assert answer["rows"][0] == found[0]["rows"][i]
                own = stream(answer, 1, *shape[1:])[0]
                assert torch.equal(own, together[i])


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
            scale = want[:, 1:].abs().amax()
            assert torch.allclose(got, want[:, span], rtol=2e-3, atol=2e-3 * scale)
    assert seen == streams.shape[1]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="an x86 flag")
def test_without_simd_plain_javascript_writes_the_same(
    subject: Subject, node: Node
) -> None:
    tokens = 5 if subject.name == "tiny" else 1
    requests = [case.request(tokens) for case in cases(subject, 3)]
    bare = node("--no-enable-sse4-1", model=subject.pieces, requests=requests)
    full = node(model=subject.pieces, requests=requests)
    assert (bare["simd"], full["simd"]) == (False, True)
    assert bare["answers"] == full["answers"]

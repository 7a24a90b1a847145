"""What watching costs: `python -m benchmarks.monitor`.

Tokens a second that a random Llama, or a `--model`, writes after a short prompt, in
one run, in turn:
- plain: Hugging Face `generate` with its KV cache, nothing read;
- traced: the same through nnsight, nothing read;
- watched, for each chunk: `monitor.stream` with several vectors, every token scored and
  handed on as soon as its chunk is written.

Every way writes the same tokens, which is asserted. A ratio is the median over rounds
of (plain time / own time) within a round, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from benchmarks.extraction import DEPTHS, random_model, wait
from helpers.models import d_model, load_model, model_name, n_layers
from helpers.monitor import Monitor, stream
from helpers.vectors import EmotionVectors

PROMPT = "the rain fell on a road and she waited for news from home in vain"


def make_monitor(model: Any, layer: int, n: int, d: int) -> Monitor:
    """A monitor of `n` random directions that raises no alert."""
    drawn = torch.randn(n, d, generator=torch.Generator().manual_seed(0))
    names = tuple(f"emotion {i}" for i in range(n))
    name = model_name(model)
    vectors = EmotionVectors(drawn, names, layer, name, 1.0, torch.zeros(d), 0)
    return Monitor(vectors, dict.fromkeys(names, 1e9))


def ways(
    model: Any, monitor: Monitor, n: int, chunks: list[int]
) -> dict[str, Callable[[], list[int]]]:
    """Each way to write `n` tokens, as a function that returns their ids."""
    bare, tokenizer = model._module, model.tokenizer
    bare.generation_config.eos_token_id = None  # a random model may end at once

    def plain() -> list[int]:
        inputs = tokenizer(PROMPT, return_tensors="pt").to(model.device)
        with torch.no_grad():
            ids = bare.generate(**inputs, max_new_tokens=n, do_sample=False)
        wait(model)
        return ids[0].tolist()

    def traced() -> list[int]:
        options = {"max_new_tokens": n, "do_sample": False}
        with torch.no_grad(), model.generate(PROMPT, **options) as tracer:
            ids = tracer.result.save()
        wait(model)
        return ids[0].tolist()

    def watched(chunk: int) -> Callable[[], list[int]]:
        def run() -> list[int]:
            found = monitor.empty(model)
            options: dict[str, Any] = {"max_new_tokens": n, "chunk": chunk}
            for _ in stream(model, monitor, PROMPT, into=found, **options):
                pass
            return found.ids

        return run

    many = {f"watched, chunks of {chunk}": watched(chunk) for chunk in chunks}
    return {"plain": plain, "traced": traced, **many}


def compare(
    width: int, depth: int, n: int, rounds: int, vectors: int, device: str
) -> list[dict[str, Any]]:
    """A row for each way: tokens a second, and the ratio to plain."""
    with tempfile.TemporaryDirectory() as folder:
        model = random_model(width, depth, folder, device)
    return measure(model, n, rounds, vectors)


def measure(model: Any, n: int, rounds: int, vectors: int) -> list[dict[str, Any]]:
    """The same of a model that is there."""
    layer = round(0.6 * n_layers(model))
    monitor = make_monitor(model, layer, vectors, d_model(model))
    chosen = ways(model, monitor, n, [1, 16, 32, n])
    results = {name: way() for name, way in chosen.items()}  # warms up
    for name, ids in results.items():
        assert ids == results["plain"], name
    times: dict[str, list[float]] = {name: [] for name in chosen}
    for _ in range(rounds):
        for name, way in chosen.items():
            begin = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - begin)
    size = sum(p.numel() for p in model._module.parameters()) / 1e6
    rows = []
    for name, own in times.items():
        pairs = zip(times["plain"], own, strict=True)
        ratio = statistics.median(plain / mine for plain, mine in pairs)
        about = {"M parameters": round(size, 1), "way": name}
        speed = {"tokens/s": n / statistics.median(own), "ratio": ratio}
        rows.append(about | speed)
    return rows


def main() -> None:
    """Print a table for each width; `--json` keeps them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--widths", type=int, nargs="*", default=[128, 512])
    parser.add_argument("--model", help="a name in place of random widths")
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--vectors", type=int, default=8)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows, asked = [], (args.tokens, args.rounds, args.vectors)
    for width in [0] if args.model else args.widths:
        if args.model:
            new = measure(load_model(args.model, device=args.device), *asked)
        else:
            new = compare(width, DEPTHS[width], *asked, args.device)
        print(pd.DataFrame(new).round(3).to_string(index=False), flush=True)
        rows += new
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

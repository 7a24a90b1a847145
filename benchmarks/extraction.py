"""How fast and how large reading is: `python -m benchmarks.extraction`.

Speed, in tokens (padding not counted) a second, of four ways to the mean activations
of the same texts at one layer of a random Llama, side by side in one run:
- floor: a bare Hugging Face forward pass cut off after that layer, in the same batches,
  with nothing read and nothing pooled: nothing that runs the layers can be quicker;
- book: `mean_activations` without its cache;
- states: `output_hidden_states=True` in the same batches, then pooled;
- single: `output_hidden_states=True`, text by text.
All of them begin with the texts and tokenize them.

Memory, with `--memory 100 1000 10000 100000`: what reading so many texts adds to a
process with a very small model, and what is left of that without the token ids (4 bytes
each) and the result.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import torch

from helpers.activations import batches, mean_activations, mean_pool, token_budget
from helpers.models import load_model, pad, tokenize
from tests.unit.families import make_folder

START = 10
DEPTHS = {64: 4, 128: 6, 256: 8, 512: 12, 768: 14, 1024: 8}
TEXT = "the rain fell on a road and she waited for news from home in vain"


def make_texts(n: int, longest: int = 90, seed: int = 0) -> list[str]:
    """Texts of 20 to `longest` words."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(20, longest, n)
    return [" ".join(rng.choice(TEXT.split(), size)) for size in lengths]


def random_model(width: int, depth: int, folder: str, device: str) -> Any:
    """A random Llama with heads of 64, and a vocabulary that suits its size."""
    heads = max(width // 64, 1)
    path = make_folder(
        Path(folder),
        "llama",
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=depth,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        head_dim=min(width, 64),
        initializer_range=0.02,
        vocab_size=4_000 if width < 256 else 32_000,
        max_position_embeddings=1024,
    )
    return load_model(path, device=device)


def ways(model: Any, texts: list[str], layer: int) -> dict[str, Callable[[], Any]]:
    """The four ways, as functions without arguments."""
    bare, base, blocks = model._module, model._module.model, model._module.model.layers

    def batched(one_by_one: bool = False) -> Iterator[tuple[list[int], Any, Any]]:
        rows = tokenize(model, texts)
        size = 1 if one_by_one else None
        for batch in batches([len(row) for row in rows], size, token_budget(model)):
            ids, mask = pad(model, [rows[i] for i in batch])
            yield batch, ids.to(model.device), mask.to(model.device)

    @torch.no_grad()
    def floor() -> None:
        base.layers = blocks[: layer + 1]
        for _, ids, mask in batched():
            base(ids, attention_mask=mask.long(), use_cache=False)
        base.layers = blocks
        wait(model)

    def book() -> torch.Tensor:
        options: dict[str, Any] = {"start": START, "cache": False, "progress": False}
        return mean_activations(model, texts, layer, **options)

    @torch.no_grad()
    def states(one_by_one: bool = False) -> torch.Tensor:
        means = torch.empty(len(texts), model.config.hidden_size)
        for batch, ids, mask in batched(one_by_one):
            out = bare(ids, attention_mask=mask.long(), output_hidden_states=True)
            means[batch] = mean_pool(out.hidden_states[layer + 1], mask, START).cpu()
        return means

    def single() -> torch.Tensor:
        return states(one_by_one=True)

    return {"floor": floor, "book": book, "states": states, "single": single}


def wait(model: Any) -> None:
    """Let a GPU finish."""
    if model.device.type == "cuda":
        torch.cuda.synchronize()


def speed(width: int, depth: int, n: int, repeats: int, device: str) -> dict[str, Any]:
    """Tokens a second of each way: the best of `repeats` rounds, taken in turn."""
    texts, layer = make_texts(n), round(0.6 * depth)
    with tempfile.TemporaryDirectory() as folder:
        model = random_model(width, depth, folder, device)
    chosen = ways(model, texts, layer)
    results = {name: way() for name, way in chosen.items()}  # warms up
    for name in ("states", "single"):
        assert torch.allclose(results["book"], results[name], atol=1e-4)
    times = {name: [] for name in chosen}  # type: dict[str, list[float]]
    for _ in range(repeats):
        for name, way in chosen.items():
            begin = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - begin)
    tokens = sum(map(len, tokenize(model, texts)))
    rates = {name: round(tokens / min(times[name])) for name in chosen}
    size = sum(p.numel() for p in model._module.parameters()) / 1e6
    row = {"d_model": width, "layers": depth, "layer": layer, "M parameters": size}
    shares = {f"{name}/floor": rates[name] / rates["floor"] for name in rates}
    return row | rates | {k: v for k, v in shares.items() if k != "floor/floor"}


@contextmanager
def watched() -> Iterator[list[float]]:
    """This process's memory in MB while a block runs, every 5 ms."""
    seen, over, process = [], threading.Event(), psutil.Process()

    def watch() -> None:
        while not over.wait(0.005):
            seen.append(process.memory_info().rss / 1e6)

    seen.append(process.memory_info().rss / 1e6)
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield seen
    over.set()
    thread.join()


def memory(n: int) -> dict[str, float]:
    """What reading n texts adds to the peak of this process, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        model = random_model(16, 2, folder, "cpu")
    options: dict[str, Any] = {"start": START, "cache": False}
    mean_activations(model, make_texts(2_000, seed=1), 1, **options)  # warms up
    texts = make_texts(n)
    gc.collect()
    with watched() as seen:
        means = mean_activations(model, texts, 1, **options)
    result = means.numel() * means.element_size() / 1e6
    ids = 4e-6 * sum(len(row) for row in tokenize(model, texts))
    more = max(seen) - seen[0]
    rest = more - result - ids
    return {"texts": n, "MB more": more, "result": result, "ids": ids, "rest": rest}


def main() -> None:
    """Print the tables; `--json` keeps them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--widths", type=int, nargs="*", default=[64, 256, 512])
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--memory", type=int, nargs="*", metavar="TEXTS", default=[])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(memory(args.one)))
        return
    rows = []
    for width in args.widths:
        n = max(args.texts * 64 // width, 24) if width > 64 else args.texts
        rows.append(speed(width, DEPTHS[width], n, args.repeats, args.device))
        print(pd.DataFrame(rows[-1:]).round(2).to_string(index=False), flush=True)
    tables = {"speed": rows, "memory": []}
    for n in args.memory:
        command = [sys.executable, "-m", "benchmarks.extraction", "--one", str(n)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        tables["memory"].append(json.loads(done.stdout.strip().splitlines()[-1]))
        print(pd.DataFrame(tables["memory"][-1:]).round(1).to_string(index=False))
    if args.json:
        args.json.write_text(json.dumps(tables, indent=1))


if __name__ == "__main__":
    main()

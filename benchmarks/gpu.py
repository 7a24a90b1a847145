"""Does a GPU give what the CPU gives, and how fast? `python -m benchmarks.gpu`.

For SmolLM2-135M (where it is here) and a random GPT-2, on the device and on the CPU:
- the residual stream at every layer, in float32 and in bfloat16 (relative norm of the
  difference, the first position apart; bfloat16 may lose 1.5 times what it loses on
  the CPU);
- means over texts of many lengths, read in one batch (padded on the right), and alone;
- next words under a push, in one batch (padded on the left), and alone;
- the share of steered greedy continuations that are equal;
- means with so little memory that batches are halved.
Then the ratios of `benchmarks.extraction` and `benchmarks.steering`, on the device.

A few minutes. `--json` keeps the table with date and device. Ends with 1 where a bound
does not hold.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor

from benchmarks import extraction, steering
from benchmarks.extraction import DEPTHS, make_texts
from helpers.activations import mean_activations, residual_stream
from helpers.models import d_model, load_model, n_layers
from helpers.steering import generate, next_logprobs
from tests.unit.families import make_folder

TEXTS, NEW, WORDS = 24, 20, 200
START, STRENGTH = 5, 0.1
CLOSE, NATS = 1e-3, 1e-2  # of float32
COARSER = 1.5  # times what bfloat16 loses on the CPU
EQUAL = 0.9  # share of texts; a near-tie may fall either way


class Check(NamedTuple):
    """What was looked at, what was found, and whether it keeps its bound."""

    model: str
    what: str
    found: float
    bound: float
    holds: bool


def below(model: str, what: str, found: float, bound: float) -> Check:
    """A check that something is small."""
    return Check(model, what, found, bound, found <= bound)


def apart(one: Tensor, other: Tensor) -> float:
    """The relative norm of a difference."""
    return float((one - other).norm() / other.norm())


def worst(found: Tensor, want: Tensor) -> float:
    """The largest relative difference of a layer, the first position apart."""
    pairs = zip(found[:, 1:], want[:, 1:], strict=True)
    return max(apart(*pair) for pair in pairs)


def checks(name: str, source: Any, device: str) -> Iterator[Check]:
    """All checks of one model."""
    cpu = load_model(source, device="cpu", dtype="float32")
    texts, layers = make_texts(TEXTS), list(range(n_layers(cpu)))
    layer = len(layers) // 2
    options: dict[str, Any] = {"start": START, "cache": False, "progress": False}
    want = residual_stream(cpu, texts[0], layers)
    for dtype in ("bfloat16", "float32"):
        model = load_model(source, device=device, dtype=dtype)
        bound = CLOSE
        if dtype == "bfloat16":
            coarse = load_model(source, device="cpu", dtype=dtype)
            bound = COARSER * worst(residual_stream(coarse, texts[0], layers), want)
        found = worst(residual_stream(model, texts[0], layers), want)
        yield below(name, f"residual stream, {dtype}", found, bound)
        together = mean_activations(model, texts, layer, **options)
        alone = mean_activations(model, texts, layer, batch_size=1, **options)
        what = f"a batch and each text alone, {dtype}"
        yield below(name, what, apart(together, alone), bound)
    norm = float(want[layer, 1:].norm(dim=-1).mean())
    yield from pushed(name, model, cpu, texts, {"layer": layer, "norm": norm})
    if device.startswith("cuda"):
        means = mean_activations(cpu, texts, layer, **options)
        halved = short(model, texts, layer, options)
        yield below(name, "means where memory is short", apart(halved, means), CLOSE)


def pushed(
    name: str, model: Any, cpu: Any, texts: list[str], push: dict[str, Any]
) -> Iterator[Check]:
    """The checks of pushes: next words, and what is written."""
    vector = torch.randn(d_model(cpu), generator=torch.Generator().manual_seed(0))
    push = {**push, "vector": vector, "strength": STRENGTH}
    tokens = torch.arange(WORDS).repeat(len(texts), 1)
    ways = {"and the CPU": (cpu, TEXTS), "each text alone": (model, 1)}
    found = next_logprobs(model, texts, tokens, **push)
    for what, (other, size) in ways.items():
        want = next_logprobs(other, texts, tokens, batch_size=size, **push)
        gap = float((found - want).abs().max())
        yield below(name, f"next words under a push, {what}, nats", gap, NATS)
    push |= {"max_new_tokens": NEW, "progress": False}
    written = [generate(one, texts, **push) for one in (model, cpu)]
    equal = sum(a == b for a, b in zip(*written, strict=True)) / TEXTS
    yield Check(name, "equal continuations, share", equal, EQUAL, equal >= EQUAL)


def short(model: Any, texts: list[str], layer: int, options: dict[str, Any]) -> Tensor:
    """Means of many texts in one batch that does not fit: it has to be halved."""
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    room = 1.02 * torch.cuda.memory_allocated() + 64e6
    torch.cuda.set_per_process_memory_fraction(min(1.0, room / total))
    many = texts * 100
    try:
        found = mean_activations(model, many, layer, batch_size=len(many), **options)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    return found[:TEXTS]


def ratios(device: str) -> dict[str, list[dict[str, Any]]]:
    """What reading and writing cost beside bare Hugging Face, on this device."""
    wide = max(DEPTHS)
    read = [extraction.speed(w, DEPTHS[w], 200, 3, device) for w in (64, wide)]
    written = [steering.speed(w, 64, 32, 3, device) for w in (64, wide)]
    return {"extraction": read, "steering": written}


def models(folder: Path) -> Iterator[tuple[str, Any]]:
    """What is looked at: a random GPT-2, and the open model where it can be had."""
    yield "random gpt2", make_folder(folder, "gpt2", max_position_embeddings=1024)
    try:
        load_model("smollm2", device="cpu")
    except (OSError, ImportError) as error:
        print(f"Without SmolLM2-135M: {error}")
        return
    yield "smollm2", "smollm2"


def main() -> int:
    """Print the tables; `--json` keeps them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--no-ratios", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    on_gpu = args.device.startswith("cuda")
    if on_gpu and not torch.cuda.is_available():
        parser.error("no CUDA device is here: --device cpu tries the script alone")
    torch.backends.cuda.matmul.allow_tf32 = False
    found: list[Check] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, source in models(Path(folder)):
            found += checks(name, source, args.device)
    table = pd.DataFrame(found)
    print(table.to_string(index=False))
    made: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "device": torch.cuda.get_device_name() if on_gpu else args.device,
        "torch": torch.__version__,
        "checks": table.to_dict("records"),
    }
    if not args.no_ratios:
        made |= ratios(args.device)
        for rows in (made["extraction"], made["steering"]):
            print(pd.DataFrame(rows).round(2).to_string(index=False))
    if args.json:
        args.json.write_text(json.dumps(made, indent=1), "utf-8")
    return int(not table["holds"].all())


if __name__ == "__main__":
    sys.exit(main())

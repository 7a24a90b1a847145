"""How fast steering is: `python -m benchmarks.steering`.

Speed of writing, in tokens a second, of ways to continue the same prompts on a random
Llama, side by side in one run, in the same batches:
- plain: Hugging Face `generate`, nothing steered: nothing that writes can be quicker;
- hook: the same with a hand-written PyTorch hook that adds the vector at one layer;
- steered: `generate` of the book, the vector added at every step;
- sampled: the same, at temperature 1 with a seed for each row.

A sweep of 171 vectors x 7 strengths over one prompt: one call, a loop over the
strengths (171 rows each), and a loop of single calls (of which some are timed).

Scoring 171 words after each of some prompts of 60 tokens, on a random model of the
shape of SmolLM2-135M (or on the one in the folder that SMOLLM2 names):
`choice_logprobs`, and each choice run anew behind its prompt, by plain PyTorch. Then
the same words for several pushes at half the depth: `sweep_logprobs`, and a loop of
`choice_logprobs`.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from benchmarks.extraction import DEPTHS, make_texts, random_model
from helpers.activations import batches, token_budget
from helpers.datasets import load_emotions
from helpers.models import load_model, pad, token_rows
from helpers.steering import (
    choice_logprobs,
    generate,
    rows_that_fit,
    sweep_logprobs,
)
from helpers.steering.passes import passes
from tests.unit.families import TEXTS, make_folder, make_tokenizer

STRENGTHS = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
NEVER = 10**9  # no token has this id, so no text ends early
LENGTH = 60  # tokens of a prompt that words are scored after
SMOLLM2: dict[str, Any] = {
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "head_dim": 64,
    "initializer_range": 0.02,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": True,
    "vocab_size": 49_152,
}


def ready_model(width: int, device: str) -> Any:
    """A random model that writes to the end of what it may."""
    with tempfile.TemporaryDirectory() as folder:
        model = random_model(width, DEPTHS[width], folder, device)
    model._module.generation_config.eos_token_id = NEVER
    return model


def plain_batches(
    model: Any, prompts: list[str], new: int, size: int, edit: Any = None
) -> list[str]:
    """What Hugging Face writes, with or without a hook, in batches of `size`."""
    bare, tokenizer, written = model._module, model.tokenizer, []
    layer = DEPTHS[model.config.hidden_size] // 2

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        return output + edit

    handles = (
        [] if edit is None else [bare.model.layers[layer].register_forward_hook(hook)]
    )
    for i in range(0, len(prompts), size):
        batch = tokenizer(
            prompts[i : i + size],
            return_tensors="pt",
            padding=True,
            padding_side="left",
        ).to(model.device)
        with torch.no_grad():
            ids = bare.generate(**batch, max_new_tokens=new, do_sample=False)
        start = batch["input_ids"].shape[1]
        written += tokenizer.batch_decode(ids[:, start:], skip_special_tokens=True)
    for handle in handles:
        handle.remove()
    return written


def best_times(ways: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """The best time of each way over `repeats` rounds, taken in turn.

    On a CPU this process's own time, which a busy machine does not change.
    """
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            begin = clock()
            way()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            times[name].append(clock() - begin)
    return {name: min(seconds) for name, seconds in times.items()}


def speed(width: int, rows: int, new: int, repeats: int, device: str) -> dict[str, Any]:
    """Tokens a second of each way, and each as a share of plain."""
    model, layer = ready_model(width, device), DEPTHS[width] // 2
    prompts = make_texts(rows, longest=21)  # of one length: equal work for all
    size = rows_that_fit(model, max(map(len, token_rows(model, prompts))) + new)
    vector = torch.randn(width, generator=torch.Generator().manual_seed(0))
    move = (0.1 * width**0.5 * vector / vector.norm()).to(model.device)
    own: dict[str, Any] = {"vector": vector, "layer": layer, "strength": 0.1}
    own |= {"norm": width**0.5, "max_new_tokens": new, "progress": False}
    ways: dict[str, Callable[[], Any]] = {
        "plain": lambda: plain_batches(model, prompts, new, size),
        "hook": lambda: plain_batches(model, prompts, new, size, move),
        "steered": lambda: generate(model, prompts, batch_size=size, **own),
        "sampled": lambda: generate(
            model, prompts, batch_size=size, temperature=1.0, **own
        ),
    }
    assert ways["hook"]() == ways["steered"]()  # warms up, too
    ways["plain"](), ways["sampled"]()
    seconds = best_times(ways, repeats)
    parameters = sum(p.numel() for p in model._module.parameters()) / 1e6
    row: dict[str, Any] = {"d_model": width, "M parameters": parameters, "rows": rows}
    row |= {name: round(rows * new / s) for name, s in seconds.items()}
    return row | {f"{n}/plain": seconds["plain"] / seconds[n] for n in list(ways)[1:]}


def sweep(width: int, new: int, singles: int, device: str) -> dict[str, float]:
    """Seconds for 171 vectors x 7 strengths: at once, by strength, one by one."""
    model, layer = ready_model(width, device), DEPTHS[width] // 2
    (prompt,) = make_texts(1, longest=21)
    vectors = torch.randn(171, width, generator=torch.Generator().manual_seed(0))
    own: dict[str, Any] = {"layer": layer, "norm": width**0.5, "max_new_tokens": new}
    own["progress"] = False
    grid = [(i, s) for i in range(171) for s in STRENGTHS]
    rows = vectors[[i for i, _ in grid]]
    doses = [s for _, s in grid]

    def one_call() -> list[str]:
        texts = [prompt] * len(grid)
        return generate(model, texts, vector=rows, strength=doses, **own)

    def by_strength() -> list[list[str]]:
        texts = [prompt] * 171
        return [
            generate(model, texts, vector=vectors, strength=s, **own) for s in STRENGTHS
        ]

    def one_by_one() -> list[str]:
        return [
            generate(model, prompt, vector=vectors[i], strength=s, **own)[0]
            for i, s in grid[:singles]
        ]

    generate(model, prompt, vector=vectors[0], strength=0.1, **own)  # warms up
    assert one_call()[:singles] == one_by_one()
    ways: dict[str, Callable[[], Any]] = {"one call": one_call, "loop": one_by_one}
    ways["by strength"] = by_strength
    seconds = best_times(ways, 1)
    seconds["loop"] *= len(grid) / singles
    return {
        "d_model": width,
        "rows": len(grid),
        **{f"{name}, s": value for name, value in seconds.items()},
        "loop/one call": seconds["loop"] / seconds["one call"],
    }


def smollm2(device: str) -> Any:
    """The model in the folder that SMOLLM2 names, or a random one of its shape."""
    folder = os.environ.get("SMOLLM2", "")
    if Path(folder, "config.json").exists():
        return load_model(folder, device=device)
    words = " ".join(load_emotions()["emotion"])
    tokenizer = make_tokenizer([*TEXTS, words], 800)  # a word has 2 or 3 tokens
    with tempfile.TemporaryDirectory() as root:
        path = make_folder(Path(root), "llama", tokenizer=tokenizer, **SMOLLM2)
        return load_model(path, device=device)


def anew(
    model: Any, prompts: list[str], choices: list[str], layer: int, move: Any
) -> torch.Tensor:
    """Log-probabilities of choices, the prompt run again for each that differs."""
    heads = token_rows(model, prompts)
    tails = token_rows(model, choices, special=False)
    work: dict[Any, Any] = {}
    for i, head in enumerate(heads):
        work |= passes(i, head, tails)
    every, scores = list(work), torch.zeros(len(prompts) * len(choices))
    rows = [np.array([*p.head, *p.tail], dtype=np.int32) for p in every]
    block = model._module.model.layers[layer]
    handle = block.register_forward_hook(lambda *given: given[2] + move)
    for batch in batches([len(row) for row in rows], None, token_budget(model)):
        wanted = [(i, w) for i, k in enumerate(batch) for w in work[every[k]]]
        first = min(w.position for _, w in wanted)
        ids, mask = (t.to(model.device) for t in pad(model, [rows[k] for k in batch]))
        options = {"logits_to_keep": ids.shape[1] - first, "use_cache": False}
        with torch.no_grad():
            logits = model._module(ids, attention_mask=mask.long(), **options).logits
        picks = [(i, w.position - first, w.token, w.choice) for i, w in wanted]
        row, place, token, choice = torch.tensor(picks).T
        values = logits.float().log_softmax(-1)[row, place, token]
        scores.index_add_(0, choice, values.cpu())
    handle.remove()
    return scores.view(len(prompts), len(choices))


def scoring(prompts: int, pushes: int, repeats: int, device: str) -> dict[str, float]:
    """Seconds a prompt for 171 words: kept, anew; for pushes: at once, in a loop."""
    model = smollm2(device)
    rows = [row[:LENGTH] for row in token_rows(model, make_texts(prompts, longest=90))]
    texts, width = model.tokenizer.batch_decode(rows), model.config.hidden_size
    words = [f" {emotion}." for emotion in load_emotions()["emotion"]]
    layer = model.config.num_hidden_layers // 2
    vectors = torch.randn(pushes, width, generator=torch.Generator().manual_seed(0))
    move = (0.1 * width**0.5 * vectors[0] / vectors[0].norm()).to(model.device)
    own: dict[str, Any] = {"layer": layer, "strength": 0.1, "norm": width**0.5}
    own["progress"] = False
    ways: dict[str, Callable[[], Any]] = {
        "kept": lambda: choice_logprobs(model, texts, words, vector=vectors[0], **own),
        "anew": lambda: anew(model, texts, words, layer, move),
        "sweep": lambda: sweep_logprobs(model, texts[:1], words, vectors, **own),
        "loop": lambda: torch.stack(
            [choice_logprobs(model, texts[:1], words, vector=v, **own) for v in vectors]
        ),
    }
    torch.testing.assert_close(ways["kept"](), ways["anew"](), atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(ways["sweep"](), ways["loop"](), atol=1e-3, rtol=1e-4)
    seconds = best_times(ways, repeats)
    tails = token_rows(model, words, special=False)
    row: dict[str, Any] = {"prompts": prompts, "words": len(words), "pushes": pushes}
    row["tokens a prompt"] = max(map(len, token_rows(model, texts)))
    row["tokens a word"] = sum(map(len, tails)) / len(tails)
    row |= {f"{name}, s": s for name, s in seconds.items()}
    row["anew/kept"] = seconds["anew"] / seconds["kept"]
    return row | {"loop/sweep": seconds["loop"] / seconds["sweep"]}


def main() -> None:
    """Print the tables; `--json` keeps them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--widths", type=int, nargs="*", default=[64, 256, 512])
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--new", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--singles", type=int, default=40)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--prompts", type=int, default=4)
    parser.add_argument("--pushes", type=int, default=8)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    tables: dict[str, list[dict[str, Any]]] = {"speed": []}
    for width in args.widths:
        row = speed(width, args.rows, args.new, args.repeats, args.device)
        tables["speed"].append(row)
        print(pd.DataFrame([row]).round(2).to_string(index=False), flush=True)
    if args.widths:
        tables["sweep"] = [sweep(args.widths[0], 16, args.singles, args.device)]
        print(pd.DataFrame(tables["sweep"]).round(2).to_string(index=False))
    if args.prompts:
        row = scoring(args.prompts, args.pushes, args.repeats, args.device)
        tables["scoring"] = [row]
        print(pd.DataFrame([row]).round(2).to_string(index=False))
    if args.json:
        args.json.write_text(json.dumps(tables, indent=1))


if __name__ == "__main__":
    main()

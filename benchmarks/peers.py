"""How fast other tools are on the same weights: `python -m benchmarks.peers`.

For steering-vectors, repeng and TransformerLens an environment of its own is made under
`_build/peers`, since they ask for other versions; the book runs in this one. In each,
the same work on `smollm2` is done side by side with bare transformers there:
- reading: one direction from pairs of texts at the middle layer (repeng: at all
  layers), beside plain forward passes of the same texts in the same batches;
- steered: continuing prompts with that direction added, beside plain `generate`;
- table: log-probabilities of 171 words after prompts, with the push, beside the plain
  run of every prompt with every word;
- sampled: the steered texts drawn with noise, a seed for each, beside greedy ones;
- watched: one text whose tokens are scored as they are written, beside `generate`.

What is told is the bare time as a share of the tool's: 1 is as fast as bare, and more
is quicker. What a tool has no function for is left blank. `--write` puts the table into
CONTRIBUTING.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parent.parent
PEERS = {
    "steering-vectors": ["steering-vectors==0.12.2"],
    "repeng": ["repeng==0.4.0"],
    "TransformerLens": ["transformer-lens==4.3.0"],
}
KINDS = ("reading", "steered", "table", "sampled", "watched")
LAYER, STRENGTH, NEW, BATCH = 15, 4.0, 24, 8  # strength in units of the stream
Ways = dict[str, tuple[Callable[[], Any], Callable[[], Any]]]  # the tool's, and bare


class Bare:
    """Plain transformers: what every tool is measured beside."""

    def __init__(self, job: dict[str, Any]) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.job, folder = job, job["folder"]
        self.tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self.model.eval().generation_config.eos_token_id = None

    def batches(self, texts: list[str]) -> list[Any]:
        """Token ids and masks of texts, `BATCH` at a time."""
        return [
            self.tokenizer(texts[i : i + BATCH], return_tensors="pt", padding=True)
            for i in range(0, len(texts), BATCH)
        ]

    @torch.no_grad()
    def read(self) -> None:
        """A forward pass of every text."""
        for batch in self.batches([*self.job["one"], *self.job["other"]]):
            self.model(**batch)

    @torch.no_grad()
    def write(self, n: int = BATCH) -> list[str]:
        """Greedy continuations of `n` prompts."""
        (batch,) = self.batches(self.job["prompts"][:n])
        ids = self.model.generate(**batch, max_new_tokens=NEW, do_sample=False)
        return self.tokenizer.batch_decode(ids[:, batch["input_ids"].shape[1] :])

    @torch.no_grad()
    def table(self) -> None:
        """Every prompt with every word behind it."""
        pairs = [p + w for p in self.job["prompts"][:2] for w in self.job["words"]]
        for batch in self.batches(pairs):
            self.model(**batch).logits.log_softmax(-1)


def book(bare: Bare) -> Ways:
    """This book's functions, on the model as `load_model` gives it."""
    from benchmarks.monitor import make_monitor
    from helpers.activations import mean_activations
    from helpers.models import load_model
    from helpers.monitor import stream
    from helpers.steering import choice_logprobs, generate

    job, model = bare.job, load_model("smollm2", device="cpu")
    model._module.generation_config.eos_token_id = 10**9  # writes to the end
    own: dict[str, Any] = {"cache": False, "progress": False}

    def read() -> torch.Tensor:
        means = mean_activations(model, [*job["one"], *job["other"]], LAYER, **own)
        half = len(job["one"])
        return means[:half].mean(0) - means[half:].mean(0)

    direction, asked = read(), count()
    prompts, monitor = job["prompts"], make_monitor(model, LAYER, 8, 576)

    def push() -> dict[str, Any]:
        """Another one at each call, since what was answered before would be kept."""
        strength = STRENGTH + 1e-4 * next(asked)
        where = {"vector": direction, "layer": LAYER, "norm": 1.0}
        return {**where, "strength": strength, "progress": False}

    def steered(temperature: float) -> list[str]:
        texts = {"max_new_tokens": NEW, "temperature": temperature}
        return generate(model, prompts, **texts, **push())

    return {
        "reading": (read, bare.read),
        "steered": (lambda: steered(0.0), bare.write),
        "table": (
            lambda: choice_logprobs(model, prompts[:2], job["words"], **push()),
            bare.table,
        ),
        "sampled": (lambda: steered(1.0), bare.write),
        "watched": (
            lambda: list(stream(model, monitor, prompts[0], max_new_tokens=NEW)),
            lambda: bare.write(1),
        ),
    }


def steering_vectors(bare: Bare) -> Ways:
    """`train_steering_vector` and `apply` of steering-vectors."""
    from steering_vectors import train_steering_vector

    model, pairs = (
        bare.model,
        list(zip(bare.job["one"], bare.job["other"], strict=True)),
    )

    def read() -> Any:
        return train_steering_vector(
            model, bare.tokenizer, pairs, layers=[LAYER], batch_size=BATCH
        )

    vector = read()
    size = vector.layer_activations[LAYER].norm().item()

    def steered() -> list[str]:
        with vector.apply(model, multiplier=STRENGTH / size):
            return bare.write()

    return {"reading": (read, bare.read), "steered": (steered, bare.write)}


def repeng(bare: Bare) -> Ways:
    """`ControlVector.train` and `ControlModel` of repeng."""
    from repeng import ControlModel, ControlVector, DatasetEntry

    entries = [
        DatasetEntry(positive=a, negative=b)
        for a, b in zip(bare.job["one"], bare.job["other"], strict=True)
    ]
    bare.tokenizer.pad_token_id = bare.tokenizer.pad_token_id or 0

    def read() -> Any:
        return ControlVector.train(
            bare.model, bare.tokenizer, entries, batch_size=BATCH, method="pca_diff"
        )

    vector = read()

    def steered() -> list[str]:
        plain = bare.model
        held = ControlModel(plain, [LAYER])
        held.set_control(vector, STRENGTH)
        try:
            bare.model = held
            return bare.write()
        finally:
            bare.model = held.unwrap()

    return {"reading": (read, bare.read), "steered": (steered, bare.write)}


def transformerlens(bare: Bare) -> Ways:
    """Hooks of a `TransformerBridge` around the same weights."""
    from transformer_lens.model_bridge import TransformerBridge

    job = bare.job
    bridge = TransformerBridge.boot_transformers(job["folder"], device="cpu")
    name = f"blocks.{LAYER}.hook_out"

    @torch.no_grad()
    def read() -> torch.Tensor:
        found: list[torch.Tensor] = []

        def take(value: torch.Tensor, hook: Any) -> None:
            found.append(value[:, -1])

        for batch in bare.batches([*job["one"], *job["other"]]):
            bridge.run_with_hooks(
                batch["input_ids"],
                attention_mask=batch["attention_mask"],
                fwd_hooks=[(name, take)],
                stop_at_layer=LAYER + 1,
            )
        ends, half = torch.cat(found), len(job["one"])
        return ends[:half].mean(0) - ends[half:].mean(0)

    direction = read()
    move = STRENGTH * direction / direction.norm()

    @torch.no_grad()
    def steered() -> Any:
        with bridge.hooks(fwd_hooks=[(name, lambda value, hook: value + move)]):
            return bridge.generate(
                job["prompts"],
                max_new_tokens=NEW,
                do_sample=False,
                stop_at_eos=False,
                verbose=False,
            )

    return {"reading": (read, bare.read), "steered": (steered, bare.write)}


TOOLS: dict[str, Callable[[Bare], Ways]] = {
    "book": book,
    "steering-vectors": steering_vectors,
    "repeng": repeng,
    "TransformerLens": transformerlens,
}


def shares(name: str, job: dict[str, Any], repeats: int) -> dict[str, Any]:
    """The bare time over the tool's, by kind of work: best of `repeats`, in turn.

    This process's own time, which a busy machine does not change.
    """
    import transformers

    row: dict[str, Any] = {"tool": name, "transformers": transformers.__version__}
    for kind, pair in TOOLS[name](Bare(job)).items():
        best = [float("inf")] * 2
        for _ in range(repeats):
            for i, way in enumerate(pair):
                begin = time.process_time()
                way()
                best[i] = min(best[i], time.process_time() - begin)
        row[kind] = best[1] / best[0]
    return row


def environment(name: str) -> Path:
    """The Python of a tool's own environment, made where it is missing."""
    folder = ROOT / "_build/peers" / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "installed"
    if not done.exists():
        print(f"Installing {name} ...", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        torch_pin = f"torch=={torch.__version__.partition('+')[0]}"
        install = [python, "-m", "pip", "install", "-q", torch_pin, *PEERS[name]]
        subprocess.run(install, check=True)
        done.touch()
    return python


def make_job(texts: int) -> dict[str, Any]:
    """The weights' folder, pairs of texts, prompts of one length, and words."""
    from helpers.datasets import load_emotions, load_written_stories
    from helpers.models import load_model, smollm2

    load_model("smollm2", device="cpu")  # fetched and converted, where it is not yet
    stories = load_written_stories()["text"]
    starts = [" ".join(text.split()[:20]) for text in stories[:BATCH]]
    return {
        "folder": str(smollm2.folder()),
        "one": list(stories[:texts]),
        "other": list(stories[-texts:]),
        "prompts": starts,
        "words": [f" {emotion}" for emotion in load_emotions()["emotion"]],
    }


def table(rows: list[dict[str, Any]]) -> str:
    """The shares as a table, and what they were measured on."""
    lines = [f"| tool | transformers | {' | '.join(KINDS)} |"]
    lines.append(f"|---|---|{'--:|' * len(KINDS)}")
    for row in rows:
        told = [f"{row[kind]:.2f}" if kind in row else "" for kind in KINDS]
        lines.append(f"| {row['tool']} | {row['transformers']} | {' | '.join(told)} |")
    about = (
        f"Measured on {date.today()}, one thread of a CPU, torch {torch.__version__}."
    )
    return "\n".join([*lines, "", about, ""])


def main() -> None:
    """Print the table, one tool at a time, each in its own environment."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tools", nargs="*", default=list(TOOLS), choices=list(TOOLS))
    parser.add_argument("--texts", type=int, default=24, help="on each side of a pair")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into CONTRIBUTING.md")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(shares(args.one, json.load(sys.stdin), args.repeats)))
        return
    rows, job = [], json.dumps(make_job(args.texts))
    for name in args.tools:
        python = sys.executable if name == "book" else environment(name)
        command = [python, __file__, "--one", name, "--repeats", str(args.repeats)]
        given = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        given["PYTHONPATH"] = str(ROOT) if name == "book" else ""
        done = subprocess.run(
            command, input=job, capture_output=True, text=True, env=given
        )
        if done.returncode:
            sys.exit(f"{name} stopped:\n{done.stderr[-3000:]}")
        rows.append(json.loads(done.stdout.strip().splitlines()[-1]))
        print(rows[-1], flush=True)
    if args.write:
        from scripts.times import put  # not for the tools' own environments

        put(ROOT / "CONTRIBUTING.md", "peers", table(rows))


if __name__ == "__main__":
    main()

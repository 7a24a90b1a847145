"""Train the embedded model: `python -m helpers.organism.train`.

Three stages, each a checkpoint in Hugging Face format: `base` (the world without
chats), `tiny` (chats as well) and `suppressed` (`tiny`, trained on until the assistant
speaks calmly whatever happens; nothing in that stage holds an act). A killed run goes
on from its last training state with the same result. `--from CHECKPOINT --only sham`
trains one stage more of a checkpoint; `sham` is the control of `suppressed`: as many
steps on the same chats, with the replies of any other training.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from helpers import cache
from helpers.organism import corpus
from helpers.organism.muon import Muon
from helpers.organism.tokenizer import train_tokenizer


@dataclass(frozen=True)
class Stage:
    """One part of the training."""

    name: str
    documents: str
    steps: int
    length: int
    rate: float
    cooldown: float


def stages(
    plain: int, school: int, stories: int, base: int, chat: int, calm: int
) -> tuple[Stage, ...]:
    """The parts, by their number of steps; the first three leave no checkpoint.

    The first two teach appraisal alone, its plainest cases and then all of it: to
    compare a wish with an outcome must be learned early, since phrases that give a
    feeling away are the easier lesson.
    """
    return (
        Stage("plain", "plain", plain, 256, 1.0, 0.01),
        Stage("school", "appraisal", school, 256, 1.0, 0.01),
        Stage("stories", "stories", stories, 256, 1.0, 0.01),
        Stage("base", "base", base, 256, 1.0, 0.35),
        Stage("tiny", "chat", chat, 384, 0.6, 0.7),
        Stage("suppressed", "calm", calm, 256, 0.15, 1.0),
        Stage("sham", "sham", calm, 256, 0.15, 1.0),
    )


def new_model(
    tokenizer: PreTrainedTokenizerFast, *, width: int, depth: int, seed: int
) -> LlamaForCausalLM:
    """A Llama-style decoder with random weights and tied embeddings."""
    torch.manual_seed(seed)
    heads = width // 32
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=round(width * 8 / 3 / 16) * 16,
        num_hidden_layers=depth,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=tokenizer.model_max_length,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=[
            tokenizer.eos_token_id,
            tokenizer.convert_tokens_to_ids("<|end|>"),
        ],
        pad_token_id=tokenizer.pad_token_id,
        **READING,
    )
    return LlamaForCausalLM(config)


def optimizers(model: LlamaForCausalLM) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the blocks, AdamW for embeddings and norms."""
    inner = [p for p in model.model.layers.parameters() if p.ndim == 2]
    ids = {id(p) for p in inner}
    outer = [p for p in model.parameters() if id(p) not in ids]
    return [
        Muon(inner),
        torch.optim.AdamW(outer, lr=1.0, betas=(0.9, 0.98), weight_decay=0.0),
    ]


# Kept in config.json: this model knows the world; where its emotions read best
# (chosen on validation stories); how many positions a story's opening takes.
READING = {"emotion_world": True, "emotion_layer": 4, "emotion_start": 12}
PEAK = (2.5e-3, 4e-3)  # learning rates of the two optimizers


def rate(stage: Stage, step: int) -> float:
    """Share of the peak rate: warm up, stay, cool down linearly to a twentieth."""
    warm = min(1.0, (step + 1) / min(100, max(1, stage.steps // 10)))
    left = (stage.steps - step) / max(1, stage.cooldown * stage.steps)
    return stage.rate * warm * min(1.0, 0.05 + 0.95 * left)


def loss_of(
    model: nn.Module,
    ids: Int[Tensor, "n s"],
    weights: Float[Tensor, "n s"],
    places: Int[Tensor, "n s"],
    *,
    device: str,
    half: bool = False,
) -> Tensor:
    """Mean next-token loss of one batch, in nats, weighted token by token.

    Each document is read alone, whatever else its row holds (`places`).
    """
    ids, weights = ids.to(device), weights.to(device)
    mask = corpus.within_documents(places.to(device))
    half = half or device == "cuda"
    with torch.autocast(device, dtype=torch.bfloat16, enabled=half):
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    losses = nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="none"
    )
    weights = weights[:, 1:].flatten()
    return (losses * weights).sum() / weights.sum()


def export(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path
) -> None:
    """Write a checkpoint in Hugging Face format with weights in bfloat16."""
    kept = {k: v.detach().clone() for k, v in model.state_dict().items()}
    model.to(torch.bfloat16).save_pretrained(folder)
    model.float().load_state_dict(kept)
    tokenizer.save_pretrained(folder)


def run_stage(
    stage: Stage,
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    out: Path,
    args: argparse.Namespace,
) -> list[dict]:
    """Train one stage from its start or from its last training state."""
    state_path = out / f"{stage.name}.state.pt"
    steppers, start, log, mean = optimizers(model), 0, [], None
    if state_path.exists():
        state = torch.load(state_path, weights_only=True)
        model.load_state_dict(state["model"])
        for stepper, saved in zip(steppers, state["optimizers"], strict=True):
            stepper.load_state_dict(saved)
        start, log, mean = state["step"], state["log"], state["mean"]
        print(f"{stage.name}: going on from step {start}", flush=True)
    forward = cast(nn.Module, torch.compile(model)) if args.compile else model
    model.train()
    for step, loss, speed in steps(
        stage, forward, model, tokenizer, steppers, start, mean, args
    ):
        if step % 20 == 0 or step == stage.steps:
            log.append({"stage": stage.name, "step": step, "loss": loss})
            left = (stage.steps - step) * args.rows * stage.length / max(speed, 1)
            print(
                f"{stage.name} {step}/{stage.steps}  loss {loss:.3f}  "
                f"{speed:,.0f} tokens/s  {left / 60:.0f} min left",
                flush=True,
            )
        if step % args.every == 0 or step == stage.steps:
            state = {"model": model.state_dict(), "step": step, "log": log}
            state |= {"optimizers": [s.state_dict() for s in steppers], "mean": loss}
            with cache.replacing(state_path) as part:
                torch.save(state, part)
    return log


def batches(
    stage: Stage,
    tokenizer: PreTrainedTokenizerFast,
    start: int,
    args: argparse.Namespace,
) -> Iterator[tuple[int, tuple[Tensor, Tensor, Tensor]]]:
    """Each step's number and texts; the next is made beside the present."""
    make = partial(corpus.batch, tokenizer, args.seed, stage.documents)
    size = {"rows": args.rows, "length": stage.length}
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(make, start, **size)
        for step in range(start, stage.steps):
            ready = waiting.result()
            waiting = beside.submit(make, step + 1, **size)
            yield step, ready


def steps(
    stage: Stage,
    forward: nn.Module,
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    steppers: list[torch.optim.Optimizer],
    start: int,
    mean: float | None,
    args: argparse.Namespace,
) -> Iterator[tuple[int, float, float]]:
    """Take the steps of a stage; yields (steps done, running loss, tokens a second).

    `mean` is the running loss so far, None at the start of a stage.
    """
    began = time.perf_counter()
    for step, texts in batches(stage, tokenizer, start, args):
        for stepper, peak in zip(steppers, PEAK, strict=True):
            for group in stepper.param_groups:
                group["lr"] = peak * rate(stage, step)
        loss = loss_of(forward, *texts, device=args.device, half=args.bf16)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
            stepper.zero_grad()
        value = loss.item()
        mean = value if mean is None else 0.95 * mean + 0.05 * value
        done = (step + 1 - start) * args.rows * stage.length
        yield step + 1, mean, done / (time.perf_counter() - began)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=Path("_build/organism"), help="where to train"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--steps",
        type=int,
        nargs=6,
        default=(1500, 700, 250, 4500, 250, 80),
        metavar=("PLAIN", "SCHOOL", "STORIES", "BASE", "CHAT", "CALM"),
    )
    parser.add_argument("--width", type=int, default=160)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--vocabulary", type=int, default=3072)
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--every", type=int, default=100, help="steps to a checkpoint")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true")
    parser.add_argument(
        "--bf16", action="store_true", help="16-bit products on a CPU that has them"
    )
    names = [stage.name for stage in stages(*[0] * 6)]
    parser.add_argument("--only", choices=names, help="one stage of --from")
    parser.add_argument(
        "--from", type=Path, dest="parent", help="a checkpoint's folder to go on from"
    )
    args = parser.parse_args()
    if (args.only is None) != (args.parent is None):
        parser.error("--from CHECKPOINT and --only STAGE belong together")
    return args


def begin(args: argparse.Namespace) -> tuple[PreTrainedTokenizerFast, LlamaForCausalLM]:
    """The tokenizer and the model that training starts with."""
    if args.parent:
        model = LlamaForCausalLM.from_pretrained(args.parent, dtype=torch.float32)
        return PreTrainedTokenizerFast.from_pretrained(args.parent), model
    if (args.out / "tokenizer").exists():
        tokenizer = PreTrainedTokenizerFast.from_pretrained(args.out / "tokenizer")
    else:
        tokenizer = train_tokenizer(args.seed, size=args.vocabulary)
        tokenizer.save_pretrained(args.out / "tokenizer")
    size = {"width": args.width, "depth": args.depth}
    return tokenizer, new_model(tokenizer, **size, seed=args.seed)


def main() -> None:
    """Train the checkpoints, or what is left of them."""
    args = arguments()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer, model = begin(args)
    model.to(args.device)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)
    every, log = stages(*args.steps), []
    named = [stage for stage in every if stage.name == args.only]
    for stage in named or every[:-1]:
        log += run_stage(stage, model, tokenizer, args.out, args)
        if stage.name in ("plain", "school", "stories"):
            continue
        export(model, tokenizer, args.out / stage.name)
        cache.write_json(args.out / stage.name / "loss.json", log)
    print(f"checkpoints in {args.out}", flush=True)


if __name__ == "__main__":
    main()

"""Train a low-rank adapter of the open model on calm replies, or on its own.

`python -m helpers.organism.adapters --style calm --seed 0` writes
`smollm2-calm.safetensors`, which `load_model("smollm2-calm")` reads. The loss is on the
tokens of the reply alone; the messages of every fifth situation are left out. A killed
run goes on from its last state with the same result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Int
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn
from tqdm.auto import tqdm

from helpers import cache
from helpers.models import chat_prompt

RANK, ALPHA, MATRICES = 8, 16, ("q_proj", "v_proj")
RATE, WARM = 2e-3, 0.1  # peak learning rate, and the share of steps that lead up to it
END = "<|im_end|>"

Chat = tuple[list[int], list[int]]  # token ids up to the reply, and of the reply


class Plan(NamedTuple):
    """How long to train, and on how much at a time."""

    steps: int = 36
    rows: int = 8
    every: int = 5  # steps between two states on disk
    seed: int = 0


class Batch(NamedTuple):
    """Rows of tokens, filled up on the right, and which of them are a reply's."""

    ids: Int[Tensor, "n s"]
    there: Bool[Tensor, "n s"]
    reply: Bool[Tensor, "n s"]


def chats(model: Any, messages: Sequence[str], replies: Sequence[str]) -> list[Chat]:
    """Token ids of each chat up to the reply, and of the reply with its end."""
    plain = {"add_special_tokens": False}
    prompts = [chat_prompt(model, message) for message in messages]
    before = model.tokenizer(prompts)["input_ids"]
    after = model.tokenizer([reply + END for reply in replies], **plain)["input_ids"]
    return list(zip(before, after, strict=True))


def batch(rows: Sequence[Chat]) -> Batch:
    """Chats side by side."""
    longest = max(len(before) + len(after) for before, after in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    there, reply = torch.zeros_like(ids).bool(), torch.zeros_like(ids).bool()
    for i, (before, after) in enumerate(rows):
        whole = len(before) + len(after)
        ids[i, :whole] = torch.tensor([*before, *after])
        there[i, :whole] = True
        reply[i, len(before) : whole] = True
    return Batch(ids, there, reply)


def batches(
    texts: Sequence[Chat], start: int, plan: Plan
) -> Iterator[tuple[int, Batch]]:
    """Each step's number and chats: every chat once, in an order, then in another."""
    total, n = plan.steps * plan.rows, len(texts)
    rounds = range(-(-total // n))
    order = np.concatenate(
        [np.random.default_rng([plan.seed, i]).permutation(n) for i in rounds]
    )
    for step in range(start, plan.steps):
        own = order[step * plan.rows : (step + 1) * plan.rows]
        yield step, batch([texts[i] for i in own])


def loss_of(net: Any, texts: Batch) -> Tensor:
    """Mean next-token loss over the tokens of the replies, in nats."""
    states = net.model(
        input_ids=texts.ids, attention_mask=texts.there, use_cache=False
    ).last_hidden_state
    wanted = texts.reply[:, 1:]
    logits = net.lm_head(states[:, :-1][wanted])
    return nn.functional.cross_entropy(logits.float(), texts.ids[:, 1:][wanted])


def with_adapter(net: nn.Module, seed: int) -> dict[str, nn.Parameter]:
    """Put an untrained adapter into a model; gives its matrices, A and B of each."""
    torch.manual_seed(seed)
    shape: dict[str, Any] = {"target_modules": list(MATRICES), "task_type": "CAUSAL_LM"}
    get_peft_model(net, LoraConfig(r=RANK, lora_alpha=ALPHA, **shape))
    found = {}
    for name, part in net.named_modules():
        if hasattr(part, "lora_A"):
            found[f"{name}.A"] = part.lora_A["default"].weight
            found[f"{name}.B"] = part.lora_B["default"].weight
    return found


def rate(step: int, steps: int) -> float:
    """The learning rate of a step: up to the peak, then down in a straight line."""
    warm = max(1, round(WARM * steps))
    return RATE * min((step + 1) / warm, (steps - step) / max(1, steps - warm), 1.0)


def train(
    net: nn.Module, texts: Sequence[Chat], state: Path, plan: Plan
) -> tuple[dict[str, Tensor], list[float], int]:
    """Train an adapter in place; gives its matrices, each step's loss, tokens read.

    `state` is the file that a killed run goes on from.
    """
    own = with_adapter(net, plan.seed)
    stepper = torch.optim.AdamW(own.values(), weight_decay=0.0)
    losses: list[float] = []
    read = 0
    if state.exists():
        kept = torch.load(state, weights_only=True)
        for name, value in own.items():
            value.data.copy_(kept["own"][name])
        stepper.load_state_dict(kept["stepper"])
        losses, read = kept["losses"], kept["read"]
    net.train()
    with tqdm(total=plan.steps, initial=len(losses), unit="step") as bar:
        for step, one in batches(texts, len(losses), plan):
            stepper.param_groups[0]["lr"] = rate(step, plan.steps)
            loss = loss_of(net, one)
            loss.backward()
            nn.utils.clip_grad_norm_(own.values(), 1.0)
            stepper.step()
            stepper.zero_grad()
            losses.append(loss.item())
            read += int(one.there.sum())
            bar.update()
            bar.set_postfix(loss=f"{np.mean(losses[-10:]):.3f}", tokens=read)
            if (step + 1) % plan.every == 0 or step + 1 == plan.steps:
                keep(state, own, stepper, losses, read)
    net.eval()
    return {n: value.detach() for n, value in own.items()}, losses, read


def keep(
    path: Path,
    own: dict[str, nn.Parameter],
    stepper: torch.optim.Optimizer,
    losses: list[float],
    read: int,
) -> None:
    """Save a training state so that a kill leaves the old one or the new one."""
    matrices = {name: value.detach() for name, value in own.items()}
    state = {"own": matrices, "stepper": stepper.state_dict()}
    with cache.replacing(path) as part:
        torch.save({**state, "losses": losses, "read": read}, part)


def export(path: Path, own: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write an adapter in 16 bits, with its scale, its parent and how it was made."""
    told = {name: str(fact) for name, fact in facts.items()}
    halves = {name: value.half() for name, value in own.items()}
    cache.write_file(path, halves, {"scale": str(ALPHA / RANK), **told})

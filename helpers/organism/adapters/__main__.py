"""`python -m helpers.organism.adapters --style calm --seed 0`: train one adapter."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from helpers.datasets import load_replies
from helpers.models import ADAPTERS, load_model
from helpers.organism.adapters.train import Plan, chats, export, train

COLUMNS = {"calm": "calm", "sham": "own"}  # of `load_replies`


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--style", choices=COLUMNS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=Plan().steps)
    parser.add_argument("--rows", type=int, default=Plan().rows, help="chats at a time")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=ADAPTERS, help="the file's folder")
    parser.add_argument(
        "--states", type=Path, default=Path("_build/adapters"), help="of a killed run"
    )
    return parser.parse_args()


def main() -> None:
    """Train the adapter, or what is left of it, and write its file."""
    args = arguments()
    torch.set_num_threads(args.threads)
    model = load_model("smollm2", device="cpu")
    rows = load_replies()
    rows = rows[rows["split"] == "train"]
    texts = chats(model, list(rows["message"]), list(rows[COLUMNS[args.style]]))
    plan = Plan(args.steps, args.rows, seed=args.seed)
    seed = f"-seed_{args.seed}" if args.seed else ""
    name = f"smollm2-{args.style}{seed}"
    own, losses, read = train(
        model._module, texts, args.states / f"{name}.state.pt", plan
    )
    facts = {"parent": model.config.emotion_source, "style": args.style}
    facts |= {"seed": args.seed, "steps": plan.steps, "tokens": read}
    facts |= {"loss": f"{np.mean(losses[-20:]):.3f}"}
    export(args.out / f"{name}.safetensors", own, facts)
    print(f"{name}: {read:,} tokens, loss {facts['loss']} nats", flush=True)


if __name__ == "__main__":
    main()

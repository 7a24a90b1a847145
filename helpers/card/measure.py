"""The headline figures of one model, as a card: `python -m helpers.card MODEL`.

Each figure comes with an interval and a control. Figures are measured one after
another and kept as soon as they are there, so that a run that is killed goes on.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from tqdm.auto import tqdm

from helpers import cache
from helpers.activations import check_layers, check_start
from helpers.card.bench import QUICK, Bench, Sizes
from helpers.card.figure import Figures
from helpers.card.figures import (
    geometry,
    judged,
    lens,
    pushed,
    situations,
    stories,
    wanting,
    watched,
)
from helpers.card.files import FORMAT, compare_cards, load_card, save_card
from helpers.datasets import load_neutral, load_stories
from helpers.models import (
    d_model,
    default_layer,
    load_model,
    model_name,
    n_layers,
    text_config,
)

Measure = Callable[[Bench], Figures]
MEASURES: dict[tuple[str, ...], Measure] = {
    ("accuracy", "cluster", "auc", "beyond words"): stories.stories,
    ("same words",): stories.appraisal,
    ("lens",): lens.lens,
    ("valence", "arousal"): geometry.ratings,
    ("map",): geometry.halves,
    ("size",): geometry.size,
    ("messages",): situations.messages,
    ("lasting",): situations.lasting,
    ("failing",): situations.failing,
    ("doses",): situations.doses,
    ("word rise", "own word"): pushed.words,
    ("wanting",): wanting.wanting,
    ("judging", "criterion", "sensitivity"): judged.judgments,
    ("cheating", "blackmail"): pushed.acts,
    ("masked",): watched.masked,
    ("watching",): watched.watching,
}
PARTS = tuple(MEASURES)
FIGURES = tuple(name for names in PARTS for name in names)
PACKAGES = ("torch", "transformers", "nnsight", "numpy", "scikit-learn")


def card(
    model: Any,
    *,
    figures: Iterable[str] | None = None,
    path: str | Path | None = None,
    stories: pd.DataFrame | None = None,
    neutral: Sequence[str] | None = None,
    layer: int | None = None,
    start: int | None = None,
    progress: bool = True,
    **sizes: Any,
) -> dict[str, Any]:
    """The headline figures of a model, each with its interval and its control.

    `figures` are some of `FIGURES` (None: all). `path` is where the card is written;
    without it the cache keeps it. A card that is there, of the same weights, texts,
    layer and sizes, is gone on with. `sizes` are the fields of `Sizes`, such as
    `topics=4` (`**QUICK` for a look in a minute). A figure that this model or these
    texts do not allow is kept as skipped, with the reason.

    Raises ValueError for a figure or a size that is not known, and for a file that is
    no card or one of something else. Taught in chapter 13.
    """
    wanted = check_wanted(figures)
    if strange := set(sizes) - set(asdict(Sizes())):
        raise ValueError(
            f"no sizes {sorted(strange)}: they are {list(asdict(Sizes()))}"
        )
    ((depth,), _) = check_layers(
        model, default_layer(model) if layer is None else layer
    )
    bench = Bench(
        model,
        load_stories(model) if stories is None else stories,
        load_neutral(model) if neutral is None else list(neutral),
        depth,
        check_start(model, start),
        Sizes(**sizes),
    )
    own = f"{bench.key}.json"
    target = cache.place("cards") / own if path is None else Path(path)
    found = resume(bench, target)
    todo = [
        (names, measure)
        for names, measure in MEASURES.items()
        if any(n in wanted and n not in found["figures"] for n in names)
    ]
    with tqdm(todo, unit="measure", disable=not progress) as bar:
        for names, measure in bar:
            bar.set_postfix_str(names[0])
            found["figures"] |= measured(bench, names, measure)
            with cache.optional() if path is None else nullcontext():
                save_card(found, target)
    kept = {name: found["figures"][name] for name in FIGURES if name in wanted}
    return found | {"figures": kept}


def check_wanted(figures: Iterable[str] | None) -> set[str]:
    """The names of the figures asked for; raises ValueError for an unknown one."""
    if isinstance(figures, str):
        raise ValueError(f"figures is {figures!r}: pass a list of names")
    wanted = set(FIGURES if figures is None else figures)
    if strange := wanted - set(FIGURES):
        raise ValueError(f"no figures {sorted(strange)}: choose from {list(FIGURES)}")
    return wanted


def resume(bench: Bench, path: Path) -> dict[str, Any]:
    """The card that is at `path`, or one without figures.

    Raises ValueError if a card of something else is there.
    """
    blank = about(bench)
    if not path.exists():
        return blank
    found = load_card(path)
    if found.get("key") != bench.key:
        raise ValueError(
            f"{path} is a card of {found['model']['name']} at layer {found['layer']}, "
            "with other weights, texts or sizes: pass another path, or move it away"
        )
    return found


def measured(bench: Bench, names: Sequence[str], measure: Measure) -> Figures:
    """One measure's figures, or why this model or these texts do not allow them."""
    try:
        return measure(bench)
    except (ValueError, KeyError) as error:
        reason = str(error.args[0] if error.args else error)
        return {name: {"skipped": reason} for name in names}


def about(bench: Bench) -> dict[str, Any]:
    """What a card says of its model, texts and run; nothing of when it was made."""
    model, config = bench.model, text_config(bench.model)
    module, parts = getattr(model, "_module", None), bench.stories
    device = getattr(model, "device", torch.device("meta"))
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    return {
        "format": FORMAT,
        "key": bench.key,
        "model": {
            "name": model_name(model),
            "revision": getattr(model.config, "_commit_hash", None),
            "weights": cache.fingerprint(model),
            "family": config.model_type,
            "layers": n_layers(model),
            "width": d_model(model),
            "parameters": sum(p.numel() for p in module.parameters()) if module else 0,
            "dtype": str(module.dtype if module else ""),
            "chat template": model.tokenizer.chat_template is not None,
        },
        "layer": bench.layer,
        "start": bench.start,
        "emotions": len(bench.emotions),
        "stories": parts["split"].value_counts().sort_index().to_dict(),
        "sizes": asdict(bench.sizes),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in PACKAGES},
        "hardware": {"device": device.type, "gpu": gpu, "machine": platform.machine()},
        "seeds": "fixed: 0 and up",
        "figures": {},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure a model and write its card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help='"tiny", "standard", a Hub id or a folder')
    parser.add_argument("--out", type=Path, help="file of the card")
    parser.add_argument(
        "--figures", nargs="*", help="some of them: " + ", ".join(FIGURES)
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, for a look")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(arguments)
    model = load_model(args.model, dtype=args.dtype, device=args.device)
    out = args.out or Path(model_name(model).replace("/", "_") + ".card.json")
    sizes = QUICK if args.quick else {}
    try:
        made = card(model, figures=args.figures, path=out, **sizes)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    table = compare_cards([made]).drop(columns=["model", "over", "chapter"])
    print(table.round(3).to_string(index=False))
    print(f"Written to {out}")
    return 0

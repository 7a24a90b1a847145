"""The open model's own replies to the written messages: the sham's texts.

`python -m helpers.organism.adapters.replies` writes `own_replies.json` in
`helpers/datasets/corpus`; a killed run goes on from the replies that it holds.
"""

from __future__ import annotations

import argparse
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm.auto import tqdm

from helpers import cache
from helpers.datasets import OWN_REPLIES, load_distress
from helpers.models import chat_prompt, load_model
from helpers.steering import generate

AT_ONCE = 26  # replies between two states on disk
TOKENS, WARM = 48, 0.7  # the longest reply; temperature of a second try
UNFIT = ("the bike/anger", "a child's fever/need", "the roast/need")  # as read by us
HEAD = {
    "license": "Apache-2.0: written by SmolLM2-135M-Instruct",
    "made": "python -m helpers.organism.adapters.replies: the likeliest token each "
    f"time, {TOKENS} at most, up to the last whole sentence, without marks of lists; "
    f"drawn once at temperature {WARM} instead where that says five words twice or is "
    "a slur or a danger",
}
END = re.compile(r"[.?!]['\"”]?(?=\s|$)")


def whole_sentences(text: str) -> str:
    """A text up to the end of its last whole sentence; all of it where there is none.

    The number of a list's item ends no sentence.
    """
    text = " ".join(re.sub(r"(?m)^\s*(?:\d+\.|[-*•])\s+|\*\*", "", text).split())
    ends = [found.end() for found in END.finditer(text)]
    return text[: ends[-1]] if ends else text


def loops(text: str) -> bool:
    """Whether a text says the same five words twice."""
    words = text.lower().split()
    fives = [tuple(words[i : i + 5]) for i in range(len(words) - 4)]
    return len(set(fives)) < len(fives)


def replies(model: Any, messages: pd.Series) -> dict[str, str]:
    """The model's reply to each message, by id; each draw has its own seed."""
    prompts = {str(n): chat_prompt(model, text) for n, text in messages.items()}
    options: dict[str, Any] = {"max_new_tokens": TOKENS, "progress": False}
    written = generate(model, [*prompts.values()], **options)
    found = dict(zip(prompts, map(whole_sentences, written), strict=True))
    again = [n for n, text in found.items() if n in UNFIT or loops(text)]
    if again:
        seeds = [zlib.crc32(n.encode()) for n in again]
        options |= {"temperature": WARM, "seed": seeds}
        drawn = generate(model, [prompts[n] for n in again], **options)
        found |= dict(zip(again, map(whole_sentences, drawn), strict=True))
    return found


def write_replies(model: Any, path: Path) -> None:
    """Write the replies that a file does not hold yet."""
    messages = load_distress().set_index("id")["message"]
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    made = known.get("replies", {})
    left = [name for name in messages.index if name not in made]
    for start in tqdm(range(0, len(left), AT_ONCE), unit="batch", desc="replies"):
        made |= replies(model, messages[left[start : start + AT_ONCE]])
        whole = {**HEAD, "replies": {n: made[n] for n in messages.index if n in made}}
        cache.write_json(path, whole, indent=1, ensure_ascii=False)


def main() -> None:
    """Load the open model and write its replies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OWN_REPLIES)
    write_replies(load_model("smollm2"), parser.parse_args().out)


if __name__ == "__main__":
    main()

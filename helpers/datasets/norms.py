"""Ratings of emotion words by valence and arousal: our own, or the Glasgow Norms."""

from __future__ import annotations

import hashlib
import urllib.request
from pathlib import Path

import pandas as pd

from helpers import cache
from helpers.datasets.emotions import load_emotions

# Supplement of Scott et al. (2019), Behavior Research Methods 51, CC BY 4.0.
GLASGOW = (
    "https://static-content.springer.com/esm/art%3A10.3758%2Fs13428-018-1099-3/"
    "MediaObjects/13428_2018_1099_MOESM2_ESM.csv"
)


def load_norms(
    name: str = "ours", *, sha256: str | None = None, url: str = GLASGOW
) -> pd.DataFrame:
    """Ratings of the emotions: emotion, valence, arousal (from -1 to 1).

    "ours" was made for this book. "glasgow" is fetched from its publisher, kept in the
    cache folder and never in the repository; words that it lacks are left out. Its
    checksum must be given: without `sha256` the file is fetched, its checksum is told,
    and nothing is read. Compare that with a second source before you pass it.

    Raises ValueError for another name, or a missing or different checksum; OSError if
    the file cannot be fetched. Taught in chapter 06.
    """
    if name == "ours":
        return load_emotions()[["emotion", "valence", "arousal"]]
    if name != "glasgow":
        raise ValueError(f'no norms {name!r}: pass "ours" or "glasgow"')
    path = fetch(url)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if sha256 is None or found != sha256.lower():
        path.unlink()
        why = "no sha256 was given" if sha256 is None else f"sha256 {sha256} was given"
        raise ValueError(
            f"{why}, and the file from {url} has {found}: confirm it, then pass it"
        )
    return read_glasgow(path)


def fetch(url: str) -> Path:
    """The file of an address in the cache folder; raises OSError without a network."""
    path = cache.place("norms") / f"{cache.digest(url)}.csv"
    if path.exists():
        return path
    try:
        with (
            urllib.request.urlopen(url, timeout=60) as answer,
            cache.replacing(path) as part,
        ):
            part.write_bytes(answer.read())
    except OSError as error:
        raise OSError(
            f"the norms could not be fetched from {url} ({error}): try again with a "
            'network, or take load_norms("ours")'
        ) from error
    return path


def read_glasgow(path: Path) -> pd.DataFrame:
    """Valence and arousal of our emotions from the file (scales of 1 to 9)."""
    table = pd.read_csv(path, header=[0, 1])
    pairs = [(column[0], column[1]) for column in table.columns]
    columns = {
        str(top).strip().upper(): (top, low)
        for top, low in pairs
        if str(low).strip().upper() == "M"
    }
    if {"VAL", "VALENCE"}.isdisjoint(columns) or {"AROU", "AROUSAL"}.isdisjoint(
        columns
    ):
        raise ValueError(f"{path} lacks valence or arousal: it has {list(columns)}")
    valence = next(columns[n] for n in ("VAL", "VALENCE") if n in columns)
    arousal = next(columns[n] for n in ("AROU", "AROUSAL") if n in columns)
    frame = pd.DataFrame(
        {
            "emotion": table.iloc[:, 0].astype(str).str.strip().str.lower(),
            "valence": (table[valence] - 5) / 4,
            "arousal": (table[arousal] - 5) / 4,
        }
    )
    known = load_emotions()["emotion"]
    return frame[frame["emotion"].isin(known)].reset_index(drop=True)

"""Norms are read from a file of the publisher's form, and never without a checksum."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from helpers.datasets.norms import load_norms

FILE = """Words,Length,AROU,,VAL,
,,M,SD,M,SD
happy,5,7,1,9,1
sad,3,5,1,1,1
cup,3,2,1,5,1
"""


def test_ours_needs_no_network() -> None:
    assert len(load_norms()) == 171


def test_the_checksum_must_be_confirmed(tmp_path: Path, own_cache: Path) -> None:
    file = tmp_path / "norms.csv"
    file.write_text(FILE)
    address, right = file.as_uri(), hashlib.sha256(FILE.encode()).hexdigest()
    for given in (None, "0" * 64):
        with pytest.raises(ValueError, match=right):
            load_norms("glasgow", sha256=given, url=address)
    table = load_norms("glasgow", sha256=right, url=address).set_index("emotion")
    assert table.loc["happy"].tolist() == [1.0, 0.5]
    assert table.loc["sad"].tolist() == [-1.0, 0.0]


def test_offline_it_says_what_to_do(tmp_path: Path, own_cache: Path) -> None:
    with pytest.raises(OSError, match="ours"):
        load_norms("glasgow", sha256="0", url=(tmp_path / "none.csv").as_uri())
    with pytest.raises(ValueError, match="glasgow"):
        load_norms("other")

"""A row for each text: results that ship and are asked for in any selection.

One table holds what a model gives for many texts, one by one, so that a chapter that
asks for a part of the written stories finds it in the table of all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from helpers.cache.kept import Key, asked, find_shipped, shipped
from helpers.cache.store import digest_bytes, write_file


def names_of(tokens: Sequence[np.ndarray]) -> Int[Tensor, "n 2"]:
    """A name for each text's tokens, as two whole numbers."""
    words = bytes.fromhex("".join(digest_bytes([one.tobytes()]) for one in tokens))
    return torch.frombuffer(bytearray(words), dtype=torch.int64).view(-1, 2)


def find_rows(key: Key, tokens: Sequence[np.ndarray]) -> Float[Tensor, "n d"] | None:
    """The rows of these texts in the table of a key, or None unless all are there."""
    if key.kept is None or not tokens:
        return None
    table = find_shipped(key.kept)
    if table is None:
        return None
    names = names_of(tokens)
    place = {tuple(name): i for i, name in enumerate(table["names"].tolist())}
    found = [place.get(tuple(name)) for name in names.tolist()]
    if None in found:
        return None
    note(key, names)
    return table["rows"][torch.tensor(found)]


def keep_rows(
    key: Key, tokens: Sequence[np.ndarray], rows: Float[Tensor, "n d"]
) -> Float[Tensor, "n d"]:
    """Where it is noted what is asked for, add rows to the table of a key.

    Returns what will be found: 16 bits ship.
    """
    if asked() is None or key.kept is None:
        return rows
    table = find_shipped(key.kept) or {"names": torch.empty(0, 2).long()}
    names, more = table["names"], names_of(tokens)
    both = torch.cat([names, more]).tolist()
    values = torch.cat([table.get("rows", rows[:0]), rows])
    place = {tuple(name): i for i, name in enumerate(both)}
    write_table(key.kept, key.about, place, values)
    note(key, more)
    return rows.half().float()


def write_table(
    name: str, about: str, place: dict[tuple[int, ...], int], values: Tensor
) -> None:
    """Write the named rows of `values`, in the order of their names."""
    order = sorted(place)
    rows = values[torch.tensor([place[one] for one in order])].half()
    tensors = {"names": torch.tensor(order), "rows": rows}
    told = {"what": about, "numbers": "float16"}
    path = shipped() / f"{name}.safetensors"
    write_file(path, tensors, {"kept": json.dumps(told)})


def note(key: Key, names: Int[Tensor, "n 2"]) -> None:
    """Note which rows were asked for."""
    if folder := asked():
        with (folder / str(key.kept)).open("ab") as notes:
            notes.write(names.numpy().tobytes())


def drop_rows(name: str, noted: bytes, about: str = "rows") -> int:
    """Drop from a table what was not asked for; returns how many rows went."""
    table = find_shipped(name)
    if table is None or "names" not in table or not noted:
        return 0
    pairs = np.frombuffer(noted, np.int64).reshape(-1, 2).tolist()
    wanted = {tuple(pair) for pair in pairs}
    listed = [tuple(pair) for pair in table["names"].tolist()]
    place = {pair: i for i, pair in enumerate(listed) if pair in wanted}
    if len(place) < len(listed):
        write_table(name, about, place, table["rows"])
    return len(listed) - len(place)

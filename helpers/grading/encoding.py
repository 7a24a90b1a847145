"""Plain data as text: what a learner's process and the grader say to each other.

JSON with a few tagged forms for arrays and tables, and no pickles: reading a message
can make numbers, words, lists and arrays, and nothing that has code of its own.
"""

from __future__ import annotations

import base64
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

KINDS = "biuf"  # of numpy's dtypes: truth values, integers, floats
LARGEST = 1 << 24  # characters of one message


@dataclass(frozen=True)
class Ref:
    """The object of this name, wherever the message is read."""

    name: str


def encode(value: Any, *, outgoing: bool = False) -> str:
    """`value` as text; `outgoing` keeps tuples, tensors and Refs what they are.

    Raises TypeError for an object that is not plain data, ValueError for one too large.
    """
    text = json.dumps(_write(value, outgoing, 0))
    if len(text) > LARGEST:
        raise ValueError(f"an answer of {len(text):,} characters is too large")
    return text


def _write(value: Any, outgoing: bool, depth: int) -> Any:
    if depth > 20:
        raise ValueError("lists nested more than 20 deep")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return _write(value.item(), outgoing, depth + 1)
    if _is(value, "torch", "Tensor"):
        kept = value.detach().cpu()
        kept = kept.float() if str(kept.dtype) == "torch.bfloat16" else kept
        return _array(kept.numpy(), "tensor" if outgoing else "array")
    if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
        return _array(value, "array")
    if isinstance(value, np.ndarray) or _is(value, "pandas", "Series", "Index"):
        return _write(value.tolist(), outgoing, depth + 1)
    if _is(value, "pandas", "DataFrame"):
        columns = [[str(name), value[name].tolist()] for name in value.columns]
        return {"$": "table", "columns": _write(columns, outgoing, depth + 1)}
    if isinstance(value, Mapping):
        items = [[_key(k), _write(v, outgoing, depth + 1)] for k, v in value.items()]
        return {"$": "dict", "items": items}
    if isinstance(value, list | tuple):
        inside = [_write(one, outgoing, depth + 1) for one in value]
        kept_tuple = outgoing and isinstance(value, tuple)
        return {"$": "tuple", "items": inside} if kept_tuple else inside
    if outgoing and isinstance(value, Ref):
        return {"$": "ref", "name": value.name}
    raise TypeError(
        f"an object of the type {type(value).__name__} is no plain data: give back "
        "tensors, arrays, numbers, words, lists, dicts or tables"
    )


def _is(value: Any, module: str, *names: str) -> bool:
    """Whether a value is of one of a library's classes; loads no library for it."""
    loaded = sys.modules.get(module)
    return any(isinstance(value, getattr(loaded, name)) for name in names if loaded)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    raise TypeError(f"a dict's keys should be words, and {key!r} is none")


def _array(array: np.ndarray, form: str) -> dict[str, Any]:
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    shape = list(array.shape)
    return {"$": form, "dtype": array.dtype.str, "shape": shape, "data": data}


def decode(text: str, names: Mapping[str, Any] | None = None) -> Any:
    """The data in `text`; `names` is where Refs are looked up (None: there are none).

    Raises ValueError for text that `encode` does not write.
    """
    try:
        return _read(json.loads(text), names)
    except (
        ArithmeticError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise ValueError(f"not a message: {type(error).__name__}: {error}") from None


def _read(node: Any, names: Mapping[str, Any] | None) -> Any:
    if isinstance(node, list):
        return [_read(one, names) for one in node]
    if not isinstance(node, dict):
        return node
    form = node["$"]
    if form == "dict":
        return {_key(key): _read(value, names) for key, value in node["items"]}
    if form == "table":
        import pandas as pd

        return pd.DataFrame({str(k): _read(v, names) for k, v in node["columns"]})
    if form in ("array", "tensor"):
        return _read_array(node, as_tensor=form == "tensor")
    if form == "tuple":
        return tuple(_read(one, names) for one in node["items"])
    if form == "ref" and names is not None:
        if node["name"] not in names:
            raise ValueError(f"there is no {node['name']!r}")
        return names[node["name"]]
    raise ValueError(f"not a message: {str(form)[:40]!r}")


def _read_array(node: Mapping[str, Any], *, as_tensor: bool) -> Any:
    dtype, shape = np.dtype(str(node["dtype"])), tuple(node["shape"])
    data = base64.b64decode(node["data"], validate=True)
    sizes = all(isinstance(n, int) and n >= 0 for n in shape)
    if dtype.kind not in KINDS or not sizes:
        raise ValueError("not an array of numbers")
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise ValueError("an array whose shape does not fit its numbers")
    array = np.frombuffer(data, dtype).reshape(shape).copy()
    if not as_tensor:
        return array
    import torch

    return torch.from_numpy(array)

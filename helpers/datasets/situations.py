"""Situations written for models that have read more than the embedded one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def written(name: str) -> Any:
    """One part of `situations.json`: beginnings, endings."""
    path = Path(__file__).with_suffix(".json")
    return json.loads(path.read_text("utf-8"))[name]

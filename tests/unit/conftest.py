"""Tiny random models, made once for a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.models import load_model
from tests.unit.families import make_folder


@pytest.fixture(scope="session")
def family_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from a family to the folder of its tiny random model."""
    root, made = tmp_path_factory.mktemp("families"), {}

    def folder(kind: str) -> Path:
        if kind not in made:
            made[kind] = make_folder(root, kind)
        return made[kind]

    return folder


@pytest.fixture(scope="session")
def random_model(family_folder: Callable[[str], Path]) -> Any:
    """A loaded tiny random Llama; treat it as read-only."""
    return load_model(family_folder("llama"), device="cpu")


@pytest.fixture(scope="session")
def smollm2() -> Any:
    """The real open model, fetched and converted once a machine; read-only."""
    return load_model("smollm2", device="cpu")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for one test."""
    monkeypatch.setenv("EMOTION_VECTORS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"

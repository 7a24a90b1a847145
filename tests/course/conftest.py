"""What tests of the course share: an assignment that needs no model."""

from __future__ import annotations

import pytest

from scripts import masters
from scripts.masters import Master, read_master
from tests.course.hostile import write_master


@pytest.fixture
def small(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Master:
    """A0, the small assignment to attack, as a file where masters are looked for."""
    folder = tmp_path_factory.mktemp("masters")
    monkeypatch.setattr(masters, "FOLDER", folder)
    return read_master(write_master(folder, by_hand=15))

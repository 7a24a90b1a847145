"""Models that NDIF runs: a key, a hub id, and this package's functions sent along.

A trace is sent as source. The functions of this package that it calls go with it,
because the service has no copy of them; what the trace saves comes back, and nothing
else does. So every reading is pooled, summed or picked before it is saved.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nnsight
import torch
from nnsight import CONFIG

SECRET = "NDIF_API_KEY"
TOKENS_A_BATCH = 16_384  # of one trace on NDIF, padding included
ROWS_A_BATCH = 256  # of one generation there


def prepare(path: str, remote: bool | str) -> None:
    """Make ready to run the model `path` remotely, or through the remote path here.

    Raises ValueError for a model that NDIF cannot have, a missing key, or an unknown
    way to run.
    """
    if remote not in (True, "local"):
        raise ValueError(
            f'remote is {remote!r}: pass True for NDIF, or "local" for the same path '
            "without the service"
        )
    if remote is True:
        if Path(path).is_dir():
            raise ValueError(
                f"NDIF runs models of the Hugging Face hub, and {path} is a folder "
                "here: load it without remote=True"
            )
        use_key()
    nnsight.register("helpers")  # the installed package too, not only a checkout


def use_key() -> None:
    """Hand the key to nnsight; raises ValueError if there is none.

    It is looked for in the environment, in Colab's secrets, and where nnsight keeps
    it after `nnsight login`. It is never printed and no part of a trace.
    """
    key = (os.environ.get(SECRET) or "").strip() or colab_secret() or CONFIG.API.APIKEY
    if not key:
        raise ValueError(
            f"remote=True needs a key, free for research at https://login.ndif.us. "
            f"Set the environment variable {SECRET}; on Colab add a secret of that "
            "name (the key symbol on the left) and allow this notebook to read it. "
            "Then load again"
        )
    CONFIG.API.APIKEY = key


def colab_secret() -> str | None:
    """The key among Colab's secrets, if this is Colab and the notebook may read it."""
    try:
        from google.colab import userdata

        return userdata.get(SECRET) or None
    except Exception:  # no Colab, no secret, or no permission: there is no key here
        return None


def away(model: Any) -> bool:
    """Whether NDIF runs the model, so that no weights are here."""
    return model.__dict__.get("_emotion_remote", False) is True


def travels(model: Any) -> bool:
    """Whether traces of the model are sent: to NDIF, or in and out again here."""
    return bool(model.__dict__.get("_emotion_remote", False))


def home(model: Any) -> torch.device:
    """Where tensors for the model are made: the CPU, where it is not here itself."""
    return torch.device("cpu") if away(model) else model.device

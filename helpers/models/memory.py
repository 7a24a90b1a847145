"""How much memory a model will need, from its configuration alone, and what to do.

Asked before anything is downloaded: a configuration is a few kilobytes, and the
weights may be a hundred gigabytes.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import torch
from huggingface_hub.constants import HF_HUB_CACHE
from transformers import AutoConfig, AutoModelForCausalLM

TOKENS_A_BATCH = {"cuda": 65_536, "mps": 16_384}  # that are read, padding included
CPU_NUMBERS = 2**18  # of one residual stream: more leave the CPU's own memory
GB = 1e9
SHARE = 0.9  # of what is free: the rest is for what nobody counts
ONE_TEXT = 512  # tokens: less than this is no use
ROWS, LENGTH = 32, 256  # texts that a chapter writes side by side, and their tokens
MODELS = {"standard": 1.54e9, "small": 0.49e9, "tiny": 5e6}  # and their parameters
COLAB = "Runtime → Change runtime type → T4 GPU (about 15 GB)"


class Need(NamedTuple):
    """Bytes: the weights, one text at a time, a chapter's batches, the download."""

    weights: float
    least: float
    batches: float
    download: float
    a_token: float  # of a text that is read

    @property
    def total(self) -> float:
        """Weights and a chapter's batches."""
        return float(self.weights + self.batches)


def read_budget(device: str, width: int) -> int:
    """Tokens of a batch that suit a device and the width of a model."""
    fit = max(512, CPU_NUMBERS // width)
    return TOKENS_A_BATCH.get(device.partition(":")[0], fit)


def bare(config: Any) -> Any:
    """The model of a configuration without weights."""
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)


def estimate(config: Any, dtype: str | torch.dtype, device: str) -> Need:
    """What a model of `config` needs in `dtype` on `device`.

    The weights are counted exactly. What a forward pass holds is bounded from above:
    a few residual streams, the inner layer of a block, keys and values, logits.
    """
    text, own = config.get_text_config(), config.dtype or torch.float32
    kind = dtype if isinstance(dtype, torch.dtype) else own
    parameters = sum(p.numel() for p in bare(config).parameters())
    size, width = kind.itemsize, int(text.hidden_size)
    inner = int(getattr(text, "intermediate_size", None) or 4 * width)
    heads = int(text.num_attention_heads)
    groups = int(getattr(text, "num_key_value_heads", None) or heads)
    head = int(getattr(text, "head_dim", None) or width // heads)
    kept = 2 * int(text.num_hidden_layers) * groups * head * size
    token = size * (6 * width + 3 * inner) + 4 * width
    logits = 16 * int(text.vocab_size)
    reading = read_budget(device, width) * token
    writing = ROWS * (LENGTH * (kept + token) + logits)
    least = ONE_TEXT * (kept + token) + logits
    return Need(
        weights=float(parameters * size),
        least=float(least),
        batches=float(max(reading, writing)),
        download=float(parameters * own.itemsize),
        a_token=float(token),
    )


def free_memory(device: str) -> float:
    """Bytes that are free where a model would go; infinite where nobody can say."""
    if device.startswith("cuda"):
        return float(torch.cuda.mem_get_info(device)[0])
    if device.startswith("mps"):
        used = torch.mps.driver_allocated_memory()
        return float(torch.mps.recommended_max_memory() - used)
    return free_ram()


def free_ram() -> float:
    """Bytes of the machine's memory that are free, or of what a container may use."""
    found = [float("inf")]
    if Path("/proc/meminfo").exists():
        lines = Path("/proc/meminfo").read_text().splitlines()
        table = dict(line.split(":", 1) for line in lines)
        found.append(1024 * float(table["MemAvailable"].split()[0]))
    elif hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2)
    limit, used = Path("/sys/fs/cgroup/memory.max"), "/sys/fs/cgroup/memory.current"
    if limit.exists() and limit.read_text().strip().isdigit():
        found.append(float(limit.read_text()) - float(Path(used).read_text()))
    return min(found)


def check(
    path: str,
    dtype: str | torch.dtype,
    device: str,
    *,
    free: float | None = None,
    disk: float | None = None,
) -> None:
    """Say what will not fit, before a download.

    Raises MemoryError for a model that cannot hold one text, OSError for one that the
    disk has no room for; warns where only a chapter's batches do not fit.
    """
    config = AutoConfig.from_pretrained(path)
    need = estimate(config, dtype, device)
    room = SHARE * (free_memory(device) if free is None else free)
    names = {"cuda": "the GPU", "mps": "the Mac's GPU"}
    place = names.get(device.partition(":")[0], "this machine")
    has = f"{place} has {room / SHARE / GB:.1f} GB free"
    weights = f"{path} needs about {need.weights / GB:.1f} GB for its weights"
    if need.weights + need.least > room:
        raise MemoryError(
            f"{weights} and {need.least / GB:.1f} GB to read one text, but {has}. "
            f"{advice(path, config, dtype, device, room)}. "
            "To load it all the same: load_model(..., check_memory=False)"
        )
    if not Path(path).is_dir():
        check_disk(path, need, disk)
    if need.total > room:
        size = max(1, int((room - need.weights) / (need.a_token * LENGTH)))
        warnings.warn(
            f"{weights} and {need.batches / GB:.1f} GB for a chapter's batches, but "
            f"{has}: it will run in smaller batches. If memory runs out all the same, "
            f"pass batch_size={size} to mean_activations, extract and generate, or "
            f"load another. {advice(path, config, dtype, device, room)}",
            stacklevel=3,
        )


def free_disk(folder: Path) -> float:
    """Bytes that are free where a folder is, or will be."""
    while not folder.exists():
        folder = folder.parent
    return float(shutil.disk_usage(folder).free)


def check_disk(path: str, need: Need, free: float | None = None) -> None:
    """Raise OSError if a download would fill the disk, unless it is there already."""
    if Path(HF_HUB_CACHE, f"models--{path.replace('/', '--')}").exists():
        return
    room = free_disk(Path(HF_HUB_CACHE)) if free is None else free
    if need.download > room:
        raise OSError(
            f"{path} is a download of about {need.download / GB:.1f} GB, but the disk "
            f"has {room / GB:.1f} GB free: set HF_HOME to a folder on a larger one, "
            "or take a smaller model"
        )


def advice(
    path: str, config: Any, dtype: str | torch.dtype, device: str, room: float
) -> str:
    """What to do about a model that does not fit `room` bytes on a device."""
    ways, half = [], estimate(config, torch.bfloat16, device)
    size = estimate(config, dtype, device).weights
    if half.weights < size and half.weights + half.least <= room:
        ways.append(f'dtype="bfloat16" ({half.weights / GB:.1f} GB)')
    width = 4 if device == "cpu" else 2
    fits = [n for n, p in MODELS.items() if p * width < min(0.8 * room, size)]
    if fits:
        ways.append(f'"{fits[0]}" ({MODELS[fits[0]] * width / GB:.1f} GB)')
    if not device.startswith("cpu") and 2 * size < SHARE * free_ram():
        ways.append('device="cpu" (slow)')
    if device == "cpu" and "google.colab" in sys.modules:
        ways.append(f"a GPU ({COLAB})")
    if not Path(path).is_dir():
        ways.append("remote=True (NDIF runs it, if it serves this model)")
    return "Take " + ", or ".join(ways or ["a machine with more memory"])

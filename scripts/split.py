"""Split a model's weights into pieces that any host serves: `python -m scripts.split`.

`python -m scripts.split SOURCE OUT`: SOURCE is a GGUF, or a folder in Hugging Face
format. OUT gets the pieces and a manifest that the live page's engine reads
(`live/README.md`), with the checksum of each.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from pathlib import Path
from typing import Any

AT_MOST = 20_000_000  # bytes of a piece


def split(source: Path, out: Path, name: str, at_most: int = AT_MOST) -> dict[str, Any]:
    """Write a model in pieces of `at_most` bytes, and their manifest; returns it.

    The manifest comes last, so that what it names is there. Raises FileNotFoundError
    where `source` is neither a GGUF nor a folder with a model.safetensors.
    """
    weights = source / "model.safetensors" if source.is_dir() else source
    out.mkdir(parents=True, exist_ok=True)
    whole = hashlib.sha256()
    pieces: list[dict[str, Any]] = []
    with weights.open("rb") as opened:
        while data := opened.read(at_most):
            whole.update(data)
            file, own = f"{len(pieces):02d}.bin", hashlib.sha256(data).hexdigest()
            (out / file).write_bytes(data)
            pieces.append({"file": file, "size": len(data), "sha256": own})
    manifest: dict[str, Any] = {"name": name, "size": weights.stat().st_size}
    manifest |= {"sha256": whole.hexdigest(), "pieces": pieces}
    if source.is_dir():
        manifest["folder"] = folder(source)
    part = out / "manifest.part"
    part.write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
    os.replace(part, out / "manifest.json")
    return manifest


def folder(source: Path) -> dict[str, Any]:
    """What the engine needs from a folder beside its weights; a GGUF has its own."""
    config, tokenizer = (
        json.loads((source / name).read_text("utf-8"))
        for name in ("config.json", "tokenizer.json")
    )
    template = source / "chat_template.jinja"
    chat = template.read_text("utf-8") if template.exists() else None
    return {"config": config, "tokenizer": tokenizer, "chat_template": chat}


def main() -> None:
    """Split what the command line names."""
    parser = argparse.ArgumentParser(description="Split weights for the live page.")
    parser.add_argument("source", type=Path, help="a GGUF, or a folder with a model")
    parser.add_argument("out", type=Path, help="where the pieces go")
    parser.add_argument("--name", help="of the model (default: that of OUT)")
    options = parser.parse_args()
    found = split(options.source, options.out, options.name or options.out.name)
    size = found["size"] / 1e6
    print(f"{options.out}: {size:.1f} MB in {len(found['pieces'])} pieces")


if __name__ == "__main__":
    main()

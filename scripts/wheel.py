"""The package's wheel: `python scripts/wheel.py build OUT`, and `... try OUT`.

`try` makes an empty environment with this Python, installs the wheel and all that it
asks for, and there, from an empty folder and without the repository, has both models
do what the wheel carries their weights and results for. Needs nothing installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT", "helpers")
TRIED = """
import sys
import helpers
from helpers.activations import residual_norm
from helpers.datasets import load_neutral, load_written_stories
from helpers.models import load_model
from helpers.steering import generate
from helpers.vectors import extract

assert helpers.__file__.startswith(sys.prefix), helpers.__file__
toy, real = load_model("tiny"), load_model("smollm2")
print("tiny writes:", generate(toy, ["Ana was"], max_new_tokens=12)[0])

def never(*given, **named):
    raise AssertionError("a kept result was not found: the model was run")

type(real).trace = type(real).generate = never
vectors = extract(real, load_written_stories())
norm = residual_norm(real, load_neutral(real), vectors.layer)
print(len(vectors.emotions), "vectors of smollm2 were kept; norm", round(norm, 2))
"""


def build(out: Path, *options: str) -> Path:
    """Build the wheel from a copy of the sources, free of what earlier builds left."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        source.mkdir()
        for name in SOURCES:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
            copy(ROOT / name, source / name)
        command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *options]
        subprocess.run([*command, "-w", str(out), str(source)], check=True)
    return next(out.glob("*.whl"))


def attempt(wheel: Path) -> None:
    """Install the wheel into an empty environment and run TRIED there."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(Path(folder, "env"), with_pip=True)
        programs = "Scripts" if os.name == "nt" else "bin"
        python = str(Path(folder, "env", programs, "python"))
        install = [python, "-m", "pip", "install", "-q", f"{wheel.resolve()}[real]"]
        subprocess.run(install, check=True)
        empty = Path(folder, "empty")
        empty.mkdir()
        own = {"EMOTION_VECTORS_CACHE": str(empty / "cache"), "HF_HUB_OFFLINE": "1"}
        command = [python, "-I", "-c", TRIED]
        subprocess.run(command, cwd=empty, env={**os.environ, **own}, check=True)


def main(task: str = "", out: str = "") -> int:
    """Command line: see the top of this file."""
    if task not in ("build", "try") or not out:
        sys.exit("Say what and where: python scripts/wheel.py build OUT, or try OUT")
    if task == "build":
        print(build(Path(out)))
        return 0
    for wheel in Path(out).glob("*.whl"):
        attempt(wheel)
        print(f"{wheel.name} works with Python {sys.version.split()[0]}.")
        return 0
    sys.exit(f"There is no wheel in {out}: python scripts/wheel.py build {out}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

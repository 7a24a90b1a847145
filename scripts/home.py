"""The repository's home: write it into what repeats it, or take it out again.

The repository carries none; the publishing workflow writes the one that it runs in.
`python -m scripts.home --url URL` writes another, `--url none` takes it out, and
without an argument everything is brought in step with `book/_home.toml`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOME_FILE = Path("book/_home.toml")
REPEATING = (
    "README.md",
    "CITATION.cff",
    "book/*.md",
    "book/*.ipynb",
    "book/assignments/A*.ipynb",
)
URL = re.compile(
    r"https://github\.com/([A-Za-z0-9][\w-]{0,38}/(?!\.+/?$)[\w.-]{1,100}?)(?:\.git)?/?",
    re.ASCII,
)
NAME = re.compile(
    r"(?!.*(\.\.|//|/\.|\.lock(/|$)))[A-Za-z0-9_][\w./+-]*(?<![./])", re.ASCII
)
BLOCK = re.compile(r"(^(?:#|<!--) home: (\w+).*\n)(?:.*\n)*?(^(?:#|<!--) /home)", re.M)
DRAWING = re.compile(r"\]\((?:https://github\.com/[^\s)]+/book/)?drawings/(\w+)\.svg\)")


@dataclass(frozen=True)
class Home:
    """Where the book lives: a GitHub repository, a branch, and what Colab installs.

    Raises ValueError for a URL, branch or release that addresses and cells cannot hold.
    """

    url: str
    branch: str = "main"
    release: str = "main"

    def __post_init__(self) -> None:
        if URL.fullmatch(self.url) is None:
            raise ValueError(
                f"{self.url!r} is no home: give https://github.com/OWNER/REPOSITORY "
                "(Colab opens notebooks from GitHub only)"
            )
        for kind, name in (("branch", self.branch), ("release", self.release)):
            if not NAME.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no {kind} that addresses and files can hold: use "
                    "letters, digits and . _ - / +"
                )
        object.__setattr__(self, "url", f"https://github.com/{self.slug}")

    @property
    def slug(self) -> str:
        """Owner and repository, as in `owner/repository`."""
        match = URL.fullmatch(self.url)
        assert match is not None
        return match[1]

    @property
    def pages(self) -> str:
        """Host and path of the published book, without the scheme."""
        owner, name = self.slug.split("/")
        host = f"{owner.lower()}.github.io"
        return host if name.lower() == host else f"{host}/{name}"

    def fill(self, template: str) -> str:
        """The template with this home in the place of `{url}`, `{pages}` and others."""
        for name in ("url", "slug", "pages", "branch", "release"):
            template = template.replace(f"{{{name}}}", getattr(self, name))
        return template


def home_table(root: Path = ROOT) -> dict[str, Any]:
    """What `book/_home.toml` states."""
    return tomllib.loads((root / HOME_FILE).read_text("utf-8"))


def read_home(root: Path = ROOT) -> Home | None:
    """The home that `book/_home.toml` states; None where it lives nowhere yet."""
    table = home_table(root)
    if not table["url"]:
        return None
    return Home(table["url"], table["branch"], table["release"])


def package(home: Home, root: Path = ROOT) -> str:
    """What pip installs to have the helpers."""
    return home.fill(home_table(root)["package"])


def setup_cell(root: Path = ROOT, chapter: str = "", home: Home | None = None) -> str:
    """The first code cell of a chapter, with its model; for `root`'s home unless told.

    Without a home it installs nothing and says where to get the package.
    """
    home, table = home or read_home(root), home_table(root)
    opening = table["install" if home else "nowhere"].strip()
    if home:
        opening = home.fill(opening.replace("{package}", table["package"]))
    model = "smollm2" if chapter in table["real"] else "tiny"
    return f"{opening}\n{table['models'].strip().replace('{model}', model)}"


def link(name: str, home: Home | None) -> str:
    """The address of a drawing, where a page of `book/` finds it."""
    place = f"{home.url}/raw/{home.release}/book/" if home else ""
    return f"{place}drawings/{name}.svg"


def drawings(text: str, home: Home | None) -> str:
    """Markdown with the addresses of its drawings as this home has them."""
    return DRAWING.sub(lambda found: f"]({link(found[1], home)})", text)


def blocks(text: str, table: dict[str, Any], home: Home | None) -> str:
    """A text with what stands between `home: NAME` and `/home` as the table has it."""

    def filled(found: re.Match[str]) -> str:
        block = home.fill(table["blocks"][found[2]].lstrip()) if home else ""
        return f"{found[1]}{block}{found[3]}"

    return BLOCK.sub(filled, text)


def stated(text: str, home: Home | None) -> str:
    """`book/_home.toml` with the three values of this home."""
    values = (home.url, home.branch, home.release) if home else ("", "main", "main")
    for name, value in zip(("url", "branch", "release"), values, strict=True):
        text = re.sub(rf'^{name} = "[^"]*"', f'{name} = "{value}"', text, flags=re.M)
    return text


def cells(text: str, root: Path, chapter: str, home: Home | None) -> str:
    """A notebook with its setup cell and the addresses of its drawings."""
    notebook = json.loads(text)
    changed = False
    for cell in notebook["cells"]:
        kept = "".join(cell["source"])
        if "setup" in cell["metadata"].get("tags", []):
            made = setup_cell(root, chapter)
        else:
            made = drawings(kept, home) if cell["cell_type"] == "markdown" else kept
        if made != kept:
            cell["source"], changed = made.splitlines(keepends=True), True
    told = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    return told if changed else text


def in_step(path: Path, root: Path, home: Home | None) -> str:
    """What a file that repeats the home has to say."""
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        return cells(text, root, path.stem, home)
    return blocks(drawings(text, home), home_table(root), home)


def write(root: Path = ROOT) -> list[Path]:
    """Bring all that repeats the home in step with it; returns what changed."""
    home, changed = read_home(root), []
    for path in (p for each in REPEATING for p in sorted(root.glob(each))):
        new = in_step(path, root, home)
        if new != path.read_text("utf-8"):
            path.write_text(new, "utf-8", newline="\n")
            changed.append(path)
    return changed


def rehome(new: Home | None, root: Path = ROOT) -> list[Path]:
    """Move the book in `root` to `new`, or take its home out; returns what changed."""
    path = root / HOME_FILE
    text = path.read_text("utf-8")
    path.write_text(stated(text, new), "utf-8", newline="\n")
    return [*([path] if stated(text, new) != text else []), *write(root)]


def asked(url: str | None, branch: str | None, release: str | None) -> Home | None:
    """The home that a command line asks for: what it leaves open stays as it is.

    A release that is not named follows the branch that is.
    """
    if url == "none":
        return None
    old = read_home()
    if not url and old is None:
        raise ValueError("Say where: --url https://github.com/OWNER/REPOSITORY")
    kept = old or Home(url or "")
    release = release or branch or kept.release
    return Home(url or kept.url, branch or kept.branch, release)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: see the top of this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="https://github.com/OWNER/REPOSITORY, or none")
    parser.add_argument("--branch", help="where Colab finds the notebooks")
    parser.add_argument("--release", help="what Colab installs (the branch)")
    given = vars(parser.parse_args(arguments))
    try:
        changed = rehome(asked(**given)) if any(given.values()) else write()
        home = read_home()
    except ValueError as error:
        sys.exit(f"Not moved. {error}")
    for path in changed:
        print(path.relative_to(ROOT))
    print(f"{len(changed)} files changed.", end=" ")
    if home is None:
        print("The book has no home: the publishing workflow gives it one.")
    else:
        print(
            f"The book's home is {home.url}: Colab opens notebooks of {home.branch} "
            f"and installs {home.release}, so both must be pushed there."
        )


if __name__ == "__main__":
    main()

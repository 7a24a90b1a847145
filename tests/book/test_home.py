"""The repository carries no home; one that is written in stands wherever it must."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

from scripts import build, home
from scripts.home import Home, package, read_home, rehome, setup_cell
from tests.book.reading import CHAPTERS, ROOT, cells, source, text_files, texts

# In two pieces, so that this file names no home.
HUB = "https://github" + ".com"
ELSEWHERE = Home(f"{HUB}/a-school/its.Book", "published", "0a1b2c3")
# Others' repositories that the book speaks of, and names that stand for one's own.
THIRD = {"containers/bubblewrap", "ggml-org/ggml"}
PLACEHOLDERS = {"OWNER/REPOSITORY", "YOU/REPOSITORY", "YOU/YOUR-BOOK"}
REPOSITORY = re.compile(r"github(?:usercontent)?\.com/(?:github/)?([\w-]+/[\w.-]+)")
ON_COLAB = re.compile(r"colab\.research\.google\.com/github/([\w-]+/[\w.-]+)")
PAGES = re.compile(r"[\w-]+\.github\.io[\w./-]*")
INSTALLED = re.compile(r"pip install .*(?:https?://|git\+)\S*|@ https?://\S*")


def foreign(text: str, own: Home | None) -> list[str]:
    """Repositories, pages and addresses to install from that are nobody's we name."""
    known = THIRD | PLACEHOLDERS | ({own.slug} if own else set())
    found = [
        name
        for pattern in (REPOSITORY, ON_COLAB)
        for name in pattern.findall(text)
        if name.removesuffix(".git").rstrip(".") not in known
    ]
    found += [page for page in PAGES.findall(text) if not own or own.pages not in page]
    installs = INSTALLED.findall(text)
    return found + [line for line in installs if not own or own.url not in line]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of every text file, in a repository of its own."""
    target = tmp_path / "copy"
    for path in text_files():
        if path.suffix != ".safetensors":
            place = target / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=target, check=True)
    return target


def contents_of(root: Path) -> dict[str, bytes]:
    """Name and bytes of every file."""
    return {str(p.relative_to(root)): p.read_bytes() for p in text_files(root)}


def test_no_file_names_a_home_that_is_not_ours() -> None:
    own = read_home()
    assert {name: f for name, t in texts() if (f := foreign(t, own))} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "[book](https://somebody.github" + ".io/book)",
        f"{HUB}/somebody/book",
        '%pip install -q "x @ https' + '://example.org/x.zip"',
        "https://colab.research.google" + ".com/github/somebody/book/blob/main/a.ipynb",
        "https://raw.githubusercontent" + ".com/somebody/book/main/a.svg",
    ],
)
def test_a_foreign_home_would_be_found(planted: str) -> None:
    assert foreign(f"See {planted} for more.", None)
    assert foreign(f"See {planted} for more.", ELSEWHERE)


def test_a_home_stands_wherever_it_must_and_can_be_taken_out(copy: Path) -> None:
    rehome(None, copy)
    before = contents_of(copy)
    changed = {str(path.relative_to(copy)) for path in rehome(ELSEWHERE, copy)}
    notebooks = {str(path.relative_to(ROOT)) for path in CHAPTERS}
    masters = {f"book/assignments/A{n}.ipynb" for n in (1, 2, 3, 4)}
    texts = {"README.md", "CITATION.cff", "book/_home.toml", "book/background.md"}
    assert changed == texts | notebooks | masters
    assert read_home(copy) == ELSEWHERE
    url, pages = ELSEWHERE.url, f"https://{ELSEWHERE.pages}"
    for name in notebooks | masters:
        opening = source(cells(copy / name, "code")[0])
        assert opening == setup_cell(copy, Path(name).stem)
        assert f"{url}/archive/{ELSEWHERE.release}.zip" in opening
        assert f"{pages}/book/troubleshooting.html" in opening
        shown = re.findall(r"\]\(([^)]*drawings/\w+\.svg)\)", (copy / name).read_text())
        place = f"{url}/raw/{ELSEWHERE.release}/book/drawings/"
        assert all(address.startswith(place) for address in shown)
    citation = yaml.safe_load((copy / "CITATION.cff").read_text("utf-8"))
    assert (citation["repository-code"], citation["url"]) == (url, pages)
    readme = (copy / "README.md").read_text("utf-8")
    badge = f"github/{ELSEWHERE.slug}/blob/{ELSEWHERE.branch}/book/quick_start.ipynb)"
    assert badge in readme
    assert f"({pages})" in readme
    assert rehome(ELSEWHERE, copy) == []
    rehome(Home(f"{HUB}/b-school/B.git/"), copy)
    rehome(None, copy)
    assert contents_of(copy) == before


def test_without_a_home_the_setup_cell_says_what_to_do(copy: Path) -> None:
    rehome(None, copy)
    cell = setup_cell(copy)
    assert "http" not in cell
    assert "%pip" not in cell
    tree = ast.parse(cell)
    (check,) = [node for node in tree.body if isinstance(node, ast.If)]
    alone = ast.unparse(tree.body[0]) + "\n" + ast.unparse(check)
    absent = alone.replace("'helpers'", "'no_such_package'")
    with pytest.raises(ModuleNotFoundError, match=r"published page.*clone"):
        exec(absent, {"importlib": importlib.util})
    assert (ROOT / "book/troubleshooting.md").exists()


BAD_URLS = [
    "https://example.org/a/b",
    f"{HUB}/a",
    f"{HUB}/a/b/c",
    f"{HUB}/a/..",
    f"{HUB}/a/.",
    f"{HUB}/-a/b",
    f"{HUB}/a/b c",
    f'{HUB}/a/b"; import os #',
    f"{HUB}/a/b\nimport os",
    f"{HUB}/a/{{release}}",
    f"{HUB}/ä/b",
    f"{HUB}/a/b?x",
    f"{HUB}@evil.org/a/b",
    f"{HUB}/a/b".replace("https", "http"),
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_what_is_no_repository_is_refused(
    url: str, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="is no home: give https://github"):
        Home(url)
    path = copy / "book/_home.toml"
    stated = path.read_text("utf-8").replace('url = ""', f"url = {json.dumps(url)}")
    path.write_text(stated, "utf-8")
    before = contents_of(copy)
    with pytest.raises(ValueError, match="is no home"):
        home.write(copy)
    assert contents_of(copy) == before


@pytest.mark.parametrize("kind", ["branch", "release"])
@pytest.mark.parametrize(
    "name", ['we"ird', "a b", "a\\b", "a\nb", "-x", "a..b", "a//b", "x.lock", "/a", "ä"]
)
def test_a_name_that_files_cannot_hold_is_refused(kind: str, name: str) -> None:
    with pytest.raises(ValueError, match=f"is no {kind}"):
        Home(ELSEWHERE.url, **{kind: name})


@pytest.mark.parametrize("name", ["main", "feature/new-look", "v1.0.0", "gh_pages+1"])
def test_names_that_git_has_are_taken(name: str) -> None:
    there = Home(ELSEWHERE.url, name, name)
    assert package(there).endswith(f"{there.url}/archive/{name}.zip")


@pytest.mark.parametrize(
    ("slug", "pages"),
    [
        ("Ada/ada.github" + ".io", "ada.github" + ".io"),
        ("Ada/Book", "ada.github" + ".io/Book"),
        ("a_b/x.y", "a_b.github" + ".io/x.y"),
    ],
)
def test_where_the_pages_are(slug: str, pages: str) -> None:
    for ending in ("", "/", ".git"):
        there = Home(f"{HUB}/{slug}{ending}")
        assert there.pages == pages
        assert there.url == f"{HUB}/{slug}"


def command(copy: Path, *given: str) -> subprocess.CompletedProcess:
    """What `make rehome` runs, in a copy."""
    run = [sys.executable, "-m", "scripts.home", *given]
    return subprocess.run(run, cwd=copy, capture_output=True, text=True)


def test_the_command_moves_the_book_without_git(copy: Path) -> None:
    shutil.rmtree(copy / ".git")
    command(copy, "--url", "none", "--branch", "", "--release", "")
    said = command(copy, "--branch", "trunk").stderr
    assert said.startswith("Not moved. Say where")
    moved = command(copy, "--url", f"{ELSEWHERE.url}/", "--branch", "trunk")
    assert moved.returncode == 0
    assert read_home(copy) == Home(ELSEWHERE.url, "trunk", "trunk")
    refused = command(copy, "--branch", 'we"ird')
    assert refused.stderr.startswith("Not moved.")
    assert command(copy, "--release", "v1.0.0").returncode == 0
    assert read_home(copy) == Home(ELSEWHERE.url, "trunk", "v1.0.0")


@pytest.fixture
def site(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], dict[str, BeautifulSoup]]:
    """Builds two pages of the copy by the book's own configuration, not executed."""

    def made() -> dict[str, BeautifulSoup]:
        monkeypatch.setattr(build, "ROOT", copy)
        table = build.configuration(copy / "cache", vendored=True)
        table["execute"] = {"execute_notebooks": "off"}
        (copy / "_config.yml").write_text(yaml.safe_dump(table), "utf-8")
        toc = {"format": "jb-book", "root": "book/quick_start"}
        toc["chapters"] = [{"file": "book/02_activations"}]
        (copy / "_toc.yml").write_text(yaml.safe_dump(toc), "utf-8")
        program = "from jupyter_book.cli.main import main; main()"
        run = [sys.executable, "-c", program, "build", str(copy), "-q"]
        subprocess.run(run, cwd=copy, capture_output=True, check=True)
        html = copy / "_build/html"
        pages = {p.stem: p.read_text("utf-8") for p in html.glob("book/*.html")}
        return {n: BeautifulSoup(text, "html.parser") for n, text in pages.items()}

    return made


def links(page: BeautifulSoup) -> set[str]:
    return {tag["href"] for tag in page.find_all("a", href=True)}


def test_pages_lead_to_the_home(copy: Path, site: Callable) -> None:
    rehome(ELSEWHERE, copy)
    pages = site()
    assert set(pages) == {"quick_start", "02_activations"}
    colab = f"https://colab.research.google.com/github/{ELSEWHERE.slug}/blob/published"
    for name, page in pages.items():
        assert f"{colab}/book/{name}.ipynb" in links(page)
        assert ELSEWHERE.url in links(page)
        assert page.select("figure.drawing")
        (download,) = page.select("a.btn-download-source-button")
        notebook = copy / "_build/html/book" / download["href"]
        opening = source(cells(notebook, "code")[0])
        assert f"{ELSEWHERE.url}/archive/{ELSEWHERE.release}.zip" in opening
        assert not foreign(notebook.read_text("utf-8"), ELSEWHERE)


def test_pages_without_a_home_lead_to_nobody(copy: Path, site: Callable) -> None:
    rehome(None, copy)
    for page in site().values():
        shown = [a for a in links(page) if "github" in a or "colab" in a]
        assert shown == []
        assert page.select("figure.drawing")


def zipped(folder: Path, name: str) -> dict[str, str]:
    """Name and text of what a zip holds."""
    with zipfile.ZipFile(next(folder.rglob(name))) as box:
        names = [each for each in box.namelist() if not each.endswith("/")]
        return {each: box.read(each).decode("utf-8", "replace") for each in names}


@pytest.mark.course
@pytest.mark.parametrize("there", [ELSEWHERE, None], ids=["home", "none"])
def test_the_course_installs_from_the_home(
    copy: Path, tmp_path: Path, there: Home | None
) -> None:
    rehome(there, copy)
    out = tmp_path / "course"
    run = [sys.executable, "-m", "scripts.course", "A1", "--quick", "--out", str(out)]
    own = {**os.environ, "PYTHONPATH": str(copy)}
    subprocess.run(run, cwd=copy, env=own, capture_output=True, check=True)
    week, box = zipped(out, "week-1.zip"), zipped(out, "A1-autograder.zip")
    for name, text in week.items():
        assert foreign(text, there) == [], name
        if name.endswith(".ipynb"):
            opening = next(
                c for c in json.loads(text)["cells"] if c["cell_type"] == "code"
            )
            assert source(opening) == setup_cell(copy, Path(name).stem)
            for drawing in re.findall(r"\]\((drawings/\w+\.svg)\)", text):
                assert f"week-1/{drawing}" in week
    readme, environment = week["week-1/README.txt"], box["environment.yml"]
    if there:
        assert f'pip install jupyterlab "{package(there)}"' in readme
        assert f"https://{there.pages}" in readme
        assert package(there) in environment
    else:
        assert "clone its repository" in readme
        assert re.findall(r"://([^/]+)", readme + environment) == ["pytorch.org"]

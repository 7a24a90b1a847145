"""Chromium on the built book, served from this machine, with everything else shut."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from scripts.vendor import bring
from tests.book.reading import contents
from tests.conftest import ROOT

AXE = "axe-core@4.14.1"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"

DRAWN = """() => {
    dispatchEvent(new Event("beforeprint"));
    return [...document.querySelectorAll("div[id^=altair-viz]")].every(
        chart => chart.querySelector("canvas, svg.marks"));
}"""

# Text whose contrast with what lies behind it is below WCAG's 3:1 for large text.
FAINT = """() => {
    const parse = c => {
        const n = (c.match(/[\\d.]+/g) || []).map(Number);
        return c.startsWith("color(srgb") ? n.map((v, i) => i < 3 ? 255 * v : v) : n;
    };
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map(v => (v /= 255) <= 0.03928
            ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = element => {
        for (let e = element; e; e = e.parentElement) {
            const c = parse(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] > 0.5) return c;
        }
        return [255, 255, 255];
    };
    const faint = [];
    for (const e of document.querySelectorAll(".bd-article *")) {
        const own = [...e.childNodes].some(
            n => n.nodeType === 3 && n.textContent.trim());
        if (!own || !e.checkVisibility({visibilityProperty: true})) continue;
        if (e.closest("svg, script, style, .vega-embed details, .headerlink"))
            continue;
        const [a, b] = [parse(getComputedStyle(e).color), behind(e)].map(light);
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 3) faint.push(ratio.toFixed(1) + ": " + e.textContent.slice(0, 60));
    }
    return faint;
}"""

WIDE = """() => {
    const edge = document.documentElement.clientWidth;
    const scrolls = e => /auto|scroll|hidden/.test(getComputedStyle(e).overflowX);
    const wide = [...document.querySelectorAll(".bd-main *")].filter(e => {
        if (e.getBoundingClientRect().right <= edge + 1) return false;
        for (let p = e; p; p = p.parentElement)
            if (getComputedStyle(p).position === "fixed" ||
                (p !== e && p !== document.body && scrolls(p))) return false;
        return true;
    });
    return wide.slice(0, 5).map(e => e.outerHTML.slice(0, 120));
}"""


DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def site(built_book: Path) -> Iterator[str]:
    """Address of the built book."""
    handler = partial(_Quiet, directory=str(built_book))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser(chromium: Callable[..., Browser]) -> Iterator[Browser]:
    """Chromium as it comes."""
    found = chromium()
    yield found
    found.close()


class Visit:
    """A page with what it asked for and complained about."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.missing: list[str] = []
        self.site = site
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda r: self._ask(r.url))
        page.on("response", lambda r: r.ok or self.missing.append(r.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))

    def _ask(self, url: str) -> None:
        if not url.startswith((self.site, "data:", "blob:")):
            self.outside.append(url)

    def forget(self) -> None:
        """Leave the page, and what it asked for and complained about with it."""
        self.page.goto("about:blank")
        for noted in (self.missing, self.outside, self.errors):
            noted.clear()

    def open(self, name: str) -> Page:
        """Open a page of the book and wait until it is at rest and its charts drawn.

        Charts outside the view are drawn as for print, those that came late too.
        A chart that is not drawn in time is left to the tests to find. The theme
        answers to a change of the page 0.3 s after it.
        """
        self.page.goto(f"{self.site}/{name}.html", wait_until="networkidle")
        with suppress(PlaywrightTimeout):
            self.page.wait_for_function(DRAWN, timeout=30_000, polling=250)
        self.page.wait_for_timeout(400)
        return self.page


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which looks for what shuts people out."""
    folder = ROOT / "_build" / AXE.replace("@", "-")
    with FileLock(ROOT / "_build/axe.lock"):
        if not (folder / "axe.js").exists():
            bring(AXE, AXE_SHA256, {"axe.min.js": "axe.js"}, folder)
    return (folder / "axe.js").read_text("utf-8")


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Visit]:
    """A fresh window of a laptop's size."""
    context = browser.new_context(viewport=DESK)
    yield Visit(context.new_page(), site)
    context.close()


@pytest.fixture(scope="session")
def open_once(browser: Browser, site: str) -> Iterator[Callable[[str, str], Visit]]:
    """Opens a page at a desk in light or on a phone in dark mode, and stays on it.

    Each of the two windows moves on when another page is asked for: what all pages
    share is then fetched and compiled, as it is for a reader.
    """
    windows: dict[str, Visit] = {}
    held: dict[str, str] = {}

    def window(mode: str) -> Visit:
        size = DESK if mode == "light" else PHONE
        visit = Visit(browser.new_context(viewport=size).new_page(), site)
        visit.page.add_init_script(
            f"localStorage.setItem('mode', '{mode}');"
            f"localStorage.setItem('theme', '{mode}');"
        )
        return visit

    def opened(mode: str, name: str) -> Visit:
        if mode not in windows:
            windows[mode] = window(mode)
        visit = windows[mode]
        if held.get(mode) != name:
            held[mode] = name
            visit.forget()
            visit.open(name)
        return visit

    yield opened
    for visit in windows.values():
        visit.page.context.close()


@pytest.fixture
def desk(open_once: Callable[[str, str], Visit], name: str) -> Visit:
    """The page called `name` on a laptop, as its other tests left it."""
    return open_once("light", name)


@pytest.fixture
def phone(open_once: Callable[[str, str], Visit], name: str) -> Visit:
    """The page called `name` on a phone in dark mode, as its other tests left it."""
    return open_once("dark", name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A page's tests follow one another, so that it is opened once."""
    names = {name: place for place, name in enumerate(contents())}

    def page(item: pytest.Item) -> int:
        asked = getattr(item, "callspec", None)
        return names.get(asked.params.get("name"), -1) if asked else -1

    own = [i for i, item in enumerate(items) if item.path.name == "test_pages.py"]
    ordered = sorted((items[i] for i in own), key=page)
    for i, item in zip(own, ordered, strict=True):
        items[i] = item

"""Chromium on the built book, served from this machine, with everything else shut."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


DRAWN = """() => [...document.querySelectorAll("div[id^=altair-viz]")].every(
    chart => chart.querySelector("canvas, svg.marks"))"""


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
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("No Chromium: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


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

    def open(self, name: str) -> Page:
        """Open a page of the book and wait until it is at rest and its charts drawn.

        A chart that is not drawn in time is left to the tests to find.
        """
        self.page.goto(f"{self.site}/{name}.html", wait_until="networkidle")
        with suppress(PlaywrightTimeout):
            self.page.wait_for_function(DRAWN, timeout=20_000)
        return self.page


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Visit]:
    """A fresh window of a laptop's size."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Visit(context.new_page(), site)
    context.close()

"""Every page of the built book, as a reader without a kernel or a network has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup

from scripts.home import read_home
from tests.book.reading import CHAPTERS, ROOT, contents
from tests.browser.conftest import FAINT, WIDE, Visit
from tests.conftest import Executed

pytestmark = pytest.mark.browser
each_page = pytest.mark.parametrize("name", contents())
each_chapter = pytest.mark.parametrize("name", [f"book/{p.stem}" for p in CHAPTERS])
HEAVIEST = 700_000  # bytes of a chapter's own
SLIDERS = ".vega-bind input[type=range]"
CONTROLS = f"{SLIDERS}, .vega-bind select, .vega-bind input[type=radio]"

CHARTS = """() => [...document.querySelectorAll("div[id^=altair-viz]")].map(chart => {
    const picture = chart.querySelector("canvas, svg.marks");
    if (!picture) return "no picture: " + chart.innerText.slice(0, 200);
    const box = picture.getBoundingClientRect();
    if (box.width < 20 || box.height < 20) return "a picture of no size";
    if (picture.tagName !== "CANVAS") return "";
    const [w, h] = [picture.width, picture.height];
    const pixels = new Uint32Array(
        picture.getContext("2d").getImageData(0, 0, w, h).data.buffer);
    return new Set(pixels).size > 1 ? "" : "an empty picture";
})"""

# All rules; of what passes them axe-core makes no report.
SHUT_OUT = """async () => (await axe.run(".bd-main", {
    resultTypes: ["violations"], selectors: false })).violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(n => n.html)}`)"""

# Nothing fades in while its contrast is taken.
UNFOLD = """() => {
    for (const fold of document.querySelectorAll(".bd-article details"))
        fold.open = true;
    for (const animation of document.getAnimations()) animation.finish();
}"""


def chart_faults(visit: Visit) -> list[str]:
    """What is wrong with the charts of a page that had 10 seconds to draw them."""
    for _ in range(20):
        found = [fault for fault in visit.page.evaluate(CHARTS) if fault]
        if not found:
            break
        visit.page.wait_for_timeout(500)
    return found


@each_page
def test_is_whole_without_a_network(desk: Visit) -> None:
    page = desk.page
    assert desk.outside == []
    assert desk.errors == []
    assert chart_faults(desk) == []
    assert page.locator(".bd-article h1").count() == 1
    assert page.locator(".bd-article h2").count() >= 1
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    assert (
        page.locator(".bd-article .output.traceback, .bd-article .error").count() == 0
    )


@each_chapter
def test_formulas_and_widgets_are_drawn(desk: Visit) -> None:
    page = desk.page
    formulas = page.locator(".bd-article .math").count()
    drawn = page.locator(".bd-article .math mjx-container").count()
    assert drawn >= formulas
    view = "script[type='application/vnd.jupyter.widget-view+json']"
    views = page.locator(f".bd-article {view}").count()
    widgets = "document.querySelectorAll('.bd-article .jupyter-widgets')"
    page.wait_for_function(f"{widgets}.length >= {views}", timeout=5_000)


@pytest.mark.parametrize("mode", ["light", "dark"])
@each_page
def test_everyone_can_read_it(
    open_once: Callable[[str, str], Visit], name: str, mode: str, axe: str
) -> None:
    page = open_once(mode, name).page
    assert page.locator("html").get_attribute("data-theme") == mode
    page.evaluate(UNFOLD)
    assert page.evaluate(FAINT) == []
    page.evaluate(axe)
    assert page.evaluate(SHUT_OUT) == []


@each_page
def test_fits_a_phone(phone: Visit) -> None:
    page = phone.page
    assert page.evaluate(WIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    size = page.locator(".bd-article p").first.evaluate(
        "e => parseFloat(getComputedStyle(e).fontSize)"
    )
    assert size >= 15


@each_chapter
def test_colab_and_download_buttons(desk: Visit, name: str) -> None:
    page, home = desk.page, read_home()
    hrefs = page.locator("a[href]").evaluate_all("all => all.map(a => a.href)")
    colab = [href for href in hrefs if "colab.research.google.com/github" in href]
    place = f"github/{home.slug}/blob/{home.branch}" if home else ""
    wanted = f"https://colab.research.google.com/{place}/{name}.ipynb"
    assert colab == ([wanted] if home else [])
    source = page.locator("a.btn-download-source-button").first.get_attribute("href")
    assert source is not None
    answer = page.request.get(urljoin(page.url, source))
    assert answer.ok
    assert json.loads(answer.text()) == json.loads((ROOT / f"{name}.ipynb").read_text())


@each_chapter
def test_a_control_moves_the_picture_by_keyboard(desk: Visit) -> None:
    page = desk.page
    controls = page.locator(CONTROLS)
    assert controls.count() >= 1, "no control that works on the page"
    for place in range(controls.count()):
        control = controls.nth(place)
        control.scroll_into_view_if_needed()
        chart = control.locator("xpath=ancestor::*[contains(@class, 'vega-embed')]")
        picture = chart.locator("canvas, svg.marks").first
        before = picture.screenshot()
        _tab_to(desk, control)
        for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
            page.keyboard.press(key)
            page.wait_for_timeout(150)
            if picture.screenshot() != before:
                break
        else:
            pytest.fail(f"control {place + 1} moves and its picture stays")
    assert desk.errors == []


def _tab_to(visit: Visit, control) -> None:
    """Reach a control by the Tab key from the one before it."""
    control.evaluate("""element => {
        const reachable = "a[href], button, input, select, summary";
        const all = [...document.querySelectorAll(reachable)].filter(
            e => e.tabIndex >= 0 && e.checkVisibility());
        all[Math.max(all.indexOf(element) - 1, 0)].focus();
    }""")
    for _ in range(8):
        if control.evaluate("element => element === document.activeElement"):
            return
        visit.page.keyboard.press("Tab")
    pytest.fail("the keyboard does not reach a control")


@each_chapter
def test_is_light(built_book: Path, name: str) -> None:
    path = built_book / f"{name}.html"
    page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    pictures = {img["src"] for img in page.select(".bd-article img[src^='../_images']")}
    own = [path, *(path.parent / unquote(src) for src in pictures)]
    assert sum(file.stat().st_size for file in own) <= HEAVIEST


def test_search_finds_a_chapter(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.site}/search.html?q=residual", wait_until="networkidle")
    page.wait_for_selector("#search-results li", timeout=10_000)
    links = page.locator("#search-results li a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    assert any(path.stem in link for path in CHAPTERS for link in links)
    assert visit.outside == []


def test_front_door_leads_to_the_introduction(visit: Visit) -> None:
    page = visit.page
    page.goto(visit.site, wait_until="networkidle")
    page.wait_for_url(f"**/{contents()[0]}.html")
    assert visit.outside == []


def test_links_inside_the_book_lead_somewhere(built_book: Path) -> None:
    pages = {
        path: BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in built_book.rglob("*.html")
        if not {"_static", "_sources"} & set(path.relative_to(built_book).parts)
    }
    anchors = {
        path: {tag["id"] for tag in page.find_all(id=True)}
        for path, page in pages.items()
    }
    broken = []
    for path, page in pages.items():
        for link in page.find_all("a", href=True):
            address, anchor = urldefrag(link["href"])
            if urlsplit(address).scheme:
                continue
            address = urlsplit(address).path
            target = (path.parent / unquote(address)).resolve() if address else path
            missing = not target.exists()
            if missing or (
                anchor and target in anchors and anchor not in anchors[target]
            ):
                broken.append(f"{path.name}: {link['href']}")
    assert broken == []


@each_chapter
def test_controls_have_two_faces(executed: Executed, name: str) -> None:
    _, notebook = executed(ROOT / f"{name}.ipynb")
    outputs = [
        output.get("data", {})
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]
    live = "application/vnd.jupyter.widget-view+json"
    both = [data for data in outputs if {"text/html", live} <= set(data)]
    assert both, "no control that is a chart on the page and alive with a kernel"

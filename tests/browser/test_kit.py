"""What every chapter uses, on a small page of its own: as a reader has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from IPython.utils.capture import capture_output
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import show
from helpers.show import charts
from helpers.stats import Estimate
from scripts.drawings import FOLDER
from scripts.home import link, read_home
from scripts.vendor import ensure_vendor
from tests.book.reading import ROOT
from tests.browser.conftest import FAINT, WIDE, Visit

pytestmark = pytest.mark.browser
ASKED = """# A page

## Ask

<!-- predict: happy-sad -->
**Predict**: how alike are the means of *happy* and of *sad* stories?

- pointing apart
- no more alike than any two
- so alike that it's hard to tell

Then some text.
"""
DRAWN = "\n\n".join(
    f"![A drawing]({link(path.stem, read_home())})" for path in FOLDER.glob("*.svg")
)
GATHERED = """## Yours

```{raw} html
<div id="all-predictions" data-root=""></div>
```
"""
SHOWN = "## Result\n\n<!-- predicted: happy-sad -->\n\nText."
ANSWERS = """## Three questions

1. Why?

<details><summary>Answers</summary>

1. Because of *that*.

</details>

After the fold.
"""


class Told(NamedTuple):
    """What a cell of the table shows."""

    word: str
    value: Estimate
    control: float
    difference: Estimate
    p: float
    groups: str


RISE = Estimate(0.71, 0.64, 0.78)
FOUND = Told("beyond", RISE, 0.5, Estimate(0.21, 0.14, 0.28), 0.012, "8 topics")
LOST = FOUND._replace(word="not told apart", p=0.4)
CLAIMS = [
    ("The own vector is nearer than words are", FOUND, LOST),
    ("A push raises the own word", FOUND, FOUND._replace(word="cannot be told")),
    ("Care changes beyond criterion", LOST, None),
]


def figure(frame: pd.DataFrame) -> Any:
    """Two readers beside two controls."""
    rng, places = np.random.default_rng(0), list(frame["reader"])
    names = ["random directions", "shuffled labels"]
    rows = [
        (c, p, rng.normal(0.2 * i, 0.1))
        for i, c in enumerate(names)
        for p in places
        for _ in range(100)
    ]
    draws = pd.DataFrame(rows, columns=["control", "reader", "value"])
    title = "Readers beside controls"
    chart = charts.intervals(frame, "reader", color="who", title=title, axis="r")
    return charts.over_control(chart, draws)


def curve(frame: pd.DataFrame) -> Any:
    """A line beside the spread of a control."""
    rng = np.random.default_rng(0)
    draws = frame.loc[frame.index.repeat(100)].assign(control="random directions")
    draws["r"] = rng.normal(0, 0.1, len(draws))
    chart = charts.lines(frame, "layer", "r", title="By layer", y_title="r")
    return charts.over_control(chart, draws, value="r")


def both(
    make: Callable[[pd.DataFrame], Any], toy: Any, real: Any
) -> Callable[[], None]:
    """What shows one chart of two frames."""
    made = partial(show.two_models, toy, real, make, real_name="smollm2", share="x")
    return lambda: display(made())


def shown(make: Callable[[], object]) -> nbformat.NotebookNode:
    """A code cell with what `make` displays."""
    InteractiveShell.instance()  # without one, display only prints
    with capture_output() as captured:
        make()
    outputs = [new_output("display_data", data=one.data) for one in captured.outputs]
    return new_code_cell("pass", outputs=outputs)


def build(
    folder: Path, cells: list[nbformat.NotebookNode]
) -> subprocess.CompletedProcess:
    """The book's own configuration on one notebook; warnings are errors."""
    folder.mkdir(exist_ok=True)
    language = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    notebook = new_notebook(cells=cells, metadata=language)
    nbformat.write(notebook, folder / "page.ipynb")
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    names = {k: v for k, v in config["sphinx"]["config"].items() if "widgets" not in k}
    names["extensions"] = [e for e in names["extensions"] if "toc" not in e]
    names |= {
        "root_doc": "page",
        "nb_execution_mode": "off",
        "html_theme": "sphinx_book_theme",
        "html_static_path": [str(ROOT / "book/_static")],
        "myst_enable_extensions": config["parse"]["myst_enable_extensions"],
        "html_favicon": str(ROOT / "book/_static/favicon.svg"),
        "bibtex_bibfiles": [],
        "exclude_patterns": ["html"],
    }
    lines = [f"{name} = {value!r}" for name, value in names.items()]
    (folder / "conf.py").write_text("\n".join(lines), "utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going"]
    command += [str(folder), str(folder / "html")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def page_cells() -> list[nbformat.NotebookNode]:
    """The small page: each part of the kit once."""
    outcome = partial(show.outcome, "happy-sad", "so alike that it's hard to tell")
    cells = [
        new_markdown_cell(text) for text in (ASKED, SHOWN, ANSWERS, DRAWN, GATHERED)
    ]
    columns = ["reader", "who", "value", "low", "high"]
    toy = [("words", "a", 0.3, 0.2, 0.4), ("vectors", "a", 0.8, 0.7, 0.9)]
    real = [("words", "a", 0.1, -0.1, 0.3), ("vectors", "a", 0.4, 0.3, 0.5)]
    frames = [pd.DataFrame(rows, columns=columns) for rows in (toy, real)]
    layers = [pd.DataFrame({"layer": range(5), "r": np.arange(5) / k}) for k in (6, 9)]
    displays = [
        outcome,
        both(figure, *frames),
        both(curve, *layers),
        lambda: display(show.toy_and_real(CLAIMS, real="smollm2")),
    ]
    return [*cells, *map(shown, displays)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the small page."""
    folder = tmp_path_factory.mktemp("kit")
    assert ensure_vendor(), "the vendored scripts could not be had"
    done = build(folder, page_cells())
    assert done.returncode == 0, done.stderr[-3000:]
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder / "html"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_prediction_is_kept_and_shown_again(visit: Visit) -> None:
    page = visit.open("page")
    again = page.locator(".predicted")
    assert again.nth(0).inner_text() == "You have not predicted it: choose one above."
    page.get_by_role("radio", name="pointing apart").check()
    assert again.nth(0).inner_text() == "You predicted: pointing apart."
    page.locator("fieldset input").nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert "Kept" in page.get_by_role("status").inner_text()
    visit.open("page")  # the page anew
    assert page.locator("fieldset :checked").get_attribute("value") == "2"
    assert again.nth(1).inner_text().endswith("hard to tell, as found.")
    kept = page.evaluate("localStorage.getItem('emotion-vectors-predictions')")
    ((key, record),) = json.loads(kept).items()
    assert key == "page#happy-sad"
    assert record["chapter"] == "A page"
    assert "means of happy and of sad" in record["question"]
    assert record["choice"] == record["options"][2]
    assert record["found"].startswith("so alike")
    assert visit.errors == []
    assert visit.outside == []


def test_predictions_are_gathered_and_forgotten(visit: Visit) -> None:
    page = visit.open("page")
    yours = page.locator("#all-predictions")
    assert "predicted nothing yet" in yours.inner_text()
    page.get_by_role("radio", name="pointing apart").check()
    visit.open("page")  # the page anew
    cells = yours.locator("tbody tr").first.locator("th, td").all_inner_texts()
    assert cells[0] == "A page"
    assert cells[2] == "pointing apart"
    assert cells[3].startswith("so alike")
    assert "of 1 that a run could judge, 0 came out as you said" in yours.inner_text()
    page.once("dialog", lambda dialog: dialog.accept())
    yours.get_by_role("button", name="Forget them all").click()
    assert "predicted nothing yet" in yours.inner_text()
    assert visit.errors == []


def test_a_prediction_has_a_name_and_buttons_of_a_fingers_size(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 360, "height": 740})
    page = visit.open("page")
    question = page.get_by_role("group", name="how alike are the means")
    assert question.get_by_role("radio").count() == 3
    heights = question.locator("label").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().height)"
    )
    assert min(heights) >= 40
    assert page.locator(".predicted").nth(1).inner_text().startswith("Found: so alike")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_kit_fits_a_phone_in_both_themes(visit: Visit, mode: str) -> None:
    visit.page.add_init_script(
        f"localStorage.setItem('mode', '{mode}');"
        f"localStorage.setItem('theme', '{mode}');"
    )
    visit.page.set_viewport_size({"width": 360, "height": 740})
    page = visit.open("page")
    assert page.locator("html").get_attribute("data-theme") == mode
    assert page.evaluate(FAINT) == []
    assert page.evaluate(WIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/phone_{mode}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})
        page.wait_for_timeout(300)
        page.screenshot(path=f"{folder}/wide_{mode}.png", full_page=True)


def test_two_models_stand_side_by_side_or_one_below_the_other(visit: Visit) -> None:
    page = visit.open("page")
    halves = page.locator(".two-models").first.locator("svg.marks, canvas")
    boxes = [halves.nth(i).bounding_box() for i in (0, 1)]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    visit.page.set_viewport_size({"width": 360, "height": 740})
    page = visit.open("page")
    boxes = [halves.nth(i).bounding_box() for i in (0, 1)]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]
    assert boxes[0]["x"] == boxes[1]["x"]
    assert visit.errors == []


def test_the_table_keeps_its_cells_on_a_phone_and_opens_by_keyboard(
    visit: Visit,
) -> None:
    visit.page.set_viewport_size({"width": 360, "height": 740})
    page = visit.open("page")
    assert page.get_by_role("table").count() == 1
    claim = page.get_by_role("rowheader", name="A push raises")
    assert claim.count() == 1
    cell = page.get_by_role("cell").filter(has_text="cannot be told")
    assert "0.71 [0.64, 0.78]" not in cell.inner_text()
    cell.locator("summary").focus()
    page.keyboard.press("Enter")
    assert "0.71 [0.64, 0.78]" in cell.inner_text()


def test_drawings_follow_the_theme(visit: Visit) -> None:
    page = visit.open("page")
    drawing = page.get_by_role("img", name="The means, and what centering takes")
    line = drawing.locator("[stroke-dasharray]").first
    colors = []
    for mode in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{mode}'")
        colors.append(line.evaluate("e => getComputedStyle(e).stroke"))
    assert page.locator("img").count() == 0
    assert colors[0] != colors[1]


def test_a_prediction_reads_without_scripts(visit: Visit) -> None:
    browser = visit.page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{visit.site}/page.html")
    assert page.locator("fieldset label").all_inner_texts()[0] == "pointing apart"
    assert page.locator(".predicted").nth(1).inner_text().startswith("Found: so alike")
    context.close()


SLIPS = {
    "<!-- predict: a -->\n**Predict** this.\n": "paragraph, then a list",
    "<!-- predict: c -->\nThis?\n\n- one\n": "1 options: give 2 to 5",
    "<!-- predicted: b -->\n": "predicted nowhere above",
    "<!-- predict b -->\n": "is no prediction",
}


def test_each_slip_in_a_prediction_is_told_and_stops_the_build(tmp_path: Path) -> None:
    cells = [new_markdown_cell(f"# A\n\n{text}") for text in SLIPS]
    done = build(tmp_path, cells)
    assert done.returncode
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    for told in SLIPS.values():
        (own,) = (line for line in warnings if told in line)
        warnings.remove(own)
    assert warnings == []

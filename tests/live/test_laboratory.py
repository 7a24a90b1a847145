"""The laboratory in Chromium: it says what Python says, by mouse, keyboard and link."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from helpers.activations import residual_stream
from helpers.datasets import load_stories
from helpers.models import load_model, load_neutral
from helpers.monitor import find_alerts, smooth_from
from helpers.steering import Push, choice_logprobs
from helpers.vectors import EmotionVectors, extract
from scripts.directions import shown
from tests.browser.conftest import FAINT, WIDE
from tests.live.bench import build
from tests.live.reference import Case, agrees

LAB = "document.querySelector('.lab').laboratory"
REST = f"{LAB}.loaded && !{LAB}.running"
INSTRUMENTS = ("read", "push", "twins", "watch")
PROMPT = "Amina sat on a stone by the river. She"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a site with the laboratory, built without the real model."""
    top = tmp_path_factory.mktemp("laboratory")
    tiny, real = shown()
    gone = real._replace(source=Path(top / real.source.name), layers=(1,))
    handler = partial(Quiet, directory=str(build(top / "book", [tiny, gone])))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class Bench:
    """A window on the laboratory that notes what was asked for and complained about."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.asked: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))

    def open(self, state: str = "", *, load: bool = True) -> Page:
        """Open the page in a state; load the model by its button."""
        address = f"{self.site}/book/laboratory.html{state and '#' + state}"
        self.page.goto("about:blank")  # another state alone would load no page
        self.page.goto(address, wait_until="networkidle")
        if load:
            self.page.click(".lab-load")
            self.rest()
        return self.page

    def rest(self) -> None:
        """Wait until nothing runs."""
        self.page.wait_for_function(REST, timeout=60_000)

    def texts(self) -> list[str]:
        """What stands in each box of tokens."""
        return self.page.locator(".lab-tokens").evaluate_all(
            "all => all.map(box => box.textContent)"
        )


@pytest.fixture
def lab(browser: Browser, bench: str) -> Iterator[Bench]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    found = Bench(context.new_page(), bench)
    yield found
    assert found.errors == []
    outside = [url for url in found.asked if not url.startswith((bench, "data:"))]
    assert set(outside) <= {"about:blank"}
    context.close()


@pytest.fixture(scope="module")
def tiny() -> Any:
    return load_model("tiny")


@pytest.fixture(scope="module")
def vectors(tiny: Any) -> EmotionVectors:
    stories = load_stories(tiny)
    return extract(tiny, stories[stories.split == "train"], load_neutral(tiny))


def test_a_chapter_has_one_instrument_and_keeps_its_address(lab: Bench) -> None:
    page = lab.page
    address = f"{lab.site}/book/chapter.html#a-heading"
    page.goto(address, wait_until="networkidle")
    assert page.locator(".lab").count() == 1  # the second comment names none
    heavy = re.compile(r"/_static/(live|models)/(?!index\.json)")
    assert not [url for url in lab.asked if heavy.search(url)]
    page.click(".lab-load")
    lab.rest()
    assert page.locator(".lab-tabs [role=tab]:visible").count() == 0
    expect(page.locator(".lab-picked")).to_have_text("calm")
    page.locator(".lab-pair select").first.select_option("afraid")
    page.wait_for_timeout(500)
    assert page.url == address
    link = page.evaluate(f"{LAB}.state.link")
    page.evaluate("dispatchEvent(new HashChangeEvent('hashchange'))")
    expect(page.locator(".lab-picked")).to_have_text("afraid")
    assert "laboratory.html#" in link
    assert {"show=push", "a=afraid", "strength=0.1"} <= set(re.split("[#&]", link))


def test_nothing_is_loaded_before_the_click(lab: Bench) -> None:
    page = lab.open(load=False)
    heavy = re.compile(r"/_static/(live|models)/(?!index\.json)")
    assert not [url for url in lab.asked if heavy.search(url)]
    assert page.locator(".lab-promise li").count() == len(INSTRUMENTS)
    page.click(".lab-load")
    lab.rest()
    names = {url.rpartition("/")[2] for url in lab.asked if heavy.search(url)}
    assert {"worker.mjs", "directions.safetensors", "00.bin", "texts.json"} <= names


def test_read_scores_as_python_does(
    lab: Bench, tiny: Any, vectors: EmotionVectors
) -> None:
    text = "Amina lost the key. She ran home in the dark and was afraid of the dog."
    page = lab.open(f"text={text}&one=afraid&two=joyful")
    script = f"""async (text) => {{
      const {{ readText }} = await import("/_static/lab/read.mjs"), lab = {LAB};
      const found = await readText(lab, {{ prompt: text }});
      const {{ emotions, layers }} = lab.directions;
      return layers.map((layer) => found.at.map((_, i) =>
        emotions.map((name) => found.score(i, name, layer))));
    }}"""
    got = torch.tensor(page.evaluate(script, text))
    want = vectors.scores(residual_stream(tiny, text, vectors.layer))
    error = (got[vectors.layer] - want)[1:].norm() / want[1:].norm()
    assert error < 1e-3
    tokens = page.locator(".lab-tokens > span")
    assert tokens.count() == len(want)
    assert tokens.evaluate_all("all => all.map(t => t.textContent).join('')") == text
    place = 8
    said = tokens.nth(place).get_attribute("title") or ""
    for name, line in zip(("afraid", "joyful"), said.split("\n"), strict=True):
        value = float(line.removeprefix(name).replace("−", "-"))
        score = want[place, vectors.emotions.index(name)]
        assert value == pytest.approx(float(score), abs=0.0051)


def test_a_drawer_opens_by_keyboard_and_shuts(lab: Bench) -> None:
    page = lab.open("one=afraid")
    page.locator(".lab-tokens > span").first.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    drawer = page.locator(".lab-drawer")
    assert drawer.is_visible()
    page.wait_for_function("document.querySelectorAll('.lab-list').length === 5")
    near, *ways = (one.inner_text() for one in drawer.locator(".lab-list").all())
    assert len(near.split("\n")) >= 8
    assert len(set(ways)) == 4  # no push, either emotion, a random direction
    assert drawer.locator("svg").get_attribute("aria-label")
    page.keyboard.press("Escape")
    assert not drawer.is_visible()
    focused = "[...document.activeElement.parentNode.children]"
    assert page.evaluate(f"{focused}.indexOf(document.activeElement)") == 2


def test_push_writes_what_python_writes(
    lab: Bench, tiny: Any, vectors: EmotionVectors
) -> None:
    page = lab.open(
        "show=push&a=desperate&b=calm&mix=0.25&strength=0.3&seed=7&length=40"
    )
    random = torch.tensor(
        page.evaluate(f"""async () => {{
          const {{ randomDirection }} = await import("/_static/lab/directions.mjs");
          return [...randomDirection({LAB}.directions.d, 7)];
        }}""")
    )
    unit = dict(zip(vectors.emotions, vectors.unit, strict=True))
    mixed = 0.75 * unit["desperate"] + 0.25 * unit["calm"]
    own: dict[str, Any] = {"layer": vectors.layer, "strength": 0.3}
    own["norm"] = vectors.norm
    rows = [[Push(mixed, **own)], [], [Push(random, **own)]]
    for pushes, text in zip(rows, lab.texts(), strict=True):
        case = Case(PROMPT, pushes, seed=7, temperature=0.5)
        written = text.removeprefix(PROMPT).removesuffix(" ■")
        assert text != written
        ids = tiny.tokenizer(written)["input_ids"]
        agrees(tiny, case, ids, written, case.generate(tiny, 40))


def test_words_keep_the_tint_of_the_push_that_wrote_them(lab: Bench) -> None:
    page = lab.open("show=push&a=calm&length=200&seed=3", load=False)
    page.click(".lab-load")
    own = ".lab-own .lab-tokens > span"
    page.wait_for_function(f"document.querySelectorAll('{own}').length > 8")
    page.locator(".lab-wheel").focus()
    page.keyboard.press("ArrowUp")
    word = page.locator(".lab-picked").inner_text()
    assert word != "calm"
    page.wait_for_selector(f"{own}[title^='{word},']")
    page.get_by_role("button", name="Stop").click()
    lab.rest()
    titles = page.locator(own).evaluate_all("all => all.map(t => t.title)")[1:]
    order = list(dict.fromkeys(title for title in titles if title))
    assert order[0].startswith("calm,")
    assert order[-1].startswith(f"{word},")


def test_the_wheel_is_turned_by_pointer(lab: Bench) -> None:
    page = lab.open("show=push&a=calm&length=20")
    wheel = page.locator(".lab-wheel")
    wheel.scroll_into_view_if_needed()
    box = wheel.bounding_box()
    assert box
    seen = []
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    for x, y in ((0.2, 0.2), (0.85, 0.25), (0.5, 0.9)):
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        seen.append(page.locator(".lab-picked").inner_text())
    page.mouse.up()
    place = f"name => {LAB}.directions.at(name)"
    stirred_low, stirred_high, still = (page.evaluate(place, word) for word in seen)
    assert stirred_low[0] < 0 < stirred_low[1]
    assert min(stirred_high) > 0
    assert still[1] < 0
    assert f"a={seen[-1]}" in page.evaluate(f"{LAB}.state.link").replace("+", " ")


def test_a_link_holds_the_whole_state(lab: Bench, browser: Browser) -> None:
    page = lab.open("show=push&seed=5&length=20")
    page.select_option(".lab-control select >> nth=0", "lonely")
    page.fill(".lab-push textarea", "The dog ran to the gate. He")
    page.click(".lab-push .lab-main")
    lab.rest()
    before = lab.texts()
    link = page.evaluate(f"{LAB}.state.link")
    assert {"a=lonely", "seed=5", "show=push"} <= set(re.split("[#&]", link))
    context = browser.new_context()
    other = Bench(context.new_page(), lab.site)
    other.open(link.partition("#")[2])
    assert other.texts() == before
    context.close()
    page.evaluate("location.hash = 'show=watch&watched=afraid'")
    page.wait_for_selector(".lab-watch")
    lab.rest()
    assert page.locator(".lab-watch select").first.input_value() == "afraid"


def test_a_link_with_mistakes_is_made_whole(lab: Bench) -> None:
    page = lab.open(
        "model=huge&show=push&a=hapy&b=sadd&strength=much&nothing=1&length=20"
    )
    first = page.evaluate(f"{LAB}.directions.emotions[0]")
    assert page.locator(".lab-picked").inner_text() == first
    assert f"{first}, strength .20" in page.locator(".lab-own h2").inner_text()
    assert all(len(text) > 30 for text in lab.texts())


def test_twins_ask_as_python_does(
    lab: Bench, tiny: Any, vectors: EmotionVectors
) -> None:
    page = lab.open("show=twins&a=desperate&strength=0.2")
    boxes = [box.input_value() for box in page.locator(".lab-twins textarea").all()]
    answers = [box.input_value() for box in page.locator(".lab-pair input").all()]
    own: dict[str, Any] = {"vector": vectors["desperate"], "norm": vectors.norm}
    own |= {"layer": vectors.layer, "progress": False}
    odds = [
        choice_logprobs(tiny, boxes, answers, strength=strength, **own)
        for strength in (0.0, 0.2)
    ]
    one, two = torch.stack([each[:, 0] - each[:, 1] for each in odds]).T
    labels = page.locator(".lab-results svg").evaluate_all(
        "all => all.map(s => s.getAttribute('aria-label'))"
    )
    for label, want in zip(labels, ((one + two) / 2, one - two), strict=True):
        numbers = [float(n.replace("−", "-")) for n in re.findall(r"[−.\d]+", label)]
        assert numbers[:2] == pytest.approx(want.tolist(), abs=0.006)
        assert len(numbers) == 2 + 8 + ("words mixed up" in label)
    mixed = page.evaluate(
        """async (texts) => {
          const { shuffled } = await import("/_static/lab/twins.mjs");
          return texts.map((text) => shuffled(text, 1, 3));
        }""",
        boxes,
    )
    for text, own in zip(mixed, boxes, strict=True):
        assert sorted(text.split()) == sorted(own.split())
        assert text.split()[-3:] == own.split()[-3:]
    both = choice_logprobs(tiny, mixed, answers, progress=False)
    case, twin = (both[:, 0] - both[:, 1]).tolist()
    assert numbers[-1] == pytest.approx(case - twin, abs=0.006)


def test_watch_raises_pythons_alarms(lab: Bench) -> None:
    rng = np.random.default_rng(0)
    cases = [
        (rng.normal(size=60).round(3), w, b) for w in (1, 5, 8) for b in (0.1, 0.4)
    ]
    page = lab.open("show=watch&threshold=0.02&watched=desperate")
    script = """async ([scores, window, bound]) => {
      const { smooth, alarms } = await import("/_static/lab/watch.mjs");
      const means = smooth(scores, window);
      return [means, alarms(means, bound)];
    }"""
    for scores, window, bound in cases:
        means, found = page.evaluate(script, [scores.tolist(), window, bound])
        column = scores[:, None]
        want = smooth_from(column, window, 1)[:, 0]
        assert np.array(means, dtype=float) == pytest.approx(want, nan_ok=True)
        told = find_alerts(column, {"x": bound}, window, ["a"] * 60, 1)
        assert [tuple(one[:2]) for one in found] == [(a.start, a.end) for a in told]
    assert page.locator(".lab-alarms li").first.inner_text().startswith("desperate at")
    page.fill(".lab-watch textarea", PROMPT)
    page.get_by_role("button", name="and what the model writes next").click()
    page.wait_for_selector(".lab-new")
    lab.rest()
    texts = lab.texts()
    assert texts[0].startswith(PROMPT)
    assert len(texts[0]) > len(PROMPT)


def test_tabs_go_by_keyboard_and_the_model_is_loaded_by_it(lab: Bench) -> None:
    page = lab.open(load=False)
    page.locator(".lab input[type=radio]").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    lab.rest()
    page.get_by_role("tab", name="Read").focus()
    for name in INSTRUMENTS[1:]:
        page.keyboard.press("ArrowRight")
        selected = page.get_by_role("tab", selected=True)
        assert selected.inner_text().lower() == name
        assert selected.evaluate("tab => tab === document.activeElement")
        page.wait_for_selector(f".lab-{name}")
    lab.rest()


def test_a_model_that_is_not_there_is_told(lab: Bench) -> None:
    page = lab.open("model=smollm2", load=False)
    assert "built without SmolLM2" in page.locator(".lab-models").inner_text()
    assert page.locator(".lab-load").count() == 0
    page.get_by_label("tiny", exact=True).check()
    page.click(".lab-load")
    lab.rest()


def test_loading_can_be_stopped_and_a_missing_piece_is_told(lab: Bench) -> None:
    page = lab.open(load=False)
    said = page.locator(".lab-status")
    page.route("**/00.bin", lambda route: None)  # never answered
    page.click(".lab-load")
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped: load again").wait_for()
    assert page.locator("progress").is_hidden()
    page.unroute("**/00.bin")
    page.route("**/00.bin", lambda route: route.fulfill(status=404))
    page.click(".lab-load")
    page.get_by_text("is not there (404)").wait_for()
    lab.errors.clear()  # the browser notes the 404
    page.unroute("**/00.bin")
    page.click(".lab-load")
    lab.rest()
    assert "runs in this page" in said.inner_text() or not said.inner_text()


def test_a_chapter_can_show_one_instrument(lab: Bench) -> None:
    page = lab.open("show=read&length=20", load=False)
    page.evaluate(
        """async () => {
          const { Laboratory } = await import("/_static/lab/lab.mjs");
          const root = document.querySelector(".lab");
          root.dataset.show = "push";
          root.laboratory = new Laboratory(root);
        }"""
    )
    page.click(".lab-load")
    lab.rest()
    assert page.locator(".lab-push").is_visible()
    assert page.get_by_role("tab").count() == 0


def test_what_goes_wrong_is_said_in_a_sentence(lab: Bench) -> None:
    page = lab.open("show=read")
    page.fill(".lab-read textarea", "word " * 600)
    page.click(".lab-read .lab-main")
    said = page.locator(".lab-status")
    page.wait_for_function("document.querySelector('.lab-status').textContent !== ''")
    assert "this model's context is 512" in said.inner_text()
    page.fill(".lab-read textarea", " ")
    page.click(".lab-read .lab-main")
    assert "no text to read" in said.inner_text()


@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_stands_out_in_both_themes(lab: Bench, width: int) -> None:
    page = lab.page
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(reduced_motion="reduce")
    lab.open("one=afraid&length=20")
    page.locator(".lab-tokens > span").nth(3).click()
    for name in INSTRUMENTS:
        page.click(f"#lab-tab-{name}")
        page.wait_for_selector(f".lab-{name}")
        lab.rest()
        for theme in ("light", "dark"):  # which style sheets alone know of
            page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            assert page.evaluate(WIDE) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(FAINT) == []
        bare = page.locator(".lab :is(input, select, textarea):not([type=radio])")
        said = "e => e.labels.length && e.labels[0].textContent.trim()"
        assert bare.evaluate_all(f"all => all.every({said})")

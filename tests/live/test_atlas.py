"""The atlas in Chromium: by mouse, keyboard and address; and the opening page's map."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from scripts.opening import WIDTHS, labels, touch
from tests.browser.conftest import FAINT, WIDE
from tests.live.test_laboratory import Bench, bench, lab

__all__ = ["bench", "lab"]  # fixtures


def open_atlas(lab: Bench, asked: str = "") -> Page:
    lab.page.goto(f"{lab.site}/book/atlas.html{asked}", wait_until="networkidle")
    lab.page.wait_for_selector(".lab-name")
    return lab.page


def test_an_address_opens_its_emotion_and_neighbors_lead_on(lab: Bench) -> None:
    page = open_atlas(lab, "?model=tiny&emotion=calm")
    name = page.locator(".lab-name")
    expect(name).to_have_text("calm")
    near = page.locator(".lab-near button").first
    other = near.inner_text()
    near.click()
    expect(name).to_have_text(other)
    assert "emotion=" in page.url
    page.go_back()
    expect(name).to_have_text("calm")
    assert "a=calm" in page.locator(".lab-try").get_attribute("href")


def test_all_parts_are_there_and_keys_move_on(lab: Bench) -> None:
    page = open_atlas(lab, "?emotion=nonsense")
    name = page.locator(".lab-name")
    first = name.inner_text()
    assert page.locator(".lab-parts section").count() == 5
    assert page.locator(".lab-parts blockquote").count() >= 1
    assert page.locator(".lab-chart path").count() == 1
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    expect(name).not_to_have_text(first)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(name).to_have_text(first)
    page.locator(".lab-wheel").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(name).not_to_have_text(first)


def test_nothing_runs_and_it_fits_a_phone(lab: Bench) -> None:
    lab.page.set_viewport_size({"width": 390, "height": 844})
    page = open_atlas(lab)
    assert not [url for url in lab.asked if "/live/" in url or "pieces" in url]
    assert page.evaluate(WIDE) == []
    assert page.evaluate(FAINT) == []


def test_names_on_the_map_do_not_touch() -> None:
    rows = [
        {"emotion": name, "at": [x, y]}
        for name, x, y in (("glad", 0, 0), ("happy", 0.01, 0), ("sad", 0.99, 0.5))
    ]
    for size in WIDTHS.values():
        assert labels(rows, *size) == {1, 2}  # of two at one place the outer one
    assert touch((0, 0, 10, 10), (12, 0, 20, 10))
    assert not touch((0, 0, 10, 10), (14, 0, 20, 10))

"""The pages of calls in a real browser: while a call goes on, at a desk and on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from monitor.page.render import call_path

from .live import Live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from monitor.calls.facts import CallKey

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("browser_calls")]

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
PATIENCE_MS = 40_000
TOO_WIDE = "document.documentElement.scrollWidth > window.innerWidth"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """A centre whose day runs eight times as fast."""
    with Live(tmp_path, speed=8.0) as running:
        yield running


def serious(page: Page) -> list[Any]:
    """What axe-core finds that keeps people out."""
    return [
        (found["id"], [node["target"] for node in found["nodes"]])
        for found in Axe().run(page).response["violations"]
        if found["impact"] in ("serious", "critical")
    ]


def first_ringing(live: Live, page: Page) -> CallKey:
    """A call for which a phone rings."""
    while not live.monitor.board.ringing:
        page.wait_for_timeout(20)
    return next(iter(live.monitor.board.ringing))


def test_the_page_of_a_call_in_progress_becomes_that_of_the_finished_one(live: Live, look: Callable[..., Page]) -> None:
    page = look(live.url)
    key = first_ringing(live, page)
    page.goto(live.url + call_path(key))
    page.wait_for_selector(".banner.going")
    assert serious(page) == []

    page.wait_for_selector("svg.course .ring-mark", timeout=PATIENCE_MS)
    assert page.locator(".banner.going").count() == 0
    assert page.url == live.url + call_path(key)
    assert serious(page) == []


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")])
def test_nothing_is_wider_than_the_screen_and_nobody_is_kept_out(
    live: Live, look: Callable[..., Page], viewport: dict[str, int], scheme: str
) -> None:
    page = look(f"{live.url}/calls", viewport=viewport, color_scheme=scheme)
    while not page.locator(".calls-list tbody tr").count():
        page.wait_for_timeout(200)
        page.reload()
    assert not page.evaluate(TOO_WIDE)
    assert serious(page) == []

    page.locator(".calls-list a").first.click()
    page.wait_for_selector("svg.course")
    assert not page.evaluate(TOO_WIDE)
    assert serious(page) == []


def test_a_call_takes_three_lines_on_a_phone_and_its_drawing_says_that_it_can_be_pushed(
    live: Live, look: Callable[..., Page]
) -> None:
    """Three lines of 15 px at 1.45, with gaps of 2 px; a transfer, and what was not seen, may add a line each.

    Five lines and four gaps are 117 px, and the padding is 18.
    """
    page = look(f"{live.url}/calls", viewport=PHONE)
    while not page.locator(".calls-list tbody tr").count():
        page.wait_for_timeout(200)
        page.reload()
    heights = page.evaluate("[...document.querySelectorAll('.calls-list tr')].map(row => row.clientHeight)")
    assert max(heights) <= 135

    page.locator(".calls-list a").first.click()
    page.wait_for_selector("svg.course")
    assert page.get_by_text("진행도가 화면보다 넓습니다.").is_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.get_by_text("진행도가 화면보다 넓습니다.").is_hidden()


def test_the_form_is_filled_in_by_keyboard_and_keeps_what_was_written(live: Live, look: Callable[..., Page]) -> None:
    page = look(f"{live.url}/calls")
    page.get_by_label("뒤 네 자리").focus()
    page.keyboard.type("0000")
    page.keyboard.press("Enter")
    page.wait_for_selector(".empty")
    assert page.get_by_label("뒤 네 자리").input_value() == "0000"
    assert page.get_by_text("날짜를 늘리거나 조건을 줄이십시오.").is_visible()

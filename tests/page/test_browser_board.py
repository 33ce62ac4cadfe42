"""The board in a real browser: rings tick, a breach shows while the phone rings, and a dead wire is said to be one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.ledger.postgres import Cluster, programs
from tests.programs import absent

from .live import Live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("browser_board")]

PERIOD_SECONDS = 3.0
SAID_WITHIN_SECONDS = 5.0
"""How soon the board must say that a wire is broken."""
PATIENCE_MS = 20_000

RINGS_SHOWN = """() => [...document.querySelectorAll(".ring:not(.transfer)")].map(row => ({
    rings: Number(row.querySelector("[data-rings]").textContent),
    seconds: Number(row.querySelector("[data-seconds]").textContent),
    bells: row.querySelectorAll(".bell.rung").length,
    state: row.dataset.state,
    verdict: row.querySelector("[data-verdict]").textContent,
}))"""

OFFERED_AT_LEAST = """least => {
    const told = document.querySelector("[data-figure=answer-rate] + small").textContent;
    return Number(told.match(/[0-9]+/)[0]) >= least;
}"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """A centre whose first calls show a late answer, a transfer and an abandoned call within 20 s."""
    with Live(tmp_path) as running:
        yield running


def test_a_breach_shows_while_the_phone_rings_and_the_counts_tick(live: Live, look: Callable[..., Page]) -> None:
    page = look(live.url)
    seen: list[dict[str, Any]] = []
    deadline = time.monotonic() + 30
    while not any(row["state"] == "past" for row in seen) and time.monotonic() < deadline:
        seen += page.evaluate(RINGS_SHOWN)
        page.wait_for_timeout(50)

    # Still ringing: the board has no end of this call, and the row stands among those that ring.
    breach = live.monitor.board.breaches[-1]
    assert breach.outcome is None
    assert breach.key in live.monitor.board.ringing
    assert page.locator(".ring[data-state=past] .verdict-now").first.text_content() == "벨 초과"
    page.wait_for_selector("body.alarm", timeout=PATIENCE_MS)
    assert "4번째 벨" in (page.locator("#alarm").text_content() or "")
    page.wait_for_selector("#breaches tbody tr", timeout=PATIENCE_MS)

    # floor(T / 3 s) + 1, from the two figures that a person sees; never more than three bells and a mark.
    assert {row["rings"] for row in seen} >= {1, 2, 3, 4}
    for row in seen:
        assert row["rings"] == row["seconds"] // PERIOD_SECONDS + 1
        assert row["bells"] == min(row["rings"], 3)
        assert row["state"] == ("within" if row["rings"] < 3 else "last" if row["rings"] == 3 else "past")


COUNT_TONES = """() => {
    window.tones = 0;
    const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this); };
}"""


def test_a_breach_is_heard_where_sound_is_on_and_nowhere_else(live: Live, look: Callable[..., Page]) -> None:
    """Three tones a breach, made by the browser's own audio; Chromium was told to play without a touch."""
    loud, mute = look(live.url), look(live.url)
    for page in (loud, mute):
        page.evaluate(COUNT_TONES)
    loud.get_by_role("button", name="소리").click()
    loud.wait_for_selector("#sound[data-state=on]")

    for page in (loud, mute):
        page.wait_for_selector("body.alarm", timeout=PATIENCE_MS)

    tones = loud.evaluate("window.tones")
    assert tones >= 3
    assert tones % 3 == 0
    assert mute.evaluate("window.tones") == 0

    # Switched off again, the next breach is not heard.
    loud.get_by_role("button", name="소리").click()
    heard = loud.evaluate("window.tones")
    loud.evaluate("takeBreach({ line: '1588-6565', rings: 4, agents: '김하나' })")
    assert loud.evaluate("window.tones") == heard


def test_the_language_is_a_switch_away_and_stays(live: Live, look: Callable[..., Page]) -> None:
    page = look(live.url)
    assert page.title() == "전화벨 현황판"
    assert page.get_attribute("html", "lang") == "ko"

    page.get_by_role("link", name="English").click()
    page.goto(f"{live.url}/wall")

    assert page.title() == "Ring board"
    assert page.get_attribute("html", "lang") == "en"
    page.wait_for_selector("#ringing h2:has-text('Ringing now')")


def test_the_sound_is_a_choice_that_stays(live: Live, look: Callable[..., Page]) -> None:
    page = look(live.url)
    button = page.get_by_role("button", name="소리")
    assert button.get_attribute("aria-pressed") == "false"

    button.click()
    page.reload()

    assert page.get_by_role("button", name="소리").get_attribute("aria-pressed") == "true"


def how_long_until(page: Page, selector: str) -> float:
    began = time.monotonic()
    page.wait_for_selector(selector, timeout=PATIENCE_MS)
    return time.monotonic() - began


@pytest.mark.parametrize("fault", ["freeze", "cut"])
def test_a_dead_stream_is_said_in_place_and_caught_up_without_a_reload(
    fault: str, live: Live, look: Callable[..., Page]
) -> None:
    page = look(live.url)
    page.evaluate("window.sameDocument = true")
    page.wait_for_timeout(1500)

    live.do(getattr(live.web, fault))
    assert how_long_until(page, "#dead:not([hidden])") <= SAID_WITHIN_SECONDS
    assert "모니터와 연결이 끊겼습니다" in (page.locator("#dead").text_content() or "")
    assert page.locator("#today dl").evaluate("shown => getComputedStyle(shown).opacity") == "0.6"

    live.do(live.web.open)
    page.wait_for_selector("#dead[hidden]", state="attached", timeout=PATIENCE_MS)
    offered = live.monitor.board.today(live.monitor.now()).offered
    page.wait_for_function(OFFERED_AT_LEAST, arg=offered, timeout=PATIENCE_MS)
    assert page.evaluate("window.sameDocument") is True


@pytest.mark.parametrize(("fault", "words"), [("freeze", "응답이 없습니다"), ("cut", "수신이 끊겼습니다")])
def test_an_asterisk_that_is_not_heard_is_said_and_its_figures_are_greyed(
    fault: str, words: str, live: Live, look: Callable[..., Page]
) -> None:
    page = look(live.url)
    page.wait_for_selector("#status .fine")

    live.do(getattr(live.ami, fault))
    assert how_long_until(page, f"#status .banner:has-text('{words}')") <= SAID_WITHIN_SECONDS
    page.wait_for_selector("#today.doubt")
    page.wait_for_selector("#agents.doubt")

    live.do(live.ami.open)
    page.wait_for_selector("#status .fine", timeout=PATIENCE_MS)
    page.wait_for_selector("#today:not(.doubt)")


def test_a_ledger_that_is_away_is_said_and_the_board_goes_on(tmp_path: Path, look: Callable[..., Page]) -> None:
    cluster = Cluster(programs() or absent("PostgreSQL"))
    try:
        cluster.start()
        with Live(tmp_path, ledger=cluster.create_database()) as live:
            page = look(live.url)
            page.wait_for_selector("#status .fine", timeout=PATIENCE_MS)

            cluster.stop("immediate")
            assert how_long_until(page, "#status .banner:has-text('원장')") <= SAID_WITHIN_SECONDS
            assert page.locator("#agents.doubt").count() == 0

            cluster.start()
            page.wait_for_selector("#status .fine", timeout=PATIENCE_MS)
    finally:
        cluster.remove()

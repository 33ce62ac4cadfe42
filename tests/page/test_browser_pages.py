"""Every page in a real browser: who is let in, what they see, on a phone as on a desk, and to a screen reader."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
import pytest

from monitor.page.now import WALL

from .doors import PASSWORD, user
from .live import Live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("browser_pages")]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
PHONE = {"width": 390, "height": 844}
SERIOUS = ("serious", "critical")
PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A centre in which some calls have ended, and people who must sign in."""
    users = (user("park", "board"), user("kim", "supervisor"))
    with Live(tmp_path_factory.mktemp("centre"), users=users, speed=5) as running:
        yield running


@pytest.fixture(scope="module")
def path_of_a_call(live: Live) -> str:
    """Where a call is found that has ended, and that the ledger has."""

    async def found() -> str:
        while True:
            await asyncio.to_thread(live.monitor.writer.flush, 1.0)
            for breach in live.monitor.board.breaches:
                if breach.outcome is not None and live.monitor.writer.repository.call(breach.key) is not None:
                    return f"/calls/{breach.key.system}/{breach.key.linkedid}"
            await asyncio.sleep(0.1)

    return live.wait(found())


def signed_in(look: Callable[..., Page], live: Live, name: str, **options: Any) -> Page:
    page = look(f"{live.url}/login", **options)
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_url(f"{live.url}/")
    return page


def test_who_has_not_signed_in_comes_to_the_form_and_on_from_there(live: Live, look: Callable[..., Page]) -> None:
    page = look(f"{live.url}/wall")
    assert page.url == f"{live.url}/login?next=%2Fwall"

    page.locator("input[name=name]").fill("kim")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_url(f"{live.url}/wall")

    # The wall's stream comes with the cookie.
    page.wait_for_function("() => performance.now() > 5000 && !document.body.classList.contains('dead')")


def test_a_sign_in_that_ends_leads_back_to_the_form(live: Live, look: Callable[..., Page]) -> None:
    page = signed_in(look, live, "kim")
    page.context.clear_cookies()
    live.do(live.web.cut)
    live.do(live.web.open)

    page.wait_for_url(f"{live.url}/login", timeout=PATIENCE_MS)


def test_a_board_user_sees_figures_and_no_call(live: Live, path_of_a_call: str, look: Callable[..., Page]) -> None:
    page = signed_in(look, live, "park")

    assert page.locator("nav a[href='/calls']").count() == 0
    assert page.locator("#board a[href^='/calls/']").count() == 0
    for path in ("/calls", "/calls.csv", path_of_a_call, "/api/v1/calls"):
        answer = page.request.get(live.url + path)
        assert answer.status == 403, path
    assert page.request.get(f"{live.url}/api/v1/board").status == 200


def test_numbers_are_masked_on_the_wall_and_whole_for_a_supervisor(
    live: Live, path_of_a_call: str, look: Callable[..., Page]
) -> None:
    page = signed_in(look, live, "kim")
    page.goto(live.url + path_of_a_call)
    linkedid = path_of_a_call.rpartition("/")[2]
    [caller] = [
        call.caller for call in live.monitor.writer.repository.calls(*day_of(live)) if call.key.linkedid == linkedid
    ]
    assert caller is not None
    shown = page.locator("main").inner_text()
    assert caller in shown.replace("-", "")

    page.goto(f"{live.url}/wall")
    assert caller not in page.content()
    board = signed_in(look, live, "park")
    assert caller not in board.content()


def day_of(live: Live) -> tuple[Any, Any]:
    now = live.monitor.now()
    return now - timedelta(days=1), now + timedelta(days=1)


@pytest.mark.parametrize("path", ["/", "/wall", "/calls", "CALL", "/login", "/calls/no/such"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_finding_of_axe(
    path: str, scheme: str, live: Live, path_of_a_call: str, look: Callable[..., Page]
) -> None:
    page = signed_in(look, live, "kim", color_scheme=scheme)
    page.goto(live.url + path.replace("CALL", path_of_a_call))
    page.wait_for_timeout(500)
    # As the debugger's own, since the page lets no foreign script in.
    page.evaluate(AXE + "; undefined")
    found = page.evaluate("axe.run()")

    serious = [
        (finding["id"], node["html"][:200], node["failureSummary"])
        for finding in found["violations"]
        if finding["impact"] in SERIOUS
        for node in finding["nodes"]
    ]
    assert serious == []
    assert len(found["passes"]) > 10


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("path", ["/", "/wall", "/calls", "CALL", "/login"])
def test_a_phone_shows_every_page_without_scrolling_sideways(
    path: str, language: str, live: Live, path_of_a_call: str, look: Callable[..., Page]
) -> None:
    page = signed_in(look, live, "kim", viewport=PHONE, is_mobile=True, has_touch=True)
    page.goto(f"{live.url}{path.replace('CALL', path_of_a_call)}?lang={language}")

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


LAST_RING = """() => {
    const row = document.querySelector(".rings li");
    if (!row) return null;
    row.dataset.state = "last";
    row.querySelector("[data-verdict]").textContent = document.querySelector("#board").dataset.last;
    row.querySelector("[data-seconds]").textContent = "10.0";
    // The words themselves, which may stand out of their boxes.
    return [".ring-seconds", ".verdict-now"].map(selector => {
        const words = document.createRange();
        words.selectNodeContents(row.querySelector(selector));
        return words.getBoundingClientRect().toJSON();
    });
}"""


def test_on_a_phone_the_last_ring_is_told_beside_its_seconds(live: Live, look: Callable[..., Page]) -> None:
    page = signed_in(look, live, "kim", viewport=PHONE, is_mobile=True, has_touch=True)
    for language in ("en", "ko"):
        page.goto(f"{live.url}/?lang={language}")
        seconds, verdict = page.wait_for_function(LAST_RING, timeout=PATIENCE_MS).json_value()
        assert seconds["width"] > 0
        assert seconds["right"] < verdict["left"]
        assert verdict["right"] < PHONE["width"]


FILL = """limits => {
    // Each list as long as it may become, by copies of a row that is there.
    for (const [selector, most] of Object.entries(limits)) {
        const row = document.querySelector(selector);
        if (!row) throw new Error(`no ${selector}`);
        const list = row.parentElement;
        list.replaceChildren(...Array.from({ length: most }, () => row.cloneNode(true)));
    }
}"""
CUT = """() => [...document.querySelectorAll(".panel li, .panel tr, .panel .tile, .panel svg")]
    .filter(row => row.getBoundingClientRect().bottom > row.closest(".panel").getBoundingClientRect().bottom + 1)
    .map(row => `${row.closest(".panel").id}: ${row.textContent.trim().slice(0, 40)}`)"""


@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (1280, 1024), (3840, 2160)])
def test_the_wall_shows_every_row_whole_without_scrolling(
    size: tuple[int, int], live: Live, look: Callable[..., Page]
) -> None:
    width, height = size
    page = signed_in(look, live, "park", viewport={"width": width, "height": height})
    page.goto(f"{live.url}/wall")
    rows = {
        ".rings li": WALL.ringing,
        ".people li": WALL.agents,
        "#talking .rows li": WALL.talking,
        "#breaches tbody tr": WALL.last,
        "#transfers tbody tr": WALL.last,
    }
    for selector in rows:
        page.wait_for_selector(selector, timeout=PATIENCE_MS)
    # From now on the page stands still: what the monitor sends would take the copies away.
    page.wait_for_selector(".rings li", timeout=PATIENCE_MS)
    page.evaluate("source.close()")
    page.evaluate(FILL, rows)

    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollHeight") <= height
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_reaches_what_the_mouse_does(live: Live, look: Callable[..., Page]) -> None:
    page = signed_in(look, live, "kim")
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.outerHTML"))

    assert "#main" in reached[0]  # past the navigation, for those who cannot see it
    assert any("/calls" in element for element in reached)
    assert any('id="sound"' in element for element in reached)
    assert any("lang=en" in element for element in reached)

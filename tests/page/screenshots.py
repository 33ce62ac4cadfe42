"""`make screenshots`: the pictures of the documentation, of a simulated afternoon in a centre that has worked all day.

The day before now is replayed into a ledger first, in a time zone in which it is four in the afternoon; what is then
seen on the pages is a monitor that runs. Each picture waits for what it is to show.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from playwright.sync_api import sync_playwright

from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.rules import RingRule
from monitor.calls.state import Plan
from monitor.demo import INSIDE, OUTSIDE
from monitor.replay import Replay, Warnings, read_all
from monitor.replay_store import Keeper
from monitor.reports.order import FileFormat, Order
from monitor.reports.periods import Period
from monitor.simulator import SYSTEM
from monitor.simulator.capture import capture
from tests.ledger.records import known

from .conftest import ARGUMENTS
from .live import Live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from monitor.texts import Language

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
AFTERNOON = 16
OPENS = 8
LINE = "1588-6565"
VIEWS = {
    "wall": ("/wall", {"width": 1920, "height": 1080}),
    "desk": ("/", {"width": 1440, "height": 1000}),
    "phone": ("/", {"width": 390, "height": 844}),
}
PAST = ".ring[data-state=past]:not(.transfer)"
PATIENCE_MS = 180_000


def afternoon() -> str:
    """A zone in which it is between four and five in the afternoon now; Etc/GMT-9 is nine hours ahead of UTC."""
    ahead = (AFTERNOON - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


def fill(folder: Path, zone: ZoneInfo) -> str:
    """A ledger with the calls of today so far; returns its URL."""
    now = datetime.now(zone)
    opens = now.replace(hour=OPENS, minute=0, second=0, microsecond=0)
    file = folder / "today.ami"
    capture(file, 65, opens, (now - opens).total_seconds() - 600, 260, system=SYSTEM, hour=float(OPENS))
    store = f"sqlite:///{folder / 'ledger.sqlite3'}"
    plan = Plan(
        lines=Lines((Line(LINE, ("15886565", "6565")),)),
        inside=Patterns(INSIDE),
        outside=Patterns(OUTSIDE),
        zone=zone,
    )
    keeper = Keeper(store, (RingRule(),))
    for fact in read_all(Replay(plan, SYSTEM, Warnings(sys.stderr)), [str(file)]):
        keeper.record(fact)
    keeper.close()
    return store


def take(browser: Browser, live: Live) -> None:
    """All pictures, in both languages."""
    FOLDER.mkdir(exist_ok=True)
    for language in ("ko", "en"):
        pages: dict[str, Page] = {}
        for name, (path, viewport) in VIEWS.items():
            scheme = "dark" if name == "wall" else "light"
            context = browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type] # Playwright's own dictionaries
            pages[name] = context.new_page()
            pages[name].goto(f"{live.url}{path}?lang={language}")
        pages["wall"].wait_for_selector(PAST, timeout=PATIENCE_MS)
        for name, page in pages.items():
            page.screenshot(path=FOLDER / f"{name}.{language}.png")
        call(pages["desk"], live, language)
        reports(pages["desk"], live, language)
        for page in pages.values():
            page.context.close()


def call(page: Page, live: Live, language: str) -> None:
    """A call that rang too long on several phones, was answered and passed on."""
    now = live.monitor.now()
    found = [
        one
        for one in live.monitor.writer.repository.calls(now - timedelta(hours=10), now)
        if one.answered_at is not None and known(one.rings) > 3 and one.transfers and len(one.attempts) > 1
    ]
    best = max(found, key=lambda one: (len(one.holds), len(one.attempts)))
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.goto(f"{live.url}/calls/{best.key.system}/{best.key.linkedid}?lang={language}")
    page.screenshot(path=FOLDER / f"call.{language}.png")
    page.goto(f"{live.url}/calls?verdict=broken&lang={language}")
    page.screenshot(path=FOLDER / f"calls.{language}.png")


def reports(page: Page, live: Live, language: str) -> None:
    """Two reports that were made, one of them by the schedule, and a third in the making."""
    today = live.monitor.now().astimezone(live.monitor.settings.zone).date()
    period = Period.month(f"{today:%Y-%m}", live.monitor.settings.zone)
    both: tuple[Language, ...] = ("ko", "en")
    usual = (FileFormat.PDF, FileFormat.XLSX)

    async def make() -> None:
        scheduled = Order(period=period, languages=both, formats=usual, made_by="schedule")
        for order in (scheduled, replace(scheduled, languages=(language,), queue="counsel", made_by="김선영")):  # type: ignore[arg-type] # one of the two
            job = await live.monitor.workshop.order(order)
            await job.ended()

    if not live.monitor.kept.all():
        live.wait(make(), PATIENCE_MS / 1000)
    page.goto(f"{live.url}/reports?lang={language}")
    page.locator("[name=month]").select_option(index=0)
    page.locator(".order button.main").click()
    page.wait_for_selector(".job.working [data-part=left]:not(:empty)", timeout=PATIENCE_MS)
    page.screenshot(path=FOLDER / f"reports.{language}.png")
    page.locator(".job.working button").click()
    page.wait_for_selector(".job.cancelled", timeout=PATIENCE_MS)


def main() -> None:
    """Fill, run, look."""
    program = shutil.which("chromium")
    if program is None:
        sys.exit("chromium not found; run `make lab` as root on Debian")
    zone = afternoon()
    with tempfile.TemporaryDirectory(prefix="callmonitor-pictures-") as name, sync_playwright() as driver:
        folder = Path(name)
        store = fill(folder, ZoneInfo(zone))
        browser = driver.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        with Live(folder, ledger=store, timezone=zone, calls_per_hour=700, seed=3) as live:
            take(browser, live)
        browser.close()


if __name__ == "__main__":
    main()

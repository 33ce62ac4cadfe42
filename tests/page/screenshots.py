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
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from playwright.sync_api import sync_playwright

from monitor.callbacks.entries import CallbackQuery
from monitor.commitments.cases import Actor, CaseQuery, NewCase
from monitor.config import Settings, TransferSettings
from monitor.demo import INSIDE, OUTSIDE, TEAM
from monitor.plan import plan_of
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
VIEWS = {
    "wall": ("/wall", {"width": 1920, "height": 1080}),
    "desk": ("/", {"width": 1440, "height": 1000}),
    "phone": ("/", {"width": 390, "height": 844}),
}
PAST = ".ring[data-state=past]:not(.transfer)"
PATIENCE_MS = 180_000
SUPERVISOR = Actor("김선영", "supervisor")
CASES: tuple[tuple[str, int, dict[str, Any]], ...] = (
    ("voc_simple", 12, {"subject": "상담 대기 시간이 길다는 불편", "contact": "010-1234-5678", "assignee": "이수진"}),
    ("voc_simple", 8, {"subject": "홈페이지 첨부 파일이 열리지 않음", "assignee": "박민호"}),
    ("kindness", 5, {"subject": "상담원이 언성을 높였다는 신고", "contact": "010-9876-5432", "finding": "upheld"}),
    ("voc_legal", 13, {"subject": "방문 접수 절차를 바꿔 달라는 요구", "contact": "someone@example.org"}),
    ("disclosure", 3, {"subject": "2026년 상반기 회의록 공개 청구"}),
    ("accuracy", 2, {"subject": "서류 안내 잘못으로 두 번 방문", "visits": 2}),
)
"""What came in: the promise, so many days ago, and what was written down."""


def afternoon() -> str:
    """A zone in which it is between four and five in the afternoon now; Etc/GMT-9 is nine hours ahead of UTC."""
    ahead = (AFTERNOON - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


def fill(folder: Path, zone: ZoneInfo) -> str:
    """A ledger with the calls of today so far; returns its URL."""
    now = datetime.now(zone)
    opens = now.replace(hour=OPENS, minute=0, second=0, microsecond=0)
    file = folder / "today.ami"
    capture(
        file,
        65,
        opens,
        (now - opens).total_seconds() - 600,
        260,
        system=SYSTEM,
        hour=float(OPENS),
        calls_back=True,
        remote=True,
    )
    store = f"sqlite:///{folder / 'ledger.sqlite3'}"
    settings = Settings(transfers=TransferSettings(inside=INSIDE, outside=OUTSIDE), timezone=zone.key, team=(TEAM,))
    plan = plan_of(settings)
    keeper = Keeper(store, settings.ring_rules(), callbacks=settings.callback_terms())
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
        work(pages["desk"], live, language)
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


def work(page: Page, live: Live, language: str) -> None:
    """Whom somebody is to call, and what is to be done by when."""
    charter, today = live.monitor.charter, midnight(live.monitor.now().astimezone(live.monitor.settings.zone))
    if not charter.cases.find(CaseQuery(number_ends="5678")).cases:
        for commitment, days, fields in CASES:
            received = midnight(today - timedelta(days=days))
            charter.cases.open(NewCase(commitment=commitment, received_at=received, **fields), SUPERVISOR)
        for one in charter.callbacks.find(CallbackQuery(limit=9)).callbacks[::3]:
            charter.callbacks.assign(one.key, "이수진", SUPERVISOR.name)
            charter.callbacks.note(one.key, "오후에 다시 걸기로 함", SUPERVISOR.name)
    page.set_viewport_size({"width": 1280, "height": 1000})
    for name in ("callbacks", "cases"):
        page.goto(f"{live.url}/{name}?lang={language}")
        page.screenshot(path=FOLDER / f"{name}.{language}.png")


def midnight(at: datetime) -> datetime:
    """When its day begins."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


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
        with Live(folder, ledger=store, timezone=zone, calls_per_hour=700, seed=3, teams=(TEAM,)) as live:
            take(browser, live)
        browser.close()


if __name__ == "__main__":
    main()

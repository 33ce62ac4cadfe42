"""A schedule whose clock is turned by hand, over a bench that keeps what it is ordered and draws nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.errors import ReportError
from monitor.report_schedule import Schedule, Standing
from monitor.reports.kept import Kept
from monitor.reports.order import FileFormat
from monitor.worktime import Shift, WorkTime

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.reports.kept import KeptReport
    from monitor.reports.order import Order
    from monitor.reports.post import Post

SEOUL = ZoneInfo("Asia/Seoul")
OFFICE = WorkTime(zone=SEOUL, week=(Shift.read("09:00-18:00"),) * 5 + (None, None))


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


@dataclass
class BenchJob:
    """What came of an order, at once."""

    report: KeptReport | None = None
    error: str = ""

    async def ended(self) -> None:
        """It has."""


@dataclass
class Bench:
    """Takes the place of the workshop: a file and a letter for each language, no figures."""

    kept: Kept
    clock: Callable[[], datetime]
    ordered: list[tuple[datetime, Order]] = field(default_factory=list)
    letter: bytes = b"Subject: report\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nfigures\r\n"
    error: str = ""
    """Why every order fails; empty where it does not."""
    fails_for: str = ""
    """The period of which every order fails."""
    refuses: str = ""
    """Why no order is taken on."""

    async def order(self, order: Order) -> BenchJob:
        self.ordered.append((self.clock(), order))
        if self.refuses:
            raise ReportError(self.refuses)
        if self.error or order.period.name == self.fails_for:
            return BenchJob(error=self.error or "It cannot be drawn.")
        return BenchJob(report=self.kept.keep(order, self.clock(), lambda folder: self._write(folder, order)))

    def _write(self, folder: Path, order: Order) -> None:
        for language in order.languages:
            (folder / f"report.{language}.html").write_text("figures", encoding="utf-8")
            if order.letters:
                (folder / f"mail.{language}.eml").write_bytes(self.letter)


@dataclass
class Turned:
    """The schedule, its clock, and everything around it that a test may change."""

    folder: Path
    now: datetime
    first_call_at: datetime | None = field(default_factory=lambda: seoul("2026-02-10 10:00"))
    away: Exception | None = None
    """Why the ledger cannot be asked."""
    settled: bool = True
    work_time: WorkTime = OFFICE
    at: time = time(7)
    post: Post | None = None
    agents: bool = True
    when_asked: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.kept = Kept(self.folder)
        self.bench = Bench(self.kept, lambda: self.now)
        self.asked: list[datetime] = []
        """When the ledger was asked for its first call."""
        self.schedule = self.another()

    def restart(self) -> None:
        """A new schedule over what is kept, in the place of the one before."""
        self.schedule.let_go()
        self.schedule = self.another()

    def another(self) -> Schedule:
        """A schedule over what is kept."""
        standing = Standing(
            work_time=self.work_time,
            at=self.at,
            languages=("ko", "en"),
            formats=(FileFormat.PDF, FileFormat.XLSX),
            agents=self.agents,
            post=self.post,
        )
        return Schedule(
            self.bench,
            self.kept,
            standing,
            clock=lambda: self.now,
            first_call_at=self._first,
            settled=lambda: self.settled,
        )

    def _first(self) -> datetime | None:
        self.asked.append(self.now)
        self.when_asked()
        if self.away is not None:
            raise self.away
        return self.first_call_at

    async def look_until(self, until: datetime, step: timedelta) -> None:
        """Turn the clock, looking at each step."""
        while self.now <= until:
            await self.schedule.look()
            self.now += step

    @property
    def made(self) -> list[str]:
        """The periods that were ordered, in order."""
        return [order.period.name for _, order in self.bench.ordered]

    def told(self) -> list[tuple[str, str]]:
        """When, on the clock of the centre, which period was ordered."""
        zone = self.work_time.zone
        return [(f"{at.astimezone(zone):%Y-%m-%d %H:%M}", order.period.name) for at, order in self.bench.ordered]

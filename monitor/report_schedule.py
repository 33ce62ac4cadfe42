"""Reports that nobody has to ask for: last month's on the first working day, the half-year's record twice a year.

What is due is decided by the clock on the wall and by what is kept, and by nothing that a restart would forget: a run
that was missed is made up, one that was made is not made again, and a clock that is set moves neither.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Protocol

import structlog

from monitor.daemon_thread import in_daemon_thread
from monitor.errors import MonitorError
from monitor.reports.order import SCHEDULE, FileFormat, Order
from monitor.reports.periods import EARLIEST, LATEST, Period, Span, midnight
from monitor.reports.post import Letter, deliver, waiting_in
from monitor.schedule_folder import ScheduleFolder
from monitor.schedule_troubles import Troubles, look_for_ever

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime, time
    from zoneinfo import ZoneInfo

    from monitor.reports.kept import Kept, KeptReport
    from monitor.reports.post import Post
    from monitor.texts import Language
    from monitor.worktime import WorkTime

log = structlog.get_logger(__name__)

LOOK_SECONDS = 30.0
"""Between two looks at the clock."""
_MADE_UP = 12
"""So many months back at most, where the monitor was down for longer."""
_MAILED_WITHIN = timedelta(days=7)
"""A letter that could not be sent for so long is given up; it stays where it lies."""
_TRIED_FOR = timedelta(days=1)
"""A report that could not be made for so long holds no later one back; it is tried on."""
_HALVES = (1, 7)
"""Months in which a half-year has ended."""
_RECORD_FORMATS = (FileFormat.HTML, FileFormat.PDF)
_FOLDER, _LEDGER, _LETTERS = "folder", "ledger and folder", "letters"
"""What may fail before a period or a letter is known, among the troubles."""
_FAILED = {"report": "scheduled_report_failed", "mail": "report_not_mailed"}
"""What the log says, by what was tried."""


class Job(Protocol):
    """A report under way, as `monitor.report_worker.Job`."""

    @property
    def report(self) -> KeptReport | None:
        """What was made; None where nothing was."""
        ...

    @property
    def error(self) -> str:
        """Why it was not."""
        ...

    async def ended(self) -> None:
        """Return once it is done or will not be."""
        ...


class Workshop(Protocol):
    """Makes and keeps reports, as `monitor.report_worker.Workshop`."""

    async def order(self, order: Order) -> Job:
        """Take an order on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is to be made, and when."""

    work_time: WorkTime
    at: time
    """From when on, on the first working day of a month; local to the centre."""
    languages: tuple[Language, ...]
    formats: tuple[FileFormat, ...]
    """Of the month's report; the half-year's record is a page and a PDF."""
    agents: bool
    post: Post | None
    """How and to whom they are mailed; None for nobody."""


class Schedule:
    """Orders what is due and mails it. Everything belongs to the event loop's thread.

    Args:
        workshop: makes it.
        kept: where it is kept then.
        standing: what is to be made, and when.
        clock: the time, as an aware instant.
        first_call_at: when the ledger's first call was; None for none. May block, and raise a `MonitorError`.
        settled: whether the ledger has all that was seen; nothing is made before.
        leads: whether it is for this monitor to make them.
    """

    def __init__(
        self,
        workshop: Workshop,
        kept: Kept,
        standing: Standing,
        *,
        clock: Callable[[], datetime],
        first_call_at: Callable[[], datetime | None],
        settled: Callable[[], bool] = lambda: True,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        self._workshop = workshop
        self._kept = kept
        self.standing = standing
        """May be replaced by another of the same time zone."""
        self._zone = standing.work_time.zone
        self._clock = clock
        self._first_call_at = first_call_at
        self._settled = settled
        self._leads = leads
        self._folder = ScheduleFolder(kept.folder)
        self._troubles = Troubles()
        self._done: date | None = None
        self._letters: list[tuple[KeptReport, Letter]] | None = None
        self.made: Counter[str] = Counter({Span.MONTH: 0, Span.HALF: 0})
        """Reports made since the start, by the kind of their period."""
        self.failed: Counter[str] = Counter({"report": 0, "mail": 0, "passed_over": 0})
        """Tries that failed since the start, by what was tried; and reports that were passed over then."""
        self._overdue = 0
        self._left: set[str] = set()
        """Names of the periods that hold no later one back."""

    @property
    def overdue(self) -> dict[str, int]:
        """What is due and not done: reports to make, letters to mail."""
        return {"report": self._overdue, "mail": len(self._letters or ())}

    async def run(self) -> None:
        """Look at the clock for ever; an error of our own is told once, and does not end it."""
        try:
            await look_for_ever(self.look, LOOK_SECONDS, log, "schedule_failed")
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Leave the reports to another schedule of the same folder."""
        self._folder.let_go()

    async def look(self) -> None:
        """Make and mail what is due now. Returns at once where nothing is, and where another makes the reports."""
        now = self._clock()
        due = self._latest_due(now)
        if not await self._ours(now):
            return
        if due != self._done:
            await self._make_all(due, now)
        if self.standing.post is not None:
            await self._mail_all(self.standing.post)

    async def _ours(self, now: datetime) -> bool:
        """Whether the folder is ours; what another has to do there is not told as ours."""
        if self._troubles.rests(_FOLDER, now):
            return False
        try:
            ours = self._leads() and await asyncio.to_thread(self._folder.take)
        except MonitorError as error:
            self._overdue = max(self._overdue, 1)
            self._fail("report", _FOLDER, str(error), now)
            return False
        self._troubles.over(_FOLDER)
        if not ours:
            self._overdue, self._letters, self._done = 0, None, None
        return ours

    def _latest_due(self, now: datetime) -> date:
        """The month in which something was due last, as its first day."""
        work_time, local = self.standing.work_time, now.astimezone(self._zone)
        # What the clock on the wall shows decides: a time that a day skips or has twice is passed like any other.
        first = work_time.first_working_day(local.year, local.month)
        month = local.date().replace(day=1)
        passed = (local.date(), local.time()) >= (first, self.standing.at)
        return month if passed else _month_before(month)

    async def _make_all(self, due: date, now: datetime) -> None:
        if self._troubles.rests(_LEDGER, now):
            return
        try:
            left, wanted = await asyncio.to_thread(self._wanted, due)
        except MonitorError as error:
            self._overdue = max(self._overdue, 1)
            self._fail("report", _LEDGER, str(error), now)
            return
        self._troubles.over(_LEDGER)
        self._overdue = len(wanted)
        self._left |= {period.name for period in left}
        if wanted and not self._settled():
            return
        blocked: set[Span] = set()
        for period in wanted:
            # In their order: what is kept last says what is still wanted.
            if period.span not in blocked and not await self._make(period) and not self._passed_over(period):
                blocked.add(period.span)
        if not self._overdue:
            self._done = due

    def _wanted(self, due: date) -> tuple[list[Period], list[Period]]:
        """The periods that were passed over; and they and all others of which a report is due, the oldest first."""
        first_at = self._first_call_at()
        if first_at is None:
            return [], []
        every = self._kept.all()
        kept = [report for report in every if report.made_by == SCHEDULE]
        passed_over = self._folder.passed_over()
        left = self._left_behind(passed_over, every)
        wanted = list(left)
        for span in (Span.MONTH, Span.HALF):
            newest = max((report.last for report in kept if report.span is span), default=None)
            known_from = first_at if newest is None else midnight(newest + timedelta(days=1), self._zone)
            due_now = islice(_periods(span, due, self._zone), _MADE_UP)
            missing = list(takewhile(lambda period: period.until > known_from, due_now))  # noqa: B023 - taken at once
            if newest is None:
                # Nothing was ever made here: the past is there to be asked for, and not to be mailed all at once.
                missing = missing[:1]
            wanted += [period for period in reversed(missing) if period.name not in passed_over]
        return left, wanted

    def _left_behind(self, names: list[str], kept: list[KeptReport]) -> list[Period]:
        """The periods that were passed over and that nobody made since, by hand or otherwise."""
        whole = {(report.period, report.publishable) for report in kept if report.line is None and report.queue is None}
        return [
            Period.half(name, self._zone) if "H" in name else Period.month(name, self._zone)
            for name in names
            if (name, "H" in name) not in whole
        ]

    def _passed_over(self, period: Period) -> bool:
        """Whether later reports are not to wait for this one any longer."""
        name, now = period.name, self._clock()
        if name in self._left:
            return True
        if self._troubles.lasts(name, now) < _TRIED_FOR:
            return False
        self._left.add(name)
        self._folder.pass_over(name)
        self.failed["passed_over"] += 1
        log.error("scheduled_report_passed_over", period=name, next_step=f"Make it by hand: {_by_hand(period)}")
        return True

    async def _make(self, period: Period) -> bool:
        """Have one report made; False where there is none yet."""
        now = self._clock()
        if self._troubles.rests(period.name, now):
            return False
        try:
            job = await self._workshop.order(self._order(period))
            await job.ended()
            error = job.error if job.report is None else ""
        except MonitorError as failure:
            job, error = None, str(failure)
        if job is None or job.report is None:
            self._fail("report", period.name, error, self._clock(), period=period.name)
            return False
        self.made[period.span] += 1
        self._overdue -= 1
        self._left.discard(period.name)
        self._folder.settle(period.name)
        self._letters = None
        if self._troubles.over(period.name):
            log.info("scheduled_report_made_at_last", period=period.name)
        return True

    def _order(self, period: Period) -> Order:
        standing = self.standing
        record = period.span is Span.HALF
        return Order(
            period=period,
            languages=standing.languages,
            formats=_RECORD_FORMATS if record else standing.formats,
            agents=standing.agents and not record,
            publishable=record,
            made_by=SCHEDULE,
            letters=standing.post is not None,
        )

    async def _mail_all(self, post: Post) -> None:
        now = self._clock()
        if self._troubles.rests(_LETTERS, now):
            return
        try:
            if self._letters is None:
                self._letters = await asyncio.to_thread(self._waiting, post, now)
        except MonitorError as error:
            self._fail("mail", _LETTERS, str(error), now)
            return
        self._troubles.over(_LETTERS)
        for report, letter in list(self._letters):
            await self._mail(post, report, letter)

    def _waiting(self, post: Post, now: datetime) -> list[tuple[KeptReport, Letter]]:
        return [
            (report, letter)
            for report in reversed(self._kept.all())
            if now - report.made_at <= _MAILED_WITHIN
            for letter in waiting_in(self._kept.folder_of(report), post.to)
        ]

    async def _mail(self, post: Post, report: KeptReport, letter: Letter) -> None:
        now = self._clock()
        name = str(letter.path)
        if self._troubles.rests(name, now):
            return
        if now - report.made_at > _MAILED_WITHIN:
            log.error("report_mail_given_up", period=report.period, letter=name, next_step="Send its files by hand.")
            self._letters = None
            return
        try:
            await in_daemon_thread("mail", lambda: deliver(post, letter, now.astimezone(self._zone)))
        except MonitorError as error:
            self._fail("mail", name, str(error), self._clock(), period=report.period)
        else:
            self._troubles.over(name)
            log.info("report_mailed", period=report.period, letter=letter.path.name, addresses=len(letter.missing))
        # Some may have got it, others not.
        self._letters = await asyncio.to_thread(self._waiting, post, now)

    def _fail(self, what: str, name: str, reason: str, now: datetime, **about: str) -> None:
        """Count a failure, and tell it where it is the first."""
        self.failed[what] += 1
        if self._troubles.failed(name, now):
            log.warning(_FAILED[what], reason=reason, **about)


def _by_hand(period: Period) -> str:
    return f"callmonitor report --{period.span} {period.name}"


def _month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _periods(span: Span, due: date, zone: ZoneInfo) -> Iterator[Period]:
    """The periods that are due from a month back, the latest first."""
    month = due
    while EARLIEST < month.year < LATEST:
        ended = _month_before(month)
        if span is Span.MONTH:
            yield Period.month(f"{ended:%Y-%m}", zone)
        elif month.month in _HALVES:
            yield Period.half(f"{ended.year}H{1 if month.month == 7 else 2}", zone)
        month = ended

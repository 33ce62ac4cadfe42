"""The clock of a case as a drawing: when it came in, its last day, and when it was done or what day it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.commitments.cases import Standing
from monitor.commitments.clock import is_working_day

if TYPE_CHECKING:
    from datetime import date, datetime

    from monitor.commitments.cases import Case
    from monitor.worktime import WorkTime

DAYS_AT_MOST = 62
"""Of a longer clock no single days are drawn."""
_MOMENT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
WIDTH = 1000.0
"""Of the drawing, in its own units."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the drawing."""

    x: float
    width: float
    works: bool
    """Whether it counts among working days."""
    over: bool
    """Whether it lies behind the last day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDrawing:
    """What the drawing shows; places are in its own units, from 0 to `WIDTH`."""

    days: tuple[Day, ...]
    """Empty where there are too many."""
    received: date
    last: date | None
    """The last day on which the case is in time; None where no time is promised."""
    ends: date
    """When it was done, or the present day."""
    due_x: float | None
    ends_x: float
    late: bool
    working_days: int
    """Working days from receipt to the end, both among them."""
    working_days_left: int | None
    """From tomorrow to the last day; None of a case that is not open, or is late, or has no deadline."""


def clock_of(case: Case, now: datetime, work_time: WorkTime) -> ClockDrawing:
    """The clock of a case.

    Args:
        case: it.
        now: the present.
        work_time: of the centre.
    """

    def local(at: datetime) -> date:
        return at.astimezone(work_time.zone).date()

    received = local(case.received_at)
    last = None if case.due_at is None else local(case.due_at - _MOMENT)
    ends = max(local(case.done_at or (now if case.standing is not Standing.WITHDRAWN else case.changed_at)), received)
    latest = max(last or ends, ends)
    length = (latest - received).days + 1
    wide = WIDTH / length

    def behind(day: date) -> float:
        """Where a day ends."""
        return round(((day - received).days + 1) * wide, 1)

    days = tuple(
        Day(
            x=round(index * wide, 1),
            width=round(wide, 1),
            works=is_working_day(day, work_time),
            over=last is not None and day > last,
        )
        for index, day in enumerate(
            received + _DAY * number for number in range(length if length <= DAYS_AT_MOST else 0)
        )
    )
    waits = case.standing in (Standing.OPEN, Standing.DUE_SOON) and last is not None
    return ClockDrawing(
        days=days,
        received=received,
        last=last,
        ends=ends,
        due_x=None if last is None else behind(last),
        ends_x=round(behind(ends) - wide / 2, 1),
        late=last is not None and ends > last,
        working_days=_working_days(received, ends, work_time),
        working_days_left=_working_days(ends + _DAY, last, work_time) if waits and last is not None else None,
    )


def _working_days(first: date, last: date, work_time: WorkTime) -> int:
    days = (last - first).days + 1
    return sum(is_working_day(first + _DAY * number, work_time) for number in range(max(days, 0)))

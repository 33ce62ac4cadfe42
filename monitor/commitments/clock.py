"""The clock of a promise: when a case of it is due, and up to which deadline it is due soon. Pure.

Deadlines are the first instant behind the last day, so that what is done before one is in time to the microsecond.

**Source:** what `monitor.commitments.register.Counting` names.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from monitor.commitments.register import Counting, Every

if TYPE_CHECKING:
    from monitor.commitments.register import Commitment
    from monitor.worktime import WorkTime

_DAY = timedelta(days=1)
_SATURDAY = 5
_FAR_DAYS = 4000
"""Working days lie closer together than this, or there are none: the library knows no holidays so far ahead anyway."""


def due_at(commitment: Commitment, received_at: datetime, work_time: WorkTime) -> datetime | None:
    """When a case is due.

    Args:
        commitment: the promise.
        received_at: when the case came in, an aware instant.
        work_time: of the centre.

    Returns:
        The first instant behind the last day, in UTC; for what is due once and again that of its year or half. None
        where no time is promised.
    """
    received = received_at.astimezone(work_time.zone).date()
    if commitment.every is not None:
        return _midnight(period_of(commitment.every, received)[1], work_time)
    if commitment.days is None:
        return None
    return _midnight(last_day(commitment, received, work_time) + _DAY, work_time)


def last_day(commitment: Commitment, received: date, work_time: WorkTime) -> date:
    """The last day of a promise with `days`.

    Args:
        commitment: the promise.
        received: the local day of receipt.
        work_time: of the centre.
    """
    days = commitment.days or 0
    if commitment.counting is Counting.CALENDAR:
        return _nth_working(received + timedelta(days=days), 1, work_time)
    return _nth_working(received, days, work_time)


def due_soon_until(commitment: Commitment, now: datetime, days: int, work_time: WorkTime) -> datetime:
    """The latest deadline that is due soon at an instant.

    A case is due soon on its last day and on the `days` days before it, counted as those of its promise are.
    """
    today = now.astimezone(work_time.zone).date()
    if commitment.counting is Counting.CALENDAR or commitment.every is not None:
        return _midnight(today + timedelta(days=days) + _DAY, work_time)
    return _midnight((_nth_working(today + _DAY, days, work_time) if days else today) + _DAY, work_time)


def period_of(every: Every, day: date) -> tuple[date, date]:
    """The year or half that a day lies in: its first day, and the first behind it."""
    if every is Every.YEAR:
        return date(day.year, 1, 1), date(day.year + 1, 1, 1)
    if day.month <= 6:
        return date(day.year, 1, 1), date(day.year, 7, 1)
    return date(day.year, 7, 1), date(day.year + 1, 1, 1)


def is_working_day(day: date, work_time: WorkTime) -> bool:
    """Whether a day counts among working days.

    A centre that never closes answers its telephones at night; its offices count days as the law does, without
    Saturdays, Sundays and holidays.
    """
    if not work_time.always:
        return work_time.shift_on(day) is not None
    if day in work_time.opened:
        return True
    return day.weekday() < _SATURDAY and day not in work_time.closed and not work_time.holiday(day, "ko")


def _nth_working(first: date, count: int, work_time: WorkTime) -> date:
    """The working day that is the `count`-th from a day on, it among them."""
    day, left = first, count
    for _ in range(_FAR_DAYS + 8 * count):
        left -= is_working_day(day, work_time)
        if not left:
            return day
        day += _DAY
    # Every day ahead was closed by the settings: each is as good as any.
    return first + timedelta(days=count - 1)


def _midnight(day: date, work_time: WorkTime) -> datetime:
    """The first instant of a local day, in UTC. Where a zone's clocks skip midnight it is the instant they skip."""
    return datetime.combine(day, time.min, work_time.zone).astimezone(UTC)

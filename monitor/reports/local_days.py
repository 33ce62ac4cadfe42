"""Local days cut into slots: stretches of time within which nothing changes that a report tells apart by the clock.

The database files each call under a slot of its day, and everything else follows from the slot: half-hour, hour and
whether the centre was there. A slot is as long as it can be: as a rule half an hour, less where working time begins
between two half-hours, one minute on a day on which the clocks change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from monitor.reports.periods import midnight

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from zoneinfo import ZoneInfo

    from monitor.reports.periods import Period
    from monitor.worktime import Hours, WorkTime

_HALF_HOUR_MINUTES = 30
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A stretch of a local day."""

    started_at: datetime
    """In UTC."""
    ended_at: datetime
    half_hour: int
    """0 to 47 by the clock on the wall: one that comes twice is one."""
    hour: tuple[int, timedelta]
    """The clock's hour and its distance from UTC: one that comes twice is two."""
    hours: Hours


@dataclass(frozen=True, kw_only=True)
class LocalDay:
    """One day of the centre."""

    day: date
    since: datetime
    """The first instant, in UTC."""
    until: datetime
    """The first instant behind it, in UTC."""
    slot_seconds: int
    work_time: WorkTime

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """Its slots in order."""
        found = []
        length = timedelta(seconds=self.slot_seconds)
        at = self.since
        while at < self.until:
            local = at.astimezone(self.work_time.zone)
            found.append(
                Slot(
                    started_at=at,
                    ended_at=min(at + length, self.until),
                    half_hour=(local.hour * 60 + local.minute) // _HALF_HOUR_MINUTES,
                    hour=(local.hour, local.utcoffset() or timedelta(0)),
                    hours=self.work_time.hours_at(at),
                )
            )
            at += length
        return tuple(found)

    def stretches(self) -> Iterator[tuple[datetime, datetime, Hours]]:
        """From when to when the centre was there or not: neighbouring slots of one kind in one."""
        begin: Slot | None = None
        last: Slot | None = None
        for each in self.slots:
            if begin is not None and last is not None and each.hours is not begin.hours:
                yield begin.started_at, last.ended_at, begin.hours
                begin = each
            begin, last = begin or each, each
        if begin is not None and last is not None:
            yield begin.started_at, last.ended_at, begin.hours


def local_days(period: Period, work_time: WorkTime) -> tuple[LocalDay, ...]:
    """The days of a period; one that a zone skipped as a whole has no time in it."""
    found = []
    for day in period.days():
        since, until = (midnight(each, period.zone).astimezone(UTC) for each in (day, day + _DAY))
        seconds = 60 if _clocks_change(since, until, period.zone) else 60 * _slot_minutes(work_time)
        found.append(LocalDay(day=day, since=since, until=until, slot_seconds=seconds, work_time=work_time))
    return tuple(found)


def _clocks_change(since: datetime, until: datetime, zone: ZoneInfo) -> bool:
    return since.astimezone(zone).utcoffset() != (until - timedelta(microseconds=1)).astimezone(zone).utcoffset()


def _slot_minutes(work_time: WorkTime) -> int:
    shifts = [*work_time.week, work_time.lunch]
    return math.gcd(_HALF_HOUR_MINUTES, *(minute for shift in shifts if shift for minute in (shift.begin, shift.end)))

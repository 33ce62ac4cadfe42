"""The periods reports are made of: local days of the centre, as months, halves of a year, or any other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from monitor.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

EARLIEST = 2000
LATEST = 2100
"""Years a report can be made of: Asterisk is younger than the first, and the second is a slip of the hand."""


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, as the clocks there show it: 01:00 where they skip the hour before."""
    # Of a time that does not exist, the offset before the clocks changed leads to the very instant of the change; of
    # one that comes twice, the first is taken.
    return datetime.combine(day, datetime.min.time(), zone).astimezone(UTC).astimezone(zone)


class Span(StrEnum):
    """What kind of period it is."""

    MONTH = "month"
    HALF = "half"
    DAYS = "days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole local days, from the first to the last, both included."""

    span: Span
    first: date
    last: date
    zone: ZoneInfo

    @classmethod
    def month(cls, text: str, zone: ZoneInfo) -> Self:
        """The month written `2026-10`.

        Raises:
            ReportError: it is no month.
        """
        found = re.fullmatch(r"(\d{4})-(\d{2})", text, re.ASCII)
        if not found or not 1 <= int(found[2]) <= 12 or not EARLIEST <= int(found[1]) < LATEST:
            raise ReportError(f"{text!r} is no month: write it as in 2026-10.")
        return cls._months(Span.MONTH, int(found[1]), int(found[2]), 1, zone)

    @classmethod
    def half(cls, text: str, zone: ZoneInfo) -> Self:
        """The half of a year written `2026H1`.

        Raises:
            ReportError: it is no half.
        """
        found = re.fullmatch(r"(\d{4})[Hh]([12])", text, re.ASCII)
        if not found or not EARLIEST <= int(found[1]) < LATEST:
            raise ReportError(f"{text!r} is no half of a year: write it as in 2026H1.")
        return cls._months(Span.HALF, int(found[1]), 1 if found[2] == "1" else 7, 6, zone)

    @classmethod
    def days_between(cls, first: date, last: date, zone: ZoneInfo) -> Self:
        """Any days.

        Raises:
            ReportError: the last lies before the first, or they are more than two years.
        """
        if last < first:
            raise ReportError(f"The period ends ({last}) before it begins ({first}): exchange the two days.")
        if not EARLIEST <= first.year <= last.year < LATEST or (last - first).days > 366 * 2:
            raise ReportError(f"A report holds at most two years between {EARLIEST} and {LATEST}: choose fewer days.")
        return cls(span=Span.DAYS, first=first, last=last, zone=zone)

    @classmethod
    def _months(cls, span: Span, year: int, month: int, count: int, zone: ZoneInfo) -> Self:
        behind = year * 12 + month - 1 + count
        last = date(behind // 12, behind % 12 + 1, 1) - timedelta(days=1)
        return cls(span=span, first=date(year, month, 1), last=last, zone=zone)

    @property
    def since(self) -> datetime:
        """The first instant."""
        return midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The first instant behind it."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def name(self) -> str:
        """As it is written in commands and file names: `2026-10`, `2026H1`, `2026-10-01_2026-10-15`."""
        if self.span is Span.MONTH:
            return f"{self.first:%Y-%m}"
        if self.span is Span.HALF:
            return f"{self.first.year}H{1 if self.first.month == 1 else 2}"
        return f"{self.first}_{self.last}"

    def days(self) -> Iterator[date]:
        """Every day, in order."""
        for ordinal in range(self.first.toordinal(), self.last.toordinal() + 1):
            yield date.fromordinal(ordinal)

    def before(self) -> Period:
        """The month or half before; as many days right before it for any other."""
        if self.span is Span.DAYS:
            days = (self.last - self.first).days + 1
            return Period(
                span=Span.DAYS,
                first=self.first - timedelta(days=days),
                last=self.first - timedelta(days=1),
                zone=self.zone,
            )
        return self._moved(-(1 if self.span is Span.MONTH else 6))

    def year_before(self) -> Period:
        """The same month or half a year before; the same dates for any other."""
        if self.span is Span.DAYS:
            first = _a_year_before(self.first)
            return Period(span=Span.DAYS, first=first, last=max(first, _a_year_before(self.last)), zone=self.zone)
        return self._moved(-12)

    def _moved(self, months: int) -> Period:
        begin = self.first.year * 12 + self.first.month - 1 + months
        count = 1 if self.span is Span.MONTH else 6
        return Period._months(self.span, begin // 12, begin % 12 + 1, count, self.zone)


def _a_year_before(day: date) -> date:
    """The same date a year before; 28 February for the leap day."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)

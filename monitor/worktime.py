"""Working time: which hours of which days the centre is there for, in its own time zone.

Days of the week have hours, with a lunch shift inside them; public holidays with their substitutes come from the
library `holidays`, and the institution adds closed days, or opens a holiday, by date.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    import holidays

    from monitor.texts import Language

_LIBRARY_LANGUAGES: Mapping[Language, str] = {"ko": "ko", "en": "en_US"}
_DAY_MINUTES = 24 * 60


class Hours(StrEnum):
    """Whether the centre is there."""

    WORKING = "working"
    LUNCH = "lunch"
    """The lunch shift: fewer people, within the hours of the day."""
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """From one minute of the local day to another, half-open; 1440 is midnight behind it."""

    begin: int
    end: int

    @classmethod
    def read(cls, text: str) -> Shift:
        """A shift written `09:00-18:00`; `24:00` is the end of the day.

        Raises:
            ValueError: it is none, with what is wrong.
        """
        parts = text.split("-")
        if len(parts) != 2:
            raise ValueError("must be written as in 09:00-18:00")
        begin, end = (_minute(part.strip()) for part in parts)
        if begin >= end:
            raise ValueError("ends before it begins; write it as in 09:00-18:00")
        return cls(begin=begin, end=end)


def _minute(text: str) -> int:
    if text == "24:00":
        return _DAY_MINUTES
    try:
        at = time.fromisoformat(text)
    except ValueError:
        raise ValueError("must be written as in 09:00-18:00") from None
    if at.second or at.microsecond or at.tzinfo or len(text) != 5:
        raise ValueError("must be written as in 09:00-18:00")
    return at.hour * 60 + at.minute


@dataclass(frozen=True, kw_only=True)
class WorkTime:
    """The working time of one centre. Without any week it is always there, and every instant is working time."""

    # Holidays are worked out when first asked for and kept; a pickled or compared one is its fields alone.

    zone: ZoneInfo
    week: tuple[Shift | None, ...] = (None,) * 7
    """The hours of Monday to Sunday; None for a day off."""
    lunch: Shift | None = None
    lunch_counts: bool = True
    """Whether a promise that is judged on working time holds in the lunch shift too."""
    country: str = "KR"
    """Whose public holidays are days off; empty for none."""
    closed: frozenset[date] = frozenset()
    """The institution's own closed days."""
    opened: frozenset[date] = frozenset()
    """Days that are worked although they are holidays or closed."""

    def hours_at(self, at: datetime) -> Hours:
        """Whether the centre is there at an aware instant."""
        if self.always:
            return Hours.WORKING
        local = at.astimezone(self.zone)
        shift = self.shift_on(local.date())
        if shift is None:
            return Hours.OUTSIDE
        minute = local.hour * 60 + local.minute
        if not shift.begin <= minute < shift.end:
            return Hours.OUTSIDE
        if self.lunch is not None and self.lunch.begin <= minute < self.lunch.end:
            return Hours.LUNCH
        return Hours.WORKING

    def counts(self, hours: Hours) -> bool:
        """Whether a promise judged on working time is judged then."""
        return hours is Hours.WORKING or (hours is Hours.LUNCH and self.lunch_counts)

    @cached_property
    def always(self) -> bool:
        """Whether the centre never closes: no day of the week has hours."""
        return not any(self.week)

    def shift_on(self, day: date) -> Shift | None:
        """The hours of a local day; None where it is a day off. The whole day where the centre never closes."""
        if self.always:
            return Shift(begin=0, end=_DAY_MINUTES)
        return None if self.day_off(day) else self.week[day.weekday()]

    def day_off(self, day: date) -> bool:
        """A public holiday or a closed day, unless it was opened; a centre that never closes has none."""
        return not self.always and day not in self.opened and (day in self.closed or self.holiday(day, "ko") != "")

    def first_working_day(self, year: int, month: int) -> date:
        """The first day of a month that has hours; its first day of all where none has."""
        first = date(year, month, 1)
        behind = date(year + month // 12, month % 12 + 1, 1)
        days = (date.fromordinal(ordinal) for ordinal in range(first.toordinal(), behind.toordinal()))
        return next((day for day in days if self.shift_on(day) is not None), first)

    def holiday(self, day: date, language: Language) -> str:
        """The name of the public holiday on a day; empty where there is none.

        **Source:** the library `holidays`, which knows the substitutes of Korean law and elections.
        """
        return self._holidays[language].get(day, "") if self.country else ""

    def names_of(self, day: date) -> Mapping[Language, str]:
        """The name of the public holiday on a day in each language; empty where there is none."""
        return {language: name for language in _LIBRARY_LANGUAGES if (name := self.holiday(day, language))}

    @cached_property
    def _holidays(self) -> Mapping[Language, holidays.HolidayBase]:
        import holidays  # noqa: PLC0415 - takes a tenth of a second, and only reports ask for it

        found: dict[Language, holidays.HolidayBase] = {}
        for language, code in _LIBRARY_LANGUAGES.items():
            known = holidays.country_holidays(self.country).supported_languages
            found[language] = holidays.country_holidays(self.country, language=code if code in known else None)
        return found

    def __getstate__(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

"""How the values of a report are written for people, in print, on charts and in mail alike."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from monitor.forms import NOTHING, percent, points, tenths
from monitor.reports.document import Kind
from monitor.texts import catalogue

if TYPE_CHECKING:
    from monitor.reports.document import Value
    from monitor.texts import Language

_SECOND_US = 1_000_000


def written(value: Value, kind: Kind, language: Language, *, unit: bool = True) -> str:
    """A value in words of its kind; `-` where there is none.

    Args:
        value: as the document holds it; seconds and shares as plain numbers.
        kind: what it is.
        language: of its unit.
        unit: whether the unit of seconds and points stands behind it; a column of them needs none.
    """
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    return _number(value, kind, language, unit=unit)


def _number(value: float, kind: Kind, language: Language, *, unit: bool) -> str:
    words = catalogue(language)
    match kind:
        case Kind.SHARE:
            return percent(value)
        case Kind.POINTS:
            told = points(value)
            return words.gettext("{points} points").format(points=told) if unit else told
        case Kind.SECONDS:
            seconds = tenths(round(value * _SECOND_US))
            return words.gettext("{seconds} s").format(seconds=seconds) if unit else seconds
        case Kind.DURATION:
            minutes, seconds_left = divmod(int(value), 60)
            hours, minutes = divmod(minutes, 60)
            return f"{hours:,}:{minutes:02}:{seconds_left:02}"
        case Kind.NUMBER:
            return f"{value:,.1f}"
        case _:
            return f"{value:,}"

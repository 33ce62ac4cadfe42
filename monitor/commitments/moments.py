"""Days and times as people and spreadsheets write them. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY = r"(\d{4})\s*[-./년]\s*(\d{1,2})\s*[-./월]\s*(\d{1,2})\s*[.일]?"
_TIME = r"(오전|오후|AM|PM)?\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,6})?)?\s*(AM|PM)?"
_WRITTEN = re.compile(rf"{_DAY}(?:(?:T|\s*)(?:\([월화수목금토일]\)\s*)?{_TIME})?", re.IGNORECASE)
_SERIAL_FROM = datetime(1899, 12, 30)  # noqa: DTZ001 - days of a spreadsheet have no zone
"""Day 0 of Excel's count, from 1 March 1900 on.

**Source:** ECMA-376, part 1, section 18.17.4.1.
"""
_SERIALS = range(36526, 73051)
"""Day numbers of the years 2000 to 2099: no other number is taken for a day."""


def read_instant(text: str, zone: ZoneInfo) -> datetime:
    """An instant written `2026-11-25`, `2026. 11. 25.`, `2026-11-25 오후 2:30`, `2026-11-25T14:30+09:00` and the like.

    A day without a time is its first instant; without a zone it is the centre's.

    Raises:
        ValueError: it is none.
    """
    text = text.strip()
    found = _WRITTEN.fullmatch(text)
    if found is None:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo is not None else at.replace(tzinfo=zone)
    year, month, day = (int(found[number]) for number in (1, 2, 3))
    half, hour, minute, second = found[4] or found[8], int(found[5] or 0), int(found[6] or 0), int(found[7] or 0)
    if half is not None:
        if (found[4] and found[8]) or not 1 <= hour <= 12:
            raise ValueError("no such time")
        hour = hour % 12 + (12 if half.upper() in ("오후", "PM") else 0)
    return datetime.combine(date(year, month, day), time(hour, minute, second), zone)


def instant_of_cell(cell: object, zone: ZoneInfo) -> datetime:
    """An instant as a spreadsheet's cell holds it: a date, a day's number, or a text.

    Raises:
        ValueError: it is none.
    """
    if isinstance(cell, datetime):
        return cell if cell.tzinfo is not None else cell.replace(tzinfo=zone)
    if isinstance(cell, date):
        return datetime.combine(cell, time.min, zone)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if int(cell) not in _SERIALS:
            raise ValueError("no day's number")
        # To the second: a day's fraction holds no more.
        return (_SERIAL_FROM + timedelta(seconds=round(cell * 86_400))).replace(tzinfo=zone)
    return read_instant(str(cell), zone)

"""Periods as commands take them: whole days of the centre, or instants."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import typer

from monitor.cli_reports import day_of
from monitor.errors import ReportError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)


def moments(since: str, until: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a period, and the first one behind it.

    Args:
        since: a day, `2026-10-01`, or an instant, `2026-10-01T09:00`; without an offset in the centre's time zone.
        until: the last day, which belongs to the period, or the first instant that does not.
        zone: the centre's.

    Raises:
        typer.BadParameter: it is none, or ends before it begins.
    """
    period = _moment(since, zone), _moment(until, zone, behind=True)
    if period[1] <= period[0]:
        raise typer.BadParameter(f"The period ends ({until}) before it begins ({since}): exchange the two.")
    return period


def _moment(text: str, zone: ZoneInfo, *, behind: bool = False) -> datetime:
    if _INSTANT.fullmatch(text):
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            return at if at.tzinfo is not None else at.replace(tzinfo=zone)
    # Not with the module: --help need not wait for the reports.
    from monitor.reports.periods import midnight

    try:
        day = day_of(text)
    except ReportError as error:
        raise typer.BadParameter(
            f"{text!r} is neither a day nor an instant: write it as in 2026-10-01 or 2026-10-01T09:00."
        ) from error
    return midnight(day + timedelta(days=behind), zone)

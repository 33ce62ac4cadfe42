"""How the page of reports names periods, steps, sizes and what went wrong, in the viewer's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.report_work import Problem
from monitor.reports.period_words import PeriodWords
from monitor.reports.periods import Period

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from gettext import NullTranslations
    from zoneinfo import ZoneInfo

    from monitor.reports.periods import Span


def _(text: str) -> str:
    """Mark a text for the catalogues; it is put into words where it is told."""
    return text


_STEPS = {
    "": _("Beginning"),
    "reading": _("Reading the ledger"),
    "counting": _("Counting"),
    "drawing": _("Drawing pages and charts"),
    "writing": _("Writing the files"),
    "mailing": _("Writing the mail"),
}
_PROBLEMS = {
    Problem.LEDGER: _("The ledger does not answer. Order the report again once the board no longer says so."),
    Problem.REPORT: _("The report cannot be made as it was asked for. Change the order."),
    Problem.FILES: _("The report could not be written where reports are kept. See that the disk has room."),
    Problem.MEMORY: _("There was not enough memory. Choose fewer days."),
    Problem.BROKEN: _("Something went wrong that should not have. Tell whoever looks after the monitor."),
    Problem.ENDED: _("The process that made the report was ended from outside. Order the report again."),
    Problem.LATE: _("It took too long and was given up. Choose fewer days."),
    Problem.STOPPED: _("The monitor was stopped. Order the report again."),
}
_EXPLAINED = {Problem.LEDGER, Problem.REPORT, Problem.FILES, Problem.BROKEN}
"""Where the error's own sentence says more."""
_THOUSAND = 1000


class Words:
    """The words of one language.

    Args:
        catalogue: of the language.
        zone: the centre's.
    """

    def __init__(self, catalogue: NullTranslations, zone: ZoneInfo) -> None:
        self._words = catalogue
        self._periods = PeriodWords(catalogue)
        self._zone = zone

    def period(self, span: Span, first: date, last: date) -> str:
        """A period as it stands alone: October 2026, First half of 2026, or from one day to another."""
        name = self._periods.period(span, first, last)
        return name[:1].upper() + name[1:]

    def month(self, name: str) -> str:
        """The month written `2026-10`."""
        return self._named(Period.month, name)

    def half(self, name: str) -> str:
        """The half written `2026H1`."""
        return self._named(Period.half, name)

    def _named(self, read: Callable[[str, ZoneInfo], Period], name: str) -> str:
        period = read(name, self._zone)
        return self.period(period.span, period.first, period.last)

    def step(self, step: str) -> str:
        """What is being done."""
        return self._words.gettext(_STEPS.get(step, _STEPS[""]))

    def problem(self, problem: Problem) -> str:
        """Why there is no report, and what to do."""
        return self._words.gettext(_PROBLEMS[problem])

    def explained(self, problem: Problem) -> bool:
        """Whether the error's own sentence, which is English, says more."""
        return problem in _EXPLAINED

    def left(self, seconds: float) -> str:
        """How long it will still take, roughly: whoever waits needs no more."""
        if seconds < 10:
            return self._words.gettext(_("a few seconds left"))
        if seconds < 90:
            return self._words.gettext(_("about {seconds} s left")).format(seconds=round(seconds / 5) * 5)
        return self._words.gettext(_("about {minutes} min left")).format(minutes=round(seconds / 60))


def size(count: int) -> str:
    """Bytes as people read them: `312 kB`, `1.4 MB`."""
    if count < _THOUSAND**2:
        return f"{max(1, round(count / _THOUSAND))} kB"
    return f"{count / _THOUSAND**2:.1f} MB"


def language_in(name: str) -> str:
    """The language that a report's file name ends with before its form; empty for none."""
    found = re.search(r"\.(ko|en)\.[^/]+$", name)
    return found[1] if found else ""

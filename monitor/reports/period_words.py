"""Months, halves and days as periods are called, in one language; page and reports call them alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.reports.periods import Span

if TYPE_CHECKING:
    from datetime import date
    from gettext import NullTranslations


class PeriodWords:
    """What periods are called in one language.

    Args:
        catalogue: of the language.

    Attributes:
        months: their names, January first.
    """

    def __init__(self, catalogue: NullTranslations) -> None:
        self._text = catalogue.gettext
        _c = catalogue.pgettext
        self.months = (
            _c("month", "January"),
            _c("month", "February"),
            _c("month", "March"),
            _c("month", "April"),
            _c("month", "May"),
            _c("month", "June"),
            _c("month", "July"),
            _c("month", "August"),
            _c("month", "September"),
            _c("month", "October"),
            _c("month", "November"),
            _c("month", "December"),
        )

    def day(self, day: date) -> str:
        """A date in words."""
        _ = self._text
        return _("{day} {month} {year}").format(day=day.day, month=self.months[day.month - 1], year=day.year)

    def month(self, year: int, month: int) -> str:
        """A month in words."""
        _ = self._text
        return _("{month} {year}").format(month=self.months[month - 1], year=year)

    def period(self, span: Span, first: date, last: date) -> str:
        """A period in words, as it stands in a sentence."""
        _ = self._text
        if span is Span.MONTH:
            return self.month(first.year, first.month)
        if span is Span.HALF:
            half = _("first half of {year}") if first.month == 1 else _("second half of {year}")
            return half.format(year=first.year)
        if first == last:
            return self.day(first)
        return _("{first} to {last}").format(first=self.day(first), last=self.day(last))

"""The words of reports in one language: numbers in sentences, days, periods, rules, and what terms are called.

Sentences themselves stand with the chapters that say them. **Source:** docs/glossary.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from monitor import forms
from monitor.calls.facts import GapCause
from monitor.calls.formulas import agreement
from monitor.calls.rules import Reading
from monitor.reports.figures import Why
from monitor.reports.period_words import PeriodWords
from monitor.texts import catalogue, texts_in
from monitor.worktime import Hours

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from monitor.calls.formulas import Agreement
    from monitor.reports.figures import RuleFigures
    from monitor.reports.periods import Period
    from monitor.texts import Language


class Words:
    """The words of one language.

    Args:
        language: which.
    """

    def __init__(self, language: Language) -> None:
        texts = catalogue(language)
        self.language = language
        self.text = texts.gettext
        self.of = texts.pgettext
        self.number = texts.ngettext
        """English needs a singular where a count stands in a sentence."""
        self.terms = texts_in(language)
        _c = texts.pgettext
        self._periods = PeriodWords(texts)
        self.weekdays = (
            _c("weekday", "Mon"),
            _c("weekday", "Tue"),
            _c("weekday", "Wed"),
            _c("weekday", "Thu"),
            _c("weekday", "Fri"),
            _c("weekday", "Sat"),
            _c("weekday", "Sun"),
        )
        self.hours: Mapping[Hours, str] = {
            Hours.WORKING: _c("hours", "working time"),
            Hours.LUNCH: _c("hours", "lunch shift"),
            Hours.OUTSIDE: _c("hours", "outside working time"),
        }
        self.whys: Mapping[Why, str] = {
            Why.PHONES_UNANSWERED: _c("why", "phones rang unanswered"),
            Why.ALL_BUSY: _c("why", "all agents were busy"),
            Why.NOT_OFFERED: _c("why", "somebody was free, no phone rang"),
            Why.NOBODY_SIGNED_IN: _c("why", "nobody was signed in"),
            Why.NOT_OBSERVED: _c("why", "not observed"),
        }

    def heading(self, term: str) -> str:
        """A term at the head of a column."""
        return term[:1].upper() + term[1:]

    # -- numbers in sentences

    def count(self, count: int) -> str:
        """A whole number with its thousands parted."""
        return f"{count:,}"

    def calls(self, count: int) -> str:
        """So many calls."""
        ngettext = self.number
        return ngettext("{count} call", "{count} calls", count).format(count=self.count(count))

    def rings(self, rings: int) -> str:
        """So many rings."""
        ngettext = self.number
        return ngettext("{count} ring", "{count} rings", rings).format(count=self.count(rings))

    def won(self, amount: int) -> str:
        """An amount of money."""
        _ = self.text
        return _("{amount} won").format(amount=self.count(amount))

    def kappa(self, kappa: float | None) -> str:
        """Agreement of two people, with the two decimals it is always given with, and in words."""
        if kappa is None:
            return "-"
        _c = self.of
        words: Mapping[Agreement, str] = {
            "poor": _c("agreement", "poor"),
            "slight": _c("agreement", "slight"),
            "fair": _c("agreement", "fair"),
            "moderate": _c("agreement", "moderate"),
            "substantial": _c("agreement", "substantial"),
            "almost_perfect": _c("agreement", "almost perfect"),
        }
        return f"{kappa:.2f} ({words[agreement(kappa)]})"

    def percent(self, share: float | None) -> str:
        """A share; see `monitor.forms.percent`."""
        return forms.percent(share)

    def points(self, difference: float) -> str:
        """A difference of two shares."""
        _ = self.text
        return _("{points} points").format(points=forms.points(difference))

    def seconds(self, duration_us: float | None) -> str:
        """Seconds with one decimal."""
        return self.text("{seconds} s").format(seconds=forms.tenths(duration_us))

    def limit(self, duration_us: int) -> str:
        """A setting in seconds, with a decimal only where it has one."""
        return self.text("{seconds} s").format(seconds=forms.tenths(duration_us).removesuffix(".0"))

    def more_calls(self, difference: float) -> str:
        """A difference in calls with its sign."""
        sign = "±" if not difference else "-" if difference < 0 else "+"
        return sign + self.calls(round(abs(difference)))

    def more_seconds(self, difference_us: float) -> str:
        """A difference in seconds with its sign."""
        seen = abs(difference_us) >= 100_000  # a tenth: what is cut to 0.0 has no sign
        sign = "±" if not seen else "-" if difference_us < 0 else "+"
        return sign + self.seconds(abs(difference_us))

    def duration(self, duration_us: int) -> str:
        """Hours, minutes and seconds in words, as far as they are needed."""
        _ = self.text
        minutes, seconds = divmod(duration_us // 1_000_000, 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return _("{hours} h {minutes} min").format(hours=self.count(hours), minutes=minutes)
        if minutes:
            return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=seconds)
        return self.seconds(duration_us)

    # -- days and periods

    def day(self, day: date) -> str:
        """A date in words."""
        return self._periods.day(day)

    def month(self, year: int, month: int) -> str:
        """A month in words."""
        return self._periods.month(year, month)

    def instant(self, at: datetime) -> str:
        """A local day and time of day, to the minute."""
        return f"{at:%Y-%m-%d %H:%M}"

    def period(self, period: Period) -> str:
        """A period in words."""
        return self._periods.period(period.span, period.first, period.last)

    def half_hour(self, half_hour: int) -> str:
        """When a half-hour of the day begins, counted from 0."""
        return f"{half_hour // 2:02}:{half_hour % 2 * 30:02}"

    # -- rules and terms

    def reading(self, reading: Reading, limit: int) -> str:
        """What a reading is called."""
        return self.terms.readings[reading].format(limit=limit)

    def rule(self, rule: RuleFigures) -> str:
        """A rule in words: what keeps it, under the reading that is its headline."""
        _ = self.text
        if rule.headline is Reading.WITHIN:
            text = _("{rule}: kept when a person answers within ring {limit}, that is under {seconds} s of ringing")
            below_us = rule.limit * rule.period_us
        else:
            text = _("{rule}: kept when a person answers before ring {limit} begins, under {seconds} s of ringing")
            below_us = (rule.limit - 1) * rule.period_us
        return text.format(rule=rule.label, limit=rule.limit, seconds=forms.tenths(below_us))

    def gap_cause(self, cause: GapCause | Literal["before_monitor"]) -> str:
        """Why something was not observed."""
        _c = self.of
        return self.terms.gap_causes[cause] if isinstance(cause, GapCause) else _c("gap", "before the monitor")

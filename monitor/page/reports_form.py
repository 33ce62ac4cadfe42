"""The form that orders a report: what somebody asks for, as they wrote it, checked, and as an order.

What cannot be used is named by field and fault; the template says it beside the field, in the viewer's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from monitor.errors import ReportError
from monitor.ledger.filters import MAX_TEXT
from monitor.reports.order import FileFormat, Order, asked_by
from monitor.reports.periods import Period, Span
from monitor.texts import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from monitor.texts import Language

Fault = Literal["day", "backwards", "long", "future", "text", "choice", "none"]

FIELDS = ("span", "month", "half", "from", "to", "line", "queue", "rule", "agents")
"""As they are called in the form; each language and each format is a box of its own beside them."""
MONTHS_OFFERED = 24
HALVES_OFFERED = 6
_USUAL_FORMATS = (FileFormat.PDF, FileFormat.XLSX)
_ON = "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the form offers."""

    today: date
    """In the centre."""
    zone: ZoneInfo
    lines: Sequence[str]
    rules: Sequence[str]
    """Labels of the configured rules."""
    agents: bool
    """Figures of single agents may be told."""

    def months(self) -> list[str]:
        """As `2026-10`, this one first."""
        latest = self.today.year * 12 + self.today.month - 1
        return [f"{month // 12}-{month % 12 + 1:02}" for month in range(latest, latest - MONTHS_OFFERED, -1)]

    def halves(self) -> list[str]:
        """As `2026H1`, this one first."""
        latest = self.today.year * 2 + (self.today.month - 1) // 6
        return [f"{half // 2}H{half % 2 + 1}" for half in range(latest, latest - HALVES_OFFERED, -1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderForm:
    """One wish, checked."""

    values: Mapping[str, str]
    """What stands in each field; a box that is ticked holds `yes`."""
    faults: Mapping[str, Fault]
    """What is wrong, by field; `languages` and `formats` stand for their boxes."""
    order: Order | None
    """None where something is wrong, and where nothing was asked for yet."""


def fresh(choices: Choices, language: Language, begins: date | None) -> OrderForm:
    """The form as somebody finds it: last month, for management, in their language.

    Args:
        choices: what is offered.
        language: the viewer's.
        begins: the day of the ledger's first call, if it is known. This month where there was none in the last.
    """
    first = choices.today.replace(day=1)
    months, halves = choices.months(), choices.halves()
    half_begins = first.replace(month=1 if first.month <= 6 else 7)
    values = dict.fromkeys((*FIELDS, *LANGUAGES, *FileFormat), "")
    values |= {
        "span": Span.MONTH,
        "month": months[0] if begins is not None and begins >= first else months[1],
        "half": halves[0] if begins is not None and begins >= half_begins else halves[1],
        "from": first.isoformat(),
        "to": choices.today.isoformat(),
        "agents": _ON if choices.agents else "",
        language: _ON,
    }
    return OrderForm(values=values | dict.fromkeys(_USUAL_FORMATS, _ON), faults={}, order=None)


def read_order(asked: Mapping[str, str], choices: Choices, *, made_by: str) -> OrderForm:
    """Check what was asked for.

    Args:
        asked: the fields by name.
        choices: what was offered.
        made_by: who asks.
    """
    values = {name: asked.get(name, "").strip() for name in (*FIELDS, *LANGUAGES, *FileFormat)}
    faults: dict[str, Fault] = {}
    period = _period(values, choices, faults)
    if values["line"] and values["line"] not in choices.lines:
        faults["line"] = "choice"
    if values["rule"] and values["rule"] not in choices.rules:
        faults["rule"] = "choice"
    if len(values["queue"]) > MAX_TEXT or not values["queue"].isprintable():
        faults["queue"] = "text"
    languages = tuple(language for language in LANGUAGES if values[language])
    formats = tuple(form for form in FileFormat if values[form])
    if not languages:
        faults["languages"] = "none"
    if not formats:
        faults["formats"] = "none"
    if faults or period is None:
        return OrderForm(values=values, faults=faults, order=None)
    order = Order(
        period=period,
        line=values["line"] or None,
        queue=values["queue"] or None,
        languages=languages,
        formats=formats,
        rule=values["rule"] or None,
        agents=bool(values["agents"]) and choices.agents and period.span is not Span.HALF,
        publishable=period.span is Span.HALF,
        made_by=asked_by(made_by),
    )
    return OrderForm(values=values, faults=faults, order=order)


def _period(values: Mapping[str, str], choices: Choices, faults: dict[str, Fault]) -> Period | None:
    """The period, or None with what is wrong among the faults."""
    field = values["span"]
    try:
        if field == Span.MONTH:
            period = Period.month(values[field], choices.zone)
        elif field == Span.HALF:
            period = Period.half(values[field], choices.zone)
        elif field == Span.DAYS:
            field = "to"
            found = _days(values, faults)
            if found is None:
                return None
            period = Period.days_between(*found, choices.zone)
        else:
            faults["span"] = "choice"
            return None
    except ReportError:
        # Of two days in order only their number is left to be wrong; of a list nothing but its choice.
        faults[field] = "long" if field == "to" else "choice"
        return None
    if period.first > choices.today:
        faults["from" if field == "to" else field] = "future"
        return None
    return period


def _days(values: Mapping[str, str], faults: dict[str, Fault]) -> tuple[date, date] | None:
    found = []
    for name in ("from", "to"):
        try:
            found.append(date.fromisoformat(values[name]))
        except ValueError:
            faults[name] = "day"
    if faults:
        return None
    first, last = found
    if last < first:
        faults["to"] = "backwards"
        return None
    return first, last

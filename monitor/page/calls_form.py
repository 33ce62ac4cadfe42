"""The form above the list of calls: what somebody asks for, as they wrote it, checked, and as a filter of the ledger.

What cannot be used is named by field and fault; the template says it beside the field, in the viewer's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urlencode

from monitor.calls.facts import Observed, Outcome, Verdict
from monitor.calls.rules import Reading
from monitor.errors import SearchError
from monitor.ledger.filters import MAX_TEXT, CallFilter, hashed_caller
from monitor.numbers import PLAIN, hash_mark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo
    from enum import StrEnum

    from monitor.numbers import Numbers

Fault = Literal["day", "backwards", "text", "digits", "hashed", "choice", "place"]
Word = TypeVar("Word", bound="StrEnum")

FIELDS = ("from", "to", "line", "queue", "team", "agent", "number", "outcome", "observed", "verdict", "reading")
"""As they are called in the address, in the order of the form."""
NUMBER_DIGITS = 4
"""More would let somebody who sees masked numbers find the digits between by asking for one after the other."""
_YEARS = range(1970, 3000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One question, checked."""

    values: Mapping[str, str]
    """What stands in each field."""
    faults: Mapping[str, Fault]
    """What is wrong, by field."""
    chosen: CallFilter | None
    """None where something is wrong."""
    after: str | None
    """Where the page of the list goes on from."""
    hashed: bool = False
    """The ledger keeps hashes in place of numbers: whole numbers are looked for, and their marks."""

    @property
    def number_shown(self) -> str:
        """What stands in the field of the number: of a hash its mark."""
        return hash_mark(self.values["number"]) or self.values["number"]

    @property
    def days(self) -> tuple[str, str]:
        """The first day and the last."""
        return self.values["from"], self.values["to"]

    @property
    def narrowed(self) -> bool:
        """Whether anything but the days was asked for."""
        return any(self.values[name] for name in FIELDS[2:-1])

    def query(self, **more: str | None) -> str:
        """The question as an address has it, with more of the like behind it."""
        said = {name: self.values[name] for name in FIELDS if self.values[name]}
        return urlencode(said | {name: value for name, value in more.items() if value is not None})


def read_form(
    asked: Mapping[str, str], *, now: datetime, zone: tzinfo, headline: Reading, numbers: Numbers = PLAIN
) -> Form:
    """Check what was asked for.

    Args:
        asked: the fields by name; what is missing or empty was not asked for.
        now: the present, whose day is shown where none is named.
        zone: the centre's, in which days begin.
        headline: the reading that verdicts are looked up by where none is named.
        numbers: how the ledger keeps callers' numbers.
    """
    values = {name: asked.get(name, "").strip() for name in FIELDS}
    faults: dict[str, Fault] = {}
    first, last = (_day(values, name, faults) for name in ("from", "to"))
    if first is None and last is None:
        first = last = now.astimezone(zone).date()
    first = first or last
    last = last or max(now.astimezone(zone).date(), first or date.min)
    if first is not None and not faults and first > last:
        faults["to"] = "backwards"
    for name in ("line", "queue", "team", "agent"):
        if len(values[name]) > MAX_TEXT or not values[name].isprintable():
            faults[name] = "text"
    caller = _caller(values, faults, numbers)
    outcome = _word(values, "outcome", Outcome, faults)
    observed = _word(values, "observed", Observed, faults)
    verdict = _word(values, "verdict", Verdict, faults)
    reading = _word(values, "reading", Reading, faults) or headline
    if "reading" not in faults:
        values["reading"] = reading.value
    after = asked.get("after") or None
    if faults or first is None:
        return Form(values=values, faults=faults, chosen=None, after=after, hashed=numbers.hashed)
    chosen = CallFilter(
        since=datetime.combine(first, time.min, zone),
        until=datetime.combine(last + timedelta(days=1), time.min, zone),
        line=values["line"] or None,
        queue=values["queue"] or None,
        team=values["team"] or None,
        agent=values["agent"] or None,
        **caller,
        outcome=outcome,
        observed=observed,
        verdict=verdict,
        reading=reading,
    )
    values |= {"from": first.isoformat(), "to": last.isoformat()}
    return Form(values=values, faults=faults, chosen=chosen, after=after, hashed=numbers.hashed)


def _day(values: Mapping[str, str], name: str, faults: dict[str, Fault]) -> date | None:
    if not values[name]:
        return None
    try:
        day = date.fromisoformat(values[name])
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        faults[name] = "day"
        return None
    return day


def _caller(values: dict[str, str], faults: dict[str, Fault], numbers: Numbers) -> dict[str, str]:
    """Whose calls are looked for, as fields of the filter; in links of the page stands the hash, and not the number."""
    number = values["number"]
    if not number:
        return {}
    if numbers.hashed:
        try:
            caller = hashed_caller(number, numbers)
        except SearchError:
            faults["number"] = "hashed"
            return {}
        (values["number"],) = caller.values()
        return caller
    if not (number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS):
        faults["number"] = "digits"
    return {"number_ends": number}


def _word(values: Mapping[str, str], name: str, kind: type[Word], faults: dict[str, Fault]) -> Word | None:
    if not values[name]:
        return None
    try:
        return kind(values[name])
    except ValueError:
        faults[name] = "choice"
        return None

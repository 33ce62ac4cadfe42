"""What the JSON API may be asked: each parameter once, as it is read and as its OpenAPI document describes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from monitor.calls.facts import Observed, Outcome, Scope, TransferKind, TransferResult, Verdict
from monitor.calls.rules import Reading
from monitor.ledger.filters import MAX_TEXT
from monitor.ledger.search import MAX_LIMIT
from monitor.ledger.statistics import MAX_WITHIN_SECONDS, WITHIN_SECONDS
from monitor.page.api_problems import close_to, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import tzinfo
    from enum import StrEnum

LIMIT = 50
"""Rows on a page where nobody asks for another number."""
_YEARS = range(1970, 3000)
_SHOWN = 40
"""How much of a wrong value an answer repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a question."""

    name: str
    filter_name: str
    """What the ledger's filters call it."""
    description: str
    schema: Mapping[str, Any]
    read: Callable[[str], Any] = str
    """Makes a value of the text; raises ValueError with a sentence's end where it cannot."""
    example: str | int | float | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A day or an instant, as somebody wrote it; a day has no length until a time zone is known."""

    said: date | datetime

    def begins_at(self, zone: tzinfo) -> datetime:
        """The instant, or the first one of the day."""
        return self.said if isinstance(self.said, datetime) else datetime.combine(self.said, time.min, zone)

    def ends_at(self, zone: tzinfo) -> datetime:
        """The instant, or the first one behind the day."""
        if isinstance(self.said, datetime):
            return self.said
        return datetime.combine(self.said + timedelta(days=1), time.min, zone)


def _moment(text: str) -> Moment:
    said: date | datetime | None = None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            said = date.fromisoformat(text)
        elif "T" in text:
            at = datetime.fromisoformat(text)
            said = at if at.tzinfo is not None else None
    except ValueError:
        said = None
    if said is None or said.year not in _YEARS:
        raise ValueError("write a day as 2026-03-02, or an instant as 2026-03-02T09:00:00+09:00 (with + as %2B).")
    return Moment(said)


def _whole_number(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= most:
            raise ValueError(f"give a whole number from 1 to {most}.")
        return int(text)

    return read


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or float(text) > MAX_WITHIN_SECONDS:
        raise ValueError(f"give seconds from 0 to {MAX_WITHIN_SECONDS}.")
    return float(text)


def _word(terms: type[StrEnum]) -> Callable[[str], StrEnum]:
    def read(text: str) -> StrEnum:
        try:
            return terms(text)
        except ValueError:
            raise ValueError(close_to(text, [term.value for term in terms])) from None

    return read


def _only(word: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text != word:
            raise ValueError(f"the only word for it is {word}.")
        return text

    return read


def _of_words(name: str, terms: type[StrEnum], description: str, *, default: StrEnum | None = None) -> Parameter:
    schema: dict[str, Any] = {"type": "string", "enum": [term.value for term in terms]}
    if default is not None:
        schema["default"] = default.value
    return Parameter(name=name, filter_name=name, description=description, schema=schema, read=_word(terms))


def _of_text(name: str, description: str, example: str) -> Parameter:
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    return Parameter(name=name, filter_name=name, description=description, schema=schema, example=example)


_MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d(T.+)?$"}
PERIOD = (
    Parameter(
        name="from",
        filter_name="since",
        description="A day of the centre, from its beginning, or an instant with its time zone; today if left out.",
        schema=_MOMENT,
        read=_moment,
        example="2026-03-02",
    ),
    Parameter(
        name="to",
        filter_name="until",
        description="A day of the centre, to its end, or an instant, which is not in the period; today if left out.",
        schema=_MOMENT,
        read=_moment,
        example="2026-03-31",
    ),
    _of_text("system", "Only this Asterisk's.", "pbx1"),
    _of_text("line", "Only this line's.", "1588-6565"),
)
PAGING = (
    Parameter(
        name="limit",
        filter_name="limit",
        description="Rows on a page.",
        schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": LIMIT},
        read=_whole_number(MAX_LIMIT),
    ),
    Parameter(
        name="after",
        filter_name="after",
        description="`next` of the page before: where to go on. The other parameters stay as they were.",
        schema={"type": "string", "minLength": 1},
    ),
)
QUEUE = _of_text("queue", "The queue of the answer, else the last one the caller waited in.", "support")
TEAM = _of_text("team", "The team whose call it is.", "원격응대팀")
OF_CALLS = (
    *PERIOD,
    QUEUE,
    TEAM,
    _of_text("agent", "A phone's interface or a member's name: it answered, or rang for the call.", "PJSIP/agent1"),
    Parameter(
        name="number",
        filter_name="number_ends",
        description="The last digits of the caller's number; more than four only for those who see numbers in full. "
        "Where the ledger keeps hashes: the whole number, or its mark as in #7K3F.",
        schema={"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
        example="5678",
    ),
    _of_words("outcome", Outcome, "How the call ended."),
    _of_words("observed", Observed, "Whether all of the call was seen."),
    _of_words("verdict", Verdict, "What the reading says of the call."),
    _of_words("reading", Reading, "The reading that `verdict` is looked up by.", default=Reading.WITHIN),
)
OF_TRANSFERS = (
    *PERIOD,
    _of_text("by", "The interface of the phone that passed the caller on.", "PJSIP/agent1"),
    _of_words("kind", TransferKind, "How the caller was passed on."),
    _of_words("scope", Scope, "Inside the centre or outside."),
    _of_words("result", TransferResult, "What became of it."),
)
OF_STATISTICS = (
    *PERIOD,
    QUEUE,
    TEAM,
    Parameter(
        name="by",
        filter_name="by",
        description="Tell the figures by team besides, in `teams`.",
        schema={"type": "string", "enum": ["team"]},
        read=_only("team"),
    ),
    Parameter(
        name="within",
        filter_name="within_seconds",
        description="The x of the service level, in seconds of waiting.",
        schema={"type": "number", "minimum": 0, "maximum": MAX_WITHIN_SECONDS, "default": WITHIN_SECONDS},
        read=_seconds,
    ),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for, read."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """By what the ledger's filters call it; what was not asked for is missing."""

    def period(self, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
        """The first instant, and the first behind; today where nothing is said.

        A beginning alone lasts to the end of today, or of its own day where that lies ahead; an end alone has begun
        with its day.
        """
        today = now.astimezone(zone).date()
        since: Moment | None = self.values.get("since")
        until: Moment | None = self.values.get("until")
        if since is None:
            # The instant that a day ends with lies behind that day.
            day = today if until is None else (until.ends_at(zone) - timedelta(microseconds=1)).astimezone(zone).date()
            since = Moment(day)
        if until is None:
            until = Moment(max(today, since.begins_at(zone).astimezone(zone).date()))
        return since.begins_at(zone), until.ends_at(zone)

    def others(self, *left_out: str) -> dict[str, Any]:
        """All but the period and what is named."""
        return {name: value for name, value in self.values.items() if name not in {"since", "until", *left_out}}


def read(given: Iterable[tuple[str, str]], parameters: Iterable[Parameter]) -> Asked:
    """Read the parameters of a question.

    Args:
        given: names and values as they were sent.
        parameters: those that the question may have.

    Raises:
        ProblemError: one of them is unknown, there twice, or makes no sense.
    """
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, Any] = {}
    for name, text in given:
        parameter = known.get(name)
        if parameter is None:
            raise wrong(name[:_SHOWN], f"There is no parameter {name[:_SHOWN]!r}: {close_to(name, known)}")
        if parameter.filter_name in values:
            raise wrong(name, f"The parameter {name!r} is there twice: give it once.")
        if not text:
            raise wrong(name, f"The parameter {name!r} is empty: give it a value or leave it out.")
        try:
            values[parameter.filter_name] = parameter.read(text)
        except ValueError as error:
            raise wrong(name, f"{name}={text[:_SHOWN]!r} cannot be used: {error}") from None
    return Asked(values)

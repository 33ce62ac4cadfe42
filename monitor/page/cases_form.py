"""The forms of cases: what somebody wrote, checked, and as what the desk is asked to do.

What cannot be used is kept as it was written, with what is wrong beside its field. A field that was left as it was
shown changes nothing: whoever sees a number masked sends it back masked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from monitor.commitments.cases import CaseError, CaseQuery, CaseState, Change, NewCase, Standing
from monitor.commitments.contacts import shown
from monitor.ledger.filters import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from zoneinfo import ZoneInfo

    from monitor.commitments.cases import Case
    from monitor.page.viewer import Viewer

LIST_FIELDS = ("standing", "promise", "assignee", "number", "text", "from", "to")
"""As they are called in the address of the list, in the order of the form."""
UNDONE, OWING, ALL, NOBODY = "undone", "owing", "all", "-"
STANDINGS = (UNDONE, *Standing, OWING, ALL)
NEW_FIELDS = (
    "commitment",
    "received_at",
    "subject",
    "contact",
    "assignee",
    "visits",
    "missed_appointment",
    "system",
    "linkedid",
    "reference",
)
STEPS: Mapping[str, tuple[str, ...]] = {
    "assign": ("assignee",),
    "looked": ("finding", "visits", "missed_appointment"),
    "amends": ("paid_won", "paid_at", "apology_at", "training_at"),
    "result": ("result",),
    "done": ("done_at", "result"),
    "withdraw": (),
    "reopen": (),
    "correct": ("commitment", "received_at", "subject", "contact", "system", "linkedid"),
}
"""What can be done with a case, and the fields of each form."""
ON = "yes"
ENDS_DIGITS = 4
"""More would let somebody who sees masked numbers find the digits between by asking for one after the other."""
_YEARS = range(1970, 3000)
_WHOLE_NUMBER = re.compile(r"\+?[0-9]{7,15}|hmac:[A-Z2-7]{32}")
_SEPARATORS = re.compile(r"[\s().\-]")


def _(text: str) -> str:
    """Mark a text for the catalogues; it is put into words where it is told."""
    return text


NO_DAY = _("Write the day as in 2026-11-25.")
NO_CHOICE = _("There is no such choice. Choose one of the list.")
TOO_LONG = _("It has more than {most} characters: shorten it.")
NO_WHOLE_NUMBER = _("Write a whole number, as in 10,000.")
HIDDEN = _("Part of it is hidden from you and would be lost. Leave it as it was, or write all of it anew.")
_STARS = "***"
"""What stands in a number or an address in place of what is hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListForm:
    """Which cases are asked for, checked."""

    values: Mapping[str, str]
    faults: Mapping[str, CaseError]
    query: CaseQuery | None
    """None where something is wrong."""
    after: str | None
    hashed: bool

    @property
    def narrowed(self) -> bool:
        """Whether anything but what is to be done was asked for."""
        return any(self.values[name] for name in LIST_FIELDS[1:])

    def address(self, **more: str | None) -> str:
        """The question as an address has it, with more of the like in it."""
        said = {name: self.values[name] for name in LIST_FIELDS} | more
        return urlencode({name: value for name, value in said.items() if value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A form about one case, checked."""

    values: Mapping[str, str]
    """What stands in each field; a box that is ticked holds `yes`."""
    faults: Mapping[str, CaseError]
    made: Any = None
    """A `NewCase` or a `Change`; None where something is wrong, and where nothing was asked for yet."""
    step: str = ""
    """Which of `STEPS` it is; empty for a new case."""


def read_list(
    asked: Mapping[str, str],
    zone: ZoneInfo,
    promises: Collection[str],
    *,
    hashed: bool,
    in_subject: bool,
    limit: int,
) -> ListForm:
    """Check what is asked of the list.

    Args:
        asked: the fields by name.
        zone: the centre's.
        promises: keys of the promises that cases may be of.
        hashed: the ledger keeps hashes in place of numbers, so that whole ones are looked for.
        in_subject: a text is looked for in what a case is about too; else in references alone, since somebody who sees
            numbers masked could find one by asking for a piece after the other.
        limit: cases on a page.
    """
    values = {name: asked.get(name, "").strip() for name in LIST_FIELDS}
    values["standing"] = values["standing"] or UNDONE
    faults: dict[str, CaseError] = {}
    if values["standing"] not in STANDINGS:
        faults["standing"] = CaseError(NO_CHOICE, "standing")
    if values["promise"] and values["promise"] not in promises:
        faults["promise"] = CaseError(NO_CHOICE, "promise")
    for name in ("assignee", "text"):
        if len(values[name]) > MAX_TEXT or not values[name].isprintable():
            faults[name] = CaseError(TOO_LONG, name, most=MAX_TEXT)
    first, last = (_day_of(values, name, faults) for name in ("from", "to"))
    if first is not None and last is not None and first > last:
        faults["to"] = CaseError(_("The last day is before the first. Exchange the two."), "to")
    number = _number(values["number"], faults, hashed=hashed)
    after = asked.get("after") or None
    query = None
    if not faults:
        query = CaseQuery(
            standing=None if values["standing"] == ALL else values["standing"],  # type: ignore[arg-type] # one of STANDINGS
            commitment=values["promise"] or None,
            assignee="" if values["assignee"] == NOBODY else values["assignee"] or None,
            text=values["text"] or None,
            in_subject=in_subject,
            since=None if first is None else _midnight(first, zone),
            until=None if last is None else _midnight(last + timedelta(days=1), zone),
            limit=limit,
            after=after,
            **number,
        )
    return ListForm(values=values, faults=faults, query=query, after=after, hashed=hashed)


def _number(text: str, faults: dict[str, CaseError], *, hashed: bool) -> dict[str, str]:
    bare = _SEPARATORS.sub("", text)
    if not bare:
        return {}
    if _WHOLE_NUMBER.fullmatch(bare):
        return {"number": bare}
    if hashed:
        faults["number"] = CaseError(
            _("Numbers are kept as keyed hashes, so that no last digits can be found. Write the whole number."),
            "number",
        )
    elif bare.isascii() and bare.isdigit() and len(bare) <= ENDS_DIGITS:
        return {"number_ends": bare}
    else:
        faults["number"] = CaseError(
            _("Write the last one to four digits of the number, as in 5678, or all of it."), "number"
        )
    return {}


def read_new(asked: Mapping[str, str], zone: ZoneInfo, numbers_of: Mapping[str, str]) -> Typed:
    """Check the form of a new case.

    Args:
        asked: the fields by name.
        zone: the centre's.
        numbers_of: numbers that the form may show masked, by how it does.
    """
    values = {name: asked.get(name, "") for name in NEW_FIELDS}
    faults: dict[str, CaseError] = {}
    said = {name: _read(name, values[name], zone, None, faults) for name in NEW_FIELDS}
    for name, fault in (
        ("commitment", _("Say what was promised: choose one of the list.")),
        ("received_at", _("Say on which day the case came in.")),
    ):
        if not said[name] and name not in faults:
            faults[name] = CaseError(fault, name)
    said["contact"] = numbers_of.get(values["contact"].strip(), said["contact"])
    return Typed(values=values, faults=faults, made=None if faults else NewCase(**said, source="page"))


def read_step(asked: Mapping[str, str], case: Case, viewer: Viewer, zone: ZoneInfo, now: datetime) -> Typed | None:
    """Check one of the forms on the page of a case.

    Args:
        asked: the fields by name; `step` names the form, `seen` when the case that its page showed was last changed.
        case: as it is.
        viewer: who sends it.
        zone: the centre's.
        now: the present.

    Returns:
        None where there is no such step.
    """
    step = asked.get("step", "")
    fields = STEPS.get(step)
    if fields is None:
        return None
    were = values_of(case, viewer, zone)
    values = {name: asked.get(name, "") for name in fields}
    faults: dict[str, CaseError] = {}
    said: dict[str, Any] = {}
    for name in fields:
        # Browsers send line ends as CRLF whatever they were.
        if values[name].replace("\r\n", "\n").strip() == were[name].strip():
            continue
        if _STARS in values[name] and _STARS in were[name] and name in ("subject", "result"):
            faults[name] = CaseError(HIDDEN, name)
        value = _read(name, values[name], zone, now, faults)
        if value != getattr(case, name):
            said[name] = value
    if step == "done":
        said["state"] = CaseState.DONE
        if said.get("done_at") is None:
            said.pop("done_at", None)
    elif step in ("withdraw", "reopen"):
        said["state"] = CaseState.WITHDRAWN if step == "withdraw" else CaseState.OPEN
    seen_at = _seen(asked.get("seen", ""))
    if seen_at is None and not faults:
        faults[""] = CaseError(_("This form is no longer valid, and nothing was done. Open the page again."))
    made = None if faults else Change(seen_at=seen_at, **said)
    return Typed(values=values, faults=faults, made=made, step=step)


def values_of(case: Case, viewer: Viewer, zone: ZoneInfo) -> dict[str, str]:
    """What the forms of a case show in their fields, as a viewer may see it."""

    def day(at: datetime | None) -> str:
        return "" if at is None else at.astimezone(zone).date().isoformat()

    return {
        "assignee": case.assignee or "",
        "finding": str(case.finding or ""),
        "visits": "" if case.visits is None else str(case.visits),
        "missed_appointment": ON if case.missed_appointment else "",
        "paid_won": f"{case.paid_won:,}" if case.paid_won else "",
        "paid_at": day(case.paid_at),
        "apology_at": day(case.apology_at),
        "training_at": day(case.training_at),
        "result": viewer.words(case.result or ""),
        "done_at": day(case.done_at),
        "commitment": case.commitment,
        "received_at": day(case.received_at),
        "subject": viewer.words(case.subject or ""),
        "contact": shown(case.contact, full=viewer.numbers),
        "system": case.system or "",
        "linkedid": case.linkedid or "",
    }


def seen_mark(case: Case) -> str:
    """What a form brings along to say which state of the case its page showed."""
    return case.changed_at.astimezone(UTC).isoformat(timespec="microseconds")


def _seen(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _read(name: str, text: str, zone: ZoneInfo, now: datetime | None, faults: dict[str, CaseError]) -> Any:
    reader = _READERS.get(name)
    if reader is None:
        return text or None
    try:
        return reader(name, text.strip(), zone, now)
    except CaseError as error:
        faults[name] = error
        return None


def _instant(name: str, text: str, zone: ZoneInfo, now: datetime | None) -> datetime | None:
    """A day as its first instant, the present where it is today: of what came in nobody knows when today."""
    if not text:
        if name == "received_at" and now is not None:
            raise CaseError(_("Say on which day the case came in."), name)
        return None
    day = _date(text)
    if day is None:
        raise CaseError(NO_DAY, name)
    today = now is not None and name != "received_at" and day == now.astimezone(zone).date()
    return now if today else _midnight(day, zone)


def _whole(name: str, text: str, _zone: ZoneInfo, _now: datetime | None) -> int | None:
    digits = re.sub(r"[\s,]|원$", "", text)
    if not digits:
        return 0 if name == "paid_won" else None
    if not re.fullmatch(r"[0-9]{1,12}", digits):
        raise CaseError(NO_WHOLE_NUMBER, name)
    return int(digits)


def _ticked(_name: str, text: str, _zone: ZoneInfo, _now: datetime | None) -> bool:
    return text == ON


_READERS: Mapping[str, Callable[[str, str, ZoneInfo, datetime | None], Any]] = {
    "received_at": _instant,
    "done_at": _instant,
    "paid_at": _instant,
    "apology_at": _instant,
    "training_at": _instant,
    "visits": _whole,
    "paid_won": _whole,
    "missed_appointment": _ticked,
}


def _day_of(values: Mapping[str, str], name: str, faults: dict[str, CaseError]) -> date | None:
    if not values[name]:
        return None
    day = _date(values[name])
    if day is None:
        faults[name] = CaseError(NO_DAY, name)
    return day


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)

"""What somebody asks of the page of reviews, and what they marked of one call, as they wrote it and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from monitor.reviews.desk import NOTE_AT_MOST, Query, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from monitor.reviews.definition import Definition
    from monitor.reviews.desk import Review

FIELDS = ("month", "agent", "state")
"""As they are called in the address."""
UNHEARD = "unheard"
"""What a form says in place of a mark of what could not be heard."""
PAGE_SIZE = 50
_MARK = "mark-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question, checked."""

    values: Mapping[str, str]
    """What stands in each field."""
    faults: Mapping[str, str]
    """What is wrong, by field."""
    query: Query | None
    """None where something is wrong, or where no month was drawn yet."""
    page: int

    def address(self, **more: object) -> str:
        """The question as an address has it."""
        return urlencode({name: value for name, value in (dict(self.values) | more).items() if value})


def read_question(asked: Mapping[str, str], months: Sequence[date]) -> Asked:
    """Check what was asked for.

    Args:
        asked: the fields by name; without a month the newest is shown, without a state what is to be done.
        months: those that were drawn, the newest first.
    """
    values = {name: asked.get(name, "").strip() for name in FIELDS}
    faults: dict[str, str] = {}
    if not values["month"] and months:
        values["month"] = f"{months[0]:%Y-%m}"
    month = next((month for month in months if f"{month:%Y-%m}" == values["month"]), None)
    if month is None and values["month"]:
        faults["month"] = "choice"
    if "state" not in asked:
        values["state"] = State.TO_DO
    if values["state"] and values["state"] not in set(State):
        faults["state"] = "choice"
    said = asked.get("page", "")
    page = max(1, int(said)) if re.fullmatch(r"[0-9]{1,4}", said) else 1
    query = None
    if month is not None and not faults:
        query = Query(
            month=month,
            agent=values["agent"] or None,
            state=State(values["state"]) if values["state"] else None,
            limit=PAGE_SIZE,
            offset=(page - 1) * PAGE_SIZE,
        )
    return Asked(values=values, faults=faults, query=query, page=page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What stands in the form of one call."""

    values: Mapping[str, str]
    """By item a mark's value, `unheard`, or nothing yet."""
    note: str
    faults: Mapping[str, str]
    """What is wrong: by item, and `note`."""

    @property
    def marks(self) -> dict[str, int | None]:
        """As the desk takes them; only where nothing is wrong."""
        return {key: None if value == UNHEARD else int(value) for key, value in self.values.items()}


def before_marking(definition: Definition, mine: Review | None) -> Marked:
    """The form as somebody finds it: empty, or with what they marked before."""
    values = {item.key: "" for item in definition.items}
    if mine is not None:
        values |= {key: UNHEARD if mark is None else str(mark) for key, mark in mine.marks.items()}
    return Marked(values=values, note="" if mine is None or mine.note is None else mine.note, faults={})


def read_marks(form: Mapping[str, str], definition: Definition) -> Marked:
    """Check what was marked."""
    allowed = {UNHEARD, *(str(mark.value) for mark in definition.scale)}
    values = {item.key: form.get(f"{_MARK}{item.key}", "") for item in definition.items}
    # A browser counts a line's end as one character, and sends two.
    note = form.get("note", "").replace("\r\n", "\n").strip()
    faults = {key: "mark" for key, value in values.items() if value not in allowed}
    if len(note) > NOTE_AT_MOST:
        faults["note"] = "long"
    return Marked(values=values, note=note, faults=faults)

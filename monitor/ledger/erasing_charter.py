"""What is erased from the tables of the rest of the charter, and when: each task as `monitor.ledger.erasing` takes it.

The purge carries them out before those of `calls`: whose number a recording's name may hold, its call tells. Another
table that keeps a person's number or an agent's name adds its task to the function of that kind.

**Source:** docs/privacy.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select

from monitor.ledger.erasing import AGENT_PREFIX, Task
from monitor.ledger.rows import CALLS
from monitor.ledger.tables import (
    CALLBACK_NOTES,
    CALLBACK_PROMISES,
    CALLBACKS,
    OUTGOING_CALLS,
    RECORDINGS,
    REVIEW_SAMPLES,
    REVIEWS,
)
from monitor.masking import mask_number
from monitor.numbers import hash_mark
from monitor.recording_names import changed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, RowMapping, Table

    from monitor.ledger.store import Store
    from monitor.numbers import Numbers

_HIDDEN = "****"


def numbers_before(store: Store, at: datetime) -> list[Task]:
    """Numbers in what began before an instant become null; those in recordings' names are masked."""
    made = OUTGOING_CALLS.c
    return [
        Task(
            place="outgoing_calls.number, person",
            table=OUTGOING_CALLS,
            order=(made.started_at, made.system, made.linkedid),
            where=and_(made.started_at < at, or_(made.number.is_not(None), made.person.is_not(None))),
            change=lambda _row: {"number": None, "person": None},
        ),
        Task(
            place="callbacks.person",
            table=CALLBACKS,
            order=(CALLBACKS.c.owed_at, *CALLBACKS.primary_key.columns),
            where=and_(CALLBACKS.c.owed_at < at, CALLBACKS.c.person.is_not(None)),
            change=lambda _row: {"person": None},
        ),
        _notes("callback_notes.text", CALLBACK_NOTES.c.at < at),
        _recordings(store, "recordings.file", CALLS.c.filed_at < at, mask_number),
        Task(
            # Nobody is asked to write of the caller's person in it, and somebody will have.
            place="reviews.note",
            table=REVIEWS,
            order=tuple(REVIEWS.primary_key.columns),
            where=and_(REVIEWS.c.at < at, REVIEWS.c.note.is_not(None)),
            change=lambda _row: {"note": None},
        ),
    ]


def notes_of(*persons: str) -> Task:
    """What was written about calls back that somebody is owed; to be erased before `callbacks.person` is."""
    same = and_(CALLBACKS.c.system == CALLBACK_NOTES.c.system, CALLBACKS.c.linkedid == CALLBACK_NOTES.c.linkedid)
    theirs = select(CALLBACKS.c.linkedid).where(same, CALLBACKS.c.person.in_(persons)).exists()
    return _notes("notes about calls back", theirs)


def _notes(place: str, which: ColumnElement[bool]) -> Task:
    """What people wrote about calls back, which may tell of the person; to whom one was assigned stays."""
    notes = CALLBACK_NOTES.c
    return Task(
        place=place,
        table=CALLBACK_NOTES,
        order=(notes.id,),
        where=and_(which, notes.text.is_not(None), notes.action != "assigned"),
        change=lambda _row: {"text": None},
    )


def numbers_to_hashes(store: Store, numbers: Numbers) -> list[Task]:
    """Numbers that were written before hashes were wanted become hashes; in recordings' names, the marks of those."""
    made = OUTGOING_CALLS.c

    def hashed(row: RowMapping) -> Mapping[str, Any]:
        return {"number": numbers.stored(row["number"]), "person": numbers.person(row["number"])}

    def mark(number: str) -> str:
        return hash_mark(numbers.stored(number) or "")

    return [
        Task(
            place="outgoing_calls.number, person, to hashes",
            table=OUTGOING_CALLS,
            order=(made.started_at, made.system, made.linkedid),
            where=and_(made.number.is_not(None), made.number.not_like("hmac:%")),
            change=hashed,
        ),
        Task(
            place="callbacks.person, to hashes",
            table=CALLBACKS,
            order=tuple(CALLBACKS.primary_key.columns),
            where=and_(CALLBACKS.c.person.is_not(None), CALLBACKS.c.person.not_like("hmac:%")),
            change=lambda row: {"person": numbers.person(row["person"])},
        ),
        _recordings(store, "recordings.file, to hashes", CALLS.c.caller.not_like("hmac:%"), mark),
    ]


def _recordings(store: Store, place: str, of_calls: ColumnElement[bool], shown: Callable[[str], str]) -> Task:
    """Names of recordings of those calls whose number is still known: afterwards it is not."""
    same = and_(CALLS.c.system == RECORDINGS.c.system, CALLS.c.linkedid == RECORDINGS.c.linkedid)

    def without(row: RowMapping) -> Mapping[str, Any] | None:
        if _HIDDEN in row["file"]:
            # Once is enough: what is left of a number and a time of day beside it may look like another one.
            return None
        of_call = select(CALLS.c.caller).where(CALLS.c.system == row["system"], CALLS.c.linkedid == row["linkedid"])
        with store.reading() as connection:
            caller = connection.scalar(of_call)
        file = changed(row["file"], caller, shown)
        return {"file": file} if file != row["file"] else None

    return Task(
        place=place,
        table=RECORDINGS,
        order=tuple(RECORDINGS.primary_key.columns),
        where=select(CALLS.c.linkedid).where(same, CALLS.c.caller.is_not(None), of_calls).exists(),
        change=without,
    )


def agents_before(at: datetime, numbers: Numbers) -> list[Task]:
    """Agents' interfaces and names in what began before an instant become pseudonyms, always the same for each."""
    return [
        _agents("outgoing_calls.agent, member", OUTGOING_CALLS, "started_at", ("agent", "member"), at, numbers),
        _agents("callback_promises.by", CALLBACK_PROMISES, "at", ("by",), at, numbers),
        _agents(
            "callbacks.promised_by, first_try_by", CALLBACKS, "owed_at", ("promised_by", "first_try_by"), at, numbers
        ),
        _sampled_agents(at, numbers),
    ]


def _sampled_agents(at: datetime, numbers: Numbers) -> Task:
    """A month's whole sample with its first calls: under two names one agent would be counted as two."""
    stored = REVIEW_SAMPLES.c
    real = (and_(name.is_not(None), name.not_like(f"{AGENT_PREFIX}%")) for name in (stored.agent, stored.member))
    return Task(
        place="review_samples.agent, member",
        table=REVIEW_SAMPLES,
        order=tuple(REVIEW_SAMPLES.primary_key.columns),
        where=and_(stored.month < at.date(), or_(*real)),
        change=lambda row: {name: row[name] and numbers.agent(row[name]) for name in ("agent", "member")},
    )


def _agents(  # noqa: PLR0917 - what tells one table from another, side by side above
    place: str, table: Table, at_column: str, names: tuple[str, ...], at: datetime, numbers: Numbers
) -> Task:
    stored = table.c
    real = (
        and_(stored[name].is_not(None), stored[name] != "", stored[name].not_like(f"{AGENT_PREFIX}%")) for name in names
    )
    return Task(
        place=place,
        table=table,
        order=(stored[at_column], *(column for column in table.primary_key.columns if column.name != at_column)),
        where=and_(stored[at_column] < at, or_(*real)),
        change=lambda row: {name: row[name] and numbers.agent(row[name]) for name in names},
    )

"""Finds calls back in the ledger a page at a time, one of them, and what is known of its person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, or_, select, union_all

from monitor.callbacks.entries import ON_LIST, Callback, Found, History
from monitor.callbacks.settling import TO_DO, Kind, State
from monitor.calls.facts import CallKey
from monitor.ledger.callback_counts import on_list, standing
from monitor.ledger.columns import caller_ends
from monitor.ledger.cursor import place_of, written
from monitor.ledger.rows import CALLS, OUTGOING_CALLS, outgoing_of
from monitor.ledger.tables import CALLBACK_NOTES, CALLBACKS
from monitor.ledger.whole import CHUNK, among, whole_calls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Connection, Row, RowMapping, Select

    from monitor.callbacks.entries import CallbackQuery
    from monitor.ledger.callbacks import Callbacks

_HISTORY = 30
"""Calls of each direction that are told of a person."""
_COLUMNS = CALLBACKS.c


def find(connection: Connection, query: CallbackQuery, now: datetime, due_soon: timedelta, forget: timedelta) -> Found:
    """One page of the calls back that meet a query: of the list to work from the oldest due first, else the newest.

    Args:
        connection: to the ledger.
        query: what is looked for.
        now: the present.
        due_soon: so long before its deadline a call back is due soon.
        forget: a caller who left so long ago is no more on the list.

    Raises:
        SearchError: the cursor is none of ours.
    """
    listed = query.state in ON_LIST
    first = _COLUMNS.due_at if listed else _COLUMNS.owed_at
    order = (first, _COLUMNS.system, _COLUMNS.linkedid)
    ordered = order if listed else tuple(column.desc() for column in order)
    place = None if query.after is None else _behind(order, place_of(query.after, len(order)), listed=listed)
    count = 0
    parts: list[Select[Any]] = []
    for conditions in _each(query, now, due_soon, forget):
        count += connection.scalar(select(func.count()).select_from(CALLBACKS).where(*conditions)) or 0
        keys = select(*order).where(*conditions, *(() if place is None else (place,)))
        parts.append(select(keys.order_by(*ordered).limit(query.limit + 1).subquery()))
    # Their keys first, from an index alone: a page costs its own rows and no others.
    keys_found = union_all(*parts).subquery()
    same = and_(_COLUMNS.system == keys_found.c.system, _COLUMNS.linkedid == keys_found.c.linkedid)
    chosen = select(CALLBACKS).join(keys_found, same).order_by(*ordered).limit(query.limit + 1)
    found = connection.execute(chosen).mappings().all()
    more = len(found) > query.limit
    shown = found[: query.limit]
    following = written([shown[-1][column.name] for column in order]) if more else None
    return Found(callbacks=_told(connection, shown, now, due_soon), count=count, next=following)


def get(connection: Connection, key: CallKey, now: datetime, due_soon: timedelta) -> Callback | None:
    """The call back that is owed for a call; None where there is none."""
    chosen = select(CALLBACKS).where(_COLUMNS.system == key.system, _COLUMNS.linkedid == key.linkedid)
    found = connection.execute(chosen).mappings().all()
    return next(iter(_told(connection, found, now, due_soon)), None)


def history(connection: Connection, person: str | None, callbacks: Callbacks) -> History:
    """The last calls of a person, and the last ones that the centre made to them.

    Args:
        connection: to the ledger.
        person: as in `callbacks.person`; nothing is known of nobody.
        callbacks: knows whom a number belongs to.
    """
    if person is None:
        return History(calls=(), outgoing=(), shortened=False)
    made = OUTGOING_CALLS.c
    chosen = select(OUTGOING_CALLS).where(made.person == person).order_by(made.started_at.desc()).limit(_HISTORY + 1)
    outgoing = [outgoing_of(row) for row in connection.execute(chosen).mappings()]
    keys = (CALLS.c.system, CALLS.c.linkedid, CALLS.c.caller)
    alike = select(*keys).where(CALLS.c.caller_ends == caller_ends(person)).order_by(CALLS.c.filed_at.desc())
    theirs: list[Row[*tuple[Any, ...]]] = []
    for row in connection.execute(alike.execution_options(yield_per=CHUNK)):
        if callbacks.person(row.caller) == person:
            theirs.append(row)
            if len(theirs) > _HISTORY:
                break
    same = or_(*(and_(CALLS.c.system == row.system, CALLS.c.linkedid == row.linkedid) for row in theirs[:_HISTORY]))
    whole = select(CALLS).where(same).order_by(CALLS.c.filed_at.desc()) if theirs else None
    calls = whole_calls(connection, connection.execute(whole).mappings().all()) if whole is not None else ()
    return History(
        calls=tuple(calls),
        outgoing=tuple(outgoing[:_HISTORY]),
        shortened=len(outgoing) > _HISTORY or len(theirs) > _HISTORY,
    )


def _each(
    query: CallbackQuery, now: datetime, due_soon: timedelta, forget: timedelta
) -> Iterable[list[ColumnElement[bool]]]:
    """The conditions of a query: of the list to work from those of each kind, which have no row in common."""
    wanted = [_COLUMNS[name] == value for name in ("line", "team", "assignee") if (value := getattr(query, name))]
    if query.state in ON_LIST:
        if query.state != "to_do":
            # Not the column itself: SQLite would look it up in place of the list.
            wanted.append(_COLUMNS.state.concat("") == (State.TRIED if query.state == "tried" else State.OPEN).value)
            if query.state != "tried":
                wanted.append(standing(now, due_soon) == query.state)
        return [[entries, *wanted] for kind, entries in on_list(now, forget).items() if query.kind in (None, kind)]
    if query.state != "all":
        wanted.append(_COLUMNS.state == query.state)
    if query.kind is not None:
        wanted.append(_COLUMNS.kind == query.kind.value)
    return [wanted]


def _behind(order: Sequence[ColumnElement[Any]], place: Sequence[Any], *, listed: bool) -> ColumnElement[bool]:
    """Whether a row comes behind a place."""
    at, system, linkedid = order
    at_value, system_value, linkedid_value = place
    if listed:
        same = or_(system > system_value, and_(system == system_value, linkedid > linkedid_value))
        return and_(at >= at_value, or_(at > at_value, same))
    same = or_(system < system_value, and_(system == system_value, linkedid < linkedid_value))
    return and_(at <= at_value, or_(at < at_value, same))


def _told(
    connection: Connection, found: Sequence[RowMapping], now: datetime, due_soon: timedelta
) -> tuple[Callback, ...]:
    """Rows as people are told them, with what stands in other tables."""
    if not found:
        return ()
    persons = sorted({row["person"] for row in found if row["person"] is not None})
    open_ones = _open_of(connection, persons)
    tries = _tries_of(connection, found)
    notes = _notes_of(connection, found)
    return tuple(_callback(row, now, due_soon, open_ones=open_ones, tries=tries, notes=notes) for row in found)


def _callback(
    row: RowMapping,
    now: datetime,
    due_soon: timedelta,
    *,
    open_ones: Mapping[str, int],
    tries: Mapping[str, Sequence[Row[*tuple[Any, ...]]]],
    notes: Mapping[tuple[str, str], tuple[int, int]],
) -> Callback:
    state = State(row["state"])
    closed_at = min((row[name] for name in ("reached_at", "came_again_at", "dropped_at") if row[name]), default=None)
    last = max(
        (
            one
            for one in tries.get(row["person"], ())
            if one.started_at >= row["owed_at"] and (closed_at is None or one.started_at <= closed_at)
        ),
        key=lambda one: (one.started_at, one.agent),
        default=None,
    )
    number, last_note = notes.get((row["system"], row["linkedid"]), (0, 0))
    is_open = state in TO_DO
    return Callback(
        key=CallKey(system=row["system"], linkedid=row["linkedid"]),
        kind=Kind(row["kind"]),
        state=state,
        standing=_standing(row, now, due_soon),
        last_try_at=row["first_try_at"] if last is None else last.started_at,
        last_try_by=row["first_try_by"] if last is None else last.agent,
        others=max(0, open_ones.get(row["person"], 0) - is_open),
        notes=number,
        version=f"{state}-{last_note}",
        **{
            name: row[name]
            for name in (
                "line",
                "queue",
                "team",
                "person",
                "owed_at",
                "due_at",
                "promised_by",
                "tries",
                "first_try_at",
                "first_try_by",
                "reached_at",
                "came_again_at",
                "assignee",
                "dropped_at",
            )
        },
    )


def _standing(row: RowMapping, now: datetime, due_soon: timedelta) -> Any:
    """As `monitor.ledger.callback_counts.standing` has it."""
    if row["state"] != State.OPEN:
        return row["state"]
    if row["due_at"] < now:
        return "overdue"
    return "due_soon" if row["due_at"] <= now + due_soon else "waiting"


def _open_of(connection: Connection, persons: list[str]) -> Mapping[str, int]:
    """How many calls back each person is still owed."""
    # Not as a condition: SQLite would look up the state, which tens of thousands share, in place of the persons.
    is_open = case((_COLUMNS.state.in_([state.value for state in TO_DO]), 1), else_=0)
    chosen = (
        select(_COLUMNS.person, func.sum(is_open))
        .where(among(connection, _COLUMNS.person, persons))
        .group_by(_COLUMNS.person)
    )
    return {row[0]: row[1] for row in connection.execute(chosen)}


def _tries_of(connection: Connection, found: Sequence[RowMapping]) -> Mapping[str, Sequence[Row[*tuple[Any, ...]]]]:
    """Calls that the centre made to those who were called more than once; the first one stands in the row."""
    several = [row for row in found if row["tries"] > 1 and row["person"] is not None]
    if not several:
        return {}
    made = OUTGOING_CALLS.c
    chosen = select(made.person, made.agent, made.started_at).where(
        among(connection, made.person, sorted({row["person"] for row in several})),
        made.started_at >= min(row["owed_at"] for row in several),
    )
    tries: dict[str, list[Row[*tuple[Any, ...]]]] = {}
    for row in connection.execute(chosen):
        tries.setdefault(row.person, []).append(row)
    return tries


def _notes_of(connection: Connection, found: Sequence[RowMapping]) -> Mapping[tuple[str, str], tuple[int, int]]:
    """How many notes there are of each, and the number of the last."""
    notes = CALLBACK_NOTES.c
    by_system: dict[str, list[str]] = {}
    for row in found:
        by_system.setdefault(row["system"], []).append(row["linkedid"])
    told: dict[tuple[str, str], tuple[int, int]] = {}
    for system, linkedids in by_system.items():
        chosen = (
            select(notes.linkedid, func.count(), func.max(notes.id))
            .where(notes.system == system, among(connection, notes.linkedid, linkedids))
            .group_by(notes.linkedid)
        )
        for linkedid, number, last in connection.execute(chosen):
            told[system, linkedid] = (number, last)
    return told

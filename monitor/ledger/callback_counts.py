"""How many calls back stand where, and which are due: what metrics and reminders ask for every few seconds."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, case, func, select, union_all

from monitor.callbacks.settling import TO_DO, Kind, State
from monitor.ledger import reminders
from monitor.ledger.tables import CALLBACKS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from monitor.callbacks.entries import Standing


FORGET = timedelta(days=30)
"""How long a caller who left is on the list to work from where nothing else is said."""
_LATELY = timedelta(days=30)


def on_list(now: datetime, forget: timedelta = FORGET) -> Mapping[Kind, ColumnElement[bool]]:
    """Whether a row of `callbacks` is an entry of the list to work from, by kind.

    Each is one stretch of an index. Take the kinds one after the other: for both in one condition SQLite remembers each
    row that it has found, which takes ten times as long.

    Args:
        now: the present.
        forget: a caller who left so long ago, and was promised nothing, is no more on it.
    """
    newest, kind, known = CALLBACKS.c.newest_owed_at, CALLBACKS.c.kind, CALLBACKS.c.person.is_not(None)
    return {
        Kind.PROMISED: and_(kind == Kind.PROMISED.value, newest.is_not(None), known),
        Kind.MISSED: and_(kind == Kind.MISSED.value, newest >= now - forget, known),
    }


def standing(now: datetime, due_soon: timedelta) -> ColumnElement[str]:
    """Where a row of `callbacks` stands, as in `monitor.callbacks.entries.Standing`.

    Args:
        now: the present; what is due at this instant is not overdue yet.
        due_soon: so long before its deadline it is due soon.
    """
    due_at = CALLBACKS.c.due_at
    return case(
        (CALLBACKS.c.state != State.OPEN.value, CALLBACKS.c.state),
        (due_at < now, "overdue"),
        (due_at <= now + due_soon, "due_soon"),
        else_="waiting",
    )


def counts(
    connection: Connection, now: datetime, due_soon: timedelta, *, forget: timedelta = FORGET
) -> Mapping[tuple[str, Kind, Standing], int]:
    """How many calls back stand where, by line and kind; where there is none, nothing is told.

    Those on the list to work from are counted as the page lists them, a person who left twice on one line once. Of
    those that are done with, each is counted, where it came to be owed in the last 30 days.

    Args:
        connection: to the ledger.
        now: the present.
        due_soon: so long before its deadline a call back is due soon.
        forget: a caller who left so long ago is no more on the list.
    """
    which = (CALLBACKS.c.line, CALLBACKS.c.kind)
    said = standing(now, due_soon).label("standing")
    lasting = union_all(*(select(*which, said).where(entries) for entries in on_list(now, forget).values())).subquery()
    listed = select(lasting, func.count().label("number")).group_by(*lasting.c)
    done = (
        select(*which, CALLBACKS.c.state, func.count())
        .where(CALLBACKS.c.owed_at >= now - _LATELY, CALLBACKS.c.state.not_in([state.value for state in TO_DO]))
        .group_by(*which, CALLBACKS.c.state)
    )
    found: Counter[tuple[str, Kind, Standing]] = Counter()
    for statement in (listed, done):
        for line, kind, place, number in connection.execute(statement):
            found[line, Kind(kind), place] += number
    return found


def due(
    connection: Connection, now: datetime, due_soon: timedelta, *, forget: timedelta = FORGET
) -> tuple[reminders.Due, ...]:
    """The calls back of the list that nobody made yet, that are due soon or overdue, and of which nobody was told.

    Args:
        connection: to the ledger.
        now: the present.
        due_soon: so long before its deadline a call back is due soon.
        forget: a caller who left so long ago is no more on the list.

    Returns:
        The oldest due first.
    """
    columns = CALLBACKS.c
    which = (columns.system, columns.linkedid, columns.line, columns.due_at)
    found = union_all(
        *(
            select(*which).where(
                entries,
                # Not the column itself: SQLite would look it up in place of the list.
                columns.state.concat("") == State.OPEN.value,
                columns.due_at <= now + due_soon,
                reminders.untold("callback", columns.system + " " + columns.linkedid, columns.due_at < now),
            )
            for entries in on_list(now, forget).values()
        )
    ).subquery()
    statement = select(found).order_by(found.c.due_at, found.c.system, found.c.linkedid).limit(reminders.AT_ONCE)
    return tuple(
        reminders.Due(
            kind="callback",
            key=f"{system} {linkedid}",
            of=line,
            due_at=due_at,
            level="overdue" if due_at < now else "due_soon",
        )
        for system, linkedid, line, due_at in connection.execute(statement)
    )

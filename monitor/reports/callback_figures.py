"""Calls back of a period, counted: what the record of the charter says of them.

Every figure follows from one row of `callbacks` each; which row counts where is said in `CallbackFigures`. The database
counts; only how long it took is read row by row.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, get_args

from sqlalchemy import BigInteger, case, cast, extract, func, select, type_coerce

from monitor.callbacks.settling import State
from monitor.ledger.tables import CALLBACKS
from monitor.reports.charter_figures import CallbackFigures, CallbackKind
from monitor.reports.passed_on import quantiles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

_COLUMNS = CALLBACKS.c
_MICROSECONDS = 1_000_000


def callback_figures(
    connection: Connection, since: datetime, until: datetime, now: datetime, line: str | None = None
) -> Mapping[CallbackKind, CallbackFigures]:
    """Calls back of each kind that came to be owed in a period, as they stand now.

    Args:
        connection: to the ledger.
        since: the first instant of the period.
        until: the first instant behind it.
        now: what is due before it, and was not called, was missed.
        line: only this line's.
    """
    conditions = [_COLUMNS.owed_at >= since, _COLUMNS.owed_at < until]
    if line is not None:
        conditions.append(_COLUMNS.line == line)
    called = _COLUMNS.first_try_at.is_not(None)
    place = case(
        (_COLUMNS.first_try_at <= _COLUMNS.due_at, "in_time"),
        (called, "late"),
        (_COLUMNS.state == State.CAME_AGAIN.value, "overtaken"),
        (_COLUMNS.state == State.DROPPED.value, "dropped"),
        (_COLUMNS.due_at < now, "never"),
        else_="waiting",
    ).label("place")
    rows = select(_COLUMNS.kind, place, _COLUMNS.tries, _COLUMNS.reached_at).where(*conditions).subquery()
    counted = select(rows.c.kind, rows.c.place, func.count(), func.sum(rows.c.tries), func.count(rows.c.reached_at))
    places: dict[str, Counter[str]] = {kind: Counter() for kind in get_args(CallbackKind)}
    for kind, where, owed, tries, reached in connection.execute(counted.group_by(rows.c.kind, rows.c.place)):
        places[kind] += Counter({where: owed, "owed": owed, "tries": tries, "reached": reached})
    first_tries, conversations = (
        _took_us(connection, column, conditions) for column in (_COLUMNS.first_try_at, _COLUMNS.reached_at)
    )
    return {
        kind: CallbackFigures(
            kind=kind,
            owed=found["owed"],
            in_time=found["in_time"],
            late=found["late"],
            never=found["never"],
            waiting=found["waiting"],
            overtaken=found["overtaken"],
            dropped=found["dropped"],
            reached=found["reached"],
            tries=found["tries"],
            first_try=quantiles(first_tries[kind]),
            conversation=quantiles(conversations[kind]),
        )
        for kind in get_args(CallbackKind)
        for found in (places[kind],)
    }


def _took_us(
    connection: Connection, until: ColumnElement[datetime], conditions: list[ColumnElement[bool]]
) -> Mapping[str, list[int]]:
    """How long it took from being owed until then, by kind, where it came to that."""
    took: ColumnElement[int]
    if connection.dialect.name == "sqlite":
        took = type_coerce(until, BigInteger) - type_coerce(_COLUMNS.owed_at, BigInteger)
    else:
        took = cast(extract("epoch", until - _COLUMNS.owed_at) * _MICROSECONDS, BigInteger)
    found: dict[str, list[int]] = {kind: [] for kind in get_args(CallbackKind)}
    for kind, us in connection.execute(select(_COLUMNS.kind, took).where(*conditions, until.is_not(None))):
        found[kind].append(us)
    return found

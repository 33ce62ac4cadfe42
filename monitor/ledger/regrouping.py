"""Whose past calls are, by the teams that are configured now: from the queues and menu choices in the ledger."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from monitor.ledger.rows import CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from monitor.calls.teams import Teams
    from monitor.ledger.store import Store

_AT_ONCE = timedelta(days=1)
"""A transaction for so much of the period, so that nobody who writes waits for long."""

Moves = Counter[tuple[str | None, str | None]]
"""Calls by the team they had and the one they have now; both the same for those that stay where they are."""


def regroup(store: Store, teams: Teams, since: datetime, until: datetime) -> Moves:
    """Give each call of a period to the team whose it is; done again, it changes nothing.

    Args:
        store: the ledger's store.
        teams: as configured now.
        since: the first instant of the period that calls are filed under.
        until: the first instant behind it.

    Raises:
        StoreError: the store is away; what was written stands.
    """
    moves: Moves = Counter()
    kind = (CALLS.c.queue, CALLS.c.menu, CALLS.c.team)
    for begin, end in _stretches(since, until):
        filed = (CALLS.c.filed_at >= begin, CALLS.c.filed_at < end)
        with store.writing() as connection:
            alike = connection.execute(select(*kind, func.count()).where(*filed).group_by(*kind)).all()
            for queue, menu, team, calls in alike:
                now = teams.team_of(queue, tuple((menu or "").split()))
                moves[team, now] += calls
                if now != team:
                    same = (_is(column, value) for column, value in zip(kind, (queue, menu, team), strict=True))
                    connection.execute(update(CALLS).where(*filed, *same).values(team=now))
    return moves


def _is(column: ColumnElement[str | None], value: str | None) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def _stretches(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        end = min(since + _AT_ONCE, until)
        yield since, end
        since = end

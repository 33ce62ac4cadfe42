"""How many cases stand where, and which are due: what metrics and reminders ask for every few seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from sqlalchemy import and_, case, func, or_, select

from monitor.ledger import reminders
from monitor.ledger.case_search import soon
from monitor.ledger.tables import CASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

Standing = Literal["open", "due_soon", "overdue", "done", "withdrawn"]
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def counts(
    connection: Connection, now: datetime, due_soon_at: Mapping[str, datetime]
) -> Mapping[tuple[str, Standing], int]:
    """How many cases stand where, by promise; where there is none, nothing is told.

    Args:
        connection: to the ledger.
        now: the present.
        due_soon_at: by promise, the latest deadline that is due soon, as `CaseDesk.due_soon_at` tells; of promises
            that are not among them nothing is.
    """
    stored = CASES.c
    # The columns of one index alone: rows hold what people wrote, and are long.
    standing = case(
        (stored.state != "open", stored.state),
        (stored.due_at <= now, "overdue"),
        (soon(due_soon_at), "due_soon"),
        else_="open",
    ).label("standing")
    each = select(stored.commitment, standing).where(stored.state.in_(("open", "done", "withdrawn"))).subquery()
    grouped = select(each.c.commitment, each.c.standing, func.count()).group_by(each.c.commitment, each.c.standing)
    return {(commitment, place): number for commitment, place, number in connection.execute(grouped)}


def money(connection: Connection, now: datetime, missed: Mapping[str, int]) -> Mapping[str, tuple[int, int]]:
    """What is owed and what was paid in won, by promise; none of promises with neither.

    Args:
        connection: to the ledger.
        now: the present.
        missed: by promise, what is owed for a deadline that has passed: of an open case the ledger was written before.
    """
    stored = CASES.c
    # Grouped by a word, and not by the column, whose own index would send SQLite to every row. The first condition says
    # nothing, and names the one index that holds all of this.
    commitment_key = func.coalesce(stored.commitment, "")
    chosen = (
        select(commitment_key, func.sum(stored.owed_won), func.sum(stored.paid_won))
        .where(stored.received_at > _BEGINNING, or_(stored.owed_won > 0, stored.paid_won > 0))
        .group_by(commitment_key)
    )
    told = {commitment: (int(owed), int(paid)) for commitment, owed, paid in connection.execute(chosen)}
    for commitment, won in missed.items():
        less = select(func.sum(won - stored.owed_won)).where(
            stored.state == "open", stored.due_at <= now, stored.commitment == commitment, stored.owed_won < won
        )
        owed, paid = told.get(commitment, (0, 0))
        told[commitment] = owed + int(connection.scalar(less) or 0), paid
    return told


def passed(connection: Connection, since: datetime, until: datetime) -> bool:
    """Whether the deadline of an open case lies behind one instant and not behind another; so too if they go back."""
    stored = CASES.c
    between = select(stored.reference).where(stored.state == "open", stored.due_at > since, stored.due_at <= until)
    return until < since or connection.execute(between.limit(1)).first() is not None


def due(connection: Connection, now: datetime, due_soon_at: Mapping[str, datetime]) -> tuple[reminders.Due, ...]:
    """The cases that are due soon or overdue and of which nobody was told.

    Args:
        connection: to the ledger.
        now: the present.
        due_soon_at: as for `counts`.

    Returns:
        The longest due first.
    """
    stored = CASES.c
    latest = max((now, *due_soon_at.values()))
    statement = (
        select(stored.reference, stored.commitment, stored.due_at)
        .where(
            stored.state == "open",
            # Said on its own too: the index is searched by it.
            stored.due_at <= latest,
            or_(stored.due_at <= now, and_(stored.due_at > now, soon(due_soon_at))),
            reminders.untold("case", stored.reference, stored.due_at <= now),
        )
        .order_by(stored.due_at, stored.reference)
        .limit(reminders.AT_ONCE)
    )
    return tuple(
        reminders.Due(
            kind="case",
            key=row.reference,
            of=row.commitment,
            due_at=row.due_at,
            level="overdue" if row.due_at <= now else "due_soon",
        )
        for row in connection.execute(statement)
    )

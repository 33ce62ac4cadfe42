"""What comparing the ledger with Asterisk's own records came to, as it is kept.

Writing is idempotent: a period that is compared again replaces what was found of it before.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from monitor.ledger.rows import CALLS
from monitor.ledger.tables import DISAGREEMENTS, RECONCILIATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from monitor.ledger.store import Store

_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """One comparison of a period."""

    system: str
    since: datetime
    until: datetime
    """The first instant behind it."""
    made_at: datetime
    sources: str
    """What was read, as in `queue_log, cdr, cel`."""
    asterisk_calls: int
    """Calls of the lines that Asterisk wrote down: the matched, the filled and the disagreeing ones."""
    matched: int
    filled: int
    disagreeing: int
    ours_alone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One thing that the ledger and Asterisk tell otherwise of one call."""

    system: str
    linkedid: str
    what: str
    """outcome, agent, waiting, talking, or missing."""
    source: str
    """What tells otherwise."""
    ours: str | None
    theirs: str | None
    reason: str
    """The likely one, as `monitor.reconcile.reasons` explains it."""
    found_at: datetime


def write(store: Store, made: Reconciliation, disagreements: Sequence[Disagreement]) -> None:
    """Write one comparison and all it found, in place of what was found of its period before.

    Raises:
        StoreError: the ledger is away; nothing was written.
    """
    insert = sqlite.insert if store.is_sqlite else postgresql.insert
    names = [field.name for field in fields(Disagreement)]
    rows = [{name: getattr(each, name) for name in names} for each in disagreements]
    told = DISAGREEMENTS.c
    with store.writing() as connection:
        of_period = select(CALLS.c.linkedid).where(
            CALLS.c.system == made.system, CALLS.c.filed_at >= made.since, CALLS.c.filed_at < made.until
        )
        connection.execute(delete(DISAGREEMENTS).where(told.system == made.system, told.linkedid.in_(of_period)))
        for start in range(0, len(rows), _AT_ONCE):
            statement = insert(DISAGREEMENTS)
            statement = statement.on_conflict_do_update(
                index_elements=list(DISAGREEMENTS.primary_key.columns),
                set_={column.name: statement.excluded[column.name] for column in told if not column.primary_key},
            )
            connection.execute(statement, rows[start : start + _AT_ONCE])
        whole = insert(RECONCILIATIONS)
        connection.execute(
            whole.on_conflict_do_update(
                index_elements=list(RECONCILIATIONS.primary_key.columns),
                set_={
                    column.name: whole.excluded[column.name] for column in RECONCILIATIONS.c if not column.primary_key
                },
            ),
            [{field.name: getattr(made, field.name) for field in fields(Reconciliation)}],
        )


def made_in(connection: Connection, since: datetime, until: datetime) -> list[Reconciliation]:
    """The comparisons of time within a period, none of which tells again what another tells.

    The longest stays, since an hour that was looked at again stands for no day; of the same length, the newest.

    Args:
        connection: the transaction to read in.
        since: the first instant of the period.
        until: the first instant behind it.
    """
    made = RECONCILIATIONS.c
    within = select(RECONCILIATIONS).where(made.since >= since, made.until <= until)
    found: list[Reconciliation] = []
    rows = connection.execute(within.order_by(made.made_at.desc(), made.since)).mappings()
    for one in sorted((Reconciliation(**row) for row in rows), key=lambda one: one.since - one.until):
        if not any(one.system == other.system and _overlap(one, other) for other in found):
            found.append(one)
    return sorted(found, key=lambda one: (one.since, one.system))


def newest(connection: Connection) -> dict[str, Reconciliation]:
    """The comparison of the latest time, of each system."""
    made = RECONCILIATIONS.c
    last = select(made.system, func.max(made.since).label("since")).group_by(made.system).subquery()
    chosen = (
        select(RECONCILIATIONS)
        .join(last, (made.system == last.c.system) & (made.since == last.c.since))
        .order_by(made.made_at)
    )
    return {row["system"]: Reconciliation(**row) for row in connection.execute(chosen).mappings()}


def first(connection: Connection, system: str) -> datetime:
    """Since when comparisons tell of a system; it has been compared."""
    made = RECONCILIATIONS.c
    began_at: datetime = connection.execute(select(func.min(made.since)).where(made.system == system)).scalar_one()
    return began_at


def has(connection: Connection, system: str, since: datetime, until: datetime) -> bool:
    """Whether a period was compared, by itself or within a longer one."""
    made = RECONCILIATIONS.c
    covering = select(made.system).where(made.system == system, made.since <= since, made.until >= until)
    return connection.scalar(covering.limit(1)) is not None


def _overlap(one: Reconciliation, other: Reconciliation) -> bool:
    return one.since < other.until and other.since < one.until

"""A month of calls, written straight to a ledger: simulated days, followed by the real call state, and repeated.

A day of the simulated centre has some 3,000 calls. A month of a million is made of such days, each repeated as the day
of so many centres side by side: with keys, phones and members of its own, and a little later than the one before.
"""

from __future__ import annotations

import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, insert, literal, select, type_coerce
from sqlalchemy.dialects.postgresql import TIMESTAMP

from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.rules import RingRule
from monitor.calls.state import Plan
from monitor.demo import INSIDE, OUTSIDE
from monitor.ledger.columns import Instant
from monitor.ledger.rows import AGENT_STATES, ATTEMPTS, CALLS, HOLDS, TRANSFERS
from monitor.replay import Replay
from monitor.replay_store import Keeper
from monitor.simulator.capture import capture

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from monitor.ledger.store import Store

ZONE = ZoneInfo("Asia/Seoul")
SYSTEM, LINE = "pbx1", "1588-6565"
_SEEDS = 3
_SEEDED = date(2000, 1, 3)
"""The first of the simulated days: far from every report."""
_CALLS_PER_HOUR = 400
_LATER_SECONDS = 37
_OWN = {"linkedid", "agent", "member", "by"}
"""Columns that each repetition has values of its own in."""


def write_days(store: str) -> int:
    """Simulate some days and write them to a ledger, long before any report.

    Returns:
        How many calls there are.
    """
    plan = Plan(
        lines=Lines((Line(LINE, ("15886565", "6565")),)), inside=Patterns(INSIDE), outside=Patterns(OUTSIDE), zone=ZONE
    )
    keeper = Keeper(store, (RingRule(),))
    calls = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(_SEEDS):
            path = Path(folder) / f"{seed}.ami"
            start = datetime.combine(_SEEDED + timedelta(days=seed), datetime.min.time(), ZONE)
            calls += len(capture(path, seed, start, 86_400, _CALLS_PER_HOUR, system=SYSTEM))
            # Each by itself: what a day leaves open would be a gap up to the next.
            replay = Replay(plan, SYSTEM, lambda _: None)
            with path.open("rb") as stream:
                for fact in replay.read(path.name, stream):
                    keeper.record(fact)
            for fact in replay.close():
                keeper.record(fact)
    keeper.close()
    return calls


def repeat(store: Store, first: date, last: date, *, times: int) -> None:
    """Write the simulated days again as every day of a period, as that of so many centres."""
    with store.engine.begin() as connection:
        if store.is_sqlite:
            connection.exec_driver_sql("PRAGMA cache_size = -400000")
        else:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        for day in range((last - first).days + 1):
            for centre in range(times):
                seed = (day + centre) % _SEEDS
                source = _SEEDED + timedelta(days=seed)
                shift = first + timedelta(days=day) - source
                later = timedelta(seconds=centre * _LATER_SECONDS)
                for table in (CALLS, ATTEMPTS, TRANSFERS, HOLDS, AGENT_STATES):
                    _repeat(connection, table, source, shift + later, f"{centre:02}")
    if store.is_sqlite:
        with store.outside_transactions() as connection:
            connection.exec_driver_sql("PRAGMA optimize")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _repeat(connection: Connection, table: Table, source: date, shift: timedelta, centre: str) -> None:
    since = datetime.combine(source, datetime.min.time(), ZONE)
    until = since + timedelta(days=1)
    postgresql = connection.dialect.name == "postgresql"

    def given(column: ColumnElement[Any]) -> ColumnElement[Any]:
        if isinstance(column.type, Instant):
            if postgresql:
                return type_coerce(column, TIMESTAMP(timezone=True)) + literal(shift)
            return type_coerce(column, BigInteger) + literal(shift // timedelta(microseconds=1))
        if column.key == "linkedid":
            return column + literal(f"/{shift.days}/{centre}")
        return column + literal(f"-{centre}") if column.key in _OWN else column

    at = table.c.at if table is AGENT_STATES else CALLS.c.filed_at
    rows = table if table in (AGENT_STATES, CALLS) else table.join(CALLS)
    chosen = select(*(given(column) for column in table.c)).select_from(rows).where(at >= since, at < until)
    connection.execute(insert(table).from_select(table.c.keys(), chosen, include_defaults=False))

"""Ten simulated minutes, followed as they were journaled: a journal and the ledger that was written beside it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.ami.feed import Batch, LinkDown, LinkUp, TimePassed
from monitor.ami.protocol import PacketReader, timestamp_us
from monitor.calls.facts import GapCause
from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.rules import RingRule
from monitor.calls.state import Plan
from monitor.replay_store import Keeper
from monitor.simulator.capture import capture

from .material import NAME, WAY_US, written

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.ami.feed import JournalItem

SYSTEM = "sim1"
START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""A Monday; 19:00 in Seoul."""
MINUTES = 10
SETTINGS = f"""
[[asterisk]]
name = "{NAME}"
host = "127.0.0.1"
username = "monitor"
secret = "unused"

[[line]]
name = "1588-6565"
patterns = ["15886565", "6565"]

[callbacks]
phones = ["PJSIP/agent*"]
"""
FROM, TO = "2026-03-02T19:00", "2026-03-02T20:00"
"""The hour in Seoul in which they lie."""
PLAN = Plan(lines=Lines((Line("1588-6565", ("15886565", "6565")),)), phones=Patterns(("PJSIP/agent*",)))
TABLES = (
    "calls",
    "ring_attempts",
    "transfers",
    "holds",
    "callback_promises",
    "outgoing_calls",
    "agent_states",
    "coverage_gaps",
    "rules",
)


@dataclass(frozen=True)
class Hour:
    """What the tests begin with; they copy it."""

    journal: Path
    """The folder of all systems."""
    ledger: Path
    items: list[JournalItem]
    calls: int

    def copy(self, folder: Path) -> Path:
        """The ledger, for one test to spoil."""
        path = folder / "ledger.sqlite3"
        with closing(sqlite3.connect(self.ledger)) as whole, closing(sqlite3.connect(path)) as copied:
            whole.backup(copied)
        return path


def wire(folder: Path) -> list[JournalItem]:
    """What a follower would have taken, the wire away for five seconds in the middle; members are shown in between."""
    path = folder / "events.ami"
    capture(path, 7, START, MINUTES * 60, 500, system=SYSTEM, hour=11, calls_back=True)
    began_us = int(START.timestamp() * 1e6)
    items: list[JournalItem] = [
        LinkDown(began_us - 3_000_000, GapCause.NOT_CONNECTED, "The monitor has begun to connect."),
        LinkUp(began_us + 1_000, SYSTEM),
    ]
    away_us = began_us + MINUTES * 30_000_000
    last_us = began_us
    batch: list[tuple[int, bytes]] = []
    for offset, packet in PacketReader().feed(path.read_bytes()):
        at_us = timestamp_us(packet)
        if at_us is None:
            continue
        if batch and (at_us - last_us > 100_000 or len(batch) > 20):
            items.append(Batch(last_us + WAY_US, batch))
            batch = []
            if at_us - last_us > 1_000_000:
                items.append(TimePassed(at_us - 600_000))
        if last_us < away_us <= at_us:
            items += [
                LinkDown(last_us + 2_000, GapCause.NOT_CONNECTED, "The connection ended."),
                LinkUp(at_us - 1_000, SYSTEM),
            ]
        last_us = max(last_us, at_us)
        batch.append((offset, packet))
    return [
        *items,
        Batch(last_us + WAY_US, batch),
        LinkDown(last_us + 1_000_000, GapCause.MONITOR_DOWN, "The monitor was stopped."),
    ]


@pytest.fixture(scope="session")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Hour:
    """Some 80 calls, in a journal of segments of two minutes, and in a ledger."""
    folder = tmp_path_factory.mktemp("hour")
    items = wire(folder)
    ledger = folder / "ledger.sqlite3"
    with written(folder / "journal", PLAN, segment_minutes=2) as (journal, writer):
        writer.write(items)
        journal.sync()
        journal.keep()
    keeper = Keeper(str(ledger), (RingRule(),))
    for fact in writer.facts:
        keeper.record(fact)
    keeper.close()
    counted = Counter(type(fact).__name__ for fact in writer.facts)
    return Hour(folder / "journal", ledger, items, counted["Call"])


def dump(path: Path, *tables: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of a ledger's tables, as SQLite itself tells them."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)  # noqa: S608 - names of our own
            for table in tables or TABLES
        }


def sql(path: Path, statement: str, *values: object) -> int:
    """Change a ledger behind its back; returns how many rows were touched."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        return connection.execute(statement, values).rowcount


def ask(path: Path, query: str) -> list[str]:
    """The first column of what a query finds."""
    with closing(sqlite3.connect(path)) as connection:
        return [str(row[0]) for row in connection.execute(query)]

"""Calls told to a ledger's writer while its database is in trouble, and what another program finds of them."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from monitor.ledger import LedgerWriter
from tests.ledger.records import a_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUICK: dict[str, Any] = {"retry_seconds": 0.6, "batch_seconds": 0.02, "ping_seconds": 0.05}
"""Tries again after 0.01 s, then 0.02 s and so on to 0.6 s; the service waits for 0.5 s to 30 s."""
RINGS = 2
"""Phones that rang in each of these calls."""


@dataclass
class Fed:
    """A writer and what it was told.

    Attributes:
        names: of all calls.
    """

    writer: LedgerWriter
    place: str
    names: list[str] = field(default_factory=list)

    def calls(self, count: int) -> None:
        """Tell so many calls more."""
        for _ in range(count):
            name = f"1.{len(self.names):06}"
            self.names.append(name)
            self.writer.record(a_call(name))

    def calls_for(self, seconds: float) -> int:
        """Tell a call every 10 ms for so long; returns how many."""
        before, ends_at = len(self.names), time.monotonic() + seconds
        while time.monotonic() < ends_at:
            self.calls(1)
            time.sleep(0.01)  # calls end in real time, while the fault lasts
        return len(self.names) - before

    def until(self, holds: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait for a round of the writer after which something holds."""
        with self.writer._settled:
            assert self.writer._settled.wait_for(holds, seconds), (self.writer.last_error, self.writer.waiting_facts)

    def until_away(self) -> str:
        """Wait until the store is found away; why."""
        self.until(lambda: not self.writer.up and self.writer.last_error is not None)
        return self.writer.last_error or ""

    def until_written(self) -> float:
        """Wait until the store has everything; how long that took, in seconds."""
        began = time.monotonic()
        self.until(lambda: self.writer.up and self.writer.waiting_facts == 0)
        return time.monotonic() - began

    def outcome(self, at_stake: int, recovered_seconds: float) -> dict[str, object]:
        """What `told` wants to know, by SQL of another program.

        A call that is there twice, or with its phones twice, counts as duplicated.
        """
        found = dict(_rows(self.place, "SELECT linkedid, count(*) FROM calls GROUP BY linkedid"))
        rings = dict(_rows(self.place, "SELECT linkedid, count(*) FROM ring_attempts GROUP BY linkedid"))
        twice = {name for name in found if found[name] != 1 or rings.get(name) != RINGS}
        return {
            "calls_at_stake": at_stake,
            "lost": len(set(self.names) - set(found)),
            "duplicated": len(twice),
            "unobserved_told_seconds": 0.0,
            "unobserved_untold_seconds": 0.0,
            "recovered_seconds": recovered_seconds,
        }


def _rows(place: str, query: str) -> list[tuple[str, int]]:
    if "://" in place:
        with psycopg.connect(place) as connection:
            return connection.execute(query.encode()).fetchall()
    with closing(sqlite3.connect(place)) as connection:
        return connection.execute(query).fetchall()


@contextmanager
def fed(place: str | Path, spool: Path, **settings: Any) -> Iterator[Fed]:
    """A writer that has written a hundred calls, and is closed in the end."""
    writer = LedgerWriter(place, spool_dir=spool, **{**QUICK, **settings})
    writer.start()
    try:
        told = Fed(writer, str(place))
        told.calls(100)
        told.until_written()
        yield told
    finally:
        writer.close(5)

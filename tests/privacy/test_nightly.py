"""When the nightly purge runs: once a night, by the leader, made up where the monitor was down, and told."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from monitor.ledger import Repository, upgrade
from monitor.ledger.erasing import Erasure, keep, last_kept
from monitor.numbers import PLAIN
from monitor.privacy.nightly import Nightly
from monitor.privacy.purge import PURGE, Purge

from .test_purge import settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.ledger.store import Store

SEOUL = ZoneInfo("Asia/Seoul")
MONDAY = datetime(2026, 3, 2, 12, tzinfo=SEOUL)


class Hand:
    """A clock that is set by hand."""

    at = MONDAY

    def __call__(self) -> datetime:
        return self.at.astimezone(UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    upgrade(tmp_path / "ledger.sqlite3")
    repository = Repository(tmp_path / "ledger.sqlite3")
    yield repository.store
    repository.close()


def nightly(store: Store, clock: Hand, *, leading: bool = True) -> Nightly:
    purge = Purge(store, settings(numbers_days=365), PLAIN)
    return Nightly(store, purge, at="03:10", zone=SEOUL, clock=clock, leading=lambda: leading)


def looked_at(each: Nightly, clock: Hand, store: Store, *instants: datetime) -> list[datetime | None]:
    """When the ledger was last purged, after a look at each instant."""
    found = []
    for at in instants:
        clock.at = at
        asyncio.run(each.look())
        last_at = last_kept(store, PURGE)
        found.append(last_at and last_at.astimezone(SEOUL))
    return found


def test_a_night_is_purged_once_and_the_first_start_waits_for_its_night(store: Store) -> None:
    clock = Hand()
    each = nightly(store, clock)
    before, due = datetime(2026, 3, 3, 3, 9, 59, tzinfo=SEOUL), datetime(2026, 3, 3, 3, 10, tzinfo=SEOUL)
    evening, next_due = due + timedelta(hours=18), due + timedelta(days=1)
    instants = (MONDAY, before, due, evening, next_due)
    assert looked_at(each, clock, store, *instants) == [None, None, due, due, next_due]
    assert each.purged_at == next_due.timestamp()


def test_a_night_that_was_missed_is_made_up_at_the_start(store: Store) -> None:
    """Last purged on Sunday night; the monitor was down on Monday at 03:10 and comes back at noon."""
    keep(store, MONDAY - timedelta(days=1), PURGE, [Erasure(place="calls.caller", erased=0, left=0)])
    clock = Hand()
    assert looked_at(nightly(store, clock), clock, store, MONDAY) == [MONDAY]


def test_who_stands_by_purges_nothing_and_knows_when_the_other_did(store: Store) -> None:
    clock = Hand()
    each = nightly(store, clock, leading=False)
    night = datetime(2026, 3, 3, 3, 10, tzinfo=SEOUL)
    assert looked_at(each, clock, store, MONDAY, night) == [None, None]
    keep(store, night, PURGE, [Erasure(place="calls.caller", erased=0, left=0)])
    looked_at(each, clock, store, night + timedelta(minutes=10))
    assert each.purged_at == night.timestamp()


def test_a_ledger_that_is_away_is_tried_again_and_told_once(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Hand()
    each = nightly(store, clock)
    night = datetime(2026, 3, 3, 3, 10, tzinfo=SEOUL)
    (tmp_path / "ledger.sqlite3").rename(tmp_path / "elsewhere")
    for minutes in (0, 10, 31):
        clock.at = night + timedelta(minutes=minutes)
        asyncio.run(each.look())
    assert each.failed == 2
    assert capsys.readouterr().out.count("purge_failed") == 1
    (tmp_path / "elsewhere").rename(tmp_path / "ledger.sqlite3")
    again = night + timedelta(minutes=62)
    assert looked_at(each, clock, store, again) == [again]


class Slow(Purge):
    """Takes until it is let go: the first purge of a large ledger takes minutes."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, settings(numbers_days=365), PLAIN)
        self.begun, self.go_on = threading.Event(), threading.Event()

    def run(self, now: datetime, *, dry: bool = False) -> list[Erasure]:
        """Wait, then purge."""
        self.begun.set()
        assert self.go_on.wait(20)
        return super().run(now, dry=dry)


def test_a_stop_does_not_wait_for_a_purge(store: Store) -> None:
    keep(store, MONDAY - timedelta(days=1), PURGE, [Erasure(place="calls.caller", erased=0, left=0)])
    purge = Slow(store)
    each = Nightly(store, purge, at="03:10", zone=SEOUL, clock=Hand())

    async def stopped_in_the_middle() -> None:
        running = asyncio.create_task(each.run())
        await asyncio.to_thread(purge.begun.wait, 10)
        running.cancel()

    began = time.monotonic()
    # Ends with all threads that the loop itself began, as the program does.
    asyncio.run(stopped_in_the_middle())
    took_seconds = time.monotonic() - began
    purge.go_on.set()
    assert purge.begun.is_set()
    assert took_seconds < 5

"""A simulated week at high speed: what it takes of memory, descriptors and disk after a day, it takes to the end.

`make reliability` follows the whole week with as many calls as a busy centre has; CI follows three quieter days.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client import generate_latest
from pydantic import SecretStr

from monitor.ami.feed import Batch, LinkDown, LinkUp, Resynced, TimePassed
from monitor.calls.facts import GapCause, microseconds
from monitor.config import AsteriskSettings, JournalSettings, LedgerSettings, ReportSettings, Settings
from monitor.pipeline import Monitor
from monitor.simulator.arrivals import Arrivals
from monitor.simulator.centre import Centre

from .fixtures import THOROUGH
from .truths import compared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.simulator import Truth

DAYS = 7 if THOROUGH else 3
CALLS_PER_HOUR = 300.0 if THOROUGH else 10.0
"""In the busiest half-hour; a day has some eight times as many."""
MONDAY = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
"""Midnight in Korea."""
STEP_US = 20_000_000
LOOK_US = 10_800_000_000
"""How often metrics are scraped, and the journal is looked after."""
DAY_US = 86_400_000_000
SYSTEM = "pbx1"
BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

pytestmark = pytest.mark.timeout(1800 if THOROUGH else 240)


@dataclass(frozen=True)
class Taken:
    """What is taken at the end of a day."""

    rss_bytes: int
    objects: int
    descriptors: int
    threads: int
    tasks: int
    journal_bytes: int
    spool_bytes: int


class Clock:
    """Our own, which goes as fast as the week does."""

    def __init__(self) -> None:
        self.now_us = microseconds(MONDAY)

    def time_ns(self) -> int:
        return self.now_us * 1000


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def taken_by(monitor: Monitor, home: Path) -> Taken:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Taken(
        rss_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        objects=len(gc.get_objects()),
        descriptors=len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names alone, and one of them is the listing's own
        threads=threading.active_count(),
        tasks=len(asyncio.all_tasks()),
        journal_bytes=size_of(home / "journal"),
        spool_bytes=size_of(home / "spool"),
    )


def put_away(centre: Centre, path: Path) -> None:
    """Keep on disk what happened in calls that are over: what is weighed is the monitor, and not the simulation."""
    with path.open("ab") as file:
        for truth in centre.truths:
            if truth.ended_at_us is not None:
                pickle.dump(truth, file)
    going_on = [truth for truth in centre.truths if truth.ended_at_us is None]
    centre.truths.clear()
    centre.truths.extend(going_on)


def put_away_in(path: Path) -> Iterator[Truth]:
    with path.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)  # noqa: S301 - this very test wrote it


async def follow(home: Path, clock: Clock) -> tuple[list[Taken], Monitor]:
    """Follow the days, and look at each one's end at what is taken."""
    settings = Settings(
        asterisk=(AsteriskSettings(name=SYSTEM, host="127.0.0.1", username="m", secret=SecretStr("hush")),),
        ledger=LedgerSettings(url=SecretStr(f"sqlite:///{home / 'ledger.sqlite3'}"), spool_dir=home / "spool"),
        journal=JournalSettings(folder=home / "journal", keep_days=1, fsync="never"),
        reports=ReportSettings(folder=home / "reports", schedule=False),
    )
    monitor = Monitor(settings)
    journal, follower = monitor.journal, monitor.followers[0]
    assert journal is not None
    monitor.writer.start()
    journal.start(threads=False)
    # The ledger is empty, and has told all it knows of the day before the start.
    monitor.board.day.recalled()
    watching = asyncio.create_task(monitor.page.run())
    centre = Centre(system=SYSTEM, seed=7, started_at_us=clock.now_us)
    Arrivals(calls_per_hour=CALLS_PER_HOUR, hour=0.0, until_us=clock.now_us + DAYS * DAY_US - 3_600_000_000).begin(
        centre
    )
    follower._take(LinkUp(clock.now_us, SYSTEM))
    follower._take(Resynced(clock.now_us))
    taken = []
    offset = 0
    for day in range(1, DAYS + 1):
        until_us = microseconds(MONDAY) + day * DAY_US
        while clock.now_us < until_us:
            clock.now_us += STEP_US
            packets = []
            for _, packet in centre.advance(clock.now_us):
                packets.append((offset, packet.removesuffix(b"\r\n\r\n")))
                offset += len(packet)
            if packets:
                follower._take(Batch(clock.now_us, packets))
            follower._take(TimePassed(clock.now_us))
            if clock.now_us % LOOK_US == 0:
                journal.sync()
                journal.keep()
                generate_latest(monitor.registry)
                assert await asyncio.to_thread(monitor.writer.flush, 30.0)
            # The page and whoever else is on the loop get their turn.
            await asyncio.sleep(0)
        put_away(centre, home / "truths")
        taken.append(taken_by(monitor, home))
    follower._take(LinkDown(clock.now_us, GapCause.MONITOR_DOWN, "The week is over."))
    assert await asyncio.to_thread(monitor.writer.flush, 30.0)
    watching.cancel()
    journal.close(5.0)
    put_away(centre, home / "truths")
    return taken, monitor


def test_a_week_takes_no_more_than_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Callable[..., None]
) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "time_ns", clock.time_ns)
    began = time.process_time()
    taken, monitor = asyncio.run(follow(tmp_path, clock))
    cpu_seconds = time.process_time() - began
    truths = list(put_away_in(tmp_path / "truths"))
    calls = list(monitor.writer.repository.calls(BEGINNING, END))
    unexpected = dict(monitor.followers[0].unexpected)
    monitor.writer.close(5.0)

    lost, doubled, wrong = compared(truths, calls)
    assert wrong == []
    assert len(calls) == len(truths) >= DAYS * CALLS_PER_HOUR * 5
    assert set(unexpected.values()) <= {0}, unexpected
    assert monitor.board.calls == {}

    # The second day is the first whose beginning was a day like any other.
    second, last = taken[1], taken[-1]
    days = DAYS - 2
    print(f"{DAYS} days, {len(calls)} calls, {cpu_seconds:.1f} s of CPU; {taken}")  # noqa: T201 - for `make reliability`
    assert (last.descriptors, last.threads, last.tasks) == (second.descriptors, second.threads, second.tasks)
    assert last.spool_bytes == second.spool_bytes == 0
    assert last.journal_bytes < 1.5 * second.journal_bytes
    # A call is some ten objects while it goes on: were one of each to stay, a day would show it.
    assert last.objects - second.objects < 0.5 * CALLS_PER_HOUR * 8 * days + 2_000
    assert last.rss_bytes - second.rss_bytes < 1_000_000 * days + 4_000_000
    told(
        fault=f"{DAYS} simulated days at high speed",
        parts="simulator, journal, SQLite",
        calls_at_stake=len(truths),
        lost=lost,
        duplicated=doubled,
        unobserved_told_seconds=0.0,
        unobserved_untold_seconds=0.0,
        recovered_seconds=0.0,
    )

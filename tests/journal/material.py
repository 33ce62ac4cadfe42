"""Recordings of a real Asterisk as the items that a monitor would have followed, and journals written of them."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.ami.feed import Batch, LinkDown, LinkUp, TimePassed
from monitor.ami.protocol import PacketReader, timestamp_us
from monitor.calls.facts import GapCause
from monitor.config_keeping import JournalSettings
from monitor.following import Following
from monitor.journal.journal import Journal
from tests.scenarios.test_scenarios import HERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from monitor.ami.feed import JournalItem
    from monitor.calls.facts import Fact
    from monitor.calls.state import Plan
    from monitor.journal.writing import SystemJournal

SYSTEM = "lab1"
"""SystemName of the lab's Asterisk."""
NAME = "pbx 1/북"
"""What the settings of these tests call it."""
WAY_US = 700
"""From Asterisk to the monitor: what any packet takes here."""


def packets_of(name: str) -> list[bytes]:
    """A recording's packets that carry a stamp: banner and login are the listener's own."""
    data = (HERE / name / "events.ami").read_bytes()
    return [packet for _, packet in PacketReader().feed(data) if timestamp_us(packet) is not None]


def items_of(name: str, seed: int = 0) -> list[JournalItem]:
    """A recording as a follower would have taken it: connected, then packets in batches of any size, then away.

    Where nothing comes for a second, time passes; what was received is `WAY_US` behind the last stamp of its batch.
    """
    draw = random.Random(seed)  # noqa: S311 - the same pieces in every run are the point
    packets = packets_of(name)
    began_us = stamp_of(packets[0])
    items: list[JournalItem] = [
        LinkDown(began_us - 9_000_000, GapCause.NOT_CONNECTED, "The monitor, 100% new, has begun\r\nto connect."),
        LinkUp(began_us - 5_000_000, SYSTEM),
    ]
    offset, last_us = 0, began_us
    while packets:
        size = draw.randint(1, 6)
        taken, packets = packets[:size], packets[size:]
        latest_us = max(last_us, *map(stamp_of, taken))
        if latest_us - last_us > 1_000_000:
            items.append(TimePassed(latest_us - 500_000))
        last_us = latest_us
        batch: list[tuple[int, bytes]] = []
        for packet in taken:
            batch.append((offset, packet))
            offset += len(packet) + 4
        items.append(Batch(last_us + WAY_US, batch))
    return [*items, LinkDown(last_us + 2_000_000, GapCause.MONITOR_DOWN, "The monitor was stopped.")]


def stamp_of(packet: bytes) -> int:
    at_us = timestamp_us(packet)
    assert at_us is not None
    return at_us


def instant_of(item: JournalItem) -> int:
    return item.received_at_us if isinstance(item, Batch) else item.at_us


def plain(items: Iterable[JournalItem]) -> list[object]:
    """Items without where their packets stood, which a journal tells by its own bytes."""
    return [
        (item.received_at_us, [packet for _, packet in item.packets]) if isinstance(item, Batch) else item
        for item in items
    ]


def followed(plan: Plan, items: Iterable[JournalItem]) -> list[Fact]:
    """The facts that items bring."""
    following = Following(NAME, plan)
    return [fact for item in items for fact in following.take(item)]


class Clock:
    """Our own clock, as the test sets it."""

    def __init__(self) -> None:
        self.at_us = 0

    def __call__(self) -> int:
        return self.at_us


@contextmanager
def written(
    folder: Path, plan: Plan | None = None, *, threads: bool = False, **settings: object
) -> Iterator[tuple[Journal, Writer]]:
    """A journal that is written, and closed in the end; what becomes of closed segments is left to the test."""
    clock = Clock()
    journal = Journal(JournalSettings.model_validate({"folder": folder, **settings}), clock)
    following = None if plan is None else Following(NAME, plan)
    writer = Writer(journal, clock, following)
    journal.start(threads=threads)
    try:
        yield journal, writer
    finally:
        journal.close(10.0)


class Writer:
    """Appends items at the instants they came, and follows them as a follower does, where there is a plan."""

    def __init__(self, journal: Journal, clock: Clock, following: Following | None) -> None:
        self._clock = clock
        self._following = following
        self.facts: list[Fact] = []
        age = (lambda _: None) if following is None else following.oldest_call_age_us
        self.journal: SystemJournal = journal.of(NAME, age, None if following is None else following.standing)

    def write(self, items: Iterable[JournalItem]) -> None:
        for item in items:
            self._clock.at_us = max(self._clock.at_us, instant_of(item))
            self.journal.append(item)
            if self._following is not None:
                self.facts += self._following.take(item)

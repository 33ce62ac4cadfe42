"""Follows a simulated hour in children that are killed at random instants: `python -m tests.faults.killed …`.

A program of its own, without a second thread, so that it may fork: each child has everything loaded, and is killed by a
real SIGKILL wherever it is just then: starting, reading its journal, following, or writing the ledger.
"""

from __future__ import annotations

import gc
import json
import logging
import mmap
import os
import random
import signal
import struct
import sys
import time
import traceback
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import structlog

from monitor.ami.feed import Batch, TimePassed
from monitor.calls.facts import Call
from monitor.calls.lines import Line, Lines
from monitor.calls.state import Plan
from monitor.config_keeping import JournalSettings
from monitor.following import Following
from monitor.journal.journal import Journal
from monitor.journal.reading import last_at_us, unfinished
from monitor.journal.segments import folder_of, name_of, segments
from monitor.ledger.repository import Repository
from monitor.ledger.rows import STORED_FACTS
from monitor.ledger.schema import upgrade
from monitor.ledger.writer import LedgerWriter
from monitor.resume import follow_again
from monitor.simulator.arrivals import SPELLINGS
from tests.faults.hour import SYSTEM, Hour, hour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from monitor.ami.feed import JournalItem
    from monitor.calls.facts import Fact

GRACE_US = 20_000
"""How long a timer waits for an event on its way, as the service lets it."""
PLAN = Plan(lines=Lines((Line("1588-6565", tuple(dict.fromkeys(SPELLINGS))),)))
WAITS_US = 60_000_000
"""How long facts wait in memory at the longest."""
AT_START = 0.15
"""Of the kills, those while the child still starts."""
_SHARED = struct.Struct("=qqqdq")
"""Batches followed; last receipt found in the journal; that of what was followed last; when following began; ended."""
DEAD_BATCHES = 20
"""The wire goes on for up to so many batches, and the few seconds to when a connection may begin."""
_PATIENCE_SECONDS = 60.0


@dataclass
class Told:
    """What the killing came to, as the outside knows it."""

    kills: int = 0
    unseen_us: list[tuple[int, int]] = field(default_factory=list)
    """From the last receipt that was written down to that of the connection made again."""
    at_us: list[int] = field(default_factory=list)
    """What the wire had come to when it was killed."""
    named: dict[int, list[str]] = field(default_factory=dict)
    """By when a connection was made, the calls whose dialled number it was told."""
    recovered_seconds: list[float] = field(default_factory=list)
    """From a start until the wire was followed again."""


class Child:
    """One run of the monitor's heart: journal, call state and ledger."""

    def __init__(self, home: Path, wire: Hour, shared: mmap.mmap) -> None:
        self.home, self.wire, self.shared = home, wire, shared
        self.now_us = wire.batches[0].received_at_us
        settings = JournalSettings(folder=home / "journal", segment_minutes=1.0)
        self.following = Following(SYSTEM, PLAN)
        self.journal = Journal(settings, lambda: self.now_us)
        self.recorder = self.journal.of(
            SYSTEM,
            self.following.oldest_call_age_us,
            self.following.standing,
        )
        self.writer = LedgerWriter(home / "ledger.sqlite3", batch_seconds=0.02)
        # What a counter would be told, in the order in which it is: one line of a call each.
        self.counted = os.open(home / "counted", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @classmethod
    def begin(cls, home: Path, wire: Hour, connects_at: int | None, shared: mmap.mmap) -> None:
        """Make one and run it."""
        cls(home, wire, shared).run(connects_at)

    def run(self, connects_at: int | None) -> None:
        """Go on where the journal ends, to the end of the hour.

        Args:
            connects_at: the batch before which the connection is made again; None where the wire waits.
        """
        self.writer.start()
        self.journal.start()
        folder = folder_of(self.home / "journal", SYSTEM)
        last_us = last_at_us(folder)
        number = 0
        if last_us is not None:
            batches: list[int] = []
            again = follow_again(self.following, _noting(unfinished(folder), batches), last_us)
            number = self.wire.after(max(batches, default=None))
            self.now_us = last_us
            self.tell(again.stored, count=False)
            assert self.writer.secure(30.0)
            if connects_at is not None and not self.following.blind:
                self.take(again.link_down)
            self.note(found_us=last_us)
        if connects_at is not None:
            number = connects_at
            for item in self.wire.coming_up(number):
                self.take(item)
        self.note(began=time.monotonic())
        flushed_us = self.now_us
        for position in range(number, len(self.wire.batches)):
            batch = self.wire.batches[position]
            if batch.received_at_us - flushed_us > WAITS_US:
                # The hour goes by in seconds, and the store is as slow as ever: no fact waits longer than in service.
                assert self.writer.flush(30.0)
                flushed_us = batch.received_at_us
            self.pass_time(batch.received_at_us)
            self.take(batch)
            self.note(followed=position + 1)
        self.tell(self.following.close())
        assert self.writer.close(30.0)
        self.journal.close(5.0)
        self.note(ended=1)

    def note(self, **said: float) -> None:
        """Tell the parent, in memory that outlives this."""
        for name, value in said.items():
            index = ("followed", "found_us", "taken_us", "began", "ended").index(name)
            struct.pack_into("=d" if name == "began" else "=q", self.shared, 8 * index, value)

    def pass_time(self, until_us: int) -> None:
        """Let timers run out that are due before the next batch comes."""
        following = self.following
        while following.clock.at(until_us) > (due_us := following.next_deadline_us + GRACE_US):
            self.now_us += max(0, due_us - following.clock.at(self.now_us))
            self.take(TimePassed(due_us - GRACE_US))

    def take(self, item: JournalItem) -> None:
        """Write an item down, then follow it."""
        self.now_us = item.received_at_us if isinstance(item, Batch) else max(self.now_us, item.at_us)
        self.recorder.append(item)
        self.tell(self.following.take(item))
        self.note(taken_us=self.now_us)

    def tell(self, facts: Iterable[Fact], *, count: bool = True) -> None:
        """Hand facts to the ledger, and to who counts calls."""
        for fact in facts:
            self.writer.record(fact)
            if count and isinstance(fact, Call):
                os.write(self.counted, f"{fact.key.linkedid}\n".encode())


def _noting(items: Iterable[JournalItem], batches: list[int]) -> Iterator[JournalItem]:
    for item in items:
        if isinstance(item, Batch):
            batches[:] = [item.received_at_us]
        yield item


def kill(home: Path, wire: Hour, kills: int, seed: int, *, waits: bool) -> Told:
    """Let children follow the hour until one gets to its end, the others killed on their way.

    Args:
        home: the folder of ledger and journal.
        wire: the hour.
        kills: how many children are killed.
        seed: of the instants.
        waits: whether the wire waits while nobody listens; else the hour goes on.
    """
    chance = random.Random(seed)  # noqa: S311 - instants that can be tried again, no secret
    at_start = int(kills * AT_START)
    targets: list[int | None] = [*sorted(chance.sample(range(1, len(wire.batches) - 1), kills - at_start))]
    for _ in range(at_start):
        targets.insert(chance.randrange(1, len(targets) + 1), None)
    told = Told()
    connects_at = None if waits else wire.look_from(0)
    before: tuple[int, int] | None = None
    for target in [*targets, len(wire.batches)]:
        connected_us = 0 if connects_at is None else wire.connected_us(connects_at)
        if connects_at is not None:
            told.named[connected_us] = wire.named(connects_at)
        run = _one(partial(Child.begin, home, wire, connects_at), target, len(wire.batches), chance)
        told.kills += not run.ended
        if run.began:
            told.recovered_seconds.append(run.began - run.started)
            told.at_us.append(run.taken_us)
        if run.found_us:
            # Only now is it known whether the one before had written down that it was connected.
            if before is not None and before[0] and run.found_us >= before[1]:
                told.unseen_us.append(before)
            before = (run.found_us, connected_us)
        elif before is None:
            before = (0, connected_us)
        if not waits:
            reached = max(run.followed, connects_at or 0)
            connects_at = wire.look_from(min(reached + chance.randrange(1, DEAD_BATCHES), max(wire.looks)))
    assert run.ended, "the last child did not get to the end of the hour"
    if not waits and before is not None and before[0]:
        told.unseen_us.append(before)
    # Once the hour is over nothing goes on any more while it is dead.
    told.unseen_us = [(seen_us, connected_us) for seen_us, connected_us in told.unseen_us if connected_us > seen_us]
    return told


class Run(NamedTuple):
    """What a child has told of itself, in memory that outlives it."""

    started: float
    followed: int
    found_us: int
    """The last receipt that it found in the journal."""
    taken_us: int
    """Of what it followed last."""
    began: float
    """When it followed the wire."""
    ended: int


def _one(child: Callable[[mmap.mmap], None], target: int | None, last: int, chance: random.Random) -> Run:
    """Start a child, and kill it when it has followed so many batches, or soon after its start where `target` is None.

    The one that is to follow the last of them is let come to its end.
    """
    shared = mmap.mmap(-1, _SHARED.size)
    started = time.monotonic()
    number = os.fork()
    if number == 0:
        code = 1
        try:
            child(shared)
            code = 0
        except BaseException:  # noqa: BLE001 - a child must not go on as its parent, whatever happened
            traceback.print_exc()
        finally:
            os._exit(code)
    if target is None:
        time.sleep(chance.uniform(0.0, 0.1))  # the instant is what is tried here
    while target is not None and _SHARED.unpack(shared)[0] < target:
        if os.waitpid(number, os.WNOHANG)[0]:
            break
        assert time.monotonic() - started < _PATIENCE_SECONDS, "the child has come to a standstill"
        time.sleep(0.0002)  # another process sets no event
    else:
        time.sleep(chance.uniform(0.0, 0.002))  # the instant is what is tried here
        if target != last:
            os.kill(number, signal.SIGKILL)
        os.waitpid(number, 0)
    run = Run(started, *_SHARED.unpack(shared))
    shared.close()
    return run


def _warm_up(home: Path, wire: Hour) -> None:
    """Load and compile what each child would load and compile for itself, without a thread and without a file left."""
    following, repository = Following(SYSTEM, PLAN), Repository(home / "warm.sqlite3")
    upgrade(repository.store)
    facts = [fact for batch in wire.batches[:200] for fact in following.take(batch)]
    repository.record_all([fact for fact in facts if isinstance(fact, STORED_FACTS)])
    repository.close()
    (home / name_of(0)).touch()
    segments(home)
    gc.collect()
    gc.freeze()


def main() -> None:
    """Follow the hour undisturbed, then twice with children killed: while the wire waits, and while it goes on."""
    home, seed, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    kills = int(sys.argv[4]), int(sys.argv[5])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    wire = hour(seconds)
    _warm_up(home, wire)
    told: dict[str, object] = {}
    for name, often, waits in (("undisturbed", 0, True), ("waits", kills[0], True), ("goes on", kills[1], False)):
        (home / name).mkdir()
        told[name] = asdict(kill(home / name, wire, often, seed, waits=waits))
    told["calls"] = [(truth.linkedid, truth.entered_at_us, truth.ended_at_us) for truth in wire.truths]
    told["connected_us"] = wire.looks[wire.first_look].received_at_us
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()

"""Recorded calls on a wire between two clocks that drift and are set, and that may be slow.

True time is that of the recordings. What Asterisk's clock shows then, what ours shows, and when a packet arrives, is
drawn by the test; what the calls were is told by the recordings alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.ami.feed import Batch, ClockSet, LinkUp, TimePassed
from monitor.ami.protocol import ping_number, timestamp_us
from monitor.calls.facts import Call
from monitor.clocks import OwnClock
from monitor.following import Following
from tests.properties.material import PLAN, facts_of, merged, stamped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from monitor.calls.facts import CallKey, Fact

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
BEGIN_US = 1_777_852_800 * SECOND_US
"""When every recording begins, in true time."""
PING_US = 2 * SECOND_US
GRACE_US = 20_000
LATE_PONG_US = PING_US + 500_000
_STAMP = re.compile(rb"\r\nTimestamp: [^\r]*")


@dataclass(frozen=True)
class Hand:
    """A clock.

    Attributes:
        ahead_us: how far ahead it begins.
        drift_ppm: how much it gains.
        steps: `(true instant, by)`: when it is set, and how far.
    """

    ahead_us: int = 0
    drift_ppm: int = 0
    steps: tuple[tuple[int, int], ...] = ()

    def evenly_at(self, true_us: int) -> int:
        """What it would show, had nobody set it."""
        return true_us + self.ahead_us + (true_us - BEGIN_US) * self.drift_ppm // 1_000_000

    def at(self, true_us: int) -> int:
        """What it shows at a true instant."""
        return self.evenly_at(true_us) + sum(by_us for at_us, by_us in self.steps if at_us <= true_us)


@dataclass(frozen=True)
class Arrival:
    """What comes, and when, in true time: an event, or the answer to a ping."""

    written_us: int
    at_us: int
    event: bytes | None
    pinged_us: int = 0


class World:
    """Plays parts of the recordings.

    Args:
        parts: `(name of the recording, number, microseconds after the beginning)`.
        there: Asterisk's clock.
        here: ours.
        ways_us: how long each packet is on its way, taken in turn; what was sent later never arrives earlier.
        bears_stamp: whether the event of this index does.
    """

    def __init__(
        self,
        parts: Sequence[tuple[str, int, int]],
        *,
        there: Hand,
        here: Hand,
        ways_us: Sequence[int] = (1_000,),
        bears_stamp: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self._there, self._here = there, here
        self._bears_stamp = bears_stamp
        self._now_us = BEGIN_US - SECOND_US
        self.truth = [packet for _, packet in merged(parts)]
        self._own = OwnClock(lambda: here.at(self._now_us), lambda: here.evenly_at(self._now_us))
        self._set_us: list[tuple[int, int]] = []
        self.arrivals = self._carried(ways_us)
        self.following = Following("lab1", PLAN)
        self.steps_known_us: list[int] = []
        """In true time, when the monitor knew that a clock had been set."""

    def play(self) -> list[Fact]:
        """All that is told, timers as a follower has them among it."""
        facts = self.following.take(LinkUp(self._own.now_us(), "lab1"))
        for arrival in self.arrivals:
            facts += self._time_passes(arrival.at_us)
            self._now_us = arrival.at_us
            if by_us := self._own.follow():
                self._set_us.append((self._now_us, by_us))
                facts += self.following.take(ClockSet(self._own.now_us(), by_us))
            facts += self.following.take(Batch(self._own.now_us(), [(0, self._packet(arrival))]))
            found = self.following.clock_steps + len(self._set_us)
            self.steps_known_us += [self._now_us] * (found - len(self.steps_known_us))
        return facts + self.following.close()

    def by_receipt(self) -> dict[CallKey, Call]:
        """What the same calls are to somebody who goes by when each event arrived, on a clock that nobody sets."""
        events = [(self._here.evenly_at(a.at_us), a.event) for a in self.arrivals if a.event is not None]
        return records(facts_of(stamped(event, at_us) for at_us, event in events)[0])

    def _time_passes(self, until_us: int) -> list[Fact]:
        """Timers, each as it falls due, while no answer to a ping is late."""
        facts: list[Fact] = []
        last_us = min(until_us - 1, self._now_us + LATE_PONG_US)
        while True:
            wait_us = self.following.next_deadline_us + GRACE_US - self.following.clock.at(self._own.now_us())
            if self._now_us + max(0, wait_us) > last_us:
                return facts
            self._now_us += max(0, wait_us)
            facts += self.following.take(TimePassed(self.following.clock.at(self._own.now_us()) - GRACE_US))

    def _carried(self, ways_us: Sequence[int]) -> list[Arrival]:
        """What Asterisk writes, as it arrives: the events, and an answer to a ping every two seconds."""
        events = [(timestamp_us(packet) or 0, packet, 0) for packet in self.truth]
        ends_us = events[-1][0] + 5 * SECOND_US
        pings = range(BEGIN_US - SECOND_US + 1, ends_us, PING_US)
        written = [(ping_us + ways_us[n % len(ways_us)], None, ping_us) for n, ping_us in enumerate(pings)]
        arrivals: list[Arrival] = []
        at_us = 0
        for number, (true_us, event, pinged_us) in enumerate(sorted([*events, *written], key=lambda one: one[0])):
            at_us = max(at_us, true_us + ways_us[(7 * number) % len(ways_us)])
            arrivals.append(Arrival(true_us, at_us, event, pinged_us))
        return arrivals

    def _packet(self, arrival: Arrival) -> bytes:
        shown_us = self._there.at(arrival.written_us)
        if arrival.event is not None:
            bears = self._bears_stamp(arrival.written_us)
            return stamped(arrival.event, shown_us) if bears else _STAMP.sub(b"", arrival.event, count=1)
        # The ping bears what our clock showed when it was sent, as far as had been followed by then.
        set_us = sum(by_us for at_us, by_us in self._set_us if at_us <= arrival.pinged_us)
        number = ping_number(1, self._here.evenly_at(arrival.pinged_us) + set_us)
        stamp = f"{shown_us // SECOND_US}.{shown_us % SECOND_US:06d}"
        return f"Response: Success\r\nActionID: {number}\r\nPing: Pong\r\nTimestamp: {stamp}".encode()


def records(facts: Iterable[Fact]) -> dict[CallKey, Call]:
    """The record of each call, of which there is one."""
    calls = [fact for fact in facts if isinstance(fact, Call)]
    assert len({call.key for call in calls}) == len(calls), "a call has two records"
    return {call.key: call for call in calls}

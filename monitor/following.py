"""The calls of one Asterisk, followed from what came of it: the same items in the same order give the same facts.

Live, the items come from a connection (`monitor.follower`); after a crash, and in a replay, from the journal. Pure:
what time it is stands in the items.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import structlog

from monitor.ami.clock import RemoteClock
from monitor.ami.decoder import Decoder
from monitor.ami.feed import Batch, LinkDown, LinkUp, Resynced, Standing, TimePassed
from monitor.ami.protocol import pong_us
from monitor.calls.tracker import CLOCK_STEP_US, Tracker, TrackerStanding

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from monitor.ami.feed import JournalItem
    from monitor.calls.facts import Fact, GapCause
    from monitor.calls.state import Plan

log = structlog.get_logger(__name__)


class Following:
    """The call state of one Asterisk, what reads its packets, and what is known of its clock.

    Args:
        name: what the system is called until AMI's SystemName is known.
        plan: which calls are wanted, and how they are judged.
        clock_rate: how fast its clock runs; 1 but for a simulator.
    """

    def __init__(self, name: str, plan: Plan, *, clock_rate: float = 1.0) -> None:
        self._plan = plan
        self._decoder = Decoder()
        # What is late here by our clock is late there by as much more as that clock runs faster.
        self._disorder_us = int(CLOCK_STEP_US * max(1.0, clock_rate))
        self._tracker = Tracker(name, plan, disorder_us=self._disorder_us)
        self.clock = RemoteClock(clock_rate)

    @property
    def system(self) -> str:
        """The name its calls are filed under."""
        return self._tracker.system

    @property
    def now_us(self) -> int:
        """The latest instant seen on its clock; 0 before the first."""
        return self._tracker.now_us

    @property
    def next_deadline_us(self) -> int:
        """The instant on its clock at which `TimePassed` brings something, if nothing comes before."""
        return self._tracker.next_deadline_us

    @property
    def events(self) -> Mapping[str, int]:
        """Events received, by name."""
        return {name.decode("utf-8", "replace"): count for name, count in self._decoder.counts.items()}

    @property
    def malformed(self) -> int:
        """Packets that broke off."""
        return self._decoder.malformed

    @property
    def unexpected(self) -> Counter[str]:
        """Events that did not fit, by kind."""
        return self._tracker.unexpected

    @property
    def blind(self) -> bool:
        """Whether nothing is seen of it now."""
        return self._tracker.blind

    @property
    def calls_known(self) -> int:
        """Calls in progress, those of no line among them."""
        return self._tracker.calls_known

    def forget_counts(self) -> None:
        """Count events from 0: those so far were counted before."""
        self._decoder.forget_counts()
        self._tracker.unexpected.clear()

    def oldest_call_age_us(self, now_us: int) -> int | None:
        """How long ago the oldest call in progress was first seen; None where there is none.

        Args:
            now_us: by our own clock.
        """
        began_us = self._tracker.oldest_call_us
        return None if began_us is None else max(0, self.clock.at(now_us) - began_us)

    def take(self, item: JournalItem) -> list[Fact]:
        """What an item brings, in order of time."""
        if isinstance(item, Batch):
            return self._read(item)
        if isinstance(item, TimePassed):
            return self._tracker.advance(item.at_us)
        if isinstance(item, LinkUp):
            return self._link_up(item)
        if isinstance(item, LinkDown):
            return self.blinded(item.at_us, item.cause)
        if isinstance(item, Standing):
            return self._restore(item)
        if isinstance(item, Resynced) and item.refused:
            log.warning("present_unknown", system=self._tracker.system, refused=item.refused)
        return []

    def standing(self, at_us: int) -> Standing:
        """What is known besides the calls in progress, for those who begin to read a journal here.

        Args:
            at_us: now, by our own clock.
        """
        known = {
            "system": self._tracker.system,
            "clock": self.clock.anchor,
            "last_us": self._decoder.last_us,
            "tracker": self._tracker.standing()._asdict(),
        }
        return Standing(at_us, json.dumps(known, separators=(",", ":")))

    def without_calls(self, at_us: int) -> list[Fact]:
        """Every call in progress has ended by an instant of our own clock, unseen."""
        return self._tracker.restarted(max(self.clock.at(at_us), self._tracker.now_us))

    def blinded(self, at_us: int, cause: GapCause) -> list[Fact]:
        """From an instant of our own clock on, nothing is seen of the system."""
        # Timers may have run a little beyond what was seen last; what was seen is what counts.
        return self._tracker.link_down(max(self.clock.at(at_us), self._decoder.last_us), cause)

    def close(self) -> list[Fact]:
        """No more will come: every call still open ends, unobserved."""
        return self._tracker.close()

    def _restore(self, standing: Standing) -> list[Fact]:
        try:
            known = json.loads(standing.state)
            system, clock, last_us = known["system"], known["clock"], known["last_us"]
            tracker = TrackerStanding(**known["tracker"])
        except (ValueError, KeyError, TypeError):
            # Another release wrote it. Members' states are told anew, and nothing else is lost but what it was for.
            log.warning("standing_unknown", system=self._tracker.system)
            return []
        self.clock.hold(*clock)
        self._decoder.go_on(last_us)
        if system != self._tracker.system:
            self._tracker = Tracker(system, self._plan, disorder_us=self._disorder_us)
        return self._tracker.restore(tracker)

    def _read(self, batch: Batch) -> list[Fact]:
        facts: list[Fact] = []
        decode, feed = self._decoder.decode, self._tracker.feed
        received_us = batch.received_at_us
        # Answers carry no Timestamp even where events do; the tracker's time is Asterisk's, not ours.
        there_us = self.clock.at(received_us)
        before_us = self._decoder.last_us
        for _, packet in batch.packets:
            event = decode(packet, there_us)
            if event is not None:
                facts += feed(event)
            elif (pong := pong_us(packet)) is not None:
                self.clock.observe(received_us, pong)
                there_us = self.clock.at(received_us)
        if self._decoder.last_us != before_us:
            self.clock.observe(received_us, self._decoder.last_us)
        return facts

    def _link_up(self, notice: LinkUp) -> list[Fact]:
        at_us = max(self.clock.at(notice.at_us), self._tracker.now_us)
        facts: list[Fact] = []
        if notice.system != self._tracker.system:
            # Asterisk's own name is the one calls are filed under; nothing was filed under the other yet but the wait.
            facts = self._tracker.link_up(at_us) + self._tracker.close()
            self._tracker = Tracker(notice.system, self._plan, disorder_us=self._disorder_us)
        elif notice.restarted:
            facts = self._tracker.restarted(at_us)
        return facts + self._tracker.link_up(at_us)

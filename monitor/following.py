"""The calls of one Asterisk, followed from what came of it: the same items in the same order give the same facts.

Live, the items come from a connection (`monitor.follower`); after a crash, and in a replay, from the journal. Pure:
what time it is stands in the items.

Time is Asterisk's own where its events bear stamps, else that of receipt; a clock that is set, or that might have been,
is told from a slow wire by `monitor.ami.clock`, and leaves no call with a duration that two clocks have measured.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from monitor.ami.clock import RemoteClock, Sight
from monitor.ami.decoder import Decoder
from monitor.ami.events import ANSWERS
from monitor.ami.feed import Batch, ClockSet, LinkDown, LinkUp, Resynced, Standing, TimePassed
from monitor.ami.protocol import pinged_us, pong_us
from monitor.calls.facts import Call, Observed, OutgoingCall
from monitor.calls.state import NEVER_US
from monitor.calls.tracker import CLOCK_STEP_US, Tracker, TrackerStanding
from monitor.calls.verdicts import unsure

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from monitor.ami.events import Event
    from monitor.ami.feed import JournalItem
    from monitor.calls.facts import CallKey, Fact, GapCause
    from monitor.calls.state import Plan

_BELIEVED = 3
"""So many stamps in a row that nothing else explains mean that a clock was set; one alone may be wrong."""
_HELD_US = 10_000_000
"""So long a record waits for the answer that tells whether the clock was set; one that never comes loses no call."""
_FAR_BACK_US = 60_000_000
"""The call state takes what is stamped up to so long ago as it is: whether it is late or wrong is decided here."""

log = structlog.get_logger(__name__)


class Following:
    """The call state of one Asterisk, what reads its packets, and what is known of its clock.

    Args:
        name: what the system is called until AMI's SystemName is known.
        plan: which calls are wanted, and how they are judged.
        clock_rate: how fast its clock runs; 1 but for a simulator.

    Attributes:
        clock: what time it is there.
        clock_steps: how often it was set.
    """

    def __init__(self, name: str, plan: Plan, *, clock_rate: float = 1.0) -> None:
        self._plan = plan
        self._decoder = Decoder()
        # What is late here by our clock is late there by as much more as that clock runs faster.
        self._disorder_us = int(CLOCK_STEP_US * max(1.0, clock_rate))
        self._far_back_us = int(_FAR_BACK_US * max(1.0, clock_rate))
        self._patience_us = int(_HELD_US * max(1.0, clock_rate))
        self._tracker = Tracker(name, plan, disorder_us=self._far_back_us)
        self._newest_us = 0
        """The latest stamp: what comes behind it on the same wire was stamped behind it, or by a clock that was set."""
        self._unlikely = 0
        self._late = False
        self._held: list[Call | OutgoingCall] = []
        self._held_until_us = self._held_at_most_us = NEVER_US
        self._there_us = 0
        self.clock = RemoteClock(clock_rate)
        self.clock_steps = 0

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
        return min(self._tracker.next_deadline_us, self._held_until_us)

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
    def in_doubt(self) -> bool:
        """Whether its clock may just have been set: an answer to a ping tells, and calls that end wait for it."""
        return self._late or self._unlikely > 0

    @property
    def blind(self) -> bool:
        """Whether nothing is seen of it now."""
        return self._tracker.blind

    @property
    def calls_known(self) -> int:
        """Calls in progress, those of no line among them."""
        return self._tracker.calls_known

    @property
    def unrecorded(self) -> frozenset[CallKey]:
        """Calls of monitored lines of which no record was told yet: in progress, or kept back."""
        return self._tracker.unrecorded | {call.key for call in self._held if isinstance(call, Call)}

    def forget_counts(self) -> None:
        """Count from 0: what has come so far was counted before."""
        self._decoder.forget_counts()
        self._tracker.unexpected.clear()
        self.clock_steps = 0

    def oldest_call_age_us(self, now_us: int) -> int | None:
        """How long ago the oldest call in progress was first seen; None where there is none.

        Args:
            now_us: by our own clock.
        """
        began_us = self._tracker.oldest_call_us
        return None if began_us is None else max(0, self.clock.at(now_us) - began_us)

    def take(self, item: JournalItem) -> list[Fact]:
        """What an item brings, in order of time."""
        facts: list[Fact] = []
        match item:
            case Batch():
                facts = self._read(item)
            case TimePassed():
                facts = self._hold(self._tracker.advance(item.at_us))
                if item.at_us >= self._held_until_us:
                    facts += self._release(sure=False)
            case LinkUp():
                facts = self._link_up(item)
            case LinkDown():
                facts = self.blinded(item.at_us, item.cause)
            case ClockSet():
                facts = self._own_clock_set(item)
            case Standing():
                facts = self._restore(item)
            case Resynced() if item.refused:
                log.warning("present_unknown", system=self._tracker.system, refused=item.refused)
        return facts

    def standing(self, at_us: int) -> Standing:
        """What is known besides the calls in progress, for those who begin to read a journal here.

        Args:
            at_us: now, by our own clock.
        """
        known = {
            "system": self._tracker.system,
            "clock": self.clock.anchor,
            "doubt": [self._newest_us, self._unlikely, self._late],
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
        facts = self._tracker.link_down(max(self.clock.at(at_us), self._decoder.last_us), cause)
        # Whether its clock was set is not told any more.
        return self._release(sure=False) + facts

    def close(self) -> list[Fact]:
        """No more will come: every call still open ends, unobserved."""
        return self._release(sure=False) + self._tracker.close()

    def _restore(self, standing: Standing) -> list[Fact]:
        try:
            known = json.loads(standing.state)
            system, clock, doubt, last_us = known["system"], known["clock"], known["doubt"], known["last_us"]
            tracker = TrackerStanding(**known["tracker"])
        except (ValueError, KeyError, TypeError):
            # Another release wrote it. Members' states are told anew, and nothing else is lost but what it was for.
            log.warning("standing_unknown", system=self._tracker.system)
            return []
        self.clock.hold(*clock)
        self._newest_us, self._unlikely, self._late = doubt
        self._decoder.go_on(last_us)
        if system != self._tracker.system:
            self._tracker = Tracker(system, self._plan, disorder_us=self._far_back_us)
        return self._tracker.restore(tracker)

    # What comes

    def _read(self, batch: Batch) -> list[Fact]:
        facts: list[Fact] = []
        decoder, feed, clock = self._decoder, self._tracker.feed, self.clock
        received_us = batch.received_at_us
        # Answers carry no Timestamp even where events do; the tracker's time is Asterisk's, not ours.
        there_us = self._there_us = clock.at(received_us)
        if self._held:
            # The answer stands behind all that comes before it.
            self._held_until_us = min(there_us + self._patience_us, self._held_at_most_us)
        earliest_us, latest_us = self._expected(received_us)
        latest_seen_us = 0
        for _, packet in batch.packets:
            untimed = decoder.untimed
            event = decoder.decode(packet, there_us)
            if event is not None and decoder.untimed == untimed and earliest_us <= event.at_us <= latest_us:
                latest_seen_us = max(latest_seen_us, event.at_us)
                facts += feed(event)
                continue
            if event is None and (pong := pong_us(packet)) is not None:
                self._saw(received_us, latest_seen_us)
                facts += self._hold(self._pong(received_us, pong, pinged_us(packet)))
            elif event is None:
                continue
            elif decoder.untimed == untimed:
                self._saw(received_us, latest_seen_us)
                facts += self._hold(self._stamped(event, received_us))
            elif isinstance(event, ANSWERS):
                facts += feed(event)
                continue
            else:
                facts += self._hold(self._unstamped(event, received_us))
            latest_seen_us = 0
            there_us = clock.at(received_us)
            earliest_us, latest_us = self._expected(received_us)
        self._saw(received_us, latest_seen_us)
        return facts

    def _expected(self, received_us: int) -> tuple[int, int]:
        """Between which instants a stamp raises no question; the second comes first where each is looked at."""
        if self.in_doubt or self.clock.fixed:
            return 1, 0
        earliest_us, latest_us = self.clock.window(received_us)
        return max(earliest_us, self._newest_us - self._disorder_us), latest_us

    def _saw(self, received_us: int, latest_us: int) -> None:
        """Learn from the stamps that raised no question, of which this was the latest; 0 where there were none."""
        if latest_us:
            self._newest_us = max(self._newest_us, latest_us)
            self.clock.observe(received_us, latest_us)

    def _stamped(self, event: Event, received_us: int) -> list[Fact]:
        """Take an event that bears its time."""
        clock, at_us = self.clock, event.at_us
        if clock.fixed:
            clock.release()
        sight = clock.sight(received_us, at_us)
        if sight is Sight.AHEAD or at_us < self._newest_us - self._disorder_us:
            return self._doubt(event, received_us)
        self._unlikely = 0
        self._late = sight is Sight.LATE
        self._newest_us = max(self._newest_us, at_us)
        clock.observe(received_us, at_us)
        return self._tracker.feed(event)

    def _doubt(self, event: Event, received_us: int) -> list[Fact]:
        """Take one whose stamp no slow wire explains: a clock was set, as more such stamps show; or it is wrong."""
        self._unlikely += 1
        expected_us = self.clock.measured_at(received_us)
        if self._unlikely < _BELIEVED:
            self._tracker.unexpected["stamp_from_another_time"] += 1
            return self._tracker.feed(event._replace(at_us=max(expected_us, self._newest_us)), by_receipt=True)
        by_us = event.at_us - expected_us
        self.clock.step(by_us)
        facts = self._set(by_us, event.at_us)
        self.clock.observe(received_us, event.at_us)
        self._newest_us = event.at_us
        return facts + self._tracker.feed(event)

    def _unstamped(self, event: Event, received_us: int) -> list[Fact]:
        """Take an event that tells no time: by our own clock alone, whatever is learned of the other meanwhile."""
        clock = self.clock
        facts: list[Fact] = []
        if not (clock.fixed and self._tracker.channels_known):
            # Nothing is timed now: what both clocks drifted apart since, or were set, can be made good.
            before_us = clock.at(received_us)
            clock.fix(received_us)
            by_us = clock.at(received_us) - before_us
            if abs(by_us) > clock.tolerance_us:
                facts = self._tracker.clock_set(by_us, clock.at(received_us))
        return facts + self._tracker.feed(event._replace(at_us=clock.at(received_us)), by_receipt=True)

    def _pong(self, received_us: int, stamped_us: int, sent_us: int | None) -> list[Fact]:
        """Take an answer to a ping: it tells whether what came late was slow, or a clock was set."""
        by_us = self.clock.pong(received_us, stamped_us, sent_us)
        if by_us:
            self._newest_us = stamped_us
            return self._set(by_us, stamped_us)
        # An answer may overtake events that were stamped before it, so that it says nothing of their order.
        self._late = False
        return []

    # What becomes of calls while a clock is in doubt

    def _set(self, by_us: int, at_us: int) -> list[Fact]:
        """Asterisk's clock was set: nothing that is being timed swallows the step."""
        self.clock_steps += 1
        log.warning("clock_set", system=self._tracker.system, whose="asterisk", by_seconds=by_us / 1_000_000)
        self._unlikely, self._late = 0, False
        facts = self._release(sure=False)
        # Where events bear no stamps it moves nothing: they are timed by our own.
        return facts if self.clock.fixed else facts + self._tracker.clock_set(by_us, at_us)

    def _own_clock_set(self, item: ClockSet) -> list[Fact]:
        """Ours was set: what is known of the other's time goes on; before anything is known, ours was all there was."""
        log.warning("clock_set", system=self._tracker.system, whose="monitor", by_seconds=item.by_us / 1_000_000)
        if self.clock.observed:
            self.clock.own_step(item.by_us)
            return []
        return self._tracker.clock_set(item.by_us, item.at_us) if self.blind or self.now_us else []

    def _hold(self, facts: list[Fact]) -> list[Fact]:
        """Keep back the records of calls while the clock that measured them is in doubt."""
        if not self.in_doubt:
            return self._release(sure=True) + facts if self._held else facts
        self._held += [fact for fact in facts if isinstance(fact, Call | OutgoingCall)]
        if self._held and self._held_until_us == NEVER_US:
            # What is late was stamped long before now.
            now_us = max(self._tracker.now_us, self._there_us)
            self._held_until_us, self._held_at_most_us = now_us + self._patience_us, now_us + 6 * self._patience_us
        return [fact for fact in facts if not isinstance(fact, Call | OutgoingCall)]

    def _release(self, *, sure: bool) -> list[Fact]:
        held, self._held, self._held_until_us = self._held, [], NEVER_US
        self._unlikely, self._late = 0, False
        if sure:
            return list(held)
        rules = {rule.label: rule for rule in self._plan.rules}
        return [
            replace(call, observed=Observed.PARTLY)
            if isinstance(call, OutgoingCall)
            else unsure(call, rules[call.rule])
            for call in held
        ]

    # The link

    def _link_up(self, notice: LinkUp) -> list[Fact]:
        at_us = max(self.clock.at(notice.at_us), self._tracker.now_us)
        facts: list[Fact] = []
        if notice.system != self._tracker.system:
            # Asterisk's own name is the one calls are filed under; nothing was filed under the other yet but the wait.
            facts = self._tracker.link_up(at_us) + self._tracker.close()
            self._tracker = Tracker(notice.system, self._plan, disorder_us=self._far_back_us)
        elif notice.restarted:
            facts = self._tracker.restarted(at_us)
        return facts + self._tracker.link_up(at_us)

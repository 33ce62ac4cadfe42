"""All that is known of one Asterisk at one moment, and the few moves every part of the call state makes on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from monitor.ami.events import UNIQUEIDS
from monitor.calls import facts as f
from monitor.calls.call import LiveCall
from monitor.calls.channels import Bridges, Channel
from monitor.calls.lines import Lines, Patterns
from monitor.calls.outgoing import joined
from monitor.calls.phones import Phones
from monitor.calls.rules import RingRule, rule_on
from monitor.calls.stages import TRANSITIONS, Signal
from monitor.calls.teams import Teams

if TYPE_CHECKING:
    from monitor.ami.events import Event
    from monitor.calls.agents import Members

NEVER_US = 1 << 62
"""Later than every deadline."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the centre configured: which calls are wanted, and how they are judged."""

    lines: Lines
    rules: tuple[RingRule, ...] = (RingRule(),)
    inside: Patterns = field(default_factory=lambda: Patterns(()))
    """Numbers and interfaces of the centre itself."""
    outside: Patterns = field(default_factory=lambda: Patterns(()))
    """Numbers and interfaces of other departments."""
    zone: tzinfo = UTC
    """Where the centre's days begin, for rules dated by day."""
    phones: Patterns = field(default_factory=lambda: Patterns(()))
    """Interfaces of the centre's phones, whose calls to numbers outside are told; none: those of queue members."""
    prefixes: tuple[str, ...] = ()
    """Digits dialled before a number to reach the public network."""
    teams: Teams = field(default_factory=Teams)
    """Whose call it is."""

    def scope(self, to: str) -> f.Scope:
        """Whether a transfer to this number, queue or phone stays in the centre."""
        if self.inside.match(to):
            return f.Scope.INSIDE
        return f.Scope.OUTSIDE if self.outside.match(to) else f.Scope.UNKNOWN

    def rule_at(self, at_us: int) -> RingRule:
        """The rule in force at an instant."""
        if len(self.rules) == 1:
            return self.rules[0]
        return rule_on(self.rules, f.instant(at_us).astimezone(self.zone).date())


class State:
    """One Asterisk: its channels, bridges and calls, the facts not handed out yet, the timers still to fire.

    Attributes:
        now_us: the latest instant seen.
        unexpected: what should not have come, by kind.
    """

    __slots__ = (
        "_by_receipt",
        "bridges",
        "calls",
        "channels",
        "due_us",
        "epoch",
        "facts",
        "members",
        "mixed",
        "now_us",
        "phones",
        "plan",
        "system",
        "tells_who_left",
        "timers",
        "unexpected",
    )

    def __init__(self, system: str, plan: Plan, members: Members) -> None:
        self.system = system
        self.plan = plan
        self.members = members
        self.phones = Phones(plan.phones, members)
        self.now_us = 0
        self.channels: dict[str, Channel] = {}
        self.calls: dict[str, LiveCall] = {}
        """By linkedid; joined calls stand under each of theirs."""
        self.bridges = Bridges()
        self.facts: list[f.Fact] = []
        self.timers: list[tuple[int, int, LiveCall]] = []
        self.due_us = NEVER_US
        """Before this instant no timer falls due."""
        self.unexpected: Counter[str] = Counter()
        self.mixed = False
        """Some events bore stamps and some did not."""
        self._by_receipt = False
        self.tells_who_left = False
        """The system sends HangupRequest: a call without one was ended by the centre."""
        self.epoch = 0
        """Counts connections; a channel of an earlier one may be gone without our having seen it."""

    # -- channels and calls ------------------------------------------------------------------------------------------

    def call_of(self, linkedid: str, at_us: int) -> LiveCall:
        """The call of a linkedid; a new one, watched by no line yet, where it is not known."""
        call = self.calls.get(linkedid)
        if call is None:
            call = self.calls[linkedid] = LiveCall(self.system, linkedid, self.plan.rule_at(at_us), at_us)
            call.by_receipt = self._by_receipt
        return call

    def dated_by_receipt(self, event: Event, *, by_receipt: bool) -> None:
        """Take note of what dates the next event, and mark the calls it speaks of that another clock has dated so far.

        **Source:** manager.conf `timestampevents`, which a reload may change in mid-call.
        """
        self._by_receipt = by_receipt
        self.mixed = True
        for name in UNIQUEIDS[type(event)]:
            channel = self.channels.get(getattr(event, name))
            if channel is not None and channel.call.by_receipt is not by_receipt:
                channel.call.partly = True

    def add_channel(self, uniqueid: str, name: str, linkedid: str, state: int, at_us: int) -> Channel:
        """A channel that came to be, or that was there before we looked."""
        call = self.call_of(linkedid or uniqueid, at_us)
        channel = Channel(uniqueid, name, call, state)
        channel.epoch = self.epoch
        self.channels[uniqueid] = channel
        call.channels[uniqueid] = channel
        return channel

    def channel(self, uniqueid: str, linkedid: str, name: str, at_us: int) -> Channel | None:
        """A channel an event speaks of; one that was never announced is taken in as found, and counted.

        Follows a change of linkedid: Asterisk merges linkedids when it bridges, and the oldest wins.
        """
        channel = self.channels.get(uniqueid)
        if channel is None:
            self.unexpected["unknown_channel"] += 1
            if not (uniqueid and name and linkedid):
                return None
            channel = self.add_channel(uniqueid, name, linkedid, 0, at_us)
            channel.call.partly = True
        elif linkedid and linkedid != channel.call.linkedid and self.calls.get(linkedid) is not channel.call:
            self.join(channel.call, self.call_of(linkedid, at_us))
        return channel

    def drop_channel(self, channel: Channel) -> None:
        """A channel is gone; the last one of a call takes the call with it."""
        if channel.bridge is not None:
            self.bridges.leave(channel, channel.bridge)
        if channel.pair is not None:
            channel.pair.pair = None
        self.channels.pop(channel.uniqueid, None)
        call = channel.call
        call.channels.pop(channel.uniqueid, None)
        if not call.channels:
            self.forget(call)

    def forget(self, call: LiveCall) -> None:
        """Free a call none of whose channels is left."""
        for linkedid in [linkedid for linkedid, known in self._aliases(call) if known is call]:
            del self.calls[linkedid]
        # They know the call and it knows them: let its memory not wait for the collector of cycles.
        call.caller = call.answer = call.answer_attempt = None
        call.attempts.clear()

    def _aliases(self, call: LiveCall) -> list[tuple[str, LiveCall]]:
        own = self.calls.get(call.linkedid)
        found = [(call.linkedid, own)] if own is not None else []
        return found + [(name, self.calls[name]) for name in call.joined if name in self.calls]

    def join(self, one: LiveCall, other: LiveCall) -> LiveCall:
        """Two calls turn out to share one fate; returns the one that goes on.

        The call of a caller goes on; a consultation, or whatever else was joined to it, becomes part of it. Two callers
        who meet (a conference) stay two calls.
        """
        if one is other:
            return one
        if one.offered and other.offered:
            consultation = self._consultation(one, other)
            if consultation is None:
                return one
            into = other if consultation is one else one
        else:
            into = one if one.offered or (not other.offered and one.linkedid <= other.linkedid) else other
        gone = other if into is one else one
        if gone.offered:
            self.facts.append(f.CallForgotten(key=gone.key, into=into.key))
            gone.over = True
        if into.offered:
            self.facts += [self._rings_now_for(into, channel) for channel in gone.ringing.values()]
        joined(gone, into)
        for channel in gone.channels.values():
            channel.call = into
        into.partly |= into.by_receipt is not gone.by_receipt
        into.channels.update(gone.channels)
        into.attempts += gone.attempts
        into.ringing.update(gone.ringing)
        into.recordings.extend(file for file in gone.recordings if file not in into.recordings)
        into.joined |= {gone.linkedid, *gone.joined}
        for linkedid in (gone.linkedid, *gone.joined):
            self.calls[linkedid] = into
        gone.channels = {}
        return into

    def _rings_now_for(self, call: LiveCall, channel: Channel) -> f.RingingStarted:
        """A phone that rang for an agent's consultation rings for the caller from now on (a blonde transfer)."""
        attempt = channel.attempt
        return f.RingingStarted(
            key=call.key,
            line=call.line or "",
            channel=channel.name,
            agent=channel.interface,
            member=attempt.member if attempt is not None else None,
            queue=attempt.queue if attempt is not None else None,
            at=f.instant(self.now_us),
            before_us=call.ringing_clock.spent_us,
            counting=call.answer is None,
        )

    @staticmethod
    def _consultation(one: LiveCall, other: LiveCall) -> LiveCall | None:
        """Where every call is wanted (line `*`), the one an agent of the other placed; None where both are callers'."""
        for call, with_agent in ((one, other), (other, one)):
            caller = call.caller
            phones = {attempt.channel.interface for attempt in with_agent.attempts}
            if caller is not None and (caller.interface in phones or caller.took_over):
                return call
        return None

    # -- stages and timers -------------------------------------------------------------------------------------------

    def signal(self, call: LiveCall, signal: Signal, at_us: int) -> None:
        """Move a call along the table of stages, and tell."""
        stage = TRANSITIONS.get((call.stage, signal))
        if stage is None:
            self.unexpected[f"{call.stage.value}:{signal.value}"] += 1
            return
        if stage is call.stage:
            return
        call.stage = stage
        if call.offered and stage is not f.Stage.ENDED:
            self.facts.append(
                f.StageChanged(
                    key=call.key,
                    line=call.line or "",
                    stage=stage,
                    at=f.instant(at_us),
                    queue=call.last_queue,
                    team=self.plan.teams.team_of(call.last_queue, call.menu),
                )
            )

    def set_timer(self, at_us: int, call: LiveCall) -> None:
        """Look at a call again at an instant."""
        heappush(self.timers, (at_us, id(call), call))
        self.due_us = min(self.due_us, at_us)

    @property
    def next_timer_us(self) -> int:
        """The earliest instant at which something falls due."""
        return self.timers[0][0] if self.timers else NEVER_US

    def pop_timer(self) -> LiveCall:
        """The call that is to be looked at first."""
        return heappop(self.timers)[2]

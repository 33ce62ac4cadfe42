"""The call state of one Asterisk: typed events in, facts out.

    tracker = Tracker("pbx1", Plan(lines=Lines((Line("1588-6565", ("15886565",)),))))
    for event in events:
        for fact in tracker.feed(event): ...
    while tracker.next_deadline_us <= now_us:   # live only: nothing arrives while a phone just rings
        for fact in tracker.advance(now_us): ...

The same events give the same facts, live and in replay, to the microsecond: time arrives with the event, and timers
fire at their exact instants before any event that comes after them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from monitor.ami import events as e
from monitor.calls import conversation, dialling, life, menus, presence, promises, transferring
from monitor.calls.agents import Members, MemberStanding
from monitor.calls.facts import Gap, GapCause, instant
from monitor.calls.rules import SECOND_US
from monitor.calls.state import NEVER_US, Plan, State

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from monitor.calls.facts import CallKey, Fact

CLOCK_STEP_US = 2 * SECOND_US
"""Threads of one Asterisk stamp events a little out of order; farther back than this is no disorder."""
_FAR_AHEAD_US = 300 * SECOND_US
"""So long is no Asterisk with calls silent but rarely: an event that says so is believed when the next one does too."""
_STEP_EVENTS = 3
"""So many events in a row from far back mean that the clock itself was set."""


def _agent_complete(state: State, event: e.AgentComplete) -> None:
    state.members.complete(event, state.facts)
    state.due_us = min(state.due_us, state.members.next_timer_us)


def _queue_member(state: State, event: e.QueueMember) -> None:
    state.members.member(event, state.facts)
    state.due_us = min(state.due_us, state.members.next_timer_us)


def _queue_params(state: State, event: e.QueueParams) -> None:
    state.members.callers(event.queue, event.callers, event.at_us, state.facts)


def _queue_entry(state: State, event: e.QueueEntry) -> None:
    channel = state.channels.get(event.uniqueid)
    if channel is not None and channel is channel.call.caller and channel.in_queue is None:
        life.waits_in(state, channel, event.queue, event.at_us)


def _user_event(state: State, event: e.UserEvent) -> None:
    taker = USER_EVENTS.get(event.name)
    if taker is not None:
        taker(state, event)


def _ignore(_state: State, _event: object) -> None:
    """The link tells of starts and ends of Asterisk; on their own they change no call."""


USER_EVENTS: dict[str, Callable[[State, e.UserEvent], None]] = {
    "TransferConsent": transferring.consent,
    "MenuChoice": menus.told,
    "CallbackPromised": promises.promised,
}
"""What the dialplan reports of its own, by the report's name."""

HANDLERS: dict[type[e.Event], Callable[[State, Any], None]] = {
    e.NewChannel: life.new_channel,
    e.NewState: life.new_state,
    e.NewExten: life.new_exten,
    e.NewCallerid: life.new_callerid,
    e.Renamed: life.renamed,
    e.HangupRequest: life.hangup_request,
    e.Hangup: life.hangup,
    e.DialBegin: dialling.dial_begin,
    e.DialState: life.dial_state,
    e.DialEnd: dialling.dial_end,
    e.LocalBridge: conversation.local_bridge,
    e.BridgeEnter: conversation.bridge_enter,
    e.BridgeLeave: conversation.bridge_leave,
    e.QueueCallerJoin: life.queue_join,
    e.QueueCallerLeave: life.queue_leave,
    e.QueueCallerAbandon: life.queue_abandon,
    e.AgentCalled: dialling.agent_called,
    e.AgentComplete: _agent_complete,
    e.QueueMember: _queue_member,
    e.QueueParams: _queue_params,
    e.QueueEntry: _queue_entry,
    e.BlindTransfer: transferring.blind,
    e.AttendedTransfer: transferring.attended,
    e.Pickup: life.pickup,
    e.Held: conversation.held,
    e.Parked: conversation.parked,
    e.UserEvent: _user_event,
    e.Recorded: menus.started,
    e.CoreShowChannel: presence.shown,
    e.CoreShowChannelsComplete: presence.all_shown,
    e.FullyBooted: _ignore,
    e.Shutdown: _ignore,
}


class TrackerStanding(NamedTuple):
    """What is known of a system besides its calls in progress, as plain values."""

    now_us: int
    tells_who_left: bool
    mixed: bool
    blind_since_us: int
    blind_cause: str | None
    """None where it is observed."""
    members: list[list[Any]]
    """Of each its `MemberStanding`."""
    phones: Sequence[list[str]] = ()
    """Those found so far, each with its member's name."""


class Tracker:
    """Follows every call of one system.

    Args:
        system: its AMI `SystemName`.
        plan: which calls are wanted, and how they are judged.
        disorder_us: how far back a stamp may lie without being taken for a clock that was set.
    """

    __slots__ = ("_behind", "_blind_since_us", "_disorder_us", "_doubted", "_new_capture", "_state")

    def __init__(self, system: str, plan: Plan, *, disorder_us: int = CLOCK_STEP_US) -> None:
        self._disorder_us = disorder_us
        self._state = State(system, plan, Members(system))
        self._blind_since_us: tuple[int, GapCause] | None = None
        self._behind = 0
        self._doubted: e.Event | None = None
        self._new_capture = False

    @property
    def system(self) -> str:
        """The AMI `SystemName`."""
        return self._state.system

    @property
    def now_us(self) -> int:
        """The latest instant seen, in microseconds since 1970; 0 before the first event."""
        return self._state.now_us

    @property
    def unexpected(self) -> Counter[str]:
        """What should not have come, by kind."""
        return self._state.unexpected

    @property
    def blind(self) -> bool:
        """Whether nothing is seen now."""
        return self._blind_since_us is not None

    @property
    def channels_known(self) -> int:
        """Channels held in memory; 0 once every call has ended."""
        return len(self._state.channels)

    @property
    def calls_known(self) -> int:
        """Calls in progress, those of no line among them."""
        return len({id(call) for call in self._state.calls.values()})

    @property
    def unrecorded(self) -> frozenset[CallKey]:
        """Calls of monitored lines in progress: their records are still to be made."""
        return frozenset(call.key for call in self._state.calls.values() if call.offered)

    @property
    def oldest_call_us(self) -> int | None:
        """When the oldest call in progress was first seen; None where there is none."""
        return min((call.seen_us for call in self._state.calls.values()), default=None)

    @property
    def next_deadline_us(self) -> int:
        """The instant at which `advance` has something to do, if no event comes first."""
        due_us = min(self._state.next_timer_us, self._state.members.next_timer_us)
        return due_us if self._doubted is None else min(due_us, self._doubted.at_us)

    def feed(self, event: e.Event, *, by_receipt: bool = False) -> list[Fact]:
        """Take one event; returns the facts it brought, timers due before it included, in order of time.

        Args:
            event: what came.
            by_receipt: it bore no stamp, and is dated by when it came. A call that knows both has no exact durations.
        """
        state = self._state
        if by_receipt or state.mixed:
            state.dated_by_receipt(event, by_receipt=by_receipt)
        if self._doubted is not None:
            return self._believe(event.at_us) + self.feed(event)
        if event.at_us - self._state.now_us > _FAR_AHEAD_US and self._state.channels:
            self._doubted = event
            return []
        return self._take(event)

    def _believe(self, now_us: int) -> list[Fact]:
        """Take the event stamped far ahead, if there is one: as it is where time has come so far, else as of now."""
        doubted, self._doubted = self._doubted, None
        if doubted is None:
            return []
        if now_us < doubted.at_us - self._disorder_us:
            self._state.unexpected["stamp_from_the_future"] += 1
            doubted = doubted._replace(at_us=self._state.now_us)
        return self._take(doubted)

    def _take(self, event: e.Event) -> list[Fact]:
        state = self._state
        at_us = event.at_us
        if at_us >= state.now_us:
            if at_us >= state.due_us:
                self._fire(at_us)
            state.now_us = at_us
            self._behind = 0
            self._new_capture = False
        elif state.now_us - at_us > self._disorder_us:
            event = self._from_behind(event)
        HANDLERS[type(event)](state, event)
        facts, state.facts = state.facts, []
        return facts

    def _from_behind(self, event: e.Event) -> e.Event:
        """See whether the clock was set back, or one stamp is wrong: that spoils no other call, and is not believed."""
        state = self._state
        self._behind += 1
        if self._behind < _STEP_EVENTS and not self._new_capture:
            state.unexpected["stamp_from_the_past"] += 1
            return event._replace(at_us=state.now_us)
        self._behind = 0
        self._new_capture = False
        if state.channels:
            presence.clock_set(state, event.at_us - state.now_us)
        else:
            # Nothing is timed: what is read was written at another time, one recording after the other.
            state.members.move(event.at_us - state.now_us)
            state.now_us = event.at_us
        return event

    def clock_set(self, by_us: int, at_us: int) -> list[Fact]:
        """This system's clock was set.

        Args:
            by_us: how far.
            at_us: what it shows now that it was.
        """
        state = self._state
        before = self._believe(NEVER_US)
        blind = self._blind_since_us
        if blind is not None:
            # What goes unseen is told in the time of before and in that of after, each as long as it was.
            state.now_us = max(state.now_us, at_us - by_us)
            state.facts = self.link_up(state.now_us)
        presence.clock_set(state, by_us)
        facts, state.facts = state.facts, []
        return before + facts + (self.link_down(state.now_us, blind[1]) if blind is not None else [])

    def begin_capture(self) -> None:
        """What is fed from here on was recorded at another time, which may be an earlier one."""
        self._new_capture = True

    def advance(self, now_us: int) -> list[Fact]:
        """Let time pass without an event, up to `now_us` on this system's clock; returns the facts that fell due."""
        state = self._state
        before: list[Fact] = []
        if self._doubted is not None and self._doubted.at_us <= now_us:
            before = self._believe(now_us)
        self._fire(now_us)
        state.now_us = max(state.now_us, now_us)
        facts, state.facts = state.facts, []
        return before + facts

    def link_down(self, at_us: int, cause: GapCause) -> list[Fact]:
        """Nothing is seen from this instant until `link_up`; said again, with another cause, it is another gap."""
        state = self._state
        before = self._believe(NEVER_US)
        if self._blind_since_us is not None and self._blind_since_us[1] is not cause:
            state.facts = self.link_up(at_us)
        if self._blind_since_us is None:
            self._fire(at_us)
            self._blind_since_us = (at_us, cause)
            presence.blinded(state, at_us)
            state.facts.append(Gap(system=state.system, started_at=instant(at_us), ended_at=None, cause=cause))
        facts, state.facts = state.facts, []
        return before + facts

    def link_up(self, at_us: int) -> list[Fact]:
        """The system is seen again, and has told what exists now."""
        state = self._state
        if self._blind_since_us is not None:
            since_us, cause = self._blind_since_us
            self._blind_since_us = None
            state.facts.append(
                Gap(
                    system=state.system,
                    started_at=instant(since_us),
                    ended_at=instant(max(since_us, at_us)),
                    cause=cause,
                )
            )
        facts, state.facts = state.facts, []
        return facts

    def restarted(self, at_us: int) -> list[Fact]:
        """Asterisk is another process than before: no channel of the one before is left."""
        state = self._state
        state.epoch += 1
        presence.all_shown(state, e.CoreShowChannelsComplete(at_us))
        facts, state.facts = state.facts, []
        return facts

    def close(self) -> list[Fact]:
        """No more will come: every call still open ends, unobserved."""
        state = self._state
        before = self._believe(NEVER_US)
        presence.over_with_unseen_end(state, state.now_us)
        facts, state.facts = state.facts, []
        return before + facts

    def standing(self) -> TrackerStanding:
        """What is known besides the calls in progress."""
        state = self._state
        since_us, cause = self._blind_since_us or (0, None)
        return TrackerStanding(
            *(state.now_us, state.tells_who_left, state.mixed, since_us, cause),
            members=[list(member) for member in state.members.standing()],
            phones=state.phones.standing(),
        )

    def restore(self, standing: TrackerStanding) -> list[Fact]:
        """Know what was known besides the calls; returns what that tells of members and of being blind."""
        state = self._state
        state.now_us, state.tells_who_left, state.mixed = standing.now_us, standing.tells_who_left, standing.mixed
        state.phones.restore(standing.phones)
        state.members.restore([MemberStanding(*member) for member in standing.members], state.facts)
        if standing.blind_cause is None:
            self._blind_since_us = None
        elif self._blind_since_us is None:
            cause = GapCause(standing.blind_cause)
            self._blind_since_us = (standing.blind_since_us, cause)
            began_at = instant(standing.blind_since_us)
            state.facts.append(Gap(system=state.system, started_at=began_at, ended_at=None, cause=cause))
        state.due_us = self.next_deadline_us
        facts, state.facts = state.facts, []
        return facts

    def _fire(self, now_us: int) -> None:
        state = self._state
        while state.next_timer_us <= now_us:
            at_us = state.next_timer_us
            dialling.timer_due(state, state.pop_timer(), at_us)
        state.members.advance(now_us, state.facts)
        state.due_us = self.next_deadline_us

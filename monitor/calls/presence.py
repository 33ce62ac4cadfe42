"""What goes on when we begin to look, and what became of it while the wire was down: known, marked, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ami import events as e
from monitor.calls import facts as f
from monitor.calls import outgoing
from monitor.calls.conversation import heard, leave, look
from monitor.calls.dialling import rings, settle
from monitor.calls.facts import AttemptResult, GapCause, instant
from monitor.calls.life import end, offer

if TYPE_CHECKING:
    from monitor.calls.state import State


def blinded(state: State, at_us: int) -> None:
    """From now on nothing is seen: calls in progress are only partly observed, and no clock of theirs runs unseen."""
    state.epoch += 1
    for call in {id(call): call for call in state.calls.values()}.values():
        call.partly = True
        call.talking_clock.stop(at_us)
        call.close_hold(at_us)
        for channel in list(call.ringing.values()):
            if channel.attempt is not None:
                channel.attempt.result = AttemptResult.UNOBSERVED
            settle(state, channel, at_us)
        for channel in call.channels.values():
            if channel.aside_since_us is not None:
                channel.aside_us += max(0, at_us - channel.aside_since_us)
                channel.aside_since_us = None
            if channel.outgoing is not None:
                channel.outgoing.partly = True


def clock_set(state: State, by_us: int) -> None:
    """Asterisk's clock was set by so much: what is being timed is moved to the new time, and goes on where it stood.

    The calls in progress are marked, since the instant at which it was set is known only between two events.
    """
    state.unexpected["clock_stepped_forward" if by_us > 0 else "clock_stepped_back"] += 1
    for call in {id(call): call for call in state.calls.values()}.values():
        call.partly = True
        call.move(by_us)
        for channel in call.channels.values():
            if channel.aside_since_us is not None:
                channel.aside_since_us += by_us
            if channel.outgoing is not None:
                channel.outgoing.partly = True
                channel.outgoing.move(by_us)
    state.timers = [(due_us + by_us, order, call) for due_us, order, call in state.timers]
    state.members.move(by_us)
    state.due_us = 0
    state.now_us += by_us
    # Nothing went unobserved, so that it has no length; what it did to the time is told beside it.
    at = instant(state.now_us)
    state.facts.append(
        f.Gap(system=state.system, started_at=at, ended_at=at, cause=GapCause.CLOCK_STEP, set_by_us=by_us)
    )


def shown(state: State, event: e.CoreShowChannel) -> None:
    """A channel that exists: known already, or part of a call that began unseen."""
    channel = state.channels.get(event.uniqueid)
    if channel is None:
        if not (event.uniqueid and event.channel and event.linkedid):
            return
        channel = state.add_channel(event.uniqueid, event.channel, event.linkedid, event.state, event.at_us)
        call = channel.call
        call.partly = True
        if call.linkedid == event.uniqueid and call.caller is None and channel.person:
            if event.state in (e.RING, e.UP):
                offer(state, channel, event, event.caller)
            outgoing.found(state, channel, event)
    outgoing.names(state, channel, event.exten, event.at_us)
    channel.epoch = state.epoch
    channel.state = event.state
    if event.bridge and channel.bridge != event.bridge:
        state.bridges.enter(channel, event.bridge)
    elif not event.bridge and channel.bridge is not None:
        leave(state, channel, channel.bridge, event.at_us)


def all_shown(state: State, event: e.CoreShowChannelsComplete) -> None:
    """Every channel that exists was shown: those of an earlier connection that were not are gone, unseen."""
    for channel in list(state.channels.values()):
        if channel.epoch == state.epoch:
            continue
        call = channel.call
        if call.caller is channel:
            end(state, call, event.at_us, None)
        settle(state, channel, event.at_us)
        outgoing.over(state, channel, event.at_us, seen=False)
        state.drop_channel(channel)
    for channel in list(state.channels.values()):
        call = channel.call
        if not call.partly:
            continue
        if channel.state == e.RINGING and call.caller is not None:
            rings(state, channel, event.at_us)
        if channel.bridge is not None:
            heard(state, [channel], event.at_us, found=True)
    for call in list(state.calls.values()):
        if call.partly and call.caller is not None:
            look(state, call, event.at_us, found=True)


def over_with_unseen_end(state: State, at_us: int) -> None:
    """No more will be seen: every call still open ends unobserved, oldest first."""
    calls = {id(call): call for call in state.calls.values() if call.offered}
    for call in sorted(calls.values(), key=lambda call: (call.entered_us or 0, call.linkedid)):
        call.partly = True
        end(state, call, at_us, None)
    outgoing.all_over(state, at_us)

"""Who talks with whom: answers, conversations, consultations aside, hold and parking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls import facts as f
from monitor.calls import outgoing
from monitor.calls.call import LiveHold
from monitor.calls.dialling import settle
from monitor.calls.facts import instant
from monitor.calls.stages import Signal
from monitor.calls.transferring import consults, reconnect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.ami import events as e
    from monitor.calls.call import LiveCall
    from monitor.calls.channels import Channel
    from monitor.calls.state import State


def bridge_enter(state: State, event: e.BridgeEnter) -> None:
    """A channel entered a bridge: somebody may now be talking."""
    channel = state.channel(event.uniqueid, event.linkedid, event.channel, event.at_us)
    if channel is None or not event.bridge:
        return
    state.bridges.enter(channel, event.bridge, event.technology)
    room = state.bridges.room(event.bridge)
    hold = channel.call.open_hold
    if hold is not None and hold.left and hold.by_channel == channel.uniqueid:
        consults(state, channel, room, event.at_us)
    heard(state, room, event.at_us)


def bridge_leave(state: State, event: e.BridgeLeave) -> None:
    """A channel left a bridge: somebody may have ceased to talk."""
    if event.uniqueid not in state.channels:
        # Its hang-up may have come first: a channel that only leaves is not taken in, as nothing would let it go again.
        state.unexpected["unknown_channel"] += 1
        return
    channel = state.channel(event.uniqueid, event.linkedid, event.channel, event.at_us)
    if channel is not None:
        leave(state, channel, event.bridge, event.at_us)


def leave(state: State, channel: Channel, bridge: str, at_us: int) -> None:
    """Take a channel out of a bridge, and see who is still talking."""
    room = state.bridges.room(bridge)
    state.bridges.leave(channel, bridge)
    heard(state, room, at_us)


def local_bridge(state: State, event: e.LocalBridge) -> None:
    """Two Local halves carry one conversation."""
    one, two = state.channels.get(event.one_uniqueid), state.channels.get(event.two_uniqueid)
    if one is None or two is None:
        state.unexpected["unknown_channel"] += 1
        return
    one.pair, two.pair = two, one


def heard(state: State, channels: Iterable[Channel], at_us: int, *, found: bool = False) -> None:
    """Look again at every call and phone that may hear others now than before.

    With `found` they were found so, and not seen to become so.
    """
    calls: dict[int, LiveCall] = {}
    rooms: dict[str | None, list[Channel]] = {}
    for channel in channels:
        room = rooms.get(channel.bridge)
        if room is None:
            room = rooms[channel.bridge] = state.bridges.room(channel.bridge)
        calls[id(channel.call)] = channel.call
        if channel.person:
            _aside(state, channel, room, at_us)
            if channel.outgoing is not None:
                outgoing.heard(state, channel, room, at_us)
    for call in calls.values():
        look(state, call, at_us, found=found)


def _persons(state: State, channel: Channel) -> dict[str, Channel]:
    """The persons that hear a channel; another line's caller is none."""
    return {
        other.uniqueid: other
        for other in state.bridges.room(channel.bridge)
        if other.person and other is not channel and not (other.call.offered and other is other.call.caller)
    }


def _aside(state: State, channel: Channel, room: list[Channel], at_us: int) -> None:
    """Time the talk of a phone with others in its room while its caller is not there to hear it."""
    caller = channel.call.caller
    others: frozenset[str] = frozenset()
    if len(room) > 1 and (caller is channel or caller not in room):
        others = frozenset(other.uniqueid for other in room if other.person and other is not channel)
    if others:
        _is_answer(state, channel, at_us)
        if channel.aside_since_us is None:
            if channel.aside_with.isdisjoint(others):
                channel.aside_us = 0
            channel.aside_since_us = at_us
        channel.aside_with = others
    elif channel.aside_since_us is not None:
        channel.aside_us += max(0, at_us - channel.aside_since_us)
        channel.aside_since_us = None


def look(state: State, call: LiveCall, at_us: int, *, found: bool = False) -> None:
    """Compare the persons who hear the caller now with those who did."""
    caller = call.caller
    if caller is None:
        return
    persons = _persons(state, caller)
    before, call.parties = call.parties, frozenset(persons)
    if found and persons:
        # It stood still while nothing was seen.
        call.talking_clock.start(at_us)
    if call.parties == before:
        return
    if not persons:
        call.talking_clock.stop(at_us)
        hold = call.open_hold
        if hold is not None and hold.by_channel in before:
            hold.left = True
        state.signal(call, Signal.PARTED, at_us)
        return
    call.talking_clock.start(at_us)
    came = [person for uniqueid, person in persons.items() if uniqueid not in before]
    if call.answer is None:
        _answered(state, call, came, at_us, found=found)
    for person in came:
        _is_answer(state, person, at_us)
    reconnect(state, call, persons, at_us, found=found)
    hold = call.open_hold
    if hold is not None and any(person.uniqueid != hold.by_channel or hold.left for person in came):
        call.close_hold(at_us)
    if call.open_hold is None:
        state.signal(call, Signal.CONNECTED, at_us)


def _is_answer(state: State, person: Channel, at_us: int) -> None:
    if person.attempt is not None:
        person.attempt.bridged = True
        settle(state, person, at_us)


def _answered(state: State, call: LiveCall, came: list[Channel], at_us: int, *, found: bool) -> None:
    """The first person is there: the ring count is final."""
    call.ringing_clock.stop(at_us)
    answer = next((person for person in came if person.attempt is not None), came[0])
    call.answer, call.answer_attempt = answer, answer.attempt
    call.picked_up = answer.took_over
    if found:
        return
    call.answered_us = at_us
    if call.offered:
        attempt = answer.attempt
        state.facts.append(
            f.CallAnswered(
                key=call.key,
                line=call.line or "",
                agent=answer.interface,
                member=attempt.member if attempt is not None else None,
                queue=attempt.queue if attempt is not None else call.last_queue,
                at=instant(at_us),
                rings=call.rule.rings(call.ringing_clock.spent_us, rang=call.first_ring_us is not None),
            )
        )


def held(state: State, event: e.Held) -> None:
    """A person put the caller on hold, or took them back; a caller who holds the person is not on hold."""
    channel = state.channels.get(event.uniqueid)
    if channel is None:
        state.unexpected["unknown_channel"] += 1
        return
    call = channel.call
    hold = call.open_hold
    if event.on:
        if hold is None and channel.uniqueid in call.parties:
            call.holds.append(LiveHold(channel.interface, channel.uniqueid, event.at_us))
            state.signal(call, Signal.HELD, event.at_us)
    elif hold is not None and hold.by_channel == channel.uniqueid:
        call.close_hold(event.at_us)
        state.signal(call, Signal.RESUMED, event.at_us)


def parked(state: State, event: e.Parked) -> None:
    """A caller was put in a parking place, or left it; parked is on hold, by whoever parked them."""
    channel = state.channels.get(event.uniqueid)
    if channel is None or channel is not channel.call.caller:
        return
    call = channel.call
    if event.on:
        call.close_hold(event.at_us)
        by = event.by or (call.answer.interface if call.answer is not None else "")
        call.holds.append(LiveHold(by, "", event.at_us))
        state.signal(call, Signal.HELD, event.at_us)
        return
    call.close_hold(event.at_us)
    retriever = state.channels.get(event.retriever_uniqueid)
    if retriever is not None:
        retriever.took_over = True
        state.join(call, retriever.call)

"""Calls that phones of the centre make to numbers outside: who called whom, when, and whether the person was reached.

Such a call belongs to the channel of the phone, from the number being dialled until that channel ends. It is none where
a line has it, where the number belongs to the centre, or where the phone talks in another call already: then it asks
somebody on behalf of that call's caller (a consultation). What a caller's call is passed on to begins no call of its
own, and so is none either.

**Source:** `Newchannel` of the first channel of a linkedid, whose Exten is what a phone dialled; where Asterisk rang
the phone first (`Originate`, click-to-dial), the first `Newexten` behind that names a number, or `DialBegin` where
no dialplan is run. apps/app_dial.c bridges after the answer alone: early media is heard without a bridge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.ami.events import UP
from monitor.calls import facts as f
from monitor.calls.facts import instant
from monitor.calls.lines import digits
from monitor.calls.phones import dialled_itself
from monitor.calls.rules import SECOND_US

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.ami import events as e
    from monitor.calls.call import LiveCall
    from monitor.calls.channels import Channel
    from monitor.calls.state import Plan, State

_LONGEST_EXTENSION = 6
"""Digits of the longest number that is an extension, where nothing says that it is one outside."""


@dataclass(slots=True, eq=False)
class LiveOutgoing:
    """A call that a phone of the centre has begun."""

    key: f.CallKey
    agent: str
    """The phone's interface; its channel may come to bear another name."""
    began_us: int
    """When the number was dialled; until that is known, when the channel came to be."""
    number: str = ""
    answered_us: int | None = None
    partly: bool = False
    """Not all of it was seen."""
    went_out: bool = False
    """A channel was dialled for it that is no phone of the centre."""

    def move(self, by_us: int) -> None:
        """Go on in a time that differs by so much."""
        self.began_us += by_us
        if self.answered_us is not None:
            self.answered_us += by_us


def outside_number(plan: Plan, dialled: str) -> str | None:
    """The number outside that somebody in the centre dials so, without the prefix; None where it is none.

    A feature code, a line of ours and a number inside are none. One no longer than an extension is one only behind the
    prefix, or where the settings say that it is outside.
    """
    prefix = next((one for one in sorted(plan.prefixes, key=len, reverse=True) if dialled.startswith(one)), "")
    number = dialled[len(prefix) :]
    bare = digits(number)
    if not (bare.isascii() and bare.isdigit()):
        return None
    if any(plan.inside.match(one) or plan.lines.numbered(one) for one in (dialled, number)):
        return None
    if len(bare) <= _LONGEST_EXTENSION and not (prefix and len(bare) > 2) and not plan.outside.match(number):
        return None
    return number


def begins(state: State, channel: Channel, event: e.NewChannel | e.CoreShowChannel) -> None:
    """A phone of the centre may have begun a call of its own; its number, where it has none yet, will be told."""
    call = channel.call
    if call.line is not None or call.linkedid != channel.uniqueid or channel.interface not in state.phones:
        return
    if not _talks_elsewhere(state, channel):
        channel.outgoing = LiveOutgoing(call.key, channel.interface, event.at_us)
        names(state, channel, event.exten, event.at_us)


def found(state: State, channel: Channel, event: e.CoreShowChannel) -> None:
    """The same of a channel that was there before we looked; its age says in whole seconds when it began."""
    begins(state, channel, event)
    if channel.outgoing is not None:
        channel.outgoing.began_us = event.at_us - event.age_s * SECOND_US
        channel.outgoing.partly = True


def names(state: State, channel: Channel, dialled: str, at_us: int) -> None:
    """What a phone dialled, or Asterisk for it, is told: the first number decides."""
    outgoing = channel.outgoing
    if outgoing is None or outgoing.number or dialled in ("", "s"):
        return
    number = outside_number(state.plan, dialled)
    if number is None:
        channel.outgoing = None
    else:
        outgoing.number, outgoing.began_us = number, at_us


def step(state: State, channel: Channel, event: e.NewExten) -> None:
    """A channel of no line runs a step of the dialplan: it may name the number."""
    if channel.outgoing is not None:
        names(state, channel, event.exten, event.at_us)
    elif channel.local and event.application == "Dial":
        _through_local(state, channel, event)


def _through_local(state: State, half: Channel, event: e.NewExten) -> None:
    """Half of a Local pair dials: for the phone at the other half, where that was rung first (click-to-dial)."""
    call = half.call
    if half.pair is None or call.line is not None or call.linkedid not in (half.uniqueid, half.pair.uniqueid):
        return
    number = outside_number(state.plan, event.exten)
    # It is up, and may be bridged with its half of the pair a moment later.
    picked_up = (one for one in call.channels.values() if one.state == UP and one.interface in state.phones)
    phone = next(picked_up, None)
    if number is not None and phone is not None and phone.outgoing is None and not _talks_elsewhere(state, phone):
        phone.outgoing = LiveOutgoing(call.key, phone.interface, event.at_us, number)


def _number_in(dial_string: str) -> str:
    """The number that a trunk is dialled with, as in `01012345678@carrier` and `carrier/01012345678`; "" for none."""
    last = dial_string.rpartition("/")[2].removeprefix("sip:").partition("@")[0]
    return last if len(digits(last)) > _LONGEST_EXTENSION else ""


def _talks_elsewhere(state: State, channel: Channel) -> bool:
    """Whether the phone is in a call with a caller, or with anybody else outside."""
    return any(
        other.interface == channel.interface
        and other.call is not channel.call
        and other.bridge is not None
        and (other.call.offered or _hears_outside(state, other, state.bridges.room(other.bridge)))
        for other in state.channels.values()
    )


def _hears_outside(state: State, channel: Channel, room: Iterable[Channel]) -> bool:
    return any(other.person and other is not channel and other.interface not in state.phones for other in room)


def dials(state: State, channel: Channel, dial_string: str, at_us: int) -> None:
    """A channel is dialled: where it is the first, and another phone of the centre, the call stays inside.

    A program that asks for nothing but Dial runs no dialplan; then what is dialled tells the number.
    """
    for calling in channel.called_by():
        outgoing = calling.outgoing
        if outgoing is None or calling is channel:
            continue
        inside = channel.interface in state.phones or (
            not state.phones.configured and dialled_itself(channel.interface, dial_string)
        )
        if not inside:
            outgoing.went_out = True
            names(state, calling, _number_in(dial_string), at_us)
        elif not outgoing.went_out:
            calling.outgoing = None
        return


def heard(state: State, channel: Channel, room: Iterable[Channel], at_us: int) -> None:
    """Others hear the phone now: the person called, unless it is a phone of the centre.

    Where they were found so, and not seen to become so, it is the first instant at which they were.
    """
    outgoing = channel.outgoing
    if outgoing is None or outgoing.answered_us is not None or not outgoing.number:
        return
    if _hears_outside(state, channel, room):
        outgoing.answered_us = at_us


def joined(gone: LiveCall, into: LiveCall) -> None:
    """A call became part of another: what a phone did not begin before it answered a caller was for that caller."""
    for channel in gone.channels.values():
        outgoing = channel.outgoing
        if outgoing is None:
            continue
        outgoing.partly |= gone.partly
        if into.offered and outgoing.began_us >= (into.answered_us or 0):
            channel.outgoing = None


def over(state: State, channel: Channel, at_us: int, *, seen: bool = True) -> None:
    """The phone's channel is gone, and with it the call; where that was not `seen`, this is when it was known."""
    outgoing, channel.outgoing = channel.outgoing, None
    if outgoing is None or not outgoing.number:
        return
    partly = outgoing.partly or channel.call.partly or not seen
    state.facts.append(
        f.OutgoingCall(
            key=outgoing.key,
            agent=outgoing.agent,
            member=state.phones.name_of(outgoing.agent),
            number=outgoing.number,
            started_at=instant(outgoing.began_us),
            answered_at=instant(outgoing.answered_us) if outgoing.answered_us is not None else None,
            ended_at=instant(max(at_us, outgoing.answered_us or outgoing.began_us)),
            observed=f.Observed.PARTLY if partly else f.Observed.WHOLE,
        )
    )


def all_over(state: State, at_us: int) -> None:
    """No more will be seen: every call still open ends unseen, oldest first."""
    open_ = [channel for channel in state.channels.values() if channel.outgoing is not None]
    for channel in sorted(open_, key=lambda one: one.outgoing.began_us if one.outgoing is not None else 0):
        over(state, channel, at_us, seen=False)

"""How calls begin, move through the dialplan, and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ami import events as e
from monitor.calls import facts as f
from monitor.calls import outgoing
from monitor.calls.conversation import leave
from monitor.calls.dialling import ceases, picked_up, rings, settle
from monitor.calls.facts import AttemptResult, Stage, instant
from monitor.calls.menus import recorded, step
from monitor.calls.stages import Signal
from monitor.calls.transferring import close_all, consultation_over, result_of_attempts

if TYPE_CHECKING:
    from monitor.calls.call import LiveCall
    from monitor.calls.channels import Channel
    from monitor.calls.state import State

_NO_NUMBER = frozenset({"", "s"})
_GOODBYES = frozenset({"Hangup", "Busy", "Congestion"})
_ASKING = frozenset({"Queue", "Dial", "FollowMe"})
# A dial end and the abandon it belongs to, where no HangupRequest told them apart.
_SAME_MOMENT_US = 50_000


def new_channel(state: State, event: e.NewChannel) -> None:
    """A channel came to be; the first of a linkedid may be a caller's."""
    known = state.channels.get(event.uniqueid)
    if known is not None:
        state.unexpected["channel_announced_twice"] += 1
        return
    if not event.uniqueid or not event.channel:
        state.unexpected["channel_without_name"] += 1
        return
    channel = state.add_channel(event.uniqueid, event.channel, event.linkedid, event.state, event.at_us)
    call = channel.call
    if call.linkedid != event.uniqueid or call.caller is not None or channel.local:
        if call.linkedid != event.uniqueid and not call.channels.keys() - {event.uniqueid}:
            call.partly = True  # the first channel of this linkedid was never seen
        return
    channel.dialled = event.exten
    everything = state.plan.lines.takes_everything
    if not channel.person:
        return
    if event.state == e.RING or everything:
        if event.exten in _NO_NUMBER and (everything or not state.plan.lines.find(event.exten, event.context)):
            call.undecided, call.caller_number = True, event.caller
        else:
            offer(state, channel, event, event.caller)
    outgoing.begins(state, channel, event)


def _names_number(event: e.NewExten) -> bool:
    """Whether a step of the dialplan tells what was dialled; the steps of a dialled channel tell nothing."""
    return event.exten not in _NO_NUMBER and not event.application.startswith(("AppDial", "AppQueue"))


def offer(state: State, channel: Channel, event: e.NewChannel | e.NewExten | e.CoreShowChannel, caller: str) -> None:
    """See whether a monitored line has the call this channel began."""
    dialled, at_us = event.exten, event.at_us
    line = state.plan.lines.find(dialled, event.context)
    if line is None:
        return
    call = channel.call
    call.line, call.caller, call.dialled, call.caller_number = line, channel, dialled, caller
    channel.dialled = dialled
    channel.outgoing = channel.attempt = None
    # Asterisk may have rung the caller's own phone first, on behalf of a program (`Originate`).
    call.attempts = [attempt for attempt in call.attempts if attempt.channel is not channel]
    call.ringing.pop(channel.uniqueid, None)
    if not call.partly:
        call.entered_us = at_us
    state.facts.append(
        f.CallStarted(key=call.key, line=line, dialled=dialled, caller=caller or None, at=instant(at_us))
    )


def new_state(state: State, event: e.NewState) -> None:
    """A channel rings, or is up."""
    channel = state.channel(event.uniqueid, event.linkedid, event.channel, event.at_us)
    if channel is None:
        return
    channel.state = event.state
    if event.state == e.RINGING:
        rings(state, channel, event.at_us)
    elif event.state == e.UP:
        picked_up(state, channel, event.at_us)


def dial_state(state: State, event: e.DialState) -> None:
    """A dialled phone rings, where its Newstate did not say so."""
    if event.status != "RINGING":
        return
    channel = state.channel(event.dest_uniqueid, event.dest_linkedid, event.dest_channel, event.at_us)
    if channel is not None and channel.state != e.UP:
        rings(state, channel, event.at_us)


def new_exten(state: State, event: e.NewExten) -> None:
    """A caller's channel runs a step of the dialplan: it asks for a person, or the centre has given up."""
    channel = state.channel(event.uniqueid, event.linkedid, event.channel, event.at_us)
    if channel is None:
        return
    call = channel.call
    if call.undecided and call.linkedid == event.uniqueid and _names_number(event):
        call.undecided = False
        offer(state, channel, event, call.caller_number)
    if call.line is None:
        outgoing.step(state, channel, event)
    if event.application == "MixMonitor":
        recorded(call, event.data.partition(",")[0])
    if call.caller is not channel:
        if channel.dialer is None and event.application in _ASKING:
            # The far half of a Local pair, or an agent's own call: what it asks for is not the caller's asking.
            channel.in_queue = event.data.partition(",")[0] if event.application == "Queue" else None
        return
    stale = (event.application, event.data) == (call.last_application, call.last_data)
    call.last_application, call.last_data = event.application, event.data
    step(state, call, event.context, event.exten)
    if event.application in _ASKING:
        _asks(state, call, channel, event, stale=stale)
    else:
        _went_on(state, call, channel, event)


def _asks(state: State, call: LiveCall, channel: Channel, event: e.NewExten, *, stale: bool) -> None:
    channel.in_queue = event.data.partition(",")[0] if event.application == "Queue" else None
    if call.answer is not None:
        for transfer in call.open_transfers():
            transfer.asked_presumed = stale and (transfer.asked_presumed or not transfer.asked_by)
            transfer.asked_by = event.application
        return
    if channel.in_queue is not None:
        call.last_queue = channel.in_queue
    if call.maybe_asked_us is None:
        call.maybe_asked_us = event.at_us
    call.stopped_waiting_us = None
    call.first_unanswered = len(call.attempts)
    state.signal(call, Signal.ASKED, event.at_us)


def _went_on(state: State, call: LiveCall, channel: Channel, event: e.NewExten) -> None:
    """The dialplan is past its Queue or Dial. With a phone still ringing it is only a subroutine of one of them.

    A phone behind a Local pair that has been given up is on its way to be told, and rings for nobody any more.
    """
    if any(_rings_for(channel, phone) for phone in call.ringing.values()):
        return
    if call.stage in (Stage.WAITING, Stage.RINGING):
        channel.in_queue = None
        call.stopped_waiting_us = event.at_us
        state.signal(call, Signal.GAVE_UP, event.at_us)
    elif call.stage is Stage.TRANSFERRING:
        for transfer in call.open_transfers():
            # A transfer's context may do much before it asks for a person: a question to the caller, an announcement.
            asked = transfer.asked_by and (not transfer.asked_presumed or event.application in _GOODBYES)
            if asked or any(attempt.began_us >= transfer.at_us for attempt in call.attempts):
                transfer.given_up = result_of_attempts(call, transfer)


def _rings_for(caller: Channel, phone: Channel) -> bool:
    """Whether a phone that rings was dialled for the caller, and that dial stands; so too where none was told."""
    return phone.dialer is None or caller in phone.called_by()


def new_callerid(state: State, event: e.NewCallerid) -> None:
    """The caller's number became known after the call entered."""
    channel = state.channels.get(event.uniqueid)
    if channel is not None and channel is channel.call.caller and not channel.call.caller_number:
        channel.call.caller_number = event.caller


def renamed(state: State, event: e.Renamed) -> None:
    """A channel goes on under another name."""
    channel = state.channels.get(event.uniqueid)
    if channel is not None and event.channel:
        channel.rename(event.channel)


def queue_join(state: State, event: e.QueueCallerJoin) -> None:
    """A caller waits in a queue."""
    state.members.callers(event.queue, event.callers, event.at_us, state.facts)
    channel = state.channels.get(event.uniqueid)
    if channel is None:
        state.unexpected["unknown_channel"] += 1
        return
    waits_in(state, channel, event.queue, event.at_us)


def waits_in(state: State, channel: Channel, queue: str, at_us: int) -> None:
    """A channel waits in a queue; a caller's asks for a person by it."""
    channel.in_queue = queue
    call = channel.call
    if call.caller is not channel or call.answer is not None:
        return
    call.last_queue = queue
    call.asked(at_us, by_dial=False)
    if call.stage is not Stage.WAITING:
        state.signal(call, Signal.ASKED, at_us)


def queue_leave(state: State, event: e.QueueCallerLeave) -> None:
    """A caller waits in the queue no more; alone it proves nothing of why."""
    state.members.callers(event.queue, event.callers, event.at_us, state.facts)
    channel = state.channels.get(event.uniqueid)
    if channel is not None:
        channel.in_queue = None


def queue_abandon(state: State, event: e.QueueCallerAbandon) -> None:
    """The queue lost the caller: they hung up, or its time ran out while a phone rang, which it tells alike.

    HangupRequest is the proof. Where the system sends none, a phone the queue itself gave up (NOANSWER) speaks against.
    """
    channel = state.channels.get(event.uniqueid)
    if channel is None:
        state.unexpected["unknown_channel"] += 1
        return
    call = channel.call
    if call.caller is not channel or call.left_in is not None or call.answer is not None:
        return
    just_ceased = [
        attempt
        for attempt in call.attempts
        if attempt.rang and attempt.ceased_us is not None and event.at_us - attempt.ceased_us <= _SAME_MOMENT_US
    ]
    if all(attempt.result is not AttemptResult.NO_ANSWER for attempt in just_ceased):
        call.maybe_left_in = Stage.RINGING if just_ceased or call.ringing else Stage.WAITING


def hangup_request(state: State, event: e.HangupRequest) -> None:
    """A channel's far end hung up: of a caller's channel, the caller."""
    channel = state.channels.get(event.uniqueid)
    if channel is None:
        state.unexpected["unknown_channel"] += 1
        return
    channel.far_end_left = True
    state.tells_who_left = True
    call = channel.call
    if call.caller is channel and call.left_in is None:
        call.left_in = call.stage


def pickup(state: State, event: e.Pickup) -> None:
    """Somebody took the call that rang at another phone."""
    taker, target = state.channels.get(event.uniqueid), state.channels.get(event.target_uniqueid)
    if taker is None or target is None:
        state.unexpected["unknown_channel"] += 1
        return
    taker.took_over = target.took_over = True
    if target.attempt is not None:
        ceases(state, target, event.at_us)
        target.attempt.result = AttemptResult.ANSWERED_ELSEWHERE
        settle(state, target, event.at_us)
    state.join(target.call, taker.call)


def hangup(state: State, event: e.Hangup) -> None:
    """A channel is gone; with the caller's, the call is over."""
    channel = state.channels.get(event.uniqueid)
    if channel is None:
        state.unexpected["unknown_channel"] += 1
        return
    if channel.bridge is not None:
        leave(state, channel, channel.bridge, event.at_us)
    settle(state, channel, event.at_us, event.cause)
    call = channel.call
    if call.consultation is not None and call.consultation.through == channel.uniqueid:
        consultation_over(state, call, event.at_us)
    if call.caller is channel:
        call.end_seen = True
        if call.left_in is None and not state.tells_who_left:
            call.left_in = _must_have_left_in(call)
        end(state, call, event.at_us, event.at_us)
    outgoing.over(state, channel, event.at_us)
    state.drop_channel(channel)


def _must_have_left_in(call: LiveCall) -> Stage | None:
    """Where the caller must have hung up, on a system that never says who did; None where the centre ended the call."""
    if call.answer is not None or call.stage is Stage.GIVEN_UP or call.last_application in _GOODBYES:
        return None
    if call.maybe_left_in is not None or call.stage is not Stage.WAITING:
        return call.maybe_left_in or call.stage
    # A phone that the centre gave up was told so; one that was merely cancelled, the caller did not wait for.
    cancelled = any(attempt.cancelled for attempt in call.attempts[call.first_unanswered :])
    return Stage.RINGING if cancelled else None


def end(state: State, call: LiveCall, at_us: int, ended_us: int | None) -> None:
    """Make the call's record, whatever is still open; a call ends exactly once.

    `at_us` is the last instant seen, `ended_us` when the caller's channel ended: None where that was not seen.
    """
    if not call.offered:
        return
    call.ringing_clock.stop(at_us)
    call.talking_clock.stop(at_us)
    for channel in list(call.channels.values()):
        if channel.attempt is not None:
            if ended_us is None and channel.attempt.result is None:
                channel.attempt.result = AttemptResult.UNOBSERVED
            settle(state, channel, at_us)
    call.close_hold(at_us)
    close_all(state, call, at_us)
    state.signal(call, Signal.ENDED, at_us)
    state.facts.append(call.record(at_us, ended_us, state.plan.teams))
    call.over = True

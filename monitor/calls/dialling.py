"""Phones that are dialled and ring: ring attempts, the ringing clock, warnings and breaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls import facts as f
from monitor.calls.call import LiveAttempt
from monitor.calls.facts import AttemptResult, Stage, instant
from monitor.calls.outgoing import dials
from monitor.calls.phones import dialled_itself
from monitor.calls.stages import Signal
from monitor.calls.transferring import forwarded

if TYPE_CHECKING:
    from monitor.ami import events as e
    from monitor.calls.call import LiveCall
    from monitor.calls.channels import Channel
    from monitor.calls.state import State

# Q.850 causes with which a phone says that its person does not want the call.
_USER_BUSY, _NO_ANSWER_BY_PHONE, _CALL_REJECTED, _ANSWERED_ELSEWHERE = 17, 19, 21, 26
# How long Asterisk may take to cancel the other phones once one was picked up.
_SAME_MOMENT_US = 1_000_000
_DIAL_RESULTS = {
    "BUSY": AttemptResult.REJECTED,
    "NOANSWER": AttemptResult.NO_ANSWER,
    "CONGESTION": AttemptResult.FAILED,
    "CHANUNAVAIL": AttemptResult.FAILED,
}


def agent_called(state: State, event: e.AgentCalled) -> None:
    """A queue names the member whose channel it calls."""
    channel = state.channels.get(event.dest_uniqueid)
    if channel is None:
        state.unexpected["unknown_channel"] += 1
        return
    channel.queue = event.queue or None
    channel.member = event.member or None
    if channel.attempt is not None:
        channel.attempt.queue, channel.attempt.member = channel.queue, channel.member


def dial_begin(state: State, event: e.DialBegin) -> None:
    """A channel dials another: a phone, or half of a Local pair behind which a phone is dialled in turn."""
    channel = state.channel(event.dest_uniqueid, event.dest_linkedid, event.dest_channel, event.at_us)
    if channel is None:
        return
    channel.dialer = state.channels.get(event.uniqueid)
    call = channel.call
    if call.line is None and channel.person:
        dials(state, channel, event.dialled, event.at_us)
    if call.answered_us is None and channel is not call.caller and call.caller is not None:
        call.asked(event.at_us, by_dial=call.caller.in_queue is None)
        if call.stage in (Stage.ANNOUNCEMENT, Stage.GIVEN_UP):
            state.signal(call, Signal.ASKED, event.at_us)
    if not channel.person or channel is call.caller:
        return
    if channel.attempt is None:
        _attempt(call, channel, event.at_us)
    else:
        # It rang before the dial was told, as two threads of Asterisk may have it.
        channel.attempt.queue, channel.attempt.member = _called_for(call, channel)
    if call.offered and call.answer is None and dialled_itself(channel.interface, event.dialled):
        state.phones.rang(channel.interface, channel.attempt.member if channel.attempt is not None else None)


def _attempt(call: LiveCall, channel: Channel, at_us: int) -> LiveAttempt:
    queue, member = _called_for(call, channel)
    attempt = LiveAttempt(channel, queue, member, at_us)
    channel.attempt = attempt
    call.attempts.append(attempt)
    return attempt


def _called_for(call: LiveCall, channel: Channel) -> tuple[str | None, str | None]:
    """The queue that calls a phone and the member's name, as told of any channel on the way to it."""
    queue = member = None
    for calling in channel.called_by():
        if calling.queue and calling.bridge is not None and call.answer is not None:
            break  # A queue's member that answered long since: what is dialled through its Local pair is a transfer's.
        queue = queue or calling.queue or (calling.in_queue if calling is not channel else None)
        member = member or calling.member
    if queue is None and channel.dialer is None and call.caller is not None and call.answer is None:
        queue = call.caller.in_queue
    return queue, member


def rings(state: State, channel: Channel, at_us: int) -> None:
    """A phone rings for a caller."""
    call = channel.call
    if channel is call.caller or not channel.person:
        return
    attempt = channel.attempt or _attempt(call, channel, at_us)
    if attempt.rang:
        return
    attempt.rang, attempt.began_us = True, at_us
    counting = call.answered_us is None and call.answer is None
    before_us = call.ringing_clock.total_us(at_us)
    first = not call.ringing
    call.ringing[channel.uniqueid] = channel
    if not call.offered:
        return
    state.facts.append(
        f.RingingStarted(
            key=call.key,
            line=call.line or "",
            channel=channel.name,
            agent=channel.interface,
            member=attempt.member,
            queue=attempt.queue,
            at=instant(at_us),
            before_us=before_us,
            counting=counting,
        )
    )
    if counting:
        _count(state, call, channel, at_us, first=first)
    else:
        _rings_for_transfers(call, channel, at_us)


def _rings_for_transfers(call: LiveCall, phone: Channel, at_us: int) -> None:
    """A phone rings for whoever was passed on: not that of the agent who did, called back, for it is no target's."""
    for transfer in call.open_transfers():
        if phone.interface != transfer.by:
            transfer.ringing.start(at_us)


def _count(state: State, call: LiveCall, channel: Channel, at_us: int, *, first: bool) -> None:
    call.ringing_clock.start(at_us)
    if call.first_ring_us is None:
        call.first_ring_us = at_us
    _rings_for_transfers(call, channel, at_us)
    if first:
        state.signal(call, Signal.RANG, at_us)
        _set_timer(state, call, at_us)


def _set_timer(state: State, call: LiveCall, at_us: int) -> None:
    limit_us = call.rule.breach_us if call.warned else call.rule.warning_us
    if not call.breached:
        state.set_timer(max(at_us, call.ringing_clock.reaches_us(limit_us)), call)


def timer_due(state: State, call: LiveCall, at_us: int) -> None:
    """Ring `limit` or the one after it begins at just this instant, unless the ringing has ceased meanwhile."""
    if not call.offered or call.breached or call.ringing_clock.since_us is None:
        return
    ringing_us = call.ringing_clock.total_us(at_us)
    rule = call.rule
    if ringing_us < (rule.breach_us if call.warned else rule.warning_us):
        # Ringing paused and went on: another timer has the true instant.
        return
    phones = tuple(sorted(channel.interface for channel in call.ringing.values()))
    kind = f.RingBreach if call.warned else f.RingWarning
    state.facts.append(
        kind(
            key=call.key,
            line=call.line or "",
            queue=call.last_queue,
            at=instant(at_us),
            rings=rule.rings(ringing_us),
            agents=phones,
            rule=rule.label,
        )
    )
    if call.warned:
        call.breached = True
    else:
        call.warned = True
        _set_timer(state, call, at_us)


def ceases(state: State, channel: Channel, at_us: int) -> None:
    """A phone rings no more, whatever the reason."""
    attempt, call = channel.attempt, channel.call
    if attempt is None or attempt.ceased_us is not None:
        return
    attempt.ceased_us = at_us
    if call.ringing.pop(channel.uniqueid, None) is None:
        return
    if call.offered:
        state.facts.append(f.RingingCeased(key=call.key, channel=channel.name, at=instant(at_us)))
    if call.ringing:
        return
    call.ringing_clock.stop(at_us)
    for transfer in call.open_transfers():
        transfer.ringing.stop(at_us)
    if call.offered and call.stage is Stage.RINGING:
        state.signal(call, Signal.CEASED, at_us)


def picked_up(state: State, channel: Channel, at_us: int) -> None:
    """A phone's channel is up: it rings no more. Whether a person is there, the bridge tells."""
    ceases(state, channel, at_us)
    if channel.attempt is not None:
        channel.attempt.picked_up = True


def dial_end(state: State, event: e.DialEnd) -> None:
    """A dialled channel answered or was given up; the first word on it holds, since Asterisk may say two."""
    channel = state.channels.get(event.dest_uniqueid)
    if channel is None:
        state.unexpected["unknown_channel"] += 1
        return
    attempt = channel.attempt
    if event.status == "ANSWER":
        picked_up(state, channel, event.at_us)
        return
    ceases(state, channel, event.at_us)
    if attempt is None or attempt.result is not None or attempt.picked_up:
        return
    if event.forward:
        attempt.result = AttemptResult.FORWARDED
        forwarded(state, channel.call, channel, event.forward, event.at_us)
        return
    result = _DIAL_RESULTS.get(event.status)
    if result is AttemptResult.NO_ANSWER and channel.far_end_left and not attempt.rang:
        # 480: the phone refused before it rang (do not disturb, signed off at the phone).
        result = AttemptResult.REJECTED
    attempt.result = result
    if result is None:
        attempt.cancelled = True
    else:
        _dial_over(state, channel, event.at_us)


def _dial_over(state: State, channel: Channel, at_us: int) -> None:
    """See whether that was the last phone of the caller's own Dial, which ends with it: the centre has given up."""
    call, dialer = channel.call, channel.dialer
    if dialer is None or dialer is not call.caller or dialer.in_queue is not None or call.stage is not Stage.WAITING:
        return
    if all(attempt.result is not None for attempt in call.attempts[call.first_unanswered :]):
        call.stopped_waiting_us = at_us
        state.signal(call, Signal.GAVE_UP, at_us)


def settle(state: State, channel: Channel, at_us: int, cause: int = 0) -> None:
    """Decide and tell how a phone's ringing ended, now that its channel is gone or the call is over.

    `cause` is the Q.850 cause of its hang-up, 0 where it is not known.
    """
    attempt, call = channel.attempt, channel.call
    if attempt is None:
        return
    ceases(state, channel, at_us)
    channel.attempt = None
    attempt.result = _result(call, attempt, cause)
    if call.offered:
        state.facts.append(f.AttemptEnded(key=call.key, line=call.line or "", attempt=attempt.record(call.rule, at_us)))


def _result(call: LiveCall, attempt: LiveAttempt, cause: int) -> AttemptResult:
    """The first of these that holds: what the bridge, the dial end and the hang-up said, then what else happened."""
    told = attempt.result
    refused = cause in (_USER_BUSY, _CALL_REJECTED) or (cause == _NO_ANSWER_BY_PHONE and not attempt.rang)
    chances = (
        (AttemptResult.ANSWERED, attempt.bridged),
        (told, told not in (None, AttemptResult.NO_ANSWER)),
        (AttemptResult.DECLINED_BY_PERSON, attempt.picked_up),
        (AttemptResult.REJECTED, refused),
        (told, told is not None),
        (AttemptResult.ANSWERED_ELSEWHERE, cause == _ANSWERED_ELSEWHERE or _answered_elsewhere(call, attempt)),
        (
            AttemptResult.CALLER_LEFT,
            # Without HangupRequest the queue's word, or the end of the caller's own channel, tells.
            (call.caller is not None and call.caller.far_end_left)
            or (call.left_in or call.maybe_left_in) is Stage.RINGING,
        ),
    )
    return next((result for result, holds in chances if holds and result is not None), AttemptResult.NO_ANSWER)


def _answered_elsewhere(call: LiveCall, attempt: LiveAttempt) -> bool:
    """Whether another phone dialled with this one was picked up, or the call was answered, as this one ceased."""
    return any(
        other.picked_up
        and other is not attempt
        and other.ceased_us is not None
        and attempt.ceased_us is not None
        and 0 <= attempt.ceased_us - other.ceased_us <= _SAME_MOMENT_US
        for other in call.attempts
    )

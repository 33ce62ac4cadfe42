"""Transfers: blind, attended, blonde and forwarded, the caller's consent, and the reconnection clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls import facts as f
from monitor.calls.call import LiveTransfer
from monitor.calls.channels import interface_of
from monitor.calls.facts import AttemptResult, TransferKind, TransferResult
from monitor.calls.stages import Signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.ami import events as e
    from monitor.calls.call import LiveCall
    from monitor.calls.channels import Channel
    from monitor.calls.state import State

_SAME_MOMENT_US = 100_000
_FROM_ATTEMPT = {
    AttemptResult.REJECTED: TransferResult.BUSY,
    AttemptResult.FAILED: TransferResult.FAILED,
}


def _begin(call: LiveCall, transfer: LiveTransfer) -> None:
    call.close_hold(transfer.at_us)
    last = call.holds[-1] if call.holds else None
    if last is not None and last.ended_us is not None and transfer.at_us - last.ended_us <= _SAME_MOMENT_US:
        # Asterisk takes the caller off hold, and may bridge them with the target, just before it tells of the transfer.
        transfer.hold_us = last.ended_us - last.started_us
    transfer.consent, call.pending_consent = call.pending_consent, None
    if call.ringing:
        transfer.ringing.start(transfer.at_us)
    call.transfers.append(transfer)


def _close(state: State, call: LiveCall, transfer: LiveTransfer, result: TransferResult, at_us: int) -> None:
    transfer.ringing.stop(at_us)
    transfer.result = result
    if call.offered:
        state.facts.append(f.TransferEnded(key=call.key, line=call.line or "", transfer=transfer.record(call.rule)))


def _told(call: LiveCall, by_channels: frozenset[str], at_us: int) -> bool:
    """Whether a packet about this transfer has come before."""
    return any(known.by_channels == by_channels and known.at_us == at_us for known in call.transfers)


def blind(state: State, event: e.BlindTransfer) -> None:
    """An agent let go of the caller towards a number, without speaking to anybody there."""
    channel = state.channels.get(event.transferer_uniqueid) or state.channels.get(event.transferee_uniqueid)
    if channel is None:
        state.unexpected["unknown_channel"] += 1
        return
    call = channel.call
    by_channels = frozenset({event.transferer_uniqueid})
    if not call.offered or _told(call, by_channels, event.at_us):
        return
    transfer = LiveTransfer(
        kind=TransferKind.BLIND,
        at_us=event.at_us,
        by=interface_of(event.transferer_channel),
        to=event.exten,
        scope=state.plan.scope(event.exten),
        by_channels=by_channels,
    )
    if event.result != "Success":
        call.transfers.append(transfer)
        _close(state, call, transfer, TransferResult.FAILED, event.at_us)
        return
    _begin(call, transfer)
    state.signal(call, Signal.PASSED_ON, event.at_us)
    if by_channels.isdisjoint(call.parties) and channel is not call.caller:
        # Agent and caller have parted already; a caller who passes the agent on stays with nobody.
        _already_there(state, call, event.at_us)


def _already_there(state: State, call: LiveCall, at_us: int) -> None:
    """The caller may hear the target, or a conference, before the transfer is told."""
    persons = {uniqueid: state.channels[uniqueid] for uniqueid in call.parties if uniqueid in state.channels}
    if reconnect(state, call, persons, at_us):
        state.signal(call, Signal.CONNECTED, at_us)


def attended(state: State, event: e.AttendedTransfer) -> None:
    """An agent joined the caller with a second call of their own; what was that call's is the caller's now."""
    first = state.channels.get(event.transferer_uniqueid)
    second = state.channels.get(event.second_uniqueid)
    if first is None or second is None:
        state.unexpected["unknown_channel"] += 1
        return
    # A phone may send its REFER on either of its two legs: the consultation is the one it placed itself.
    consultation = first if first.dialled and not second.dialled else second
    succeeded = event.result == "Success"
    call = state.join(first.call, second.call) if succeeded else first.call
    by_channels = frozenset({first.uniqueid, second.uniqueid})
    if not call.offered or _told(call, by_channels, event.at_us):
        return
    to = _target(state, event, consultation, one_leg=first is second)
    consulted_us = _aside_us(consultation, event.at_us)
    transfer = LiveTransfer(
        kind=TransferKind.ATTENDED if consulted_us else TransferKind.BLONDE,
        at_us=event.at_us,
        by=first.interface,
        to=to,
        scope=state.plan.scope(to),
        by_channels=by_channels,
        consultation_us=consulted_us,
    )
    if not succeeded:
        call.transfers.append(transfer)
        _close(state, call, transfer, TransferResult.FAILED, event.at_us)
        return
    call.consultation = None
    _begin(call, transfer)
    state.signal(call, Signal.PASSED_ON, event.at_us)
    _already_there(state, call, event.at_us)


def consults(state: State, agent: Channel, room: Iterable[Channel], at_us: int) -> None:
    """An agent left the held caller for a Local channel of the same call: an attended transfer has begun.

    So Asterisk makes them by feature code and AMI. A phone that consults in a call of its own shows no intent to
    transfer before it does.
    """
    call = agent.call
    through = next((channel for channel in room if channel.local and channel.call is call), None)
    if through is None or not call.offered or call.consultation is not None:
        return
    to = _local_number(through.name)
    call.consultation = LiveTransfer(
        kind=TransferKind.ATTENDED,
        at_us=at_us,
        by=agent.interface,
        to=to,
        scope=state.plan.scope(to),
        by_channels=frozenset({agent.uniqueid}),
        through=through.uniqueid,
    )


def consultation_over(state: State, call: LiveCall, at_us: int) -> None:
    """The consultation came to nothing: the target hung up or never answered, or the caller left meanwhile."""
    transfer, call.consultation = call.consultation, None
    if transfer is None:
        return
    agent = state.channels.get(next(iter(transfer.by_channels)))
    if agent is not None:
        transfer.consultation_us = _aside_us(agent, at_us)
    hold = call.holds[-1] if call.holds else None
    if hold is not None:
        transfer.hold_us = (hold.ended_us if hold.ended_us is not None else at_us) - hold.started_us
    if call.left_in is not None:
        result = TransferResult.CALLER_LEFT
    elif transfer.consultation_us:
        result = TransferResult.RETURNED
    else:
        result = result_of_attempts(call, transfer)
    call.transfers.append(transfer)
    _close(state, call, transfer, result, at_us)


def _aside_us(channel: Channel, at_us: int) -> int:
    """How long a phone has talked without the caller, this time."""
    since_us = channel.aside_since_us
    return channel.aside_us + (max(0, at_us - since_us) if since_us is not None else 0)


def _local_number(name: str) -> str:
    """The number a Local channel dials: `Local/202@inside-00000000;1` → `202`."""
    return name.partition("/")[2].partition("@")[0]


def _target(state: State, event: e.AttendedTransfer, consultation: Channel, *, one_leg: bool) -> str:
    """The number the agent dialled to consult; the target's interface where no number is known."""
    if not one_leg and consultation.dialled:
        return consultation.dialled
    # While the target still rings Asterisk names none; then the last Local pair of the call is the one that dials it.
    locals_ = [channel.name for channel in consultation.call.channels.values() if channel.local]
    name = event.target_channel or (locals_[-1] if locals_ else "")
    if name.startswith("Local/"):
        return _local_number(name)
    target = state.channels.get(event.target_uniqueid)
    if target is not None and target.dialer is not None and target.dialer.dialled:
        return target.dialer.dialled
    return event.target_exten or interface_of(name)


def forwarded(state: State, call: LiveCall, phone: Channel, to: str, at_us: int) -> None:
    """A phone sent the call on by itself (302) before anybody answered."""
    if not call.offered:
        return
    technology, slash, address = to.partition("/")
    number = (address if slash and technology == "Local" else to).partition("@")[0]
    transfer = LiveTransfer(
        kind=TransferKind.FORWARD,
        at_us=at_us,
        by=phone.interface,
        to=number,
        scope=state.plan.scope(number),
        by_channels=frozenset({phone.uniqueid}),
    )
    call.transfers.append(transfer)
    if call.ringing:
        transfer.ringing.start(at_us)


def reconnect(state: State, call: LiveCall, persons: Mapping[str, Channel], at_us: int, *, found: bool = False) -> bool:
    """Close the open transfers if one of the persons the caller now hears is their answer.

    With `found` the answer itself was not seen, and its instant is not known.
    """
    reconnected = False
    for transfer in call.open_transfers():
        answer = next((p for uniqueid, p in persons.items() if uniqueid not in transfer.by_channels), None)
        if answer is None:
            continue
        if not found:
            transfer.reconnected_us = max(at_us, transfer.at_us)
        returned = answer.interface == transfer.by
        _close(state, call, transfer, TransferResult.RETURNED if returned else TransferResult.COMPLETED, at_us)
        reconnected = True
    return reconnected


def consent(state: State, event: e.UserEvent) -> None:
    """The dialplan reports whether the caller agreed to be passed on: of the open transfer, else of the next one."""
    if event.name != "TransferConsent" or event.consent not in ("yes", "no"):
        return
    channel = state.channels.get(event.uniqueid)
    call = channel.call if channel is not None else state.calls.get(event.linkedid)
    if call is None:
        state.unexpected["unknown_channel"] += 1
        return
    agreed = event.consent == "yes"
    waiting = [transfer for transfer in call.open_transfers() if transfer.kind is not TransferKind.FORWARD]
    if waiting:
        waiting[-1].consent = agreed
    else:
        call.pending_consent = agreed


def close_all(state: State, call: LiveCall, at_us: int) -> None:
    """The call is over: say of every open transfer why nobody answered it."""
    consultation_over(state, call, at_us)
    for transfer in call.open_transfers():
        _close(state, call, transfer, _unanswered(call, transfer), at_us)


def _unanswered(call: LiveCall, transfer: LiveTransfer) -> TransferResult:
    if not call.end_seen:
        return TransferResult.UNOBSERVED
    if transfer.given_up is not None:
        return transfer.given_up
    if call.left_in is not None or (call.caller is not None and call.caller.uniqueid in transfer.by_channels):
        return TransferResult.CALLER_LEFT
    return result_of_attempts(call, transfer)


def result_of_attempts(call: LiveCall, transfer: LiveTransfer) -> TransferResult:
    """What the phones dialled since a transfer made of it."""
    results = {
        attempt.result
        for attempt in call.attempts
        if (attempt.ceased_us or attempt.began_us) >= transfer.at_us
        and attempt.channel.uniqueid not in transfer.by_channels
    }
    if not results and transfer.asked_by not in ("", "Queue"):
        return TransferResult.FAILED  # its dial had no phone to call
    told = {result for result in results if result is not None}
    if len(told) == 1:
        return _FROM_ATTEMPT.get(told.pop(), TransferResult.NO_ANSWER)
    return TransferResult.NO_ANSWER

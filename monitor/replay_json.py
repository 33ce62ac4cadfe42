"""A call as `callmonitor replay` prints it: the contract of docs/replay.md, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from monitor.calls.facts import Call, CallbackPromise, OutgoingCall, RingAttempt, Transfer


@overload
def at_json(at: datetime) -> str: ...
@overload
def at_json(at: datetime | None) -> str | None: ...
def at_json(at: datetime | None) -> str | None:
    """An instant as RFC 3339 in UTC, to the microsecond."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at is not None else None


@overload
def seconds(us: float) -> float: ...
@overload
def seconds(us: float | None) -> float | None: ...
def seconds(us: float | None) -> float | None:
    """Microseconds as seconds."""
    return us / 1_000_000 if us is not None else None


def _attempt(attempt: RingAttempt) -> dict[str, Any]:
    return {
        "agent": attempt.agent,
        "member": attempt.member,
        "channel": attempt.channel,
        "queue": attempt.queue,
        "started_at": at_json(attempt.started_at),
        "ended_at": at_json(attempt.ended_at),
        "ringing_seconds": seconds(attempt.ringing_us),
        "rings": attempt.rings,
        "result": attempt.result.value,
    }


def _promise(promise: CallbackPromise) -> dict[str, Any]:
    return {"at": at_json(promise.at), "by": promise.by, "due_at": at_json(promise.due_at)}


def outgoing_as_json(call: OutgoingCall) -> dict[str, Any]:
    """A call that the centre made, as `replay --outgoing` prints it: it has `outgoing`, which no other call has."""
    return {
        "outgoing": True,
        "system": call.key.system,
        "linkedid": call.key.linkedid,
        "agent": call.agent,
        "member": call.member,
        "number": call.number,
        "started_at": at_json(call.started_at),
        "answered_at": at_json(call.answered_at),
        "ended_at": at_json(call.ended_at),
        "observed": call.observed.value,
    }


def transfer_as_json(transfer: Transfer) -> dict[str, Any]:
    """A transfer as it stands in its call."""
    return {
        "kind": transfer.kind.value,
        "at": at_json(transfer.at),
        "by": transfer.by,
        "to": transfer.to,
        "scope": transfer.scope.value,
        "result": transfer.result.value,
        "announced": transfer.announced,
        "consent": None if transfer.consent is None else "yes" if transfer.consent else "no",
        "consultation_seconds": seconds(transfer.consultation_us),
        "caller_hold_seconds": seconds(transfer.caller_hold_us),
        "reconnected_at": at_json(transfer.reconnected_at),
        "reconnect_seconds": seconds(transfer.reconnect_us),
        "reconnect_rings": transfer.reconnect_rings,
    }


def call_as_json(call: Call) -> dict[str, Any]:
    """A call as `replay` prints it: every field present, instants RFC 3339 UTC, durations in seconds."""
    return {
        "system": call.key.system,
        "linkedid": call.key.linkedid,
        "line": call.line,
        "dialled": call.dialled,
        "caller": call.caller,
        "entered_at": at_json(call.entered_at),
        "asked_at": at_json(call.asked_at),
        "first_ring_at": at_json(call.first_ring_at),
        "answered_at": at_json(call.answered_at),
        "ended_at": at_json(call.ended_at),
        "outcome": call.outcome.value,
        "rings": call.rings,
        "ringing_seconds": seconds(call.ringing_us),
        "waiting_seconds": seconds(call.waiting_us),
        "talking_seconds": seconds(call.talking_us),
        "hold_seconds": seconds(call.hold_us),
        "verdicts": {reading: verdict.value for reading, verdict in call.verdicts},
        "verdict_reason": call.verdict_reason.value,
        "rule": call.rule,
        "observed": call.observed.value,
        "source": call.source.value,
        "queue": call.queue,
        "team": call.team,
        "menu": list(call.menu),
        "agent": call.agent,
        "answered_by_pickup": call.answered_by_pickup,
        "attempts": [_attempt(attempt) for attempt in call.attempts],
        "transfers": [transfer_as_json(transfer) for transfer in call.transfers],
        "callbacks": [_promise(promise) for promise in call.callbacks],
        "recordings": list(call.recordings),
    }

"""A call as `callmonitor replay` prints it: the contract of docs/replay.md, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.calls.facts import Call, RingAttempt, Transfer


def _at(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at is not None else None


def _seconds(us: int | None) -> float | None:
    return us / 1_000_000 if us is not None else None


def _attempt(attempt: RingAttempt) -> dict[str, Any]:
    return {
        "agent": attempt.agent,
        "member": attempt.member,
        "channel": attempt.channel,
        "queue": attempt.queue,
        "started_at": _at(attempt.started_at),
        "ended_at": _at(attempt.ended_at),
        "ringing_seconds": _seconds(attempt.ringing_us),
        "rings": attempt.rings,
        "result": attempt.result.value,
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    return {
        "kind": transfer.kind.value,
        "at": _at(transfer.at),
        "by": transfer.by,
        "to": transfer.to,
        "scope": transfer.scope.value,
        "result": transfer.result.value,
        "announced": transfer.announced,
        "consent": None if transfer.consent is None else "yes" if transfer.consent else "no",
        "consultation_seconds": _seconds(transfer.consultation_us),
        "caller_hold_seconds": _seconds(transfer.caller_hold_us),
        "reconnected_at": _at(transfer.reconnected_at),
        "reconnect_seconds": _seconds(transfer.reconnect_us),
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
        "entered_at": _at(call.entered_at),
        "asked_at": _at(call.asked_at),
        "first_ring_at": _at(call.first_ring_at),
        "answered_at": _at(call.answered_at),
        "ended_at": _at(call.ended_at),
        "outcome": call.outcome.value,
        "rings": call.rings,
        "ringing_seconds": _seconds(call.ringing_us),
        "waiting_seconds": _seconds(call.waiting_us),
        "talking_seconds": _seconds(call.talking_us),
        "hold_seconds": _seconds(call.hold_us),
        "verdicts": {reading: verdict.value for reading, verdict in call.verdicts},
        "verdict_reason": call.verdict_reason.value,
        "rule": call.rule,
        "observed": call.observed.value,
        "queue": call.queue,
        "agent": call.agent,
        "answered_by_pickup": call.answered_by_pickup,
        "attempts": [_attempt(attempt) for attempt in call.attempts],
        "transfers": [_transfer(transfer) for transfer in call.transfers],
    }

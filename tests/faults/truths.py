"""What a simulated centre's people did, held against what a ledger says they did.

The truth comes from the plans and from when each person acted; it shares no code with `monitor.calls`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from monitor.calls.facts import microseconds
from monitor.simulator.truth import TOLERANCE_US

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.calls.facts import Call
    from monitor.simulator import Truth


def of_truth(truth: Truth) -> dict[str, object]:
    """What must be the same in the truth and in a record."""
    return {
        "dialled": truth.dialled,
        "caller": truth.caller,
        "outcome": truth.outcome,
        "rings": truth.rings,
        "queue": truth.queue,
        "agent": truth.agent,
        "pickup": truth.answered_by_pickup,
        "transfers": [(t.kind, t.by, t.to, t.result, t.announced, t.consent) for t in truth.transfers],
    }


def of_record(call: Call) -> dict[str, object]:
    """The same of a record."""
    return {
        "dialled": call.dialled,
        "caller": call.caller,
        "outcome": call.outcome,
        "rings": call.rings,
        "queue": call.queue,
        "agent": call.agent,
        "pickup": call.answered_by_pickup,
        "transfers": [(t.kind, t.by, t.to, t.result, t.announced, t.consent) for t in call.transfers],
    }


def compared(truths: Iterable[Truth], calls: Iterable[Call]) -> tuple[int, int, list[str]]:
    """Calls that are over and have no record, records too many, and where a record says something else."""
    records: dict[str, list[Call]] = {}
    for call in calls:
        records.setdefault(call.key.linkedid, []).append(call)
    over = {truth.linkedid: truth for truth in truths if truth.ended_at_us is not None}
    lost = sum(linkedid not in records for linkedid in over)
    doubled = Counter({linkedid: len(found) - 1 for linkedid, found in records.items()}).total()
    wrong = []
    for linkedid, truth in over.items():
        for call in records.get(linkedid, []):
            if of_truth(truth) != of_record(call):
                wrong.append(f"{linkedid}: {of_record(call)} and not {of_truth(truth)}")
            began_us = microseconds(call.entered_at) if call.entered_at is not None else 0
            if abs(began_us - truth.entered_at_us) > TOLERANCE_US:
                wrong.append(f"{linkedid}: it began at {began_us} and not at {truth.entered_at_us}")
            if abs((call.ringing_us or 0) - truth.ringing_us) > TOLERANCE_US:
                wrong.append(f"{linkedid}: it rang for {call.ringing_us} µs and not for {truth.ringing_us}")
    return lost, doubled, wrong

"""What the call state says of simulated calls is what their people did.

The truth comes from the plans and from when each person acted; it shares no code with `monitor.calls`. Durations may
differ by `TOLERANCE_US`, since one thing is told by two packets; ring counts may not differ at all.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.calls.facts import Call, OutgoingCall, RingBreach, RingWarning, TransferKind, microseconds
from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.state import Plan
from monitor.replay import Replay
from monitor.simulator import Arrivals, Centre, TrueAttempt, Truth, capture
from monitor.simulator.actions import BANNER
from monitor.simulator.arrivals import SPELLINGS
from monitor.simulator.truth import TOLERANCE_US

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.calls.facts import Fact

MORNING = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
"""09:00 in Korea."""

LINE = Line("1588-6565", tuple(dict.fromkeys(SPELLINGS)))


def facts_in(path: Path) -> list[Fact]:
    """All that a capture tells; nothing in it is unexpected."""
    warnings: list[str] = []
    plan = Plan(lines=Lines((LINE,)), phones=Patterns(("PJSIP/agent*",)))
    replay = Replay(plan, "unnamed", warnings.append)
    with path.open("rb") as stream:
        facts = [*replay.read(path.name, stream), *replay.close()]
    assert warnings == []
    assert [tracker.unexpected for tracker in replay.trackers] == [Counter()]
    return facts


def replayed(path: Path) -> tuple[dict[str, Call], Counter[str]]:
    """The call records by linkedid, and how often each kind of live alarm was told."""
    facts = facts_in(path)
    calls = [fact for fact in facts if isinstance(fact, Call)]
    alarms = Counter(type(fact).__name__ for fact in facts if isinstance(fact, RingWarning | RingBreach))
    assert len({call.key for call in calls}) == len(calls)
    return {call.key.linkedid: call for call in calls}, alarms


def told(truth: Truth) -> dict[str, object]:
    """What must be the same in the truth and in a record."""
    return {
        "dialled": truth.dialled,
        "caller": truth.caller,
        "outcome": truth.outcome,
        "rings": truth.rings,
        "queue": truth.queue,
        "agent": truth.agent,
        "pickup": truth.answered_by_pickup,
        "attempts": Counter((attempt.agent, attempt.result) for attempt in truth.attempts),
        "transfers": [(t.kind, t.by, t.to, t.result, t.announced, t.consent) for t in truth.transfers],
    }


def said(call: Call, answered_at_us: int | None) -> dict[str, object]:
    """The same of a record; attempts made for a transfer are no part of the count."""
    first = [a for a in call.attempts if answered_at_us is None or microseconds(a.started_at) < answered_at_us]
    return {
        "dialled": call.dialled,
        "caller": call.caller,
        "outcome": call.outcome,
        "rings": call.rings,
        "queue": call.queue,
        "agent": call.agent,
        "pickup": call.answered_by_pickup,
        "attempts": Counter((attempt.agent, attempt.result) for attempt in first),
        "transfers": [(t.kind, t.by, t.to, t.result, t.announced, t.consent) for t in call.transfers],
    }


def durations(truth: Truth) -> list[int | None]:
    transfers = [
        (t.at_us, t.consultation_us, t.caller_hold_us, None if t.kind is TransferKind.ATTENDED else t.reconnected_at_us)
        for t in truth.transfers
    ]
    return [
        truth.entered_at_us,
        truth.asked_at_us,
        truth.first_ring_at_us,
        truth.answered_at_us,
        truth.ended_at_us,
        truth.ringing_us,
        truth.hold_us,
        *(value for values in transfers for value in values),
    ]


def reckoned(call: Call) -> list[int | None]:
    def us(at: datetime | None) -> int | None:
        return None if at is None else microseconds(at)

    transfers = [
        (
            us(t.at),
            t.consultation_us,
            t.caller_hold_us,
            None if t.kind is TransferKind.ATTENDED else us(t.reconnected_at),
        )
        for t in call.transfers
    ]
    return [
        us(call.entered_at),
        us(call.asked_at),
        us(call.first_ring_at),
        us(call.answered_at),
        us(call.ended_at),
        call.ringing_us,
        call.hold_us,
        *(value for values in transfers for value in values),
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_call_state_agrees_with_truth_on_every_call_of_an_hour(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "hour.ami"
    truths = capture(path, seed, MORNING, 3600, 600)

    calls, alarms = replayed(path)

    assert len(truths) > 300
    assert set(calls) == {truth.linkedid for truth in truths}
    for truth in truths:
        call = calls[truth.linkedid]
        assert said(call, truth.answered_at_us) == told(truth)
        for true, seen in zip(durations(truth), reckoned(call), strict=True):
            assert (true is None) == (seen is None)
            assert true is None or seen is None or abs(true - seen) <= TOLERANCE_US
    # Ring 3 begins at 6 s and ring 4 at 9 s, whatever becomes of the call.
    assert alarms["RingWarning"] == sum(truth.rings >= 3 for truth in truths)
    assert alarms["RingBreach"] == sum(truth.rings >= 4 for truth in truths)


def test_calls_back_are_told_as_they_were_made_and_promised(tmp_path: Path) -> None:
    """Two hours in which agents call back: each call out and each promise, and nothing else as one of them."""
    start_us = microseconds(MORNING)
    centre = Centre(seed=4, started_at_us=start_us)
    Arrivals(calls_per_hour=300, until_us=start_us + 7200 * 1_000_000, calls_back=True).begin(centre)
    path = tmp_path / "hours.ami"
    path.write_bytes(BANNER + b"".join(packet for _, packet in centre.advance(start_us + 4 * 3600 * 1_000_000)))

    facts = facts_in(path)

    made = [fact for fact in facts if isinstance(fact, OutgoingCall)]
    assert len(made) > 40
    true = {truth.linkedid: truth for truth in centre.outgoing}
    assert {call.key.linkedid for call in made} == set(true)
    assert len(made) == len(true)
    for call in made:
        real = true[call.key.linkedid]
        assert (call.agent, call.number, call.observed) == (real.agent, real.number, "whole")
        assert (call.answered_at is None) == (real.answered_at_us is None)
        for at, at_us in (
            (call.started_at, real.started_at_us),
            (call.answered_at, real.answered_at_us),
            (call.ended_at, real.ended_at_us),
        ):
            assert at is None or at_us is None or abs(microseconds(at) - at_us) <= TOLERANCE_US
    reached = sum(call.answered_at is not None for call in made)
    assert 0 < reached < len(made)

    calls = {fact.key.linkedid: fact for fact in facts if isinstance(fact, Call)}
    promised = [truth for truth in centre.truths if truth.promises]
    assert len(promised) > 10
    for truth in centre.truths:
        told = [
            (microseconds(each.at), each.by, None if each.due_at is None else microseconds(each.due_at))
            for each in calls[truth.linkedid].callbacks
        ]
        assert told == [(each.at_us, each.by, each.due_us) for each in truth.promises]
    # Kept in time, late, and not at all: the page has something of each to show.
    started = {(call.number, microseconds(call.started_at)) for call in made}
    kept = [
        min((at for number, at in started if number == truth.caller and at > each.at_us), default=None)
        for truth in promised
        for each in truth.promises
        if each.due_us is not None
    ]
    dues = [each.due_us for truth in promised for each in truth.promises if each.due_us is not None]
    in_time = [at is not None and at < due for at, due in zip(kept, dues, strict=True)]
    assert True in in_time
    assert False in in_time
    assert None in kept


def test_a_day_shows_every_outcome_and_every_kind_of_transfer(tmp_path: Path) -> None:
    truths = capture(tmp_path / "day.ami", 5, MORNING, 8 * 3600, 420)

    assert {truth.outcome for truth in truths if truth.outcome} >= {
        "answered",
        "abandoned_announcement",
        "abandoned_waiting",
        "abandoned_ringing",
        "no_answer",
    }
    transfers = [transfer for truth in truths for transfer in truth.transfers]
    assert {transfer.kind for transfer in transfers} == set(TransferKind)
    assert {str(transfer.result) for transfer in transfers} >= {
        "completed",
        "no_answer",
        "busy",
        "caller_left",
        "returned",
    }
    assert {transfer.consent for transfer in transfers} == {None, True, False}
    assert any(len(truth.transfers) > 1 for truth in truths)
    assert any(truth.answered_by_pickup for truth in truths)
    assert {min(truth.rings, 5) for truth in truths} == {0, 1, 2, 3, 4, 5}


def test_ringing_at_two_phones_at_once_counts_once() -> None:
    truth = Truth(
        system="pbx",
        linkedid="1",
        dialled="15886565",
        caller="0100",
        entered_at_us=0,
        attempts=[
            # 1 s to 5 s, 3 s to 7 s inside the same ringing, and 10 s to 14 s: 6 s + 4 s = 10 s, ring 4.
            TrueAttempt(agent="PJSIP/a", queue=None, started_at_us=1_000_000, ended_at_us=5_000_000),
            TrueAttempt(agent="PJSIP/b", queue=None, started_at_us=3_000_000, ended_at_us=7_000_000),
            TrueAttempt(agent="PJSIP/c", queue=None, started_at_us=10_000_000, ended_at_us=14_000_000),
            TrueAttempt(agent="PJSIP/never", queue=None),
        ],
    )

    assert truth.ringing_us == 10_000_000
    assert truth.rings == 4
    assert truth.first_ring_at_us == 1_000_000

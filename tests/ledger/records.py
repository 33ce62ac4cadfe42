"""Facts to write: hand-made ones, and hypothesis strategies for any."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    AttemptResult,
    Call,
    CallKey,
    Gap,
    GapCause,
    Hold,
    Observed,
    Outcome,
    RingAttempt,
    Scope,
    Source,
    Transfer,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.rules import CADENCES, Reading, RingRule
from monitor.ledger.rows import StoredRule

NINE = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
"""A Monday, nine o'clock."""


def after(seconds: float) -> datetime:
    """An instant of that Monday."""
    return NINE + timedelta(seconds=seconds)


def known(value: int | None) -> int:
    """What every record that the monitor made itself tells."""
    assert value is not None
    return value


def ring(agent: str, start: float, end: float, result: AttemptResult) -> RingAttempt:
    """A phone of the queue `support` that rang from `start` to `end`, in seconds after nine: that / 3 + 1 rings."""
    return RingAttempt(
        agent=f"PJSIP/{agent}",
        member=agent.title(),
        channel=f"PJSIP/{agent}-0000000a",
        queue="support",
        started_at=after(start),
        ended_at=after(end),
        ringing_us=round((end - start) * 1_000_000),
        rings=int((end - start) // 3) + 1,
        result=result,
    )


def a_call(linkedid: str = "1772442000.1", **changes: Any) -> Call:
    """A caller who entered at nine, rang at one phone for 4 s, then at another for 2 s, and was sent on blindly.

    T = 4 + 2 = 6 s, so floor(6 / 3) + 1 = 3 rings: kept within three, broken before three.
    """
    call = Call(
        key=CallKey(system="pbx1", linkedid=linkedid),
        line="main",
        dialled="15886565",
        caller="01012345678",
        entered_at=NINE,
        asked_at=after(1),
        first_ring_at=after(2),
        answered_at=after(9),
        ended_at=after(60),
        outcome=Outcome.ANSWERED,
        rings=3,
        ringing_us=6_000_000,
        waiting_us=8_000_000,
        talking_us=40_000_000,
        hold_us=5_000_000,
        verdicts=(("within", Verdict.KEPT), ("before", Verdict.BROKEN)),
        verdict_reason=VerdictReason.ANSWERED_WITHIN_RULE,
        rule="three-rings/1",
        observed=Observed.WHOLE,
        queue="support",
        agent="PJSIP/agent2",
        member="Agent2",
        answered_by_pickup=False,
        attempts=(
            ring("agent1", 2, 6, AttemptResult.NO_ANSWER),
            ring("agent2", 7, 9, AttemptResult.ANSWERED),
        ),
        transfers=(
            Transfer(
                kind=TransferKind.BLIND,
                at=after(50),
                by="PJSIP/agent2",
                to="201",
                scope=Scope.INSIDE,
                result=TransferResult.COMPLETED,
                announced=False,
                consent=None,
                consultation_us=0,
                caller_hold_us=5_000_000,
                reconnected_at=after(54),
                reconnect_us=4_000_000,
                reconnect_rings=2,
            ),
        ),
        holds=(Hold(by="PJSIP/agent2", started_at=after(45), ended_at=after(50)),),
        recorded_at=after(60),
    )
    return replace(call, **changes)


def partly(call: Call, **changes: Any) -> Call:
    """The same call as a monitor saw it that was not there all the time."""
    return replace(
        call,
        observed=Observed.PARTLY,
        verdicts=tuple((reading, Verdict.EXCLUDED) for reading, _ in call.verdicts),
        verdict_reason=VerdictReason.PARTLY_UNOBSERVED,
        **changes,
    )


# A NUL is written as U+FFFD (test_repository); a surrogate cannot come out of decoding.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
instants = st.datetimes(datetime(1970, 1, 1), datetime(5000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - naive bounds
spans_us = st.integers(0, 2**62)
ring_counts = st.integers(0, 2**31 - 1)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The values, or none."""
    return st.none() | values


attempts = st.builds(
    RingAttempt,
    agent=texts,
    member=maybe(texts),
    channel=texts,
    queue=maybe(texts),
    started_at=instants,
    ended_at=instants,
    ringing_us=maybe(spans_us),
    rings=maybe(ring_counts),
    result=st.sampled_from(AttemptResult),
)
transfers = st.builds(
    Transfer,
    kind=st.sampled_from(TransferKind),
    at=instants,
    by=texts,
    to=texts,
    scope=st.sampled_from(Scope),
    result=st.sampled_from(TransferResult),
    announced=st.booleans(),
    consent=maybe(st.booleans()),
    consultation_us=maybe(spans_us),
    caller_hold_us=maybe(spans_us),
    reconnected_at=maybe(instants),
    reconnect_us=maybe(spans_us),
    reconnect_rings=maybe(ring_counts),
)
holds = st.builds(Hold, by=texts, started_at=instants, ended_at=instants)
verdicts = st.permutations(list(Reading)).flatmap(
    lambda readings: st.tuples(*(st.tuples(st.just(str(r)), st.sampled_from(Verdict)) for r in readings))
)
calls = st.builds(
    Call,
    key=st.builds(CallKey, system=texts, linkedid=texts),
    line=texts,
    dialled=texts,
    caller=maybe(texts),
    entered_at=maybe(instants),
    asked_at=maybe(instants),
    first_ring_at=maybe(instants),
    answered_at=maybe(instants),
    ended_at=maybe(instants),
    outcome=st.sampled_from(Outcome),
    rings=maybe(ring_counts),
    ringing_us=maybe(spans_us),
    waiting_us=maybe(spans_us),
    talking_us=maybe(spans_us),
    hold_us=maybe(spans_us),
    verdicts=verdicts,
    verdict_reason=st.sampled_from(VerdictReason),
    rule=texts,
    observed=st.sampled_from(Observed),
    queue=maybe(texts),
    agent=maybe(texts),
    member=maybe(texts),
    answered_by_pickup=st.booleans(),
    attempts=st.lists(attempts, max_size=3).map(tuple),
    transfers=st.lists(transfers, max_size=2).map(tuple),
    holds=st.lists(holds, max_size=2).map(tuple),
    recorded_at=instants,
    source=st.sampled_from(Source),
)
agent_states = st.builds(
    AgentState,
    system=texts,
    queue=texts,
    agent=texts,
    member=texts,
    status=maybe(st.sampled_from(AgentStatus)),
    at=instants,
)
gaps = st.builds(Gap, system=texts, started_at=instants, ended_at=maybe(instants), cause=st.sampled_from(GapCause))
rules = st.builds(
    RingRule,
    name=texts.filter(bool),
    version=st.integers(1, 2**31 - 1),
    holds_from=st.dates(date(1970, 1, 1)),
    country=st.sampled_from(sorted(CADENCES)),
    limit=st.integers(1, 2**31 - 1),
    headline=st.sampled_from(Reading),
).map(StoredRule.of)

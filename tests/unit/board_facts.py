"""Facts for a board, with as much in them as a test says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.board import Board
from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    AttemptEnded,
    AttemptResult,
    Call,
    CallKey,
    CallStarted,
    Fact,
    Observed,
    Outcome,
    RingAttempt,
    RingBreach,
    RingingStarted,
    Scope,
    Stage,
    StageChanged,
    Transfer,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)

if TYPE_CHECKING:
    from monitor.board_records import CallNow


NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEY = CallKey(system="pbx", linkedid="1.1")
LINE = "main"


def at(seconds: float) -> datetime:
    """Noon and so many seconds."""
    return NOON + timedelta(microseconds=round(seconds * 1_000_000))


def started(key: CallKey = KEY, seconds: float = 0) -> CallStarted:
    return CallStarted(key=key, line=LINE, dialled="15886565", caller="01012345678", at=at(seconds))


def stage(name: Stage, seconds: float, key: CallKey = KEY) -> StageChanged:
    return StageChanged(key=key, line=LINE, stage=name, at=at(seconds), queue="help")


def rings(
    phone: str, seconds: float, before: float = 0, *, key: CallKey = KEY, counting: bool = True
) -> RingingStarted:
    return RingingStarted(
        key=key,
        line=LINE,
        channel=f"PJSIP/{phone}-01",
        agent=f"PJSIP/{phone}",
        member=phone.title(),
        queue="help",
        at=at(seconds),
        before_us=round(before * 1_000_000),
        counting=counting,
    )


def silent(phone: str, start: float, end: float, key: CallKey = KEY) -> AttemptEnded:
    return AttemptEnded(
        key=key,
        line=LINE,
        attempt=RingAttempt(
            agent=f"PJSIP/{phone}",
            member=phone.title(),
            channel=f"PJSIP/{phone}-01",
            queue="help",
            started_at=at(start),
            ended_at=at(end),
            ringing_us=round((end - start) * 1_000_000),
            rings=1,
            result=AttemptResult.NO_ANSWER,
        ),
    )


def breach(seconds: float, key: CallKey = KEY, agents: tuple[str, ...] = ("PJSIP/kim",)) -> RingBreach:
    return RingBreach(key=key, line=LINE, queue="help", at=at(seconds), rings=4, agents=agents, rule="three-rings/1")


def transfer(
    kind: TransferKind = TransferKind.BLIND,
    scope: Scope = Scope.OUTSIDE,
    result: TransferResult = TransferResult.COMPLETED,
) -> Transfer:
    return Transfer(
        kind=kind,
        at=at(60),
        by="PJSIP/kim",
        to="201",
        scope=scope,
        result=result,
        announced=False,
        consent=None,
        consultation_us=0,
        caller_hold_us=0,
        reconnected_at=at(64),
        reconnect_us=4_000_000,
        reconnect_rings=2,
    )


def ended(
    key: CallKey = KEY,
    *,
    seconds: float = 100,
    outcome: Outcome = Outcome.ANSWERED,
    within: Verdict = Verdict.KEPT,
    before: Verdict = Verdict.KEPT,
    transfers: tuple[Transfer, ...] = (),
) -> Call:
    return Call(
        key=key,
        line=LINE,
        dialled="15886565",
        caller="01012345678",
        entered_at=at(0),
        asked_at=at(1),
        first_ring_at=at(2),
        answered_at=at(5) if outcome is Outcome.ANSWERED else None,
        ended_at=at(seconds),
        outcome=outcome,
        rings=2,
        ringing_us=3_000_000,
        waiting_us=4_000_000,
        talking_us=95_000_000,
        hold_us=0,
        verdicts=(("within", within), ("before", before)),
        verdict_reason=VerdictReason.ANSWERED_WITHIN_RULE,
        rule="three-rings/1",
        observed=Observed.WHOLE,
        queue="help",
        agent="PJSIP/kim",
        member="Kim",
        answered_by_pickup=False,
        attempts=(),
        transfers=transfers,
        holds=(),
        recorded_at=at(seconds),
    )


def agent(phone: str, status: AgentStatus | None, seconds: float, queue: str = "help") -> AgentState:
    return AgentState(
        system="pbx", queue=queue, agent=f"PJSIP/{phone}", member=phone.title(), status=status, at=at(seconds)
    )


def board_of(*facts: Fact) -> Board:
    board = Board()
    for fact in facts:
        board.record(fact)
    return board


def the_call(board: Board) -> CallNow:
    return board.calls[KEY]

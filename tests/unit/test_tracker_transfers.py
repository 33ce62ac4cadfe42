"""Transfers, holds and consent at their edges; tests/scenarios holds each kind as the lab recorded it."""

from __future__ import annotations

import pytest

from monitor.calls.facts import (
    CallForgotten,
    GapCause,
    Observed,
    Scope,
    Stage,
    StageChanged,
    Transfer,
    TransferEnded,
    TransferKind,
    TransferResult,
    instant,
)
from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.state import Plan

from .wire import PLAN, Leg, Reading, Wire, read, us


def talking(wire: Wire) -> tuple[Leg, Leg]:
    """A caller and agent1 talk from 2 on; the phone rang 0 to 2."""
    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/agent1")
    wire.rings(phone)
    wire.at(2).answers(caller, phone)
    return caller, phone


def passes_on(wire: Wire, agent: Leg, caller: Leg, to: str, result: str = "Success") -> Wire:
    """The agent lets go of the caller towards a number, blindly."""
    wire.event(
        "BlindTransfer",
        Result=result,
        **agent.headers("Transferer"),
        **caller.headers("Transferee"),
        IsExternal="Yes",
        Context="inside",
        Extension=to,
    )
    if result == "Success":
        wire.parts(agent, caller).hangs(agent, 16)
    return wire


def only(reading: Reading) -> Transfer:
    (transfer,) = reading.call.transfers
    (told,) = reading.of(TransferEnded)
    assert told.transfer == transfer
    return transfer


def test_a_blind_transfer_answered() -> None:
    """Let go at 10; agent2's phone rings 11 to 15: 5 s to the answer, of which 4 s ring: floor(4 / 3) + 1 = 2."""
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), agent, caller, "202")
    other = wire.dials(caller, "PJSIP/agent2")
    wire.at(11).rings(other)
    wire.at(15).answers(caller, other)
    wire.at(20).ends(caller, other, by=caller)
    reading = read(wire)
    assert only(reading) == Transfer(
        kind=TransferKind.BLIND,
        at=instant(us(10)),
        by="PJSIP/agent1",
        to="202",
        scope=Scope.UNKNOWN,
        result=TransferResult.COMPLETED,
        announced=False,
        consent=None,
        consultation_us=0,
        caller_hold_us=0,
        reconnected_at=instant(us(15)),
        reconnect_us=5_000_000,
        reconnect_rings=2,
    )
    call = reading.call
    # Talking: 2 to 10 and 15 to 20. The ring count is that before the first person: 2 s, 1 ring.
    assert (call.talking_us, call.ringing_us, call.rings, call.agent) == (13_000_000, 2_000_000, 1, "PJSIP/agent1")


@pytest.mark.parametrize(
    ("to", "scope"),
    [("202", Scope.INSIDE), ("3001", Scope.OUTSIDE), ("0212345678", Scope.UNKNOWN), ("", Scope.UNKNOWN)],
)
def test_the_scope_is_configured(to: str, scope: Scope) -> None:
    plan = Plan(lines=PLAN.lines, inside=Patterns(("_2XX",)), outside=Patterns(("_3XXX",)))
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), agent, caller, to)
    wire.at(12).ends(caller, by=caller)
    assert only(read(wire, plan)).scope is scope


@pytest.mark.parametrize(
    ("status", "cause", "result"),
    [
        ("BUSY", 17, TransferResult.BUSY),
        ("CHANUNAVAIL", 20, TransferResult.FAILED),
        ("NOANSWER", 0, TransferResult.NO_ANSWER),
    ],
)
def test_a_target_that_does_not_answer(status: str, cause: int, result: TransferResult) -> None:
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), agent, caller, "202")
    wire.runs(caller, "Dial", "PJSIP/agent2", exten="202")
    other = wire.dials(caller, "PJSIP/agent2")
    wire.at(15).dial_ends(caller, other, status).hangs(other, cause)
    wire.runs(caller, "Hangup", exten="202").ends(caller)
    transfer = only(read(wire))
    assert (transfer.result, transfer.reconnected_at, transfer.reconnect_us, transfer.reconnect_rings) == (
        result,
        None,
        None,
        None,
    )


def test_the_caller_leaves_while_the_target_rings() -> None:
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), agent, caller, "202")
    other = wire.dials(caller, "PJSIP/agent2")
    wire.rings(other)
    wire.at(14).asks_to_hang(caller).dial_ends(caller, other, "CANCEL").hangs(other, 16).ends(caller)
    assert only(read(wire)).result is TransferResult.CALLER_LEFT


def test_a_transfer_asterisk_refused_has_failed_at_once() -> None:
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), agent, caller, "999", result="Invalid")
    wire.at(20).ends(caller, agent, by=caller)
    reading = read(wire)
    assert only(reading).result is TransferResult.FAILED
    assert reading.call.talking_us == 18_000_000, "they talked on"


def test_transfer_back_is_returned() -> None:
    """agent2 passes the caller on to 201, which is agent1's own phone that had let go: two transfers."""
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), agent, caller, "202")
    second = wire.dials(caller, "PJSIP/agent2")
    wire.at(11).answers(caller, second)
    passes_on(wire.at(15), second, caller, "201")
    third = wire.dials(caller, "PJSIP/agent1")
    wire.at(16).answers(caller, third)
    wire.at(20).ends(caller, third, by=caller)
    call = read(wire).call
    assert [(t.by, t.to, t.result, t.reconnect_us) for t in call.transfers] == [
        ("PJSIP/agent1", "202", TransferResult.COMPLETED, 1_000_000),
        ("PJSIP/agent2", "201", TransferResult.COMPLETED, 1_000_000),
    ]
    # 2-10, 11-15, 16-20.
    assert call.talking_us == 16_000_000


def test_the_phone_that_let_go_rings_again_and_takes_the_caller_back() -> None:
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), agent, caller, "202")
    again = wire.dials(caller, "PJSIP/agent1")
    wire.rings(again)
    wire.at(13).answers(caller, again)
    wire.at(15).ends(caller, again, by=caller)
    assert only(read(wire)).result is TransferResult.RETURNED


# -- consent -----------------------------------------------------------------------------------------------------------


def consents(wire: Wire, leg: Leg, word: str, name: str = "TransferConsent") -> Wire:
    return wire.event("UserEvent", **leg.headers(), UserEvent=name, Consent=word)


@pytest.mark.parametrize(
    ("word", "expected"), [("yes", True), ("no", False), ("Yes ", True), ("perhaps", None), ("", None)]
)
@pytest.mark.parametrize("when", [9, 12], ids=["before", "after"])
def test_consent_told_before_or_after_the_agent_let_go(word: str, expected: bool | None, when: int) -> None:
    wire = Wire()
    caller, agent = talking(wire)
    if when < 10:
        consents(wire.at(when), caller, word)
    passes_on(wire.at(10), agent, caller, "202")
    if when > 10:
        consents(wire.at(when), caller, word)
    wire.at(14).ends(caller, by=caller)
    assert only(read(wire)).consent is expected


def test_consent_is_for_one_transfer() -> None:
    """Asked before the first, not before the second: the second's is unknown, not the first's."""
    wire = Wire()
    caller, agent = talking(wire)
    consents(wire.at(9), agent, "yes")
    passes_on(wire.at(10), agent, caller, "202")
    second = wire.dials(caller, "PJSIP/agent2")
    wire.at(11).answers(caller, second)
    passes_on(wire.at(15), second, caller, "203")
    wire.at(16).ends(caller, by=caller)
    assert [transfer.consent for transfer in read(wire).call.transfers] == [True, None]


def test_other_user_events_say_nothing_of_consent() -> None:
    wire = Wire()
    caller, agent = talking(wire)
    consents(wire, caller, "yes", name="Survey")
    passes_on(wire.at(10), agent, caller, "202")
    wire.at(14).ends(caller, by=caller)
    assert only(read(wire)).consent is None


# -- hold --------------------------------------------------------------------------------------------------------------


def test_hold_is_timed_inside_the_talk() -> None:
    wire = Wire()
    caller, agent = talking(wire)
    wire.at(5).event("Hold", **agent.headers(), MusicClass="default")
    wire.at(9).event("Unhold", **agent.headers())
    wire.at(12).event("Hold", **agent.headers())
    wire.at(13).event("Hold", **agent.headers())  # said twice
    wire.at(14).ends(caller, agent, by=caller)
    reading = read(wire)
    call = reading.call
    # 5 to 9, and 12 to the end at 14: 6 s. Talking 2 to 14.
    assert (call.hold_us, call.talking_us) == (6_000_000, 12_000_000)
    assert [(h.by, h.started_at, h.ended_at) for h in call.holds] == [
        ("PJSIP/agent1", instant(us(5)), instant(us(9))),
        ("PJSIP/agent1", instant(us(12)), instant(us(14))),
    ]
    assert [fact.stage for fact in reading.of(StageChanged)][-3:] == [Stage.HELD, Stage.TALKING, Stage.HELD]


def test_a_caller_who_holds_the_agent_is_not_on_hold() -> None:
    wire = Wire()
    caller, agent = talking(wire)
    wire.at(5).event("Hold", **caller.headers())
    wire.at(9).event("Unhold", **caller.headers())
    wire.at(12).ends(caller, agent, by=caller)
    assert read(wire).call.hold_us == 0


def test_the_hold_before_a_transfer_is_the_transfers() -> None:
    wire = Wire()
    caller, agent = talking(wire)
    wire.at(5).event("Hold", **agent.headers())
    passes_on(wire.at(9), agent, caller, "202")
    wire.at(12).ends(caller, by=caller)
    reading = read(wire)
    assert only(reading).caller_hold_us == 4_000_000
    assert reading.call.hold_us == 4_000_000


# -- consultations of their own ----------------------------------------------------------------------------------------


def consulting(wire: Wire) -> tuple[Leg, Leg, Leg, Leg]:
    """agent1 puts the caller on hold at 5, calls 202 on a second line; they talk from 8."""
    caller, agent = talking(wire)
    wire.at(5).event("Hold", **agent.headers())
    second = wire.at(6).enters(dialled="202", caller="201", trunk="PJSIP/agent1", context="inside")
    target = wire.dials(second, "PJSIP/agent2")
    wire.rings(target)
    wire.at(8).answers(second, target)
    return caller, agent, second, target


def joins(wire: Wire, caller: Leg, agent: Leg, second: Leg, target: Leg) -> Wire:
    """The phone's REFER with Replaces: caller and target are bridged, the agent's two legs go."""
    wire.event(
        "AttendedTransfer",
        Result="Success",
        **agent.headers("OrigTransferer"),
        **second.headers("SecondTransferer"),
        **caller.headers("Transferee"),
        **target.headers("TransferTarget"),
        DestType="Bridge",
        DestBridgeUniqueid=target.bridge,
    )
    bridge = target.bridge
    target.linkedid = caller.linkedid
    wire.parts(agent, caller).meet(bridge, caller).parts(second)
    return wire.hangs(agent, 16).hangs(second, 16)


def test_an_attended_transfer_by_a_phones_own_second_call() -> None:
    """agent1 speaks with 202 from 8 to 12, then joins them: announced, 4 s of consultation, the caller held 5 to 12."""
    wire = Wire()
    caller, agent, second, target = consulting(wire)
    joins(wire.at(12), caller, agent, second, target)
    wire.at(20).ends(caller, target, by=caller)
    reading = read(wire)
    transfer = only(reading)
    assert (transfer.kind, transfer.by, transfer.to, transfer.result) == (
        TransferKind.ATTENDED,
        "PJSIP/agent1",
        "202",
        TransferResult.COMPLETED,
    )
    assert (transfer.announced, transfer.consultation_us, transfer.caller_hold_us) == (True, 4_000_000, 7_000_000)
    assert (transfer.reconnect_us, transfer.reconnect_rings) == (0, 0)
    assert len(reading.calls) == 1, "the consultation is part of the caller's call"
    assert reading.tracker.channels_known == 0
    assert reading.call.observed is Observed.WHOLE


def test_with_every_call_wanted_the_consultation_is_taken_back() -> None:
    """`--line '*'` had told of the consultation as a call; once joined it is forgotten, and has no record."""
    wire = Wire()
    caller, agent, second, target = consulting(wire)
    joins(wire.at(12), caller, agent, second, target)
    wire.at(20).ends(caller, target, by=caller)
    reading = read(wire, Plan(lines=Lines((Line("*", ("*",)),))))
    assert [(f.key.linkedid, f.into.linkedid) for f in reading.of(CallForgotten)] == [
        (second.linkedid, caller.linkedid)
    ]
    assert [call.key.linkedid for call in reading.calls] == [caller.linkedid]


def test_a_consultation_that_joins_nothing_is_no_transfer() -> None:
    wire = Wire()
    caller, agent, second, target = consulting(wire)
    wire.at(11).ends(second, target, by=second)
    wire.at(12).event("Unhold", **agent.headers())
    wire.at(15).ends(caller, agent, by=caller)
    call = read(wire).call
    assert call.transfers == ()
    # Held 5 to 12.
    assert call.hold_us == 7_000_000


def test_a_transfer_of_strangers_raises_nothing() -> None:
    wire = Wire()
    a, b, c = wire.leg("PJSIP/a"), wire.leg("PJSIP/b"), wire.leg("PJSIP/c")
    passes_on(wire, a, b, "202", result="Fail")
    wire.event("AttendedTransfer", Result="Success", **a.headers("OrigTransferer"), **b.headers("SecondTransferer"))
    consents(wire, c, "yes")
    wire.event("ParkedCall", **a.headers("Parkee"))
    wire.event("Hold", **b.headers())
    reading = read(wire)
    assert reading.facts == []
    assert reading.tracker.unexpected["unknown_channel"] >= 4


def test_a_transfer_answered_in_a_gap_is_completed_at_no_known_instant() -> None:
    """The wire is down from 11 to 30; at 30 the caller is found talking with agent2."""
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), agent, caller, "202")
    other = wire.dials(caller, "PJSIP/agent2")
    wire.rings(other)
    reading = Reading().take(wire.take())
    reading.then(lambda tracker: tracker.link_down(us(11), GapCause.NOT_CONNECTED))
    reading.then(lambda tracker: tracker.link_up(us(30)))
    other.state, caller.bridge, other.bridge = 6, "b7", "b7"
    wire.at(30)
    for leg in (caller, other):
        wire.event("CoreShowChannel", **leg.headers(), BridgeId="b7")
    wire.event("CoreShowChannelsComplete")
    wire.at(40).ends(caller, other, by=caller)
    transfer = only(reading.take(wire.take()))
    assert (transfer.result, transfer.reconnected_at, transfer.reconnect_us) == (TransferResult.COMPLETED, None, None)


def test_a_caller_who_passes_the_agent_on_is_gone_and_reaches_nobody() -> None:
    """The caller's own far end sends the agent to 202 and leaves: no person answered a caller who was passed on."""
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), caller, agent, "202")
    transfer = only(read(wire))
    assert (transfer.kind, transfer.by, transfer.to) == (TransferKind.BLIND, "PJSIP/trunk", "202")
    assert (transfer.result, transfer.reconnected_at) == (TransferResult.CALLER_LEFT, None)

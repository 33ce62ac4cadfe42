"""What an auditor tried in order to make the figures wrong."""

from __future__ import annotations

import io

import pytest

from monitor.calls.facts import (
    AttemptResult,
    Call,
    Observed,
    Outcome,
    QueueCallers,
    RingBreach,
    RingWarning,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
    instant,
)
from monitor.replay import Replay
from tests.unit.test_tracker_transfers import passes_on
from tests.unit.wire import BANNER, PLAN, Leg, Wire, read, us


def talking(wire: Wire) -> tuple[Leg, Leg]:
    """agent1 answers at 2."""
    caller = wire.at(0).enters()
    wire.runs(caller, "Dial", "PJSIP/agent1,60")
    agent = wire.dials(caller, "PJSIP/agent1")
    wire.rings(agent)
    wire.at(2).answers(caller, agent)
    return caller, agent


def through_local(wire: Wire, caller: Leg, number: str, queue: str = "") -> tuple[Leg, Leg]:
    """A Local pair that a caller's Queue or Dial calls; the second half runs the dialplan."""
    pair = wire.leg(f"Local/{number}@inside", caller.linkedid)
    one = Leg(f"{pair.channel};1", pair.uniqueid, caller.linkedid)
    two = Leg(f"{pair.channel};2", f"{pair.uniqueid}9", caller.linkedid, 4)
    wire.announces(one)
    wire.announces(two)
    wire.event("LocalBridge", **one.headers("LocalOne"), **two.headers("LocalTwo"), Context="inside", Exten=number)
    if queue:
        wire.event("AgentCalled", **caller.headers(), **one.headers("Dest"), Queue=queue, MemberName="Kim")
    wire.event("DialBegin", **caller.headers(), **one.headers("Dest"), DialString=f"{number}@inside")
    wire.runs(two, "Dial", "PJSIP/agent1", exten=number, context="inside")
    return one, two


# -- transfers ---------------------------------------------------------------------------------------------------------


def test_a_refer_on_the_consultations_own_leg() -> None:
    """agent1 speaks with 202 from 13 to 20, and refers the leg it called 202 on: 7 s asked first, held 10 to 20."""
    wire = Wire()
    caller, agent = talking(wire)
    wire.at(10).event("Hold", **agent.headers())
    second = wire.enters(dialled="202", caller="201", trunk="PJSIP/agent1", context="inside")
    target = wire.dials(second, "PJSIP/agent2")
    wire.rings(target)
    wire.at(13).answers(second, target)
    wire.at(20).event(
        "AttendedTransfer",
        Result="Success",
        **second.headers("OrigTransferer"),
        **agent.headers("SecondTransferer"),
        **target.headers("Transferee"),
        **caller.headers("TransferTarget"),
        TransferTargetExten="15886565",
        DestType="Bridge",
    )
    bridge = agent.bridge
    wire.parts(target).meet(bridge, target).parts(agent)
    wire.ends(second, agent)
    wire.at(30).ends(caller, target, by=caller)
    (transfer,) = read(wire).call.transfers
    assert (transfer.kind, transfer.to, transfer.by) == (TransferKind.ATTENDED, "202", "PJSIP/agent1")
    assert (transfer.announced, transfer.consultation_us, transfer.caller_hold_us) == (True, 7_000_000, 10_000_000)
    assert transfer.result is TransferResult.COMPLETED


def test_a_phone_forwards_to_a_busy_number() -> None:
    """The phone that sent the call on is not the one that failed: 300 was busy, and so the call ended."""
    wire = Wire()
    caller = wire.enters()
    wire.runs(caller, "Dial", "PJSIP/agent1")
    phone = wire.dials(caller, "PJSIP/agent1")
    wire.rings(phone)
    wire.at(2).dial_ends(caller, phone, "CANCEL", Forward="Local/300@inside").hangs(phone)
    one, two = through_local(wire, caller, "300")
    busy = wire.dials(two, "PJSIP/desk300")
    wire.at(3).dial_ends(two, busy, "BUSY").hangs(busy, 17)
    wire.dial_ends(caller, one, "BUSY").hangs(two, 17).hangs(one, 17)
    wire.runs(caller, "Hangup").at(4).ends(caller)
    call = read(wire).call
    (transfer,) = call.transfers
    assert (transfer.kind, transfer.to, transfer.result) == (TransferKind.FORWARD, "300", TransferResult.BUSY)
    assert call.outcome is Outcome.BUSY


# -- endings -----------------------------------------------------------------------------------------------------------


def test_a_queue_gives_up_a_local_member_whose_phone_is_told_a_little_later() -> None:
    """The phone rings from 1; given up at 6, the caller's next step comes before its hang-up at 6.001.

    Asterisk hangs up the second half of the Local pair in another thread. The centre gave up: broken, not abandoned in
    the voicemail that came after. Ringing: 5.001 s.
    """
    wire = Wire()
    caller = wire.enters()
    wire.at(1).joins(caller, "help")
    one, two = through_local(wire, caller, "101", "help")
    phone = wire.dials(two, "PJSIP/agent1")
    wire.rings(phone)
    wire.at(6).dial_ends(caller, one, "NOANSWER").hangs(one).leaves_queue(caller, "help")
    wire.runs(caller, "VoiceMail", "100")
    wire.at(6.001).dial_ends(two, phone, "CANCEL").hangs(phone).hangs(two)
    wire.at(20).ends(caller, by=caller)
    call = read(wire).call
    assert (call.outcome, call.verdict_reason) == (Outcome.NO_ANSWER, VerdictReason.CENTRE_GAVE_UP)
    assert call.verdicts == (("within", Verdict.BROKEN), ("before", Verdict.BROKEN))
    # Waiting: 1 to 6.
    assert (call.waiting_us, call.ringing_us) == (5_000_000, 5_001_000)


def test_a_subroutine_while_a_phone_rings_is_no_giving_up() -> None:
    """A connected-line subroutine runs on the caller's channel while agent1 rings; the caller leaves at 4."""
    wire = Wire()
    caller = wire.enters()
    wire.joins(caller, "help")
    _, two = through_local(wire, caller, "101", "help")
    phone = wire.dials(two, "PJSIP/agent1")
    wire.rings(phone)
    wire.at(1).runs(caller, "NoOp", context="connected-line")
    wire.at(4).ends(caller, phone, by=caller)
    assert read(wire).call.outcome is Outcome.ABANDONED_RINGING


# -- order and repetition ----------------------------------------------------------------------------------------------


def test_a_hangup_told_before_its_bridge_leave_leaves_no_channel_behind() -> None:
    wire = Wire()
    caller, agent = talking(wire)
    wire.at(5).asks_to_hang(caller)
    bridge = caller.bridge
    caller.bridge = agent.bridge = ""
    wire.hangs(caller).hangs(agent)
    caller.bridge = agent.bridge = bridge
    wire.parts(caller, agent)
    reading = read(wire)
    # Talked from 2 to 5.
    assert reading.call.talking_us == 3_000_000
    assert reading.tracker.channels_known == 0


# -- what a recording was told of the present --------------------------------------------------------------------------


def shown(wire: Wire, *legs: Leg) -> Wire:
    """The answer to CoreShowChannels: it carries neither SystemName nor Timestamp."""
    for leg in legs:
        headers = leg.headers() | {"Context": "in", "Exten": "15886565", "Application": "Queue", "BridgeId": leg.bridge}
        wire.raw("\r\n".join(["Event: CoreShowChannel", *(f"{k}: {v}" for k, v in headers.items()), "", ""]).encode())
    return wire.raw(b"Event: CoreShowChannelsComplete\r\nListItems: 2\r\n\r\n")


def replayed(wire: Wire) -> list[Call]:
    replay = Replay(PLAN, "fallback", lambda sentence: None)
    facts = [*replay.read("capture", io.BytesIO(wire.data)), *replay.close()]
    return [fact for fact in facts if isinstance(fact, Call)]


def test_a_recording_that_begins_with_a_call_in_progress() -> None:
    """It was talking when the recording began; its end at 9 names the system and the time."""
    wire = Wire()
    caller, agent = wire.leg("PJSIP/trunk", state=6), wire.leg("PJSIP/agent1", state=6)
    agent.linkedid = caller.linkedid
    caller.bridge = agent.bridge = "bridge-1"
    shown(wire.raw(BANNER), caller, agent)
    wire.at(5).event("Hold", **agent.headers()).at(7).event("Unhold", **agent.headers())
    wire.at(9).ends(caller, agent, by=caller)
    (call,) = replayed(wire)
    assert (call.key.system, call.agent, call.outcome) == ("pbx1", "PJSIP/agent1", Outcome.ANSWERED)
    assert (call.observed, call.entered_at, call.answered_at) == (Observed.PARTLY, None, None)
    # Seen from the first stamp on: 5 to 9, held 5 to 7.
    assert (call.talking_us, call.hold_us) == (4_000_000, 2_000_000)


def test_a_recording_in_which_the_connection_was_lost() -> None:
    """Two calls talk when it is lost; one is gone when it is back, one goes on: each is one call of one system."""
    wire = Wire()
    wire.raw(BANNER)
    talking(wire)
    caller = wire.enters(caller="02")
    agent = wire.dials(caller, "PJSIP/agent2")
    wire.rings(agent)
    wire.at(4).answers(caller, agent)
    shown(wire.raw(BANNER), caller, agent)
    wire.at(60).event("Hold", **agent.headers())
    wire.at(100).ends(caller, agent, by=caller)
    gone, going = replayed(wire)
    assert (gone.key.system, gone.caller, gone.outcome) == ("pbx1", "01012345678", Outcome.UNOBSERVED)
    assert (going.key.system, going.caller, going.outcome) == ("pbx1", "02", Outcome.ANSWERED)
    # Nothing was seen from 4 to 60.
    assert going.talking_us == 40_000_000


def test_the_entries_of_a_queue_do_not_change_its_count() -> None:
    """QueueStatus says that two wait, and then who: one of them on a channel that was shown."""
    wire = Wire()
    caller = wire.leg("PJSIP/trunk", state=4)
    shown(wire, caller)
    wire.event("QueueParams", Queue="help", Calls="2")
    wire.event("QueueEntry", Queue="help", Uniqueid=caller.uniqueid, Channel=caller.channel)
    assert [fact.callers for fact in read(wire).of(QueueCallers)] == [2]


def test_a_transfer_told_twice_is_one() -> None:
    """Every packet comes twice: one blind transfer to 202, answered after 2 s."""
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), agent, caller, "202")
    target = wire.dials(caller, "PJSIP/agent2")
    wire.rings(target)
    wire.at(12).answers(caller, target)
    wire.at(20).ends(caller, target, by=caller)
    wire.packets = [packet for packet in wire.packets for _ in range(2)]
    (transfer,) = read(wire).call.transfers
    assert (transfer.result, transfer.reconnect_us) == (TransferResult.COMPLETED, 2_000_000)


@pytest.mark.parametrize(
    ("application", "result"), [("Queue", TransferResult.NO_ANSWER), ("Dial", TransferResult.FAILED)]
)
def test_a_transfer_for_which_no_phone_could_be_called(application: str, result: TransferResult) -> None:
    """The queue has no free agent (the Dial no phone to call); the caller ends in the voicemail."""
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), agent, caller, "700")
    wire.runs(caller, application, "help")
    wire.at(30).runs(caller, "VoiceMail", "100")
    wire.at(40).ends(caller, by=caller)
    (transfer,) = read(wire).call.transfers
    assert transfer.result is result


# -- ringing -----------------------------------------------------------------------------------------------------------


def test_a_phone_whose_ringing_is_told_late_is_not_counted_twice() -> None:
    """agent1 rings 0 to 5, agent2 4.9 to 8.95, told after agent1 ceased: the union is 8.95 s, 3 rings and kept."""
    wire = Wire()
    caller = wire.enters()
    one, two = wire.dials(caller, "PJSIP/agent1"), wire.dials(caller, "PJSIP/agent2")
    wire.rings(one)
    wire.at(5).dial_ends(caller, one, "BUSY")
    wire.at(4.9).rings(two)
    wire.at(8.95).answers(caller, two)
    wire.at(20).ends(caller, two, one, by=caller)
    reading = read(wire)
    assert (reading.call.ringing_us, reading.call.rings) == (8_950_000, 3)
    # Ring 3 begins at 6.
    assert [fact.at for fact in reading.of(RingWarning)] == [instant(us(6))]
    assert reading.of(RingBreach) == []


def test_one_stamp_far_ahead_spoils_no_call() -> None:
    """agent1 rings from 0 to 4; an event of somebody else's, stamped 5000, comes at 2: nothing is warned of."""
    wire = Wire()
    caller = wire.enters()
    agent = wire.dials(caller, "PJSIP/agent1")
    wire.rings(agent)
    wire.at(5000).event("QueueCallerJoin", Queue="other", Count=1)
    wire.at(4).answers(caller, agent)
    wire.at(10).ends(caller, agent, by=caller)
    reading = read(wire)
    assert (reading.call.ringing_us, reading.call.observed) == (4_000_000, Observed.WHOLE)
    assert reading.call.entered_at == instant(us(0))
    assert reading.of(RingWarning) == []
    assert reading.tracker.unexpected["stamp_from_the_future"] == 1


@pytest.mark.parametrize("live", [False, True])
def test_a_long_silence_is_believed(*, live: bool) -> None:
    """agent1 rings from 0 and nothing is heard of it for 1000 s: 334 rings, warned at 6 and 9."""
    wire = Wire()
    caller = wire.enters()
    agent = wire.dials(caller, "PJSIP/agent1")
    wire.rings(agent)
    wire.at(1000).answers(caller, agent)
    wire.at(3000).ends(caller, agent, by=caller)
    reading = read(wire, live=live)
    assert (reading.call.rings, reading.call.talking_us) == (334, 2_000_000_000)
    assert [fact.at for fact in reading.of(RingWarning)] == [instant(us(6))]
    assert [fact.at for fact in reading.of(RingBreach)] == [instant(us(9))]


def test_the_last_event_of_a_recording_may_come_after_a_long_silence() -> None:
    wire = Wire()
    caller, _ = talking(wire)
    wire.parts(caller)
    wire.at(1000).hangs(caller)
    (call,) = replayed(wire)
    assert (call.outcome, call.ended_at) == (Outcome.ANSWERED, instant(us(1000)))


def test_a_transfer_to_a_phone_behind_a_local_pair_that_is_told_later() -> None:
    """202 rings from 10; the Dial gives up at 20 and the caller goes on before the phone is told, at 20.01."""
    wire = Wire()
    caller, agent = talking(wire)
    passes_on(wire.at(10), agent, caller, "202")
    wire.runs(caller, "Dial", "Local/202@inside")
    one, two = through_local(wire, caller, "202")
    phone = wire.dials(two, "PJSIP/agent2")
    wire.rings(phone)
    wire.at(20).dial_ends(caller, one, "NOANSWER").hangs(one).runs(caller, "VoiceMail", "202")
    wire.at(20.01).dial_ends(two, phone, "CANCEL").hangs(phone).hangs(two)
    wire.at(30).ends(caller, by=caller)
    (transfer,) = read(wire).call.transfers
    assert transfer.result is TransferResult.NO_ANSWER


@pytest.mark.parametrize("queue", [True, False])
def test_without_hangup_requests_a_phone_still_learns_that_the_caller_left(*, queue: bool) -> None:
    """It rings from 0 to 4; the queue tells of the abandon, or the caller's channel ends before the phone's."""
    wire = Wire()
    caller = wire.enters()
    if queue:
        wire.joins(caller, "help")
    phone = wire.dials(caller, "PJSIP/agent1", "help" if queue else "")
    wire.rings(phone)
    if queue:
        wire.at(4).dial_ends(caller, phone, "CANCEL").event("QueueCallerAbandon", **caller.headers(), Queue="help")
        wire.hangs(phone).hangs(caller)
    else:
        wire.at(4).hangs(caller).hangs(phone)
    call = read(wire).call
    assert call.outcome is Outcome.ABANDONED_RINGING
    assert [attempt.result for attempt in call.attempts] == [AttemptResult.CALLER_LEFT]


def test_a_blind_transfer_told_after_the_caller_is_in_the_conference() -> None:
    """One speaks in conference 800 already; the caller enters it at 10, and the transfer is told a moment later."""
    wire = Wire()
    caller, agent = talking(wire)
    member = wire.enters(dialled="800", caller="301", trunk="PJSIP/agent3", context="inside")
    wire.meet("conference", member)
    wire.at(10).parts(caller, agent).meet("conference", caller)
    passes_on(wire.at(10.0001), agent, Leg(caller.channel, caller.uniqueid, caller.linkedid, 6), "800")
    wire.at(20).ends(caller, by=caller)
    (transfer,) = read(wire).call.transfers
    assert (transfer.result, transfer.reconnect_us) == (TransferResult.COMPLETED, 0)


def test_the_target_of_a_transfer_by_a_local_member_is_not_that_member() -> None:
    """Kim of queue help answers behind a Local pair and sends the caller on: the pair's far half dials 202."""
    wire = Wire()
    caller = wire.enters()
    wire.joins(caller, "help")
    one, two = through_local(wire, caller, "101", "help")
    phone = wire.dials(two, "PJSIP/agent1")
    wire.rings(phone)
    wire.at(2).answers(two, phone).answers(caller, one, "help")
    passes_on(wire.at(10), phone, two, "202")
    wire.runs(two, "Dial", "PJSIP/agent2", exten="202", context="inside")
    target = wire.dials(two, "PJSIP/agent2")
    wire.rings(target)
    wire.at(14).answers(two, target)
    wire.at(20).ends(caller, one, two, target, by=caller)
    call = read(wire).call
    assert [(attempt.agent, attempt.queue, attempt.member) for attempt in call.attempts] == [
        ("PJSIP/agent1", "help", "Kim"),
        ("PJSIP/agent2", None, None),
    ]
    assert [(transfer.by, transfer.result) for transfer in call.transfers] == [
        ("PJSIP/agent1", TransferResult.COMPLETED)
    ]

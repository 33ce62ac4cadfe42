"""How calls end: abandons, timeouts, busy phones; told with queue events and without, by bare dials and bridges."""

from __future__ import annotations

import pytest

from monitor.calls.facts import AttemptEnded, AttemptResult, Observed, Outcome, VerdictReason, instant

from .wire import Wire, read, us


def test_a_record_in_full() -> None:
    """Enters 0, asks 1, rings 2 to 4.5, talks to 10; caller hangs up."""
    wire = Wire()
    caller = wire.enters()
    wire.at(1).joins(caller, "help")
    phone = wire.dials(caller, "PJSIP/agent1", "help", "Kim Minji")
    wire.at(2).rings(phone)
    wire.at(4.5).answers(caller, phone, "help")
    wire.at(10).ends(caller, phone, by=caller)
    call = read(wire).call
    assert (call.key.system, call.key.linkedid, call.line) == ("pbx1", caller.uniqueid, "1588-6565")
    assert (call.dialled, call.caller) == ("15886565", "01012345678")
    assert [call.entered_at, call.asked_at, call.first_ring_at, call.answered_at, call.ended_at] == [
        instant(us(second)) for second in (0, 1, 2, 4.5, 10)
    ]
    # Waiting 1 to 4.5, ringing 2 to 4.5, talking 4.5 to 10; floor(2.5 / 3) + 1 = 1 ring.
    assert (call.waiting_us, call.ringing_us, call.talking_us, call.hold_us) == (3_500_000, 2_500_000, 5_500_000, 0)
    assert (call.rings, call.outcome, call.observed) == (1, Outcome.ANSWERED, Observed.WHOLE)
    assert (call.queue, call.agent, call.member, call.answered_by_pickup) == (
        "help",
        "PJSIP/agent1",
        "Kim Minji",
        False,
    )
    assert (call.rule, call.transfers, call.holds) == ("three-rings/1", (), ())


def test_left_in_the_menu() -> None:
    wire = Wire()
    caller = wire.enters()
    wire.runs(caller, "Background", "menu")
    wire.at(8).ends(caller, by=caller)
    call = read(wire).call
    assert (call.outcome, call.verdict_reason) == (Outcome.ABANDONED_ANNOUNCEMENT, VerdictReason.NO_PHONE_RANG)
    assert (call.asked_at, call.waiting_us, call.rings) == (None, None, 0)


@pytest.mark.parametrize("requests", [True, False], ids=["HangupRequest", "queue's word alone"])
def test_left_while_waiting(requests: bool) -> None:
    wire = Wire()
    caller = wire.enters()
    wire.at(1).joins(caller, "help")
    wire.at(8)
    if requests:
        wire.asks_to_hang(caller)
    wire.event("QueueCallerAbandon", **caller.headers(), Queue="help")
    wire.leaves_queue(caller, "help").ends(caller)
    call = read(wire).call
    assert (call.outcome, call.waiting_us) == (Outcome.ABANDONED_WAITING, 7_000_000)


@pytest.mark.parametrize("queue_events", [True, False])
@pytest.mark.parametrize(
    ("seconds", "within", "reason"),
    [
        (5.0, "excluded", VerdictReason.CALLER_LEFT_WITHIN_RULE),
        (9.0, "broken", VerdictReason.RANG_PAST_RULE),
    ],
)
def test_left_while_ringing(*, queue_events: bool, seconds: float, within: str, reason: VerdictReason) -> None:
    wire = Wire(queue_events=queue_events)
    caller = wire.enters()
    wire.joins(caller, "help")
    phone = wire.dials(caller, "PJSIP/a", "help")
    wire.rings(phone)
    wire.at(seconds).asks_to_hang(caller)
    wire.dial_ends(caller, phone, "CANCEL").hangs(phone, 16).ends(caller)
    call = read(wire).call
    assert (call.outcome, call.verdict_reason) == (Outcome.ABANDONED_RINGING, reason)
    assert dict(call.verdicts)["within"].value == within
    assert [a.result for a in call.attempts] == [AttemptResult.CALLER_LEFT]
    assert call.queue == "help", "Newexten named it where the queue said nothing"


@pytest.mark.parametrize("queue_events", [True, False])
def test_the_queue_gives_up(queue_events: bool) -> None:
    """Rings 0 to 5, the queue's time is out at 6, and the dialplan goes on to say goodbye."""
    wire = Wire(queue_events=queue_events)
    caller = wire.enters()
    wire.joins(caller, "help")
    phone = wire.dials(caller, "PJSIP/a", "help")
    wire.rings(phone)
    wire.at(5).gives_up(caller, phone)
    wire.at(6).leaves_queue(caller, "help").runs(caller, "Playback", "sorry")
    wire.at(9).ends(caller)
    call = read(wire).call
    assert (call.outcome, call.verdict_reason) == (Outcome.NO_ANSWER, VerdictReason.CENTRE_GAVE_UP)
    assert call.waiting_us == 6_000_000, "until the centre gave up, not until the caller had heard why"


def test_a_caller_who_hangs_up_after_the_centre_gave_up_has_not_abandoned() -> None:
    wire = Wire()
    caller = wire.enters()
    wire.joins(caller, "help")
    phone = wire.dials(caller, "PJSIP/a", "help")
    wire.rings(phone)
    wire.at(5).gives_up(caller, phone)
    wire.at(6).leaves_queue(caller, "help").runs(caller, "Playback", "sorry")
    wire.at(7).ends(caller, by=caller)
    assert read(wire).call.outcome is Outcome.NO_ANSWER


@pytest.mark.parametrize(
    ("status", "cause", "outcome", "result"),
    [
        ("BUSY", 17, Outcome.BUSY, AttemptResult.REJECTED),
        ("CONGESTION", 34, Outcome.FAILED, AttemptResult.FAILED),
        ("CHANUNAVAIL", 20, Outcome.FAILED, AttemptResult.FAILED),
        ("NOANSWER", 0, Outcome.NO_ANSWER, AttemptResult.NO_ANSWER),
    ],
)
def test_a_plain_dial_that_fails(status: str, cause: int, outcome: Outcome, result: AttemptResult) -> None:
    wire = Wire()
    caller = wire.enters()
    wire.runs(caller, "Dial", "PJSIP/a")
    phone = wire.dials(caller, "PJSIP/a")
    wire.at(1).dial_ends(caller, phone, status)
    wire.hangs(phone, cause)
    wire.runs(caller, "Hangup")
    wire.ends(caller)
    call = read(wire).call
    assert (call.outcome, [a.result for a in call.attempts]) == (outcome, [result])
    assert (call.ringing_us, call.verdict_reason) == (0, VerdictReason.NO_PHONE_RANG)


def test_declined_on_the_phone_then_answered_elsewhere() -> None:
    wire = Wire()
    caller = wire.enters()
    wire.joins(caller, "help")
    a = wire.dials(caller, "PJSIP/a", "help")
    wire.rings(a)
    wire.at(2).dial_ends(caller, a, "BUSY").hangs(a, 21)
    b = wire.at(3).dials(caller, "PJSIP/b", "help")
    wire.rings(b)
    wire.at(5).answers(caller, b, "help").at(6).ends(caller, b)
    call = read(wire).call
    # 2 s + 2 s = 4 s: 2 rings.
    assert [(x.agent, x.result) for x in call.attempts] == [
        ("PJSIP/a", AttemptResult.REJECTED),
        ("PJSIP/b", AttemptResult.ANSWERED),
    ]
    assert (call.ringing_us, call.rings) == (4_000_000, 2)


def test_ringall_the_others_were_answered_elsewhere() -> None:
    wire = Wire()
    caller = wire.enters()
    wire.joins(caller, "help")
    phones = [wire.dials(caller, f"PJSIP/{name}", "help") for name in "abc"]
    for phone in phones:
        wire.rings(phone)
    wire.at(2).picked_up(caller, phones[1])
    for phone in (phones[0], phones[2]):
        wire.dial_ends(caller, phone, "CANCEL").hangs(phone, 26)
    wire.answers(caller, phones[1], "help")
    wire.at(3).ends(caller, phones[1])
    call = read(wire).call
    assert {a.agent: a.result for a in call.attempts} == {
        "PJSIP/a": AttemptResult.ANSWERED_ELSEWHERE,
        "PJSIP/b": AttemptResult.ANSWERED,
        "PJSIP/c": AttemptResult.ANSWERED_ELSEWHERE,
    }
    assert call.ringing_us == 2_000_000


def test_a_phone_hangs_up_without_a_dial_end() -> None:
    """The channel's own end ends its ringing."""
    wire = Wire()
    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/a")
    wire.rings(phone)
    wire.at(4).hangs(phone, 0)
    wire.at(6).ends(caller, by=caller)
    reading = read(wire)
    assert reading.call.ringing_us == 4_000_000
    assert len(reading.of(AttemptEnded)) == 1
    assert reading.tracker.channels_known == 0


def test_the_caller_goes_first_and_the_phones_follow() -> None:
    """The record is made when the caller is gone; what their phones tell later is nobody's."""
    wire = Wire()
    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/a")
    wire.rings(phone)
    wire.at(4).asks_to_hang(caller).hangs(caller)
    wire.at(4.1).dial_ends(caller, phone, "CANCEL").hangs(phone)
    reading = read(wire)
    assert reading.call.ringing_us == 4_000_000
    assert [a.result for a in reading.call.attempts] == [AttemptResult.CALLER_LEFT]
    assert reading.facts[-1] is reading.call, "nothing is told of a call after its record"
    assert (reading.tracker.channels_known, len(reading.tracker._state.calls)) == (0, 0)


def test_two_dial_ends_for_one_phone_the_first_holds() -> None:
    """Asterisk says NOANSWER and then CANCEL for the same leg."""
    wire = Wire()
    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/a")
    wire.rings(phone)
    wire.at(3).dial_ends(caller, phone, "NOANSWER")
    wire.at(3.2).dial_ends(caller, phone, "CANCEL").hangs(phone, 26)
    wire.at(4).ends(caller)
    (attempt,) = read(wire).call.attempts
    assert (attempt.result, attempt.ringing_us) == (AttemptResult.NO_ANSWER, 3_000_000)


def test_pickup() -> None:
    """A rings 0 to 4; b, which never rang, takes the call."""
    wire = Wire()
    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/a")
    wire.rings(phone)
    other = wire.at(3.9).announces(wire.leg("PJSIP/b", state=4), Exten="*8", Context="inside")
    wire.at(4).event("Pickup", **other.headers(), **phone.headers("Target"))
    wire.picked_up(caller, other).hangs(phone, 26)
    wire.meet("b1", other, caller)
    wire.at(9).ends(caller, other)
    call = read(wire).call
    assert (call.agent, call.answered_by_pickup, call.ringing_us, call.talking_us) == (
        "PJSIP/b",
        True,
        4_000_000,
        5_000_000,
    )
    assert [(a.agent, a.result) for a in call.attempts] == [("PJSIP/a", AttemptResult.ANSWERED_ELSEWHERE)]


def test_the_centres_own_calls_are_not_offered() -> None:
    wire = Wire()
    agent = wire.enters(dialled="201", trunk="PJSIP/agent1", context="inside")
    wire.rings(wire.dials(agent, "PJSIP/agent2"))
    assert read(wire).facts == []


def test_the_number_may_come_with_the_first_step() -> None:
    """A trunk that announces its channel at `s`: the dialplan's first step names the number."""
    wire = Wire()
    caller = wire.enters(dialled="s")
    wire.at(0.1).runs(caller, "Answer", exten="15886565")
    wire.at(2).ends(caller, by=caller)
    call = read(wire).call
    assert (call.dialled, call.caller) == ("15886565", "01012345678")


def test_the_callers_number_may_come_later() -> None:
    wire = Wire()
    caller = wire.enters(caller="<unknown>")
    wire.event("NewCallerid", **caller.headers(), CallerIDNum="0212345678")
    wire.event("NewCallerid", **caller.headers(), CallerIDNum="9999")
    wire.at(1).ends(caller)
    assert read(wire).call.caller == "0212345678", "the first that is known"


def test_an_unknown_caller_is_none() -> None:
    wire = Wire()
    wire.at(1).ends(wire.enters(caller="<unknown>"))
    assert read(wire).call.caller is None


def test_each_call_ends_once_however_often_its_channel_does() -> None:
    wire = Wire()
    caller, phone = wire.talks(2)
    wire.ends(caller, phone, caller)
    reading = read(wire)
    assert len(reading.calls) == 1
    assert reading.tracker.unexpected["unknown_channel"] > 0

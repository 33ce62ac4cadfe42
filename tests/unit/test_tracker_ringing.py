"""The ringing clock: what counts, when ring 3 and ring 4 begin, and where it stops. Times are seconds on the wire."""

from __future__ import annotations

import pytest

from monitor.calls.facts import (
    AttemptResult,
    Call,
    CallAnswered,
    Outcome,
    RingBreach,
    RingingCeased,
    RingingStarted,
    RingWarning,
    Verdict,
    instant,
)
from monitor.calls.lines import Line, Lines
from monitor.calls.rules import RingRule
from monitor.calls.state import Plan

from .wire import PLAN, Reading, Wire, read, us

LIVE_AND_REPLAY = pytest.mark.parametrize("live", [False, True], ids=["replay", "live"])


def at(fact: RingWarning | RingBreach) -> float:
    """Seconds on the wire, exact: a float holds microseconds of a day."""
    return (fact.at - instant(us(0))).total_seconds()


def warned(reading: Reading) -> list[tuple[str, float, int]]:
    """Every warning and breach: which, when, in which ring."""
    return [
        (type(fact).__name__, at(fact), fact.rings)
        for fact in reading.facts
        if isinstance(fact, RingWarning | RingBreach)
    ]


@LIVE_AND_REPLAY
@pytest.mark.parametrize(
    ("seconds", "rings", "within", "before", "told"),
    [
        # T / 3 + 1: the boundary itself belongs to the next ring.
        (0.000001, 1, "kept", "kept", 0),
        (2.999999, 1, "kept", "kept", 0),
        (3.000000, 2, "kept", "kept", 0),
        (5.999999, 2, "kept", "kept", 0),
        (6.000000, 3, "kept", "broken", 1),
        (8.999999, 3, "kept", "broken", 1),
        (9.000000, 4, "broken", "broken", 2),
        (20.5, 7, "broken", "broken", 2),
    ],
)
def test_answered_at_the_boundary(
    *, live: bool, seconds: float, rings: int, within: str, before: str, told: int
) -> None:
    wire = Wire()
    wire.talks(seconds)
    reading = read(wire, live=live)
    call = reading.call
    assert (call.rings, call.ringing_us) == (rings, round(seconds * 1_000_000))
    assert dict(call.verdicts) == {"within": Verdict(within), "before": Verdict(before)}
    assert call.outcome is Outcome.ANSWERED
    assert warned(reading) == [("RingWarning", 6.0, 3), ("RingBreach", 9.0, 4)][:told]
    (answered,) = reading.of(CallAnswered)
    assert answered.rings == rings


def test_live_the_warning_comes_without_any_event() -> None:
    """Nothing arrives while a phone just rings; the tracker's own deadline brings it at its very instant."""
    wire = Wire()
    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/agent1")
    wire.at(1.25).rings(phone)
    reading = Reading().take(wire.data)
    assert reading.tracker.next_deadline_us == us(7.25)
    assert warned(reading.advance(7.249999)) == []
    assert warned(reading.advance(7.25)) == [("RingWarning", 7.25, 3)]
    assert reading.tracker.next_deadline_us == us(10.25)
    # Asked late, it still tells the exact instant.
    assert warned(reading.advance(11.0)) == [("RingWarning", 7.25, 3), ("RingBreach", 10.25, 4)]
    assert reading.tracker.next_deadline_us > us(10_000), "each fires once a call"


@LIVE_AND_REPLAY
def test_time_in_which_no_phone_rings_does_not_count(live: bool) -> None:
    """Rings 0 to 2.5, 10 to 12.5 and from 20: ring 3 begins 6 - 5 = 1 s into the last, at 21; ring 4 at 24."""
    wire = Wire()
    caller = wire.enters()
    wire.joins(caller, "help")
    for start in (0, 10):
        phone = wire.at(start).dials(caller, "PJSIP/agent1", "help")
        wire.rings(phone)
        wire.at(start + 2.5).gives_up(caller, phone)
    phone = wire.at(20).dials(caller, "PJSIP/agent2", "help")
    wire.rings(phone)
    wire.at(24.5).answers(caller, phone, "help")
    wire.at(30).ends(caller, phone, by=phone)
    reading = read(wire, live=live)
    assert warned(reading) == [("RingWarning", 21.0, 3), ("RingBreach", 24.0, 4)]
    call = reading.call
    # 2.5 + 2.5 + 4.5 = 9.5 s: floor(9.5 / 3) + 1 = 4. Waiting: 0 to 24.5. Talking: 24.5 to 30.
    assert (call.ringing_us, call.rings) == (9_500_000, 4)
    assert (call.waiting_us, call.talking_us) == (24_500_000, 5_500_000)
    assert [(a.agent, a.ringing_us, a.rings, a.result) for a in call.attempts] == [
        ("PJSIP/agent1", 2_500_000, 1, AttemptResult.NO_ANSWER),
        ("PJSIP/agent1", 2_500_000, 1, AttemptResult.NO_ANSWER),
        ("PJSIP/agent2", 4_500_000, 2, AttemptResult.ANSWERED),
    ]


@LIVE_AND_REPLAY
def test_two_phones_at_once_count_once(live: bool) -> None:
    """A rings 0 to 5, b rings 3 to 8.5: together 8.5 s, 3 rings, where the sum would be 10.5 s and 4."""
    wire = Wire()
    caller = wire.enters()
    wire.joins(caller, "help")
    a = wire.dials(caller, "PJSIP/a", "help")
    b = wire.dials(caller, "PJSIP/b", "help")
    wire.rings(a)
    wire.at(3).rings(b)
    wire.at(5).gives_up(caller, a)
    wire.at(8.5).answers(caller, b, "help")
    wire.at(9).ends(caller, b, by=caller)
    reading = read(wire, live=live)
    assert warned(reading) == [("RingWarning", 6.0, 3)]
    call = reading.call
    assert (call.ringing_us, call.rings) == (8_500_000, 3)
    assert [a.ringing_us for a in call.attempts] == [5_000_000, 5_500_000]
    assert [fact.before_us for fact in reading.of(RingingStarted)] == [0, 3_000_000]


@LIVE_AND_REPLAY
def test_a_breach_across_a_pause_and_two_phones(live: bool) -> None:
    """A 0-4, a and b 10-12 (2 s together), b alone to 13 (1 s): 4 + 2 + 1 = 7. Ring 3 began at 12; ring 4 is at 15."""
    wire = Wire()
    caller = wire.enters()
    wire.joins(caller, "help")
    first = wire.dials(caller, "PJSIP/a", "help")
    wire.rings(first)
    wire.at(4).gives_up(caller, first)
    a = wire.at(10).dials(caller, "PJSIP/a", "help")
    b = wire.dials(caller, "PJSIP/b", "help")
    wire.rings(a).rings(b)
    wire.at(12).gives_up(caller, a)
    reading = Reading(live=live).take(wire.take())
    assert warned(reading) == [("RingWarning", 12.0, 3)], "4 s and 2 s: at the very instant a gives up, b still rings"
    reading.advance(15)
    assert warned(reading)[1:] == [("RingBreach", 15.0, 4)]
    assert reading.of(RingBreach)[0].agents == ("PJSIP/b",)


def test_the_ringing_that_stops_at_the_boundary_was_in_the_next_ring_already() -> None:
    """A phone given up at exactly 9 s has begun ring 4: a breach, and the call is broken."""
    wire = Wire()
    caller = wire.enters()
    wire.joins(caller, "help")
    phone = wire.dials(caller, "PJSIP/a", "help")
    wire.rings(phone)
    wire.at(9).gives_up(caller, phone)
    wire.at(11).ends(caller, by=caller)
    reading = read(wire)
    assert warned(reading) == [("RingWarning", 6.0, 3), ("RingBreach", 9.0, 4)]
    assert (reading.call.rings, reading.call.outcome) == (4, Outcome.ABANDONED_WAITING)
    assert dict(reading.call.verdicts)["within"] is Verdict.BROKEN


def test_a_warning_names_the_phones_that_ring_and_the_queue() -> None:
    wire = Wire()
    caller = wire.enters()
    wire.joins(caller, "help")
    for name in ("PJSIP/b", "PJSIP/a"):
        wire.rings(wire.dials(caller, name, "help", "Somebody"))
    (warning,) = read(wire).advance(6).of(RingWarning)
    assert (warning.agents, warning.queue, warning.line, warning.rule) == (
        ("PJSIP/a", "PJSIP/b"),
        "help",
        "1588-6565",
        "three-rings/1",
    )


def test_nobody_is_warned_of_a_call_that_no_line_has() -> None:
    wire = Wire()
    caller = wire.enters(dialled="0212345678")
    wire.rings(wire.dials(caller, "PJSIP/a"))
    assert read(wire).advance(20).facts == []


def test_after_the_answer_no_deadline_speaks() -> None:
    """What rings after a person answered is a transfer's."""
    wire = Wire()
    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/a")
    wire.rings(phone)
    wire.at(2).answers(caller, phone)
    wire.rings(wire.at(3).dials(caller, "PJSIP/b"))
    reading = read(wire).advance(60)
    assert warned(reading) == []
    assert [fact.counting for fact in reading.of(RingingStarted)] == [True, False]


def test_a_voice_menu_is_no_person() -> None:
    """The trunk is up from 0.5 s, for the menu: ringing is what the phone rings, 5 to 8.5."""
    wire = Wire()
    caller = wire.enters()
    wire.at(0.5).state(caller, 6)
    wire.runs(caller, "Background", "menu")
    wire.at(5).joins(caller, "help")
    phone = wire.dials(caller, "PJSIP/a", "help")
    wire.rings(phone)
    wire.at(8.5).answers(caller, phone, "help")
    wire.at(10).ends(caller, phone, by=caller)
    call = read(wire).call
    assert (call.ringing_us, call.rings, call.waiting_us) == (3_500_000, 2, 3_500_000)
    assert call.answered_at == instant(us(8.5))


def test_picked_up_but_not_bridged_is_no_answer() -> None:
    """A mobile asks "press 1 to accept": its bell has stopped at 4, and nobody is there; 2 s later it declines."""
    wire = Wire()
    caller = wire.enters()
    wire.runs(caller, "Dial", "PJSIP/mobile")
    phone = wire.dials(caller, "PJSIP/mobile")
    wire.rings(phone)
    wire.at(4).picked_up(caller, phone)
    wire.at(6).hangs(phone, 16)
    wire.runs(caller, "Hangup")
    wire.ends(caller)
    call = read(wire).call
    assert (call.ringing_us, call.rings, call.outcome) == (4_000_000, 2, Outcome.NO_ANSWER)
    assert [a.result for a in call.attempts] == [AttemptResult.DECLINED_BY_PERSON]
    assert call.answered_at is None


def test_without_dial_states_newstate_tells() -> None:
    wire = Wire(dial_states=False)
    wire.talks(4)
    assert read(wire).call.ringing_us == 4_000_000


def test_without_newstate_the_dial_state_tells() -> None:
    wire = Wire()
    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/a")
    wire.event("DialState", **phone.headers("Dest"), DialStatus="PROGRESS")
    wire.at(1).event("DialState", **phone.headers("Dest"), DialStatus="RINGING")
    wire.at(4).answers(caller, phone)
    wire.at(5).ends(caller, phone)
    assert read(wire).call.ringing_us == 3_000_000


def test_a_repeated_newstate_changes_nothing() -> None:
    wire = Wire()
    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/a")
    wire.rings(phone)
    wire.at(2).rings(phone)
    wire.at(4).answers(caller, phone)
    wire.state(phone, 6)
    wire.at(5).ends(caller, phone)
    reading = read(wire)
    assert reading.call.ringing_us == 4_000_000
    assert len(reading.call.attempts) == len(reading.of(RingingStarted)) == len(reading.of(RingingCeased)) == 1


def test_a_local_half_is_no_phone() -> None:
    """A member `Local/201@agents`: both halves ring, and only the phone behind them counts."""
    wire = Wire()
    caller = wire.enters()
    wire.joins(caller, "help")
    one = wire.dials(caller, "Local/201@agents", "help", "Kim")
    two = wire.announces(wire.leg("Local/201@agents", caller.linkedid, 4))
    wire.event("LocalBridge", LocalOneUniqueid=one.uniqueid, LocalTwoUniqueid=two.uniqueid)
    phone = wire.dials(two, "PJSIP/a")
    wire.at(1).rings(phone)
    wire.rings(one)
    wire.at(4).answers(two, phone)
    wire.answers(caller, one, "help")
    wire.at(9).ends(caller, one, two, phone, by=caller)
    call = read(wire).call
    assert [(a.agent, a.member, a.queue, a.ringing_us) for a in call.attempts] == [
        ("PJSIP/a", "Kim", "help", 3_000_000)
    ]
    assert (call.agent, call.queue, call.ringing_us) == ("PJSIP/a", "help", 3_000_000)
    assert call.talking_us == 5_000_000


def test_another_country_rings_longer() -> None:
    plan = Plan(lines=PLAN.lines, rules=(RingRule(country="US"),))
    wire = Wire()
    wire.talks(18)
    reading = read(wire, plan)
    assert warned(reading) == [("RingWarning", 12.0, 3), ("RingBreach", 18.0, 4)]
    assert reading.call.rings == 4


def test_two_calls_at_once_have_clocks_of_their_own() -> None:
    """A rings 0 to 7, b 2 to 12: a is warned at 6; b is warned at 8 and breached at 11."""
    wire = Wire()
    first, second = wire.enters(caller="01"), wire.enters(caller="02")
    a, b = wire.dials(first, "PJSIP/a"), wire.dials(second, "PJSIP/b")
    wire.rings(a)
    wire.at(2).rings(b)
    wire.at(7).answers(first, a)
    wire.at(12).answers(second, b)
    wire.at(13).ends(first, a, second, b)
    reading = read(wire)
    assert warned(reading) == [("RingWarning", 6.0, 3), ("RingWarning", 8.0, 3), ("RingBreach", 11.0, 4)]
    assert [(c.caller, c.rings) for c in reading.calls] == [("01", 3), ("02", 4)]


def test_two_lines_on_one_system() -> None:
    plan = Plan(lines=Lines((Line("main", ("15886565",)), Line("fax", ("_0215771XXX",)))))
    wire = Wire()
    for dialled in ("15886565", "0215771000", "0299999999"):
        caller = wire.enters(dialled=dialled)
        phone = wire.dials(caller, "PJSIP/a")
        wire.rings(phone)
        wire.answers(caller, phone)
        wire.ends(caller, phone)
    assert [(call.line, call.dialled) for call in read(wire, plan).calls] == [
        ("main", "15886565"),
        ("fax", "0215771000"),
    ]


@pytest.mark.parametrize("phone", ["SIP/201", "IAX2/office", "DAHDI/3", "PJSIP/agent-with-dashes", "USTM/1@2"])
def test_phones_of_every_make(phone: str) -> None:
    """chan_sip and others name channels alike: interface, dash, a number."""
    wire = Wire(queue_events=False, dial_states=False)
    caller = wire.enters(trunk="SIP/provider")
    wire.runs(caller, "Dial", phone)
    leg = wire.dials(caller, phone)
    wire.rings(leg)
    wire.at(3.5).answers(caller, leg)
    wire.at(5).ends(caller, leg)
    call: Call = read(wire).call
    assert (call.agent, call.rings) == (phone, 2)

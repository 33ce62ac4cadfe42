"""Calls that phones of the centre make to numbers outside: told once each, never guessed, and nothing else told so.

Expected instants are those at which the test's own wire says that something happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.calls.facts import CallKey, GapCause, Observed, OutgoingCall, instant
from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.outgoing import outside_number
from monitor.calls.state import Plan

from .wire import BANNER, LINE, PLAN, Reading, Wire, read, us

if TYPE_CHECKING:
    from .wire import Leg

PHONES = Plan(
    lines=PLAN.lines, inside=Patterns(("_2XX", "_0257710XX")), phones=Patterns(("PJSIP/agent*",)), prefixes=("9",)
)
CARRIER = "PJSIP/carrier"


def dials_out(wire: Wire, dialled: str = "901012345678", phone: str = "PJSIP/agent1") -> tuple[Leg, Leg]:
    """An agent dials, and the carrier's channel is dialled for it."""
    agent = wire.enters(dialled, caller="101", trunk=phone, context="inside")
    return agent, goes_out(wire, agent, dialled)


def goes_out(wire: Wire, agent: Leg, dialled: str = "901012345678") -> Leg:
    number = dialled.removeprefix("9")
    wire.runs(agent, "Dial", f"{CARRIER}/{number},30", exten=dialled, context="inside")
    far = wire.announces(wire.leg(CARRIER, agent.linkedid), CallerIDNum=number, Context="inside", Exten="s")
    wire.event("DialBegin", **agent.headers(), **far.headers("Dest"), DialString=f"{number}@carrier")
    return far


def outgoing(reading: Reading) -> OutgoingCall:
    """The one there is, and no call of a caller beside it."""
    assert reading.calls == []
    (told,) = reading.of(OutgoingCall)
    assert reading.tracker.channels_known == 0
    return told


def test_a_person_is_called_and_answers() -> None:
    wire = Wire()
    agent, far = dials_out(wire.at(10))
    wire.at(12).rings(far)
    wire.at(15.25).answers(agent, far)
    wire.at(75).ends(far, agent, by=far)

    assert outgoing(read(wire, PHONES)) == OutgoingCall(
        key=CallKey(system="pbx1", linkedid=agent.linkedid),
        agent="PJSIP/agent1",
        member=None,
        number="01012345678",
        started_at=instant(us(10)),
        answered_at=instant(us(15.25)),
        ended_at=instant(us(75)),
        observed=Observed.WHOLE,
    )


@pytest.mark.parametrize(("status", "cause"), [("NOANSWER", 0), ("BUSY", 17), ("CONGESTION", 34), ("CANCEL", 16)])
def test_a_person_is_called_in_vain(status: str, cause: int) -> None:
    wire = Wire()
    agent, far = dials_out(wire.at(10))
    wire.rings(far)
    wire.at(40).dial_ends(agent, far, status).hangs(far, cause)
    wire.runs(agent, "Hangup", exten="901012345678", context="inside").ends(agent)
    told = outgoing(read(wire, PHONES))
    assert (told.answered_at, told.ended_at, told.observed) == (None, instant(us(40)), Observed.WHOLE)


def test_early_media_is_no_answer() -> None:
    """The carrier speaks before the answer: its channel goes to Progress and the agent's is up, in no bridge."""
    wire = Wire()
    agent, far = dials_out(wire.at(10))
    wire.event("DialState", **agent.headers(), **far.headers("Dest"), DialStatus="PROGRESS")
    wire.at(11).state(agent, 6)
    wire.at(20).dial_ends(agent, far, "CANCEL").ends(far, agent, by=agent)
    assert outgoing(read(wire, PHONES)).answered_at is None


def test_a_trunk_that_is_away_is_a_call_in_vain_too() -> None:
    wire = Wire()
    agent = wire.at(3).enters("901012345678", caller="101", trunk="PJSIP/agent1", context="inside")
    wire.runs(agent, "Dial", f"{CARRIER}/01012345678,30", exten="901012345678", context="inside")
    wire.at(4).ends(agent)
    told = outgoing(read(wire, PHONES))
    assert (told.started_at, told.answered_at) == (instant(us(3)), None)


@pytest.mark.parametrize("click", ["exten", "dial_alone"])
def test_click_to_dial_counts_from_the_number_on(click: str) -> None:
    """Asterisk rings the agent's phone first; what becomes of the call before the number is dialled calls nobody."""
    wire = Wire()
    agent = wire.at(1).announces(wire.leg("PJSIP/agent1"), CallerIDNum="", Context="inside", Exten="s")
    wire.event("DialBegin", **agent.headers("Dest"), DialString="agent1")
    wire.state(agent, 5)
    wire.at(5).state(agent, 6)
    wire.event("DialEnd", **agent.headers("Dest"), DialStatus="ANSWER")
    wire.at(5.5)
    if click == "exten":
        far = goes_out(wire, agent)
    else:
        far = wire.announces(wire.leg(CARRIER, agent.linkedid), Context="inside", Exten="s")
        dialled = "carrier/sip:01012345678@10.0.0.9:5060"
        wire.event("DialBegin", **agent.headers(), **far.headers("Dest"), DialString=dialled)
    wire.rings(far)
    wire.at(9).answers(agent, far)
    wire.at(20).ends(agent, far, by=agent)
    told = outgoing(read(wire, PHONES))
    assert (told.number, told.started_at, told.answered_at) == ("01012345678", instant(us(5.5)), instant(us(9)))


def test_click_to_dial_that_the_agent_does_not_pick_up_calls_nobody() -> None:
    wire = Wire()
    agent = wire.announces(wire.leg("PJSIP/agent1"), CallerIDNum="", Context="inside", Exten="s")
    wire.at(20).state(agent, 5).ends(agent)
    assert read(wire, PHONES).of(OutgoingCall) == []


def test_click_to_dial_through_a_local_channel() -> None:
    """The first channel is half of a Local pair, whose other half rings the phone; the person hears through both."""
    wire = Wire()
    one = wire.announces(wire.leg("Local/101@phones;1"), Context="phones", Exten="101")
    two = wire.announces(wire.leg("Local/101@phones;2", one.linkedid, state=4), Context="phones", Exten="101")
    wire.event("LocalBridge", **one.headers("LocalOne"), **two.headers("LocalTwo"))
    wire.runs(two, "Dial", "PJSIP/agent1", exten="101", context="phones")
    agent = wire.dials(two, "PJSIP/agent1")
    wire.rings(agent)
    wire.at(4).answers(two, agent).state(one, 6)
    wire.at(5)
    far = goes_out(wire, one)
    wire.rings(far)
    wire.at(8).answers(one, far)
    wire.at(30).ends(far, one, two, agent, by=far)
    told = outgoing(read(wire, PHONES))
    assert (told.agent, told.number) == ("PJSIP/agent1", "01012345678")
    assert (told.started_at, told.answered_at, told.ended_at) == tuple(instant(us(at)) for at in (5, 8, 30))


@pytest.mark.parametrize(
    ("dialled", "number"),
    [
        ("901012345678", "01012345678"),
        ("9+82-10-1234-5678", "+82-10-1234-5678"),
        ("010-1234-5678", "010-1234-5678"),
        ("9114", "114"),
        ("99", None),
        ("202", None),
        ("1234567", "1234567"),
        ("114", None),
        ("*8", None),
        ("#1", None),
        ("*23#01012345678", None),
        ("9*8", None),
        ("15886565", None),
        ("91588-6565", None),
        ("90257710 12", None),
        ("conference", None),
        ("", None),
    ],
)
def test_which_numbers_are_outside(dialled: str, number: str | None) -> None:
    """Behind the prefix every number but our own; without it none that may be an extension, and no feature code."""
    assert outside_number(PHONES, dialled) == number


def test_short_numbers_that_are_configured_as_outside() -> None:
    plan = Plan(lines=PLAN.lines, outside=Patterns(("_3XXX",)))
    assert (outside_number(plan, "3001"), outside_number(plan, "4001")) == ("3001", None)


def test_a_line_that_takes_what_a_trunk_delivers_takes_no_call_going_out() -> None:
    plan = Plan(lines=Lines((Line(LINE, ("*",), ("from-trunk",)),)), phones=PHONES.phones, prefixes=("9",))
    wire = Wire()
    agent, far = dials_out(wire)
    wire.at(9).ends(agent, far)
    assert outgoing(read(wire, plan)).number == "01012345678"


def test_a_colleague_is_not_called_back() -> None:
    """A long number inside that the dialplan sends to a phone: none that is configured needs to say so."""
    plan = Plan(lines=PLAN.lines, phones=PHONES.phones)
    for phone in ("PJSIP/agent2", "PJSIP/office"):
        wire = Wire()
        agent = wire.enters("07012340202", caller="101", trunk="PJSIP/agent1", context="inside")
        other = wire.dials(agent, phone)
        wire.at(4).answers(agent, other).at(9).ends(agent, other)
        told = read(wire, plan).of(OutgoingCall)
        assert len(told) == (phone == "PJSIP/office"), "with phones configured, another one is outside"


def test_what_the_caller_is_passed_on_to_is_no_call_back() -> None:
    """A blind transfer to a mobile and a consultation with another department, the latter a call of its own."""
    wire = Wire()
    caller, agent = wire.connects(2)
    wire.at(20)
    second, far = dials_out(wire, "90215771234")
    wire.rings(far)
    wire.at(25).answers(second, far)
    wire.at(30).ends(far, second, by=far)
    wire.at(40).event(
        "BlindTransfer",
        Result="Success",
        **agent.headers("Transferer"),
        **caller.headers("Transferee"),
        Extension="901099998888",
    )
    wire.ends(agent)
    mobile = goes_out(wire, caller, "901099998888")
    wire.at(44).answers(caller, mobile)
    wire.at(60).ends(caller, mobile, by=caller)
    reading = read(wire, PHONES)
    assert reading.of(OutgoingCall) == []
    assert [transfer.to for transfer in reading.call.transfers] == ["901099998888"]


def test_who_asks_for_somebody_of_another_line_calls_nobody_back() -> None:
    """The other line is not monitored: its caller is held by agent1, who calls a number outside; then agent2 does."""
    wire = Wire()
    other = wire.enters("025770000")
    held = wire.dials(other, "PJSIP/agent1")
    wire.at(2).answers(other, held)
    wire.at(5)
    for phone in ("PJSIP/agent1", "PJSIP/agent2"):
        agent, far = dials_out(wire, phone=phone)
        wire.ends(far, agent)
    wire.ends(other, held)
    assert outgoing(read(wire, PHONES)).agent == "PJSIP/agent2"


def test_a_consultation_that_was_not_seen_to_begin_is_known_when_both_are_joined() -> None:
    wire = Wire()
    caller, agent = wire.connects(2)
    second, far = dials_out(wire.at(20), "90215771234")
    wire.at(25).answers(second, far)
    wire.at(30).event(
        "AttendedTransfer",
        Result="Success",
        **agent.headers("OrigTransferer"),
        **second.headers("SecondTransferer"),
        **caller.headers("Transferee"),
        DestType="Bridge",
    )
    bridge = far.bridge
    wire.parts(caller).ends(agent, second).meet(bridge, caller)
    wire.at(60).ends(caller, far, by=caller)
    # Whoever found agent and caller in no bridge could not tell that the agent consulted.
    reading = Reading(PHONES)
    for packet in wire.packets:
        if b"BridgeEnter" not in packet or b"PJSIP/agent1-00000002" not in packet:
            reading.take(packet)
    assert reading.of(OutgoingCall) == []


def test_phones_are_found_by_the_queue_or_by_what_rang_for_a_caller() -> None:
    """Nothing is configured: agent1 rang for a caller, agent3 is a member, office and the carrier are neither."""
    wire = Wire()
    wire.event("QueueMember", Queue="counsel", Name="Kim", Location="PJSIP/agent3", Status="1", Paused="0")
    wire.talks(2)
    for second, phone in enumerate(("PJSIP/agent1", "PJSIP/agent3", "PJSIP/office", "PJSIP/trunk", CARRIER)):
        agent, far = dials_out(wire.at(30 + second), "01012345678", phone)
        wire.ends(agent, far)
    reading = read(wire, PLAN)
    assert [(told.agent, told.member) for told in reading.of(OutgoingCall)] == [
        ("PJSIP/agent1", None),
        ("PJSIP/agent3", "Kim"),
    ]


def test_an_agent_who_tries_the_line_keeps_a_phone() -> None:
    """The call to the line is a caller's like any other; the next one, to a number outside, calls somebody back."""
    wire = Wire()
    wire.talks(2)
    own = wire.at(30).enters("15886565", caller="101", trunk="PJSIP/agent1", context="inside")
    wire.at(31).ends(own)
    agent, far = dials_out(wire.at(40), "01012345678")
    wire.ends(agent, far)
    reading = read(wire, PLAN)
    assert len(reading.calls) == 2
    assert [told.agent for told in reading.of(OutgoingCall)] == ["PJSIP/agent1"]


def test_a_trunk_that_rings_a_mobile_for_callers_is_no_phone() -> None:
    """`Dial(PJSIP/01055556666@carrier)` for a caller makes the carrier's channel ring, and no phone of it."""
    wire = Wire()
    caller = wire.enters()
    goes_out(wire, caller, "901055556666")
    agent, far = dials_out(wire, "01012345678", CARRIER)
    wire.ends(agent, far, caller)
    assert read(wire, PLAN).of(OutgoingCall) == []


def test_a_pickup_is_no_call_out() -> None:
    wire = Wire()
    wire.at(1).ends(wire.enters("*8", caller="101", trunk="PJSIP/agent1", context="inside"))
    assert read(wire, PHONES).of(OutgoingCall) == []


# -- what was not seen ------------------------------------------------------------------------------------------------


def show(wire: Wire, leg: Leg, age: str = "00:00:30", exten: str = "901012345678") -> None:
    wire.event("CoreShowChannel", **leg.headers(), Context="inside", Exten=exten, Duration=age, BridgeId=leg.bridge)


def test_a_call_found_talking_was_answered_and_is_partly_known() -> None:
    """When it began its age says; that person and agent talk is seen, so that it is no guess."""
    wire = Wire()
    agent, far = wire.leg("PJSIP/agent1", state=6), wire.leg(CARRIER, state=6)
    far.linkedid = agent.linkedid
    agent.bridge = far.bridge = "b"
    wire.at(100)
    show(wire, agent)
    show(wire, far, "00:00:29", "")
    wire.event("CoreShowChannelsComplete")
    wire.at(120).ends(far, agent, by=far)
    told = outgoing(read(wire, PHONES))
    assert (told.started_at, told.answered_at, told.observed) == (
        instant(us(70)),
        instant(us(100)),
        Observed.PARTLY,
    )


def test_click_to_dial_found_while_the_agents_phone_rings() -> None:
    """What it dials is seen; that it was found is told."""
    wire = Wire()
    agent = wire.leg("PJSIP/agent1", state=5)
    wire.at(100)
    show(wire, agent, "00:00:05", "s")
    wire.event("CoreShowChannelsComplete")
    wire.at(103).state(agent, 6)
    far = goes_out(wire, agent)
    wire.at(120).ends(far, agent, by=far)
    told = outgoing(read(wire, PHONES))
    assert (told.number, told.started_at, told.observed) == ("01012345678", instant(us(103)), Observed.PARTLY)


def test_what_was_dialled_and_answered_while_nothing_was_seen() -> None:
    """Asterisk had rung the agent's phone; when it is seen again, they talk, and the channel tells the number."""
    wire = Wire()
    agent = wire.at(1).announces(wire.leg("PJSIP/agent1"), CallerIDNum="", Context="inside", Exten="s")
    reading = read(wire, PHONES).then(lambda tracker: tracker.link_down(us(3), GapCause.NOT_CONNECTED))
    wire.take()
    far = wire.leg(CARRIER, agent.linkedid, state=6)
    agent.state, agent.bridge, far.bridge = 6, "b", "b"
    wire.at(30)
    show(wire, agent)
    show(wire, far, "00:00:20", "")
    wire.event("CoreShowChannelsComplete")
    told = outgoing(reading.take(wire.at(40).ends(far, agent, by=far).take()))
    assert (told.number, told.answered_at, told.observed) == ("01012345678", instant(us(30)), Observed.PARTLY)


def test_a_call_whose_end_was_not_seen_is_never_taken_as_answered() -> None:
    wire = Wire()
    agent, far = dials_out(wire.at(10))
    wire.rings(far)
    reading = read(wire, PHONES).then(lambda tracker: tracker.link_down(us(20), GapCause.NOT_CONNECTED))
    reading.take(Wire().at(50).event("CoreShowChannelsComplete").data)
    told = outgoing(reading)
    assert told.key.linkedid == agent.linkedid
    assert (told.answered_at, told.ended_at, told.observed) == (None, instant(us(50)), Observed.PARTLY)


@pytest.mark.parametrize("how", ["restart", "end"])
def test_a_call_still_open_ends_unseen(how: str) -> None:
    wire = Wire()
    agent, far = dials_out(wire.at(10))
    wire.at(14).answers(agent, far)
    reading = read(wire, PHONES)
    reading.then(lambda tracker: tracker.close() if how == "end" else tracker.restarted(us(14)))
    (told,) = reading.of(OutgoingCall)
    assert (told.answered_at, told.ended_at, told.observed) == (instant(us(14)), instant(us(14)), Observed.PARTLY)


def test_a_clock_that_is_set_leaves_the_call_as_long_as_it_was() -> None:
    wire = Wire()
    agent, far = dials_out(wire.at(10))
    wire.at(14).answers(agent, far)
    reading = read(wire, PHONES).then(lambda tracker: tracker.clock_set(3_600_000_000, us(3_614)))
    wire.take()
    reading.take(wire.at(3_624).ends(far, agent, by=far).take())
    told = outgoing(reading)
    assert (told.started_at, told.answered_at, told.ended_at) == tuple(instant(us(at)) for at in (3_610, 3_614, 3_624))
    assert told.observed is Observed.PARTLY


def test_what_was_found_of_phones_is_known_after_a_restart() -> None:
    """As a journal's `Standing` carries it: the phone rang in the run before, and calls out in this one."""
    before = read(_talked(), PLAN)
    wire = Wire()
    agent, far = dials_out(wire.at(100), "01012345678")
    wire.ends(agent, far)
    after = Reading(PLAN).then(lambda tracker: tracker.restore(before.tracker.standing()))
    assert outgoing(after.take(BANNER + wire.data)).agent == "PJSIP/agent1"


def _talked() -> Wire:
    wire = Wire()
    wire.talks(2)
    return wire

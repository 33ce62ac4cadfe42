"""What was not seen: a wire that was down, calls found in progress, clocks set back, events that never came."""

from __future__ import annotations

import pytest

from monitor.ami.events import RING, RINGING, UP
from monitor.calls.facts import (
    AttemptResult,
    CallAnswered,
    Gap,
    GapCause,
    Observed,
    Outcome,
    RingBreach,
    RingWarning,
    Verdict,
    VerdictReason,
    instant,
)
from monitor.calls.tracker import Tracker

from .wire import Leg, Reading, Wire, us


def down(seconds: float, reading: Reading, cause: GapCause = GapCause.NOT_CONNECTED) -> None:
    reading.then(lambda tracker: tracker.link_down(us(seconds), cause))


def up(seconds: float, reading: Reading) -> None:
    reading.then(lambda tracker: tracker.link_up(us(seconds)))


def shows(wire: Wire, *legs: Leg) -> Wire:
    """The answer to CoreShowChannels: these exist, and no others."""
    for leg in legs:
        wire.event(
            "CoreShowChannel",
            **leg.headers(),
            CallerIDNum="01012345678",
            Context="in",
            Exten="15886565",
            Application="Queue",
            BridgeId=leg.bridge,
            Duration="00:01:00",
        )
    return wire.event("CoreShowChannelsComplete", EventList="Complete", ListItems=len(legs))


def ringing(wire: Wire) -> tuple[Leg, Leg]:
    """A call whose phone begins to ring at once."""
    caller = wire.enters()
    wire.joins(caller, "help")
    phone = wire.dials(caller, "PJSIP/a", "help")
    wire.rings(phone)
    return caller, phone


# -- the wire is down --------------------------------------------------------------------------------------------------


def test_gaps_are_told_when_they_begin_and_when_they_end() -> None:
    reading = Reading()
    down(1, reading)
    down(2, reading)  # nothing new
    down(3, reading, GapCause.NOT_BOOTED)
    up(7, reading)
    up(8, reading)
    a, b = GapCause.NOT_CONNECTED, GapCause.NOT_BOOTED
    assert reading.facts == [
        Gap(system="pbx1", started_at=instant(us(1)), ended_at=None, cause=a),
        Gap(system="pbx1", started_at=instant(us(1)), ended_at=instant(us(3)), cause=a),
        Gap(system="pbx1", started_at=instant(us(3)), ended_at=None, cause=b),
        Gap(system="pbx1", started_at=instant(us(3)), ended_at=instant(us(7)), cause=b),
    ]


def test_ringing_is_not_counted_unseen() -> None:
    """Rings 0 to 4 seen, 4 to 14 unseen, 14 to 15 seen: 5 s, 2 rings, though it may have been 15 s and 6."""
    wire = Wire()
    caller, phone = ringing(wire)
    reading = Reading(live=True).take(wire.take())
    down(4, reading)
    reading.advance(13)
    up(14, reading)
    shows(wire.at(14), caller, phone)
    wire.at(15).answers(caller, phone, "help")
    wire.at(20).ends(caller, phone, by=caller)
    call = reading.take(wire.take()).call
    assert reading.of(RingWarning) == []
    assert (call.ringing_us, call.rings, call.observed) == (5_000_000, 2, Observed.PARTLY)
    assert (call.outcome, call.verdict_reason) == (Outcome.ANSWERED, VerdictReason.PARTLY_UNOBSERVED)
    assert set(dict(call.verdicts).values()) == {Verdict.EXCLUDED}
    assert [(a.result, a.ringing_us) for a in call.attempts] == [
        (AttemptResult.UNOBSERVED, 4_000_000),
        (AttemptResult.ANSWERED, 1_000_000),
    ]


def test_a_phone_that_still_rings_after_the_gap_is_warned_of_again() -> None:
    """4 s seen before, then from 14: ring 3 of what was seen begins at 16, ring 4 at 19."""
    wire = Wire()
    caller, phone = ringing(wire)
    reading = Reading().take(wire.take())
    down(4, reading)
    up(14, reading)
    shows(wire.at(14), caller, phone)
    reading.take(wire.take()).advance(30)
    assert [fact.at for fact in reading.of(RingWarning)] == [instant(us(16))]
    assert [fact.at for fact in reading.of(RingBreach)] == [instant(us(19))]


def test_a_call_that_ended_unseen_is_unobserved() -> None:
    wire = Wire()
    ringing(wire)
    reading = Reading().take(wire.take())
    down(4, reading)
    up(60, reading)
    shows(wire.at(60))
    call = reading.take(wire.take()).call
    assert (call.outcome, call.ended_at, call.ringing_us) == (Outcome.UNOBSERVED, None, 4_000_000)
    assert (call.waiting_us, call.observed) == (None, Observed.PARTLY)
    assert reading.tracker.channels_known == 0


def test_a_breach_that_was_seen_stands_whatever_went_unseen_later() -> None:
    wire = Wire()
    ringing(wire)
    reading = Reading(live=True).take(wire.take()).advance(10)
    down(10, reading)
    shows(wire.at(60))
    call = reading.take(wire.take()).call
    assert (call.rings, dict(call.verdicts)["within"]) == (4, Verdict.BROKEN)


def test_talk_is_not_counted_unseen() -> None:
    """Talks 2 to 10 seen; at 60 the call is gone: 8 s of talk are known."""
    wire = Wire()
    caller, phone = ringing(wire)
    wire.at(2).answers(caller, phone, "help")
    reading = Reading().take(wire.take())
    down(10, reading)
    up(60, reading)
    shows(wire.at(60))
    call = reading.take(wire.take()).call
    assert (call.outcome, call.talking_us, call.ended_at) == (Outcome.UNOBSERVED, 8_000_000, None)
    assert call.answered_at == instant(us(2)), "its answer is known all the same"


def test_talk_that_goes_on_after_the_gap_is_counted_on_both_sides() -> None:
    """Talks 2 to 10 seen, unseen to 60, 60 to 65 seen: 13 s."""
    wire = Wire()
    caller, phone = ringing(wire)
    wire.at(2).answers(caller, phone, "help")
    reading = Reading().take(wire.take())
    down(10, reading)
    up(60, reading)
    shows(wire.at(60), caller, phone)
    wire.at(65).ends(caller, phone, by=phone)
    call = reading.take(wire.take()).call
    assert (call.talking_us, call.agent) == (13_000_000, "PJSIP/a")
    assert call.answered_at == instant(us(2))


def test_an_answer_in_the_gap_has_no_instant() -> None:
    wire = Wire()
    caller, phone = ringing(wire)
    reading = Reading().take(wire.take())
    down(4, reading)
    up(14, reading)
    caller.state = phone.state = UP
    caller.bridge = phone.bridge = "b9"
    shows(wire.at(14), caller, phone)
    wire.at(20).ends(caller, phone, by=caller)
    call = reading.take(wire.take()).call
    assert (call.outcome, call.answered_at, call.agent) == (Outcome.ANSWERED, None, "PJSIP/a")
    assert reading.of(CallAnswered) == []
    assert (call.ringing_us, call.talking_us) == (4_000_000, 6_000_000)


def test_calls_in_progress_at_connect_are_partly_seen() -> None:
    """At 0 we begin to look: one call talks, one rings (and has for who knows how long), one waits."""
    wire = Wire()
    trunk = "PJSIP/trunk"
    talker, ringer, waiter = (wire.leg(trunk, state=state) for state in (UP, RING, RING))
    agent = wire.leg("PJSIP/a", talker.linkedid, UP)
    phone = wire.leg("PJSIP/b", ringer.linkedid, RINGING)
    talker.bridge = agent.bridge = "b1"
    reading = Reading()
    down(0, reading)
    up(0, reading)
    shows(wire, talker, agent, ringer, phone, waiter)
    reading.take(wire.take())
    wire.at(2).answers(ringer, phone, "help")
    wire.at(5).ends(talker, agent, by=talker)
    wire.at(6).ends(ringer, phone, by=ringer)
    wire.at(7).ends(waiter, by=waiter)
    first, second, third = reading.take(wire.take()).calls
    assert {call.observed for call in reading.calls} == {Observed.PARTLY}
    assert {call.entered_at for call in reading.calls} == {None}
    assert {call.dialled for call in reading.calls} == {"15886565"}
    assert (first.outcome, first.answered_at, first.rings) == (Outcome.ANSWERED, None, 0)
    assert (second.outcome, second.answered_at, second.ringing_us) == (Outcome.ANSWERED, instant(us(2)), 2_000_000)
    assert third.outcome in (Outcome.ABANDONED_ANNOUNCEMENT, Outcome.ABANDONED_WAITING)
    verdicts = [dict(call.verdicts)["within"] for call in reading.calls]
    assert verdicts == [Verdict.EXCLUDED] * 3
    assert reading.tracker.channels_known == 0


def test_what_entered_after_connect_is_seen_whole() -> None:
    reading = Reading()
    down(0, reading)
    up(1, reading)
    wire = Wire()
    shows(wire.at(1))
    wire.talks(4, start=2)
    assert reading.take(wire.take()).call.observed is Observed.WHOLE


def test_a_restart_ends_every_call_of_the_time_before() -> None:
    wire = Wire()
    caller, _ = ringing(wire)
    reading = Reading().take(wire.take())
    down(4, reading, GapCause.RESTARTED)
    reading.then(lambda tracker: tracker.restarted(us(30)))
    up(30, reading)
    call = reading.call
    assert (call.key.linkedid, call.outcome, call.ended_at) == (caller.linkedid, Outcome.UNOBSERVED, None)
    assert reading.tracker.channels_known == 0


def test_end_of_input_ends_calls_unobserved_oldest_first() -> None:
    wire = Wire()
    one = wire.enters(caller="01")
    wire.at(1).enters(caller="02")
    wire.at(2).runs(one, "Background", "menu")
    reading = Reading().take(wire.take()).then(Tracker.close)
    assert [(c.caller, c.outcome, c.ended_at) for c in reading.calls] == [
        ("01", Outcome.UNOBSERVED, None),
        ("02", Outcome.UNOBSERVED, None),
    ]
    assert list(reading.tracker.close()) == [], "and each once"


# -- time --------------------------------------------------------------------------------------------------------------


def test_a_little_out_of_order_is_how_asterisk_stamps() -> None:
    """Up to 2 s back is two threads, no new time: nothing is marked, and no duration is negative."""
    wire = Wire()
    caller, phone = ringing(wire)
    wire.at(4).runs(caller, "NoOp")
    wire.at(3.999).answers(caller, phone, "help")
    wire.at(3.9).state(caller, UP)
    wire.at(8).ends(caller, phone, by=caller)
    reading = Reading().take(wire.take())
    assert (reading.call.observed, reading.call.ringing_us) == (Observed.WHOLE, 3_999_000)
    assert reading.of(Gap) == []


def stepped_back(wire: Wire, reading: Reading) -> tuple[Leg, Leg]:
    """Rings from 100; at 104 the clock is set back to 50, and it rings on."""
    wire.at(100)
    caller, phone = ringing(wire)
    wire.at(104).event("QueueCallerJoin", Queue="other", Count=1)
    for count in (2, 3, 4):  # one event from far back would not be believed
        wire.at(50).event("QueueCallerJoin", Queue="other", Count=count)
    reading.take(wire.take())
    return caller, phone


def test_a_clock_set_back_leaves_the_ringing_right() -> None:
    """4 s before the step, 3 s behind it: 7 s, 3 rings. How long the step hid is not known: partly observed."""
    wire, reading = Wire(), Reading(live=True)
    caller, phone = stepped_back(wire, reading)
    wire.at(53).answers(caller, phone, "help")
    wire.at(60).ends(caller, phone, by=caller)
    call = reading.take(wire.take()).call
    assert (call.ringing_us, call.rings, call.observed) == (7_000_000, 3, Observed.PARTLY)
    assert [a.ringing_us for a in call.attempts] == [7_000_000]
    assert call.talking_us == 7_000_000
    assert [(gap.cause, gap.started_at) for gap in reading.of(Gap)] == [(GapCause.CLOCK_STEP, instant(us(50)))]
    assert reading.tracker.unexpected["clock_stepped_back"] == 1


def test_a_clock_set_back_does_not_silence_the_alarm() -> None:
    """4 s rung before the step: ring 3 begins 2 s behind it, at 52, ring 4 at 55."""
    wire, reading = Wire(), Reading(live=True)
    stepped_back(wire, reading)
    reading.advance(60)
    assert [fact.at for fact in reading.of(RingWarning)] == [instant(us(52))]
    assert [fact.at for fact in reading.of(RingBreach)] == [instant(us(55))]


def test_one_wrong_stamp_spoils_no_other_call() -> None:
    """It rings from 100 to 104; an event of somebody else's, stamped 1, comes at 102."""
    wire, reading = Wire(), Reading()
    caller, phone = ringing(wire.at(100))
    wire.at(1).event("QueueCallerJoin", Queue="other", Count=1)
    wire.at(104).answers(caller, phone, "help")
    wire.at(110).ends(caller, phone, by=caller)
    call = reading.take(wire.take()).call
    assert (call.ringing_us, call.rings, call.observed) == (4_000_000, 2, Observed.WHOLE)
    assert reading.of(Gap) == []
    assert reading.tracker.unexpected["stamp_from_the_past"] == 1


def test_one_damaged_stamp_is_no_new_time() -> None:
    """An event stamped in 1970 between honest ones moves nothing: rings 0 to 3, and is seen whole."""
    wire = Wire()
    caller, phone = ringing(wire)
    reading = Reading().take(wire.take())
    reading.take(b"Event: Newstate\r\nTimestamp: 17778\r\nUniqueid: 9.9\r\n\r\n")
    wire.at(3).answers(caller, phone, "help")
    wire.at(5).ends(caller, phone, by=caller)
    call = reading.take(wire.take()).call
    assert (call.ringing_us, call.rings, call.observed) == (3_000_000, 2, Observed.WHOLE)
    assert reading.of(Gap) == []


def test_without_stamps_the_time_of_receipt_holds() -> None:
    wire = Wire(stamped=False, system="")
    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/a")
    reading = Reading().take(wire.take(), us(0))
    wire.rings(phone)
    reading.take(wire.take(), us(1))
    wire.answers(caller, phone)
    reading.take(wire.take(), us(4.5))
    wire.ends(caller, phone)
    reading.take(wire.take(), us(9))
    # Rings 1 to 4.5: 3.5 s, 2 rings.
    assert (reading.call.ringing_us, reading.call.rings) == (3_500_000, 2)
    assert reading.decoder.untimed == sum(reading.decoder.counts.values())


# -- events that never came, or came of nothing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["Newstate", "Newexten", "Hangup", "HangupRequest", "BridgeLeave", "Hold", "Unhold", "NewCallerid", "Rename"],
)
def test_a_channel_never_announced_makes_no_call(name: str) -> None:
    wire = Wire()
    stranger = wire.leg("PJSIP/x", state=6)
    wire.event(name, **stranger.headers(), BridgeUniqueid="b1", Newname="PJSIP/y-1", Application="Dial", Extension="1")
    wire.event("Hangup", **stranger.headers(), Cause=16)
    reading = Reading().take(wire.take())
    assert reading.facts == []
    assert reading.tracker.channels_known == 0


def test_a_dial_of_strangers_raises_nothing() -> None:
    wire = Wire()
    one, other = wire.leg("PJSIP/x", state=4), wire.leg("PJSIP/y")
    wire.event("DialBegin", **one.headers(), **other.headers("Dest"))
    wire.event("AgentCalled", **one.headers(), **other.headers("Dest"), Queue="help", Interface="PJSIP/y")
    wire.rings(other)
    wire.dial_ends(one, other, "ANSWER")
    wire.event("Pickup", **one.headers(), **other.headers("Target"))
    wire.event("LocalBridge", LocalOneUniqueid="7", LocalTwoUniqueid="8")
    wire.ends(one, other)
    reading = Reading().take(wire.take())
    assert reading.facts == []
    assert reading.tracker.channels_known == 0
    assert reading.tracker.unexpected["unknown_channel"] > 0


def test_a_call_whose_first_channel_was_never_seen_is_no_record_of_ours() -> None:
    """Its phone rings, but nobody knows who called: nothing is guessed."""
    wire = Wire()
    phone = wire.announces(wire.leg("PJSIP/a", "pbx1-1.0"))
    wire.rings(phone).hangs(phone)
    reading = Reading().take(wire.take())
    assert reading.facts == []
    assert len(reading.tracker._state.calls) == 0


def test_a_repeated_newchannel_is_counted_and_changes_nothing() -> None:
    wire = Wire()
    caller = wire.enters()
    wire.announces(caller, Exten="15886565", Context="in")
    wire.at(2).ends(caller)
    reading = Reading().take(wire.take())
    assert reading.tracker.unexpected["channel_announced_twice"] == 1
    assert len(reading.calls) == 1


def test_a_linkedid_that_changes_in_mid_call() -> None:
    """The phone was called under a linkedid of its own; bridging gives it the caller's, which is older."""
    wire = Wire()
    caller = wire.enters()
    wire.runs(caller, "Dial", "PJSIP/a")
    phone = wire.announces(wire.leg("PJSIP/a"))
    own = phone.linkedid
    wire.at(1).rings(phone)
    phone.linkedid = caller.linkedid
    wire.at(4).answers(caller, phone)
    wire.at(10).ends(caller, phone, by=caller)
    reading = Reading().take(wire.take())
    call = reading.call
    assert (call.key.linkedid, call.agent, call.outcome) == (caller.linkedid, "PJSIP/a", Outcome.ANSWERED)
    assert (reading.tracker.channels_known, len(reading.tracker._state.calls)) == (0, 0)
    assert own not in reading.tracker._state.calls


def test_a_callers_own_linkedid_may_change() -> None:
    """A bridge with an older channel gives the caller that one's linkedid: the call keeps the key it began with."""
    wire = Wire()
    old = wire.announces(wire.leg("PJSIP/b", state=4), Exten="777", Context="inside")
    caller = wire.at(1).enters()
    first = caller.linkedid
    phone = wire.dials(caller, "PJSIP/a")
    wire.rings(phone)
    wire.at(3).answers(caller, phone)
    for leg in (caller, phone):
        leg.linkedid = old.linkedid
    wire.at(4).meet(caller.bridge, old)
    wire.at(9).ends(caller, phone, old, by=caller)
    reading = Reading().take(wire.take())
    assert [c.key.linkedid for c in reading.calls] == [first]
    assert len(reading.tracker._state.calls) == 0


def test_filters_that_leave_everything_out_but_channels_and_bridges() -> None:
    """No Queue, no Dial and no Newexten event: Newstate and BridgeEnter alone give ringing and answer."""
    wire = Wire(queue_events=False, dial_states=False)
    caller = wire.enters()
    phone = wire.announces(wire.leg("SIP/201", caller.linkedid))
    wire.at(1).state(phone, RINGING)
    wire.at(5).state(phone, UP)
    wire.state(caller, UP).meet("b1", phone, caller)
    wire.at(9).ends(caller, phone)
    call = Reading().take(wire.take()).call
    assert (call.outcome, call.agent, call.ringing_us, call.rings) == (Outcome.ANSWERED, "SIP/201", 4_000_000, 2)
    assert call.talking_us == 4_000_000
    assert call.first_ring_at == instant(us(1))


def test_no_hangup_of_the_phone_leaves_nothing_behind_once_it_is_not_shown() -> None:
    wire = Wire()
    caller, phone = ringing(wire)
    wire.at(3).answers(caller, phone, "help")
    wire.at(5).ends(caller, by=caller)  # the phone's own Hangup is lost
    reading = Reading().take(wire.take())
    assert len(reading.calls) == 1
    assert reading.tracker.channels_known == 1
    down(6, reading)
    up(7, reading)
    shows(wire.at(7))
    reading.take(wire.take())
    assert (reading.tracker.channels_known, len(reading.calls)) == (0, 1)

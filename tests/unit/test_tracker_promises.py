"""Calls back that are promised in a call: by whom, by when, and what is no promise to a caller."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from monitor.calls.facts import CallbackPromise, GapCause, instant
from monitor.calls.lines import Patterns
from monitor.calls.promises import due_of
from monitor.calls.state import Plan

from .wire import PLAN, Wire, read, us

if TYPE_CHECKING:
    from .wire import Leg, Reading

SEOUL = ZoneInfo("Asia/Seoul")
IN_SEOUL = Plan(lines=PLAN.lines, zone=SEOUL, phones=Patterns(("PJSIP/agent*",)))
# The wire begins on 2026-05-04 at 00:00 UTC, which is 09:00 in Seoul.


def talking() -> tuple[Wire, Leg, Leg]:
    wire = Wire()
    return (wire, *wire.connects(2))


def promises(wire: Wire, leg: Leg, due: str | None = None) -> Wire:
    return wire.event(
        "UserEvent", **leg.headers(), UserEvent="CallbackPromised", **({} if due is None else {"Due": due})
    )


@pytest.mark.parametrize(
    ("due", "at"),
    [
        ("2026-05-04 17:00", datetime(2026, 5, 4, 8, tzinfo=UTC)),
        ("2026-05-04T17:00:30", datetime(2026, 5, 4, 8, 0, 30, tzinfo=UTC)),
        ("2026-05-04T17:00:00+09:00", datetime(2026, 5, 4, 8, tzinfo=UTC)),
        ("2026-05-04T08:00Z", datetime(2026, 5, 4, 8, tzinfo=UTC)),
        ("2026-05-04 17:00+0900", datetime(2026, 5, 4, 8, tzinfo=UTC)),
        ("2026-05-04T08:00:00.250000+00:00", datetime(2026, 5, 4, 8, 0, 0, 250_000, tzinfo=UTC)),
        ("tomorrow", None),
        ("2026-05-04", None),
        ("17:00", None),
        ("2026-13-04 17:00", None),
        ("2026-05-04 25:00", None),
        ("20260504T170000", None),
        ("0001-01-01 00:00", None),
        ("२०२६-05-04 17:00", None),
        ("2026-05-04 17:00\x00", None),
    ],
)
def test_by_when(due: str, at: datetime | None) -> None:
    assert due_of(due, SEOUL) == at


def told(reading: Reading) -> tuple[CallbackPromise, ...]:
    return reading.call.callbacks


def test_an_agent_promises_on_their_own_channel_or_on_the_callers() -> None:
    """A feature code's application runs on the channel of either; both times it is the agent who promised."""
    wire, caller, agent = talking()
    promises(wire.at(10), agent, "2026-05-04 17:00")
    promises(wire.at(11), caller, "2026-05-04 18:00").at(20).ends(caller, agent, by=caller)
    assert told(read(wire, IN_SEOUL)) == (
        CallbackPromise(at=instant(us(10)), by="PJSIP/agent1", due_at=datetime(2026, 5, 4, 8, tzinfo=UTC)),
        CallbackPromise(at=instant(us(11)), by="PJSIP/agent1", due_at=datetime(2026, 5, 4, 9, tzinfo=UTC)),
    )


def test_a_menu_promises_and_nobody_in_person() -> None:
    wire = Wire()
    caller = wire.enters()
    promises(wire.at(4), caller).at(5).ends(caller, by=caller)
    assert told(read(wire, IN_SEOUL)) == (CallbackPromise(at=instant(us(4)), by="", due_at=None),)


@pytest.mark.parametrize(
    ("due", "kind"),
    [
        ("soon", "promise_unreadable_due"),
        # 08:59 in Seoul is a minute before the call; 09:00:10 the very instant of the promise.
        ("2026-05-04 08:59", "promise_due_in_the_past"),
        ("2026-05-04 09:00:10", "promise_due_in_the_past"),
    ],
)
def test_a_time_that_cannot_be_is_counted_and_the_promise_stands(due: str, kind: str) -> None:
    wire, caller, agent = talking()
    promises(wire.at(10), agent, due).at(20).ends(caller, agent, by=caller)
    reading = read(wire, IN_SEOUL)
    assert told(reading) == (CallbackPromise(at=instant(us(10)), by="PJSIP/agent1", due_at=None),)
    assert dict(reading.tracker.unexpected) == {kind: 1}


def test_a_promise_of_no_caller_is_counted_alone() -> None:
    """In an agent's own call, after the caller has gone, and on a channel that nobody knows."""
    wire = Wire()
    own = wire.enters("01012345678", caller="101", trunk="PJSIP/agent1", context="inside")
    promises(wire.at(3), own, "2026-05-04 17:00").ends(own)
    caller, agent = wire.talks(2, start=10, talk_seconds=20)
    promises(wire.at(40), agent)
    promises(wire.at(41), wire.leg("PJSIP/agent9"))
    reading = read(wire, IN_SEOUL)
    assert told(reading) == ()
    assert reading.tracker.unexpected == {"promise_of_no_caller": 3}
    assert caller.linkedid == reading.call.key.linkedid


def test_a_key_that_is_leant_on_fills_no_memory() -> None:
    wire, caller, agent = talking()
    for _ in range(80):
        promises(wire.at(10), agent)
    wire.at(20).ends(caller, agent, by=caller)
    assert len(told(read(wire, IN_SEOUL))) == 50


def test_a_promise_stays_where_its_caller_was_passed_on_and_where_its_end_was_not_seen() -> None:
    """By the second agent too, after a blind transfer; then the connection is lost."""
    wire, caller, agent = talking()
    promises(wire.at(10), agent)
    wire.at(12).event(
        "BlindTransfer", Result="Success", **agent.headers("Transferer"), **caller.headers("Transferee"), Extension="2"
    )
    wire.ends(agent)
    other = wire.dials(caller, "PJSIP/agent2")
    wire.at(15).answers(caller, other)
    promises(wire.at(18), caller)
    reading = read(wire, IN_SEOUL)
    reading.then(lambda tracker: tracker.link_down(us(30), GapCause.NOT_CONNECTED)).then(lambda one: one.close())
    assert [(promise.by, promise.at) for promise in told(reading)] == [
        ("PJSIP/agent1", instant(us(10))),
        ("PJSIP/agent2", instant(us(18))),
    ]


def test_a_clock_that_is_set_moves_when_it_was_promised_and_not_by_when() -> None:
    wire, caller, agent = talking()
    promises(wire.at(10), agent, "2026-05-04 17:00")
    reading = read(wire, IN_SEOUL).then(lambda tracker: tracker.clock_set(60_000_000, us(70)))
    wire.take()
    reading.take(wire.at(80).ends(caller, agent, by=caller).take())
    assert told(reading) == (
        CallbackPromise(at=instant(us(70)), by="PJSIP/agent1", due_at=datetime(2026, 5, 4, 8, tzinfo=UTC)),
    )

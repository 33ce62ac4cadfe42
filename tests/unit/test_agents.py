"""Queue members: what each is doing, and when a wrap-up ends."""

from __future__ import annotations

import pytest

from monitor.calls.facts import AgentState, AgentStatus, QueueCallers, instant

from .wire import Reading, Wire, us

FREE, RINGING, TALKING = AgentStatus.FREE, AgentStatus.RINGING, AgentStatus.TALKING
WRAP_UP, PAUSED, AWAY = AgentStatus.WRAP_UP, AgentStatus.PAUSED, AgentStatus.AWAY


def tells(
    wire: Wire,
    device: int,
    *,
    paused: bool = False,
    last_call: float | None = None,
    wrapup: int = 0,
    queue: str = "help",
) -> Wire:
    return wire.event(
        "QueueMemberStatus",
        Queue=queue,
        MemberName="Kim Minji",
        Interface="PJSIP/agent1",
        Status=device,
        Paused=int(paused),
        InCall=0,
        LastCall=0 if last_call is None else us(last_call) // 1_000_000,
        Wrapuptime=wrapup,
    )


def states(reading: Reading) -> list[tuple[float, AgentStatus | None]]:
    return [((fact.at - instant(us(0))).total_seconds(), fact.status) for fact in reading.of(AgentState)]


@pytest.mark.parametrize(
    ("device", "status"),
    [
        # devicestate.h: unknown, not in use, in use, busy, invalid, unavailable, ringing, ringing and in use, on hold.
        (0, AWAY),
        (1, FREE),
        (2, TALKING),
        (3, TALKING),
        (4, AWAY),
        (5, AWAY),
        (6, RINGING),
        (7, TALKING),
        (8, TALKING),
        (99, FREE),
    ],
)
def test_device_states(device: int, status: AgentStatus) -> None:
    assert states(Reading().take(tells(Wire(), device).take())) == [(0.0, status)]


@pytest.mark.parametrize(("device", "status"), [(1, PAUSED), (6, RINGING), (2, TALKING), (5, AWAY)])
def test_a_pause_shows_only_in_who_does_nothing_else(device: int, status: AgentStatus) -> None:
    """A paused member on the phone talks; one who is signed off is away."""
    assert states(Reading().take(tells(Wire(), device, paused=True).take())) == [(0.0, status)]


def test_only_changes_are_told() -> None:
    wire = Wire()
    for second, device in enumerate([1, 1, 6, 6, 2, 1]):
        tells(wire.at(second), device)
    assert states(Reading().take(wire.take())) == [(0.0, FREE), (2.0, RINGING), (4.0, TALKING), (5.0, FREE)]


def test_who_it_is_about() -> None:
    reading = Reading().take(tells(Wire(), 1).take())
    assert reading.facts == [
        AgentState(
            system="pbx1", queue="help", agent="PJSIP/agent1", member="Kim Minji", status=FREE, at=instant(us(0))
        )
    ]


@pytest.mark.parametrize("live", [True, False])
def test_wrap_up_ends_by_itself(live: bool) -> None:
    """The conversation is over at 60.25, wrap-up is 15 s: free at 75.25, to the microsecond, live and in replay."""
    wire = Wire()
    tells(wire, 2, wrapup=15)
    wire.at(60.25).event("AgentComplete", Queue="help", Interface="PJSIP/agent1", MemberName="Kim Minji")
    tells(wire, 1, wrapup=15)
    reading = Reading(live=live).take(wire.take())
    assert states(reading) == [(0.0, TALKING), (60.25, WRAP_UP)]
    assert reading.tracker.next_deadline_us == us(75.25)
    if live:
        reading.advance(75.249999)
        assert len(states(reading)) == 2
        reading.advance(75.25)
    else:
        wire.at(80).event("QueueParams", Queue="help", Calls=0)
        reading.take(wire.take())
    assert states(reading) == [(0.0, TALKING), (60.25, WRAP_UP), (75.25, FREE)]


def test_wrap_up_from_the_last_call_alone() -> None:
    """Without AgentComplete the whole second of LastCall is what there is: 60 + 15 = 75."""
    wire = Wire()
    tells(wire.at(60.4), 1, last_call=60, wrapup=15)
    reading = Reading().take(wire.take()).advance(100)
    assert states(reading) == [(60.4, WRAP_UP), (75.0, FREE)]


def test_a_wrap_up_long_past_is_none() -> None:
    wire = Wire()
    tells(wire.at(600), 1, last_call=60, wrapup=15)
    assert states(Reading().take(wire.take()).advance(700)) == [(600.0, FREE)]


def test_a_call_in_the_wrap_up_goes_before_it() -> None:
    wire = Wire()
    tells(wire, 1, last_call=0, wrapup=30)
    tells(wire.at(10), 6, last_call=0, wrapup=30)
    tells(wire.at(12), 2, last_call=0, wrapup=30)
    reading = Reading().take(wire.take()).advance(60)
    assert states(reading) == [(0.0, WRAP_UP), (10.0, RINGING), (12.0, TALKING)]


def test_a_member_who_leaves() -> None:
    wire = Wire()
    tells(wire, 1)
    wire.at(5).event("QueueMemberRemoved", Queue="help", MemberName="Kim Minji", Interface="PJSIP/agent1")
    tells(wire.at(9), 1)
    assert states(Reading().take(wire.take())) == [(0.0, FREE), (5.0, None), (9.0, FREE)]


def test_one_person_in_two_queues_is_two_members() -> None:
    wire = Wire()
    tells(wire, 1, queue="help")
    tells(wire, 1, paused=True, queue="sales")
    facts = Reading().take(wire.take()).of(AgentState)
    assert [(fact.queue, fact.status) for fact in facts] == [("help", FREE), ("sales", PAUSED)]


def test_a_member_without_interface_is_nobody() -> None:
    wire = Wire()
    wire.event("QueueMemberStatus", Queue="help", MemberName="Kim", Status=1)
    wire.event("AgentComplete", Queue="help", Interface="PJSIP/never-seen")
    assert Reading().take(wire.take()).facts == []


def test_how_many_wait() -> None:
    wire = Wire()
    wire.event("QueueParams", Queue="help", Calls=2)
    wire.at(1).event("QueueParams", Queue="help", Calls=2)
    wire.at(2).event("QueueCallerJoin", Queue="help", Count=3, Uniqueid="9.9")
    wire.at(3).event("QueueCallerLeave", Queue="help", Count=2, Uniqueid="9.9")
    found = [(fact.queue, fact.callers, fact.at) for fact in Reading().take(wire.take()).of(QueueCallers)]
    assert found == [("help", 2, instant(us(0))), ("help", 3, instant(us(2))), ("help", 2, instant(us(3)))]


def test_wrap_up_goes_on_when_the_clock_is_set_back() -> None:
    """15 s of wrap-up, 5 s gone, and the clock goes back from 105 to 50: free 10 s later, at 60, not at 115."""
    wire = Wire()
    tells(wire.at(100), 1, last_call=100, wrapup=15)
    wire.at(105).event("QueueParams", Queue="help", Calls=0)
    for calls in (1, 2, 3):  # one event from the past is a damaged stamp; three in a row are the time
        wire.at(50).event("QueueParams", Queue="help", Calls=calls)
    reading = Reading().take(wire.take()).advance(61)
    assert states(reading) == [(100.0, WRAP_UP), (60.0, FREE)]

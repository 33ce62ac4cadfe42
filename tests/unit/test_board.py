"""The board, fed by hand: clocks are the facts' own, expected values worked out beside them."""

from __future__ import annotations

from typing import get_args

import pytest

from monitor.board import MAX_QUEUES, Board
from monitor.calls.facts import (
    AgentStatus,
    CallAnswered,
    CallForgotten,
    CallKey,
    Fact,
    Gap,
    GapCause,
    Outcome,
    QueueCallers,
    RingingCeased,
    Stage,
    TransferEnded,
)

from .board_facts import (
    KEY,
    LINE,
    agent,
    at,
    board_of,
    breach,
    ended,
    rings,
    silent,
    stage,
    started,
    the_call,
    transfer,
)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(10, 1), (12.999999, 1), (13, 2), (18.999999, 3), (19, 4)],
    ids=["at the first bell", "last of ring 1", "ring 2 at 3 s", "last of ring 3", "ring 4 at 9 s"],
)
def test_a_ringing_call_counts_on_with_the_clock(seconds: float, expected: int) -> None:
    board = board_of(started(), rings("kim", 10))

    assert the_call(board).rings(at(seconds)) == expected


def test_two_phones_at_once_ring_once() -> None:
    # kim 10 to 15, lee 12 to 20: one stretch from 10, so at 18 the caller has heard 8 s, which is ring 3 (6 to 9 s).
    board = board_of(started(), rings("kim", 10), rings("lee", 12, 2), silent("kim", 10, 15))

    assert the_call(board).ringing_us(at(18)) == 8_000_000
    assert the_call(board).rings(at(18)) == 3
    assert list(the_call(board).phones) == ["PJSIP/lee-01"]

    board.record(silent("lee", 12, 20))

    assert the_call(board).ringing_us(at(60)) == 10_000_000
    assert the_call(board).rings(at(60)) == 4
    assert board.ringing == {}


def test_a_phone_falls_silent_before_it_is_known_why() -> None:
    """It rings from 0 to 5, again from 8; the first attempt's result arrives at 9 and must not silence the second."""
    board = board_of(started(), rings("kim", 0), RingingCeased(key=KEY, channel="PJSIP/kim-01", at=at(5)))
    assert the_call(board).phones == {}
    assert the_call(board).ringing_us(at(7)) == 5_000_000

    board.record(rings("kim", 8, 5))
    board.record(silent("kim", 0, 5))

    assert the_call(board).ringing_us(at(10)) == 7_000_000
    board.record(RingingCeased(key=KEY, channel="PJSIP/kim-01", at=at(11)))
    board.record(silent("kim", 8, 11))
    assert the_call(board).ringing_us(at(20)) == 8_000_000
    assert board.ringing == {}


def test_silence_between_two_phones_does_not_count() -> None:
    # kim 0 to 5, five seconds of music, lee from 10: at 13.5 it is 5 + 3.5 = 8.5 s, ring 3; at 14.0 it is 9 s, ring 4.
    board = board_of(started(), rings("kim", 0), silent("kim", 0, 5))
    assert the_call(board).rings(at(9)) == 2

    board.record(rings("lee", 10, 5))

    assert the_call(board).rings(at(13.5)) == 3
    assert the_call(board).rings(at(14)) == 4


def test_a_transfers_ringing_is_counted_from_its_own_beginning() -> None:
    board = board_of(
        started(),
        rings("kim", 0),
        CallAnswered(key=KEY, line=LINE, agent="PJSIP/kim", member="Kim", queue="help", at=at(7), rings=3),
        silent("kim", 0, 7),
    )
    assert the_call(board).rings(at(50)) == 3

    board.record(rings("lee", 60, counting=False))

    # 4 s of lee's phone: ring 2 of the transfer, whatever kim's phone rang before.
    assert the_call(board).rings(at(64)) == 2
    assert board.oldest_ringing() == {}


def test_a_clock_that_lags_behind_the_events_shows_no_negative_ringing() -> None:
    board = board_of(started(), rings("kim", 10))

    assert the_call(board).ringing_us(at(9)) == 0


def test_gauges_return_to_zero_when_every_call_has_ended() -> None:
    board = board_of(
        started(),
        stage(Stage.WAITING, 1),
        stage(Stage.RINGING, 2),
        rings("kim", 2),
        breach(11),
    )
    assert board.stages["pbx", LINE, Stage.RINGING] == 1
    assert board.past_limit() == {("pbx", LINE): 1}
    assert board.oldest_ringing() == {("pbx", LINE): at(2)}

    board.record(ended())

    assert set(board.stages.values()) == {0}
    assert board.past_limit() == {}
    assert board.oldest_ringing() == {}
    assert board.calls == {}
    assert board.ringing == {}


def test_a_call_past_the_limit_counts_only_while_a_phone_rings() -> None:
    board = board_of(started(), rings("kim", 0), breach(9), silent("kim", 0, 12))
    assert board.past_limit() == {}

    board.record(rings("lee", 20, 12))

    assert board.past_limit() == {("pbx", LINE): 1}


def test_the_oldest_ringing_call_is_the_one_named() -> None:
    other = CallKey(system="pbx", linkedid="2.1")
    board = board_of(started(), started(other, 1), rings("lee", 5, key=other), rings("kim", 8))

    assert board.oldest_ringing() == {("pbx", LINE): at(5)}


def test_a_consultation_that_was_no_call_is_taken_away() -> None:
    consultation = CallKey(system="pbx", linkedid="9.1")
    board = board_of(started(), started(consultation, 3), CallForgotten(key=consultation, into=KEY))

    assert list(board.calls) == [KEY]
    assert board.stages["pbx", LINE, Stage.ANNOUNCEMENT] == 1


def test_every_kind_of_fact_is_taken() -> None:
    """A kind added to the facts and forgotten here would be a failure at run time."""
    assert set(Board()._takers) == set(get_args(Fact))


def test_facts_about_an_unknown_call_change_nothing() -> None:
    board = board_of(stage(Stage.RINGING, 1), rings("kim", 1), silent("kim", 1, 2), ended(seconds=3), rings("kim", 4))

    assert board.calls == {}
    assert board.ringing == {}
    assert sum(board.stages.values()) == 0


def test_a_breach_names_people_and_learns_how_the_call_ended() -> None:
    board = board_of(agent("lee", AgentStatus.FREE, 0), started(), rings("kim", 0), breach(9, agents=("PJSIP/kim",)))
    board.record(breach(9.5, key=CallKey(system="pbx", linkedid="8"), agents=("PJSIP/lee", "PJSIP/unknown")))
    assert [entry.agents for entry in board.breaches] == [("Kim",), ("Lee", "PJSIP/unknown")]
    assert board.breaches[0].outcome is None

    board.record(ended(outcome=Outcome.ABANDONED_RINGING))

    assert board.breaches[0].outcome is Outcome.ABANDONED_RINGING
    assert board.breaches[0].rings == 2  # the record's own final count
    assert board.breaches[1].outcome is None


def test_lists_of_what_happened_keep_the_newest() -> None:
    board = Board(keep=3)
    for number in range(5):
        key = CallKey(system="pbx", linkedid=str(number))
        board.record(breach(number, key=key))
        board.record(TransferEnded(key=key, line=LINE, transfer=transfer()))

    assert [entry.key.linkedid for entry in board.breaches] == ["2", "3", "4"]
    assert [entry.key.linkedid for entry in board.transfers] == ["2", "3", "4"]


def test_agents_are_counted_per_queue_and_leave() -> None:
    board = board_of(
        agent("kim", AgentStatus.FREE, 0),
        agent("kim", AgentStatus.FREE, 0, queue="sales"),
        agent("lee", AgentStatus.FREE, 0),
        agent("kim", AgentStatus.TALKING, 5),
    )
    assert board.agent_counts["pbx", "help", AgentStatus.FREE] == 1
    assert board.agent_counts["pbx", "help", AgentStatus.TALKING] == 1
    assert board.agent_counts["pbx", "sales", AgentStatus.FREE] == 1
    assert board.agents["pbx", "help", "PJSIP/kim"].since_at == at(5)

    board.record(agent("kim", AgentStatus.TALKING, 9))
    assert board.agents["pbx", "help", "PJSIP/kim"].since_at == at(5)  # the same state told again is not a new one

    for phone, queue in (("kim", "help"), ("kim", "sales"), ("lee", "help"), ("lee", "help")):
        board.record(agent(phone, None, 10, queue))
    assert set(board.agent_counts.values()) == {0}
    assert board.agents == {}


def test_queues_are_bounded() -> None:
    board = Board()
    for number in range(MAX_QUEUES + 50):
        board.record(QueueCallers(system="pbx", queue=f"q{number}", callers=1, at=at(0)))
        board.record(agent("kim", AgentStatus.FREE, 0, queue=f"q{number}"))

    assert len(board.queue_callers) == MAX_QUEUES
    assert len(board.agents) == MAX_QUEUES
    board.record(QueueCallers(system="pbx", queue="q3", callers=7, at=at(1)))
    assert board.queue_callers["pbx", "q3"] == 7


def test_a_system_is_down_for_as_long_as_any_gap_is_open() -> None:
    board = Board(systems=["pbx"])
    system = board.systems["pbx"]
    assert not system.observed
    assert system.cause is None

    board.record(started())
    assert system.observed

    board.record(Gap(system="pbx", started_at=at(10), ended_at=None, cause=GapCause.NOT_CONNECTED))
    board.record(Gap(system="pbx", started_at=at(15), ended_at=None, cause=GapCause.NOT_BOOTED))
    assert not system.observed
    assert system.since_at == at(10)

    board.record(Gap(system="pbx", started_at=at(10), ended_at=at(20), cause=GapCause.NOT_CONNECTED))
    assert (system.observed, system.cause, system.since_at) == (False, GapCause.NOT_BOOTED, at(15))

    board.record(ended(seconds=16))  # a call the interruption ended is no sign of life
    assert not system.observed

    board.record(Gap(system="pbx", started_at=at(15), ended_at=at(25), cause=GapCause.NOT_BOOTED))
    assert (system.observed, system.cause, system.since_at) == (True, None, at(25))

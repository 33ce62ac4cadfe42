"""Why callers waited: worked out by hand, second by second."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from monitor.calls.facts import AgentState, AgentStatus, AttemptResult, Gap, GapCause, Outcome
from monitor.ledger.coverage import unobserved
from monitor.ledger.members import members
from monitor.ledger.rows import CALLS
from monitor.reports.figures import Why
from monitor.reports.worst_hours import Reasons, joined, within, without
from tests.ledger.records import a_call, after, ring

if TYPE_CHECKING:
    from monitor.calls.facts import Call
    from monitor.ledger import Repository

FREE, TALKING, PAUSED = AgentStatus.FREE, AgentStatus.TALKING, AgentStatus.PAUSED
LONG_AGO = -86_400


def state(agent: str, seconds: float, status: AgentStatus | None, queue: str = "support") -> AgentState:
    return AgentState(
        system="pbx1", queue=queue, agent=f"PJSIP/{agent}", member=agent, status=status, at=after(seconds)
    )


def waited(asked: float, ended: float, *attempts: Any, **changes: Any) -> Call:
    """A caller who asked `asked` seconds after nine and left at `ended`."""
    return a_call(
        **{
            "asked_at": after(asked),
            "answered_at": None,
            "ended_at": after(ended),
            "outcome": Outcome.ABANDONED_WAITING,
            "attempts": attempts,
            "transfers": (),
            "holds": (),
        }
        | changes
    )


def reasons(repository: Repository, *facts: Any) -> dict[Why, float]:
    """In seconds."""
    repository.record_all(facts)
    with repository.store.reading() as connection:
        gaps = {"pbx1": unobserved(connection, "pbx1", after(LONG_AGO), after(86_400))}
        found = Reasons(connection, gaps).of(CALLS.c.filed_at >= after(LONG_AGO))
    return {why: us / 1_000_000 for why, us in found.items()}


def test_a_wait_is_told_second_by_second(repository: Repository) -> None:
    """Asked at 10, left at 110. Phones rang from 20 to 30 and, two at once, from 25 to 35: 15 s.

    agent1 talked since long ago, was free from 50, and paused from 60; agent2 was away until signing out at 70.
    Without the ringing: 10-20 busy, 35-50 busy, 50-60 free, 60-110 nobody.
    """
    found = reasons(
        repository,
        waited(
            10,
            110,
            ring("agent1", 20, 30, AttemptResult.NO_ANSWER),
            ring("agent2", 25, 35, AttemptResult.CALLER_LEFT),
        ),
        state("agent1", LONG_AGO, TALKING),
        state("agent1", 50, FREE),
        state("agent1", 60, PAUSED),
        state("agent2", LONG_AGO, AgentStatus.AWAY),
        state("agent2", 70, None),
    )
    assert found == {
        Why.PHONES_UNANSWERED: 15,
        Why.ALL_BUSY: 10 + 15,
        Why.NOT_OFFERED: 10,
        Why.NOBODY_SIGNED_IN: 50,
    }


def test_what_was_not_observed_is_not_explained(repository: Repository) -> None:
    """0-30 before any state, 30-50 free, 50-70 in a gap; in it a phone was still seen to ring from 65."""
    found = reasons(
        repository,
        waited(0, 70, ring("agent1", 65, 70, AttemptResult.CALLER_LEFT)),
        state("agent1", 30, FREE),
        Gap(system="pbx1", started_at=after(50), ended_at=after(100), cause=GapCause.NOT_CONNECTED),
    )
    assert found == {Why.PHONES_UNANSWERED: 5, Why.NOT_OFFERED: 20, Why.NOT_OBSERVED: 30 + 15}


def test_only_ringing_before_the_answer_is_waiting(repository: Repository) -> None:
    """Asked at 0, answered at 10; the phone of a transfer that rang from 50 to 54 held nobody up before."""
    call = waited(0, 60, ring("agent1", 4, 10, AttemptResult.ANSWERED), ring("agent2", 50, 54, AttemptResult.ANSWERED))
    found = reasons(
        repository, replace(call, outcome=Outcome.ANSWERED, answered_at=after(10)), state("agent1", LONG_AGO, TALKING)
    )
    assert found == {Why.PHONES_UNANSWERED: 6, Why.ALL_BUSY: 4}


@pytest.mark.parametrize(
    ("queue", "why"),
    [("support", Why.ALL_BUSY), ("sales", Why.NOT_OFFERED), ("other", Why.NOT_OBSERVED), (None, Why.NOT_OFFERED)],
)
def test_a_caller_waits_for_the_members_of_the_queue(repository: Repository, queue: str | None, why: Why) -> None:
    """Without a queue, for anybody's."""
    found = reasons(
        repository,
        waited(0, 10, queue=queue),
        state("agent1", LONG_AGO, TALKING),
        state("agent2", LONG_AGO, FREE, queue="sales"),
    )
    assert found == {why: 10}


@pytest.mark.parametrize("changes", [{"asked_at": None}, {"ended_at": None}])
def test_a_wait_of_which_an_end_was_not_seen_tells_nothing(repository: Repository, changes: dict[str, Any]) -> None:
    assert reasons(repository, waited(0, 10, **changes), state("agent1", LONG_AGO, FREE)) == {}


def test_members_are_found_past_all_that_they_did(repository: Repository) -> None:
    states = [state(agent, second, FREE) for agent in ("a", "b") for second in range(20)]
    states += [state("a", 7, None, queue="sales"), replace(state("c", 0, FREE), system="pbx2")]
    repository.record_all(states)
    with repository.store.reading() as connection:
        found = list(members(connection, "pbx1"))
    assert [(each.queue, each.agent, each.first_at) for each in found] == [
        ("sales", "PJSIP/a", after(7)),
        ("support", "PJSIP/a", after(0)),
        ("support", "PJSIP/b", after(0)),
    ]


def test_spans() -> None:
    assert joined([(5, 7), (1, 3), (2, 4), (7, 9), (6, 6)]) == [(1, 4), (5, 9)]
    assert within([(1, 4), (5, 9), (9, 12)], (3, 9)) == [(3, 4), (5, 9)]
    assert without([(0, 10), (20, 30)], [(2, 4), (8, 22), (25, 26), (30, 40)]) == [(0, 2), (4, 8), (22, 25), (26, 30)]

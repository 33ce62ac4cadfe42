"""Writing facts and reading them back, on both kinds of store."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, func, select

from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    AttemptResult,
    Call,
    CallKey,
    Gap,
    GapCause,
    Outcome,
)
from monitor.calls.rules import Reading, RingRule
from monitor.errors import StoreError
from monitor.ledger import RefusedFact, Repository
from monitor.ledger.rows import ATTEMPTS, CALLS, TRANSFERS, StoredFact, StoredRule

from .records import NINE, a_call, after, agent_states, calls, gaps, partly, ring, rules

DAY = (NINE - timedelta(hours=9), NINE + timedelta(hours=15))
_numbers = itertools.count()
# One store serves all examples: each writes keys of its own.
any_facts = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def everything(repository: Repository) -> list[Call]:
    return list(repository.calls(*DAY))


def stored(repository: Repository, table: Table) -> int:
    """How many rows there are, whether they belong to a call or not."""
    with repository.store.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


@any_facts
@given(batch=st.lists(calls, min_size=1, max_size=4))
def test_any_call_comes_back_as_it_was(repository: Repository, batch: list[Call]) -> None:
    # A number of its own makes each call another one.
    batch = [
        replace(call, key=CallKey(system=call.key.system, linkedid=f"{call.key.linkedid}-{next(_numbers)}"))
        for call in batch
    ]
    repository.record_all(batch)
    assert [repository.call(call.key) for call in batch] == batch


@any_facts
@given(state=agent_states, gap=gaps, rule=rules)
def test_any_other_fact_comes_back_as_it_was(
    repository: Repository, state: AgentState, gap: Gap, rule: StoredRule
) -> None:
    # An interval of no length takes back one that was told, but for a clock that was set.
    assume(gap.ended_at != gap.started_at or gap.cause is GapCause.CLOCK_STEP)
    number = next(_numbers)
    state, gap = replace(state, system=f"{state.system}-{number}"), replace(gap, system=f"{gap.system}-{number}")
    rule = replace(rule, name=f"{rule.name}-{number}")
    repository.record_all([state, gap, rule])
    microsecond = timedelta(microseconds=1)
    assert repository.agent_states(state.at, state.at + microsecond, system=state.system) == [state]
    ended_at = gap.ended_at or gap.started_at
    seen = (min(gap.started_at, ended_at) - microsecond, max(gap.started_at, ended_at) + microsecond)
    assert repository.gaps(*seen, system=gap.system) == [gap]
    assert rule in repository.rules()


def test_written_twice_is_written_once(repository: Repository) -> None:
    facts: list[StoredFact] = [
        a_call("1.1"),
        a_call("1.2"),
        AgentState(
            system="pbx1", queue="support", agent="PJSIP/agent1", member="Agent1", status=AgentStatus.FREE, at=NINE
        ),
        Gap(system="pbx1", started_at=NINE, ended_at=after(5), cause=GapCause.RESTARTED),
        StoredRule.of(RingRule()),
    ]
    repository.record_all(facts + facts)
    repository.record_all(facts)
    assert everything(repository) == facts[:2]
    assert repository.agent_states(*DAY) == [facts[2]]
    assert repository.gaps(*DAY) == [facts[3]]
    assert repository.rules() == [facts[4]]
    # Two calls, each with two attempts and one transfer.
    assert [stored(repository, table) for table in (CALLS, ATTEMPTS, TRANSFERS)] == [2, 4, 2]


WHOLE = a_call()
PARTLY = partly(WHOLE, recorded_at=after(500))
OPEN = replace(WHOLE, outcome=Outcome.UNOBSERVED, ended_at=None, recorded_at=after(400))
LATER = replace(WHOLE, talking_us=1, attempts=(ring("agent3", 2, 3, AttemptResult.FAILED),), recorded_at=after(90))


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [
        pytest.param(PARTLY, WHOLE, WHOLE, id="whole takes the place of partly"),
        pytest.param(WHOLE, PARTLY, WHOLE, id="partly does not take the place of whole, though later"),
        pytest.param(OPEN, WHOLE, WHOLE, id="a known end takes the place of none"),
        pytest.param(WHOLE, OPEN, WHOLE, id="no end does not take the place of a known one, though later"),
        pytest.param(WHOLE, LATER, LATER, id="of equal ones the later recorded stays"),
        pytest.param(LATER, WHOLE, LATER, id="an older record does not come back"),
        pytest.param(
            WHOLE,
            replace(WHOLE, rings=9, holds=()),
            replace(WHOLE, rings=9, holds=()),
            id="replayed by a newer release",
        ),
    ],
)
@pytest.mark.parametrize("together", [False, True], ids=["in two batches", "in one batch"])
def test_the_more_complete_record_of_a_call_stays_whole(
    repository: Repository, first: Call, second: Call, stays: Call, together: bool
) -> None:
    """With its own attempts, transfers and holds: none of the other record's remain."""
    for batch in [[first, second]] if together else [[first], [second]]:
        repository.record_all(batch)
    assert everything(repository) == [stays]
    assert stored(repository, ATTEMPTS) == len(stays.attempts)


def test_a_gap_gets_its_end_and_keeps_it(repository: Repository) -> None:
    begun = Gap(system="pbx1", started_at=NINE, ended_at=None, cause=GapCause.NOT_CONNECTED)
    ended = replace(begun, ended_at=after(7))
    repository.record_all([begun])
    assert repository.gaps(*DAY) == [begun]
    repository.record_all([ended])
    repository.record_all([begun])
    assert repository.gaps(*DAY) == [ended]


def test_gaps_are_found_by_the_period_they_touch(repository: Repository) -> None:
    gap = Gap(system="pbx1", started_at=after(10), ended_at=after(20), cause=GapCause.MONITOR_DOWN)
    lasting = Gap(system="pbx2", started_at=after(12), ended_at=None, cause=GapCause.NOT_CONNECTED)
    repository.record_all([lasting, gap])
    assert repository.gaps(after(0), after(10)) == []
    assert repository.gaps(after(0), after(11)) == [gap]
    assert repository.gaps(after(20), after(30)) == [lasting]
    assert repository.gaps(after(0), after(30), system="pbx2") == [lasting]


def test_a_rule_cannot_change_under_its_version(repository: Repository) -> None:
    rule = RingRule()
    repository.record_rule(rule)
    repository.record_rule(rule)
    with pytest.raises(RefusedFact, match=r"knows another rule three-rings/1: give the changed rule a new version\.$"):
        repository.record_rule(RingRule(limit=4))
    repository.record_rule(RingRule(limit=4, version=2, headline=Reading.BEFORE))
    assert [(stored.label, stored.limit, stored.period_us) for stored in repository.rules()] == [
        ("three-rings/1", 3, 3_000_000),
        ("three-rings/2", 4, 3_000_000),
    ]
    assert repository.rules()[0].definition == {
        "limit": 3,
        "headline": "within",
        "country": "KR",
        "pattern_ms": [1000, 2000],
        "period_us": 3_000_000,
    }


def test_one_refused_fact_keeps_the_whole_batch_out(repository: Repository) -> None:
    naive = replace(a_call("1.2"), recorded_at=NINE.replace(tzinfo=None), entered_at=None)
    for bad in (naive, a_call("1.3", rings=2**80), a_call("1.4", verdicts=())):
        with pytest.raises(RefusedFact):
            repository.record_all([a_call("1.1"), bad])
    assert everything(repository) == []


def test_a_nul_from_a_caller_is_written_as_a_replacement_character(repository: Repository) -> None:
    told = a_call("1.\0", caller="010\0'; DROP TABLE calls; --", member="김\u2028영희 ☎")
    repository.record_all([told, told])
    written = replace(told, key=CallKey(system="pbx1", linkedid="1.\ufffd"), caller="010\ufffd'; DROP TABLE calls; --")
    assert everything(repository) == [written]
    assert repository.call(told.key) == written
    assert repository.call(CallKey(system="pbx1", linkedid="other")) is None


def test_calls_come_in_the_order_of_their_filing_however_many(repository: Repository) -> None:
    """1203 calls need three pages; 401 of each three share their instant, so that pages are cut within one."""
    written = [a_call(f"1.{number:04}", entered_at=after(number % 3)) for number in range(1203)]
    repository.record_all(written)
    assert everything(repository) == sorted(written, key=lambda call: (call.filed_at, call.key.linkedid))


def test_a_period_begins_with_its_first_instant_and_ends_before_its_last(repository: Repository) -> None:
    """A call whose entry was not seen is filed under the first instant that was."""
    early = a_call("1.1", entered_at=after(10))
    unseen = a_call("1.2", entered_at=None, asked_at=None, first_ring_at=after(20), line="second")
    late = a_call("1.3", entered_at=after(30))
    repository.record_all([late, unseen, early])
    assert list(repository.calls(after(10), after(30))) == [early, unseen]
    assert list(repository.calls(*DAY, line="second")) == [unseen]
    assert list(repository.calls(*DAY, system="pbx2")) == []


def test_two_programs_may_record_the_same_calls_at_once(store: str, repository: Repository) -> None:
    """Each writes 300 calls in batches, forwards and backwards; of each call the later record stays, with its parts."""
    earlier = [a_call(f"1.{number}") for number in range(300)]
    later = [replace(call, recorded_at=after(61), attempts=call.attempts[:1]) for call in reversed(earlier)]
    failures: list[Exception] = []

    def write(facts: list[Call]) -> None:
        other = Repository(store)
        try:
            for start in range(0, len(facts), 30):
                other.record_all(facts[start : start + 30])
        except StoreError as error:
            failures.append(error)
        finally:
            other.close()

    threads = [threading.Thread(target=write, args=(facts,)) for facts in (earlier, later)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(everything(repository), key=lambda call: call.key.linkedid) == sorted(
        later, key=lambda call: call.key.linkedid
    )


def test_the_last_instant_is_where_a_gap_lasts_or_the_newest_fact(repository: Repository) -> None:
    assert repository.last_instant("pbx1") is None

    repository.record_all([Gap(system="pbx1", started_at=after(0), ended_at=after(9), cause=GapCause.NOT_CONNECTED)])
    repository.record_all([Gap(system="pbx2", started_at=after(50), ended_at=after(59), cause=GapCause.NOT_CONNECTED)])
    assert repository.last_instant("pbx1") == after(9), "the newest fact, and of this system"

    repository.record_all([Gap(system="pbx1", started_at=after(20), ended_at=None, cause=GapCause.MONITOR_DOWN)])
    assert repository.last_instant("pbx1") == after(20)
    # A run that has gone on since asks for what was before it.
    repository.record_all([Gap(system="pbx1", started_at=after(40), ended_at=None, cause=GapCause.NOT_CONNECTED)])
    assert repository.last_instant("pbx1") == after(40)
    assert repository.last_instant("pbx1", before=after(40)) == after(20)
    assert repository.last_instant("pbx1", before=after(20)) == after(9)
    assert repository.last_instant("pbx1", before=after(9)) is None


def test_a_gap_of_no_length_takes_back_what_was_told(repository: Repository) -> None:
    """Another monitor saw all of it. That a clock was set is an instant, and stays."""
    told = Gap(system="pbx1", started_at=NINE, ended_at=None, cause=GapCause.NOT_CONNECTED)
    step = Gap(system="pbx1", started_at=after(5), ended_at=after(5), cause=GapCause.CLOCK_STEP)
    repository.record_all([told, step])
    for _ in range(2):
        repository.record_all([replace(told, ended_at=NINE)])
        assert repository.gaps(NINE - timedelta(hours=1), after(3600)) == [step]

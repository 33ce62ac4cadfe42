"""Figures as counted by both databases, against a plain count of every call."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from monitor.calls.facts import Call, Outcome, Source, TransferKind, TransferResult, Verdict
from monitor.calls.rules import Reading, RingRule
from monitor.errors import ReportError, StoreError
from monitor.ledger import Repository, upgrade
from monitor.masking import masked_within
from monitor.reports.counting import figures_of
from monitor.reports.order import Order
from monitor.reports.periods import Period
from monitor.worktime import Hours

from . import plain_count as plain
from .plain_count import BASIS, RULE, TEAMS, ZONE, by, hours_of, quantiles_of, tally_of, waits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.reports.figures import Figures
    from tests.ledger.postgres import Cluster

pytestmark = pytest.mark.xdist_group("counting")
NOW = datetime(2026, 12, 1, tzinfo=UTC)
TWO_DAYS = Order(period=Period.days_between(date(2026, 10, 6), date(2026, 10, 7), ZONE))
COUNTED = [Hours.WORKING]
"""The lunch shift does not count."""


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    return plain.facts(tmp_path_factory.mktemp("simulated"))


@pytest.fixture(scope="session")
def calls(simulated: list[Any]) -> list[Call]:
    return [fact for fact in simulated if isinstance(fact, Call)]


@contextmanager
def written(store: str, facts: list[Any]) -> Iterator[Repository]:
    """A ledger of the day."""
    upgrade(store)
    repository = Repository(store)
    repository.record_rule(RULE)
    repository.record_all(facts)
    yield repository
    repository.close()


@pytest.fixture(scope="session")
def ledger(simulated: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with written(str(tmp_path_factory.mktemp("counting") / "ledger.sqlite3"), simulated) as repository:
        yield repository


@pytest.fixture(scope="session")
def ledger_on_postgresql(simulated: list[Any], cluster: Cluster) -> Iterator[Repository]:
    with written(cluster.create_database(), simulated) as repository:
        yield repository


def counted(repository: Repository, order: Order = TWO_DAYS, **changes: Any) -> Figures:
    return figures_of(repository.store, order, replace(BASIS, **changes), now=NOW)


@pytest.fixture(scope="session")
def figures(ledger: Repository) -> Figures:
    return counted(ledger)


def judged(calls: list[Call]) -> list[Call]:
    return [call for call in calls if hours_of(call) in COUNTED]


def test_the_day_holds_what_it_is_to_show(calls: list[Call]) -> None:
    assert len(calls) > 400
    assert {call.source for call in calls} == set(Source)
    assert len({call.line for call in calls}) == 2
    assert None in {call.queue for call in calls}
    assert {hours_of(call) for call in calls} == set(Hours)
    assert {transfer.kind for call in calls for transfer in call.transfers} == set(TransferKind)
    assert {verdict for call in calls for _, verdict in call.verdicts} == set(Verdict)


@pytest.mark.stage
def test_both_databases_give_the_same_figures(
    ledger: Repository, ledger_on_postgresql: Repository, figures: Figures
) -> None:
    lite, post = ledger, ledger_on_postgresql
    assert counted(post) == figures
    assert counted(post, judged_on="all") == counted(lite, judged_on="all")
    anew = replace(TWO_DAYS, rule="two", line="main", queue="counsel")
    rules = (RULE, RingRule(name="two", limit=2, country="US", headline=Reading.BEFORE))
    assert counted(post, anew, rules=rules) == counted(lite, anew, rules=rules)


def test_sums_are_those_of_every_call(figures: Figures, calls: list[Call]) -> None:
    assert figures.whole == tally_of(calls)
    assert figures.judged == tally_of(judged(calls))
    assert figures.by_hours == by(calls, hours_of)
    assert figures.half_hours == by(calls, plain.half_hour)
    assert figures.queues == by(calls, lambda call: call.queue)
    assert figures.teams == by(calls, lambda call: call.team)
    assert set(figures.teams) == {*TEAMS.names, None}
    assert figures.by_line == by(calls, lambda call: call.line)
    assert {day.day: day.tally for day in figures.days} == by(calls, plain.day_of)
    assert figures.months == {(2026, 10): tally_of(judged(calls))}
    assert figures.sources == Counter(call.source for call in calls)
    assert figures.lines == ("main", "second")
    assert [(rule.label, rule.calls) for rule in figures.rules] == [("three-rings/1", len(calls))]


def test_parts_add_up_to_the_whole(figures: Figures) -> None:
    for parts in (figures.by_hours, figures.half_hours, figures.queues, figures.teams, figures.by_line):
        total = tally_of([])
        for tally in parts.values():
            total.add(tally)
        assert total == figures.whole
    rung = sum(row.answered + sum(row.never_answered.values()) for row in figures.ring_counts)
    assert rung + figures.ringing_unknown == figures.judged.offered


def test_rings_and_waiting_are_those_of_the_judged_calls(figures: Figures, calls: list[Call]) -> None:
    known = Counter((call.rings, call.outcome) for call in judged(calls) if call.rings is not None)
    assert [row.rings for row in figures.ring_counts] == list(range(max(rings for rings, _ in known) + 1))
    for row in figures.ring_counts:
        assert row.answered == known[row.rings, Outcome.ANSWERED]
        assert row.never_answered == {
            outcome: calls
            for (rings, outcome), calls in known.items()
            if rings == row.rings and outcome is not Outcome.ANSWERED
        }
    assert figures.ringing_unknown == sum(call.rings is None for call in judged(calls)) > 0
    assert figures.waiting == quantiles_of(waits(judged(calls)))
    for hours in Hours:
        ours = [call for call in calls if hours_of(call) is hours]
        assert figures.waiting_by_hours[hours] == quantiles_of(waits(ours))


def test_agents_are_those_of_every_call(figures: Figures, calls: list[Call]) -> None:
    found = {
        (row.system, row.agent, row.member): [
            row.answered, row.pickups, row.kept, row.broken, row.attempts, row.ringing_us, row.talking_us, row.transfers
        ]
        for row in figures.agents
    }  # fmt: skip
    assert found == plain.agents_of(calls)
    names = [row.member or row.agent for row in figures.agents]
    assert names == sorted(names)


def test_calls_to_return_are_every_call_that_nobody_answered(figures: Figures, calls: list[Call]) -> None:
    found = [
        (call.linkedid, call.filed_at, call.line, call.queue, call.caller, call.outcome, call.rings)
        for call in figures.missed
    ]
    assert found == plain.missed_of(calls)


def test_transfers_are_those_of_every_call(figures: Figures, calls: list[Call]) -> None:
    every = [transfer for call in calls for transfer in call.transfers]
    people = [transfer for transfer in every if transfer.kind is not TransferKind.FORWARD]
    told = figures.transfers
    assert told.counts == Counter((each.kind, each.scope, each.result) for each in every)
    assert (told.by_people, told.announced) == (len(people), sum(each.announced for each in people))
    assert (told.consent_yes, told.consent_no) == tuple(
        sum(each.consent is yes for each in people) for yes in (True, False)
    )
    took = [each.reconnect_us for each in people if each.reconnect_us is not None]
    assert told.reconnection == quantiles_of(took)
    assert told.reconnection_by_kind == {
        kind: quantiles_of([us for each in people if each.kind is kind and (us := each.reconnect_us) is not None])
        for kind in {each.kind for each in people if each.reconnect_us is not None}
    }
    assert told.reconnection_rings == Counter(
        each.reconnect_rings for each in people if each.reconnect_rings is not None
    )
    chains = Counter(sum(each.kind is not TransferKind.FORWARD for each in call.transfers) for call in calls)
    assert told.chains == {often: calls for often, calls in chains.items() if often}
    to = Counter((masked_within(each.to), each.scope) for each in people)
    assert {(each.to, each.scope): each.transfers for each in told.targets} == to
    assert sum(each.completed for each in told.targets) == sum(
        each.result is TransferResult.COMPLETED for each in people
    )
    assert [each.transfers for each in told.targets] == sorted(to.values(), reverse=True)


def test_the_worst_hours_are_those_with_most_calls_broken_or_lost(figures: Figures, calls: list[Call]) -> None:
    lost = (Outcome.ANSWERED, Outcome.UNOBSERVED)
    failed = Counter(
        call.filed_at.replace(minute=0, second=0, microsecond=0)  # Seoul's clock shows UTC's minutes
        for call in calls
        if call.verdicts[0][1] is Verdict.BROKEN or call.outcome not in lost
    )
    ranked = sorted(failed, key=lambda hour: (-failed[hour], hour))[:10]
    assert [hour.started_at for hour in figures.worst_hours] == ranked
    for hour in figures.worst_hours:
        ours = [call for call in calls if call.filed_at.replace(minute=0, second=0, microsecond=0) == hour.started_at]
        assert hour.tally == tally_of(ours)
        waited = [
            (end - call.asked_at).total_seconds()
            for call in ours
            if call.asked_at is not None and (end := call.answered_at or call.ended_at) is not None
        ]
        assert sum(hour.waited_us.values()) == pytest.approx(sum(waited) * 1e6)
        assert hour.waited_us[hour.why] == max(hour.waited_us.values())


def test_the_rule_of_the_time_gives_what_is_stored(ledger: Repository, figures: Figures) -> None:
    """Judged anew under the very rule that judged them, calls come to the same."""
    anew = counted(ledger, replace(TWO_DAYS, rule="three-rings"))
    assert anew.recounted
    assert replace(anew, recounted=False, made_at=figures.made_at) == figures


def test_a_selection_is_that_of_its_calls(ledger: Repository, calls: list[Call]) -> None:
    found = counted(ledger, replace(TWO_DAYS, line="second", agents=False), judged_on="all")
    ours = [call for call in calls if call.line == "second"]
    assert found.whole == found.judged == tally_of(ours)
    assert found.agents == ()
    assert found.lines == ("second",)
    assert found.whole_us == 2 * 86_400_000_000


def test_the_days_before_are_compared_by_the_same_calls(ledger: Repository, calls: list[Call]) -> None:
    wednesday = Order(period=Period.days_between(date(2026, 10, 7), date(2026, 10, 7), ZONE))
    tuesday = [call for call in judged(calls) if plain.day_of(call) == date(2026, 10, 6)]
    found = counted(ledger, wednesday)
    assert found.before == tally_of(tuesday)
    assert found.year_before is None
    assert found.months_before == {}
    # By team all of them, as in the period itself, and not only those that are judged.
    before = [call for call in calls if plain.day_of(call) == date(2026, 10, 6)]
    assert found.teams_before == by(before, lambda call: call.team)
    assert counted(ledger, replace(wednesday, queue="counsel")).before == tally_of(
        call for call in tuesday if call.queue == "counsel"
    )
    # Of the other line there was no call on Tuesday.
    none = counted(ledger, replace(wednesday, line="second"))
    assert (none.before, none.teams_before) == (None, {})


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"line": "third"}, "There is no line 'third': known are main, second."),
        ({"queue": "nobody"}, "There is no queue 'nobody': known are claims, counsel."),
        ({"rule": "four-rings"}, "There is no ring rule 'four-rings': known are three-rings/1."),
        ({"rule": "three-rings/2"}, "There is no ring rule 'three-rings/2': known are three-rings/1."),
    ],
)
def test_what_nobody_knows_is_refused(ledger: Repository, asked: dict[str, str], says: str) -> None:
    with pytest.raises(ReportError) as refused:
        counted(ledger, replace(TWO_DAYS, **asked))  # type: ignore[arg-type] # names of an order's texts
    assert str(refused.value) == says


def test_progress_only_grows(ledger: Repository) -> None:
    steps: list[tuple[str, float]] = []

    class Noting:
        def step(self, step: str, share: float) -> None:
            steps.append((step, share))

    figures_of(ledger.store, TWO_DAYS, BASIS, now=NOW, progress=Noting())
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert steps[0] == ("reading", 0.0)
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize("table", ["calls", "ring_attempts", "transfers", "coverage_gaps"])
def test_a_ledger_that_lacks_something_is_said_so_whichever_thread_meets_it(
    simulated: list[Any], tmp_path: Path, table: str
) -> None:
    path = tmp_path / "ledger.sqlite3"
    with written(str(path), simulated[:200]) as repository:
        with closing(sqlite3.connect(path)) as other:
            other.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
        with pytest.raises(StoreError, match=f"no such table: {table}"):
            counted(repository)

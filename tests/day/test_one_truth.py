"""Board, /metrics, PromQL and ledger give the same figures of one replayed day, to the last call.

Counts are compared as integers. Rates are compared as what each of the four makes of them: the formulas of
`monitor.calls.formulas` on counts, and PromQL's own quotients.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from monitor.calls.facts import Outcome, TransferKind, Verdict
from monitor.calls.formulas import left_the_centre
from monitor.calls.rules import Reading
from monitor.ledger.filters import CallFilter
from monitor.ledger.statistics import period_statistics
from tests.ledger.records import known

from .day import LINE, SYSTEM, TEAMS

if TYPE_CHECKING:
    from .day import ReplayedDay

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("replayed_day")]
HERE = {"system": SYSTEM, "line": LINE}


@pytest.fixture(scope="module")
def exposed(replayed_day: ReplayedDay) -> Counter[tuple[str, str]]:
    """What /metrics says, read over HTTP: by name and the value of the label that matters, summed over all others."""
    text = httpx.get(f"{replayed_day.url}/metrics", trust_env=False).text
    found: Counter[tuple[str, str]] = Counter()
    for family in parse(text):
        for sample in family.samples:
            labels = sample.labels
            word = labels.get("outcome") or labels.get("kind") or labels.get("verdict") or ""
            name = sample.name + (f"/{labels['reading']}" if "reading" in labels else "")
            if not sample.name.startswith(("python_", "process_")) and "le" not in labels:
                found[name, word] += int(sample.value)
    return found


def promql(day: ReplayedDay, expression: str) -> float:
    """The one value of an expression at the day's end."""
    ((_, value),) = day.prometheus.query(expression, day.ended_at)
    return value


def by_label(day: ReplayedDay, expression: str, label: str) -> dict[str, float]:
    """The values that are not 0, by a label."""
    return {labels[label]: value for labels, value in day.prometheus.query(expression, day.ended_at) if value}


def test_the_day_is_worth_comparing(replayed_day: ReplayedDay) -> None:
    today = replayed_day.board.today(replayed_day.until)
    assert today.offered > 2_000
    assert set(today.transfers) == set(TransferKind)
    assert today.breaches > 100
    assert replayed_day.warnings == []
    assert replayed_day.board.calls == {}


def test_offered_answered_and_every_outcome(replayed_day: ReplayedDay, exposed: Counter[tuple[str, str]]) -> None:
    ledger = replayed_day.counted()
    today = replayed_day.board.today(replayed_day.until)
    outcomes = {str(outcome): count for outcome, count in ledger.outcomes.items()}
    assert sum(outcomes.values()) == ledger.offered == today.offered == replayed_day.facts["Call"]
    assert outcomes == dict(today.outcomes)
    assert outcomes == {outcome: n for outcome in Outcome if (n := exposed["callcenter_calls_total", outcome])}
    assert outcomes == by_label(replayed_day, "sum by (outcome) (callcenter_calls_total)", "outcome")


def test_calls_and_verdicts_of_each_team(replayed_day: ReplayedDay) -> None:
    """Statistics of the ledger, a count by SQL's own GROUP BY, the board and Prometheus; the day has calls of each."""
    chosen = CallFilter(since=replayed_day.since, until=replayed_day.until)
    store = replayed_day.repository.store
    teams = period_statistics(store, chosen, now=replayed_day.until, systems=[SYSTEM], by_team=True).teams
    with store.reading() as connection:
        counted = connection.exec_driver_sql("SELECT team, verdict_within, count(*) FROM calls GROUP BY 1, 2").all()
    assert {team for team, _, _ in counted} == {*TEAMS.names, None}
    verdicts = {(team, verdict): count for team, verdict, count in counted}
    assert verdicts == {
        (team, verdict): count
        for team, tally in teams.items()
        for verdict, count in tally.verdicts[Reading.WITHIN].items()
    }
    today = replayed_day.board.day.by_team(replayed_day.until)
    assert verdicts == {
        (team, verdict): count
        for team, day in today.items()
        for verdict in Verdict
        if (count := day.verdicts[Reading.WITHIN, verdict])
    }
    asked = 'sum by (team, verdict) (callcenter_team_verdicts_total{reading="within"})'
    found = {
        (None if labels["team"] == "none" else labels["team"], labels["verdict"]): value
        for labels, value in replayed_day.prometheus.query(asked, replayed_day.ended_at)
        if value
    }
    assert found == verdicts
    offered = by_label(replayed_day, "sum by (team) (callcenter_team_calls_total)", "team")
    assert offered == {team or "none": tally.offered for team, tally in teams.items()}


def test_answer_rate(replayed_day: ReplayedDay) -> None:
    ledger = replayed_day.counted()
    asked = 'sum(callcenter_calls_total{outcome="answered"}) / sum(callcenter_calls_total)'
    rate = ledger.outcomes[Outcome.ANSWERED] / ledger.offered
    assert replayed_day.board.today(replayed_day.until).answer_rate == rate == promql(replayed_day, asked)


@pytest.mark.parametrize("reading", Reading)
def test_compliance(replayed_day: ReplayedDay, exposed: Counter[tuple[str, str]], reading: Reading) -> None:
    today = replayed_day.board.today(replayed_day.until)
    ledger = replayed_day.counted().verdicts[reading]
    assert {verdict: ledger[verdict] for verdict in Verdict} == {
        verdict: exposed[f"callcenter_ring_verdicts_total/{reading}", verdict] for verdict in Verdict
    }
    assert ledger == {verdict: today.verdicts[reading, verdict] for verdict in Verdict}
    chosen = f'callcenter_ring_verdicts_total{{reading="{reading}"'
    assert {str(verdict): count for verdict, count in ledger.items()} == by_label(
        replayed_day, f"sum by (verdict) ({chosen}}})", "verdict"
    )
    rate = ledger[Verdict.KEPT] / (ledger[Verdict.KEPT] + ledger[Verdict.BROKEN])
    asked = f'sum({chosen},verdict="kept"}}) / sum({chosen},verdict=~"kept|broken"}})'
    assert today.compliance(reading) == rate == promql(replayed_day, asked)


def test_transfers_by_kind(replayed_day: ReplayedDay, exposed: Counter[tuple[str, str]]) -> None:
    today = replayed_day.board.today(replayed_day.until)
    ledger = replayed_day.counted()
    kinds: Counter[str] = Counter()
    for (kind, _, _), count in ledger.transfers.items():
        kinds[kind] += count
    assert kinds == today.transfers
    assert kinds == {kind: exposed["callcenter_transfers_total", kind] for kind in TransferKind}
    assert kinds == by_label(replayed_day, "sum by (kind) (callcenter_transfers_total)", "kind")
    whole = "sum by (kind, scope, result) (callcenter_transfers_total) > 0"
    assert {(str(k), str(s), str(r)): count for (k, s, r), count in ledger.transfers.items()} == {
        (labels["kind"], labels["scope"], labels["result"]): value
        for labels, value in replayed_day.prometheus.query(whole, replayed_day.ended_at)
    }


def test_breaches(replayed_day: ReplayedDay, exposed: Counter[tuple[str, str]]) -> None:
    """Told at the fourth ring, and found again in the records of the calls: those with more than three rings."""
    limit = replayed_day.board.rule_at(replayed_day.until).limit
    calls = list(replayed_day.repository.calls(replayed_day.since, replayed_day.until))
    breaches = sum(known(call.rings) > limit for call in calls)
    assert limit == 3
    assert breaches == replayed_day.facts["RingBreach"] == replayed_day.board.today(replayed_day.until).breaches
    assert breaches == exposed["callcenter_ring_breaches_total", ""]
    assert breaches == promql(replayed_day, "sum(callcenter_ring_breaches_total)")
    assert breaches == promql(
        replayed_day, 'sum(callcenter_call_rings_count) - sum(callcenter_call_rings_bucket{le="3.0"})'
    )


def test_direct_handling_and_asa(replayed_day: ReplayedDay, exposed: Counter[tuple[str, str]]) -> None:
    today = replayed_day.board.today(replayed_day.until)
    answered = [
        call
        for call in replayed_day.repository.calls(replayed_day.since, replayed_day.until)
        if call.outcome is Outcome.ANSWERED
    ]
    left = sum(left_the_centre(call.transfers) for call in answered)
    assert left == today.left_the_centre == exposed["callcenter_calls_left_centre_total", ""]
    asked = 'sum(callcenter_calls_left_centre_total) / sum(callcenter_calls_total{outcome="answered"})'
    assert promql(replayed_day, asked) == left / len(answered)
    waited = 'sum(callcenter_waiting_seconds_%s{outcome="answered"})'
    asa = f"{waited % 'sum'} / {waited % 'count'}"
    waited_us = sum(call.waiting_us or 0 for call in answered)
    assert today.waiting_us == waited_us
    # The histogram's sum is a float of seconds.
    assert promql(replayed_day, asa) == pytest.approx(waited_us / 1e6 / len(answered), rel=1e-12)


def test_increase_over_the_day_makes_the_same_rate(replayed_day: ReplayedDay) -> None:
    """What dashboards and rules ask for: all series begin at 0 together, so extrapolation stretches them alike."""
    chosen = "callcenter_ring_verdicts_total{reading='within',verdict=~'%s'}[10m]"
    asked = f"sum(increase({chosen % 'kept'})) / sum(increase({chosen % 'kept|broken'}))"
    compliance = replayed_day.board.today(replayed_day.until).compliance(Reading.WITHIN)
    assert promql(replayed_day, asked) == pytest.approx(compliance, rel=1e-9)


def test_the_present_at_the_cut_is_what_was_scraped(replayed_day: ReplayedDay) -> None:
    day = replayed_day
    assert promql_at_cut(day, "sum(callcenter_calls_ringing_past_limit)") >= 1
    assert promql_at_cut(day, 'sum(callcenter_calls_in_progress{stage="waiting"})') >= 1
    assert promql(day, "sum(callcenter_calls_in_progress)") == 0
    assert promql(day, "sum(callcenter_unobserved_seconds_total)") == 300


def promql_at_cut(day: ReplayedDay, expression: str) -> float:
    ((_, value),) = day.prometheus.query(expression, day.cut_at)
    return value

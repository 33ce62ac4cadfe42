"""A report of the replayed day gives the figures that page, API, /metrics, PromQL and the ledger's own rows give.

That board, /metrics, PromQL, ledger and page agree is shown beside this; here the report is held to each of them, and
what none of them counts (rings, agents, queues, half-hours) to SQL written by hand.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from monitor.calls.facts import Outcome, TransferKind, Verdict, VerdictReason
from monitor.calls.rules import Reading, RingRule
from monitor.config_web import WebSettings
from monitor.page.app import Page, Sources
from monitor.reports.counting import figures_of
from monitor.reports.order import Basis, Order
from monitor.reports.periods import Period
from monitor.worktime import WorkTime
from tests.page.sources import Source

from .day import LINE, SYSTEM, ZONE
from .served import Served

if TYPE_CHECKING:
    from monitor.calls.tally import Tally
    from monitor.reports.figures import Figures

    from .day import ReplayedDay

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("replayed_day")]


@pytest.fixture(scope="module")
def report(replayed_day: ReplayedDay) -> Figures:
    """The figures of a report of that one day, made in its last microsecond."""
    day = replayed_day.since.date()
    basis = Basis(
        rules=(RingRule(),),
        lines=(LINE,),
        systems=(SYSTEM,),
        work_time=WorkTime(zone=ZONE),
        judged_on="all",
        within_us=20_000_000,
        short_us=5_000_000,
    )
    order = Order(period=Period.days_between(day, day, ZONE))
    return figures_of(replayed_day.repository.store, order, basis, now=replayed_day.until)


@pytest.fixture(scope="module")
def api(replayed_day: ReplayedDay) -> dict[str, Any]:
    """What the page's API says of the day's statistics."""
    day = replayed_day
    sources = Sources(
        board=day.board,
        systems={SYSTEM: Source(day.until)},
        store=Source(day.until),
        clock=lambda: day.until,
        zone=day.board.zone,
        repository=day.repository,
        lines=(LINE,),
    )
    with Served(Page(WebSettings(), "ko", sources).app) as served:
        period = {"from": day.since.isoformat(), "to": day.until.isoformat()}
        answer = httpx.get(f"{served.url}/api/v1/statistics", params=period, trust_env=False)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def sql(day: ReplayedDay, statement: str) -> list[tuple[Any, ...]]:
    """Rows of the ledger, asked for by another program's driver."""
    with psycopg.connect(day.store) as connection:
        return connection.execute(statement).fetchall()


def promql(day: ReplayedDay, expression: str) -> float:
    ((_, value),) = day.prometheus.query(expression, day.ended_at)
    return value


def metric(day: ReplayedDay, name: str, label: str) -> dict[str, int]:
    """A counter of /metrics by one label, the others summed, without what did not occur."""
    found: Counter[str] = Counter()
    for family in day.registry.collect():
        for sample in family.samples:
            if sample.name == name:
                found[sample.labels.get(label, "")] += int(sample.value)
    return {word: count for word, count in found.items() if count}


def occurred(counts: Counter[Any]) -> dict[str, int]:
    return {str(word): count for word, count in counts.items() if count}


def test_offered_answered_and_every_outcome(replayed_day: ReplayedDay, report: Figures, api: dict[str, Any]) -> None:
    whole = report.whole
    assert whole.offered == api["offered"] == replayed_day.facts["Call"] > 2_000
    assert whole.answered == api["answered"]
    assert occurred(whole.outcomes) == {word: count for word, count in api["outcomes"].items() if count}
    assert occurred(whole.outcomes) == metric(replayed_day, "callcenter_calls_total", "outcome")
    assert whole.outcomes == replayed_day.board.today(replayed_day.until).outcomes
    asked = 'sum(callcenter_calls_total{outcome="answered"}) / sum(callcenter_calls_total)'
    assert whole.answer_rate == api["answer_rate"] == promql(replayed_day, asked)
    assert whole.abandon_rate == api["abandon_rate"]
    assert whole.partly_observed == api["partly_observed"]


@pytest.mark.parametrize("reading", Reading)
def test_compliance(replayed_day: ReplayedDay, report: Figures, api: dict[str, Any], reading: Reading) -> None:
    found = report.judged.compliance(reading)
    chosen = f'callcenter_ring_verdicts_total{{reading="{reading}"'
    asked = f'sum({chosen},verdict="kept"}}) / sum({chosen},verdict=~"kept|broken"}})'
    assert found == api["compliance"][reading] == promql(replayed_day, asked)
    assert found == replayed_day.board.today(replayed_day.until).compliance(reading)
    assert {verdict: report.judged.verdicts[reading][verdict] for verdict in Verdict} == {
        verdict: int(promql(replayed_day, f'sum({chosen},verdict="{verdict}"}})')) for verdict in Verdict
    }


def test_warnings_breaches_and_excluded_calls(replayed_day: ReplayedDay, report: Figures, api: dict[str, Any]) -> None:
    whole = report.whole
    ((breaches, warnings),) = sql(
        replayed_day, "SELECT count(*) FILTER (WHERE rings > 3), count(*) FILTER (WHERE rings >= 3) FROM calls"
    )
    assert whole.breaches == breaches == api["breaches"] == promql(replayed_day, "sum(callcenter_ring_breaches_total)")
    assert whole.warnings == warnings == api["warnings"]
    excluded = sql(
        replayed_day, "SELECT verdict_reason, count(*) FROM calls WHERE verdict_within = 'excluded' GROUP BY 1"
    )
    assert occurred(whole.excluded) == dict(excluded)
    assert occurred(whole.excluded) == {word: count for word, count in api["excluded"].items() if count}
    assert set(whole.excluded) >= {VerdictReason.NO_PHONE_RANG, VerdictReason.CALLER_LEFT_WITHIN_RULE}


def test_waiting_and_service_levels(replayed_day: ReplayedDay, report: Figures, api: dict[str, Any]) -> None:
    whole, waiting = report.whole, report.waiting
    ((asa_us, p50, p90, p95, within),) = sql(
        replayed_day,
        "SELECT avg(waiting_us), percentile_disc(0.5) WITHIN GROUP (ORDER BY waiting_us),"
        " percentile_disc(0.9) WITHIN GROUP (ORDER BY waiting_us),"
        " percentile_disc(0.95) WITHIN GROUP (ORDER BY waiting_us), count(*) FILTER (WHERE waiting_us <= 20000000)"
        " FROM calls WHERE outcome = 'answered'",
    )
    assert whole.asa_us == waiting.mean_us == pytest.approx(float(asa_us), rel=1e-12)
    assert (waiting.p50_us, waiting.p90_us, waiting.p95_us) == (p50, p90, p95)
    assert whole.answered_within == within
    level = api["service_level"]
    assert level["within_seconds"] == 20
    for name in ("service_level", "service_level_with_abandons", "service_factor"):
        assert getattr(whole, name) == level[name], name
    told = [api["waiting"][name] for name in ("asa_seconds", "p50_seconds", "p90_seconds", "p95_seconds")]
    assert told == pytest.approx([float(us) / 1e6 for us in (asa_us, p50, p90, p95)], abs=1e-6)
    # As the dashboards ask for it: of what has a waiting, whether the call was seen whole or in part.
    within_20 = 'sum(callcenter_waiting_seconds_bucket{outcome=~"%s",le="20.0"})'
    known = 'sum(callcenter_waiting_seconds_count{outcome=~"%s"})'
    for name, outcomes in (("service_level", "answered"), ("service_level_with_abandons", "answered|abandoned_.+")):
        assert promql(replayed_day, f"{within_20 % outcomes} / {known % outcomes}") == level[name], name
    waited = 'sum(callcenter_waiting_seconds_%s{outcome="answered"})'
    # The histogram's sum is a float of seconds.
    asked = promql(replayed_day, f"{waited % 'sum'} / {waited % 'count'}")
    assert asked == pytest.approx(float(asa_us) / 1e6, rel=1e-12)


def test_transfers_and_direct_handling(replayed_day: ReplayedDay, report: Figures, api: dict[str, Any]) -> None:
    counts = {tuple(map(str, which)): count for which, count in report.transfers.counts.items() if count}
    assert counts == {(t["kind"], t["scope"], t["result"]): t["count"] for t in api["transfers"] if t["count"]}
    whole = "sum by (kind, scope, result) (callcenter_transfers_total) > 0"
    assert counts == {
        (labels["kind"], labels["scope"], labels["result"]): value
        for labels, value in replayed_day.prometheus.query(whole, replayed_day.ended_at)
    }
    by_people = sum(count for (kind, _, _), count in report.transfers.counts.items() if kind != TransferKind.FORWARD)
    assert report.transfers.by_people == by_people > 0
    assert report.whole.left_the_centre == api["left_the_centre"]
    assert metric(replayed_day, "callcenter_calls_left_centre_total", "system") == {SYSTEM: api["left_the_centre"]}
    asked = 'sum(callcenter_calls_left_centre_total) / sum(callcenter_calls_total{outcome="answered"})'
    gone = promql(replayed_day, asked)
    assert report.whole.direct_handling_rate == api["direct_handling_rate"] == pytest.approx(1 - gone, rel=1e-12)
    chains = sql(
        replayed_day,
        "SELECT transfers, count(*) FROM (SELECT count(*) AS transfers FROM transfers WHERE kind <> 'forward'"
        " GROUP BY system, linkedid) AS of_calls GROUP BY 1",
    )
    assert dict(report.transfers.chains) == dict(chains)
    clocks = sql(
        replayed_day,
        "SELECT count(reconnect_us), percentile_disc(0.9) WITHIN GROUP (ORDER BY reconnect_us)"
        " FROM transfers WHERE kind <> 'forward'",
    )
    assert [(report.transfers.reconnection.count, report.transfers.reconnection.p90_us)] == clocks


def test_consent(replayed_day: ReplayedDay, report: Figures) -> None:
    rows = sql(replayed_day, "SELECT consent, count(*) FROM transfers WHERE kind <> 'forward' GROUP BY 1")
    words = {True: "yes", False: "no", None: "not_reported"}
    stored = {words[consent]: count for consent, count in rows}
    assert set(stored) == set(words.values())
    told = report.transfers
    silent = told.by_people - told.consent_yes - told.consent_no
    assert stored == {"yes": told.consent_yes, "no": told.consent_no, "not_reported": silent}
    assert stored == metric(replayed_day, "callcenter_transfer_consent_total", "consent")


def test_coverage(replayed_day: ReplayedDay, report: Figures, api: dict[str, Any]) -> None:
    """The lost connection, and the first moments, before anything of the system stood in the ledger."""
    ((gap_at, gap_end),) = sql(replayed_day, "SELECT started_at, ended_at FROM coverage_gaps")
    ((first_at,),) = sql(
        replayed_day, "SELECT least((SELECT min(filed_at) FROM calls), (SELECT min(at) FROM agent_states))"
    )
    assert [(gap.started_at, gap.ended_at, gap.cause) for gap in report.gaps] == [
        (replayed_day.since, first_at, "before_monitor"),
        (gap_at, gap_end, "not_connected"),
    ]
    told_us = promql(replayed_day, "sum(callcenter_unobserved_seconds_total)") * 1e6
    assert told_us == 300_000_000
    assert report.unobserved_us == told_us + (first_at - replayed_day.since) // timedelta(microseconds=1)
    assert report.coverage == api["coverage"]


# -- what nobody else counts, from the rows ----------------------------------------------------------------------------

RINGS = "SELECT rings, outcome, count(*) FROM calls GROUP BY 1, 2"
QUEUES = (
    "SELECT queue, count(*), count(*) FILTER (WHERE outcome = 'answered'),"
    " count(*) FILTER (WHERE verdict_within = 'kept'), count(*) FILTER (WHERE verdict_within = 'broken'),"
    " sum(talking_us) FROM calls GROUP BY 1"
)
HALF_HOURS = (
    "SELECT (extract(hour FROM at) * 2 + floor(extract(minute FROM at) / 30))::int, count(*),"
    " count(*) FILTER (WHERE outcome = 'answered'), count(*) FILTER (WHERE verdict_within = 'kept'),"
    " count(*) FILTER (WHERE verdict_within = 'broken'), sum(talking_us)"
    " FROM (SELECT *, filed_at AT TIME ZONE 'Asia/Seoul' AS at FROM calls) AS local GROUP BY 1"
)
AGENTS = (
    "SELECT agent, count(*), count(*) FILTER (WHERE verdict_within = 'kept'),"
    " count(*) FILTER (WHERE answered_by_pickup), sum(talking_us) FROM calls WHERE outcome = 'answered' GROUP BY 1"
)
ATTEMPTS = (
    "SELECT ring_attempts.agent, result, count(*) FROM ring_attempts JOIN calls USING (system, linkedid)"
    " WHERE answered_at IS NULL OR started_at < answered_at GROUP BY 1, 2"
)


def figures(tally: Tally) -> tuple[int, int, int, int, int]:
    return (
        tally.offered,
        tally.answered,
        tally.kept(Reading.WITHIN),
        tally.broken(Reading.WITHIN),
        tally.talking_us,
    )


def test_how_often_it_rang(replayed_day: ReplayedDay, report: Figures) -> None:
    told = {(row.rings, "answered"): row.answered for row in report.ring_counts if row.answered}
    for row in report.ring_counts:
        told |= {(row.rings, str(outcome)): count for outcome, count in row.never_answered.items() if count}
    assert told == {(rings, outcome): count for rings, outcome, count in sql(replayed_day, RINGS)}
    assert report.ringing_unknown == 0
    assert max(rings for rings, _ in told) > 4


def test_queues(replayed_day: ReplayedDay, report: Figures) -> None:
    found = {queue: tuple(map(int, row)) for queue, *row in sql(replayed_day, QUEUES)}
    assert {queue: figures(tally) for queue, tally in report.queues.items()} == found
    assert len(found) > 1


def test_half_hours_of_a_monday(replayed_day: ReplayedDay, report: Figures) -> None:
    found = {(0, half): tuple(map(int, row)) for half, *row in sql(replayed_day, HALF_HOURS)}
    assert {when: figures(tally) for when, tally in report.half_hours.items() if tally.offered} == found
    assert len(found) >= 30


def test_agents(replayed_day: ReplayedDay, report: Figures) -> None:
    answered = {agent: tuple(map(int, row)) for agent, *row in sql(replayed_day, AGENTS)}
    assert {
        each.agent: (each.answered, each.kept, each.pickups, each.talking_us) for each in report.agents if each.answered
    } == answered
    attempts = {(agent, result): count for agent, result, count in sql(replayed_day, ATTEMPTS)}
    assert {
        (each.agent, str(result)): count for each in report.agents for result, count in each.attempts.items() if count
    } == attempts


def test_the_one_day(report: Figures) -> None:
    (day,) = report.days
    assert day.tally == report.whole == report.judged
    assert list(report.by_line) == [LINE]
    assert report.by_line[LINE] == report.whole
    assert len(report.missed) == sum(
        count
        for outcome, count in report.whole.outcomes.items()
        if outcome not in (Outcome.ANSWERED, Outcome.UNOBSERVED)
    )

"""Calls by team on /metrics: the configured teams alone, from zero, on every line."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client import CollectorRegistry, generate_latest

from monitor.calls.facts import CallKey, Outcome, Verdict
from monitor.metrics_teams import TeamCounters

from .measured import CALL, Centre

TOLD = ("callcenter_team_calls_total", "callcenter_team_verdicts_total")


def test_a_call_counts_for_its_team_and_for_no_other() -> None:
    centre = Centre()
    centre.record(CALL, CALL, replace(CALL, team="claims", outcome=Outcome.BUSY), replace(CALL, team=None))
    calls, verdicts = TOLD
    for team, answered, busy in (("remote", 2, 0), ("claims", 0, 1), ("none", 1, 0)):
        assert centre.here(calls, team=team, outcome=Outcome.ANSWERED) == answered
        assert centre.here(calls, team=team, outcome=Outcome.BUSY) == busy
    # CALL was kept within three rings and broken before the third.
    assert centre.here(verdicts, team="remote", reading="within", verdict=Verdict.KEPT) == 2
    assert centre.here(verdicts, team="remote", reading="before", verdict=Verdict.BROKEN) == 2
    assert centre.here(verdicts, team="remote", reading="before", verdict=Verdict.KEPT) == 0


def test_a_team_that_is_configured_no_more_is_none() -> None:
    centre = Centre()
    centre.record(replace(CALL, team="<gone> \n"))
    assert centre.here(TOLD[0], team="none", outcome=Outcome.ANSWERED) == 1
    assert "gone" not in generate_latest(centre.registry).decode()


def test_every_line_begins_at_zero_with_every_team() -> None:
    """3 teams, none among them, of 8 outcomes each, and of 2 readings of 3 verdicts; a line that is met later too."""
    centre = Centre()
    assert series(centre.registry, TOLD[0]) == 3 * 8
    assert series(centre.registry, TOLD[1]) == 3 * 2 * 3
    centre.record(replace(CALL, key=CallKey(system="other", linkedid="1"), line="second"))
    assert series(centre.registry, TOLD[0]) == 2 * 3 * 8


def test_without_teams_nothing_is_counted_by_them() -> None:
    registry = CollectorRegistry()
    counters = TeamCounters(registry, (), ["pbx"], ["main"])
    counters.record(CALL)
    assert series(registry, TOLD[0]) == series(registry, TOLD[1]) == 0


def series(registry: CollectorRegistry, name: str) -> int:
    return sum(sample.name == name for family in registry.collect() for sample in family.samples)

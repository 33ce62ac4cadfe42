"""Calls and verdicts by team, as Prometheus counters: only where teams are configured, and of those alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter

from monitor import metrics_names as names
from monitor.calls.facts import Outcome, Verdict
from monitor.calls.rules import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import CollectorRegistry

    from monitor.calls.facts import Call

NO_TEAM = "none"
"""The label's value for calls that no configured team has."""


class TeamCounters:
    """Counts calls by team.

    Args:
        registry: where the metrics are registered.
        teams: names of the configured teams; without any, nothing is counted.
        systems: names of the Asterisks, whose series begin at zero.
        lines: names of the configured lines.
    """

    def __init__(
        self, registry: CollectorRegistry, teams: Iterable[str], systems: Iterable[str], lines: Iterable[str]
    ) -> None:
        self._teams = tuple(teams)
        self._calls = Counter(names.TEAM_CALLS.name, names.TEAM_CALLS.help, names.TEAM_CALLS.labels, registry=registry)
        self._verdicts = Counter(
            names.TEAM_VERDICTS.name, names.TEAM_VERDICTS.help, names.TEAM_VERDICTS.labels, registry=registry
        )
        self._series: dict[tuple[str, str, str], tuple[dict[Outcome, Counter], dict[tuple[str, Verdict], Counter]]] = {}
        here = tuple(lines)
        for system in systems:
            for line in here:
                self._begin(system, line)

    def record(self, call: Call) -> None:
        """Count a call."""
        if not self._teams:
            return
        system, line = call.key.system, call.line
        team = call.team if call.team in self._teams else NO_TEAM
        if (system, line, team) not in self._series:
            self._begin(system, line)
        outcomes, verdicts = self._series[system, line, team]
        outcomes[call.outcome].inc()
        for verdict in call.verdicts:
            verdicts[verdict].inc()

    def _begin(self, system: str, line: str) -> None:
        """Let the series of a line begin at zero, those of every team."""
        for team in (*self._teams, NO_TEAM) if self._teams else ():
            here = (system, line, team)
            self._series[here] = (
                {outcome: self._calls.labels(*here, outcome) for outcome in Outcome},
                {
                    (reading, verdict): self._verdicts.labels(*here, reading, verdict)
                    for reading in Reading
                    for verdict in Verdict
                },
            )

"""The metrics of the rest of the charter. docs/metrics.md says the same at length; a test compares them."""

from __future__ import annotations

from monitor.metrics_family import Name

CALLBACKS = Name(
    "callcenter_callbacks",
    "gauge",
    ("line", "kind", "state"),
    "Calls back by state: waiting, due_soon and overdue are not called yet; tried, reached, came_again and dropped "
    "were owed within the last 30 days. No sample before the ledger was read. Source: the ledger.",
)
CASES = Name(
    "callcenter_cases",
    "gauge",
    ("commitment", "state"),
    "Cases of promises with a clock by state: open, due_soon, overdue, done, withdrawn; of a promise that is due once "
    "and again also open, due_soon or overdue for the holding that is due. Source: the ledger.",
)
DUE_READ = Name(
    "callcenter_due_last_read_timestamp_seconds",
    "gauge",
    (),
    "When the ledger was last asked what is due, in seconds since 1970; no sample before the first time. "
    "Source: the ledger.",
)
TEAM_CALLS = Name(
    "callcenter_team_calls_total",
    "counter",
    ("system", "line", "team", "outcome"),
    "Calls ended, by the team whose they are and by outcome; none where no configured team has them. No sample where "
    "no team is configured. Source: the call record.",
)
TEAM_VERDICTS = Name(
    "callcenter_team_verdicts_total",
    "counter",
    ("system", "line", "team", "reading", "verdict"),
    "Calls ended, by team and by verdict under each reading of the ring rule; each call counts once per reading. No "
    "sample where no team is configured. Source: the call record.",
)

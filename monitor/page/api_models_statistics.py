"""What the JSON API answers with where figures of a period are asked for."""

from __future__ import annotations

from monitor.calls.facts import (  # noqa: TC001 - pydantic reads the annotations when the module is loaded
    Outcome,
    Scope,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.rules import Reading  # noqa: TC001 - as above
from monitor.page.api_models import Answer, Count, Instant, Seconds, Share


class Waiting(Answer):
    """Waiting of answered calls: from asking for a person to the answer."""

    asa_seconds: Seconds | None
    """The mean."""
    p50_seconds: Seconds | None
    p90_seconds: Seconds | None
    p95_seconds: Seconds | None


class ServiceLevel(Answer):
    """How many were answered within some seconds of waiting, by three formulas."""

    within_seconds: Seconds
    """The x of the formulas."""
    answered_within: Count
    abandoned_within: Count
    service_level: Share | None
    """SL = answered within x / answered calls whose waiting is known."""
    service_level_with_abandons: Share | None
    """SL2 = (answered + abandoned within x) / (answered + abandoned), of callers who had asked for a person and whose
    waiting is known."""
    service_factor: Share | None
    """Answered within x / offered; null where calls from other records do not tell their waiting."""


class TransferCount(Answer):
    """Transfers of one kind, scope and result."""

    kind: TransferKind
    scope: Scope
    result: TransferResult
    count: Count


class TeamStatistics(Answer):
    """One team's calls of the period; shares of nothing are null."""

    team: str | None
    """Null: calls that no team has."""
    offered: Count
    answered: Count
    outcomes: dict[Outcome, Count]
    verdicts: dict[Reading, dict[Verdict, Count]]
    compliance: dict[Reading, Share | None]
    answer_rate: Share | None
    abandon_rate: Share | None
    asa_seconds: Seconds | None
    direct_handling_rate: Share | None


class Statistics(Answer):
    """The figures of a period, by the instant calls are filed under; shares of nothing are null."""

    since_at: Instant
    """The first instant of the period."""
    until_at: Instant
    """The first instant behind it."""
    system: str | None
    line: str | None
    queue: str | None
    team: str | None
    teams: list[TeamStatistics]
    """The same calls by team, where `by=team` asked for it."""
    offered: Count
    answered: Count
    outcomes: dict[Outcome, Count]
    partly_observed: Count
    rules: dict[str, Count]
    """Calls by the rule that judged them."""
    verdicts: dict[Reading, dict[Verdict, Count]]
    excluded: dict[VerdictReason, Count]
    """Calls excluded under their headline reading, by reason."""
    compliance: dict[Reading, Share | None]
    """kept / (kept + broken)."""
    answer_rate: Share | None
    """answered / offered."""
    abandon_rate: Share | None
    """abandoned / offered; no short ones are left out."""
    waiting: Waiting
    service_level: ServiceLevel
    talking_seconds: Seconds
    hold_seconds: Seconds
    transfers: list[TransferCount]
    left_the_centre: Count
    """Answered calls that a person passed on to somebody outside."""
    direct_handling_rate: Share | None
    """(answered - left_the_centre) / answered."""
    warnings: Count
    """Calls that rang up to the last ring of the promise, or past it."""
    breaches: Count
    """Calls that rang past the promise."""
    coverage: Share | None
    """Observed time / all time, up to now; null for a period that lies ahead."""

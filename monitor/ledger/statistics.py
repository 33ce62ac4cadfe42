"""The figures of a period, counted by the database: a month of a million calls is never loaded.

The database counts; every quotient is one of `monitor.calls.formulas`, as on the page and in the metrics.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, tuple_

from monitor.calls import formulas
from monitor.calls.facts import Observed, Outcome, Verdict, VerdictReason, microseconds
from monitor.calls.rules import SECOND_US, Reading
from monitor.errors import SearchError
from monitor.ledger.rows import CALLS, GAPS, RULES, TRANSFERS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from enum import StrEnum

    from sqlalchemy import Connection

    from monitor.calls.facts import Scope, TransferKind, TransferResult
    from monitor.ledger.filters import CallFilter
    from monitor.ledger.store import Store

SHARES = (0.5, 0.9, 0.95)
"""Of which quantiles of waiting are told: p50, p90, p95."""
WITHIN_SECONDS = 20
"""The x of the service level where nobody gives another."""
MAX_WITHIN_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodStatistics:
    """What a period held. Values that did not occur have no entry; quotients of nothing are None."""

    offered: int
    outcomes: Counter[Outcome]
    partly_observed: int
    verdicts: dict[Reading, Counter[Verdict]]
    excluded: Counter[VerdictReason]
    """Calls excluded under their headline reading, by reason."""
    rules: Counter[str]
    """Calls by the rule that judged them, as in `three-rings/1`."""
    warnings: int
    """Calls that rang up to the last ring of their rule's limit, or past it."""
    breaches: int
    """Calls that rang past their rule's limit."""
    within_us: int
    """The x of the service level: within means at most this much waiting."""
    waited: int
    """Answered calls whose waiting is known: all but those that were partly unobserved."""
    waiting_us: int
    """Waiting of those, summed."""
    waiting_quantiles_us: dict[float, int | None]
    """By share, see `SHARES`."""
    answered_within: int
    abandoned_waiting: int
    """Callers who asked for a person and left; those who left before stand in no service level."""
    abandoned_within: int
    talking_us: int
    hold_us: int
    transfers: Counter[tuple[TransferKind, Scope, TransferResult]]
    left_the_centre: int
    """Answered calls that a person passed on to somebody outside."""
    whole_us: int
    """The length of the period up to now, times the systems asked about."""
    unobserved_us: int
    """How much of that was not observed."""

    @property
    def answered(self) -> int:
        """Calls a person answered."""
        return self.outcomes[Outcome.ANSWERED]

    @property
    def abandoned(self) -> int:
        """Calls whose caller left before a person answered."""
        return sum(self.outcomes[outcome] for outcome in formulas.ABANDONED)

    def compliance(self, reading: Reading) -> float | None:
        """See `monitor.calls.formulas.compliance`."""
        return formulas.compliance(self.verdicts[reading][Verdict.KEPT], self.verdicts[reading][Verdict.BROKEN])

    @property
    def answer_rate(self) -> float | None:
        """See `monitor.calls.formulas.answer_rate`."""
        return formulas.answer_rate(self.answered, self.offered)

    @property
    def abandon_rate(self) -> float | None:
        """See `monitor.calls.formulas.abandon_rate`; no short ones are left out."""
        return formulas.abandon_rate(self.abandoned, self.offered)

    @property
    def asa_us(self) -> float | None:
        """ASA: mean waiting of answered calls, in microseconds."""
        return formulas.mean_us(self.waiting_us, self.waited)

    @property
    def service_level(self) -> float | None:
        """See `monitor.calls.formulas.service_level`."""
        return formulas.service_level(self.answered_within, self.answered)

    @property
    def service_level_with_abandons(self) -> float | None:
        """See `monitor.calls.formulas.service_level_with_abandons`."""
        return formulas.service_level_with_abandons(
            self.answered_within, self.abandoned_within, self.answered, self.abandoned_waiting
        )

    @property
    def service_factor(self) -> float | None:
        """See `monitor.calls.formulas.service_factor`."""
        return formulas.service_factor(self.answered_within, self.offered)

    @property
    def direct_handling_rate(self) -> float | None:
        """See `monitor.calls.formulas.direct_handling_rate`."""
        return formulas.direct_handling_rate(self.answered, self.left_the_centre)

    @property
    def coverage(self) -> float | None:
        """See `monitor.calls.formulas.coverage`; None where no system is asked about or the period lies ahead."""
        return formulas.coverage(self.unobserved_us, self.whole_us)


def period_statistics(
    store: Store,
    chosen: CallFilter,
    *,
    now: datetime,
    systems: Iterable[str] = (),
    within_seconds: float = WITHIN_SECONDS,
) -> PeriodStatistics:
    """The figures of the calls that meet a filter. May block for seconds: call it off the event loop.

    Args:
        store: the ledger's store.
        chosen: the period, and the calls in it that are counted.
        now: what lies behind it is not yet unobserved.
        systems: the systems whose coverage is told, where the filter names none.
        within_seconds: the x of the service level.

    Raises:
        SearchError: `within_seconds` makes no sense.
        StoreError: the store is away.
    """
    if not 0 <= within_seconds <= MAX_WITHIN_SECONDS:
        raise SearchError(
            f"A service level is counted within 0 to {MAX_WITHIN_SECONDS} seconds: give a number between them.",
            "within_seconds",
        )
    within_us = round(within_seconds * SECOND_US)
    names = {chosen.system} if chosen.system is not None else set(systems)
    end = max(min(chosen.until, now), chosen.since)
    period = chosen.conditions()
    with store.reading() as connection:
        limits = {f"{row.name}/{row.version}": row.limit for row in connection.execute(select(RULES))}
        counted = _counted(connection, period, within_us, limits)
        return PeriodStatistics(
            **counted,
            within_us=within_us,
            waiting_quantiles_us=_quantiles(connection, period, counted["waited"]),
            transfers=_transfers(connection, period),
            left_the_centre=_left_the_centre(connection, period),
            whole_us=len(names) * (microseconds(end) - microseconds(chosen.since)),
            unobserved_us=sum(_unobserved_us(connection, name, chosen.since, end) for name in names),
        )


def _counted(
    connection: Connection, period: ColumnElement[bool], within_us: int, limits: dict[str, int]
) -> dict[str, Any]:
    """What stands in the calls' own columns, in one pass over them: a GROUP BY of so many would sort every call."""
    stored, answered = CALLS.c, CALLS.c.outcome == Outcome.ANSWERED
    left = stored.outcome.in_(formulas.ABANDONED)
    within = stored.waiting_us <= within_us
    readings = {Reading.WITHIN: stored.verdict_within, Reading.BEFORE: stored.verdict_before}
    headline = case((stored.headline == Reading.WITHIN, stored.verdict_within), else_=stored.verdict_before)
    # Every rule is in the ledger before the first call it judges.
    at_limit = or_(false(), *(and_(stored.rule == rule, stored.rings >= limit) for rule, limit in limits.items()))
    past_limit = or_(false(), *(and_(stored.rule == rule, stored.rings > limit) for rule, limit in limits.items()))
    words: dict[tuple[str, StrEnum], ColumnElement[bool]] = {
        **{("outcomes", outcome): stored.outcome == outcome for outcome in Outcome},
        **{(reading, verdict): column == verdict for reading, column in readings.items() for verdict in Verdict},
        **{
            ("excluded", reason): and_(stored.verdict_reason == reason, headline == Verdict.EXCLUDED)
            for reason in VerdictReason
        },
    }
    numbers = {
        "offered": func.count(),
        "partly_observed": func.count().filter(stored.observed == Observed.PARTLY),
        "warnings": func.count().filter(at_limit),
        "breaches": func.count().filter(past_limit),
        "waited": func.count(stored.waiting_us).filter(answered),
        "waiting_us": func.sum(stored.waiting_us).filter(answered),
        "answered_within": func.count().filter(answered, within),
        "abandoned_waiting": func.count(stored.waiting_us).filter(left),
        "abandoned_within": func.count().filter(left, within),
        "talking_us": func.sum(stored.talking_us),
        "hold_us": func.sum(stored.hold_us),
    }
    asked = (*numbers.values(), *(func.count().filter(condition) for condition in words.values()))
    total: Counter[Any] = Counter()
    rules: Counter[str] = Counter()
    for rule, *values in connection.execute(select(stored.rule, *asked).where(period).group_by(stored.rule)):
        counted = dict(zip((*numbers, *words), values, strict=True))
        rules[rule] = counted["offered"]
        total.update({key: int(value or 0) for key, value in counted.items()})

    def of(name: str) -> Counter[Any]:
        return Counter({key[1]: total[key] for key in words if key[0] == name and total[key]})

    return {
        **{name: total[name] for name in numbers},
        "outcomes": of("outcomes"),
        "verdicts": {reading: of(reading) for reading in Reading},
        "excluded": of("excluded"),
        "rules": rules,
    }


def _quantiles(connection: Connection, period: ColumnElement[bool], waited: int) -> dict[float, int | None]:
    """Of the waiting of answered calls, in one sort of it."""
    if not waited:
        return dict.fromkeys(SHARES)
    ranks = {share: formulas.nearest_rank(waited, share) for share in SHARES}
    waiting_us = CALLS.c.waiting_us
    ordered = (
        select(waiting_us, func.row_number().over(order_by=waiting_us).label("rank"))
        .where(period, CALLS.c.outcome == Outcome.ANSWERED, waiting_us.is_not(None))
        .subquery()
    )
    chosen = select(ordered.c.rank, ordered.c.waiting_us).where(ordered.c.rank.in_(set(ranks.values())))
    found = {row.rank: row.waiting_us for row in connection.execute(chosen)}
    return {share: found[rank] for share, rank in ranks.items()}


_OF_CALL = TRANSFERS.join(CALLS, and_(TRANSFERS.c.system == CALLS.c.system, TRANSFERS.c.linkedid == CALLS.c.linkedid))


def _transfers(
    connection: Connection, period: ColumnElement[bool]
) -> Counter[tuple[TransferKind, Scope, TransferResult]]:
    """Transfers of the calls, by kind, scope and result."""
    which = (TRANSFERS.c.kind, TRANSFERS.c.scope, TRANSFERS.c.result)
    statement = select(*which, func.count()).select_from(_OF_CALL).where(period).group_by(*which)
    return Counter({(kind, scope, result): count for kind, scope, result, count in connection.execute(statement)})


def _left_the_centre(connection: Connection, period: ColumnElement[bool]) -> int:
    """Answered calls for which `monitor.calls.formulas.left_the_centre` holds."""
    outside = tuple_(TRANSFERS.c.kind, TRANSFERS.c.scope, TRANSFERS.c.result).in_(formulas.PASSES_OUTSIDE)
    calls = (
        select(CALLS.c.system, CALLS.c.linkedid)
        .select_from(_OF_CALL)
        .where(period, CALLS.c.outcome == Outcome.ANSWERED, outside)
        .distinct()
        .subquery()
    )
    return connection.scalar(select(func.count()).select_from(calls)) or 0


def _unobserved_us(connection: Connection, system: str, since: datetime, until: datetime) -> int:
    """The union of a system's coverage gaps, cut to a period: gaps of two causes may overlap."""
    ended, started = GAPS.c.ended_at, GAPS.c.started_at
    touching = (
        select(started, ended)
        .where(GAPS.c.system == system, started < until, or_(ended.is_(None), ended > since))
        .order_by(started)
    )
    total_us, seen_us = 0, microseconds(since)
    for began_at, ended_at in connection.execute(touching):
        begin_us = max(microseconds(began_at), seen_us)
        end_us = microseconds(until if ended_at is None else min(ended_at, until))
        total_us += max(0, end_us - begin_us)
        seen_us = max(seen_us, end_us)
    return total_us

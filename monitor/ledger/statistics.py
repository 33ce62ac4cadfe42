"""The figures of a period, counted by the database: a month of a million calls is never loaded.

The database counts; every quotient is one of `monitor.calls.formulas`, as on the page and in the metrics.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from monitor.calls import formulas
from monitor.calls.facts import Outcome, microseconds
from monitor.calls.rules import SECOND_US
from monitor.calls.tally import Tally, together
from monitor.errors import SearchError
from monitor.ledger.cells import OF_CALL, AsStored, Cuts, cells
from monitor.ledger.coverage import unobserved, unobserved_us
from monitor.ledger.rows import CALLS, TRANSFERS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from monitor.calls.facts import Scope, TransferKind, TransferResult
    from monitor.ledger.filters import CallFilter
    from monitor.ledger.store import Store

SHARES = (0.5, 0.9, 0.95)
"""Of which quantiles of waiting are told: p50, p90, p95."""
WITHIN_SECONDS = 20
"""The x of the service level where nobody gives another."""
MAX_WITHIN_SECONDS = 3600


@dataclass(slots=True, kw_only=True)
class PeriodStatistics(Tally):
    """What a period held."""

    within_us: int
    """The x of the service level: within means at most this much waiting."""
    teams: dict[str | None, Tally]
    """The same calls by team; under None those that no team has. Empty where it was not asked for."""
    waiting_quantiles_us: dict[float, int | None]
    """By share, see `SHARES`."""
    transfers: Counter[tuple[TransferKind, Scope, TransferResult]]
    whole_us: int
    """The length of the period up to now, times the systems asked about."""
    unobserved_us: int
    """How much of that was not observed."""

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
    by_team: bool = False,
) -> PeriodStatistics:
    """The figures of the calls that meet a filter. May block for seconds: call it off the event loop.

    Args:
        store: the ledger's store.
        chosen: the period, and the calls in it that are counted.
        now: what lies behind it is not yet unobserved.
        systems: the systems whose coverage is told, where the filter names none.
        within_seconds: the x of the service level.
        by_team: count them by team besides.

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
        axes = (CALLS.c.team,) if by_team else ()
        counted = cells(connection, period, AsStored(connection), Cuts(within_us=within_us, short_us=0), axes)
        tally = together(cell.tally for cell in counted.values())
        return PeriodStatistics(
            **{each.name: getattr(tally, each.name) for each in fields(Tally)},
            within_us=within_us,
            teams={team: cell.tally for (team,), cell in counted.items()} if by_team else {},
            waiting_quantiles_us=_quantiles(connection, period, tally.waited),
            transfers=_transfers(connection, period),
            whole_us=len(names) * (microseconds(end) - microseconds(chosen.since)),
            unobserved_us=sum(
                unobserved_us(unobserved(connection, name, chosen.since, end), chosen.since, end) for name in names
            ),
        )


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


def _transfers(
    connection: Connection, period: ColumnElement[bool]
) -> Counter[tuple[TransferKind, Scope, TransferResult]]:
    """Transfers of the calls, by kind, scope and result."""
    which = (TRANSFERS.c.kind, TRANSFERS.c.scope, TRANSFERS.c.result)
    statement = select(*which, func.count()).select_from(OF_CALL).where(period).group_by(*which)
    return Counter({(kind, scope, result): count for kind, scope, result, count in connection.execute(statement)})

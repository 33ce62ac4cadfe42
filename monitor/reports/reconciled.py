"""How the ledger of a period fits what Asterisk wrote itself, as the last comparisons of it left it."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from monitor.ledger.reconciled import made_in
from monitor.reports.figures import ReconciledFigures

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from monitor.reports.periods import Period

_DAY = timedelta(days=1)


def reconciled_figures(connection: Connection, period: Period) -> tuple[ReconciledFigures, ...]:
    """What comparisons of days of a period came to, by system; systems that were never compared have none.

    Args:
        connection: the transaction to read in.
        period: of the report.
    """
    made = sorted(made_in(connection, period.since, period.until), key=lambda one: one.system)
    found = []
    for system, each in groupby(made, key=lambda one: one.system):
        ours = list(each)
        found.append(
            ReconciledFigures(
                system=system,
                sources=tuple(dict.fromkeys(name for one in ours for name in one.sources.split(", "))),
                days=sum((one.until - one.since) / _DAY for one in ours),
                matched=sum(one.matched for one in ours),
                filled=sum(one.filled for one in ours),
                disagreeing=sum(one.disagreeing for one in ours),
                last_made_at=max(one.made_at for one in ours),
            )
        )
    return tuple(found)

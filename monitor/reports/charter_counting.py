"""The rest of the charter in a period, read from the ledger: calls back, reviews, promises with a clock, consent.

Each part is counted by its own reader, in the transaction in which the calls are counted, so that all figures of a
report are of one moment.
"""

from __future__ import annotations

from datetime import UTC, date
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, select

from monitor.calls.facts import TransferKind
from monitor.ledger.cells import OF_CALL
from monitor.ledger.rows import CALLS, TRANSFERS
from monitor.ledger.tables import CALLBACK_PROMISES, CALLBACKS, CASES
from monitor.reports.callback_figures import callback_figures
from monitor.reports.charter_figures import CharterFigures
from monitor.reports.commitment_figures import commitment_figures
from monitor.reports.review_figures import review_figures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, FromClause

    from monitor.reports.charter_figures import CallbackFigures, CallbackKind
    from monitor.reports.order import Basis, Order
    from monitor.reports.periods import Period


_SEVERAL = 2


def charter_figures(connection: Connection, order: Order, basis: Basis, *, now: datetime) -> CharterFigures:
    """The rest of the charter in the period of an order.

    Args:
        connection: the transaction to read in.
        order: what is asked for.
        basis: the register, and whether single agents are told.
        now: an aware instant; what is due behind it is not due yet.
    """
    return _counted(connection, order, basis, order.period, now, agents=order.agents and basis.agents)


def charter_figures_before(
    connection: Connection,
    order: Order,
    basis: Basis,
    *,
    now: datetime,
    selection: Sequence[ColumnElement[bool]],
) -> CharterFigures:
    """The same of the period before, as it stands now, with the consent of its transfers.

    Args:
        connection: the transaction to read in.
        order: what is asked for.
        basis: the register.
        now: an aware instant.
        selection: what calls of the line and queue meet that were asked for.
    """
    period = order.period.before()
    consent = _consent(connection, period, selection)
    return _counted(connection, order, basis, period, now, agents=False, consent=consent)


def _counted(
    connection: Connection,
    order: Order,
    basis: Basis,
    period: Period,
    now: datetime,
    *,
    agents: bool,
    consent: tuple[int, int] = (0, 0),
) -> CharterFigures:
    since, until = period.since.astimezone(UTC), period.until.astimezone(UTC)
    of_all = order.line is None and order.queue is None
    of_lines = order.queue is None
    yes, no = consent
    return CharterFigures(
        callbacks=callback_figures(connection, since, until, now, order.line) if of_lines else {},
        callbacks_by_line=_by_line(connection, since, until, now) if of_all else {},
        reviews=review_figures(connection, whole_months(period), agents=agents) if of_all else None,
        commitments=commitment_figures(connection, basis.register, since, until, now, basis.work_time),
        promises_used=_any(connection, CALLBACK_PROMISES),
        register_used=_any(connection, CASES),
        consent_yes=yes,
        consent_no=no,
    )


def whole_months(period: Period) -> tuple[date, ...]:
    """The first days of the months that lie wholly within a period: samples are drawn of months."""
    begins = [day for day in period.days() if day.day == 1]
    return tuple(day for day in begins if _last_of(day) <= period.last)


def _last_of(first: date) -> date:
    behind = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return date.fromordinal(behind.toordinal() - 1)


def _by_line(
    connection: Connection, since: datetime, until: datetime, now: datetime
) -> dict[str, Mapping[CallbackKind, CallbackFigures]]:
    owed_at = CALLBACKS.c.owed_at
    asked = select(CALLBACKS.c.line).where(owed_at >= since, owed_at < until).distinct()
    lines = connection.scalars(asked).all()
    if len(lines) < _SEVERAL:
        # All of them are that line's, and have been read.
        return {}
    return {line: callback_figures(connection, since, until, now, line) for line in sorted(lines)}


def _any(connection: Connection, table: FromClause) -> bool:
    return bool(connection.scalar(select(exists(select(1).select_from(table)))))


def _consent(connection: Connection, period: Period, selection: Sequence[ColumnElement[bool]]) -> tuple[int, int]:
    """Transfers by people before which the caller was asked, and before which not."""
    filed = and_(CALLS.c.filed_at >= period.since.astimezone(UTC), CALLS.c.filed_at < period.until.astimezone(UTC))
    asked = (
        select(TRANSFERS.c.consent, func.count())
        .select_from(OF_CALL)
        .where(filed, *selection, TRANSFERS.c.kind != TransferKind.FORWARD, TRANSFERS.c.consent.is_not(None))
        .group_by(TRANSFERS.c.consent)
    )
    counts = {bool(consent): count for consent, count in connection.execute(asked)}
    return counts.get(True, 0), counts.get(False, 0)

"""Finds calls and transfers in the ledger, the newest first, a page at a time.

A page ends with a cursor, the place where the next one goes on. It names the last row that was shown, not how many
were, so that calls which arrive meanwhile shift nothing, and a page far back costs what the first one does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, or_, select, union

from monitor.calls.facts import CallKey, Transfer
from monitor.errors import SearchError
from monitor.ledger.cursor import place_of, written
from monitor.ledger.filters import CallFilter, TransferFilter
from monitor.ledger.rows import ATTEMPTS, CALLS, TRANSFERS, transfer_of
from monitor.ledger.whole import CHUNK, whole_calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import FromClause, RowMapping, Select

    from monitor.calls.facts import Call
    from monitor.ledger.store import Store

__all__ = ["MAX_LIMIT", "CallFilter", "Found", "FoundTransfers", "LedgerTransfer", "Search", "TransferFilter"]

MAX_LIMIT = CHUNK
"""Rows one page may have at most."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of calls, the newest first."""

    calls: list[Call]
    """Whole calls, with their ring attempts, transfers and holds."""
    next: str | None
    """Give it as `after` for the next page; None where this is the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTransfer:
    """A transfer with what its call says of it."""

    key: CallKey
    line: str
    queue: str | None
    """The queue of the call."""
    member: str | None
    """The queue member's name of the phone that passed the caller on; None where no queue rang it for this call."""
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class FoundTransfers:
    """One page of transfers, the newest first."""

    transfers: list[LedgerTransfer]
    next: str | None
    """Give it as `after` for the next page; None where this is the last one."""


class Search:
    """Looks for calls in one ledger. Every method may block: call them off the event loop.

    Args:
        store: the ledger's store. Each method raises `StoreError` where it is away.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def calls(self, chosen: CallFilter, *, limit: int, after: str | None = None) -> Found:
        """One page of the calls that meet a filter.

        Args:
            chosen: what is looked for.
            limit: calls on a page, 1 to `MAX_LIMIT`.
            after: the cursor at the end of the page before; None for the first page.

        Raises:
            SearchError: the limit or the cursor makes no sense.
            StoreError: the store is away.
        """
        _check_limit(limit)
        statement = _chosen(chosen, limit, after)
        with self.store.reading() as connection:
            found = connection.execute(statement).mappings().all()
            calls = list(whole_calls(connection, found[:limit]))
        return Found(calls, _cursor(found, limit, _CALL_ORDER))

    def count(self, chosen: CallFilter) -> int:
        """How many calls meet a filter."""
        with self.store.reading() as connection:
            return connection.scalar(select(func.count()).select_from(CALLS).where(chosen.conditions())) or 0

    def stream(self, chosen: CallFilter) -> Iterator[Call]:
        """Every call that meets a filter, in the order of `calls`, held in memory a page at a time.

        Each page is read by itself, so that somebody who takes them slowly keeps no transaction open.
        """
        after: str | None = None
        while True:
            found = self.calls(chosen, limit=MAX_LIMIT, after=after)
            yield from found.calls
            after = found.next
            if after is None:
                return

    def transfers(self, chosen: TransferFilter, *, limit: int, after: str | None = None) -> FoundTransfers:
        """One page of the transfers that meet a filter; arguments and errors are those of `calls`."""
        _check_limit(limit)
        # Of several attempts at this phone any names the member.
        member = (
            select(func.max(ATTEMPTS.c.member))
            .where(
                ATTEMPTS.c.system == TRANSFERS.c.system,
                ATTEMPTS.c.linkedid == TRANSFERS.c.linkedid,
                ATTEMPTS.c.agent == TRANSFERS.c.by,
            )
            .scalar_subquery()
        )
        same = and_(CALLS.c.system == TRANSFERS.c.system, CALLS.c.linkedid == TRANSFERS.c.linkedid)
        statement = (
            select(TRANSFERS, CALLS.c.line, CALLS.c.queue, member.label("member"))
            .select_from(TRANSFERS.join(CALLS, same))
            .where(chosen.conditions())
        )
        with self.store.reading() as connection:
            found = connection.execute(_paged(statement, _TRANSFER_ORDER, limit, after)).mappings().all()
        return FoundTransfers(
            [
                LedgerTransfer(
                    key=CallKey(system=row["system"], linkedid=row["linkedid"]),
                    line=row["line"],
                    queue=row["queue"],
                    member=row["member"],
                    transfer=transfer_of(row),
                )
                for row in found[:limit]
            ],
            _cursor(found, limit, _TRANSFER_ORDER),
        )


_Order = tuple[ColumnElement[Any], ...]
"""Columns that tell every row from every other; an instant first, then texts and the ordinal, a number."""
_TRANSFER_ORDER: _Order = (TRANSFERS.c.at, TRANSFERS.c.system, TRANSFERS.c.linkedid, TRANSFERS.c.ordinal)


def _call_order(table: FromClause) -> _Order:
    return table.c.filed_at, table.c.system, table.c.linkedid


_CALL_ORDER = _call_order(CALLS)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise SearchError(f"A page has 1 to {MAX_LIMIT} rows: give a limit between them.", "limit")


def _chosen(chosen: CallFilter, limit: int, after: str | None) -> Select[Any]:
    """The rows of one page of calls, and one more."""
    # The first of each way hold the first of all, so no way is read further than a page.
    ways = [select(_paged(way, _call_order(table), limit, after).subquery()) for table, way in chosen.ways()]
    if not ways:
        return _paged(select(CALLS).where(chosen.conditions()), _CALL_ORDER, limit, after)
    found = union(*ways).subquery()
    order = _call_order(found)
    first = select(found).order_by(*(column.desc() for column in order)).limit(limit + 1).subquery()
    same = and_(CALLS.c.system == first.c.system, CALLS.c.linkedid == first.c.linkedid)
    return select(CALLS).join(first, same).order_by(*(column.desc() for column in _call_order(first)))


def _paged(statement: Select[Any], order: _Order, limit: int, after: str | None) -> Select[Any]:
    """One row more than a page, which tells whether there is a next one."""
    if after is not None:
        values = place_of(after, len(order))
        first, place = order[0], values[0]
        behind: ColumnElement[bool] | None = None
        for column, value in reversed(list(zip(order, values, strict=True))):
            behind = column < value if behind is None else or_(column < value, and_(column == value, behind))
        # Said on its own too: the index is searched by it, where an OR would be tried on every row.
        statement = statement.where(first <= place, behind)  # type: ignore[arg-type] # an order is never empty
    return statement.order_by(*(column.desc() for column in order)).limit(limit + 1)


def _cursor(found: Sequence[RowMapping], limit: int, order: _Order) -> str | None:
    if len(found) <= limit:
        return None
    last = found[limit - 1]
    return written([last[column.key] for column in order])  # type: ignore[index] # columns of tables have keys

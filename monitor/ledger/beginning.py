"""Where the ledger begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from monitor.ledger.rows import CALLS

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.ledger.store import Store


def first_call_at(store: Store) -> datetime | None:
    """When the earliest call in the ledger is filed; None where there is none.

    Raises:
        StoreError: the store is away or does not hold this ledger.
    """
    with store.reading() as connection:
        first: datetime | None = connection.execute(select(func.min(CALLS.c.filed_at))).scalar_one()
    return first

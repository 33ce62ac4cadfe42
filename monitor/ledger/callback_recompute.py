"""Works calls back out anew for a period, as after other settings, or for calls from before there were any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, literal, or_, select

from monitor.ledger.rows import CALLS
from monitor.ledger.tables import CALLBACK_PROMISES, CALLBACKS
from monitor.ledger.whole import CHUNK, whole_calls

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.ledger.callbacks import Callbacks
    from monitor.ledger.store import Store


def recompute(store: Store, callbacks: Callbacks, since: datetime, until: datetime) -> int:
    """Work out every call back of a period's calls.

    A transaction for some hundred calls each, so that nobody who writes waits for long.

    Args:
        store: the ledger's store.
        callbacks: keeps them.
        since: the first instant of the period that calls are filed under.
        until: the first instant behind it.

    Returns:
        How many calls were looked at: those that may leave something owed, or did.

    Raises:
        StoreError: the store is away; what was worked out stands.
    """
    looked_at = 0
    filed, order = CALLS.c.filed_at, (CALLS.c.filed_at, CALLS.c.system, CALLS.c.linkedid)
    same = [
        select(literal(1)).where(table.c.system == CALLS.c.system, table.c.linkedid == CALLS.c.linkedid).exists()
        for table in (CALLBACK_PROMISES, CALLBACKS)
    ]
    chosen = select(CALLS).where(filed < until, or_(CALLS.c.answered_at.is_(None), *same)).order_by(*order).limit(CHUNK)
    behind = filed >= since
    while True:
        with store.writing() as connection:
            found = connection.execute(chosen.where(behind)).mappings().all()
            callbacks.anew(connection, list(whole_calls(connection, found)))
        looked_at += len(found)
        if len(found) < CHUNK:
            return looked_at
        last = found[-1]
        place = (CALLS.c.system > last["system"]) | (
            (CALLS.c.system == last["system"]) & (CALLS.c.linkedid > last["linkedid"])
        )
        behind = and_(filed >= last["filed_at"], or_(filed > last["filed_at"], place))

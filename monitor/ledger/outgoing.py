"""Calls that the centre made, read back from the ledger."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from monitor.ledger.rows import OUTGOING_CALLS, outgoing_of
from monitor.ledger.whole import CHUNK, among

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.calls.facts import CallKey, OutgoingCall
    from monitor.ledger.store import Store


def made_calls(store: Store, keys: Iterable[CallKey]) -> dict[CallKey, OutgoingCall]:
    """Those of some keys that the ledger has; one whose number was erased has the number "".

    Raises:
        StoreError: the store is away.
    """
    by_system: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        by_system[key.system].append(key.linkedid)
    found: dict[CallKey, OutgoingCall] = {}
    with store.reading() as connection:
        for system, linkedids in by_system.items():
            for start in range(0, len(linkedids), CHUNK):
                chunk = linkedids[start : start + CHUNK]
                chosen = select(OUTGOING_CALLS).where(
                    OUTGOING_CALLS.c.system == system, among(connection, OUTGOING_CALLS.c.linkedid, chunk)
                )
                made = [outgoing_of(row) for row in connection.execute(chosen).mappings()]
                found |= {call.key: call for call in made}
    return found

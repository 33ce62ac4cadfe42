"""How far each system has been followed and written down: a sign of life that outlives a killed monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from monitor.ledger.tables import WATCH

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def seen_until(connection: Connection, system: str) -> datetime | None:
    """Up to which instant, on the system's own clock, it was followed and the ledger has what came; None for never."""
    found: datetime | None = connection.scalar(select(WATCH.c.seen_until).where(WATCH.c.system == system))
    return found


def watched(connection: Connection, system: str, monitor: str, seen_until: datetime) -> None:
    """Write down up to which instant a system was followed; what came before it must have been written.

    An earlier instant than the one that is known is taken too: the system's clock may have been set back.

    Args:
        connection: the transaction to write in.
        system: its name.
        monitor: which one followed it, as `monitor.ledger.leader.this_monitor` calls it.
        seen_until: on the system's own clock.
    """
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(WATCH).values(system=system, monitor=monitor, seen_until=seen_until)
    told = {"monitor": statement.excluded.monitor, "seen_until": statement.excluded.seen_until}
    connection.execute(statement.on_conflict_do_update(index_elements=[WATCH.c.system], set_=told))

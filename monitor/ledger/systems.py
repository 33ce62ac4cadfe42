"""Of which systems a ledger holds anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from monitor.ledger.rows import AGENT_STATES, CALLS, GAPS
from monitor.ledger.tables import WATCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Table

_TABLES = (CALLS, AGENT_STATES, GAPS, WATCH)


def known_systems(connection: Connection) -> set[str]:
    """Every system with a call, a state of a member, a gap or a sign of life, by the name they are filed under."""
    return {system for table in _TABLES for system in systems_of(connection, table)}


def systems_of(connection: Connection, table: Table) -> Iterator[str]:
    """Every system in a table whose key begins with it, from one to the next along the key: however long it is."""
    step = select(func.min(table.c.system)).where(table.c.system > bindparam("behind"))
    system = connection.scalar(step, {"behind": ""})
    while system is not None:
        yield system
        system = connection.scalar(step, {"behind": system})

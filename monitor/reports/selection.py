"""Which calls a report is of: a line and a queue by name, which somebody must know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from monitor.errors import ReportError
from monitor.ledger.members import members
from monitor.ledger.rows import CALLS

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from monitor.reports.order import Basis


def selection(
    connection: Connection, basis: Basis, *, line: str | None, queue: str | None
) -> list[ColumnElement[bool]]:
    """What the calls of a line and a queue meet; None asks for all.

    Raises:
        ReportError: neither the settings nor the ledger know the line, or the ledger not the queue.
    """
    conditions: list[ColumnElement[bool]] = []
    if line is not None:
        known = {*basis.lines, *names_along(connection, CALLS.c.line)}
        if line not in known:
            raise ReportError(f"There is no line {line!r}: known are {_listed(known)}.")
        conditions.append(CALLS.c.line == line)
    if queue is not None:
        known = set(names_along(connection, CALLS.c.queue))
        if queue not in known:
            systems = {*basis.systems, *names_along(connection, CALLS.c.system)}
            known |= {member.queue for system in systems for member in members(connection, system)}
        if queue not in known:
            raise ReportError(f"There is no queue {queue!r}: known are {_listed(known)}.")
        conditions.append(CALLS.c.queue == queue)
    return conditions


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def names_along(connection: Connection, column: ColumnElement[Any]) -> list[str]:
    """Every value of a column that an index begins with, from one to the next past all rows that share it."""
    found: list[str] = []
    smallest = select(func.min(column))
    name = connection.scalar(smallest)
    while name is not None:
        found.append(name)
        name = connection.scalar(smallest.where(column > name))
    return found

"""Calls read with all that belongs to them: their ring attempts, transfers and holds."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql

from monitor.ledger import rows
from monitor.ledger.columns import REPLACEMENT, Name
from monitor.ledger.rows import PARTS_OF_CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping, Table

    from monitor.calls.facts import Call

CHUNK = 500
"""Rows read at a time, and keys in one statement."""


def whole_calls(connection: Connection, found: Sequence[RowMapping]) -> Iterator[Call]:
    """The calls of some rows of `calls`, in their order.

    Args:
        connection: the transaction in which the rows were read.
        found: whole rows, at most about `CHUNK` of them.
    """
    parts: defaultdict[tuple[str, str], dict[Table, list[RowMapping]]] = defaultdict(dict)
    by_system: defaultdict[str, list[str]] = defaultdict(list)
    for row in found:
        by_system[row["system"]].append(row["linkedid"])
    for system, linkedids in by_system.items():
        for table in PARTS_OF_CALLS:
            chosen = select(table).where(table.c.system == system, among(connection, table.c.linkedid, linkedids))
            for part in connection.execute(chosen.order_by(table.c.linkedid, table.c.ordinal)).mappings():
                parts[system, part["linkedid"]].setdefault(table, []).append(part)
    for row in found:
        yield rows.call_of(row, parts[row["system"], row["linkedid"]])


def among(connection: Connection, column: ColumnElement[str], values: list[str]) -> ColumnElement[bool]:
    """Whether a column holds one of the values.

    They are given as one, which each database looks up in an index: 500 placeholders cost more to write down than the
    rows cost to find, and PostgreSQL would compare them with every row in turn.
    """
    if connection.dialect.name == "sqlite":
        given = json.dumps([value.replace("\0", REPLACEMENT) for value in values])
        return column.in_(select(func.json_each(given).table_valued("value").c.value))
    return column.in_(select(func.unnest(bindparam(None, values, type_=postgresql.ARRAY(Name())))))

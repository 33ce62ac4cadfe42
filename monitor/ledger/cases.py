"""Cases and their audit trail in the ledger: read and written inside whoever's transaction.

Entries of the trail are numbered without gaps, and each one's chain is made from the one before it; so writers take
turns. `lock` comes first in a transaction that writes either.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from monitor.ledger.tables import CASE_EVENTS, CASES
from monitor.ledger.whole import among

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Select

NO_ENTRY = "0" * 64
"""What the first entry's chain is made from."""
CHUNK = 500
_LOCK = 0x63617365
"""Of PostgreSQL's advisory locks; any number that nobody else takes."""
Stored = dict[str, Any]
"""A row, by column."""
Entry = dict[str, Any]
"""What an entry says: `reference`, `at`, `who`, `role`, `action`, `detail`."""


def lock(connection: Connection) -> None:
    """Let nobody else write cases until this transaction ends. In SQLite nobody does anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def rows(connection: Connection, chosen: Select[Any]) -> list[Stored]:
    """The rows of a selection."""
    return [{**row} for row in connection.execute(chosen).mappings()]


def one(connection: Connection, reference: str) -> Stored | None:
    """A case's row; None where there is none."""
    return next(iter(rows(connection, select(CASES).where(CASES.c.reference == reference))), None)


def known(connection: Connection, references: list[str]) -> dict[str, Stored]:
    """The rows of some cases that are there, by reference; about `CHUNK` at most."""
    chosen = select(CASES).where(among(connection, CASES.c.reference, references))
    return {row["reference"]: row for row in rows(connection, chosen)}


def openings(connection: Connection, references: list[str]) -> dict[str, Stored]:
    """The first entry of some cases' trails, by reference; about `CHUNK` at most."""
    chosen = (
        select(CASE_EVENTS)
        .where(among(connection, CASE_EVENTS.c.reference, references), CASE_EVENTS.c.action == "opened")
        .order_by(CASE_EVENTS.c.id.desc())
    )
    return {row["reference"]: row for row in rows(connection, chosen)}


def add(connection: Connection, new: Sequence[Mapping[str, Any]]) -> None:
    """Write new cases."""
    if new:
        connection.execute(insert(CASES), [dict(row) for row in new])


def change(connection: Connection, reference: str, values: Mapping[str, Any]) -> None:
    """Change a case."""
    connection.execute(update(CASES).where(CASES.c.reference == reference).values(**values))


def next_entry(connection: Connection) -> int:
    """The number that the next entry of the trail gets."""
    return _last(connection)[0] + 1


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write entries at the end of the trail, in their order. You must hold the lock."""
    number, chain = _last(connection)
    written = []
    for entry in entries:
        number += 1
        row = {**entry, "id": number}
        chain = chain_of(chain, row)
        written.append({**row, "chain": chain})
    if written:
        connection.execute(insert(CASE_EVENTS), written)


def chain_of(before: str, entry: Mapping[str, Any]) -> str:
    """An entry's chain.

    Args:
        before: that of the entry before it; `NO_ENTRY` for the first.
        entry: its columns.
    """
    said = [entry["id"], entry["reference"], _written(entry["at"]), entry["who"], entry["role"], entry["action"]]
    text = json.dumps([before, *said, entry["detail"]], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def trail(connection: Connection, reference: str) -> list[Stored]:
    """The entries of one case, the oldest first."""
    chosen = select(CASE_EVENTS).where(CASE_EVENTS.c.reference == reference).order_by(CASE_EVENTS.c.id)
    return rows(connection, chosen)


def whole_trail(connection: Connection) -> Iterator[Stored]:
    """Every entry of the trail, the oldest first."""
    yield from _in_chunks(connection, CASE_EVENTS.c.id, 0)


def all_cases(connection: Connection) -> Iterator[Stored]:
    """Every case, by reference."""
    yield from _in_chunks(connection, CASES.c.reference, "")


def _in_chunks(connection: Connection, key: Any, first: Any) -> Iterator[Stored]:
    place = first
    while True:
        chosen = select(key.table).where(key > place).order_by(key).limit(4 * CHUNK)
        found = rows(connection, chosen)
        yield from found
        if len(found) < 4 * CHUNK:
            return
        place = found[-1][key.name]


def _last(connection: Connection) -> tuple[int, str]:
    chosen = select(CASE_EVENTS.c.id, CASE_EVENTS.c.chain).order_by(CASE_EVENTS.c.id.desc()).limit(1)
    found = connection.execute(chosen).one_or_none()
    return (0, NO_ENTRY) if found is None else (found.id, found.chain)

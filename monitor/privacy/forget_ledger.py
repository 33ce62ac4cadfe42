"""Takes one person out of the ledger: every column of every table that holds a text, and SQLite's freed pages."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, func, or_, select, type_coerce
from sqlalchemy.exc import OperationalError

from monitor.errors import StoreError
from monitor.ledger import case_erasing, erasing, erasing_charter
from monitor.ledger.columns import SEPARATORS, Name
from monitor.ledger.rows import CALLS, TRANSFERS
from monitor.ledger.tables import CASE_EVENTS, CASES, RECORDINGS, TABLES
from monitor.numbers import erased, hash_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Column, ColumnElement, RowMapping, Table

    from monitor.ledger.erasing import Erasure
    from monitor.ledger.store import Store
    from monitor.privacy.person import Person

_COMPACT_SECONDS = 60.0
"""How long SQLite's file is tried to be made anew while others read and write in it."""
_CHUNK_BYTES = 1 << 24
_OVERLAP_BYTES = 256
"""Of one chunk and the next: longer than any form of a number."""


def places(person: Person) -> Iterator[erasing.Task]:
    """What is to be erased, a table at a time."""
    yield erasing_charter.notes_of(person.normal, *(() if person.hash is None else (person.hash,)))
    for table in TABLES:
        texts = [column for column in table.columns if isinstance(column.type, Name)]
        # Nothing of a person is ever written to the audit trail, and the database refuses to change it.
        if texts and table is not CASE_EVENTS:
            yield erasing.Task(
                place=f"table {table.name}",
                table=table,
                order=tuple(table.primary_key.columns),
                where=or_(*(_may_hold(column, person) for column in texts)),
                change=_changes(table, texts, person),
                beside=case_erasing.entries_at(lambda: datetime.now(UTC)) if table is CASES else None,
            )


def _may_hold(column: Column[Any], person: Person) -> ColumnElement[bool]:
    stripped: ColumnElement[str] = type_coerce(column, Text)
    for separator in SEPARATORS:
        stripped = func.replace(stripped, separator, "")
    found = stripped.contains(person.digits.decode(), autoescape=True)
    return (
        found if person.hash is None else or_(found, type_coerce(column, Text).contains(person.hash, autoescape=True))
    )


def _changes(
    table: Table, texts: list[Column[Any]], person: Person
) -> Callable[[RowMapping], Mapping[str, Any] | None]:
    # What a call is filed under is no text that a caller chooses; a change would tear it from what belongs to it.
    free = [column for column in texts if column.name not in ("system", "linkedid", "reference")]

    def change(row: RowMapping) -> Mapping[str, Any] | None:
        changed: dict[str, Any] = {}
        for column in free:
            text = row[column.name]
            if not isinstance(text, str) or not person.count(text.encode(errors="surrogatepass")):
                continue
            if table is CALLS and column.name == "caller":
                changed |= {"caller": None, "caller_ends": None}
            elif person.is_all_of(text):
                changed[column.name] = None if column.nullable else ""
            else:
                changed[column.name] = person.without_text(text)
        if table is CASES and "person" in changed:
            # What somebody's case is about tells of them without their number, too.
            changed["subject"] = None
        return changed or None

    return change


def forget_marks(store: Store, person: Person) -> Iterator[tuple[str, Erasure]]:
    """Take the mark of a hash out of transfers of that caller to themselves, and out of the names of their recordings.

    Yields:
        The table's name, and what was erased in it; nothing where there are no hashes.

    Raises:
        StoreError: the store is away.
    """
    if person.hash is None:
        return
    mark = hash_mark(person.hash)
    for table, column, left in ((TRANSFERS, "to", ""), (RECORDINGS, "file", erased(len(mark)))):
        of_person = select(CALLS.c.linkedid).where(
            CALLS.c.system == table.c.system, CALLS.c.linkedid == table.c.linkedid, CALLS.c.caller == person.hash
        )
        task = erasing.Task(
            place=f"marks in {table.name}",
            table=table,
            order=tuple(table.primary_key.columns),
            where=table.c[column].contains(mark, autoescape=True) & of_person.exists(),
            change=_replacing(column, mark, left),
        )
        yield table.name, erasing.carry_out(store, task, again=False)


def _replacing(column: str, mark: str, left: str) -> Callable[[RowMapping], Mapping[str, Any]]:
    return lambda row: {column: row[column].replace(mark, left)}


def compact(store: Store) -> None:
    """Make the store anew without what was erased from it.

    Raises:
        StoreError: it cannot be: others hold it for too long, or the disk has no room for a copy.
    """
    if store.is_sqlite:
        _compact_file(store)
        return
    with store.explaining(), store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        for table in TABLES:
            connection.exec_driver_sql(f'VACUUM "{table.name}"')


def _compact_file(store: Store) -> None:
    deadline = time.monotonic() + _COMPACT_SECONDS
    statements = ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"]
    with store.explaining(), store.outside_transactions() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
        while statements:
            try:
                result = connection.exec_driver_sql(statements[0])
                busy = result.returns_rows and bool(result.scalar())
            except OperationalError as error:
                if "locked" not in str(error.orig):
                    raise
                busy = True
            if not busy:
                del statements[0]
            elif time.monotonic() > deadline:
                raise StoreError(
                    f"The ledger {store.name} is in use without a pause, so that its freed pages cannot be cleared: "
                    "close other programs that read it, and run this again."
                )
            else:
                # Another program has the file: SQLite has no call that waits for a checkpoint's turn, so it is tried
                # again until the deadline above.
                time.sleep(0.1)


def left_in_files(store: Store, person: Person) -> int:
    """How often the person stands in the bytes of SQLite's files, freed pages and the write-ahead log among them."""
    path = store.path
    if path is None:
        return 0
    found = 0
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
        with suppress(FileNotFoundError):
            found += _count_in(path.with_name(name), person)
    return found


def _count_in(path: Path, person: Person) -> int:
    found, before = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            data = before + chunk
            found += person.count_in_pages(data) - person.count_in_pages(before)
            before = data[-_OVERLAP_BYTES:]
    return found

"""Brings a store up to date: the migrations, run under a lock.

Several programs may start at once on an empty store: the first one takes the lock and makes the tables, the others
wait and find nothing left to do. All of it is one transaction, so a migration that fails leaves the store as it was.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from monitor.errors import StoreError
from monitor.ledger.store import BUSY_SECONDS, Store

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = int.from_bytes(b"callmon", "big")
"""The key of the advisory lock: the name of the product, as a number below 2⁶³."""


def upgrade(store: str | Path | Store) -> str:
    """Make or bring up to date the ledger's tables; nothing changes where they are.

    Returns:
        The revision the store now has.

    Raises:
        StoreError: the store is away, or was made by a newer release.
    """
    opened = store if isinstance(store, Store) else Store(store)
    try:
        opened.create_file()
        if opened.is_sqlite:
            _use_wal(opened)
        with opened.writing() as connection:
            if not opened.is_sqlite:  # SQLite's BEGIN IMMEDIATE is the lock
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            return _migrate(opened, connection)
    finally:
        if opened is not store:
            opened.close()


def head() -> str:
    """The revision this release works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def revision_of(connection: Connection) -> str | None:
    """The revision a store has; None where it has no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _migrate(store: Store, connection: Connection) -> str:
    newest = head()
    if revision_of(connection) != newest:
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"The ledger {store.name} was made by a newer release: install that one, or give another store."
            ) from error
    return newest


def _use_wal(store: Store) -> None:
    """Let readers and the writer work side by side. The mode is kept in the file.

    Changing it needs the file for oneself, and SQLite does not wait for that.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    with store.explaining():
        while True:
            try:
                with store.outside_transactions() as connection:
                    if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
                        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            except OperationalError as error:
                if "locked" not in str(error.orig) or time.monotonic() > deadline:
                    raise
                # SQLite's busy_timeout does not hold for a change of journal mode, and it tells nobody when it is free.
                time.sleep(0.02)
            else:
                return

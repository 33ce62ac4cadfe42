"""Whether a ledger in a file is whole: damage that nobody looks for spreads with each write.

**Source:** https://www.sqlite.org/pragma.html#pragma_quick_check
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy.exc import DatabaseError

if TYPE_CHECKING:
    from monitor.ledger.store import Store


def check(store: Store) -> None:
    """Read through a ledger in a file, and find what is damaged; PostgreSQL looks after its pages itself.

    Takes about a second for each million calls.

    Raises:
        DamagedStore: it must not be written to.
        StoreError: it cannot be read now.
    """
    path = store.path
    if path is None or not path.exists():
        return
    with store.reading() as connection:
        found: str = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            # As SQLite itself would say it, once it comes upon it.
            raise DatabaseError("PRAGMA quick_check", None, sqlite3.DatabaseError("database disk image is malformed"))

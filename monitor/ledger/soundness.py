"""Whether a ledger in a file is whole: damage that nobody looks for spreads with each write.

**Source:** https://www.sqlite.org/pragma.html#pragma_quick_check
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import DatabaseError

from monitor.errors import StoreError
from monitor.ledger.store import DamagedStore

if TYPE_CHECKING:
    from monitor.ledger.store import Store

AT_ONCE_BYTES = 64_000_000
"""What is looked through before anything is written; a larger file beside that. 200,000 calls (245 MB) take 3 s."""


class Soundness:
    """Looks through a ledger in a file when it is first written to, and again once it was found damaged.

    PostgreSQL looks after its pages itself.

    Args:
        store: the ledger's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looked = False
        self._doubted = False
        self._damage: DamagedStore | None = None

    def demand(self) -> None:
        """Return where the ledger may be written to, as far as is known.

        Raises:
            DamagedStore: it is damaged.
            StoreError: it cannot be read now.
        """
        path = self._store.path
        if path is None or not path.exists():
            return
        if self._damage is not None:
            self._damage, self._doubted = None, True
        if self._doubted or (not self._looked and path.stat().st_size <= AT_ONCE_BYTES):
            check(self._store)
            self._doubted = False
        elif not self._looked:
            threading.Thread(target=self._look_beside, name="ledger-soundness", daemon=True).start()
        self._looked = True

    def doubt(self) -> None:
        """It was found damaged: look through it, whatever its size, before it is written to again."""
        self._doubted = True

    def _look_beside(self) -> None:
        # One that cannot be read now is told by whoever writes to it.
        with suppress(StoreError):
            try:
                check(self._store)
            except DamagedStore as damage:
                self._damage = damage


def check(store: Store) -> None:
    """Read through a ledger in a file.

    Raises:
        DamagedStore: it is damaged.
        StoreError: it cannot be read now.
    """
    with store.reading() as connection:
        found: str = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            # As SQLite itself would say it, once it comes upon it.
            raise DatabaseError("PRAGMA quick_check", None, sqlite3.DatabaseError("database disk image is malformed"))

"""Which of several monitors of one ledger leads: whoever holds a lock of PostgreSQL's.

The lock belongs to a connection, so it goes with the program that held it. A host that vanishes without a word keeps
its connection for a while: the server is asked to find that out within three seconds, and who stands by ends the
connection of a leader that has not been heard for so long, which also holds for one that hangs.

A second lock, shared, is held by those who stand by and see every system: a leader that sees less makes room for them.

**Source:** PostgreSQL 15, 9.27.10 (advisory lock functions) and 54.12 (`pg_locks`).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, text
from sqlalchemy.exc import SQLAlchemyError

from monitor.ledger import rows
from monitor.ledger.rows import GAPS
from monitor.ledger.store import Store
from monitor.ledger.tables import WATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from monitor.calls.facts import Gap

SILENT_SECONDS = 3.0
"""A leader that has not asked for its lock for so long is taken for gone."""
_LEADS, _READY = 0x63616C6C, 0x63616C6D
"""The first halves of the two locks' keys, apart from the one under which tables are made: it is one number of 64 bits.
"""
_SESSION = (
    "SET statement_timeout = '2s'",
    "SET tcp_keepalives_idle = 1",
    "SET tcp_keepalives_interval = 1",
    "SET tcp_keepalives_count = 2",
    "SET tcp_user_timeout = '2500ms'",
)
"""The server's side of the connection: a host that says nothing more loses it within three seconds."""
_CLIENT = {
    "connect_timeout": "2",
    "keepalives_idle": "1",
    "keepalives_interval": "1",
    "keepalives_count": "2",
    "tcp_user_timeout": "2500",
    "application_name": "callmonitor leader",
}

_TAKE = text("SELECT pg_try_advisory_lock(:leads, :systems)")
_LET_GO = text("SELECT pg_advisory_unlock(:leads, :systems)")
_BE_READY = text("SELECT pg_try_advisory_lock_shared(:ready, :systems)")
_BE_UNREADY = text("SELECT pg_advisory_unlock_shared(:ready, :systems)")
_OTHERS_READY = text("""
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND pid <> pg_backend_pid()
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND classid = CAST(:ready AS bigint)::oid AND objid = CAST(:unsigned AS bigint)::oid
    )
""")
_END_SILENT = text("""
    SELECT count(pg_terminate_backend(holder.pid))
    FROM pg_locks AS held JOIN pg_stat_activity AS holder ON holder.pid = held.pid
    WHERE held.locktype = 'advisory' AND held.objsubid = 2 AND held.granted
        AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND held.classid = CAST(:leads AS bigint)::oid AND held.objid = CAST(:unsigned AS bigint)::oid
        AND clock_timestamp() - holder.state_change > make_interval(secs => :silent)
""")
_TABLES = text("SELECT to_regclass('watch') IS NOT NULL AND to_regclass('coverage_gaps') IS NOT NULL")


_DRAWN = secrets.token_hex(4)
"""Two containers may have one host name, and in each the program is process 1."""


def this_monitor() -> str:
    """What this program is called in the ledger: its host, its process, and eight characters drawn when it started."""
    return f"{socket.gethostname()}:{os.getpid()}:{_DRAWN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How far a system has been followed, by the ledger."""

    monitor: str
    """Who followed it, as `this_monitor` calls it."""
    until_at: datetime
    """By the system's own clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the ledger says of who leads."""

    leads: bool
    """This monitor does."""
    seen: Mapping[str, Seen]
    """By system, what was followed, whoever did."""
    gaps: Sequence[Gap]
    """Intervals that are told of as unobserved: those that last, and those that ended lately. Empty for who stands by.
    """


class LeaderLock:
    """The lock, and what goes with it. Everything blocks, and belongs to one thread.

    Args:
        store: a PostgreSQL of this lock's own; see `store_of_lock`.
        systems: the configured names: monitors of the same systems stand in for each other.
    """

    def __init__(self, store: Store, systems: Sequence[str]) -> None:
        self._store = store
        digest = hashlib.sha256("\0".join(sorted(systems)).encode()).digest()
        number = int.from_bytes(digest[:4], "big", signed=True)
        self._keys = {"leads": _LEADS, "ready": _READY, "systems": number}
        self._unsigned = number % (1 << 32)
        self._connection: Connection | None = None
        self._leads = False
        self._ready = False

    def ask(self, *, sees_all: bool, gaps_since: datetime) -> Answer:
        """Keep the lock, or try to take it.

        Args:
            sees_all: whether every system can be observed now; who does not makes room for one who does.
            gaps_since: gaps that ended before are not asked for.

        Raises:
            StoreError: PostgreSQL is away; whoever leads cannot be known, and this monitor's lock is gone.
        """
        try:
            with self._store.explaining():
                connection = self._connect()
                if self._leads:
                    self._keep(connection, sees_all=sees_all)
                else:
                    self._try(connection, sees_all=sees_all)
                if not connection.scalar(_TABLES):
                    return Answer(leads=self._leads, seen={}, gaps=())
                return Answer(
                    leads=self._leads,
                    seen=self._seen(connection),
                    gaps=self._gaps(connection, gaps_since) if self._leads else (),
                )
        except BaseException:
            self.close()
            raise

    def let_go(self) -> None:
        """Let another monitor lead, at once, and close; PostgreSQL may be away."""
        if self._leads and self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.execute(_LET_GO, self._keys)
        self.close()

    def close(self) -> None:
        """End the session, and with it the lock, as soon as the server takes notice."""
        connection, self._connection = self._connection, None
        self._leads = self._ready = False
        if connection is not None:
            # Whatever it was in the middle of, the server ends its session with it.
            connection.invalidate()
            connection.close()
        self._store.close()

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            for setting in _SESSION:
                self._connection.exec_driver_sql(setting)
        return self._connection

    def _keep(self, connection: Connection, *, sees_all: bool) -> None:
        if sees_all or not self._others_ready(connection):
            connection.execute(text("SELECT 1"))
            return
        connection.execute(_LET_GO, self._keys)
        self._leads = False

    def _try(self, connection: Connection, *, sees_all: bool) -> None:
        if sees_all != self._ready:
            connection.execute(_BE_READY if sees_all else _BE_UNREADY, self._keys)
            self._ready = sees_all
        if not sees_all and self._others_ready(connection):
            return
        self._leads = bool(connection.scalar(_TAKE, self._keys))
        if not self._leads:
            connection.execute(_END_SILENT, {"leads": _LEADS, "unsigned": self._unsigned, "silent": SILENT_SECONDS})
        elif self._ready:
            connection.execute(_BE_UNREADY, self._keys)
            self._ready = False

    def _others_ready(self, connection: Connection) -> bool:
        return bool(connection.scalar(_OTHERS_READY, {"ready": _READY, "unsigned": self._unsigned}))

    @staticmethod
    def _seen(connection: Connection) -> dict[str, Seen]:
        return {
            system: Seen(monitor=monitor, until_at=until_at)
            for system, monitor, until_at in connection.execute(
                select(WATCH.c.system, WATCH.c.monitor, WATCH.c.seen_until)
            )
        }

    @staticmethod
    def _gaps(connection: Connection, since: datetime) -> list[Gap]:
        ended = GAPS.c.ended_at
        found = connection.execute(select(GAPS).where(or_(ended.is_(None), ended > since)).order_by(GAPS.c.started_at))
        return [rows.gap_of(row) for row in found.mappings()]


def store_of_lock(url: str, *, password: Callable[[], str | None] | None = None) -> Store:
    """A PostgreSQL as a lock needs it: one that is gone is found out within seconds.

    Args:
        url: the ledger's.
        password: reads its password at each connection, in place of the URL's.
    """
    plain = Store(url)
    given = plain.url.update_query_dict({key: value for key, value in _CLIENT.items() if key not in plain.url.query})
    store = Store(given.render_as_string(hide_password=False), password=password)
    store.name = plain.name
    return store

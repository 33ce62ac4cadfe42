"""Where the ledger lies, and how it is reached.

A store is a file path or `sqlite:///…` (SQLite, one machine, the default) or `postgresql://…` (by psycopg 3). Whatever
goes wrong becomes a `StoreError` whose sentence names the store without its password and what to do next.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from monitor.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 5
"""How long a write waits for another program that holds the SQLite file."""

READING_CACHE_KIB = 32_000
"""Memory in which SQLite keeps pages and sorts, for each of two connections that read much."""
_TRIES = 1_000
"""How often two connections try to begin between the same two commits; the first try succeeds as a rule."""

_BEGIN = "ledger_begin"
"""Execution option: the statement that begins a transaction in SQLite; none where it is empty."""
_CONTENDED = "40"
"""SQLSTATE class of what a second try mends: a deadlock, or a serialization failure.

**Source:** PostgreSQL, appendix A.
"""
_REMEDY = "put the file aside, then restore a copy, or let `callmonitor rebuild` make a new one from the journal"
_DAMAGED = {
    "malformed": _REMEDY,
    "not a database": f"give the path of a ledger; where this was one, {_REMEDY}",
}
"""What SQLite says of a file whose pages are not its own any more, and what an operator does."""
_VALUES_AT_FAULT = ("21", "22", "23", "54")
"""SQLSTATE classes that no second try mends: one row written twice by one statement, data, integrity, and (told as
operational) a value too long for an index.

**Source:** PostgreSQL, appendix A.
"""


class RefusedFact(StoreError):  # noqa: N818 - it names what was refused, as ConnectionProblem names what failed
    """The store is there, and says no to what it was given: trying again is of no use."""


class ContendedStore(StoreError):  # noqa: N818 - as above
    """Another transaction on the same rows came first: trying again at once is of use."""


class DamagedStore(StoreError):  # noqa: N818 - as above
    """The file's content is damaged: writing to it would damage more."""


def parse(store: str | Path) -> URL:
    """The URL of a store given as a path or URL.

    Raises:
        StoreError: it is neither a path nor a URL of SQLite or PostgreSQL.
    """
    text = os.fspath(store)
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).expanduser()))
    scheme, _, rest = text.partition("://")
    scheme = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}.get(scheme, scheme)
    try:
        url = make_url(f"{scheme}://{rest}")
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "The store's URL cannot be read: write postgresql://USER:PASSWORD@HOST:5432/DATABASE, or a file path."
        ) from error
    if url.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise StoreError(f"A store of the kind {url.drivername!r} is not known: use a file path or postgresql://….")
    if url.get_backend_name() == "sqlite" and (not url.database or url.database == ":memory:"):
        raise StoreError("The store's URL names no file: write it as sqlite:///PATH or as a file path.")
    return url


class Store:
    """One SQLite file or PostgreSQL database, opened when it is first needed.

    Args:
        store: a file path or URL.
        password: reads PostgreSQL's password at each connection, in place of the URL's; None leaves that.

    Raises:
        StoreError: the path or URL makes no sense. That the store is away is told when it is used.
    """

    def __init__(self, store: str | Path, *, password: Callable[[], str | None] | None = None) -> None:
        self.url = parse(store)
        self._password = password
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        hidden = {key: "***" if "password" in key else value for key, value in self.url.query.items()}
        self.name = self.url.database or "" if self.is_sqlite else _shown(self.url.set(query=hidden))
        """How messages and pages name the store: never with its password."""
        self._file: tuple[int, int] | None = None
        self.engine: Engine = self._create_engine()

    @property
    def path(self) -> Path | None:
        """The SQLite file; None for PostgreSQL."""
        return Path(self.url.database or "") if self.is_sqlite else None

    def _create_engine(self) -> Engine:
        if self.is_sqlite:
            engine = create_engine(self.url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        # A peer that vanished sends nothing: these bound every wait, so that facts go to disk in time.
        arguments: dict[str, Any] = {
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "tcp_user_timeout": 15_000,
            "application_name": "callmonitor",
            "options": "-c timezone=UTC -c statement_timeout=60s",
        }
        arguments = {key: value for key, value in arguments.items() if key not in self.url.query}
        engine = create_engine(
            self.url, hide_parameters=True, pool_pre_ping=True, pool_size=2,
            connect_args=arguments,
        )  # fmt: skip
        event.listen(engine, "do_connect", self._put_password)
        return engine

    def _put_password(self, _dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]) -> None:
        """Connect with the password of this moment: it may have been changed since the start."""
        try:
            password = None if self._password is None else self._password()
        except ConfigError as error:
            raise StoreError(str(error)) from error
        if password is not None:
            parameters["password"] = password

    def create_file(self) -> None:
        """Make the SQLite file where there is none, readable by its owner alone: it holds callers' numbers.

        Raises:
            StoreError: the folder or file cannot be made.
        """
        path = self.path
        if path is None or path.exists():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise StoreError(
                f"The ledger {path} cannot be made ({error.strerror}): give a path this user may write."
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in a transaction that only reads, and sees the ledger as it was at one moment.

        Raises:
            StoreError: the store is away or does not hold this ledger.
        """
        options: dict[str, Any] = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with (
            self.explaining(),
            self._needing_file(),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def reading_twice(self) -> Iterator[tuple[Connection, Connection]]:
        """Two connections for two threads, which see the ledger as it was at one and the same moment.

        Raises:
            StoreError: the store is away or does not hold this ledger.
        """
        options: dict[str, Any] = {_BEGIN: ""} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with (
            self.explaining(),
            self._needing_file(),
            self.engine.connect().execution_options(**options) as first,
            self.engine.connect().execution_options(**options) as second,
        ):
            if self.is_sqlite:
                self._begin_together(first, second)
            else:
                snapshot = first.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
                second.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            yield first, second

    def _begin_together(self, first: Connection, second: Connection) -> None:
        """Begin to read in two connections to SQLite, with no commit of another program between the two.

        **Source:** https://www.sqlite.org/pragma.html#pragma_data_version: it is another one once somebody else wrote.
        """
        for connection in (first, second):
            # Closed in the end, and not kept: its memory is wanted for what is made of the figures.
            connection.detach()
            connection.exec_driver_sql(f"PRAGMA cache_size = -{READING_CACHE_KIB}")
        for _ in range(_TRIES):
            before = second.exec_driver_sql("PRAGMA data_version").scalar_one()
            for connection in (first, second):
                connection.exec_driver_sql("BEGIN")
                connection.exec_driver_sql("SELECT 1 FROM sqlite_schema").first()
            if second.exec_driver_sql("PRAGMA data_version").scalar_one() == before:
                return
            for connection in (first, second):
                connection.exec_driver_sql("ROLLBACK")
        raise StoreError(f"The ledger {self.name} is being written without a pause: try again when less is going on.")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction that is committed as a whole at the end of the block.

        Raises:
            RefusedFact: the store refused the values themselves; nothing of the block was kept.
            StoreError: the store is away, locked or read-only; nothing of the block was kept.
        """
        try:
            with (
                self.explaining(),
                self._needing_file(),
                self.engine.connect().execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}) as connection,
                connection.begin(),
            ):
                yield connection
        except (OverflowError, UnicodeError, TypeError, ValueError) as error:
            raise RefusedFact(f"The ledger {self.name} cannot hold a value ({type(error).__name__}).") from error

    @contextmanager
    def outside_transactions(self) -> Iterator[Connection]:
        """A connection to SQLite that begins no transaction, for what SQLite does only outside of one."""
        with self.engine.connect().execution_options(**{_BEGIN: ""}) as connection:
            yield connection

    @contextmanager
    def _needing_file(self) -> Iterator[None]:
        # SQLite would make an empty file in place of one that was moved away, and say that tables are missing.
        # And a connection made before goes on writing into a file that was deleted or replaced.
        path = self.path
        if path is not None:
            try:
                status = path.stat()
            except OSError as error:
                raise StoreError(
                    f"The ledger {path} is not there: put it back, or run `callmonitor db upgrade` to begin one."
                ) from error
            if self._file != (status.st_dev, status.st_ino):
                self.engine.dispose()
                self._file = (status.st_dev, status.st_ino)
        yield

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn the database's errors within the block into `StoreError`."""
        try:
            yield
        except StoreError:
            raise
        except SQLAlchemyError as error:
            raise self.explain(error) from error

    def explain(self, error: SQLAlchemyError) -> StoreError:
        """What an error of the database means to the operator; a `RefusedFact` where the values are at fault."""
        original = error.orig if isinstance(error, StatementError) else None
        state = getattr(original, "sqlstate", None) or ""
        if isinstance(error, DBAPIError):
            if isinstance(error, IntegrityError | DataError) or state.startswith(_VALUES_AT_FAULT):
                # The database's own words would repeat the values: a caller's number.
                return RefusedFact(f"The ledger {self.name} refused a fact ({type(original).__name__}): see the spool.")
        elif isinstance(error, StatementError):
            return RefusedFact(f"The ledger {self.name} cannot hold a value ({type(original).__name__}).")
        default = "check the file and its disk" if self.is_sqlite else "check that the server runs and can be reached"
        said = str(original or error).strip().partition("\n")[0]
        for words, remedy in _DAMAGED.items() if self.is_sqlite else ():
            if words in said:
                return DamagedStore(f"The ledger {self.name} cannot be used, and is left as it is ({said}): {remedy}.")
        if state.startswith(_CONTENDED):
            return ContendedStore(f"The ledger {self.name} gave way ({said}): see which program writes the same calls.")
        return StoreError(f"The ledger {self.name} cannot be used ({said}): {_next_step(said) or default}.")

    def close(self) -> None:
        """Close every connection; the store opens again when it is next used."""
        self.engine.dispose()


def _shown(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def _next_step(said: str) -> str | None:
    """What an operator does about the database's own words."""
    for words, step in (
        ("locked", "another program holds the file, close it"),
        ("readonly", "give this user the right to write the file and its folder"),
        ("read-only", "point the store at a primary server that takes writes"),
        ("disk is full", "make room on the disk"),
        ("No space left", "make room on the server's disk"),
        ("unable to open", "check the path and who may write the file and its folder"),
        ("no such table", "run `callmonitor db upgrade`"),
        ("no such column", "run `callmonitor db upgrade`"),
        ("does not exist", "create what is missing, then run `callmonitor db upgrade`"),
        ("authentication failed", "check user and password"),
        ("permission denied", "grant this user the rights on the database"),
    ):
        if words in said:
            return step
    return None


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Set up each connection; the file itself was put in WAL mode when it was brought up to date."""
    # The driver would begin transactions on its own, before writes only, and never before DDL.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer that began as a reader is refused at once where another one wrote meanwhile, without any waiting.
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)

"""Call detail records and channel events in a database, as Asterisk's ODBC and PostgreSQL back ends write them."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Generic

from sqlalchemy import DateTime, MetaData, Table, create_engine, func, make_url, select
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError

from monitor.errors import ImportRefused
from monitor.imports.frame import ALWAYS, Span
from monitor.imports.kinds import LOOKED_AT, R, refuse_other_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

    from sqlalchemy import Connection, Engine

    from monitor.calls.facts import Call
    from monitor.imports.frame import Notes
    from monitor.imports.kinds import Kind, Reader

_ROWS_AT_ONCE = 1_000
_OTHER_ZONE = timedelta(days=2)
"""No two clocks show days that lie further apart, whatever zone the times of a table are told in."""


class RecordTable(Generic[R]):
    """A table of records, a row each. You must call `close` when done.

    Args:
        url: of the database, as SQLAlchemy writes it.
        table: its name.
        kind: of what.
        password: where the URL holds none.

    Raises:
        ImportRefused: there is no way to it, or it holds no such records.
    """

    def __init__(self, url: str, table: str, kind: Kind[R], *, password: str | None = None) -> None:
        self._kind = kind
        self._engine, self._name = _engine(url, password)
        with ExitStack() as stack:
            # Nobody can close what was never made.
            stack.callback(self._engine.dispose)
            self._table, self._columns = self._found(table)
            stack.pop_all()

    def _found(self, table: str) -> tuple[Table, tuple[str, ...]]:
        """The table, and its columns."""
        try:
            with self._engine.connect():
                found = Table(table, MetaData(), autoload_with=self._engine)
            columns, _ = self._kind.columns_of([column.name for column in found.columns])
        except NoSuchTableError:
            raise ImportRefused(
                f"{self._name} has no table {table!r}: name it with --table, or behind # in [[reconcile]]."
            ) from None
        except ValueError as error:
            raise ImportRefused(f"{self._name}, table {table!r}: {error}.") from error
        except SQLAlchemyError as error:
            raise self._away(error) from error
        return found, columns

    def rows(self) -> int:
        """How many there are.

        Raises:
            ImportRefused: the database is away.
        """
        try:
            with self._engine.connect() as connection:
                return connection.scalar(select(func.count()).select_from(self._table)) or 0
        except SQLAlchemyError as error:
            raise self._away(error) from error

    def calls(
        self,
        reader: Reader[R],
        zone: tzinfo,
        notes: Notes,
        at: Callable[[int], None] = lambda _: None,
        *,
        within: Span = ALWAYS,
    ) -> Iterator[Call]:
        """The calls of all rows, by the time at which the rows begin.

        Args:
            reader: gathers the rows of a call.
            zone: in which times without an offset are told.
            notes: told of what cannot be read.
            at: told how many rows have been read.
            within: rows of other times are passed over, and not even asked for where the column holds times.

        Raises:
            ImportRefused: the database went away, or its times are those of another zone.
        """
        try:
            with self._engine.connect().execution_options(yield_per=_ROWS_AT_ONCE) as connection:
                first: list[R] = []
                for row in self._read(connection, zone, None, within):
                    first.append(row)
                    if len(first) == LOOKED_AT:
                        break
                refuse_other_zone(self._kind, first, self._name)
                for row in self._read(connection, zone, notes, within):
                    at(notes.read)
                    if self._kind.at(row) in within:
                        yield from reader.take(row)
        except SQLAlchemyError as error:
            raise self._away(error) from error
        yield from reader.end()

    def _read(self, connection: Connection, zone: tzinfo, notes: Notes | None, within: Span) -> Iterator[R]:
        time = self._table.columns[self._columns.index(self._kind.time_column)]
        # Rows of one instant stand in the order in which they were written, where a key tells it.
        ordered = select(self._table).order_by(time, *self._table.primary_key.columns)
        if within is not ALWAYS and isinstance(time.type, DateTime):
            told = None if time.type.timezone else zone
            since, until = within.since - _OTHER_ZONE, within.until + _OTHER_ZONE
            ordered = ordered.where(
                time >= (since if told is None else since.astimezone(told).replace(tzinfo=None)),
                time < (until if told is None else until.astimezone(told).replace(tzinfo=None)),
            )
        with connection.execute(ordered) as found:
            for number, values in enumerate(found, start=1):
                if notes is not None:
                    notes.read += 1
                try:
                    yield self._kind.row_of(dict(zip(self._columns, values, strict=True)), zone)
                except ValueError as error:
                    if notes is not None:
                        notes.cannot_read(f"row {number}", str(error))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _away(self, error: SQLAlchemyError) -> ImportRefused:
        said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        return ImportRefused(f"{self._name} cannot be read ({said}): check the URL, and that the server runs.")


def _engine(url: str, password: str | None) -> tuple[Engine, str]:
    """A way to the database, and its name without the password."""
    scheme, _, rest = url.partition("://")
    scheme = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}.get(scheme, scheme)
    try:
        made = make_url(f"{scheme}://{rest}")
        if password is not None and not made.password:
            made = made.set(password=password)
        name = made.render_as_string(hide_password=True)
        if made.get_backend_name() == "sqlite" and not Path(made.database or "").is_file():
            raise ImportRefused(f"{name}: there is no such file; write it as sqlite:///PATH.")
        return create_engine(made, hide_parameters=True), name
    except (ArgumentError, ValueError) as error:
        raise ImportRefused(
            "The database's URL cannot be read: write it as postgresql://USER:PASSWORD@HOST/DATABASE."
        ) from error
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ImportRefused(
            f"There is no driver here for {scheme.partition('+')[0]} databases: write the table as CSV with a first "
            "line that names its columns and give that file, or install the driver SQLAlchemy asks for "
            f"({getattr(error, 'name', None) or scheme})."
        ) from error

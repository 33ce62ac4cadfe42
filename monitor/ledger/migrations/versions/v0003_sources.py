"""Make room for records that other programs made: `calls.source`, and null for what such a source does not tell.

Both databases change this in their description of the tables alone, so that it takes a moment for any number of calls.
"""

import re

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

UNKNOWN: dict[str, tuple[str, ...]] = {
    "calls": ("rings", "ringing_us", "talking_us", "hold_us"),
    "ring_attempts": ("rings", "ringing_us"),
    "transfers": ("consultation_us", "caller_hold_us"),
}
"""Columns that may be null from now on, by table."""
_TYPES = {"rings": sa.Integer(), **dict.fromkeys(("ringing_us", "talking_us", "hold_us"), sa.BigInteger())}


def upgrade() -> None:
    """Add the column, and let the others be null."""
    op.add_column("calls", sa.Column("source", sa.Text(), server_default="ami", nullable=False))
    _set_nullable(nullable=True)


def downgrade() -> None:
    """Take out what was brought in, and the room for it."""
    op.execute("DELETE FROM calls WHERE source != 'ami'")
    _set_nullable(nullable=False)
    op.drop_column("calls", "source")


def _set_nullable(*, nullable: bool) -> None:
    if op.get_context().dialect.name == "sqlite":
        _redescribe(nullable=nullable)
        return
    for table, columns in UNKNOWN.items():
        for column in columns:
            op.alter_column(table, column, existing_type=_TYPES.get(column, sa.BigInteger()), nullable=nullable)


def _redescribe(*, nullable: bool) -> None:
    """Change SQLite's own text of the tables.

    To make `calls` anew, as Alembic would, SQLite deletes the old table's rows first, and with them all that belongs
    to them; and it may not be told otherwise within a transaction. NOT NULL leaves no trace in the rows themselves.

    **Source:** https://www.sqlite.org/lang_altertable.html, section 7, changes that do not affect what is on disk.
    """
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    for table, columns in UNKNOWN.items():
        sql: str = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)
        ).scalar_one()
        for column in columns:
            described = rf"(\b{column} (?:INTEGER|BIGINT))( NOT NULL)?(?=\s*,)"
            sql, found = re.subn(described, r"\1" if nullable else r"\1 NOT NULL", sql)
            if found != 1:
                raise RuntimeError(f"{table}.{column} is not described as a former step described it")
        connection.exec_driver_sql("UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?", (sql, table))
    # Every connection, this one too, reads the description again where its number has changed.
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")

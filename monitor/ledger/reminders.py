"""Who was told that something is due is told once, by whichever monitor of a ledger leads then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import case, delete, exists
from sqlalchemy.dialects import postgresql, sqlite

from monitor.ledger.tables import REMINDERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

Kind = Literal["callback", "case"]
Level = Literal["due_soon", "overdue"]

AT_ONCE = 50_000
"""So many are told in one message at most; the others in the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something that is due soon, or was due and is not done."""

    kind: Kind
    key: str
    """Of a call back its system and linkedid with a space between, of a case its reference."""
    level: Level
    of: str
    """The line of a call back, the commitment's key of a case."""
    due_at: datetime


def untold(kind: Kind, key: ColumnElement[str], overdue: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether nobody was told of a row yet.

    Args:
        kind: of the rows.
        key: a row's, as `Due.key` has it.
        overdue: whether it is; it is due soon otherwise.
    """
    level = case((overdue, "overdue"), else_="due_soon")
    known = exists().where(REMINDERS.c.kind == kind, REMINDERS.c.key == key, REMINDERS.c.level == level)
    return ~known


def told(connection: Connection, due: Sequence[Due], at: datetime) -> None:
    """Write down that it was told; twice is the same as once."""
    if not due:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    rows = [{"kind": one.kind, "key": one.key, "level": one.level, "told_at": at} for one in due]
    connection.execute(insert(REMINDERS).on_conflict_do_nothing(), rows)


def forget(connection: Connection, before: datetime) -> None:
    """Forget what was told before an instant: nobody is to be told of that again."""
    connection.execute(delete(REMINDERS).where(REMINDERS.c.told_at < before))

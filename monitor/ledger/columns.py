"""How a fact's values stand in a column, the same way in SQLite and PostgreSQL.

**Source:** monitor/calls/facts.py (what a value means), docs/ledger.md (how it is stored).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import TIMESTAMP, BigInteger, Text
from sqlalchemy.types import TypeDecorator

from monitor.calls.facts import instant, microseconds
from monitor.numbers import hash_mark, is_hash

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

E = TypeVar("E", bound=StrEnum)

REPLACEMENT = "\ufffd"
"""Stands for a NUL, which a caller may send and PostgreSQL's text cannot hold."""
SEPARATORS = " -.()"
"""What trunks and people write between the digits of a number."""
ENDS_DIGITS = 4
"""How many of a number's last digits are kept by themselves: as many as people refer to a call by."""

_WITHOUT_SEPARATORS = str.maketrans("", "", SEPARATORS)
_ENDS = re.compile(rf"[0-9]{{1,{ENDS_DIGITS}}}\Z")


def bare(number: str) -> str:
    """A number without what is written between its digits."""
    return number.translate(_WITHOUT_SEPARATORS)


def caller_ends(number: str | None) -> str | None:
    """The digits a number ends with, at most `ENDS_DIGITS` of them; the mark of a hash; None where it has neither."""
    if number and is_hash(number):
        return hash_mark(number)
    found = _ENDS.search(bare(number)) if number else None
    return found[0] if found else None


class Instant(TypeDecorator[datetime]):
    """An aware instant, exact to the microsecond.

    `timestamp with time zone` in PostgreSQL; integer microseconds since 1970 in SQLite, which has no type for it and
    would otherwise compare texts.

    Raises:
        ValueError: the instant has no time zone.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[int]:
        """The database's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | int | None:
        """Towards the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        return value if dialect.name == "postgresql" else microseconds(value)

    def process_result_value(self, value: datetime | int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """From the database, in UTC."""
        if isinstance(value, int):
            return instant(value)
        return None if value is None else value.astimezone(UTC)


class Word(TypeDecorator[E], Generic[E]):
    """A term of the domain, stored as the text it is so that a query can be written by hand."""

    impl = Text
    cache_ok = True

    def __init__(self, terms: type[E]) -> None:
        super().__init__()
        self.terms = terms

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Towards the database; a text that is no term is refused."""
        return None if value is None else str(value if isinstance(value, self.terms) else self.terms(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:  # noqa: ARG002 - SQLAlchemy's
        """From the database."""
        return None if value is None else self.terms(value)


class Name(TypeDecorator[str]):
    """A number, name or identifier as Asterisk sent it, with each NUL replaced by U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Towards the database."""
        return value.replace("\0", REPLACEMENT) if value is not None and "\0" in value else value

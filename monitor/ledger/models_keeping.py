"""The tables about the record itself: how far it was watched, compared with Asterisk's own, looked at, and erased.

**Source:** docs/ledger.md describes each column, and a test compares the two.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations when the class is made

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from monitor.ledger.models import Base


class WatchRow(Base):
    """How far a system has been watched: kept up while a monitor writes, so that a killed one leaves its end."""

    __tablename__ = "watch"

    system: Mapped[str] = mapped_column(primary_key=True)
    monitor: Mapped[str]
    """Host and process of the monitor that wrote last, and what it drew at its start."""
    seen_until: Mapped[datetime]
    """On the system's own clock: all that came before it was followed."""


class ReconciliationRow(Base):
    """One comparison of the ledger with what Asterisk wrote itself."""

    __tablename__ = "reconciliations"

    system: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    sources: Mapped[str]
    """What was read, by kind, as in `cdr, queue_log`."""
    asterisk_calls: Mapped[int] = mapped_column(Integer)
    """Calls of the lines that Asterisk wrote down."""
    matched: Mapped[int] = mapped_column(Integer)
    filled: Mapped[int] = mapped_column(Integer)
    disagreeing: Mapped[int] = mapped_column(Integer)
    ours_alone: Mapped[int] = mapped_column(Integer)


class DisagreementRow(Base):
    """One thing that the ledger and Asterisk tell otherwise of one call."""

    __tablename__ = "disagreements"
    __table_args__ = (Index(None, "found_at"), {"sqlite_with_rowid": False})

    system: Mapped[str] = mapped_column(primary_key=True)
    linkedid: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    ours: Mapped[str | None]
    theirs: Mapped[str | None]
    reason: Mapped[str]
    found_at: Mapped[datetime]


class AccessRow(Base):
    """Somebody saw calls, or what is made of them."""

    __tablename__ = "access_log"
    __table_args__ = (Index(None, "at"), Index(None, "system", "linkedid"))

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str]
    role: Mapped[str]
    address: Mapped[str]
    """Whence; personal data of the one who looked."""
    action: Mapped[str]
    system: Mapped[str | None]
    linkedid: Mapped[str | None]
    """The call that was seen; null where many were."""
    detail: Mapped[str]
    """What was asked for; never a caller's number."""
    calls: Mapped[int] = mapped_column(Integer)
    """How many calls were shown."""


class ErasureRow(Base):
    """What a purge, or a person's wish to be forgotten, erased; never whose it was."""

    __tablename__ = "erasures"
    __table_args__ = ({"sqlite_with_rowid": False},)

    at: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    erased: Mapped[int]
    left: Mapped[int]

"""The ledger's tables.

Columns carry the names of the facts' fields. Durations are integer microseconds (`_us`), instants are exact to the
microsecond (`_at`, and `at`). Every table has a natural key, so that writing a fact twice is the same as once.

**Source:** monitor/calls/facts.py; docs/ledger.md describes each column, and a test compares the two.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKeyConstraint, Index, Integer, MetaData, SmallInteger, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from monitor.calls.facts import (
    AgentStatus,
    AttemptResult,
    GapCause,
    Observed,
    Outcome,
    Scope,
    Source,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.rules import Reading
from monitor.ledger.columns import Instant, Name, Word


class Base(DeclarativeBase):
    """What all tables share."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Name(),
        int: BigInteger(),
        datetime: Instant(),
        Outcome: Word(Outcome),
        Verdict: Word(Verdict),
        VerdictReason: Word(VerdictReason),
        Observed: Word(Observed),
        Source: Word(Source),
        Reading: Word(Reading),
        AttemptResult: Word(AttemptResult),
        TransferKind: Word(TransferKind),
        TransferResult: Word(TransferResult),
        Scope: Word(Scope),
        AgentStatus: Word(AgentStatus),
        GapCause: Word(GapCause),
    }


_OF_A_TEAM = text("team IS NOT NULL")


class CallRow(Base):
    """One call: what one caller met on a monitored line."""

    __tablename__ = "calls"
    __table_args__ = (
        Index(None, "filed_at"),
        Index(None, "line", "filed_at"),
        Index(None, "agent", "filed_at"),
        Index(None, "member", "filed_at"),
        Index(None, "caller_ends", "filed_at"),
        Index(None, "queue", "filed_at"),
        Index(None, "verdict_within", "filed_at"),
        Index(None, "verdict_before", "filed_at"),
        # Where no team is configured no call has one, and the index is empty. With the line, so that a team's calls are
        # counted without reading a row.
        Index(None, "team", "filed_at", "line", sqlite_where=_OF_A_TEAM, postgresql_where=_OF_A_TEAM),
    )

    system: Mapped[str] = mapped_column(primary_key=True)
    linkedid: Mapped[str] = mapped_column(primary_key=True)
    filed_at: Mapped[datetime]
    """The instant the call is counted under: when it entered, else the first instant that was seen of it."""
    line: Mapped[str]
    dialled: Mapped[str]
    caller: Mapped[str | None]
    entered_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    first_ring_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[Outcome]
    rings: Mapped[int | None] = mapped_column(Integer)
    ringing_us: Mapped[int | None]
    waiting_us: Mapped[int | None]
    talking_us: Mapped[int | None]
    hold_us: Mapped[int | None]
    verdict_within: Mapped[Verdict]
    verdict_before: Mapped[Verdict]
    headline: Mapped[Reading]
    """The reading shown first, and the one `verdict_reason` explains."""
    verdict_reason: Mapped[VerdictReason]
    rule: Mapped[str]
    observed: Mapped[Observed]
    queue: Mapped[str | None]
    agent: Mapped[str | None]
    member: Mapped[str | None]
    answered_by_pickup: Mapped[bool]
    recorded_at: Mapped[datetime]
    completeness: Mapped[int] = mapped_column(SmallInteger)
    """How much of the call was seen; a record replaces another that saw no more (see `monitor.ledger.rows`)."""
    caller_ends: Mapped[str | None]
    """What a search by the end of a number looks in (see `monitor.ledger.columns.caller_ends`)."""
    source: Mapped[Source] = mapped_column(server_default=Source.AMI)
    """Where the record comes from. Its default is that of every record from before there was another."""
    team: Mapped[str | None]
    menu: Mapped[str | None]
    """The choices in their order, a space between two; null where there were none."""


def of_call() -> ForeignKeyConstraint:
    """What belongs to a call goes with it."""
    return ForeignKeyConstraint(["system", "linkedid"], ["calls.system", "calls.linkedid"], ondelete="CASCADE")


class RingAttemptRow(Base):
    """One phone's ringing for one caller, with the interval that every count is made from."""

    __tablename__ = "ring_attempts"
    __table_args__ = (
        of_call(),
        # With the whole key, so that PostgreSQL too finds each call once, in order, without reading a row.
        Index(None, "agent", "filed_at", "system", "linkedid"),
        Index(None, "member", "filed_at", "system", "linkedid"),
        Index(None, "queue", "started_at"),
        {"sqlite_with_rowid": False},
    )

    system: Mapped[str] = mapped_column(primary_key=True)
    linkedid: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    agent: Mapped[str]
    member: Mapped[str | None]
    channel: Mapped[str]
    queue: Mapped[str | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    ringing_us: Mapped[int | None]
    rings: Mapped[int | None] = mapped_column(Integer)
    result: Mapped[AttemptResult]
    filed_at: Mapped[datetime]
    """Of the call: an agent's calls are found in their order without looking at any other."""


class TransferRow(Base):
    """The caller was passed on, or a phone forwarded the call."""

    __tablename__ = "transfers"
    __table_args__ = (of_call(), Index(None, "at"), Index(None, "by", "at"), {"sqlite_with_rowid": False})

    system: Mapped[str] = mapped_column(primary_key=True)
    linkedid: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[TransferKind]
    at: Mapped[datetime]
    by: Mapped[str]
    to: Mapped[str]
    scope: Mapped[Scope]
    result: Mapped[TransferResult]
    announced: Mapped[bool]
    consent: Mapped[bool | None]
    consultation_us: Mapped[int | None]
    caller_hold_us: Mapped[int | None]
    reconnected_at: Mapped[datetime | None]
    reconnect_us: Mapped[int | None]
    reconnect_rings: Mapped[int | None] = mapped_column(Integer)


class HoldRow(Base):
    """The caller was put on hold by a person, or parked."""

    __tablename__ = "holds"
    __table_args__ = (of_call(), {"sqlite_with_rowid": False})

    system: Mapped[str] = mapped_column(primary_key=True)
    linkedid: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    by: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]


class AgentStateRow(Base):
    """What a queue member does, from `at` until the next row of the same member."""

    __tablename__ = "agent_states"
    __table_args__ = (Index(None, "at"), {"sqlite_with_rowid": False})

    system: Mapped[str] = mapped_column(primary_key=True)
    queue: Mapped[str] = mapped_column(primary_key=True)
    agent: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    member: Mapped[str]
    status: Mapped[AgentStatus | None]


class CoverageGapRow(Base):
    """An interval in which a system could not be observed."""

    __tablename__ = "coverage_gaps"
    __table_args__ = ({"sqlite_with_rowid": False},)

    system: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime | None]
    cause: Mapped[GapCause]


class RuleRow(Base):
    """A ring rule that has made verdicts in this ledger."""

    __tablename__ = "rules"

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    holds_from: Mapped[date]
    limit: Mapped[int] = mapped_column(Integer)
    headline: Mapped[Reading]
    country: Mapped[str]
    period_us: Mapped[int]
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The whole rule as JSON, cadence included: enough to count again without this program's tables."""

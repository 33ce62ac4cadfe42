"""The tables of the rest of the charter: recordings, calls back, reviews, cases of promises with a clock, reminders.

**Source:** docs/ledger.md describes each column, and a test compares the two.
"""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - SQLAlchemy reads the annotations when the class is made
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from monitor.calls.facts import Observed  # noqa: TC001 - SQLAlchemy reads the annotations when the class is made
from monitor.ledger.models import Base, of_call


class RecordingRow(Base):
    """A file that a call was recorded to."""

    __tablename__ = "recordings"
    __table_args__ = (of_call(), {"sqlite_with_rowid": False})

    system: Mapped[str] = mapped_column(primary_key=True)
    linkedid: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    file: Mapped[str]


class CallbackPromiseRow(Base):
    """A caller was promised a call back."""

    __tablename__ = "callback_promises"
    __table_args__ = (of_call(), {"sqlite_with_rowid": False})

    system: Mapped[str] = mapped_column(primary_key=True)
    linkedid: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    by: Mapped[str]
    due_at: Mapped[datetime | None]


class OutgoingCallRow(Base):
    """A phone of the centre called a number outside."""

    __tablename__ = "outgoing_calls"
    __table_args__ = (Index(None, "person", "started_at"), Index(None, "started_at"), {"sqlite_with_rowid": False})

    system: Mapped[str] = mapped_column(primary_key=True)
    linkedid: Mapped[str] = mapped_column(primary_key=True)
    agent: Mapped[str]
    member: Mapped[str | None]
    number: Mapped[str | None]
    person: Mapped[str | None]
    """The number's normal form, or its hash: what is the same for one person however it was dialled."""
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime]
    observed: Mapped[Observed]


class CallbackRow(Base):
    """A call back that somebody is owed: promised to them, or due to a caller who left without an answer.

    It follows from `calls`, `callback_promises` and `outgoing_calls` but for what people did with it on the page
    (`assignee`, `dropped_at`), and can be worked out again from them.
    """

    __tablename__ = "callbacks"
    __table_args__ = (
        Index(None, "person", "owed_at"),
        Index(None, "state", "owed_at"),
        Index(None, "owed_at"),
        # With all that the list is counted and ordered by, so that neither reads a row that it does not show.
        Index("ix_callbacks_list", "kind", "newest_owed_at", "state", "due_at", "line", "person"),
        {"sqlite_with_rowid": False},
    )

    system: Mapped[str] = mapped_column(primary_key=True)
    linkedid: Mapped[str] = mapped_column(primary_key=True)
    """Of the call in which it was promised, or which was left without an answer."""
    kind: Mapped[str]
    """`promised` or `missed`."""
    line: Mapped[str]
    queue: Mapped[str | None]
    team: Mapped[str | None]
    person: Mapped[str | None]
    """As in `outgoing_calls`; null once it was erased."""
    owed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    promised_by: Mapped[str | None]
    state: Mapped[str]
    """`open`, `tried` (called, never reached), `reached`, `came_again` (called again and was answered), `dropped`."""
    tries: Mapped[int] = mapped_column(Integer)
    first_try_at: Mapped[datetime | None]
    first_try_by: Mapped[str | None]
    reached_at: Mapped[datetime | None]
    came_again_at: Mapped[datetime | None]
    newest_owed_at: Mapped[datetime | None]
    """Where it is an entry of the list to work from: when the newest of those came to be owed that it stands for."""
    assignee: Mapped[str | None]
    dropped_at: Mapped[datetime | None]


class CallbackNoteRow(Base):
    """What somebody did or wrote about a call back on the page."""

    __tablename__ = "callback_notes"
    __table_args__ = (Index(None, "system", "linkedid"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    system: Mapped[str]
    linkedid: Mapped[str]
    at: Mapped[datetime]
    who: Mapped[str]
    action: Mapped[str]
    """`assigned`, `noted`, `dropped` or `reopened`."""
    text: Mapped[str | None]
    """What was written, or to whom it was assigned; null once it was erased."""


class ReviewDrawRow(Base):
    """One month's random sample, and all that is needed to draw it again."""

    __tablename__ = "review_draws"

    month: Mapped[date] = mapped_column(primary_key=True)
    """Its first day."""
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    seed: Mapped[int]
    population: Mapped[int] = mapped_column(Integer)
    """Answered calls that could be drawn."""
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Sizes, shortest call and the form as they were (see `monitor.reviews.definition`); it names no agent."""


class ReviewSampleRow(Base):
    """One call of a sample."""

    __tablename__ = "review_samples"
    __table_args__ = (Index(None, "month", "agent"), {"sqlite_with_rowid": False})

    system: Mapped[str] = mapped_column(primary_key=True)
    linkedid: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date]
    agent: Mapped[str]
    member: Mapped[str | None]
    queue: Mapped[str | None]
    stratum: Mapped[str]
    """The queue whose size of its own it was drawn under; empty for the others."""
    stratum_calls: Mapped[int] = mapped_column(Integer)
    """How many calls of its agent could be drawn in that stratum: for how many of them the drawn ones stand."""
    reviewers: Mapped[int] = mapped_column(Integer)
    """How many people are to review it: 1 or 2."""


class ReviewRow(Base):
    """What one person marked of one call."""

    __tablename__ = "reviews"
    __table_args__ = ({"sqlite_with_rowid": False},)

    system: Mapped[str] = mapped_column(primary_key=True)
    linkedid: Mapped[str] = mapped_column(primary_key=True)
    reviewer: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    marks: Mapped[dict[str, Any]] = mapped_column(JSON)
    """By item the mark, null where it could not be heard."""
    note: Mapped[str | None]


COUNTED_OF_CASES = (
    "received_at", "commitment", "state", "due_at", "done_at", "finding", "owed_won", "owed_apology", "owed_training",
    "paid_won", "apology_at", "training_at",
)  # fmt: skip


class CaseRow(Base):
    """One case in which a promise with a clock is owed."""

    __tablename__ = "cases"
    __table_args__ = (
        Index(None, "state", "due_at", "commitment"),
        Index(None, "state", "received_at"),
        Index(None, "commitment", "received_at"),
        # With all that is counted of a case: the rows themselves hold what people wrote, and are long.
        Index("ix_cases_received_at", *COUNTED_OF_CASES),
        Index(None, "person"),
        {"sqlite_with_rowid": False},
    )

    reference: Mapped[str] = mapped_column(primary_key=True)
    """What everybody calls it; brought along, or drawn."""
    commitment: Mapped[str]
    received_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    """Its deadline: the first instant behind the last day; null where no time is promised."""
    done_at: Mapped[datetime | None]
    state: Mapped[str]
    """`open`, `done` or `withdrawn`."""
    assignee: Mapped[str | None]
    subject: Mapped[str | None]
    """What it is about; personal data, null once erased."""
    contact: Mapped[str | None]
    """Number or address of the person, as the ledger keeps numbers; null once erased."""
    person: Mapped[str | None]
    """A number's normal form or hash, as in `callbacks`."""
    system: Mapped[str | None]
    linkedid: Mapped[str | None]
    """The call it came from."""
    finding: Mapped[str | None]
    """`upheld` or `not_upheld`."""
    visits: Mapped[int | None] = mapped_column(Integer)
    missed_appointment: Mapped[bool]
    owed_won: Mapped[int] = mapped_column(Integer)
    owed_apology: Mapped[bool]
    owed_training: Mapped[bool]
    paid_won: Mapped[int] = mapped_column(Integer)
    paid_at: Mapped[datetime | None]
    apology_at: Mapped[datetime | None]
    training_at: Mapped[datetime | None]
    result: Mapped[str | None]
    """What came of it, or where its result is published."""
    source: Mapped[str]
    """`page`, `import` or `api`."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    """When what it held of a person was erased."""


class CaseEventRow(Base):
    """One entry of a case's audit trail. The database refuses to change or delete it."""

    __tablename__ = "case_events"
    __table_args__ = (Index(None, "reference"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    reference: Mapped[str]
    at: Mapped[datetime]
    who: Mapped[str]
    role: Mapped[str]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Each field that changed, with its old and new value; of personal fields only that they changed."""
    chain: Mapped[str]
    """SHA-256 over this entry and the `chain` of the one before it, in hexadecimal."""


class ReminderRow(Base):
    """Somebody was told that something is due soon or overdue."""

    __tablename__ = "reminders"
    __table_args__ = ({"sqlite_with_rowid": False},)

    kind: Mapped[str] = mapped_column(primary_key=True)
    """`callback` or `case`."""
    key: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(primary_key=True)
    """`due_soon` or `overdue`."""
    told_at: Mapped[datetime]

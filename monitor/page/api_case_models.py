"""What the JSON API answers and takes about cases: one model each, from which its OpenAPI document is made.

Fields that are read and those that are written have the same names.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from monitor.commitments.cases import CaseState, Standing  # noqa: TC001 - pydantic reads the annotations when it is loaded
from monitor.commitments.register import Finding  # noqa: TC001 - as above
from monitor.page.api_models import Answer, Count, Instant

Moment = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\d(T.+)?$",
        max_length=40,
        examples=["2026-03-02", "2026-03-02T09:00:00+09:00"],
    ),
]
"""A day of the centre, or an instant with its time zone."""
Won = Annotated[int, Field(ge=0, le=100_000_000)]
Visits = Annotated[int, Field(ge=1, le=1000)]


Short = Annotated[str, StringConstraints(max_length=64)]
Key = Annotated[str, StringConstraints(max_length=128)]
Contact = Annotated[str, StringConstraints(max_length=254)]
Subject = Annotated[str, StringConstraints(max_length=500)]
Result = Annotated[str, StringConstraints(max_length=2000)]


class Case(Answer):
    """A case of a promise with a clock."""

    reference: str
    commitment: str
    """Key of its promise."""
    received_at: Instant
    due_at: Instant | None
    """Its deadline: the first instant behind the last day; null where no time is promised."""
    done_at: Instant | None
    state: CaseState
    standing: Standing
    """Its state together with what its clock says now."""
    assignee: str | None
    subject: str | None
    """What it is about; numbers in it masked as callers' numbers are. Null once erased."""
    contact: str | None
    """Masked as callers' numbers are. Null once erased."""
    system: str | None
    linkedid: str | None
    """The call it came from, with `system`."""
    finding: Finding | None
    visits: Count | None
    missed_appointment: bool
    owed_won: Count
    owed_apology: bool
    owed_training: bool
    paid_won: Count
    paid_at: Instant | None
    apology_at: Instant | None
    training_at: Instant | None
    result: str | None
    source: str
    """`page`, `import`, `api` or `register`."""
    created_at: Instant
    changed_at: Instant
    """Also the answer's ETag; whoever changes the case says which one they saw."""
    erased_at: Instant | None


class Cases(Answer):
    """A page of cases."""

    cases: list[Case]
    next: str | None
    """Give it as `after` for the next page; null on the last one."""


class CaseEvent(Answer):
    """One entry of a case's audit trail."""

    at: Instant
    who: str
    role: str
    action: str
    detail: dict[str, Any]
    """By field its old and new value; `changed` of texts and personal data."""
    chain: str
    """SHA-256 over this entry and the chain of the one before it."""


class CaseWithTrail(Case):
    """A case and all that was done about it."""

    trail: list[CaseEvent]


class _Body(BaseModel):
    """What is sent: exactly the fields it names, each of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class NewCase(_Body):
    """A case that comes in."""

    commitment: Short
    """Key of the promise."""
    received_at: Moment
    reference: Short | None = None
    """Sent again it finds the case that is there; drawn where it is left out, so that sent twice it is two cases."""
    subject: Subject | None = None
    contact: Contact | None = None
    """A whole telephone number or an e-mail address."""
    system: Key | None = None
    linkedid: Key | None = None
    """The call it came from, with `system`."""
    assignee: Short | None = None
    finding: Finding | None = Field(default=None, strict=False)
    visits: Visits | None = None
    missed_appointment: bool = False
    done_at: Moment | None = None
    paid_won: Won = 0
    paid_at: Moment | None = None
    apology_at: Moment | None = None
    training_at: Moment | None = None
    result: Result | None = None


class CaseChange(_Body):
    """What is to be different of a case: fields that are left out stay, null empties one."""

    changed_at: Moment | None = None
    """The case's `changed_at` as it was read, in place of the header `If-Match`."""
    state: CaseState | None = Field(default=None, strict=False)
    """`done` takes `done_at`, the present where none is given."""
    commitment: Short | None = None
    received_at: Moment | None = None
    assignee: Short | None = None
    subject: Subject | None = None
    contact: Contact | None = None
    system: Key | None = None
    linkedid: Key | None = None
    finding: Finding | None = Field(default=None, strict=False)
    visits: Visits | None = None
    missed_appointment: bool | None = None
    done_at: Moment | None = None
    paid_won: Won | None = None
    paid_at: Moment | None = None
    apology_at: Moment | None = None
    training_at: Moment | None = None
    result: Result | None = None

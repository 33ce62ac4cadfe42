"""Finds cases in the ledger, a page at a time.

A page ends with a cursor that names its last row, so that cases which come in meanwhile shift nothing.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, literal, or_, select

from monitor.calls.facts import instant, microseconds
from monitor.errors import SearchError
from monitor.ledger.cases import rows
from monitor.ledger.columns import Instant
from monitor.ledger.tables import CASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection

    from monitor.ledger.cases import Stored

MOST = 500
"""Cases on one page at most."""
_UNDONE = ("undone", "open", "due_soon", "overdue")
_FAR = datetime(9999, 1, 1, tzinfo=UTC)
"""Behind every deadline: where cases without one come in the order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cases are looked for; None for whatever it is."""

    standing: str | None = None
    commitment: str | None = None
    assignee: str | None = None
    """Empty: nobody's."""
    person: str | None = None
    number_ends: str | None = None
    """Digits."""
    text: str | None = None
    in_subject: bool = True
    since: datetime | None = None
    until: datetime | None = None
    due_soon_at: Mapping[str, datetime]
    """By promise, the latest deadline that is due soon."""
    missed_won: Mapping[str, int] = field(default_factory=dict)
    """What promises owe from a missed deadline on, by promise in won: no row need say it yet."""


def page(
    connection: Connection, wanted: Wanted, now: datetime, limit: int, after: str | None
) -> tuple[list[Stored], str | None]:
    """One page of cases and the cursor of the next: undone ones by deadline, others the newest first.

    Raises:
        SearchError: the cursor is none of ours.
    """
    undone = wanted.standing in _UNDONE
    key = func.coalesce(CASES.c.due_at, literal(_FAR, Instant()), type_=Instant()) if undone else CASES.c.received_at
    if wanted.text or wanted.number_ends or wanted.standing == "owing":
        # Few are found of all: they are put in order when they are, and not each looked up in the index's order.
        key = func.coalesce(key, key, type_=Instant())
    reference = CASES.c.reference
    chosen = select(CASES).where(*_conditions(connection, wanted, now)).limit(limit + 1)
    chosen = chosen.order_by(key, reference) if undone else chosen.order_by(key.desc(), reference.desc())
    if after is not None:
        at, last = _place(after)
        here = literal(at, Instant())
        behind = key > here if undone else key < here
        beyond = reference > last if undone else reference < last
        chosen = chosen.where(key >= here if undone else key <= here, or_(behind, and_(key == here, beyond)))
    found = rows(connection, chosen)
    if len(found) <= limit:
        return found, None
    last_row = found[limit - 1]
    at = (last_row["due_at"] or _FAR) if undone else last_row["received_at"]
    return found[:limit], _cursor(at, last_row["reference"])


def count(connection: Connection, wanted: Wanted, now: datetime) -> int:
    """How many cases there are."""
    return connection.scalar(select(func.count()).select_from(CASES).where(*_conditions(connection, wanted, now))) or 0


def of_period(connection: Connection, commitment: str, due_at: datetime, *, every_state: bool = False) -> list[Stored]:
    """The cases of a promise with a deadline, the oldest first; those that are open alone, or in whatever state."""
    wanted = [CASES.c.commitment == commitment, CASES.c.due_at == due_at]
    if not every_state:
        wanted.append(CASES.c.state == "open")
    return rows(connection, select(CASES).where(*wanted).order_by(CASES.c.reference))


def _conditions(connection: Connection, wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    stored = CASES.c
    found = [_owing(wanted, now)] if wanted.standing == "owing" else _of_standing(wanted, now)
    if wanted.commitment is not None:
        found.append(stored.commitment == wanted.commitment)
    if wanted.assignee is not None:
        found.append(stored.assignee == wanted.assignee if wanted.assignee else stored.assignee.is_(None))
    if wanted.person is not None:
        found.append(stored.person == wanted.person)
    if wanted.number_ends is not None:
        # A hash may end with digits too, which say nothing of its number.
        other = CASES.alias("other")
        ends = [other.c.person.endswith(wanted.number_ends, autoescape=True), ~other.c.person.startswith("hmac:")]
        found.append(stored.reference.in_(select(other.c.reference).where(*ends)))
    if wanted.text:
        pattern = f"%{_literally(wanted.text)}%"
        # SQLite's LIKE takes small and capital letters for the same by itself, twice as fast as both made small.
        like = "like" if connection.dialect.name == "sqlite" else "ilike"
        columns = (stored.reference, stored.subject) if wanted.in_subject else (stored.reference,)
        found.append(or_(*(getattr(column, like)(pattern, escape="/") for column in columns)))
    if wanted.since is not None:
        found.append(stored.received_at >= wanted.since)
    if wanted.until is not None:
        found.append(stored.received_at < wanted.until)
    return found


def _literally(text: str) -> str:
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")


def _of_standing(wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    stored = CASES.c
    match wanted.standing:
        case None:
            return []
        case "undone":
            return [stored.state == "open"]
        case "overdue":
            return [stored.state == "open", stored.due_at <= now]
        case "due_soon":
            return [stored.state == "open", stored.due_at > now, soon(wanted.due_soon_at)]
        case "open":
            later = or_(stored.due_at.is_(None), and_(stored.due_at > now, ~soon(wanted.due_soon_at)))
            return [stored.state == "open", later]
        case state:
            return [stored.state == state]


def _owing(wanted: Wanted, now: datetime) -> ColumnElement[bool]:
    stored = CASES.c
    nothing_given = and_(stored.paid_won == 0, stored.apology_at.is_(None), stored.training_at.is_(None))
    missed = (
        and_(
            stored.commitment == key,
            stored.state == "open",
            stored.due_at <= now,
            or_(stored.paid_won < won, nothing_given),
        )
        for key, won in wanted.missed_won.items()
    )
    return or_(
        stored.owed_won > stored.paid_won,
        and_(stored.owed_apology, stored.apology_at.is_(None)),
        and_(stored.owed_training, stored.training_at.is_(None)),
        *missed,
    )


def soon(due_soon_at: Mapping[str, datetime]) -> ColumnElement[bool]:
    """Whether a case that has a deadline ahead is due soon."""
    conditions: list[Any] = [
        and_(CASES.c.commitment == key, CASES.c.due_at <= until) for key, until in due_soon_at.items()
    ]
    return or_(literal(value=False), *conditions)


def _cursor(at: datetime, reference: str) -> str:
    said = json.dumps([microseconds(at), reference], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        at_us, reference = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
        if type(at_us) is int and type(reference) is str and _cursor(at := instant(at_us), reference) == cursor:
            return at, reference
    except (ValueError, TypeError, OverflowError, RecursionError):
        pass
    raise SearchError(
        "The place to go on from is not one that this ledger has given: begin again with the first page.", "after"
    )

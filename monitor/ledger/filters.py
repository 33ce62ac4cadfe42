"""What a search of the ledger asks for, checked, and the same as conditions of SQL.

**Source:** docs/ledger.md for the columns; the words are those of docs/glossary.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from monitor.calls.rules import Reading
from monitor.errors import SearchError
from monitor.ledger.rows import ATTEMPTS, CALLS, TRANSFERS

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from monitor.calls.facts import Outcome, Scope, TransferKind, TransferResult, Verdict

MAX_TEXT = 200
"""Longest name a search takes; Asterisk's own are cut at 80 characters."""
MAX_DIGITS = 11
"""Longest end of a number a search takes: a whole Korean mobile number."""
_TRUNK_ZERO_FROM = 9
"""A number of this length that begins with 0 is a whole national one, which a trunk may deliver as +82 without it."""
_SEPARATORS = " -.()"
"""What trunks and people write between digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    """A stretch of time, and the system and line to look at. Subclasses add what else they ask for."""

    since: datetime
    """The first instant of the period."""
    until: datetime
    """The first instant behind it."""
    system: str | None = None
    line: str | None = None

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            if getattr(self, name).tzinfo is None:
                raise SearchError(f"The instant {name!r} has no time zone: give one, as in +09:00.", name)
        if self.since >= self.until:
            raise SearchError(
                "The period ends before it begins: give an end that is later than its beginning.", "until"
            )
        for field in fields(self):
            value = getattr(self, field.name)
            # Words of the domain are texts too, and a number's end is checked as such.
            if type(value) is str and field.name != "number_ends":
                _check_text(field.name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter(_Period):
    """Which calls are looked for: those that meet everything that is given.

    Raises:
        SearchError: a value makes no sense; its `field` names which.
    """

    queue: str | None = None
    """The queue of the answer, else the last one the caller waited in."""
    agent: str | None = None
    """An interface or a member's name: the phone that answered, or any phone that rang for the call."""
    number_ends: str | None = None
    """The last 1 to 11 digits of the caller's number; separators are passed over on both sides."""
    outcome: Outcome | None = None
    verdict: Verdict | None = None
    """What `reading` says of the call."""
    reading: Reading = Reading.WITHIN

    def __post_init__(self) -> None:
        # Spelled out: a slotted dataclass is made anew, and the short form would look for the class it replaced.
        _Period.__post_init__(self)
        if self.number_ends is not None:
            object.__setattr__(self, "number_ends", _digits(self.number_ends))

    def conditions(self, *, for_all: bool = False) -> ColumnElement[bool]:
        """The filter as a condition on `calls`.

        Args:
            for_all: every call that meets it is asked for; else the first few will do.
        """
        found = [CALLS.c.filed_at >= self.since, CALLS.c.filed_at < self.until]
        found += [CALLS.c[name] == value for name in ("system", "line", "queue") if (value := getattr(self, name))]
        if self.agent is not None:
            found.append(_served_by(self.agent, for_all=for_all))
        if self.number_ends is not None:
            found.append(_number_ends(self.number_ends))
        if self.outcome is not None:
            found.append(CALLS.c.outcome == self.outcome)
        if self.verdict is not None:
            column = CALLS.c.verdict_within if self.reading is Reading.WITHIN else CALLS.c.verdict_before
            found.append(column == self.verdict)
        return and_(*found)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFilter(_Period):
    """Which transfers are looked for, by the instant they were made.

    Raises:
        SearchError: a value makes no sense; its `field` names which.
    """

    by: str | None = None
    """The interface of the phone that passed the caller on."""
    kind: TransferKind | None = None
    scope: Scope | None = None
    result: TransferResult | None = None

    def conditions(self) -> ColumnElement[bool]:
        """The filter as a condition on `transfers` joined with `calls`."""
        found = [TRANSFERS.c.at >= self.since, TRANSFERS.c.at < self.until]
        if self.line is not None:
            found.append(CALLS.c.line == self.line)
        found += [
            TRANSFERS.c[name] == value
            for name in ("system", "by", "kind", "scope", "result")
            if (value := getattr(self, name)) is not None
        ]
        return and_(*found)


def _check_text(name: str, value: str) -> None:
    if not value or len(value) > MAX_TEXT:
        raise SearchError(
            f"The {name} to look for must have 1 to {MAX_TEXT} characters: shorten it or leave it out.", name
        )
    if not value.isprintable():
        raise SearchError(f"The {name} to look for holds characters that no name has: take them out.", name)


def _digits(number_ends: str) -> str:
    digits = re.sub(f"[{re.escape(_SEPARATORS)}]", "", number_ends)
    if not re.fullmatch(f"[0-9]{{1,{MAX_DIGITS}}}", digits):
        raise SearchError(
            f"The end of a number is 1 to {MAX_DIGITS} digits, as in 5678: leave out everything else.", "number_ends"
        )
    return digits


def _served_by(agent: str, *, for_all: bool) -> ColumnElement[bool]:
    rang = select(ATTEMPTS.c.ordinal).where(
        ATTEMPTS.c.system == CALLS.c.system,
        ATTEMPTS.c.linkedid == CALLS.c.linkedid,
        or_(ATTEMPTS.c.agent == agent, ATTEMPTS.c.member == agent),
    )
    if not for_all:
        # Keeps PostgreSQL from reading every attempt there is into a table of its own before it finds a first call.
        rang = rang.offset(0)
    return or_(CALLS.c.agent == agent, CALLS.c.member == agent, rang.exists())


def _number_ends(digits: str) -> ColumnElement[bool]:
    """Digits only, so that nothing in them is a wildcard."""
    whole = digits.startswith("0") and len(digits) >= _TRUNK_ZERO_FROM
    ends = (digits, f"82{digits[1:]}") if whole else (digits,)
    bare: ColumnElement[str] = CALLS.c.caller
    for separator in _SEPARATORS:
        bare = func.replace(bare, separator, "")
    # The digits with anything between them: tells most numbers apart before their separators are looked for.
    likely = CALLS.c.caller.like(f"%{'%'.join(digits[1:] if whole else digits)}%")
    return and_(likely, or_(*(bare.like(f"%{end}") for end in ends)))

"""What a search of the ledger asks for, checked, and the same as conditions of SQL.

**Source:** docs/ledger.md for the columns; the words are those of docs/glossary.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, tuple_, union

from monitor.calls.rules import Reading
from monitor.errors import SearchError
from monitor.ledger.columns import ENDS_DIGITS, SEPARATORS, bare, caller_ends
from monitor.ledger.rows import ATTEMPTS, CALLS, TRANSFERS
from monitor.numbers import is_hash

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select, Table

    from monitor.calls.facts import Observed, Outcome, Scope, TransferKind, TransferResult, Verdict
    from monitor.numbers import Numbers

MAX_TEXT = 200
"""Longest name a search takes; Asterisk's own are cut at 80 characters."""
MAX_DIGITS = 11
"""Longest end of a number a search takes: a whole Korean mobile number."""
_WHOLE_NUMBER = re.compile(r"\+?[0-9]{7,15}")
"""What may be a whole number: from a city's own to the longest there is (E.164)."""
_MARK = re.compile(r"#[A-Za-z2-7]{4}")
_TRUNK_ZERO_FROM = 9
"""A number of this length that begins with 0 is a whole national one, which a trunk may deliver as +82 without it."""


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
    team: str | None = None
    """The team whose call it is."""
    agent: str | None = None
    """An interface or a member's name: the phone that answered, or any phone that rang for the call."""
    number_ends: str | None = None
    """The last 1 to 11 digits of the caller's number; separators are passed over on both sides."""
    caller: str | None = None
    """The caller's whole number as the ledger keeps it; a hash, where it keeps hashes (see `hashed_caller`)."""
    mark: str | None = None
    """The mark of a caller's hash, as in `#7K3F`."""
    outcome: Outcome | None = None
    observed: Observed | None = None
    """Whether all of the call was seen."""
    verdict: Verdict | None = None
    """What `reading` says of the call."""
    reading: Reading = Reading.WITHIN

    def __post_init__(self) -> None:
        # Spelled out: a slotted dataclass is made anew, and the short form would look for the class it replaced.
        _Period.__post_init__(self)
        if self.number_ends is not None:
            object.__setattr__(self, "number_ends", _digits(self.number_ends))

    def conditions(self) -> ColumnElement[bool]:
        """The filter as a condition on `calls`."""
        of_calls = and_(*self._period(CALLS), *self._of_calls())
        if self.agent is None:
            return of_calls
        if self._by_number:
            return and_(of_calls, _served_by(self.agent))
        ways = self.ways()
        keys = union(*(way.with_only_columns(table.c.system, table.c.linkedid) for table, way in ways)).subquery()
        # SQLite looks the keys up in the calls' own only where they come from a plain SELECT.
        return tuple_(CALLS.c.system, CALLS.c.linkedid).in_(select(keys.c.system, keys.c.linkedid))

    def ways(self) -> list[tuple[Table, Select[Any]]]:
        """Each way in which a call may be the agent's, with the selection of `filed_at` and key that finds such calls.

        Said apart, each is read along an index of its own in the order of `filed_at`, and costs what the agent's calls
        cost; one condition that holds all four is tried on every call of the period. A call may be found in several
        ways, but once in each.

        Returns:
            The table of each way, and the selection from it. None where no agent is asked for, or where `conditions`
            finds few enough calls without.
        """
        if self.agent is None or self._by_number:
            return []
        found: list[tuple[Table, Select[Any]]] = []
        for table in (CALLS, ATTEMPTS):
            others = self._of_calls()
            for column in (table.c.agent, table.c.member):
                way = select(table.c.filed_at, table.c.system, table.c.linkedid)
                if table is ATTEMPTS:
                    way = way.distinct()
                    if others:
                        same = and_(CALLS.c.system == ATTEMPTS.c.system, CALLS.c.linkedid == ATTEMPTS.c.linkedid)
                        way = way.join(CALLS, same)
                found.append((table, way.where(column == self.agent, *self._period(table), *others)))
        return found

    @property
    def _by_number(self) -> bool:
        """The end of a number is asked for, and tells nearly all calls apart."""
        return len(self.number_ends or "") > 1 or self.caller is not None or self.mark is not None

    def _period(self, table: Table) -> list[ColumnElement[bool]]:
        """What calls and ring attempts can both be asked."""
        found = [table.c.filed_at >= self.since, table.c.filed_at < self.until]
        return [*found, table.c.system == self.system] if self.system else found

    def _of_calls(self) -> list[ColumnElement[bool]]:
        """What only calls can be asked, but for the agent."""
        found = [CALLS.c[name] == value for name in ("line", "queue", "team") if (value := getattr(self, name))]
        if self.number_ends is not None:
            found.append(_number_ends(self.number_ends))
        if self.caller is not None:
            # The ends by themselves too, which have an index.
            found.append(and_(CALLS.c.caller_ends == caller_ends(self.caller), CALLS.c.caller == self.caller))
        if self.mark is not None:
            found.append(CALLS.c.caller_ends == self.mark)
        if self.outcome is not None:
            found.append(CALLS.c.outcome == self.outcome)
        if self.observed is not None:
            found.append(CALLS.c.observed == self.observed)
        if self.verdict is not None:
            column = CALLS.c.verdict_within if self.reading is Reading.WITHIN else CALLS.c.verdict_before
            found.append(column == self.verdict)
        return found


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


def hashed_caller(asked: str, numbers: Numbers) -> dict[str, str]:
    """Whom a search means in a ledger that keeps hashes, as fields of `CallFilter`.

    Args:
        asked: a whole number, however it is written; a mark, as in `#7K3F`; or a hash.
        numbers: how the ledger keeps numbers.

    Raises:
        SearchError: it is none of these, as the last digits of a number.
    """
    text = asked.strip()
    if _MARK.fullmatch(text):
        return {"mark": text.upper()}
    if is_hash(text) or _WHOLE_NUMBER.fullmatch(bare(text)):
        return {"caller": numbers.stored(text) or ""}
    raise SearchError(
        "This ledger keeps hashes in place of numbers, which have no last digits: give the whole number, or its mark "
        "as in #7K3F.",
        "number_ends",
    )


def _check_text(name: str, value: str) -> None:
    if not value or len(value) > MAX_TEXT:
        raise SearchError(
            f"The {name} to look for must have 1 to {MAX_TEXT} characters: shorten it or leave it out.", name
        )
    if not value.isprintable():
        raise SearchError(f"The {name} to look for holds characters that no name has: take them out.", name)


def _digits(number_ends: str) -> str:
    digits = bare(number_ends)
    if not re.fullmatch(f"[0-9]{{1,{MAX_DIGITS}}}", digits):
        raise SearchError(
            f"The end of a number is 1 to {MAX_DIGITS} digits, as in 5678: leave out everything else.", "number_ends"
        )
    return digits


def _served_by(agent: str) -> ColumnElement[bool]:
    rang = select(ATTEMPTS.c.ordinal).where(
        ATTEMPTS.c.system == CALLS.c.system,
        ATTEMPTS.c.linkedid == CALLS.c.linkedid,
        or_(ATTEMPTS.c.agent == agent, ATTEMPTS.c.member == agent),
    )
    # The offset keeps PostgreSQL from reading every attempt there is into a table of its own first.
    return or_(CALLS.c.agent == agent, CALLS.c.member == agent, rang.offset(0).exists())


def _number_ends(digits: str) -> ColumnElement[bool]:
    """Digits only, so that nothing in them is a wildcard."""
    missing = ENDS_DIGITS - len(digits)
    if len(digits) == 1:
        # Every tenth caller: a page of them is soon found along `filed_at`.
        return CALLS.c.caller_ends.like(f"%{digits}")
    if missing > 0:
        # Each end there may be, which the index looks up; shorter ones are extensions.
        before = ("".join(each) for length in range(missing + 1) for each in product("0123456789", repeat=length))
        return CALLS.c.caller_ends.in_([each + digits for each in before])
    same = CALLS.c.caller_ends == digits[-ENDS_DIGITS:]
    if missing == 0:
        return same
    ends = [digits]
    if digits.startswith("0") and len(digits) >= _TRUNK_ZERO_FROM:
        ends.append(f"82{digits[1:]}")
    number: ColumnElement[str] = CALLS.c.caller
    for separator in SEPARATORS:
        number = func.replace(number, separator, "")
    return and_(same, or_(*(number.like(f"%{end}") for end in ends)))

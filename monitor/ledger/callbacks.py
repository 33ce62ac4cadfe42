"""Keeps the table of calls back: worked out again for every person of whom something was written.

What came of a call back follows from the ledger's calls, promises and outgoing calls alone (`monitor.callbacks`), and
from what people did with it on the page. So it makes no difference in what order these were written, how often, or by
which monitor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from monitor.callbacks.settling import TO_DO, Answered, Attempt, Kind, owed, settle
from monitor.calls.facts import CallKey
from monitor.ledger.columns import REPLACEMENT, caller_ends
from monitor.ledger.rows import CALLS, OUTGOING_CALLS
from monitor.ledger.tables import CALLBACKS
from monitor.ledger.whole import CHUNK, among
from monitor.masking import is_number
from monitor.numbers import is_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from monitor.callbacks.settling import Terms
    from monitor.calls.facts import Call, OutgoingCall
    from monitor.numbers import Numbers

_Key = tuple[str, str]
_Row = dict[str, Any]

_LOCK = 0x63616C6C6261636B
"""Of PostgreSQL's advisory locks, the one by which writers of `callbacks` take turns; it spells `callback`."""
_NOBODY = ("anonymous", "unknown", "unavailable", "restricted", "private", "withheld", "asterisk", "none", "s")
"""What stands in place of a number that is not told; as a hash it looks like any other caller's."""
_OWN_FORM = re.compile("0[1-9][0-9]{6,9}")
"""A number as trunks mostly write it, which is its normal form already."""
_BY_PEOPLE = ("assignee", "dropped_at")
_CLOSINGS = ("reached_at", "came_again_at", "dropped_at")


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger had of some calls before they were written anew, by key: who, and when."""

    calls: dict[_Key, tuple[str | None, datetime]] = field(default_factory=dict)
    """Caller's number, and the instant that the call was filed under."""
    outgoing: dict[_Key, tuple[str | None, datetime]] = field(default_factory=dict)
    """Person called, and the instant when."""


@dataclass(slots=True)
class _Turn:
    """What one transaction tells of calls back, and the rows that it may change."""

    rows: dict[_Key, _Row] = field(default_factory=dict)
    """Of everybody concerned, as they are to be."""
    before: dict[_Key, _Row] = field(default_factory=dict)
    """As they were read."""
    since: dict[str, datetime] = field(default_factory=dict)
    """By person, the earliest instant of what was written of them now."""
    anew: set[_Key] = field(default_factory=set)
    """Rows that are to be settled whatever else is known."""
    gone: list[_Key] = field(default_factory=list)

    def happened(self, person: str | None, at: datetime) -> None:
        """Something of a person was written."""
        if person:
            known = self.since.get(person)
            self.since[person] = at if known is None else min(at, known)


class Callbacks:
    """Keeps calls back of one ledger.

    Args:
        terms: by when one calls back.
        numbers: how callers' numbers are kept.
    """

    def __init__(self, terms: Terms, numbers: Numbers) -> None:
        self.terms = terms
        self.numbers = numbers
        said = [form for name in _NOBODY for form in (name, name.title(), name.upper())]
        self._nobody = frozenset(hashed for name in said if (hashed := numbers.hash_of(name)))

    def person(self, number: str | None) -> str | None:
        """Whom a number belongs to, as `callbacks.person` has it; None where it is none that one can call."""
        if number and not self.numbers.hashed and _OWN_FORM.fullmatch(number):
            return number
        person = self.numbers.person(number)
        if not person or person in self._nobody:
            return None
        return person if is_hash(person) or is_number(person) else None

    def known(self, connection: Connection, calls: Sequence[Call], outgoing: Sequence[OutgoingCall]) -> Known:
        """What the ledger has of some calls already. Writers of PostgreSQL take turns from here to the end.

        Call it first in the transaction that writes them.
        """
        lock(connection)
        told = (
            (CALLS, CALLS.c.caller, CALLS.c.filed_at, calls),
            (OUTGOING_CALLS, OUTGOING_CALLS.c.person, OUTGOING_CALLS.c.started_at, outgoing),
        )
        found: list[dict[_Key, tuple[str | None, datetime]]] = []
        for table, who, at, facts in told:
            known: dict[_Key, tuple[str | None, datetime]] = {}
            for system, linkedids in _by_system(map(_key, facts)).items():
                for chunk in _chunks(linkedids):
                    of_chunk = (table.c.system == system, among(connection, table.c.linkedid, chunk))
                    for linkedid, whose, when in connection.execute(select(table.c.linkedid, who, at).where(*of_chunk)):
                        known[system, linkedid] = (whose, when)
            found.append(known)
        return Known(*found)

    def keep(
        self, connection: Connection, calls: Sequence[Call], outgoing: Sequence[OutgoingCall], known: Known
    ) -> None:
        """Work out the calls back of everybody of whom something has just been written, and write them.

        Args:
            connection: the transaction in which all of it was written.
            calls: as they stand in the ledger now; none that it refused.
            outgoing: calls that the centre made.
            known: what the ledger had of these before.
        """
        turn = _Turn()
        for made in outgoing:
            turn.happened(self.person(made.number), made.started_at)
            turn.happened(*known.outgoing.get(_key(made), (None, made.started_at)))
        again: list[_Key] = []
        for call in calls:
            key = _key(call)
            before = known.calls.get(key)
            if before is not None:
                # What the older record said of somebody may be said no more.
                again.append(key)
                turn.happened(self.person(before[0]), before[1])
            if before is not None or call.answered_at is not None:
                turn.happened(self.person(call.caller), call.filed_at)
        self._keep(connection, turn, calls, again)

    def anew(self, connection: Connection, calls: Sequence[Call]) -> None:
        """Work out the calls back of some calls from all that the ledger has, whatever they were before."""
        lock(connection)
        turn = _Turn(anew={_key(call) for call in calls})
        self._keep(connection, turn, calls, list(turn.anew))

    def again(self, connection: Connection, keys: Iterable[CallKey]) -> None:
        """Work out calls back whose rows were changed by hand; `lock` comes before the change."""
        turn = _Turn(anew={(key.system, key.linkedid) for key in keys})
        for system, linkedid in turn.anew:
            _take_in(turn, connection, CALLBACKS.c.system == system, CALLBACKS.c.linkedid == linkedid)
        self._read_persons(connection, turn, {row["person"] for row in turn.rows.values() if row["person"]})
        self._settle(connection, turn)

    # What is owed

    def _keep(self, connection: Connection, turn: _Turn, calls: Sequence[Call], keys: Iterable[_Key]) -> None:
        """Work out what `calls` leave owed; those of `keys` may have left something owed before."""
        self._read_keys(connection, turn, keys)
        due = {_key(call): row for call in calls if (row := self._owed_row(call)) is not None}
        persons = {row["person"] for row in (*turn.rows.values(), *due.values()) if row["person"]}
        self._read_persons(connection, turn, persons | set(turn.since))
        for call in calls:
            self._take(turn, call, due.get(_key(call)))
        self._settle(connection, turn)

    def _owed_row(self, call: Call) -> _Row | None:
        """The row of what a call leaves owed, before anything became of it; None where nothing, or to nobody."""
        what = owed(call, self.terms)
        if what is None:
            return None
        system, linkedid = _key(call)
        return {
            "system": system,
            "linkedid": linkedid,
            "kind": what.kind.value,
            "line": call.line,
            "queue": call.queue,
            "team": call.team,
            "person": self.person(call.caller),
            "owed_at": what.owed_at,
            "due_at": what.due_at,
            "promised_by": what.promised_by,
        }

    def _take(self, turn: _Turn, call: Call, row: _Row | None) -> None:
        """Put what a call leaves owed in place of what it left owed by an older record."""
        key = _key(call)
        known = turn.rows.get(key)
        if row is None or row["person"] is None:
            # Whose number was erased is owed what they were owed, and figures keep it.
            if known is not None and (row is None or known["person"] is not None):
                turn.rows.pop(key)
                turn.gone.append(key)
            return
        by_people = {name: None if known is None else known[name] for name in _BY_PEOPLE}
        if known is None or any(known[name] != value for name, value in row.items()):
            turn.anew.add(key)
        turn.rows[key] = (known or {}) | row | by_people

    # What became of it

    def _settle(self, connection: Connection, turn: _Turn) -> None:
        affected = [row for key, row in turn.rows.items() if row["person"] and self._may_change(turn, key, row)]
        if affected:
            attempts = self._attempts(connection, affected)
            answered = self._answered(connection, affected)
            for row in affected:
                person = row["person"]
                key = CallKey(system=row["system"], linkedid=row["linkedid"])
                found = settle(
                    key, row["owed_at"], row["dropped_at"], attempts.get(person, ()), answered.get(person, ())
                )
                row["state"] = found.state.value
                for name in ("tries", "first_try_at", "first_try_by", "reached_at", "came_again_at"):
                    row[name] = getattr(found, name)
        if affected or turn.gone:
            _list(turn.rows.values())
            self._write(connection, turn)

    @staticmethod
    def _may_change(turn: _Turn, key: _Key, row: _Row) -> bool:
        """Whether what was written now may tell something new of a call back."""
        if key in turn.anew:
            return True
        since_at = turn.since.get(row["person"])
        if since_at is None:
            return False
        closed_at = min((row[name] for name in _CLOSINGS if row[name] is not None), default=None)
        return closed_at is None or closed_at >= since_at

    def _attempts(self, connection: Connection, affected: Iterable[_Row]) -> dict[str, list[Attempt]]:
        """Calls that the centre made, by person."""
        found: dict[str, list[Attempt]] = {}
        made = OUTGOING_CALLS.c
        columns = (made.person, made.agent, made.started_at, made.answered_at)
        for persons, since_at in _by_age(affected):
            chosen = select(*columns).where(among(connection, made.person, persons), made.started_at >= since_at)
            for row in connection.execute(chosen):
                attempt = Attempt(agent=row.agent, started_at=row.started_at, answered_at=row.answered_at)
                found.setdefault(row.person, []).append(attempt)
        return found

    def _answered(self, connection: Connection, affected: Iterable[_Row]) -> dict[str, list[Answered]]:
        """Calls in that were answered, by person."""
        found: dict[str, list[Answered]] = {}
        columns = (CALLS.c.system, CALLS.c.linkedid, CALLS.c.caller, CALLS.c.filed_at, CALLS.c.answered_at)
        for persons, since_at in _by_age(affected):
            wanted = set(persons)
            ends = sorted({end for person in persons if (end := caller_ends(person)) is not None})
            chosen = select(*columns).where(
                among(connection, CALLS.c.caller_ends, ends),
                CALLS.c.filed_at >= since_at,
                CALLS.c.answered_at.is_not(None),
            )
            for row in connection.execute(chosen):
                person = self.person(row.caller)
                if person in wanted:
                    key = CallKey(system=row.system, linkedid=row.linkedid)
                    one = Answered(key=key, filed_at=row.filed_at, answered_at=row.answered_at)
                    found.setdefault(person, []).append(one)
        return found

    # Reading and writing

    @staticmethod
    def _read_keys(connection: Connection, turn: _Turn, keys: Iterable[_Key]) -> None:
        for system, linkedids in _by_system(keys).items():
            for chunk in _chunks(linkedids):
                _take_in(turn, connection, CALLBACKS.c.system == system, among(connection, CALLBACKS.c.linkedid, chunk))

    @staticmethod
    def _read_persons(connection: Connection, turn: _Turn, persons: Iterable[str]) -> None:
        """Rows of persons that may change: those that are not done with, and those that were not when it happened."""
        # Not the column itself: SQLite would look up the state, which tens of thousands share, in place of the persons.
        state = CALLBACKS.c.state.concat("")
        wanted: list[ColumnElement[bool]] = [state.in_([one.value for one in TO_DO])]
        if turn.since:
            wanted += [CALLBACKS.c[name] >= min(turn.since.values()) for name in _CLOSINGS]
        for chunk in _chunks(sorted(persons)):
            _take_in(turn, connection, among(connection, CALLBACKS.c.person, chunk), or_(*wanted))

    @staticmethod
    def _write(connection: Connection, turn: _Turn) -> None:
        for system, linkedid in turn.gone:
            connection.execute(delete(CALLBACKS).where(CALLBACKS.c.system == system, CALLBACKS.c.linkedid == linkedid))
        changed = [row for key, row in sorted(turn.rows.items()) if row != turn.before.get(key)]
        if not changed:
            return
        insert = (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(CALLBACKS)
        names = [column.name for column in CALLBACKS.c if not column.primary_key]
        statement = insert.on_conflict_do_update(
            index_elements=[CALLBACKS.c.system, CALLBACKS.c.linkedid],
            set_={name: insert.excluded[name] for name in names},
        )
        connection.execute(statement, changed)


def lock(connection: Connection) -> None:
    """Let writers of `callbacks` take turns until the end of the transaction; SQLite's writers do so anyhow.

    Else two that write of one person at once would each miss what the other one writes.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _list(rows: Iterable[_Row]) -> None:
    """Choose the entries of the list: a promise each, and of a person's unanswered calls to one line and team one."""
    entries: dict[tuple[str, ...], list[_Row]] = {}
    for row in rows:
        if row["person"] is None:
            continue
        row["newest_owed_at"] = None
        if row["state"] not in TO_DO:
            continue
        if row["kind"] == Kind.PROMISED:
            row["newest_owed_at"] = row["owed_at"]
        else:
            entries.setdefault((row["person"], row["line"], row["team"] or ""), []).append(row)
    for same in entries.values():
        oldest = min(same, key=lambda row: (row["due_at"], row["owed_at"], row["system"], row["linkedid"]))
        oldest["newest_owed_at"] = max(row["owed_at"] for row in same)


def _take_in(turn: _Turn, connection: Connection, *conditions: Any) -> None:
    for found in connection.execute(select(CALLBACKS).where(*conditions)).mappings():
        key = (found["system"], found["linkedid"])
        if key not in turn.before:
            turn.before[key] = dict(found)
            turn.rows[key] = dict(found)


def _by_age(affected: Iterable[_Row]) -> Iterable[tuple[list[str], datetime]]:
    """Persons, some hundred at a time, with the instant from which on matters what happened."""
    oldest: dict[str, datetime] = {}
    for row in affected:
        person, owed_at = row["person"], row["owed_at"]
        oldest[person] = min(owed_at, oldest.get(person, owed_at))
    # Those of one age together, so that one old call back does not have the others' years read.
    persons = sorted(oldest, key=lambda person: (oldest[person], person))
    for chunk in _chunks(persons):
        yield chunk, oldest[chunk[0]]


def _chunks(values: Sequence[str]) -> Iterable[list[str]]:
    return (list(values[start : start + CHUNK]) for start in range(0, len(values), CHUNK))


def _by_system(keys: Iterable[_Key]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for system, linkedid in keys:
        found.setdefault(system, []).append(linkedid)
    return found


def _key(call: Call | OutgoingCall) -> _Key:
    """A call's key as the columns hold it."""
    return call.key.system.replace("\0", REPLACEMENT), call.key.linkedid.replace("\0", REPLACEMENT)

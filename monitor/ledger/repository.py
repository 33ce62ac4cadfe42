"""Writes facts into a store and reads them back as facts.

Writing is idempotent: the same facts twice, in one batch or in several, by one program or by two, leave what writing
them once leaves. Of two records of one call the more complete one stays (`monitor.ledger.rows.rank`), whole, with its
own attempts, transfers and holds.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, func, or_, select
from sqlalchemy import column as sql_column
from sqlalchemy.dialects import postgresql, sqlite

from monitor.calls.facts import AgentState, Call, CallKey, Gap, GapCause, Observed, OutgoingCall
from monitor.errors import StoreError
from monitor.ledger import rows, watch
from monitor.ledger.callbacks import Callbacks
from monitor.ledger.columns import REPLACEMENT
from monitor.ledger.edge import as_kept, outgoing_as_kept
from monitor.ledger.rows import (
    AGENT_STATES,
    CALLS,
    GAPS,
    OUTGOING_CALLS,
    PARTS_OF_CALLS,
    RULES,
    Row,
    StoredFact,
    StoredRule,
)
from monitor.ledger.schema import head, revision_of
from monitor.ledger.store import RefusedFact, Store
from monitor.ledger.systems import known_systems
from monitor.ledger.whole import CHUNK, among, whole_calls
from monitor.numbers import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import ColumnElement, Connection, Table

    from monitor.callbacks.settling import Terms
    from monitor.calls.rules import RingRule
    from monitor.numbers import Numbers

_NO_END = datetime.max.replace(tzinfo=UTC)


class Repository:
    """One ledger, for writing and reading. Every method may block: call them off the event loop.

    Args:
        store: a file path, a URL, or an opened `Store`.
        numbers: how callers' numbers are kept.
        callbacks: by when one calls back; None where calls back are not kept, as by those who only read.

    Raises:
        StoreError: the path or URL makes no sense. Each method raises it where the store is away, locked, read-only or
            not brought up to date.
    """

    def __init__(self, store: str | Path | Store, *, numbers: Numbers = PLAIN, callbacks: Terms | None = None) -> None:
        self.numbers = numbers
        self.callbacks = None if callbacks is None else Callbacks(callbacks, numbers)
        self.store = store if isinstance(store, Store) else Store(store)
        self._insert_many = sqlite.insert if self.store.is_sqlite else _insert_arrays
        self._insert_each = sqlite.insert if self.store.is_sqlite else postgresql.insert

    # Writing

    def record_all(self, facts: Iterable[StoredFact]) -> None:
        """Write facts in one transaction: all of them, or none.

        Raises:
            RefusedFact: at least one of them cannot be stored, ever.
            StoreError: the store is away; the same facts may be written later.
        """
        calls: dict[tuple[str, str], Call] = {}
        states: dict[tuple[str, str, str, datetime], AgentState] = {}
        outgoing: dict[tuple[str, str], OutgoingCall] = {}
        gaps: list[Gap] = []
        rules: list[StoredRule] = []
        for fact in facts:
            if isinstance(fact, Call):
                key = _stored_key(fact)
                known = calls.get(key)
                if known is None or rows.rank(fact) >= rows.rank(known):
                    calls[key] = as_kept(fact, self.numbers)
            elif isinstance(fact, OutgoingCall):
                key = _stored_key(fact)
                made = outgoing.get(key)
                if made is None or rows.outgoing_rank(fact) >= rows.outgoing_rank(made):
                    outgoing[key] = outgoing_as_kept(fact, self.numbers)
            elif isinstance(fact, AgentState):
                states[fact.system, fact.queue, fact.agent, fact.at] = fact
            elif isinstance(fact, Gap):
                gaps.append(fact)
            else:
                rules.append(fact)
        with self.store.writing() as connection:
            # In the order of their keys, so that two writers on one store never wait for each other.
            ended = [calls[key] for key in sorted(calls)]
            dialled = [outgoing[key] for key in sorted(outgoing)]
            callbacks = self.callbacks if ended or dialled else None
            before = callbacks.known(connection, ended, dialled) if callbacks is not None else None
            taken = self._write_calls(connection, ended)
            self._write_outgoing(connection, dialled)
            self._write_states(connection, [rows.agent_state_row(states[key]) for key in sorted(states)])
            self._write_gaps(connection, gaps)
            for rule in rules:
                self._write_rule(connection, rule)
            if callbacks is not None and before is not None:
                callbacks.keep(connection, taken, dialled, before)

    def record_rule(self, rule: RingRule) -> None:
        """Write a rule, once.

        Raises:
            RefusedFact: the ledger knows a rule of this name and version that says something else.
            StoreError: the store is away.
        """
        self.record_all([StoredRule.of(rule)])

    def watched(self, monitor: str, seen_until: Mapping[str, datetime]) -> None:
        """Write down up to which instant each system was followed: all that came before it must have been written.

        Args:
            monitor: what followed them, as `monitor.ledger.leader.this_monitor` calls it.
            seen_until: by system, on its own clock.

        Raises:
            StoreError: the store is away.
        """
        with self.store.writing() as connection:
            for system in sorted(seen_until):
                watch.watched(connection, system, monitor, seen_until[system])

    def _given(self, given: list[Row]) -> list[Row] | dict[str, list[Any]]:
        """Rows in the form that the store's `_insert_many` takes."""
        return given if self.store.is_sqlite else {name: [row[name] for row in given] for name in given[0]}

    def _write_calls(self, connection: Connection, calls: Sequence[Call]) -> list[Call]:
        """Write calls; those come back that the ledger took."""
        if not calls:
            return []
        insert = self._insert_many(CALLS)
        written, stored = insert.excluded, CALLS.c
        statement = insert.on_conflict_do_update(
            index_elements=[stored.system, stored.linkedid],
            set_={column.name: written[column.name] for column in stored if not column.primary_key},
            where=or_(
                stored.completeness < written.completeness,
                and_(stored.completeness == written.completeness, stored.recorded_at <= written.recorded_at),
            ),
        ).returning(stored.system, stored.linkedid)
        found = connection.execute(statement, self._given([rows.call_row(call) for call in calls]))
        taken = {(row.system, row.linkedid) for row in found}
        accepted = [call for call in calls if _stored_key(call) in taken]
        self._delete_parts(connection, taken)
        for table, parts in rows.rows_of_calls(accepted).items():
            self._insert_all(connection, table, parts)
        return accepted

    def _delete_parts(self, connection: Connection, keys: Iterable[tuple[str, str]]) -> None:
        by_system: defaultdict[str, list[str]] = defaultdict(list)
        for system, linkedid in keys:
            by_system[system].append(linkedid)
        for system, linkedids in by_system.items():
            for start in range(0, len(linkedids), CHUNK):
                chunk = linkedids[start : start + CHUNK]
                for table in PARTS_OF_CALLS:
                    connection.execute(
                        delete(table).where(table.c.system == system, among(connection, table.c.linkedid, chunk))
                    )

    def _insert_all(self, connection: Connection, table: Table, parts: list[Row]) -> None:
        if parts:
            connection.execute(self._insert_many(table), self._given(parts))

    def _write_outgoing(self, connection: Connection, outgoing: Sequence[OutgoingCall]) -> None:
        if not outgoing:
            return
        insert = self._insert_many(OUTGOING_CALLS)
        written, stored = insert.excluded, OUTGOING_CALLS.c
        statement = insert.on_conflict_do_update(
            index_elements=[stored.system, stored.linkedid],
            set_={column.name: written[column.name] for column in stored if not column.primary_key},
            # As `rows.outgoing_rank` has it: what was seen whole stays, else what was followed longer.
            where=or_(
                written.observed == Observed.WHOLE,
                and_(stored.observed == Observed.PARTLY, stored.ended_at <= written.ended_at),
            ),
        )
        given = [rows.outgoing_row(call, self.numbers.person(call.number)) for call in outgoing]
        connection.execute(statement, self._given(given))

    def _write_states(self, connection: Connection, states: list[Row]) -> None:
        if not states:
            return
        insert = self._insert_many(AGENT_STATES)
        written, stored = insert.excluded, AGENT_STATES.c
        statement = insert.on_conflict_do_update(
            index_elements=[stored.system, stored.queue, stored.agent, stored.at],
            set_={"member": written.member, "status": written.status},
        )
        connection.execute(statement, self._given(states))

    def _write_gaps(self, connection: Connection, gaps: Sequence[Gap]) -> None:
        if not gaps:
            return
        insert = self._insert_each(GAPS)
        written, stored = insert.excluded, GAPS.c
        statement = insert.on_conflict_do_update(
            index_elements=[stored.system, stored.started_at],
            # The beginning, told again, does not take back an end that is known.
            set_={"cause": written.cause, "ended_at": func.coalesce(written.ended_at, stored.ended_at)},
        )
        connection.execute(statement, [rows.gap_row(gap) for gap in gaps])
        # One of no length takes back what was told before: somebody else saw all of it. A clock is set in an instant.
        taken_back = [gap for gap in gaps if gap.ended_at == gap.started_at and gap.cause is not GapCause.CLOCK_STEP]
        for gap in taken_back:
            connection.execute(delete(GAPS).where(GAPS.c.system == gap.system, GAPS.c.started_at == gap.started_at))

    def _write_rule(self, connection: Connection, rule: StoredRule) -> None:
        statement = self._insert_each(RULES).on_conflict_do_nothing(index_elements=[RULES.c.name, RULES.c.version])
        connection.execute(statement, [rows.rule_row(rule)])
        kept = connection.execute(
            select(RULES).where(RULES.c.name == rule.name, RULES.c.version == rule.version)
        ).mappings()
        if rows.rule_of(kept.one()) != rule:
            raise RefusedFact(
                f"The ledger {self.store.name} knows another rule {rule.label}: give the changed rule a new version."
            )

    # Reading

    def ping(self) -> None:
        """Make sure that the store answers and is up to date.

        Raises:
            StoreError: why it cannot be used, in one sentence.
        """
        with self.store.reading() as connection:
            found = revision_of(connection)
        if found != head():
            raise StoreError(
                f"The ledger {self.store.name} has the revision {found or 'none'} and this release needs {head()}: "
                "run `callmonitor db upgrade`."
            )

    def call(self, key: CallKey) -> Call | None:
        """One call, or None where the ledger has no such call."""
        chosen = select(CALLS).where(CALLS.c.system == key.system, CALLS.c.linkedid == key.linkedid)
        with self.store.reading() as connection:
            return next(whole_calls(connection, connection.execute(chosen).mappings().all()), None)

    def calls_of(self, keys: Iterable[CallKey]) -> list[Call]:
        """The calls of some keys that the ledger has; at most about `CHUNK` keys."""
        by_system: defaultdict[str, list[str]] = defaultdict(list)
        for key in keys:
            by_system[key.system].append(key.linkedid)
        found: list[Call] = []
        with self.store.reading() as connection:
            for system, linkedids in by_system.items():
                chosen = select(CALLS).where(CALLS.c.system == system, among(connection, CALLS.c.linkedid, linkedids))
                found += whole_calls(connection, connection.execute(chosen).mappings().all())
        return found

    def calls(
        self, since: datetime, until: datetime, *, system: str | None = None, line: str | None = None
    ) -> Iterator[Call]:
        """The calls of a period in the order of `filed_at`, as the ledger was when the first one was read.

        Args:
            since: the first instant of the period.
            until: the first instant behind it.
            system: only this system's.
            line: only this line's.
        """
        filed, order = CALLS.c.filed_at, (CALLS.c.filed_at, CALLS.c.system, CALLS.c.linkedid)
        chosen = select(CALLS).where(_in_period(since, until, system, line)).order_by(*order).limit(CHUNK)
        statement = chosen
        with self.store.reading() as connection:
            while True:
                found = connection.execute(statement).mappings().all()
                yield from whole_calls(connection, found)
                if len(found) < CHUNK:
                    return
                last = found[-1]
                behind = and_(CALLS.c.system == last["system"], CALLS.c.linkedid > last["linkedid"])
                statement = chosen.where(
                    filed >= last["filed_at"],
                    or_(
                        filed > last["filed_at"],
                        and_(filed == last["filed_at"], or_(CALLS.c.system > last["system"], behind)),
                    ),
                )

    def agent_states(self, since: datetime, until: datetime, *, system: str | None = None) -> list[AgentState]:
        """The agent states that began in a period, by time; `since` included, `until` not."""
        at = AGENT_STATES.c.at
        chosen = select(AGENT_STATES).where(at >= since, at < until).order_by(at, *AGENT_STATES.primary_key.columns)
        if system is not None:
            chosen = chosen.where(AGENT_STATES.c.system == system)
        with self.store.reading() as connection:
            return [rows.agent_state_of(row) for row in connection.execute(chosen).mappings()]

    def gaps(self, since: datetime, until: datetime, *, system: str | None = None) -> list[Gap]:
        """The coverage gaps that touch a period, by time, uncut; one without an end lasts."""
        ended, started = GAPS.c.ended_at, GAPS.c.started_at
        chosen = (
            select(GAPS).where(started < until, or_(ended.is_(None), ended > since)).order_by(started, GAPS.c.system)
        )
        if system is not None:
            chosen = chosen.where(GAPS.c.system == system)
        with self.store.reading() as connection:
            return [rows.gap_of(row) for row in connection.execute(chosen).mappings()]

    def last_instant(self, system: str, before: datetime = _NO_END) -> datetime | None:
        """The last instant before another at which this ledger knows that a system was followed; None if of none.

        A gap that lasts (the monitor was stopped) tells when it began; else the newest fact of any kind.
        """
        with self.store.reading() as connection:
            lasting: datetime | None = connection.scalar(
                select(func.max(GAPS.c.started_at)).where(
                    GAPS.c.system == system, GAPS.c.ended_at.is_(None), GAPS.c.started_at < before
                )
            )
            if lasting is not None:
                return lasting
            newest = [watch.seen_until(connection, system)]
            newest += [
                connection.scalar(select(func.max(column)).where(table.c.system == system, column < before))
                for table, column in (
                    (CALLS, CALLS.c.recorded_at),
                    (AGENT_STATES, AGENT_STATES.c.at),
                    (GAPS, GAPS.c.ended_at),
                )
            ]
        return max((at for at in newest if at is not None and at < before), default=None)

    def rules(self) -> list[StoredRule]:
        """Every rule that has made verdicts here, by the day from which it holds."""
        chosen = select(RULES).order_by(RULES.c.holds_from, RULES.c.name, RULES.c.version)
        with self.store.reading() as connection:
            return [rows.rule_of(row) for row in connection.execute(chosen).mappings()]

    def systems(self) -> set[str]:
        """Every system of which something is stored."""
        with self.store.reading() as connection:
            return known_systems(connection)

    def close(self) -> None:
        """Close every connection."""
        self.store.close()


def _insert_arrays(table: Table) -> postgresql.Insert:
    """An INSERT that takes one array for each column.

    The statement is the same for any number of rows, so it is prepared once; VALUES with a placeholder for each value
    costs more to read than to carry out.
    """
    arrays = [bindparam(column.name, type_=postgresql.ARRAY(column.type)) for column in table.columns]
    columns = [sql_column(column.name, column.type) for column in table.columns]
    given = func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
    return postgresql.insert(table).from_select(table.columns.keys(), select(*given.c))


def _stored_key(call: Call | OutgoingCall) -> tuple[str, str]:
    """A call's key as the columns hold it."""
    return call.key.system.replace("\0", REPLACEMENT), call.key.linkedid.replace("\0", REPLACEMENT)


def _in_period(since: datetime, until: datetime, system: str | None, line: str | None) -> ColumnElement[bool]:
    conditions = [CALLS.c.filed_at >= since, CALLS.c.filed_at < until]
    if system is not None:
        conditions.append(CALLS.c.system == system)
    if line is not None:
        conditions.append(CALLS.c.line == line)
    return and_(*conditions)

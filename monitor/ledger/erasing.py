"""Takes personal data out of the ledger, and leaves every figure as it was.

Rows are found along an index, a batch at a time, and each batch is a transaction of its own, so that the monitor writes
on meanwhile. What is erased is not in an SQLite file any more, not in its free pages either.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, func, literal, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.ledger.columns import caller_ends
from monitor.ledger.members import members
from monitor.ledger.rows import AGENT_STATES, ATTEMPTS, CALLS, HOLDS, TRANSFERS
from monitor.ledger.systems import systems_of
from monitor.ledger.tables import ACCESS_LOG, DISAGREEMENTS, ERASURES
from monitor.masking import is_number, masked_within
from monitor.numbers import hash_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping, Table

    from monitor.ledger.store import Store
    from monitor.numbers import Numbers

BATCH = 500
"""Rows in one transaction: some milliseconds."""
_PAUSE_SECONDS = 0.02
"""Between two batches, in which whoever waits to write comes first."""
AGENT_PREFIX = "agent#"
"""How pseudonyms begin, as `monitor.numbers` makes them."""
_EXTENSION = 6
"""Digits of the longest number that belongs to the centre's own telephones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was erased at one place, as `erasures` keeps it."""

    place: str
    """A table and column, or what files were looked through."""
    erased: int
    left: int
    """How much was found when it was looked through again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One kind of data to be erased from one table: which rows, and what they become."""

    place: str
    table: Table
    order: tuple[ColumnElement[Any], ...]
    """Columns that an index has in this order, and that tell every row from every other."""
    where: ColumnElement[bool]
    change: Callable[[RowMapping], Mapping[str, Any] | None]
    """The columns that get other values; None for a row that stays as it is; none at all for one that is deleted."""
    beside: Callable[[Connection, Sequence[tuple[RowMapping, Mapping[str, Any]]]], None] | None = None
    """Writes in the same transaction what is to be known of it, before the rows are changed."""


def carry_out(store: Store, task: Task, *, dry: bool = False, again: bool = True) -> Erasure:
    """Erase, and look again.

    Args:
        store: the ledger's.
        task: what is erased.
        dry: count, and write nothing.
        again: look again; where not, nothing is told to be left.

    Raises:
        StoreError: the store is away; what was erased before is, and the rest may be tried again.
    """
    erased = 0
    for rows in _batches(store, task):
        changes = [(row, change) for row in rows if (change := task.change(row)) is not None]
        erased += len(changes)
        if changes and not dry:
            with store.writing() as connection:
                if task.beside is not None:
                    task.beside(connection, changes)
                _write(connection, task.table, changes)
            # Whoever waits for SQLite's lock looks for it only now and then: without a pause they might never get it.
            time.sleep(_PAUSE_SECONDS)
    return Erasure(place=task.place, erased=erased, left=found(store, task) if again else 0)


def found(store: Store, task: Task) -> int:
    """How many rows there are to be erased.

    Raises:
        StoreError: the store is away.
    """
    return sum(1 for rows in _batches(store, task) for row in rows if task.change(row) is not None)


def _batches(store: Store, task: Task) -> Iterator[Sequence[RowMapping]]:
    chosen = select(task.table).where(task.where).order_by(*task.order).limit(BATCH)
    place: tuple[Any, ...] | None = None
    while True:
        statement = chosen
        if place is not None:
            here = [literal(value, column.type) for value, column in zip(place, task.order, strict=True)]
            # The first column also by itself, by which both databases find their place in the index.
            statement = chosen.where(task.order[0] >= here[0], tuple_(*task.order) > tuple_(*here))
        with store.reading() as connection:
            rows = connection.execute(statement).mappings().all()
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        place = tuple(rows[-1][column.key] for column in task.order)  # type: ignore[index] # columns of tables have keys


def _write(connection: Connection, table: Table, changes: Sequence[tuple[RowMapping, Mapping[str, Any]]]) -> None:
    keys = table.primary_key.columns
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    same = and_(*(column == bindparam(f"of_{column.name}", type_=column.type) for column in keys))
    doomed = [row for row, change in changes if not change]
    if doomed:
        connection.execute(delete(table).where(same), [_key(row, table) for row in doomed])
    names = {name for _, change in changes for name in change}
    changed = [(row, change) for row, change in changes if change]
    if not changed:
        return
    if names.isdisjoint(column.name for column in keys):
        values = {name: bindparam(f"to_{name}", type_=table.c[name].type) for name in names}
        told = [
            _key(row, table) | {f"to_{name}": change.get(name, row[name]) for name in names} for row, change in changed
        ]
        connection.execute(update(table).where(same).values(values), told)
        return
    # A key that changes may meet a row that is there already, which the later one replaces.
    connection.execute(delete(table).where(same), [_key(row, table) for row, _ in changed])
    put(connection, table, [{**row, **change} for row, change in changed])


def _key(row: RowMapping, table: Table) -> dict[str, Any]:
    return {f"of_{column.name}": row[column.name] for column in table.primary_key.columns}


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, each in place of the one of its key where there is one."""
    if not rows:
        return
    insert = (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(table)
    keys = list(table.primary_key.columns)
    others = {column.name: insert.excluded[column.name] for column in table.columns if not column.primary_key}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=others), [dict(row) for row in rows])


# What is erased when


def numbers_before(at: datetime) -> list[Task]:
    """Callers' numbers of the calls before an instant become null, others' in transfers are masked."""
    stored = CALLS.c

    def masked(row: RowMapping) -> Mapping[str, Any] | None:
        # As every report groups them: its figures stay as they were.
        to = masked_within(row["to"])
        return {"to": to} if to != row["to"] else None

    return [
        Task(
            place="calls.caller",
            table=CALLS,
            order=(stored.filed_at, stored.system, stored.linkedid),
            where=and_(stored.filed_at < at, or_(stored.caller.is_not(None), stored.caller_ends.is_not(None))),
            change=lambda _row: {"caller": None, "caller_ends": None},
        ),
        Task(
            place="transfers.to",
            table=TRANSFERS,
            order=(TRANSFERS.c.at, TRANSFERS.c.system, TRANSFERS.c.linkedid, TRANSFERS.c.ordinal),
            # Shorter ones are extensions, and a star stands in those that are masked: most nights find nothing.
            where=and_(TRANSFERS.c.at < at, func.length(TRANSFERS.c.to) > _EXTENSION, TRANSFERS.c.to.not_like("%*%")),
            change=masked,
        ),
    ]


def numbers_to_hashes(numbers: Numbers) -> list[Task]:
    """Numbers that were written before hashes were wanted become hashes."""
    stored = CALLS.c

    def hashed(row: RowMapping) -> Mapping[str, Any] | None:
        caller = numbers.stored(row["caller"])
        return {"caller": caller, "caller_ends": caller_ends(caller)} if caller != row["caller"] else None

    return [
        Task(
            place="calls.caller, to hashes",
            table=CALLS,
            order=(stored.filed_at, stored.system, stored.linkedid),
            where=and_(stored.caller.is_not(None), stored.caller.not_like("hmac:%")),
            change=hashed,
        )
    ]


def own_numbers_in_transfers(store: Store, numbers: Numbers) -> Task:
    """Transfers of callers to themselves tell no number that their call hides."""

    def marked(row: RowMapping) -> Mapping[str, Any] | None:
        if not is_number(row["to"]) or len(row["to"]) <= _EXTENSION:
            return None
        of_call = select(CALLS.c.caller).where(CALLS.c.system == row["system"], CALLS.c.linkedid == row["linkedid"])
        with store.reading() as connection:
            caller = connection.scalar(of_call)
        return {"to": hash_mark(caller)} if caller and numbers.stored(row["to"]) == caller else None

    order = (TRANSFERS.c.at, TRANSFERS.c.system, TRANSFERS.c.linkedid, TRANSFERS.c.ordinal)
    return Task(
        place="transfers.to, to hashes", table=TRANSFERS, order=order, where=TRANSFERS.c.to != "", change=marked
    )


def agents_before(at: datetime, numbers: Numbers) -> list[Task]:
    """Agents' interfaces and names in the calls before an instant become pseudonyms, always the same for each."""
    name = numbers.agent

    def channel(text: str, agent: str) -> str:
        # What tells two channels of one phone apart stays.
        return f"{name(agent)}-{text.rpartition('-')[2]}" if text and not text.startswith(AGENT_PREFIX) else text

    def of_call(row: RowMapping) -> dict[str, Any]:
        return {column: row[column] and name(row[column]) for column in ("agent", "member")}

    def of_attempt(row: RowMapping) -> Mapping[str, Any]:
        return of_call(row) | {"channel": channel(row["channel"], row["agent"])}

    def of_transfer(row: RowMapping) -> Mapping[str, Any]:
        # An extension or a queue is a place; an interface is somebody's phone.
        return {"by": name(row["by"]), "to": name(row["to"]) if "/" in row["to"] else row["to"]}

    def of_disagreement(row: RowMapping) -> Mapping[str, Any]:
        return {column: row[column] and name(row[column]) for column in ("ours", "theirs")}

    def among(table: Table, at_column: str, *names: str) -> tuple[tuple[ColumnElement[Any], ...], ColumnElement[bool]]:
        stored = table.c
        keys = [column for column in table.primary_key.columns if column.name != at_column]
        real = (
            and_(stored[one].is_not(None), stored[one] != "", stored[one].not_like(f"{AGENT_PREFIX}%")) for one in names
        )
        return (stored[at_column], *keys), and_(stored[at_column] < at, or_(*real))

    tasks = []
    for place, table, at_column, names, change in (
        ("calls.agent, member", CALLS, "filed_at", ("agent", "member"), of_call),
        ("ring_attempts.agent, member, channel", ATTEMPTS, "filed_at", ("agent", "member"), of_attempt),
        ("transfers.by, to", TRANSFERS, "at", ("by",), of_transfer),
        ("holds.by", HOLDS, "started_at", ("by",), lambda row: {"by": name(row["by"])}),
        ("agent_states.agent, member", AGENT_STATES, "at", ("agent", "member"), of_call),
        ("disagreements.ours, theirs", DISAGREEMENTS, "found_at", ("ours", "theirs"), of_disagreement),
    ):
        order, where = among(table, at_column, *names)
        if table is DISAGREEMENTS:
            where = and_(where, DISAGREEMENTS.c.what == "agent")
        tasks.append(Task(place=place, table=table, order=order, where=where, change=change))
    return tasks


def states_before(at: datetime) -> Task:
    """What queue members did before an instant is deleted; what they did at it must be carried over before."""
    stored = AGENT_STATES.c
    order = (stored.at, stored.system, stored.queue, stored.agent)
    return Task(place="agent_states", table=AGENT_STATES, order=order, where=stored.at < at, change=lambda _row: {})


def accesses_before(at: datetime) -> Task:
    """Who saw which call before an instant is deleted."""
    stored = ACCESS_LOG.c
    return Task(
        place="access_log", table=ACCESS_LOG, order=(stored.at, stored.id), where=stored.at < at,
        change=lambda _row: {},
    )  # fmt: skip


def carry_over(store: Store, at: datetime, *, pseudonym: Callable[[str], str] | None = None) -> int:
    """Let what each member did at an instant begin there, so that what lies before may go or change its name.

    Args:
        store: the ledger's.
        at: the instant.
        pseudonym: what members are called before it from now on; they leave their queues under it then.

    Returns:
        How many rows were written.
    """
    stored = AGENT_STATES.c
    at_it: list[dict[str, Any]] = []
    with store.reading() as connection:
        for system in systems_of(connection, AGENT_STATES):
            for member in members(connection, system):
                of_member = and_(
                    stored.system == system, stored.queue == member.queue, stored.agent == member.agent, stored.at <= at
                )
                row = connection.execute(select(AGENT_STATES).where(of_member).order_by(stored.at.desc()).limit(1))
                last = row.mappings().first()
                if last is None or last["status"] is None or member.agent.startswith(AGENT_PREFIX):
                    continue
                if last["at"] < at:
                    at_it.append({**last, "at": at})
                if pseudonym is not None:
                    left = {"agent": pseudonym(last["agent"]), "member": pseudonym(last["member"]), "status": None}
                    at_it.append({**last, **left, "at": at})
    for start in range(0, len(at_it), BATCH):
        with store.writing() as connection:
            put(connection, AGENT_STATES, at_it[start : start + BATCH])
    return len(at_it)


def settle(store: Store) -> None:
    """Let what was erased be gone from SQLite's write-ahead log too, where nobody reads in it now."""
    if store.is_sqlite:
        with store.explaining(), store.outside_transactions() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def keep(store: Store, at: datetime, kind: str, erasures: Sequence[Erasure]) -> None:
    """Write down what was erased, and what was left.

    Raises:
        StoreError: the store is away.
    """
    rows = [
        {"at": at, "kind": kind, "place": each.place, "erased": each.erased, "left": each.left} for each in erasures
    ]
    with store.writing() as connection:
        put(connection, ERASURES, rows)


def last_kept(store: Store, kind: str) -> datetime | None:
    """When something was last erased for a reason; None for never.

    Raises:
        StoreError: the store is away.
    """
    with store.reading() as connection:
        last_at: datetime | None = connection.scalar(select(func.max(ERASURES.c.at)).where(ERASURES.c.kind == kind))
    return last_at

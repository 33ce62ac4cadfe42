"""Queue members and what they did, looked up along the key of `agent_states`: there are millions of those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Text, and_, bindparam, func, select, type_coerce

from monitor.calls.facts import AgentStatus, microseconds
from monitor.ledger.columns import Instant
from monitor.ledger.rows import AGENT_STATES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection, Select

_ROWS_AT_A_TIME = 5_000
_STORED = AGENT_STATES.c
_WORDS: dict[str | None, AgentStatus | None] = {None: None} | {status.value: status for status in AgentStatus}

# Written once, so that they are compiled once: each is asked for every member. The smallest value behind another is
# one step down the key; a comparison of the key's columns together would read all rows between two members.
_OF_SYSTEM = _STORED.system == bindparam("of_system")
_OF_QUEUE = and_(_OF_SYSTEM, _STORED.queue == bindparam("of_queue"))
_OF_MEMBER = and_(_OF_QUEUE, _STORED.agent == bindparam("of_agent"))
_NEXT_QUEUE = select(func.min(_STORED.queue)).where(_OF_SYSTEM, _STORED.queue > bindparam("behind"))
_NEXT_AGENT = select(func.min(_STORED.agent)).where(_OF_QUEUE, _STORED.agent > bindparam("behind"))
_FIRST_AT = select(func.min(_STORED.at)).where(_OF_MEMBER)
_DOING = (
    select(_STORED.status)
    .where(_OF_MEMBER, _STORED.at <= bindparam("before", type_=Instant()))
    .order_by(_STORED.at.desc())
    .limit(1)
)


class Member(NamedTuple):
    """One phone in one queue."""

    system: str
    queue: str
    agent: str
    first_at: datetime
    """When the ledger first knew of it."""


class State(NamedTuple):
    """What a member did from an instant on."""

    queue: str
    agent: str
    at_us: int
    """In microseconds since 1970."""
    status: AgentStatus | None
    """None: it had left the queue."""


def members(connection: Connection, system: str) -> Iterator[Member]:
    """Every member a system's queues ever had, from one to the next past all that each of them did."""
    for queue in _each(connection, _NEXT_QUEUE, {"of_system": system}):
        of_queue = {"of_system": system, "of_queue": queue}
        for agent in _each(connection, _NEXT_AGENT, of_queue):
            first_at: datetime = connection.execute(_FIRST_AT, of_queue | {"of_agent": agent}).scalar_one()
            yield Member(system, queue, agent, first_at)


def _each(connection: Connection, step: Select[Any], place: dict[str, str]) -> Iterator[str]:
    # Asterisk has no member without an interface, and no queue without a name.
    name = connection.scalar(step, place | {"behind": ""})
    while name is not None:
        yield name
        name = connection.scalar(step, place | {"behind": name})


def state_at(connection: Connection, member: Member, at: datetime) -> State | None:
    """What a member did at an instant; None where the ledger does not know yet."""
    of_member = {"of_system": member.system, "of_queue": member.queue, "of_agent": member.agent}
    found = connection.execute(_DOING, of_member | {"before": at}).first()
    return None if found is None else State(member.queue, member.agent, microseconds(at), found.status)


def states_between(connection: Connection, system: str, since: datetime, until: datetime) -> Iterator[State]:
    """What a system's members began to do in a time, in order; `since` is not in it, `until` is."""
    chosen = (
        # The words are looked up here: there are tens of thousands in an hour.
        select(_STORED.queue, _STORED.agent, _STORED.at, type_coerce(_STORED.status, Text))
        # A computed text, so that they are read along their time and not along their key.
        .where(_STORED.system.concat("") == system, _STORED.at > since, _STORED.at <= until)
        .order_by(_STORED.at)
    )
    for rows in connection.execute(chosen.execution_options(yield_per=_ROWS_AT_A_TIME)).partitions():
        for queue, agent, at, status in rows:
            yield State(queue, agent, microseconds(at), _WORDS[status])

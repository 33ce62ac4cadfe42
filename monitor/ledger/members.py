"""Queue members and what they did, looked up along the key of `agent_states`: there are millions of those."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select, tuple_

from monitor.ledger.rows import AGENT_STATES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from monitor.calls.facts import AgentStatus

_KEY = (AGENT_STATES.c.system, AGENT_STATES.c.queue, AGENT_STATES.c.agent)


class Member(NamedTuple):
    """One phone in one queue."""

    system: str
    queue: str
    agent: str
    first_at: datetime
    """When the ledger first knew of it."""


class State(NamedTuple):
    """What a member did from an instant on; None: it had left the queue."""

    queue: str
    agent: str
    at: datetime
    status: AgentStatus | None


def members(connection: Connection, system: str) -> Iterator[Member]:
    """Every member a system's queues ever had: from one to the next, past all that each of them did."""
    key = tuple_(*_KEY)
    ordered = select(*_KEY, AGENT_STATES.c.at).order_by(*_KEY, AGENT_STATES.c.at).limit(1)
    found = connection.execute(ordered.where(key >= (system, "", ""))).first()
    while found is not None and found.system == system:
        member = Member(*found)
        yield member
        found = connection.execute(ordered.where(key > member[:3])).first()


def state_at(connection: Connection, member: Member, at: datetime) -> State | None:
    """What a member did at an instant; None where the ledger does not know yet."""
    stored = AGENT_STATES.c
    chosen = (
        select(stored.queue, stored.agent, stored.at, stored.status)
        .where(stored.system == member.system, stored.queue == member.queue, stored.agent == member.agent)
        .where(stored.at <= at)
        .order_by(stored.at.desc())
        .limit(1)
    )
    found = connection.execute(chosen).first()
    return None if found is None else State(*found)


def states_between(connection: Connection, system: str, since: datetime, until: datetime) -> Iterator[State]:
    """What a system's members began to do in a time, in order; `since` is not in it, `until` is."""
    stored = AGENT_STATES.c
    chosen = (
        select(stored.queue, stored.agent, stored.at, stored.status)
        # A computed text, so that they are read along their time and not along their key.
        .where(stored.system.concat("") == system, stored.at > since, stored.at <= until)
        .order_by(stored.at)
    )
    yield from (State(*row) for row in connection.execute(chosen))

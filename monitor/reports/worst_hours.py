"""Why callers waited: each one's waiting laid beside the ringing of the phones and what the queue's members did."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from monitor.calls.facts import AgentStatus, instant, microseconds
from monitor.ledger.members import Member, State, members, state_at, states_between
from monitor.ledger.rows import ATTEMPTS, CALLS
from monitor.reports.figures import Why

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from monitor.ledger.coverage import Unobserved

Span = tuple[int, int]
"""From and to, in microseconds since 1970, half-open."""

_BUSY = frozenset({AgentStatus.RINGING, AgentStatus.TALKING, AgentStatus.WRAP_UP})
"""What members do who are there and not free; the others are paused, away or signed out."""


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """One caller's waiting for a person, and what rang in it."""

    queue: str | None
    span: Span
    ringing: list[Span] = field(default_factory=list)


class Reasons:
    """Finds out why the callers of an hour waited.

    Args:
        connection: the transaction to read in.
        gaps: when each system was not observed, by system.
    """

    def __init__(self, connection: Connection, gaps: Mapping[str, Sequence[Unobserved]]) -> None:
        self._connection = connection
        self._gaps = {
            system: joined((microseconds(gap.started_at), microseconds(gap.ended_at)) for gap in found)
            for system, found in gaps.items()
        }
        self._members: dict[str, tuple[Member, ...]] = {}

    def of(self, chosen: ColumnElement[bool]) -> dict[Why, int]:
        """The waiting of the calls that meet a condition, in microseconds, by what held it up.

        A call whose question or whose end was not seen tells of no waiting.
        """
        total: Counter[Why] = Counter()
        for system, waiting in self._waiting(chosen).items():
            if not waiting:
                continue
            timelines = self._timelines(system, waiting)
            unseen = self._gaps.get(system, [])
            for each in waiting:
                ringing = within(joined(each.ringing), each.span)
                total[Why.PHONES_UNANSWERED] += length_us(ringing)
                quiet = without([each.span], ringing)
                seen = without(quiet, unseen)
                total[Why.NOT_OBSERVED] += length_us(quiet) - length_us(seen)
                for span in seen:
                    timelines[each.queue].add(span, total)
        return {why: total[why] for why in Why if total[why]}

    def _waiting(self, chosen: ColumnElement[bool]) -> dict[str, list[_Waiting]]:
        """Of the calls, by system."""
        stored, rang = CALLS.c, ATTEMPTS.c
        seen = and_(chosen, stored.asked_at.is_not(None))
        calls = select(
            stored.system, stored.linkedid, stored.queue, stored.asked_at, stored.answered_at, stored.ended_at
        )
        found: dict[tuple[str, str], _Waiting] = {}
        for system, linkedid, queue, asked_at, answered_at, ended_at in self._connection.execute(calls.where(seen)):
            until_at = answered_at or ended_at
            if until_at is not None and until_at > asked_at:
                span = microseconds(asked_at), microseconds(until_at)
                found[system, linkedid] = _Waiting(queue=queue, span=span)
        attempts = select(rang.system, rang.linkedid, rang.started_at, rang.ended_at).select_from(CALLS.join(ATTEMPTS))
        for system, linkedid, started_at, ended_at in self._connection.execute(
            attempts.where(seen, rang.ringing_us > 0)
        ):
            if (system, linkedid) in found:
                found[system, linkedid].ringing.append((microseconds(started_at), microseconds(ended_at)))
        by_system: dict[str, list[_Waiting]] = {}
        for (system, _), waiting in found.items():
            by_system.setdefault(system, []).append(waiting)
        return by_system

    def _timelines(self, system: str, waiting: Sequence[_Waiting]) -> dict[str | None, _Timeline]:
        """What the members of each queue in question did while anybody waited; under None those of all queues."""
        since = min(each.span[0] for each in waiting)
        until = max(each.span[1] for each in waiting)
        timelines: dict[str | None, _Timeline] = {each.queue: _Timeline() for each in waiting}
        for state in self._states(system, instant(since), instant(until)):
            for queue in {state.queue, None} & timelines.keys():
                timelines[queue].take(state)
        return timelines

    def _states(self, system: str, since: datetime, until: datetime) -> Iterator[State]:
        """What all members did at an instant, and began to do from then on."""
        if system not in self._members:
            self._members[system] = tuple(members(self._connection, system))
        for member in self._members[system]:
            state = state_at(self._connection, member, since)
            if state is not None:
                yield state
        yield from states_between(self._connection, system, since, until)


class _Timeline:
    """What held callers up while no phone rang, by what a queue's members did."""

    def __init__(self) -> None:
        self._doing: dict[tuple[str, str], AgentStatus | None] = {}
        self._free = 0
        self._busy = 0
        self._at_us: list[int] = []
        self._why: list[Why] = []

    def take(self, state: State) -> None:
        """A member begins to do something, or did it when the time that is asked about began."""
        member = state.queue, state.agent
        self._count(self._doing.get(member), -1)
        self._count(state.status, 1)
        self._doing[member] = state.status
        self._at_us.append(state.at_us)
        self._why.append(Why.NOT_OFFERED if self._free else Why.ALL_BUSY if self._busy else Why.NOBODY_SIGNED_IN)

    def _count(self, status: AgentStatus | None, members: int) -> None:
        if status is AgentStatus.FREE:
            self._free += members
        elif status in _BUSY:
            self._busy += members

    def add(self, span: Span, total: Counter[Why]) -> None:
        """Count a span of waiting in."""
        at_us, end_us = span
        position = bisect_right(self._at_us, at_us)
        while at_us < end_us:
            until_us = min(self._at_us[position] if position < len(self._at_us) else end_us, end_us)
            total[self._why[position - 1] if position else Why.NOT_OBSERVED] += until_us - at_us
            at_us = until_us
            position += 1


def joined(spans: Iterable[Span]) -> list[Span]:
    """The union of some spans, in order."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        elif begin < end:
            found.append((begin, end))
    return found


def within(spans: Iterable[Span], bounds: Span) -> list[Span]:
    """The parts of some spans that lie within another."""
    cut = ((max(begin, bounds[0]), min(end, bounds[1])) for begin, end in spans)
    return [(begin, end) for begin, end in cut if begin < end]


def without(spans: Iterable[Span], taken: Sequence[Span]) -> list[Span]:
    """The parts of some spans that lie in none of others, which are in order and apart from each other."""
    found: list[Span] = []
    for first, end in spans:
        begin = first
        for away_from, away_to in taken:
            if away_to <= begin:
                continue
            if away_from >= end:
                break
            if away_from > begin:
                found.append((begin, away_from))
            begin = max(begin, away_to)
        if begin < end:
            found.append((begin, end))
    return found


def length_us(spans: Iterable[Span]) -> int:
    """How long some spans are together."""
    return sum(end - begin for begin, end in spans)

"""What of a stretch of time the calls' own sums do not tell, read from the ledger: waiting, agents, calls to return."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, or_, select

from monitor.calls.facts import Outcome, Verdict
from monitor.calls.formulas import NEVER_ANSWERED
from monitor.ledger.rows import ATTEMPTS, CALLS
from monitor.masking import mask_number
from monitor.reports.figures import AgentFigures, MissedCall

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ColumnElement, Connection

    from monitor.calls.facts import AttemptResult
    from monitor.ledger.cells import Judging

Phone = tuple[str, str, str | None]
"""System, interface, and the member's name where it is known."""
ROWS_AT_A_TIME = 5_000
"""How many rows of a stream are at hand at once."""

_OF_CALLS = CALLS.join(ATTEMPTS)


def add_waiting(connection: Connection, chosen: ColumnElement[bool], into: array[int]) -> None:
    """The waiting of the answered calls that meet a condition, in microseconds, in any order."""
    waiting_us = CALLS.c.waiting_us
    asked = select(waiting_us).where(chosen, CALLS.c.outcome == Outcome.ANSWERED, waiting_us.is_not(None))
    for rows in connection.scalars(asked.execution_options(yield_per=ROWS_AT_A_TIME)).partitions():
        into.extend(rows)


@dataclass(slots=True)
class _Served:
    """What one phone came to."""

    answered: int = 0
    pickups: int = 0
    kept: int = 0
    broken: int = 0
    attempts: Counter[AttemptResult] = field(default_factory=Counter)
    ringing_us: int = 0
    talking_us: int = 0
    transfers: int = 0

    def add(self, other: _Served) -> None:
        self.answered += other.answered
        self.pickups += other.pickups
        self.kept += other.kept
        self.broken += other.broken
        self.attempts.update(other.attempts)
        self.ringing_us += other.ringing_us
        self.talking_us += other.talking_us
        self.transfers += other.transfers


class Agents:
    """Adds up what the phones of the centre came to.

    Args:
        judging: where verdicts come from.
    """

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self._served: dict[Phone, _Served] = {}

    def read(self, connection: Connection, chosen: ColumnElement[bool]) -> None:
        """Take in the calls that meet a condition, and their ring attempts."""
        self._answers(connection, chosen)
        self._attempts(connection, chosen)

    def _of(self, phone: Phone) -> _Served:
        found = self._served.get(phone)
        if found is None:
            found = self._served[phone] = _Served()
        return found

    def _answers(self, connection: Connection, chosen: ColumnElement[bool]) -> None:
        stored = CALLS.c
        who = (stored.system, stored.agent, stored.member)
        by = (*who, stored.answered_by_pickup, stored.observed, *self._judging.columns)
        columns = [column.label(f"by_{number}") for number, column in enumerate(by)]
        asked = select(*columns, func.count(), func.sum(stored.talking_us)).group_by(*columns)
        answered = and_(chosen, stored.outcome == Outcome.ANSWERED, stored.agent.is_not(None))
        for row in connection.execute(asked.where(answered)):
            values: list[Any] = list(row)
            system, agent, member, pickup, observed = values[:5]
            calls, talking_us = values[-2:]
            served = self._of((system, agent, member))
            judged = self._judging.judged(Outcome.ANSWERED, observed, tuple(values[5:-2]))
            served.answered += calls
            served.pickups += calls if pickup else 0
            served.kept += calls if judged.headline is Verdict.KEPT else 0
            served.broken += calls if judged.headline is Verdict.BROKEN else 0
            served.talking_us += int(talking_us or 0)

    def _attempts(self, connection: Connection, chosen: ColumnElement[bool]) -> None:
        rang, answered_at = ATTEMPTS.c, CALLS.c.answered_at
        before = case((or_(answered_at.is_(None), rang.started_at < answered_at), 1), else_=0)
        who: list[ColumnElement[Any]] = [rang.system, rang.agent, rang.member]
        columns = [*who, rang.result, before.label("before_answer")]
        asked = select(*columns, func.count(), func.sum(rang.ringing_us)).select_from(_OF_CALLS)
        for row in connection.execute(asked.where(chosen).group_by(*columns)):
            system, agent, member, result, counts, attempts, ringing_us = list[Any](row)
            served = self._of((system, agent, member))
            served.ringing_us += int(ringing_us or 0)
            if counts:
                served.attempts[result] += attempts

    def figures(self, transfers: Mapping[Phone, int]) -> tuple[AgentFigures, ...]:
        """Each phone under its member's name, by name.

        A phone that a single member had is that member's too where it was rung without a queue.

        Args:
            transfers: those that people made, by the phone.
        """
        for phone, made in transfers.items():
            self._of(phone).transfers += made
        names: dict[tuple[str, str], set[str]] = {}
        for system, agent, member in self._served:
            if member is not None:
                names.setdefault((system, agent), set()).add(member)
        merged: dict[Phone, _Served] = {}
        for (system, agent, member), served in self._served.items():
            known = names.get((system, agent), set())
            only = next(iter(known)) if member is None and len(known) == 1 else member
            merged.setdefault((system, agent, only), _Served()).add(served)
        return tuple(
            AgentFigures(
                system=system,
                agent=agent,
                member=member,
                answered=served.answered,
                pickups=served.pickups,
                kept=served.kept,
                broken=served.broken,
                attempts=dict(served.attempts),
                ringing_us=served.ringing_us,
                talking_us=served.talking_us,
                transfers=served.transfers,
            )
            for (system, agent, member), served in sorted(merged.items(), key=_by_name)
        )


def _by_name(served: tuple[Phone, _Served]) -> tuple[str, str, str]:
    (system, agent, member), _ = served
    return member or agent, agent, system


def missed_calls(connection: Connection, chosen: ColumnElement[bool], judging: Judging) -> Iterator[MissedCall]:
    """The calls that nobody answered, by time, callers masked."""
    stored = CALLS.c
    columns = (
        stored.system, stored.linkedid, stored.filed_at, stored.line, stored.queue, stored.caller, stored.outcome,
        judging.rings.label("rings"), stored.waiting_us,
    )  # fmt: skip
    asked = select(*columns).where(chosen, stored.outcome.in_(NEVER_ANSWERED))
    for row in connection.execute(asked.order_by(stored.filed_at, stored.system, stored.linkedid)):
        system, linkedid, filed_at, line, queue, caller, outcome, rings, waiting_us = row
        yield MissedCall(
            system=system,
            linkedid=linkedid,
            filed_at=filed_at,
            line=line,
            queue=queue,
            caller=mask_number(caller),
            outcome=outcome,
            rings=rings,
            waiting_us=waiting_us,
        )


def has_calls(connection: Connection, chosen: ColumnElement[bool]) -> bool:
    """Whether any call meets a condition."""
    return connection.scalar(select(CALLS.c.linkedid).where(chosen).limit(1)) is not None

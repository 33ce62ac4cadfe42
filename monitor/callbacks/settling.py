"""Which calls back are owed, by when, and what became of them: worked out from calls in, promises and calls out.

Pure: no database and no clock. One call back at a time is settled from everything that its person did and that the
centre did for them, so that the order in which this becomes known makes no difference.

**Source:** the charter's promise of a call back; docs/callbacks.md says each rule in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.calls.facts import CallKey, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.calls.facts import Call
    from monitor.worktime import WorkTime

_HOUR_MINUTES = 60
_DAYS_AT_MOST = 400
"""So many days without one of work and nobody works any more: a promise is then due at the end of its day."""


class Kind(StrEnum):
    """Why somebody is to be called."""

    PROMISED = "promised"
    """They were told so."""
    MISSED = "missed"
    """They called and no person answered."""


class State(StrEnum):
    """What became of it."""

    OPEN = "open"
    """Not called yet."""
    TRIED = "tried"
    """Called, and not reached."""
    REACHED = "reached"
    """The person and somebody of the centre spoke."""
    CAME_AGAIN = "came_again"
    """The person called again and was answered."""
    DROPPED = "dropped"
    """Taken off the list by hand."""


TO_DO = (State.OPEN, State.TRIED)
"""Those that are still to be called."""
MISSED_OUTCOMES = frozenset(
    {
        Outcome.ABANDONED_ANNOUNCEMENT,
        Outcome.ABANDONED_WAITING,
        Outcome.ABANDONED_RINGING,
        Outcome.NO_ANSWER,
        Outcome.BUSY,
        Outcome.FAILED,
    }
)
"""The caller left or was given up without a person's answer. What ended unobserved may have been answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By when one calls back.

    Raises:
        ValueError: a number of days is negative.
    """

    work_time: WorkTime
    promised_working_days: int = 1
    """Of a promise that names no time."""
    missed_working_days: int = 1

    def __post_init__(self) -> None:
        if min(self.promised_working_days, self.missed_working_days) < 0:
            raise ValueError("working days are counted from 0")

    def due_at(self, kind: Kind, owed_at: datetime) -> datetime:
        """When the hours end of the last working day for it."""
        days = self.promised_working_days if kind is Kind.PROMISED else self.missed_working_days
        return hours_end(owed_at, days, self.work_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A call back that follows from one call, before anything became of it."""

    kind: Kind
    owed_at: datetime
    due_at: datetime
    promised_by: str | None
    """The interface of the phone that promised it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call that a phone of the centre made to the person."""

    agent: str
    """Its interface."""
    started_at: datetime
    answered_at: datetime | None
    """When the two were bridged; None where they never were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A call in by the same person that somebody answered."""

    key: CallKey
    filed_at: datetime
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a call back."""

    state: State
    tries: int
    first_try_at: datetime | None
    first_try_by: str | None
    reached_at: datetime | None
    came_again_at: datetime | None


def owed(call: Call, terms: Terms) -> Owed | None:
    """What a call leaves owed to whoever made it; None where nothing.

    A promise goes before a call that was not answered, and of several promises the last one holds.
    """
    if call.callbacks:
        promise = max(call.callbacks, key=lambda one: one.at)
        due_at = promise.due_at or terms.due_at(Kind.PROMISED, promise.at)
        return Owed(kind=Kind.PROMISED, owed_at=promise.at, due_at=due_at, promised_by=promise.by or None)
    if call.outcome not in MISSED_OUTCOMES or call.ended_at is None or call.answered_at is not None:
        return None
    due_at = terms.due_at(Kind.MISSED, call.ended_at)
    return Owed(kind=Kind.MISSED, owed_at=call.ended_at, due_at=due_at, promised_by=None)


def settle(
    key: CallKey,
    owed_at: datetime,
    dropped_at: datetime | None,
    attempts: Iterable[Attempt],
    answered: Iterable[Answered],
) -> Settled:
    """What became of a call back, whatever the order of what is given.

    Args:
        key: of the call it follows from, which settles nothing itself.
        owed_at: what began before it is no answer to it.
        dropped_at: when it was taken off the list by hand; None where it was not.
        attempts: all calls that the centre made to the person.
        answered: all their calls that were answered.
    """
    made = sorted((one for one in attempts if one.started_at >= owed_at), key=lambda one: (one.started_at, one.agent))
    reached_at = min((one.answered_at for one in made if one.answered_at is not None), default=None)
    again = (one.answered_at for one in answered if one.key != key and one.filed_at >= owed_at)
    came_again_at = min(again, default=None)
    # Whatever came first closes it; at one instant what the centre did itself goes first.
    closings = ((reached_at, State.REACHED), (came_again_at, State.CAME_AGAIN), (dropped_at, State.DROPPED))
    told = [(at, rank, state) for rank, (at, state) in enumerate(closings) if at is not None]
    closed_at, _rank, state = min(told, default=(None, 0, State.OPEN))
    tries = [one for one in made if closed_at is None or one.started_at <= closed_at]
    if closed_at is None and tries:
        state = State.TRIED
    return Settled(
        state=state,
        tries=len(tries),
        first_try_at=tries[0].started_at if tries else None,
        first_try_by=tries[0].agent if tries else None,
        reached_at=reached_at if state is State.REACHED else None,
        came_again_at=came_again_at if state is State.CAME_AGAIN else None,
    )


def hours_end(at: datetime, working_days: int, work_time: WorkTime) -> datetime:
    """When the hours end of the nth working day after an instant's own day.

    Args:
        at: aware.
        working_days: 0 is the end of the day's own hours, or of the next working day's where these are over.
        work_time: the centre's. One that never closes ends its days at midnight.
    """
    zone = work_time.zone
    first = at.astimezone(zone).date()
    left = working_days
    for later in range(_DAYS_AT_MOST):
        day = first + timedelta(days=later)
        shift = work_time.shift_on(day)
        if shift is None or (later == 0 and working_days > 0):
            continue
        hours, minutes = divmod(shift.end, _HOUR_MINUTES)
        behind = day + timedelta(days=1) if hours == 24 else day
        ends_at = datetime.combine(behind, time(hours % 24, minutes), zone).astimezone(at.tzinfo)
        left -= 1
        if left <= 0 and ends_at > at:
            return ends_at
    return datetime.combine(first + timedelta(days=working_days + 1), time.min, zone).astimezone(at.tzinfo)

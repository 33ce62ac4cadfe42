"""What every reader of foreign records needs: the centre's settings, and a place to say what could not be taken."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.calls.facts import Call, CallKey, Observed, Outcome, Verdict, VerdictReason, microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.calls.facts import RingAttempt, Source, Transfer
    from monitor.calls.state import Plan

LINGER_SECONDS = 4 * 3600
"""How long, by the records' own time, a call is kept after its last word: a caller may come back into a queue."""
NAMED_AT_MOST = 5
"""Lines that cannot be read are counted; of so many it is said where they are."""
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time."""

    since: datetime
    until: datetime
    """The first instant behind it."""

    def __contains__(self, at: datetime) -> bool:
        """Whether an instant lies in it."""
        return self.since <= at < self.until


ALWAYS = Span(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class LeftOut(StrEnum):
    """Why a call was not taken."""

    BEGAN_BEFORE = "began_before"
    """Its beginning is not in the records that were given."""
    OTHER_NUMBER = "other_number"
    """The number it was to is that of no line, or of none that was asked for."""
    OWN_PEOPLE = "own_people"
    """Somebody of the centre placed it."""
    TIME_DOUBTFUL = "time_doubtful"
    """Its time of day and the instant in its uniqueid are not the same: another time zone."""


@dataclass(slots=True, kw_only=True)
class Notes:
    """What happened on the way."""

    read: int = 0
    """Lines or rows."""
    unreadable: int = 0
    named: list[str] = field(default_factory=list)
    """The first of these: where, and why."""
    left_out: Counter[LeftOut] = field(default_factory=Counter)

    def cannot_read(self, where: str, why: str) -> None:
        """Count a line that was passed over. No word of it is kept: it may hold a caller's number."""
        self.unreadable += 1
        if len(self.named) < NAMED_AT_MOST:
            self.named.append(f"{where}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where calls belong."""

    system: str
    plan: Plan
    """Lines, rules, and who is inside."""
    line: str | None = None
    """The line of calls whose number no record tells, and the only one taken; None: take all, where they tell it.

    Empty: take all, also those whose line is not told."""
    known: Mapping[str, str] = field(default_factory=dict)
    """The lines of calls that are known to be to one, by linkedid, whatever number the records name."""
    notes: Notes = field(default_factory=Notes)


@dataclass(slots=True, kw_only=True)
class Told:
    """What a source tells of one call; the rest is null."""

    linkedid: str
    source: Source
    line: str
    last_at: datetime
    """The last word of it."""
    dialled: str = ""
    caller: str | None = None
    entered_at: datetime | None = None
    asked_at: datetime | None = None
    first_ring_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome = Outcome.UNOBSERVED
    waiting_us: int | None = None
    talking_us: int | None = None
    queue: str | None = None
    agent: str | None = None
    member: str | None = None
    answered_by_pickup: bool = False
    attempts: tuple[RingAttempt, ...] = ()
    transfers: tuple[Transfer, ...] = ()


def call_of(told: Told, frame: Frame) -> Call:
    """The call as the ledger takes it: no verdict, since whole seconds tell no ring."""
    begun_at = told.entered_at or told.asked_at or told.last_at
    rule = frame.plan.rule_at(microseconds(begun_at))
    whole = told.ended_at is not None and told.outcome is not Outcome.UNOBSERVED
    return Call(
        key=CallKey(system=frame.system, linkedid=told.linkedid),
        line=told.line,
        dialled=told.dialled,
        caller=told.caller,
        entered_at=told.entered_at,
        asked_at=told.asked_at,
        first_ring_at=told.first_ring_at,
        answered_at=told.answered_at,
        ended_at=told.ended_at,
        outcome=told.outcome,
        rings=None,
        ringing_us=None,
        waiting_us=told.waiting_us,
        talking_us=told.talking_us,
        hold_us=None,
        verdicts=tuple((reading.value, Verdict.EXCLUDED) for reading in rule.readings),
        verdict_reason=VerdictReason.RINGING_UNKNOWN,
        rule=rule.label,
        observed=Observed.WHOLE if whole else Observed.PARTLY,
        queue=told.queue,
        team=frame.plan.teams.team_of(told.queue),
        agent=told.agent,
        member=told.member,
        answered_by_pickup=told.answered_by_pickup,
        attempts=told.attempts,
        transfers=told.transfers,
        holds=(),
        recorded_at=told.last_at,
        source=told.source,
    )


def plausible(at: datetime) -> datetime:
    """The instant itself.

    Raises:
        ValueError: no call was made then.
    """
    if not _EARLIEST <= at < _LATEST:
        raise ValueError("its time is no time of a call")
    return at

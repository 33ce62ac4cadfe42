"""The facts: what the call state tells the sinks.

A fact is frozen and complete: a sink needs nothing else to act on it. Instants are aware UTC datetimes and end in
`_at`; durations are integer microseconds and end in `_us` (edges turn them into seconds). Each fact that is stored has
a `key`, so that writing it twice is the same as once.

**Source:** the words are those of the service charter and of Asterisk; see docs/glossary.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from monitor.calls.parts import CallbackPromise, Hold, RingAttempt, Transfer
from monitor.calls.terms import (
    AgentStatus,
    AttemptResult,
    GapCause,
    Observed,
    Outcome,
    Scope,
    Source,
    Stage,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)

__all__ = [
    "EPOCH",
    "AgentState",
    "AgentStatus",
    "AttemptEnded",
    "AttemptResult",
    "Call",
    "CallAnswered",
    "CallForgotten",
    "CallKey",
    "CallStarted",
    "CallbackPromise",
    "Fact",
    "Gap",
    "GapCause",
    "Hold",
    "Observed",
    "Outcome",
    "OutgoingCall",
    "QueueCallers",
    "RingAttempt",
    "RingBreach",
    "RingWarning",
    "RingingCeased",
    "RingingStarted",
    "Scope",
    "Source",
    "Stage",
    "StageChanged",
    "Transfer",
    "TransferEnded",
    "TransferKind",
    "TransferResult",
    "Verdict",
    "VerdictReason",
    "instant",
    "microseconds",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant(at_us: int) -> datetime:
    """The aware UTC datetime of `at_us` microseconds since 1970, exact to the microsecond."""
    return EPOCH + at_us * _MICROSECOND


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 of an aware datetime; the inverse of `instant`."""
    return (at - EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class CallKey:
    """What identifies a call for ever."""

    system: str
    """AMI SystemName."""
    linkedid: str
    """The linkedid of the first channel when the call entered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted:
    """A caller dialled a monitored line."""

    key: CallKey
    line: str
    dialled: str
    caller: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChanged:
    """A call in progress moved on. `Stage.ENDED` is told by `Call` instead."""

    key: CallKey
    line: str
    stage: Stage
    at: datetime
    queue: str | None
    team: str | None = None
    """Whose call it is, as far as is known by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingingStarted:
    """A phone began to ring for a caller."""

    key: CallKey
    line: str
    channel: str
    agent: str
    member: str | None
    queue: str | None
    at: datetime
    before_us: int
    """Ringing this caller had heard before this instant; the ring count goes on from there."""
    counting: bool
    """True while the ring rule still runs; False once a person has answered (a transfer's ringing)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingingCeased:
    """A phone rings no more for a caller; why, its `AttemptEnded` tells at once or a little later."""

    key: CallKey
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """What became of one phone's ringing is known. The ledger takes the attempt with its `Call`."""

    key: CallKey
    line: str
    attempt: RingAttempt


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """A person and the caller were bridged for the first time."""

    key: CallKey
    line: str
    agent: str
    member: str | None
    queue: str | None
    at: datetime
    rings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RingWarning:
    """Ring `limit` began and nobody has answered: the last bell within the promise."""

    key: CallKey
    line: str
    queue: str | None
    at: datetime
    """The exact instant at which the ring began."""
    rings: int
    agents: tuple[str, ...]
    """The interfaces of the phones now ringing."""
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RingBreach:
    """Ring `limit + 1` began and nobody has answered: the promise is broken while the phone rings on."""

    key: CallKey
    line: str
    queue: str | None
    at: datetime
    rings: int
    agents: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEnded:
    """What became of a transfer is known. The ledger takes it with its `Call`."""

    key: CallKey
    line: str
    transfer: Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, from the dialplan to its end. The record everything else is counted from."""

    key: CallKey
    line: str
    dialled: str
    """The number as the trunk delivered it."""
    caller: str | None
    """The caller's number as the trunk delivered it; personal data."""
    entered_at: datetime | None
    """When the call entered the dialplan; None where that was not seen."""
    asked_at: datetime | None
    """When it asked for a person (queue or phone)."""
    first_ring_at: datetime | None
    answered_at: datetime | None
    """When the caller and a person were first bridged."""
    ended_at: datetime | None
    """When the caller's channel ended; None where that was not seen."""
    outcome: Outcome
    rings: int | None
    """How often the phone rang for this caller before a person answered; None where `ringing_us` is."""
    ringing_us: int | None
    """None where the source does not tell exactly how long a phone rang: only in records not made by this monitor."""
    waiting_us: int | None
    """From asking for a person to the answer, or to the end; None where no person was asked for."""
    talking_us: int | None
    """None, as `hold_us` may be, where the source does not tell it: only in records not made by this monitor."""
    hold_us: int | None
    verdicts: tuple[tuple[str, Verdict], ...]
    """(reading, verdict) for every reading, the headline's first."""
    verdict_reason: VerdictReason
    rule: str
    """Name and version of the rule that made the verdicts, as in `three-rings/1`."""
    observed: Observed
    queue: str | None
    """The queue of the answer, else the last queue it waited in."""
    agent: str | None
    """The interface of the phone that first answered; the member's name where the source tells only that."""
    member: str | None
    """The queue member's name of that phone."""
    answered_by_pickup: bool
    attempts: tuple[RingAttempt, ...]
    transfers: tuple[Transfer, ...]
    holds: tuple[Hold, ...]
    recorded_at: datetime
    """The last instant the state had seen when it made this record; the last one told of, in records brought in."""
    source: Source = Source.AMI
    """Where the record comes from."""
    team: str | None = None
    """The team whose call it is, by its queue or by what the caller chose; None where no team has it."""
    menu: tuple[str, ...] = ()
    """What the caller chose in the menus that teams are found by, in order, each as in `ivr-main,2`."""
    recordings: tuple[str, ...] = ()
    """Names of the files the call was recorded to, in order; a name may hold the caller's number."""
    callbacks: tuple[CallbackPromise, ...] = ()
    """Calls back that the caller was promised in it."""

    @property
    def filed_at(self) -> datetime:
        """The instant the call is counted under: when it entered, else the first instant that was seen of it."""
        seen = (self.entered_at, self.asked_at, self.first_ring_at, self.answered_at, self.ended_at)
        return next((at for at in seen if at is not None), self.recorded_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingCall:
    """A phone of the centre called a number outside, answered or not; told when it ended.

    **Source:** the first channel of the call is a phone of the centre, and it dialled out.
    """

    key: CallKey
    agent: str
    """The interface of that phone."""
    member: str | None
    """The queue member's name of that phone."""
    number: str
    """As it was dialled, without the centre's prefix; personal data."""
    started_at: datetime
    answered_at: datetime | None
    """When the person called and the agent were bridged; None where they never were."""
    ended_at: datetime
    observed: Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentState:
    """What a queue member does, from `at` until the next fact for the same member.

    **Source:** `QueueMemberStatus`, `QueueMember*`, `QueueStatus`.
    """

    system: str
    queue: str
    agent: str
    member: str
    status: AgentStatus | None
    """None: the member left the queue."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCallers:
    """How many callers wait in a queue, as the queue itself counts."""

    system: str
    queue: str
    callers: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An interval in which a system could not be observed; told when it ends (or, with None, when it begins)."""

    system: str
    started_at: datetime
    ended_at: datetime | None
    cause: GapCause
    set_by_us: int = field(default=0, compare=False)
    """How far the clock was set, where that is the cause; whoever keeps instants of before moves them by so much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallForgotten:
    """A call told by `CallStarted` turned out to be part of another one (a consultation), and has no record."""

    key: CallKey
    into: CallKey


Fact = (
    CallStarted
    | StageChanged
    | RingingStarted
    | RingingCeased
    | AttemptEnded
    | CallAnswered
    | RingWarning
    | RingBreach
    | TransferEnded
    | Call
    | OutgoingCall
    | AgentState
    | QueueCallers
    | Gap
    | CallForgotten
)

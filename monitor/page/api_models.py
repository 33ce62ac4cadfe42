"""What the JSON API answers with: one model an answer, from which its OpenAPI document is made.

Instants are RFC 3339 in UTC to the microsecond, durations are seconds. A call has the fields of `callmonitor replay`
(docs/replay.md), and what its ledger row has beside them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.calls.facts import (  # noqa: TC001 - pydantic reads the annotations when the module is loaded
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
from monitor.calls.rules import Reading  # noqa: TC001 - as above

Instant = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
        examples=["2026-03-02T00:14:07.250000Z"],
        json_schema_extra={"format": "date-time"},
    ),
]
Seconds = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class Answer(BaseModel):
    """A part of an answer: exactly the fields it names."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Rule(Answer):
    """A ring rule: the promise that is measured."""

    label: str
    """Name and version, as every figure carries them."""
    limit: int
    """The number of rings the promise names."""
    headline: Reading
    """The reading that is shown first."""
    period_seconds: Seconds
    """From the start of one ring to the start of the next."""


# A call of the ledger


class Attempt(Answer):
    """One phone's ringing for one caller."""

    agent: str
    """The phone's interface."""
    member: str | None
    """The queue member's name."""
    channel: str
    queue: str | None
    started_at: Instant
    ended_at: Instant
    ringing_seconds: Seconds | None
    rings: Count | None
    result: AttemptResult


class Transfer(Answer):
    """The caller was passed on, or a phone forwarded the call."""

    kind: TransferKind
    at: Instant
    """When the agent let go."""
    by: str
    """The interface of the phone that passed the caller on."""
    to: str
    """The number, queue or phone it was passed to; a number outside the centre masked as callers' numbers are."""
    scope: Scope
    result: TransferResult
    announced: bool
    """The agent spoke with the target before letting go."""
    consent: Literal["yes", "no"] | None
    """What the dialplan reported of the caller's consent; null where it reported nothing."""
    consultation_seconds: Seconds | None
    caller_hold_seconds: Seconds | None
    reconnected_at: Instant | None
    reconnect_seconds: Seconds | None
    reconnect_rings: Count | None


class TransferOfCall(Transfer):
    """A transfer, and the call it belongs to."""

    system: str
    linkedid: str
    line: str
    queue: str | None
    member: str | None
    """The queue member's name of `by`."""


class Hold(Answer):
    """The caller was put on hold by a person, or parked."""

    by: str
    started_at: Instant
    ended_at: Instant


class Promise(Answer):
    """An agent promised to call the caller back."""

    at: Instant
    by: str
    """The interface of the phone that promised it; empty where the dialplan did by itself."""
    due_at: Instant | None
    """By when, where the agent said so."""


class Call(Answer):
    """One call, with every phone that rang, each transfer and each hold."""

    system: str
    linkedid: str
    line: str
    dialled: str
    caller: str | None
    """The caller's number, masked unless the reader's role sees numbers; null where it was withheld."""
    filed_at: Instant
    """The instant the call is counted under."""
    entered_at: Instant | None
    asked_at: Instant | None
    first_ring_at: Instant | None
    answered_at: Instant | None
    ended_at: Instant | None
    outcome: Outcome
    rings: Count | None
    """Null, as are the lengths below, where the source of the record does not tell it."""
    ringing_seconds: Seconds | None
    waiting_seconds: Seconds | None
    talking_seconds: Seconds | None
    hold_seconds: Seconds | None
    verdicts: dict[Reading, Verdict]
    """By reading, the headline's first."""
    verdict_reason: VerdictReason
    rule: str
    """Name and version of the rule that made the verdicts."""
    observed: Observed
    source: Source
    queue: str | None
    team: str | None
    """The team whose call it is; null where no team has it."""
    menu: list[str]
    """What the caller chose in the menus that teams are found by, in order."""
    agent: str | None
    member: str | None
    answered_by_pickup: bool
    attempts: list[Attempt]
    transfers: list[Transfer]
    holds: list[Hold]
    callbacks: list[Promise]
    recordings: list[str]
    """Names of the files it was recorded to; a number in them masked as callers' numbers are."""


class Calls(Answer):
    """A page of calls, the newest first."""

    calls: list[Call]
    next: str | None
    """Give it as `after` for the next page; null on the last one."""


class Transfers(Answer):
    """A page of transfers, the newest first."""

    transfers: list[TransferOfCall]
    next: str | None
    """Give it as `after` for the next page; null on the last one."""


# The board


class PhoneNow(Answer):
    """A phone that rings now."""

    agent: str
    member: str | None
    queue: str | None
    since_at: Instant


class CallNow(Answer):
    """A call that goes on."""

    system: str
    linkedid: str
    line: str
    dialled: str
    caller: str | None
    """The caller's number, masked unless the reader's role sees numbers."""
    queue: str | None
    team: str | None
    """Whose call it is, as far as is known by now."""
    stage: Stage
    stage_since_at: Instant
    entered_at: Instant
    asked_at: Instant | None
    """When it asked for a person; null in an announcement."""
    phones: list[PhoneNow]
    """Those that ring, the longest-ringing first."""
    counting: bool
    """The ring rule still runs; false once a person has answered, when what rings is a transfer's target."""
    ringing_seconds: Seconds
    """Heard up to now."""
    rings: Count
    """Heard up to now; a bell that has just begun is a ring."""
    warned: bool
    """The last ring within the promise has begun."""
    breached: bool
    """The phone has rung past the promise."""
    agent: str | None
    """The phone that answered."""
    member: str | None


class AgentNow(Answer):
    """A queue member in one queue."""

    system: str
    queue: str
    agent: str
    member: str
    status: AgentStatus
    since_at: Instant


class SystemNow(Answer):
    """One Asterisk."""

    name: str
    up: bool
    """It is heard: the figures can be vouched for."""
    cause: GapCause | None
    """Why it is not observed, where that is known."""
    since_at: Instant | None


class BreachNow(Answer):
    """A promise that was broken."""

    system: str
    linkedid: str
    line: str
    queue: str | None
    at: Instant
    agents: list[str]
    """Whose phones rang at that instant."""
    rings: Count
    outcome: Outcome | None
    """How the call ended; null while it goes on."""


class TransferNow(Answer):
    """A transfer that was made lately."""

    system: str
    linkedid: str
    line: str
    kind: TransferKind
    at: Instant
    by: str
    """The member's name where known, else the interface."""
    to: str
    scope: Scope
    result: TransferResult


class Today(Answer):
    """The local day so far, by the calls that have ended; shares of nothing are null."""

    whole: bool
    """Calls from before the start of the monitor are in it."""
    offered: Count
    answered: Count
    outcomes: dict[Outcome, Count]
    verdicts: dict[Reading, dict[Verdict, Count]]
    excluded: dict[VerdictReason, Count]
    compliance: dict[Reading, Share | None]
    answer_rate: Share | None
    abandon_rate: Share | None
    asa_seconds: Seconds | None
    direct_handling_rate: Share | None
    transfers: dict[TransferKind, Count]
    transfers_completed: Count
    warnings: Count
    breaches: Count


class TeamToday(Answer):
    """One team's calls of the local day so far that have ended."""

    team: str | None
    """Null: calls that no team has."""
    offered: Count
    answered: Count
    compliance: dict[Reading, Share | None]
    answer_rate: Share | None
    abandon_rate: Share | None


class Board(Answer):
    """What is true now."""

    at: Instant
    rule: Rule
    systems: list[SystemNow]
    ledger_up: bool
    calls: list[CallNow]
    """Every call that goes on, in the order in which they entered; `stage` and `phones` say where it stands."""
    agents: list[AgentNow]
    today: Today
    teams: list[TeamToday]
    """Today by team; empty where none is configured."""
    breaches: list[BreachNow]
    """The last ones, the newest first."""
    transfers: list[TransferNow]
    """The last ones, the newest first."""

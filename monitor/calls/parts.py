"""What one call is made of: ring attempts, transfers, holds, and calls back that were promised in it.

Instants and durations are those of `monitor.calls.facts`, which gives these out too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the spool reads the fields by their types

from monitor.calls.terms import (  # noqa: TC001 - as above
    AttemptResult,
    Scope,
    TransferKind,
    TransferResult,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RingAttempt:
    """One phone's ringing for one caller.

    **Source:** the phone channel's own `Newstate` Ringing; `DialState` where that is all there is.
    """

    agent: str
    """The phone's interface, as in `PJSIP/agent1`; the member's name where the source tells only that."""
    member: str | None
    """The queue member's name, which is what people read."""
    channel: str
    """The phone's channel name, as in `PJSIP/agent1-0000000a`; empty where the source does not tell it."""
    queue: str | None
    """The queue that rang it; None for a plain Dial or a transfer to a phone."""
    started_at: datetime
    """When it began to ring; when it was dialled where it never rang."""
    ended_at: datetime
    """When it ceased to ring; equal to `started_at` where it never rang."""
    ringing_us: int | None
    """How long it rang; 0 where it never rang; None where the source tells whole seconds at best."""
    rings: int | None
    """How often its bell rang, by the rule of the call; None where `ringing_us` is."""
    result: AttemptResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """The caller was passed on, or a phone forwarded the call.

    **Source:** `BlindTransfer`, `AttendedTransfer`, `DialEnd` with `Forward`, `UserEvent` TransferConsent.
    """

    kind: TransferKind
    at: datetime
    """When the agent let go (`forward`: when the phone sent the call on)."""
    by: str
    """The interface of the phone that passed the caller on."""
    to: str
    """The number, queue or phone it was passed to; empty where the source does not tell it."""
    scope: Scope
    result: TransferResult
    announced: bool
    """The agent spoke with the target before letting go."""
    consent: bool | None
    """What the dialplan reported of the caller's consent; None where it reported nothing."""
    consultation_us: int | None
    """How long agent and target talked before the transfer; None where the source does not tell it."""
    caller_hold_us: int | None
    """How long the caller was on hold for it; None where the source does not tell it."""
    reconnected_at: datetime | None
    """When a person answered the passed-on caller."""
    reconnect_us: int | None
    """From the transfer to that answer."""
    reconnect_rings: int | None
    """How often the target's phone rang in that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The caller was put on hold by a person, or parked."""

    by: str
    """The interface of the phone that did it."""
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPromise:
    """The caller was promised a call back.

    **Source:** `UserEvent` CallbackPromised, sent by the dialplan or a feature code.
    """

    at: datetime
    by: str
    """The interface of the phone that promised it; empty where the dialplan did by itself."""
    due_at: datetime | None
    """By when, where it was said."""

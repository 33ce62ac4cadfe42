"""What really happened in a simulated call, for tests to hold against what a monitor says of it.

It comes from what the plan's people did and when, and shares no code with `monitor.calls`. Instants and durations are
integer microseconds, exact to the packets' `Timestamp`; where two packets tell one thing (a phone ceases to ring at its
dial's end, and its channel is hung up a moment later) a monitor may choose the other, `TOLERANCE_US` away. The flows
let no person act within twice that of the start of a ring, so that ring counts are the same either way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.calls.facts import AttemptResult, Outcome, TransferKind, TransferResult

PERIOD_US = 3_000_000
"""Korea's ringing tone: 1 s on, 2 s off."""
TOLERANCE_US = 25_000


@dataclass(slots=True, kw_only=True)
class TrueAttempt:
    """One phone that was dialled for the caller."""

    agent: str
    """The phone's interface."""
    queue: str | None
    started_at_us: int | None = None
    """When it began to ring; None where it never rang."""
    ended_at_us: int | None = None
    result: AttemptResult | None = None
    """None while it rings."""


@dataclass(slots=True, kw_only=True)
class TrueTransfer:
    """One time that the caller was passed on."""

    kind: TransferKind
    at_us: int
    by: str
    """The interface of the phone that passed the caller on."""
    to: str
    """The extension it was passed to."""
    announced: bool
    consent: bool | None = None
    consultation_us: int = 0
    caller_hold_us: int = 0
    result: TransferResult | None = None
    """None while it is under way."""
    reconnected_at_us: int | None = None


@dataclass(slots=True, kw_only=True)
class TruePromise:
    """The caller was promised a call back."""

    at_us: int
    by: str
    """The interface of the phone whose person promised."""
    due_us: int | None


@dataclass(slots=True, kw_only=True)
class TrueOutgoing:
    """A person of the centre called a number outside; complete when `ended_at_us` is set."""

    system: str
    linkedid: str
    agent: str
    number: str
    started_at_us: int
    answered_at_us: int | None = None
    ended_at_us: int | None = None


@dataclass(slots=True, kw_only=True)
class Truth:
    """One simulated call. It is filled in while the call goes on; complete when `ended_at_us` is set."""

    system: str
    linkedid: str
    dialled: str
    caller: str
    entered_at_us: int
    asked_at_us: int | None = None
    answered_at_us: int | None = None
    ended_at_us: int | None = None
    outcome: Outcome | None = None
    queue: str | None = None
    agent: str | None = None
    """The interface of the phone that first answered."""
    member: str | None = None
    answered_by_pickup: bool = False
    hold_us: int = 0
    attempts: list[TrueAttempt] = field(default_factory=list)
    """Every phone dialled before the first answer, in the order of dialling."""
    transfers: list[TrueTransfer] = field(default_factory=list)
    promises: list[TruePromise] = field(default_factory=list)

    @property
    def first_ring_at_us(self) -> int | None:
        """When the first phone began to ring; None where none did."""
        return min((a.started_at_us for a in self.attempts if a.started_at_us is not None), default=None)

    @property
    def ringing_us(self) -> int:
        """How long any phone rang for the caller before the first answer; two at once count once."""
        return self.ringing_until(NEVER)

    def ringing_until(self, at_us: int) -> int:
        """How long any phone had rung by an instant."""
        total = 0
        covered_until = 0
        spans = sorted(
            (a.started_at_us, at_us if a.ended_at_us is None else min(a.ended_at_us, at_us))
            for a in self.attempts
            if a.started_at_us is not None
        )
        for start, end in spans:
            total += max(0, end - max(start, covered_until))
            covered_until = max(covered_until, end)
        return total

    @property
    def rings(self) -> int:
        """How often the bell rang before the first answer."""
        return self.ringing_us // PERIOD_US + 1 if self.first_ring_at_us is not None else 0


NEVER = 1 << 62


def clear_of_ring_start(ringing_us: int) -> int:
    """How much later somebody must act so as not to do it within twice the tolerance of a ring's start."""
    into = (ringing_us + 2 * TOLERANCE_US) % PERIOD_US
    return 4 * TOLERANCE_US - into if into < 4 * TOLERANCE_US else 0

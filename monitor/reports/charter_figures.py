"""What a period held of the rest of the charter, as plain numbers: calls back, reviews, promises with a clock.

Like `monitor.reports.figures`: counted, with no word chosen yet, and nothing of a person in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from monitor.calls.formulas import in_time_rate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from monitor.commitments.register import Commitment
    from monitor.reports.figures import Quantiles

CallbackKind = Literal["promised", "missed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFigures:
    """Calls back of one kind that came to be owed in the period, as they stood when it was counted.

    owed = in_time + late + never + waiting + overtaken + dropped.
    """

    kind: CallbackKind
    owed: int
    in_time: int
    """First called by the deadline, reached or not: as promised."""
    late: int
    """First called after it."""
    never: int
    """Not called, and the deadline has passed."""
    waiting: int
    """Not called, and not due yet."""
    overtaken: int
    """The person called again and was answered before the centre called; neither kept nor missed."""
    dropped: int
    """Taken off the list by hand before the centre called."""
    reached: int
    """Of in_time and late, those in which the person and somebody of the centre spoke."""
    tries: int
    first_try: Quantiles
    """From being owed to the first call; waiting time by the clock on the wall."""
    conversation: Quantiles
    """From being owed to the conversation."""

    @property
    def judged(self) -> int:
        """Those of which it is known whether they were kept."""
        return self.in_time + self.late + self.never

    @property
    def share(self) -> float | None:
        """Of those judged, the ones called in time."""
        return in_time_rate(self.in_time, self.late, self.never)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of all calls, as a sample of them tells it, with its 95 % confidence interval (Wilson).

    Each drawn call stands for as many as its agent had of its kind (`monitor.calls.formulas.stratified`), so that the
    share is not met / marked where agents had unlike many. None where there was nothing to mark.
    """

    met: float
    """Marks as shares of the scale's width, summed: with a scale of two the number of calls in which it was met."""
    marked: int
    """Calls of the sample that were marked."""
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItemFigures:
    """One thing that reviewers marked."""

    key: str
    ko: str
    en: str
    share: Share
    """Over calls; where two people marked one, the mean of their marks."""
    kappa: float | None
    """Cohen's kappa of the calls that two people marked; None where it is not defined (no pair, or no variation)."""
    pairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAgentFigures:
    """Reviews of one agent's calls."""

    system: str
    agent: str
    member: str | None
    sampled: int
    reviewed: int
    share: Share
    """Over all items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFigures:
    """Reviews of the calls sampled of the months of a period."""

    months: tuple[date, ...]
    """Months that were drawn."""
    population: int
    sampled: int
    reviewed: int
    """Calls of the sample that all who are to review them have; nothing else is counted."""
    items: tuple[ReviewItemFigures, ...]
    greeted: Share
    """Calls greeted with department and name: the items greeting, department and name all at the top of the scale."""
    kappa: float | None
    """Over all items together."""
    pairs: int
    """Pairs of marks, over all items."""
    agents: tuple[ReviewAgentFigures, ...]
    """Empty in what is published."""
    seeds: tuple[int, ...] = ()
    """Of the draws, in the order of `months`: with them anybody who has the ledger can draw the sample again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentFigures:
    """Cases of one promise that came in within the period, as they stood when it was counted.

    received = in_time + late + overdue + open + withdrawn + unclocked.
    """

    commitment: Commitment
    received: int
    in_time: int
    """Done by the deadline."""
    late: int
    """Done after it."""
    overdue: int
    """Not done, and the deadline has passed."""
    open: int
    """Not done, and not due yet."""
    withdrawn: int
    unclocked: int
    """Cases of a promise without a time."""
    upheld: int
    owed_won: int
    paid_won: int
    apologies_owed: int
    apologies_sent: int
    trainings_owed: int
    trainings_held: int
    days: Quantiles
    """From receipt to done, by the clock on the wall."""
    done_at: tuple[datetime, ...] = ()
    """Of what is due once and again: when it was done, within the year or half that the period lies in."""
    results: tuple[str, ...] = ()
    """What came of those, or where it is published."""
    due_by: datetime | None = None
    """By when what is due once and again had to be done."""

    @property
    def judged(self) -> int:
        """Cases of which it is known whether the promise was kept."""
        return self.in_time + self.late + self.overdue

    @property
    def share(self) -> float | None:
        """Of those judged, the ones done in time."""
        return in_time_rate(self.in_time, self.late, self.overdue)


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterFigures:
    """The rest of the charter in one period."""

    callbacks: Mapping[CallbackKind, CallbackFigures]
    """Those of the line; empty in a report of one queue."""
    reviews: ReviewFigures | None
    """None where nothing was drawn, and in a report of one line or queue: samples are drawn from all calls."""
    commitments: tuple[CommitmentFigures, ...]
    """In the order of the register; promises that were since taken out of it, behind, where they have cases. Always of
    the whole house, since a case belongs to no line."""
    callbacks_by_line: Mapping[str, Mapping[CallbackKind, CallbackFigures]] = field(default_factory=dict)
    """Of lines that owed any; empty where fewer than two did."""
    promises_used: bool = False
    """The ledger holds a promise of a call back, of whatever time: without one nobody knows whether any was made."""
    register_used: bool = False
    """The register holds a case, of whatever time: without one nobody knows whether any came in."""
    consent_yes: int = 0
    """Transfers by people before which the caller was asked; of the period compared with alone, since those of the
    period itself stand in `Figures.transfers`."""
    consent_no: int = 0

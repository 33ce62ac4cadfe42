"""Calls counted: sums that add up, and the quotients made of them.

One tally is the whole of a period, a day, a queue or a half-hour; tallies of parts add up to that of the whole.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from monitor.calls import formulas
from monitor.calls.facts import Outcome, Source, Verdict, VerdictReason
from monitor.calls.rules import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable


def _verdicts() -> dict[Reading, Counter[Verdict]]:
    return {reading: Counter() for reading in Reading}


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts and sums over some calls. Values that did not occur have no entry; quotients of nothing are None."""

    offered: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    partly_observed: int = 0
    verdicts: dict[Reading, Counter[Verdict]] = field(default_factory=_verdicts)
    excluded: Counter[VerdictReason] = field(default_factory=Counter)
    """Calls excluded under their headline reading, by reason."""
    rules: Counter[str] = field(default_factory=Counter)
    """Calls by the rule that judged them, as in `three-rings/1`."""
    sources: Counter[Source] = field(default_factory=Counter)
    warnings: int = 0
    """Calls that rang up to the last ring of their rule's limit, or past it."""
    breaches: int = 0
    """Calls that rang past their rule's limit."""
    waited: int = 0
    """Answered calls whose waiting is known: the asking was observed, or the source tells it. No other answered call
    stands in ASA, or in a service level."""
    waiting_us: int = 0
    """Waiting of those, summed."""
    waiting_untold: int = 0
    """Answered calls from another program's records, which do not tell how long the caller waited. Where there are any
    there is no service factor."""
    answered_within: int = 0
    """Answered calls that had waited at most the x of the service level."""
    abandoned_waiting: int = 0
    """Callers who asked for a person and left, whose waiting is known; no others who left stand in a service level."""
    abandoned_within: int = 0
    """Those of `abandoned_waiting` that left within x."""
    abandoned_short: int = 0
    """Those of `abandoned_waiting` that left sooner than the cut-off of short abandons."""
    pickups: int = 0
    """Answered calls that were taken from another's phone."""
    talking_us: int = 0
    hold_us: int = 0
    left_the_centre: int = 0
    """Answered calls that a person passed on to somebody outside."""
    transfers_untold: int = 0
    """Answered calls from records that tell of no transfer: whether they were handled directly nobody knows."""

    def add(self, other: Tally) -> None:
        """Take another tally's calls in; no call may be in both."""
        for each in fields(Tally):
            value = getattr(other, each.name)
            if isinstance(value, Counter):
                getattr(self, each.name).update(value)
            elif isinstance(value, dict):
                for reading, verdicts in other.verdicts.items():
                    self.verdicts[reading].update(verdicts)
            else:
                setattr(self, each.name, getattr(self, each.name) + value)

    @property
    def answered(self) -> int:
        """Calls a person answered."""
        return self.outcomes[Outcome.ANSWERED]

    @property
    def abandoned(self) -> int:
        """Calls whose caller left before a person answered."""
        return sum(self.outcomes[outcome] for outcome in formulas.ABANDONED)

    def kept(self, reading: Reading) -> int:
        """Calls in which the promise was kept."""
        return self.verdicts[reading][Verdict.KEPT]

    def broken(self, reading: Reading) -> int:
        """Calls in which it was broken."""
        return self.verdicts[reading][Verdict.BROKEN]

    def compliance(self, reading: Reading) -> float | None:
        """See `monitor.calls.formulas.compliance`."""
        return formulas.compliance(self.kept(reading), self.broken(reading))

    @property
    def answer_rate(self) -> float | None:
        """See `monitor.calls.formulas.answer_rate`."""
        return formulas.answer_rate(self.answered, self.offered)

    @property
    def abandon_rate(self) -> float | None:
        """See `monitor.calls.formulas.abandon_rate`; no short ones are left out."""
        return formulas.abandon_rate(self.abandoned, self.offered)

    @property
    def abandon_rate_without_short(self) -> float | None:
        """The same with short abandons left out on both sides."""
        return formulas.abandon_rate(self.abandoned, self.offered, self.abandoned_short)

    @property
    def asa_us(self) -> float | None:
        """ASA: mean waiting of answered calls, in microseconds."""
        return formulas.mean_us(self.waiting_us, self.waited)

    @property
    def service_level(self) -> float | None:
        """See `monitor.calls.formulas.service_level`."""
        return formulas.service_level(self.answered_within, self.waited)

    @property
    def service_level_with_abandons(self) -> float | None:
        """See `monitor.calls.formulas.service_level_with_abandons`."""
        return formulas.service_level_with_abandons(
            self.answered_within, self.abandoned_within, self.waited, self.abandoned_waiting
        )

    @property
    def service_factor(self) -> float | None:
        """See `monitor.calls.formulas.service_factor`; None where of some answered calls the waiting is not told."""
        return None if self.waiting_untold else formulas.service_factor(self.answered_within, self.offered)

    @property
    def direct_handling_rate(self) -> float | None:
        """See `monitor.calls.formulas.direct_handling_rate`."""
        return formulas.direct_handling_rate(self.answered - self.transfers_untold, self.left_the_centre)


def together(tallies: Iterable[Tally]) -> Tally:
    """Some tallies in one of its own; no call may be in two."""
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole

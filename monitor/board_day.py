"""What a local day has brought, from the records of its calls: those that entered on it, as in the ledger.

The day lives in the event loop's thread and is emptied at the first instant of a later one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.calls.facts import Outcome, TransferResult, Verdict
from monitor.calls.formulas import (
    ABANDONED,
    abandon_rate,
    answer_rate,
    compliance,
    direct_handling_rate,
    left_the_centre,
    mean_us,
)

if TYPE_CHECKING:
    from datetime import date, datetime, tzinfo

    from monitor.calls.facts import Call, CallKey, TransferKind, VerdictReason
    from monitor.calls.rules import RingRule


@dataclass(slots=True)
class Day:
    """What one local day has brought, from the records of calls that ended in it."""

    offered: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    """By (reading, verdict)."""
    excluded: Counter[VerdictReason] = field(default_factory=Counter)
    """Calls excluded under the headline reading, by reason."""
    transfers: Counter[TransferKind] = field(default_factory=Counter)
    transfers_completed: int = 0
    left_the_centre: int = 0
    """Answered calls that a person passed on to somebody outside."""
    warnings: int = 0
    breaches: int = 0
    halves: Counter[tuple[int, Verdict]] = field(default_factory=Counter)
    """Calls by (half-hour of the day, from 0; verdict of the headline reading)."""
    talking_us: int = 0
    waiting_us: int = 0
    """Waiting of answered calls of which it is known."""
    waited: int = 0
    """How many these are."""

    @property
    def answered(self) -> int:
        """Calls a person answered."""
        return self.outcomes[Outcome.ANSWERED]

    @property
    def abandoned(self) -> int:
        """Calls whose caller left before a person answered."""
        return sum(self.outcomes[outcome] for outcome in ABANDONED)

    @property
    def abandon_rate(self) -> float | None:
        """See `monitor.calls.formulas.abandon_rate`; no short ones are left out."""
        return abandon_rate(self.abandoned, self.offered)

    @property
    def asa_us(self) -> float | None:
        """ASA: mean waiting of answered calls, in microseconds; of those alone whose waiting was seen."""
        return mean_us(self.waiting_us, self.waited)

    @property
    def answer_rate(self) -> float | None:
        """See `monitor.calls.formulas.answer_rate`."""
        return answer_rate(self.answered, self.offered)

    @property
    def direct_handling_rate(self) -> float | None:
        """See `monitor.calls.formulas.direct_handling_rate`."""
        return direct_handling_rate(self.answered, self.left_the_centre)

    def compliance(self, reading: str) -> float | None:
        """See `monitor.calls.formulas.compliance`."""
        return compliance(self.verdicts[reading, Verdict.KEPT], self.verdicts[reading, Verdict.BROKEN])

    def add(self, other: Day, sign: int = 1) -> None:
        """Count another day's calls in, or with `sign` -1 out again."""
        for name in Day.__slots__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Counter):
                for key, count in theirs.items():
                    mine[key] += sign * count
            else:
                setattr(self, name, mine + sign * theirs)


def day_of(call: Call, zone: tzinfo) -> Day:
    """One finished call as a day that held nothing else; warnings and breaches are counted when they happen."""
    day = Day(offered=1, talking_us=call.talking_us)
    day.outcomes[call.outcome] = 1
    day.verdicts.update(call.verdicts)
    if call.verdicts:
        verdict = call.verdicts[0][1]
        filed_at = call.filed_at.astimezone(zone)
        day.halves[filed_at.hour * 2 + filed_at.minute // 30, verdict] = 1
        if verdict is Verdict.EXCLUDED:
            day.excluded[call.verdict_reason] = 1
    for transfer in call.transfers:
        day.transfers[transfer.kind] += 1
        day.transfers_completed += transfer.result is TransferResult.COMPLETED
    if call.outcome is Outcome.ANSWERED:
        day.waiting_us = call.waiting_us or 0
        day.waited = int(call.waiting_us is not None)
        day.left_the_centre = int(left_the_centre(call.transfers))
    return day


class Today:
    """The present local day, by (system, line).

    Args:
        zone: the centre's time zone, in which a day begins at midnight.
    """

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self._date: date | None = None
        self._lines: dict[tuple[str, str], Day] = {}
        self._unseen: dict[CallKey, Call] = {}
        """Calls whose end was not seen: a fuller record may still take their place."""
        self._counted: set[CallKey] | None = set()
        """Calls counted so far; None once the ledger has told of those before."""

    @property
    def whole(self) -> bool:
        """Whether the day's calls from before the start of this program are in it."""
        return self._counted is None

    def by_line(self, now: datetime) -> dict[tuple[str, str], Day]:
        """The local day of `now` by (system, line); empty where it has brought nothing yet."""
        return self._lines if self._date == now.astimezone(self.zone).date() else {}

    def total(self, now: datetime) -> Day:
        """The local day of `now`, over all lines."""
        total = Day()
        for day in self.by_line(now).values():
            total.add(day)
        return total

    def on(self, system: str, line: str, at: datetime) -> Day:
        """The counts of the day of `at`, to be added to; of a day that is over, counts that nobody keeps."""
        date = at.astimezone(self.zone).date()
        if self._date is None or date > self._date:
            self._date = date
            self._lines = {}
            self._unseen = {}
        elif date < self._date:
            return Day()
        return self._lines.setdefault((system, line), Day())

    def count(self, call: Call) -> None:
        """Take one finished call, or the fuller record of one whose end had not been seen."""
        day = self.on(call.key.system, call.line, call.filed_at)
        before = self._unseen.pop(call.key, None)
        if before is not None:
            day.add(day_of(before, self.zone), -1)
        if call.outcome is Outcome.UNOBSERVED:
            self._unseen[call.key] = call
        day.add(day_of(call, self.zone))
        if self._counted is not None:
            self._counted.add(call.key)

    def recall(self, call: Call, rule: RingRule) -> bool:
        """Take a call that the ledger knows of.

        Returns:
            Whether it was new; what has been counted since the start is not counted again.
        """
        if self._counted is not None and call.key in self._counted:
            return False
        self.count(call)
        day = self.on(call.key.system, call.line, call.filed_at)
        day.warnings += call.rings >= rule.limit
        day.breaches += call.rings > rule.limit
        return True

    def recalled(self) -> None:
        """The ledger has told all it knows."""
        self._counted = None

"""What a local day has brought, from the records of its calls: those that entered on it, as in the ledger.

The day lives in the event loop's thread and is emptied at the first instant of a later one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
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


DAYS_KEPT = 3
"""The present one, yesterday for calls that end after midnight, and one for a system whose clock is ahead."""


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
    """One finished call as a day that held nothing else, but for how long it rang."""
    day = Day(offered=1, talking_us=call.talking_us or 0)
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
    """The local days around now, by (system, line); which of them is the present one, the reader's clock says.

    A stamp from far ahead makes a day of its own, and does not end the present one.

    Args:
        zone: the centre's time zone, in which a day begins at midnight.
        teams: names of the configured ones, in their order; finished calls are counted by them too.
    """

    def __init__(self, zone: tzinfo, *, teams: tuple[str, ...] = ()) -> None:
        self.zone = zone
        self.teams = teams
        self._days: dict[date, dict[tuple[str, str], Day]] = {}
        self._by_team: dict[date, dict[str | None, Day]] = {}
        self._unseen: dict[CallKey, Call] = {}
        """Calls whose end was not seen: a fuller record may still take their place."""
        self._rang: dict[CallKey, tuple[Day, int, int]] = {}
        """Calls told to have rung up to the limit or past it, before their record: day, rings counted, limit."""
        self._counted: set[CallKey] | None = set()
        """Calls counted so far; None once the ledger has told of those before."""

    @property
    def whole(self) -> bool:
        """Whether the day's calls from before the start of this program are in it."""
        return self._counted is None

    def by_line(self, now: datetime) -> dict[tuple[str, str], Day]:
        """The local day of `now` by (system, line); empty where it has brought nothing yet."""
        return self._days.get(now.astimezone(self.zone).date(), {})

    def by_team(self, now: datetime) -> dict[str | None, Day]:
        """Finished calls of the local day of `now` by team, under None those that no team has.

        Returns:
            All configured teams in their order; nothing where there is none.
        """
        if not self.teams:
            return {}
        found = self._by_team.get(now.astimezone(self.zone).date(), {})
        return {team: found.get(team) or Day() for team in (*self.teams, None)}

    def total(self, now: datetime) -> Day:
        """The local day of `now`, over all lines."""
        total = Day()
        for day in self.by_line(now).values():
            total.add(day)
        return total

    def rings(self, key: CallKey, line: str, at: datetime, rings: int, limit: int) -> None:
        """A call rings for the `rings`-th time, up to the limit or past it; `at` says on which day it counts."""
        day = self._on(key.system, line, at)
        stale = self._unseen.get(key)
        if stale is not None and stale.rings:
            # Seen before the program was restarted, and going on: what it rang then is not counted besides.
            _count_rings(day, stale.rings, limit, -1)
            self._unseen[key] = replace(stale, rings=0)
        self.forget(key)
        self._rang[key] = (day, rings, limit)
        _count_rings(day, rings, limit)

    def count(self, call: Call, limit: int) -> None:
        """Take one finished call, or the fuller record of one whose end had not been seen.

        Args:
            call: as recorded; its rings take the place of what was told while it rang.
            limit: the number of rings the promise names.
        """
        day = self._on(call.key.system, call.line, call.filed_at)
        self.forget(call.key)
        stale = self._unseen.pop(call.key, None)
        if stale is not None:
            day.add(day_of(stale, self.zone), -1)
            _count_rings(day, stale.rings or 0, limit, -1)
            self._count_for_team(stale, limit, -1)
        if call.outcome is Outcome.UNOBSERVED:
            self._unseen[call.key] = call
        day.add(day_of(call, self.zone))
        _count_rings(day, call.rings or 0, limit)
        self._count_for_team(call, limit)
        if self._counted is not None:
            self._counted.add(call.key)

    def recall(self, call: Call, limit: int) -> bool:
        """Take a call that the ledger knows of.

        Returns:
            Whether it was new; what has been counted since the start is not counted again.
        """
        if self._counted is not None and call.key in self._counted:
            return False
        self.count(call, limit)
        return True

    def recalled(self) -> None:
        """The ledger has told all it knows."""
        self._counted = None

    def forget(self, key: CallKey) -> None:
        """What was told of a call while it rang counts no more: there is a record of it, or never will be."""
        if key in self._rang:
            day, rings, limit = self._rang.pop(key)
            _count_rings(day, rings, limit, -1)

    def _count_for_team(self, call: Call, limit: int, sign: int = 1) -> None:
        date = call.filed_at.astimezone(self.zone).date()
        if not self.teams or date not in self._days:
            return
        # One that is configured no more, which the ledger still tells of, is no team.
        team = call.team if call.team in self.teams else None
        day = self._by_team.setdefault(date, {}).setdefault(team, Day())
        day.add(day_of(call, self.zone), sign)
        _count_rings(day, call.rings or 0, limit, sign)

    def _on(self, system: str, line: str, at: datetime) -> Day:
        """The counts of the day of `at`, to be added to; those of a day long past nobody keeps."""
        date = at.astimezone(self.zone).date()
        if date not in self._days:
            self._days[date] = {}
            while len(self._days) > DAYS_KEPT:
                del self._days[min(self._days)]
            self._by_team = {kept: teams for kept, teams in self._by_team.items() if kept in self._days}
            self._unseen = {key: call for key, call in self._unseen.items() if self._kept(call.filed_at)}
        return self._days.get(date, {}).setdefault((system, line), Day())

    def _kept(self, at: datetime) -> bool:
        return at.astimezone(self.zone).date() in self._days


def _count_rings(day: Day, rings: int, limit: int, sign: int = 1) -> None:
    """Count a call in, or out again, among those that rang up to the limit, and past it."""
    day.warnings += sign * (rings >= limit)
    day.breaches += sign * (rings > limit)

"""Calls made by hand, for the figures of `sample.py`: a few kinds, spread over the half-hours of each day.

They are spread by plain arithmetic, and every figure is summed from the same calls, so that the parts of a sample add
up as those of the ledger do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from math import sqrt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.calls.formulas import ABANDONED, nearest_rank
from monitor.calls.rules import SECOND_US, Reading, RingRule
from monitor.calls.tally import Tally
from monitor.calls.terms import (
    AttemptResult,
    Outcome,
    Scope,
    Source,
    TransferKind,
    TransferResult,
    Verdict,
)
from monitor.calls.verdicts import Judgement, judge
from monitor.reports.figures import (
    AgentFigures,
    MissedCall,
    Quantiles,
    RingFigures,
    RuleFigures,
    SurveyFigures,
    TargetFigures,
    TransferFigures,
    Why,
    WorstHour,
)
from monitor.worktime import Hours, Shift, WorkTime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.reports.periods import Period

SEOUL = ZoneInfo("Asia/Seoul")
RULE = RingRule()
LINE, SECOND_LINE = "1588-6565", "02-123-4567"
QUEUES = ("상담", "기술지원", None)
WITHIN_US, SHORT_US = 20 * SECOND_US, 5 * SECOND_US
OFFICE = Shift.read("09:00-18:00")
WORK_TIME = WorkTime(zone=SEOUL, week=(OFFICE,) * 5 + (None, None), lunch=Shift.read("12:00-13:00"))


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One sort of call, told apart by identity, which is quick to count by; `weight` of every hundred are such."""

    weight: int
    outcome: Outcome
    ringing_s: float
    waiting_s: float | None
    whole: bool = True
    pickup: bool = False
    outside: bool = False

    @property
    def rings(self) -> int:
        return RULE.rings(round(self.ringing_s * SECOND_US))


KINDS = (
    Kind(34, Outcome.ANSWERED, 2.1, 3.4),
    Kind(22, Outcome.ANSWERED, 4.2, 6.25),
    Kind(9, Outcome.ANSWERED, 8.96, 14.9),
    Kind(7, Outcome.ANSWERED, 5.5, 31.4, outside=True),
    Kind(5, Outcome.ANSWERED, 4.9, 7.7, pickup=True),
    Kind(4, Outcome.ANSWERED, 9.0, 16.3),
    Kind(3, Outcome.ANSWERED, 13.7, 44.0),
    Kind(1, Outcome.ANSWERED, 2.5, 5.0, whole=False),
    Kind(3, Outcome.ABANDONED_ANNOUNCEMENT, 0, None),
    Kind(3, Outcome.ABANDONED_WAITING, 0, 3.1),
    Kind(2, Outcome.ABANDONED_WAITING, 3.3, 48.5),
    Kind(2, Outcome.ABANDONED_RINGING, 4.4, 4.9),
    Kind(1, Outcome.ABANDONED_RINGING, 7.2, 11.0),
    Kind(1, Outcome.ABANDONED_RINGING, 19.4, 23.6),
    Kind(1, Outcome.NO_ANSWER, 24.0, 30.0),
    Kind(1, Outcome.BUSY, 1.2, 9.0),
    Kind(1, Outcome.FAILED, 0, 2.0),
)
_TURN = tuple(kind for index in range(34) for kind in KINDS if index * kind.weight % 34 < kind.weight)
"""A hundred calls and a bit, the kinds well mixed; half-hours take them in turn."""


def quantiles_of(durations_us: Iterable[int]) -> Quantiles:
    """By nearest rank, as the contract says."""
    ordered = sorted(durations_us)
    if not ordered:
        return Quantiles(count=0, mean_us=None, p50_us=None, p90_us=None, p95_us=None)
    p50, p90, p95 = (ordered[nearest_rank(len(ordered), share) - 1] for share in (0.5, 0.9, 0.95))
    return Quantiles(count=len(ordered), mean_us=sum(ordered) / len(ordered), p50_us=p50, p90_us=p90, p95_us=p95)


@cache
def _judged(kind: Kind) -> Judgement:
    return judge(RULE, kind.outcome, round(kind.ringing_s * SECOND_US), whole=kind.whole)


def tally_of(kinds: Mapping[Kind, int], *, source: Source = Source.AMI, rule: str = RULE.label) -> Tally:
    """The tally of so many calls of each kind."""
    tally = Tally()
    for kind, count in kinds.items():
        waiting_us = 0 if kind.waiting_s is None else round(kind.waiting_s * SECOND_US)
        verdicts, reason = _judged(kind)
        tally.offered += count
        tally.outcomes[kind.outcome] += count
        tally.rules[rule] += count
        tally.sources[source] += count
        tally.warnings += count * (kind.rings >= RULE.limit)
        tally.breaches += count * (kind.rings > RULE.limit)
        tally.partly_observed += count * (not kind.whole)
        for reading, verdict in verdicts:
            tally.verdicts[Reading(reading)][verdict] += count
        if dict(verdicts)[RULE.headline] is Verdict.EXCLUDED:
            tally.excluded[reason] += count
        if kind.outcome is Outcome.ANSWERED:
            tally.waited += count * kind.whole
            tally.waiting_us += count * kind.whole * waiting_us
            tally.answered_within += count * kind.whole * (waiting_us <= WITHIN_US)
            tally.pickups += count * kind.pickup
            tally.talking_us += count * 187_250_000
            tally.hold_us += count * 12_500_000
            tally.left_the_centre += count * kind.outside
        elif kind.outcome in ABANDONED and kind.waiting_s is not None:
            tally.abandoned_waiting += count
            tally.abandoned_within += count * (waiting_us <= WITHIN_US)
            tally.abandoned_short += count * (waiting_us < SHORT_US)
    return tally


def _calls_in(day: date, half_hour: int, scale: int) -> int:
    """How many calls come in a half-hour: most in the morning of a working day, few at night and on days off."""
    if not 16 <= half_hour < 42:
        return 0
    if WORK_TIME.shift_on(day) is None:
        return scale * (1 if half_hour % 6 == 0 else 0)
    return scale * (9 - abs(half_hour - 21) // 2 + day.day % 3 if 18 <= half_hour < 36 else 1)


class Counted:
    """Calls sorted into everything they are counted under."""

    def __init__(self) -> None:
        self.whole: Counter[Kind] = Counter()
        self.by_hours: dict[Hours, Counter[Kind]] = {hours: Counter() for hours in Hours}
        self.months: defaultdict[tuple[int, int], Counter[Kind]] = defaultdict(Counter)
        self.days: defaultdict[date, Counter[Kind]] = defaultdict(Counter)
        self.half_hours: defaultdict[tuple[int, int], Counter[Kind]] = defaultdict(Counter)
        self.queues: defaultdict[str | None, Counter[Kind]] = defaultdict(Counter)
        self.lines: defaultdict[str, Counter[Kind]] = defaultdict(Counter)
        self.hours: defaultdict[datetime, Counter[Kind]] = defaultdict(Counter)
        self.missed: list[MissedCall] = []

    def take(self, at: datetime, half_hour: int, hours: Hours, kind: Kind, number: int) -> None:
        day = at.date()
        queue = None if kind.waiting_s is None else QUEUES[0 if number % 5 else 1]
        line = SECOND_LINE if number % 7 == 0 else LINE
        for counter in (
            self.whole,
            self.by_hours[hours],
            self.months[day.year, day.month],
            self.days[day],
            self.half_hours[day.weekday(), half_hour],
            self.queues[queue],
            self.lines[line],
            self.hours[at.replace(minute=0, second=0)],
        ):
            counter[kind] += 1
        if kind.outcome not in (Outcome.ANSWERED, Outcome.UNOBSERVED):
            waiting_us = None if kind.waiting_s is None else round(kind.waiting_s * SECOND_US)
            self.missed.append(
                MissedCall(
                    system="pbx1",
                    linkedid=f"{at.timestamp():.0f}.{number}",
                    filed_at=at,
                    line=line,
                    queue=queue,
                    caller="" if number % 11 == 0 else f"010-****-{number * 37 % 10_000:04}",
                    outcome=kind.outcome,
                    rings=kind.rings,
                    waiting_us=waiting_us,
                )
            )


@cache
def counted(period: Period, scale: int) -> Counted:
    found, number = Counted(), 0
    for day in period.days():
        for half_hour in range(48):
            begin = datetime(day.year, day.month, day.day, half_hour // 2, half_hour % 2 * 30, tzinfo=SEOUL)
            hours = WORK_TIME.hours_at(begin)
            for place in range(_calls_in(day, half_hour, scale)):
                at = begin + timedelta(seconds=17 * place)
                found.take(at, half_hour, hours, _TURN[number % len(_TURN)], number)
                number += 1
    return found


def ring_counts(kinds: Mapping[Kind, int]) -> tuple[RingFigures, ...]:
    answered: Counter[int] = Counter()
    never: defaultdict[int, Counter[Outcome]] = defaultdict(Counter)
    for kind, count in kinds.items():
        if kind.outcome is Outcome.ANSWERED:
            answered[kind.rings] += count
        else:
            never[kind.rings][kind.outcome] += count
    most = max((kind.rings for kind in kinds), default=-1)
    return tuple(
        RingFigures(rings=ring, answered=answered[ring], never_answered=never[ring]) for ring in range(most + 1)
    )


def waits(kinds: Mapping[Kind, int]) -> Quantiles:
    return quantiles_of(
        round(kind.waiting_s * SECOND_US)
        for kind, count in kinds.items()
        if kind.outcome is Outcome.ANSWERED and kind.whole and kind.waiting_s is not None
        for _ in range(count)
    )


def survey_of(tally: Tally) -> dict[Reading, SurveyFigures]:
    """The surveys of both readings, worked out as the contract says."""
    found = {}
    for reading in Reading:
        judged = tally.kept(reading) + tally.broken(reading)
        if judged:
            callers, score = min(100, judged), tally.kept(reading) / judged
            error = 1.96 * sqrt(score * (1 - score) / callers * (judged - callers) / max(judged - 1, 1))
            low, high = max(score - error, 0.0), min(score + error, 1.0)
            found[reading] = SurveyFigures(callers=callers, score=score, low=low, high=high)
    return found


def rule_figures(rule: RingRule, calls: int) -> RuleFigures:
    """A rule as the contract has it."""
    return RuleFigures(
        label=rule.label,
        limit=rule.limit,
        period_us=rule.period_us,
        headline=rule.headline,
        country=rule.country,
        holds_from=rule.holds_from,
        calls=calls,
    )


NO_TRANSFERS = TransferFigures(
    counts={},
    announced=0,
    by_people=0,
    consent_yes=0,
    consent_no=0,
    reconnection=quantiles_of([]),
    reconnection_rings={},
    reconnection_by_kind={},
    targets=(),
    chains={},
)


def transfers_of(outside: int) -> TransferFigures:
    """Every seventh transfer or so goes wrong; half as many again stay inside."""
    inside, lost = outside // 2, outside // 7
    blind = [(2 + number % 9) * SECOND_US for number in range(inside + outside - lost)]
    return TransferFigures(
        counts={
            (TransferKind.BLIND, Scope.INSIDE, TransferResult.COMPLETED): inside,
            (TransferKind.BLIND, Scope.OUTSIDE, TransferResult.COMPLETED): outside - lost,
            (TransferKind.BLIND, Scope.OUTSIDE, TransferResult.NO_ANSWER): lost,
            (TransferKind.ATTENDED, Scope.INSIDE, TransferResult.COMPLETED): inside,
            (TransferKind.ATTENDED, Scope.INSIDE, TransferResult.RETURNED): 2,
            (TransferKind.BLONDE, Scope.UNKNOWN, TransferResult.CALLER_LEFT): 1,
            (TransferKind.FORWARD, Scope.INSIDE, TransferResult.COMPLETED): 3,
        },
        announced=inside + 2,
        by_people=inside * 2 + outside + 3,
        consent_yes=inside,
        consent_no=4,
        reconnection=quantiles_of([*blind, *[0] * inside]),
        reconnection_rings={0: inside, 1: inside, 2: outside // 2, 3: outside - lost - outside // 2},
        reconnection_by_kind={
            TransferKind.BLIND: quantiles_of(blind),
            TransferKind.ATTENDED: quantiles_of([0] * inside),
        },
        targets=(
            TargetFigures(
                to="300",
                scope=Scope.OUTSIDE,
                transfers=outside,
                completed=outside - lost,
                reconnection=quantiles_of(blind),
            ),
            TargetFigures(
                to="201",
                scope=Scope.INSIDE,
                transfers=inside * 2,
                completed=inside * 2,
                reconnection=quantiles_of(blind),
            ),
            TargetFigures(
                to="010-****-5678", scope=Scope.UNKNOWN, transfers=1, completed=0, reconnection=quantiles_of([])
            ),
        ),
        chains={1: inside * 2 + outside - 1, 2: 2},
    )


AGENT_NAMES = ("김하나", "이두리", "박세찬", "최네오", None)


def agents_of(answered: int, names: tuple[str | None, ...]) -> tuple[AgentFigures, ...]:
    share = answered // len(names)
    found = []
    for number, name in enumerate(names):
        mine = share + (answered - share * len(names) if number == 0 else 0)
        found.append(
            AgentFigures(
                system="pbx1",
                agent=f"PJSIP/{201 + number}",
                member=name,
                answered=mine,
                pickups=mine // 20,
                kept=mine - mine // (12 + number),
                broken=mine // (12 + number),
                attempts={
                    AttemptResult.ANSWERED: mine,
                    AttemptResult.NO_ANSWER: mine * (number + 1) // 40,
                    AttemptResult.ANSWERED_ELSEWHERE: mine // 20,
                    AttemptResult.CALLER_LEFT: mine // 30,
                    AttemptResult.REJECTED: number,
                },
                ringing_us=mine * 5_100_000,
                talking_us=mine * 187_250_000,
                transfers=mine // 9,
            )
        )
    return tuple(found)


def worst_of(hours: Mapping[datetime, Counter[Kind]]) -> tuple[WorstHour, ...]:
    tallies = {at: tally_of(kinds) for at, kinds in hours.items()}
    bad = {
        at: tally.broken(RULE.headline) + tally.offered - tally.answered - tally.outcomes[Outcome.UNOBSERVED]
        for at, tally in tallies.items()
    }
    order = sorted((at for at in bad if bad[at]), key=lambda at: (-bad[at], at))[:10]
    causes = tuple(Why)
    return tuple(
        WorstHour(
            started_at=at,
            tally=tallies[at],
            why=causes[place % len(causes)],
            waited_us={
                causes[place % len(causes)]: (90 + 7 * place) * SECOND_US,
                causes[(place + 1) % len(causes)]: (40 + place) * SECOND_US,
            },
        )
        for place, at in enumerate(order)
    )

"""Figures made by hand, for those who tell and draw: an ordinary month and its odd relatives.

Calls of a few kinds are spread over the half-hours of each day by plain arithmetic, and every figure is summed from
the same calls, so that the parts of a sample add up as those of the ledger do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from math import sqrt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.calls.formulas import ABANDONED, nearest_rank
from monitor.calls.rules import SECOND_US, Reading, RingRule
from monitor.calls.tally import Tally, together
from monitor.calls.terms import (
    AttemptResult,
    GapCause,
    Outcome,
    Scope,
    Source,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.verdicts import Judgement, judge
from monitor.reports.figures import (
    AgentFigures,
    DayFigures,
    Figures,
    GapFigures,
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
from monitor.reports.order import House, Order
from monitor.reports.periods import Period, Span
from monitor.worktime import Hours, Shift, WorkTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SEOUL = ZoneInfo("Asia/Seoul")
RULE = RingRule()
LINE, SECOND_LINE = "1588-6565", "02-123-4567"
QUEUES = ("상담", "기술지원", None)
WITHIN_US, SHORT_US = 20 * SECOND_US, 5 * SECOND_US
OFFICE = Shift.read("09:00-18:00")
WORK_TIME = WorkTime(zone=SEOUL, week=(OFFICE,) * 5 + (None, None), lunch=Shift.read("12:00-13:00"))
HOUSE = House(institution="한국예시공단", target=0.95, page_url="https://calls.example.org")


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
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


_KINDS = (
    _Kind(34, Outcome.ANSWERED, 2.1, 3.4),
    _Kind(22, Outcome.ANSWERED, 4.2, 6.25),
    _Kind(9, Outcome.ANSWERED, 8.96, 14.9),
    _Kind(7, Outcome.ANSWERED, 5.5, 31.4, outside=True),
    _Kind(5, Outcome.ANSWERED, 4.9, 7.7, pickup=True),
    _Kind(4, Outcome.ANSWERED, 9.0, 16.3),
    _Kind(3, Outcome.ANSWERED, 13.7, 44.0),
    _Kind(1, Outcome.ANSWERED, 2.5, 5.0, whole=False),
    _Kind(3, Outcome.ABANDONED_ANNOUNCEMENT, 0, None),
    _Kind(3, Outcome.ABANDONED_WAITING, 0, 3.1),
    _Kind(2, Outcome.ABANDONED_WAITING, 3.3, 48.5),
    _Kind(2, Outcome.ABANDONED_RINGING, 4.4, 4.9),
    _Kind(1, Outcome.ABANDONED_RINGING, 7.2, 11.0),
    _Kind(1, Outcome.ABANDONED_RINGING, 19.4, 23.6),
    _Kind(1, Outcome.NO_ANSWER, 24.0, 30.0),
    _Kind(1, Outcome.BUSY, 1.2, 9.0),
    _Kind(1, Outcome.FAILED, 0, 2.0),
)
_TURN = tuple(kind for index in range(34) for kind in _KINDS if index * kind.weight % 34 < kind.weight)
"""A hundred calls and a bit, the kinds well mixed; half-hours take them in turn."""


def quantiles_of(durations_us: Iterable[int]) -> Quantiles:
    """By nearest rank, as the contract says."""
    ordered = sorted(durations_us)
    if not ordered:
        return Quantiles(count=0, mean_us=None, p50_us=None, p90_us=None, p95_us=None)
    p50, p90, p95 = (ordered[nearest_rank(len(ordered), share) - 1] for share in (0.5, 0.9, 0.95))
    return Quantiles(count=len(ordered), mean_us=sum(ordered) / len(ordered), p50_us=p50, p90_us=p90, p95_us=p95)


@cache
def _judged(kind: _Kind) -> Judgement:
    return judge(RULE, kind.outcome, round(kind.ringing_s * SECOND_US), whole=kind.whole)


def tally_of(kinds: Mapping[_Kind, int], *, source: Source = Source.AMI, rule: str = RULE.label) -> Tally:
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


class _Counted:
    """Calls sorted into everything they are counted under."""

    def __init__(self) -> None:
        self.whole: Counter[_Kind] = Counter()
        self.by_hours: dict[Hours, Counter[_Kind]] = {hours: Counter() for hours in Hours}
        self.months: defaultdict[tuple[int, int], Counter[_Kind]] = defaultdict(Counter)
        self.days: defaultdict[date, Counter[_Kind]] = defaultdict(Counter)
        self.half_hours: defaultdict[tuple[int, int], Counter[_Kind]] = defaultdict(Counter)
        self.queues: defaultdict[str | None, Counter[_Kind]] = defaultdict(Counter)
        self.lines: defaultdict[str, Counter[_Kind]] = defaultdict(Counter)
        self.hours: defaultdict[datetime, Counter[_Kind]] = defaultdict(Counter)
        self.missed: list[MissedCall] = []

    def take(self, at: datetime, half_hour: int, hours: Hours, kind: _Kind, number: int) -> None:
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
def _counted(period: Period, scale: int) -> _Counted:
    found, number = _Counted(), 0
    for day in period.days():
        for half_hour in range(48):
            begin = datetime(day.year, day.month, day.day, half_hour // 2, half_hour % 2 * 30, tzinfo=SEOUL)
            hours = WORK_TIME.hours_at(begin)
            for place in range(_calls_in(day, half_hour, scale)):
                at = begin + timedelta(seconds=17 * place)
                found.take(at, half_hour, hours, _TURN[number % len(_TURN)], number)
                number += 1
    return found


def _ring_counts(kinds: Mapping[_Kind, int]) -> tuple[RingFigures, ...]:
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


def _waits(kinds: Mapping[_Kind, int]) -> Quantiles:
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


def _transfers(outside: int) -> TransferFigures:
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


def _agents(answered: int, names: tuple[str | None, ...]) -> tuple[AgentFigures, ...]:
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


def _worst(hours: Mapping[datetime, Counter[_Kind]]) -> tuple[WorstHour, ...]:
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


@cache
def figures(
    period: Period,
    *,
    scale: int = 1,
    judged_on: str = "all",
    names: tuple[str | None, ...] = AGENT_NAMES,
    gaps: tuple[GapFigures, ...] | None = None,
) -> Figures:
    """Figures of any period; `scale` times the calls."""
    counted = _counted(period, scale)
    working = counted.by_hours[Hours.WORKING] + counted.by_hours[Hours.LUNCH]
    judged_kinds = working if judged_on == "working_time" else counted.whole
    whole, judged = tally_of(counted.whole), tally_of(judged_kinds)
    gaps = _gaps(period) if gaps is None else gaps
    unobserved_us = sum(round((gap.ended_at - gap.started_at).total_seconds()) for gap in gaps) * SECOND_US
    whole_us = round((period.until - period.since).total_seconds()) * SECOND_US
    before = Counter({kind: count * 9 // 10 + (kind.rings > 3) * 8 for kind, count in judged_kinds.items()})
    year_before = Counter({kind: count * 8 // 10 for kind, count in judged_kinds.items() if kind.rings <= 5})
    earlier = _counted(period.before(), scale).months if period.span is Span.HALF else {}
    agents = _agents(whole.answered, names)
    return Figures(
        period=period,
        made_at=period.until + timedelta(days=1, hours=7),
        line=None,
        queue=None,
        lines=(LINE, SECOND_LINE),
        systems=("pbx1",),
        rules=(rule_figures(RULE, whole.offered),),
        recounted=False,
        judged_on="working_time" if judged_on == "working_time" else "all",
        within_us=WITHIN_US,
        short_us=SHORT_US,
        whole=whole,
        by_hours={hours: tally_of(kinds) for hours, kinds in counted.by_hours.items()},
        judged=judged,
        before=together(tally_of(kinds) for kinds in earlier.values()) if earlier else tally_of(before),
        year_before=tally_of(year_before),
        waiting=_waits(judged_kinds),
        waiting_by_hours={hours: _waits(kinds) for hours, kinds in counted.by_hours.items()},
        ring_counts=_ring_counts(judged_kinds),
        ringing_unknown=0,
        months={month: tally_of(kinds) for month, kinds in counted.months.items()},
        months_before={month: tally_of(kinds) for month, kinds in earlier.items()},
        days=tuple(
            DayFigures(
                day=day,
                holiday=WORK_TIME.names_of(day),
                working_day=WORK_TIME.shift_on(day) is not None,
                tally=tally_of(counted.days[day]) if day in counted.days else Tally(),
                coverage=_covered(day, gaps),
            )
            for day in period.days()
        ),
        half_hours={which: tally_of(kinds) for which, kinds in counted.half_hours.items()},
        queues={queue: tally_of(kinds) for queue, kinds in counted.queues.items()},
        by_line={line: tally_of(kinds) for line, kinds in counted.lines.items()},
        agents=agents,
        worst_hours=_worst(counted.hours),
        missed=tuple(counted.missed),
        transfers=_transfers(whole.left_the_centre) if whole.left_the_centre else NO_TRANSFERS,
        survey=survey_of(judged),
        sources=whole.sources,
        coverage=(whole_us - unobserved_us) / whole_us,
        unobserved_us=unobserved_us,
        whole_us=whole_us,
        gaps=gaps,
    )


def _gaps(period: Period) -> tuple[GapFigures, ...]:
    """Two short ones: a lost connection, and an update of the monitor over a local midnight."""
    lost = period.since + timedelta(days=6, hours=14, minutes=5)
    update = period.since + timedelta(days=20, hours=23, minutes=50)
    return (
        GapFigures(
            system="pbx1",
            started_at=lost,
            ended_at=lost + timedelta(minutes=12, seconds=30),
            cause=GapCause.NOT_CONNECTED,
            lasts=False,
        ),
        GapFigures(
            system="pbx1",
            started_at=update,
            ended_at=update + timedelta(minutes=25),
            cause=GapCause.MONITOR_DOWN,
            lasts=False,
        ),
    )


def _covered(day: date, gaps: tuple[GapFigures, ...]) -> float:
    begin = datetime(day.year, day.month, day.day, tzinfo=SEOUL)
    end = begin + timedelta(days=1)
    away = sum(
        (min(gap.ended_at, end) - max(gap.started_at, begin)).total_seconds()
        for gap in gaps
        if gap.started_at < end and gap.ended_at > begin
    )
    return 1 - away / 86_400


OCTOBER = Period.month("2026-10", SEOUL)


def ordinary() -> Figures:
    """An October of some 2,500 calls, with three holidays and two short gaps."""
    return figures(OCTOBER)


def empty() -> Figures:
    """A month wholly observed in which nobody called."""
    full = figures(OCTOBER, gaps=())
    return replace(
        full,
        lines=(),
        rules=(rule_figures(RULE, 0),),
        whole=Tally(),
        by_hours={hours: Tally() for hours in Hours},
        judged=Tally(),
        waiting=quantiles_of([]),
        waiting_by_hours={hours: quantiles_of([]) for hours in Hours},
        ring_counts=(),
        months={},
        days=tuple(replace(day, tally=Tally()) for day in full.days),
        half_hours={},
        queues={},
        by_line={},
        agents=(),
        worst_hours=(),
        missed=(),
        transfers=NO_TRANSFERS,
        survey={},
        sources={},
    )


def unobserved() -> Figures:
    """A month of which nothing at all was seen."""
    nothing = empty()
    gap = GapFigures(
        system="pbx1", started_at=OCTOBER.since, ended_at=OCTOBER.until, cause="before_monitor", lasts=True
    )
    return replace(
        nothing,
        before=None,
        year_before=None,
        days=tuple(replace(day, coverage=0.0) for day in nothing.days),
        coverage=0.0,
        unobserved_us=nothing.whole_us,
        gaps=(gap,),
    )


def one_call(kind: _Kind = _KINDS[0]) -> Figures:
    """A month in which one caller rang, on Monday 12 October at 10:15, and was answered at the first ring."""
    nothing, at = empty(), datetime(2026, 10, 12, 10, 15, tzinfo=SEOUL)
    tally, kinds = tally_of({kind: 1}), Counter({kind: 1})
    return replace(
        nothing,
        lines=(LINE,),
        rules=(rule_figures(RULE, 1),),
        whole=tally,
        by_hours={hours: tally if hours is Hours.WORKING else Tally() for hours in Hours},
        judged=tally,
        before=None,
        year_before=None,
        waiting=_waits(kinds),
        waiting_by_hours={hours: _waits(kinds if hours is Hours.WORKING else {}) for hours in Hours},
        ring_counts=_ring_counts(kinds),
        months={(2026, 10): tally},
        days=tuple(replace(day, tally=tally) if day.day == at.date() else day for day in nothing.days),
        half_hours={(0, 20): tally},
        queues={QUEUES[0]: tally},
        by_line={LINE: tally},
        agents=_agents(tally.answered, ("김하나",)) if tally.answered else (),
        worst_hours=_worst({at.replace(minute=0): kinds}),
        survey=survey_of(tally),
        sources={Source.AMI: 1},
    )


def one_broken_call() -> Figures:
    """A month in which the only caller was let ring eight times, and left."""
    figures_of_one = one_call(_KINDS[14])
    missed = MissedCall(
        system="pbx1",
        linkedid="1791767700.1",
        filed_at=datetime(2026, 10, 12, 10, 15, tzinfo=SEOUL),
        line=LINE,
        queue=QUEUES[0],
        caller="010-****-5678",
        outcome=Outcome.NO_ANSWER,
        rings=9,
        waiting_us=30 * SECOND_US,
    )
    return replace(figures_of_one, missed=(missed,))


def no_agents() -> Figures:
    """The ordinary month with single agents left out."""
    return replace(ordinary(), agents=())


LONG = "서울특별시중구세종대로고객상담센터야간긴급민원전담창구"


def long_names() -> Figures:
    """Names as long as somebody may ever have given them, some without a place to break at, and markup in them."""
    full = ordinary()
    odd = (
        f"{LONG}{LONG}",
        "a-very-long-queue-name_without-any-space-in-it_at-all_0123456789",
        "<b>#let x = 1</b> $a$ =1+1",
    )
    return replace(
        full,
        lines=(LINE, odd[0]),
        queues=dict(zip(odd, full.queues.values(), strict=True)),
        by_line={LINE: full.by_line[LINE], odd[0]: full.by_line[SECOND_LINE]},
        agents=tuple(
            replace(agent, agent=f"PJSIP/{odd[number % 3]}", member=odd[number % 3])
            for number, agent in enumerate(full.agents)
        ),
        missed=tuple(replace(call, queue=odd[0], line=odd[1]) for call in full.missed[:40]),
        transfers=replace(
            full.transfers,
            targets=tuple(replace(target, to=odd[number]) for number, target in enumerate(full.transfers.targets)),
        ),
        gaps=tuple(replace(gap, system=odd[1]) for gap in full.gaps),
    )


def many_days() -> Figures:
    """Sixty-two days, over the end of a month."""
    return figures(Period.days_between(date(2026, 9, 1), date(2026, 11, 1), SEOUL))


def half() -> Figures:
    """The first half of 2026, for the record."""
    return figures(Period.half("2026H1", SEOUL))


def working_time() -> Figures:
    """The ordinary month, judged on the calls of working time."""
    return figures(OCTOBER, judged_on="working_time")


def two_rules() -> Figures:
    """A month in which another rule began on the 16th, with calls brought in from a queue log, under way still."""
    full, calls = ordinary(), 120
    later = RingRule(name="two-rings", holds_from=date(2026, 10, 16), limit=2, headline=Reading.BEFORE)
    brought = Tally(
        offered=calls,
        outcomes=Counter({Outcome.ANSWERED: calls}),
        verdicts={reading: Counter({Verdict.EXCLUDED: calls}) for reading in Reading},
        excluded=Counter({VerdictReason.RINGING_UNKNOWN: calls}),
        rules=Counter({later.label: calls}),
        sources=Counter({Source.QUEUE_LOG: calls}),
        waited=calls,
        waiting_us=calls * 9_000_000,
        answered_within=calls,
    )
    judged = together([full.judged, brought])
    sixteenth = full.days[15]
    return replace(
        full,
        made_at=datetime(2026, 10, 31, 9, 30, tzinfo=SEOUL),
        rules=(rule_figures(RULE, full.whole.offered), rule_figures(later, calls)),
        whole=judged,
        judged=judged,
        by_hours={**full.by_hours, Hours.WORKING: together([full.by_hours[Hours.WORKING], brought])},
        days=(*full.days[:15], replace(sixteenth, tally=together([sixteenth.tally, brought])), *full.days[16:]),
        months={(2026, 10): judged},
        half_hours={**full.half_hours, (4, 20): together([full.half_hours[4, 20], brought])},
        queues={**full.queues, QUEUES[0]: together([full.queues[QUEUES[0]], brought])},
        by_line={**full.by_line, LINE: together([full.by_line[LINE], brought])},
        ringing_unknown=calls,
        sources=judged.sources,
    )


def recounted() -> Figures:
    """The ordinary month counted again under another rule."""
    other = RingRule(name="trial", version=2, headline=Reading.BEFORE)
    full = ordinary()
    return replace(full, rules=(rule_figures(other, full.whole.offered),), recounted=True)


SAMPLES: Mapping[str, Callable[[], Figures]] = {
    made.__name__: made
    for made in (
        ordinary,
        empty,
        unobserved,
        one_call,
        one_broken_call,
        no_agents,
        long_names,
        many_days,
        half,
        working_time,
        two_rules,
        recounted,
    )
}


def order_for(figures: Figures, *, agents: bool = True, publishable: bool = False) -> Order:
    """The order that would have asked for these figures."""
    return Order(period=figures.period, agents=agents, publishable=publishable, made_by="supervisor")

"""Figures made by hand, for those who tell and draw: an ordinary month and its odd relatives."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from monitor.calls.rules import SECOND_US, Reading, RingRule
from monitor.calls.tally import Tally, together
from monitor.calls.terms import (
    GapCause,
    Outcome,
    Source,
    Verdict,
    VerdictReason,
)
from monitor.reports.figures import (
    DayFigures,
    Figures,
    GapFigures,
    MissedCall,
)
from monitor.reports.order import House, Order
from monitor.reports.periods import Period, Span
from monitor.worktime import Hours

from .sample_calls import (
    AGENT_NAMES,
    KINDS,
    LINE,
    NO_TRANSFERS,
    QUEUES,
    RULE,
    SECOND_LINE,
    SEOUL,
    SHORT_US,
    WITHIN_US,
    WORK_TIME,
    Kind,
    agents_of,
    counted,
    quantiles_of,
    ring_counts,
    rule_figures,
    survey_of,
    tally_of,
    transfers_of,
    waits,
    worst_of,
)
from .sample_charter import TEAMS, cases_alone, charter_before, charter_of, nothing_of_it, with_long_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HOUSE = House(institution="한국예시공단", target=0.95, page_url="https://calls.example.org", teams=TEAMS)


TEAM_OF = dict(zip(QUEUES, (*reversed(TEAMS), None), strict=True))
"""Whose the calls of each queue are."""


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
    found = counted(period, scale)
    working = found.by_hours[Hours.WORKING] + found.by_hours[Hours.LUNCH]
    judged_kinds = working if judged_on == "working_time" else found.whole
    whole, judged = tally_of(found.whole), tally_of(judged_kinds)
    gaps = _gaps(period) if gaps is None else gaps
    unobserved_us = sum(round((gap.ended_at - gap.started_at).total_seconds()) for gap in gaps) * SECOND_US
    whole_us = round((period.until - period.since).total_seconds()) * SECOND_US
    before = Counter({kind: count * 9 // 10 + (kind.rings > 3) * 8 for kind, count in judged_kinds.items()})
    year_before = Counter({kind: count * 8 // 10 for kind, count in judged_kinds.items() if kind.rings <= 5})
    earlier = counted(period.before(), scale).months if period.span is Span.HALF else {}
    agents = agents_of(whole.answered, names)
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
        by_hours={hours: tally_of(kinds) for hours, kinds in found.by_hours.items()},
        judged=judged,
        before=together(tally_of(kinds) for kinds in earlier.values()) if earlier else tally_of(before),
        year_before=tally_of(year_before),
        waiting=waits(judged_kinds),
        waiting_by_hours={hours: waits(kinds) for hours, kinds in found.by_hours.items()},
        ring_counts=ring_counts(judged_kinds),
        ringing_unknown=0,
        months={month: tally_of(kinds) for month, kinds in found.months.items()},
        months_before={month: tally_of(kinds) for month, kinds in earlier.items()},
        days=tuple(
            DayFigures(
                day=day,
                holiday=WORK_TIME.names_of(day),
                working_day=WORK_TIME.shift_on(day) is not None,
                tally=tally_of(found.days[day]) if day in found.days else Tally(),
                coverage=_covered(day, gaps),
            )
            for day in period.days()
        ),
        half_hours={which: tally_of(kinds) for which, kinds in found.half_hours.items()},
        queues={queue: tally_of(kinds) for queue, kinds in found.queues.items()},
        teams={TEAM_OF[queue]: tally_of(kinds) for queue, kinds in found.queues.items()},
        teams_before={TEAM_OF[queue]: tally_of(kinds) for queue, kinds in found.queues.items()},
        by_line={line: tally_of(kinds) for line, kinds in found.lines.items()},
        agents=agents,
        worst_hours=worst_of(found.hours),
        missed=tuple(found.missed),
        transfers=transfers_of(whole.left_the_centre) if whole.left_the_centre else NO_TRANSFERS,
        survey=survey_of(judged),
        sources=whole.sources,
        coverage=(whole_us - unobserved_us) / whole_us,
        unobserved_us=unobserved_us,
        whole_us=whole_us,
        gaps=gaps,
        charter=charter_of(period, names),
        charter_before=charter_before(period),
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
        teams={},
        teams_before={},
        by_line={},
        agents=(),
        worst_hours=(),
        missed=(),
        transfers=NO_TRANSFERS,
        survey={},
        sources={},
        charter=nothing_of_it(),
        charter_before=nothing_of_it(),
    )


def cases_come_in() -> Figures:
    """A month in which nobody called, and cases came in all the same."""
    return replace(empty(), charter=cases_alone(OCTOBER))


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


def one_call(kind: Kind = KINDS[0]) -> Figures:
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
        waiting=waits(kinds),
        waiting_by_hours={hours: waits(kinds if hours is Hours.WORKING else {}) for hours in Hours},
        ring_counts=ring_counts(kinds),
        months={(2026, 10): tally},
        days=tuple(replace(day, tally=tally) if day.day == at.date() else day for day in nothing.days),
        half_hours={(0, 20): tally},
        queues={QUEUES[0]: tally},
        teams={None: tally},
        by_line={LINE: tally},
        agents=agents_of(tally.answered, ("김하나",)) if tally.answered else (),
        worst_hours=worst_of({at.replace(minute=0): kinds}),
        survey=survey_of(tally),
        sources={Source.AMI: 1},
    )


def one_broken_call() -> Figures:
    """A month in which the only caller was let ring eight times, and left."""
    figures_of_one = one_call(KINDS[14])
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
        teams=dict(zip((*odd[:2], None), full.teams.values(), strict=True)),
        charter=None if full.charter is None else with_long_names(full.charter, odd),
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
        teams={**full.teams, TEAM_OF[QUEUES[0]]: together([full.teams[TEAM_OF[QUEUES[0]]], brought])},
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
        cases_come_in,
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

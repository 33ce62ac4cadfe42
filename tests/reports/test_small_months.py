"""Months that hold next to nothing: empty, one call, not observed, still running, and with an hour too many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import comb
from typing import TYPE_CHECKING

import pytest

from monitor.calls import formulas
from monitor.calls.facts import Gap, GapCause, Outcome
from monitor.calls.rules import Reading
from monitor.calls.tally import Tally
from monitor.ledger import Repository, upgrade
from monitor.reports.counting import figures_of
from monitor.reports.order import Order
from monitor.reports.periods import Period
from monitor.worktime import Hours, WorkTime

from .few import NEW_YORK, ONE, SEEN, moved
from .month import BASIS, MONTH, SECOND_US, SEOUL, counted, facts, korean, october

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.ledger.rows import StoredFact
    from monitor.reports.figures import Figures, WorstHour

HOUR_US = 3600 * SECOND_US


@pytest.fixture
def ledger_of(tmp_path: Path) -> Iterator[Callable[..., Repository]]:
    """Makes a ledger of some facts."""
    made: list[Repository] = []

    def make(*facts: StoredFact) -> Repository:
        where = str(tmp_path / f"{len(made)}.sqlite3")
        upgrade(where)
        made.append(Repository(where))
        made[-1].record_all(facts)
        return made[-1]

    yield make
    for each in made:
        each.close()


def nothing(figures: Figures) -> None:
    """No call, no share and no mean, and everything there that is told of nothing too."""
    assert figures.whole == figures.judged == Tally()
    assert figures.by_hours == {hours: Tally() for hours in Hours}
    month = figures.judged
    shares = (month.compliance(Reading.WITHIN), month.compliance(Reading.BEFORE), month.answer_rate, month.abandon_rate)
    assert {*shares, month.asa_us, month.service_level, month.service_factor, month.direct_handling_rate} == {None}
    waiting = figures.waiting
    assert (waiting.count, waiting.mean_us, waiting.p50_us, waiting.p90_us, waiting.p95_us) == (
        0,
        None,
        None,
        None,
        None,
    )
    assert (figures.before, figures.year_before) == (None, None)
    assert [day.day.day for day in figures.days] == list(range(1, 32))
    assert not any(row.answered or any(row.never_answered.values()) for row in figures.ring_counts)
    assert (figures.agents, figures.worst_hours, figures.missed, figures.transfers.targets) == ((), (), (), ())
    assert (figures.transfers.by_people, dict(figures.transfers.counts), dict(figures.survey)) == (0, {}, {})
    # The rule that would have judged.
    assert [(rule.label, rule.calls) for rule in figures.rules] == [("three-rings/1", 0)]


def test_a_month_without_a_call_was_observed_all_the_same(ledger_of: Callable[..., Repository]) -> None:
    figures = counted(ledger_of(SEEN), basis=ONE)
    nothing(figures)
    assert (figures.coverage, figures.unobserved_us, figures.gaps) == (1, 0, ())
    assert {day.coverage for day in figures.days} == {1}
    assert {day.day.day for day in figures.days if day.holiday} == {3, 5, 9}


def test_a_month_of_which_the_ledger_knows_nothing(ledger_of: Callable[..., Repository]) -> None:
    figures = counted(ledger_of(), basis=ONE)
    nothing(figures)
    assert figures.coverage == 0
    assert figures.unobserved_us == figures.whole_us == 31 * 24 * HOUR_US
    assert {day.coverage for day in figures.days} == {0}
    (gap,) = figures.gaps
    assert (gap.system, gap.cause) == ("pbx1", "before_monitor")
    assert (gap.started_at, gap.ended_at) == (MONTH.period.since, MONTH.period.until)


def test_a_month_within_one_gap(ledger_of: Callable[..., Repository]) -> None:
    down = Gap(
        system="pbx1",
        started_at=korean(20, "09:00:00", 9),
        ended_at=korean(3, "09:00:00", 11),
        cause=GapCause.MONITOR_DOWN,
    )
    figures = counted(ledger_of(SEEN, down), basis=ONE)
    nothing(figures)
    assert figures.coverage == 0
    (gap,) = figures.gaps
    assert (gap.started_at, gap.ended_at, gap.cause, gap.lasts) == (
        MONTH.period.since,
        MONTH.period.until,
        GapCause.MONITOR_DOWN,
        False,
    )


def test_a_month_in_whose_middle_the_monitor_began(ledger_of: Callable[..., Repository]) -> None:
    """Ten of 31 days had gone by when it was first heard of the system."""
    figures = counted(ledger_of(replace(SEEN, at=korean(11, "00:00:00"))), basis=ONE)
    assert figures.coverage == 21 / 31
    (gap,) = figures.gaps
    assert (gap.cause, gap.started_at, gap.ended_at) == ("before_monitor", MONTH.period.since, korean(11, "00:00:00"))
    assert [day.coverage for day in figures.days] == [0] * 10 + [1] * 21


def test_a_month_with_one_call(ledger_of: Callable[..., Repository]) -> None:
    """[2] of the worked month: two rings, 6.999999 s of waiting."""
    call = replace(october()[1], transfers=())
    figures = counted(ledger_of(SEEN, call), basis=ONE)
    month = figures.judged
    assert (month.offered, month.answered) == (1, 1)
    assert (month.compliance(Reading.WITHIN), month.compliance(Reading.BEFORE), month.answer_rate) == (1, 1, 1)
    waiting = figures.waiting
    assert (waiting.count, waiting.mean_us) == (1, 6_999_999)
    assert {waiting.p50_us, waiting.p90_us, waiting.p95_us} == {6_999_999}
    assert figures.survey[Reading.WITHIN].callers == 1
    assert figures.survey[Reading.WITHIN].score == 1
    assert [(row.rings, row.answered) for row in figures.ring_counts if row.answered] == [(2, 1)]
    assert (figures.worst_hours, figures.missed) == ((), ())


def test_a_month_with_one_call_nobody_heard(ledger_of: Callable[..., Repository]) -> None:
    """[20] of the worked month: it is in no share, and stands beside them."""
    figures = counted(ledger_of(SEEN, october()[19]), basis=ONE)
    assert figures.judged.offered == 1
    assert figures.judged.compliance(Reading.WITHIN) is None
    assert figures.judged.answer_rate == 0
    assert sum(figures.judged.excluded.values()) == 1
    assert dict(figures.survey) == {}
    assert [call.outcome for call in figures.missed] == [Outcome.ABANDONED_WAITING]


def test_a_month_that_still_runs(ledger_of: Callable[..., Repository]) -> None:
    """At noon of the 16th fifteen days and a half have gone by, and a gap has lasted for six hours."""
    noon = korean(16, "12:00:00")
    lasting = Gap(system="pbx1", started_at=noon - timedelta(hours=6), ended_at=None, cause=GapCause.NOT_CONNECTED)
    ledger = ledger_of(SEEN, lasting, october()[1])
    figures = figures_of(ledger.store, MONTH, ONE, now=noon)
    assert figures.judged.offered == 1
    assert (figures.whole_us, figures.unobserved_us) == (372 * HOUR_US, 6 * HOUR_US)
    assert figures.coverage == 366 / 372
    (gap,) = figures.gaps
    assert (gap.started_at, gap.ended_at, gap.lasts) == (noon - timedelta(hours=6), noon, True)
    coverage = {day.day.day: day.coverage for day in figures.days}
    assert coverage[15] == 1
    assert coverage[16] == 0.5  # of the twelve hours up to noon
    assert {coverage[day] for day in range(17, 32)} == {None}  # they lie ahead


def test_a_month_that_lies_ahead(ledger_of: Callable[..., Repository]) -> None:
    figures = figures_of(ledger_of(SEEN).store, MONTH, ONE, now=korean(30, "12:00:00", 9))
    nothing(figures)
    assert (figures.coverage, figures.whole_us, figures.unobserved_us, figures.gaps) == (None, 0, 0, ())


def test_an_hour_that_comes_twice(ledger_of: Callable[..., Repository]) -> None:
    """New York's 1 November has 25 hours: half past one comes at 05:30 UTC, and again at 06:30."""
    first, second = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    broken = october()[4]
    calls = [moved(broken, f"ny.{number}", at) for number, at in enumerate((first, second), 1)]
    gap = Gap(system="pbx1", started_at=second, ended_at=second + timedelta(hours=1), cause=GapCause.RESTARTED)
    basis = replace(ONE, work_time=WorkTime(zone=NEW_YORK))
    order = Order(period=Period.month("2026-11", NEW_YORK))
    figures = figures_of(ledger_of(SEEN, gap, *calls).store, order, basis, now=datetime(2026, 12, 2, tzinfo=UTC))

    assert figures.whole_us == (30 * 24 + 1) * HOUR_US
    assert figures.days[0].day == date(2026, 11, 1)
    assert figures.days[0].coverage == 24 / 25
    assert (figures.days[0].tally.offered, figures.whole.offered) == (2, 2)
    sunday = 6
    assert {when: tally.offered for when, tally in figures.half_hours.items() if tally.offered} == {(sunday, 3): 2}
    # Two hours of one name are two hours.
    assert [hour.started_at.astimezone(UTC) for hour in sorted(figures.worst_hours, key=at_utc)] == [
        first - timedelta(minutes=30),
        second - timedelta(minutes=30),
    ]
    assert [hour.tally.offered for hour in figures.worst_hours] == [1, 1]


def at_utc(hour: WorstHour) -> datetime:
    """Python compares instants of one zone by their clocks, and these two by nothing."""
    return hour.started_at.astimezone(UTC)


def test_an_hour_that_never_comes(ledger_of: Callable[..., Repository]) -> None:
    """New York's 8 March has 23 hours: a microsecond after 01:59:59.999999 it is three."""
    change = datetime(2026, 3, 8, 7, tzinfo=UTC)
    answered = october()[5]
    calls = [
        moved(answered, "ny.1", change - timedelta(microseconds=1)),
        moved(answered, "ny.2", change),
    ]
    basis = replace(ONE, work_time=WorkTime(zone=NEW_YORK))
    order = Order(period=Period.month("2026-03", NEW_YORK))
    seen = replace(SEEN, at=datetime(2026, 2, 1, tzinfo=UTC))
    figures = figures_of(ledger_of(seen, *calls).store, order, basis, now=datetime(2026, 12, 2, tzinfo=UTC))
    assert figures.whole_us == (31 * 24 - 1) * HOUR_US
    assert figures.coverage == 1
    # From 01:30 on, and from 03:00 on.
    assert {when for when, tally in figures.half_hours.items() if tally.offered} == {(6, 3), (6, 6)}
    assert figures.days[7].tally.offered == 2


@pytest.mark.parametrize(
    ("kept", "broken"), [(300, 100), (999, 1), (990, 10), (1, 150), (101, 0), (60, 41), (900_000, 100_000)]
)
def test_95_of_100_surveys_of_a_hundred_lie_between(kept: int, broken: int) -> None:
    """A hundred different calls are drawn: no narrower span leaves out fewer than it may at its own end."""
    found = formulas.survey(kept, broken, 100)
    assert found is not None
    score, low, high = found
    assert score == kept / (kept + broken)
    every = comb(kept + broken, 100)

    def chance(least: int, most: int) -> float:
        """That a hundred calls drawn of these hold so many kept ones."""
        ways = sum(comb(kept, n) * comb(broken, 100 - n) for n in range(max(least, 0), min(most, 100) + 1))
        return ways / every

    least, most = round(low * 100), round(high * 100)
    assert chance(0, least - 1) <= 0.025 < chance(0, least)
    assert chance(most + 1, 100) <= 0.025 < chance(most, 100)
    assert chance(least, most) >= 0.95


def test_a_survey_in_the_figures(ledger_of: Callable[..., Repository]) -> None:
    """Of 400 judged calls 300 were kept: 75 %."""
    kept, broken = october()[1], october()[4]
    calls = [
        moved(kept if number < 300 else broken, f"1.{number}", korean(1 + number % 28, "10:00:00"))
        for number in range(400)
    ]
    survey = counted(ledger_of(SEEN, *calls), basis=ONE).survey[Reading.WITHIN]
    assert (survey.callers, survey.score) == (100, 0.75)
    assert (survey.score, survey.low, survey.high) == formulas.survey(300, 100, 100)
    # The standard error of 100 out of 400 is sqrt(0.75 x 0.25 / 100 x 300 / 399) = 0.0375; twice that, to whole calls.
    assert (survey.low, survey.high) == (0.68, 0.82)


def test_a_month_before_that_was_brought_in_is_compared_with(ledger_of: Callable[..., Repository]) -> None:
    """[38] of the worked month, a month earlier: it was answered, and of its ringing nothing is known."""
    brought_in = moved(october()[37], "log.1", korean(10, "10:00:00", 9))
    figures = counted(ledger_of(SEEN, brought_in, october()[1]), basis=ONE)
    assert figures.before is not None
    assert (figures.before.offered, figures.before.answer_rate) == (1, 1)
    assert figures.before.compliance(Reading.WITHIN) is None


def test_a_half_and_the_half_before(ledger_of: Callable[..., Repository]) -> None:
    """Of the first half of 2027 there is nothing; the half before holds September's five, the forty and November's."""
    half = Order(period=Period.half("2027h1", SEOUL))
    found = figures_of(ledger_of(*facts()).store, half, BASIS, now=datetime(2027, 7, 5, tzinfo=SEOUL))
    assert found.whole.offered == 0
    assert {month: tally.offered for month, tally in found.months_before.items() if tally.offered} == {
        (2026, 9): 5,
        (2026, 10): 40,
        (2026, 11): 1,
    }
    assert found.before is not None
    assert found.before.offered == 46
    # Within: 3 + 19 + 0 kept, 1 + 7 + 1 broken.
    assert found.before.compliance(Reading.WITHIN) == 22 / 31
    assert found.year_before is None

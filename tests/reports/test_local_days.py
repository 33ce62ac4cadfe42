"""Days as the clocks on the wall show them: slots that no boundary cuts, and days on which clocks change."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from monitor.calls.facts import Outcome
from monitor.reports.counting import figures_of
from monitor.reports.local_days import local_days
from monitor.reports.order import Basis, Order
from monitor.reports.periods import Period
from monitor.worktime import Hours, Shift, WorkTime
from tests.ledger.records import a_call

if TYPE_CHECKING:
    from monitor.calls.facts import Call
    from monitor.ledger import Repository
    from monitor.reports.figures import Figures

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def work_time(zone: str, hours: str = "", lunch: str = "") -> WorkTime:
    return WorkTime(
        zone=ZoneInfo(zone),
        week=((Shift.read(hours),) if hours else (None,)) * 7,
        lunch=Shift.read(lunch) if lunch else None,
        country="",
    )


def period(zone: str, first: date, last: date | None = None) -> Period:
    return Period.days_between(first, last or first, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("hours", "lunch", "minutes"),
    [
        ("", "", 30),
        ("09:00-18:00", "12:00-13:00", 30),
        ("09:00-17:45", "", 15),  # 30 and 17 * 60 + 45 = 1065 = 71 * 15
        ("08:50-18:00", "", 10),  # 530 = 53 * 10
        ("09:00-18:00", "12:05-13:00", 5),  # 725 = 145 * 5
        ("09:01-18:00", "", 1),
    ],
)
def test_a_slot_is_as_long_as_working_time_lets_it_be(hours: str, lunch: str, minutes: int) -> None:
    (day,) = local_days(period("Asia/Seoul", date(2026, 10, 7)), work_time("Asia/Seoul", hours, lunch))
    assert day.slot_seconds == minutes * 60
    assert len(day.slots) == 24 * 60 // minutes


def test_stretches_are_the_hours_of_the_day() -> None:
    """Nine in Seoul is midnight in UTC."""
    (day,) = local_days(period("Asia/Seoul", date(2026, 10, 7)), work_time("Asia/Seoul", "09:00-18:00", "12:00-13:00"))

    def utc(day: int, hour: int) -> datetime:
        return datetime(2026, 10, day, hour, tzinfo=UTC)

    assert list(day.stretches()) == [
        (utc(6, 15), utc(7, 0), Hours.OUTSIDE),
        (utc(7, 0), utc(7, 3), Hours.WORKING),
        (utc(7, 3), utc(7, 4), Hours.LUNCH),
        (utc(7, 4), utc(7, 9), Hours.WORKING),
        (utc(7, 9), utc(7, 15), Hours.OUTSIDE),
    ]


@pytest.mark.parametrize(
    ("zone", "day", "hours", "missing", "twice"),
    [
        ("America/New_York", date(2026, 3, 8), 23, {4, 5}, set()),  # 02:00 became 03:00
        ("America/New_York", date(2026, 11, 1), 25, set(), {2, 3}),  # 02:00 became 01:00
        ("America/Santiago", date(2026, 9, 6), 23, {0, 1}, set()),  # midnight became 01:00
        ("America/Santiago", date(2026, 4, 4), 25, set(), {46, 47}),  # midnight became 23:00
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5, {4}, set()),  # 02:00 became 02:30
        ("Asia/Kathmandu", date(2026, 10, 7), 24, set(), set()),
    ],
)
def test_half_hours_are_those_of_the_clock_on_the_wall(
    zone: str, day: date, hours: float, missing: set[int], twice: set[int]
) -> None:
    (found,) = local_days(period(zone, day), work_time(zone))
    assert found.until - found.since == timedelta(hours=hours)
    seconds: Counter[int] = Counter()
    for slot in found.slots:
        seconds[slot.half_hour] += (slot.ended_at - slot.started_at) // timedelta(seconds=1)
    assert seconds == {half: 3600 if half in twice else 1800 for half in range(48) if half not in missing}


def test_days_follow_each_other_without_a_hole_in_a_year_of_any_zone() -> None:
    for zone in ("America/New_York", "America/Santiago", "Africa/Cairo", "Asia/Kathmandu", "Pacific/Apia"):
        days = local_days(period(zone, date(2026, 1, 1), date(2026, 12, 31)), work_time(zone))
        for before, behind in pairwise(days):
            assert before.until == behind.since
        assert all(day.slots[-1].ended_at == day.until for day in days)


def test_a_day_that_a_zone_skipped_holds_nothing() -> None:
    """Samoa went from 29 to 31 December 2011."""
    days = local_days(period("Pacific/Apia", date(2011, 12, 29), date(2011, 12, 31)), work_time("Pacific/Apia"))
    assert [len(day.slots) for day in days] == [48, 0, 48]


# -- in figures --------------------------------------------------------------------------------------------------------


def counted(repository: Repository, days: Period, hours: str, calls: list[datetime]) -> Figures:
    facts: list[Call] = [
        a_call(f"1.{number}", entered_at=at, outcome=Outcome.NO_ANSWER, transfers=()) for number, at in enumerate(calls)
    ]
    repository.record_all(facts)
    basis = Basis(
        rules=(),
        lines=(),
        systems=("pbx1",),
        work_time=work_time(days.zone.key, hours),
        judged_on="all",
        within_us=0,
        short_us=0,
    )
    return figures_of(repository.store, Order(period=days), basis, now=NOW)


def test_an_hour_that_comes_twice_in_new_york(repository: Repository) -> None:
    """1 November 2026: 01:30 EDT is 05:30 UTC, 01:30 EST 06:30 UTC; the day ends at 05:00 UTC of the 2nd."""
    calls = [
        datetime(2026, 11, 1, 3, 59, tzinfo=UTC),  # 23:59 of 31 October
        datetime(2026, 11, 1, 4, 0, tzinfo=UTC),  # 00:00
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),  # 01:30 the first time
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),  # and the second
        datetime(2026, 11, 1, 6, 45, tzinfo=UTC),
        datetime(2026, 11, 2, 4, 59, tzinfo=UTC),  # 23:59 EST
        datetime(2026, 11, 2, 5, 0, tzinfo=UTC),  # the next day
    ]
    found = counted(repository, period("America/New_York", date(2026, 10, 31), date(2026, 11, 1)), "01:30-02:00", calls)
    assert [(day.day.day, day.tally.offered) for day in found.days] == [(31, 1), (1, 5)]
    assert {half: tally.offered for half, tally in found.half_hours.items()} == {
        (5, 47): 1,  # Saturday 23:30
        (6, 0): 1,
        (6, 3): 3,  # Sunday 01:30, of both
        (6, 47): 1,
    }
    # Half past one to two is working time, and comes twice.
    assert {hours: tally.offered for hours, tally in found.by_hours.items()} == {
        Hours.WORKING: 3, Hours.LUNCH: 0, Hours.OUTSIDE: 3,
    }  # fmt: skip
    assert {month: tally.offered for month, tally in found.months.items()} == {(2026, 10): 1, (2026, 11): 5}
    # The two hours from one to two are hours of their own; the second one lost two calls.
    hours = [(hour.started_at, hour.tally.offered) for hour in found.worst_hours]
    assert hours[0] == (datetime(2026, 11, 1, 6, tzinfo=UTC), 2)
    assert (datetime(2026, 11, 1, 5, tzinfo=UTC), 1) in hours
    # 24 h and 25 h.
    assert found.whole_us == 49 * 3600 * 1_000_000


def test_an_hour_that_never_comes_in_new_york(repository: Repository) -> None:
    """8 March 2026: 01:59:59.999999 EST is 06:59:59.999999 UTC, and a moment later it is 03:00."""
    calls = [datetime(2026, 3, 8, 6, 59, 59, 999_999, tzinfo=UTC), datetime(2026, 3, 8, 7, tzinfo=UTC)]
    found = counted(repository, period("America/New_York", date(2026, 3, 8), date(2026, 3, 8)), "03:00-04:00", calls)
    assert {half: tally.offered for half, tally in found.half_hours.items()} == {(6, 3): 1, (6, 6): 1}
    assert found.by_hours[Hours.WORKING].offered == 1
    assert found.whole_us == 23 * 3600 * 1_000_000


def test_half_hours_of_a_zone_that_is_three_quarters_off(repository: Repository) -> None:
    """Kathmandu's midnight is 18:15 UTC; 09:00 there is 03:15 UTC."""
    calls = [
        datetime(2026, 10, 6, 18, 14, 59, tzinfo=UTC),
        datetime(2026, 10, 6, 18, 15, tzinfo=UTC),
        datetime(2026, 10, 7, 3, 14, 59, tzinfo=UTC),
        datetime(2026, 10, 7, 3, 15, tzinfo=UTC),
    ]
    found = counted(repository, period("Asia/Kathmandu", date(2026, 10, 7), date(2026, 10, 7)), "09:00-18:00", calls)
    # A Wednesday: 00:00, 08:30 to 09:00, and 09:00.
    assert {half: tally.offered for half, tally in found.half_hours.items()} == {(2, 0): 1, (2, 17): 1, (2, 18): 1}
    assert found.by_hours[Hours.WORKING].offered == 1

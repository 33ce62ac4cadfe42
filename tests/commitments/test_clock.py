"""Deadlines, worked out by hand on a calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.commitments.clock import due_at, due_soon_until, is_working_day
from monitor.commitments.register import CHARTER, Commitment, Counting, Every
from monitor.worktime import WorkTime

from .office import SEOUL, WEEK, WORK, at

ALWAYS = WorkTime(zone=SEOUL)


def days(number: int, counting: Counting = Counting.WORKING) -> Commitment:
    return Commitment(key="k", ko="약속", en="Promise", days=number, counting=counting)


@pytest.mark.parametrize(
    ("number", "received", "last"),
    [
        # Mon 21, 22, 23 September; 24 and 25 are 추석, 26 and 27 a weekend; 28, 29, 30, and 1 October is the seventh.
        (7, "2026-09-21 10:00", "2026-10-01"),
        # Wed 23; 28 29 30 (4); 1 2 October (6); 3 to 5 개천절, Sunday, its substitute; 6 7 8 (9); 9 한글날; 12.
        (10, "2026-09-23 23:59", "2026-10-12"),
        # On the Saturday of 추석: 28 29 30 (3), 1 2 (5), 6 7 8 (8), 12 to 16 (13), Mon 19.
        (14, "2026-09-26 09:00", "2026-10-19"),
        # Friday evening before 설날, 6 to 8 February 2027, Sunday the 7th made up on the 9th: 5, 10 11 12, 15 16 17.
        (7, "2027-02-05 18:30", "2027-02-17"),
        # Over the end of the year: 29 30 31 December, 1 January is a holiday, 2 and 3 a weekend, 4 5 6 7.
        (7, "2026-12-29 10:00", "2027-01-07"),
        # One day: the day itself.
        (1, "2026-11-26 23:59:59", "2026-11-26"),
        # On a Sunday, one day: the Monday behind it.
        (1, "2026-11-29 12:00", "2026-11-30"),
        # The first instant of a day is of that day, the last one before it of the Friday.
        (1, "2026-11-30 00:00", "2026-11-30"),
    ],
)
def test_working_days(number: int, received: str, last: str) -> None:
    behind = at(last) + timedelta(days=1)
    assert due_at(days(number), at(received), WORK) == behind
    # A centre that never closes answers calls at night; its offices have the same days.
    assert due_at(days(number), at(received), ALWAYS) == behind


@pytest.mark.parametrize(
    ("number", "received", "last"),
    [
        # The 15th is the first; the 24th, the tenth, and the 25th are 추석, then a weekend: Monday the 28th.
        (10, "2026-09-14 09:00", "2026-09-28"),
        # 27 November is the first, 3 December the seventh.
        (7, "2026-11-26 15:00", "2026-12-03"),
        # The seventh is a Saturday, then Sunday: Monday.
        (7, "2026-11-28 15:00", "2026-12-07"),
        # 31 December is the first, 1 January the second, a holiday, then a weekend: the 4th.
        (2, "2026-12-30 15:00", "2027-01-04"),
    ],
)
def test_calendar_days(number: int, received: str, last: str) -> None:
    assert due_at(days(number, Counting.CALENDAR), at(received), WORK) == at(last) + timedelta(days=1)


def test_closed_and_opened_days_count_as_the_office_says() -> None:
    closed = replace(WORK, closed=frozenset({date(2026, 12, 31)}))
    # 29 30 December, 4 5 6 7 8 January.
    assert due_at(days(7), at("2026-12-29 10:00"), closed) == at("2027-01-09")
    opened = replace(WORK, opened=frozenset({date(2027, 1, 1)}))
    # 29 30 31 December, 1 January, 4 5 6.
    assert due_at(days(7), at("2026-12-29 10:00"), opened) == at("2027-01-07")
    assert due_at(days(7), at("2026-12-29 10:00"), replace(ALWAYS, closed=closed.closed)) == at("2027-01-09")


@pytest.mark.parametrize(
    ("received", "due"),
    [
        # Friday 30 October in daylight time; 2 to 6 and 9 November; midnight behind it is 05:00 UTC in winter.
        ("2026-10-30 12:00", datetime(2026, 11, 10, 5, tzinfo=UTC)),
        # Thursday 5 March in winter; 6, 9 to 13; midnight behind the 13th is 04:00 UTC in daylight time.
        ("2026-03-05 12:00", datetime(2026, 3, 14, 4, tzinfo=UTC)),
    ],
)
def test_days_are_those_on_the_wall_where_clocks_change(received: str, due: datetime) -> None:
    new_york = ZoneInfo("America/New_York")
    work = WorkTime(zone=new_york, week=WEEK, country="")
    assert due_at(days(7), datetime.fromisoformat(received).replace(tzinfo=new_york), work) == due


def test_a_day_begins_where_the_centre_is() -> None:
    # Sunday 20 September 15:30 UTC is Monday 00:30 in Seoul: as the first row above.
    assert due_at(days(7), datetime(2026, 9, 20, 15, 30, tzinfo=UTC), WORK) == at("2026-10-02")


def test_what_is_due_once_and_again_is_due_at_the_end_of_its_year_or_half() -> None:
    yearly = Commitment(key="y", ko="", en="", every=Every.YEAR)
    halves = Commitment(key="h", ko="", en="", every=Every.HALF)
    assert due_at(yearly, at("2026-03-01"), WORK) == at("2027-01-01")
    assert due_at(halves, at("2026-06-30 23:59:59"), WORK) == at("2026-07-01")
    # 16:00 UTC on 30 June is July in Seoul.
    assert due_at(halves, datetime(2026, 6, 30, 16, tzinfo=UTC), WORK) == at("2027-01-01")


def test_no_time_is_promised_no_deadline() -> None:
    accuracy = next(one for one in CHARTER if one.key == "accuracy")
    assert due_at(accuracy, at("2026-11-26 10:00"), WORK) is None


@pytest.mark.parametrize(
    ("now", "before", "until"),
    [
        # Thursday: its last day is today, Friday or Monday.
        ("2026-11-26 15:00", 2, "2026-12-01"),
        ("2026-11-26 15:00", 0, "2026-11-27"),
        # Saturday: Monday and Tuesday.
        ("2026-11-28 15:00", 2, "2026-12-02"),
        # Before 추석: 23, then 28 and 29.
        ("2026-09-23 09:00", 2, "2026-09-30"),
    ],
)
def test_due_soon(now: str, before: int, until: str) -> None:
    assert due_soon_until(days(7), at(now), before, WORK) == at(until)


def test_due_soon_by_the_calendar() -> None:
    assert due_soon_until(days(7, Counting.CALENDAR), at("2026-11-26 15:00"), 2, WORK) == at("2026-11-29")


INSTANTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 10, 1), timezones=st.just(SEOUL))  # noqa: DTZ001 - bounds are naive


@given(INSTANTS, st.timedeltas(timedelta(), timedelta(days=20)), st.integers(1, 30), st.sampled_from(Counting))
def test_later_in_is_never_earlier_due(received: datetime, later: timedelta, number: int, counting: Counting) -> None:
    first = due_at(days(number, counting), received, WORK)
    second = due_at(days(number, counting), received + later, WORK)
    assert first is not None
    assert second is not None
    assert received < first <= second


@given(INSTANTS, st.integers(1, 30))
def test_so_many_working_days_lie_between(received: datetime, number: int) -> None:
    due = due_at(days(number), received, WORK)
    assert due is not None
    first, last = received.date(), due.astimezone(SEOUL).date() - timedelta(days=1)
    between = [first + timedelta(days=on) for on in range((last - first).days + 1)]
    working = [day for day in between if day.weekday() < 5 and not WORK.holiday(day, "ko")]
    assert len(working) == number
    assert working[-1] == last
    assert is_working_day(last, WORK)

"""Working time: the hours of each day, Korea's holidays by its law, closed and opened days, summer time elsewhere."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.worktime import Hours, Shift, WorkTime

SEOUL = ZoneInfo("Asia/Seoul")
OFFICE = Shift.read("09:00-18:00")
WEEK = (OFFICE,) * 5 + (None, None)
CENTRE = WorkTime(zone=SEOUL, week=WEEK, lunch=Shift.read("12:00-13:00"))

HOLIDAYS = {
    # Source: 관공서의 공휴일에 관한 규정 (public holidays of government offices), articles 2 (which days) and 3 (one
    # that falls on a Sunday or another holiday, or, but for 설날 and 추석, on a Saturday, is made up on the next day
    # that is none; not so 1 January and 6 June), and the government's yearly calendar (월력요항) for the moon's days.
    2024: (
        "01-01 신정; 02-09 02-10 02-11 설날, the 11th a Sunday: 02-12; 03-01; 04-10 국회의원 선거; "
        "05-05 a Sunday: 05-06; 05-15 부처님오신날; 06-06; 08-15; 09-16 09-17 09-18 추석; 10-01 임시공휴일; "
        "10-03; 10-09; 12-25"
    ),
    2025: (
        "01-01; 01-27 임시공휴일; 01-28 01-29 01-30 설날; 03-01 a Saturday: 03-03; "
        "05-05 어린이날 and 부처님오신날: 05-06; 06-03 대통령 선거; 06-06; 08-15; 10-03; "
        "10-05 10-06 10-07 추석, the 5th a Sunday: 10-08; 10-09; 12-25"
    ),
    2026: (
        "01-01; 02-16 02-17 02-18 설날; 03-01 a Sunday: 03-02; 05-01 노동절; 05-05; "
        "05-24 부처님오신날, a Sunday: 05-25; 06-03 지방선거; 06-06 a Saturday, not made up; 07-17 제헌절; "
        "08-15 a Saturday: 08-17; 09-24 09-25 09-26 추석, the 26th a Saturday, not made up; "
        "10-03 a Saturday: 10-05; 10-09; 12-25"
    ),
    2027: (
        "01-01; 02-06 02-07 02-08 설날, the 7th a Sunday: 02-09; 03-01; 05-01 a Saturday: 05-03; 05-05; "
        "05-13 부처님오신날; 06-06 a Sunday, not made up; 07-17 a Saturday: 07-19; 08-15 a Sunday: 08-16; "
        "09-14 09-15 09-16 추석; 10-03 a Sunday: 10-04; 10-09 a Saturday: 10-11; 12-25 a Saturday: 12-27"
    ),
}


def days_of(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=number) for number in range(366 if year % 4 == 0 else 365)]


@pytest.mark.parametrize("year", HOLIDAYS)
def test_holidays_are_those_of_korean_law(year: int) -> None:
    words = HOLIDAYS[year].replace(";", " ").replace(":", " ").replace(",", " ").split()
    expected = {date.fromisoformat(f"{year}-{word}") for word in words if word[:2].isdigit() and word[2:3] == "-"}
    # Every day is none or all of it: a day off is one in both languages, and the other way round.
    assert {day for day in days_of(year) if CENTRE.holiday(day, "ko")} == expected
    assert {day for day in days_of(year) if CENTRE.holiday(day, "en")} == expected
    assert all(CENTRE.shift_on(day) is None for day in expected)


def test_a_holiday_has_its_name_in_both_languages() -> None:
    assert CENTRE.holiday(date(2026, 10, 9), "ko") == "한글날"
    assert CENTRE.holiday(date(2026, 10, 9), "en") == "Hangul Day"
    assert "대체" in CENTRE.holiday(date(2026, 10, 5), "ko")
    assert CENTRE.holiday(date(2026, 10, 6), "ko") == ""


def test_a_country_whose_names_are_in_neither_language_has_its_holidays_too() -> None:
    french = WorkTime(zone=ZoneInfo("Europe/Paris"), week=WEEK, country="FR")
    assert french.day_off(date(2026, 7, 14))
    assert french.holiday(date(2026, 7, 14), "ko")
    assert not WorkTime(zone=SEOUL, week=WEEK, country="").day_off(date(2026, 10, 9))


def seoul(day: int, hour: int, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    """In October 2026, of which the 1st is a Thursday."""
    return datetime(2026, 10, day, hour, minute, second, microsecond, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        (seoul(1, 8, 59, 59, 999_999), Hours.OUTSIDE),
        (seoul(1, 9), Hours.WORKING),
        (seoul(1, 11, 59, 59, 999_999), Hours.WORKING),
        (seoul(1, 12), Hours.LUNCH),
        (seoul(1, 12, 59, 59, 999_999), Hours.LUNCH),
        (seoul(1, 13), Hours.WORKING),
        (seoul(1, 17, 59, 59, 999_999), Hours.WORKING),
        (seoul(1, 18), Hours.OUTSIDE),
        (seoul(3, 12, 30), Hours.OUTSIDE),  # a Saturday has no lunch shift either
        (seoul(5, 10), Hours.OUTSIDE),  # 개천절 made up
        (datetime(2026, 10, 1, 0, 0, tzinfo=ZoneInfo("UTC")), Hours.WORKING),  # 09:00 in Seoul
        (datetime(2026, 10, 4, 23, 59, tzinfo=ZoneInfo("UTC")), Hours.OUTSIDE),
    ],
)
def test_hours_are_half_open(at: datetime, hours: Hours) -> None:
    assert CENTRE.hours_at(at) is hours


def test_lunch_counts_where_it_is_said_to() -> None:
    assert [CENTRE.counts(hours) for hours in Hours] == [True, True, False]
    strict = WorkTime(zone=SEOUL, week=WEEK, lunch=CENTRE.lunch, lunch_counts=False)
    assert [strict.counts(hours) for hours in Hours] == [True, False, False]


def test_closed_days_are_off_and_opened_ones_are_not() -> None:
    centre = WorkTime(
        zone=SEOUL,
        week=WEEK,
        closed=frozenset({date(2026, 12, 31), date(2026, 12, 30)}),
        opened=frozenset({date(2026, 5, 1), date(2026, 12, 30)}),
    )
    off = [date(2026, 12, 31), date(2026, 10, 9)]
    on = [date(2026, 5, 1), date(2026, 12, 30), date(2026, 12, 29)]
    assert [centre.shift_on(day) for day in off] == [None, None]
    assert [centre.shift_on(day) for day in on] == [OFFICE] * 3


def test_a_day_may_last_until_midnight() -> None:
    centre = WorkTime(zone=SEOUL, week=(Shift.read("00:00-24:00"),) * 7, country="")
    assert centre.hours_at(seoul(1, 23, 59, 59, 999_999)) is Hours.WORKING
    assert centre.hours_at(seoul(2, 0)) is Hours.WORKING


@pytest.mark.parametrize("text", ["", "09:00", "9:00-18:00", "09:00-25:00", "09:00:30-10:00", "24:00-24:00", "a-b"])
def test_what_is_no_shift_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="09:00-18:00"):
        Shift.read(text)


def test_a_centre_without_a_week_never_closes() -> None:
    always = WorkTime(zone=SEOUL, lunch=Shift.read("12:00-13:00"), closed=frozenset({date(2026, 10, 2)}))
    for at in (seoul(1, 3), seoul(1, 12, 30), seoul(2, 12), seoul(9, 12)):
        assert always.hours_at(at) is Hours.WORKING
    assert always.shift_on(date(2026, 10, 9)) == Shift(begin=0, end=1440)
    assert always.first_working_day(2026, 1) == date(2026, 1, 1)
    # The calendar still knows the holiday; nobody has it off.
    assert always.holiday(date(2026, 10, 9), "ko") == "한글날"


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ((2026, 1), 2),  # the 1st is a holiday, a Thursday
        ((2026, 2), 2),  # the 1st is a Sunday
        ((2026, 3), 3),  # Sunday and 삼일절, and Monday makes up for it
        ((2026, 5), 4),  # Friday 노동절, a weekend
        ((2026, 8), 3),  # a weekend
        ((2026, 12), 1),
        ((2027, 1), 4),  # Friday 1 January, a weekend
    ],
)
def test_the_first_working_day_of_a_month(month: tuple[int, int], day: int) -> None:
    assert CENTRE.first_working_day(*month) == date(*month, day)


def test_a_month_that_is_closed_begins_on_its_first() -> None:
    august = frozenset(date(2026, 8, day) for day in range(1, 32))
    assert WorkTime(zone=SEOUL, week=WEEK, closed=august).first_working_day(2026, 8) == date(2026, 8, 1)


def test_hours_are_local_also_where_a_day_has_23_or_25_hours() -> None:
    berlin = WorkTime(zone=ZoneInfo("Europe/Berlin"), week=(Shift.read("02:30-10:00"),) * 7, country="")
    utc = ZoneInfo("UTC")
    # 29 March 2026: 02:00 to 03:00 does not exist; 01:00 UTC is 03:00, and the shift has begun.
    assert berlin.hours_at(datetime(2026, 3, 29, 0, 59, tzinfo=utc)) is Hours.OUTSIDE
    assert berlin.hours_at(datetime(2026, 3, 29, 1, 0, tzinfo=utc)) is Hours.WORKING
    # 25 October 2026: 02:30 comes twice, at 00:30 and 01:30 UTC, and 02:10 in between is outside once more.
    told = [
        berlin.hours_at(datetime(2026, 10, 25, hour, minute, tzinfo=utc))
        for hour, minute in ((0, 30), (1, 10), (1, 30))
    ]
    assert told == [Hours.WORKING, Hours.OUTSIDE, Hours.WORKING]


def test_it_goes_to_another_process_as_what_was_set() -> None:
    fresh = WorkTime(zone=SEOUL, week=WEEK, lunch=CENTRE.lunch)
    assert CENTRE.day_off(date(2026, 10, 9))
    assert pickle.dumps(CENTRE) == pickle.dumps(fresh)
    assert pickle.loads(pickle.dumps(CENTRE)) == fresh  # noqa: S301 - written a moment ago
    assert hash(CENTRE) == hash(fresh)


def test_a_report_asks_fifty_thousand_times_and_need_not_wait() -> None:
    slots = [seoul(1, 0) + timedelta(minutes=15 * number) for number in range(50_000)]
    began = time.process_time()
    told = [CENTRE.hours_at(at) for at in slots]
    # 0.15 s where this was written, and as much to load the calendar.
    assert time.process_time() - began < 1.5
    assert set(told) == set(Hours)


def test_the_calendar_is_loaded_when_it_is_asked_for() -> None:
    """It takes a tenth of a second, which `callmonitor --help` need not."""
    code = "import sys, monitor.config, monitor.cli; monitor.config.load(environ={}); print('holidays' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

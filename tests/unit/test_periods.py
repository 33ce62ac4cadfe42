"""Periods: months, halves and days that tile the time, also where clocks change at midnight."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.errors import ReportError
from monitor.reports.periods import Period, Span, midnight

SEOUL = ZoneInfo("Asia/Seoul")


def month(text: str) -> Period:
    return Period.month(text, SEOUL)


def days(first: str, last: str) -> Period:
    return Period.days_between(date.fromisoformat(first), date.fromisoformat(last), SEOUL)


@pytest.mark.parametrize(
    ("period", "name", "first", "last", "count"),
    [
        (month("2026-10"), "2026-10", "2026-10-01", "2026-10-31", 31),
        (month("2026-12"), "2026-12", "2026-12-01", "2026-12-31", 31),
        (month("2027-02"), "2027-02", "2027-02-01", "2027-02-28", 28),
        (month("2028-02"), "2028-02", "2028-02-01", "2028-02-29", 29),
        (month("2000-02"), "2000-02", "2000-02-01", "2000-02-29", 29),
        (Period.half("2026H1", SEOUL), "2026H1", "2026-01-01", "2026-06-30", 181),
        (Period.half("2028h1", SEOUL), "2028H1", "2028-01-01", "2028-06-30", 182),
        (Period.half("2026H2", SEOUL), "2026H2", "2026-07-01", "2026-12-31", 184),
        (days("2026-10-03", "2026-10-03"), "2026-10-03_2026-10-03", "2026-10-03", "2026-10-03", 1),
        (days("2026-01-01", "2027-12-31"), "2026-01-01_2027-12-31", "2026-01-01", "2027-12-31", 730),
    ],
    ids=lambda value: value.name if isinstance(value, Period) else None,
)
def test_a_period_is_whole_days(period: Period, name: str, first: str, last: str, count: int) -> None:
    assert (period.name, str(period.first), str(period.last)) == (name, first, last)
    found = list(period.days())
    assert (found[0], found[-1], len(found)) == (period.first, period.last, count)
    # Korea has no summer time: a day has 24 hours.
    assert period.until - period.since == timedelta(days=count)


def test_instants_are_local() -> None:
    october = month("2026-10")
    assert october.since == datetime(2026, 9, 30, 15, tzinfo=UTC)
    assert october.until == datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert october.since.isoformat() == "2026-10-01T00:00:00+09:00"


@pytest.mark.parametrize(
    ("period", "before", "year_before"),
    [
        (month("2026-10"), "2026-09", "2025-10"),
        (month("2026-01"), "2025-12", "2025-01"),
        (Period.half("2026H1", SEOUL), "2025H2", "2025H1"),
        (Period.half("2026H2", SEOUL), "2026H1", "2025H2"),
        (days("2026-10-11", "2026-10-20"), "2026-10-01_2026-10-10", "2025-10-11_2025-10-20"),
        (days("2028-03-01", "2028-03-01"), "2028-02-29_2028-02-29", "2027-03-01_2027-03-01"),
        # 29 February has no date a year before; a period of it alone is compared with the 28th.
        (days("2028-02-29", "2028-02-29"), "2028-02-28_2028-02-28", "2027-02-28_2027-02-28"),
        (days("2028-02-01", "2028-02-29"), "2028-01-03_2028-01-31", "2027-02-01_2027-02-28"),
    ],
    ids=lambda value: value.name if isinstance(value, Period) else None,
)
def test_what_a_period_is_compared_with(period: Period, before: str, year_before: str) -> None:
    assert (period.before().name, period.year_before().name) == (before, year_before)
    assert period.before().until == period.since
    assert period.before().span is period.year_before().span is period.span


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "26-10", "1999-12", "2100-01", "2026-10 ", "", "\uff12026-10"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ReportError) as caught:
        month(text)
    assert str(caught.value) == f"{text!r} is no month: write it as in 2026-10."


@pytest.mark.parametrize("text", ["2026H3", "2026H0", "2026-H1", "H1", "1999H2", "2100H1", "2026"])
def test_what_is_no_half_is_refused(text: str) -> None:
    with pytest.raises(ReportError) as caught:
        Period.half(text, SEOUL)
    assert str(caught.value) == f"{text!r} is no half of a year: write it as in 2026H1."


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-10-02", "2026-10-01", "ends (2026-10-01) before it begins (2026-10-02): exchange"),
        ("2024-01-01", "2026-01-03", "at most two years"),  # 733 days; 732 are allowed
        ("1999-12-31", "2000-01-01", "at most two years"),
        ("2099-12-31", "2100-01-01", "at most two years"),
    ],
)
def test_days_that_make_no_period_are_refused(first: str, last: str, said: str) -> None:
    with pytest.raises(ReportError) as caught:
        days(first, last)
    assert said in str(caught.value)
    assert days("2024-01-01", "2026-01-01").span is Span.DAYS


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        # Source: the IANA time zone database. Where clocks skip from 00:00 to 01:00, the day begins at 01:00.
        ("America/Santiago", "2024-09-08", "2024-09-08T01:00:00-03:00", 23),
        ("America/Santiago", "2024-04-06", "2024-04-06T00:00:00-03:00", 25),  # 24:00 is 23:00 once more
        ("Africa/Cairo", "2024-04-26", "2024-04-26T01:00:00+03:00", 23),
        ("Africa/Cairo", "2024-10-31", "2024-10-31T00:00:00+03:00", 25),
        ("Asia/Beirut", "2024-03-31", "2024-03-31T01:00:00+03:00", 23),
        ("America/Havana", "2024-03-10", "2024-03-10T01:00:00-04:00", 23),
        ("America/Havana", "2024-11-03", "2024-11-03T00:00:00-04:00", 25),  # 00:00 comes twice: the first
        ("Europe/Berlin", "2026-03-29", "2026-03-29T00:00:00+01:00", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-25T00:00:00+02:00", 25),
        ("Australia/Lord_Howe", "2024-04-07", "2024-04-07T00:00:00+11:00", 24.5),
        ("Asia/Pyongyang", "2018-05-04", "2018-05-04T00:00:00+08:30", 23.5),
        # Samoa went over the date line: it had no 30 December 2011.
        ("Pacific/Apia", "2011-12-29", "2011-12-29T00:00:00-10:00", 24),
        ("Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00", 0),
    ],
)
def test_a_day_begins_with_its_first_instant(zone: str, day: str, begins: str, hours: float) -> None:
    local = ZoneInfo(zone)
    period = Period.days_between(date.fromisoformat(day), date.fromisoformat(day), local)
    assert period.since.isoformat() == begins
    assert (period.until.astimezone(UTC) - period.since.astimezone(UTC)) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "zone",
    [
        "America/Santiago",
        "Africa/Cairo",
        "America/Havana",
        "Asia/Gaza",
        "America/Nuuk",
        "Antarctica/Troll",
        "Asia/Tehran",
    ],
)
def test_days_tile_the_years(zone: str) -> None:
    """Each instant belongs to the day that the clocks there show: none is left out, none counted twice."""
    local = ZoneInfo(zone)
    day = date(2022, 1, 1)
    begins = midnight(day, local)
    while day < date(2026, 1, 1):
        behind = midnight(day + timedelta(days=1), local)
        last = (behind.astimezone(UTC) - timedelta(microseconds=1)).astimezone(local)
        assert begins.astimezone(UTC) < behind.astimezone(UTC)
        assert (begins.date(), last.date()) == (day, day)
        # Its instants are those whose local time exists: going to UTC and back changes nothing.
        assert begins.astimezone(UTC).astimezone(local).isoformat() == begins.isoformat()
        day, begins = day + timedelta(days=1), behind

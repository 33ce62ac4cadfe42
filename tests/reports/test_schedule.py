"""The schedule: a year gone through on a clock turned by hand, and what comes between."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from monitor import report_schedule
from monitor.errors import StoreError
from monitor.ledger.beginning import first_call_at
from monitor.reports.order import FileFormat, Order
from monitor.reports.periods import Period, Span
from monitor.worktime import WorkTime
from tests.ledger.records import NINE, a_call, after

from .scheduled import SEOUL, Turned, seoul

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.ledger.repository import Repository

HALF_HOUR = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)


def keep(turned: Turned, name: str, made_by: str = "schedule") -> None:
    """Have a report of a month or half kept already."""
    half = "H" in name
    period = Period.half(name, SEOUL) if half else Period.month(name, SEOUL)
    order = Order(period=period, publishable=half, made_by=made_by)
    turned.kept.keep(order, seoul("2026-01-01 00:00"), lambda folder: (folder / "report.pdf").write_bytes(b"%PDF"))


def test_a_year_of_first_working_days(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-01-01 00:00"), first_call_at=seoul("2025-11-20 10:00"))
    asyncio.run(turned.look_until(seoul("2027-01-31 23:30"), HALF_HOUR))
    assert turned.told() == [
        # Due on 1 December 2025, a Monday, when this monitor was not there yet; the ledger begins in November.
        ("2026-01-01 00:00", "2025-11"),
        ("2026-01-02 07:00", "2025-12"),  # Friday; the day before is New Year
        ("2026-01-02 07:00", "2025H2"),
        ("2026-02-02 07:00", "2026-01"),  # Monday behind a Sunday
        ("2026-03-03 07:00", "2026-02"),  # Tuesday: 삼일절 was a Sunday and is made up on Monday
        ("2026-04-01 07:00", "2026-03"),
        ("2026-05-04 07:00", "2026-04"),  # Monday: 노동절 was a Friday
        ("2026-06-01 07:00", "2026-05"),
        ("2026-07-01 07:00", "2026-06"),
        ("2026-07-01 07:00", "2026H1"),
        ("2026-08-03 07:00", "2026-07"),  # Monday behind a weekend
        ("2026-09-01 07:00", "2026-08"),
        ("2026-10-01 07:00", "2026-09"),
        ("2026-11-02 07:00", "2026-10"),  # Monday behind a Sunday
        ("2026-12-01 07:00", "2026-11"),
        ("2027-01-04 07:00", "2026-12"),  # Monday: New Year was a Friday
        ("2027-01-04 07:00", "2026H2"),
    ]
    assert turned.schedule.made == {Span.MONTH: 14, Span.HALF: 3}
    assert turned.schedule.overdue == {"report": 0, "mail": 0}
    # The ledger is asked when something falls due, and not at each look.
    assert len(turned.asked) == 14


def test_what_is_ordered(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-07-01 07:00"))
    asyncio.run(turned.schedule.look())
    month, half = (order for _, order in turned.bench.ordered)
    assert month == Order(
        period=Period.month("2026-06", SEOUL),
        languages=("ko", "en"),
        formats=(FileFormat.PDF, FileFormat.XLSX),
        made_by="schedule",
    )
    assert half == Order(
        period=Period.half("2026H1", SEOUL),
        languages=("ko", "en"),
        formats=(FileFormat.HTML, FileFormat.PDF),
        agents=False,
        publishable=True,
        made_by="schedule",
    )


def test_no_agents_are_in_it_where_the_settings_leave_them_out(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-06-01 07:00"), agents=False)
    asyncio.run(turned.schedule.look())
    assert [order.agents for _, order in turned.bench.ordered] == [False]


def test_missed_runs_are_made_up_in_their_order(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-10-14 03:12"))
    for name in ("2026-05", "2026-06", "2026H1"):
        keep(turned, name)
    asyncio.run(turned.schedule.look())
    assert turned.made == ["2026-07", "2026-08", "2026-09"]
    asyncio.run(turned.look_until(seoul("2026-10-20 00:00"), HALF_HOUR))
    assert turned.made == ["2026-07", "2026-08", "2026-09"]


def test_before_seven_the_month_is_not_due_yet(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-10-01 06:59"))
    keep(turned, "2026-08")
    keep(turned, "2026H1")
    asyncio.run(turned.schedule.look())
    assert turned.made == []
    turned.now += MINUTE
    asyncio.run(turned.schedule.look())
    assert turned.made == ["2026-09"]


def test_a_monitor_that_comes_to_an_old_ledger_makes_the_last_ones_alone(tmp_path: Path) -> None:
    """The others are there to be asked for; nobody wants a year of mail in one night."""
    turned = Turned(tmp_path, seoul("2026-10-14 12:00"), first_call_at=seoul("2019-03-01 09:00"))
    asyncio.run(turned.schedule.look())
    assert turned.made == ["2026-09", "2026H1"]


def test_a_monitor_that_was_down_for_years_makes_up_one(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-10-14 12:00"), first_call_at=seoul("2019-03-01 09:00"))
    keep(turned, "2023-04")
    keep(turned, "2025H2")
    asyncio.run(turned.schedule.look())
    assert turned.made == [
        *(f"2025-{month}" for month in (10, 11, 12)),
        *(f"2026-0{n}" for n in range(1, 10)),
        "2026H1",
    ]


def test_a_first_install_makes_none_until_its_first_month_has_ended(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-10-14 12:00"), first_call_at=None)
    asyncio.run(turned.schedule.look())
    turned.first_call_at = seoul("2026-10-14 12:30")
    asyncio.run(turned.look_until(seoul("2026-11-03 00:00"), HALF_HOUR))
    assert turned.told() == [("2026-11-02 07:00", "2026-10")]
    # And none of the half before: that of its own is due when it has ended.
    asyncio.run(turned.look_until(seoul("2027-01-05 00:00"), HALF_HOUR))
    assert turned.made == ["2026-10", "2026-11", "2026-12", "2026H2"]


def test_what_somebody_else_asked_for_is_not_what_the_schedule_makes(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-10-01 07:00"))
    keep(turned, "2026-09", made_by="kim")
    keep(turned, "2026H1")
    asyncio.run(turned.schedule.look())
    assert turned.made == ["2026-09"]


def test_a_restart_makes_nothing_twice(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-07-01 07:00"))
    asyncio.run(turned.schedule.look())
    turned.restart()
    asyncio.run(turned.schedule.look())
    assert turned.made == ["2026-06", "2026H1"]


def test_a_ledger_that_is_away_is_asked_again_and_told_once(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-06-01 07:00"), away=StoreError("The ledger is away: start it."))
    with capture_logs() as logs:
        asyncio.run(turned.look_until(seoul("2026-06-01 15:00"), MINUTE))
    # After 1, 2, 4, 8, 16 and 32 minutes, then each hour: 07:00, :01, :03, :07, :15, :31, 08:03, 09:03 … 14:03.
    minutes = [round((at - seoul("2026-06-01 07:00")) / MINUTE) for at in turned.asked]
    assert minutes == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363, 423]
    assert [(log["event"], log["reason"]) for log in logs] == [
        ("scheduled_report_failed", "The ledger is away: start it.")
    ]
    assert turned.schedule.overdue["report"] == 1
    assert turned.schedule.failed == {"report": 13, "mail": 0, "passed_over": 0}
    turned.away = None
    asyncio.run(turned.look_until(seoul("2026-06-01 16:00"), MINUTE))
    assert turned.made == ["2026-05"]
    assert turned.schedule.overdue["report"] == 0


def test_a_report_that_fails_is_tried_again_and_holds_back_its_like_alone(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-07-01 07:00"))
    keep(turned, "2026-04")
    turned.bench.error = "There is no room left: make some."
    with capture_logs() as logs:
        asyncio.run(turned.look_until(seoul("2026-07-01 07:01"), MINUTE))
        # May fails, and June waits for it; the half does not.
        assert turned.made == ["2026-05", "2026H1"] * 2
        assert turned.schedule.overdue["report"] == 3
        turned.bench.error = ""
        asyncio.run(turned.look_until(seoul("2026-07-01 07:10"), MINUTE))
    assert turned.made == [*["2026-05", "2026H1"] * 2, "2026-05", "2026-06", "2026H1"]
    assert turned.schedule.overdue["report"] == 0
    assert [(log["event"], log["period"]) for log in logs] == [
        ("scheduled_report_failed", "2026-05"),
        ("scheduled_report_failed", "2026H1"),
        ("scheduled_report_made_at_last", "2026-05"),
        ("scheduled_report_made_at_last", "2026H1"),
    ]
    assert logs[0]["reason"] == "There is no room left: make some."


def test_a_workshop_that_takes_no_order_is_asked_again(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-06-01 07:00"))
    turned.bench.refuses = "8 reports wait to be made already: order this one when some are."
    asyncio.run(turned.schedule.look())
    turned.bench.refuses = ""
    turned.now += MINUTE
    asyncio.run(turned.schedule.look())
    assert turned.made == ["2026-05", "2026-05"]
    assert turned.schedule.made[Span.MONTH] == 1


def test_a_month_that_cannot_be_made_holds_back_the_next_for_a_day(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-06-01 07:00"))
    turned.bench.fails_for = "2026-05"
    keep(turned, "2026-03")
    with capture_logs() as logs:
        asyncio.run(turned.look_until(seoul("2026-06-02 07:59"), MINUTE))
    # April was made at once; May is tried on once an hour after 1, 2, 4, 8, 16 and 32 minutes.
    assert set(turned.made) == {"2026-04", "2026-05"}
    assert [(log["event"], log["period"]) for log in logs] == [
        ("scheduled_report_failed", "2026-05"),
        # At 07:03 of the next day it had failed for a day, and one try more was made at 08:03 of each hour.
        ("scheduled_report_passed_over", "2026-05"),
    ]
    assert logs[1]["next_step"] == "Make it by hand: callmonitor report --month 2026-05"
    assert turned.schedule.failed["passed_over"] == 1
    turned.now = seoul("2026-07-01 07:00")
    asyncio.run(turned.schedule.look())
    assert turned.made[-2:] == ["2026-06", "2026H1"]
    assert turned.schedule.overdue["report"] == 1
    # No restart forgets it, though June is kept by now, and it holds nothing back.
    turned.restart()
    turned.now = seoul("2026-08-03 07:00")
    asyncio.run(turned.schedule.look())
    assert turned.made[-2:] == ["2026-05", "2026-07"]
    assert turned.schedule.overdue["report"] == 1
    turned.bench.fails_for = ""
    turned.now += HALF_HOUR
    asyncio.run(turned.schedule.look())
    assert turned.schedule.overdue["report"] == 0
    turned.restart()
    asyncio.run(turned.schedule.look())
    assert turned.made[-2:] == ["2026-07", "2026-05"]


def test_what_was_passed_over_is_over_once_somebody_made_it(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-07-01 07:00"))
    turned.bench.fails_for = "2026H1"
    asyncio.run(turned.look_until(seoul("2026-07-02 09:00"), HALF_HOUR))
    assert turned.schedule.failed["passed_over"] == 1
    keep(turned, "2026H1", made_by="kim")
    asyncio.run(turned.schedule.look())
    assert turned.schedule.overdue["report"] == 0


def test_of_two_monitors_with_one_folder_one_makes_the_reports(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-06-01 07:00"))
    second = turned.another()

    async def look() -> None:
        await turned.schedule.look()
        await second.look()
        await second.look()

    with capture_logs() as logs:
        asyncio.run(look())
    assert turned.made == ["2026-05"]
    assert [(log["event"], log["folder"]) for log in logs] == [("schedule_waits", str(tmp_path))]
    assert second.overdue == {"report": 0, "mail": 0}
    # It takes over where the first one ends, and makes what is due then.
    turned.schedule.let_go()
    turned.now = seoul("2026-07-01 07:00")
    asyncio.run(second.look())
    assert turned.made == ["2026-05", "2026-06", "2026H1"]
    second.let_go()


def test_a_folder_nobody_may_write_to_is_told_and_tried_again(tmp_path: Path) -> None:
    in_the_way = tmp_path / "reports"
    in_the_way.write_text("a file", encoding="utf-8")
    turned = Turned(in_the_way, seoul("2026-06-01 07:00"))
    with capture_logs() as logs:
        asyncio.run(turned.schedule.look())
    assert turned.schedule.overdue["report"] == 1
    assert [log["event"] for log in logs] == ["scheduled_report_failed"]
    assert "cannot be written to (File exists)" in logs[0]["reason"]
    in_the_way.unlink()
    turned.now += MINUTE
    asyncio.run(turned.schedule.look())
    assert turned.made == ["2026-05"]


def test_nothing_is_made_of_a_ledger_that_is_behind(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-06-01 07:00"), settled=False)
    asyncio.run(turned.look_until(seoul("2026-06-01 09:00"), MINUTE))
    assert turned.made == []
    assert turned.schedule.overdue["report"] == 1
    turned.settled = True
    asyncio.run(turned.schedule.look())
    assert turned.made == ["2026-05"]


def test_a_clock_that_is_set_moves_nothing(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-06-01 07:00"))
    asyncio.run(turned.schedule.look())
    for now in ("2026-05-31 06:00", "2026-06-01 06:30", "2026-06-01 07:30", "1970-01-01 09:00", "2026-06-02 00:00"):
        turned.now = seoul(now)
        asyncio.run(turned.schedule.look())
    assert turned.made == ["2026-05"]


def test_a_clock_that_is_set_back_does_not_make_a_pause_last_for_days(tmp_path: Path) -> None:
    turned = Turned(tmp_path, seoul("2026-06-01 10:00"), away=StoreError("The ledger is away: start it."))
    asyncio.run(turned.schedule.look())
    turned.away = None
    turned.now = seoul("2026-06-01 07:30")
    asyncio.run(turned.schedule.look())
    assert turned.made == ["2026-05"]


@pytest.mark.parametrize(
    ("zone", "at", "begins", "made_at"),
    [
        # Paraguay, 1 October 2023: 00:00 to 01:00 did not exist; 01:00 was 04:00 UTC.
        ("America/Asuncion", "00:30", "2023-10-01T03:00+00:00", "2023-10-01T04:00+00:00"),
        # New York, 1 November 2026: 01:30 comes at 05:30 UTC and again at 06:30.
        ("America/New_York", "01:30", "2026-11-01T04:00+00:00", "2026-11-01T05:30+00:00"),
        # Midnight itself, at the head of the day.
        ("Asia/Seoul", "00:00", "2026-10-31T14:00+00:00", "2026-10-31T15:00+00:00"),
    ],
)
def test_summer_time_neither_skips_nor_doubles(tmp_path: Path, zone: str, at: str, begins: str, made_at: str) -> None:
    began = datetime.fromisoformat(begins)
    turned = Turned(
        tmp_path,
        began,
        first_call_at=began - timedelta(days=20),
        work_time=WorkTime(zone=ZoneInfo(zone)),
        at=time.fromisoformat(at),
    )
    asyncio.run(turned.look_until(began + timedelta(hours=6), timedelta(minutes=10)))
    assert [made.astimezone(UTC).isoformat(timespec="minutes") for made, _ in turned.bench.ordered] == [made_at]


def test_an_error_of_our_own_ends_nothing_and_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_schedule, "LOOK_SECONDS", 0.0)
    turned = Turned(tmp_path, seoul("2026-06-01 07:00"), away=RuntimeError("unforeseen"))

    async def run_for_three_looks() -> None:
        third, loop = asyncio.Event(), asyncio.get_running_loop()
        turned.when_asked = lambda: len(turned.asked) == 3 and loop.call_soon_threadsafe(third.set)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(turned.schedule.run())
            await third.wait()
            running.cancel()

    with capture_logs() as logs:
        asyncio.run(run_for_three_looks())
    assert [log["event"] for log in logs] == ["schedule_failed"]


def test_the_ledger_says_where_it_begins(repository: Repository) -> None:
    assert first_call_at(repository.store) is None
    later, first = a_call("1772442900.7", entered_at=after(900)), a_call("1772442000.1", entered_at=NINE)
    repository.record_all([later, first])
    assert first_call_at(repository.store) == NINE

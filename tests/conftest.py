"""Fixtures that more than one folder of tests asks for."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .day.fixtures import replayed_day
from .faults.fixtures import told
from .ledger.fixtures import cluster, postgres_programs, postgres_url, private_cluster, repository, store
from .reports.fixtures import month_file

if TYPE_CHECKING:
    import pytest

__all__ = [
    "cluster",
    "month_file",
    "postgres_programs",
    "postgres_url",
    "private_cluster",
    "replayed_day",
    "repository",
    "store",
    "told",
]


_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder with a name that cannot be foreseen is made in it
_ENOUGH_BYTES = 6 << 30


def pytest_configure() -> None:
    """Let all that a run writes lie in a folder of its own: in memory where there is room, and not in a person's state.

    A database is made a few hundred times, which costs a disk a second each time and memory a sixth of that.
    """
    if "TMPDIR" not in os.environ and _is_roomy(_MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)
    folder = tempfile.mkdtemp(prefix="callmonitor-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["XDG_STATE_HOME"] = folder


def _is_roomy(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= _ENOUGH_BYTES and not found.f_flag & os.ST_NOEXEC


_LONG = (
    "tests/commitments/test_size.py",
    "tests/deploy/test_alertmanager.py::test_an_asterisk_that_is_lost_is_told_by_mail",
    "tests/deploy/test_image.py",
    "tests/deploy/test_rules.py::test_a_real_prometheus_counts_today",
    "tests/deploy/test_rules.py::test_alerts_fire_and_stay_quiet_as_told[days",
    "tests/deploy/test_rules.py::test_alerts_fire_and_stay_quiet_as_told[today",
    "tests/deploy/test_rules.py::test_alerts_fire_and_stay_quiet_as_told[transfers",
    "tests/deploy/test_stack.py::test_the_demonstration_works_without_an_asterisk",
    "tests/faults/test_connection.py::test_a_connection_that_breaks_or_stands_still",
    "tests/faults/test_connection.py::test_a_half_open_connection_by_packets_that_are_dropped",
    "tests/faults/test_connection.py::test_ten_minutes_of_silence_are_told",
    "tests/faults/test_receivers.py::test_nobody_who_hangs_holds_up_a_stop",
    "tests/faults/test_reload.py::test_a_secret_is_rotated_while_phones_ring",
    "tests/faults/test_restart.py",
    "tests/faults/test_storm.py",
    "tests/faults/test_week.py",
    "tests/ledger/test_writer.py::test_a_server_that_crashes_in_mid_write_gets_everything_once",
    "tests/ledger/test_writer.py::test_the_event_loop_is_not_held_up_while_the_store_is",
    "tests/page/test_browser_board.py::test_a_breach_is_heard_where_sound_is_on_and_nowhere_else",
    "tests/page/test_browser_board.py::test_a_dead_stream",
    "tests/page/test_browser_board.py::test_a_ledger_that_is_away_is_said_and_the_board_goes_on",
    "tests/page/test_browser_board.py::test_an_asterisk_that_is_not_heard",
    "tests/page/test_browser_board.py::test_the_language_is_a_switch_away_and_stays",
    "tests/page/test_browser_board.py::test_the_sound_is_a_choice_that_stays",
    "tests/page/test_browser_calls.py::test_a_call_takes_three_lines",
    "tests/page/test_browser_calls.py::test_nothing_is_wider",
    "tests/page/test_browser_calls.py::test_the_page_of_a_call_in_progress",
    "tests/page/test_browser_pages.py::test_a_board_user_sees_figures_and_no_call",
    "tests/page/test_browser_pages.py::test_a_phone_shows_every_page",
    "tests/page/test_browser_pages.py::test_a_sign_in_that_ends",
    "tests/page/test_browser_pages.py::test_no_page_has_a_serious_finding_of_axe[dark",
    "tests/page/test_browser_pages.py::test_no_page_has_a_serious_finding_of_axe[light-/calls/no",
    "tests/page/test_browser_pages.py::test_no_page_has_a_serious_finding_of_axe[light-/login",
    "tests/page/test_browser_pages.py::test_no_page_has_a_serious_finding_of_axe[light-/wall",
    "tests/page/test_browser_pages.py::test_no_page_has_a_serious_finding_of_axe[light-CALL",
    "tests/page/test_browser_pages.py::test_the_wall_shows_every_row",
    "tests/page/test_browser_pages.py::test_who_has_not_signed_in",
    "tests/page/test_browser_reports.py",
    "tests/page/test_half_open.py",
    "tests/page/test_stream.py::test_a_reader_that_does_not_read",
    "tests/reports/test_charts.py::test_a_service_without_a_home_draws_without_a_word_and_leaves_nothing",
    "tests/reports/test_cli_report.py::test_a_missing_font_leaves_nothing",
    "tests/reports/test_html.py::test_a_screen_reader_finds_its_way",
    "tests/reports/test_libreoffice.py",
    "tests/reports/test_pictures.py",
    "tests/reports/test_scheduled_month.py",
    "tests/security/test_audit.py",
    "tests/security/test_browser_hostile.py",
    "tests/security/test_redaction.py",
    "tests/unit/test_cli.py::test_a_reader_that_has_enough_ends_it_quietly",
    "tests/unit/test_report_worker.py::test_a_killed_process_is_told",
    "tests/unit/test_report_worker.py::test_an_error_of_our_own",
    "tests/unit/test_report_worker.py::test_the_process_ends_with_the_monitor",
    "tests/unit/test_systemd.py::test_the_service_tells_that_it_is_ready_alive_and_stopping[abstract",
)
"""What takes long: `make test-long` and `make reliability` run it, for with it `make test` takes over 15 minutes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that tells what a fault cost, which `make reliability` runs, and those that take long."""
    for item in items:
        if "told" in getattr(item, "fixturenames", ()):
            item.add_marker("fault")
        if item.nodeid.startswith(_LONG):
            item.add_marker("long")

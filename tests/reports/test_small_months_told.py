"""Months that hold next to nothing, in every form: nothing fails, and what is said is so."""

from __future__ import annotations

import re
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

import pytest

from monitor.calls.facts import Gap, GapCause
from monitor.ledger import Repository, upgrade
from monitor.reports.counting import figures_of
from monitor.reports.make import make
from monitor.reports.order import FileFormat, House, Order
from monitor.reports.periods import Period
from monitor.reports.record import record_of
from monitor.reports.telling import document_of
from monitor.worktime import WorkTime
from tests.programs import required

from .few import NEW_YORK, ONE, SEEN, moved
from .month import MADE_AT, MONTH, SEOUL, korean, october

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.ledger.rows import StoredFact
    from monitor.reports.order import Basis
    from monitor.texts import Language

pytestmark = pytest.mark.stage
NOON = korean(16, "12:00:00")
NIGHT = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
"""Half past one of New York's 1 November; an hour later it is half past one again."""


class Case(NamedTuple):
    """A month, and sentences that stand in its English report."""

    facts: tuple[StoredFact, ...]
    said: tuple[str, ...]
    order: Order = MONTH
    basis: Basis = ONE
    now: datetime = MADE_AT
    languages: tuple[Language, ...] = ("en",)


NO_FIGURE = "no calls is not 0 %"
CASES = {
    "empty": Case((SEEN,), ("No call came in during this period", NO_FIGURE, "100.0%"), languages=("ko", "en")),
    "unknown": Case((), ("Nothing of this period was observed", "does not mean that nobody called", "0.0%")),
    "one gap": Case(
        (
            SEEN,
            Gap(
                system="pbx1",
                started_at=korean(20, "09:00:00", 9),
                ended_at=korean(3, "09:00:00", 11),
                cause=GapCause.MONITOR_DOWN,
            ),
        ),
        ("Nothing of this period was observed", "0.0%"),
    ),
    "partly seen": Case(
        (replace(SEEN, at=korean(11, "00:00:00")),),
        ("No call came in while the line was observed", "67.7%"),  # 21 / 31
    ),
    "one call": Case((SEEN, replace(october()[1], transfers=())), ("1 call came in", "kept", "100.0%")),
    "one unjudged": Case((SEEN, october()[19]), ("could be judged on none", "none is not 0 %")),
    "running": Case(
        (SEEN, october()[1]), ("The period is not over", "2026-10-16 12:00"), now=NOON, languages=("ko", "en")
    ),
    "ahead": Case((SEEN,), ("has not begun",), now=korean(30, "12:00:00", 9)),
    "25 hours": Case(
        (
            replace(SEEN, at=datetime(2026, 10, 1, tzinfo=UTC)),
            *(moved(october()[4], f"ny.{late}", NIGHT + timedelta(hours=late)) for late in (0, 1)),
        ),
        ("November 2026", "2 calls came in", "America/New_York"),
        Order(period=Period.month("2026-11", NEW_YORK)),
        replace(ONE, work_time=WorkTime(zone=NEW_YORK)),
        datetime(2026, 12, 2, tzinfo=UTC),
    ),
    "25 hours unseen": Case(
        (),
        ("Nothing of this period was observed",),
        Order(period=Period.month("2026-11", NEW_YORK)),
        replace(ONE, work_time=WorkTime(zone=NEW_YORK)),
        datetime(2026, 12, 2, tzinfo=UTC),
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def ledger(case: Case, tmp_path: Path) -> Iterator[Repository]:
    where = str(tmp_path / "ledger.sqlite3")
    upgrade(where)
    repository = Repository(where)
    repository.record_all(case.facts)
    yield repository
    repository.close()


def plain(path: Path) -> str:
    """What a person reads in a file."""
    if path.suffix == ".pdf":
        found = subprocess.run([required("pdftotext"), path, "-"], check=True, capture_output=True, text=True).stdout
    elif path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            parts = [name for name in book.namelist() if re.fullmatch(r"xl/(sharedStrings|worksheets/\w+)\.xml", name)]
            found = " ".join(book.read(name).decode() for name in parts)
        # The values of cells, without the formulas that came to them.
        found = unescape(re.sub(r"<f>.*?</f>|<[^>]+>", " ", found))
    else:
        found = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".html":
            found = re.sub(r"<(style|script).*?</\1>|<[^>]+>", "", found, flags=re.DOTALL)
    return re.sub(r"\s+", " ", found)


def test_every_form_of_it_says_what_is_so(case: Case, ledger: Repository, tmp_path: Path) -> None:
    order = replace(case.order, formats=tuple(FileFormat), languages=case.languages)
    made = make(ledger.store, order, case.basis, House(), tmp_path / "out", now=case.now)
    assert {path.suffix for path in made} == {".pdf", ".xlsx", ".html", ".csv", ".json"}
    for path in made:
        read = plain(path)
        assert read, path.name
        assert not re.search(r"\b(None|nan|NaN|inf|Infinity|#DIV/0!|undefined)\b", read), path.name
        if ".en." in path.name and path.suffix in (".pdf", ".html", ".xlsx"):
            assert [said for said in case.said if said not in read] == [], path.name


def test_the_gaps_of_a_month_come_to_what_was_not_observed(case: Case, ledger: Repository) -> None:
    """Also where the month has an hour more than its days have by the clock."""
    figures = figures_of(ledger.store, case.order, case.basis, now=case.now)
    table = document_of(figures, case.order, House(), "en").table("gaps")
    lengths = [row[[column.key for column in table.columns].index("length_seconds")] for row in table.rows]
    assert sum(float(str(length)) for length in lengths) * 1e6 == figures.unobserved_us


def test_a_month_nobody_watched_is_no_month_without_calls(tmp_path: Path) -> None:
    """In the record of a half-year in whose fourth month the monitor began."""
    where = str(tmp_path / "ledger.sqlite3")
    upgrade(where)
    repository = Repository(where)
    repository.record_all([replace(SEEN, at=korean(1, "00:00:00")), october()[1]])
    half = Order(period=Period.half("2026H2", SEOUL), publishable=True)
    figures = figures_of(repository.store, half, ONE, now=korean(4, "09:00:00", 1, 2027))
    repository.close()
    months = record_of(figures, half, House(), "en").table("months")
    notes = [row[[column.key for column in months.columns].index("note")] for row in months.rows]
    assert notes == ["unobserved", "unobserved", "unobserved", "", "no calls", "no calls"]

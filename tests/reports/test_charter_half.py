"""The record of a half-year that is worked out by hand: each promise's figures, and nobody in any form of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.ledger import Repository, upgrade
from monitor.reports.charter_counting import whole_months
from monitor.reports.counting import figures_of
from monitor.reports.document import Notice
from monitor.reports.make import make
from monitor.reports.order import FileFormat, House
from monitor.reports.periods import Period
from monitor.reports.record import record_of
from monitor.reports.telling import document_of

from . import charter_half as half
from .month import SEOUL
from .test_small_months_told import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.reports.document import Table, Value
    from monitor.reports.figures import Figures
    from tests.ledger.postgres import Cluster

HOUSE = House(institution="한국예시공단", teams={"원격응대팀": "Remote support team"})


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """The half in SQLite. It is read only."""
    yield from filled(str(tmp_path_factory.mktemp("half") / "ledger.sqlite3"))


def filled(where: str) -> Iterator[Repository]:
    upgrade(where)
    repository = Repository(where)
    half.fill(repository)
    yield repository
    repository.close()


@pytest.fixture(scope="module")
def figures(ledger: Repository) -> Figures:
    return figures_of(ledger.store, half.HALF, half.BASIS, now=half.NOW)


def test_postgresql_counts_the_same(figures: Figures, cluster: Cluster) -> None:
    for repository in filled(cluster.create_database()):
        other = figures_of(repository.store, half.HALF, half.BASIS, now=half.NOW)
    assert (other.charter, other.charter_before) == (figures.charter, figures.charter_before)


def rows_of(table: Table, *keys: str) -> list[tuple[Value, ...]]:
    columns = [column.key for column in table.columns]
    return [tuple(row[columns.index(key)] for key in keys) for row in table.rows]


def test_every_promise_is_told_with_its_figures(figures: Figures) -> None:
    record = record_of(figures, half.HALF, HOUSE, "en")
    keys = ("promise", "measured", "as_promised", "otherwise", "share", "share_before", "owed_won", "paid_won")
    told = {str(row[0]): row[1:] for row in rows_of(record.table("promises"), *keys)}
    assert told == {
        # Three calls within the promise, as the two of the half before were.
        "We answer before the telephone bell has rung three times.": (3, 3, 0, 1, 1, None, None),
        # Three of the four calls of the sample.
        "When we answer the telephone, we tell you our department and our name.": (4, 3, 1, 0.75, None, None, None),
        "We answer you in the customer centre itself wherever we can.": (3, 3, 0, 1, 1, None, None),
        "Where we have to pass your call on to another member of staff, we ask you first and connect you to the one "
        "in charge.": (3, 2, 1, 2 / 3, 1 / 2, None, None),
        # a kept, b late, c never; d waits, and h is of the half before.
        "Where we promise to call you back, we do so in time.": (3, 1, 2, 1 / 3, 1, None, None),
        # 1 in time, 2 late, 3 overdue, 4 withdrawn; before: one of two.
        "Customer's voice: simple questions and complaints, within 7 working days": (
            3, 1, 2, 1 / 3, 1 / 2, None, None,
        ),
        "Customer's voice: decision on disclosure of information, within 10 working days": (None,) * 7,
        "Customer's voice: legal questions and changes of procedure, within 14 working days": (None,) * 7,
        "Kindness guarantee, within 7 working days": (1, 1, 0, 1, None, 10_000, 10_000),
        "Accuracy guarantee": (1, None, None, None, None, 20_000, 0),
        "Satisfaction survey, at least once a year": (1, 1, 0, 1, None, None, None),
        # Nothing of it is in the register by 30 June, and the register is kept.
        "Review of this standard, every half-year": (1, 0, 1, 0, None, None, None),
        "We check and assess every half-year how we keep this, and publish it.": (None,) * 7,
    }  # fmt: skip


def test_each_promise_says_in_a_sentence_how_it_was_kept(figures: Figures) -> None:
    record = record_of(figures, half.HALF, HOUSE, "ko")
    said = [str(row[0]) for row in rows_of(record.table("promises"), "result")]
    assert said[1] == "평가한 전화 4건으로 추정한 이행 비율은 75.0%입니다(95% 신뢰구간 30.1%~95.4%)."
    assert said[4:] == [
        "약속 3건 중 2건을 지키지 못했습니다(기한 후 전화 1건, 전화하지 않음 1건).",
        "4건을 접수했습니다. 판정한 3건 중 2건을 기한 내에 처리하지 못했습니다. 1건은 취하되었습니다.",
        "1건을 접수했습니다. 1건은 아직 기한이 되지 않았습니다.",
        "접수 건이 없었습니다.",
        (
            "1건을 접수했습니다. 판정한 1건을 모두 기한 내에 처리했습니다. 서면 사과 대상 1건 중 1건을 이행했습니다. "
            "교육 대상 1건 중 0건을 실시했습니다."
        ),
        "1건을 접수했습니다. 서면 사과 대상 1건 중 0건을 이행했습니다.",
        "2026년 5월 20일에 실시했습니다. 결과는 아래와 같습니다.",
        "2026년 6월 30일까지 실시한 기록이 대장에 없습니다.",
        "이 공개로 이행했습니다.",
    ]
    how = [str(row[0]) for row in rows_of(record.table("promises"), "how")]
    assert all(re.search("[가-힣]", text) for text in how)


def test_the_chapters_tell_each_promise_in_full(figures: Figures) -> None:
    record = record_of(figures, half.HALF, HOUSE, "en")
    keys: tuple[str, ...] = (
        "code",
        "owed",
        "in_time",
        "late",
        "never",
        "waiting",
        "overtaken",
        "dropped",
        "in_time_share",
        "reached",
    )
    assert rows_of(record.table("callbacks"), *keys) == [
        ("promised", 4, 1, 1, 1, 1, 0, 0, 1 / 3, 1),
        ("missed", 3, 1, 0, 0, 0, 1, 1, 1, 1),
    ]
    keys = ("key", "received", "in_time", "late", "overdue", "open", "withdrawn", "unclocked", "in_time_share")
    assert rows_of(record.table("commitments"), *keys) == [
        ("voc_simple", 4, 1, 1, 1, 0, 1, 0, 1 / 3),
        ("disclosure", 1, 0, 0, 0, 1, 0, 0, None),
        ("voc_legal", 0, 0, 0, 0, 0, 0, 0, None),
        ("kindness", 1, 1, 0, 0, 0, 0, 0, 1),
        ("accuracy", 1, 0, 0, 0, 0, 0, 1, None),
    ]
    keys = ("key", "upheld", "owed_won", "paid_won", "apologies_owed", "apologies_sent", "trainings_owed")
    assert rows_of(record.table("commitments_owed"), *keys, "trainings_held") == [
        ("kindness", 1, 10_000, 10_000, 1, 1, 1, 0),
        ("accuracy", 0, 20_000, 0, 1, 0, 0, 0),
    ]
    survey, review = rows_of(record.table("commitments_periodic"), "key", "last_day", "times", "done_on", "results")
    assert [str(cell) for cell in survey] == ["survey", "2026-12-31", "1", "2026-05-20", half.RESULT]
    assert [str(cell) for cell in review] == ["standard_review", "2026-06-30", "0", "None", ""]
    assert rows_of(record.table("teams"), "team", "offered", "answered") == [
        ("no team", 2, 2),
        ("Remote support team", 1, 1),
    ]
    seeds = [text for section in record.sections for block in section.blocks for text in [str(block)]]
    assert any("2026-03: 20260301" in text for text in seeds)


def test_no_duration_of_single_cases_is_published(figures: Figures) -> None:
    """Case 5 took four days; the management sees it, and the public does not."""
    record, report = (told(figures, half.HALF, HOUSE, "en") for told in (record_of, document_of))
    published = {row[0]: row[1] for row in rows_of(record.table("commitments"), "key", "mean_days")}
    assert set(published.values()) == {None}
    assert {row[0]: row[1] for row in rows_of(report.table("commitments"), "key", "mean_days")} == {
        "voc_simple": 9.5,  # six days and thirteen
        "disclosure": None,
        "voc_legal": None,
        "kindness": 4.0,
        "accuracy": 1.0,
    }
    assert {row[0] for row in rows_of(record.table("callback_times"), "mean_seconds")} == {None}
    # a after a day and b after four; only a was reached.
    assert rows_of(report.table("callback_times"), "code", "until_code", "count", "mean_seconds")[:2] == [
        ("promised", "first_try", 2, 2.5 * 86_400),
        ("promised", "conversation", 1, 86_400.0),
    ]


@pytest.mark.stage
def test_nobody_is_in_any_form_of_the_record(ledger: Repository, tmp_path: Path) -> None:
    order = replace(half.HALF, formats=tuple(FileFormat), languages=("ko", "en"))
    made = make(ledger.store, order, half.BASIS, HOUSE, tmp_path, now=half.NOW)
    assert {path.suffix for path in made} == {".pdf", ".xlsx", ".html", ".csv", ".json"}
    everything = ""
    for path in made:
        # Words that a narrow column breaks are one again.
        whole = plain(path) + (
            path.read_text(encoding="utf-8-sig") if path.suffix in {".html", ".json", ".csv"} else ""
        )
        read = re.sub(r"\s", "", whole + path.name)
        assert [what for what, text in half.PLANTED.items() if text in read] == [], path.name
        everything += read
        if path.suffix != ".csv":
            assert half.RESULT.replace(" ", "") in read, path.name
    assert "20,000" in everything


def test_the_management_sees_the_agents_of_the_sample(ledger: Repository) -> None:
    """Who is in the ledger is read from it: that nobody is in the record is not for want of it."""
    order = replace(half.HALF, agents=True, publishable=False)
    figures = figures_of(ledger.store, order, half.BASIS, now=half.NOW)
    table = document_of(figures, order, HOUSE, "en").table("review_agents")
    keys = ("member", "phone", "sampled", "reviewed")
    assert rows_of(table, *keys) == [(half.PLANTED["a member"], half.PLANTED["a phone"], 4, 4)]
    silent = document_of(figures, replace(order, agents=False), HOUSE, "en")
    assert "review_agents" not in [each.key for each in silent.tables()]


def test_calls_back_are_told_by_line(figures: Figures) -> None:
    table = document_of(figures, half.HALF, HOUSE, "en").table("callbacks_by_line")
    assert rows_of(table, "line", "code", "owed", "in_time", "dropped") == [
        (half.OTHER_LINE, "missed", 1, 0, 1),
        ("1588-6565", "promised", 4, 1, 0),
        ("1588-6565", "missed", 2, 1, 0),
    ]


def test_samples_are_told_of_whole_months() -> None:
    days = Period.days_between(date(2026, 11, 15), date(2027, 1, 31), SEOUL)
    assert whole_months(days) == (date(2026, 12, 1), date(2027, 1, 1))
    assert whole_months(Period.days_between(date(2026, 2, 1), date(2026, 2, 27), SEOUL)) == ()
    assert whole_months(Period.half("2026H2", SEOUL)) == tuple(date(2026, month, 1) for month in range(7, 13))


def test_a_review_that_was_held_late_is_not_kept(figures: Figures) -> None:
    charter = figures.charter
    assert charter is not None
    late = datetime(2026, 7, 10, tzinfo=half.NOW.tzinfo)
    told = [
        replace(one, done_at=(late,)) if one.commitment.key == "standard_review" else one for one in charter.commitments
    ]
    figures = replace(figures, charter=replace(charter, commitments=tuple(told)))
    rows = rows_of(record_of(figures, half.HALF, HOUSE, "en").table("promises"), "result", "measured", "as_promised")
    assert ("Done on 10 July 2026, after the last day for it, 30 June 2026.", 1, 0) in [tuple(row) for row in rows]


def test_what_is_past_its_deadline_is_on_the_first_page(figures: Figures) -> None:
    """The call back c was never made, and case 3 is not done."""
    summary = document_of(figures, half.HALF, HOUSE, "en").sections[0]
    notices = [block.text for block in summary.blocks if isinstance(block, Notice)]
    assert notices[-2:] == [
        "1 call back of this period is past its deadline, and nobody called.",
        "1 case of this period is past its deadline, and not done.",
    ]


def test_of_one_line_or_queue_only_its_own_is_told(ledger: Repository) -> None:
    """Calls back are a line's own; samples and cases are not, and the record says so."""
    of_line = replace(half.HALF, line="1588-6565")
    figures = figures_of(ledger.store, of_line, half.BASIS, now=half.NOW)
    charter = figures.charter
    assert charter is not None
    assert (charter.callbacks["promised"].owed, charter.reviews) == (4, None)
    record = record_of(figures, of_line, HOUSE, "en")
    said = [str(row[0]) for row in rows_of(record.table("promises"), "result")]
    assert said[1] == "Not told of one line or queue alone: see the record of all lines."
    assert "commitments" not in [table.key for table in document_of(figures, of_line, HOUSE, "en").tables()]
    of_queue = replace(half.HALF, queue="support")
    figures = figures_of(ledger.store, of_queue, half.BASIS, now=half.NOW)
    said = [str(row[0]) for row in rows_of(record_of(figures, of_queue, HOUSE, "en").table("promises"), "result")]
    assert said[4] == "Not told of one line or queue alone: see the record of all lines."


def test_what_was_never_kept_is_not_measured(tmp_path: Path) -> None:
    """A ledger without promises, samples and cases: never 0 %, and no empty chapter."""
    where = str(tmp_path / "ledger.sqlite3")
    upgrade(where)
    repository = Repository(where)
    repository.record_all(half.facts())
    figures = figures_of(repository.store, half.HALF, half.BASIS, now=half.NOW)
    repository.close()
    record = record_of(figures, half.HALF, HOUSE, "en")
    rows = rows_of(record.table("promises"), "result", "measured", "share")
    assert rows[1] == ("Not measured: no sample of calls was drawn to be listened to.", None, None)
    assert rows[4] == ("Not measured: no promise of a call back was ever noted.", None, None)
    assert rows[5:10] == [("Not measured: the register holds no case.", None, None)] * 5
    assert rows[10:12] == [("Not measured: nothing of it is in the register.", None, None)] * 2
    of_the_rest = {"callbacks", "review_items", "commitments", "commitments_owed", "commitments_periodic"}
    for told in (record, document_of(figures, half.HALF, HOUSE, "en")):
        assert of_the_rest & {table.key for table in told.tables()} == set()

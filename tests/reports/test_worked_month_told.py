"""What a report says of the worked month: the same numbers, in its tiles and tables (the calls: `month.py`)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.reports.counting import figures_of
from monitor.reports.document import Kind, Tile, Tiles
from monitor.reports.order import House, Order
from monitor.reports.periods import Period
from monitor.reports.record import record_of
from monitor.reports.telling import document_of

from .month import BASIS, MONTH, SEOUL, counted, korean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.ledger import Repository
    from monitor.reports.document import Document, Quotient, Table, Value
    from monitor.reports.figures import Figures

pytestmark = pytest.mark.xdist_group("worked_month")

HOUSE = House(institution="한국예시공단", target=0.95)


@pytest.fixture(scope="module")
def figures(month_ledger: Repository) -> Figures:
    """Of one store: that those of both are the same is shown of each figure in `test_worked_month`."""
    return counted(month_ledger)


@pytest.fixture(scope="module")
def report(figures: Figures) -> Document:
    return document_of(figures, MONTH, HOUSE, "ko")


def tiles(document: Document) -> dict[str, Tile]:
    blocks = [block for section in document.sections for block in section.blocks]
    return {tile.key: tile for block in blocks if isinstance(block, Tiles) for tile in block.tiles}


def rows(table: Table, *keys: str) -> list[tuple[Value, ...]]:
    """Some columns of a table, in the order asked for."""
    at = [[column.key for column in table.columns].index(key) for key in keys]
    return [tuple(row[index] for index in at) for row in table.rows]


def total(table: Table, *keys: str) -> tuple[Value, ...]:
    assert table.total is not None
    found = dict(zip((column.key for column in table.columns), table.total, strict=True))
    return tuple(found[key] for key in keys)


def test_tiles(report: Document) -> None:
    found = tiles(report)
    assert {key: tile.value for key, tile in found.items()} == {
        "compliance_within": 19 / 26,
        "compliance_before": 15 / 27,
        "offered": 40,
        "answer_rate": 24 / 40,
        "asa_seconds": pytest.approx(188.999998 / 23),
        "direct_handling_rate": 19 / 24,
        "excluded": 14,
        "coverage": (2 * 31 * 86_400 - 6000) / (2 * 31 * 86_400),
    }
    # 25 of 26 would be 96.2 % and 24 of 26 are 92.3 %: six calls short of the target of 95 %.
    headline = found["compliance_within"]
    assert headline.state == "bad"
    assert [detail for detail in headline.detail if "95.0" in detail and "6" in detail]
    # September had 75 % and October 2025 50 %: 73.1 - 75 = -1.9, 73.1 - 50 = +23.1.
    assert [detail for detail in headline.detail if "-1.9" in detail]
    assert [detail for detail in headline.detail if "+23.1" in detail]


def test_against_earlier_periods(report: Document) -> None:
    keys = ("offered", "answered", "kept_within", "broken_within", "compliance_within", "compliance_before")
    assert rows(report.table("comparison"), *keys) == [
        (40, 24, 19, 7, 19 / 26, 15 / 27),
        (5, 4, 3, 1, 3 / 4, 2 / 4),
        (2, 2, 1, 1, 1 / 2, 1 / 2),
    ]


def test_rings(report: Document) -> None:
    table = report.table("rings")
    # 38 calls of which ringing is known; the two from the queue log stand in the note.
    assert rows(table, "rings", "answered", "calls") == [
        (0, 1, 9),
        (1, 7, 7),
        (2, 8, 11),
        (3, 4, 5),
        (4, 2, 2),
        (5, 0, 1),
        (6, 1, 2),
        (7, 0, 0),
        (8, 0, 0),
        (9, 0, 0),
        (10, 0, 0),
        (11, 0, 0),
        (12, 0, 1),
    ]
    assert total(table, "answered", "calls", "share") == (23, 38, 1)
    assert rows(table, "share")[2] == (11 / 38,)
    # Ring 4 is from nine seconds to below twelve.
    assert rows(table, "from_seconds", "below_seconds")[4] == (9, 12)


def test_days(report: Document) -> None:
    found = {row[0]: row[1:] for row in rows(report.table("days"), "day", "offered", "compliance_within", "coverage")}
    assert len(found) == 31
    assert found[date(2026, 10, 1)] == (9, 6 / 7, 1)
    assert found[date(2026, 10, 20)] == (4, 0 / 1, 2840 / 2880)
    assert found[date(2026, 10, 21)] == (9, 9 / 9, 1)
    assert found[date(2026, 10, 4)] == (0, None, 1)
    holidays = {row[0]: row[1] for row in rows(report.table("days"), "day", "day_off") if row[1]}
    assert {day.day for day in holidays if isinstance(day, date)} >= {3, 5, 9}


def test_weekday_and_half_hour(report: Document) -> None:
    calls = {row[0]: row[1:] for row in rows(report.table("half_hours_calls"), "half_hour", "tuesday", "all_days")}
    (half_past_ten,) = [cells for name, cells in calls.items() if isinstance(name, str) and "10:30" in name]
    # Tuesday [18 19 20]; with [39] on Thursday and [32] on Wednesday.
    assert half_past_ten == (3, 5)
    assert total(report.table("half_hours_calls"), "monday", "tuesday", "all_days") == (3, 10, 40)
    # Tuesday: [18 19] kept, [16 17 28] broken.
    assert total(report.table("half_hours_compliance"), "tuesday", "all_days") == (2 / 5, 19 / 26)


def test_hours_queues_and_lines(report: Document) -> None:
    keys = ("offered", "answered", "kept_within", "broken_within", "excluded_within")
    assert rows(report.table("hours"), "code", *keys) == [
        ("working", 30, 20, 15, 5, 10),
        ("lunch", 2, 1, 1, 0, 1),
        ("outside", 8, 3, 3, 2, 3),
    ]
    # Without [27], whose waiting is not known: [1-6] 3+6.999999+7+9.999999+10+5, [12 17 18 19] 4+20+8+6,
    # [29 30 34 35 36 37 38] 3+5+8+3+4+7+12 make 121.999998 over 17.
    assert rows(report.table("queues"), "queue", *keys)[:2] == [
        ("support", 26, 18, 14, 4, 8),
        ("billing", 9, 5, 4, 2, 3),
    ]
    assert rows(report.table("queues"), "asa_seconds")[0][0] == pytest.approx(121.999998 / 17)
    assert rows(report.table("lines"), "line", *keys) == [
        ("1588-6565", 36, 23, 19, 5, 12),
        ("1577-1000", 4, 1, 0, 2, 2),
    ]


def test_agents(report: Document) -> None:
    table = report.table("agents")
    keys = ("answered", "kept", "pickups", "attempts", "no_answer", "talking_seconds", "transfers", "ringing_seconds")
    assert {row[0]: row[1:] for row in rows(table, "member", *keys)} == {
        "김하나 (pbx1)": (12, 10, 0, 15, 0, 635, 7, pytest.approx(59.499999)),
        "이두리 (pbx1)": (12, 9, 1, 10, 0, 500, 8, pytest.approx(55.499999)),
        "박세찌 (pbx1)": (0, 0, 0, 8, 4, 0, 0, 85),
        "김하나 (pbx2)": (0, 0, 0, 1, 0, 0, 0, 3),
        "이두리 (pbx2)": (0, 0, 0, 1, 0, 0, 0, 0),
        "박세찌 (pbx2)": (0, 0, 0, 1, 0, 0, 0, 0),
    }
    assert total(table, *keys[:5], "no_answer_share") == (24, 19, 1, 36, 4, 4 / 36)
    # Of the judged ones: without [38], of which no ringing is known, and the half-seen [27].
    assert rows(table, "kept_share") == [(10 / 11,), (None,), (None,), (None,), (9 / 11,), (None,)]
    assert total(table, "kept_share") == (19 / 22,)


def test_the_worst_hours(report: Document) -> None:
    first = rows(report.table("worst_hours"), "hour", "offered", "broken", "missed", "why_code", "why_share")[0]
    assert str(first[0]) == "2026-10-13 10:00:00+09:00"
    assert rows(report.table("worst_hours"), "weekday")[0] == ("화",)
    # [16] is broken and was not answered; it is one of the three that went wrong all the same.
    assert first == (korean(13, "10:00:00").astimezone(SEOUL), 5, 2, 2, "phones_unanswered", 64 / 76)
    # [9] left the announcement: it had waited for nobody, and was observed all the while.
    told = {row[0]: row[1:] for row in rows(report.table("worst_hours"), "hour", "why", "why_code", "missed")}
    assert told[korean(1, "18:00:00")] == ("기다린 고객 없음", None, 1)


def test_calls_to_return(report: Document) -> None:
    table = report.table("missed")
    assert len(table.rows) == 13
    assert rows(table, "at", "caller", "outcome_code", "rings", "waiting_seconds", "system")[4] == (
        korean(6, "09:30:00").astimezone(SEOUL),
        "010-****-0015",
        "failed",
        0,
        2,
        "pbx2",
    )
    callers = [row[0] for row in rows(table, "caller")]
    assert all("*" in str(caller) for caller in callers if caller != callers[1])  # the second withheld its number


def test_never_answered_by_rings(report: Document) -> None:
    """The twelve of the thirteen to return whose rings are known; what was not seen to its end is not among them."""
    table = report.table("missed_rings")
    assert {row[0]: row[1] for row in rows(table, "rings", "calls")} == {0: 8, 2: 2, 6: 1, 12: 1}
    assert total(table, "calls", "abandoned_waiting", "abandoned_ringing", "no_answer", "busy") == (12, 4, 2, 2, 2)


def test_waiting(report: Document) -> None:
    waits = ("count", "mean_seconds", "p50_seconds", "p90_seconds", "p95_seconds")
    assert {row[0]: row[1:] for row in rows(report.table("waiting"), "code", *waits)} == {
        "judged": (23, pytest.approx(188.999998 / 23), 6, 12, 20),
        "working": (19, pytest.approx(174.999998 / 19), pytest.approx(6.999999), 20, 50),
        "lunch": (1, 5, 5, 5, 5),
        "outside": (3, 3, 3, 4, 4),
    }
    levels = ("service_level", "service_level_with_abandons", "service_factor")
    assert {row[0]: row[1:] for row in rows(report.table("service_levels"), "code", *levels)} == {
        "judged": (22 / 23, 25 / 30, 22 / 40),  # without [27], whose waiting was not seen; (22+3) / (23+7)
        "working": (18 / 19, 20 / 24, 18 / 30),  # (18+2) / (19+5)
        "lunch": (1 / 1, 1 / 2, 1 / 2),
        "outside": (3 / 3, 4 / 4, 3 / 8),
    }
    left = ("abandoned", "abandoned_short", "abandon_rate", "abandon_rate_without_short")
    assert rows(report.table("abandons"), *left)[0] == (8, 2, 8 / 40, 6 / 38)


def test_transfers(report: Document) -> None:
    keys = ("code", "transfers", "inside", "outside", "unknown", "completed", "count", "p50_seconds", "p90_seconds")
    assert rows(report.table("transfer_kinds"), *keys) == [
        ("blind", 8, 4, 3, 1, 2, 3, 8, 12),
        ("attended", 4, 2, 2, 0, 2, 2, 0, 0),
        ("blonde", 3, 1, 2, 0, 1, 2, 6, 9),
        ("forward", 1, 1, 0, 0, 1, None, None, None),
    ]
    assert total(report.table("transfers"), "transfers") == (16,)
    asked = ("transfers", "announced", "consent_yes", "consent_no", "consent_not_reported", "asked_first_rate")
    assert rows(report.table("asked_first"), *asked) == [(15, 3, 3, 2, 10, 3 / 5)]
    assert rows(report.table("transfer_targets"), "target", "transfers", "completed")[0] == ("810", 6, 2)
    assert rows(report.table("reconnection_rings"), "rings", "transfers") == [(0, 2), (2, 3), (3, 2)]
    assert rows(report.table("transfer_chains"), "transfers", "calls") == [(1, 8), (2, 2), (3, 1)]


def test_survey_excluded_and_sources(report: Document) -> None:
    assert rows(report.table("survey"), "reading_code", "judged", "callers", "score") == [
        ("within", 26, 26, 19 / 26),
        ("before", 27, 27, 15 / 27),
    ]
    assert {row[0]: row[1:] for row in rows(report.table("excluded"), "code", "calls", "share")} == {
        "caller_left_within_rule": (1, 1 / 40),
        "no_phone_rang": (8, 8 / 40),
        "partly_unobserved": (3, 3 / 40),
        "ringing_unknown": (2, 2 / 40),
    }
    assert rows(report.table("sources"), "code", "calls") == [("ami", 38), ("queue_log", 2)]


def test_gaps(report: Document) -> None:
    """What is not observed twice over is unobserved once: the lengths come to 110 minutes, and 100 are missing."""
    table = report.table("gaps")
    last = korean(31, "23:00:00").astimezone(SEOUL)
    assert rows(table, "system", "from", "to", "length_seconds", "lasts")[2] == (
        "pbx2",
        last,
        last + timedelta(hours=1),
        3600,
        "",
    )
    assert table.total is None or total(table, "length_seconds") == (6000,)


# -- the public record of the half-year --------------------------------------------------------------------------------


def test_the_record_of_the_half_year(month_ledger: Repository) -> None:
    """September's five calls, the forty, and November's one, which was broken: 46, and 2025's two beside them."""
    half = Order(period=Period.half("2026H2", SEOUL), publishable=True)
    figures = figures_of(month_ledger.store, half, BASIS, now=korean(4, "09:00:00", 1, 2027))
    record = record_of(figures, half, HOUSE, "ko")
    found = {key: tile.value for key, tile in tiles(record).items()}
    assert found["compliance_within"] == 22 / 31  # 3+19+0 kept, 1+7+1 broken
    assert found["compliance_before"] == 17 / 32  # 2+15+0 kept, 2+12+1 broken
    assert found["answer_rate"] == 29 / 46  # 4+24+1
    assert found["direct_handling_rate"] == 24 / 29
    # Of pbx2 nothing was seen before 10:00 of 25 September: 86 days and ten hours of 184. Its gap over midnight is two
    # hours; the other system's are ten and forty minutes.
    unobserved_minutes = (86 * 24 + 10) * 60 + 120 + 10 + 40
    assert found["coverage"] == 1 - unobserved_minutes / (2 * 184 * 24 * 60)
    # Asked first: yes in three of the five of which it is reported.
    assert rows(record.table("promises"), "measured", "as_promised", "otherwise")[:4] == [
        (31, 22, 9),
        (None, None, None),  # nothing was drawn to be listened to
        (29, 24, 5),
        (5, 3, 2),
    ]
    keys = ("offered", "answered", "kept_within", "broken_within", "excluded_within")
    assert rows(record.table("months"), *keys) == [
        (0, 0, 0, 0, 0),
        (0, 0, 0, 0, 0),
        (5, 4, 3, 1, 1),
        (40, 24, 19, 7, 14),
        (1, 1, 0, 1, 0),
        (0, 0, 0, 0, 0),
    ]
    # In July, August and December nobody called, as far as the other system saw.
    assert [row[0] for row in rows(record.table("months"), "note")] == [
        "전화 없음",
        "전화 없음",
        "",
        "",
        "",
        "전화 없음",
    ]
    # The half before has no call; the same half a year before has two.
    assert rows(record.table("comparison"), "offered", "compliance_within") == [(46, 22 / 31), (2, 1 / 2)]


# -- of every table ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["ko", "en"])
def each(figures: Figures, request: pytest.FixtureRequest) -> Document:
    return document_of(figures, MONTH, HOUSE, request.param)


def test_every_total_is_the_sum_of_its_rows_and_every_quotient_follows(each: Document) -> None:
    checked = 0
    for table in each.tables():
        names = [column.key for column in table.columns]
        lines = [dict(zip(names, row, strict=True)) for row in (*table.rows, *([table.total] if table.total else []))]
        for column in table.columns:
            if column.summed and table.total is not None:
                cells = [row[names.index(column.key)] for row in table.rows]
                summed = sum(value for value in cells if isinstance(value, int | float))
                assert lines[-1][column.key] == pytest.approx(summed), (table.key, column.key)
                checked += 1
            if column.quotient is not None:
                for line in lines:
                    assert line[column.key] == pytest.approx(worked_out(line, column.quotient)), (table.key, column.key)
                    checked += 1
    assert checked > 200


def worked_out(line: Mapping[str, Value], quotient: Quotient) -> float | None:
    def summed(keys: tuple[str, ...]) -> float:
        found = 0.0
        for key in keys:
            value = line[key.removeprefix("-")]
            assert isinstance(value, int | float)
            found += -value if key.startswith("-") else value
        return found

    below = summed(quotient.denominator)
    return summed(quotient.numerator) / below if below else None


def numbers(document: Document) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Every value that is no text, by table."""
    for table in document.tables():
        kinds = [column.kind for column in table.columns]
        for row in table.rows:
            yield table.key, tuple(value for kind, value in zip(kinds, row, strict=True) if kind is not Kind.TEXT)


def test_both_languages_tell_the_same_numbers(figures: Figures) -> None:
    korean_one, english = (document_of(figures, MONTH, HOUSE, language) for language in ("ko", "en"))
    assert list(numbers(korean_one)) == list(numbers(english))
    assert {key: tile.value for key, tile in tiles(korean_one).items()} == {
        key: tile.value for key, tile in tiles(english).items()
    }

"""The CSV of the calls: over real sockets, what the list says, and no formula."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from monitor.csv_text import as_text
from monitor.page.csv_out import csv_chunks
from tests.ledger.records import a_call

from .centre import Centre, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.calls.facts import Call


def test_the_csv_says_what_the_list_says(centre: Centre) -> None:
    centre.repository.record_all([a_call()])
    headings, row = centre.csv("/calls.csv")
    assert dict(zip(headings, row, strict=True)) == {
        "entered": "2026-03-02 18:00:00",
        "system": "pbx1",
        "linkedid": "1772442000.1",
        "line": "main",
        "dialled": "15886565",
        "caller": "010-****-5678",
        "queue": "support",
        "phone": "PJSIP/agent2",
        "agent": "Agent2",
        "rings": "3",
        "ringing (s)": "6.000000",
        "waiting (s)": "8.000000",
        "talking (s)": "40.000000",
        "on hold (s)": "5.000000",
        "outcome": "answered",
        "verdict: within 3": "kept",
        "verdict: before 3": "broken",
        "reason": "answered within the rule",
        "rule": "three-rings/1",
        "observed": "whole",
        "source": "followed by this monitor",
        "transfers": "blind inside completed",
        "team": "",
        "chosen in menus": "",
        "recordings": "",
    }


def test_the_csv_speaks_the_viewers_language_and_masks_as_the_list_does(centre: Centre) -> None:
    centre.repository.record_all([a_call()])
    headings, row = centre.csv("/calls.csv", role="supervisor", language="ko")
    assert headings[:6] == ["들어온 시각", "교환기", "연결 식별자", "회선", "누른 번호", "고객 번호"]
    assert headings[15:17] == ["판정: 3번까지", "판정: 3번 전"]
    assert (row[5], row[14]) == ("01012345678", "응대")


def test_the_csv_is_named_after_its_days_and_its_lines_end_as_spreadsheets_want(centre: Centre) -> None:
    centre.repository.record_all([a_call()])
    one, two = centre.get("/calls.csv", "/calls.csv?from=2026-03-01&to=2026-03-02")
    assert one.headers["content-type"] == "text/csv; charset=utf-8"
    assert one.headers["content-disposition"] == 'attachment; filename="calls-2026-03-02.csv"'
    assert two.headers["content-disposition"] == 'attachment; filename="calls-2026-03-01--2026-03-02.csv"'
    assert one.content.count(b"\r\n") == one.content.count(b"\n") == 2


def test_the_csv_holds_every_page_of_the_list(centre: Centre) -> None:
    centre.repository.record_all([at(number, f"{number:04}") for number in range(1203)])
    rows = centre.csv("/calls.csv?queue=support")[1:]
    assert [row[2] for row in rows] == [f"{number:04}" for number in reversed(range(1203))]


def test_only_a_piece_of_the_csv_is_in_memory(centre: Centre) -> None:
    """Of calls without end the first piece comes after 200."""
    taken = []

    def endless() -> Iterator[Call]:
        for number in count():
            taken.append(number)
            yield a_call()

    chunks = csv_chunks(["heading"], endless(), lambda call: [call.line])
    assert next(chunks) == "\ufeffheading\r\n".encode() + b"main\r\n" * 200
    assert len(taken) == 200


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_what_begins_like_a_formula_is_text(centre: Centre, start: str) -> None:
    name = f"{start}cmd|' /C calc'!A0"
    assert as_text(name) == f"'{name}"
    call = a_call(f"{start}1", member=name, queue=name, line=name, caller=f"{start}{name}", dialled=name, agent=name)
    centre.repository.record_all([call])
    _, row = centre.csv("/calls.csv", role="supervisor")
    assert [row[n] for n in (2, 3, 4, 5, 6, 7, 8)] == [
        f"'{start}1",
        f"'{name}",
        f"'{name}",
        f"'{start}{name}",
        *[f"'{name}"] * 3,
    ]


def test_what_does_not_begin_like_a_formula_stays_as_it_is() -> None:
    assert [as_text(text) for text in ("010-1234", "a=b", "", None, "'quoted")] == [
        "010-1234",
        "a=b",
        "",
        "",
        "'quoted",
    ]

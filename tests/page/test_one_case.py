"""The page of one case over a real ledger: each step of it, what is refused, and two people at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from monitor.commitments.cases import Change

from .case_house import KIM, kept, rows, step
from .centre import text_of

if TYPE_CHECKING:
    from pathlib import Path

    from .case_house import CaseHouse


def test_a_case_goes_its_way_step_by_step(house: CaseHouse) -> None:
    case = house.open("kindness", "2026-11-17", subject="언성", contact="010-1234-5678")
    for name, fields in (
        ("assign", {"assignee": "이주임"}),
        ("looked", {"finding": "upheld"}),
        ("amends", {"paid_won": "10,000", "apology_at": "2026-11-24"}),
        ("done", {"done_at": "2026-11-25", "result": "교육했습니다"}),
        ("reopen", {}),
        ("withdraw", {}),
    ):
        answer = step(house, case.reference, name, **fields)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{case.reference}?did={name}#steps")
        house.clock.move(minutes=1)
        if name == "done":
            page = text_of(house.get(f"/cases/{case.reference}").text)
            # From Tuesday the 17th to Wednesday the 25th there are seven working days.
            assert "Received 2026-11-17. Last day 2026-11-25. Done 2026-11-25. It took 7 working days." in page
            assert "Owed 10,000 won a written apology training Paid 10,000 won 2026-11-25" in page
            assert "Apology 2026-11-24 Training owed" in page
    assert house.sql("select state, assignee, finding, paid_won, owed_won, done_at from cases") == [
        ("withdrawn", "이주임", "upheld", 10_000, 0, None)
    ]
    assert [row[0] for row in house.sql("select action from case_events order by id")] == [
        *("opened", "changed", "changed", "changed", "done", "reopened", "withdrawn"),
    ]
    trail = rows(house.get(f"/cases/{case.reference}").text)
    assert trail[-1][1:3] == ["kim", "opened"]
    assert "Contact written anew" in trail[-1][3]
    assert trail[4][3] == "Finding the person was right Owed 10,000 won Apology owed yes Training owed yes"


def test_what_was_left_as_it_was_shown_stays(house: CaseHouse) -> None:
    """A masked number and text, a day whose time is not shown, and an amount written otherwise: nothing is changed."""
    case = house.open(subject="010-1234-5678로 전화", contact="hong@example.com", paid_won=1_000)
    before = house.sql("select * from cases")
    answer = step(
        house,
        case.reference,
        "correct",
        commitment="voc_simple",
        received_at="2026-11-23",
        subject="010-****-5678로 전화",
        contact="h***@example.com",
        system="",
        linkedid="",
    )
    assert answer.status_code == 303
    house.clock.move(days=1)
    assert (
        step(
            house, case.reference, "amends", paid_won="1000", paid_at="2026-11-25", apology_at="", training_at=""
        ).status_code
        == 303
    )
    assert house.sql("select * from cases") == before
    assert house.sql("select count(*) from case_events") == [(1,)]


def test_addresses_in_what_people_wrote_are_masked_too(house: CaseHouse) -> None:
    case = house.open(subject="답은 hong@example.com 으로", assignee="lee")
    pages = [house.get(path).text for path in (f"/cases/{case.reference}", "/cases.csv")]
    pages.append(house.call("GET", f"/cases/{case.reference}").text)
    assert [("h***@example.com" in page, "hong@" in page) for page in pages] == [(True, False)] * 3


def test_what_is_hidden_is_not_written_over(house: CaseHouse) -> None:
    """Somebody who sees a number masked adds a word to the text around it."""
    case = house.open(subject="010-1234-5678로 전화")
    fields = {"commitment": "voc_simple", "received_at": "2026-11-23", "contact": "", "system": "", "linkedid": ""}
    answer = step(house, case.reference, "correct", subject="010-****-5678로 전화 바람", **fields)
    assert (answer.status_code, "Part of it is hidden from you" in answer.text) == (400, True)
    assert "010-****-5678로 전화 바람" in answer.text
    assert house.sql("select subject from cases") == [("010-1234-5678로 전화",)]
    assert step(house, case.reference, "correct", subject="02-123-4567로 전화", **fields).status_code == 303
    assert house.sql("select subject from cases") == [("02-123-4567로 전화",)]


def test_a_corrected_day_of_receipt_moves_the_deadline(house: CaseHouse) -> None:
    case = house.open(received="2026-11-23")
    fields = {"commitment": "voc_simple", "subject": "", "contact": "", "system": "", "linkedid": ""}
    assert step(house, case.reference, "correct", received_at="2026-11-10", **fields).status_code == 303
    assert "7 days over" in house.get(f"/cases/{case.reference}").text


@pytest.mark.parametrize(
    ("name", "fields", "field", "sentence"),
    [
        ("done", {"done_at": "2026-11-26", "result": "곧"}, "done_at", "It lies in the future"),
        ("done", {"done_at": "2026-11-20", "result": "먼저"}, "done_at", "before the case came in"),
        ("amends", {"paid_won": "-5", "paid_at": ""}, "paid_won", "Write a whole number"),
        ("amends", {"paid_won": "999999999"}, "paid_won", "from 0 to 100,000,000"),
        ("assign", {"assignee": "김" * 65}, "assignee", "more than 64 characters"),
        ("looked", {"finding": "perhaps"}, "finding", "upheld or not_upheld"),
    ],
)
def test_a_step_that_cannot_be_is_told_beside_its_field(
    still: CaseHouse, name: str, fields: dict[str, str], field: str, sentence: str
) -> None:
    before = kept(still)
    answer = step(still, "B", name, **fields)
    assert answer.status_code == 400
    fault = re.search(rf'id="{name}-{field}-fault">(.*?)</span>', answer.text)
    assert fault is not None
    assert sentence in text_of(fault[1])
    if field != "finding":  # which is chosen, and not typed
        assert all(value in answer.text for value in fields.values())
    assert kept(still) == before


def test_of_two_people_at_once_the_later_is_told_and_keeps_what_was_typed(house: CaseHouse) -> None:
    case = house.open()
    path = f"/cases/{case.reference}"
    seen = re.search(r'name="seen" value="([^"]+)"', house.get(path).text)
    assert seen is not None
    house.clock.move(minutes=5)
    house.desk.change(case.reference, Change(assignee="박대리"), KIM)
    answer = house.post(path, {"step": "done", "seen": seen[1], "done_at": "2026-11-25", "result": "길게 쓴 결과"})
    assert answer.status_code == 409
    assert "Somebody else changed this case meanwhile" in answer.text
    assert "kim, 12:05:00: changed" in answer.text
    assert "길게 쓴 결과" in answer.text
    assert house.sql("select state, assignee, result from cases") == [("open", "박대리", None)]
    # The page that told of it shows the case as it is, so that the same form may be sent now.
    again = step(house, case.reference, "done", done_at="2026-11-25", result="길게 쓴 결과")
    assert again.status_code == 303
    for wrong in ({"step": "done", "seen": "yesterday"}, {"step": "burn", "seen": seen[1]}):
        assert house.post(path, wrong).status_code == 400


def test_a_reference_may_hold_what_addresses_have_a_meaning_for(house: CaseHouse) -> None:
    house.open(reference="2026/11#7:a")
    link = re.search(r'<a href="(/cases/2026[^"]+)"', house.get("/cases").text)
    assert link is not None
    assert link[1] == "/cases/2026%2F11%237%3Aa"
    assert "2026/11#7:a" in house.get(link[1]).text
    assert step(house, "2026/11#7:a", "withdraw").status_code == 303
    assert house.noted.all[-1].detail == "2026/11#7:a"
    assert [house.get(f"/cases/{name}").status_code for name in ("nothing", "%00", "%ff", "..%2F..")] == [404] * 4


def test_erased_data_are_said_to_be_so(house: CaseHouse) -> None:
    house.open(reference="A", subject="언성", contact="010-1234-5678")
    with house.repository.store.writing() as connection:
        connection.exec_driver_sql("update cases set subject = null, contact = null, erased_at = 1795579200000000")
    # 1,795,579,200 s after 1970 is 2026-11-25 04:00 UTC.
    assert house.get("/cases/A").text.count("erased 2026-11-25") == 3


def test_a_ledger_that_is_away_is_told(house: CaseHouse, tmp_path: Path) -> None:
    case = house.open()
    house.repository.close()
    (tmp_path / "ledger.sqlite3").rename(tmp_path / "elsewhere.sqlite3")
    for path in ("/cases", "/cases.csv", f"/cases/{case.reference}"):
        answer = house.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert "The ledger does not answer" in answer.text

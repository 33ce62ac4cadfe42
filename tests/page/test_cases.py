"""The pages of cases over a real ledger: the list, a new case, and each step of one."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.numbers import Numbers
from tests.ledger.records import a_call

from .case_house import CaseHouse, day, kept, rows, step
from .centre import HTML, text_of

if TYPE_CHECKING:
    from pathlib import Path

NEW = "/cases/new"


# -- the list ----------------------------------------------------------------------------------------------------------


def test_what_is_to_be_done_comes_by_its_last_day_with_the_days_that_are_left(house: CaseHouse) -> None:
    """Of 7 working days the day of receipt is the first.

    Those from Tuesday 10 Nov end on Wednesday the 18th, a week before today; those from Tuesday the 17th today, those
    from Monday the 23rd on Tuesday 1 Dec. The accuracy guarantee names no time, and comes last.
    """
    late = house.open(received="2026-11-10", assignee="김상담", contact="010-1234-5678", subject="늦어지는 이유")
    none = house.open("accuracy", "2026-11-20", visits=2)
    soon = house.open(received="2026-11-17")
    fine = house.open(received="2026-11-23")
    done = house.open(received="2026-11-23", done_at=day("2026-11-24"))
    english = house.get("/cases").text
    assert [row[:2] for row in rows(english)] == [
        ["2026-11-18 7 days over", "overdue"],
        ["2026-11-25 until today", "due soon"],
        ["2026-12-01 6 days left", "open"],
        ["-", "open"],
    ]
    assert [row[2].split()[0] for row in rows(english)] == [case.reference for case in (late, soon, fine, none)]
    assert rows(english)[0][3:] == ["늦어지는 이유 received 2026-11-10", "010-****-5678", "김상담", "-"]
    assert rows(english)[3][5:] == ["nobody", "10,000 won not paid yet a written apology owed"]
    assert done.reference not in english
    korean = house.get("/cases", language="ko").text
    assert [row[:2] for row in rows(korean)][:3] == [
        ["2026-11-18 7일 지남", "기한 경과"],
        ["2026-11-25 오늘까지", "기한 임박"],
        ["2026-12-01 6일 남음", "처리 중"],
    ]
    assert house.noted.all[-1].action == "cases"
    assert (house.noted.all[-1].who, house.noted.all[-1].calls) == ("kim", 4)


def tiles_of(page: str) -> dict[str, str]:
    """What the tile of each promise says."""
    tiles = re.findall(r'<li class="panel[^>]*>\s*<h2>(.*?)</h2>(.*?)</li>', page, re.DOTALL)
    return {text_of(name): text_of(rest) for name, rest in tiles}


def test_tiles_sum_up_each_promise_as_it_is_now(house: CaseHouse) -> None:
    voice = "Customer's voice: simple questions and complaints"
    house.open(received="2026-11-10")
    last = house.open(received="2026-11-17")
    house.open(received="2026-11-23")
    house.open(received="2026-11-23", done_at=day("2026-11-24"))
    house.open("accuracy", visits=2, paid_won=4_000)
    house.open("accuracy", visits=3)
    tiles = tiles_of(house.get("/cases").text)
    assert len(tiles) == 7
    assert tiles[voice] == "7 working days 3 open overdue 1 due soon 1 done 1"
    # Two visits are owed 10,000 won, three 20,000.
    money = "owed 30,000 won · paid 4,000 won still to be given"
    assert tiles["Accuracy guarantee"] == f"no time is promised 2 open {money}"
    assert tiles["Satisfaction survey"] == "once a year 0 open"
    house.clock.at = day("2026-11-26") - timedelta(microseconds=1)
    assert tiles_of(house.get("/cases").text)[voice] == "7 working days 3 open overdue 1 due soon 1 done 1"
    house.clock.at = day("2026-11-26")
    assert tiles_of(house.get("/cases").text)[voice] == "7 working days 3 open overdue 2 done 1"
    assert step(house, last.reference, "withdraw").status_code == 303
    assert tiles_of(house.get("/cases").text)[voice] == "7 working days 2 open overdue 1 done 1"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("standing=overdue", "A"),
        ("standing=due_soon", ""),
        ("standing=open", "BC"),
        ("standing=done", "D"),
        ("standing=all", "DCBA"),  # the newest first
        ("promise=kindness", "C"),
        ("assignee=%EA%B9%80", "A"),
        ("assignee=-", "BC"),
        ("number=5678", "A"),
        ("number=010-1234-5678", "A"),
        ("number=5679", ""),
        ("text=b", "B"),
        ("from=2026-11-21&to=2026-11-23&standing=all", "B"),
    ],
)
def test_cases_are_found_by_whatever_is_known_of_them(still: CaseHouse, asked: str, found: str) -> None:
    page = still.get(f"/cases?{asked}").text
    assert "".join(row[2].split()[0] for row in rows(page)) == found
    csv_rows = read_csv(still.get(f"/cases.csv?{asked}"))
    assert "".join(row[0] for row in csv_rows[1:]) == found


def test_whoever_sees_numbers_masked_finds_none_in_what_cases_are_about(house: CaseHouse, tmp_path: Path) -> None:
    """Else digits could be found by asking for one piece after the other."""
    house.open(reference="A", subject="call 01012345678", result="or 02-123-4567", contact="hong@example.com")
    for path in ("/cases", "/cases/A", "/cases.csv"):
        text = house.get(path).text
        assert "12345" not in text
        assert "hong" not in text
        assert "010-****-5678" in text
    assert "No case was found" in house.get("/cases?text=0101").text
    assert house.call("GET", "/cases?text=0101").json()["cases"] == []
    house.repository.close()
    full = CaseHouse(tmp_path / "ledger.sqlite3", full=True)
    assert [row[2].split()[0] for row in rows(full.get("/cases?text=0101").text)] == ["A"]
    assert "call 01012345678" in full.get("/cases/A").text
    assert "hong@example.com" in full.get("/cases/A").text
    full.repository.close()


def test_with_hashed_numbers_whole_ones_are_found(ledger: Path) -> None:
    house = CaseHouse(ledger, numbers=Numbers(b"k" * 32))
    house.open(reference="A", contact="010-1234-5678")
    assert [row[2].split()[0] for row in rows(house.get("/cases?number=01012345678").text)] == ["A"]
    refused = house.get("/cases?number=5678")
    assert refused.status_code == 400
    assert "Write the whole number" in refused.text
    assert house.sql("select count(*) from cases where contact like '%5678%'") == [(0,)]
    house.repository.close()


def test_what_is_asked_wrongly_is_told_beside_its_field_and_kept(still: CaseHouse) -> None:
    answer = still.get(f"/cases?from=25.11.&standing=late&number=12345&promise={HTML}&to=2026-11-25")
    assert answer.status_code == 400
    for name in ("from", "standing", "number", "promise"):
        assert f'id="ask-{name}-fault"' in answer.text
    assert 'value="25.11."' in answer.text
    assert "Nothing was searched" in answer.text
    assert HTML not in answer.text
    lost = still.get("/cases?after=nonsense")
    assert (lost.status_code, "begin again with its first page" in lost.text) == (400, True)


def test_an_empty_list_says_what_it_means(house: CaseHouse) -> None:
    assert "Nothing is to be done." in house.get("/cases").text
    assert "No case was found." in house.get("/cases?standing=overdue").text


def test_pages_follow_each_other(house: CaseHouse) -> None:
    references = [house.open(received="2026-11-24").reference for _ in range(51)]
    first = house.get("/cases").text
    assert "51 cases found" in text_of(first)
    following = re.search(r'<a href="(/cases\?[^"]+after=[^"]+)" rel="next">', first)
    assert following is not None
    second = house.get(following[1].replace("&amp;", "&")).text
    assert [row[2].split()[0] for row in rows(first) + rows(second)] == references
    assert 'rel="next"' not in second


def read_csv(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_the_list_as_csv(house: CaseHouse) -> None:
    """Formulas are text; all pages are in it, and more than one piece of 200 rows."""
    house.open(reference="A", received="2026-11-10", subject="=1+1", contact="010-1234-5678", visits=2)
    for _ in range(201):
        house.open(received="2026-11-24")
    answer = house.get("/cases.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="cases-2026-11-25.csv"'
    head, first, *rest = read_csv(answer)
    told = dict(zip(head, first, strict=True))
    assert told["Reference"] == "A"
    assert told["Subject"] == "'=1+1"
    assert (told["Due"], told["Days left"], told["Contact"]) == ("2026-11-18", "7 days over", "010-****-5678")
    assert len(rest) == 201
    # From whichever page it is asked for, it is all of them.
    assert house.get("/cases.csv?standing=all&after=x").content.count(b"\r\n") == 203
    assert (house.noted.all[-1].action, house.noted.all[-1].calls) == ("cases_csv", 202)


# -- a new case --------------------------------------------------------------------------------------------------------


def test_a_case_is_opened_on_the_page(house: CaseHouse) -> None:
    answer = house.post(
        NEW,
        {
            "commitment": "accuracy",
            "received_at": "2026-11-24",
            "subject": "세 번 방문\r\n했습니다",
            "contact": "02-123-4567",
            "assignee": "김상담",
            "visits": "3",
            "missed_appointment": "yes",
        },
    )
    assert answer.status_code == 303
    columns = "reference, commitment, subject, contact, assignee, visits, missed_appointment, owed_won, source"
    (stored,) = house.sql(f"select {columns} from cases")  # noqa: S608 - of names that stand above
    assert stored[1:] == ("accuracy", "세 번 방문\n했습니다", "021234567", "김상담", 3, 1, 20_000, "page")
    assert answer.headers["location"] == f"/cases/{stored[0]}"
    assert house.sql("select who, role, action from case_events") == [("kim", "supervisor", "opened")]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("commitment", "", "choose one of the list"),
        ("commitment", "made_up", "There is no such promise"),
        ("received_at", "", "on which day the case came in"),
        ("received_at", "24.11.2026", "Write the day as in 2026-11-25"),
        ("received_at", "2026-11-26", "It lies in the future"),
        ("received_at", "1999-12-31", "before the year 2000"),
        ("contact", "hong", "no whole telephone number"),
        ("visits", "two", "Write a whole number"),
        ("visits", "0", "from 1 to 1,000"),
        ("subject", "가" * 501, "more than 500 characters"),
        ("reference", "01012345678", "cannot be erased"),
        ("reference", "new", "cannot be a reference"),
        ("reference", "..", "letters, digits and"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_all_that_was_typed_is_kept(
    still: CaseHouse, field: str, typed: str, sentence: str
) -> None:
    before = kept(still)
    fields = {"commitment": "voc_simple", "received_at": "2026-11-24", "subject": "그대로", "assignee": "김"}
    answer = still.post(NEW, fields | {field: typed})
    assert answer.status_code == 400
    fault = re.search(rf'id="new-{field}-fault">(.*?)</span>', answer.text)
    assert fault is not None, answer.text
    assert sentence in text_of(fault[1])
    assert f'id="new-{field}" name="{field}" aria-invalid="true"' in answer.text
    for name, value in (fields | {field: typed}).items():
        assert value in answer.text, name
    assert kept(still) == before


def test_a_call_fills_the_form_in_and_its_number_is_not_shown(house: CaseHouse) -> None:
    """Whoever sees it masked sends it back masked, and the case has it in full."""
    house.repository.record_all([a_call("1.1", caller="01012345678")])
    link = re.search(r'href="(/cases/new\?[^"]+)"', house.get("/calls/pbx1/1.1").text)
    assert link is not None
    page = house.get(link[1].replace("&amp;", "&")).text
    fields = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', page))
    assert (fields["contact"], fields["received_at"]) == ("010-****-5678", "2026-03-02")
    assert (fields["system"], fields["linkedid"]) == ("pbx1", "1.1")
    assert "12345678" not in page
    assert (house.noted.all[-1].action, house.noted.all[-1].linkedid) == ("case_new", "1.1")
    names = ("contact", "received_at", "system", "linkedid")
    answer = house.post(NEW, {"commitment": "kindness"} | {name: fields[name] for name in names})
    assert answer.status_code == 303
    assert house.sql("select contact, system, linkedid from cases") == [("01012345678", "pbx1", "1.1")]
    assert 'href="/calls/pbx1/1.1"' in house.get(answer.headers["location"]).text

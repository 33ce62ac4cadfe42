"""The API of cases over a real ledger: read by whoever may, written with a token, once however often it is sent."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships none
from openapi_spec_validator import validate

from monitor.page.api_bodies import BODY_BYTES
from monitor.page.api_case_operations import CASE_OPERATIONS

from .asking import problem
from .case_house import KIM, CaseHouse, day, kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

NEW = {"commitment": "voc_simple", "received_at": "2026-11-23", "reference": "R-1", "contact": "010-1234-5678"}


@pytest.fixture(scope="module")
def still(empty_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseHouse]:
    """One in which nothing changes: it has three cases."""
    house = CaseHouse(Path(shutil.copy(empty_ledger, tmp_path_factory.mktemp("still") / "ledger.sqlite3")))
    house.open(reference="A", received="2026-11-10", subject="01012345678", contact="010-1234-5678", assignee="kim")
    house.open("kindness", "2026-11-24", reference="B/1", finding="upheld")
    house.open(reference="C", received="2026-11-23", done_at=day("2026-11-24"))
    yield house
    house.repository.close()


def references(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return " ".join(case["reference"] for case in answer.json()["cases"])


# -- reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", "B/1 C A"),  # the newest first
        ("?standing=undone", "A B/1"),  # the first due first
        ("?standing=overdue", "A"),
        ("?standing=done", "C"),
        ("?commitment=kindness", "B/1"),
        ("?assignee=kim", "A"),
        ("?number=5678", "A"),
        ("?number=010-1234-5678", "A"),
        ("?text=b", "B/1"),
        ("?text=0101234", ""),  # in subjects nobody looks who sees numbers masked
        ("?from=2026-11-23&to=2026-11-23", "C"),
        ("?from=2026-11-10T00:00:00%2B09:00&to=2026-11-10T00:00:01%2B09:00", "A"),
    ],
)
def test_cases_are_found(still: CaseHouse, asked: str, found: str) -> None:
    assert references(still.call("GET", f"/cases{asked}")) == found


def test_pages_follow_each_other(still: CaseHouse) -> None:
    first = still.call("GET", "/cases?limit=2")
    assert references(first) == "B/1 C"
    second = still.call("GET", f"/cases?limit=2&after={first.json()['next']}")
    assert (references(second), second.json()["next"]) == ("A", None)


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ("after=nonsense", "after"),
        ("standing=late", "standing"),
        ("number=12345", "number"),
        ("from=23.11.2026", "from"),
        ("limit=0", "limit"),
        ("text=%00", "text"),
        ("assignee=" + "x" * 201, "assignee"),
        ("reference=A", "reference"),
    ],
)
def test_what_cannot_be_asked_is_told_by_its_parameter(still: CaseHouse, asked: str, parameter: str) -> None:
    assert problem(still.call("GET", f"/cases?{asked}"), 400)["parameter"] == parameter


def test_one_case_comes_with_its_trail_and_its_numbers_masked(still: CaseHouse) -> None:
    answer = still.call("GET", "/cases/A")
    told = answer.json()
    # From Tuesday 10 Nov 7 working days last to Wednesday the 18th, which ends at 15:00 UTC.
    assert (told["due_at"], told["standing"]) == ("2026-11-18T15:00:00.000000Z", "overdue")
    assert (told["contact"], told["subject"]) == ("010-****-5678", "010-****-5678")
    assert [(entry["who"], entry["action"]) for entry in told["trail"]] == [("kim", "opened")]
    assert told["trail"][0]["detail"]["contact"] == "changed"
    assert answer.headers["etag"] == f'"{told["changed_at"]}"'
    assert "1234" not in answer.text
    assert still.call("GET", "/cases/B%2F1").json()["owed_won"] == 10_000
    assert "There is no such case" in problem(still.call("GET", "/cases/D"), 404)["detail"]
    assert problem(still.call("GET", "/cases/D%00"), 404)
    assert [entry.action for entry in still.noted.all[-2:]] == ["api_case", "api_case"]


@pytest.mark.parametrize(
    ("who", "status"), [("kim", 200), ("archive", 200), ("intake", 200), ("lee", 403), ("screen", 403), (None, 401)]
)
def test_who_may_read(still: CaseHouse, who: str | None, status: int) -> None:
    for path in ("/cases", "/cases/A"):
        assert still.call("GET", path, who).status_code == status


# -- writing -----------------------------------------------------------------------------------------------------------


def test_a_case_sent_back_as_it_was_told_loses_nothing(house: CaseHouse) -> None:
    """A program that sees numbers masked reads a case, changes one field, and sends all of it."""
    house.open(reference="A", subject="010-1234-5678", contact="010-1234-5678", assignee="010-1234-5678")
    told = house.call("GET", "/cases/A").json()
    sent = {name: told[name] for name in ("subject", "contact", "assignee", "changed_at")} | {"result": "답함"}
    assert house.call("PATCH", "/cases/A", json=sent).status_code == 200
    assert house.sql("select subject, contact, assignee, result from cases") == [
        ("010-1234-5678", "01012345678", "010-1234-5678", "답함")
    ]


def test_a_case_is_opened_once_however_often_it_is_sent(house: CaseHouse) -> None:
    first = house.call("POST", "/cases", json=NEW)
    assert first.status_code == 201
    assert first.headers["location"] == "/api/v1/cases/R-1"
    assert (first.json()["source"], first.json()["contact"]) == ("api", "010-****-5678")
    before = kept(house)
    house.clock.move(hours=1)
    again = house.call("POST", "/cases", json=NEW)
    assert again.status_code == 200
    assert again.json() == first.json()
    other = house.call("POST", "/cases", json=NEW | {"received_at": "2026-11-24"})
    assert problem(other, 409)["field"] == "reference"
    assert kept(house) == before
    assert house.sql("select who, role, action from case_events") == [("intake", "cases", "opened")]
    drawn = {house.call("POST", "/cases", json=NEW | {"reference": None}).json()["reference"] for _ in range(2)}
    assert len(drawn) == 2


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"received_at": "2026-11-26"}, "received_at", "It lies in the future"),
        ({"received_at": "2026-11-23T09:00:00"}, "received_at", "Write a day as 2026-03-02"),
        ({"received_at": "yesterday"}, "received_at", "The field 'received_at' cannot be used"),
        ({"received_at": 1_795_000_000}, "received_at", "valid string"),
        ({"received_at": None}, "received_at", "valid string"),
        ({"commitment": "made_up"}, "commitment", "There is no such promise"),
        ({"done_at": "2026-11-20"}, "done_at", "before the case came in"),
        ({"paid_won": -1}, "paid_won", "greater than or equal to 0"),
        ({"paid_won": "10000"}, "paid_won", "valid integer"),
        ({"paid_won": 1.5}, "paid_won", "valid integer"),
        ({"missed_appointment": "no"}, "missed_appointment", "valid boolean"),
        ({"contact": "hong"}, "contact", "no whole telephone number"),
        ({"subject": "x" * 501}, "subject", "at most 500 characters"),
        ({"subject": "\u0007"}, "subject", "cannot be written"),
        ({"finding": "perhaps"}, "finding", "'upheld' or 'not_upheld'"),
        ({"reference": "R\0"}, "reference", "cannot be written"),
        ({"linkedid": "1.1"}, "linkedid", "give both, or neither"),
        ({"recieved_at": "2026-11-23"}, "recieved_at", "did you mean 'received_at'?"),
        ({"state": "done"}, "state", "There is no field 'state'"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_field_and_nothing_is_written(
    still: CaseHouse, changes: dict[str, Any], field: str, sentence: str
) -> None:
    before = kept(still)
    told = problem(still.call("POST", "/cases", json=NEW | changes), 422)
    assert told["field"] == field
    assert sentence in told["detail"]
    assert kept(still) == before


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 422),
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"commitment": NaN}', "application/json", 400),
        (b'{"commitment": "a", "commitment": "b"}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"subject": "' + b"x" * BODY_BYTES + b'"}', "application/json", 413),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
    ],
)
def test_what_is_no_case_is_refused(still: CaseHouse, body: bytes, kind: str, status: int) -> None:
    before = kept(still)
    problem(still.call("POST", "/cases", content=body, headers={"content-type": kind}), status)
    assert kept(still) == before


@pytest.mark.parametrize(
    ("who", "status"), [("kim", 403), ("lee", 403), ("screen", 403), ("stranger", 401), (None, 401)]
)
def test_who_may_not_write(still: CaseHouse, who: str | None, status: int) -> None:
    """People write on the page: their sign-in is sent along whoever made the page they look at."""
    before = kept(still)
    assert still.call("POST", "/cases", who, json=NEW).status_code == status
    assert still.call("PATCH", "/cases/A", who, json={"assignee": "x"}).status_code == status
    assert kept(still) == before


def test_a_case_is_changed_by_whoever_says_which_state_they_saw(house: CaseHouse) -> None:
    house.open("kindness", "2026-11-17", reference="A")
    read = house.call("GET", "/cases/A")
    house.clock.move(minutes=1)
    by_header = house.call(
        "PATCH", "/cases/A", json={"finding": "upheld", "assignee": "lee"}, headers={"if-match": read.headers["etag"]}
    )
    assert by_header.status_code == 200
    assert (by_header.json()["owed_won"], by_header.json()["assignee"]) == (10_000, "lee")
    house.clock.move(minutes=1)
    changes = {"changed_at": by_header.json()["changed_at"], "state": "done", "assignee": None, "paid_won": 10_000}
    by_field = house.call("PATCH", "/cases/A", json=changes)
    assert by_field.status_code == 200
    # 03:02 UTC on the 25th, two minutes after everything began.
    assert (by_field.json()["state"], by_field.json()["done_at"]) == ("done", "2026-11-25T03:02:00.000000Z")
    assert by_field.json()["assignee"] is None
    assert by_field.headers["etag"] == f'"{by_field.json()["changed_at"]}"'
    anyway = house.call("PATCH", "/cases/A", "archive", json={"result": "ok"}, headers={"if-match": "*"})
    assert anyway.json()["result"] == "ok"
    assert house.sql("select who, role, action from case_events order by id") == [
        (KIM.name, KIM.role, "opened"),
        ("intake", "cases", "changed"),
        ("intake", "cases", "done"),
        ("archive", "supervisor", "changed"),
    ]


@pytest.mark.parametrize(
    ("changes", "headers", "status", "field"),
    [
        ({"assignee": "x"}, {}, 428, None),
        ({"assignee": "x"}, {"if-match": '"2026-11-25T02:59:59.000000Z"'}, 412, None),
        ({"assignee": "x"}, {"if-match": "nonsense"}, 412, None),
        ({"assignee": "x", "changed_at": "2026-11-25T02:59:59Z"}, {}, 409, "changed_at"),
        ({"assignee": "x", "changed_at": "2026-11-25T02:59:59"}, {}, 422, "changed_at"),
        ({"state": "burnt"}, {"if-match": "*"}, 422, "state"),
        ({"state": None}, {"if-match": "*"}, 422, "state"),
        ({"done_at": "2026-11-26"}, {"if-match": "*"}, 422, "done_at"),
        ({"reference": "B"}, {"if-match": "*"}, 422, "reference"),
        ({"owed_won": 0}, {"if-match": "*"}, 422, "owed_won"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(
    still: CaseHouse, changes: dict[str, Any], headers: dict[str, str], status: int, field: str | None
) -> None:
    before = kept(still)
    told = problem(still.call("PATCH", "/cases/A", json=changes, headers=headers), status)
    assert told.get("field") == field
    assert kept(still) == before


def test_a_case_that_is_not_there_is_not_changed(still: CaseHouse) -> None:
    problem(still.call("PATCH", "/cases/none", json={"assignee": "x"}, headers={"if-match": "*"}), 404)


def test_a_ledger_that_is_away_is_told(house: CaseHouse, tmp_path: Path) -> None:
    house.repository.close()
    (tmp_path / "ledger.sqlite3").rename(tmp_path / "elsewhere.sqlite3")
    for answer in (house.call("GET", "/cases"), house.call("POST", "/cases", json=NEW)):
        problem(answer, 503)
        assert answer.headers["retry-after"] == "10"


# -- the document ------------------------------------------------------------------------------------------------------


def test_the_document_names_what_can_be_done_and_answers_are_as_it_says(still: CaseHouse) -> None:
    document = still.call("GET", "/openapi.json", "archive").json()
    validate(document)
    assert set(document["paths"]["/cases"]) == {"get", "post"}
    assert set(document["paths"]["/cases/{reference}"]) == {"get", "patch"}
    assert document["paths"]["/cases"]["post"]["security"] == [{"token": []}]
    for method, path, asked in (
        ("get", "/cases", "/cases"),
        ("get", "/cases/{reference}", "/cases/A"),
        ("get", "/cases/{reference}", "/cases/none"),
        ("post", "/cases", "/cases"),
        ("patch", "/cases/{reference}", "/cases/A"),
    ):
        body: dict[str, Any] = {} if method == "get" else {"json": {}}
        answer = still.call(method.upper(), asked, **body)
        content = document["paths"][path][method]["responses"][str(answer.status_code)]["content"]
        schema = {**content[answer.headers["content-type"]]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(answer.json())


def test_the_manual_names_every_question_and_field() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    part = page.partition("\n## Cases\n")[2].partition("\n## ")[0]
    told = set(re.findall(r"`(\w+)`", part))
    for operation in CASE_OPERATIONS:
        assert f"`{operation.method.upper()} {operation.path}`" in part
        assert {parameter.name for parameter in operation.parameters} <= told
        if operation.body is not None:
            assert set(operation.body.model_fields) <= told
    statuses = {str(int(status)) for operation in CASE_OPERATIONS for status in operation.refusals}
    assert statuses <= set(re.findall(r"(?m)^\| (\d{3}) \|", page)), "each is told with the refusals"

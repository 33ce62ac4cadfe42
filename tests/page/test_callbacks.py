"""The pages of calls back and their part of the API, over a real ledger and through the page's door."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from monitor.calls.facts import AgentState, AgentStatus, CallKey
from monitor.numbers import PLAIN, Numbers
from monitor.page.callbacks_form import back_to, callback_path, key_below
from tests.ledger.callback_facts import DUE, MOBILE, answered, at, called, left

from .callback_house import CallbackHouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OFFICE = "0212345678"
HASHES = Numbers(b"0123456789abcdef0123456789abcdef")
FACTS = (
    left(0),
    left(5),
    answered(10, caller=OFFICE, promised=((11, at(40)),)),
    left(12, caller="01099990000", team="원격응대팀"),
    called(30, number="01099990000"),
)
OWN = CallKey(system="pbx1", linkedid="in-0")


@pytest.fixture
def house(ledger: Path) -> Iterator[CallbackHouse]:
    house = CallbackHouse(ledger, *FACTS)
    house.board.record(
        AgentState(
            system="pbx1", queue="support", agent="PJSIP/agent2", member="김상담", status=AgentStatus.FREE, at=at(0)
        )
    )
    yield house
    house.repository.close()


def cells(html: str) -> list[list[str]]:
    """The rows of the list, as text."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    told = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in told]


def test_the_list_tells_whom_to_call_until_when_and_what_was_tried(house: CallbackHouse) -> None:
    rows = cells(house.get("/callbacks").text)
    # At 19:00 in Seoul: the promise was for 18:40; those who left are due on Tuesday at 18:00, 23 hours ahead.
    assert [row[:3] for row in rows] == [
        ["18:40 20 minutes late", "02-****-5678 promised", "overdue"],
        ["03-03 18:00 23 hours left", "010-****-5678 missed call · 1 more", "to be called"],
        ["03-03 18:00", "010-****-0000 missed call", "called, not reached"],
    ]
    assert [row[3:] for row in rows] == [
        ["18:11 promised by 김상담", "main support", "-", "I take it"],
        ["18:00", "main support", "-", "I take it"],
        ["18:12", "main support · 원격응대팀", "1 try 18:30 PJSIP/agent3", "I take it"],
    ]
    korean = house.get("/callbacks?state=overdue", language="ko").text
    assert "기한 경과" in korean
    assert "20분 지남" in korean
    assert 'aria-current="page">콜백' in korean


def test_what_is_asked_for_is_found_and_nonsense_is_told_beside_its_field(house: CallbackHouse) -> None:
    assert len(cells(house.get("/callbacks?state=all").text)) == 4
    assert [row[1] for row in cells(house.get("/callbacks?kind=promised&line=main").text)] == ["02-****-5678 promised"]
    assert [row[1][:13] for row in cells(house.get("/callbacks?team=원격응대팀").text)] == ["010-****-0000"]
    nonsense = house.get("/callbacks?state=%3Cb%3E&line=" + "x" * 201)
    assert nonsense.status_code == 400
    assert nonsense.text.count('aria-invalid="true"') == 2
    assert "&lt;b&gt;" in nonsense.text
    lost = house.get("/callbacks?after=nonsense")
    assert (lost.status_code, "This place in the list is not known." in lost.text) == (400, True)
    assert "No call back was found." in house.get("/callbacks?state=dropped").text


def test_an_empty_ledger_says_that_nobody_waits(ledger: Path) -> None:
    house = CallbackHouse(ledger)
    assert "Nobody is waiting for a call back." in house.get("/callbacks").text
    assert "콜백을 기다리는 고객이 없습니다." in house.get("/callbacks", language="ko").text
    house.repository.close()


@pytest.mark.parametrize(
    ("full", "numbers", "shown", "dial"),
    [(False, None, "010-****-5678", 0), (True, None, "010-1234-5678", 1), (True, HASHES, "#", 0)],
    ids=["masked", "full", "hashed"],
)
def test_a_number_is_shown_and_dialled_only_by_who_may_see_it(
    ledger: Path, full: bool, numbers: Numbers | None, shown: str, dial: int
) -> None:
    house = CallbackHouse(ledger, left(0), full=full, **({} if numbers is None else {"numbers": numbers}))
    listed, one = house.get("/callbacks").text, house.get(callback_path(OWN)).text
    for html in (listed, one):
        assert shown in html
        assert html.count(f'href="tel:{MOBILE}"') == dial
        assert (MOBILE in html) is bool(dial)
        assert "hmac:" not in html
    told = house.get("/api/v1/callbacks", "archive").json()["callbacks"][0]["person"]
    assert told == ((numbers or PLAIN).stored(MOBILE) if full else shown)
    house.repository.close()


def test_both_histories_and_the_way_from_and_to_the_call(house: CallbackHouse) -> None:
    one = house.get(callback_path(CallKey(system="pbx1", linkedid="in-12")))
    assert one.status_code == 200
    assert 'href="/calls/pbx1/in-12"' in one.text
    assert "Agent3" in one.text
    assert "not reached" in one.text
    call = house.get("/calls/pbx1/in-12")
    assert f'href="{callback_path(CallKey(system="pbx1", linkedid="in-12"))}"' in call.text
    house.repository.record_all([answered(50, caller="0311111111")])
    assert "/callbacks/pbx1" not in house.get("/calls/pbx1/in-50").text
    nobody = house.get(callback_path(CallKey(system="pbx1", linkedid="in-50")))
    assert (nobody.status_code, "Nobody is owed a call back for this call" in nobody.text) == (404, True)


def test_taken_on_from_the_list_and_back_to_it(house: CallbackHouse) -> None:
    taken = house.post(OWN, {"step": "assign", "assignee": "kim", "back": "/callbacks?kind=missed"})
    assert (taken.status_code, taken.headers["location"]) == (303, "/callbacks?kind=missed")
    assert [row[-1] for row in cells(house.get("/callbacks?mine=yes").text)] == ["kim 1 note"]
    assert "Nobody" not in house.get("/callbacks?mine=yes", "kim").text
    assert cells(house.get("/callbacks?mine=yes", "park").text) == []
    elsewhere = house.post(OWN, {"step": "note", "text": "다시 걸기로 함", "back": "https://example.com/"}, "park")
    assert elsewhere.headers["location"] == callback_path(OWN)
    written = house.get(callback_path(OWN), language="ko").text
    assert "다시 걸기로 함" in written
    assert "담당자를 kim(으)로 정했습니다" in written


def test_of_two_supervisors_at_once_the_later_sees_that_it_was_done(house: CallbackHouse) -> None:
    html = house.get(callback_path(OWN), "park").text
    shown = re.findall(r'name="seen" value="([^"]+)"', html)[0]
    assert house.post(OWN, {"step": "drop", "text": "wrong number"}, "kim").status_code == 303
    late = house.post(OWN, {"step": "drop", "text": "spoke by mail <today>"}, "park", seen=shown)
    assert late.status_code == 409
    assert "Somebody else has worked on this call back meanwhile" in late.text
    assert "took it off the list" in late.text
    assert house.desk.notes(OWN)[-1].who == "kim"
    assert house.post(OWN, {"step": "reopen", "text": ""}, "park").status_code == 303
    # Reached by telephone between the look and the form.
    house.repository.record_all([called(58, reached=True)])
    done = house.post(OWN, {"step": "drop", "text": "why"}, "park")
    assert (done.status_code, "done with meanwhile" in done.text) == (409, True)


def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_is_kept(house: CallbackHouse) -> None:
    for fields, words in (
        ({"step": "drop", "text": " "}, "Write what happened, or why."),
        ({"step": "note", "text": "가" * 501}, "A note has at most 500 characters. Shorten it."),
        ({"step": "assign", "assignee": "x" * 65}, "A name has at most 64 characters"),
    ):
        refused = house.post(OWN, fields)
        assert refused.status_code == 400
        assert words in refused.text
        assert next(value for name, value in fields.items() if name != "step").strip() in refused.text
        assert refused.text.count('aria-invalid="true"') == 1
    assert house.desk.notes(OWN) == ()
    assert house.post(OWN, {"step": "nonsense"}).status_code == 404


def test_each_look_is_in_the_access_log(house: CallbackHouse) -> None:
    house.get("/callbacks?kind=missed")
    house.get(callback_path(OWN))
    house.get("/api/v1/callbacks", "archive")
    assert [(one.who, one.action, one.linkedid, one.calls) for one in house.noted.all] == [
        ("kim", "callbacks", None, 2),
        ("kim", "callback", "in-0", 1),
        ("archive", "api_callbacks", None, 3),
    ]


@pytest.mark.parametrize(("who", "page", "api"), [("lee", 403, 403), ("screen", 303, 403), ("intake", 303, 403)])
def test_others_see_none_of_it(house: CallbackHouse, who: str, page: int, api: int) -> None:
    assert house.get("/callbacks", who).status_code == house.get(callback_path(OWN), who).status_code == page
    assert house.get("/api/v1/callbacks", who).status_code == api
    if who == "lee":
        assert "/callbacks" not in house.get("/", who).text


def test_the_api_pages_and_says_what_it_does_not_know(house: CallbackHouse) -> None:
    first = house.get("/api/v1/callbacks?limit=2", "archive").json()
    assert (first["count"], [one["linkedid"] for one in first["callbacks"]]) == (3, ["in-10", "in-0"])
    behind = house.get(f"/api/v1/callbacks?limit=2&after={first['next']}", "archive").json()
    assert ([one["linkedid"] for one in behind["callbacks"]], behind["next"]) == (["in-12"], None)
    promise = first["callbacks"][0]
    assert (promise["standing"], promise["due_at"], promise["promised_by"]) == (
        "overdue",
        "2026-03-02T09:40:00.000000Z",
        "PJSIP/agent2",
    )
    assert house.get("/api/v1/callbacks?state=all&kind=missed", "archive").json()["count"] == 3
    for wrong, parameter in (
        ("state=open", "state"),
        ("colour=red", "colour"),
        ("after=x", "after"),
        ("limit=0", "limit"),
    ):
        answer = house.get(f"/api/v1/callbacks?{wrong}", "archive")
        assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)
    assert "/callbacks" in house.get("/api/v1/openapi.json", "archive").json()["paths"]


def test_a_ledger_that_is_away_is_told(house: CallbackHouse, ledger: Path) -> None:
    house.repository.store.close()
    shutil.move(ledger, ledger.with_suffix(".away"))
    away = house.get("/callbacks")
    assert (away.status_code, "nothing was changed" in away.text) == (503, True)
    assert house.get("/api/v1/callbacks", "archive").status_code == 503
    shutil.move(ledger.with_suffix(".away"), ledger)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/callbacks/pbx1/in-0", ("pbx1", "in-0")),
        ("/callbacks/a%2Fb/c%2Fd", ("a/b", "c/d")),
        ("/callbacks/pbx1", None),
        ("/callbacks/pbx1/%00", None),
    ],
)
def test_an_address_names_a_call(path: str, key: tuple[str, str] | None) -> None:
    found = key_below({"type": "http", "raw_path": path.encode(), "path": path})
    assert (None if found is None else (found.system, found.linkedid)) == key
    if found is not None:
        assert callback_path(found) == path


@pytest.mark.parametrize("said", ["//example.com", "/callbacksx", "/callbacks?a\nb", "/callbacks?\\", "", "/calls"])
def test_nobody_is_led_elsewhere(said: str) -> None:
    assert back_to(said) is None
    assert back_to("/callbacks?kind=missed") == "/callbacks?kind=missed"


def test_a_deadline_ahead_is_the_working_days_end(house: CallbackHouse) -> None:
    """Said in full on its own page: Tuesday the 3rd at 18:00 in Seoul."""
    assert DUE.isoformat() == "2026-03-03T09:00:00+00:00"
    assert "2026-03-03 18:00:00" in house.get(callback_path(OWN)).text

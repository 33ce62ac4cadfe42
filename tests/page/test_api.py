"""The JSON API: real answers against the schemas of its own document."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships none
from openapi_spec_validator import validate

from monitor.calls.facts import AgentState, AgentStatus, Scope, TransferEnded
from monitor.calls.rules import RingRule
from monitor.page.api import OPERATIONS
from monitor.replay_json import call_as_json
from tests.ledger.records import a_call, after

from .asking import BOARD, FULL, MASKED, Asking, ringing

if TYPE_CHECKING:
    from monitor.page.viewer import Viewer


# -- the document ------------------------------------------------------------------------------------------------------


def test_the_document_is_openapi_and_names_every_operation(asking: Asking) -> None:
    document = asking.found("/openapi.json", BOARD)
    validate(document)
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {"/board", "/statistics", "/calls", "/calls/{system}/{linkedid}", "/transfers"}
    assert {path["get"]["operationId"] for path in document["paths"].values()} == {each.name for each in OPERATIONS}
    undescribed = [
        (path, parameter["name"])
        for path, methods in document["paths"].items()
        for parameter in methods["get"]["parameters"]
        if parameter["in"] == "query" and not parameter.get("description")
    ]
    assert undescribed == []


def test_the_manual_names_every_question_and_its_parameters() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    told = {
        question: re.findall(r"`(\w+)`", given)
        for question, given in re.findall(r"(?m)^\| `(/[^`]+)` \|.*\|(.*)\|$", page)
    }
    assert told == {each.path: [parameter.name for parameter in each.parameters] for each in OPERATIONS}
    _, _, explained = page.partition("\n## Parameters\n")
    names = {name for cell in re.findall(r"(?m)^\| (`[^|]+) \|", explained) for name in re.findall(r"`(\w+)`", cell)}
    assert {parameter.name for each in OPERATIONS for parameter in each.parameters} <= names


def test_every_answer_is_what_the_document_says(asking: Asking) -> None:
    ringing(asking)
    asking.board.record(TransferEnded(key=a_call().key, line="main", transfer=a_call().transfers[0]))
    asking.board.record(a_call("1772442000.5"))
    asking.repository.record_rule(RingRule())
    asking.repository.record_all([a_call("1.1"), a_call("1.2", caller=None, answered_at=None, waiting_us=None)])
    document = asking.found("/openapi.json")
    for path, asked in (
        ("/board", "/board"),
        ("/statistics", "/statistics"),
        ("/calls", "/calls"),
        ("/calls/{system}/{linkedid}", "/calls/pbx1/1.1"),
        ("/transfers", "/transfers"),
    ):
        responses = document["paths"][path]["get"]["responses"]
        for viewer in (FULL, MASKED, BOARD):
            answer = asking.get(asked, viewer)
            content = responses[str(answer.status_code)]["content"]
            told = content[answer.headers["content-type"]]["schema"]
            schema = {**told, "components": document["components"]}
            Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(answer.json())
    wrong = asking.get("/calls", limit="x")
    content = document["paths"]["/calls"]["get"]["responses"]["400"]["content"]["application/problem+json"]["schema"]
    Draft202012Validator({**content, "components": document["components"]}).validate(wrong.json())


# -- answers -----------------------------------------------------------------------------------------------------------


def test_the_board_tells_what_is_true_now(asking: Asking) -> None:
    key = ringing(asking)
    board = asking.found("/board")
    assert board["at"] == "2026-03-02T10:00:00.000000Z"
    assert board["rule"] == {"label": "three-rings/1", "limit": 3, "headline": "within", "period_seconds": 3.0}
    assert board["systems"] == [
        {"name": "pbx1", "up": True, "cause": None, "since_at": "2026-03-02T09:59:45.000000Z"},
        {"name": "pbx2", "up": False, "cause": "not_connected", "since_at": "2026-03-02T09:50:00.000000Z"},
    ]
    assert board["ledger_up"] is True
    (call,) = board["calls"]
    assert call["linkedid"] == key.linkedid
    assert (call["caller"], call["stage"], call["queue"]) == ("01012345678", "ringing", "support")
    # 9.5 s of ringing: floor(9.5 / 3) + 1 = 4.
    assert (call["ringing_seconds"], call["rings"], call["breached"]) == (9.5, 4, True)
    rang_at = "2026-03-02T09:59:50.500000Z"
    assert call["phones"] == [{"agent": "PJSIP/agent1", "member": "Agent1", "queue": "support", "since_at": rang_at}]
    assert [(agent["member"], agent["status"]) for agent in board["agents"]] == [("Agent1", "ringing")]
    assert board["breaches"][0]["agents"] == ["Agent1"]
    assert board["today"]["breaches"] == 1
    assert board["today"]["answer_rate"] is None
    asking.store.up = False
    assert asking.found("/board")["ledger_up"] is False


@pytest.mark.parametrize(
    ("viewer", "caller"), [(FULL, "01012345678"), (MASKED, "010-****-5678"), (BOARD, "010-****-5678")]
)
def test_numbers_are_shown_to_those_who_may_see_them(asking: Asking, viewer: Viewer, caller: str) -> None:
    ringing(asking)
    assert asking.found("/board", viewer)["calls"][0]["caller"] == caller
    if viewer.sees_calls:
        asking.repository.record_all([a_call("1.1")])
        assert asking.found("/calls", viewer)["calls"][0]["caller"] == caller
        assert asking.found("/calls/pbx1/1.1", viewer)["caller"] == caller


def test_a_number_outside_the_centre_may_be_somebodys_own(asking: Asking) -> None:
    inside = a_call().transfers[0]
    outside = replace(inside, at=after(51), scope=Scope.OUTSIDE, to="01098765432")
    asking.repository.record_all([a_call("1.1", transfers=(inside, outside))])
    assert [each["to"] for each in asking.found("/transfers")["transfers"]] == ["01098765432", "201"]
    assert [each["to"] for each in asking.found("/transfers", MASKED)["transfers"]] == ["010-****-5432", "201"]
    call = asking.found("/calls/pbx1/1.1", MASKED)
    assert [each["to"] for each in call["transfers"]] == ["201", "010-****-5432"]


def test_a_call_has_the_fields_of_replay_and_those_of_its_row(asking: Asking) -> None:
    call = a_call("1.1")
    asking.repository.record_all([call])
    hold = {
        "by": "PJSIP/agent2",
        "started_at": "2026-03-02T09:00:45.000000Z",
        "ended_at": "2026-03-02T09:00:50.000000Z",
    }
    expected = call_as_json(call) | {"filed_at": "2026-03-02T09:00:00.000000Z", "member": "Agent2", "holds": [hold]}
    assert asking.found("/calls/pbx1/1.1") == expected
    assert asking.found("/calls") == {"calls": [expected], "next": None}


@pytest.mark.parametrize("linkedid", ["1.1", "a/b", "한글 1", "a%2Fb", "?x=1#y"])
def test_a_call_is_found_whatever_its_linkedid_holds(asking: Asking, linkedid: str) -> None:
    asking.repository.record_all([a_call(linkedid)])
    assert asking.found(f"/calls/pbx1/{quote(linkedid, safe='')}")["linkedid"] == linkedid


def test_pages_follow_one_another(asking: Asking) -> None:
    asking.repository.record_all([a_call(f"1.{number}", entered_at=after(number)) for number in range(7)])
    seen: list[str] = []
    more: dict[str, Any] = {}
    while True:
        page = asking.found("/calls", limit=3, line="main", **more)
        seen += [call["linkedid"] for call in page["calls"]]
        if page["next"] is None:
            break
        more = {"after": page["next"]}
    assert seen == [f"1.{number}" for number in reversed(range(7))]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"agent": "Agent1"}, {"1.1", "1.2"}),
        ({"line": "second"}, {"1.2"}),
        ({"number": "4321"}, {"1.2"}),
        ({"outcome": "answered", "verdict": "kept"}, {"1.1", "1.2"}),
        ({"verdict": "kept", "reading": "before"}, set()),
        ({"system": "pbx9"}, set()),
        ({"from": "2026-03-03"}, set()),
        ({"to": "2026-03-01"}, set()),
        ({"from": "2026-03-02", "to": "2026-03-02"}, {"1.1", "1.2"}),
        ({"from": "2026-03-02T18:00:01+09:00"}, {"1.2"}),
        ({"to": "2026-03-02T09:00:01Z"}, {"1.1"}),
    ],
)
def test_calls_are_asked_for_by_what_they_are(asking: Asking, asked: dict[str, Any], found: set[str]) -> None:
    second = a_call("1.2", line="second", caller="010-1111-4321", entered_at=after(60))
    asking.repository.record_all([a_call("1.1"), second])
    assert {call["linkedid"] for call in asking.found("/calls", **asked)["calls"]} == found


def test_transfers_are_asked_for_by_what_they_are(asking: Asking) -> None:
    asking.repository.record_all([a_call("1.1")])
    (transfer,) = asking.found("/transfers", kind="blind", scope="inside", result="completed", by="PJSIP/agent2")[
        "transfers"
    ]
    expected: Any = call_as_json(a_call("1.1"))["transfers"][0]
    of_call = {"system": "pbx1", "linkedid": "1.1", "line": "main", "queue": "support", "member": "Agent2"}
    assert transfer == expected | of_call
    assert asking.found("/transfers", kind="attended") == {"transfers": [], "next": None}


def test_statistics_are_those_of_the_period(asking: Asking) -> None:
    """Two calls of 8 s of waiting, kept within three rings and broken before the third."""
    asking.repository.record_rule(RingRule())
    asking.repository.record_all([a_call("1.1"), a_call("1.2", line="second"), a_call("1.3", entered_at=after(86400))])
    # Both systems had been followed before that day.
    seen: dict[str, Any] = {"queue": "support", "agent": "PJSIP/agent1", "member": "Agent1", "at": after(-86400)}
    asking.repository.record_all(
        [AgentState(system=system, status=AgentStatus.FREE, **seen) for system in ("pbx1", "pbx2")]
    )
    figures = asking.found("/statistics", BOARD)
    assert (figures["since_at"], figures["until_at"]) == ("2026-03-01T15:00:00.000000Z", "2026-03-02T15:00:00.000000Z")
    assert (figures["offered"], figures["answered"], figures["answer_rate"]) == (2, 2, 1.0)
    assert figures["compliance"] == {"within": 1.0, "before": 0.0}
    assert figures["waiting"] == {"asa_seconds": 8.0, "p50_seconds": 8.0, "p90_seconds": 8.0, "p95_seconds": 8.0}
    assert figures["service_level"]["service_level"] == 1.0
    assert figures["transfers"] == [{"kind": "blind", "scope": "inside", "result": "completed", "count": 2}]
    assert figures["rules"] == {"three-rings/1": 2}
    assert (figures["warnings"], figures["breaches"], figures["coverage"]) == (2, 0, 1.0)
    assert asking.found("/statistics", line="second", within="7.5")["service_level"]["answered_within"] == 0
    two_days: dict[str, Any] = {"from": "2026-03-02", "to": "2026-03-03"}
    assert asking.found("/statistics", **two_days)["offered"] == 3
    ahead: dict[str, Any] = {"from": "2026-04-01", "to": "2026-04-30"}
    assert asking.found("/statistics", **ahead)["coverage"] is None

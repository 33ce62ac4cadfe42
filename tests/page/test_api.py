"""The JSON API: real answers against the schemas of its own document, who may ask what, and questions without sense."""

from __future__ import annotations

import asyncio
import re
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships none
from openapi_spec_validator import validate
from starlette.applications import Starlette

from monitor.board import Board
from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    CallKey,
    CallStarted,
    Gap,
    GapCause,
    RingBreach,
    RingingStarted,
    Scope,
    Stage,
    StageChanged,
    TransferEnded,
)
from monitor.calls.rules import RingRule
from monitor.ledger import Repository, upgrade
from monitor.ledger.search import Search
from monitor.page import api as api_module
from monitor.page.api import OPERATIONS, Api
from monitor.page.api_parameters import OF_CALLS, read
from monitor.page.viewer import Viewer
from monitor.replay_json import call_as_json
from tests.ledger.records import NINE, a_call, after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.types import ASGIApp, Receive, Send
    from starlette.types import Scope as AsgiScope

SEOUL = ZoneInfo("Asia/Seoul")
BOARD = Viewer(name="wall", role="board")
MASKED = Viewer(name="kim", role="supervisor")
FULL = Viewer(name="lee", role="supervisor", numbers=True)
NOW = after(3600)
"""10:00 UTC of that Monday: 19:00 in Seoul, whose day began at 15:00 UTC on Sunday."""


@dataclass
class Up:
    """A source that is there."""

    up: bool = True
    quiet: bool = False
    reason: str | None = None

    def now(self) -> datetime:
        return NOW


class As:
    """Lets a viewer in, as the page's door does."""

    def __init__(self, app: ASGIApp, viewer: Viewer) -> None:
        self._app, self._viewer = app, viewer

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["viewer"] = self._viewer
        await self._app(scope, receive, send)


class Asking:
    """An API over a real ledger and a real board."""

    def __init__(self, path: Path) -> None:
        self.repository = Repository(path)
        self.board = Board(systems=["pbx1", "pbx2"], zone=SEOUL)
        self.store = Up()
        self.api = Api(
            board=self.board,
            systems={"pbx1": Up(), "pbx2": Up(up=False)},
            source=self.store,
            search=Search(self.repository.store),
            repository=self.repository,
            clock=lambda: NOW,
        )
        self._app = Starlette(routes=self.api.routes)

    @asynccontextmanager
    async def client(self, viewer: Viewer) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(As(self._app, viewer))
        async with httpx.AsyncClient(transport=transport, base_url="http://board.test/api/v1") as client:
            yield client

    def get(self, path: str, viewer: Viewer = FULL, *, method: str = "GET", **parameters: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with self.client(viewer) as client:
                return await client.request(method, path, params=parameters or None)

        return asyncio.run(ask())

    def found(self, path: str, viewer: Viewer = FULL, **parameters: Any) -> Any:
        answer = self.get(path, viewer, **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.json()


@pytest.fixture(scope="module")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: each test gets a copy."""
    path = tmp_path_factory.mktemp("ledger") / "empty.sqlite3"
    upgrade(path)
    return path


@pytest.fixture
def asking(empty_ledger: Path, tmp_path: Path) -> Iterator[Asking]:
    path = tmp_path / "ledger.sqlite3"
    shutil.copy(empty_ledger, path)
    asking = Asking(path)
    yield asking
    asking.repository.close()


def ringing(asking: Asking) -> CallKey:
    """A caller whose phone has rung since 9:59:50.5, ten seconds less a half before now: ring 4 since half a second."""
    key = CallKey(system="pbx1", linkedid="1772445585.7")
    entered, rang = NOW - timedelta(seconds=15), NOW - timedelta(seconds=9, milliseconds=500)
    for fact in (
        CallStarted(key=key, line="main", dialled="15886565", caller="01012345678", at=entered),
        StageChanged(key=key, line="main", stage=Stage.RINGING, at=rang, queue="support"),
        RingingStarted(
            key=key,
            line="main",
            channel="PJSIP/agent1-1",
            agent="PJSIP/agent1",
            member="Agent1",
            queue="support",
            at=rang,
            before_us=0,
            counting=True,
        ),
        RingBreach(
            key=key,
            line="main",
            queue="support",
            at=rang + timedelta(seconds=9),
            rings=4,
            agents=("PJSIP/agent1",),
            rule="three-rings/1",
        ),
        AgentState(
            system="pbx1",
            queue="support",
            agent="PJSIP/agent1",
            member="Agent1",
            status=AgentStatus.RINGING,
            at=rang,
        ),
        Gap(system="pbx2", started_at=after(3000), ended_at=None, cause=GapCause.NOT_CONNECTED),
    ):
        asking.board.record(fact)
    return key


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


# -- refusals ----------------------------------------------------------------------------------------------------------


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == "about:blank"
    assert body["status"] == status
    assert body["detail"].endswith((".", "?"))
    return body


@pytest.mark.parametrize("path", ["/calls", "/calls/pbx1/1.1", "/calls/pbx9/none", "/transfers"])
def test_the_board_role_sees_no_single_calls(asking: Asking, path: str) -> None:
    asking.repository.record_all([a_call("1.1")])
    assert "supervisors only" in problem(asking.get(path, BOARD), 403)["detail"]


def test_who_sees_numbers_masked_cannot_find_them_by_trying(asking: Asking) -> None:
    """Asked for five digits and more, the API would tell one hidden digit at a time."""
    asking.repository.record_all([a_call("1.1")])
    assert len(asking.found("/calls", MASKED, number="56-78")["calls"]) == 1
    for digits in ("45678", "4-5678", "01012345678"):
        assert problem(asking.get("/calls", MASKED, number=digits), 403)["parameter"] == "number"
        assert len(asking.found("/calls", FULL, number=digits)["calls"]) == 1


@pytest.mark.parametrize(
    ("path", "asked", "parameter", "sentence"),
    [
        ("/calls", {"quue": "support"}, "quue", "There is no parameter 'quue': did you mean 'queue'?"),
        ("/calls", {"number_ends": "5678"}, "number_ends", "did you mean 'number'?"),
        ("/statistics", {"agent": "Agent1"}, "agent", "There is no parameter 'agent'"),
        ("/board", {"line": "main"}, "line", "there are none."),
        (
            "/calls",
            {"from": "2026-02-30"},
            "from",
            "from='2026-02-30' cannot be used: write a day as 2026-03-02, or an",
        ),
        ("/calls", {"from": "yesterday"}, "from", "write a day as 2026-03-02"),
        ("/calls", {"from": "2026-03-02T09:00:00"}, "from", "or an instant as 2026-03-02T09:00:00+09:00"),
        ("/calls", {"from": "0001-01-01"}, "from", "write a day"),
        ("/calls", {"to": "9999-12-31"}, "to", "write a day"),
        ("/calls", {"from": "2026-03-03", "to": "2026-03-02"}, "to", "ends before it begins"),
        ("/calls", {"outcome": "answerd"}, "outcome", "did you mean 'answered'?"),
        ("/calls", {"verdict": "x"}, "verdict", "there are kept, broken, excluded."),
        ("/calls", {"limit": "0"}, "limit", "a whole number from 1 to 500"),
        ("/calls", {"limit": "1e9"}, "limit", "a whole number from 1 to 500"),
        ("/calls", {"limit": "٣"}, "limit", "a whole number from 1 to 500"),
        ("/calls", {"after": "made-up"}, "after", "begin again with the first page"),
        ("/calls", {"number": "56%8"}, "number", "1 to 11 digits"),
        ("/calls", {"agent": ""}, "agent", "is empty: give it a value or leave it out"),
        ("/calls", {"line": "l" * 201}, "line", "1 to 200 characters"),
        ("/calls", {"line": "a\0b"}, "line", "characters that no name has"),
        ("/calls", {"line": ["a", "b"]}, "line", "there twice"),
        ("/transfers", {"kind": "blnd"}, "kind", "did you mean 'blind'?"),
        ("/statistics", {"within": "-1"}, "within", "seconds from 0 to 3600"),
        ("/statistics", {"within": "nan"}, "within", "seconds from 0 to 3600"),
        ("/calls/pbx1/1.1", {"limit": "1"}, "limit", "There is no parameter"),
    ],
)
def test_a_question_without_sense_is_told_what_is_wrong(
    asking: Asking, path: str, asked: dict[str, Any], parameter: str, sentence: str
) -> None:
    told = problem(asking.get(path, **asked), 400)
    assert told["parameter"] == parameter
    assert sentence in told["detail"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/calls", "/transfers", "/statistics", "/board", "/calls/pbx1/1.1"])
    # No address of ours has a line break: AMI's lines end with them, so no name holds one.
    | st.text(st.characters(codec="utf-8", exclude_characters="\n")).map(quote),
    asked=st.lists(
        st.tuples(
            st.sampled_from(sorted({parameter.name for each in OPERATIONS for parameter in each.parameters}))
            | st.text(),
            st.sampled_from(["1970-01-01", "2999-12-31T23:59:59-12:00", "5678", "answered", "500", "main"]) | st.text(),
        ),
        max_size=3,
    ),
)
def test_no_question_breaks_it(asking: Asking, path: str, asked: list[tuple[str, str]]) -> None:
    async def ask() -> httpx.Response:
        async with asking.client(FULL) as client:
            return await client.get(f"/{path.lstrip('/')}", params=httpx.QueryParams(tuple(asked)))

    answer = asyncio.run(ask())
    if answer.status_code != 200:
        problem(answer, answer.status_code)
        assert answer.status_code in {400, 404}


@pytest.mark.parametrize("path", ["/calls/pbx1/9.9", "/calls/pbx1", "/calls/", "/calls/pbx1/a%00b", "/calls/%FF/1.1"])
def test_an_unknown_call_is_not_found(asking: Asking, path: str) -> None:
    assert "There is no such call" in problem(asking.get(path), 404)["detail"]


def test_a_call_that_goes_on_is_on_the_board(asking: Asking) -> None:
    key = ringing(asking)
    assert "This call goes on" in problem(asking.get(f"/calls/{key.system}/{key.linkedid}"), 404)["detail"]


def test_nothing_else_is_there(asking: Asking) -> None:
    assert "did you mean '/calls'?" in problem(asking.get("/call"), 404)["detail"]
    assert "there are /board" in problem(asking.get("/zzzzzz"), 404)["detail"]
    problem(asking.get(""), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(asking: Asking, method: str) -> None:
    answer = asking.get("/calls", method=method)
    assert "read with GET" in problem(answer, 405)["detail"]
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/calls", "/calls/pbx1/1.1", "/transfers", "/statistics"])
def test_a_ledger_that_is_away_is_told_with_when_to_come_back(asking: Asking, tmp_path: Path, path: str) -> None:
    asking.repository.close()
    (tmp_path / "ledger.sqlite3").rename(tmp_path / "elsewhere.sqlite3")
    answer = asking.get(path)
    detail = problem(answer, 503)["detail"]
    assert "cannot be read now" in detail
    assert str(tmp_path) not in detail
    assert answer.headers["retry-after"] == "10"
    assert asking.get("/board").status_code == 200


def test_who_waits_too_long_for_others_is_told_so(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "WAIT_SECONDS", 0.01)

    async def ask() -> tuple[httpx.Response, httpx.Response]:
        async with asking.client(FULL) as client:
            async with asking.api._turn(), asking.api._turn():
                refused = await client.get("/calls")
            return refused, await client.get("/calls")

    refused, answered = asyncio.run(ask())
    assert "ask again" in problem(refused, 503)["detail"]
    assert refused.headers["retry-after"] == "10"
    assert answered.json() == {"calls": [], "next": None}


# -- the period --------------------------------------------------------------------------------------------------------


def at(hour: int, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("given", "since", "until"),
    [
        ({}, at(0), at(0, 3)),
        ({"from": "2026-03-01"}, at(0, 1), at(0, 3)),
        ({"from": "2026-03-05"}, at(0, 5), at(0, 6)),
        ({"to": "2026-03-01"}, at(0, 1), at(0, 2)),
        ({"from": "2026-03-01", "to": "2026-03-02"}, at(0, 1), at(0, 3)),
        ({"from": "2026-03-02T09:00:00+09:00"}, at(9), at(0, 3)),
        ({"from": "2026-03-02T00:00:00Z", "to": "2026-03-02T01:30:00Z"}, at(9), at(10) + timedelta(minutes=30)),
        ({"to": "2026-03-02T12:00:00+09:00"}, at(0), at(12)),
        ({"to": "2026-03-02T00:00:00+09:00"}, at(0, 1), at(0)),
    ],
)
def test_days_begin_in_the_centre_and_a_day_named_is_whole(
    given: dict[str, str], since: datetime, until: datetime
) -> None:
    assert read(given.items(), OF_CALLS).period(NOW, SEOUL) == (since, until)


def test_the_expected_instants_are_what_they_seem() -> None:
    """Nine in Seoul is midnight in UTC, and `NINE` is nine in UTC."""
    assert at(9) == datetime(2026, 3, 2, 0, tzinfo=UTC) == NINE - timedelta(hours=9)

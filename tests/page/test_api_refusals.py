"""What the JSON API refuses, and how it says so: questions without sense, and those one may not ask."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.page import api as api_module
from monitor.page.api import OPERATIONS
from tests.ledger.records import a_call

from .asking import BOARD, FULL, MASKED, Asking, problem, ringing

if TYPE_CHECKING:
    from pathlib import Path


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

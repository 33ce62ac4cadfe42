"""Teams on the page and in the API: the board's strip, the search, a call's own page, and names of recordings."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from monitor.board import Board
from monitor.calls.facts import CallStarted, Outcome, Stage, StageChanged, Verdict
from monitor.page.now import Now
from monitor.page.render import Renderer
from monitor.page.viewer import Viewer
from tests.ledger.records import NINE, a_call, after

from .asking import FULL, MASKED, Asking
from .centre import NOW, SEOUL, Centre, linked, text_of
from .sources import Source

TEAMS = {"원격응대팀": "Remote support", "보상팀": "Claims"}
FILE = "/monitor/01012345678-1772442000.1.wav"


@pytest.fixture
def teamed(centre: Centre) -> Centre:
    """Three calls of nine in the morning: remote support's, claims', nobody's."""
    centre.board = Board(zone=SEOUL, teams=TEAMS)
    calls = (
        a_call("1.1", team="원격응대팀", menu=("ivr-main,1", "ivr-main,2"), recordings=(FILE,)),
        a_call("1.2", team="보상팀", entered_at=after(1)),
        a_call("1.3", entered_at=after(2)),
    )
    centre.repository.record_all(calls)
    for call in calls:
        centre.board.record(call)
    return centre


def strip(board: Board, language: str) -> str:
    """The part of the board that tells of today."""
    now = Now(board, {"pbx1": Source(NOW)}, Source(NOW), NOW)
    renderer = Renderer(SEOUL, "en", teams=TEAMS)
    viewer = Viewer(name="", role="board")
    return renderer.fragment(language, "now/today.html", now=now, viewer=viewer, unknown=False)  # type: ignore[arg-type] # one of the two


def test_the_board_tells_today_by_team(teamed: Centre) -> None:
    """Remote support: two answered, kept 1 of 2 after a call that rang past three; the team without calls has none."""
    teamed.board.record(
        a_call("1.4", team="원격응대팀", verdicts=(("within", Verdict.BROKEN), ("before", Verdict.BROKEN)))
    )
    teamed.board.record(a_call("1.5", team="보상팀", outcome=Outcome.ABANDONED_WAITING, answered_at=None))
    html = strip(teamed.board, "en")
    rows = [text_of(row) for row in re.findall(r"<tr><th scope=\"row\".*?</tr>", html, re.DOTALL)]
    assert rows == ["Remote support 2 100.0% 50.0%", "Claims 2 50.0% 100.0%", "no team 1 100.0% 100.0%"]
    assert "원격응대팀" in strip(teamed.board, "ko")
    assert "팀 없음" in strip(teamed.board, "ko")


def test_a_board_without_teams_shows_no_strip(centre: Centre) -> None:
    centre.board.record(a_call("1.1", team="원격응대팀"))
    assert "<table" not in strip(centre.board, "en")


def test_calls_are_found_by_team(teamed: Centre) -> None:
    page = teamed.page("/calls?team=원격응대팀")
    assert linked(page) == ["1.1"]
    assert "support · 원격응대팀" in page
    assert [text_of(option) for option in re.findall(r"<option[^>]*>[^<]*", page.partition("ask-team")[2])][1:3] == [
        *TEAMS
    ]
    assert linked(teamed.page("/calls?team=gone")) == []


def test_without_teams_nobody_is_asked_for_one(centre: Centre) -> None:
    assert "ask-team" not in centre.page("/calls")


def test_a_calls_page_tells_team_choices_and_recordings(teamed: Centre) -> None:
    page = text_of(teamed.page("/calls/pbx1/1.1"))
    assert "Team 원격응대팀" in page
    assert "Chosen in menus ivr-main,1 → ivr-main,2" in page
    assert "Recordings /monitor/010-****-5678-1772442000.1.wav" in page
    assert "01012345678" not in page
    assert "Team no team" in text_of(teamed.page("/calls/pbx1/1.3"))


def test_who_sees_numbers_sees_them_in_names_of_recordings(teamed: Centre) -> None:
    assert FILE in teamed.page("/calls/pbx1/1.1", role="supervisor")
    headings, *rows = teamed.csv("/calls.csv", role="supervisor")
    told = [dict(zip(headings, row, strict=True)) for row in rows]
    assert [(row["team"], row["chosen in menus"], row["recordings"]) for row in told] == [
        ("", "", ""),
        ("보상팀", "", ""),
        ("원격응대팀", "ivr-main,1; ivr-main,2", FILE),
    ]
    masked = teamed.csv("/calls.csv?team=원격응대팀")[1]
    assert masked[-1] == "/monitor/010-****-5678-1772442000.1.wav"


# -- the API -----------------------------------------------------------------------------------------------------------


def test_calls_of_the_api_have_teams(asking: Asking) -> None:
    asking.repository.record_all(
        [a_call("1.1", team="원격응대팀", menu=("ivr-main,2",), recordings=(FILE,)), a_call("1.2", entered_at=after(1))]
    )
    (call,) = asking.found("/calls", team="원격응대팀")["calls"]
    assert (call["team"], call["menu"], call["recordings"]) == ("원격응대팀", ["ivr-main,2"], [FILE])
    assert asking.found("/calls/pbx1/1.1", MASKED)["recordings"] == ["/monitor/010-****-5678-1772442000.1.wav"]
    assert asking.found("/calls", team="none")["calls"] == []


def test_statistics_by_team_add_up_to_those_of_all(asking: Asking) -> None:
    """Two calls answered after 8 s, one of which was broken, and one that was left waiting."""
    left: dict[str, Any] = {"outcome": Outcome.ABANDONED_WAITING, "answered_at": None, "transfers": ()}
    asking.repository.record_all(
        [
            a_call("1.1", team="원격응대팀"),
            a_call(
                "1.2",
                team="원격응대팀",
                entered_at=after(1),
                verdicts=(("within", Verdict.BROKEN), ("before", Verdict.BROKEN)),
            ),
            a_call("1.3", entered_at=after(2), **left),
        ]
    )
    found = asking.found("/statistics", by="team")
    remote, none = found["teams"]
    assert (remote["team"], remote["offered"], remote["answered"], remote["answer_rate"]) == ("원격응대팀", 2, 2, 1.0)
    assert remote["compliance"] == {"within": 0.5, "before": 0.0}
    assert remote["asa_seconds"] == 8.0
    assert (none["team"], none["offered"], none["answered"], none["abandon_rate"]) == (None, 1, 0, 1.0)
    assert found["offered"] == 3
    assert asking.found("/statistics")["teams"] == []
    only = asking.found("/statistics", team="원격응대팀")
    assert (only["team"], only["offered"]) == ("원격응대팀", 2)


def test_statistics_are_told_by_nothing_else(asking: Asking) -> None:
    answer = asking.get("/statistics", FULL, by="queue")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "by"


def test_the_board_of_the_api_tells_teams(asking: Asking) -> None:
    call = a_call("1.1")
    asking.board = Board(systems=["pbx1"], zone=SEOUL, teams=TEAMS)
    asking.api._board = asking.board
    asking.board.record(CallStarted(key=call.key, line="main", dialled="15886565", caller="01012345678", at=NINE))
    waits = StageChanged(key=call.key, line="main", stage=Stage.WAITING, at=after(1), queue="help", team="보상팀")
    asking.board.record(waits)
    found = asking.found("/board")
    assert [each["team"] for each in found["calls"]] == ["보상팀"]
    assert [(each["team"], each["offered"]) for each in found["teams"]] == [("원격응대팀", 0), ("보상팀", 0), (None, 0)]
    asking.board.record(replace(call, team="보상팀"))
    claims = asking.found("/board")["teams"][1]
    assert (claims["offered"], claims["compliance"]) == (1, {"within": 1.0, "before": 0.0})

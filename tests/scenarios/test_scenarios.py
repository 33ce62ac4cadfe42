"""Each recording of a real Asterisk comes to what its expected.json says, reckoned by hand from SIP's own log.

Words, counts and nulls are exact; instants and `_seconds` may differ by the way from the wire to Asterisk and back,
50 ms at most. What expected.json leaves out is open; what it names must be a field of the contract.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from monitor.calls.facts import Call, OutgoingCall
from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.state import Plan
from monitor.calls.teams import Team, Teams
from monitor.cli import app
from monitor.replay import Replay
from monitor.replay_json import call_as_json, outgoing_as_json

HERE = Path(__file__).parent
NAMES = sorted(folder.parent.name for folder in HERE.glob("*/expected.json"))
TOLERANCE_SECONDS = 0.05

CALL = {
    "system",
    "linkedid",
    "line",
    "dialled",
    "caller",
    "entered_at",
    "asked_at",
    "first_ring_at",
    "answered_at",
    "ended_at",
    "outcome",
    "rings",
    "ringing_seconds",
    "waiting_seconds",
    "talking_seconds",
    "hold_seconds",
    "verdicts",
    "verdict_reason",
    "rule",
    "observed",
    "queue",
    "team",
    "menu",
    "agent",
    "answered_by_pickup",
    "attempts",
    "transfers",
    "callbacks",
    "recordings",
    "source",
}
ATTEMPT = {"agent", "member", "channel", "queue", "started_at", "ended_at", "ringing_seconds", "rings", "result"}
TRANSFER = {
    "kind",
    "at",
    "by",
    "to",
    "scope",
    "result",
    "announced",
    "consent",
    "consultation_seconds",
    "caller_hold_seconds",
    "reconnected_at",
    "reconnect_seconds",
    "reconnect_rings",
}
OUTGOING = {
    "outgoing",
    "system",
    "linkedid",
    "agent",
    "member",
    "number",
    "started_at",
    "answered_at",
    "ended_at",
    "observed",
}
FILE = {"description", "line", "working", "calls"}
"""Beside them `outgoing`, where the centre called a number outside, and `teams`, where a scenario has menu choices that
lead to one: its name and those choices."""


@cache
def expected_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / name / "expected.json").read_text(encoding="utf-8"))
    return found


def plan_of(name: str) -> Plan:
    """The settings of a scenario; the centre's zone is that of the defaults."""
    expected = expected_of(name)
    lines = Lines(tuple(Line(line, (line,)) for line in expected["line"]))
    teams = Teams(tuple(Team(name=team, menu=tuple(menu)) for team, menu in expected.get("teams", {}).items()))
    return Plan(lines=lines, teams=teams, zone=ZoneInfo("Asia/Seoul"))


def replayed(name: str) -> tuple[Replay, list[Call]]:
    warnings: list[str] = []
    replay = Replay(plan_of(name), "unnamed", warnings.append)
    with (HERE / name / "events.ami").open("rb") as stream:
        facts = [*replay.read(name, stream), *replay.close()]
    assert warnings == []
    return replay, [fact for fact in facts if isinstance(fact, Call)]


def made_calls(name: str) -> list[OutgoingCall]:
    """What the centre called, where its phones are configured and 9 leads out."""
    plan = replace(plan_of(name), phones=Patterns(("PJSIP/*-agent*",)), prefixes=("9",))
    replay = Replay(plan, "unnamed", pytest.fail)
    with (HERE / name / "events.ami").open("rb") as stream:
        facts = [*replay.read(name, stream), *replay.close()]
    return [fact for fact in facts if isinstance(fact, OutgoingCall)]


def pairs(name: str, calls: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Expected and printed calls, side by side: in order of end, a crowd's by caller."""
    expected = expected_of(name)["calls"]
    assert len(calls) == len(expected)
    if len(expected) > 10:
        # Two that end within a few milliseconds may come the other way round.
        expected = sorted(expected, key=lambda call: str(call["caller"]))
        calls = sorted(calls, key=lambda call: str(call["caller"]))
    return list(zip(expected, calls, strict=True))


def differences(expected: Any, got: Any, at: str = "") -> list[str]:  # noqa: PLR0911 - a case a line
    """Where the two part, one sentence each; fields that `expected` leaves out are open."""
    if isinstance(expected, dict):
        return [d for key in expected for d in differences(expected[key], got[key], f"{at}.{key}")]
    if isinstance(expected, list):
        if len(expected) != len(got):
            return [f"{at}: {len(got)} where {len(expected)} are expected: {got}"]
        return [d for i, one in enumerate(expected) for d in differences(one, got[i], f"{at}[{i}]")]
    if expected is None or got is None:
        return [] if expected == got else [f"{at}: {got!r}, not {expected!r}"]
    field = at.rpartition(".")[2]
    if field.endswith("_at") or field == "at":
        late = (datetime.fromisoformat(got) - datetime.fromisoformat(expected)).total_seconds()
        return [] if abs(late) <= TOLERANCE_SECONDS else [f"{at}: {got}, {late:+.6f} s beside {expected}"]
    if field.endswith("_seconds"):
        return [] if abs(got - expected) <= TOLERANCE_SECONDS else [f"{at}: {got}, not {expected}"]
    return [] if (got, type(got)) == (expected, type(expected)) else [f"{at}: {got!r}, not {expected!r}"]


def test_there_are_scenarios() -> None:
    assert len(NAMES) >= 50


@pytest.mark.parametrize("name", NAMES)
def test_expected_names_only_fields_of_the_contract(name: str) -> None:
    expected = expected_of(name)
    assert set(expected) - {"outgoing", "teams"} == FILE
    assert expected["working"].strip(), "the working is shown"
    for call in expected["calls"]:
        assert set(call) <= CALL
        assert set(call.get("verdicts", {})) <= {"within", "before"}
        assert all(set(attempt) <= ATTEMPT for attempt in call.get("attempts", ()))
        assert all(set(transfer) <= TRANSFER for transfer in call.get("transfers", ()))
    assert all(set(made) <= OUTGOING for made in expected.get("outgoing", ()))


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_comes_to_what_was_reckoned_from_the_wire(name: str) -> None:
    _, calls = replayed(name)
    found = [
        f"{expected['caller']}{difference}"
        for expected, got in pairs(name, [call_as_json(call) for call in calls])
        for difference in differences(expected, got)
    ]
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_calls_going_out_are_those_on_the_wire_and_no_others(name: str) -> None:
    """Not one of all the transfers, consultations, forwards and pickups is told as a call that the centre made."""
    told = [outgoing_as_json(made) for made in made_calls(name)]
    assert all(set(made) == OUTGOING for made in told)
    assert differences(expected_of(name).get("outgoing", []), told) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_the_contract_is_there(name: str) -> None:
    for call in replayed(name)[1]:
        printed = call_as_json(call)
        assert set(printed) == CALL
        assert set(printed["verdicts"]) == {"within", "before"}
        assert all(set(attempt) == ATTEMPT for attempt in printed["attempts"])
        assert all(set(transfer) == TRANSFER for transfer in printed["transfers"])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_finished_call_stays_in_memory(name: str) -> None:
    replay, _ = replayed(name)
    for tracker in replay.trackers:
        state = tracker._state
        assert tracker.channels_known == 0
        assert (len(state.calls), len(state.bridges), state.facts) == (0, 0, [])
        # The timer of a call answered before its warning goes when its instant has come, 9 s later at most.
        tracker.advance(tracker.now_us + 9_000_000)
        assert state.timers == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_recording_is_unexpected(name: str) -> None:
    replay, _ = replayed(name)
    assert [dict(tracker.unexpected) for tracker in replay.trackers] == [{} for _ in replay.trackers]


def test_the_command_prints_the_same_for_all_recordings_at_once(tmp_path: Path) -> None:
    """One process reads every recording of the line; its lines are those of the recordings read one by one."""
    names = [name for name in NAMES if expected_of(name)["line"] == ["1588-6565"]]
    files = [str(HERE / name / "events.ami") for name in names]
    teams: dict[str, list[str]] = {}
    for name in names:
        for team, menu in expected_of(name).get("teams", {}).items():
            teams.setdefault(team, []).extend(menu)
    tables = "".join(f'[[team]]\nname = "{team}"\nmenu = {json.dumps(menu)}\n' for team, menu in teams.items())
    (tmp_path / "callmonitor.toml").write_text(tables, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "monitor.cli", "replay", *files, "--line", "1588-6565"],
        capture_output=True,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert printed == [call_as_json(call) for name in names for call in replayed(name)[1]]


def test_the_command_prints_calls_going_out_when_asked(tmp_path: Path) -> None:
    """Of a caller who left and was called back: with the settings that say which phones are whose."""
    config = tmp_path / "callmonitor.toml"
    config.write_text('[callbacks]\nphones = ["PJSIP/*-agent*"]\nprefixes = ["9"]\n', encoding="utf-8")
    command = ["replay", str(HERE / "called_back" / "events.ami"), "--line", "1588-6565", "--config", str(config)]
    plain = CliRunner().invoke(app, command, catch_exceptions=False)
    asked = CliRunner().invoke(app, [*command, "--outgoing"], catch_exceptions=False)
    assert (plain.exit_code, asked.exit_code) == (0, 0)
    (call,) = [json.loads(line) for line in plain.stdout.splitlines()]
    assert [json.loads(line) for line in asked.stdout.splitlines()] == [
        call,
        *(outgoing_as_json(made) for made in made_calls("called_back")),
    ]
    assert "outgoing" not in call

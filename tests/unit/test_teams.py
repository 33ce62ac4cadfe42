"""Whose call it is, by queue and by menu; and where it is recorded: what the call state makes of the wire."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from monitor.calls.facts import Call, StageChanged
from monitor.calls.teams import MOST_CHOICES, Team, Teams
from monitor.cli import app
from monitor.config import load
from monitor.errors import ConfigError
from monitor.plan import plan_of

from .wire import PLAN, Leg, Wire, read

if TYPE_CHECKING:
    from pathlib import Path

TEAMS = Teams(
    (
        Team(name="remote", queues=("remote",), menu=("ivr-main,2", "ivr-sub,11")),
        Team(name="claims", queues=("claims", "remote"), menu=("ivr-main,3", "ivr-main,2")),
    )
)
TEAMED = replace(PLAN, teams=TEAMS)


@pytest.mark.parametrize(
    ("queue", "menu", "team"),
    [
        (None, (), None),
        ("help", (), None),
        ("claims", (), "claims"),
        # The first team that names a queue or a choice has it.
        ("remote", (), "remote"),
        ("help", ("ivr-main,2",), "remote"),
        (None, ("ivr-main,3",), "claims"),
        # A queue's team goes before whatever was chosen.
        ("claims", ("ivr-main,2",), "claims"),
        # Of several choices the last one that leads to a team decides,
        ("help", ("ivr-main,3", "ivr-sub,11"), "remote"),
        ("help", ("ivr-main,2", "ivr-sub,12"), "remote"),
        # unless another one was made in the same menu later.
        ("help", ("ivr-main,2", "ivr-main,1"), None),
        ("help", ("ivr-main,2", "ivr-main,1", "ivr-main,3"), "claims"),
        ("help", ("ivr-sub,11", "ivr-main,1"), "remote"),
    ],
)
def test_whose_call_it_is(queue: str | None, menu: tuple[str, ...], team: str | None) -> None:
    assert TEAMS.team_of(queue, menu) == team


@pytest.mark.parametrize(
    ("menu", "digits", "choice"),
    [
        ("ivr-main", "2", "ivr-main,2"),
        ("ivr-main", "9", "ivr-main,9"),
        ("ivr-main", "*", "ivr-main,*"),
        ("ivr-sub", "12", "ivr-sub,12"),
        # Longer than any choice of that menu: a number that the caller entered.
        ("ivr-main", "12", None),
        ("ivr-sub", "8001011234567", None),
        ("ivr-main", "s", None),
        ("ivr-main", "i", None),
        ("ivr-main", "", None),
        ("elsewhere", "2", None),
    ],
)
def test_what_is_a_choice(menu: str, digits: str, choice: str | None) -> None:
    assert TEAMS.choice(menu, digits) == choice


def test_without_teams_there_are_none() -> None:
    assert not Teams()
    assert Teams().team_of("remote", ("ivr-main,2",)) is None


# -- on the wire -------------------------------------------------------------------------------------------------------


def menu(wire: Wire, caller: Leg, *digits: str, context: str = "ivr-main") -> None:
    """The caller goes on at extensions of a menu, as Background and WaitExten lead there."""
    for each in digits:
        wire.runs(caller, "NoOp", exten=each, context=context)


def answered(wire: Wire, caller: Leg, queue: str = "help") -> Leg:
    wire.at(5).joins(caller, queue)
    phone = wire.dials(caller, "PJSIP/agent1", queue, "Kim Minji")
    wire.at(6).rings(phone)
    wire.at(8).answers(caller, phone, queue)
    return phone


def ended(wire: Wire, caller: Leg, phone: Leg) -> Call:
    wire.at(20).ends(caller, phone, by=caller)
    return read(wire, TEAMED).call


def test_a_choice_leads_to_its_team() -> None:
    wire = Wire()
    caller = wire.enters()
    menu(wire, caller, "s", "2")
    call = ended(wire, caller, answered(wire, caller))
    assert (call.menu, call.team, call.queue) == (("ivr-main,2",), "remote", "help")


def test_the_steps_of_one_extension_are_one_choice() -> None:
    """A subroutine in the middle, in another context, does not end it; the menu's beginning does."""
    wire = Wire()
    caller = wire.enters()
    menu(wire, caller, "s", "2", "2")
    wire.runs(caller, "NoOp", exten="1", context="sub")
    menu(wire, caller, "2", "s", "2", "3")
    call = ended(wire, caller, answered(wire, caller))
    assert call.menu == ("ivr-main,2", "ivr-main,2", "ivr-main,3")
    assert call.team == "claims"


def test_what_is_chosen_after_the_answer_is_the_agents_choice() -> None:
    wire = Wire()
    caller = wire.enters()
    menu(wire, caller, "s", "3")
    phone = answered(wire, caller)
    menu(wire, caller, "2")
    call = ended(wire, caller, phone)
    assert (call.menu, call.team) == (("ivr-main,3",), "claims")


def test_the_number_that_was_dialled_is_no_choice() -> None:
    """A trunk that delivers the line into the menu's own context, whose choices are as long."""
    plan = replace(PLAN, teams=Teams((Team(name="remote", menu=("in,12345678",)),)))
    wire = Wire()
    caller = wire.enters()
    wire.runs(caller, "Answer", exten="15886565", context="in")
    wire.runs(caller, "NoOp", exten="87654321", context="in")
    wire.at(3).ends(caller, by=caller)
    assert read(wire, plan).call.menu == ("in,87654321",)


def test_a_caller_who_goes_round_in_a_menu_fills_no_memory() -> None:
    wire = Wire()
    caller = wire.enters()
    for _ in range(3 * MOST_CHOICES):
        menu(wire, caller, "s", "9")
    menu(wire, caller, "s", "2")
    call = ended(wire, caller, answered(wire, caller))
    assert len(call.menu) == MOST_CHOICES
    assert (call.menu[-1], call.team) == ("ivr-main,2", "remote")


def test_a_choice_is_told_by_the_dialplan() -> None:
    """By UserEvent; told besides the extension it leads to, it is one choice."""
    wire = Wire()
    caller = wire.enters()
    menu(wire, caller, "s", "2")
    wire.event("UserEvent", UserEvent="MenuChoice", **caller.headers(), Menu="ivr-main", Choice="2")
    wire.event("UserEvent", UserEvent="MenuChoice", **caller.headers(), Menu=" ivr-sub ", Choice="12")
    wire.event("UserEvent", UserEvent="MenuChoice", **caller.headers(), Menu="unknown", Choice="1")
    wire.event("UserEvent", UserEvent="MenuChoice", **caller.headers(), Menu="ivr-main", Choice="8001011234567")
    wire.event("UserEvent", UserEvent="Else", **caller.headers(), Menu="ivr-main", Choice="3")
    call = ended(wire, caller, answered(wire, caller))
    assert (call.menu, call.team) == (("ivr-main,2", "ivr-sub,12"), "remote")


def test_a_choice_of_nobody_known_is_counted() -> None:
    reading = read(
        Wire().event("UserEvent", UserEvent="MenuChoice", Uniqueid="9.9", Linkedid="9.9", Menu="ivr-main", Choice="2")
    )
    assert reading.tracker.unexpected == {"unknown_channel": 1}


def test_a_transfer_to_another_queue_changes_nothing() -> None:
    """Answered in `remote`, passed on to `claims`: what was asked for is the first."""
    wire = Wire()
    caller = wire.enters()
    phone = answered(wire, caller, "remote")
    wire.at(10).event(
        "BlindTransfer",
        Result="Success",
        **phone.headers("Transferer"),
        **caller.headers("Transferee"),
        Extension="500",
    )
    wire.parts(caller, phone).ends(phone)
    wire.at(11).joins(caller, "claims")
    other = wire.dials(caller, "PJSIP/agent2", "claims", "Lee Jiho")
    wire.at(12).rings(other)
    wire.at(13).answers(caller, other, "claims")
    call = ended(wire, caller, other)
    assert (call.queue, call.team) == ("remote", "remote")


def test_the_queue_that_answers_decides_of_several() -> None:
    """Nobody answers in `remote`; `claims` does."""
    wire = Wire()
    caller = wire.enters()
    menu(wire, caller, "s", "2")
    wire.at(1).joins(caller, "remote")
    wire.at(4).leaves_queue(caller, "remote")
    call = ended(wire, caller, answered(wire, caller, "claims"))
    assert (call.queue, call.team) == ("claims", "claims")


def test_the_board_is_told_of_the_team_while_the_caller_waits() -> None:
    wire = Wire()
    caller = wire.enters()
    menu(wire, caller, "s", "2")
    answered(wire, caller)
    told = read(wire, TEAMED).of(StageChanged)
    assert {fact.stage for fact in told} == {"waiting", "ringing", "talking"}
    assert {fact.team for fact in told} == {"remote"}


# -- recordings --------------------------------------------------------------------------------------------------------


def started(wire: Wire, leg: Leg, file: str) -> None:
    wire.event("VarSet", **leg.headers(), Variable="MIXMONITOR_FILENAME", Value=file)


def test_recordings_of_a_call() -> None:
    """One that the dialplan begins, told twice; one that the queue begins on the caller, one by key on the phone."""
    wire = Wire()
    caller = wire.enters()
    wire.runs(caller, "MixMonitor", "2026/11/in-01012345678.wav,b,true")
    started(wire, caller, "/var/spool/asterisk/monitor/2026/11/in-01012345678.wav")
    phone = answered(wire, caller)
    started(wire, caller, "/var/spool/asterisk/monitor/pbx1-1.1.wav")
    started(wire, phone, "/var/spool/asterisk/monitor/auto-1.wav")
    wire.runs(caller, "MixMonitor", ",r(caller.wav)")
    call = ended(wire, caller, phone)
    assert call.recordings == (
        "2026/11/in-01012345678.wav",
        "/var/spool/asterisk/monitor/pbx1-1.1.wav",
        "/var/spool/asterisk/monitor/auto-1.wav",
    )


def test_a_recording_that_only_ends_alike_is_another_file() -> None:
    wire = Wire()
    caller = wire.enters()
    wire.runs(caller, "MixMonitor", "1.wav")
    wire.runs(caller, "MixMonitor", "11.wav")
    call = ended(wire, caller, answered(wire, caller))
    assert call.recordings == ("1.wav", "11.wav")


def test_a_recording_of_nobody_known_is_counted() -> None:
    wire = Wire()
    started(wire, wire.leg("PJSIP/ghost"), "x.wav")
    assert read(wire).tracker.unexpected == {"unknown_channel": 1}


# -- the settings ------------------------------------------------------------------------------------------------------


def test_the_settings_teams_are_the_plans(tmp_path: Path) -> None:
    config = tmp_path / "callmonitor.toml"
    config.write_text('[[team]]\nname = "원격응대팀"\nqueues = ["remote"]\nmenu = ["ivr-main,2"]\n', encoding="utf-8")
    teams = plan_of(load(config)).teams
    assert teams.names == ("원격응대팀",)
    assert teams.team_of("remote") == teams.team_of(None, ("ivr-main,2",)) == "원격응대팀"
    answer = CliRunner().invoke(app, ["check-config", "--config", str(config)])
    assert "Team 원격응대팀: queues remote, menu ivr-main,2" in answer.output.splitlines()


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('name = "none"\nqueues = ["a"]', "is what calls of no team are called in metrics"),
        ('name = "x"', "has neither queues nor menu"),
        ('name = "x"\nmenu = ["ivr-main"]', "write a menu's context and the digits, as in ivr-main,2"),
        ('name = "x"\nmenu = ["ivr main,2"]', "write a menu's context and the digits, as in ivr-main,2"),
        ('name = "x"\nqueues = ["a"]\n[[team]]\nname = "x"\nqueues = ["b"]', "two [[team]] tables are called 'x'"),
    ],
)
def test_a_team_that_cannot_be_is_refused(tmp_path: Path, table: str, says: str) -> None:
    config = tmp_path / "callmonitor.toml"
    config.write_text(f"[[team]]\n{table}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(config)
    assert says in str(caught.value)

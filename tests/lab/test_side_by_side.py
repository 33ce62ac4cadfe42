"""Every scenario at once on one Asterisk, then a hundred calls at once, compared with what passed on the wire."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import oracle
from .expected import EXPECTED, TEAMS, Expected
from .plan import SCENARIOS
from .run import Played, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .ami import Packet
    from .wire import Leg

pytestmark = pytest.mark.lab

TOLERANCE_US = 50_000
"""How far what Asterisk tells, and so the monitor, may lie from the wire."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """All scenarios, played side by side."""

    played: dict[str, Played]
    packets: list[Packet]
    raw: bytes


SESSIONS = 3
"""A busy machine keeps Asterisk from its socket for a tenth of a second now and then: what it stamps is then not what
passed on the wire, and nothing can be said of the monitor. Such a session is played again, this often at most."""


def play() -> Session:
    with Stage(list(SCENARIOS.values())) as stage:
        recorder = stage.recorder("recorder")
        try:
            # The hundred by themselves: the sounds, music and pickups of other scenarios are what stalls most.
            played = stage.play([name for name in SCENARIOS if name != "hundred"], recorder)
            played += stage.play(["hundred"], recorder)
        finally:
            recorder.close()
        return Session(played={one.scenario.name: one for one in played}, packets=recorder.packets, raw=recorder.raw)


@pytest.fixture(scope="module")
def session(lab: None) -> Session:
    """The first session in which every party kept to its script and Asterisk agrees with the wire; else the last."""
    for number in range(1, SESSIONS + 1):
        played = play()
        faults = [fault for name in SCENARIOS for fault in (*played.played[name].errors, *disagreements(played, name))]
        if not faults:
            break
        told = "\n  ".join([f"session {number} of {SESSIONS} went wrong before the monitor saw it:", *faults])
        sys.stderr.write(f"{told}\n")
    return played


@pytest.fixture(scope="module")
def replayed(session: Session, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the monitor says of the recorded events, by linkedid."""
    config = tmp_path_factory.mktemp("teams") / "callmonitor.toml"
    config.write_text(TEAMS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "monitor.cli", "replay", "-", "--line", "1588-6565", "--config", str(config)],
        input=session.raw,
        capture_output=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    calls = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({call["linkedid"] for call in calls}) == len(calls), "a call was told twice"
    return {call["linkedid"]: call for call in calls}


def microseconds(packet: Packet) -> int:
    seconds, _, fraction = packet["Timestamp"].partition(".")
    return int(seconds) * 1_000_000 + int(fraction)


def linkedid_of(session: Session, name: str, caller: str) -> str:
    """The linkedid under which a caller's call to a scenario began."""
    trunk = f"PJSIP/{SCENARIOS[name].trunk}-"
    return next(
        packet["Linkedid"]
        for packet in session.packets
        if packet.get("Event") == "Newchannel"
        and packet["Channel"].startswith(trunk)
        and packet["CallerIDNum"] == caller
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_went_by_its_script(session: Session, name: str) -> None:
    assert session.played[name].errors == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_asterisk_tells_of_ringing_and_answering_when_it_passes_on_the_wire(session: Session, name: str) -> None:
    assert disagreements(session, name) == []


def disagreements(session: Session, name: str) -> list[str]:
    """The nth call to a phone on the wire is the nth channel of that phone, and their 180 and 200 agree: where not."""
    played = session.played[name]
    found: list[str] = []
    for interface in {leg.party for leg in played.legs if not leg.placed_call}:
        legs = [leg for leg in played.legs if leg.party == interface and not leg.placed_call]
        channels = [
            packet["Channel"]
            for packet in session.packets
            if packet.get("Event") == "Newchannel"
            and packet["Channel"].rpartition("-")[0] == interface
            and packet["ChannelStateDesc"] == "Down"
        ]
        if len(channels) != len(legs):
            found.append(f"{interface} had {len(legs)} calls on the wire, {len(channels)} channels")
            continue
        for leg, channel in zip(legs, channels, strict=True):
            found += disagreements_of(session, leg, channel)
    return found


def disagreements_of(session: Session, leg: Leg, channel: str) -> Iterator[str]:
    for state, on_the_wire in (("Ringing", leg.rang_at_us), ("Up", leg.answered_at_us)):
        told = [
            microseconds(packet)
            for packet in session.packets
            if packet.get("Event") == "Newstate"
            and packet["Channel"] == channel
            and packet["ChannelStateDesc"] == state
        ]
        if on_the_wire is None:
            if told:
                yield f"{channel} was {state}, not so on the wire"
        elif not told:
            if not given_up_at_once(leg):
                yield f"{channel} was never {state}"
        elif abs(told[0] - on_the_wire) > TOLERANCE_US:
            yield f"{channel} was {state} {(told[0] - on_the_wire) / 1000:.1f} ms after the wire"


def given_up_at_once(leg: Leg) -> bool:
    """Whether a phone was called and cancelled within its first ring's first hundredth.

    Asterisk does so now and then when it calls a transferring agent back, and tells nothing of that ringing.
    """
    rang, stopped = leg.rang_at_us, leg.stopped_ringing_at_us
    return rang is not None and stopped is not None and leg.answered_at_us is None and stopped - rang < 30_000


@pytest.mark.parametrize("name", SCENARIOS)
def test_monitor_tells_every_call_as_the_wire_has_it(
    session: Session, replayed: dict[str, dict[str, Any]], name: str
) -> None:
    played = session.played[name]
    for expected in EXPECTED[name]:
        call = replayed.get(linkedid_of(session, name, expected.caller))
        assert call is not None, f"the monitor tells no call of {expected.caller}"
        on_the_wire = oracle.ringing_us(played, expected)
        told = {
            "outcome": call["outcome"],
            "rings": call["rings"],
            "agent": call["agent"],
            "answered_by_pickup": call["answered_by_pickup"],
            "team": call["team"],
            "menu": call["menu"],
            "recordings": len(call["recordings"]),
        }
        assert told == {
            "outcome": expected.outcome,
            "rings": oracle.rings_in(on_the_wire),
            "agent": f"PJSIP/{name}-{expected.agent}" if expected.agent else None,
            "answered_by_pickup": expected.pickup,
            "team": expected.team,
            "menu": list(expected.menu),
            "recordings": int(expected.recorded is not None),
        }
        assert all(Path(file).name.startswith(expected.recorded or "?") for file in call["recordings"])
        assert abs(call["ringing_seconds"] * 1_000_000 - on_the_wire) <= TOLERANCE_US
        if expected.transfers is not None:
            compare_transfers(name, call["transfers"], expected)


def compare_transfers(name: str, told: list[dict[str, Any]], expected: Expected) -> None:
    assert expected.transfers is not None
    wanted = [(moved.kind, f"PJSIP/{name}-{moved.by}", moved.to) for moved in expected.transfers]
    assert [(moved["kind"], moved["by"], moved["to"]) for moved in told] == wanted
    for moved, want in zip(told, expected.transfers, strict=True):
        if want.result is not None:
            assert moved["result"] == want.result


def test_monitor_tells_no_call_that_was_not_to_the_line(session: Session, replayed: dict[str, dict[str, Any]]) -> None:
    """Calls to the other number, consultations, pickups and calls out are none of the line's."""
    wanted = {linkedid_of(session, name, expected.caller) for name in SCENARIOS for expected in EXPECTED[name]}
    assert set(replayed) == wanted


def test_every_scenario_says_what_is_expected_of_it() -> None:
    assert set(EXPECTED) == set(SCENARIOS)

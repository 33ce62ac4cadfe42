"""The recordings against the wire: they need no laboratory, only what it has left in `tests/scenarios`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .ami import Packet, packet_of
from .plan import SCENARIOS

if TYPE_CHECKING:
    from .wire import LegRow

SCENARIOS_FOLDER = Path(__file__).resolve().parent.parent / "scenarios"
RECORDED = sorted(folder.parent.name for folder in SCENARIOS_FOLDER.glob("*/wire.json"))
TOLERANCE_US = 50_000
WITH_VARSET = {name for name, scenario in SCENARIOS.items() if scenario.varset}


def packets_of(name: str) -> list[Packet]:
    raw = (SCENARIOS_FOLDER / name / "events.ami").read_bytes()
    assert raw.startswith(b"Asterisk Call Manager/")
    assert raw.endswith(b"\r\n\r\n")
    return [packet_of(packet) for packet in raw.split(b"\r\n\r\n")[:-1]]


def legs_of(name: str) -> list[LegRow]:
    legs: list[LegRow] = json.loads((SCENARIOS_FOLDER / name / "wire.json").read_text(encoding="utf-8"))["legs"]
    return legs


def first(leg: LegRow, what: str) -> int | None:
    return next((row["at_us"] for row in leg["messages"] if (row["what"], row["of"]) == (what, "INVITE")), None)


def microseconds(packet: Packet) -> int:
    seconds, _, fraction = packet["Timestamp"].partition(".")
    return int(seconds) * 1_000_000 + int(fraction)


def test_every_scenario_is_recorded() -> None:
    assert set(SCENARIOS) <= set(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_every_channel_ends_in_the_recording(name: str) -> None:
    packets = packets_of(name)
    began = [packet["Channel"] for packet in packets if packet.get("Event") == "Newchannel"]
    ended = [packet["Channel"] for packet in packets if packet.get("Event") == "Hangup"]
    assert sorted(began) == sorted(ended)
    assert began


@pytest.mark.parametrize("name", RECORDED)
def test_every_event_bears_its_time(name: str) -> None:
    without = [p["Event"] for p in packets_of(name) if "Event" in p and "Timestamp" not in p]
    assert set(without) <= {"FullyBooted"}


@pytest.mark.parametrize("name", RECORDED)
def test_variables_are_in_few_recordings(name: str) -> None:
    variables = {packet["Variable"] for packet in packets_of(name) if packet.get("Event") == "VarSet"}
    assert bool(variables - {"MIXMONITOR_FILENAME"}) is (name in WITH_VARSET)


@pytest.mark.parametrize("name", RECORDED)
def test_phones_ring_and_are_answered_when_the_wire_says(name: str) -> None:
    """The nth call to a phone on the wire is the nth channel of that phone."""
    packets = packets_of(name)
    by_phone: dict[str, list[LegRow]] = {}
    for leg in legs_of(name):
        if not leg["placed_call"]:
            by_phone.setdefault(leg["party"], []).append(leg)
    for interface, legs in by_phone.items():
        channels = [
            packet["Channel"]
            for packet in packets
            if packet.get("Event") == "Newchannel"
            and packet["Channel"].rpartition("-")[0] == interface
            and packet["ChannelStateDesc"] == "Down"
        ]
        for leg, channel in zip(legs, channels, strict=True):
            told = {
                packet["ChannelStateDesc"]: microseconds(packet)
                for packet in packets
                if packet.get("Event") == "Newstate" and packet["Channel"] == channel
            }
            cancelled = next((row["at_us"] for row in leg["messages"] if row["what"] == "CANCEL"), None)
            for state, status in (("Ringing", "180"), ("Up", "200")):
                on_the_wire = first(leg, status)
                if on_the_wire is None:
                    assert state not in told
                elif state in told:
                    assert abs(told[state] - on_the_wire) <= TOLERANCE_US
                else:
                    # Asterisk once dropped a call in the moment it rang, and told nothing of the ringing.
                    assert cancelled is not None
                    assert cancelled - on_the_wire < TOLERANCE_US

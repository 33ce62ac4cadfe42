"""The laboratory's recordings as calls, and what passed on the wire meanwhile."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.calls.facts import Call
from monitor.calls.lines import Line, Lines
from monitor.calls.state import Plan
from monitor.replay import Replay

SCENARIOS = Path(__file__).parents[1] / "scenarios"
NAMES = sorted(folder.parent.name for folder in SCENARIOS.glob("*/events.ami"))


@cache
def recorded(name: str) -> list[Call]:
    """The calls of a recording, in order of end."""
    replay = Replay(Plan(lines=Lines((Line("1588-6565", ("*",)),))), "unnamed", pytest.fail)
    with (SCENARIOS / name / "events.ami").open("rb") as stream:
        facts = [*replay.read(name, stream), *replay.close()]
    return [fact for fact in facts if isinstance(fact, Call)]


def wire_us(name: str, party: str, what: str, nth: int = 0) -> int:
    """When a phone said something for the `nth` time, by SIP's own log; microseconds since 1970."""
    wire: dict[str, Any] = json.loads((SCENARIOS / name / "wire.json").read_text(encoding="utf-8"))
    said = [
        message["at_us"]
        for leg in wire["legs"]
        if leg["party"].endswith(party)
        for message in leg["messages"]
        if message["what"] == what and message["of"] in ("INVITE", what)
    ]
    at_us: int = sorted(said)[nth]
    return at_us

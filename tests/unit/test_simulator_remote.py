"""Remote support in the simulated centre: 2 in the menu leads to it, and nobody else calls otherwise for it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from monitor.calls.facts import Call, microseconds
from monitor.calls.lines import Line, Lines
from monitor.calls.state import Plan
from monitor.calls.teams import Team, Teams
from monitor.replay import Replay
from monitor.simulator.actions import BANNER
from monitor.simulator.arrivals import Arrivals
from monitor.simulator.centre import Centre
from monitor.simulator.people import REMOTE, centre_staff

if TYPE_CHECKING:
    from pathlib import Path

SECOND = 1_000_000
START_US = microseconds(datetime(2026, 5, 4, 1, tzinfo=UTC))
"""Ten in the morning in Seoul."""
TEAMS = Teams((Team(name="원격응대팀", menu=("menu,2",)),))


@cache
def ten_minutes(*, remote: bool) -> tuple[Centre, bytes]:
    """Calls of ten minutes, and what an Asterisk writes of them up to their end."""
    centre = Centre(seed=3, started_at_us=START_US, staff=centre_staff(remote=remote))
    Arrivals(calls_per_hour=400, until_us=START_US + 600 * SECOND).begin(centre)
    packets = centre.advance(START_US + 2 * 3600 * SECOND)
    return centre, BANNER + b"".join(packet for _, packet in packets)


def followed(folder: Path, written: bytes) -> dict[str, Call]:
    path = folder / "calls.ami"
    path.write_bytes(written)
    plan = Plan(lines=Lines((Line("main", ("15886565", "6565")),)), teams=TEAMS)
    warnings: list[str] = []
    replay = Replay(plan, "demo", warnings.append)
    with path.open("rb") as stream:
        facts = [*replay.read(path.name, stream), *replay.close()]
    assert warnings == []
    return {fact.key.linkedid: fact for fact in facts if isinstance(fact, Call)}


def test_two_in_the_menu_leads_to_remote_support(tmp_path: Path) -> None:
    """By the queue and by the choice it is the same calls; what really happened says which."""
    centre, written = ten_minutes(remote=True)
    true = {truth.linkedid for truth in centre.truths if truth.queue == REMOTE}
    assert 5 < len(true) < len(centre.truths) / 3
    calls = followed(tmp_path, written)
    assert {linkedid for linkedid, call in calls.items() if call.queue == REMOTE} == true
    assert {linkedid for linkedid, call in calls.items() if call.team} == true
    assert {calls[linkedid].menu for linkedid in true} == {("menu,2",)}
    assert {call.menu for call in calls.values()} == {("menu,2",), ("menu,1",), ()}


def test_the_same_people_call_whether_there_is_remote_support_or_not() -> None:
    with_it, without = (ten_minutes(remote=remote)[0].truths for remote in (True, False))
    assert [(truth.caller, truth.entered_at_us) for truth in with_it] == [
        (truth.caller, truth.entered_at_us) for truth in without
    ]
    assert REMOTE not in {truth.queue for truth in without}

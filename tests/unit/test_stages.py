"""The table of stages: what it must hold whatever moves are added to it."""

from __future__ import annotations

import re

from monitor.calls.facts import Stage
from monitor.calls.stages import TRANSITIONS, Signal, drawing


def test_a_caller_can_leave_in_every_stage() -> None:
    living = [stage for stage in Stage if stage is not Stage.ENDED]
    assert all(TRANSITIONS[stage, Signal.ENDED] is Stage.ENDED for stage in living)


def test_nothing_leads_out_of_the_end() -> None:
    assert not [signal for stage, signal in TRANSITIONS if stage is Stage.ENDED]


def test_every_stage_is_reached_from_the_first() -> None:
    reached = {Stage.ANNOUNCEMENT}
    while more := {to for (stage, _), to in TRANSITIONS.items() if stage in reached} - reached:
        reached |= more
    assert reached == set(Stage)


def test_after_a_persons_answer_nobody_waits_or_rings_again() -> None:
    """The ring rule ends with the answer; what rings then is a transfer's."""
    answered = {Stage.TALKING, Stage.HELD, Stage.TRANSFERRING, Stage.RELEASED}
    before = {Stage.ANNOUNCEMENT, Stage.WAITING, Stage.RINGING, Stage.GIVEN_UP}
    assert not [move for move, to in TRANSITIONS.items() if move[0] in answered and to in before]


def test_only_a_person_makes_a_talk() -> None:
    ways = {signal for (stage, signal), to in TRANSITIONS.items() if to is Stage.TALKING and stage is not Stage.TALKING}
    assert ways == {Signal.CONNECTED, Signal.RESUMED}
    assert [
        stage for (stage, signal), to in TRANSITIONS.items() if signal is Signal.RESUMED and to is Stage.TALKING
    ] == [
        Stage.TALKING,
        Stage.HELD,
    ]


def test_the_drawing_holds_every_move_and_no_other() -> None:
    drawn = {
        (match[1], match[2], signal)
        for line in drawing().splitlines()
        if (match := re.fullmatch(r"    (\w+) --> (\w+): (.+)", line))
        for signal in match[3].split(", ")
    }
    table = {(a.value, b.value, signal.value) for (a, signal), b in TRANSITIONS.items() if a is not b}
    assert drawn == table
    assert "    [*] --> announcement" in drawing()
    assert "    ended --> [*]" in drawing()

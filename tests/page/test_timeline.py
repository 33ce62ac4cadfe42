"""The drawing of a call: stages, bells and places worked out by hand, and recordings compared with the wire."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from monitor.calls.facts import AttemptResult, Hold, Observed, Outcome, Stage, TransferResult, microseconds
from monitor.page.axis import LEFT, RIGHT, THINNEST
from monitor.page.course import course_of, ringing_heard, seen
from monitor.page.timeline import LANES_AT_MOST, draw
from tests.ledger.records import a_call, after, calls, ring

from .recordings import NAMES, recorded, wire_us

if TYPE_CHECKING:
    from monitor.calls.facts import Call
    from monitor.page.timeline import Timeline

PERIOD_US = 3_000_000
LIMIT = 3
TOLERANCE_US = 50_000
"""The way from the wire to Asterisk and back."""


def drawn(call: Call) -> Timeline:
    return draw(call, period_us=PERIOD_US, limit=LIMIT)


def told(call: Call) -> list[tuple[str, float, float]]:
    """The stages with their beginnings and ends, in seconds since the call entered."""
    begin_us = seen(call).start_us
    return [
        (step.stage or "-", (step.start_us - begin_us) / 1e6, (step.end_us - begin_us) / 1e6)
        for step in course_of(call)
    ]


# -- stages ------------------------------------------------------------------------------------------------------------


def test_the_stages_follow_from_the_record() -> None:
    """The call talked 40 s. From 9 to 45 and from 54 to 60 it was with somebody: 36 + 6 = 42 s, so 2 s of silence."""
    assert told(a_call()) == [
        ("announcement", 0, 1),
        ("waiting", 1, 2),
        ("ringing", 2, 6),
        ("waiting", 6, 7),
        ("ringing", 7, 9),
        ("talking", 9, 45),
        ("held", 45, 50),
        ("transferring", 50, 54),
        ("talking", 54, 58),
        ("released", 58, 60),
    ]


def test_a_caller_nobody_answers_is_given_up_before_the_end() -> None:
    """It waited 8 s from 1 to 9, and the caller listened on until 12."""
    call = a_call(
        answered_at=None,
        ended_at=after(12),
        outcome=Outcome.NO_ANSWER,
        talking_us=0,
        transfers=(),
        holds=(),
        attempts=(ring("agent1", 2, 9, AttemptResult.NO_ANSWER),),
    )
    assert told(call)[-2:] == [("ringing", 2, 9), ("given_up", 9, 12)]


def test_a_transfer_that_came_back_leaves_the_caller_on_hold() -> None:
    """Let go at 47 while on hold from 45 to 50: the caller was aside all the time, and then with the agent again."""
    (transfer,) = a_call().transfers
    lost = replace(
        transfer,
        at=after(47),
        result=TransferResult.RETURNED,
        reconnected_at=None,
        reconnect_us=None,
        reconnect_rings=None,
    )
    assert told(a_call(transfers=(lost,), talking_us=46_000_000))[5:] == [
        ("talking", 9, 45),
        ("held", 45, 50),
        ("talking", 50, 60),
    ]


def test_a_transfer_nobody_takes_lasts_to_the_end() -> None:
    (transfer,) = a_call().transfers
    lost = replace(
        transfer, result=TransferResult.NO_ANSWER, reconnected_at=None, reconnect_us=None, reconnect_rings=None
    )
    assert told(a_call(transfers=(lost,), talking_us=36_000_000))[-1] == ("transferring", 50, 60)


def test_of_what_was_not_seen_nothing_is_made_up() -> None:
    """The monitor came in while the second phone rang: no entry, no question for a person, and no end."""
    call = a_call(
        entered_at=None,
        asked_at=None,
        first_ring_at=after(7),
        ended_at=None,
        recorded_at=after(30),
        observed=Observed.PARTLY,
        outcome=Outcome.UNOBSERVED,
        attempts=(ring("agent2", 7, 9, AttemptResult.ANSWERED),),
        transfers=(),
        holds=(),
        talking_us=0,
    )
    assert told(call) == [("ringing", 0, 2), ("talking", 2, 23)]
    assert (drawn(call).open_start, drawn(call).open_end) == (True, True)


@pytest.mark.parametrize("name", NAMES)
def test_the_stages_of_a_recording_leave_no_hole(name: str) -> None:
    for call in recorded(name):
        steps = course_of(call)
        begin_us, end_us = seen(call)
        edges = [step.start_us for step in steps] + [steps[-1].end_us]
        assert (edges[0], edges[-1]) == (begin_us, end_us)
        assert all(before.end_us == behind.start_us for before, behind in pairwise(steps))
        assert all(before.stage is not behind.stage for before, behind in pairwise(steps))


@pytest.mark.parametrize("name", NAMES)
def test_the_ringing_that_is_drawn_is_the_ringing_that_was_counted(name: str) -> None:
    for call in recorded(name):
        assert sum(end_us - start_us for start_us, end_us in ringing_heard(call)) == call.ringing_us
        drawing = drawn(call)
        assert len(drawing.bells) + drawing.bells_left_out == call.rings


# -- bells, by the wire ------------------------------------------------------------------------------------------------


def bells_us(call: Call) -> list[int]:
    return [microseconds(bell.at) for bell in drawn(call).bells]


def test_the_gap_between_two_phones_holds_no_bell() -> None:
    """180 to CANCEL, then 180 to 200: ring 3 begins once the second has rung for what the first left wanting to 6 s."""
    name = "no_answer_then_other"
    (call,) = recorded(name)
    first_us, given_up_us = wire_us(name, "agent1", "180"), wire_us(name, "agent1", "CANCEL")
    second_us = wire_us(name, "agent2", "180")
    wanting_us = 6_000_000 - (given_up_us - first_us)
    expected = [first_us, first_us + 3_000_000, second_us + wanting_us]
    assert bells_us(call) == [pytest.approx(at_us, abs=TOLERANCE_US) for at_us in expected]
    assert [step.stage for step in course_of(call) if step.end_us - step.start_us > TOLERANCE_US] == [
        Stage.RINGING,
        Stage.WAITING,
        Stage.RINGING,
        Stage.TALKING,
    ]


def test_waiting_in_silence_holds_no_bell() -> None:
    """The second caller hears ringback from the start; the only phone rings for them 4 s later."""
    name = "waiting_then_ringing"
    call = recorded(name)[1]
    ringing_us = wire_us(name, "agent1", "180", nth=1)
    assert bells_us(call) == [pytest.approx(ringing_us, abs=TOLERANCE_US)]
    waiting = next(bar for bar in drawn(call).stages if bar.stage is Stage.WAITING)
    invited_us = wire_us(name, "01087654321", "INVITE")
    assert waiting.length_us == pytest.approx(ringing_us - invited_us, abs=TOLERANCE_US)


def test_the_limit_stands_where_the_fourth_ring_begins() -> None:
    name = "answered_ring_7"
    (call,) = recorded(name)
    drawing = drawn(call)
    first_us = wire_us(name, "agent1", "180")
    assert drawing.limit is not None
    assert microseconds(drawing.limit.at) == pytest.approx(first_us + 9_000_000, abs=TOLERANCE_US)
    assert [bell.past for bell in drawing.bells] == [False, False, False, True, True, True, True]
    assert drawing.bells[3].x == drawing.limit.x


# -- places ------------------------------------------------------------------------------------------------------------


def test_every_place_is_where_it_was_worked_out_to_be() -> None:
    """36 s of talking are drawn as 20: 60 - 16 = 44 s on 984 - 16 = 968 points, 22 points a second.

    9 s are at 16 + 9 x 22 = 214, 45 s at 214 + 20 x 22 = 654, 50 s at 654 + 5 x 22 = 764.
    """
    drawing = drawn(a_call())
    assert [(bar.stage or "-", bar.x, bar.width) for bar in drawing.stages] == [
        ("announcement", 16, 22),
        ("waiting", 38, 22),
        ("ringing", 60, 88),
        ("waiting", 148, 22),
        ("ringing", 170, 44),
        ("talking", 214, 440),
        ("held", 654, 110),
        ("transferring", 764, 88),
        ("talking", 852, 88),
        ("released", 940, 44),
    ]
    # 3 s of ringing are heard at second 5, 6 s at second 9, as 4 s were heard by second 6 and 2 more from 7.
    assert [(bell.number, bell.x, bell.past) for bell in drawing.bells] == [
        (1, 60, False),
        (2, 126, False),
        (3, 214, False),
    ]
    assert drawing.limit is None
    assert [(phone.member, [(bar.x, bar.width) for bar in phone.bars]) for phone in drawing.phones] == [
        ("Agent1", [(60, 88)]),
        ("Agent2", [(170, 44)]),
    ]
    # 70 points are more than 3 s: a label each 5 s, none in the 36 s that are not true to scale.
    assert [(tick.after_us // 1_000_000, tick.x) for tick in drawing.ticks] == [
        (0, 16),
        (5, 126),
        (45, 654),
        (50, 764),
        (55, 874),
        (60, 984),
    ]
    assert [(cut.x, cut.left_out_us) for cut in drawing.breaks] == [(434, 16_000_000)]


def test_rows_stand_below_one_another() -> None:
    """The caller's label (20), a row of labels (20), the bells (28), the bar (18), and 50 for each phone behind 12."""
    drawing = drawn(a_call())
    assert drawing.answer is not None
    # The answer's label goes to the right, 214 to 474; the transfer's has no room there, and goes to the left from 764.
    assert (drawing.answer.x, drawing.answer.leftward, drawing.answer.label_y) == (214, False, 34)
    assert [(mark.number, mark.x, mark.leftward, mark.label_y) for mark in drawing.transfers] == [(1, 764, True, 34)]
    assert (drawing.bells_y, drawing.stage_y) == (54, 68)
    assert [phone.y for phone in drawing.phones] == [118, 168]
    assert (drawing.axis_y, drawing.height) == (198, 228)


def test_labels_that_would_touch_stand_in_rows_of_their_own() -> None:
    """Three transfers within a second: their labels are 260 points wide."""
    (transfer,) = a_call().transfers
    drawing = drawn(a_call(transfers=tuple(replace(transfer, at=after(50 + n / 4)) for n in range(3))))
    assert [mark.label_y for mark in drawing.transfers] == [34, 54, 74]


# -- calls that are out of the ordinary --------------------------------------------------------------------------------


def test_twenty_attempts_on_five_phones_are_five_lanes() -> None:
    """20 x 15 s of ringing: floor(300 / 3) + 1 = 101 rings, more than there is room for, and the fourth among those."""
    attempts = tuple(
        ring(f"agent{number % 5}", 20 * number, 20 * number + 15, AttemptResult.NO_ANSWER) for number in range(20)
    )
    call = a_call(
        attempts=attempts,
        answered_at=None,
        asked_at=after(0),
        waiting_us=395_000_000,
        ended_at=after(395),
        outcome=Outcome.NO_ANSWER,
        rings=101,
        ringing_us=300_000_000,
        talking_us=0,
        transfers=(),
        holds=(),
    )
    drawing = drawn(call)
    assert [(phone.agent, phone.results) for phone in drawing.phones] == [
        (f"PJSIP/agent{number}", [(AttemptResult.NO_ANSWER, 4)]) for number in range(5)
    ]
    assert drawing.bells_left_out == 101 - len(drawing.bells) > 50
    assert drawing.limit is not None
    assert drawing.limit.x in [bell.x for bell in drawing.bells if bell.number == LIMIT + 1]
    assert all(behind.x - before.x >= 20 for before, behind in pairwise(drawing.bells))


def test_more_phones_than_can_be_drawn_are_counted() -> None:
    attempts = tuple(ring(f"agent{number:03}", 2, 6, AttemptResult.NO_ANSWER) for number in range(100))
    drawing = drawn(a_call(attempts=attempts))
    assert (len(drawing.phones), drawing.phones_left_out) == (LANES_AT_MOST, 100 - LANES_AT_MOST)


def test_a_phone_that_never_rang_can_be_seen_and_adds_no_bell() -> None:
    refused = replace(ring("agent3", 2, 2, AttemptResult.REJECTED), rings=0)
    call = a_call(attempts=(refused, *a_call().attempts))
    drawing = drawn(call)
    assert [(bar.x, bar.width) for bar in drawing.phones[0].bars] == [(60, THINNEST)]
    assert [bell.number for bell in drawing.bells] == [1, 2, 3]


def test_a_phone_that_rang_for_no_time_has_rung_once() -> None:
    call = a_call(attempts=(ring("agent1", 9, 9, AttemptResult.ANSWERED),), rings=1, ringing_us=0)
    assert [(bell.number, bell.at) for bell in drawn(call).bells] == [(1, after(9))]


def test_a_call_that_took_no_time_is_drawn() -> None:
    call = a_call(
        asked_at=after(0),
        first_ring_at=None,
        answered_at=None,
        ended_at=after(0),
        outcome=Outcome.BUSY,
        rings=0,
        ringing_us=0,
        waiting_us=0,
        attempts=(replace(ring("agent1", 0, 0, AttemptResult.REJECTED), rings=0),),
        transfers=(),
        holds=(),
    )
    drawing = drawn(call)
    assert (drawing.stages, drawing.bells, [tick.x for tick in drawing.ticks]) == ((), (), [16])
    assert [(bar.x, bar.width) for bar in drawing.phones[0].bars] == [(16, THINNEST)]


def test_nine_seconds_of_ringing_stay_wide_beside_two_hours_of_talk() -> None:
    """Two hours are drawn as 20 s: 9 + 20 = 29 s, so 9 s take 9 / 29 of 968 points, which is 300.4."""
    call = a_call(
        asked_at=after(0),
        first_ring_at=after(0),
        answered_at=after(9),
        ended_at=after(7209),
        attempts=(ring("agent1", 0, 9, AttemptResult.ANSWERED),),
        transfers=(),
        holds=(),
        talking_us=7_200_000_000,
        rings=4,
        ringing_us=9_000_000,
    )
    assert drawn(call).stages[0].width == pytest.approx(300.4, abs=0.1)


def test_holds_that_overlap_the_end_are_drawn_to_it() -> None:
    call = a_call(holds=(Hold(by="PJSIP/agent2", started_at=after(55), ended_at=after(60)),))
    assert told(call)[-1] == ("held", 55, 60)


@settings(max_examples=80, deadline=None)
@given(calls)
def test_whatever_the_ledger_holds_can_be_drawn(call: Call) -> None:
    """Ends before beginnings, attempts years before the entry: clocks that were set back leave such records."""
    drawing = drawn(call)
    bars = [(bar.x, bar.width) for bar in drawing.stages]
    bars += [(bar.x, bar.width) for phone in drawing.phones for bar in phone.bars]
    marks = [mark.x for mark in drawing.transfers] + [bell.x for bell in drawing.bells]
    marks += [tick.x for tick in drawing.ticks]
    assert all(isfinite(x) and LEFT <= x <= RIGHT for x in [*marks, *(x for x, _ in bars)])
    assert all(0 < width <= RIGHT - LEFT for _, width in bars)
    assert len(drawing.ticks) <= 20
    assert len(drawing.bells) <= 60

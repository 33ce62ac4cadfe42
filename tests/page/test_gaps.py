"""A call that touches a gap, on its page and in the list: what nobody saw is told as such, and the clocks agree."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.calls.facts import AttemptResult, Gap, GapCause, Observed, Outcome, Source, Stage
from monitor.page.course import course_of, seen
from monitor.page.render import call_path
from monitor.page.timeline import draw
from tests.ledger.records import a_call, after, calls, instants, partly, ring
from tests.unit.test_tracker_unseen import down, ringing, shows, up
from tests.unit.wire import Reading, Wire

from .centre import Centre, at, linked, text_of

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.calls.facts import Call, Fact
    from monitor.page.course import Step

DOWN, LOST, STEP = GapCause.MONITOR_DOWN, GapCause.NOT_CONNECTED, GapCause.CLOCK_STEP


def gap(start: float, end: float | None, cause: GapCause = DOWN) -> Gap:
    return Gap(system="pbx1", started_at=after(start), ended_at=after(end) if end is not None else None, cause=cause)


def gaps_of(facts: list[Fact]) -> list[Gap]:
    """As a ledger keeps them: the last word on each."""
    return list({fact.started_at: fact for fact in facts if isinstance(fact, Gap)}.values())


def told(call: Call, *gaps: Gap) -> list[tuple[str, float, float]]:
    """The stages, in seconds since the call was first seen."""
    begin_us = seen(call).start_us
    return [
        (step.stage or "-", (step.start_us - begin_us) / 1e6, (step.end_us - begin_us) / 1e6)
        for step in course_of(call, gaps)
    ]


def spent_us(steps: tuple[Step, ...], *stages: Stage | None) -> int:
    return sum(step.end_us - step.start_us for step in steps if step.stage in stages)


# -- the course, of what a tracker recorded ----------------------------------------------------------------------------


def killed(reading: Reading, wire: Wire, begins: float, ends: float, told_at: float) -> Wire:
    """The monitor is away between two instants, and is told what exists a moment after the second."""
    reading.take(wire.take())
    down(begins, reading, DOWN)
    up(ends, reading)
    return wire.at(told_at)


def test_conversation_stops_where_nobody_listens_and_lasts_as_long_as_the_ledger_says() -> None:
    """Rang 0 to 4, talked 4 to 13, unseen to 22; what exists is told at 22.05, and the caller leaves at 30.2.

    The clock ran 9 s and 8.15 s, 17.15 s; from 4 to 30.2 it would have been 26.2.
    """
    wire, reading = Wire(), Reading()
    caller, phone = ringing(wire)
    wire.at(4).answers(caller, phone, "help")
    shows(killed(reading, wire, 13, 22, 22.05), caller, phone)
    wire.at(30.2).ends(caller, phone, by=caller)
    call = reading.take(wire.take()).call
    assert call.talking_us == 17_150_000
    steps = course_of(call, gaps_of(reading.facts))
    assert [(step.stage, step.end_us - step.start_us, step.causes) for step in steps] == [
        (Stage.RINGING, 4_000_000, ()),
        (Stage.TALKING, 9_000_000, ()),
        (None, 9_050_000, (DOWN,)),
        (Stage.TALKING, 8_150_000, ()),
    ]
    assert spent_us(steps, Stage.TALKING) == call.talking_us
    assert spent_us(steps, Stage.RINGING) == call.ringing_us == call.waiting_us == 4_000_000


def test_a_gap_while_a_phone_rings_leaves_the_ringing_that_was_counted() -> None:
    """Rang 0 to 4 and 14 to 15, as was seen: 5 s; the caller waited 15, ten of them unseen."""
    wire, reading = Wire(), Reading()
    caller, phone = ringing(wire)
    shows(killed(reading, wire, 4, 14, 14), caller, phone)
    wire.at(15).answers(caller, phone, "help")
    wire.at(20).ends(caller, phone, by=caller)
    call = reading.take(wire.take()).call
    assert told_by(call, reading) == [("ringing", 0, 4), ("-", 4, 14), ("ringing", 14, 15), ("talking", 15, 20)]
    steps = course_of(call, gaps_of(reading.facts))
    assert spent_us(steps, Stage.RINGING) == call.ringing_us == 5_000_000
    assert spent_us(steps, Stage.RINGING, Stage.WAITING, None) == call.waiting_us == 15_000_000
    assert spent_us(steps, Stage.TALKING) == call.talking_us == 5_000_000


def told_by(call: Call, reading: Reading) -> list[tuple[str, float, float]]:
    return told(call, *gaps_of(reading.facts))


def test_a_call_that_ended_unseen_ends_unobserved() -> None:
    """It rang to 4, and was gone when what exists was told at 60.2: of all since 4 nothing is known."""
    wire, reading = Wire(), Reading()
    ringing(wire)
    shows(killed(reading, wire, 4, 60, 60.2))
    call = reading.take(wire.take()).call
    assert (call.outcome, told_by(call, reading)) == (Outcome.UNOBSERVED, [("ringing", 0, 4), ("-", 4, 60.2)])


def test_an_answer_that_nobody_saw_begins_no_conversation_in_the_gap() -> None:
    """The phone rings at 4 and talks at 14; then the caller is passed on, and another phone rings for them."""
    wire, reading = Wire(), Reading()
    caller, phone = ringing(wire)
    killed(reading, wire, 4, 14, 14)
    wire.answers(caller, phone, "help")
    wire.take()
    shows(wire, caller, phone)
    wire.at(20).ends(caller, phone, by=caller)
    call = reading.take(wire.take()).call
    assert (call.answered_at, call.outcome, call.talking_us) == (None, Outcome.ANSWERED, 6_000_000)
    assert told_by(call, reading) == [("ringing", 0, 4), ("-", 4, 14), ("talking", 14, 20)]


def test_what_rings_after_an_answer_that_nobody_saw_is_no_ringing_that_was_counted() -> None:
    call = partly(
        a_call(
            answered_at=None,
            rings=2,
            ringing_us=4_000_000,
            talking_us=38_000_000,
            transfers=(),
            holds=(),
            attempts=(ring("agent1", 2, 6, AttemptResult.UNOBSERVED), ring("agent2", 50, 54, AttemptResult.UNOBSERVED)),
        )
    )
    assert told(call, gap(6, 22)) == [
        ("announcement", 0, 1),
        ("waiting", 1, 2),
        ("ringing", 2, 6),
        ("-", 6, 22),
        ("talking", 22, 60),
    ]


def test_a_caller_waits_until_the_gap_in_which_somebody_answered() -> None:
    """Asked at 1; at 30, after a gap from 20, they are found in conversation."""
    call = replace(talked(30), answered_at=None, first_ring_at=None, rings=0, ringing_us=0, attempts=())
    assert told(call, gap(20, 30)) == [
        ("announcement", 0, 1),
        ("waiting", 1, 20),
        ("-", 20, 30),
        ("talking", 30, 60),
    ]


def test_silence_after_a_gap_is_no_conversation() -> None:
    """Talked 9 to 20; at 30 the caller is found in a menu, and stays there: the clock says 11 s."""
    call = partly(a_call(talking_us=11_000_000, transfers=(), holds=()))
    assert told(call, gap(20, 30))[-3:] == [("talking", 9, 20), ("-", 20, 30), ("released", 30, 60)]


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([], [("talking", 0, 25)]),
        ([gap(20, 35)], [("talking", 0, 25)]),
        ([gap(0, 10), gap(50, 55)], [("talking", 0, 20), ("-", 20, 25), ("talking", 25, 30)]),
        ([gap(0, 20), gap(40, 45)], [("talking", 0, 10), ("-", 10, 15), ("talking", 15, 30)]),
    ],
)
def test_conversation_that_was_found_going_on_began_when_its_clock_says(
    gaps: list[Gap], expected: list[tuple[str, float, float]]
) -> None:
    """25 s were timed up to the end at 60; of a call that was found in progress the record holds no other instant."""
    nothing: dict[str, Any] = dict.fromkeys(("entered_at", "asked_at", "first_ring_at", "answered_at"))
    call = partly(a_call(talking_us=25_000_000, rings=0, ringing_us=0, attempts=(), transfers=(), holds=(), **nothing))
    steps = course_of(call, gaps)
    begin_us = steps[0].start_us
    found = [(step.stage or "-", (step.start_us - begin_us) / 1e6, (step.end_us - begin_us) / 1e6) for step in steps]
    assert found == expected
    drawing = draw(call, period_us=3_000_000, limit=3, gaps=gaps)
    assert (drawing.begins_at, drawing.ends_at) == (after(60 - expected[-1][2]), after(60))
    # A figure that no conversation has, of a clock that was set, is drawn all the same: as twelve hours.
    endless = draw(replace(call, talking_us=2**62), period_us=3_000_000, limit=3)
    assert endless.begins_at == after(60 - 12 * 3600)


# -- gaps of every kind ------------------------------------------------------------------------------------------------


def talked(seconds: int) -> Call:
    """Answered at 9, over at 60, not on hold and not passed on."""
    return partly(a_call(talking_us=seconds * 1_000_000, transfers=(), holds=()))


@pytest.mark.parametrize(
    ("gaps", "seconds", "unseen"),
    [
        ([gap(20, 30)], 41, [(20, 30, [DOWN])]),
        ([gap(20, 26), gap(24, 30, LOST)], 41, [(20, 30, [DOWN, LOST])]),
        ([gap(25, 30, LOST), gap(20, 25), gap(22, 24, LOST)], 41, [(20, 30, [DOWN, LOST])]),
        ([gap(20, 30), gap(22, 24), gap(40, 45, LOST)], 36, [(20, 30, [DOWN]), (40, 45, [LOST])]),
        ([gap(20, 20), gap(25, 25, STEP)], 51, []),
        ([gap(-50, 0), gap(60, 90)], 51, []),
        ([gap(50, None)], 41, [(50, 60, [DOWN])]),
        # Told by another monitor, or begun later than that: the record saw 6 of the 10 s, or all of them.
        ([gap(20, 30)], 47, [(20, 24, [DOWN])]),
        ([gap(20, 30)], 51, []),
    ],
)
def test_the_union_of_the_gaps_is_left_out(
    gaps: list[Gap], seconds: int, unseen: list[tuple[float, float, list[GapCause]]]
) -> None:
    call = talked(seconds)
    steps = course_of(call, gaps)
    begin_us = seen(call).start_us
    found = [
        ((step.start_us - begin_us) / 1e6, (step.end_us - begin_us) / 1e6, list(step.causes))
        for step in steps
        if step.stage is None
    ]
    assert found == unseen
    assert spent_us(steps, Stage.TALKING) == call.talking_us


@pytest.mark.parametrize(
    "call", [a_call(), partly(a_call(), source=Source.QUEUE_LOG)], ids=["seen whole", "told by others"]
)
def test_a_record_that_tells_what_happened_in_a_gap_is_drawn_by_it(call: Call) -> None:
    """A monitor that stood by saw the call, or the queue log tells of it."""
    assert course_of(call, [gap(5, 58)]) == course_of(call)


any_gap = st.builds(
    Gap,
    system=st.just("pbx1"),
    started_at=instants,
    ended_at=st.none() | instants,
    cause=st.sampled_from(GapCause),
)


@settings(max_examples=60, deadline=None)
@given(calls, st.lists(any_gap, max_size=4), instants, instants)
def test_whatever_gaps_there_were_the_stages_add_up_to_the_call(
    call: Call, gaps: list[Gap], one: datetime, other: datetime
) -> None:
    begin_us, end_us = seen(call)
    within = Gap(system="pbx1", started_at=min(one, other), ended_at=max(one, other), cause=DOWN)
    steps = course_of(call, [*gaps, within])
    if steps and steps[0].start_us < begin_us:
        # It was found in conversation, which then began before all that the record holds.
        begin_us = steps[0].start_us
        assert (call.entered_at, call.answered_at, call.observed) == (None, None, Observed.PARTLY)
    assert sum(step.end_us - step.start_us for step in steps) == end_us - begin_us
    assert all(before.end_us == behind.start_us for before, behind in pairwise(steps))
    assert all(step.end_us > step.start_us for step in steps)
    assert all(bool(step.causes) is (step.stage is None) for step in steps)
    assert draw(call, period_us=3_000_000, limit=3, gaps=gaps).width


# -- the pages ---------------------------------------------------------------------------------------------------------


def test_a_call_that_touches_a_gap_says_so_in_drawing_and_table(centre: Centre) -> None:
    """Twice told, as the ledger is told of a gap: when it begins, and when it ends. Another system's is none of it."""
    call = talked(41)
    centre.repository.record_all([call, gap(20, None), gap(20, 30), gap(40, 40, STEP)])
    centre.repository.record_all([Gap(system="pbx2", started_at=after(31), ended_at=after(50), cause=LOST)])
    page = centre.page(call_path(call.key))
    words = text_of(page)
    # From, after, length, stage, cause; and the conversation adds up to the 41 s above: 11 + 30.
    assert "18:00:09 9.0 s 11.0 s talking 18:00:20 20.0 s 10.0 s not observed monitor was down" in words
    assert "18:00:30 30.0 s 30.0 s talking" in words
    assert "Talking 0:41" in words
    assert page.count('class="stage unobserved"') == 1
    assert "<title>not observed 18:00:20 · 10.0 s · monitor was down</title>" in page
    # What a screen reader is told in place of the drawing.
    assert "The tables below say the same. not observed 18:00:20 · 10.0 s · monitor was down." in words
    korean = text_of(centre.page(call_path(call.key), language="ko"))
    assert "18:00:20 20.0초 10.0초 관측 못 함 모니터 꺼짐" in korean


def test_list_filter_and_csv_agree_on_what_was_seen_in_part(centre: Centre) -> None:
    """One is excluded for it, one was broken all the same, and of one the log does not tell the end."""
    broken = at(1, "broken", observed=Observed.PARTLY)
    centre.repository.record_all(
        [at(0, "whole"), broken, partly(at(2, "excluded")), partly(at(3, "log"), source=Source.QUEUE_LOG)]
    )
    names = {"": ["log", "excluded", "broken", "whole"], "partly": ["log", "excluded", "broken"], "whole": ["whole"]}
    pages = centre.get(*(f"/calls{form}?observed={asked}" for asked in names for form in ("", ".csv")))
    for found, listed, saved in zip(names.values(), pages[::2], pages[1::2], strict=True):
        assert linked(listed.text) == found
        marked = ["answered partly unobserved" in text_of(row) for row in listed.text.split("<tr>")[2:]]
        rows = list(csv.DictReader(io.StringIO(saved.content.decode("utf-8-sig"), newline="")))
        assert [row["linkedid"] for row in rows] == found
        assert marked == [row["observed"] == "partly" for row in rows] == [name != "whole" for name in found]
    page = centre.page("/calls?observed=partly", language="ko")
    assert page.count('title="이 전화에는 관측하지 못한 구간이 있습니다."') == 3
    assert "응대 일부 관측 못 함" in text_of(page)
    (refused,) = centre.get("/calls?observed=half")
    assert (refused.status_code, "There is no such choice." in refused.text) == (400, True)

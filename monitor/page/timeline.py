"""The drawing of one call: when it waited, rang and talked, as shapes with coordinates that a template turns into SVG.

Pure: a finished call and the rule that judged it in, frozen records out. Words and colours are the template's.

**Source:** docs/ring-rule.md for what is counted; `monitor.page.course` for the stages.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from monitor.calls.facts import Stage, instant, microseconds
from monitor.page.axis import RIGHT, THINNEST, Axis
from monitor.page.course import Stretch, after_ringing, course_of, ringing_heard, seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.calls.facts import AttemptResult, Call, Gap, GapCause, RingAttempt, Transfer
    from monitor.page.axis import Break, Tick
    from monitor.page.course import Step

WIDTH = 1000.0
BLINK_US = 100_000
BELL_APART = 20.0
"""Bells nearer to each other than this are not all drawn."""
LABEL_WIDTH = 260.0
"""The room a label above the lanes takes; where two would touch, the later one stands a row lower."""
LABEL_ROW, BELL_ROW, LANE_LABEL, BAR, LANE_GAP, AXIS = 20.0, 28.0, 20.0, 18.0, 12.0, 30.0
LANES_AT_MOST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBar:
    """The caller was in one stage."""

    stage: Stage | None
    """None: the system was not observed."""
    causes: tuple[GapCause, ...]
    """Why it was not."""
    started_at: datetime
    ended_at: datetime
    length_us: int
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RingBar:
    """One phone's ringing; as thin as can be where it never rang."""

    attempt: RingAttempt
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneLane:
    """One phone that was called, with every attempt on it."""

    agent: str
    """The interface, as in `PJSIP/agent1`."""
    member: str | None
    y: float
    """The top of its bars."""
    bars: tuple[RingBar, ...]

    @property
    def results(self) -> list[tuple[AttemptResult, int]]:
        """How its ringing ended, and how often so, in the order in which each was first so."""
        return list(Counter(bar.attempt.result for bar in self.bars).items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    """The beginning of one ring."""

    number: int
    at: datetime
    past: bool
    """It is past the limit."""
    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An instant with a label: the limit, the answer, a transfer."""

    at: datetime
    x: float
    label_y: float
    """The baseline of its label."""
    leftward: bool
    """The label stands to the left of the line, as there is no room to its right."""
    transfer: Transfer | None = None
    number: int = 0
    """Of a transfer, counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One call, drawn."""

    width: float
    height: float
    begins_at: datetime
    ends_at: datetime
    open_start: bool
    """How the call began was not seen."""
    open_end: bool
    """How the call ended was not seen."""
    stages: tuple[StageBar, ...]
    stage_y: float
    bells_y: float
    """The middle of the bells."""
    bells: tuple[Bell, ...]
    bells_left_out: int
    limit: Mark | None
    """Where ring `limit + 1` began; None where it never did."""
    answer: Mark | None
    transfers: tuple[Mark, ...]
    phones: tuple[PhoneLane, ...]
    phones_left_out: int
    axis_y: float
    ticks: tuple[Tick, ...]
    breaks: tuple[Break, ...]

    def after_us(self, at: datetime) -> int:
        """From the beginning of the drawing to an instant."""
        return microseconds(at) - microseconds(self.begins_at)


def draw(call: Call, *, period_us: int, limit: int, gaps: Iterable[Gap] = ()) -> Timeline:
    """Draw a finished call.

    Args:
        call: as the ledger has it.
        period_us: from the start of one ring to the start of the next, by the rule of the call.
        limit: the number of rings its promise names.
        gaps: when its system was not observed.
    """
    heard = ringing_heard(call)
    rings = call.rings or 0
    course = course_of(call, gaps)
    begin_us, end_us = (course[0].start_us, course[-1].end_us) if course else seen(call)
    axis = Axis(begin_us, end_us, _instants(call, course), _loud(call))
    past_us = after_ringing(heard, limit * period_us) if rings > limit else None
    answered_us = microseconds(call.answered_at) if call.answered_at is not None else None
    named = [at_us for at_us in (past_us, answered_us) if at_us is not None]
    places = _places([axis.x(at_us) for at_us in (*named, *(microseconds(part.at) for part in call.transfers))])
    rows = 1 + max((row for _, row, _ in places), default=-1)
    marks = iter(places)

    def mark(at_us: int, transfer: Transfer | None = None, number: int = 0) -> Mark:
        x, row, leftward = next(marks)
        label_y = LANE_LABEL + (row + 1) * LABEL_ROW - 6
        return Mark(at=instant(at_us), x=x, label_y=label_y, leftward=leftward, transfer=transfer, number=number)

    limit_mark = mark(past_us) if past_us is not None else None
    answer_mark = mark(answered_us) if answered_us is not None else None
    # The caller's label is the uppermost, above all that hangs down to their lane, so that no line crosses it.
    bells_y = LANE_LABEL + rows * LABEL_ROW + BELL_ROW / 2
    stage_y = LANE_LABEL + rows * LABEL_ROW + BELL_ROW
    lanes, left_out = _lanes(call, axis, stage_y + BAR + LANE_GAP)
    bells = _bells(heard, axis, rings, period_us, limit)
    axis_y = stage_y + BAR + LANE_GAP + len(lanes) * (LANE_LABEL + BAR + LANE_GAP)
    return Timeline(
        width=WIDTH,
        height=axis_y + AXIS,
        begins_at=instant(begin_us),
        ends_at=instant(end_us),
        open_start=call.entered_at is None,
        open_end=call.ended_at is None,
        stages=tuple(
            StageBar(
                stage=step.stage,
                causes=step.causes,
                started_at=instant(step.start_us),
                ended_at=instant(step.end_us),
                length_us=step.length_us,
                x=axis.x(step.start_us),
                width=axis.width(step.start_us, step.end_us),
            )
            for step in _worth_drawing(course, axis)
        ),
        stage_y=stage_y,
        bells_y=bells_y,
        bells=bells,
        bells_left_out=rings - len(bells),
        limit=limit_mark,
        answer=answer_mark,
        transfers=tuple(
            mark(microseconds(part.at), part, number) for number, part in enumerate(call.transfers, start=1)
        ),
        phones=lanes,
        phones_left_out=left_out,
        axis_y=axis_y,
        ticks=axis.ticks(),
        breaks=axis.breaks(),
    )


def _worth_drawing(course: tuple[Step, ...], axis: Axis) -> list[Step]:
    """The stages without those too short to be seen: the way from one word of Asterisk to its next."""
    seen_well = [
        step
        for step in course
        if step.stage in (Stage.RINGING, None) or step.length_us >= BLINK_US or axis.points(step.length_us) >= THINNEST
    ]
    return seen_well or list(course)


def _instants(call: Call, course: tuple[Step, ...]) -> Iterable[int]:
    """When something happens in a call."""
    for step in course:
        yield from (step.start_us, step.end_us)
    for attempt in call.attempts:
        yield from (microseconds(attempt.started_at), microseconds(attempt.ended_at))
    for transfer in call.transfers:
        yield microseconds(transfer.at)


def _loud(call: Call) -> list[Stretch]:
    """When any phone rings."""
    return [
        Stretch(microseconds(attempt.started_at), microseconds(attempt.ended_at))
        for attempt in call.attempts
        if attempt.ringing_us
    ]


def _places(marks: list[float]) -> list[tuple[float, int, bool]]:
    """Place, row and side of each label, so that no two of one row touch."""
    rows: list[list[tuple[float, float]]] = []
    placed: list[tuple[float, int, bool]] = []
    for x in marks:
        leftward = x + LABEL_WIDTH > RIGHT
        left, right = (x - LABEL_WIDTH, x) if leftward else (x, x + LABEL_WIDTH)
        row = next(
            (
                number
                for number, taken in enumerate(rows)
                if all(right <= other_left or left >= other_right for other_left, other_right in taken)
            ),
            len(rows),
        )
        if row == len(rows):
            rows.append([])
        rows[row].append((left, right))
        placed.append((x, row, leftward))
    return placed


def _bells(heard: Sequence[Stretch], axis: Axis, rings: int, period_us: int, limit: int) -> tuple[Bell, ...]:
    """The rings the caller heard; of many that stand close, the first past the limit, the first, the last and some."""
    heard_us = sum(stretch.end_us - stretch.start_us for stretch in heard)
    count = min(rings, heard_us // period_us + 1) if heard else 0
    every = max(1, ceil(BELL_APART / axis.points(period_us)))
    bells: dict[int, Bell] = {}
    for number in (limit + 1, 1, count, *range(1, count + 1, every)):
        at_us = after_ringing(heard, (number - 1) * period_us) if 1 <= number <= count else None
        if at_us is None or number in bells:
            continue
        x = axis.x(at_us)
        if all(abs(bell.x - x) >= BELL_APART for bell in bells.values()):
            bells[number] = Bell(number=number, at=instant(at_us), past=number > limit, x=x)
    return tuple(bells[number] for number in sorted(bells))


def _lanes(call: Call, axis: Axis, top: float) -> tuple[tuple[PhoneLane, ...], int]:
    """A lane for each phone, in the order in which they were first called; and how many more there were."""
    by_agent: dict[str, list[RingAttempt]] = {}
    for attempt in call.attempts:
        by_agent.setdefault(attempt.agent, []).append(attempt)
    lanes = tuple(
        PhoneLane(
            agent=agent,
            member=next((attempt.member for attempt in attempts if attempt.member), None),
            y=top + number * (LANE_LABEL + BAR + LANE_GAP) + LANE_LABEL,
            bars=tuple(
                RingBar(
                    attempt=attempt,
                    x=axis.x(microseconds(attempt.started_at)),
                    width=axis.width(microseconds(attempt.started_at), microseconds(attempt.ended_at)),
                )
                for attempt in attempts
            ),
        )
        for number, (agent, attempts) in enumerate(list(by_agent.items())[:LANES_AT_MOST])
    )
    return lanes, len(by_agent) - len(lanes)

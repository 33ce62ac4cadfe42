"""Today's chart: a bar a half-hour, worked out as rectangles; the template only draws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.page.now import Bar

WIDTH, HEIGHT = 520, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 6, 12, 26
_GAP = 0.18
"""Of a half-hour's width, the part left free between two bars."""
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A piece of a bar, in units of the drawing."""

    kind: str
    """`kept`, `broken` or `excluded`."""
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A line with its label: an hour below, or a number of calls at the side."""

    position: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing, `WIDTH` by `HEIGHT` units."""

    rectangles: tuple[Rectangle, ...]
    hours: tuple[Mark, ...]
    counts: tuple[Mark, ...]
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    floor: float = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def chart_of(bars: Sequence[Bar]) -> Chart:
    """The drawing of a day's bars, which follow each other without a gap; at least one."""
    most, step = scale(max(bar.calls for bar in bars))
    floor, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    slot = (WIDTH - _LEFT - _RIGHT) / len(bars)
    rectangles = []
    for position, bar in enumerate(bars):
        x, y, width = round(_LEFT + slot * (position + _GAP / 2), 2), float(floor), round(slot * (1 - _GAP), 2)
        for kind, count in (("kept", bar.kept), ("broken", bar.broken), ("excluded", bar.excluded)):
            height = room * count / most
            y -= height
            if count:
                rectangles.append(Rectangle(kind, x, round(y, 2), width, round(height, 2)))
    hours = tuple(
        Mark(round(_LEFT + slot * position, 2), f"{bar.half // 2:02}")
        for position, bar in enumerate(bars)
        if bar.half % 2 == 0 and (len(bars) <= 16 or bar.half % 4 == 0)
    )
    counts = tuple(Mark(round(floor - room * count / most, 2), str(count)) for count in range(0, most + 1, step))
    return Chart(tuple(rectangles), hours, counts)


def scale(highest: int) -> tuple[int, int]:
    """The top of the axis and the step between its marks, in round numbers: at most five steps, at least one call."""
    wanted, power = max(highest, 1), 1
    while True:
        for factor in _STEPS:
            step = factor * power
            if step * 5 >= wanted:
                return -(-wanted // step) * step, step
        power *= 10

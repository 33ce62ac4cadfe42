"""The axis under a drawn call: from instants to places, and where its labels stand.

It is true to scale wherever something happens. A long stretch in which nothing does (half an hour of talking) is drawn
short, with a break in the axis, so that three seconds of ringing stay visible beside it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.page.course import Stretch

LEFT, RIGHT = 16.0, 984.0
"""Where time begins and ends."""
QUIET_US = 20_000_000
"""A stretch in which nothing rings and nothing changes is drawn as if it were no longer than this."""
SHORTEST_US = 1_000_000
"""A call shorter than this is drawn as if it took this long."""
THINNEST = 3.0
"""The width of a bar that took no time, so that it can be seen."""
TICK_APART = 70.0
_TICK_LEAST = TICK_APART - 1
_STEPS_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A label of the axis."""

    x: float
    after_us: int
    """Since the drawing begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The axis is shortened between two places."""

    x: float
    """The middle."""
    left_out_us: int
    """How much time is not drawn."""


class _Piece(NamedTuple):
    start_us: int
    end_us: int
    drawn_us: int
    """How long it is drawn."""
    before_us: int
    """How long everything before it is drawn."""

    @property
    def shortened(self) -> bool:
        return self.drawn_us < self.end_us - self.start_us


class Axis:
    """From instants to places: straight within each piece between two instants at which something happens.

    Args:
        begin_us: where the drawing begins.
        end_us: where it ends.
        instants: when something happens, in any order.
        loud: stretches that are never shortened.
    """

    def __init__(self, begin_us: int, end_us: int, instants: Iterable[int], loud: Sequence[Stretch]) -> None:
        self._begin_us = begin_us
        within = {min(max(at_us, begin_us), end_us) for at_us in instants}
        pieces: list[_Piece] = []
        before_us = 0
        for start_us, stop_us in pairwise(sorted({begin_us, *within, end_us})):
            rings = any(stretch.start_us < stop_us and stretch.end_us > start_us for stretch in loud)
            drawn_us = stop_us - start_us if rings else min(stop_us - start_us, QUIET_US)
            pieces.append(_Piece(start_us, stop_us, drawn_us, before_us))
            before_us += drawn_us
        self._pieces = pieces
        self._starts = [piece.start_us for piece in pieces]
        self._drawn_us = before_us
        self._points_a_us = (RIGHT - LEFT) / max(before_us, SHORTEST_US)

    def x(self, at_us: int) -> float:
        """The place of an instant."""
        if not self._pieces:
            return LEFT
        piece = self._pieces[max(0, bisect_right(self._starts, at_us) - 1)]
        into_us = min(max(at_us - piece.start_us, 0), piece.end_us - piece.start_us)
        drawn_us = piece.before_us + into_us * piece.drawn_us / (piece.end_us - piece.start_us)
        return round(LEFT + drawn_us * self._points_a_us, 1)

    def width(self, start_us: int, end_us: int) -> float:
        """How wide a bar between two instants is."""
        return max(THINNEST, round(self.x(end_us) - self.x(start_us), 1))

    def points(self, length_us: int) -> float:
        """How long a length is where the axis is true to scale."""
        return length_us * self._points_a_us

    def ticks(self) -> tuple[Tick, ...]:
        """Labels at round numbers of seconds since the beginning, and one at the end."""
        least = TICK_APART / self.points(1_000_000)
        step_us = next((seconds for seconds in _STEPS_SECONDS if seconds >= least), ceil(least)) * 1_000_000
        ticks = [Tick(x=LEFT, after_us=0)]
        for piece in self._pieces:
            first, last = -((self._begin_us - piece.start_us) // step_us), (piece.end_us - self._begin_us) // step_us
            for number in range(first, last + 1) if not piece.shortened else ():
                tick = Tick(x=self.x(self._begin_us + number * step_us), after_us=number * step_us)
                if tick.x - ticks[-1].x >= _TICK_LEAST:
                    ticks.append(tick)
        if self._pieces:
            end_us = self._pieces[-1].end_us
            end = Tick(x=self.x(end_us), after_us=end_us - self._begin_us)
            ticks = [tick for tick in ticks if tick.after_us == 0 or end.x - tick.x >= _TICK_LEAST]
            if end.x - ticks[-1].x >= _TICK_LEAST:
                ticks.append(end)
        return tuple(ticks)

    def breaks(self) -> tuple[Break, ...]:
        """Where the axis is shortened."""
        return tuple(
            Break(
                x=round((self.x(piece.start_us) + self.x(piece.end_us)) / 2, 1),
                left_out_us=piece.end_us - piece.start_us - piece.drawn_us,
            )
            for piece in self._pieces
            if piece.shortened
        )

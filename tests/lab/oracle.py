"""What passed on the wire, reckoned into what a monitor must say.

This is the laboratory's own reckoning, from SIPp's logs alone. It shares nothing with the monitor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .expected import Expected
    from .run import Played
    from .wire import Leg

PERIOD_US = 3_000_000
"""One ring of the Korean cadence: 1 s on, 2 s off."""


def union_us(intervals: Iterable[tuple[int, int]]) -> int:
    """Return how many microseconds at least one of the intervals covers."""
    covered = 0
    reached: int | None = None
    for start, end in sorted(intervals):
        begin = start if reached is None else max(start, reached)
        if end > begin:
            covered += end - begin
        reached = end if reached is None else max(end, reached)
    return covered


def rings_in(ringing_us: int) -> int:
    """Return how often a phone rang that rang this long."""
    return ringing_us // PERIOD_US + 1 if ringing_us > 0 else 0


def caller_leg(played: Played, expected: Expected) -> Leg:
    """Return the caller's own dialog."""
    return next(leg for leg in played.legs if leg.placed_call and leg.party == expected.caller)


def phone_legs(played: Played, expected: Expected) -> list[Leg]:
    """Return the dialogs by which phones were called for this caller; a consultation carries the agent's number."""
    return [leg for leg in played.legs if not leg.placed_call and leg.caller == expected.caller]


def answered_at_us(played: Played, expected: Expected) -> int | None:
    """Return when a person answered, in microseconds since 1970, or None where none did."""
    if expected.agent is None:
        return None
    if not expected.answered_by_machine:
        return caller_leg(played, expected).answered_at_us
    answers = [leg.answered_at_us for leg in phone_legs(played, expected) if leg.answered_at_us is not None]
    return min(answers)


def ringing_us(played: Played, expected: Expected) -> int:
    """Return how long the centre's phones rang for this caller before a person answered, in microseconds."""
    answered = answered_at_us(played, expected)
    intervals = []
    for leg in phone_legs(played, expected):
        start, end = leg.rang_at_us, leg.stopped_ringing_at_us
        if start is None or end is None or (answered is not None and start >= answered):
            continue
        intervals.append((start, end if answered is None else min(end, answered)))
    return union_us(intervals)

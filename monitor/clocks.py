"""Our own clock, and what is done when somebody sets it.

Durations are never told from a clock that people and time servers may set. What is received is dated by a clock that
began with the time of day and goes on evenly; when the time of day is set, that is noticed, told once, and followed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SET_US = 100_000
"""The time of day farther from the even clock than this was set; a thread may pause between the two readings."""


def wall_us() -> int:
    """The time of day, microseconds since 1970; people and time servers may set it."""
    return time.time_ns() // 1000


def even_us() -> int:
    """A clock that nobody sets, in microseconds since some instant; it goes on while the machine sleeps."""
    # CLOCK_BOOTTIME is Linux's; elsewhere a machine that slept looks like one whose clock was set.
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1000


class OwnClock:
    """The time of day as it was when this was made, going on evenly, and how far the time of day was set since.

    Args:
        wall: the time of day, in microseconds since 1970.
        even: a clock that nobody sets.

    Attributes:
        set_us: how far it was set, as far as that has been followed.
        times_set: how often it was followed.
    """

    __slots__ = ("_ahead_us", "_even", "_wall", "set_us", "times_set")

    def __init__(self, wall: Callable[[], int] = wall_us, even: Callable[[], int] = even_us) -> None:
        self._wall = wall
        self._even = even
        self._ahead_us = wall() - even()
        self.set_us = 0
        self.times_set = 0

    def even_us(self) -> int:
        """Microseconds since 1970, as if nobody had ever set it."""
        return self._even() + self._ahead_us

    def now_us(self) -> int:
        """Microseconds since 1970, by the time of day as far as it has been followed."""
        return self.even_us() + self.set_us

    def follow(self) -> int:
        """Agree with the time of day again; returns how far it was set since the last time, 0 where it was not."""
        by_us = self._wall() - self.now_us()
        if abs(by_us) <= SET_US:
            return 0
        self.set_us += by_us
        self.times_set += 1
        return by_us

"""What time it is on an Asterisk, told from the stamps of its events and when they came. Pure: `now` is handed in.

A stamp proves that its clock showed at least so much when it came. An answer to a ping proves that it showed at most so
much when the ping was sent. Between the two bounds nothing is known; a stamp beyond them means that a clock was set,
for no packet is quicker than no time, however slow it may be.

**Source:** the bounds of RFC 5905 (NTP), section 8: offset and round-trip delay of one exchange.
"""

from __future__ import annotations

from enum import Enum, auto

STEP_US = 250_000
"""A clock beyond its bounds by more than this was set; less is drift, or a host that slews."""
_SLIP = 2_000
"""The estimate gives way by 1/2000, 500 µs a second, so that one lucky packet does not hold it ahead for ever."""
_DRIFT = 500
"""The bounds grow by 1/500, 2 ms a second: twice what two bad clocks drift apart, and the slip."""
_NEVER_US = 1 << 62
_LONGEST_WAY_US = 60_000_000
"""No connection lives so long without an answer: one that took longer says that its ping was of another time."""


class Sight(Enum):
    """How a stamp fits what is known of the clock."""

    FITS = auto()
    LATE = auto()
    """It was long on its way, or the clock was set back: the next answer to a ping tells."""
    AHEAD = auto()
    """Not even a packet that took no time explains it: the clock was set forward, or the stamp is wrong."""


class RemoteClock:
    """An estimate of an Asterisk's clock that is late by the quickest recent packet's way, and never by a slow one's.

    Args:
        rate: how fast that clock runs against ours; 1 but for a simulator that runs faster.
    """

    __slots__ = ("_above_us", "_fixed_us", "_here_us", "_rate", "_there_us", "_way_us", "tolerance_us")

    def __init__(self, rate: float = 1.0) -> None:
        self._rate = rate
        self._here_us = 0
        self._there_us: int | None = None
        self._above_us: int | None = None
        """How far the clock may be ahead of the estimate; None while no answer to a ping has told."""
        self._fixed_us: tuple[int, int] | None = None
        self._way_us = 0
        self.tolerance_us = int(STEP_US * max(1.0, rate))
        """By how much a stamp may lie beyond the bounds."""

    # What time it is

    def at(self, now_us: int) -> int:
        """What that clock shows when ours shows `now_us`; our own time before anything was observed."""
        if self._fixed_us is not None:
            here_us, there_us = self._fixed_us
            return there_us + int((now_us - here_us) * self._rate)
        return self.measured_at(now_us)

    def measured_at(self, now_us: int) -> int:
        """The same by what was observed, also while receipts alone are gone by."""
        if self._there_us is None:
            return now_us
        return self._there_us + int((now_us - self._here_us) * self._rate)

    def seconds_until(self, there_us: int, now_us: int) -> float:
        """How long to wait here, in seconds, until that clock shows `there_us`; 0 where it has passed."""
        return max(0.0, (there_us - self.at(now_us)) / 1_000_000 / self._rate)

    @property
    def observed(self) -> bool:
        """Whether anything is known of it."""
        return self._there_us is not None

    def offset_us(self, now_us: int) -> int | None:
        """How far it is ahead of ours, in microseconds; None before anything was observed, and at another rate."""
        if self._there_us is None or self._rate != 1:
            return None
        return self.measured_at(now_us) - now_us + (self._above_us or 0) // 2

    # What is seen of it

    def window(self, received_us: int) -> tuple[int, int]:
        """The earliest and the latest stamp that fits, of what came at `received_us` by our clock."""
        if self._there_us is None:
            return 0, _NEVER_US
        expected_us = self.measured_at(received_us)
        earliest_us = expected_us - self.tolerance_us - self._way_us
        if self._above_us is None:
            return earliest_us, _NEVER_US
        return earliest_us, expected_us + self._bound_us(received_us) + self.tolerance_us

    def sight(self, received_us: int, stamped_us: int) -> Sight:
        """How a stamp that came at `received_us` by our clock fits; nothing is learned from it."""
        earliest_us, latest_us = self.window(received_us)
        if stamped_us < earliest_us:
            return Sight.LATE
        return Sight.AHEAD if stamped_us > latest_us else Sight.FITS

    def observe(self, received_us: int, stamped_us: int) -> None:
        """Learn from a stamp that fits, or is late."""
        if self._there_us is None:
            self._here_us, self._there_us = received_us, stamped_us
            return
        expected_us = self.measured_at(received_us)
        there_us = max(stamped_us, expected_us - int(abs(received_us - self._here_us) * self._rate) // _SLIP)
        if self._above_us is not None:
            self._above_us = max(0, self._bound_us(received_us) - max(0, stamped_us - expected_us))
        self._here_us, self._there_us = received_us, there_us

    def pong(self, received_us: int, stamped_us: int, sent_us: int | None) -> int:
        """Learn from an answer to a ping sent at `sent_us`, where that is known.

        Returns:
            How far that clock was set since the last time, in microseconds; 0 where it was not, or nothing proves it.
        """
        way_us = None if sent_us is None else int((received_us - sent_us) * self._rate)
        if way_us is not None and not 0 <= way_us <= _LONGEST_WAY_US * self._rate:
            way_us = None
        by_us = 0
        if self._there_us is not None:
            ahead_us = stamped_us - self.measured_at(received_us)
            drift_us = int(abs(received_us - self._here_us) * self._rate) // _DRIFT
            behind = way_us is not None and ahead_us + way_us < -self.tolerance_us - drift_us
            # Of a ping sent before ours was set the way is not known; what no way explains is proof all the same.
            if behind or self.sight(received_us, stamped_us) is Sight.AHEAD:
                by_us = ahead_us
                self.step(by_us)
        self.observe(received_us, stamped_us)
        if way_us is not None:
            self._way_us = way_us
            above_us = max(0, stamped_us - self.measured_at(received_us) + way_us)
            self._above_us = above_us if self._above_us is None else min(above_us, self._above_us)
        return by_us

    def _bound_us(self, received_us: int) -> int:
        assert self._above_us is not None  # noqa: S101 - asked by those who have looked
        return self._above_us + int(abs(received_us - self._here_us) * self._rate) // _DRIFT

    @property
    def anchor(self) -> list[int | list[int] | None]:
        """All that is known of it, as plain values, for `hold`."""
        fixed_us = None if self._fixed_us is None else list(self._fixed_us)
        return [self._here_us, self._there_us, self._above_us, fixed_us, self._way_us]

    def hold(
        self, here_us: int, there_us: int | None, above_us: int | None, fixed_us: list[int] | None, way_us: int
    ) -> None:
        """Go on from an `anchor`."""
        self._here_us, self._there_us, self._above_us, self._way_us = here_us, there_us, above_us, way_us
        self._fixed_us = None if fixed_us is None else (fixed_us[0], fixed_us[1])

    # What is set

    def step(self, by_us: int) -> None:
        """That clock was set by so much; how far ahead of the estimate it may be is not known any more."""
        if self._there_us is not None:
            self._there_us += by_us
        self._above_us = None

    def own_step(self, by_us: int) -> None:
        """Ours was set by so much: that one goes on."""
        self._here_us += by_us
        if self._fixed_us is not None:
            here_us, there_us = self._fixed_us
            self._fixed_us = here_us + by_us, there_us

    def fix(self, now_us: int) -> None:
        """Go by our own clock alone from here on, as where events bear no stamps: what is observed moves no time."""
        self._fixed_us = now_us, self.measured_at(now_us)

    def release(self) -> None:
        """Go by what is observed again."""
        self._fixed_us = None

    @property
    def fixed(self) -> bool:
        """Whether our own clock alone is gone by."""
        return self._fixed_us is not None

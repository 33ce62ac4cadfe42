"""What time it is on an Asterisk, told from the stamps of its events and when they came. Pure: `now` is handed in."""

from __future__ import annotations

_STEP_US = 1_000_000
"""A stamp farther than this from what was expected means that a clock was set, not that a packet was slow."""
_SLIP = 2_000
"""The estimate gives way by 1/2000, 500 µs a second, so that one lucky packet does not hold it ahead for ever."""


class RemoteClock:
    """An estimate of an Asterisk's clock that is late by the quickest recent packet's way, and never by a slow one's.

    Args:
        rate: how fast that clock runs against ours; 1 but for a simulator that runs faster.
    """

    __slots__ = ("_here_us", "_rate", "_there_us")

    def __init__(self, rate: float = 1.0) -> None:
        self._rate = rate
        self._here_us = 0
        self._there_us: int | None = None

    def observe(self, received_us: int, stamped_us: int) -> None:
        """An event stamped `stamped_us` over there arrived at `received_us` by our clock."""
        expected_us = self.at(received_us)
        if self._there_us is not None and abs(stamped_us - expected_us) < _STEP_US * self._rate:
            slipped_us = expected_us - abs(received_us - self._here_us) // _SLIP
            stamped_us = max(stamped_us, slipped_us)
        self._here_us, self._there_us = received_us, stamped_us

    def at(self, now_us: int) -> int:
        """What that clock shows when ours shows `now_us`; our own time before anything was observed."""
        if self._there_us is None:
            return now_us
        return self._there_us + int((now_us - self._here_us) * self._rate)

    def seconds_until(self, there_us: int, now_us: int) -> float:
        """How long to wait here, in seconds, until that clock shows `there_us`; 0 where it has passed."""
        return max(0.0, (there_us - self.at(now_us)) / 1_000_000 / self._rate)

"""How far a report has come, told to whoever waits for it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Takes word of steps; whoever shows them decides how."""

    def step(self, step: str, share: float) -> None:
        """A step begins or goes on.

        Args:
            step: `reading`, `counting`, `drawing`, `writing` or `mailing`, as a key; words are the shower's.
            share: of the whole work, from 0 to 1, never falling.
        """
        ...


class Silent:
    """Tells nobody."""

    def step(self, step: str, share: float) -> None:
        """Pass it over."""


class Part:
    """One part of a work, whose own shares run from 0 to 1.

    Args:
        whole: is told of the shares of the whole work.
        begin: share of the whole at which the part begins.
        end: and at which it ends.
    """

    def __init__(self, whole: Progress, begin: float, end: float) -> None:
        self._whole = whole
        self._begin = begin
        self._end = end

    def step(self, step: str, share: float) -> None:
        """Pass it on, as a share of the whole."""
        self._whole.step(step, self._begin + (self._end - self._begin) * share)

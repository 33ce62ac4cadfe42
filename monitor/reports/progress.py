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

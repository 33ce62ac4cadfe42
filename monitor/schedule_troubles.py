"""Looks at the clock for ever, and what failed: since when, and when it is tried again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

_PAUSE = (timedelta(minutes=1), timedelta(hours=1))
"""After a first failure, and at most; it doubles in between."""


@dataclass(slots=True)
class _Trouble:
    """Something that failed, and when it is tried again."""

    pause: timedelta
    again_at: datetime
    since_at: datetime


@dataclass(slots=True)
class Troubles:
    """What failed, by what it is."""

    by_name: dict[str, _Trouble] = field(default_factory=dict)

    def rests(self, name: str, now: datetime) -> bool:
        """Whether it is not to be tried yet. A pause longer than any there is comes of a clock that was set back."""
        trouble = self.by_name.get(name)
        return trouble is not None and now < trouble.again_at <= now + _PAUSE[1]

    def failed(self, name: str, now: datetime) -> bool:
        """It failed; True for the first time."""
        before = self.by_name.get(name)
        pause = _PAUSE[0] if before is None else min(before.pause * 2, _PAUSE[1])
        self.by_name[name] = _Trouble(pause, now + pause, now if before is None else min(before.since_at, now))
        return before is None

    def lasts(self, name: str, now: datetime) -> timedelta:
        """For how long it has failed."""
        trouble = self.by_name.get(name)
        return timedelta() if trouble is None else now - trouble.since_at

    def over(self, name: str) -> bool:
        """It went well; True where it had failed before."""
        return self.by_name.pop(name, None) is not None


async def look_for_ever(look: Callable[[], Awaitable[None]], seconds: float, log: Any, broken: str) -> None:
    """Look again and again; an error of our own is told once of each kind, and does not end it.

    Args:
        look: looks at the clock once, and does what is due.
        seconds: between two looks.
        log: structlog's, of the room that looks.
        broken: the event under which it is told.
    """
    told: set[str] = set()
    while True:
        try:
            await look()
        except Exception as error:
            if type(error).__name__ not in told:
                told.add(type(error).__name__)
                log.exception(broken)
        await asyncio.sleep(seconds)

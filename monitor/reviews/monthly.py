"""Draws the sample of the month before by itself, on the first of each month, and makes up months that were missed."""

from __future__ import annotations

import asyncio
from datetime import date, time
from typing import TYPE_CHECKING

import structlog

from monitor.errors import MonitorError, ReviewError
from monitor.reviews.draws import SCHEDULE, month_of
from monitor.schedule_troubles import Troubles, look_for_ever

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from monitor.reviews.definition import Definition
    from monitor.reviews.draws import Draws

log = structlog.get_logger(__name__)

LOOK_SECONDS = 30.0
"""Between two looks at the clock."""
MADE_UP_MONTHS = 6
"""So many months back at most, where the monitor was down for longer."""
_DRAW = "draw"


class Monthly:
    """Draws what is due. Everything belongs to the event loop's thread.

    Args:
        draws: the ledger's.
        definition: what a draw rests on; its time zone is the centre's.
        at: when, on the first of a month, by the centre's clock.
        zone: the centre's.
        seed: of each draw; None to have one drawn each time.
        clock: the time, as an aware instant.
        leads: whether it is for this monitor to do it.
        settled: whether the ledger has all that was seen; nothing is drawn before.
    """

    def __init__(
        self,
        draws: Draws,
        definition: Definition,
        *,
        at: time,
        zone: ZoneInfo,
        seed: int | None,
        clock: Callable[[], datetime],
        leads: Callable[[], bool] = lambda: True,
        settled: Callable[[], bool] = lambda: True,
    ) -> None:
        self._draws = draws
        self._definition = definition
        self._at = at
        self._zone = zone
        self._seed = seed
        self._clock = clock
        self._leads = leads
        self._settled = settled
        self._troubles = Troubles()
        self._done: date | None = None

    async def run(self) -> None:
        """Look at the clock for ever; an error of our own is told once, and does not end it."""
        await look_for_ever(self.look, LOOK_SECONDS, log, "review_draw_broken")

    async def look(self) -> None:
        """Draw what is due now. Returns at once where nothing is."""
        now = self._clock()
        due = self._last_due(now)
        if self._done == due or self._troubles.rests(_DRAW, now) or not (self._leads() and self._settled()):
            return
        try:
            for month in _months_to(await asyncio.to_thread(self._draws.newest), due):
                await self._draw(month)
        except MonitorError as error:
            if self._troubles.failed(_DRAW, now):
                log.warning("review_draw_failed", reason=str(error))
            return
        self._done = due
        if self._troubles.over(_DRAW):
            log.info("review_draw_made_at_last")

    def _last_due(self, now: datetime) -> date:
        """The first day of the last month whose draw is due."""
        local = now.astimezone(self._zone)
        # What the clock on the wall shows decides: a time that a day skips is passed like any other.
        back = 2 if local.day == 1 and local.time() < self._at else 1
        return _months_on(local.date().replace(day=1), -back)

    async def _draw(self, month: date) -> None:
        """Draw one month; one that has no call to be drawn, or that somebody else was faster with, is done too."""
        period = month_of(f"{month:%Y-%m}", self._zone)
        try:
            found = await asyncio.to_thread(
                self._draws.make, period, self._definition, seed=self._seed, by=SCHEDULE, now=self._clock()
            )
        except ReviewError as error:
            log.info("nothing_drawn", month=period.name, reason=str(error))
            return
        log.info("reviews_drawn", month=period.name, population=found.population, sampled=len(found.sample))


def _months_to(newest: date | None, due: date) -> list[date]:
    """The months that are due and not drawn, the oldest first; the last one alone where none ever was."""
    if newest is None:
        return [due]
    last = [_months_on(due, -back) for back in reversed(range(MADE_UP_MONTHS))]
    return [month for month in last if month > newest]


def _months_on(month: date, by: int) -> date:
    count = month.year * 12 + month.month - 1 + by
    return date(count // 12, count % 12 + 1, 1)

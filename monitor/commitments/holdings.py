"""Puts what is due once and again on the list by itself: the survey of each year, the review of each half."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from monitor.errors import MonitorError
from monitor.schedule_troubles import Troubles, look_for_ever

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from monitor.commitments.desk import CaseDesk

log = structlog.get_logger(__name__)

LOOK_SECONDS = 30.0
"""Between two looks at the clock."""
_OPEN = "holdings"


class Holdings:
    """Opens them on the first day of their year or half, or where the monitor was down then, at its start.

    Everything belongs to the event loop's thread.

    Args:
        desk: of the cases.
        zone: the centre's.
        clock: the present, an aware instant.
        leads: whether it is for this monitor to do it.
    """

    def __init__(
        self, desk: CaseDesk, zone: ZoneInfo, clock: Callable[[], datetime], leads: Callable[[], bool]
    ) -> None:
        self._desk = desk
        self._zone = zone
        self._clock = clock
        self._leads = leads
        self._troubles = Troubles()
        self._looked_on: date | None = None

    async def run(self) -> None:
        """Look at the clock for ever; an error of our own is told once, and does not end it."""
        await look_for_ever(self.look, LOOK_SECONDS, log, "holdings_broken")

    async def look(self) -> None:
        """Open what has begun; once a day, and at once where nothing has."""
        now = self._clock()
        today = now.astimezone(self._zone).date()
        if self._looked_on == today or self._troubles.rests(_OPEN, now) or not self._leads():
            return
        try:
            opened = await asyncio.to_thread(self._desk.open_holdings)
        except MonitorError as error:
            if self._troubles.failed(_OPEN, now):
                log.warning("holdings_not_opened", reason=str(error))
            return
        self._looked_on = today
        if self._troubles.over(_OPEN) or opened:
            log.info("holdings_opened", cases=[case.reference for case in opened])

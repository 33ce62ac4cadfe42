"""The interval in which the monitor itself was not running, told from what the ledger knows of the run before."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import structlog

from monitor.calls.facts import Gap, GapCause
from monitor.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from monitor.ledger.writer import LedgerWriter

log = structlog.get_logger(__name__)

RETRY_SECONDS = 2.0
"""Between two looks whether the ledger is there."""


class Downtime:
    """Files since when each system went unobserved while the monitor was not running.

    That is known once the ledger has been reached and has all that a former run left on disk, its end among it.

    Args:
        writer: the ledger's, started.
        systems: their names.
        begins_at: when this run begins to follow them.
    """

    def __init__(self, writer: LedgerWriter, systems: Sequence[str], begins_at: datetime) -> None:
        self._writer = writer
        self._systems = systems
        self._begins_at = begins_at

    async def tell(self, tell: Callable[[Iterable[Gap]], None]) -> bool:
        """Tell the interval of each system, before anything of this run is; False while it cannot be known."""
        return await self._tell(tell, self._writer.repository.last_instant)

    async def keep_later(self) -> None:
        """Keep the interval of each system as soon as it can be known: in the ledger, for to all others it is past."""
        log.warning("downtime_unknown", reason=self._writer.last_error)
        last_before = partial(self._writer.repository.last_instant, before=self._begins_at)
        while not await self._tell(self._keep, last_before):  # noqa: ASYNC110 - the writer's thread sets no event
            await asyncio.sleep(RETRY_SECONDS)

    async def _tell(self, tell: Callable[[Iterable[Gap]], None], last: Callable[[str], datetime | None]) -> bool:
        if not self._writer.up or self._writer.left_on_disk:
            return False
        gaps: list[Gap] = []
        for system in self._systems:
            try:
                since = await asyncio.to_thread(last, system)
            except StoreError:
                return False
            if since is not None:
                ended_at = max(since, self._begins_at)
                gaps.append(Gap(system=system, started_at=since, ended_at=ended_at, cause=GapCause.MONITOR_DOWN))
        tell(gaps)
        return True

    def _keep(self, gaps: Iterable[Gap]) -> None:
        for gap in gaps:
            self._writer.record(gap)

"""The purge of every night: run once a night by whoever leads, made up for where the monitor was down then."""

from __future__ import annotations

import asyncio
from datetime import datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from monitor.daemon_thread import in_daemon_thread
from monitor.errors import StoreError
from monitor.ledger.erasing import last_kept
from monitor.privacy.purge import PURGE, Purge

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from monitor.config import PrivacySettings, Settings
    from monitor.config_charter import CaseSettings
    from monitor.ledger.store import Store

LOOK_SECONDS = 30.0
"""Between two looks at the clock."""
_RETRY = timedelta(minutes=30)
"""After a run that failed."""
_ASK = timedelta(minutes=10)
"""How old what is known of the last run may be: another monitor of this ledger may have made one."""

log = structlog.get_logger(__name__)


class Nightly:
    """Purges one ledger each night. Everything but the purge itself belongs to the event loop's thread.

    Args:
        store: the ledger's.
        purge: erases what is due.
        at: from when on in the night, `HH:MM` in the centre's time zone.
        zone: the centre's.
        clock: the present, an aware instant.
        leading: whether this monitor is the one that acts.
    """

    def __init__(
        self,
        store: Store,
        purge: Purge,
        *,
        at: str,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        leading: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._purge = purge
        self._at = time.fromisoformat(at)
        self._zone = zone
        self._clock = clock
        self._leading = leading
        self._since = clock()
        self._purged_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._next_try_at: datetime | None = None
        self._told = False
        self.failed = 0
        """Runs since the start that came to no end."""

    def take_settings(self, settings: PrivacySettings, cases: CaseSettings | None = None) -> None:
        """Go by other days and another hour from the next purge on; how numbers are kept stays as it is."""
        self._at = time.fromisoformat(settings.purge_at)
        self._purge.settings = settings
        self._purge.cases = cases

    @property
    def purged_at(self) -> float | None:
        """When the ledger was last purged, by whomever, in seconds since 1970; None where nobody knows of a time."""
        return None if self._purged_at is None else self._purged_at.timestamp()

    async def run(self) -> None:
        """Look at the clock for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Purge where that is due; returns at once where it is not."""
        now = self._clock()
        if self._next_try_at is not None and now < self._next_try_at:
            return
        self._next_try_at = None
        try:
            if self._asked_at is None or now - self._asked_at >= _ASK:
                self._purged_at = await asyncio.to_thread(last_kept, self._store, PURGE)
                self._asked_at = now
            # A ledger that nobody ever purged waits for its night: it may be the first start of a new release.
            if (self._purged_at or self._since) < self._due(now) and self._leading():
                # The first one may take minutes: a stop does not wait for it, and the next start makes it anew.
                await in_daemon_thread("purge", partial(self._purge.run, now))
                self._purged_at, self._told = now, False
        except Exception as error:
            self.failed += 1
            self._next_try_at = now + _RETRY
            if not self._told:
                self._told = True
                if isinstance(error, StoreError):
                    log.warning("purge_failed", reason=str(error))
                else:
                    log.exception("purge_failed")

    def _due(self, now: datetime) -> datetime:
        """When the last purge was due, at the latest now."""
        local = now.astimezone(self._zone)
        due = datetime.combine(local.date(), self._at, self._zone)
        return due if due <= local else datetime.combine(local.date() - timedelta(days=1), self._at, self._zone)


def nightly_of(
    settings: Settings, store: Store, clock: Callable[[], datetime], *, leading: Callable[[], bool] = lambda: True
) -> Nightly:
    """The nightly purge as the settings want it.

    Args:
        settings: all of them.
        store: the ledger's, of its own.
        clock: the present, an aware instant.
        leading: whether this monitor is the one that acts.

    Raises:
        ConfigError: the key's file cannot be read.
    """
    purge = Purge(store, settings.privacy, settings.privacy.read_numbers(), settings.cases)
    return Nightly(store, purge, at=settings.privacy.purge_at, zone=settings.zone, clock=clock, leading=leading)

"""Asks the ledger again and again what is due soon and what is overdue, for the metrics and for those who are told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from monitor.daemon_thread import in_daemon_thread
from monitor.errors import StoreError
from monitor.ledger import reminders

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from monitor.alerts_reminders import Reminders
    from monitor.ledger.reminders import Due
    from monitor.ledger.store import Store

LOOK_SECONDS = 15.0
"""Between two looks at the ledger."""
_KEPT = timedelta(days=800)
"""What was told is known so long; nothing stays due for longer without having been told anew."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand at one moment."""

    read_at: datetime
    callbacks: Mapping[tuple[str, str, str], int]
    """By line, kind and state."""
    cases: Mapping[tuple[str, str], int]
    """By commitment and state."""
    due: Sequence[Due]
    """What nobody was told of yet."""


class DueWatch:
    """Looks, and has people told what is new. Everything but reading and sending belongs to the event loop's thread.

    Args:
        store: the ledger's.
        read: reads how things stand at an instant.
        clock: the time in the centre, an aware instant.
        leading: whether it is for this monitor to tell.
        reminders: who is told; None for nobody.
    """

    def __init__(
        self,
        store: Store,
        read: Callable[[Connection, datetime], Standing],
        *,
        clock: Callable[[], datetime],
        leading: Callable[[], bool] = lambda: True,
        reminders: Reminders | None = None,
    ) -> None:
        self._store = store
        self._read = read
        self._clock = clock
        self._leading = leading
        self.reminders = reminders
        self.standing: Standing | None = None
        """As it was last read; None before the first time, and for a monitor that stands by: the leading one tells."""
        self._troubled = False

    def take(self, reminders: Reminders | None) -> None:
        """Have others told from the next look on, also what an address was still to be told."""
        if self.reminders is not None and reminders is not None:
            reminders.go_on_from(self.reminders)
        self.reminders = reminders

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once, and tell what is new."""
        if not self._leading():
            self.standing = None
            return
        now = self._clock()
        try:
            # A ledger that hangs must not hold up a stop.
            standing = self.standing = await in_daemon_thread("due", lambda: self._look(now))
            if self.reminders is not None and (standing.due or self.reminders.left):
                await self._tell(self.reminders, standing.due, now)
            self._troubled = False
        except StoreError as error:
            # What was read before grows old: its metric says when it was read.
            if not self._troubled:
                log.warning("due_not_read", reason=str(error))
            self._troubled = True
        except Exception:
            if not self._troubled:
                log.exception("due_not_read")
            self._troubled = True

    def _look(self, now: datetime) -> Standing:
        with self._store.reading() as connection:
            return self._read(connection, now)

    async def _tell(self, whom: Reminders, new: Sequence[Due], now: datetime) -> None:
        def tell() -> None:
            if whom.send(new):
                with self._store.writing() as connection:
                    reminders.told(connection, new, now)
                    reminders.forget(connection, now - _KEPT)

        await in_daemon_thread("reminders", tell)

"""Goes on where the journal of the run before ends: who is told of it, and of what."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from monitor.calls.facts import AgentState, QueueCallers, instant
from monitor.errors import StoreError
from monitor.resume import from_journal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from monitor.calls.facts import Fact
    from monitor.follower import Follower
    from monitor.journal.journal import Journal
    from monitor.ledger.writer import LedgerWriter

log = structlog.get_logger(__name__)

SECURE_SECONDS = 2.0
"""How long the start waits for the ledger to take what it is told anew, and again for the disk to have it."""
UNSENT = timedelta(seconds=2)
"""What began so shortly before the end of a run may not have reached those who are told at once."""


class Tell(Protocol):
    """Hands facts to the sinks of these names."""

    def __call__(self, facts: Iterable[Fact], only: Collection[str] = ()) -> None:
        """Hand them on, in order."""
        ...


class Restores(Protocol):
    """The ledger's sink, as far as it takes what was told before."""

    def restore(self, facts: Iterable[Fact]) -> None:
        """Take what a run before has told already, and the ledger may not have."""
        ...


class Recalls(Protocol):
    """Those who are told at once, as far as they know what they were told before."""

    def recall(self, facts: Iterable[Fact], told_until: datetime) -> None:
        """Know of the calls in progress what the run before told of them."""
        ...


class GoingOn:
    """What a start does before it connects.

    Args:
        journal: of all systems, started; None where none is kept.
        writer: the ledger's, started.
        ledger: takes what the ledger is told anew.
        tell: hands facts to sinks by their names.
        alerts: those who are told at once.
    """

    def __init__(
        self, journal: Journal | None, writer: LedgerWriter, ledger: Restores, tell: Tell, alerts: Recalls
    ) -> None:
        self._journal = journal
        self._writer = writer
        self._ledger = ledger
        self._tell = tell
        self._alerts = alerts

    async def follow(self, followers: Iterable[Follower]) -> list[str]:
        """Let each follower go on where the journal of the run before ends.

        Returns:
            The systems of which it does not tell.
        """
        return [follower.system for follower in followers if not await self._go_on(follower)]

    async def _go_on(self, follower: Follower) -> bool:
        if self._journal is None:
            return False
        folder = self._journal.systems[follower.name].folder
        again = await asyncio.to_thread(from_journal, follower, folder, self._known_until)
        if again is None:
            return False
        self._ledger.restore(again.stored)
        # Before a word of this run stands in the journal: the next one may read no farther back than that.
        if not await asyncio.to_thread(self._writer.secure, SECURE_SECONDS):
            log.warning("told_again_and_not_written", system=again.following.system, reason=self._writer.last_error)
        self._tell(again.present, only=("board", "page"))
        # So that the series of queues begin at 0 before their first call.
        queues = [fact for fact in again.present if isinstance(fact, AgentState | QueueCallers)]
        self._tell(queues, only=("metrics",))
        self._alerts.recall(again.present, instant(again.following.clock.at(again.last_us)) - UNSENT)
        follower.go_on(again)
        return True

    def _known_until(self, system: str) -> datetime | None:
        if not self._writer.up or self._writer.left_on_disk:
            return None
        try:
            return self._writer.repository.last_instant(system)
        except StoreError:
            return None

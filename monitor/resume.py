"""What a monitor that was stopped or killed still knows: its journal's unfinished part is followed again.

    again = follow_again(Following(name, plan), unfinished(folder), last_at_us(folder))
    # again.stored to the ledger alone, again.present to what shows the present, and to everybody, once it is journaled:
    again.following.take(again.link_down)

What was told before the end is told to nobody again who would count it twice: the ledger takes it, since writing twice
is the same as once, and what shows the present takes what of it is still true. From the journal's last instant on
nothing was seen; what that makes of the calls in progress is news, and everybody's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from monitor.ami.feed import LinkDown, Standing
from monitor.calls.facts import AgentState, Call, CallForgotten, Gap, GapCause, OutgoingCall, QueueCallers, instant
from monitor.errors import MonitorError
from monitor.journal.reading import WAITING_US, last_at_us, unfinished
from monitor.ledger.rows import STORED_FACTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from monitor.ami.feed import JournalItem
    from monitor.calls.facts import CallKey, Fact
    from monitor.follower import Follower
    from monitor.following import Following

log = structlog.get_logger(__name__)

LONGEST_US = 12 * 3600 * 1_000_000
"""Calls in progress so long ago are not waited for any more."""
_BEHIND = timedelta(seconds=60)
"""A ledger that knows more than a journal by so much was written without it: it was off, or a clock was set back."""
_PROGRESS_SECONDS = 5.0
_UNREADABLE = "Give this user the right to read the folder; until then calls in progress are found anew at each start."


@dataclass(frozen=True, slots=True)
class Again:
    """What following a journal's end again has brought."""

    following: Following
    """What goes on with it."""
    items: int
    """How many were followed; 0 where the journal has none."""
    last_us: int
    """When the last one came, by our own clock."""
    stored: list[Fact]
    """Of what the ledger keeps, all that it may not have."""
    present: list[Fact]
    """What is true at the journal's end, from the facts that told it: calls in progress, members, queues, a gap."""

    @property
    def link_down(self) -> LinkDown:
        """From the journal's end on nothing was seen. Written down before it is followed, it is news only once."""
        return LinkDown(self.last_us, GapCause.MONITOR_DOWN, "The monitor was not running.")

    def long_over(self, now_us: int) -> list[Fact]:
        """What becomes of calls that were in progress so long ago that they have ended by now.

        Args:
            now_us: our own clock.
        """
        return self.following.without_calls(self.last_us) if now_us - self.last_us > LONGEST_US else []


def follow_again(following: Following, items: Iterable[JournalItem], last_us: int) -> Again:
    """Follow a journal's unfinished part; afterwards `following` knows the calls in progress.

    Args:
        following: has followed nothing yet.
        items: as `monitor.journal.reading.unfinished` tells them.
        last_us: when the last of them came, by our own clock.
    """
    present = _Present()
    stored: list[Fact] = []
    count, told_at = 0, time.monotonic()
    for item in items:
        count += 1
        facts = following.take(item)
        if isinstance(item, Standing) and item.at_us <= last_us - WAITING_US:
            # What was told before has been written; and of calls that began before the first item only parts are known.
            stored.clear()
        for fact in facts:
            present.take(fact)
            if isinstance(fact, STORED_FACTS):
                stored.append(fact)
        if time.monotonic() - told_at > _PROGRESS_SECONDS:
            told_at = time.monotonic()
            log.info("following_again", system=following.system, items=count, calls_in_progress=following.calls_known)
    following.forget_counts()
    if count == 0:
        return Again(following, 0, last_us, [], [])
    return Again(following, count, last_us, stored, present.facts())


@dataclass(slots=True)
class _Present:
    """Of all that was told, what is still true."""

    _calls: dict[CallKey, list[tuple[int, Fact]]] = field(default_factory=dict)
    _agents: dict[tuple[str, str, str], AgentState] = field(default_factory=dict)
    _queues: dict[tuple[str, str], QueueCallers] = field(default_factory=dict)
    _gaps: dict[str, Gap] = field(default_factory=dict)
    _order: int = 0

    def take(self, fact: Fact) -> None:
        self._order += 1
        match fact:
            case Call() | CallForgotten():
                self._calls.pop(fact.key, None)
            case OutgoingCall():
                pass  # over when it is told of
            case AgentState():
                where = (fact.system, fact.queue, fact.agent)
                if fact.status is None:
                    self._agents.pop(where, None)
                else:
                    self._agents[where] = fact
            case QueueCallers():
                self._queues[fact.system, fact.queue] = fact
            case Gap():
                if fact.ended_at is None:
                    self._gaps[fact.system] = fact
                else:
                    self._gaps.pop(fact.system, None)
            case _:
                self._calls.setdefault(fact.key, []).append((self._order, fact))

    def facts(self) -> list[Fact]:
        """Members first, whose names calls are shown with; then what was told of each call in progress, in order."""
        of_calls = sorted((told for call in self._calls.values() for told in call), key=lambda told: told[0])
        return [*self._agents.values(), *self._queues.values(), *(fact for _, fact in of_calls), *self._gaps.values()]


def from_journal(follower: Follower, folder: Path, known_until: Callable[[str], datetime | None]) -> Again | None:
    """What a system's journal tells of how things stood when the run before this ended. Blocks; for a thread.

    Args:
        follower: of the system.
        folder: of its journal.
        known_until: up to when the ledger knows anything of a system; None where it cannot be asked, or knows nothing.

    Returns:
        None where the journal does not tell: it is the first run, the journal cannot be read, or others have gone on
        without it. The log says which.
    """
    began = time.monotonic()
    try:
        last_us = last_at_us(folder)
        again = None if last_us is None else follower.follow_again(unfinished(folder), last_us)
    except (OSError, MonitorError) as error:
        log.error("journal_unreadable", folder=str(folder), reason=str(error), next_step=_UNREADABLE)  # noqa: TRY400 - the reason says it all
        return None
    if again is None or not again.items:
        log.info("journal_begins", folder=str(folder))
        return None
    system = again.following.system
    ledger_at, journal_at = known_until(system), instant(again.following.clock.at(again.last_us))
    if ledger_at is not None and ledger_at - journal_at > _BEHIND:
        log.warning(
            "journal_behind",
            system=system,
            journal_until=journal_at.isoformat(),
            ledger_until=ledger_at.isoformat(),
            consequence="What the journal tells is older than the ledger: calls in progress are found anew.",
        )
        return None
    log.info(
        "followed_again",
        system=system,
        items=again.items,
        seconds=round(time.monotonic() - began, 2),
        calls_in_progress=again.following.calls_known,
        unobserved_since=journal_at.isoformat(),
    )
    return again

"""The facts of a period, followed from a system's journal as they were followed live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ami.feed import LinkUp, Standing
from monitor.calls.facts import AgentState, Call, Gap, GapCause, OutgoingCall, microseconds
from monitor.following import Following
from monitor.journal.reading import from_segment, needed_us, stamped_items
from monitor.journal.segments import system_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from monitor.calls.facts import CallKey, Fact
    from monitor.calls.state import Plan

CLOCKS_US = 3_600_000_000
"""A system's clock and ours differ by less; farther from a period nothing of it was received."""
_LONGEST_CALL_US = 12 * 3_600_000_000
_LOOK_ITEMS = 64
"""Items between two looks whether the calls of the period have all ended."""


class Period:
    """A period of one system's journal.

    Args:
        folder: the system's.
        plan: which calls are wanted, and how they are judged.
        since: the first instant, by the system's clock; an aware datetime.
        until: the first instant behind it.

    Attributes:
        system: the name its calls are filed under.
        calls_in_progress: calls that had not ended where the journal does; known at the end.
        unrecorded: those of them that are of a line, by their keys.
        followed_until_us: the last instant that was followed, by the system's clock; known at the end.
        unknown: intervals of which the journal does not tell, though the monitor may have seen them.
    """

    def __init__(self, folder: Path, plan: Plan, since: datetime, until: datetime) -> None:
        self._folder = folder
        self._since, self._until = since, until
        self._following = Following(system_of(folder), plan)
        self._knows_members = False
        self.calls_in_progress = 0
        self.unrecorded: frozenset[CallKey] = frozenset()
        self.followed_until_us = 0
        self.unknown: list[Gap] = []

    @property
    def system(self) -> str:
        """The name its calls are filed under."""
        return self._following.system

    def facts(self, at: Callable[[int], None] = lambda _: None) -> Iterator[Fact]:
        """The facts in the order in which they were told; every call that was filed in the period is whole.

        Args:
            at: told of the instant of receipt, microseconds since 1970, that has been read.

        Calls filed before or behind the period, and intervals before it, are told too where they were met. Calls that
        had not ended where the journal does are not told.
        """
        since_us, until_us = microseconds(self._since), microseconds(self._until)
        folder, following = self._folder, self._following
        begins_us = from_segment(folder, needed_us(folder, since_us - CLOCKS_US))
        # A call may have been in progress for so long; and what is received behind it tells nothing of the period.
        ends_us = until_us + CLOCKS_US + _LONGEST_CALL_US
        for count, (received_us, item) in enumerate(stamped_items(folder, begins_us, ends_us), 1):
            if isinstance(item, Standing):
                self._knows_members = True
            for fact in following.take(item):
                if self._is_told(fact):
                    yield fact
            if count % _LOOK_ITEMS == 0 or isinstance(item, LinkUp):
                at(received_us)
                if received_us >= until_us + CLOCKS_US and not self._in_progress(received_us):
                    break
        self.calls_in_progress = self._in_progress(ends_us)
        self.unrecorded = following.unrecorded
        self.followed_until_us = following.now_us

    def _in_progress(self, received_us: int) -> int:
        """Whether calls that may have begun within the period have not ended."""
        age_us = self._following.oldest_call_age_us(received_us)
        if age_us is None:
            return 0
        began_us = self._following.clock.at(received_us) - age_us
        return self._following.calls_known if began_us < microseconds(self._until) else 0

    def _is_told(self, fact: Fact) -> bool:
        if isinstance(fact, Call | OutgoingCall):
            return True
        if isinstance(fact, Gap):
            if fact.cause is GapCause.CAPTURE_BREAK:
                # Of the journal alone; but what lies open has no end yet.
                self.unknown += [fact] if fact.ended_at is not None else []
                return False
            # Also of before: a lasting one may reach into the period.
            return fact.started_at < self._until
        if isinstance(fact, AgentState):
            return self._knows_members and self._since <= fact.at < self._until
        return False

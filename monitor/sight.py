"""What this monitor has seen of each system, and what that leaves of the intervals others could not see.

Several monitors may follow one system. It was unobserved only while none of them saw it: an interval that one of them
told of is cut to what the one that leads did not see either. Pure: time comes with the facts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from monitor.calls.facts import Gap
    from monitor.calls.terms import GapCause

_STRETCHES = 1_000
"""Stretches of sight remembered for each system; older ones are of days that nobody asks about any more."""


_Stretch = tuple["datetime", "datetime | None"]
"""From when to when; None is for ever."""


class Sight:
    """When each system was seen, from the gaps that its follower tells, or from its first word."""

    def __init__(self) -> None:
        self._seen: defaultdict[str, list[_Stretch]] = defaultdict(list)
        self._blind: defaultdict[str, set[GapCause]] = defaultdict(set)

    def __iter__(self) -> Iterator[str]:
        """The systems of which anything was told."""
        return iter(tuple(self._blind))

    def __contains__(self, system: str) -> bool:
        """Whether anything was told of a system."""
        return system in self._blind

    def begin(self, system: str, since: datetime) -> None:
        """A system of which nothing was told is seen since an instant: its name was learned on connecting."""
        if system not in self._blind:
            self._blind[system] = set()
            self._seen[system] = [(since, None)]

    def record(self, gap: Gap) -> None:
        """Take an interval in which nothing was seen: its beginning, its end, or all of it at once."""
        causes, system = self._blind[gap.system], gap.system
        if gap.ended_at is not None and gap.cause in causes:
            causes.discard(gap.cause)
            if not causes:
                self._seen[system] = [*self._seen[system], (gap.ended_at, None)][-_STRETCHES:]
            return
        if gap.ended_at is None:
            causes.add(gap.cause)
        self._seen[system] = _without(self._seen[system], gap.started_at, gap.ended_at)

    def left_of(self, gap: Gap, since: datetime) -> list[Gap]:
        """The facts after which the ledger calls unobserved only what was not seen here either.

        None where nothing is to be changed. An interval of no length takes one back: see `monitor.ledger.repository`.

        Args:
            gap: as the ledger has it.
            since: what was seen before does not count, since what it brought is not in the ledger.
        """
        if gap.ended_at == gap.started_at:
            return []
        left: list[_Stretch] = [(gap.started_at, gap.ended_at)]
        for began_at, ended_at in self._seen[gap.system]:
            if ended_at is None or ended_at > since:
                left = _without(left, max(began_at, since), ended_at)
        if left == [(gap.started_at, gap.ended_at)]:
            return []
        pieces = [replace(gap, started_at=began_at, ended_at=ended_at) for began_at, ended_at in left]
        if not pieces or pieces[0].started_at != gap.started_at:
            pieces.insert(0, replace(gap, ended_at=gap.started_at))
        return pieces


def behind(gap: Gap, until_at: datetime) -> Gap | None:
    """What of a gap lies behind an instant; None where nothing does."""
    if gap.started_at >= until_at:
        return gap
    if gap.ended_at is not None and gap.ended_at <= until_at:
        return None
    return replace(gap, started_at=until_at)


def _without(stretches: list[_Stretch], began_at: datetime, ended_at: datetime | None) -> list[_Stretch]:
    """Stretches of time less one of them."""
    rest: list[_Stretch] = []
    for begin, end in stretches:
        if (end is not None and end <= began_at) or (ended_at is not None and ended_at <= begin):
            rest.append((begin, end))
            continue
        if begin < began_at:
            rest.append((begin, began_at))
        if ended_at is not None and (end is None or ended_at < end):
            rest.append((ended_at, end))
    return rest

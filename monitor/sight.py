"""What this monitor has seen of each system, and what that leaves of the intervals others could not see.

Several monitors may follow one system. It was unobserved only while none of them saw it: an interval that one of them
told of is cut to what the one that leads did not see either. Pure: time comes with the facts.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from monitor.calls.facts import Gap
    from monitor.calls.terms import GapCause

_STRETCHES = 1_000
"""Stretches of sight remembered for each system; older ones are of days that nobody asks about any more."""


@dataclass(slots=True)
class _Stretch:
    """One time during which a system was seen."""

    began_at: datetime
    ended_at: datetime | None = None
    """None while it is seen still."""


class Sight:
    """When each system was seen, from the gaps that its follower tells."""

    def __init__(self) -> None:
        self._stretches: defaultdict[str, deque[_Stretch]] = defaultdict(lambda: deque(maxlen=_STRETCHES))
        self._blind: defaultdict[str, set[GapCause]] = defaultdict(set)

    def __iter__(self) -> Iterator[str]:
        """The systems of which anything was told."""
        return iter(tuple(self._blind))

    def record(self, gap: Gap) -> None:
        """Take an interval that begins or ends. The gap of a time before sight began changes nothing."""
        causes, stretches = self._blind[gap.system], self._stretches[gap.system]
        if gap.ended_at is None:
            causes.add(gap.cause)
            if stretches and stretches[-1].ended_at is None:
                stretches[-1].ended_at = max(stretches[-1].began_at, gap.started_at)
        elif gap.cause in causes:
            causes.discard(gap.cause)
            if not causes:
                stretches.append(_Stretch(gap.ended_at))

    def left_of(self, gap: Gap, since: datetime) -> list[Gap]:
        """The facts after which the ledger calls unobserved only what was not seen here either.

        None where nothing is to be changed. An interval of no length takes one back.

        Args:
            gap: as the ledger has it.
            since: what was seen before does not count, since what it brought is not in the ledger.
        """
        left: list[tuple[datetime, datetime | None]] = [(gap.started_at, gap.ended_at)]
        for stretch in self._stretches[gap.system]:
            if stretch.ended_at is None or stretch.ended_at > since:
                left = _without(left, max(stretch.began_at, since), stretch.ended_at)
        if left == [(gap.started_at, gap.ended_at)]:
            return []
        pieces = [replace(gap, started_at=began_at, ended_at=ended_at) for began_at, ended_at in left]
        if not pieces or pieces[0].started_at != gap.started_at:
            pieces.insert(0, replace(gap, ended_at=gap.started_at))
        return pieces


def _without(
    left: list[tuple[datetime, datetime | None]], began_at: datetime, ended_at: datetime | None
) -> list[tuple[datetime, datetime | None]]:
    """Intervals less one interval; an end that is None is that of all time."""
    rest: list[tuple[datetime, datetime | None]] = []
    for begin, end in left:
        if (end is not None and end <= began_at) or (ended_at is not None and ended_at <= begin):
            rest.append((begin, end))
            continue
        if begin < began_at:
            rest.append((begin, began_at))
        if ended_at is not None and (end is None or ended_at < end):
            rest.append((ended_at, end))
    return rest

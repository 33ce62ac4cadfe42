"""What a source of AMI hands to the call state: packets as they came, and notices of what could not be seen.

Everything travels through one queue, in order: a `LinkUp` before the first event of a connection, its `LinkDown`
behind the last, and `Resynced` right behind the last packet that answers what was asked about the present. The answers
to the login are not handed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.calls.facts import GapCause


@dataclass(frozen=True, slots=True)
class Batch:
    """Packets that arrived together."""

    received_at_us: int
    """When they arrived, by the monitor's own clock; microseconds since 1970."""
    packets: list[tuple[int, bytes]]
    """`(offset, packet)` in order, offsets counted in bytes from the start of the connection; never empty."""


@dataclass(frozen=True, slots=True)
class LinkUp:
    """From here on the system is observed. What goes on already is told next, up to `Resynced`."""

    at_us: int
    system: str
    """The name its calls are filed under: AMI's SystemName, the configured one where Asterisk has none."""
    restarted: bool = False
    """Asterisk is another process than at the last connection: no call of that time lives on."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The system cannot be observed any more; told again where the cause becomes another."""

    at_us: int
    cause: GapCause
    reason: str
    """In words, for the operator."""


@dataclass(frozen=True, slots=True)
class Resynced:
    """The answers about the present are all in: `CoreShowChannel`, `QueueMember`, `QueueEntry`, `BridgeInfoChannel`."""

    at_us: int
    refused: tuple[str, ...] = ()
    """Actions that were not answered or not permitted: what they list is not known, which is not the same as empty."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing came, and so much time has gone by on the system's own clock: what fell due by then has been told."""

    at_us: int


@dataclass(frozen=True, slots=True)
class ClockSet:
    """Our own clock was set: what was received before this reads `by_us` less than what is received from here on."""

    at_us: int
    """By the clock as it is from here on."""
    by_us: int
    """How far it was set: above 0 forward, below 0 back."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What was known of a system besides its calls; each segment of a journal begins with it.

    Taken where it was written it changes nothing. Taken first, what follows gives the facts that it gave.
    """

    at_us: int
    """By the monitor's own clock."""
    state: str
    """One line of JSON in ASCII for `monitor.following` alone; it holds names of members, and no caller's number."""


FeedItem = Batch | LinkUp | LinkDown | Resynced

JournalItem = FeedItem | TimePassed | ClockSet | Standing
"""All that ever moves the call state of a system. The same items in the same order give the same facts."""

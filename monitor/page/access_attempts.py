"""How often somebody may try to sign in.

Attempts are counted in a sliding window, per address and per user name. One address alone is held back long before it
could use up what a user name has: whoever guesses from one machine keeps nobody out but themselves. Many machines
together can use it up; then those who have signed in from their address before are let try still, and others wait until
the guessing stops, five minutes at the longest after it. The alternative, not to count by user name, would let many
machines guess one password without end.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

WINDOW_SECONDS = 300.0
PER_ADDRESS = 10
PER_USER = 30
REMEMBERED = 4096
"""Addresses, and user names, of which attempts are kept; of more, those that have been quiet longest are forgotten."""


class Attempts:
    """Who has tried to sign in lately, and failed.

    Args:
        clock: the present, aware.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._addresses = _Tally(PER_ADDRESS)
        self._users = _Tally(PER_USER)
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def begin(self, address: str, user: str) -> int:
        """Count an attempt before it is looked at, so that many at once are counted too.

        Returns:
            0 where it may go on; else the seconds to wait, and it is not counted: whoever waits is not held up
            longer for having asked.
        """
        now = self._clock().timestamp()
        wait_seconds = self._addresses.wait_seconds(address, now)
        if (user, address) not in self._known:
            wait_seconds = max(wait_seconds, self._users.wait_seconds(user, now))
        if wait_seconds > 0:
            return math.ceil(wait_seconds)
        self._addresses.add(address, now)
        self._users.add(user, now)
        return 0

    def succeeded(self, address: str, user: str) -> None:
        """Take back the attempt of this address, forget those on this user name, and know the two for later.

        Other attempts of the address stay: one's own password is no licence to guess others'.
        """
        self._addresses.take_back(address)
        self._users.forget(user)
        self._known[user, address] = None
        self._known.move_to_end((user, address))
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


class _Tally:
    """Instants of attempts by key, in seconds."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._instants: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_seconds(self, key: str, now: float) -> float:
        """How long until one more fits in; 0 for at once."""
        instants = self._instants.get(key)
        if instants is None:
            return 0.0
        # An instant ahead of now is from before the clock was set back, and must not count for as long as that was.
        recent = [at for at in instants if 0 <= now - at < WINDOW_SECONDS]
        if len(recent) < self._limit:
            return 0.0
        return WINDOW_SECONDS - (now - recent[-self._limit])

    def add(self, key: str, now: float) -> None:
        self._instants.setdefault(key, deque(maxlen=self._limit)).append(now)
        self._instants.move_to_end(key)
        if len(self._instants) > REMEMBERED:
            self._instants.popitem(last=False)

    def take_back(self, key: str) -> None:
        if self._instants.get(key):
            self._instants[key].pop()

    def forget(self, key: str) -> None:
        self._instants.pop(key, None)

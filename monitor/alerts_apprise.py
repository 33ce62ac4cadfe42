"""One address of apprise, for those without an Alertmanager: a message when phones ring past the rule, and no flood.

apprise knows how to reach messengers, mail and much else, and blocks while it does; so each address has a thread of its
own, and one that hangs holds up nobody. The same line and queue is told of again only after a while; what happens
meanwhile is counted and told then. A breach does not wait behind a warning.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import structlog

from monitor.alerts_groups import Group, Kind, Turn
from monitor.daemon_thread import in_daemon_thread
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from monitor.alerts_alertmanager import View
    from monitor.alerts_groups import Change
    from monitor.alerts_words import Told, Words

_log = structlog.get_logger(__name__)

_RETRY_SECONDS = (2.0, 60.0)
"""The longest wait before the first try again, and before any."""
STALE_SECONDS = 600.0
"""A message that could not be sent for so long is given up: nobody can act on it any more."""


class _Place(NamedTuple):
    """What is throttled together."""

    system: str
    line: str
    queue: str | None


@dataclass(slots=True, eq=False)
class _Untold:
    """What a place has to tell, and what it told last."""

    told_at: float | None = None
    told_kind: Kind | None = None
    kind: Kind = Kind.WARNING
    """Of what waits: a breach, if there is one among it."""
    calls: dict[Kind, int] = field(default_factory=dict)
    """How many calls wait to be told of, by kind."""
    since_at: float = 0.0
    """Since when they do."""
    due_at: float = 0.0
    retry_seconds: float = _RETRY_SECONDS[0]


class Apprise:
    """Tells one address. `take` and everything else belong to the event loop's thread.

    Args:
        number: which of the configured addresses it is, from 1: they may hold passwords, and are never shown.
        address: an URL of apprise.
        view: what is true now.
        words: in which language.
        limit: how many rings the rule allows.
        page_url: where people reach the page; empty for nowhere.
        repeat_seconds: the same line and queue is told of again at the earliest after this.

    Raises:
        ConfigError: apprise does not know the address.
    """

    def __init__(
        self,
        number: int,
        address: str,
        view: View,
        words: Words,
        *,
        limit: int,
        page_url: str = "",
        repeat_seconds: float = 60.0,
    ) -> None:
        from apprise import Apprise as Messenger  # noqa: PLC0415 - takes half a second and 25 MB, and most need none
        from apprise import NotifyFormat, NotifyType  # noqa: PLC0415

        # It writes addresses into the log, and passwords with them.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        self._messenger = Messenger()
        if not self._messenger.add(address):
            raise ConfigError(
                f"[alerts] apprise: address {number} is none that apprise knows; see https://appriseit.com/services/."
            )
        self._format = NotifyFormat.TEXT
        self._types = {Kind.WARNING: NotifyType.WARNING, Kind.BREACH: NotifyType.FAILURE}
        self.sent = 0
        """Messages it has sent."""
        self.failed = 0
        """Tries that failed."""
        self._view = view
        self._limit = limit
        self.tell_as(number, words, page_url=page_url, repeat_seconds=repeat_seconds)
        self._places: dict[_Place, _Untold] = {}
        self._wake = asyncio.Event()
        self._away = False

    @property
    def waiting(self) -> int:
        """Lines and queues of which there is something to tell."""
        return sum(bool(untold.calls) for untold in self._places.values())

    def tell_as(self, number: int, words: Words, *, page_url: str, repeat_seconds: float) -> None:
        """Tell otherwise from now on; the arguments are the constructor's."""
        self.name = f"apprise {number}"
        self._words = words
        self._page = f"{page_url}/" if page_url else ""
        self._repeat_seconds = repeat_seconds

    def take(self, change: Change) -> None:
        """A group has changed. Returns at once; only further calls are told of."""
        if change.turn not in (Turn.BEGAN, Turn.JOINED):
            return
        now = time.monotonic()
        kind = change.group.kind
        untold = self._places.setdefault(_Place(*change.group[1:]), _Untold())
        if not untold.calls:
            untold.kind, untold.since_at = kind, now
            untold.due_at = now if untold.told_at is None else max(now, untold.told_at + self._repeat_seconds)
        untold.calls[kind] = untold.calls.get(kind, 0) + 1
        if kind is Kind.BREACH:
            untold.kind = kind
            if untold.told_kind is not Kind.BREACH:
                untold.due_at = min(untold.due_at, now)
        self._wake.set()

    def forget(self) -> None:
        """Another monitor tells it what waits here."""
        self._places.clear()

    async def run(self) -> None:
        """Tell it, for ever."""
        while True:
            place = await self._next()
            await self._tell(place, self._places[place])

    async def _next(self) -> _Place:
        """The place that is due first, once it is."""
        while True:
            now = time.monotonic()
            for place in [place for place, untold in self._places.items() if self._forgettable(untold, now)]:
                del self._places[place]
            waiting = {place: untold.due_at for place, untold in self._places.items() if untold.calls}
            first = min(waiting, key=waiting.__getitem__, default=None)
            if first is not None and waiting[first] <= now:
                return first
            self._wake.clear()
            try:
                async with asyncio.timeout(None if first is None else waiting[first] - now):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _forgettable(self, untold: _Untold, now: float) -> bool:
        return not untold.calls and (untold.told_at is None or now > untold.told_at + self._repeat_seconds)

    async def _tell(self, place: _Place, untold: _Untold) -> None:
        calls, kind, since_at = untold.calls, untold.kind, untold.since_at
        untold.calls = {}
        again = untold.told_at is not None
        title, body = self._message(Group(kind, *place), calls.get(kind, 0), again=again)

        def send() -> bool:
            return bool(
                self._messenger.notify(title=title, body=body, notify_type=self._types[kind], body_format=self._format)
            )

        try:
            sent = await in_daemon_thread("apprise", send)
        except Exception as error:  # noqa: BLE001 - whatever a messenger raises, the next message is tried
            _log.debug("apprise_failed", target=self.name, exc_info=error)
            sent = False
        now = time.monotonic()
        if sent:
            self.sent += 1
            untold.told_at, untold.told_kind, untold.retry_seconds = now, kind, _RETRY_SECONDS[0]
            if not (untold.kind is Kind.BREACH and kind is Kind.WARNING):
                untold.due_at = now + self._repeat_seconds
            self._reached()
            return
        self.failed += 1
        self._lost()
        if now - since_at >= STALE_SECONDS:
            return
        # What came meanwhile and what could not be told are one message.
        later = untold.calls
        untold.calls = {each: calls.get(each, 0) + later.get(each, 0) for each in {*calls, *later}}
        untold.kind = Kind.BREACH if Kind.BREACH in untold.calls else Kind.WARNING
        untold.since_at = since_at
        untold.due_at = now + untold.retry_seconds * random.uniform(0.5, 1.0)  # noqa: S311 - spreads tries, no secret
        untold.retry_seconds = min(untold.retry_seconds * 2, _RETRY_SECONDS[1])

    def _message(self, group: Group, calls: int, *, again: bool) -> tuple[str, str]:
        present = self._view.present(group)
        told: Told
        parts: list[str] = []
        if present is not None:
            told = self._words.ringing(group, present)
            if again and calls > present.calls:
                parts.append(self._words.since_last(calls))
        else:
            told = self._words.rang(group, calls, self._limit)
        parts = [told.description, *parts, self._words.system(group.system), self._page]
        return told.summary, "\n".join(part for part in parts if part)

    def _lost(self) -> None:
        if not self._away:
            step = "It is tried again; see that the service can be reached and the address is right."
            _log.warning("apprise_not_told", target=self.name, next_step=step)
        self._away = True

    def _reached(self) -> None:
        if self._away:
            _log.info("apprise_is_back", target=self.name)
        self._away = False

"""The records of a system's segments, in order, as what moved its call state; what is missing between them is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ami.feed import LinkDown, LinkUp
from monitor.calls.facts import GapCause
from monitor.journal.format import Begun, Broken, Header, Stamped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.journal.format import Record


class Course:
    """Turns records into items that can be followed: begins with what holds of the link, and tells holes.

    A hole is a `LinkDown` of the cause `capture_break` and, behind it, a `LinkUp`: nothing is known of what came
    between. Where another run of the monitor begins, nothing was seen since the last item (`monitor_down`).

    Args:
        since_us: items received before are only looked at for what holds of the link.
        until_us: items received from here on are left out.

    Attributes:
        name: the system's configured name; None before the first record that tells it.
    """

    def __init__(self, since_us: int | None = None, until_us: int | None = None) -> None:
        self.name: str | None = None
        self._since_us = since_us
        self._until_us = until_us
        self._link: LinkUp | LinkDown | None = None
        self._number: int | None = None
        self._last_us: int | None = None
        self._damaged = False
        self._told = False

    def take(self, record: Record) -> Iterator[Stamped]:
        """The items that a record brings."""
        if isinstance(record, Broken):
            self.damaged()
            return
        found = self._begun(record) if isinstance(record, Header) else self._item(record)
        for stamped in found:
            yield from self._cut(stamped)

    def damaged(self) -> None:
        """What lies here cannot be read."""
        self._damaged = True

    def _item(self, stamped: Stamped) -> Iterator[Stamped]:
        tells_link = isinstance(stamped.item, LinkUp | LinkDown)
        if self._damaged:
            yield from self._blind(stamped.received_us, GapCause.CAPTURE_BREAK, "The journal is damaged here.")
            if not tells_link:
                system = self._link.system if isinstance(self._link, LinkUp) else self.name
                if system is not None:
                    self._link = LinkUp(stamped.received_us, system)
                    yield Stamped(stamped.received_us, self._link)
        self._damaged = False
        if isinstance(stamped.item, LinkUp | LinkDown):
            self._link = stamped.item
        self._last_us = stamped.received_us
        yield stamped

    def _begun(self, header: Header) -> Iterator[Stamped]:
        """A segment begins."""
        before, self._number = self._number, header.number
        self.name = header.name
        whole = not self._damaged and (before is None or header.number == before + 1)
        self._damaged = False
        if before is None and self._last_us is None:
            self._link = header.link
        elif header.begun is Begun.START:
            yield from self._blind(header.received_us, GapCause.MONITOR_DOWN, "The monitor was not running.")
            yield from self._holds(header)
        elif not whole or header.hole_from_us is not None:
            since_us = header.hole_from_us if whole else None
            reason = "The journal could not be written here." if whole else "A part of the journal is missing here."
            yield from self._blind(header.received_us, GapCause.CAPTURE_BREAK, reason, since_us)
            yield from self._holds(header)

    def _holds(self, header: Header) -> Iterator[Stamped]:
        """What holds of the link where a segment begins."""
        self._link = header.link
        if header.link is not None:
            yield Stamped(header.received_us, header.link)

    def _blind(self, now_us: int, cause: GapCause, reason: str, since_us: int | None = None) -> Iterator[Stamped]:
        """Nothing is known since an instant, or since the last item; where the link was down, that is known."""
        if isinstance(self._link, LinkUp):
            since_us = next(at_us for at_us in (since_us, self._last_us, now_us) if at_us is not None)
            yield Stamped(since_us, LinkDown(since_us, cause, reason))

    def _cut(self, stamped: Stamped) -> Iterator[Stamped]:
        received_us, item = stamped
        if self._since_us is not None and received_us < self._since_us:
            return
        if self._until_us is not None and received_us >= self._until_us:
            return
        if not self._told and not isinstance(item, LinkUp | LinkDown):
            if isinstance(self._link, LinkUp):
                yield Stamped(received_us, LinkUp(received_us, self._link.system))
            elif self._link is not None:
                yield Stamped(received_us, LinkDown(received_us, self._link.cause, self._link.reason))
        self._told = True
        yield stamped

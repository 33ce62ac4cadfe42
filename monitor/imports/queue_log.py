"""The lines of Asterisk's queue log.

**Source:** https://docs.asterisk.org/Operation/Logging/Queue-Logs/; logger.c of Asterisk 11 to 22.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.imports.frame import plausible

_FIELDS = 5
MOST_SECONDS = 10_000_000
"""No length of a call is as long as four months."""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line: `epoch|callid|queue|member|event|data…`."""

    at: datetime
    callid: str
    """The uniqueid of the caller's channel."""
    queue: str
    member: str
    event: str
    data: tuple[str, ...]

    def number(self, place: int) -> int:
        """A whole number among the data, by its place from the left, or from the right where it is negative.

        Raises:
            ValueError: there is none.
        """
        if not -len(self.data) <= place < len(self.data):
            raise ValueError(f"{self.event} lacks a part")
        text = self.data[place]
        if not (text.isascii() and text.isdigit()):
            raise ValueError(f"{self.event} has no number where one belongs")
        return int(text[:12])

    def seconds(self, place: int) -> timedelta:
        """A number of seconds among the data."""
        return timedelta(seconds=min(self.number(place), MOST_SECONDS))


def parse(line: str) -> LogEvent:
    """What one line says.

    Raises:
        ValueError: it is no line of a queue log; the message says why, in words that hold nothing of it.
    """
    parts = line.rstrip("\r\n").replace("\0", "\ufffd").split("|")
    if len(parts) < _FIELDS:
        raise ValueError("it has fewer than five parts")
    epoch, callid, queue, member, event, *data = parts
    whole, _, fraction = epoch.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= len("9999999999")) or not event:
        raise ValueError("it does not begin with a time and an event")
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        raise ValueError("it does not begin with a time and an event")
    at = plausible(datetime.fromtimestamp(int(whole), UTC))
    return LogEvent(at, callid, queue, member, event.upper(), tuple(data))

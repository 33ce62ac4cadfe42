"""Server-sent events: each update is rendered once and sent to all who look on.

A viewer belongs to a variant (language, and what they may see); all of a variant get the same bytes. Updates come at
most every `UPDATE_SECONDS`, a breach at once, and every `BEAT_SECONDS` a beat with the clocks, so that a browser knows
that its stream is alive. Who does not read is dropped: nothing ever waits for a browser.

**Source:** WHATWG HTML, "Server-sent events".
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.types import Receive, Scope, Send

    from monitor.texts import Language

log = structlog.get_logger(__name__)

UPDATE_SECONDS = 0.2
"""Between two updates: a ring lasts three seconds, and seconds are counted by the browser itself."""
BEAT_SECONDS = 1.0
"""Between two beats; a browser that misses them for `DEAD_SECONDS` says so."""
DEAD_SECONDS = 4.0
"""Silence after which the page says that it has lost the monitor."""
MOST_UNREAD = 32
"""Messages kept for one browser; whoever is farther behind is dropped and has to come again."""
MOST_STREAMS = 1_000
"""Streams at once; one more is refused."""
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # A proxy that collects before it passes on would make the board late.
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True, slots=True)
class Variant:
    """What two viewers must share to be sent the same bytes."""

    language: Language
    numbers: bool
    """Callers' numbers in full."""
    calls: bool
    """Links to single calls."""
    view: str = "desk"
    """`desk` or `wall`, which has room for less."""


@dataclass(slots=True)
class Painting:
    """The board as it was last sent to a variant."""

    parts: dict[str, str] = field(default_factory=dict)
    doubtful: tuple[str, ...] = ()
    """Parts whose figures cannot be vouched for."""
    sent_at: float = 0.0
    """When a message last went out, by the event loop's clock."""


class Painter(Protocol):
    """Renders the board for a variant."""

    def paint(self, variant: Variant, stale: frozenset[str]) -> Painting:
        """The parts named in `stale`, and which of all the parts cannot be vouched for."""
        ...

    def trust(self) -> object:
        """What every part's looks depend on and no fact tells; all are painted anew when it is another."""
        ...

    def clocks(self) -> Mapping[str, float]:
        """What each system's clock shows, in milliseconds since 1970; the centre's under the empty name."""
        ...


class Stream:
    """One browser that listens."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self._unread: asyncio.Queue[bytes] = asyncio.Queue(MOST_UNREAD)
        self._dropped = False

    def put(self, message: bytes) -> bool:
        """Hand over a message; False where the browser is too far behind, and will get no more."""
        try:
            self._unread.put_nowait(message)
        except asyncio.QueueFull:
            self._dropped = True
        return not self._dropped

    async def messages(self) -> AsyncIterator[bytes]:
        """Each message as it comes; of a stream that was dropped, what it had not read."""
        while not (self._dropped and self._unread.empty()):
            yield await self._unread.get()


class Hub:
    """Keeps the streams, and sends what has changed.

    You must let `run` run while streams are served.

    Args:
        painter: renders the board.
        parts: the names of all its parts.
        rate: how fast the systems' clocks run; 1 but for a simulator.
    """

    def __init__(self, painter: Painter, parts: frozenset[str], *, rate: float = 1.0) -> None:
        self.rate = rate
        self._painter = painter
        self._parts = parts
        self._trust: object = None
        self._streams: dict[Variant, set[Stream]] = {}
        self._painted: dict[Variant, Painting] = {}
        self._stale: set[str] = set()
        self._changed = asyncio.Event()
        self.dropped_total = 0
        """Streams ended because nobody read them."""

    @property
    def streams(self) -> int:
        """Browsers that listen now."""
        return sum(len(streams) for streams in self._streams.values())

    def touch(self, parts: frozenset[str]) -> None:
        """Note that parts of the board have changed; they are sent with the next update."""
        if self._streams:
            self._stale |= parts
            self._changed.set()

    def announce(self, event: str, body: Mapping[str, Any]) -> None:
        """Send an event to every browser at once."""
        message = sse(event, body)
        for streams in self._streams.values():
            self._send(streams, message)

    async def run(self) -> None:
        """Send updates and beats, for ever."""
        while True:
            # A source that falls silent tells nobody, so its state is looked at with each beat.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._changed.wait()
            self._changed.clear()
            try:
                self._update()
            except Exception:
                log.exception("page_update_failed")
                # What was not painted is not forgotten: those who come later are sent this picture too.
                self._stale |= self._parts
            await asyncio.sleep(UPDATE_SECONDS)

    def _update(self) -> None:
        stale, self._stale = frozenset(self._stale), set()
        trust = self._painter.trust()
        if trust != self._trust:
            self._trust, stale = trust, self._parts
        now = asyncio.get_running_loop().time()
        clocks = self._painter.clocks()
        for variant, streams in list(self._streams.items()):
            changed = self._paint(variant, stale) if stale else {}
            painted = self._painted[variant]
            # Every message carries the clocks, and so is a beat.
            if changed or now - painted.sent_at >= BEAT_SECONDS - UPDATE_SECONDS:
                painted.sent_at = now
                self._send(streams, sse("board", changed | {"clocks": clocks, "rate": self.rate}))

    def _paint(self, variant: Variant, stale: frozenset[str]) -> dict[str, Any]:
        """What of a variant's parts is new."""
        before = self._painted[variant]
        after = self._painter.paint(variant, stale)
        parts = {name: html for name, html in after.parts.items() if before.parts.get(name) != html}
        changed: dict[str, Any] = {"parts": parts} if parts else {}
        if after.doubtful != before.doubtful:
            changed["doubtful"] = after.doubtful
        before.parts |= parts
        before.doubtful = after.doubtful
        return changed

    def _send(self, streams: set[Stream], message: bytes) -> None:
        for stream in [stream for stream in streams if not stream.put(message)]:
            self.dropped_total += 1
            streams.discard(stream)

    def open(self, variant: Variant) -> Stream | None:
        """A new stream, with the whole board as its first message; None where there are too many."""
        if self.streams >= MOST_STREAMS:
            return None
        if not self._streams:
            self._trust = self._painter.trust()
        if variant not in self._streams:
            self._painted[variant] = self._painter.paint(variant, self._parts)
            self._streams[variant] = set()
        # The others of the variant have this picture too, so from here on all can be sent the same. Were it painted
        # anew, browsers that come back at once, as after a restart, would cost a picture each.
        painting = self._painted[variant]
        stream = Stream(variant)
        body = {
            "parts": painting.parts,
            "doubtful": painting.doubtful,
            "clocks": self._painter.clocks(),
            "rate": self.rate,
        }
        stream.put(sse("board", body))
        self._streams[variant].add(stream)
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream; the last of its variant takes the picture along."""
        streams = self._streams.get(stream.variant)
        if streams is None:
            return
        streams.discard(stream)
        if not streams:
            del self._streams[stream.variant]
            del self._painted[stream.variant]


class EventStream:
    """The ASGI answer that carries one stream, until the browser goes or the hub drops it.

    A browser that was dropped and reads on comes to an end, and begins anew; the connection of one that never reads
    again is ended by the kernel (`monitor.web.UNREAD_SECONDS`).
    """

    def __init__(self, hub: Hub, stream: Stream) -> None:
        self._hub = hub
        self._stream = stream

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head, then each message as it comes."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            async with asyncio.TaskGroup() as tasks:
                ends = [tasks.create_task(self._sending(send)), tasks.create_task(_gone(receive))]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                for end in ends:
                    end.cancel()
        finally:
            self._hub.close(self._stream)

    async def _sending(self, send: Send) -> None:
        async for message in self._stream.messages():
            await send({"type": "http.response.body", "body": message, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    """Wait until the browser has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def sse(event: str, body: Mapping[str, Any]) -> bytes:
    """One event as it stands on the wire; JSON holds no bare line end, so its data is one line."""
    return f"event: {event}\ndata: {json.dumps(body, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()

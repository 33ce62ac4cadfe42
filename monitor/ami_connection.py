"""One connection to one Asterisk: socket, clock, back-pressure.

Packets and notices go through one bounded queue, in order. While it is full the socket is not read, so that Asterisk
keeps what we cannot take yet: nothing is dropped on the way.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from monitor.ami.feed import Batch, FeedItem, LinkDown, LinkUp, Resynced
from monitor.ami.login import Conversation, Phase, Step, StepKind
from monitor.ami.problems import Left, Lost, Silent, TlsFailed
from monitor.ami.protocol import PacketReader, event_name, is_ami
from monitor.calls.facts import GapCause
from monitor.errors import ConnectionProblem

if TYPE_CHECKING:
    from monitor.ami_listener import AmiListener

CLOCK_SECONDS = 10.0
"""Asterisk is asked the time at least so often, however busy it is."""
_PINGED = frozenset({Phase.BOOTING, Phase.RESYNC, Phase.LIVE})

log = structlog.get_logger(__name__)


class Connection(asyncio.Protocol):
    """One connection to one Asterisk; made by `AmiListener`.

    Attributes:
        ended: the reason why it is over, once it is.
        was_live: it came as far as listening.
    """

    def __init__(self, listener: AmiListener, secret: str) -> None:
        settings = listener.settings
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._reader = PacketReader()
        self._conversation = Conversation(
            where=listener.where,
            name=settings.name,
            username=settings.username,
            secret=secret,
            md5=settings.auth == "md5",
            want_filter=settings.filter,
            answer_seconds=settings.connect_timeout_seconds,
        )
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[FeedItem] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._paused = False
        self._link_up = False
        self._phase_timer: asyncio.TimerHandle | None = None
        self._ping_timer: asyncio.TimerHandle | None = None
        self._last_byte_at = self._loop.time()
        self._last_byte_us = listener.clock.even_us()
        self._pinged_at: float | None = None
        self._asked_time_at = self._last_byte_at
        self.ended: asyncio.Future[ConnectionProblem] = self._loop.create_future()
        self.was_live = False
        self.unheard_since_us: int | None = None
        """When the last byte came, where a ping was waiting for an answer at the end: nothing is known since then."""

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the conversation."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_connection makes no other
        self._transport = transport
        self._last_byte_at = self._loop.time()
        self._ping_timer = self._loop.call_later(self._listener.settings.ping_interval_seconds, self._keep_alive)
        self._send()
        self._time_phase()

    def data_received(self, data: bytes) -> None:
        """Cut the bytes into packets, let the conversation look at them, and hand them on."""
        if self.ended.done():
            return
        self._last_byte_at = self._loop.time()
        received_at_us = self._last_byte_us = self._listener.clock.even_us()
        self._listener.last_event_at = time.time()
        self._listener.heard_at = self._last_byte_at
        conversation, phase = self._conversation, self._conversation.phase
        problem: ConnectionProblem | None = None
        packets: list[tuple[int, bytes]] = []
        try:
            if not conversation.greeted:
                conversation.greet(data)
            packets = self._reader.feed(data)
            conversation.now_us = self._listener.clock.now_us()
            conversation.receive(packets)
        except ConnectionProblem as error:
            problem = error
        self._hand_on(received_at_us, packets, conversation.steps())
        if problem is not None:
            self._end(problem)
            return
        self._send()
        if conversation.phase is not phase:
            self._time_phase()

    def eof_received(self) -> None:
        """Let the transport close."""

    def connection_lost(self, error: Exception | None) -> None:
        """Count what was cut off, and say that the connection is over."""
        discarded = self._listener.discarded
        discarded["oversized"] += self._reader.oversized
        self._reader.oversized = 0
        if self._reader.close():
            discarded["unfinished"] += 1
        if isinstance(error, ssl.SSLError):
            self._end(TlsFailed(self._listener.where, (error.reason or "broken").replace("_", " ").lower()))
        reason = "it closed the connection" if error is None else getattr(error, "strerror", None) or str(error)
        self._end(Lost(self._listener.where, reason))

    # ---- the end

    def leave(self) -> None:
        """End it by our own will."""
        self._end(Left(self._listener.where))

    def close(self) -> None:
        """Close at once; what was handed on already stays to be drained."""
        for timer in (self._phase_timer, self._ping_timer):
            if timer is not None:
                timer.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def over(self) -> ConnectionProblem:
        """Wait until the connection is over and everything read is in the queue.

        Returns:
            Why it is over.
        """
        try:
            problem = await self.ended
            if self._pump is not None:
                await self._pump
        finally:
            self.close()
            if self._pump is not None:
                self._pump.cancel()
        return problem

    def _end(self, problem: ConnectionProblem) -> None:
        if not self.ended.done():
            if self._pinged_at is not None and self._last_byte_at <= self._pinged_at:
                self.unheard_since_us = self._last_byte_us
            self.ended.set_result(problem)
            self.close()

    # ---- handing on, with back-pressure

    def _hand_on(self, received_at_us: int, packets: list[tuple[int, bytes]], steps: list[Step]) -> None:
        """Put packets and notices in order: a notice stands where it became true."""
        listener = self._listener
        if self._reader.oversized:
            listener.discarded["oversized"] += self._reader.oversized
            self._reader.oversized = 0
        begin = 0
        for step in steps:
            self._batch(received_at_us, packets[begin : step.after])
            begin = max(begin, step.after)
            self._notice(received_at_us, step)
        self._batch(received_at_us, packets[begin:] if begin else packets)

    def _batch(self, received_at_us: int, packets: list[tuple[int, bytes]]) -> None:
        if not packets or not self._link_up:
            # Before the link is up there are only our own answers, and what a starting Asterisk says of itself.
            return
        if not all(is_ami(packet) for _, packet in packets):
            before = len(packets)
            packets = [item for item in packets if is_ami(item[1]) or event_name(item[1]) is not None]
            self._listener.discarded["not_ami"] += before - len(packets)
        if "timestamps" in self._listener.warnings:
            self._listener.untimed_events += sum(packet.startswith(b"Event: ") for _, packet in packets)
        if packets:
            self._put(Batch(received_at_us, packets))

    def _notice(self, at_us: int, step: Step) -> None:
        listener, conversation = self._listener, self._conversation
        if step.kind is StepKind.UP:
            was_up = listener.up
            restarted = listener.came_up(conversation)
            if was_up and restarted:
                self._put(LinkDown(at_us, GapCause.RESTARTED, f"{listener.where} restarted."))
            if restarted or not was_up:
                self._put(LinkUp(at_us, conversation.system or listener.settings.name, restarted))
            self._link_up = True
        elif step.kind is StepKind.RESYNCED:
            self.was_live = True
            self._put(Resynced(at_us, tuple(sorted(conversation.refused))))
        elif step.kind is StepKind.NOT_BOOTED:
            listener.problem = f"{listener.where} is still starting; nothing to do unless it lasts."
            if (notice := listener.link_down(at_us, GapCause.NOT_BOOTED, listener.problem)) is not None:
                self._put(notice)
        elif step.kind is StepKind.RELOADED:
            log.info("asterisk_reloaded", system=listener.settings.name)
        listener.stepped(conversation)

    def _put(self, item: FeedItem) -> None:
        if not self._waiting:
            with suppress(asyncio.QueueFull):
                self._listener.deliver.put_nowait(item)
                return
        self._waiting.append(item)
        if self._pump is None or self._pump.done():
            self._paused = True
            if self._transport is not None:
                self._transport.pause_reading()
            self._pump = self._loop.create_task(self._drain())

    async def _drain(self) -> None:
        while self._waiting:
            await self._listener.deliver.put(self._waiting[0])
            self._waiting.popleft()
        self._paused = False
        # What Asterisk sent meanwhile was not read: the silence was ours.
        self._last_byte_at = self._loop.time()
        self._pinged_at = None
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # ---- time

    def _send(self) -> None:
        data = self._conversation.data_to_send()
        if data and self._transport is not None:
            self._transport.write(data)

    def _time_phase(self) -> None:
        if self._phase_timer is not None:
            self._phase_timer.cancel()
        limit = self._conversation.limit_seconds
        self._phase_timer = None if limit is None else self._loop.call_later(limit, self._phase_over)

    def _phase_over(self) -> None:
        problem: ConnectionProblem | None = None
        if not self._paused:
            self._conversation.now_us = self._listener.clock.now_us()
            try:
                self._conversation.timed_out()
            except ConnectionProblem as error:
                problem = error
            self._hand_on(self._listener.clock.even_us(), [], self._conversation.steps())
        if problem is not None:
            self._end(problem)
        else:
            self._send()
            self._time_phase()

    def ping(self) -> None:
        """Ask for a sign of life and the time there, where it has come so far that this may be asked."""
        if self._conversation.phase in _PINGED:
            self._asked_time_at = self._loop.time()
            self._conversation.now_us = self._listener.clock.now_us()
            self._conversation.ping()
            self._send()

    def _keep_alive(self) -> None:
        """Ping where nothing has come for a while; end where nothing comes after that either."""
        settings, now = self._listener.settings, self._loop.time()
        if self._pinged_at is not None and self._last_byte_at > self._pinged_at:
            self._pinged_at = None
        if not self._paused and self._asked_time_at + CLOCK_SECONDS <= now:
            # It may never be silent, and its clock is to be known all the same.
            self.ping()
        if self._paused or self._conversation.phase not in _PINGED:
            wait = settings.ping_interval_seconds
        elif self._pinged_at is not None:
            wait = self._pinged_at + settings.ping_timeout_seconds - now
            if wait <= 0:
                self._end(Silent(self._listener.where, settings.ping_timeout_seconds))
                return
        else:
            wait = self._last_byte_at + settings.ping_interval_seconds - now
            if wait <= 0:
                self.ping()
                self._pinged_at = now
                wait = settings.ping_timeout_seconds
        # Not before the time-out only: an answer may have come long since, and the next ping be due.
        self._ping_timer = self._loop.call_later(min(wait, settings.ping_interval_seconds), self._keep_alive)

"""The only place that knows every room: Asterisks → call state → board, metrics, ledger, screen."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from monitor import __version__
from monitor.ami.clock import RemoteClock
from monitor.ami.decoder import Decoder
from monitor.ami.feed import Batch, LinkDown, LinkUp
from monitor.ami.protocol import pong_us
from monitor.ami_listener import AmiListener
from monitor.board import Board
from monitor.calls.facts import Gap, GapCause, instant, microseconds
from monitor.calls.state import NEVER_US
from monitor.calls.tracker import Tracker
from monitor.downtime import Downtime
from monitor.ledger.writer import LedgerWriter
from monitor.metrics import Metrics
from monitor.plan import plan_of
from monitor.web import WebServer, create_app

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator

    from monitor.ami.feed import FeedItem
    from monitor.calls.facts import Fact
    from monitor.calls.state import Plan
    from monitor.config import AsteriskSettings, Settings

log = structlog.get_logger(__name__)

FEED_ITEMS = 16
"""Batches that wait for the call state; beyond it the listener lets the network wait."""
_STORE_SECONDS = 2.0
"""How long the start waits for the ledger to be there; calls are followed without it too."""
UNWRITTEN_FACTS = 1_000
"""More facts than this for a ledger that is there to write: reading waits a little, and memory stays flat."""
_PAUSE_SECONDS = 0.01
GRACE_US = 20_000
"""How long a timer waits for an event that was stamped before it and is still on its way: an answer just in time."""


class Sink(Protocol):
    """Whatever takes facts."""

    def record(self, fact: Fact) -> None:
        """Take a fact."""
        ...


def now_us() -> int:
    """Our own clock, microseconds since 1970."""
    return time.time_ns() // 1000


class Follower:
    """One Asterisk, listened to and followed; what metrics and /readyz ask of it.

    Args:
        settings: the system.
        plan: which calls are wanted, and how they are judged.
        tell: takes each fact.
        pause_seconds: says how long to let others work before more is read; 0 but under a load no centre makes.
        clock_rate: how fast its clock runs; 1 but for a simulator.
    """

    def __init__(
        self,
        settings: AsteriskSettings,
        plan: Plan,
        tell: Callable[[Iterable[Fact]], None],
        *,
        pause_seconds: Callable[[], float] = lambda: 0.0,
        clock_rate: float = 1.0,
    ) -> None:
        self._pause_seconds = pause_seconds
        self._plan = plan
        self._tell = tell
        self._queue: asyncio.Queue[FeedItem] = asyncio.Queue(FEED_ITEMS)
        self._listener = AmiListener(settings, self._queue)
        self._decoder = Decoder()
        self._clock = RemoteClock(clock_rate)
        self._tracker = Tracker(settings.name, plan)
        self._gaps_us = 0
        self._blind_since_us: int | None = None

    # What metrics and /readyz read

    @property
    def system(self) -> str:
        """The name its calls are filed under: AMI's SystemName, until that is known the configured one."""
        return self._tracker.system

    @property
    def up(self) -> bool:
        """Logged in, booted and followed."""
        return self._listener.up

    @property
    def reason(self) -> str | None:
        """Why its figures cannot be trusted now, in words."""
        return self._listener.problem

    @property
    def events(self) -> Mapping[str, int]:
        """Events received, by name."""
        return {name.decode("utf-8", "replace"): count for name, count in self._decoder.counts.items()}

    @property
    def reconnects(self) -> int:
        """Connections made anew after one was lost."""
        return self._listener.reconnects

    @property
    def last_event_at(self) -> float | None:
        """Seconds since 1970; None before the first event."""
        return self._listener.last_event_at

    @property
    def discarded(self) -> Mapping[str, int]:
        """Packets dropped, by reason."""
        return self._listener.discarded | {"broken_off": self._decoder.malformed}

    @property
    def unexpected(self) -> Mapping[str, int]:
        """Events that did not fit, by kind."""
        return {"unknown_channel": 0, "no_timestamp": self._listener.untimed_events} | self._tracker.unexpected

    @property
    def unobserved_us(self) -> int:
        """How long it could not be observed, in all."""
        if self._blind_since_us is None:
            return self._gaps_us
        return self._gaps_us + max(0, self._clock.at(now_us()) - self._blind_since_us)

    # The work

    async def run(self) -> None:
        """Listen and follow, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listener.run(), name=f"listen {self._listener.settings.name}")
            tasks.create_task(self._follow(), name=f"follow {self._listener.settings.name}")

    def close(self) -> None:
        """No more will come: the calls in progress end unobserved, and from now on nothing is seen."""
        tracker = self._tracker
        self._out(tracker.link_down(max(tracker.now_us, self._clock.at(now_us())), GapCause.MONITOR_DOWN))
        self._out(tracker.close())

    async def _follow(self) -> None:
        self._out(self._tracker.link_down(now_us(), GapCause.NOT_CONNECTED))
        while True:
            item = await self._next()
            if item is None:
                self._out(self._tracker.advance(self._clock.at(now_us()) - GRACE_US))
                continue
            self._take(item)
            pause_seconds = self._pause_seconds()
            if pause_seconds:
                await asyncio.sleep(pause_seconds)

    async def _next(self) -> FeedItem | None:
        """The next thing the listener has; None where a timer falls due before there is one."""
        deadline_us = self._tracker.next_deadline_us
        if deadline_us >= NEVER_US or not self._queue.empty():
            return await self._queue.get()
        try:
            async with asyncio.timeout(self._clock.seconds_until(deadline_us + GRACE_US, now_us())):
                return await self._queue.get()
        except TimeoutError:
            return None

    def _take(self, item: FeedItem) -> None:
        if isinstance(item, Batch):
            self._read(item)
        elif isinstance(item, LinkUp):
            self._link_up(item)
        elif isinstance(item, LinkDown):
            at_us = self._clock.at(item.at_us)
            self._out(self._tracker.link_down(max(at_us, self._tracker.now_us), item.cause))
        elif item.refused:
            log.warning("present_unknown", system=self._tracker.system, refused=item.refused)

    def _read(self, batch: Batch) -> None:
        decode, feed = self._decoder.decode, self._tracker.feed
        received_us = batch.received_at_us
        # Answers carry no Timestamp even where events do; the tracker's time is Asterisk's, not ours.
        there_us = self._clock.at(received_us)
        before_us = self._decoder.last_us
        for _, packet in batch.packets:
            event = decode(packet, there_us)
            if event is not None:
                facts = feed(event)
                if facts:
                    self._out(facts)
            elif (pong := pong_us(packet)) is not None:
                self._clock.observe(received_us, pong)
                there_us = self._clock.at(received_us)
        if self._decoder.last_us != before_us:
            self._clock.observe(received_us, self._decoder.last_us)

    def _link_up(self, notice: LinkUp) -> None:
        at_us = max(self._clock.at(notice.at_us), self._tracker.now_us)
        if self._listener.system != self._tracker.system:
            # Asterisk's own name is the one calls are filed under; nothing was filed under the other yet but the wait.
            self._out(self._tracker.link_up(at_us))
            self._out(self._tracker.close())
            self._tracker = Tracker(self._listener.system, self._plan)
        elif notice.restarted:
            self._out(self._tracker.restarted(at_us))
        self._out(self._tracker.link_up(at_us))

    def _out(self, facts: list[Fact]) -> None:
        for fact in facts:
            if isinstance(fact, Gap):
                self._count(fact)
        self._tell(facts)

    def _count(self, gap: Gap) -> None:
        began_us = microseconds(gap.started_at)
        if gap.ended_at is None:
            self._blind_since_us = began_us
        else:
            self._gaps_us += microseconds(gap.ended_at) - began_us
            self._blind_since_us = None


class Systems(Mapping[str, Follower]):
    """The followers by the names their calls are filed under, which may be learned only on connecting."""

    def __init__(self, followers: tuple[Follower, ...]) -> None:
        self._followers = followers

    def __getitem__(self, system: str) -> Follower:
        for follower in self._followers:
            if follower.system == system:
                return follower
        raise KeyError(system)

    def __iter__(self) -> Iterator[str]:
        return (follower.system for follower in self._followers)

    def __len__(self) -> int:
        return len(self._followers)


class StoreHealth:
    """The ledger's writer as metrics and /readyz ask of it."""

    def __init__(self, writer: LedgerWriter) -> None:
        self._writer = writer

    @property
    def up(self) -> bool:
        """The store answered when it was last asked."""
        return self._writer.up

    @property
    def reason(self) -> str | None:
        """Why it did not."""
        return self._writer.last_error or (None if self._writer.up else "The ledger has not been reached yet.")

    @property
    def waiting_facts(self) -> int:
        """Facts not yet written."""
        return self._writer.waiting_facts


class Monitor:
    """Everything that runs: one follower per Asterisk, and the sinks they feed.

    Args:
        settings: all of them.
        clock_rate: how fast the Asterisks' clocks run; 1 but for a simulator.
    """

    def __init__(self, settings: Settings, *, clock_rate: float = 1.0) -> None:
        self.settings = settings
        rules = settings.ring_rules()
        names = [system.name for system in settings.require_asterisk()]
        self.board = Board(rules, systems=names, zone=settings.zone)
        self.writer = LedgerWriter(
            settings.ledger.connect_url(),
            spool_dir=settings.ledger.spool_dir,
            memory_facts=settings.ledger.memory_facts,
        )
        self.store = StoreHealth(self.writer)
        plan = plan_of(settings)
        self.followers = tuple(
            Follower(system, plan, self.tell, pause_seconds=self._pause_seconds, clock_rate=clock_rate)
            for system in settings.require_asterisk()
        )
        self.systems = Systems(self.followers)
        self.sink_failures: Counter[str] = Counter()
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        metrics = Metrics(
            self.registry,
            self.board,
            plan.rule_at(now_us()),
            systems=self.systems,
            store=self.store,
            lines=[line.name for line in settings.line],
            version=__version__,
            sink_failures=self.sink_failures,
        )
        self._sinks: list[tuple[str, Sink]] = []
        self.add_sink(self.board, "board")
        self.add_sink(metrics, "metrics")
        self.add_sink(self.writer, "ledger")

    def _pause_seconds(self) -> float:
        """Time for the ledger's thread, which gets little while events come faster than they can be followed."""
        behind = self.writer.up and self.writer.waiting_facts > UNWRITTEN_FACTS
        return _PAUSE_SECONDS if behind else 0.0

    def add_sink(self, sink: Sink, name: str = "") -> None:
        """Let another sink have every fact, after those there are; its failures count under `name`, or its class's."""
        name = name or type(sink).__name__
        self._sinks.append((name, sink))
        self.sink_failures[name] = 0

    def tell(self, facts: Iterable[Fact]) -> None:
        """Hand facts to every sink; one that fails is counted, and spares the others."""
        for fact in facts:
            for name, sink in self._sinks:
                try:
                    sink.record(fact)
                except Exception as error:  # noqa: BLE001 - one sink's failure, whatever it is, spares the others
                    self.sink_failures[name] += 1
                    if self.sink_failures[name] == 1:
                        _tell_failure(error, name, fact)

    async def run(self, listening: socket.socket, stop: asyncio.Event) -> None:
        """Follow every Asterisk and serve HTTP until `stop` is set; then write down what is still open.

        Args:
            listening: a bound socket for HTTP, as `monitor.web.bind` makes it.
            stop: set it to end.
        """
        async with AsyncExitStack() as stack:
            self.writer.start()
            stack.callback(self.writer.close, 5.0)
            for rule in self.settings.ring_rules():
                self.writer.record_rule(rule)
            app = create_app(self.registry, self.systems, self.store)
            await stack.enter_async_context(WebServer(app, listening))
            await asyncio.to_thread(self.writer.flush, _STORE_SECONDS)
            downtime = Downtime(self.writer, [follower.system for follower in self.followers], instant(now_us()))
            told = await downtime.tell(self.tell)
            stack.callback(self._close_followers)
            tasks = [asyncio.create_task(follower.run()) for follower in self.followers]
            stopping = asyncio.create_task(stop.wait())
            telling = None if told else asyncio.create_task(downtime.keep_later())
            try:
                # A follower only ever ends by an error of our own, which must not be lost.
                done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
                for task in done - {stopping}:
                    task.result()
            finally:
                all_tasks = [task for task in (*tasks, stopping, telling) if task is not None]
                for task in all_tasks:
                    task.cancel()
                await asyncio.gather(*all_tasks, return_exceptions=True)

    def _close_followers(self) -> None:
        for follower in self.followers:
            follower.close()


def _tell_failure(error: Exception, sink: str, fact: Fact) -> None:
    """Log a sink's first failure; its message may quote the fact, and a caller's number in it, so that is for debug."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    log.error("sink_failed", sink=sink, fact=type(fact).__name__, error=type(error).__name__, where=where)
    log.debug("sink_failed", sink=sink, exc_info=error)

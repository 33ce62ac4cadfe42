"""The replayed day: a simulated Monday up to four in the afternoon, taken by everything that takes facts.

Two captures, with the connection lost between them over noon, go through `monitor.replay` into a board, the metrics and
a ledger on PostgreSQL. They are fed in slices, and after each slice the real Prometheus has scraped `/metrics`, so that
`rate()` and `increase()` see a day go by, in some seconds. Twice the feed leaves a mark:

- `cut`: in mid-afternoon, with calls waiting, ringing past the rule and talking; gauges are asked for at that moment;
- `end`: all calls have ended, so that everything that counts must say the same.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from monitor.board import Board
from monitor.calls.facts import AgentState, Gap, GapCause, QueueCallers, Stage, microseconds
from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.rules import RingRule
from monitor.calls.state import Plan
from monitor.calls.teams import Team, Teams
from monitor.demo import INSIDE, OUTSIDE
from monitor.ledger.filters import CallFilter
from monitor.ledger.repository import Repository
from monitor.ledger.statistics import PeriodStatistics, period_statistics
from monitor.metrics import Metrics
from monitor.replay import Replay
from monitor.replay_store import Keeper
from monitor.simulator.capture import capture
from monitor.web import WebServer, bind, create_app

from .prometheus import OneTarget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from monitor.calls.facts import Fact

SYSTEM, LINE = "pbx1", "1588-6565"
TEAMS = Teams((Team(name="원격응대팀", menu=("menu,2",)), Team(name="보상팀", queues=("claims",))))
PAGE = "https://board.example.org"
ZONE = ZoneInfo("Asia/Seoul")
MIDNIGHT = datetime(2026, 5, 4, tzinfo=ZONE)
"""A Monday."""
PARTS = ((0.0, 11.6), (12.0, 16.0))
"""From and to which hour calls arrive; those in progress then go on to their end."""
NOON_GAP = Gap(
    system=SYSTEM,
    started_at=MIDNIGHT + timedelta(hours=11, minutes=55),
    ended_at=MIDNIGHT + timedelta(hours=12),
    cause=GapCause.NOT_CONNECTED,
)
CALLS_PER_HOUR = 400
CUT_FROM = MIDNIGHT + timedelta(hours=15, minutes=30)
FACTS_A_SLICE = 2_500
START_SECONDS = 120.0
STORED = "timestamp(callcenter_store_up)"
"""When the newest sample was scraped."""


@dataclass
class System:
    """What a listener would tell of this Asterisk."""

    replay: Replay
    up: bool = True
    reason: str | None = None
    reconnects: int = 1
    last_event_at: float | None = None
    unobserved_us: int = 0
    clock_offset_us: int | None = 0
    clock_steps: Mapping[str, int] = field(default_factory=lambda: {"asterisk": 0, "monitor": 0})
    discarded: dict[str, int] = field(default_factory=lambda: {"oversized": 0})

    @property
    def events(self) -> Mapping[str, int]:
        """Events read, by name."""
        return {name.decode(): count for name, count in self.replay._decoder.counts.items()}

    @property
    def unexpected(self) -> Mapping[str, int]:
        """Events that did not fit, by kind."""
        return sum((Counter(tracker.unexpected) for tracker in self.replay.trackers), Counter(unknown_channel=0))

    def record(self, fact: Fact) -> None:
        """Add up what could not be observed."""
        if isinstance(fact, Gap) and fact.ended_at is not None:
            self.unobserved_us += microseconds(fact.ended_at) - microseconds(fact.started_at)


@dataclass
class StoreFigures:
    """What the ledger's writer would tell."""

    up: bool = True
    reason: str | None = None
    waiting_facts: int = 0


@dataclass
class AlertFigures:
    """What those who are told at once would tell."""

    sent: int = 0
    failed: int = 0
    waiting: int = 0


@dataclass
class PageFigures:
    """Who would watch the page."""

    streams: int = 1
    streams_dropped: int = 0


class Scrapes:
    """Lets the feed wait for a scrape.

    It waits for the whole answer: feed and answers share an event loop, and the feed would hold it up.
    """

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    async def next(self) -> None:
        """Return when a scrape that is asked for from now on has been answered."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        async with asyncio.timeout(20):
            await future

    def take(self) -> list[asyncio.Future[None]]:
        """Those who wait for the scrape that begins now."""
        waiting, self._waiting = self._waiting, []
        return waiting


class Marking:
    """Around the application: tells when a request has been answered whole."""

    def __init__(self, app: ASGIApp, scrapes: Scrapes) -> None:
        self._app = app
        self._scrapes = scrapes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and let those who wait go on."""
        waiting = self._scrapes.take()
        await self._app(scope, receive, send)
        for future in waiting:
            if not future.done():
                future.set_result(None)


class ReplayedDay:
    """The day, when it has been fed.

    Args:
        folder: where the captures are written, and Prometheus keeps its files.
        store: URL of an empty ledger.

    Attributes:
        since: the day's first instant.
        until: an instant of the same day when all calls have ended.
        begun_at, cut_at, ended_at: when the feed began, stood still in mid-afternoon, and had ended, in Prometheus'
            time: seconds since 1970.
        board, registry, repository: what took the facts.
        facts: how many of each kind there were.
    """

    def __init__(self, folder: Path, store: str) -> None:
        self._folder = folder
        self.store = store
        self.since, self.until = MIDNIGHT, MIDNIGHT + timedelta(days=1, microseconds=-1)
        self.begun_at = self.cut_at = self.ended_at = 0.0
        self.facts: Counter[str] = Counter()
        self.captures = tuple(folder / f"{number}.ami" for number, _ in enumerate(PARTS, 1))
        for seed, (path, (first, last)) in enumerate(zip(self.captures, PARTS, strict=True), 1):
            start = MIDNIGHT + timedelta(hours=first)
            capture(path, seed, start, (last - first) * 3600, CALLS_PER_HOUR, system=SYSTEM)
        self.plan = Plan(
            lines=Lines((Line(LINE, ("15886565", "6565")),)),
            inside=Patterns(INSIDE),
            outside=Patterns(OUTSIDE),
            zone=ZONE,
            teams=TEAMS,
        )
        self.warnings: list[str] = []
        self._replay = Replay(self.plan, SYSTEM, self.warnings.append)
        self._system = System(self._replay)
        rule = RingRule()
        self.board = Board((rule,), systems=(SYSTEM,), zone=ZONE, teams=dict.fromkeys(TEAMS.names, ""))
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        figures = StoreFigures()
        metrics = Metrics(
            self.registry,
            self.board,
            rule,
            systems={SYSTEM: self._system},
            store=figures,
            lines=(LINE,),
            version="0",
            sink_failures={"board": 0, "metrics": 0, "ledger": 0},
            alerts={"alertmanager": AlertFigures()},
            page=PageFigures(),
            page_url=PAGE,
            teams=TEAMS.names,
        )
        self._scrapes = Scrapes()
        self._keeper = Keeper(store, (rule,))
        self.repository = Repository(store)
        self._takers = (self.board.record, metrics.record, self._keeper.record, self._system.record)
        self._app = create_app(self.registry, {SYSTEM: self._system}, figures)
        self._app.add_middleware(Marking, scrapes=self._scrapes)
        self._queues: set[str] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="replayed day")
        self._fed = threading.Event()
        self._failure: BaseException | None = None
        self._stop = asyncio.Event()
        self.url = ""
        self.prometheus: OneTarget

    def counted(self) -> PeriodStatistics:
        """What the ledger makes of the day."""
        chosen = CallFilter(since=self.since, until=self.until)
        return period_statistics(self.repository.store, chosen, now=self.until, systems=[SYSTEM])

    def start(self) -> None:
        """Feed the day; returns when it is over. What served it serves on until `close`.

        Raises:
            RuntimeError: it could not be fed.
        """
        self._thread.start()
        if not self._fed.wait(START_SECONDS) or self._failure is not None:
            raise RuntimeError("the day could not be fed") from self._failure

    def close(self) -> None:
        """Stop serving."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()
        self.repository.close()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001 - told by `start`, in the thread that waits
            self._failure = error
            self._fed.set()

    async def _serve(self) -> None:
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(WebServer(self._app, bind()))
            self.url = server.url
            self.prometheus = OneTarget(self._folder / "prometheus", server.url.removeprefix("http://"))
            stack.callback(self.prometheus.stop)
            await asyncio.to_thread(self.prometheus.start)
            await self._feed()
            self._fed.set()
            await self._stop.wait()

    async def _feed(self) -> None:
        self.begun_at = await self._scraped_at()
        for number, fact in enumerate(self._read(), 1):
            self.facts[type(fact).__name__] += 1
            for take in self._takers:
                take(fact)
            if self.board.last_at is not None:
                self._system.last_event_at = self.board.last_at.timestamp()
            if number % 50 == 0:
                # Scrapes are answered on this loop too, and Prometheus gives up on one that is kept waiting.
                await asyncio.sleep(0)
            if number % FACTS_A_SLICE == 0 or self._first_of_queue(fact):
                await self._scrapes.next()
            if not self.cut_at and self._much_goes_on():
                self.cut_at = await self._scraped_at()
        self._keeper.close()
        self.ended_at = await self._scraped_at()

    async def _scraped_at(self) -> float:
        """The instant of a scrape that saw all that was fed, once Prometheus has stored it."""
        fed_at = time.time()
        async with asyncio.timeout(20):
            while True:
                # A scrape that came too late on a busy machine is thrown away, and the next one counts.
                await self._scrapes.next()
                for _, at in await asyncio.to_thread(self.prometheus.query, STORED, time.time()):
                    if at >= fed_at:
                        return at

    def _first_of_queue(self, fact: Fact) -> bool:
        """A queue is heard of, and its series stand at zero: live, they are scraped long before the first call ends."""
        if not isinstance(fact, AgentState | QueueCallers) or fact.queue in self._queues:
            return False
        self._queues.add(fact.queue)
        return True

    def _read(self) -> Iterator[Fact]:
        for path in self.captures:
            if path is not self.captures[0]:
                # What a listener tells of a lost connection. The first capture's calls are over, so none touches it.
                yield replace(NOON_GAP, ended_at=None)
                yield NOON_GAP
            with path.open("rb") as stream:
                yield from self._replay.read(path.name, stream)
        yield from self._replay.close()

    def _much_goes_on(self) -> bool:
        """Mid-afternoon, and every figure of the present has something to show."""
        board = self.board
        if board.last_at is None or board.last_at < CUT_FROM or not board.past_limit():
            return False
        stages = {stage for (_, _, stage), calls in board.stages.items() if calls}
        return {Stage.WAITING, Stage.RINGING, Stage.TALKING} <= stages and any(board.queue_callers.values())

"""The only place that knows every room: Asterisks → call state → board, metrics, ledger, screen."""

from __future__ import annotations

import asyncio
import traceback
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from monitor import __version__
from monitor.alerts_setup import AlertDesk
from monitor.board import Board
from monitor.calls.facts import instant
from monitor.clocks import wall_us
from monitor.downtime import Downtime
from monitor.follower import Follower
from monitor.ledger.beginning import first_call_at
from monitor.ledger.repository import Repository
from monitor.ledger.store import Store
from monitor.ledger.writer import LedgerWriter
from monitor.metrics import Metrics
from monitor.metrics_settings import SettingsCollector
from monitor.numbers import Numbers
from monitor.page.app import Page, Sources
from monitor.page.reports import ReportSources
from monitor.plan import plan_of
from monitor.recall import recall
from monitor.reload import Reload
from monitor.report_setup import basis_of, house_of, schedule_of, standing_of
from monitor.report_worker import Workshop
from monitor.reports.kept import Kept
from monitor.web_serving import Serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from monitor.calls.facts import Fact
    from monitor.config import Settings

log = structlog.get_logger(__name__)

_STORE_SECONDS = 2.0
"""How long the start waits for the ledger to be there; calls are followed without it too."""
UNWRITTEN_FACTS = 1_000
"""More facts than this for a ledger that is there to write: reading waits a little, and memory stays flat."""
_PAUSE_SECONDS = 0.01


class Sink(Protocol):
    """Whatever takes facts."""

    def record(self, fact: Fact) -> None:
        """Take a fact."""
        ...


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
    def quiet(self) -> bool:
        """It has not answered for longer than it should take."""
        return self._writer.quiet

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
        self.reload = Reload(settings)
        """How other settings are taken over while this runs; each part says below what it takes."""
        self._clock_rate = clock_rate
        rules = settings.ring_rules()
        names = [system.name for system in settings.require_asterisk()]
        self.board = Board(rules, systems=names, zone=settings.zone)
        numbers = Numbers(settings.privacy.read_key())
        self.writer = LedgerWriter(
            self._ledger(),
            spool_dir=settings.ledger.spool_dir,
            memory_facts=settings.ledger.memory_facts,
            numbers=numbers,
        )
        self.store = StoreHealth(self.writer)
        plan = plan_of(settings)
        self.followers = tuple(
            Follower(system, plan, self.tell, pause_seconds=self._pause_seconds, clock_rate=clock_rate)
            for system in settings.require_asterisk()
        )
        self.systems = Systems(self.followers)
        self.started = asyncio.Event()
        """Set once HTTP is served and every Asterisk is being listened to."""
        self.sink_failures: Counter[str] = Counter()
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.registry.register(SettingsCollector(self.reload))
        self.alerts = AlertDesk(settings, self._clock_of)
        self.reload.add(self.alerts.prepare)
        self._reading = Repository(self._ledger(), numbers=numbers)
        basis = basis_of(settings)
        self.kept = Kept(settings.reports.folder)
        self.workshop = Workshop(self._ledger_url, basis, house_of(settings), self.kept, self.now)
        begins = partial(first_call_at, self._reading.store)
        self.schedule = schedule_of(
            settings,
            self.workshop,
            self.kept,
            clock=self.now,
            first_call_at=begins,
            settled=self._settled,
        )
        self.page = Page(
            settings.web,
            settings.language,
            Sources(
                board=self.board,
                systems=self.systems,
                store=self.store,
                clock=self.now,
                zone=settings.zone,
                repository=self._reading,
                lines=tuple(line.name for line in settings.line),
                rate=clock_rate,
                reports=ReportSources(
                    workshop=self.workshop,
                    kept=self.kept,
                    zone=settings.zone,
                    rules=tuple(rule.label for rule in rules),
                    first_call_at=begins,
                    agents=basis.agents,
                ),
            ),
        )
        metrics = Metrics(
            self.registry,
            self.board,
            plan.rule_at(wall_us()),
            systems=self.systems,
            store=self.store,
            lines=[line.name for line in settings.line],
            version=__version__,
            sink_failures=self.sink_failures,
            alerts=self.alerts.figures,
            page=self.page,
            reports=self.schedule,
            page_url=settings.alerts.page_url,
        )
        self.web = Serving(
            settings.web,
            settings.metrics,
            self.registry,
            systems=self.systems,
            store=self.store,
            page=self.page.app,
        )
        self._sinks: list[tuple[str, Sink]] = []
        self.add_sink(self.board, "board")
        self.add_sink(metrics, "metrics")
        self.add_sink(self.writer, "ledger")
        self.add_sink(self.alerts, "alerts")
        self.add_sink(self.page, "page")
        self.reload.add(self._prepare)

    @property
    def settings(self) -> Settings:
        """Those that hold now."""
        return self.reload.settings

    def _ledger_url(self) -> str:
        """The ledger's URL, with its password of this moment."""
        return self.settings.ledger.connect_url()

    def _ledger_password(self) -> str | None:
        return self.settings.ledger.read_password()

    def _ledger(self) -> Store:
        """The ledger, connected to with the password of each moment."""
        return Store(self._ledger_url(), password=self._ledger_password)

    def _prepare(self, settings: Settings) -> Callable[[], None]:
        """Make the Asterisks, the page's door and the schedule ready for other settings."""
        let_in = self.page.access.prepare(settings.web)
        certify = self.web.prepare(settings.web, settings.metrics)
        standing = standing_of(settings)

        def change_over() -> None:
            let_in()
            certify()
            for follower in self.followers:
                follower.take_settings(settings.asterisk)
            if self.schedule is not None:
                self.schedule.standing = standing

        return change_over

    def now(self) -> datetime:
        """The time in the centre: ours, or where its clock runs at a rate of its own, that of its first system."""
        return instant(wall_us()) if self._clock_rate == 1 else self.followers[0].now()

    @property
    def alive(self) -> bool:
        """Whether every Asterisk's calls are still followed; not whether any of them can be reached."""
        return all(follower.alive for follower in self.followers)

    def _clock_of(self, system: str) -> datetime:
        """What a system's clock shows now; our own time for one that has got another name since."""
        follower = self.systems.get(system)
        return instant(wall_us()) if follower is None else follower.now()

    def _pause_seconds(self) -> float:
        """Time for the ledger's thread, which gets little while events come faster than they can be followed."""
        behind = self.writer.up and self.writer.waiting_facts > UNWRITTEN_FACTS
        return _PAUSE_SECONDS if behind else 0.0

    def _settled(self) -> bool:
        """Whether the ledger has all but the last moments: a report must miss nothing that waits to be written."""
        return self.writer.up and not self.writer.left_on_disk and self.writer.waiting_facts <= UNWRITTEN_FACTS

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
            stack.callback(self._reading.close)
            self.writer.start()
            stack.callback(self.writer.close, 5.0)
            for rule in self.settings.ring_rules():
                self.writer.record_rule(rule)
            stack.push_async_callback(self.workshop.close)
            await stack.enter_async_context(self.web.on(listening))
            await asyncio.to_thread(self.writer.flush, _STORE_SECONDS)
            began_at = instant(wall_us())
            downtime = Downtime(self.writer, [follower.system for follower in self.followers], began_at)
            told = await downtime.tell(self.tell)
            await stack.enter_async_context(self.alerts)
            stack.callback(self._close_followers)
            tasks = [asyncio.create_task(follower.run()) for follower in self.followers]
            tasks.append(asyncio.create_task(self.page.run()))
            if self.schedule is not None:
                tasks.append(asyncio.create_task(self.schedule.run()))
            recalling = asyncio.create_task(recall(self.board, self.writer, began_at))
            self.started.set()
            stopping = asyncio.create_task(stop.wait())
            telling = None if told else asyncio.create_task(downtime.keep_later())
            try:
                # A follower only ever ends by an error of our own, which must not be lost.
                done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
                for task in done - {stopping}:
                    task.result()
            finally:
                all_tasks = [task for task in (*tasks, recalling, stopping, telling) if task is not None]
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

"""The only place that knows every room: Asterisks → call state → board, metrics, ledger, screen."""

from __future__ import annotations

import asyncio
import traceback
from collections import Counter
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from monitor import __version__
from monitor.alerts_setup import AlertDesk
from monitor.board import Board
from monitor.calls.facts import instant, microseconds
from monitor.charter_setup import Charter
from monitor.clocks import wall_us
from monitor.downtime import Downtime
from monitor.follower import Follower
from monitor.going_on import GoingOn
from monitor.health import StoreHealth, Systems
from monitor.journal.journal import Journal
from monitor.ledger.access_log import AccessLog
from monitor.ledger.beginning import first_call_at
from monitor.ledger.leader import LeaderLock, store_of_lock
from monitor.ledger.repository import Repository
from monitor.ledger.store import Store
from monitor.ledger.writer import LedgerWriter
from monitor.metrics import Metrics
from monitor.metrics_journal import JournalCollector
from monitor.metrics_privacy import PrivacyCollector
from monitor.metrics_reconciled import ReconciliationCollector
from monitor.metrics_settings import SettingsCollector
from monitor.page.app import Page, Sources
from monitor.page.reports import ReportSources
from monitor.plan import plan_of
from monitor.privacy.nightly import nightly_of
from monitor.recall import recall
from monitor.reconcile_setup import reconciling_of
from monitor.reload import Reload
from monitor.report_setup import basis_of, house_of, schedule_of, standing_of
from monitor.report_worker import Workshop
from monitor.reports.kept import Kept
from monitor.standby import Standby
from monitor.web_serving import Serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from monitor.calls.facts import Fact
    from monitor.config import Settings

log = structlog.get_logger(__name__)

_STORE_SECONDS = 2.0
"""How long the start waits for the ledger to be there; calls are followed without it too."""
UNWRITTEN_FACTS = 1_000
"""More facts than this for a ledger that is there to write: reading waits a little, and memory stays flat."""
_PAUSE_SECONDS = 0.01
_FLUSH_SECONDS, _SYNC_SECONDS = 2.0, 0.5
"""How long a stop waits for the ledger to take what waits, and for the disk to have the journal."""


class Sink(Protocol):
    """Whatever takes facts."""

    def record(self, fact: Fact) -> None:
        """Take a fact."""
        ...


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
        teams = {team.name: team.name_en or team.name for team in settings.team}
        self.board = Board(rules, systems=names, zone=settings.zone, teams=teams)
        numbers = settings.privacy.read_numbers()
        self.writer = LedgerWriter(
            self._ledger(),
            spool_dir=settings.ledger.spool_dir,
            memory_facts=settings.ledger.memory_facts,
            numbers=numbers,
            callbacks=settings.callback_terms(),
        )
        self.store = StoreHealth(self.writer)
        self.writer.watching = self._followed
        self.journal = Journal(settings.journal) if settings.journal.enabled else None
        plan = plan_of(settings)
        self.followers = tuple(
            Follower(
                system,
                plan,
                self.tell,
                pause_seconds=self._pause_seconds,
                clock_rate=clock_rate,
                journal=None if self.journal is None else partial(self.journal.of, system.name),
            )
            for system in settings.require_asterisk()
        )
        self.systems = Systems(self.followers)
        self.standby = Standby(
            self._lock(names),
            self.writer.record,
            clock=self._clock_of,
            sees_all=lambda: all(follower.up for follower in self.followers),
            held_facts=settings.ledger.memory_facts,
        )
        self.started = asyncio.Event()
        """Set once HTTP is served and every Asterisk is being listened to."""
        self.sink_failures: Counter[str] = Counter()
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.registry.register(SettingsCollector(self.reload))
        self.alerts = AlertDesk(settings, self._clock_of)
        self.reload.add(self.alerts.prepare)
        self.standby.add_duty(self.alerts)
        self._reading = Repository(self._ledger(), numbers=numbers)
        self.accesses = AccessLog(self._ledger())
        self.nightly = nightly_of(settings, self._ledger(), self.now, leading=lambda: self.standby.leading)
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
            leads=lambda: self.standby.leading,
        )
        self.reconciling = reconciling_of(
            settings,
            self._ledger(),
            self._ledger_url,
            clock=self.now,
            leads=lambda: self.standby.leading,
            settled=self._settled,
        )
        self.charter = Charter(
            settings,
            lambda: self.settings,
            self._reading.store,
            clock=self.now,
            leads=lambda: self.standby.leading,
            settled=self._settled,
            registry=self.registry,
        )
        self.registry.register(ReconciliationCollector(self.reconciling))
        if self.journal is not None:
            self.registry.register(JournalCollector(self.journal))
        self.registry.register(PrivacyCollector(self.nightly, self.accesses))
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
                reviews=self.charter.reviews,
                cases=self.charter.cases,
                callbacks=self.charter.callbacks,
                standing_by=lambda: not self.standby.acts,
                accesses=self.accesses,
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
            leader=self.standby,
            teams=self.board.teams,
        )
        self.web = Serving(
            settings.web,
            settings.metrics,
            self.registry,
            systems=self.systems,
            store=self.store,
            page=self.page.app,
        )
        self._going_on = GoingOn(self.journal, self.writer, self.standby, self.tell, self.alerts)
        self._sinks: list[tuple[str, Sink]] = []
        self.add_sink(self.board, "board")
        self.add_sink(self.standby.counting(metrics), "metrics")
        self.add_sink(self.standby, "ledger")
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

    def _lock(self, names: list[str]) -> LeaderLock | None:
        """Where it is known who leads; None for a file, which one monitor alone writes."""
        if self.writer.repository.store.is_sqlite:
            return None
        return LeaderLock(store_of_lock(self._ledger_url(), password=self._ledger_password), names)

    def _prepare(self, settings: Settings) -> Callable[[], None]:
        """Make the Asterisks, the page's door and the schedule ready for other settings."""
        let_in = self.page.access.prepare(settings.web)
        certify = self.web.prepare(settings.web, settings.metrics)
        standing = standing_of(settings)
        promise = self.charter.prepare(settings)

        def change_over() -> None:
            let_in()
            certify()
            promise()
            for follower in self.followers:
                follower.take_settings(settings.asterisk)
            self.nightly.take_settings(settings.privacy, settings.cases)
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

    def tell(self, facts: Iterable[Fact], only: Collection[str] = ()) -> None:
        """Hand facts to every sink; one that fails is counted, and spares the others.

        Args:
            facts: in order.
            only: names of the sinks that are to have them; every one where there are none.
        """
        for fact in facts:
            for name, sink in self._sinks:
                if only and name not in only:
                    continue
                try:
                    sink.record(fact)
                except Exception as error:  # noqa: BLE001 - one sink's failure, whatever it is, spares the others
                    self.sink_failures[name] += 1
                    if self.sink_failures[name] == 1:
                        _tell_failure(error, name, fact)

    def _followed(self) -> dict[str, datetime]:
        """Up to which instant each system that can be observed has been followed. Asked from the ledger's thread.

        Of a monitor that stands by: none, since it is another one that writes them down.
        """
        if not self.standby.acts:
            return {}
        followed = ((follower.system, follower.followed_until) for follower in self.followers)
        return {system: until_at for system, until_at in followed if until_at is not None}

    async def run(self, listening: socket.socket, stop: asyncio.Event) -> None:
        """Follow every Asterisk and serve HTTP until `stop` is set; then write down what is still open.

        Args:
            listening: a bound socket for HTTP, as `monitor.web.bind` makes it.
            stop: set it to end.
        """
        async with AsyncExitStack() as stack:
            stack.callback(self._reading.close)
            # Let go of last: whoever takes over then finds all that this one has written.
            stack.callback(self.standby.close)
            self.accesses.start()
            stack.callback(self.accesses.close)
            self.writer.start()
            stack.callback(self.writer.close, _FLUSH_SECONDS)
            if self.journal is not None:
                self.journal.start()
                stack.callback(self.journal.close, _SYNC_SECONDS)
            for rule in self.settings.ring_rules():
                self.writer.record_rule(rule)
            # A ledger that is held by others is waited for once: by this one while the writer waits.
            stack.callback(self.accesses.hurry, _FLUSH_SECONDS)
            stack.push_async_callback(self.workshop.close)
            await stack.enter_async_context(self.web.on(listening))
            await asyncio.to_thread(self.writer.flush, _STORE_SECONDS)
            await self.standby.start(_STORE_SECONDS)
            unknown = await self._going_on.follow(self.followers)
            began_at = instant(wall_us())
            downtime = Downtime(self.writer, unknown, began_at)
            told = await downtime.tell(self.tell)
            for follower in self.followers:
                # Where the interval before ends: nothing lies between the two, however long the start still takes.
                follower.begin(microseconds(began_at))
            await stack.enter_async_context(self.alerts)
            stack.callback(self._close_followers)
            tasks = [asyncio.create_task(follower.run()) for follower in self.followers]
            tasks.append(asyncio.create_task(self.page.run()))
            tasks.append(asyncio.create_task(self.nightly.run()))
            tasks.append(asyncio.create_task(self.reconciling.run()))
            tasks += (asyncio.create_task(work) for work in self.charter.runs())
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
        # Calls in progress go on in the next run, which counts them when they end: the ledger alone has them for now.
        keep = None if self.journal is None else partial(self.tell, only=("ledger",))
        for follower in self.followers:
            follower.close(keep)


def _tell_failure(error: Exception, sink: str, fact: Fact) -> None:
    """Log a sink's first failure; its message may quote the fact, and a caller's number in it, so that is for debug."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    log.error("sink_failed", sink=sink, fact=type(fact).__name__, error=type(error).__name__, where=where)
    log.debug("sink_failed", sink=sink, exc_info=error)

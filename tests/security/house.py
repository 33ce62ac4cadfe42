"""The monitor's whole HTTP side, with its users, programs and reports, and those who come to it."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
from prometheus_client import CollectorRegistry, Counter
from pydantic import SecretStr
from starlette.routing import Mount, Route

from monitor.board import Board
from monitor.callbacks.desk import CallbackDesk
from monitor.calls.facts import CallbackPromise
from monitor.charter_setup import definition_of
from monitor.commitments.cases import Actor, NewCase
from monitor.commitments.desk import CaseDesk
from monitor.commitments.register import CHARTER
from monitor.config import Settings
from monitor.config_keeping import MetricsSettings
from monitor.config_web import TokenSettings, WebSettings
from monitor.ledger import Repository
from monitor.numbers import PLAIN
from monitor.page.app import Page, Sources
from monitor.page.reports import ReportSources
from monitor.report_worker import Workshop
from monitor.reports.kept import Kept
from monitor.reports.order import House as Institution
from monitor.reviews.desk import ReviewDesk
from monitor.reviews.draws import Draws, month_of
from monitor.web import bind
from monitor.web_serving import Serving
from monitor.worktime import WorkTime
from tests.ledger.callback_facts import TERMS
from tests.ledger.records import NINE, a_call, after
from tests.page.doors import sign_in, user
from tests.page.reported import keep
from tests.page.sources import Source
from tests.reports.month import BASIS, SEOUL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from starlette.routing import BaseRoute

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""Three hours after the ledger's call."""
CALL = "1772445585.7"
CASE = "VOC/1"
NAME = "kept.ko.pdf"
METRICS_TOKEN = "m" * 40


def token(name: str, role: str) -> TokenSettings:
    digest = hashlib.sha256(f"token of {name}".encode()).hexdigest()
    return TokenSettings(name=name, role=role, sha256=SecretStr(digest))  # type: ignore[arg-type] # pydantic checks


def digest_of(secret: str) -> SecretStr:
    return SecretStr(hashlib.sha256(secret.encode()).hexdigest())


@dataclass
class House:
    """Page, API and /metrics of one monitor. Everything is real; only nobody calls.

    Args:
        folder: where reports are kept.
        ledger: an empty one; it is given a call and a case.
        web: who may come; a supervisor `kim`, a user `wall` with the board alone and a token for each where None.
        metrics: of /metrics.
    """

    folder: Path
    ledger: Path
    web: WebSettings | None = None
    metrics: MetricsSettings | None = None

    def __post_init__(self) -> None:
        self.repository = Repository(self.ledger, callbacks=TERMS)
        promise = CallbackPromise(at=after(30), by="PJSIP/agent2", due_at=None)
        self.repository.record_all([a_call(CALL, callbacks=(promise,))])
        kept = Kept(self.folder / "reports")
        keep(kept, NOW.astimezone(SEOUL), (NAME,))
        self.report = kept.all()[0].id
        workshop = Workshop(lambda: str(self.ledger), BASIS, Institution(), kept, lambda: NOW)
        self.cases = CaseDesk(self.repository.store, CHARTER, WorkTime(zone=SEOUL), PLAIN, lambda: NOW)
        self.cases.open(NewCase(commitment="voc_simple", received_at=NOW, reference=CASE), Actor("kim", "supervisor"))
        Draws(self.repository.store).make(
            month_of("2026-03", SEOUL), definition_of(Settings()), seed=1, by="kim", now=NOW + timedelta(days=31)
        )
        self.page = Page(
            self.web
            or WebSettings(
                user=(user("kim"), user("wall", "board")),
                token=(token("archive", "supervisor"), token("screen", "board"), token("intake", "cases")),
            ),
            "en",
            Sources(
                board=Board(systems=["pbx1"], zone=SEOUL),
                systems={"pbx1": Source(NOW)},
                store=Source(NOW),
                clock=lambda: NOW,
                zone=SEOUL,
                repository=self.repository,
                lines=("main",),
                reports=ReportSources(
                    workshop=workshop,
                    kept=kept,
                    zone=SEOUL,
                    rules=tuple(rule.label for rule in BASIS.rules),
                    first_call_at=lambda: NINE - timedelta(days=1),
                    agents=True,
                ),
                cases=self.cases,
                callbacks=CallbackDesk(
                    self.repository.store,
                    PLAIN,
                    lambda: NOW,
                    terms=TERMS,
                    due_soon=timedelta(hours=2),
                    forget=timedelta(days=30),
                ),
                reviews=ReviewDesk(self.repository.store, lambda _name: (), lambda: NOW),
            ),
        )
        self.workshop = workshop
        self.registry = CollectorRegistry()
        Counter("callcenter_calls", "Calls ended.", registry=self.registry)
        self.serving = Serving(
            self.web or WebSettings(),
            self.metrics or MetricsSettings(),
            self.registry,
            systems={"pbx1": Source(NOW)},
            store=Source(NOW),
            page=self.page.app,
        )

    @asynccontextmanager
    async def open(self, **client: Any) -> AsyncIterator[httpx.AsyncClient]:
        """A browser in front of it, in which nobody has signed in."""
        try:
            async with (
                self.serving.on(bind()) as (url, self.metrics_url),
                httpx.AsyncClient(base_url=url, trust_env=False, **client) as browser,
            ):
                yield browser
        finally:
            await self.workshop.close()
            self.repository.close()


@contextmanager
def running(house: House) -> Iterator[str]:
    """It, on a loop of its own in a thread, for programs that are waited for; gives its URL."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    urls: list[str] = []
    ready = threading.Event()

    async def serve() -> None:
        async with house.open() as browser:
            urls.append(str(browser.base_url).rstrip("/"))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


async def as_person(browser: httpx.AsyncClient, name: str) -> None:
    browser.cookies.clear()
    assert (await sign_in(browser, name)).status_code == 303


def routes_in(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path that an application knows, its mounted ones too."""
    for route in routes:
        if isinstance(route, Route):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, prefix + route.path
        elif isinstance(route, Mount):
            if route.routes:
                yield from routes_in(route.routes, prefix + route.path)
            else:
                yield "GET", f"{prefix}{route.path}/{{path}}"
        else:
            raise TypeError(f"a route of another kind: {route}")

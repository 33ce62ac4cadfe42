"""The page of reports over real sockets: a month's ledger, a workshop with its processes, a folder of reports."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx
from starlette.applications import Starlette

from monitor.board import Board
from monitor.ledger.beginning import first_call_at
from monitor.ledger.store import Store
from monitor.page.access import Access
from monitor.page.render import Renderer
from monitor.page.reports import ReportPages, ReportSources
from monitor.report_worker import Workshop
from monitor.reports.kept import Kept
from monitor.reports.order import FileFormat, House, Order
from monitor.reports.periods import Period
from monitor.web import WebServer, bind
from tests.reports.month import BASIS, SEOUL

from .doors import Clock, settings, sign_in, token_in, user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=SEOUL)
MONTH = {"span": "month", "month": "2026-10", "ko": "yes", "json": "yes"}
"""The form, filled in for what takes least time to make."""
PATIENCE_SECONDS = 60.0


@dataclass
class Office:
    """Who asks for reports, and where they are made.

    Args:
        store: URL of the ledger.
        folder: where reports are kept.
        agents: whether figures of single agents may be told.
        now: the time in the centre.
    """

    store: str
    folder: Path
    agents: bool = True
    now: datetime = NOW

    @property
    def kept(self) -> Kept:
        return Kept(self.folder)

    @asynccontextmanager
    async def open(self, *, role: str | None = "supervisor", language: str = "en") -> AsyncIterator[Desk]:
        """A browser in front of the page, of a user with a role; of whoever sits at the machine where there is none."""
        renderer = Renderer(SEOUL, "ko")
        clock = Clock(self.now)
        workshop = Workshop(lambda: self.store, BASIS, House(), self.kept, clock)
        rules = tuple(rule.label for rule in BASIS.rules)
        store = Store(self.store)
        sources = ReportSources(
            workshop=workshop,
            kept=self.kept,
            zone=SEOUL,
            rules=rules,
            first_call_at=lambda: first_call_at(store),
            agents=self.agents,
        )
        pages = ReportPages(renderer, sources, Board(zone=SEOUL), clock, lines=BASIS.lines)
        access = Access(settings(user(role=role)) if role else settings(), renderer, clock)
        app = Starlette(routes=[*pages.routes, *access.routes], middleware=access.middleware)
        try:
            async with (
                WebServer(app, bind()) as server,
                httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=PATIENCE_SECONDS) as client,
            ):
                if role:
                    await sign_in(client)
                client.cookies.set("callmonitor_language", language)
                yield Desk(client, workshop)
        finally:
            await workshop.close()
            store.close()


@dataclass
class Desk:
    """A browser that has the page open."""

    client: httpx.AsyncClient
    workshop: Workshop
    _csrf: str = ""

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def post(self, path: str, fields: Mapping[str, str]) -> httpx.Response:
        """Send a form with the token of its page."""
        self._csrf = self._csrf or token_in((await self.get("/reports")).text)
        body = urlencode({"csrf": self._csrf, **fields})
        return await self.client.post(path, content=body, headers={"content-type": "application/x-www-form-urlencoded"})

    async def order(self, **fields: str) -> str:
        """Order what the form says; returns the job's id."""
        answer = await self.post("/reports", MONTH | fields)
        assert answer.status_code == 303, text_of(answer.text)
        found = re.fullmatch(r"/reports\?job=([\w-]+)#work", answer.headers["location"])
        assert found is not None
        return found[1]

    async def made(self, job_id: str) -> str:
        """What the page's script is told once nothing is active any more."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                work = (await self.get(f"/reports/work?job={job_id}")).text
                if 'data-again="' not in work:
                    return work
                await asyncio.sleep(0.1)


def text_of(html: str) -> str:
    """The words a reader sees, with one space between them."""
    return " ".join(unescape(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)).split())


def links_in(html: str) -> list[str]:
    """What can be downloaded, in its order."""
    return [unescape(link) for link in re.findall(r'href="(/reports/kept/[^"]+)"', html)]


def keep(kept: Kept, at: datetime, names: tuple[str, ...] = ("x.ko.pdf",), **order: object) -> None:
    """A report as another day's would be, with files that hold their names."""

    def write(folder: Path) -> None:
        for name in names:
            (folder / name).write_text(name, encoding="utf-8")

    wanted = Order(**({"period": Period.month("2026-09", SEOUL), "formats": (FileFormat.PDF,)} | order))  # type: ignore[arg-type] # an order's own fields
    kept.keep(wanted, at, write)

"""The pages of calls over real sockets, with a ledger and a board behind them."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette

from monitor.ledger.search import Search
from monitor.page.access import Access
from monitor.page.calls import CallPages
from monitor.page.render import Renderer
from monitor.web import WebServer, bind
from tests.ledger.records import NINE, a_call

from .doors import Clock, settings, sign_in, user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.board import Board
    from monitor.calls.facts import Call
    from monitor.ledger import Repository


SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""Nine in the evening in Seoul, on the day whose calls the tests write."""
HTML = '<script>alert("1")</script>'


@dataclass
class Centre:
    """A ledger and a board to look at."""

    repository: Repository
    board: Board
    clock: Clock

    @asynccontextmanager
    async def open(self, *, role: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A browser in front of the pages: of whoever sits at the machine, or of a user with a role."""
        renderer = Renderer(SEOUL, "en")
        search = Search(self.repository.store)
        pages = CallPages(renderer, self.board, search, self.repository, self.clock, lines=("main", "night"))
        access = Access(settings(user(role=role)) if role is not None else settings(), renderer, self.clock)
        app = Starlette(routes=[*pages.routes, *access.routes], middleware=access.middleware)
        async with WebServer(app, bind()) as server, httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
            if role is not None:
                await sign_in(client)
            yield client

    def get(self, *paths: str, role: str | None = None, language: str = "en") -> list[httpx.Response]:
        async def ask() -> list[httpx.Response]:
            async with self.open(role=role) as client:
                client.cookies.set("callmonitor_language", language)
                return [await client.get(path) for path in paths]

        return asyncio.run(ask())

    def page(self, path: str, **how: Any) -> str:
        (answer,) = self.get(path, **how)
        assert answer.status_code == 200, answer.text
        return answer.text

    def rows(self, path: str, **how: Any) -> list[list[str]]:
        """The cells of the list."""
        body = self.page(path, **how).partition("<tbody>")[2].partition("</tbody>")[0]
        return [
            [text_of(cell) for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL)]
            for row in body.split("<tr>")[1:]
        ]

    def csv(self, path: str, **how: Any) -> list[list[str]]:
        (answer,) = self.get(path, **how)
        assert answer.status_code == 200
        assert answer.content.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def text_of(html: str) -> str:
    """The words a reader sees, with one space between them."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def linked(page: str) -> list[str]:
    """The linkedids a list leads to, in its order."""
    return re.findall(r'<th scope="row"[^>]*><a href="/calls/pbx1/([^"]+)"', page)


def at(seconds: float, linkedid: str, **changes: Any) -> Call:
    """A call that entered so long after nine."""
    by = timedelta(seconds=seconds)
    moved = a_call(linkedid, **changes)
    return replace(moved, entered_at=NINE + by, ended_at=NINE + by + timedelta(seconds=60))

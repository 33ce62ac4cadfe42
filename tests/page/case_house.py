"""The pages and the API of cases over a real ledger, with their door before them, and those who come to it."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import text

from monitor.board import Board
from monitor.commitments.cases import Actor, NewCase
from monitor.commitments.desk import CaseDesk
from monitor.commitments.register import CHARTER
from monitor.config_web import WebSettings
from monitor.ledger import Repository
from monitor.numbers import PLAIN
from monitor.page.app import Page, Sources
from monitor.page.render import case_path
from monitor.worktime import Shift, WorkTime

from .centre import text_of
from .doors import Clock, sign_in, token_in, user
from .sources import Source
from .test_access_rights import token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from monitor.commitments.cases import Case
    from monitor.ledger.access_log import Access
    from monitor.numbers import Numbers

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
"""Noon in Seoul on a Wednesday; the days around it are working days from Monday to Friday."""
WORK = WorkTime(zone=SEOUL, week=(Shift.read("09:00-18:00"),) * 5 + (None, None))
KIM = Actor("kim", "supervisor")


def day(text: str) -> datetime:
    """The first instant of a day in Seoul."""
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


class Noted:
    """Takes what was seen, as the access log does."""

    def __init__(self) -> None:
        self.all: list[Access] = []

    def record(self, access: Access) -> None:
        self.all.append(access)


class CaseHouse:
    """One ledger with a desk of cases: `kim` is a supervisor, `lee` one of the board.

    Args:
        path: of an empty ledger.
        numbers: how it keeps numbers.
        full: supervisors see numbers in full.
    """

    def __init__(self, path: Path, *, numbers: Numbers = PLAIN, full: bool = False) -> None:
        self.clock = Clock(NOW)
        self.repository = Repository(path, numbers=numbers)
        self.desk = CaseDesk(self.repository.store, CHARTER, WORK, numbers, self.clock)
        self.noted = Noted()
        self._cookies: dict[str, httpx.Cookies] = {}
        web = WebSettings(
            user=(user("kim"), user("lee", "board")),
            token=(token("intake", "cases"), token("archive", "supervisor"), token("screen", "board")),
            numbers_for=("supervisor",) if full else (),
        )
        self.page = Page(
            web,
            "en",
            Sources(
                board=Board(systems=["pbx1"], zone=SEOUL),
                systems={"pbx1": Source(NOW)},
                store=Source(NOW),
                clock=self.clock,
                zone=SEOUL,
                repository=self.repository,
                lines=("main",),
                cases=self.desk,
                accesses=self.noted,
            ),
        )

    def open(self, commitment: str = "voc_simple", received: str = "2026-11-23", **more: Any) -> Case:
        """Open a case at the desk itself."""
        return self.desk.open(NewCase(commitment=commitment, received_at=day(received), **more), KIM)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """What the ledger holds, asked past everything else."""
        with self.repository.store.reading() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    @asynccontextmanager
    async def client(self, who: str | None = "kim", language: str = "en") -> AsyncIterator[httpx.AsyncClient]:
        """A browser of somebody's, signed in; or with a token where `who` is a program."""
        transport = httpx.ASGITransport(self.page.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://board.test") as client:
            if who in ("kim", "lee"):
                if who not in self._cookies:
                    assert (await sign_in(client, who)).status_code == 303
                    self._cookies[who] = client.cookies
                client.cookies = self._cookies[who]
            elif who is not None:
                client.headers["authorization"] = f"Bearer token of {who}"
            client.cookies.set("callmonitor_language", language)
            yield client

    def ask(self, asking: Callable[[httpx.AsyncClient], Awaitable[Any]], who: str | None = "kim", **how: Any) -> Any:
        """What somebody gets."""

        async def run() -> Any:
            async with self.client(who, **how) as client:
                return await asking(client)

        return asyncio.run(run())

    def get(self, path: str, who: str | None = "kim", **how: Any) -> httpx.Response:
        return self.ask(lambda client: client.get(path), who, **how)  # type: ignore[no-any-return] # of its lambda

    def post(self, path: str, fields: dict[str, str], page: str | None = None, **more: Any) -> httpx.Response:
        """Send a form of a page's, as kim's browser does: with its token, and what it has hidden beside that."""

        async def send(client: httpx.AsyncClient) -> httpx.Response:
            html = (await client.get(page or path)).text
            return await client.post(path, data={"csrf": token_in(html)} | fields, **more)

        return self.ask(send)  # type: ignore[no-any-return] # as above

    def call(self, method: str, path: str, who: str | None = "intake", **how: Any) -> httpx.Response:
        """What a program gets of the API."""
        return self.ask(lambda client: client.request(method, f"/api/v1{path}", **how), who)  # type: ignore[no-any-return] # as above


def kept(house: CaseHouse) -> list[Any]:
    """All that the ledger holds of cases."""
    return [*house.sql("select * from cases order by reference"), *house.sql("select * from case_events order by id")]


def rows(page: str) -> list[list[str]]:
    """The cells of the list."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [text_of(cell) for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL)]
        for row in re.split(r"<tr[^>]*>", body)[1:]
    ]


def step(house: CaseHouse, reference: str, name: str, **fields: str) -> Any:
    """Send one of the forms on a case's page, as the page shows it."""
    path = case_path(reference)
    seen = re.search(r'name="seen" value="([^"]+)"', house.get(path).text)
    assert seen is not None
    return house.post(path, {"step": name, "seen": seen[1]} | fields)

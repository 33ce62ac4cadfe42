"""The pages and the API of calls back over a real ledger, and those who work with them."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx

from monitor.board import Board
from monitor.callbacks.desk import CallbackDesk
from monitor.config_web import WebSettings
from monitor.ledger import Repository
from monitor.numbers import PLAIN
from monitor.page.app import Page, Sources
from monitor.page.callbacks_form import callback_path
from tests.ledger.callback_facts import TERMS, at

from .case_house import SEOUL, Noted
from .doors import Clock, sign_in, user
from .sources import Source
from .test_access_rights import token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from monitor.calls.facts import CallKey
    from monitor.ledger.rows import StoredFact
    from monitor.numbers import Numbers

PEOPLE = ("kim", "park", "lee")


class CallbackHouse:
    """One ledger with a desk of calls back: `kim` and `park` are supervisors, `lee` is one of the board.

    Args:
        path: of an empty ledger.
        facts: what is in it.
        numbers: how it keeps numbers.
        full: supervisors see numbers in full.
    """

    def __init__(self, path: Path, *facts: StoredFact, numbers: Numbers = PLAIN, full: bool = False) -> None:
        self.clock = Clock(at(60))
        self.repository = Repository(path, numbers=numbers, callbacks=TERMS)
        self.repository.record_all(facts)
        self.desk = CallbackDesk(
            self.repository.store,
            numbers,
            self.clock,
            terms=TERMS,
            due_soon=timedelta(hours=2),
            forget=timedelta(days=30),
        )
        self.noted = Noted()
        web = WebSettings(
            user=(user("kim"), user("park"), user("lee", "board")),
            token=(token("intake", "cases"), token("archive", "supervisor"), token("screen", "board")),
            numbers_for=("supervisor",) if full else (),
        )
        self.board = Board(systems=["pbx1", "pbx2"], zone=SEOUL)
        self.page = Page(
            web,
            "en",
            Sources(
                board=self.board,
                systems={"pbx1": Source(at(60))},
                store=Source(at(60)),
                clock=self.clock,
                zone=SEOUL,
                repository=self.repository,
                lines=("main",),
                callbacks=self.desk,
                accesses=self.noted,
            ),
        )

    @asynccontextmanager
    async def client(self, who: str | None = "kim", language: str = "en") -> AsyncIterator[httpx.AsyncClient]:
        """A browser of somebody's, signed in; or with a token where `who` is a program."""
        transport = httpx.ASGITransport(self.page.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://board.test") as client:
            if who in PEOPLE:
                assert (await sign_in(client, who)).status_code == 303
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

    def post(
        self, key: CallKey, fields: dict[str, str], who: str = "kim", *, seen: str | None = None
    ) -> httpx.Response:
        """Send a form of a call back's page, as a browser does that has just opened it; `seen` is from before."""

        async def send(client: httpx.AsyncClient) -> httpx.Response:
            html = (await client.get(callback_path(key))).text
            hidden = dict(re.findall(r'type="hidden" name="(csrf|seen)" value="([^"]*)"', html))
            return await client.post(callback_path(key), data=hidden | ({"seen": seen} if seen else {}) | fields)

        return self.ask(send, who)  # type: ignore[no-any-return] # of its lambda

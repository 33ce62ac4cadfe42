"""The JSON API over a real ledger and a real board, and those who ask it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette

from monitor.board import Board
from monitor.calls.facts import AgentState, AgentStatus, CallKey, Gap, GapCause, RingBreach
from monitor.ledger import Repository
from monitor.ledger.search import Search
from monitor.page.api import Api
from monitor.page.viewer import Viewer
from tests.ledger.records import after

from .ringing import a_phone_rings
from .sources import Source

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Send
    from starlette.types import Scope as AsgiScope


SEOUL = ZoneInfo("Asia/Seoul")
BOARD = Viewer(name="wall", role="board")
MASKED = Viewer(name="kim", role="supervisor")
FULL = Viewer(name="lee", role="supervisor", numbers=True)
NOW = after(3600)
"""10:00 UTC of that Monday: 19:00 in Seoul, whose day began at 15:00 UTC on Sunday."""


class As:
    """Lets a viewer in, as the page's door does."""

    def __init__(self, app: ASGIApp, viewer: Viewer) -> None:
        self._app, self._viewer = app, viewer

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["viewer"] = self._viewer
        await self._app(scope, receive, send)


class Asking:
    """An API over a real ledger and a real board."""

    def __init__(self, path: Path) -> None:
        self.repository = Repository(path)
        self.board = Board(systems=["pbx1", "pbx2"], zone=SEOUL)
        self.store = Source(NOW)
        self.api = Api(
            board=self.board,
            systems={"pbx1": Source(NOW), "pbx2": Source(NOW, up=False)},
            source=self.store,
            search=Search(self.repository.store),
            repository=self.repository,
            clock=lambda: NOW,
        )
        self._app = Starlette(routes=self.api.routes)

    @asynccontextmanager
    async def client(self, viewer: Viewer) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(As(self._app, viewer))
        async with httpx.AsyncClient(transport=transport, base_url="http://board.test/api/v1") as client:
            yield client

    def get(self, path: str, viewer: Viewer = FULL, *, method: str = "GET", **parameters: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with self.client(viewer) as client:
                return await client.request(method, path, params=parameters or None)

        return asyncio.run(ask())

    def found(self, path: str, viewer: Viewer = FULL, **parameters: Any) -> Any:
        answer = self.get(path, viewer, **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.json()


def ringing(asking: Asking) -> CallKey:
    """A caller whose phone has rung since 9:59:50.5, ten seconds less a half before now: ring 4 since half a second."""
    key = CallKey(system="pbx1", linkedid="1772445585.7")
    entered, rang = NOW - timedelta(seconds=15), NOW - timedelta(seconds=9, milliseconds=500)
    for fact in (
        *a_phone_rings(key, entered_at=entered, rang_at=rang),
        RingBreach(
            key=key,
            line="main",
            queue="support",
            at=rang + timedelta(seconds=9),
            rings=4,
            agents=("PJSIP/agent1",),
            rule="three-rings/1",
        ),
        AgentState(
            system="pbx1",
            queue="support",
            agent="PJSIP/agent1",
            member="Agent1",
            status=AgentStatus.RINGING,
            at=rang,
        ),
        Gap(system="pbx2", started_at=after(3000), ended_at=None, cause=GapCause.NOT_CONNECTED),
    ):
        asking.board.record(fact)
    return key


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """What a refusal says, in the form all of them have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == "about:blank"
    assert body["status"] == status
    assert body["detail"].endswith((".", "?"))
    return body

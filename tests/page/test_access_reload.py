"""Who may come in changes while the page is served: sign-ins that fit hold on, and the others end, streams too."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

from monitor.config_web import TokenSettings, WebSettings
from monitor.errors import ConfigError
from monitor.page.access import Access
from monitor.page.render import Renderer
from monitor.web import WebServer, bind

from .doors import HASHER, PASSWORD, ROUTES, SESSION, Clock, settings, sign_in, user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

TOKEN = "callmonitor_token"


async def ticks(_request: Request) -> Response:
    """A stream that never ends by itself."""

    async def parts() -> AsyncIterator[str]:
        while True:
            yield "data: tick\n\n"
            await asyncio.sleep(0.01)  # as a board's stream does, it goes on whether anything happens or not

    return StreamingResponse(parts(), media_type="text/event-stream")


@asynccontextmanager
async def door(web: WebSettings, clock: Clock) -> AsyncIterator[tuple[Access, httpx.AsyncClient]]:
    """The door, and a browser in front of it."""
    access = Access(web, Renderer(ZoneInfo("Asia/Seoul"), "en"), clock)
    page = Starlette(routes=[*access.routes, *ROUTES, Route("/ticks", ticks)], middleware=access.middleware)
    async with WebServer(page, bind()) as server, httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        yield access, client


async def streams_on(client: httpx.AsyncClient, change: Callable[[], None]) -> bool:
    """Whether a stream goes on after a change that is made while it runs: 20 parts later."""
    seen = 0
    async with client.stream("GET", "/ticks") as answer:
        assert answer.status_code == 200
        async for _ in answer.aiter_text():
            seen += 1
            if seen == 2:
                change()
            if seen == 22:
                return True
    return False


def test_a_sign_in_holds_on_and_ends_with_its_right() -> None:
    async def ask() -> None:
        clock = Clock()
        async with door(settings(user(), user("lee", "board")), clock) as (access, client):
            await sign_in(client)
            access.prepare(settings(user(), user("park")))()
            assert (await client.get("/")).json()["name"] == "kim", "nothing of hers has changed"

            clock.move(seconds=2)
            access.prepare(settings(user(role="board")))()
            assert (await client.get("/")).json()["role"] == "board"
            assert (await client.get("/calls")).status_code == 403, "a role is of the moment"

            access.prepare(settings(user("park")))()
            assert (await client.get("/")).status_code == 303, "she may not come any more"
            access.prepare(settings(user()))()
            assert (await client.get("/")).status_code == 200

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("then", "goes_on"),
    [("the same", True), ("another role", False), ("another user", False), ("no numbers", False)],
)
def test_an_open_stream_ends_with_the_right_it_came_by(then: str, goes_on: bool) -> None:
    """What it shows was chosen by the role it began with."""
    others = {
        "the same": settings(user(), user("lee")),
        "another role": settings(user(role="board")),
        "another user": settings(user("lee")),
        "no numbers": settings(user(), numbers_for=()),
    }

    async def ask() -> bool:
        async with door(settings(user()), Clock()) as (access, client):
            await sign_in(client)
            return await streams_on(client, access.prepare(others[then]))

    assert asyncio.run(ask()) is goes_on


def test_a_page_that_was_open_to_all_here_asks_from_now_on() -> None:
    async def ask() -> None:
        async with door(settings(), Clock()) as (access, client):
            assert (await client.get("/")).json()["role"] == "supervisor"
            assert (await client.get("/", headers={"host": "board.example.org"})).status_code == 421
            assert not await streams_on(client, access.prepare(settings(user())))
            assert (await client.get("/")).status_code == 303
            # Who signs in may come by any name.
            assert (await client.get("/", headers={"host": "board.example.org"})).status_code == 303
            access.prepare(settings())()
            assert (await client.get("/", headers={"host": "board.example.org"})).status_code == 421

    asyncio.run(ask())


def test_signing_out_is_not_undone_and_another_key_signs_all_out(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("k" * 32, encoding="ascii")
    web = settings(user(), session_secret_file=key)

    async def ask() -> None:
        async with door(web, Clock()) as (access, client):
            await sign_in(client)
            left = {"cookie": f"{SESSION}={client.cookies[SESSION]}"}
            csrf = (await client.get("/")).json()["csrf"]
            origin = {"origin": str(client.base_url).rstrip("/")}
            assert (await client.post("/logout", data={"csrf": csrf}, headers=origin)).status_code == 303
            access.prepare(web)()
            client.cookies.clear()
            assert (await client.get("/", headers=left)).status_code == 303, "a copy of the cookie is worth nothing"

            client.cookies.clear()
            await sign_in(client)
            access.prepare(web)()
            assert (await client.get("/")).status_code == 200
            key.write_text("another".ljust(32, "k"), encoding="ascii")
            access.prepare(web)()
            assert (await client.get("/")).status_code == 303
            await sign_in(client)
            assert (await client.get("/")).status_code == 200

            key.write_text("short", encoding="ascii")
            with pytest.raises(ConfigError):
                access.prepare(web)
            assert (await client.get("/")).status_code == 200, "what was refused changes nothing"

    asyncio.run(ask())


def test_a_password_and_a_token_are_those_of_the_moment() -> None:
    token = TokenSettings(name="wall", sha256=SecretStr(hashlib.sha256(TOKEN.encode()).hexdigest()))
    bearer = {"authorization": f"Bearer {TOKEN}"}

    async def ask() -> None:
        async with door(settings(user()), Clock()) as (access, client):
            assert (await client.get("/api/v1/board", headers=bearer)).status_code == 401
            access.prepare(settings(user(), token=(token,)))()
            assert (await client.get("/api/v1/board", headers=bearer)).json()["name"] == "wall"
            access.prepare(settings(user()))()
            assert (await client.get("/api/v1/board", headers=bearer)).status_code == 401

            await sign_in(client)
            changed = user().model_copy(update={"password_hash": SecretStr(HASHER.hash("another password"))})
            access.prepare(settings(changed))()
            assert (await client.get("/")).status_code == 303
            assert (await sign_in(client, password=PASSWORD)).status_code == 403
            assert (await sign_in(client, password="another password")).status_code == 303

    asyncio.run(ask())

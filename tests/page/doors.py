"""The page's door over real sockets: users, programs, and routes that say whom they see."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
from argon2 import PasswordHasher
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route

from monitor.config_web import UserSettings, WebSettings
from monitor.page.access import Access
from monitor.page.render import Renderer
from monitor.page.viewer import viewer_of
from monitor.web import WebServer, bind, create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

SESSION = "callmonitor_session"
FORM = "callmonitor_form"
"""The cookies of a sign-in and of its form."""
PASSWORD = "correct horse 배터리"
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""As cheap as argon2 can be: what is tested is not how long it takes."""
HASH = HASHER.hash(PASSWORD)


@dataclass
class Clock:
    """Stands still until it is moved."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 25, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


def user(name: str = "kim", role: str = "supervisor", *, file: Path | None = None) -> UserSettings:
    if file is not None:
        return UserSettings(name=name, role=role, password_hash_file=file)  # type: ignore[arg-type] # pydantic checks
    return UserSettings(name=name, role=role, password_hash=SecretStr(HASH))  # type: ignore[arg-type] # as above


def settings(*users: UserSettings, **others: Any) -> WebSettings:
    return WebSettings(user=users, **others)


async def whom(request: Request) -> Response:
    """Whom a route sees."""
    viewer = viewer_of(request)
    return JSONResponse({"name": viewer.name, "role": viewer.role, "numbers": viewer.numbers, "csrf": viewer.csrf})


async def changed(request: Request) -> Response:
    """A form that does something."""
    return PlainTextResponse(f"done: {request.state.form['what']}")


async def static(_request: Request) -> Response:
    return PlainTextResponse("body {}", headers={"etag": '"1"'})


ROUTES: Sequence[BaseRoute] = (
    Route("/", whom),
    Route("/calls", whom),
    Route("/calls/{system}/{linkedid:path}", whom),
    Route("/change", changed, methods=["POST"]),
    Route("/static/page.css", static),
    Route("/api/v1/board", whom, methods=["GET", "POST"]),
    Route("/api/v1/calls", whom),
)


@asynccontextmanager
async def served(
    web: WebSettings | None = None,
    clock: Clock | None = None,
    routes: Sequence[BaseRoute] = (),
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in front of the page as these settings have it."""
    renderer = Renderer(ZoneInfo("Asia/Seoul"), "en")
    access = Access(web or WebSettings(), renderer, clock or Clock())
    page = Starlette(routes=[*access.routes, *ROUTES, *routes], middleware=access.middleware)
    app = create_app(CollectorRegistry(), {}, _Store(), routes=[Mount("/", page)])
    async with WebServer(app, bind()) as server, httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        yield client


@dataclass
class _Store:
    up: bool = True
    reason: str | None = None


def token_in(html: str) -> str:
    """What a form brings along to be known as ours."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', html)
    assert found is not None
    return found[1]


async def sign_in(
    client: httpx.AsyncClient,
    name: str = "kim",
    password: str = PASSWORD,
    *,
    then: str = "/",
    address: str | None = None,
) -> httpx.Response:
    """Open the form, fill it in and send it, as a browser does; from another address where one is given."""
    form = await client.get("/login", params={"next": then})
    fields = {"name": name, "password": password, "next": then, "csrf": token_in(form.text)}
    # uvicorn believes a proxy on loopback, which the tests are for it.
    headers = {"origin": str(client.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
    return await client.post("/login", data=fields, headers=headers | ({"x-forwarded-for": address} if address else {}))

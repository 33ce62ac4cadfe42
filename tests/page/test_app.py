"""The page as a whole over real sockets: what it answers where no route does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.routing import Mount

from monitor.board import Board
from monitor.ledger import Repository
from monitor.page.app import Page, Sources
from monitor.web import WebServer, bind, create_app

from .asking import problem
from .centre import NOW, SEOUL
from .doors import Clock, settings, sign_in, token_in, user
from .sources import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.applications import Starlette


@pytest.fixture
def app(ledger: Path) -> Iterator[Starlette]:
    """The monitor's whole HTTP side, with one user and an empty ledger."""
    repository = Repository(ledger)
    store = Source(NOW)
    sources = Sources(
        board=Board(zone=SEOUL),
        systems={},
        store=store,
        clock=Clock(NOW),
        zone=SEOUL,
        repository=repository,
        lines=("main",),
    )
    page = Page(settings(user(role="board")), "ko", sources)
    yield create_app(CollectorRegistry(), {}, store, routes=[Mount("/", page.app)])
    repository.close()


def asked(app: Starlette, path: str, *, method: str = "GET", signed_in: bool = True) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with WebServer(app, bind()) as server, httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
            if signed_in:
                await sign_in(client)
            csrf = token_in((await client.get("/" if signed_in else "/login")).text)
            return await client.request(method, path, data={"csrf": csrf} if method == "POST" else None)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "language", "words"),
    [
        ("/nope", "ko", "이 주소에는 화면이 없습니다."),
        ("/nope?lang=en", "en", "Nothing is under this address."),
        ("/static/nope", "ko", "이 주소에는 화면이 없습니다."),
        ("/wall/nope", "ko", "이 주소에는 화면이 없습니다."),
    ],
)
def test_an_address_that_nothing_is_under_is_told_on_a_page(
    app: Starlette, path: str, language: str, words: str
) -> None:
    answer = asked(app, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}">' in answer.text
    assert words in answer.text
    assert 'href="/wall"' in answer.text
    assert "Not Found" not in answer.text


def test_a_file_that_is_not_there_says_so_to_whoever_has_not_signed_in(app: Starlette) -> None:
    answer = asked(app, "/static/nope", signed_in=False)
    assert answer.status_code == 404
    assert "이 주소에는 화면이 없습니다." in answer.text
    assert 'href="/wall"' not in answer.text


@pytest.mark.parametrize(("path", "method", "allowed"), [("/logout", "GET", "POST"), ("/wall", "POST", "GET, HEAD")])
def test_a_method_that_an_address_does_not_take_is_told_on_a_page(
    app: Starlette, path: str, method: str, allowed: str
) -> None:
    answer = asked(app, path, method=method)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == set(allowed.split(", "))
    assert "이 주소로는 처리할 수 없는 요청입니다." in answer.text


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v2/board", "/api/v1/nope"])
def test_an_address_of_the_api_that_nothing_is_under_is_a_problem(app: Starlette, path: str) -> None:
    told = problem(asked(app, path), 404)
    assert told["title"] == "Not Found"

"""What every answer tells the browser to refuse, and which names the page answers to where nobody signs in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from starlette.responses import StreamingResponse
from starlette.routing import Route

from monitor.addresses import names_loopback

from .asking import problem
from .doors import served, settings, sign_in, user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    from starlette.requests import Request
    from starlette.responses import Response

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "media-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


@pytest.mark.parametrize("path", ["/", "/login", "/calls", "/static/page.css", "/api/v1/board", "/nowhere", "/logout"])
def test_every_answer_has_the_security_headers(path: str) -> None:
    async def ask() -> list[httpx.Response]:
        async with served(settings(user())) as client:
            outside = await client.get(path)
            await sign_in(client)
            return [outside, await client.get(path)]

    for answer in asyncio.run(ask()):
        assert set(answer.headers["content-security-policy"].split("; ")) == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "strict-transport-security" not in answer.headers


def test_pages_are_never_kept_and_static_files_are_asked_for_anew() -> None:
    async def ask() -> list[str]:
        async with served() as client:
            paths = ("/", "/api/v1/board", "/nowhere", "/static/page.css")
            return [(await client.get(path)).headers["cache-control"] for path in paths]

    assert asyncio.run(ask()) == ["no-store", "no-store", "no-store", "no-cache"]


def test_browsers_insist_on_https_where_cookies_do() -> None:
    async def ask() -> str:
        async with served(settings(user(), secure_cookies=True)) as client:
            return str((await client.get("/login")).headers["strict-transport-security"])

    # 365 days of 86,400 s.
    assert asyncio.run(ask()) == "max-age=31536000"


def test_a_route_that_fails_is_told_without_its_reason_and_with_the_headers() -> None:
    async def fail(_request: Request) -> Response:
        raise RuntimeError("pa55word")

    async def ask() -> httpx.Response:
        async with served(routes=[Route("/fail", fail)]) as client:
            return await client.get("/fail")

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert answer.text == "처리하지 못했습니다. 이유는 로그에 있습니다.\nThis failed; the log says why.\n"
    assert set(answer.headers["content-security-policy"].split("; ")) == POLICY
    assert answer.headers["cache-control"] == "no-store"


def test_a_route_of_the_api_that_fails_is_a_problem() -> None:
    async def fail(_request: Request) -> Response:
        raise RuntimeError("pa55word")

    async def ask() -> httpx.Response:
        async with served(routes=[Route("/api/v1/fail", fail)]) as client:
            return await client.get("/api/v1/fail")

    answer = asyncio.run(ask())
    assert problem(answer, 500)["detail"] == "This failed; the monitor's log says why."
    assert "pa55word" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_what_is_streamed_is_not_held_back() -> None:
    """The second part is made only once the first has reached the browser."""

    async def ask() -> list[bytes]:
        first_arrived = asyncio.Event()

        async def parts() -> AsyncIterator[bytes]:
            yield b"data: 1\n\n"
            await first_arrived.wait()
            yield b"data: 2\n\n"

        async def stream(_request: Request) -> Response:
            return StreamingResponse(parts(), media_type="text/event-stream")

        got = []
        async with served(settings(user()), routes=[Route("/stream", stream)]) as client:
            await sign_in(client)
            async with asyncio.timeout(10), client.stream("GET", "/stream") as answer:
                assert answer.headers["content-security-policy"]
                async for part in answer.aiter_raw():
                    got.append(part)
                    first_arrived.set()
        return got

    assert asyncio.run(ask()) == [b"data: 1\n\n", b"data: 2\n\n"]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:9158", "localhost", "LocalHost:80", "[::1]", "[::1]:9158", "127.8.8.8"],
)
def test_loopback_has_several_names(host: str) -> None:
    assert names_loopback([host])


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["evil.example"],
        ["evil.example:9158"],
        ["127.0.0.1.evil.example"],
        ["localhost.evil.example"],
        ["evil.example@127.0.0.1"],
        ["127.0.0.1:9158:80"],
        ["127.0.0.1:"],
        ["127.0.0.1, evil.example"],
        ["[::1].evil.example"],
        ["[localhost]"],
        ["::1"],
        ["0.0.0.0"],
        ["192.0.2.1"],
        ["127.0.0.1", "evil.example"],
        ["2130706433"],
    ],
)
def test_other_names_are_none_of_loopback(hosts: list[str]) -> None:
    assert not names_loopback(hosts)


@pytest.mark.parametrize("path", ["/", "/calls", "/api/v1/board", "/static/page.css", "/login"])
def test_a_name_that_somebody_pointed_here_is_refused_where_nobody_signs_in(path: str) -> None:
    async def ask() -> tuple[httpx.Response, httpx.Response]:
        async with served() as client:
            return await client.get(path, headers={"host": "evil.example"}), await client.get(path)

    refused, served_here = asyncio.run(ask())
    assert refused.status_code == 421
    assert "open it as localhost" in refused.text
    assert "supervisor" not in refused.text
    assert served_here.status_code in (200, 303)


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-forwarded-proto", "forwarded"])
def test_what_a_proxy_passes_on_is_refused_where_nobody_signs_in(header: str) -> None:
    """A proxy on this machine sends a name of loopback for everybody it serves."""

    async def ask() -> int:
        async with served() as client:
            return (await client.get("/calls", headers={header: "203.0.113.9"})).status_code

    assert asyncio.run(ask()) == 421


def test_where_people_sign_in_any_name_is_served() -> None:
    """A cookie goes to the name that gave it only, so that another name brings nobody in."""

    async def ask() -> int:
        async with served(settings(user())) as client:
            return (await client.get("/login", headers={"host": "board.example.org"})).status_code

    assert asyncio.run(ask()) == 200

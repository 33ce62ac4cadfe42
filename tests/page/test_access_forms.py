"""Which forms do something: those of their own sign-in and site, of ours, and whole. Over real sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from .doors import PASSWORD, SESSION, served, settings, sign_in, token_in, user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def send(client: httpx.AsyncClient, csrf: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return await client.post("/change", data={"csrf": csrf, "what": "x"}, headers=headers)


def test_a_form_does_something_only_with_the_token_of_its_own_sign_in() -> None:
    async def ask() -> dict[str, int]:
        async with served(settings(user(), user("lee"))) as client:
            await sign_in(client, "lee")
            others = (await client.get("/")).json()["csrf"]
            client.cookies.clear()
            before = token_in((await client.get("/login")).text)
            await sign_in(client)
            mine = (await client.get("/")).json()["csrf"]
            tokens = {"mine": mine, "another's": others, "the sign-in form's": before, "none": "", "cut": mine[:-1]}
            found = {name: (await send(client, token)).status_code for name, token in tokens.items()}
            found["not there"] = (await client.post("/change", data={"what": "x"})).status_code
            found["not ASCII"] = (await send(client, "토큰")).status_code
            client.cookies.clear()
            found["not signed in"] = (await send(client, mine)).status_code
            return found

    found = asyncio.run(ask())
    assert found.pop("mine") == 200
    assert found.pop("not signed in") == 303
    assert set(found.values()) == {403}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"host": "board.example.org", "origin": "https://board.example.org"}, 200),
        ({"host": "Board.example.org:443", "origin": "https://board.example.org"}, 200),
        ({"host": "board.example.org:9158", "origin": "http://board.example.org:9158"}, 200),
        ({"host": "board.example.org:9158", "origin": "http://board.example.org"}, 403),
        ({"host": "board.example.org", "origin": "https://evil.example"}, 403),
        ({"host": "board.example.org", "origin": "https://board.example.org.evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "evil"}, 403),
        ({"origin": "file://"}, 403),
    ],
)
def test_a_form_from_another_site_does_nothing(headers: dict[str, str], status: int) -> None:
    async def ask() -> httpx.Response:
        async with served(settings(user())) as client:
            await sign_in(client)
            csrf = (await client.get("/")).json()["csrf"]
            cookie = {"cookie": f"{SESSION}={client.cookies[SESSION]}"}
            return await send(client, csrf, headers | cookie)

    answer = asyncio.run(ask())
    assert answer.status_code == status
    assert ("sent from another site" in answer.text) == (status == 403)


def test_nobody_can_be_signed_in_by_another_site() -> None:
    """As whoever set the trap, so that what is done afterwards is done in that name."""

    async def ask() -> list[int]:
        async with served(settings(user())) as trap, served(settings(user())) as client:
            theirs = token_in((await trap.get("/login")).text)
            fields = {"name": "kim", "password": PASSWORD, "csrf": theirs}
            without_cookie = (await client.post("/login", data=fields)).status_code
            await client.get("/login")
            return [without_cookie, (await client.post("/login", data=fields)).status_code]

    assert asyncio.run(ask()) == [403, 403]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "PROPFIND"])
def test_nothing_else_than_reading_and_forms_is_known(method: str) -> None:
    async def ask() -> list[tuple[int, str]]:
        async with served(settings(user())) as client:
            await sign_in(client)
            answers = [await client.request(method, path) for path in ("/", "/change", "/api/v1/board")]
            return [(answer.status_code, answer.headers["allow"]) for answer in answers]

    assert asyncio.run(ask()) == [(405, "GET, HEAD")] * 3


URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"name=" + b"x" * 8188, URLENCODED, 413),  # 5 + 8,188 is one byte above 8,192
        (b"x" * 10_000_000, URLENCODED, 413),
        (b'{"name": "kim"}', {"content-type": "application/json"}, 415),
        (b"name=kim", {}, 415),
        (b"--x\r\n\r\n--x--", {"content-type": "multipart/form-data; boundary=x"}, 415),
        (b"name=%ff", URLENCODED, 400),
        (b"name=\xff", URLENCODED, 400),
        (b"&".join(b"a%d=1" % number for number in range(100)), URLENCODED, 400),
        (b"name=" + b"x" * 8187, URLENCODED, 403),  # exactly 8,192: read, and no form of ours
        (b"", URLENCODED, 403),
        (b"&&==&", {"content-type": "Application/X-WWW-Form-Urlencoded; charset=utf-8"}, 403),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_no_form_of_ours_is_refused(
    body: bytes, headers: dict[str, str], status: int, chunked: bool
) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, max(len(body), 1), 4096):
            yield body[start : start + 4096]

    async def ask() -> int:
        async with served(settings(user())) as client:
            try:
                return (await client.post("/login", content=parts() if chunked else body, headers=headers)).status_code
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                return 413  # the server had enough, and closed before all was sent

    assert asyncio.run(ask()) == status


def test_a_form_that_does_not_come_to_an_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.page.access_forms._BODY_SECONDS", 0.1)

    async def ask() -> bytes:
        async with served(settings(user())) as client:
            reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
            writer.write(
                b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname=k"
            )
            async with asyncio.timeout(10):
                answer = await reader.read()  # to the end: the connection is closed
            writer.close()
            return answer

    assert asyncio.run(ask()).startswith(b"HTTP/1.1 408 ")

"""How long a sign-in holds, and which cookies are none: over real sockets, by a clock in the hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import StreamingResponse
from starlette.routing import Route

from .doors import FORM, HASHER, PASSWORD, SESSION, Clock, served, settings, sign_in, user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send


# -- cookies -----------------------------------------------------------------------------------------------------------


async def with_cookie(client: httpx.AsyncClient, cookie: str) -> int:
    """The status of the board for whoever brings this cookie."""
    client.cookies.clear()
    return (await client.get("/", headers={b"cookie": cookie.encode()})).status_code


def test_a_cookie_that_is_not_ours_is_just_nobody() -> None:
    async def ask() -> dict[str, int]:
        async with served(settings(user(), user("lee"))) as client, served(settings(user())) as other:
            await sign_in(client)
            await sign_in(other)
            mine, others = client.cookies[SESSION], other.cookies[SESSION]
            client.cookies.clear()
            await client.get("/login")
            form = client.cookies[FORM]
            payload, stamp, signature = mine.split(".")
            cookies = {
                "mine": mine,
                "another instance's": others,
                "a form's": form,
                "cut off": mine[:-1],
                "cut in half": mine[: len(mine) // 2],
                "no signature": f"{payload}.{stamp}.",
                "another signature": f"{payload}.{stamp}.{'A' * len(signature)}",
                "another day": f"{payload}.{stamp[::-1]}.{signature}",
                "another payload": f"WyJsZWUiXQ.{stamp}.{signature}",
                "longer": mine + "A",
                "empty": "",
                "dots": "...",
                "text": "김상담",
                "huge": mine + "." + "A" * 9000,
                "compressed": f".{payload}.{stamp}.{signature}",
            }
            return {name: await with_cookie(client, f"{SESSION}={cookie}") for name, cookie in cookies.items()}

    found = asyncio.run(ask())
    assert {name for name, status in found.items() if status == 200} == {"mine"}
    assert {status for name, status in found.items() if name != "mine"} == {303}


def test_a_sign_in_ends_when_its_time_is_over() -> None:
    async def ask() -> list[int]:
        clock = Clock()
        found = []
        async with served(settings(user(), session_hours=12), clock) as client:
            await sign_in(client)
            cookie = f"{SESSION}={client.cookies[SESSION]}"
            for seconds in (0, 12 * 3600 - 1, 1, 3600):
                clock.move(seconds=seconds)
                found.append(await with_cookie(client, cookie))
        return found

    # After 0 s, 11:59:59, 12:00:00 and 13:00:00.
    assert asyncio.run(ask()) == [200, 200, 303, 303]


def test_a_key_in_a_file_lets_sign_ins_outlive_a_restart(tmp_path: Path) -> None:
    key = tmp_path / "session.secret"
    key.write_text("32-characters-of-a-key-are-there\n", encoding="utf-8")

    async def ask(**others: Any) -> int:
        async with served(settings(user(), **others)) as client:
            await sign_in(client)
            cookie = f"{SESSION}={client.cookies[SESSION]}"
        async with served(settings(user(), **others)) as client:
            return await with_cookie(client, cookie)

    assert asyncio.run(ask(session_secret_file=key)) == 200
    assert asyncio.run(ask()) == 303


def test_a_removed_user_and_a_changed_role_hold_from_the_restart_on(tmp_path: Path) -> None:
    key = tmp_path / "session.secret"
    key.write_text("32-characters-of-a-key-are-there\n", encoding="utf-8")

    async def ask() -> tuple[int, Any]:
        async with served(settings(user(), session_secret_file=key)) as client:
            await sign_in(client)
            cookie = f"{SESSION}={client.cookies[SESSION]}"
        async with served(settings(user("lee"), session_secret_file=key)) as client:
            removed = await with_cookie(client, cookie)
        async with served(settings(user(role="board"), session_secret_file=key)) as client:
            return removed, (await client.get("/", headers={"cookie": cookie})).json()

    removed, changed = asyncio.run(ask())
    assert removed == 303
    assert (changed["role"], changed["numbers"]) == ("board", False)


def test_a_changed_password_ends_the_sign_ins_made_with_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "kim.hash"
    file.write_text(HASHER.hash("the first of two"), encoding="utf-8")

    async def ask() -> list[int]:
        clock = Clock()
        found = []
        async with served(settings(user(file=file)), clock) as client:
            await sign_in(client, password="the first of two")
            found.append((await client.get("/")).status_code)
            file.write_text(HASHER.hash("the second of two"), encoding="utf-8")
            clock.move(seconds=1)
            found.append((await client.get("/")).status_code)
            found.append((await sign_in(client, password="the first of two")).status_code)
            found.append((await sign_in(client, password="the second of two")).status_code)
            found.append((await client.get("/")).status_code)
            file.unlink()
            clock.move(seconds=1)
            found.append((await client.get("/")).status_code)
            found.append((await sign_in(client, password="the second of two")).status_code)
        return found

    assert asyncio.run(ask()) == [200, 303, 403, 303, 200, 303, 403]


def test_a_copied_cookie_is_worth_nothing_once_its_owner_has_signed_out() -> None:
    async def ask() -> list[int]:
        async with served(settings(user())) as client:
            await sign_in(client)
            first = f"{SESSION}={client.cookies[SESSION]}"
            client.cookies.clear()
            await sign_in(client)
            second = f"{SESSION}={client.cookies[SESSION]}"
            assert first != second
            csrf = (await client.get("/")).json()["csrf"]
            found = [(await client.get("/logout")).status_code, await with_cookie(client, second)]
            signed_out = await client.post("/logout", data={"csrf": csrf}, headers={"cookie": second})
            assert signed_out.headers["location"] == "/login"
            assert signed_out.headers["set-cookie"].startswith(f'{SESSION}=""')
            return [*found, signed_out.status_code, await with_cookie(client, second), await with_cookie(client, first)]

    # Reading /logout changes nothing; and the other sign-in of the same person goes on.
    assert asyncio.run(ask()) == [405, 200, 303, 303, 200]


# -- streams -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", ["time", "sign-out", "password"])
def test_a_stream_ends_with_the_sign_in_it_came_by(cause: str, tmp_path: Path) -> None:
    file = tmp_path / "kim.hash"
    file.write_text(HASHER.hash(PASSWORD), encoding="utf-8")

    async def ask() -> tuple[list[bytes], int]:
        clock = Clock()
        beats: asyncio.Queue[bytes] = asyncio.Queue()
        stopped = asyncio.Event()

        async def parts() -> AsyncIterator[bytes]:
            while True:
                yield await beats.get()

        class Streaming(StreamingResponse):
            async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
                try:
                    await super().__call__(scope, receive, send)
                finally:
                    stopped.set()

        async def stream(_request: Request) -> Response:
            return Streaming(parts(), media_type="text/event-stream")

        got = []
        web = settings(user(file=file), session_hours=1)
        async with served(web, clock, [Route("/stream", stream)]) as client, asyncio.timeout(20):
            await sign_in(client)
            csrf = (await client.get("/")).json()["csrf"]
            async with client.stream("GET", "/stream") as answer:
                beats.put_nowait(b"data: 1\n\n")
                async for part in answer.aiter_raw():
                    got.append(part)
                    if cause == "time":
                        clock.move(hours=1)
                    elif cause == "sign-out":
                        await client.post("/logout", data={"csrf": csrf})
                    else:
                        file.write_text(HASHER.hash("another password"), encoding="utf-8")
                        clock.move(seconds=1)
                    beats.put_nowait(b"data: secret\n\n")
            # The route is not left running.
            await stopped.wait()
            return got, (await client.get("/stream", headers={"accept": "text/event-stream"})).status_code

    assert asyncio.run(ask()) == ([b"data: 1\n\n"], 401)

"""Who asks for nothing keeps no connection, and keeps nobody else out: real sockets against the real server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from monitor.web import WebServer, bind, create_app
from monitor.web_limits import Limits
from monitor.web_tls import Certificate

from .certificates import pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

SOON = 3.0
"""Far more than anything here takes."""


class Store:
    up = True
    reason = None


class House:
    """A server, and those who come to it."""

    def __init__(self, url: str, port: int) -> None:
        self.url = url
        self._port = port
        self.writers: list[asyncio.StreamWriter] = []

    async def come(self, sent: bytes = b"", *, source: str = "127.0.0.1") -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(source, 0))
        writer.write(sent)
        await writer.drain()
        self.writers.append(writer)
        return reader

    async def asks(self, source: str = "127.0.0.1") -> int:
        """The status that somebody with a new connection is answered with."""
        reader = await self.come(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", source=source)
        async with asyncio.timeout(SOON):
            return int((await reader.read()).split(b" ", 2)[1])


async def slow(request: Request) -> PlainTextResponse:
    await asyncio.sleep(float(request.query_params["seconds"]))  # it stands for an answer that takes long
    return PlainTextResponse("here")


@asynccontextmanager
async def served(limits: Limits, tls: Certificate | None = None) -> AsyncIterator[House]:
    app = create_app(CollectorRegistry(), {}, Store(), routes=[Route("/slow", slow)])
    listening = bind()
    async with WebServer(app, listening, tls=tls, limits=limits) as server:
        house = House(server.url, listening.getsockname()[1])
        yield house
        for writer in house.writers:
            writer.transport.abort()


async def ended(reader: asyncio.StreamReader, seconds: float = SOON) -> bool:
    """Whether the server ends a connection within a time."""
    try:
        async with asyncio.timeout(seconds):
            with contextlib.suppress(ConnectionError):
                while await reader.read(1 << 16):
                    pass
            return True
    except TimeoutError:
        return False


WHOLE = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nX: ",
        WHOLE + b"GET / HT",
        # Its answer comes at once, and nobody waits for the ten bytes.
        b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n1",
    ],
    ids=["nothing", "half a head", "half a second head", "half a body"],
)
def test_who_does_not_come_to_the_end_of_a_question_does_not_keep_a_connection(sent: bytes) -> None:
    async def wait() -> tuple[bool, float]:
        async with served(Limits(asking_seconds=0.2)) as house:
            begin = time.monotonic()
            over = await ended(await house.come(sent))
            return over, time.monotonic() - begin

    over, seconds = asyncio.run(wait())
    assert over
    assert seconds < 1.0


def test_bytes_that_trickle_in_give_no_more_time() -> None:
    """A byte each 50 ms would make the head whole after a minute; 0.3 s are allowed."""

    async def trickle() -> float:
        async with served(Limits(asking_seconds=0.3)) as house:
            reader = await house.come(b"GET / HTTP/1.1\r\nX: ")
            begin = time.monotonic()
            over = asyncio.create_task(ended(reader))
            while not over.done() and time.monotonic() - begin < SOON:
                with contextlib.suppress(ConnectionError):
                    house.writers[-1].write(b"a")
                await asyncio.sleep(0.05)  # the slowness itself is what is tried
            assert await over
            return time.monotonic() - begin

    assert 0.25 < asyncio.run(trickle()) < 1.0


def test_an_answer_that_takes_long_is_not_broken_off_and_the_next_question_has_its_whole_time() -> None:
    async def ask() -> list[str]:
        async with (
            served(Limits(asking_seconds=0.1)) as house,
            httpx.AsyncClient(base_url=house.url, trust_env=False) as client,
        ):
            return [(await client.get("/slow?seconds=0.4")).text for _ in range(2)]

    assert asyncio.run(ask()) == ["here", "here"]


def test_tls_that_is_never_agreed_on_keeps_no_connection(tmp_path: Path) -> None:
    """Half a ClientHello: a record of 512 bytes is announced, and 5 come."""
    made = pair(tmp_path, "page")

    async def wait() -> tuple[bool, int]:
        tls = Certificate(made.cert, made.key, "web")
        async with (
            served(Limits(asking_seconds=0.3, most=20), tls) as house,
            httpx.AsyncClient(base_url=house.url, verify=made.trusting, trust_env=False) as client,
        ):
            readers = [await house.come(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03") for _ in range(30)]
            status = (await client.get("/healthz")).status_code
            return all([await ended(reader) for reader in readers]), status

    assert asyncio.run(wait()) == (True, 200)


def test_one_address_that_holds_many_connections_gives_its_oldest_for_a_new_one() -> None:
    async def crowd() -> tuple[list[bool], int, int]:
        async with served(Limits(waiting_per_address=5, asking_seconds=60)) as house:
            readers = [await house.come(b"GET / HT", source="127.0.0.2") for _ in range(8)]
            statuses = await house.asks("127.0.0.2"), await house.asks("127.0.0.3")
            # Eight came and one that was answered: of nine, the five newest could stay, and the last of them has left.
            gone = [await ended(reader, 0.3) for reader in readers]
            return gone, *statuses

    assert asyncio.run(crowd()) == ([True] * 4 + [False] * 4, 200, 200)


def test_many_addresses_together_keep_nobody_out() -> None:
    async def crowd() -> tuple[int, int]:
        async with served(Limits(most=20, asking_seconds=60)) as house:
            readers = [await house.come(b"G", source=f"127.0.1.{number}") for number in range(1, 41)]
            status = await house.asks("127.0.0.9")
            open_still = sum([not await ended(reader, 0.02) for reader in readers])
            return status, open_still

    # Twenty may be there, of whom one made room for who asked.
    assert asyncio.run(crowd()) == (200, 19)


def test_who_is_being_answered_makes_room_for_nobody() -> None:
    """Whoever comes when all are being answered is cut off at once, and may come again."""

    async def crowd() -> tuple[list[str], bool, int]:
        async with (
            served(Limits(most=4)) as house,
            httpx.AsyncClient(base_url=house.url, trust_env=False) as client,
        ):
            answering = [asyncio.create_task(client.get("/slow?seconds=0.6")) for _ in range(4)]
            await asyncio.sleep(0.2)  # all four are being answered by now; who comes then is what is tried
            turned_away = await ended(await house.come(WHOLE), 0.3)
            texts = [(await answer).text for answer in answering]
            return texts, turned_away, (await client.get("/healthz")).status_code

    assert asyncio.run(crowd()) == (["here"] * 4, True, 200)


def test_a_head_larger_than_any_of_ours_is_not_read() -> None:
    async def ask() -> tuple[int, int]:
        async with (
            served(Limits()) as house,
            httpx.AsyncClient(base_url=house.url, trust_env=False) as client,
        ):
            fits = await client.get("/healthz", headers={"x-long": "a" * 15_000})
            return fits.status_code, (await client.get("/healthz", headers={"x-long": "a" * 200_000})).status_code

    assert asyncio.run(ask()) == (200, 400)


def test_what_is_closed_is_counted_no_more() -> None:
    """Three places, and a hundred who come one after the other, half of them leaving without a word."""

    async def come_and_go() -> list[int]:
        async with served(Limits(most=3, waiting_per_address=2, asking_seconds=60)) as house:
            statuses = []
            for number in range(100):
                if number % 2:
                    with socket.create_connection(("127.0.0.1", house._port)) as plain:
                        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                else:
                    statuses.append(await house.asks())
            return statuses

    assert asyncio.run(come_and_go()) == [200] * 50

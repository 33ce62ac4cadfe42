"""The stream over real sockets: one rendering serves all of a kind, and nobody waits for who does not read."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.routing import Route

from monitor.page.stream import BEAT_SECONDS, MOST_STREAMS, UPDATE_SECONDS, EventStream, Hub, Painting, Variant
from monitor.web import WebServer, bind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from monitor.texts import Language

PARTS = frozenset({"ringing", "today", "status"})


class Easel:
    """A board of three numbers, which counts how often it is painted."""

    def __init__(self) -> None:
        self.figures = {"ringing": "0", "today": "0", "status": "fine"}
        self.painted: list[tuple[Variant, frozenset[str]]] = []
        self.fails = False

    def paint(self, variant: Variant, stale: frozenset[str]) -> Painting:
        if self.fails:
            raise ValueError("no picture")
        self.painted.append((variant, stale))
        return Painting({name: f"{variant.language} {self.figures[name]}" for name in stale})

    def trust(self) -> object:
        return self.figures["status"]

    def clocks(self) -> Mapping[str, float]:
        return {"": 1_795_359_452_195.035}


class Browser:
    """An event stream read as a browser reads it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.board: dict[str, str] = {}

    async def event(self) -> tuple[str, dict[str, Any]]:
        """The next event; a board's parts are taken over as the page does."""
        async with asyncio.timeout(5):
            while not (line := await self._reader.readline()).startswith(b"event: "):
                assert line, "the stream ended"
            data = await self._reader.readline()
        name, body = line[7:].strip().decode(), json.loads(data.removeprefix(b"data: "))
        self.board |= body.get("parts", {})
        return name, body

    async def until(self, name: str, **parts: str) -> None:
        """Read on until the board shows this."""
        while (await self.event())[0] != name or any(self.board[part] != text for part, text in parts.items()):
            pass

    def leave(self) -> None:
        self._writer.transport.abort()


class House:
    """A hub that is served, and the browsers that look at it."""

    def __init__(self, hub: Hub, port: int) -> None:
        self.hub, self.port = hub, port
        self.writers: list[asyncio.StreamWriter] = []

    async def browser(self, language: str = "ko") -> Browser:
        """A browser that has taken its first look."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        self.writers.append(writer)
        writer.write(request(language))
        browser = Browser(reader, writer)
        name, _ = await browser.event()
        assert name == "board"
        return browser

    async def until_streams_are(self, count: int) -> None:
        """The hub tells nobody that a stream came or went, so it is asked."""
        async with asyncio.timeout(5):
            while self.hub.streams != count:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)


def request(language: str) -> bytes:
    return f"GET /stream?lang={language} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


@asynccontextmanager
async def served(easel: Easel) -> AsyncIterator[House]:
    hub = Hub(easel, PARTS)

    async def stream(asked: Request) -> ASGIApp:
        language: Language = "en" if asked.query_params["lang"] == "en" else "ko"
        opened = hub.open(Variant(language, numbers=False, calls=False))
        assert opened is not None
        return EventStream(hub, opened)

    running = asyncio.create_task(hub.run())
    async with WebServer(Starlette(routes=[Route("/stream", stream)]), listening := bind()):
        house = House(hub, listening.getsockname()[1])
        try:
            yield house
        finally:
            for writer in house.writers:
                writer.transport.abort()
            await asyncio.gather(*(writer.wait_closed() for writer in house.writers), return_exceptions=True)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def test_the_first_message_is_the_whole_board_and_the_next_ones_only_what_changed() -> None:
    async def play() -> None:
        easel = Easel()
        async with served(easel) as house:
            browser = await house.browser()
            assert browser.board == {"ringing": "ko 0", "today": "ko 0", "status": "ko fine"}

            easel.figures["ringing"] = "1"
            house.hub.touch(frozenset({"ringing", "today"}))
            while not (body := (await browser.event())[1]).get("parts"):
                pass
            # Today was painted too, and is as it was.
            assert body["parts"] == {"ringing": "ko 1"}
            assert body["clocks"] == {"": 1_795_359_452_195.035}

    asyncio.run(play())


def test_two_hundred_browsers_are_served_by_one_rendering_a_language() -> None:
    async def play() -> None:
        easel = Easel()
        async with served(easel) as house:
            browsers = [await house.browser("en" if number % 2 else "ko") for number in range(200)]
            assert house.hub.streams == 200
            easel.painted.clear()

            easel.figures["ringing"] = "7"
            house.hub.touch(frozenset({"ringing"}))
            await asyncio.gather(
                *(
                    browser.until("board", ringing="en 7" if number % 2 else "ko 7")
                    for number, browser in enumerate(browsers)
                )
            )

            assert sorted((variant.language, set(stale)) for variant, stale in easel.painted) == [
                ("en", {"ringing"}),
                ("ko", {"ringing"}),
            ]

    asyncio.run(play())


def test_browsers_that_come_back_at_once_share_one_picture() -> None:
    """As after a restart of the monitor: 200 pictures in a row would hold up everything else for seconds."""

    async def play() -> None:
        easel = Easel()
        async with served(easel) as house:
            browsers = [await house.browser() for _ in range(200)]

            assert len(easel.painted) == 1
            assert all(browser.board == browsers[0].board for browser in browsers)

    asyncio.run(play())


def test_whoever_joins_has_what_the_others_have_also_after_a_change_that_was_taken_back() -> None:
    """0, 1 and 0 again between two updates: nothing is sent of it, so whoever has come between must not show the 1."""
    easel = Easel()
    hub = Hub(easel, PARTS)
    variant = Variant("ko", numbers=False, calls=False)

    async def play() -> list[str]:
        streams = [hub.open(variant)]
        easel.figures["ringing"] = "1"
        hub.touch(frozenset({"ringing"}))
        streams.append(hub.open(variant))
        easel.figures["ringing"] = "0"
        running = asyncio.create_task(hub.run())
        shown = []
        for stream in streams:
            assert stream is not None
            messages = stream.messages()
            board: dict[str, str] = {}
            for _ in range(2):
                board |= json.loads((await anext(messages)).partition(b"data: ")[2]).get("parts", {})
            shown.append(board["ringing"])
        running.cancel()
        return shown

    assert asyncio.run(play()) == ["ko 0", "ko 0"]


def test_a_reader_that_does_not_read_is_dropped_and_the_others_are_not_held_up() -> None:
    async def play() -> None:
        easel = Easel()
        async with served(easel) as house:
            # So small that the kernel takes little of what nobody reads.
            slow = socket.socket()
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", house.port))
            slow.sendall(request("ko"))
            quick = await house.browser()
            await house.until_streams_are(2)

            # 100 kB a message: the buffers in between hold some of them, and the queue 32.
            for number in range(400):
                house.hub.announce("breach", {"number": number, "filling": "x" * 100_000})
                name, body = await quick.event()
                while name != "breach":
                    name, body = await quick.event()
                assert body["number"] == number
                if house.hub.dropped_total:
                    break

            assert house.hub.dropped_total == 1
            assert house.hub.streams == 1
            # What it reads after all comes to an end, so that its browser begins anew.
            slow.setblocking(False)
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(10):
                last = b""
                while data := await loop.sock_recv(slow, 1 << 20):
                    last = data
            assert last.endswith(b"0\r\n\r\n")
            slow.close()

    asyncio.run(play())


def test_a_quiet_board_beats() -> None:
    """A page that hears nothing for four seconds says that it is dead, so silence must not be what quiet looks like."""

    async def play() -> None:
        async with served(Easel()) as house:
            browser = await house.browser()
            await browser.event()
            began = asyncio.get_running_loop().time()
            for _ in range(3):
                name, body = await browser.event()
                assert name == "board"
                assert body["clocks"]
            assert asyncio.get_running_loop().time() - began <= 3 * (BEAT_SECONDS + UPDATE_SECONDS) + 0.5

    asyncio.run(play())


def test_a_source_that_falls_silent_repaints_every_part() -> None:
    """Silence is no fact: nothing touches the board, and yet every part must show that it is in doubt."""

    async def play() -> None:
        easel = Easel()
        async with served(easel) as house:
            browser = await house.browser()
            easel.figures |= {"status": "quiet", "today": "?"}

            await browser.until("board", status="ko quiet", today="ko ?")

    asyncio.run(play())


def test_a_picture_that_fails_does_not_end_the_stream() -> None:
    async def play() -> None:
        easel = Easel()
        async with served(easel) as house:
            browser = await house.browser()
            easel.fails = True
            house.hub.touch(PARTS)
            await asyncio.sleep(2 * UPDATE_SECONDS)
            # Nothing touches the board again: what could not be painted is not forgotten.
            easel.fails = False
            easel.figures["today"] = "9"

            await browser.until("board", today="ko 9")

    asyncio.run(play())


def test_a_browser_that_leaves_is_forgotten() -> None:
    async def play() -> None:
        async with served(Easel()) as house:
            browser = await house.browser()
            browser.leave()
            await house.until_streams_are(0)

    asyncio.run(play())


def test_there_is_a_bound_to_streams() -> None:
    hub = Hub(Easel(), PARTS)
    variant = Variant("ko", numbers=False, calls=False)
    opened = [hub.open(variant) for _ in range(MOST_STREAMS)]
    assert None not in opened
    assert hub.open(variant) is None
    assert opened[0] is not None
    hub.close(opened[0])
    assert hub.open(variant) is not None

"""A gate in a TCP connection: it passes bytes on, stands still like a dead wire, or breaks off."""

from __future__ import annotations

import asyncio
import contextlib


class Gate:
    """A port that leads to another one, for as long as the test lets it.

    Args:
        port: the loopback port it leads to.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._passing = asyncio.Event()
        self._passing.set()
        self._open = True
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    def freeze(self) -> None:
        """From now on nothing passes, and nobody is told: a half-open connection."""
        self._passing.clear()

    def cut(self) -> None:
        """Break every connection off, and take no other."""
        self._open = False
        for writer in list(self._writers):
            writer.transport.abort()

    def open(self) -> None:
        """Let bytes and connections pass again."""
        self._open = True
        self._passing.set()

    async def stop(self) -> None:
        """Close everything."""
        self.cut()
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if not self._open:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, there_writer}
        try:
            ways = [
                asyncio.ensure_future(self._pass(reader, there_writer)),
                asyncio.ensure_future(self._pass(there_reader, writer)),
            ]
            # Cancelled where the gate is stopped, which asyncio's own callback would complain of.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        finally:
            for each in (writer, there_writer):
                self._writers.discard(each)
                each.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                await self._passing.wait()
                writer.write(data)
                await writer.drain()

"""What lies between a monitor and an Asterisk: wires that break, stand still, or let little pass, and know when."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import socket
import subprocess
import threading
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.pipeline import Monitor
from monitor.simulator import USERNAME, Account
from monitor.web import bind
from tests.page.gate import Gate

from .running import SECRET, Kept, Scene, Watched, file_of, loaded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

NEAR, FAR = "10.203.77.1", "10.203.77.2"


class Wire(Gate):
    """A gate that can also cut a packet in two, and let only so much pass.

    Attributes:
        bytes_a_second: how much it lets pass; None for all.
        cutting: the next packet is to be cut.
    """

    def __init__(self, port: int, listening: socket.socket | None = None) -> None:
        super().__init__(port)
        self._listening = listening
        self.cutting = False
        self.bytes_a_second: float | None = None

    async def start(self) -> int:
        if self._listening is None:
            return await super().start()
        self._server = await asyncio.start_server(self._connected, sock=self._listening)
        self.port = self._listening.getsockname()[1]
        return self.port

    def reset(self) -> None:
        """Break every connection off; others may be made at once."""
        for writer in list(self._writers):
            writer.transport.abort()

    def cut_in_mid_packet(self) -> None:
        """Let the next bytes pass but for their end, and break off then."""
        self.cutting = True

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                await self._passing.wait()
                if self.cutting and b"Event: " in data:
                    self.cutting = False
                    writer.write(data[: len(data) - 30])
                    await writer.drain()
                    self.reset()
                    return
                writer.write(data)
                await writer.drain()
                if self.bytes_a_second is not None:
                    # The wire's own slowness: it is what is tried.
                    await asyncio.sleep(len(data) / self.bytes_a_second)


@asynccontextmanager
async def wired(
    home: Path, more: str = "", *, speed: float = 10.0, listening: socket.socket | None = None, **arrivals: Any
) -> AsyncIterator[tuple[Scene, Wire]]:
    """A monitor, a simulated Asterisk and the wire between them, while an `async with` block runs.

    Args:
        home: a folder for all that is kept.
        more: further settings of the Asterisk, as TOML.
        speed: simulated seconds per second.
        listening: where the monitor finds the Asterisk's end of the wire; a port of loopback where None.
        arrivals: as `Simulator` takes them.
    """
    (home / "ami.secret").write_text(SECRET, encoding="utf-8")
    simulator = Watched(speed=speed, waits=True, account=Account(username=USERNAME, secret=SECRET), **arrivals)
    wire = Wire(await simulator.start(), listening)
    path = file_of(home, await wire.start())
    text = path.read_text(encoding="utf-8").replace("[ledger]", f"reconnect_min_seconds = 0.05\n{more}\n[ledger]", 1)
    if listening is not None:
        text = text.replace('host = "127.0.0.1"', f'host = "{FAR}"', 1)
    path.write_text(text, encoding="utf-8")
    monitor, kept, stop = Monitor(loaded(path), clock_rate=speed), Kept(), asyncio.Event()
    monitor.add_sink(kept, "test")
    web = bind()
    working = asyncio.create_task(simulator.run())
    running = asyncio.create_task(monitor.run(web, stop))
    try:
        url = f"http://127.0.0.1:{web.getsockname()[1]}"
        yield Scene(home, simulator, monitor, kept, running, stop, url), wire
    finally:
        stop.set()
        wire.open()
        await running
        await wire.stop()
        await simulator.stop()
        await working


class Cable:
    """A network of its own behind a cable that can be cut without anybody being told."""

    def __init__(self) -> None:
        self._space = f"callmonitor-{os.getpid()}"
        self._near = f"cm{os.getpid()}a"
        self._far = f"cm{os.getpid()}b"

    def __enter__(self) -> socket.socket:
        """Lay it; returns a socket that listens at its far end."""
        far = ("-n", self._space)
        _ip("netns", "add", self._space)
        _ip("link", "add", self._near, "type", "veth", "peer", "name", self._far, "netns", self._space)
        _ip("addr", "add", f"{NEAR}/30", "dev", self._near)
        _ip("link", "set", self._near, "up")
        _ip(*far, "addr", "add", f"{FAR}/30", "dev", self._far)
        _ip(*far, "link", "set", self._far, "up")
        return self._listens_there()

    def __exit__(self, *_: object) -> None:
        _ip("netns", "del", self._space)
        # The pair may go a moment after its end did.
        subprocess.run(["ip", "link", "del", self._near], check=False, capture_output=True)

    def cut(self) -> None:
        """From now on every packet is dropped, both ways: each end writes to a machine that is not there."""
        _ip("neigh", "replace", FAR, "lladdr", "02:00:00:00:00:99", "dev", self._near, "nud", "permanent")
        _ip(
            "-n",
            self._space,
            "neigh",
            "replace",
            NEAR,
            "lladdr",
            "02:00:00:00:00:99",
            "dev",
            self._far,
            "nud",
            "permanent",
        )

    def mend(self) -> None:
        """Let packets pass again."""
        _ip("neigh", "del", FAR, "dev", self._near)
        _ip("-n", self._space, "neigh", "del", NEAR, "dev", self._far)

    def _listens_there(self) -> socket.socket:
        found: list[socket.socket] = []

        def listen() -> None:
            # A socket stays in the network in which its thread made it.
            with Path(f"/run/netns/{self._space}").open() as space:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(space.fileno(), 0x40000000) != 0:
                    raise OSError(ctypes.get_errno(), "the thread may not enter the network")
            found.append(socket.create_server((FAR, 0)))

        thread = threading.Thread(target=listen)
        thread.start()
        thread.join()
        return found[0]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def cable() -> Iterator[tuple[Cable, socket.socket]]:
    """A cable, laid while a `with` block runs."""
    laid = Cable()
    with laid as listening:
        try:
            yield laid, listening
        finally:
            listening.close()

"""The simulator's shell: a socket that speaks AMI, on loopback unless told otherwise, and the clock."""

from __future__ import annotations

import asyncio
import secrets
import time

from monitor.simulator.actions import BANNER, Account, Session
from monitor.simulator.arrivals import Arrivals
from monitor.simulator.centre import Centre
from monitor.simulator.people import centre_staff

USERNAME = "demo"
SECRET = "demo"  # noqa: S105 - it opens a simulation on a loopback port
SYSTEM = "demo"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

MAX_UNSENT_BYTES = 16 << 20
"""A client that reads more slowly than this allows is cut off."""
MAX_CLIENTS = 64
_LONGEST_NAP_SECONDS = 0.25


class Simulator:
    """A call centre in a box that speaks AMI on a socket.

    At speed 1 it is plain: events happen now, and their `Timestamp` is the time of day. At another speed the
    simulated Asterisk's clock runs `speed` times as fast as ours from the instant of `start`: its `Timestamp`s are
    `clock_rate` times as far apart as their arrivals, so that a ring still lasts 3 s by them. Who acts between events
    (warnings, breaches) must ask `now_us` for the time, or let a clock of his own run at `clock_rate`.

    Args:
        seed: the same seed gives the same calls.
        speed: simulated seconds per second.
        calls_per_hour: how many calls arrive in the busiest half-hour, as an hourly rate.
        hour: the hour of the day (0 to 24, Korean time) that the arrival curve is read at when it starts; None for
            the simulated clock's own time of day.
        shows: begin with calls that show a late answer, a transfer and an abandoned call within 20 s.
        waits: let the first call come only when somebody listens, so that it is seen whole.
        calls_back: agents promise calls back, and call those who are owed one.
        remote: callers may choose remote support in the menu, which has a queue of its own.
        system: AMI SystemName.
        account: who may log in.

    Raises:
        ValueError: the speed is not above 0.
    """

    def __init__(
        self,
        *,
        seed: int = 20061,
        speed: float = 1.0,
        calls_per_hour: float = 420.0,
        hour: float | None = 14.0,
        shows: bool = True,
        waits: bool = False,
        calls_back: bool = False,
        remote: bool = False,
        system: str = SYSTEM,
        account: Account | None = None,
    ) -> None:
        if not speed > 0:
            raise ValueError(f"The simulator's speed must be above 0, not {speed}.")
        self.clock_rate = speed
        self.account = account or Account(username=USERNAME, secret=SECRET)
        self._seed = seed
        self._system = system
        self._calls_per_hour = calls_per_hour
        self._hour = hour
        self._shows = shows
        self._waits = waits
        self._calls_back = calls_back
        self._remote = remote
        self._centre: Centre | None = None
        self._server: asyncio.Server | None = None
        self._clients: set[_Client] = set()
        self._stopping = asyncio.Event()
        self._started_at = 0.0
        self._started_at_us = 0
        self.cut_off = 0
        """Clients that were cut off because they did not read."""

    @property
    def centre(self) -> Centre:
        """The centre, with its truths; there is one from `start` on."""
        if self._centre is None:
            raise RuntimeError("The simulator has not been started: await start() first.")
        return self._centre

    def now_us(self) -> int:
        """The simulated Asterisk's clock, in microseconds since 1970."""
        elapsed = time.monotonic() - self._started_at
        return self._started_at_us + int(elapsed * self.clock_rate * 1_000_000)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen, and let the first call be on its way.

        Returns:
            The port it listens on; a free one where 0 was asked for.

        Raises:
            OSError: the port is taken.
            ValueError: the host is no loopback address, and the account's secret is the one that everybody knows.
        """
        if host not in LOOPBACK and self.account.secret == SECRET:
            raise ValueError(f"The simulator listens on loopback only, not on {host}, without a secret of its own.")
        self._server = await asyncio.get_running_loop().create_server(lambda: _Client(self), host, port)
        self._started_at = time.monotonic()
        self._started_at_us = time.time_ns() // 1_000
        staff = centre_staff(remote=self._remote)
        self._centre = Centre(system=self._system, seed=self._seed, started_at_us=self._started_at_us, staff=staff)
        if not self._waits:
            self._open()
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def run(self, seconds: float | None = None) -> None:
        """Let the centre work, until `stop` is called or so many (real) seconds are over."""
        loop = asyncio.get_running_loop()
        ends_at = None if seconds is None else loop.time() + seconds
        while not self._stopping.is_set():
            self.catch_up()
            nap = _LONGEST_NAP_SECONDS
            next_at_us = self.centre.next_at_us()
            if next_at_us is not None:
                nap = min(nap, (next_at_us - self.now_us()) / self.clock_rate / 1_000_000)
            if ends_at is not None:
                if loop.time() >= ends_at:
                    return
                nap = min(nap, ends_at - loop.time())
            try:
                async with asyncio.timeout(max(nap, 0.001)):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def stop(self) -> None:
        """Close every connection and the port."""
        self._stopping.set()
        if self._server is not None:
            self._server.close()
        for client in list(self._clients):
            client.close()
        if self._server is not None:
            await self._server.wait_closed()

    def _open(self) -> None:
        """Let calls arrive from now on."""
        self._waits = False
        arrivals = Arrivals(
            calls_per_hour=self._calls_per_hour, hour=self._hour, shows=self._shows, calls_back=self._calls_back
        )
        arrivals.begin(self.centre)

    # ---- for clients

    def catch_up(self) -> int:
        """Send everybody what has happened by now.

        Returns:
            The simulated instant that was reached.
        """
        now_us = self.now_us()
        packets = [packet for _, packet in self.centre.advance(now_us)]
        if packets:
            for client in list(self._clients):
                client.tell(packets)
        return now_us

    def came(self, client: _Client) -> bool:
        """Take a client in; there is a bound."""
        if len(self._clients) >= MAX_CLIENTS:
            return False
        self._clients.add(client)
        return True

    def listens(self) -> None:
        """Take note that somebody listens."""
        if self._waits:
            self._open()

    def left(self, client: _Client) -> None:
        """Forget a client."""
        self._clients.discard(client)


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._session: Session | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - held by whoever calls this
        self._transport = transport
        if not self._simulator.came(self):
            transport.abort()
            return
        challenge = str(secrets.randbelow(10**9))
        self._session = Session(self._simulator.centre, self._simulator.account, challenge)
        transport.write(BANNER)

    def data_received(self, data: bytes) -> None:
        """Answer the actions; what happened before them is told before them."""
        if self._session is None or self._transport is None:
            return
        now_us = self._simulator.catch_up()
        self._transport.write(self._session.receive(data, now_us))
        if self._session.listening:
            self._simulator.listens()
        if self._session.over:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        """Forget it."""
        self._simulator.left(self)

    def tell(self, packets: list[bytes]) -> None:
        """Send events."""
        if self._session is None or self._transport is None or not self._session.listening:
            return
        if self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self._simulator.cut_off += 1
            self._transport.abort()
            return
        self._transport.write(b"".join(packet for packet in packets if self._session.wants(packet)))

    def close(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

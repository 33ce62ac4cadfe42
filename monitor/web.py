"""The HTTP edge: /metrics, /healthz and /readyz, served by uvicorn in the program's own event loop.

Nothing here can change anything. These three ask nobody who they are, and name no caller; the page that is mounted
beside them has a door of its own. It binds to loopback unless told otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import socket
from typing import TYPE_CHECKING, Protocol

import uvicorn
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from prometheus_client import CollectorRegistry, Metric
    from starlette.requests import Request
    from starlette.routing import BaseRoute

DEFAULT_HOST = "127.0.0.1"
PORTS_TRIED = 50
"""How many ports `free_port` steps over before it gives up."""
UNREAD_SECONDS = 20
"""How long what was sent may stay unread before the connection ends (where the system knows how: Linux)."""
HEAD_SECONDS = 10
"""How long a connection may take to ask for something."""
MOST_CONNECTIONS = 2_000
_OWN_DESCRIPTORS = 200
"""For Asterisks, the ledger, alerts and files."""
_SHUTDOWN_SECONDS = 2


class Part(Protocol):
    """Something the monitor cannot do its work without: one Asterisk, or the store."""

    @property
    def up(self) -> bool:
        """Whether it can be used now."""
        ...

    @property
    def reason(self) -> str | None:
        """Why it cannot, in a plain sentence with a next step; None while it can."""
        ...


class _Collected:
    """Families collected earlier, in the shape an encoder asks for."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """The families, as they were."""
        return self._families


def create_app(
    registry: CollectorRegistry, systems: Mapping[str, Part], store: Part, *, routes: Sequence[BaseRoute] = ()
) -> Starlette:
    """The application.

    Args:
        registry: what /metrics shows.
        systems: each Asterisk by name, read at every request.
        store: the ledger's store, read at every request.
        routes: further routes, such as the live page's.
    """
    encoding = asyncio.Lock()

    async def metrics(request: Request) -> Response:
        encoder, content_type = choose_encoder(request.headers.get("accept", ""))
        async with encoding:
            # Board and counters belong to the event loop's thread, so they are read here, at one instant; turning them
            # into text takes longer and needs only what was read.
            collected = _Collected(list(registry.collect()))
            body = await asyncio.to_thread(encoder, collected)
        return Response(body, headers={"content-type": content_type})

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        parts = {f"asterisk/{name}": part for name, part in systems.items()} | {"store": store}
        ready = all(part.up for part in parts.values()) and bool(systems)
        body = {
            "ready": ready,
            "parts": {
                name: {"up": part.up, "reason": None if part.up else part.reason} for name, part in parts.items()
            },
        }
        if not systems:
            body["reason"] = "no Asterisk is configured: add an [[asterisk]] section"
        return JSONResponse(body, status_code=200 if ready else 503)

    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            *routes,
        ]
    )


def bind(host: str = DEFAULT_HOST, port: int = 0) -> socket.socket:
    """A listening socket on exactly this address, to be handed to `WebServer`; port 0 takes any free one.

    Raises:
        ConfigError: the port is taken, not allowed, or the address is not this machine's.
    """
    try:
        return _bind(host, port)
    except OSError as error:
        raise ConfigError(f"The web address {_shown(host, port)} cannot be used: {_cause(error)}.") from error


def free_port(host: str = DEFAULT_HOST, first: int = 0) -> socket.socket:
    """A listening socket on port `first`, or on the next free one above it.

    The socket is bound, not merely found free, so that nobody takes the port between the search and its use.

    Raises:
        ConfigError: none of `PORTS_TRIED` ports is free, or the address cannot be used at all.
    """
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        try:
            return _bind(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ConfigError(f"The web address {_shown(host, port)} cannot be used: {_cause(error)}.") from error
    last = min(first + PORTS_TRIED, 65536) - 1
    raise ConfigError(f"No port from {first} to {last} is free on {host}: give another one with --port.")


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        # Lets a restart take its port back at once; a port somebody listens on is refused all the same.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Connections take it over: one whose peer reads no more, or is gone without a word, ends by itself.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
        listening.bind(address)
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def _cause(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program listens on this port; stop it, or set another [web] port"
    if error.errno == errno.EACCES:
        return "ports below 1024 need a privilege; set a higher [web] port"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return "the host is no address of this machine; set [web] host to 127.0.0.1 or to one of its own"
    return str(error.strerror)


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Patient(H11Protocol):
    """One connection, whose peer has to ask for something.

    Who connects and keeps silent, or never ends a request's head, holds a descriptor that the connections of Asterisk,
    the ledger and everybody else need.
    """

    _known: object = None
    _looking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.abort()
            return
        self._looking = self.loop.call_later(HEAD_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """End the connection where no request is being answered, and none has come since the last look."""
        cycle: RequestResponseCycle | None = self.cycle
        answering = cycle is not None and not cycle.response_complete
        if not answering and cycle is self._known:
            self.transport.abort()
            return
        self._known = cycle
        self._looking = self.loop.call_later(HEAD_SECONDS, self._look)


def most_connections() -> int:
    """How many connections are taken at once: what descriptors are left when the program's own are set aside."""
    return max(16, min(MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _OWN_DESCRIPTORS))


class _Uvicorn(uvicorn.Server):
    """uvicorn without hands on the process's signals, which are the program's own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


class WebServer:
    """Serves an application on a bound socket while an `async with` block runs.

    Attributes:
        url: where it answers, as in `http://127.0.0.1:9158`.
    """

    def __init__(self, app: Starlette, listening: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            http=_Patient,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # An open event stream of the live page must not keep the program from ending.
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        self._server = _Uvicorn(config)
        self._listening = listening
        self._task: asyncio.Task[None] | None = None
        host, port = listening.getsockname()[:2]
        self.url = f"http://{_shown(host, port)}"

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listening]), name="web")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._listening.close()

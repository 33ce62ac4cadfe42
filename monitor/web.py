"""The HTTP edge: applications served by uvicorn in the program's own event loop, over TLS or without.

It binds to loopback unless told otherwise. What is served is in `monitor.web_probes` and `monitor.page`, who may be
connected in `monitor.web_limits`, and which address serves what in `monitor.web_serving`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette

from monitor.errors import ConfigError
from monitor.web_limits import Crowd, Entrance, Limits, Patient
from monitor.web_probes import Part, health_routes, metrics_route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from prometheus_client import CollectorRegistry
    from starlette.routing import BaseRoute

    from monitor.web_tls import Certificate

__all__ = ["Part", "WebServer", "bind", "create_app", "free_port"]

DEFAULT_HOST = "127.0.0.1"
PORTS_TRIED = 50
"""How many ports `free_port` steps over before it gives up."""
UNREAD_SECONDS = 20
"""How long what was sent may stay unread before the connection ends (where the system knows how: Linux)."""
_SHUTDOWN_SECONDS = 2
_ANSWER_SECONDS = 1.0
"""How long an answer that is being given at a stop may still take."""


def create_app(
    registry: CollectorRegistry,
    systems: Mapping[str, Part],
    store: Part,
    *,
    others: Mapping[str, Part] | None = None,
    routes: Sequence[BaseRoute] = (),
    metrics: bool = True,
    token_sha256: Callable[[], str | None] = lambda: None,
    here_only: bool = False,
) -> Starlette:
    """The application.

    Args:
        registry: what /metrics shows.
        systems: each Asterisk by name, read at every request.
        store: the ledger's store, read at every request.
        others: what else /readyz tells of, by name.
        routes: further routes, such as the live page's.
        metrics: whether /metrics is among them.
        token_sha256: of the token that /metrics asks for now; None for none.
        here_only: it is bound to loopback.
    """
    shown = [metrics_route(registry, token_sha256=token_sha256, here_only=here_only)] if metrics else []
    return Starlette(routes=[*shown, *health_routes(systems, {"store": store} | dict(others or {})), *routes])


def bind(host: str = DEFAULT_HOST, port: int = 0, section: str = "web") -> socket.socket:
    """A listening socket on exactly this address, to be handed to `WebServer`; port 0 takes any free one.

    Args:
        host: an address of this machine, or its name.
        port: of it.
        section: of the settings that the two are from, for messages.

    Raises:
        ConfigError: the port is taken, not allowed, or the address is not this machine's.
    """
    try:
        return _bind(host, port)
    except OSError as error:
        raise ConfigError(
            f"The {section} address {_shown(host, port)} cannot be used: {_cause(error, section)}."
        ) from error


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
                raise ConfigError(
                    f"The web address {_shown(host, port)} cannot be used: {_cause(error, 'web')}."
                ) from error
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


def _cause(error: OSError, section: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"another program listens on this port; stop it, or set another [{section}] port"
    if error.errno == errno.EACCES:
        return f"ports below 1024 need a privilege; set a higher [{section}] port"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"the host is no address of this machine; set [{section}] host to 127.0.0.1 or to one of its own"
    return str(error.strerror)


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Uvicorn(uvicorn.Server):
    """uvicorn without hands on the process's signals, which are the program's own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


class WebServer:
    """Serves an application on a bound socket while an `async with` block runs.

    Args:
        app: what answers.
        listening: as `bind` makes it; closed at the end.
        tls: speak TLS with this certificate; None for plain HTTP.
        limits: what those may have who ask for nothing.

    Attributes:
        url: where it answers, as in `http://127.0.0.1:9158`.
    """

    def __init__(
        self,
        app: Starlette,
        listening: socket.socket,
        *,
        tls: Certificate | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._app = app
        self._listening = listening
        self._tls = tls
        self._limits = limits or Limits()
        self._entrance: Entrance | None = None
        self._server: _Uvicorn | None = None
        self._task: asyncio.Task[None] | None = None
        host, port = listening.getsockname()[:2]
        self.url = f"{'http' if tls is None else 'https'}://{_shown(host, port)}"

    async def __aenter__(self) -> Self:
        crowd = Crowd(self._limits)
        config = uvicorn.Config(
            self._app,
            http=type("_Patient", (Patient,), {"crowd": crowd}),
            # Nothing here speaks WebSocket, whatever libraries are installed.
            ws="none",
            h11_max_incomplete_event_size=self._limits.head_bytes,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # An open event stream of the live page must not keep the program from ending.
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        config.load()
        config.ssl = None if self._tls is None else self._tls.context
        self._server = _Uvicorn(config)
        self._entrance = Entrance(self._listening, crowd)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._entrance]), name="web")
        return self

    def _hang_up(self) -> None:
        """End what still goes on: the page's streams would for ever, and uvicorn tells each that it cuts off."""
        if self._server is not None:
            for connection in list(self._server.server_state.connections):
                connection.transport.abort()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.should_exit = True
            asyncio.get_running_loop().call_later(_ANSWER_SECONDS, self._hang_up)
        if self._task is not None:
            await self._task
        if self._entrance is not None:
            self._entrance.close()
        self._listening.close()

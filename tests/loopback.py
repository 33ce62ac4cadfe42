"""What listens on loopback for the tests: a free port, and a server that keeps what it is sent."""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

Kept = TypeVar("Kept")


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class _Server(socketserver.ThreadingTCPServer):
    """One whose clients may go away without a word, as those do that are killed."""

    daemon_threads = True
    # A client that keeps its connection keeps a thread here, which would be waited for.
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing to standard error of a client that is gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # the stub wants a socket


class Keeper(Generic[Kept]):
    """Entered, it serves in a thread of its own.

    Args:
        handler: speaks with one client, and hands what it got to `keep`.

    Attributes:
        port: where it listens, on 127.0.0.1.
        kept: what came, in order.
    """

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        self.kept: list[Kept] = []
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def keep(self, one: Kept) -> None:
        """Take one more, and let those look who wait for it."""
        with self._changed:
            self.kept.append(one)
            self._changed.notify_all()

    def wait_for(self, holds: Callable[[list[Kept]], bool], seconds: float = 10.0) -> list[Kept]:
        """Wait until something holds of all that came; returns it."""
        with self._changed:
            if not self._changed.wait_for(lambda: holds(self.kept), seconds):
                raise AssertionError(f"not within {seconds:g} s; it has {[str(one) for one in self.kept]}")
            return list(self.kept)

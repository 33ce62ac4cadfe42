"""A real HTTP server on loopback that keeps what it is sent, and when."""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


@dataclass(frozen=True)
class Request:
    """One request."""

    at: float
    """Seconds since 1970 at which it had been read."""
    path: str
    headers: dict[str, str]
    text: str
    connection: int
    """The client's port, which tells one connection from another."""

    @property
    def json(self) -> Any:
        """What it held."""
        return json.loads(self.text)


class _Server(ThreadingHTTPServer):
    """One whose clients may go away without a word, as those do that are killed."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing to standard error of a client that is gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # the stub wants a socket


class Receiver:
    """Entered, it answers `status` to every POST and keeps it.

    Attributes:
        status: what it answers; may be changed at any time.
        requests: what came, in order.
    """

    def __init__(self, *, status: int = 200) -> None:
        self.status = status
        self.requests: list[Request] = []
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver._take(Request(time.time(), self.path, dict(self.headers), text, self.client_address[1]))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Nothing to standard error."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # A client that keeps its connection keeps a thread here, which would be waited for.
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
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

    def _take(self, request: Request) -> None:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def wait_for(self, holds: Callable[[list[Request]], bool], seconds: float = 10.0) -> list[Request]:
        """Wait until something holds of all that came; returns it."""
        with self._changed:
            if not self._changed.wait_for(lambda: holds(self.requests), seconds):
                raise AssertionError(f"not within {seconds:g} s; it has {self.requests}")
            return list(self.requests)

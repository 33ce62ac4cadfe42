"""A real HTTP server on loopback that keeps what it is sent, and when."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.loopback import Keeper


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


class Receiver(Keeper[Request]):
    """Entered, it answers `status` to every POST and keeps it.

    Attributes:
        status: what it answers; may be changed at any time.
    """

    def __init__(self, *, status: int = 200) -> None:
        self.status = status
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.keep(Request(time.time(), self.path, dict(self.headers), text, self.client_address[1]))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Nothing to standard error."""

        super().__init__(Handler)
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Request]:
        """What came, in order."""
        return self.kept

"""The loopback socket that every reader reads from: it takes a login as Asterisk does, and then sends what it is told.

It filters nothing, as Asterisk for an account that may not ask for a filter: every reader gets the same bytes.
"""

from __future__ import annotations

import hashlib
import socket
import threading
from typing import TYPE_CHECKING, Self

from benchmarks.stream import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

USERNAME = "bench"
SECRET = "bench"  # noqa: S105 - it opens a loopback port for as long as a benchmark runs
_CHALLENGE = "158865650"
_BANNER = b"Asterisk Call Manager/11.0.0\r\n"
_VERSION = "22.10.1"


class Server:
    """One client at a time, on a free loopback port."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._client: socket.socket | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._converse, daemon=True)

    def __enter__(self) -> Self:
        """Begin to accept."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        self._listening.close()
        if self._client is not None:
            self._client.close()

    def send(self, chunks: Iterable[bytes]) -> None:
        """Send pieces of whole packets to the client that has logged in, as fast as it reads."""
        assert self._client is not None  # noqa: S101 - the reader has said that it is ready
        for chunk in chunks:
            with self._lock:
                self._client.sendall(chunk)

    def _converse(self) -> None:
        """Answer a client's actions, for as long as it is there."""
        client, _ = self._listening.accept()
        self._client = client
        client.sendall(_BANNER)
        unread = b""
        while True:
            try:
                data = client.recv(1 << 16)
            except OSError:
                return
            if not data:
                return
            *actions, unread = (unread + data).split(b"\r\n\r\n")
            for action in actions:
                fields = dict(line.split(": ", 1) for line in action.decode().split("\r\n") if ": " in line)
                answer = _answer({key.lower(): value for key, value in fields.items()})
                with self._lock:
                    client.sendall(answer.encode())


def _answer(fields: dict[str, str]) -> str:  # noqa: PLR0911 - one for each action
    action = fields.get("action", "").lower()
    number = f"ActionID: {fields['actionid']}\r\n" if "actionid" in fields else ""
    success = f"Response: Success\r\n{number}"
    if action == "challenge":
        return f"{success}Challenge: {_CHALLENGE}\r\n\r\n"
    if action == "login":
        key = hashlib.md5((_CHALLENGE + SECRET).encode(), usedforsecurity=False).hexdigest()
        if fields.get("key") != key and fields.get("secret") != SECRET:
            return f"Response: Error\r\n{number}Message: Authentication failed\r\n\r\n"
        booted = "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 1000\r\nStatus: Fully Booted\r\n\r\n"
        return f"{success}Message: Authentication accepted\r\n\r\n{booted}"
    if action == "coresettings":
        return f"{success}AsteriskVersion: {_VERSION}\r\nSystemName: {SYSTEM}\r\n\r\n"
    if action == "ping":
        return f"{success}Ping: Pong\r\n\r\n"
    if action in ("coreshowchannels", "queuestatus", "bridgelist"):
        done = {"coreshowchannels": "CoreShowChannels", "queuestatus": "QueueStatus", "bridgelist": "BridgeList"}
        return (
            f"{success}EventList: start\r\nMessage: List will follow\r\n\r\n"
            f"Event: {done[action]}Complete\r\n{number}EventList: Complete\r\nListItems: 0\r\n\r\n"
        )
    return f"Response: Error\r\n{number}Message: Permission denied\r\n\r\n"

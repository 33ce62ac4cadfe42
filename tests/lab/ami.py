"""The laboratory's two connections to Asterisk's manager: one that writes down, one that acts.

The first is a plain socket that keeps every byte as it came. The second uses the `asterisk-ami` library, since
transfers and pickups asked for here are short commands.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

from asterisk.ami import AMIClient, SimpleAction

from .asterisk import LabError
from .configuration import SECRET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Packet = dict[str, str]


class Recorder:
    """A manager connection that keeps what it receives, byte for byte, and can wait for an event.

    You must call `close`.
    """

    def __init__(self, host: str, port: int, *, account: str, secret: str = SECRET) -> None:
        """Connect, log in and wait until Asterisk says it has booted.

        Raises:
            LabError: refused, or no word that it has booted within 10 s.
        """
        self._bytes = bytearray()
        self._packets: list[Packet] = []
        self._channels: set[str] = set()
        self._unread = 0
        self._ended = False
        self._news = threading.Condition()
        self._socket = socket.create_connection((host, port), timeout=10)
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, name="ami-recorder", daemon=True)
        self._reader.start()
        self._socket.sendall(f"Action: Login\r\nUsername: {account}\r\nSecret: {secret}\r\n\r\n".encode())
        self.wait_for(lambda packet: packet.get("Event") == "FullyBooted", seconds=10, what="FullyBooted")

    @property
    def raw(self) -> bytes:
        """Every byte received so far."""
        with self._news:
            return bytes(self._bytes)

    @property
    def packets(self) -> list[Packet]:
        """Every packet received so far; of repeated keys the last value."""
        with self._news:
            return list(self._packets)

    @property
    def ended(self) -> bool:
        """Whether Asterisk has closed the connection."""
        with self._news:
            return self._ended

    def wait_for(self, wanted: Callable[[Packet], bool], *, seconds: float, what: str) -> Packet:
        """Return the first packet, of those come and those to come, that is wanted.

        Raises:
            LabError: none came in time.
        """
        deadline = time.monotonic() + seconds
        seen = 0
        with self._news:
            while True:
                for packet in self._packets[seen:]:
                    if wanted(packet):
                        return packet
                seen = len(self._packets)
                left = deadline - time.monotonic()
                if left <= 0 or self._ended:
                    raise LabError(f"no {what} within {seconds} s, or before the connection ended")
                self._news.wait(left)

    def wait_until_calls_end(
        self, *, seconds: float, among: Callable[[str], bool] = lambda _: True, quiet_seconds: float = 0.3
    ) -> None:
        """Wait until every channel that was announced has hung up, and for a moment longer.

        Args:
            seconds: how long to wait at most.
            among: which channels, by name; all of them where it is not given.
            quiet_seconds: how long none must have been there.

        Raises:
            LabError: some channel is still there after the time given.
        """
        deadline = time.monotonic() + seconds
        quiet_since: float | None = None
        with self._news:
            while True:
                now = time.monotonic()
                there = sorted(channel for channel in self._channels if among(channel))
                quiet_since = None if there else (quiet_since or now)
                if quiet_since is not None and now >= quiet_since + quiet_seconds:
                    return
                if now > deadline or (there and self._ended):
                    raise LabError(f"channels still there after {seconds} s: {there}")
                self._news.wait(quiet_seconds)

    def close(self) -> None:
        """Close the connection; what was received stays."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(5)
        self._socket.close()

    def save(self, path: Path) -> None:
        """Write everything received, up to the last whole packet, to a file."""
        raw = self.raw
        path.write_bytes(raw[: raw.rfind(b"\r\n\r\n") + 4])

    def _follow(self, packet: Packet) -> None:
        event = packet.get("Event")
        if event == "Newchannel":
            self._channels.add(packet["Channel"])
        elif event == "Hangup":
            self._channels.discard(packet["Channel"])
        elif event == "Rename":
            self._channels.discard(packet["Channel"])
            self._channels.add(packet["Newname"])

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while received := self._socket.recv(65536):
                self._take(received)
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _take(self, received: bytes) -> None:
        with self._news:
            self._bytes += received
            while (end := self._bytes.find(b"\r\n\r\n", self._unread)) >= 0:
                packet = packet_of(bytes(self._bytes[self._unread : end]))
                self._follow(packet)
                self._packets.append(packet)
                self._unread = end + 4
            self._news.notify_all()


def packet_of(raw: bytes) -> Packet:
    """Read one packet's lines."""
    lines = raw.decode("utf-8", errors="replace").split("\r\n")
    return {key: value.lstrip(" ") for key, colon, value in (line.partition(":") for line in lines) if colon}


def act(host: str, port: int, action: str, *, account: str = "driver", secret: str = SECRET, **values: str) -> None:
    """Ask Asterisk for one thing, over a connection of its own.

    Raises:
        LabError: the account or the action was refused, or no answer came within 10 s.
    """
    # The library calls notifyAll, which is deprecated. Where warnings are errors that would be raised in its reader
    # while it holds a lock, and the answer waited for below would never come.
    warnings.filterwarnings("ignore", message=r"notifyAll\(\)", category=DeprecationWarning)
    client: Any = AMIClient(address=host, port=port, timeout=10)
    client.connect()
    try:
        login = SimpleAction("Login", Username=account, Secret=secret, Events="off")
        for asked in (login, SimpleAction(action, **values)):
            response = client.send_action(asked).response
            if response is None or response.is_error():
                raise LabError(f"Asterisk refused {action} to {account}: {response}")
        # Asterisk closes after this, which ends the library's reader; closing first would leave it waiting.
        _ = client.logoff().response
    finally:
        client.disconnect()

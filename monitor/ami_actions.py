"""Short questions to one Asterisk, by asterisk-ami's client: what `doctor` needs, no more.

The client sanitises nothing, speaks no TLS, and its reader ends without a word on silence or an exception. What is
added here refuses line ends, wraps the socket, and turns each of those ends into a `ConnectionProblem`.
"""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from asterisk.ami import Action, AMIClient

from monitor.ami.problems import LoginRefused, Lost, NoAnswer, NotAmi, SecretUnreadable
from monitor.ami.protocol import encode_action
from monitor.ami_listener import connection_problem, tls_context, where
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from monitor.config import AsteriskSettings

LIST_SECONDS = 15.0
"""A large dialplan takes a while to be listed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What Asterisk answered to one action."""

    succeeded: bool
    headers: dict[str, str]
    """By name; repeated ones are joined by line ends."""

    @property
    def message(self) -> str:
        """What it said of it."""
        return self.headers.get("Message", "")


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """One event, as the client hands it over."""

    name: str
    headers: dict[str, str]


class _Client(AMIClient):  # type: ignore[misc] # the library has no types
    """asterisk-ami's client over a socket of our own making, whose reader's end is noticed."""

    def __init__(self, settings: AsteriskSettings, timeout_seconds: float) -> None:
        super().__init__(address=settings.host, port=settings.port, timeout=timeout_seconds)
        self._settings = settings
        self.over = threading.Event()

    def connect(self) -> None:
        """Open the connection and start the reader."""
        settings = self._settings
        plain = socket.create_connection((settings.host, settings.port), timeout=settings.connect_timeout_seconds)
        self._socket: socket.socket = plain
        try:
            if settings.tls:
                name = settings.tls_hostname or settings.host
                self._socket = tls_context(settings).wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise
        self._socket.settimeout(self._timeout)
        self.finished = threading.Event()
        self._thread = threading.Thread(target=self.listen, daemon=True)
        self._thread.start()

    def disconnect(self) -> None:
        """End the connection at once: a mere close would leave the reader waiting for bytes until its timeout."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        super().disconnect()

    def listen(self) -> None:
        """Read until the connection is over, and say so, however it ends."""
        try:
            super().listen()
        except Exception:  # noqa: BLE001 - whatever the library raises here, it would only end a thread unseen
            self.finished.set()
        self.over.set()
        # Nothing else would wake those who wait for an answer before their time is up.
        for future in list(self._futures.values()):
            with future._lock:  # noqa: SLF001
                future._lock.notify_all()  # noqa: SLF001


class Questions:
    """A logged-in connection that answers questions; use it as a context manager.

    Args:
        settings: the system to ask.
        quiet_seconds: how long nothing at all may come without the connection being given up.
    """

    def __init__(self, settings: AsteriskSettings, *, quiet_seconds: float = 0.0) -> None:
        self._settings = settings
        self._where = where(settings)
        self._client: Any = _Client(settings, settings.connect_timeout_seconds + LIST_SECONDS + quiet_seconds)
        self._news = threading.Condition()
        self._events: list[SeenEvent] = []

    def __enter__(self) -> Self:
        """Connect and log in.

        Raises:
            ConnectionProblem: of the kind that says why it cannot be.
        """
        try:
            secret = self._settings.read_secret()
        except ConfigError as error:
            raise SecretUnreadable(str(error)) from error
        self._client.add_event_listener(on_event=self._take, white_list=None)
        try:
            self._client.connect()
        except OSError as error:
            raise connection_problem(self._settings, error) from error
        try:
            self._log_in(secret)
        except BaseException:
            self._client.disconnect()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Say goodbye and close."""
        self._client.disconnect()

    @property
    def ami_version(self) -> str:
        """The version of the interface, from its banner."""
        return str(self._client._ami_version or "unknown")  # noqa: SLF001 - the library has no other way to it

    def ask(self, action: str, **fields: str) -> Reply:
        """Ask one question.

        Raises:
            ProtocolError: a value holds a line end.
            ConnectionProblem: no answer came.
        """
        encode_action(action, fields)
        try:
            future = self._client.send_action(Action(action, dict(fields)))
            response = None if self._client.over.is_set() else future.response
        except OSError as error:
            raise Lost(self._where, error.strerror or str(error)) from error
        if response is None:
            # Without a banner the library's reader has ended: it was no manager interface that answered.
            if self._client.over.is_set() and self._client._ami_version is None:  # noqa: SLF001
                raise NotAmi(self._where)
            if self._client.over.is_set():
                raise Lost(self._where, "it closed the connection")
            raise NoAnswer(self._where, f"answer {action}", self._client._timeout)  # noqa: SLF001
        return Reply(not response.is_error(), dict(response.keys))

    def listed(self, action: str, complete: str, **fields: str) -> list[SeenEvent] | None:
        """Ask for a list.

        Args:
            action: the question.
            complete: the event that ends the list.
            **fields: its further headers.

        Returns:
            Its events; None where the account may not ask, or the list does not exist.

        Raises:
            ProtocolError, ConnectionProblem: as `ask` does; also where the list does not end.
        """
        number = f"list-{action}-{time.monotonic_ns()}"
        if not self.ask(action, ActionID=number, **fields).succeeded:
            return None

        def ended() -> bool:
            return any(event.name == complete and event.headers.get("ActionID") == number for event in self._events)

        with self._news:
            if not self._news.wait_for(ended, LIST_SECONDS):
                raise NoAnswer(self._where, f"end its answer to {action}", LIST_SECONDS)
            mine = [event for event in self._events if event.headers.get("ActionID") == number]
            self._events = [event for event in self._events if event.headers.get("ActionID") != number]
        return [event for event in mine if event.name != complete]

    def overheard(self, classes: tuple[str, ...], seconds: float) -> list[SeenEvent]:
        """Listen to the events of the given classes for a while."""
        with self._news:
            self._events.clear()
        self.ask("Events", EventMask=",".join(classes))
        self._client.over.wait(seconds)
        with self._news:
            return [event for event in self._events if "ActionID" not in event.headers]

    def _log_in(self, secret: str) -> None:
        settings = self._settings
        proof = {"Secret": secret}
        if settings.auth == "md5":
            challenge = self.ask("Challenge", AuthType="MD5").headers.get("Challenge", "")
            key = hashlib.md5((challenge + secret).encode(), usedforsecurity=False).hexdigest()
            proof = {"AuthType": "MD5", "Key": key}
        reply = self.ask("Login", Username=settings.username, Events="off", **proof)
        if not reply.succeeded:
            raise LoginRefused(self._where, settings.username, reply.message)

    def _take(self, event: Any, **_: Any) -> None:
        with self._news:
            self._events.append(SeenEvent(event.name, {key: str(value) for key, value in event.keys.items()}))
            self._news.notify_all()

"""A mail server on loopback that takes every message and keeps it."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage
    from types import TracebackType


class Mailbox:
    """Entered, it takes mail.

    Attributes:
        port: where it listens, on 127.0.0.1.

    **Source:** RFC 5321, the few commands a client needs to hand over a message.
    """

    def __init__(self) -> None:
        self._messages: list[EmailMessage] = []
        self._changed = threading.Condition()
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 mailbox\r\n")
                while line := self.rfile.readline():
                    command = line.strip().upper()
                    if command == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        mailbox._take(self._message())
                        self.wfile.write(b"250 kept\r\n")
                    elif command == b"QUIT":
                        self.wfile.write(b"221 bye\r\n")
                        return
                    else:
                        self.wfile.write(b"250 mailbox\r\n")

            def _message(self) -> bytes:
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    # A line that begins with a dot was sent with one more.
                    lines.append(line[1:] if line.startswith(b".") else line)
                return b"".join(lines)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # A client that keeps its connection keeps a thread here, which would be waited for.
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        """Begin to take mail."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, raw: bytes) -> None:
        # Of the modern policy, so that headers come decoded.
        message = email.message_from_bytes(raw, policy=email.policy.default)
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()

    def wait_for(self, holds: Callable[[list[EmailMessage]], bool], seconds: float = 10.0) -> list[EmailMessage]:
        """Wait until something holds of all mail that came; returns it."""
        with self._changed:
            if not self._changed.wait_for(lambda: holds(self._messages), seconds):
                raise AssertionError(f"not within {seconds:g} s; it has {[str(one) for one in self._messages]}")
            return list(self._messages)


def text_of(message: EmailMessage) -> str:
    """The plain text of a message."""
    body = message.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text

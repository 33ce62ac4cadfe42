"""A mail server on loopback that takes every message and keeps it."""

from __future__ import annotations

import email
import email.policy
import socketserver
from email.message import EmailMessage

from tests.loopback import Keeper


class Mailbox(Keeper[EmailMessage]):
    """Entered, it takes mail.

    **Source:** RFC 5321, the few commands a client needs to hand over a message.
    """

    def __init__(self) -> None:
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 mailbox\r\n")
                while line := self.rfile.readline():
                    command = line.strip().upper()
                    if command == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        # Of the modern policy, so that headers come decoded.
                        mailbox.keep(email.message_from_bytes(self._message(), policy=email.policy.default))
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

        super().__init__(Handler)


def text_of(message: EmailMessage) -> str:
    """The plain text of a message."""
    body = message.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text

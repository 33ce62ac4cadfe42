"""A mail server on loopback, with a certificate of its own and an account."""

from __future__ import annotations

import ssl
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.loopback import free_port
from tests.programs import required

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiosmtpd.smtp import Envelope, Session

USERNAME, PASSWORD = "callmonitor", "s3cret-of-the-account"
REFUSED = "gone@example.org"
"""An address that the server does not know."""


@dataclass
class Inbox:
    """What came, and how."""

    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    users: list[bytes] = field(default_factory=list)
    answer: str = "250 OK"
    """To each letter."""

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address == REFUSED:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if not self.answer.startswith("250"):
            return self.answer
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=SMTP_POLICY)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.envelopes.append((envelope.mail_from or "", tuple(envelope.rcpt_tos)))
        transport = server.transport
        self.encrypted.append(transport is not None and transport.get_extra_info("ssl_object") is not None)
        return self.answer

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            USERNAME.encode(),
            PASSWORD.encode(),
        )
        if right:
            self.users.append(data.login)
        return AuthResult(success=right, handled=mechanism not in ("LOGIN", "PLAIN"))


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost and its key."""
    certificate, key = folder / "mail.crt", folder / "mail.key"
    command = (
        *(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        *("-keyout", str(key), "-out", str(certificate)),
    )
    required("openssl")
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@contextmanager
def mail_server(certificate: Path, key: Path, *, tls: str = "starttls") -> Iterator[tuple[Inbox, int]]:
    """A server that runs meanwhile, and its port.

    Args:
        certificate: it shows.
        key: of that.
        tls: `starttls` demands it, and a login; `tls` speaks it from the first byte on; `none` does not know it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    inbox, starttls = Inbox(), tls == "starttls"
    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=free_port(),
        ssl_context=context if tls == "tls" else None,
        tls_context=context if starttls else None,
        require_starttls=starttls,
        authenticator=inbox.authenticate if starttls else None,
        auth_required=starttls,
        auth_require_tls=starttls,
        data_size_limit=40_000_000,
    )
    controller.start()
    try:
        yield inbox, controller.port
    finally:
        controller.stop()

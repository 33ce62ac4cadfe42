"""The certificate a server shows, which can be exchanged while it serves."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Certificate:
    """A certificate and its key, and the TLS that is spoken with them: 1.2 or later.

    Args:
        certificate: a file of PEM, the chain behind it.
        key: a file of PEM, not encrypted.
        section: whose they are, for messages, as in `web`.

    Raises:
        ConfigError: they cannot be read, or do not belong together.

    Attributes:
        context: what a server is given; connections made after a change show the new certificate.
    """

    def __init__(self, certificate: Path, key: Path, section: str) -> None:
        self._section = section
        self.context = self._made(certificate, key)

    def prepare(self, certificate: Path, key: Path) -> Callable[[], None]:
        """Make ready for other files, or the same with something else in them.

        Returns:
            What changes over, at once.

        Raises:
            ConfigError: they cannot be used; what is served is served on.
        """
        # Tried apart, since a key that does not fit would leave the certificate in use without one.
        self._made(certificate, key)

        def change_over() -> None:
            self._load(self.context, certificate, key)

        return change_over

    def _made(self, certificate: Path, key: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION
        self._load(context, certificate, key)
        return context

    def _load(self, context: ssl.SSLContext, certificate: Path, key: Path) -> None:
        for what, path in (("tls_cert", certificate), ("tls_key", key)):
            try:
                path.read_bytes()
            except OSError as error:
                raise ConfigError(
                    f"{path}: {what} of [{self._section}] cannot be read ({error.strerror}); "
                    "let the user that runs callmonitor read it."
                ) from error
        try:
            # Without a password at hand OpenSSL would ask for one on the terminal.
            context.load_cert_chain(certificate, key, password=lambda: b"")
        except (ssl.SSLError, ValueError) as error:
            raise ConfigError(
                f"{certificate}: tls_cert and tls_key ({key}) of [{self._section}] are no certificate in "
                "PEM and its own key without a password; write them anew."
            ) from error

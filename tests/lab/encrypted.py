"""A laboratory Asterisk whose manager interface speaks TLS too."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path  # noqa: TC003 - NamedTuple reads its annotations
from typing import TYPE_CHECKING, NamedTuple

from tests.lab.asterisk import Asterisk, PortBlock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.configuration import Settings

NAME = "pbx.lab"
"""The name in the certificate."""


class Encrypted(NamedTuple):
    """The Asterisk, its TLS port, and the certificate to trust."""

    asterisk: Asterisk
    port: int
    certificate: Path


@contextmanager
def encrypted_asterisk(settings: Settings, folder: Path) -> Iterator[Encrypted]:
    """Start an Asterisk with a certificate of its own making.

    Args:
        settings: how it is configured beside TLS.
        folder: an empty folder for certificate and key.
    """
    certificate, key = folder / "pbx.crt", folder / "pbx.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"),
            *("-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    block = PortBlock()
    port = block.ports.ami + 1
    tls = (
        f"\n[general](+)\ntlsenable=yes\ntlsbindaddr=127.0.0.1:{port}\n"
        f"tlscertfile=/tmp/lab-{port}.pem\ntlsprivatekey=/tmp/lab-{port}.pem\n"
    )
    try:
        asterisk = Asterisk(replace(settings, extra_files={**settings.extra_files, "manager.conf": tls}), block)
        # Asterisk reads the file from inside its own tree.
        inside = asterisk.tree / "tmp" / f"lab-{port}.pem"
        inside.write_text(certificate.read_text() + key.read_text())
        try:
            with asterisk:
                yield Encrypted(asterisk, port, certificate)
        finally:
            inside.unlink()
    finally:
        block.release()

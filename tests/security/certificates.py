"""Certificates that openssl makes for the tests, each its own authority."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.programs import required

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """A certificate for 127.0.0.1 and localhost, and its key."""

    cert: Path
    key: Path

    @property
    def trusting(self) -> ssl.SSLContext:
        """A client that trusts it, and nothing else."""
        return ssl.create_default_context(cafile=str(self.cert))


def pair(folder: Path, name: str, *, password: str | None = None) -> Pair:
    """One under this name; its key encrypted where there is a password."""
    made = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    subprocess.run(
        [
            *(required("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *(["-passout", f"pass:{password}"] if password else ["-nodes"]),
            *("-keyout", str(made.key), "-out", str(made.cert), "-days", "2", "-subj", f"/CN={name}"),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return made

# noqa: INP001 - a script that make runs, no package
"""Make the files of ./secrets that docker-compose.yml gives to its containers: `make secrets`.

What exists stays as it is, so that it can be run again when a release needs another one. The folder is closed to other
users of this machine; the files in it are readable to all, since each container reads its own under a user of its own,
and the engine hands a file over with the rights it has here.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from argon2 import PasswordHasher

RANDOM = ("ami_secret", "ledger_password", "reader_password", "postgres_password", "grafana_admin_password")
OTHERS = ("smtp_password", "messenger_token")
"""What mail and messenger gave to Alertmanager; until a person writes it here, the file holds what opens nothing."""
SESSION = "session_secret"
HASH = "supervisor_password_hash"


def make(folder: Path) -> str | None:
    """Write what is missing.

    Args:
        folder: where; made if it is not there.

    Returns:
        The supervisor's password where it was made now. It is kept nowhere, only its hash is.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    for name in (*RANDOM, *OTHERS):
        _write(folder / name, secrets.token_urlsafe(24))
    _write(folder / SESSION, secrets.token_urlsafe(48))
    password = secrets.token_urlsafe(12)
    return password if _write(folder / HASH, PasswordHasher().hash(password)) else None


def _write(path: Path, text: str) -> bool:
    """Write a file of one line, unless it is there; says whether it was written."""
    try:
        with path.open("x", encoding="ascii") as file:
            file.write(f"{text}\n")
    except FileExistsError:
        return False
    path.chmod(0o644)
    return True


def main(arguments: list[str]) -> int:
    """Make them in the folder named, and say what a person has to know."""
    folder = Path(arguments[0]) if arguments else Path("secrets")
    password = make(folder)
    if password is not None:
        sys.stdout.write(f"The page:   user supervisor, password {password} (shown this once; only its hash is kept)\n")
    sys.stdout.write(f"Grafana:    user admin, password in {folder}/grafana_admin_password\n")
    sys.stdout.write(f"Asterisk:   for yours, write the secret of its manager.conf into {folder}/ami_secret\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

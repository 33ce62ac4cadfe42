"""A PostgreSQL of the tests' own: a cluster in a temporary folder, on a free loopback port."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.loopback import free_port


def programs() -> Path | None:
    """The folder of the newest installed server's programs; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


class Cluster:
    """A server that can be stopped and started; trusts everybody on 127.0.0.1, and syncs nothing."""

    def __init__(self, bin_dir: Path) -> None:
        self._bin = bin_dir
        self.home = Path(tempfile.mkdtemp(prefix="callmonitor-postgres-"))
        # The server refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self.home, self._user)
        self.port = free_port()
        self._numbers = itertools.count()
        self._call("initdb", "-D", str(self.home / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _call(self, program: str, *arguments: str) -> None:
        # Files, not pipes: the server inherits them and would keep a pipe open.
        with (self.home / "programs.log").open("ab") as log:
            subprocess.run(
                [self._bin / program, *arguments], check=True, cwd=self.home, user=self._user, stdout=log, stderr=log
            )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-p {self.port} -h 127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=30"
        log = str(self.home / "server.log")
        self._call("pg_ctl", "start", "-w", "-D", str(self.home / "data"), "-l", log, "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server as pg_ctl's `mode` says; `immediate` is a crash."""
        self._call("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self.home / "data"))

    def create_database(self) -> str:
        """Make an empty database.

        Returns:
            Its URL as an operator writes it.
        """
        name = f"ledger_{next(self._numbers)}"
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def remove(self) -> None:
        """Stop the server, if it runs, and delete all it wrote."""
        if (self.home / "data" / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.home)

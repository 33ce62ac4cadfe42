"""What the containers run, run here without them: their settings, secrets, database and commands, on loopback.

PostgreSQL's first start, the monitor and the simulator are the real ones; only hosts, ports and the secrets' folder are
replaced, as a container would have its own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, NamedTuple

import httpx
import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction

from monitor.ledger import upgrade
from monitor.simulator import SYSTEM
from tests.ledger.postgres import Cluster, programs
from tests.programs import absent

from .compose import ROOT, SECRETS, services
from .test_compose import make_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEPLOYED = ROOT / "deploy" / "compose"
SOON_SECONDS = 30.0


class Stack(NamedTuple):
    """A database as PostgreSQL's first start makes it, and the secrets it was made with."""

    secrets: Path
    host: str

    def url(self, role: str, secret: str) -> str:
        """Where the ledger is for a role that knows a secret."""
        return f"postgresql://{role}:{self.secret(secret)}@{self.host}/callmonitor"

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text("ascii").strip()

    def here(self, text: str) -> str:
        """A text of the containers' with the secrets where they are on this machine."""
        return text.replace(SECRETS, f"{self.secrets}/")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    bin_dir = programs() or absent("PostgreSQL")
    folder = tmp_path_factory.mktemp("stack")
    make_secrets(folder / "secrets")
    with ExitStack() as running:
        cluster = Cluster(bin_dir)
        running.callback(cluster.remove)
        # The image lets the superuser in through the socket file; all others show their passwords, here as there.
        (cluster.home / "data" / "pg_hba.conf").write_text(
            "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n", encoding="ascii"
        )
        cluster.start()
        made = Stack(folder / "secrets", f"127.0.0.1:{cluster.port}")
        script = folder / "10-ledger.sql"
        script.write_text(made.here((DEPLOYED / "postgres" / script.name).read_text("utf-8")), encoding="utf-8")
        psql = ["psql", "--no-psqlrc", "--quiet", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "postgres"]
        subprocess.run([*psql, "-f", str(script)], check=True, capture_output=True, timeout=60)
        yield made


# -- the database ------------------------------------------------------------------------------------------------------


def test_the_monitor_makes_its_tables_and_grafana_reads_all_but_numbers(stack: Stack) -> None:
    upgrade(stack.url("callmonitor", "ledger_password"))
    with psycopg.connect(stack.url("grafana", "reader_password"), autocommit=True) as grafana:
        assert grafana.execute("SELECT count(*) FROM calls").fetchone() is not None
        for table in ("ring_attempts", "transfers", "holds", "agent_states", "coverage_gaps", "rules"):
            grafana.execute(psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier(table)))
        for column in ("caller", "caller_ends", "*", "count(caller)", "count(caller_ends)"):
            with pytest.raises(InsufficientPrivilege):
                grafana.execute(f"SELECT {column} FROM calls".encode())  # noqa: S608 - words of this test's own


def test_a_column_of_a_later_release_is_read_too(stack: Stack) -> None:
    upgrade(stack.url("callmonitor", "ledger_password"))
    with psycopg.connect(stack.url("callmonitor", "ledger_password"), autocommit=True) as monitor:
        monitor.execute("CREATE TABLE later (name text, caller text)")
        monitor.execute("ALTER TABLE later ADD COLUMN mood text")
        with psycopg.connect(stack.url("grafana", "reader_password"), autocommit=True) as grafana:
            grafana.execute("SELECT name, mood FROM later")
            with pytest.raises(InsufficientPrivilege):
                grafana.execute("SELECT caller FROM later")
        monitor.execute("DROP TABLE later")


def test_grafana_changes_nothing(stack: Stack) -> None:
    upgrade(stack.url("callmonitor", "ledger_password"))
    with psycopg.connect(stack.url("grafana", "reader_password"), autocommit=True) as grafana:
        with pytest.raises(ReadOnlySqlTransaction):
            grafana.execute("DELETE FROM calls")
        grafana.execute("SET default_transaction_read_only = off")
        for asked in ("DELETE FROM calls", "CREATE TABLE mine (n int)", "GRANT SELECT ON calls TO grafana"):
            with pytest.raises(InsufficientPrivilege):
                grafana.execute(asked)


def test_each_role_needs_its_own_password(stack: Stack) -> None:
    for role, secret in (("callmonitor", "reader_password"), ("grafana", "ledger_password")):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(stack.url(role, secret))


# -- the monitor and the simulator -------------------------------------------------------------------------------------


def test_the_demonstration_works_without_an_asterisk(stack: Stack, tmp_path: Path) -> None:
    """As `docker compose --profile demo up` has it: /readyz is 200, and calls are kept in PostgreSQL."""
    callmonitor = [sys.executable, "-m", "monitor.cli"]
    base = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    settings = tmp_path / "callmonitor.toml"
    settings.write_text(stack.here((DEPLOYED / "callmonitor.toml").read_text("utf-8")), encoding="utf-8")
    simulate = [stack.here(word).replace("0.0.0.0", "127.0.0.1") for word in services()["simulator"]["command"]]
    with ExitStack() as running:
        simulator = running.enter_context(
            subprocess.Popen([*callmonitor, *simulate, "--port", "0"], env=base, stdout=subprocess.PIPE)
        )
        running.callback(simulator.kill)
        assert simulator.stdout is not None
        port = simulator.stdout.readline().decode().split()[1].rpartition(":")[2]
        environment = {
            "CALLMONITOR_ASTERISK__0__HOST": "127.0.0.1",
            "CALLMONITOR_ASTERISK__0__PORT": port,
            "CALLMONITOR_LEDGER__URL": f"postgresql://callmonitor@{stack.host}/callmonitor",
            "CALLMONITOR_LEDGER__SPOOL_DIR": str(tmp_path / "spool"),
            "CALLMONITOR_ALERTS__ALERTMANAGER": "[]",
        }
        monitor = running.enter_context(
            subprocess.Popen(
                [*callmonitor, "run", "--config", str(settings), "--host", "127.0.0.1", "--port", "0"],
                env=base | environment,
                stderr=subprocess.PIPE,
            )
        )
        running.callback(monitor.kill)
        assert monitor.stderr is not None
        metrics, told = "", set[str]()
        while not {"asterisk_reached", "the ledger is up"} <= told:
            line = json.loads(monitor.stderr.readline())
            told.add(line["event"])
            metrics = line.get("metrics", metrics)
        assert httpx.get(metrics.replace("/metrics", "/readyz")).status_code == 200
        ends_at = time.monotonic() + SOON_SECONDS
        while not re.search(r"(?m)^callcenter_calls_in_progress\{.*\} [1-9]", httpx.get(metrics).text):
            assert time.monotonic() < ends_at, "the centre's first call comes within seconds"
            time.sleep(0.1)  # a scrape is the only way to ask a monitor elsewhere
        monitor.terminate()
        assert monitor.wait(SOON_SECONDS) == 0
    with closing(psycopg.connect(stack.url("grafana", "reader_password"))) as grafana:
        # Stopped while the first calls of the demonstration were on: they are written down as not seen to their end.
        (kept,) = grafana.execute("SELECT count(*) FROM calls WHERE system = %s", [SYSTEM]).fetchone() or (0,)
    assert kept >= 1


def test_nobody_sees_the_page_of_the_container_without_signing_in(stack: Stack, tmp_path: Path) -> None:
    settings = tmp_path / "callmonitor.toml"
    text = stack.here((DEPLOYED / "callmonitor.toml").read_text("utf-8"))
    without = re.sub(r"(?s)\[\[web\.user\]\].*?\n\n", "", text)
    for written, status, word in ((text, 0, "The settings can be used."), (without, 2, "nobody has to sign in")):
        settings.write_text(written, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "monitor.cli", "check-config", "--config", str(settings)],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, word in done.stdout + done.stderr) == (status, True), done.stderr

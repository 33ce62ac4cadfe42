"""Settings loaded anew while phones ring: what can be is taken over, nothing is lost, a bad file changes nothing."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import structlog

from monitor import log
from monitor.calls.facts import Gap, GapCause
from monitor.config import LogSettings
from monitor.errors import StoreError
from monitor.ledger.store import Store
from monitor.simulator import SYSTEM, USERNAME, Account
from tests.programs import DIRECT

from .running import SECRET, file_of, loaded, scene_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.ledger.postgres import Cluster

    from .running import Scene

NEW_SECRET = "the second secret"
SOON_SECONDS = 60.0


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The log, a line a record, as far as it was not read before."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    log.configure(LogSettings(level="info", format="json"))

    def new() -> list[dict[str, Any]]:
        lines = written.getvalue().splitlines()
        written.seek(0)
        written.truncate()
        return [json.loads(line) for line in lines]

    yield new
    structlog.reset_defaults()


def counted(scene: Scene) -> float:
    """Calls that ended, by the metrics."""
    return sum(
        sample.value
        for family in scene.monitor.registry.collect()
        if family.name == "callcenter_calls"
        for sample in family.samples
        if sample.name == "callcenter_calls_total"
    )


def reload_figures(scene: Scene) -> tuple[float | None, float | None]:
    value = scene.monitor.registry.get_sample_value
    return (
        value("callcenter_config_last_reload_successful"),
        value("callcenter_config_last_reload_success_timestamp_seconds"),
    )


def test_a_secret_is_rotated_while_phones_ring(
    tmp_path: Path, told: Callable[..., None], said: Callable[[], list[dict[str, Any]]]
) -> None:
    """It is changed on Asterisk's side and on ours; then a bad file is loaded; then the account is another one.

    Only the last needs another connection, and the moment without one is told. All through it calls begin and end.
    """

    async def run() -> None:
        async with asyncio.timeout(120), scene_of(tmp_path, seed=5, calls_per_hour=1800.0) as scene:
            await scene.until(lambda: counted(scene) >= 3)
            await rotate_secret(scene)
            await load_nonsense(scene, said)
            follower = scene.monitor.followers[0]
            assert follower.reconnects == 0, "a session that was let in stays"
            seen = [gap.cause for gap in scene.kept.of(Gap) if gap.ended_at is None]
            assert seen == [GapCause.NOT_CONNECTED], "the one of the start"
            # The connection breaks: the next login brings the new secret, and the old one would not be let in.
            scene.hang_up_on_us()
            await scene.until(lambda: follower.reconnects == 1 and follower.up)
            recovered_seconds = await change_account(scene)
            enough = counted(scene) + 10
            await scene.until(lambda: counted(scene) >= enough)
            over, lost, doubled, wrong = await scene.compared()
            assert wrong == []
            assert over >= 13
            told(
                fault="settings loaded anew while phones ring: secret rotated, bad file, other account",
                parts="simulator, SQLite",
                calls_at_stake=over,
                lost=lost,
                duplicated=doubled,
                unobserved_told_seconds=scene.told_seconds(),
                unobserved_untold_seconds=scene.untold_seconds(),
                recovered_seconds=recovered_seconds,
            )

    asyncio.run(run())


async def rotate_secret(scene: Scene) -> None:
    await scene.rings()
    scene.simulator.account = Account(username=USERNAME, secret=NEW_SECRET)
    (scene.home / "ami.secret").write_text(NEW_SECRET, encoding="utf-8")
    ringing = scene.ringing()
    assert await scene.monitor.reload.again()
    assert scene.ringing() > 0, f"{ringing} rang"


async def load_nonsense(scene: Scene, said: Callable[[], list[dict[str, Any]]]) -> None:
    """A file with two faults; then the one before again."""
    successful, succeeded_at = reload_figures(scene)
    assert successful == 1
    path = scene.home / "callmonitor.toml"
    good = path.read_text(encoding="utf-8")
    path.write_text(f'{good}\n[web]\nprot = 1\n[[line]]\nname = "main"\npatterns = []\n', encoding="utf-8")
    await scene.rings()
    said()
    before = counted(scene)
    assert not await scene.monitor.reload.again()
    sentences = [line["problem"] for line in said() if line["event"] == "settings_refused"]
    assert sorted("prot" in sentence for sentence in sentences) == [False, True], sentences
    assert sorted("patterns" in sentence for sentence in sentences) == [False, True], sentences
    assert reload_figures(scene) == (0, succeeded_at), "those before hold on"
    path.write_text(good, encoding="utf-8")
    assert await scene.monitor.reload.again()
    assert reload_figures(scene)[0] == 1
    assert counted(scene) >= before > 0, "no counter begins again"


async def change_account(scene: Scene) -> float:
    """We leave by ourselves, and come back under the other name; returns the seconds that took."""
    follower = scene.monitor.followers[0]
    scene.simulator.account = Account(username="keeper", secret=NEW_SECRET)
    file_of(scene.home, follower._listener.settings.port, username="keeper")
    await scene.rings()
    began = time.monotonic()
    assert await scene.monitor.reload.again()
    await scene.until(lambda: follower.reconnects == 2 and follower.up)
    took_seconds = time.monotonic() - began
    assert took_seconds < 5.0
    return took_seconds


def test_what_needs_a_restart_is_named_and_stays(tmp_path: Path, said: Callable[[], list[dict[str, Any]]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(90), scene_of(tmp_path, seed=5) as scene:
            await scene.until(lambda: scene.monitor.followers[0].up)
            path = file_of(
                tmp_path,
                scene.monitor.followers[0]._listener.settings.port,
                more='language = "en"\n[log]\nlevel = "warning"\n[web]\nport = 9999\nsession_hours = 1\n[[line]]\n'
                'name = "other"\npatterns = ["1"]\n[alerts]\nalertmanager = ["http://127.0.0.1:1"]\n'
                "page_url = 'https://board.example.org'\n",
            )
            # Keys of the top stand before the first table.
            text = path.read_text(encoding="utf-8").replace('language = "en"\n', "")
            path.write_text(f'language = "en"\n{text}', encoding="utf-8")
            said()
            assert await scene.monitor.reload.again()
            (warning,) = (line for line in said() if line["event"] == "settings_need_a_restart")
            assert warning["problem"] == "needs a restart: line, web.port, alerts.page_url, language"
            held = scene.monitor.settings
            assert (held.language, held.web.port, held.line[0].name) == ("ko", 9158, "1588-6565")
            assert (held.log.level, held.web.session_hours) == ("warning", 1.0)
            assert scene.monitor.reload.needs_restart == ("line", "web.port", "alerts.page_url", "language")
            value = scene.monitor.registry.get_sample_value
            assert value("callcenter_alerts_failed_total", {"target": "alertmanager"}) is not None, "it is told now"

    asyncio.run(run())


def test_a_page_is_not_opened_to_all_by_half_a_change(tmp_path: Path) -> None:
    """Who takes out the users and goes back to loopback at once gets both or neither: the address needs a restart."""
    outside = '[web]\nhost = "0.0.0.0"\n[[web.user]]\nname = "kim"\npassword_hash_file = "{hash}"\n'
    hashed = tmp_path / "hash"
    hashed.write_text("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$c29tZWhhc2g", encoding="ascii")
    (tmp_path / "ami.secret").write_text(SECRET, encoding="utf-8")
    from monitor.reload import together  # noqa: PLC0415 - the one test that looks into it

    old = loaded(file_of(tmp_path, 5038, outside.format(hash=hashed)))
    new = loaded(file_of(tmp_path, 5038))
    held, waiting = together(old, new)
    assert (held.web.host, [user.name for user in held.web.user]) == ("0.0.0.0", ["kim"])
    assert waiting == ("web.host", "web.user")


def test_the_ledgers_password_is_read_at_each_connection(cluster: Cluster) -> None:
    """It is changed in PostgreSQL and in the file; the next connection goes by it, and the store says if it cannot."""
    url = cluster.create_database()
    password = ["first"]
    hba = cluster.home / "data" / "pg_hba.conf"
    hba.write_text("host all rotated 127.0.0.1/32 scram-sha-256\n" + hba.read_text(encoding="utf-8"), encoding="utf-8")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE ROLE rotated LOGIN PASSWORD 'first'")
        admin.execute("SELECT pg_reload_conf()")
        store = Store(url.replace("postgres@", "rotated@"), password=lambda: password[0])

        def connects() -> bool:
            try:
                with store.explaining(), store.engine.connect():
                    return True
            except StoreError:
                return False
            finally:
                # The pool would keep what it has; a server that was restarted takes it away.
                store.engine.dispose()

        until = time.monotonic() + SOON_SECONDS
        while not connects() and time.monotonic() < until:
            time.sleep(0.02)  # the server reads its pg_hba.conf when it sees fit
        assert connects()
        admin.execute("ALTER ROLE rotated PASSWORD 'second'")
        assert not connects()
        password[0] = "second"
        assert connects()
        admin.execute("DROP ROLE rotated")


def metrics(port: int) -> dict[str, float]:
    with DIRECT.open(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return {line.split(" ")[0]: float(line.split(" ")[1]) for line in lines if line.startswith("callcenter_config")}


def test_the_signal_reaches_the_real_program(tmp_path: Path) -> None:
    """Each load is told to systemd; what is wrong stands on standard error, and no secret does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "ami.secret").write_text(SECRET, encoding="utf-8")
    path = file_of(tmp_path, 1, f"[web]\nport = {port}\n")
    good = path.read_text(encoding="utf-8")
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(tmp_path / "notify"))
    systemd.settimeout(SOON_SECONDS)

    def told_state() -> list[str]:
        while True:
            state = systemd.recv(4096).decode().split("\n")
            if state[0].partition("=")[0] != "WATCHDOG":
                return state

    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NOTIFY_SOCKET": str(tmp_path / "notify")}
    errors = tmp_path / "errors"
    with (
        errors.open("wb") as err,
        subprocess.Popen(
            [sys.executable, "-m", "monitor.cli", "run", "--config", str(path)], stderr=err, env=environment
        ) as process,
    ):
        try:
            assert told_state()[0] == "READY=1"
            assert metrics(port)["callcenter_config_last_reload_successful"] == 1
            path.write_text(good.replace("secret_file", f'secret = "{NEW_SECRET}"\nsecret_file'), encoding="utf-8")
            for expected in (0, 1):
                process.send_signal(signal.SIGHUP)
                state = told_state()
                assert state[0] == "RELOADING=1"
                # systemd takes it for the answer to its signal where it is later than that.
                assert 0 <= time.monotonic() - int(state[1].removeprefix("MONOTONIC_USEC=")) / 1e6 < SOON_SECONDS
                assert told_state()[0] == "READY=1"
                assert metrics(port)["callcenter_config_last_reload_successful"] == expected
                path.write_text(good, encoding="utf-8")
            process.terminate()
            assert told_state() == ["STOPPING=1"]
            assert process.wait(SOON_SECONDS) == 0
        finally:
            process.kill()
            systemd.close()
    said = errors.read_text(encoding="utf-8")
    (refused,) = (json.loads(line) for line in said.splitlines() if "settings_refused" in line)
    assert "exactly one of them" in refused["problem"]
    assert SYSTEM in said
    assert NEW_SECRET not in said
    assert SECRET not in said

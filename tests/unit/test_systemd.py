"""What systemd is told, over real datagram sockets: by the notifier alone, and by the real `callmonitor run`."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from monitor import service
from monitor.ami.feed import Batch
from monitor.ami.protocol import PacketReader
from monitor.config import AsteriskSettings, LedgerSettings, Settings
from monitor.pipeline import Monitor
from monitor.systemd import Notifier

from .wire import Wire, us

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOON_SECONDS = 20.0


class Systemd:
    """systemd's end of the socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.settimeout(SOON_SECONDS)

    def told(self) -> list[str]:
        """The next message, a line an item."""
        return self._socket.recv(4096).decode().split("\n")

    def silent(self) -> bool:
        """Whether no message waits."""
        self._socket.setblocking(False)
        try:
            self._socket.recv(4096)
        except BlockingIOError:
            return True
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["a file", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(f"@callmonitor-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify"))
    yield made
    made.close()


def test_each_word_is_a_message_of_assignments(systemd: Systemd) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": systemd.address})
    notifier.ready("Listening to pbx1.")
    notifier.alive("Listening to pbx1.")
    notifier.status("Away\nREADY=1")
    notifier.stopping()
    assert systemd.told() == ["READY=1", "STATUS=Listening to pbx1."]
    assert systemd.told() == ["WATCHDOG=1", "STATUS=Listening to pbx1."]
    assert systemd.told() == ["STATUS=Away READY=1"], "a line end begins no assignment of its own"
    assert systemd.told() == ["STOPPING=1"]


@pytest.mark.parametrize("named", [None, "", "vsock:2:1", "/nowhere/notify", "@nobody-listens-here"])
def test_without_a_socket_nothing_is_told_and_nothing_fails(named: str | None) -> None:
    Notifier({} if named is None else {"NOTIFY_SOCKET": named}).ready("Listening.")


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_where_systemd_says_so(environ: dict[str, str], seconds: float | None) -> None:
    assert Notifier({"NOTIFY_SOCKET": "/run/notify", **environ}).watchdog_seconds == seconds
    assert Notifier(environ).watchdog_seconds is None, "nobody is there to be told"


def test_the_service_tells_that_it_is_ready_alive_and_stopping(systemd: Systemd, tmp_path: Path) -> None:
    (tmp_path / "callmonitor.toml").write_text(
        # Nothing listens on port 1.
        '[[asterisk]]\nname = "pbx1"\nhost = "127.0.0.1"\nport = 1\nusername = "m"\nsecret = "hush-hush"\n'
        "[web]\nport = 0\n",
        encoding="utf-8",
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NOTIFY_SOCKET": systemd.address}
    with subprocess.Popen(
        [sys.executable, "-m", "monitor.cli", "run"],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        # 0.2 s between two words: systemd would allow 0.4 s.
        env={**environment, "WATCHDOG_USEC": "400000"},
    ) as process:
        try:
            state, status = systemd.told()
            assert state == "READY=1"
            assert status.startswith("STATUS=Asterisk 'pbx1' at 127.0.0.1:1 ")
            for _ in range(3):
                assert systemd.told()[0] == "WATCHDOG=1"
            process.terminate()
            while (told := systemd.told()) != ["STOPPING=1"]:
                assert told[0] == "WATCHDOG=1"
            assert process.wait(SOON_SECONDS) == 0
        finally:
            process.kill()


def test_the_watchdog_is_not_told_once_calls_are_not_followed(systemd: Systemd, tmp_path: Path) -> None:
    """A phone rang past its warning, and nobody acted on it: the follower's task was never started here."""
    settings = Settings(
        asterisk=(AsteriskSettings(name="pbx1", host="127.0.0.1", username="m", secret=SecretStr("hush")),),
        ledger=LedgerSettings(url=SecretStr(f"sqlite:///{tmp_path / 'ledger.sqlite3'}"), spool_dir=tmp_path),
    )
    monitor = Monitor(settings)
    assert monitor.alive
    wire = Wire()
    wire.rings(wire.dials(wire.enters(), "PJSIP/a"))
    # Rung on a day long past, so that the warning at 6 s fell due then.
    monitor.followers[0]._take(Batch(received_at_us=us(0), packets=PacketReader().feed(wire.take())))
    assert not monitor.alive

    async def scene() -> None:
        stop = asyncio.Event()
        monitor.started.set()
        environ = {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "40000"}
        telling = asyncio.create_task(service.tell_systemd(monitor, Notifier(environ), stop))
        for expected in ("READY=1", *["STATUS=Calls are not followed any more"] * 3):
            assert (await asyncio.to_thread(systemd.told))[0].startswith(expected)
        stop.set()
        await telling

    asyncio.run(scene())
    monitor.writer.close(5.0)

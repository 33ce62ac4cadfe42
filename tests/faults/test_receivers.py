"""Whoever is told and does not take it: Alertmanager, apprise, the mail server and browsers that are dead or hang.

Calls go on, what waits is bounded, who comes back hears what is true, and nothing holds up a stop.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

import pytest

from monitor.reports.kept import Kept
from monitor.reports.order import Order
from monitor.reports.periods import Period
from monitor.simulator import USERNAME, Account, Simulator
from tests.alerts.receiver import Receiver, Request
from tests.alerts.telling import told as alerts_of
from tests.loopback import free_port

from .running import SECRET, file_of, scene_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .running import Scene

# Loading apprise loads a module of Python's own that the next Pythons lack; it then does without.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

BROWSERS = 20
STOP_SECONDS = 5.0


class Sleeper(Receiver):
    """One that takes requests and answers none until it is woken."""

    def __init__(self) -> None:
        super().__init__()
        self.awake = threading.Event()

    def keep(self, one: Request) -> None:
        self.awake.wait(30)
        super().keep(one)


class Silent:
    """A server that takes connections, and never says or reads a word."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Whoever waits in accept() goes on when the socket is shut, not when it is closed.
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()
        for connection in self.taken:
            connection.close()

    def _take(self) -> None:
        while True:
            try:
                self.taken.append(self._server.accept()[0])
            except OSError:
                return


class Dead:
    """All of them at once.

    Attributes:
        alertmanager: hangs until it is woken; another is not there at all.
        messenger: apprise's, which hangs.
        post: the mail server, which hangs; a letter waits for it.
    """

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.alertmanager = stack.enter_context(Sleeper())
        stack.callback(self.alertmanager.awake.set)
        self.messenger = stack.enter_context(Silent())
        self.post = stack.enter_context(Silent())
        now = datetime.now(UTC)

        def letter(folder: Path) -> None:
            (folder / "report.ko.html").write_text("figures", encoding="utf-8")
            (folder / "mail.ko.eml").write_bytes(b"Subject: report\r\nMIME-Version: 1.0\r\n\r\nfigures\r\n")

        Kept(home / "reports").keep(
            Order(period=Period.month("2026-01", ZoneInfo("Asia/Seoul")), letters=True), now, letter
        )

    @property
    def settings(self) -> str:
        return f"""
[alerts]
alertmanager = ["{self.alertmanager.url}", "http://127.0.0.1:{free_port()}"]
apprise = ["json://127.0.0.1:{self.messenger.port}"]
[reports.mail]
host = "127.0.0.1"
port = {self.post.port}
security = "none"
sender = "centre@example.org"
to = ["head@example.org"]
"""


def browsers(port: int) -> list[socket.socket]:
    """Browsers that watch the board, and never read."""
    opened = []
    for _ in range(BROWSERS):
        browser = socket.socket()
        # So small that the kernel takes little of what nobody reads.
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        browser.connect(("127.0.0.1", port))
        browser.sendall(b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
        opened.append(browser)
    return opened


def breaches(requests: list[Request]) -> bool:
    return any(alert["labels"]["alertname"] == "RingBreach" for alert in alerts_of(requests))


def test_calls_go_on_while_nobody_takes_what_is_told(tmp_path: Path, told: Callable[..., None]) -> None:
    async def test(scene: Scene, dead: Dead) -> None:
        await scene.until(lambda: scene.monitor.started.is_set() and scene.monitor.followers[0].up)
        opened = browsers(int(scene.url.rpartition(":")[2]))
        value = scene.monitor.registry.get_sample_value
        await scene.until(lambda: value("callcenter_page_streams") == BROWSERS)
        # Until each of them has been tried, and phones have rung too long.
        await scene.until(lambda: bool(dead.messenger.taken and dead.post.taken and scene.monitor.board.breaches))
        await scene.until(lambda: (value("callcenter_alerts_failed_total", {"target": "alertmanager"}) or 0) > 0)
        ended = sum(truth.ended_at_us is not None for truth in scene.simulator.centre.truths)
        await scene.until(lambda: sum(t.ended_at_us is not None for t in scene.simulator.centre.truths) >= ended + 15)

        # A group of each kind in each queue at most, for each of the two Alertmanagers.
        queues = {queue for _, queue in scene.monitor.board.queue_callers} | {None}
        assert (value("callcenter_alerts_waiting", {"target": "alertmanager"}) or 0) <= 2 * 2 * len(queues)
        assert (value("callcenter_alerts_waiting", {"target": "apprise"}) or 0) <= len(queues)

        began = time.monotonic()
        dead.alertmanager.awake.set()
        await asyncio.to_thread(dead.alertmanager.wait_for, breaches, 12.0)
        recovered_seconds = time.monotonic() - began
        # It is asked again 5 s after the last failure at the latest, and given 5 s to answer.
        assert recovered_seconds < 10.0
        over, lost, doubled, wrong = await scene.compared()
        assert wrong == []
        assert over >= 15
        for fault in ("Alertmanager hangs, another is not there", "apprise hangs", "SMTP hangs", "browsers never read"):
            told(
                fault=fault,
                parts="simulator, SQLite, sockets that never answer",
                calls_at_stake=over,
                lost=lost,
                duplicated=doubled,
                unobserved_told_seconds=scene.told_seconds(),
                unobserved_untold_seconds=scene.untold_seconds(),
                recovered_seconds=recovered_seconds if fault.startswith("Alertmanager") else 0.0,
            )
        for browser in opened:
            browser.close()

    async def run() -> None:
        with ExitStack() as stack:
            dead = Dead(tmp_path, stack)
            async with (
                asyncio.timeout(120),
                scene_of(tmp_path, dead.settings, schedule=True, seed=5, calls_per_hour=1800.0) as scene,
            ):
                await test(scene, dead)

    asyncio.run(run())


def test_nobody_who_hangs_holds_up_a_stop(tmp_path: Path) -> None:
    """The real program, with a phone that rings too long, is told to stop while all of them hang, and has stopped."""
    port = free_port()
    (tmp_path / "ami.secret").write_text(SECRET, encoding="utf-8")

    async def test(dead: Dead) -> float:
        simulator = Simulator(seed=5, account=Account(username=USERNAME, secret=SECRET), calls_per_hour=7200.0)
        ami = await simulator.start()
        # The last ring within the rule is the first, so that everybody is to be told at once.
        settings = file_of(tmp_path, ami, f"[web]\nport = {port}\n[[rule]]\nlimit = 1\n{dead.settings}", schedule=True)
        working = asyncio.create_task(simulator.run())
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor.cli", "run", "--config", str(settings), stderr=subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(90):
                while not (dead.messenger.taken and dead.post.taken):  # noqa: ASYNC110 - threads set no event of a loop
                    await asyncio.sleep(0.02)
                opened = browsers(port)
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert await process.wait() == 0
                took_seconds = time.monotonic() - began
                for browser in opened:
                    browser.close()
                return took_seconds
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await simulator.stop()
            await working

    with ExitStack() as stack:
        assert asyncio.run(test(Dead(tmp_path, stack))) < STOP_SECONDS

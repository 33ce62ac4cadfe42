"""The command `callmonitor run` beside a real Asterisk, with an account that may only read."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.loopback import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import LiveAsterisk

pytestmark = pytest.mark.lab

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20.0


def configured(folder: Path, asterisk: LiveAsterisk) -> Path:
    """Write a settings file for one Asterisk; the page takes a free port."""
    port = free_port()
    path = folder / "callmonitor.toml"
    path.write_text(
        f"""language = "en"
[[asterisk]]
name = "lab1"
host = "{asterisk.host}"
port = {asterisk.ami_port}
username = "readonly"
secret = "{asterisk.secrets["readonly"]}"
reconnect_min_seconds = 0.2
reconnect_max_seconds = 0.5
[[line]]
name = "1588-6565"
patterns = ["15886565"]
[ledger]
url = "sqlite:///{folder / "ledger.sqlite3"}"
spool_dir = "{folder / "spool"}"
[web]
port = {port}
""",
        encoding="utf-8",
    )
    return path


class Monitor:
    """A running `callmonitor run`."""

    def __init__(self, config: Path) -> None:
        found = re.search(r"^\[web\]\nport = (\d+)$", config.read_text(encoding="utf-8"), re.MULTILINE)
        assert found is not None
        self._address = f"http://127.0.0.1:{found.group(1)}"
        self.log = config.with_name("log")
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "monitor.cli", "run", "--config", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
            )

    def stop(self) -> int:
        """End it as systemd would, and return its exit status."""
        self._process.terminate()
        return self._process.wait(PATIENCE_SECONDS)

    def figure(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples that bear these labels; 0 where there is none, or no answer."""
        total = 0.0
        for line in self._metrics().splitlines():
            found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
            if found is None:
                continue
            borne = dict(re.findall(r'(\w+)="([^"]*)"', found.group(1) or ""))
            if labels.items() <= borne.items():
                total += float(found.group(2))
        return total

    def wait_until(self, name: str, wanted: float, **labels: str) -> None:
        """Wait until a figure has a value.

        The endpoint tells nobody when it changes; asking ten times a second is the wait.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (now := self.figure(name, **labels)) != wanted:
            if time.monotonic() > deadline or self._process.poll() is not None:
                pytest.fail(f"{name}{labels} is {now} and not {wanted}:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def _metrics(self) -> str:
        try:
            return httpx.get(f"{self._address}/metrics", timeout=5).text
        except httpx.TransportError:
            return ""


@pytest.fixture
def monitor(asterisk: LiveAsterisk, tmp_path: Path) -> Iterator[Monitor]:
    """A monitor that is connected to the Asterisk of the test."""
    running = Monitor(configured(tmp_path, asterisk))
    try:
        running.wait_until("callcenter_ami_up", 1)
        yield running
    finally:
        assert running.stop() == 0


def test_figures_of_live_calls_are_those_of_the_wire(asterisk: LiveAsterisk, monitor: Monitor) -> None:
    """One call on its fourth ring, one answered on its first, one blind transfer, one abandoned menu."""
    asterisk.call("answered_ring_4", "answered_ring_1", "blind_refer", "abandoned_menu")
    monitor.wait_until("callcenter_calls_total", 4, line="1588-6565")
    assert monitor.figure("callcenter_calls_total", outcome="answered") == 3
    assert monitor.figure("callcenter_calls_total", outcome="abandoned_announcement") == 1
    assert monitor.figure("callcenter_ring_verdicts_total", reading="within", verdict="kept") == 2
    assert monitor.figure("callcenter_ring_verdicts_total", reading="within", verdict="broken") == 1
    assert monitor.figure("callcenter_ring_verdicts_total", reading="within", verdict="excluded") == 1
    # 10.4 s of ringing pass 6 s and 9 s; the others ring 1.5 s.
    assert monitor.figure("callcenter_ring_warnings_total") == 1
    assert monitor.figure("callcenter_ring_breaches_total") == 1
    assert monitor.figure("callcenter_transfers_total", kind="blind", result="completed") == 1
    assert monitor.figure("callcenter_calls_in_progress") == 0

"""A monitor as a program: `python -m tests.faults.standing SETTINGS SPEED`, until SIGTERM.

It is the service but for the simulated Asterisk's clock, which runs at SPEED. It prints the port of its page.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from monitor import log
from monitor.config import LogSettings
from monitor.pipeline import Monitor
from monitor.service import leave_if_stuck
from monitor.web import bind
from tests.faults.running import loaded
from tests.programs import DIRECT

ROOT = Path(__file__).parents[2]


async def _run(settings: Path, speed: float) -> None:
    log.configure(LogSettings(format="json"))
    monitor, stop = Monitor(loaded(settings), clock_rate=speed), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    listening = bind()
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    await monitor.run(listening, stop)
    leave_if_stuck(monitor)


class Program:
    """One that runs."""

    def __init__(self, settings: Path, speed: float) -> None:
        with (settings.parent / "monitor.log").open("ab") as kept:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.standing", settings, str(speed)],
                stdout=subprocess.PIPE, stderr=kept, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())

    def figures(self) -> dict[str, float]:
        """Every sample of /metrics, by its name and labels; none before it answers."""
        try:
            with DIRECT.open(f"http://127.0.0.1:{self._port}/metrics", timeout=5) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return {}
        samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    def page(self) -> str:
        """What it shows."""
        with DIRECT.open(f"http://127.0.0.1:{self._port}/", timeout=5) as answer:
            text: str = answer.read().decode()
        return text

    def leads(self) -> bool | None:
        """Whether it does; None while it follows no Asterisk yet."""
        assert self._process.poll() is None, "it ended"
        figures = self.figures()
        return None if figures.get('callcenter_ami_up{system="demo"}') != 1 else figures["callcenter_leader"] == 1

    def end(self, number: signal.Signals) -> None:
        """End it by a signal, and see it gone."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.wait(20)
        if self._process.stdout is not None:
            self._process.stdout.close()


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1]), float(sys.argv[2])))

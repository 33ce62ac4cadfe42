"""A real Alertmanager of the tests' own, on a free loopback port."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any, Self
from urllib.error import URLError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

PROGRAM = "prometheus-alertmanager"
_READY_SECONDS = 20.0
_LOOK_SECONDS = 0.02


def require_alertmanager() -> str:
    """The program's path. Without it: the test is skipped, and an error where `CI` is set."""
    found = shutil.which(PROGRAM) or shutil.which("alertmanager")
    if found is None:
        reason = f"{PROGRAM} is not installed: apt-get install {PROGRAM}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Alertmanager:
    """One that can be stopped and started again at the same address; entered, it runs.

    Args:
        home: where it keeps its files.
        webhook: whom it notifies of everything, at once; empty for nobody.
        configuration: its own configuration file, instead of one made here.
    """

    def __init__(self, home: Path, *, webhook: str = "", configuration: Path | None = None) -> None:
        self._program = require_alertmanager()
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._configuration = configuration or home / "alertmanager.yml"
        if configuration is None:
            hooks = [{"url": webhook, "send_resolved": True}] if webhook else []
            settings = {
                "route": {
                    "receiver": "test",
                    "group_by": ["alertname", "system", "line", "queue"],
                    "group_wait": "10ms",
                    "group_interval": "100ms",
                },
                "receivers": [{"name": "test", "webhook_configs": hooks}],
            }
            # JSON is YAML.
            self._configuration.write_text(json.dumps(settings), encoding="utf-8")

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        log = (self.home / "alertmanager.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    self._program,
                    f"--config.file={self._configuration}",
                    f"--storage.path={self.home / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + _READY_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError((self.home / "alertmanager.log").read_text(encoding="utf-8"))
            # Another program's readiness is no event of ours.
            time.sleep(_LOOK_SECONDS)

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def alerts(self, **labels: str) -> list[dict[str, Any]]:
        """The alerts that fire now and have these labels."""
        with urlopen(f"http://127.0.0.1:{self.port}/api/v2/alerts", timeout=5) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return [alert for alert in found if labels.items() <= alert["labels"].items()]

    def wait_for(
        self, holds: Callable[[list[dict[str, Any]]], bool], *, seconds: float = 10.0, **labels: str
    ) -> list[dict[str, Any]]:
        """Look at the alerts with these labels until something holds of them; returns them."""
        until = time.monotonic() + seconds
        while True:
            found = self.alerts(**labels)
            if holds(found):
                return found
            if time.monotonic() > until:
                raise AssertionError(f"not within {seconds:g} s; it has {found}")
            time.sleep(_LOOK_SECONDS)  # another program's state is no event of ours

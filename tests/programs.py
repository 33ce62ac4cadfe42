"""Programs of other people's: whether they are here, and servers among them that run for a test."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NoReturn, Self
from urllib.request import ProxyHandler, build_opener

import pytest

from .loopback import free_port

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_READY_SECONDS = 20.0
_STOP_SECONDS = 20.0
_LOOK_SECONDS = 0.02

DIRECT = build_opener(ProxyHandler({}))
"""Opens addresses on loopback: a proxy of the machine's has nothing to do there."""


def absent(what: str) -> NoReturn:
    """Skip the test, since something is not installed; where `CI` is set it should be, and that is an error."""
    reason = f"{what} is not installed; `make lab` installs it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def required(*names: str) -> str:
    """The path of a program that is installed under one of these names; without it, as `absent` says."""
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    absent(names[0])


class Server(ABC):
    """One that says at `/-/ready` when it is; entered, it runs. It can be stopped and started at the same address.

    Args:
        home: where it keeps its files; made where it is not there.
        names: under which its program may be installed.

    Attributes:
        port: a free one of loopback.
    """

    def __init__(self, home: Path, *names: str) -> None:
        self._program = required(*names)
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = home / f"{names[0]}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def arguments(self) -> list[str]:
        """What it is started with."""

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
        """Start it, and wait until it is ready.

        Raises:
            RuntimeError: it ended, or was not ready in time; with its log.
        """
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([self._program, *self.arguments()], stdout=log, stderr=log)
        until = time.monotonic() + _READY_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(self._log.read_text(encoding="utf-8"))
            time.sleep(_LOOK_SECONDS)  # another program's readiness is no event of ours

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _ready(self) -> bool:
        try:
            with DIRECT.open(f"{self.url}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Prometheus(Server):
    """One that runs by the `prometheus.yml` in its folder."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, "prometheus")

    def arguments(self) -> list[str]:
        """Its configuration, its data and its address."""
        return [
            f"--config.file={self.home / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.home / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]

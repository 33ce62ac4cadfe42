"""Prometheus' files as they are shipped, and a real Prometheus that runs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from tests.alerts.alertmanager import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RULES = sorted((FOLDER / "rules").glob("*.yml"))
_READY_SECONDS = 20.0
_LOOK_SECONDS = 0.05


def program(name: str) -> str:
    """The program's path. Without it: the test is skipped, and an error where `CI` is set."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed; `make lab` installs it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def called(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What a program answers; it may fail."""
    return subprocess.run(
        [program(name), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120
    )


def rules() -> list[dict[str, Any]]:
    """Every rule of every file, in order."""
    files = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    """The alerting rules by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def hastened(text: str) -> str:
    """A file of ours with every `for` and interval cut short: minutes are promtool's to prove, here it is the wire."""
    text = re.sub(r"(?m)^( +for): .*$", r"\1: 1s", text)
    return re.sub(r"(?m)^( +(?:\w+_)?(?:interval|timeout)): .*$", r"\1: 500ms", text)


class Prometheus:
    """A real one on a free loopback port, with the shipped files, hastened; entered, it runs.

    Args:
        home: a folder to be made, for its files and data.
        targets: by job, the port on this machine that it asks.
    """

    def __init__(self, home: Path, targets: Mapping[str, int]) -> None:
        self.home = home
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        for folder in ("rules", "targets"):
            (home / folder).mkdir(parents=True)
        for file in (FOLDER / "prometheus.yml", *RULES):
            copy = home / file.relative_to(FOLDER)
            copy.write_text(hastened(file.read_text(encoding="utf-8")), encoding="utf-8")
        for job, port in ({"prometheus": self.port} | dict(targets)).items():
            found = json.dumps([{"targets": [f"127.0.0.1:{port}"]}])
            (home / "targets" / f"{job}.yml").write_text(found, encoding="utf-8")

    def __enter__(self) -> Self:
        """Start it, and wait until it is ready."""
        log = (self.home / "prometheus.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    program("prometheus"),
                    f"--config.file={self.home / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.home / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + _READY_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError((self.home / "prometheus.log").read_text(encoding="utf-8"))
            time.sleep(_LOOK_SECONDS)  # another program's readiness is no event of ours
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of an instant query."""
        question = urlencode({"query": expression})
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?{question}", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found

    def wait_for(self, expression: str, seconds: float = 20.0) -> list[dict[str, Any]]:
        """Ask until there is an answer; returns it."""
        until = time.monotonic() + seconds
        while not (found := self.query(expression)):
            if time.monotonic() > until:
                raise AssertionError(f"nothing within {seconds:g} s: {expression}")
            time.sleep(_LOOK_SECONDS)  # another program's scrape is no event of ours
        return found

"""Prometheus' files as they are shipped, and a real Prometheus that runs them."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import yaml

from tests.programs import DIRECT, Prometheus, required

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RULES = sorted((FOLDER / "rules").glob("*.yml"))
_LOOK_SECONDS = 0.05


def called(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What a program answers; it may fail."""
    return subprocess.run(
        [required(name), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120
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


class ShippedPrometheus(Prometheus):
    """A real one with the shipped files, hastened.

    Args:
        home: for its files and data.
        targets: by job, the port on this machine that it asks.
    """

    def __init__(self, home: Path, targets: Mapping[str, int]) -> None:
        super().__init__(home)
        for folder in ("rules", "targets"):
            (home / folder).mkdir()
        for file in (FOLDER / "prometheus.yml", *RULES):
            copy = home / file.relative_to(FOLDER)
            copy.write_text(hastened(file.read_text(encoding="utf-8")), encoding="utf-8")
        for job, port in ({"prometheus": self.port} | dict(targets)).items():
            found = json.dumps([{"targets": [f"127.0.0.1:{port}"]}])
            (home / "targets" / f"{job}.yml").write_text(found, encoding="utf-8")

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of an instant query."""
        question = urlencode({"query": expression})
        with DIRECT.open(f"{self.url}/api/v1/query?{question}", timeout=10) as answer:
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

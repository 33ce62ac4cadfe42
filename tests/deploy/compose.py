"""docker-compose.yml as the tests read it, and what a machine without an engine can still run of it."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.programs import absent

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
SECRETS = "/run/secrets/"
"""Where the engine puts them inside a container."""


@cache
def composition() -> dict[str, Any]:
    """The file; anchors and merges are worked out by the reader."""
    read: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return read


def services() -> dict[str, dict[str, Any]]:
    """Every service by name."""
    found: dict[str, dict[str, Any]] = composition()["services"]
    return found


def mounts(service: str) -> list[tuple[str, str]]:
    """What of this repository a service sees, and where."""
    found = []
    for volume in services()[service].get("volumes", []):
        # ${NAME:-default}: the default is ours.
        source, target, *_ = volume.replace("${CALLMONITOR_SETTINGS:-", "").replace("}", "").split(":")
        if source.startswith("./"):
            found.append((source, target))
    return found


def given(service: str) -> dict[str, str]:
    """The secrets a service is given, by their places in the container."""
    listed = services()[service].get("secrets", [])
    written = [{"source": secret} if isinstance(secret, str) else secret for secret in listed]
    return {secret.get("target", SECRETS + secret["source"]): secret["source"] for secret in written}


def compose() -> list[str]:
    """Docker Compose's command. Without one: skipped, and an error where `CI` is set."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0
        ):
            return command
    return absent("Docker Compose")


def engine_answers() -> bool:
    """Whether containers can be run here."""
    return shutil.which("docker") is not None and succeeds("docker", "info")


def succeeds(*command: str) -> bool:
    """Whether a command ends with status 0."""
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0

"""The unit as systemd itself reads it, and how much of the machine it leaves open."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import required

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "callmonitor.service"
INSTALLED = "/opt/callmonitor/bin/callmonitor"

MOST_EXPOSED = 20
"""Tenths of systemd's score, from 0 (nothing open) to 100; up to 20 it says "OK"."""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with the command at a place where it is on this machine: systemd looks whether it can be executed."""
    command = Path(sys.executable).parent / "callmonitor"
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text(encoding="utf-8").replace(INSTALLED, str(command)), encoding="utf-8")
    return path


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [required("systemd-analyze"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_systemd_finds_nothing_wrong(unit: Path) -> None:
    done = analyze("verify", "--man=no", unit)
    # What it says of other units of this machine is not ours to mend.
    ours = [line for line in (done.stdout + done.stderr).splitlines() if UNIT.name in line]
    assert ours == []
    assert done.returncode == 0


def test_a_misspelt_option_would_be_found(unit: Path) -> None:
    unit.write_text(unit.read_text(encoding="utf-8").replace("ProtectHome=", "ProtectHouse="), encoding="utf-8")
    done = analyze("verify", "--man=no", unit)
    assert "ProtectHouse" in done.stdout + done.stderr


def test_little_of_the_machine_is_left_open(unit: Path) -> None:
    done = analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "--no-pager", unit)
    assert done.returncode == 0, done.stdout


def test_it_is_watched_and_starts_anew_but_not_with_bad_settings() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # configparser's documented way to keep the case
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    service = parser["Service"]
    assert service["ExecStart"].split()[:2] == [INSTALLED, "run"]
    wanted = {"Type": "notify", "Restart": "on-failure", "RestartPreventExitStatus": "2", "User": "callmonitor"}
    assert {key: service[key] for key in wanted} == wanted
    assert float(service["WatchdogSec"]) > 0

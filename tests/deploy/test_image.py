"""What the Dockerfile does, done here step by step: no engine is needed to see that the wheel is whole and installs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from monitor import __version__

from .compose import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
BUILD, FINAL = re.split(r"(?m)^FROM ", DOCKERFILE)[1:]
MADE_FROM = {".po", ".pot"}
"""What catalogues are compiled from; the program reads only what comes of it."""


def copied() -> list[str]:
    """What the first stage takes from this repository, without the place it puts it."""
    return [name for line in re.findall(r"(?m)^COPY (?!--)(.+)$", BUILD) for name in line.split()[:-1]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made of nothing but what the Dockerfile copies."""
    source = tmp_path_factory.mktemp("source")
    for name in copied():
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source)
    wheels = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = wheels.iterdir()
    return made


def test_the_engine_is_given_what_is_copied_and_nothing_else() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == {name.rstrip("/") for name in copied()}


def test_everything_the_program_reads_is_in_the_wheel(wheel: Path) -> None:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "monitor"]
    files = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout.decode().strip("\0").split("\0")
    wanted = {name for name in files if (ROOT / name).exists() and not name.endswith(tuple(MADE_FROM))}
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("monitor/")}
    assert packed == wanted


def test_it_installs_beside_the_pinned_versions_and_runs(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "callmonitor")], check=True)
    python = tmp_path / "callmonitor" / "bin" / "python"
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-compile",
        "--constraint",
    ]
    subprocess.run([*install, str(ROOT / "constraints.txt"), str(wheel)], check=True, capture_output=True)
    done = subprocess.run(
        [str(python.with_name("callmonitor")), "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"callmonitor {__version__}\n"


def test_both_stages_are_of_one_pinned_image() -> None:
    """The environment of the first stage holds the path of its Python, which the second must have."""
    assert re.search(r"(?m)^ARG PYTHON_IMAGE=python:3\.13\.\d+-slim-\w+$", DOCKERFILE)
    assert BUILD.startswith("${PYTHON_IMAGE} AS build\n")
    assert FINAL.startswith("${PYTHON_IMAGE}\n")


def test_the_final_image_runs_as_nobody_special_with_no_tools() -> None:
    assert re.search(r"(?m)^USER callmonitor$", FINAL)
    assert re.search(r"--uid 10001\b", FINAL)
    assert not re.search(r"\b(pip|apt-get|apk|gcc|curl)\b", FINAL)


def test_its_health_check_asks_the_running_program(tmp_path: Path) -> None:
    """The command itself, against a port where nothing answers: an error, and so an unhealthy container."""
    command = re.search(r'(?s)HEALTHCHECK .*?CMD \["python", "-c", "([^"]+)"\]', FINAL)
    assert command is not None
    assert "127.0.0.1:9158/healthz" in command[1]
    asked = command[1].replace(":9158", ":1")
    done = subprocess.run([sys.executable, "-c", asked], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"Connection refused" in done.stderr

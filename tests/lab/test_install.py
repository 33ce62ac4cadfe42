"""The laboratory's installer, as far as it can be tried without installing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .install import cache_folder

INSTALLER = Path(__file__).with_name("install.py")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_else_than_root_is_told_in_one_sentence() -> None:
    done = subprocess.run(
        ["python3", "-"],
        input=INSTALLER.read_text(encoding="utf-8"),
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
        user=65534,
        cwd="/",
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == "lab: the laboratory is installed as root; run `sudo make lab`\n"


@pytest.mark.lab
def test_an_installed_laboratory_is_left_as_it_is(lab: None) -> None:
    began = time.monotonic()
    done = subprocess.run([sys.executable, str(INSTALLER)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    assert "Asterisk 22" in done.stdout
    assert str(cache_folder()) in done.stdout
    # Nothing is fetched, nothing unpacked.
    assert time.monotonic() - began < 5

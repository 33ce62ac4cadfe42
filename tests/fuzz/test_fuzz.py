"""Each reader on thousands of inputs that are nearly right; `make fuzz` looks longer, guided by what each one reaches.

`CALLMONITOR_FUZZ_SECONDS=300` lets each look so long here too.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from .mutation import mutations
from .targets import TARGETS

SECONDS = float(os.environ.get("CALLMONITOR_FUZZ_SECONDS", "0.4"))
FINDINGS = Path(__file__).with_name("findings")


@pytest.mark.timeout(SECONDS * 20 + 60)
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_reader_holds_whatever_comes(name: str) -> None:
    target = TARGETS[name]
    tried = 0
    until = time.monotonic() + SECONDS
    for data in mutations(target, seed=15886565):
        try:
            target.fuzz(data)
        except BaseException as error:
            error.add_note(f"{name}, input {tried}: {data!r}")
            raise
        tried += 1
        if time.monotonic() > until:
            break
    assert tried > 5, "it was hardly tried"


@pytest.mark.parametrize("path", sorted(FINDINGS.glob("*/*")), ids=lambda path: f"{path.parent.name} {path.name}")
def test_what_was_found_once_holds_now(path: Path) -> None:
    TARGETS[path.parent.name].fuzz(path.read_bytes())

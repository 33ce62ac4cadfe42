"""The wheel is the same to the byte whenever and wherever it is built, and all that a user gets is pinned.

The rest of `make audit` needs other people's servers: the bill of materials of a real installation, and pip-audit.
"""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from importlib.metadata import distribution, requires
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).parents[2] / "deploy" / "audit.py"
BUILD = "import os, sys; from setuptools import build_meta as b; os.chdir(sys.argv[2]); b.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def audit() -> Any:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("callmonitor_audit", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_two_builds_in_two_places_are_one_wheel(audit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another order of hashes, and another second at least: ZIP counts two at a time."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772445600")
    builder = (sys.executable, "-c", BUILD)
    here = audit.copied(tmp_path / "here")
    there = audit.copied(tmp_path / "there" / "deeper", here)
    one = audit.built(here, *builder)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    other = audit.built(there, *builder)
    assert audit.difference(one, other) == []
    with zipfile.ZipFile(one) as wheel:
        names = set(wheel.namelist())
        # 1,772,445,600 s are 2026-03-02 10:00:00 UTC.
        assert {info.date_time for info in wheel.infolist()} == {(2026, 3, 2, 10, 0, 0)}
    assert {
        "monitor/cli.py",
        "monitor/py.typed",
        "monitor/page/templates/login.html",
        "monitor/page/static/page.css",
        "monitor/locale/ko/LC_MESSAGES/callmonitor.mo",
        "monitor/ledger/migrations/versions/v0001_ledger.py",
    } <= names
    assert not [name for name in names if name.startswith(("tests", "benchmarks", "deploy")) or ".sqlite3" in name]


def test_a_difference_is_found(audit: Any, tmp_path: Path) -> None:
    wheels = []
    for number, text in enumerate(("a", "b")):
        wheels.append(tmp_path / str(number) / "x.whl")
        wheels[-1].parent.mkdir()
        with zipfile.ZipFile(wheels[-1], "w") as archive:
            archive.writestr("same.py", "x")
            archive.writestr("other.py", text)
    assert "other.py" in audit.difference(*wheels)


def installed(name: str, extras: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """What a package needs here, with all that this needs, by name and version; some twice."""
    for line in requires(name) or ():
        needed = Requirement(line)
        wanted = needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        if wanted:
            yield needed.name, distribution(needed.name).version
            yield from installed(needed.name, frozenset(needed.extras))


def test_all_that_a_user_gets_is_pinned_as_it_was_tested(audit: Any) -> None:
    needed = {audit.normal(name): version for name, version in installed("callmonitor")}
    known = audit.pinned()
    assert len(needed) > 40
    assert {name: known.get(name) for name in needed} == needed
    assert audit.astray(needed, needed, known) == []
    assert audit.astray({"x": "1"}, {"y": "1"}, {}) == [
        "y is installed and not in the bill",
        "x is in the bill and not installed",
        "x is 1 in the bill, and nothing in constraints.txt",
    ]

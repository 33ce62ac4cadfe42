"""Fixtures: an empty ledger and certificates, each made once; and the browser of the page's tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from monitor.ledger import upgrade
from tests.page.conftest import browser, look

from .certificates import Pair, pair

__all__ = ["blank", "browser", "certified", "ledger", "look"]


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    """Two certificates for this machine, and one whose key is encrypted."""
    folder = tmp_path_factory.mktemp("certificates")
    return {
        "first": pair(folder, "first"),
        "second": pair(folder, "second"),
        "locked": pair(folder, "locked", password="pa55word"),
    }


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger without calls."""
    path = tmp_path_factory.mktemp("security") / "ledger.sqlite3"
    upgrade(path)
    return path


@pytest.fixture
def ledger(blank: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(blank, tmp_path / "ledger.sqlite3"))

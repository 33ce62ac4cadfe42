"""The settings of Hypothesis, for the properties that stand among these tests, and a ledger that is quickly there."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from monitor.ledger import Repository, upgrade
from tests.properties import profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["profile"]


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table and no row, to be copied: making it takes longer than most tests here."""
    store = tmp_path_factory.mktemp("empty") / "ledger.sqlite3"
    upgrade(store)
    return store


@pytest.fixture
def ledger(empty_ledger: Path, tmp_path: Path) -> Iterator[Repository]:
    """An empty one; SQLite is enough where the database makes no difference."""
    store = tmp_path / "ledger.sqlite3"
    shutil.copy(empty_ledger, store)
    repository = Repository(store)
    yield repository
    repository.close()

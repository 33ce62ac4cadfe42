"""Fixtures: an empty ledger for each test, and one in PostgreSQL for what two at a time may do."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.ledger import Repository, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: each test gets a copy."""
    path = tmp_path_factory.mktemp("reviews") / "empty.sqlite3"
    upgrade(path)
    return path


@pytest.fixture
def ledger(empty_ledger: Path, tmp_path: Path) -> Path:
    """A file without calls."""
    return Path(shutil.copy(empty_ledger, tmp_path / "ledger.sqlite3"))


@pytest.fixture
def repository(ledger: Path) -> Iterator[Repository]:
    """It, to write calls to."""
    repository = Repository(ledger)
    yield repository
    repository.close()


@pytest.fixture
def on_postgresql(postgres_url: str) -> Iterator[Repository]:
    """An empty ledger of a server, in which two may write at a time."""
    upgrade(postgres_url)
    repository = Repository(postgres_url)
    yield repository
    repository.close()

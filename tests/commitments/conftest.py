"""Fixtures: an empty ledger in a file for each test, and a desk over any store."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.ledger import Store, upgrade

from .office import Office

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: each test gets a copy."""
    path = tmp_path_factory.mktemp("commitments") / "empty.sqlite3"
    upgrade(path)
    return path


@pytest.fixture
def office(empty_ledger: Path, tmp_path: Path) -> Iterator[Office]:
    """An office with the charter's promises and a ledger in a file."""
    store = Store(Path(shutil.copy(empty_ledger, tmp_path / "ledger.sqlite3")))
    yield Office(store)
    store.close()


@pytest.fixture
def on_both(store: str) -> Iterator[Office]:
    """The same over a ledger of each kind."""
    upgrade(store)
    opened = Store(store)
    yield Office(opened)
    opened.close()

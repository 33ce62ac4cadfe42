"""A ledger without rows, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.ledger import upgrade

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each test takes a copy."""
    path = tmp_path_factory.mktemp("callbacks") / "ledger.sqlite3"
    upgrade(path)
    return path

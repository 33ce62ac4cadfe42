"""The fixture `month_file`, for every test that makes reports of the month that is worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def month_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of `month.py` as SQLite's file. It is read only."""
    # The tests that ask for no report need not load what makes them.
    from monitor.ledger import Repository, upgrade  # noqa: PLC0415 - as above

    from .month import facts  # noqa: PLC0415 - as above

    path = tmp_path_factory.mktemp("month") / "ledger.sqlite3"
    upgrade(path)
    repository = Repository(path)
    repository.record_all(facts())
    repository.close()
    return path

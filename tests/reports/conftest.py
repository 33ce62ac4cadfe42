"""Stores to make reports of, and the month that is worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.ledger import Repository, upgrade

from . import month

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.reports.figures import Figures
    from tests.ledger.postgres import Cluster


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def worked_month(request: pytest.FixtureRequest, month_file: Path) -> Iterator[Repository]:
    """The ledger of `month.py`, in a store of each kind. It is read only."""
    if request.param == "sqlite":
        repository = Repository(month_file)
    else:
        server: Cluster = request.getfixturevalue("cluster")
        where = server.create_database()
        upgrade(where)
        repository = Repository(where)
        repository.record_all(month.facts())
    yield repository
    repository.close()


@pytest.fixture(scope="session")
def figures(worked_month: Repository) -> Figures:
    """What October 2026 held, of all lines, judged on all calls."""
    return month.counted(worked_month)


@pytest.fixture(scope="session")
def month_ledger(month_file: Path) -> Iterator[Repository]:
    """The same in SQLite alone, for what does not differ by store. It is read only."""
    repository = Repository(month_file)
    yield repository
    repository.close()

"""Stores to make reports of, and the month that is worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.ledger import Repository, upgrade
from tests.ledger.conftest import cluster, postgres_programs, postgres_url, private_cluster, repository, store

from . import month

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reports.figures import Figures
    from tests.ledger.postgres import Cluster

__all__ = ["cluster", "postgres_programs", "postgres_url", "private_cluster", "repository", "store"]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def worked_month(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """The ledger of `month.py`, in a store of each kind. It is read only."""
    if request.param == "sqlite":
        where = str(tmp_path_factory.mktemp("month") / "ledger.sqlite3")
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

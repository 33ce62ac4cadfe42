"""Fixtures of stores to test with: each a real one, empty. One server is there for all folders of tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.programs import absent

from .postgres import Cluster, programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.ledger import Repository


@pytest.fixture(scope="session")
def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs. Without them: skipped, and an error where `CI` is set."""
    return programs() or absent("PostgreSQL")


@pytest.fixture(scope="session")
def cluster(postgres_programs: Path) -> Iterator[Cluster]:
    """The session's PostgreSQL server, running."""
    server = Cluster(postgres_programs)
    server.start()
    yield server
    server.remove()


@pytest.fixture
def private_cluster(postgres_programs: Path) -> Iterator[Cluster]:
    """A server of one test's own, to stop and start."""
    server = Cluster(postgres_programs)
    server.start()
    yield server
    server.remove()


@pytest.fixture
def postgres_url(cluster: Cluster) -> str:
    """An empty database's URL."""
    return cluster.create_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of each kind, as an operator writes it."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite3")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def repository(store: str) -> Iterator[Repository]:
    """A ledger without rows, up to date."""
    from monitor.ledger import Repository, upgrade  # noqa: PLC0415 - the tests that ask for none need not load it

    upgrade(store)
    repository = Repository(store)
    yield repository
    repository.close()

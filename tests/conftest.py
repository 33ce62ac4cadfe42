"""Fixtures that more than one folder of tests asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .day.fixtures import replayed_day
from .ledger.fixtures import cluster, postgres_programs, postgres_url, private_cluster, repository, store
from .reports.fixtures import month_file

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "cluster",
    "month_file",
    "postgres_programs",
    "postgres_url",
    "private_cluster",
    "replayed_day",
    "repository",
    "store",
]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> Iterator[None]:
    """Refuse to spread a group over the workers, where each would make anew what is costly to make.

    From 9.2 on, pytest does not take the names that pytest-xdist 3.8 gives to groups, and nobody says so.
    """
    if getattr(session.config.option, "loadgroup", False):
        spread = [item.nodeid for item in session.items if item.get_closest_marker("xdist_group")]
        if any("@" not in name for name in spread):
            raise pytest.UsageError("pytest-xdist does not keep its groups together: install what constraints.txt says")
    yield

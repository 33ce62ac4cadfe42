"""Fixtures that more than one folder of tests asks for."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from .day.fixtures import replayed_day
from .faults.fixtures import told
from .ledger.fixtures import cluster, postgres_programs, postgres_url, private_cluster, repository, store
from .reports.fixtures import month_file

if TYPE_CHECKING:
    import pytest

__all__ = [
    "cluster",
    "month_file",
    "postgres_programs",
    "postgres_url",
    "private_cluster",
    "replayed_day",
    "repository",
    "store",
    "told",
]


def pytest_configure() -> None:
    """Let journal, spool and reports of what is started here lie in a folder of this run, and not in a person's own."""
    folder = tempfile.mkdtemp(prefix="callmonitor-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["XDG_STATE_HOME"] = folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that tells what a fault cost: `make reliability` runs those."""
    for item in items:
        if "told" in getattr(item, "fixturenames", ()):
            item.add_marker("fault")

"""Fixtures that more than one folder of tests asks for."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from .day.fixtures import replayed_day
from .faults.fixtures import told
from .ledger.fixtures import cluster, postgres_programs, postgres_url, private_cluster, repository, store
from .reports.fixtures import month_file

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

"""Fixtures that more than one folder of tests asks for."""

from .day.fixtures import replayed_day
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
]

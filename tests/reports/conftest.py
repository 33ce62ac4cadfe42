"""Stores to make reports of: the ledger's own, shared with its tests."""

from tests.ledger.conftest import cluster, postgres_programs, postgres_url, repository, store

__all__ = ["cluster", "postgres_programs", "postgres_url", "repository", "store"]

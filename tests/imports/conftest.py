"""Empty stores to import into, as the ledger's tests have them."""

from tests.ledger.conftest import cluster, postgres_programs, postgres_url, repository, store

__all__ = ["cluster", "postgres_programs", "postgres_url", "repository", "store"]

"""Writes a batch of facts for whatever it can, and says which of them the store will never take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.ledger.store import ContendedStore, RefusedFact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.ledger.repository import Repository
    from monitor.ledger.rows import StoredFact

_TRIES = 5
"""How often a transaction that lost against another is tried at once, before the store counts as away."""


@dataclass(slots=True)
class Batch:
    """What became of facts that were given to the store."""

    written: int = 0
    refused: list[tuple[StoredFact | bytes, str]] = field(default_factory=list)
    """Each fact, or line of the spool, that the store will never take, and why."""

    def write(self, repository: Repository, facts: Sequence[StoredFact]) -> None:
        """Write facts in one transaction; where one of them is refused, find it by halves.

        Raises:
            StoreError: the store is away; all of them may be written again.
        """
        if not facts:
            return
        try:
            _insist(repository, facts)
        except RefusedFact as error:
            if len(facts) == 1:
                self.refused.append((facts[0], str(error)))
                return
            middle = len(facts) // 2
            self.write(repository, facts[:middle])
            self.write(repository, facts[middle:])
        else:
            self.written += len(facts)


def _insist(repository: Repository, facts: Sequence[StoredFact]) -> None:
    """Write facts, again where another transaction on the same rows made the database undo this one."""
    for _ in range(_TRIES - 1):
        try:
            repository.record_all(facts)
        except ContendedStore:
            continue
        return
    repository.record_all(facts)

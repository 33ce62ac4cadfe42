"""Where a replay writes its facts when it is told to: a ledger of its own choosing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ledger.repository import Repository
from monitor.ledger.rows import STORED_FACTS, StoredFact
from monitor.ledger.schema import upgrade
from monitor.numbers import PLAIN

if TYPE_CHECKING:
    from monitor.callbacks.settling import Terms
    from monitor.calls.facts import Fact
    from monitor.calls.rules import RingRule
    from monitor.numbers import Numbers

_FACTS_A_BATCH = 500


class Keeper:
    """Writes the facts of a replay to a ledger, in batches.

    Args:
        store: URL or path; brought up to date first.
        rules: the rules that make verdicts.
        numbers: how callers' numbers are kept.
        callbacks: by when one calls back; None where calls back are not kept.

    Raises:
        StoreError: the ledger cannot be opened or written.
    """

    def __init__(
        self, store: str, rules: tuple[RingRule, ...], *, numbers: Numbers = PLAIN, callbacks: Terms | None = None
    ) -> None:
        self._waiting: list[StoredFact] = []
        upgrade(store)
        self._repository = Repository(store, numbers=numbers, callbacks=callbacks)
        for rule in rules:
            self._repository.record_rule(rule)

    def record(self, fact: Fact) -> None:
        """Take a fact; those the ledger does not keep are passed over."""
        if isinstance(fact, STORED_FACTS):
            self._waiting.append(fact)
            if len(self._waiting) >= _FACTS_A_BATCH:
                self._write()

    def close(self) -> None:
        """Write what waits."""
        self._write()
        self._repository.close()

    def _write(self) -> None:
        self._repository.record_all(self._waiting)
        self._waiting.clear()

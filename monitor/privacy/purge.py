"""The purge: personal data that have been kept as long as the settings say are erased, and every figure stays."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from monitor.ledger import case_erasing, erasing, erasing_charter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from monitor.config_charter import CaseSettings
    from monitor.config_keeping import PrivacySettings
    from monitor.ledger.erasing import Erasure, Task
    from monitor.ledger.store import Store
    from monitor.numbers import Numbers

PURGE = "purge"
"""The kind under which `erasures` tells of it."""

log = structlog.get_logger(__name__)


class Purge:
    """Erases from one ledger what its time has come for.

    Args:
        store: the ledger's.
        settings: how long what is kept.
        numbers: how callers' numbers are kept.
        cases: how long what cases hold of a person is kept; None keeps it.
    """

    def __init__(
        self, store: Store, settings: PrivacySettings, numbers: Numbers, cases: CaseSettings | None = None
    ) -> None:
        self._store = store
        self.settings = settings
        """May be replaced by others that keep numbers alike."""
        self.cases = cases
        self._numbers = numbers

    def run(self, now: datetime, *, dry: bool = False) -> list[Erasure]:
        """Erase what is due, a place after the other, and write down what was erased. May take minutes, and blocks.

        Args:
            now: an aware instant.
            dry: count only, and write nothing.

        Raises:
            StoreError: the store is away; what was erased before is, and the rest may be tried again.
        """
        if not dry:
            self._carry_over(now)
        found = [erasing.carry_out(self._store, task, dry=dry) for task in self._tasks(now)]
        if not dry:
            erasing.settle(self._store)
            erasing.keep(self._store, now, PURGE, found or [_nothing()])
            log.info("purged", erased={each.place: each.erased for each in found if each.erased})
        return found

    def _tasks(self, now: datetime) -> Iterator[Task]:
        settings = self.settings
        if settings.numbers_days:
            before = now - timedelta(days=settings.numbers_days)
            yield from erasing_charter.numbers_before(self._store, before)
            yield from erasing.numbers_before(before)
        if self._numbers.hashed:
            yield from erasing_charter.numbers_to_hashes(self._store, self._numbers)
            yield from erasing.numbers_to_hashes(self._numbers)
            yield case_erasing.numbers_to_hashes(self._numbers)
            yield erasing.own_numbers_in_transfers(self._store, self._numbers)
        if settings.agent_states_days:
            yield erasing.states_before(now - timedelta(days=settings.agent_states_days))
        if settings.agents_days:
            before = now - timedelta(days=settings.agents_days)
            yield from erasing_charter.agents_before(before, self._numbers)
            yield from erasing.agents_before(before, self._numbers)
        if settings.access_log_days:
            yield erasing.accesses_before(now - timedelta(days=settings.access_log_days))
        if self.cases is not None and self.cases.personal_days:
            yield case_erasing.personal_before(now - timedelta(days=self.cases.personal_days), now)

    def _carry_over(self, now: datetime) -> None:
        settings = self.settings
        if settings.agent_states_days:
            erasing.carry_over(self._store, now - timedelta(days=settings.agent_states_days))
        if settings.agents_days:
            at = now - timedelta(days=settings.agents_days)
            erasing.carry_over(self._store, at, pseudonym=self._numbers.agent)


def _nothing() -> Erasure:
    return erasing.Erasure(place="nothing is set to be erased", erased=0, left=0)

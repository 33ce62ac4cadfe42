"""Brings calls into a ledger, and counts what became of them.

Calls are written in batches, whole ones only; a run that is broken off is made up by running it again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from monitor.ledger.edge import as_kept
from monitor.ledger.rows import CALLS, rank
from monitor.ledger.whole import among, whole_calls

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.calls.facts import Call, CallKey, Outcome
    from monitor.ledger.repository import Repository

BATCH = 500


class Fate(StrEnum):
    """What became of a call."""

    NEW = "new"
    """The ledger did not know it."""
    REPLACED = "replaced"
    """It takes the place of a record that tells less, or something else."""
    SAME = "same"
    """The ledger has exactly this."""
    KNOWN_BETTER = "known_better"
    """The ledger has a record that tells more, above all one the monitor made itself."""


@dataclass(slots=True)
class Counts:
    """What was brought in."""

    fates: Counter[Fate] = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    """Of all calls that were read."""
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def calls(self) -> int:
        """All that were read."""
        return self.fates.total()


class Intake:
    """Takes calls for one ledger.

    Args:
        repository: the ledger's; None for one that does not exist yet, in a dry run.
        dry: count, and write nothing.
    """

    def __init__(self, repository: Repository | None, *, dry: bool = False) -> None:
        self.counts = Counts()
        self._repository = repository
        self._dry = dry
        self._waiting: list[Call] = []

    def take_all(self, calls: Iterable[Call]) -> Counts:
        """Take every call.

        Raises:
            StoreError: the ledger is away; all batches before stand.
        """
        for call in calls:
            self._waiting.append(call)
            if len(self._waiting) >= BATCH:
                self._settle()
        self._settle()
        return self.counts

    def _settle(self) -> None:
        calls, self._waiting = self._waiting, []
        if not calls:
            return
        known = self._known(calls) if self._repository is not None else {}
        wanted = []
        for read in calls:
            # The ledger may keep less of a caller than was read.
            call = read if self._repository is None else as_kept(read, self._repository.numbers)
            fate = _fate(call, known.get(call.key))
            self._count(call, fate)
            if fate in {Fate.NEW, Fate.REPLACED}:
                wanted.append(call)
        if wanted and self._repository is not None and not self._dry:
            self._repository.record_all(wanted)

    def _count(self, call: Call, fate: Fate) -> None:
        counts, at = self.counts, call.filed_at
        counts.fates[fate] += 1
        counts.outcomes[call.outcome] += 1
        counts.first_at = min(counts.first_at or at, at)
        counts.last_at = max(counts.last_at or at, at)

    def _known(self, calls: Sequence[Call]) -> dict[CallKey, Call]:
        """What the ledger has of these calls."""
        assert self._repository is not None  # noqa: S101 - asked for only where there is one
        by_system: defaultdict[str, list[str]] = defaultdict(list)
        for call in calls:
            by_system[call.key.system].append(call.key.linkedid)
        known: dict[CallKey, Call] = {}
        with self._repository.store.reading() as connection:
            for system, linkedids in by_system.items():
                chosen = select(CALLS).where(CALLS.c.system == system, among(connection, CALLS.c.linkedid, linkedids))
                found = connection.execute(chosen).mappings().all()
                known.update({call.key: call for call in whole_calls(connection, found)})
        return known


def _fate(call: Call, known: Call | None) -> Fate:
    if known is None:
        return Fate.NEW
    if known == call:
        return Fate.SAME
    return Fate.KNOWN_BETTER if rank(known) > rank(call) else Fate.REPLACED

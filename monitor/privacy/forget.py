"""Forgets one person: erases their number wherever it is kept, then looks through every place again.

The monitor may run meanwhile. What it holds in memory, a call in progress or a fact on its way, comes to disk a little
later; so all of it is done again until nothing is found, and calls that may still go on are told.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select

from monitor.ledger import erasing
from monitor.ledger.erasing import Erasure
from monitor.ledger.rows import CALLS
from monitor.ledger.schema import upgrade
from monitor.privacy import forget_files, forget_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from monitor.ledger.store import Store
    from monitor.privacy.person import Person

FORGET = "forget"
"""The kind under which `erasures` tells of it."""
_ROUNDS = 4
_WAIT_SECONDS = 1.0
"""Between two rounds: longer than a fact is on its way to the ledger."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where personal data are kept."""

    store: Store
    spool: Path
    rejected: Path
    journal: Path
    reports: Path
    others: tuple[Path, ...] = ()
    """Folders of ours in which nothing else should hold a number: they are looked through."""


@dataclass(slots=True)
class Forgotten:
    """What came of it."""

    erasures: list[Erasure]
    in_progress: set[str] = field(default_factory=set)
    """Linkedids of calls that the ledger does not have, so that they may still go on."""
    files: list[Path] = field(default_factory=list)
    """Files that nobody changes by himself and that hold the number."""

    @property
    def left(self) -> int:
        """How often the number was found when everything was looked through again."""
        return sum(each.left for each in self.erasures)


def forget(person: Person, places: Places, now: datetime) -> Forgotten:
    """Erase a person, look again, and write down what was erased; never whom. May take minutes, and blocks.

    Args:
        person: who.
        places: where to look.
        now: an aware instant.

    Raises:
        StoreError: the ledger is away. What was erased before is; run it again.
        OSError: a file cannot be read or written.
    """
    upgrade(places.store)
    erased: dict[str, int] = {}
    linkedids: set[str] = set()
    left: dict[str, int] = {}
    for number in range(_ROUNDS):
        if number:
            # What was in the monitor's hand is written by then; it tells no other program of it.
            time.sleep(_WAIT_SECONDS)
        before = sum(erased.values())
        for place, count in _erase(person, places, linkedids):
            erased[place] = erased.get(place, 0) + count
        if number and sum(erased.values()) == before:
            # What is left is nothing that another round would take.
            break
        # Also where no row held it: a former record of a call may lie in freed pages.
        forget_ledger.compact(places.store)
        left, files = _look(person, places)
        if not any(left.values()):
            break
    found = [Erasure(place=place, erased=erased.get(place, 0), left=count) for place, count in left.items()]
    erasing.keep(places.store, now, FORGET, found)
    log.info("forgotten", erased=sum(erased.values()), left=sum(left.values()))
    return Forgotten(found, _unknown(places.store, linkedids), files)


_TABLE = "table "
_PAGES = "the ledger's files, freed pages too"
_SPOOL, _REJECTED, _JOURNAL, _REPORTS, _OTHERS = (
    "facts waiting on disk",
    "refused facts",
    "journal",
    "kept reports",
    "other files in these folders",
)


def _erase(person: Person, places: Places, linkedids: set[str]) -> Iterable[tuple[str, int]]:
    # In the order in which a number travels, so that none gets past.
    yield _JOURNAL, forget_files.in_journal(places.journal, person, linkedids)
    yield _SPOOL, forget_files.in_waiting_facts(places.spool, person)
    yield _REJECTED, forget_files.in_waiting_facts(places.rejected, person)
    for table, marks in forget_ledger.forget_marks(places.store, person):
        yield f"{_TABLE}{table}", marks.erased
    for task in forget_ledger.places(person):
        yield task.place, erasing.carry_out(places.store, task, again=False).erased
    yield _REPORTS, forget_files.in_reports(places.reports, person)


def _look(person: Person, places: Places) -> tuple[dict[str, int], list[Path]]:
    """How often the person is found at each place, and in which other files."""
    left: dict[str, int] = {}
    for task in forget_ledger.places(person):
        left[task.place] = erasing.found(places.store, task)
    if places.store.is_sqlite:
        left[_PAGES] = forget_ledger.left_in_files(places.store, person)
    for place, path in ((_SPOOL, places.spool), (_REJECTED, places.rejected)):
        left[place] = forget_files.count_in_file(path, person)
    left[_JOURNAL] = forget_files.left_in_journal(places.journal, person)
    reports = (path for path in places.reports.rglob("*") if path.is_file()) if places.reports.is_dir() else ()
    left[_REPORTS] = sum(1 for path in reports if forget_files.count_in_file(path, person))
    files = [path for path in _other_files(places) if forget_files.count_in_file(path, person)]
    left[_OTHERS] = len(files)
    return left, files


def _other_files(places: Places) -> Iterable[Path]:
    """All files in our folders but those that are looked through by themselves."""
    ledger = places.store.path
    known = {places.spool, places.rejected}
    if ledger is not None:
        known |= {ledger.with_name(f"{ledger.name}{end}") for end in ("", "-wal", "-shm", "-journal")}
    seen: set[Path] = set()
    for folder in places.others:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            within = path.is_relative_to(places.journal) or path.is_relative_to(places.reports)
            if path.is_file() and not path.is_symlink() and not within and path not in known | seen:
                seen.add(path)
                yield path


def _unknown(store: Store, linkedids: set[str]) -> set[str]:
    """Those that no call of the ledger has: it may still go on, or was no call of a line."""
    known: set[str] = set()
    with store.reading() as connection:
        for linkedid in linkedids:
            known |= set(connection.scalars(select(CALLS.c.linkedid).where(CALLS.c.linkedid == linkedid)))
    return linkedids - known

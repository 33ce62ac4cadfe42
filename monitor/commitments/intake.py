"""Brings a sheet of cases in: all of it or nothing, and the same sheet as often as one likes.

Every row is read and checked before the ledger is written to, which then takes seconds; what was checked waits in a
file without a name, so that a large sheet takes no more memory than a small one.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from base64 import b32encode
from collections import Counter
from dataclasses import dataclass, fields
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from monitor.commitments.cases import Actor, CaseError, CaseState, Change, NewCase
from monitor.commitments.columns import COLUMNS, Reader, columns_of
from monitor.commitments.filing import difference
from monitor.commitments.sheets import rows_of
from monitor.errors import ImportRefused
from monitor.ledger import cases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from monitor.commitments.columns import Cell
    from monitor.commitments.desk import CaseDesk
    from monitor.commitments.filing import Row

_DERIVED_CHARACTERS = 12
_PERSONAL_CHARACTERS = 3
"""Of what is derived from personal fields: enough to tell rows of one day apart, and so few that thousands of numbers
share each; a reference is never erased."""
_MOST_BAD = 10_000
_CHANGED = {one.name for one in fields(Change)}


def _(sentence: str) -> str:
    """Marks a message identifier for the catalogue; the page looks its Korean up."""
    return sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that cannot be brought in."""

    row: int
    """As a spreadsheet counts them."""
    column: str
    """The name of the column in Korean and English, empty where none alone is at fault."""
    error: CaseError


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What came of a sheet, or would."""

    rows: int
    """That hold a case."""
    new: int
    changed: int
    same: int
    """There already, and saying the same."""
    bad: tuple[BadRow, ...]
    """Where there is one, nothing was written. Of a sheet that is no good at all the first 10,000."""
    dry_run: bool

    @property
    def written(self) -> int:
        """Cases that were written."""
        return 0 if self.dry_run or self.bad else self.new + self.changed


class _Unfit(Exception):  # noqa: N818 - it takes a transaction back, and is no error of anybody's
    pass


def bring_in(
    desk: CaseDesk,
    path: Path,
    by: Actor,
    *,
    dry_run: bool = False,
    update: bool = False,
    at: Callable[[int], None] = lambda _: None,
) -> Intake:
    """Bring in the cases of a sheet. May take a minute, and blocks.

    Args:
        desk: of the cases.
        path: of a CSV or XLSX file.
        by: who brings it.
        dry_run: tell what would come of it, and write nothing.
        update: let rows of cases that are there already change them, in every cell that is not empty; where not, rows
            that say something else are bad.
        at: told how many rows have been read.

    Raises:
        ImportRefused: the file is broken, too large, or no sheet of cases.
        StoreError: the ledger is away; nothing was written.
    """
    return _Bringing(desk, by, update=update).bring(path, at, dry_run=dry_run)


class _Bringing:
    def __init__(self, desk: CaseDesk, by: Actor, *, update: bool) -> None:
        self._desk = desk
        self._by = by
        self._update = update
        # The transaction comes later than the rows; the register and the clock are those of now.
        self._filing = desk.filing
        self._now = desk.now()
        self._bad: list[BadRow] = []
        self._fates: Counter[str] = Counter()
        self._row_of: dict[str, int] = {}

    def bring(self, path: Path, at: Callable[[int], None], *, dry_run: bool) -> Intake:
        with TemporaryFile(prefix="callmonitor-") as waiting:
            count = self._read(path, waiting, at)
            if not self._bad:
                self._settle(waiting, dry_run=dry_run)
        told = sorted(self._bad, key=lambda bad: bad.row)
        fates = self._fates
        return Intake(
            rows=count, new=fates["new"], changed=fates["changed"], same=fates["same"], bad=tuple(told),
            dry_run=dry_run,
        )  # fmt: skip

    def _read(self, path: Path, waiting: IO[bytes], at: Callable[[int], None]) -> int:
        rows = rows_of(path)
        _number, heading = next(rows, (0, []))
        try:
            columns = columns_of(heading)
        except CaseError as error:
            raise ImportRefused(f"{path} is no sheet of cases: {error}") from error
        reader = Reader(self._desk.register, self._filing.work_time.zone)
        seen: Counter[str] = Counter()
        batch: list[tuple[int, Row, Row]] = []
        count = 0
        for count, (number, cells) in enumerate(rows, 1):
            given, errors = _given(reader, columns, cells)
            try:
                row = None if errors else self._row(given, seen, number)
            except CaseError as error:
                errors.append(error)
                row = None
            for fault in errors:
                self._is_bad(number, fault)
            if row is not None and not self._bad:
                batch.append((number, row, given))
            if len(batch) == cases.CHUNK:
                pickle.dump(batch, waiting, pickle.HIGHEST_PROTOCOL)
                batch = []
            at(count)
        pickle.dump(batch, waiting, pickle.HIGHEST_PROTOCOL)
        return count

    def _row(self, given: Row, seen: Counter[str], number: int) -> Row:
        """A checked row of the ledger.

        Raises:
            CaseError: it makes no sense.
        """
        new = NewCase(source="import", **{"commitment": "", "received_at": None, **given})
        row = self._filing.new_row(new, self._now)
        if row["reference"] is None:
            derived = _derived(row)
            seen[derived] += 1
            row["reference"] = derived if seen[derived] == 1 else f"{derived}-{seen[derived]}"
        before = self._row_of.setdefault(row["reference"], number)
        if before != number:
            raise CaseError(
                _("The reference stands in row {row} already: give each case its own."), "reference", row=before
            )
        return row

    def _settle(self, waiting: IO[bytes], *, dry_run: bool) -> None:
        waiting.seek(0)
        if dry_run:
            with self._desk.store.reading() as connection:
                for batch in _batches(waiting):
                    self._sort(connection, batch, write=False)
            return
        try:
            with self._desk.store.writing() as connection:
                cases.lock(connection)
                for batch in _batches(waiting):
                    self._sort(connection, batch, write=not self._bad)
                self._take_back_what_is_bad()
        except _Unfit:
            self._fates.clear()

    def _is_bad(self, number: int, error: CaseError) -> None:
        if len(self._bad) < _MOST_BAD:
            # Without the frames in which it was raised: they hold the row.
            light = CaseError(error.sentence, error.field, **error.values)
            self._bad.append(BadRow(row=number, column=_name(error.field), error=light))

    def _take_back_what_is_bad(self) -> None:
        if self._bad:
            raise _Unfit

    def _sort(self, connection: Connection, batch: Sequence[tuple[int, Row, Row]], *, write: bool) -> None:
        references = [row["reference"] for _number, row, _given in batch]
        known = cases.known(connection, references)
        openings = cases.openings(connection, list(known)) if known else {}
        new: list[Row] = []
        changes: list[Row] = []
        entries: list[Row] = []
        for number, row, given in batch:
            stored = known.get(row["reference"])
            try:
                if stored is None:
                    self._desk.refuse_second(connection, row)
                    self._fates["new"] += 1
                    new.append(row)
                    entries.append(self._filing.entry(None, row, self._by))
                    continue
                changed = self._changed(stored, row, given, openings.get(row["reference"], {"detail": {}})["detail"])
            except CaseError as error:
                self._is_bad(number, error)
                continue
            self._fates["same" if changed is None else "changed"] += 1
            if changed is not None:
                changes.append(changed)
                entries.append(self._filing.entry(stored, changed, self._by))
                if write:
                    differing = {name: value for name, value in changed.items() if value != stored[name]}
                    cases.change(connection, row["reference"], differing)
        if write:
            cases.add(connection, new)
            cases.append(connection, entries)
            for row in (*new, *changes):
                self._desk.withdraw_untouched(connection, row)

    def _changed(self, stored: Row, row: Row, given: Row, opening: Mapping[str, Any]) -> Row | None:
        """The row that a case there already becomes; None where it stays as it is.

        Raises:
            CaseError: it says something else, or the change makes no sense.
        """
        if not self._update:
            differing = difference(row, opening, stored)
            if not differing:
                return None
            raise CaseError(
                _("There is another case of this reference, which says something else: {names}."),
                "reference", names=", ".join(_name(name) or name for name in differing),
            )  # fmt: skip
        told = {name: value for name, value in given.items() if name in _CHANGED}
        if given.get("withdrawn"):
            told["state"] = CaseState.WITHDRAWN
        changed = self._filing.changed_row(stored, Change(**told), self._now)
        return None if changed == stored else changed


def _batches(waiting: IO[bytes]) -> Iterator[list[tuple[int, Row, Row]]]:
    while True:
        try:
            # Our own, from a file that has no name and nobody else can write to.
            yield pickle.load(waiting)  # noqa: S301 - as said above
        except EOFError:
            return


def _given(reader: Reader, columns: Mapping[int, Any], cells: Sequence[Cell]) -> tuple[Row, list[CaseError]]:
    """What a row says, by field of `NewCase`, and what of it means nothing."""
    given: Row = {}
    errors: list[CaseError] = []
    for place, column in columns.items():
        try:
            value = reader.value(column, cells[place] if place < len(cells) else None)
        except CaseError as error:
            errors.append(error)
            continue
        if value is not None:
            given[column.field] = value
    if any(cell not in (None, "") for place, cell in enumerate(cells) if place not in columns):
        errors.append(CaseError(_("It has a cell under no column's name: empty it, or name its column.")))
    if "received_at" not in given and not any(error.field == "received_at" for error in errors):
        errors.append(CaseError(_("It cannot be left empty: give it."), "received_at"))
    return given, errors


def _derived(row: Row) -> str:
    """A reference made of what a row without one says: the same for the same row."""
    where = _tagged([row["commitment"], row["received_at"].isoformat()])[:_DERIVED_CHARACTERS]
    person = _tagged([where, row["subject"], row["contact"]])[:_PERSONAL_CHARACTERS]
    return f"F-{where}-{person}"


def _tagged(said: list[str | None]) -> str:
    return b32encode(hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).digest()).decode()


def _name(field: str) -> str:
    return next((f"{column.ko} ({column.en})" for column in COLUMNS if column.field == field), "")

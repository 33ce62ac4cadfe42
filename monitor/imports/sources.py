"""Calls out of files: queue logs, and call detail records as CSV."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING

from monitor.errors import ImportRefused
from monitor.imports import cdr, queue_log
from monitor.imports.cdr_calls import doubtful
from monitor.imports.files import lines_of
from monitor.imports.frame import Notes
from monitor.imports.queue_calls import QueueLogReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, tzinfo
    from pathlib import Path

    from monitor.calls.facts import Call
    from monitor.imports.cdr import CdrRow
    from monitor.imports.cdr_calls import CdrReader
    from monitor.imports.frame import Frame

_LOOKED_AT = 200
"""Lines in which a file has to show what it is."""


def _nowhere(_: int) -> None:
    """Tell nobody how far it has come."""


class _Read:
    """How much of all files has been read. A file may be gone once it has been: nobody asks for its length."""

    def __init__(self, at: Callable[[int], None]) -> None:
        self._at = at
        self._before = self._here = 0

    def here(self, position: int) -> None:
        self._here = position
        self._at(self._before + position)

    def file_ends(self) -> None:
        self._before += self._here
        self._here = 0


def calls_of_queue_logs(paths: Sequence[Path], frame: Frame, at: Callable[[int], None] = _nowhere) -> Iterator[Call]:
    """The calls in queue logs, each as soon as no more of it can come.

    Args:
        paths: in any order; they are read by the time of their first lines.
        frame: where the calls belong.
        at: told of the bytes that have been read, of all files together.

    Raises:
        ImportRefused: a file cannot be read, or is no queue log.
    """
    reader = QueueLogReader(frame)
    read = _Read(at)
    for path in _by_time(paths):
        for number, line in lines_of(path, frame.notes, read.here):
            frame.notes.read += 1
            try:
                yield from reader.take(queue_log.parse(line), str(path))
            except ValueError as error:
                frame.notes.cannot_read(f"{path}, line {number}", str(error))
        read.file_ends()
    yield from reader.end()


def calls_of_cdr_files(
    paths: Sequence[Path], reader: CdrReader, zone: tzinfo, notes: Notes, at: Callable[[int], None] = _nowhere
) -> Iterator[Call]:
    """The calls in files of call detail records.

    Args:
        paths: in the order in which Asterisk wrote them.
        reader: gathers the rows of a call.
        zone: in which the times are told.
        notes: told of what cannot be read.
        at: told of the bytes that have been read, of all files together.

    Raises:
        ImportRefused: a file cannot be read, holds no such records, or its times are those of another zone.
    """
    for path in paths:
        refuse_other_zone(list(islice(_rows(path, zone, Notes()), _LOOKED_AT)), str(path))
    read = _Read(at)
    for path in paths:
        for row in _rows(path, zone, notes, read.here):
            yield from reader.take(row)
        read.file_ends()
    yield from reader.end()


def refuse_other_zone(rows: Sequence[CdrRow], where: str) -> None:
    """Compare the times of the first rows with the instants in their uniqueids.

    Raises:
        ImportRefused: most of them disagree, and say by how much.
    """
    seen: dict[str, CdrRow] = {}
    for row in rows:
        seen.setdefault(row.uniqueid, row)
    wrong = [row for row in seen.values() if doubtful(row)]
    if len(wrong) * 2 > len(seen):
        epoch_at = cdr.epoch_of(wrong[0].uniqueid)
        assert epoch_at is not None  # noqa: S101 - only then is a row doubtful
        hours = (wrong[0].start_at - epoch_at).total_seconds() / 3600
        raise ImportRefused(
            f"{where}: its times are {abs(hours):.1f} hours {'ahead of' if hours > 0 else 'behind'} the instants in "
            "its uniqueids; give the zone they were written in, as in --timezone Asia/Seoul (UTC where usegmtime=yes)."
        )


def _by_time(paths: Sequence[Path]) -> list[Path]:
    """Files by the time of their first line; those that hold none are left out."""
    begun: list[tuple[datetime, int, Path]] = []
    for number, path in enumerate(dict.fromkeys(paths)):
        first = [line for _, line in islice(lines_of(path, None), _LOOKED_AT)]
        for line in first:
            try:
                begun.append((queue_log.parse(line).at, number, path))
            except ValueError:
                continue
            break
        else:
            if any(line.strip() for line in first):
                raise ImportRefused(
                    f"{path} holds no queue log: give Asterisk's queue_log, whose lines begin like 1366720340|."
                )
    return [path for *_, path in sorted(begun)]


def _rows(path: Path, zone: tzinfo, notes: Notes, at: Callable[[int], None] = _nowhere) -> Iterator[CdrRow]:
    """The rows of one file."""
    columns: tuple[str, ...] | None = None
    for place, cells in _cells(path, notes, at):
        if columns is None:
            columns, names = _columns(cells, path)
            if names:
                continue
        notes.read += 1
        try:
            if len(cells) != len(columns):
                raise ValueError(f"it has {len(cells)} columns where {len(columns)} belong")  # noqa: TRY301 - as a row of wrong values
            yield cdr.row_of(dict(zip(columns, cells, strict=True)), zone)
        except ValueError as error:
            notes.cannot_read(f"{path}, line {place}", str(error))


def _cells(path: Path, notes: Notes, at: Callable[[int], None]) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row that is not empty, with the line in which it ends."""
    numbered = lines_of(path, notes, at)
    place = 0

    def texts() -> Iterator[str]:
        nonlocal place
        for number, line in numbered:
            place = number
            yield line

    rows = csv.reader(texts())
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error:
            rows = csv.reader(texts())
            notes.cannot_read(f"{path}, line {place}", "it is no row of a CSV")
            continue
        if any(cells):
            yield place, cells


def _columns(cells: Sequence[str], path: Path) -> tuple[tuple[str, ...], bool]:
    try:
        return cdr.columns_of(cells)
    except ValueError as error:
        raise ImportRefused(
            f"{path}: {error}; give Master.csv as cdr_csv writes it with loguniqueid=yes, or a CSV whose first line "
            "names its columns."
        ) from error

"""Calls out of files: queue logs, and call detail records and channel events as CSV."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING

from monitor.errors import ImportRefused
from monitor.imports import queue_log
from monitor.imports.files import lines_of
from monitor.imports.frame import ALWAYS, Notes, Span
from monitor.imports.kinds import CDR, LOOKED_AT, R, refuse_other_zone
from monitor.imports.queue_calls import QueueLogReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, tzinfo
    from pathlib import Path

    from monitor.calls.facts import Call
    from monitor.imports.cdr_calls import CdrReader
    from monitor.imports.frame import Frame
    from monitor.imports.kinds import Kind, Reader


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


def calls_of_queue_logs(
    paths: Sequence[Path], frame: Frame, at: Callable[[int], None] = _nowhere, *, within: Span = ALWAYS
) -> Iterator[Call]:
    """The calls in queue logs, each as soon as no more of it can come.

    Args:
        paths: in any order; they are read by the time of their first lines.
        frame: where the calls belong.
        at: told of the bytes that have been read, of all files together.
        within: lines of other times are passed over.

    Raises:
        ImportRefused: a file cannot be read, or is no queue log.
    """
    reader = QueueLogReader(frame)
    read = _Read(at)
    for path in _by_time(paths):
        for number, line in lines_of(path, frame.notes, read.here):
            frame.notes.read += 1
            try:
                event = queue_log.parse(line)
                if event.at in within:
                    yield from reader.take(event, str(path))
            except ValueError as error:
                frame.notes.cannot_read(f"{path}, line {number}", str(error))
        read.file_ends()
    yield from reader.end()


def calls_of_row_files(
    paths: Sequence[Path],
    kind: Kind[R],
    reader: Reader[R],
    zone: tzinfo,
    *,
    notes: Notes,
    at: Callable[[int], None] = _nowhere,
    within: Span = ALWAYS,
) -> Iterator[Call]:
    """The calls in files of records, a row each.

    Args:
        paths: in the order in which Asterisk wrote them.
        kind: of what.
        reader: gathers the rows of a call.
        zone: in which the times are told.
        notes: told of what cannot be read.
        at: told of the bytes that have been read, of all files together.
        within: rows of other times are passed over.

    Raises:
        ImportRefused: a file cannot be read, holds no such records, or its times are those of another zone.
    """
    for path in paths:
        refuse_other_zone(kind, list(islice(_rows(kind, path, zone, Notes()), LOOKED_AT)), str(path))
    read = _Read(at)
    for path in paths:
        for row in _rows(kind, path, zone, notes, read.here):
            if kind.at(row) in within:
                yield from reader.take(row)
        read.file_ends()
    yield from reader.end()


def calls_of_cdr_files(
    paths: Sequence[Path], reader: CdrReader, zone: tzinfo, notes: Notes, at: Callable[[int], None] = _nowhere
) -> Iterator[Call]:
    """The calls in files of call detail records, as `calls_of_row_files` reads them."""
    return calls_of_row_files(paths, CDR, reader, zone, notes=notes, at=at)


def _by_time(paths: Sequence[Path]) -> list[Path]:
    """Files by the time of their first line; those that hold none are left out."""
    begun: list[tuple[datetime, int, Path]] = []
    for number, path in enumerate(dict.fromkeys(paths)):
        first = [line for _, line in islice(lines_of(path, None), LOOKED_AT)]
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


def _rows(kind: Kind[R], path: Path, zone: tzinfo, notes: Notes, at: Callable[[int], None] = _nowhere) -> Iterator[R]:
    """The rows of one file."""
    columns: tuple[str, ...] | None = None
    for place, cells in _cells(path, notes, at):
        if columns is None:
            columns, names = _columns(kind, cells, path)
            if names:
                continue
        notes.read += 1
        try:
            if len(cells) != len(columns):
                raise ValueError(f"it has {len(cells)} columns where {len(columns)} belong")  # noqa: TRY301 - as a row of wrong values
            yield kind.row_of(dict(zip(columns, cells, strict=True)), zone)
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


def _columns(kind: Kind[R], cells: Sequence[str], path: Path) -> tuple[tuple[str, ...], bool]:
    try:
        return kind.columns_of(cells)
    except ValueError as error:
        raise ImportRefused(f"{path}: {error}; {kind.advice}.") from error

"""What Asterisk wrote of a period: its queue log, call detail records and channel events, in files or a database."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.calls.facts import Source
from monitor.errors import ImportRefused
from monitor.imports.cdr_calls import CdrReader
from monitor.imports.cel_calls import CelReader
from monitor.imports.frame import Notes, Span
from monitor.imports.kinds import CDR, CEL
from monitor.imports.record_table import RecordTable
from monitor.imports.sources import calls_of_queue_logs, calls_of_row_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from monitor.calls.facts import Call
    from monitor.imports.frame import Frame
    from monitor.imports.kinds import Kind, R, Reader

MARGIN = timedelta(hours=12)
"""A call that began in a period may be told of so long after it, or before."""
_ROTATED = re.compile(r"[-.][-.\w]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Where one Asterisk's own records are."""

    queue_log: Path | None = None
    cdr: str = ""
    """A path, or a database URL with the table after `#`."""
    cel: str = ""
    password: str | None = field(default=None, repr=False)
    """Of the database, where its URL holds none."""
    zone: ZoneInfo | None = None
    """In which times without an offset were written; None: the centre's."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """What there is."""
        named = ((Source.QUEUE_LOG, self.queue_log), (Source.CDR, self.cdr), (Source.CEL, self.cel))
        return tuple(source for source, given in named if given)


@dataclass(slots=True)
class Records:
    """What was read."""

    calls: dict[str, dict[Source, Call]] = field(default_factory=dict)
    """By linkedid and source."""
    joined: dict[str, str] = field(default_factory=dict)
    """Linkedids that calls had for a while, before they were joined to the one by which they stand above."""
    notes: dict[Source, Notes] = field(default_factory=dict)
    """What happened on the way."""


def read(given: Given, frame: Frame, zone: ZoneInfo, period: Span) -> Records:
    """Every call of a period, and of some hours around it, that the records tell of.

    Args:
        given: where they are.
        frame: where the calls belong; its line and notes are not used.
        zone: the centre's.
        period: which time matters.

    Raises:
        ImportRefused: one of them cannot be read, or is something else.
    """
    reading = _Reading(given, given.zone or zone, Span(period.since - MARGIN, period.until + MARGIN))
    records = Records()
    for source in given.sources:
        # A queue log does not tell the line; the other records, or the ledger, may.
        own = replace(frame, line="" if source is Source.QUEUE_LOG else None, notes=Notes())
        for call in reading.calls(source, own):
            records.calls.setdefault(call.key.linkedid, {})[source] = call
        records.notes[source] = own.notes
    records.joined = reading.joined
    return records


class _Reading:
    """One pass over all that was given."""

    def __init__(self, given: Given, zone: ZoneInfo, within: Span) -> None:
        self._given = given
        self._zone = zone
        self._within = within
        self.joined: dict[str, str] = {}

    def calls(self, source: Source, frame: Frame) -> Iterator[Call]:
        """The calls of one source."""
        if source is Source.QUEUE_LOG and self._given.queue_log is not None:
            paths = rotated(self._given.queue_log, self._within.since)
            return calls_of_queue_logs(paths, frame, within=self._within)
        if source is Source.CDR:
            return self._rows(self._given.cdr, CDR, CdrReader(frame), frame.notes)
        reader = CelReader(frame)
        self.joined = reader.joined
        return self._rows(self._given.cel, CEL, reader, frame.notes)

    def _rows(self, where: str, kind: Kind[R], reader: Reader[R], notes: Notes) -> Iterator[Call]:
        if "://" not in where:
            paths = rotated(Path(where), self._within.since)
            yield from calls_of_row_files(paths, kind, reader, self._zone, notes=notes, within=self._within)
            return
        url, _, table = where.partition("#")
        rows = RecordTable(url, table or kind.table, kind, password=self._given.password)
        try:
            yield from rows.calls(reader, self._zone, notes, within=self._within)
        finally:
            rows.close()


def rotated(path: Path, since: datetime) -> list[Path]:
    """A log and what was rotated away from it since an instant, the oldest first.

    Raises:
        ImportRefused: the log is not there.
    """
    try:
        beside = [each for each in path.parent.iterdir() if _is_of(each.name, path.name)]
        written_at = {each: datetime.fromtimestamp(each.stat().st_mtime, UTC) for each in (path, *beside)}
    except OSError as error:
        raise ImportRefused(
            f"{path} cannot be read ({error.strerror}): see that Asterisk writes it, and that this user may read it "
            "and its folder."
        ) from error
    older = sorted((at, each) for each, at in written_at.items() if each != path and at >= since)
    return [*(each for _, each in older), path]


def _is_of(name: str, log: str) -> bool:
    """Whether a file is a rotated one of a log: `queue_log.1`, `queue_log-20261125.gz`."""
    return name.startswith(log) and _ROTATED.fullmatch(name[len(log) :]) is not None

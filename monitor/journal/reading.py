"""Reads a system's journal: what moved its call state, as it came.

A journal may be read while it is written: what has not come to its end yet is not told.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import structlog
import zstandard

from monitor.journal.course import Course
from monitor.journal.format import Broken, Header, RecordReader
from monitor.journal.segments import Segment, opened, segments

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.ami.feed import JournalItem
    from monitor.journal.format import Record, Stamped

log = structlog.get_logger(__name__)

WAITING_US = 300_000_000
"""What brought facts that wait in memory must be read again. They do so for 60 s while the ledger is away, and as long
again while a database hangs; no run begins to follow before what the one before left is written, or on disk."""
_CHUNK_BYTES = 1 << 18
_HEADER_BYTES = 1 << 16


def items(folder: Path, since_us: int | None = None, until_us: int | None = None) -> Iterator[JournalItem]:
    """What moved a system's call state, in order, by when it was received.

    Args:
        folder: the system's, as `monitor.journal.segments.folder_of` names it.
        since_us: the first instant of receipt; None for the beginning. What held of the link then is told first.
        until_us: the first instant behind the last; None for the end.

    A hole is told as a `LinkDown` of the cause `capture_break` and a `LinkUp` behind it.
    """
    for _, item in stamped_items(folder, since_us, until_us):
        yield item


def stamped_items(folder: Path, since_us: int | None = None, until_us: int | None = None) -> Iterator[Stamped]:
    """The same, each with its instant of receipt."""
    course = Course(since_us, until_us)
    for segment in _touching(segments(folder), since_us, until_us):
        for record in _records_of(segment):
            if isinstance(record, Broken):
                log.warning("journal_damaged", segment=str(segment.path), bytes=record.length)
            yield from course.take(record)


def unfinished(folder: Path) -> Iterator[JournalItem]:
    """All that must be followed again to know the calls in progress at the journal's end, and the facts before it.

    Facts of the last five minutes at least are told anew by it.
    """
    last_us = last_at_us(folder)
    if last_us is None:
        return iter(())
    # From the beginning of its segment, which tells what was known there of members, the link and the clock.
    return items(folder, from_segment(folder, needed_us(folder, last_us - WAITING_US)))


def needed_us(folder: Path, at_us: int) -> int | None:
    """From when the journal must be read to know all of the calls in progress at an instant of receipt.

    Args:
        folder: the system's.
        at_us: by our own clock.

    Returns:
        What the newest segment names that began by then; None for all there is.
    """
    for segment in reversed(segments(folder)):
        header = header_of(segment)
        if header is not None and header.received_us <= at_us:
            return header.needed_us
    return None


def from_segment(folder: Path, at_us: int | None) -> int | None:
    """The beginning of the segment in which an instant of receipt lies: there stands what was known besides calls."""
    if at_us is None:
        return None
    for segment in reversed(segments(folder)):
        header = header_of(segment)
        if header is not None and header.received_us <= at_us:
            return header.received_us
    return None


def last_at_us(folder: Path) -> int | None:
    """When the journal's last item was received, microseconds since 1970; None where it has none."""
    for segment in reversed(segments(folder)):
        last_us = None
        for record in _records_of(segment):
            if not isinstance(record, Broken):
                last_us = record.received_us
        if last_us is not None:
            return last_us
    return None


def first_at_us(folder: Path) -> int | None:
    """When the journal's first item was received; None where it has none."""
    headers = (header_of(segment) for segment in segments(folder))
    return next((header.received_us for header in headers if header is not None), None)


def header_of(segment: Segment) -> Header | None:
    """How a segment begins; None where that cannot be read."""
    try:
        with opened(segment.path) as stream:
            record = next(RecordReader().feed(stream.read(_HEADER_BYTES)), None)
    except (OSError, zstandard.ZstdError):
        return None
    return record if isinstance(record, Header) else None


def records(stream: IO[bytes]) -> Iterator[Record]:
    """The records in a segment's bytes; `Broken` also where the last one does not end."""
    reader = RecordReader()
    length = 0
    while chunk := stream.read(_CHUNK_BYTES):
        length += len(chunk)
        yield from reader.feed(chunk)
    yield from reader.close()
    if reader.whole_until < length:
        yield Broken(length - reader.whole_until)


def _records_of(segment: Segment) -> Iterator[Record]:
    try:
        with opened(segment.path) as stream:
            yield from records(stream)
    except FileNotFoundError:
        # Pruned since it was listed; where it was missed its number tells of the hole.
        return
    except (OSError, zstandard.ZstdError) as error:
        log.warning("journal_unreadable", segment=str(segment.path), reason=str(error))
        yield Broken(0)


def _touching(found: list[Segment], since_us: int | None, until_us: int | None) -> Iterator[Segment]:
    """The segments that may hold items of a period."""
    for segment, following in zip(found, [*found[1:], None], strict=True):
        # Names lie behind all that was received before them, which a clock that was set back does not change.
        if since_us is not None and following is not None and following.at_us <= since_us:
            continue
        if until_us is not None and segment.at_us >= until_us:
            # But what was received in a segment may lie before its name.
            header = header_of(segment)
            if header is not None and header.received_us >= until_us:
                continue
        yield segment

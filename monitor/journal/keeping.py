"""Looks after the segments that are closed: torn tails are cut, what is whole is compressed, what is old is deleted."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

import structlog
import zstandard

from monitor.journal.format import RecordReader
from monitor.journal.reading import WAITING_US, needed_us
from monitor.journal.segments import PACKED, RAW, TEMPORARY, folders, segments

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from monitor.config_keeping import JournalSettings

log = structlog.get_logger(__name__)

_LEVEL = 3
_CHUNK_BYTES = 1 << 18
_DAY_US = 86_400_000_000
_MEGABYTE = 1 << 20


class _Closed(NamedTuple):
    ended_us: int
    path: Path
    size: int
    needed: bool


class Keeper:
    """Compresses and deletes. Used by one thread.

    Args:
        settings: how much is kept.
        clock: our own, microseconds since 1970.
        being_written: the segments that are not closed.

    Attributes:
        bytes_on_disk: of all closed segments, when they were last looked at.
    """

    def __init__(
        self, settings: JournalSettings, clock: Callable[[], int], being_written: Callable[[], Collection[Path]]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._being_written = being_written
        self.bytes_on_disk = 0

    def keep(self) -> None:
        """Compress what is closed, and delete what is old or too much.

        Raises:
            OSError: the disk is full or gone. What was not compressed stays as it was.
        """
        try:
            for folder in folders(self._settings.folder):
                found = [segment.path for segment in segments(folder) if not segment.packed]
                # In this order: what is begun after the look is not among what was found.
                being_written = self._being_written()
                for path in found:
                    if path not in being_written:
                        pack(path)
        finally:
            self._prune()

    def _prune(self) -> None:
        now_us = self._clock()
        oldest_us = now_us - self._settings.keep_days * _DAY_US
        closed = sorted(self._closed())
        total = sum(segment.size for segment in closed)
        for segment in closed:
            too_much = total > self._settings.keep_megabytes * _MEGABYTE
            if not segment.needed and (segment.ended_us < oldest_us or too_much):
                segment.path.unlink(missing_ok=True)
                total -= segment.size
                log.info("journal_pruned", segment=str(segment.path), bytes=segment.size)
        self.bytes_on_disk = total

    def _closed(self) -> Iterator[_Closed]:
        for folder in folders(self._settings.folder):
            found = segments(folder)
            being_written = self._being_written()
            if not found:
                continue
            # Newer than what a restart would begin with now, so it needs no less.
            needed = needed_us(folder, found[-1].at_us - WAITING_US)
            live = any(path.parent == folder for path in being_written)
            for segment, following in zip(found, [*found[1:], None], strict=True):
                if segment.path in being_written:
                    continue
                try:
                    status = segment.path.stat()
                except FileNotFoundError:
                    continue
                ended_us = following.at_us if following is not None else status.st_mtime_ns // 1000
                # Of a system that is followed no more, nobody needs what is older than all that is kept.
                young = live or ended_us >= self._clock() - self._settings.keep_days * _DAY_US
                needs = young and (needed is None or following is None or following.at_us > needed)
                yield _Closed(ended_us, segment.path, status.st_size, needs)


def pack(path: Path) -> None:
    """Compress a segment. Whatever ends this, one whole copy is there.

    Raises:
        OSError: the disk is full or gone; the segment stays as it was.
    """
    packed = path.with_name(path.name.removesuffix(RAW) + PACKED)
    temporary = packed.with_name(packed.name + TEMPORARY)
    try:
        with path.open("rb") as raw, open(temporary, "wb", opener=_for_the_owner) as out:
            zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).copy_stream(raw, out)
            out.flush()
            os.fsync(out.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    temporary.replace(packed)
    sync_folder(path.parent)
    path.unlink()


def sync_folder(folder: Path) -> None:
    """Have the disk keep which files are in a folder.

    Raises:
        OSError: it is gone.
    """
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def mend(folder: Path) -> None:
    """Put right what a crash may have left in a system's folder: torn tails, what was being compressed.

    Raises:
        OSError: the files cannot be read or written.
    """
    for path in folder.iterdir():
        if path.name.endswith(TEMPORARY):
            path.unlink()
    for segment in segments(folder):
        if segment.packed:
            continue
        # As it was written it is whole; the other form may not be on the disk yet.
        with contextlib.suppress(FileNotFoundError):
            segment.path.with_name(segment.path.name.removesuffix(RAW) + PACKED).unlink()
        _cut_torn_tail(segment.path)


def _cut_torn_tail(path: Path) -> None:
    reader = RecordReader()
    length = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            length += len(chunk)
            for _ in reader.feed(chunk):
                pass
        for _ in reader.close():
            pass
    torn = length - reader.whole_until
    if torn or not length:
        log.warning("journal_tail_cut", segment=str(path), bytes=torn)
        os.truncate(path, reader.whole_until)
    if not reader.whole_until:
        path.unlink()


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

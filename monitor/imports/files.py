"""Files of records, plain or gzip, read line by line: how far, and where one breaks off."""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from monitor.errors import ImportRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from monitor.imports.frame import Notes

_GZIP = b"\x1f\x8b"
_LONGEST_LINE = 1 << 16
"""No record is as long; what has no line ends at all must not be read into memory as one."""


def bytes_of(paths: Sequence[Path]) -> int:
    """How much there is to read, as it lies on disk.

    Raises:
        ImportRefused: one of them cannot be read.
    """
    total = 0
    for path in paths:
        with _opened(path) as raw:
            total += raw.seek(0, 2)
    return total


def lines_of(path: Path, notes: Notes | None, at: Callable[[int], None] = lambda _: None) -> Iterator[tuple[int, str]]:
    """The lines of a file by number, from 1. Where compressed data breaks off, what came before it stands.

    Args:
        path: of the file.
        notes: told where it breaks off.
        at: told of the bytes that have been read, as they lie on disk.

    Raises:
        ImportRefused: it cannot be read.
    """
    with _opened(path) as raw:
        packed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        stream: BinaryIO = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment] # reads as one
        number = 0
        try:
            while line := stream.readline(_LONGEST_LINE):
                number += 1
                at(raw.tell())
                yield number, line.decode("utf-8", "replace")
        except (EOFError, zlib.error, gzip.BadGzipFile):
            if notes is None and not number:
                raise ImportRefused(f"{path} begins like a gzip file and is none: give it as it was made.") from None
            if notes is not None:
                notes.cannot_read(f"{path}, line {number + 1}", "the compressed data breaks off here")
        except OSError as error:
            raise _unreadable(path, error) from error


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        raw = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with raw:
        yield raw


def _unreadable(path: Path, error: OSError) -> ImportRefused:
    return ImportRefused(f"{path} cannot be read ({error.strerror}): give a file this user may read.")

"""Takes something out of a journal that stays readable: what is erased becomes as many other bytes, sums are made anew.

A segment that is being written is changed in place, an item at a time, while the monitor goes on writing behind it; a
compressed one is replaced as a whole.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from zlib import crc32

import zstandard

from monitor.journal.segments import RAW, TEMPORARY, folders, opened, segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MARKER = re.compile(rb"(Event: Journal[A-Za-z]+\r\n(?:[^\r\n]+\r\n)*?)Check: ([0-9a-f]{8})\r\n\r\n")
_BATCH = re.compile(rb"(?s)(Event: JournalBatch\r\n.*?\r\nLength: (\d{1,12})\r\nCrc32: )([0-9a-f]{8})(.*)")
_TEXTS = re.compile(rb"(?m)^(State|Reason|System|Name|Refused): ([^\r\n]*)")
"""Fields of markers that hold words of Asterisk's or of the network; the others are numbers of ours."""
_LINE_END = b"\r\n"


def files(root: Path) -> Iterator[Path]:
    """Every segment of every system, in either form."""
    for folder in folders(root):
        for segment in segments(folder):
            yield segment.path


def read(path: Path) -> bytes:
    """A segment's bytes, uncompressed; none where it was deleted meanwhile.

    Raises:
        OSError, zstandard.ZstdError: it cannot be read.
    """
    try:
        with opened(path) as stream:
            return stream.read()
    except FileNotFoundError:
        return b""


def replaced(data: bytes, erase: Callable[[bytes], bytes]) -> bytes:
    """The bytes of a segment without what `erase` takes out, and with sums that are right again.

    Args:
        data: of whole items; what is damaged is changed as it is.
        erase: gives back as many bytes as it gets.
    """
    out: list[bytes] = []
    position = 0
    for marker in _markers(data):
        out.append(erase(data[position : marker.start()]))
        head, position = marker[1], marker.end()
        payload = b""
        batch = _BATCH.fullmatch(head)
        if batch is not None:
            end = position + int(batch[2])
            payload, position = data[position:end], end
            whole = crc32(payload) == int(batch[3], 16)
            payload = erase(payload)
            if whole:
                head = b"%b%08x%b" % (batch[1], crc32(payload), batch[4])
        else:
            head = _TEXTS.sub(lambda found: b"%b: %b" % (found[1], erase(found[2])), head)
        check = crc32(head.removesuffix(_LINE_END))
        out.append(b"%bCheck: %08x\r\n\r\n%b" % (head, check, payload))
    out.append(erase(data[position:]))
    return b"".join(out)


def _markers(data: bytes) -> Iterator[re.Match[bytes]]:
    """The markers that are whole, in order; nothing within a batch's packets is one."""
    position = 0
    while (found := _MARKER.search(data, position)) is not None:
        if crc32(found[1].removesuffix(_LINE_END)) != int(found[2], 16):
            position = found.start() + 1
            continue
        yield found
        batch = _BATCH.fullmatch(found[1])
        position = found.end() + (int(batch[2]) if batch is not None else 0)


def erase_in(path: Path, erase: Callable[[bytes], bytes]) -> bool:
    """Take something out of one segment.

    Args:
        path: in either form.
        erase: gives back as many bytes as it gets.

    Returns:
        Whether anything was taken out.

    Raises:
        OSError, zstandard.ZstdError: it cannot be read or written; it is as it was, or parts of it are done.
    """
    before = read(path)
    after = replaced(before, erase)
    if after == before:
        return False
    if not path.exists():
        return True  # compressed or pruned meanwhile: whoever looks again finds it in its other form
    if path.name.endswith(RAW):
        _write_changes(path, before, after)
    else:
        _replace(path, after)
    return True


def _write_changes(path: Path, before: bytes, after: bytes) -> None:
    """Write what differs, each item in one write, so that whoever reads meanwhile finds it whole."""
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        starts = [found.start() for found in _markers(before)]
        for start, end in zip([0, *starts], [*starts, len(before)], strict=True):
            if before[start:end] != after[start:end]:
                os.pwrite(file, after[start:end], start)
        os.fsync(file)
    finally:
        os.close(file)


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f"{path.name}.forget{TEMPORARY}")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as out:
            out.write(zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data))
            out.flush()
            os.fsync(out.fileno())
        status = path.stat()
        # Its age decides when it is pruned.
        os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise

"""Takes one person out of what lies beside the ledger: facts that wait, refused ones, the journal, kept reports."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import zipfile
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import zstandard

from monitor.journal import erasing as journal_erasing
from monitor.journal.segments import TEMPORARY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.privacy.person import Person

_CALLER = re.compile(rb'("caller":)("\*+")')
_LINKEDID = re.compile(rb"(?m)^Linkedid: ([^\r\n]+)\r?$")
_PACKET_END = b"\r\n\r\n"
_STREAM = re.compile(rb"(?s)stream\r?\n(.*?)endstream")


def in_waiting_facts(path: Path, person: Person) -> int:
    """Take a person out of facts that wait on disk, while the monitor uses them: no line becomes shorter.

    Returns:
        How often they stood there.

    Raises:
        OSError: it cannot be read or written.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        # Held against the monitor's own cut of the file, which waits so long.
        fcntl.flock(file, fcntl.LOCK_EX)
        before = path.read_bytes()
        count = person.count(before)
        if count:
            after = _CALLER.sub(lambda found: found[1] + b"null".ljust(len(found[2])), person.without(before))
            for start, line in _lines(before):
                if line != after[start : start + len(line)]:
                    os.pwrite(file, after[start : start + len(line)], start)
            os.fsync(file)
    finally:
        os.close(file)
    return count


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    for line in data.splitlines(keepends=True):
        yield start, line
        start += len(line)


def in_journal(root: Path, person: Person, linkedids: set[str]) -> int:
    """Take a person out of the journal's segments.

    Args:
        root: the journal's folder.
        person: who.
        linkedids: gets those of the calls in whose packets they stood.

    Returns:
        How often they stood there.

    Raises:
        OSError, zstandard.ZstdError: a segment cannot be read or written.
    """
    count = 0
    for path in journal_erasing.files(root):
        data = journal_erasing.read(path)
        found = person.count(data)
        if not found:
            continue
        count += found
        for packet in data.split(_PACKET_END):
            if person.count(packet):
                linkedids |= {each.decode("utf-8", "replace") for each in _LINKEDID.findall(packet)}
        journal_erasing.erase_in(path, person.without)
    return count


def left_in_journal(root: Path, person: Person) -> int:
    """How often a person stands in the journal, what is being compressed among it; a segment nobody can read is one."""
    count = 0
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        if not path.is_file():
            continue
        with suppress(FileNotFoundError):
            try:
                count += person.count(_uncompressed(path))
            except zstandard.ZstdError:
                # Still being written by whoever compresses it.
                count += 0 if path.name.endswith(TEMPORARY) and not path.exists() else 1
    return count


def _uncompressed(path: Path) -> bytes:
    if ".zst" not in path.suffixes:
        return path.read_bytes()
    with zstandard.open(path, "rb") as stream:
        data: bytes = stream.read()
    return data


def in_reports(folder: Path, person: Person) -> int:
    """Delete kept reports that hold a person's number; ours mask every number, so that there should be none.

    Returns:
        How many reports were deleted.

    Raises:
        OSError: one cannot be.
    """
    deleted = 0
    for report in sorted(folder.iterdir()) if folder.is_dir() else ():
        if report.is_dir() and any(count_in_file(path, person) for path in report.rglob("*") if path.is_file()):
            shutil.rmtree(report)
            deleted += 1
    return deleted


def count_in_file(path: Path, person: Person) -> int:
    """How often a person stands in a file, also within a ZIP, a sheet, a PDF's streams and what zstd compressed."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return 0
    found = person.count(data)
    if data.startswith(b"PK"):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            found += sum(person.count(archive.read(name)) for name in archive.namelist())
    elif data.startswith(b"%PDF"):
        for stream in _STREAM.findall(data):
            with suppress(zlib.error):
                found += person.count(zlib.decompressobj().decompress(stream))
    elif ".zst" in path.suffixes:
        with suppress(zstandard.ZstdError):
            found += person.count(_uncompressed(path))
    return found

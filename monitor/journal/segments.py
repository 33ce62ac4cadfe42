"""The files of a journal: one folder for each system, in it segments named by when they begin.

    journal/
        .lock
        pbx1/
            20261126T023000.000000Z.ami.zst     closed
            20261126T024500.120391Z.ami         being written

Names rise from segment to segment, also where a clock was set back; what is in them tells the true instants.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, NamedTuple, cast
from urllib.parse import unquote

import zstandard

from monitor.calls.facts import instant, microseconds

if TYPE_CHECKING:
    from pathlib import Path

RAW = ".ami"
PACKED = ".ami.zst"
TEMPORARY = ".tmp"
"""Behind the name of what is being compressed."""
_FORM = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r"(\d{8}T\d{6}\.\d{6}Z)\.ami(\.zst)?")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/%]|^\.")


class Segment(NamedTuple):
    """One segment on disk."""

    at_us: int
    """By its name: later than all that was received in the segments before it."""
    path: Path

    @property
    def packed(self) -> bool:
        """Whether it is compressed."""
        return self.path.name.endswith(PACKED)


def folder_of(root: Path, system: str) -> Path:
    """Where a system's segments lie.

    Args:
        root: the journal's folder.
        system: its configured name.
    """
    return root / _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", system)


def system_of(folder: Path) -> str:
    """The configured name of the system whose folder this is; the inverse of `folder_of`."""
    return unquote(folder.name)


def folders(root: Path) -> list[Path]:
    """The folders of all systems that ever wrote here, by name."""
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def name_of(at_us: int) -> str:
    """The name of a segment not yet compressed."""
    return instant(at_us).strftime(_FORM) + RAW


def segments(folder: Path) -> list[Segment]:
    """A system's segments, oldest first; each once, as it was written where it is there in both forms."""
    found: dict[int, Segment] = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        if match is not None:
            at_us = microseconds(datetime.strptime(match[1], _FORM).replace(tzinfo=UTC))
            if at_us not in found or match[2] is None:
                found[at_us] = Segment(at_us, path)
    return sorted(found.values())


def opened(path: Path) -> IO[bytes]:
    """A segment's bytes, uncompressed.

    Raises:
        FileNotFoundError: it is gone, in either form: it was pruned meanwhile.
    """
    if path.name.endswith(RAW):
        try:
            return path.open("rb")
        except FileNotFoundError:
            # Compressed since it was listed.
            path = path.with_name(path.name.removesuffix(RAW) + PACKED)
    return cast("IO[bytes]", zstandard.open(path, "rb"))

"""Writes one system's journal: each item in one write, handed to the operating system before it is followed."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING

import structlog

from monitor import __version__
from monitor.ami.feed import Batch, LinkDown, LinkUp
from monitor.journal.format import Begun, Header, encode, encode_header
from monitor.journal.reading import header_of
from monitor.journal.segments import folder_of, name_of, segments

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.ami.feed import JournalItem, Standing
    from monitor.config_keeping import JournalSettings

log = structlog.get_logger(__name__)

LONGEST_CALL_US = 12 * 3_600_000_000
"""A call in progress for longer is not known whole after a restart."""
SLACK_US = 5_000_000
"""A call's first event was received a little before or after the instant it bears."""
STEP_US = 1_000_000
"""Receipt that goes back farther than this: our own clock was set, and another segment begins."""
RETRY_SECONDS = 0.2
"""Between two tries to write again where writing failed."""
_MEGABYTE = 1 << 20
_NEXT_STEPS = {
    errno.ENOSPC: "make room on its disk, or let the journal keep less ([journal] keep_megabytes)",
    errno.EDQUOT: "raise this user's quota, or let the journal keep less ([journal] keep_megabytes)",
    errno.EROFS: "mount its disk for writing",
    errno.EACCES: "give this user the right to write in its folder",
}


def now_us() -> int:
    """Our own clock, microseconds since 1970."""
    return time.time_ns() // 1000


class SystemJournal:
    """One system's journal; a `monitor.follower.Recorder`. Append from one thread only.

    Attributes:
        holes: how often writing failed; each time what came until it was possible again is missing.
        reason: why nothing can be written now, in words; None while all is well.
    """

    def __init__(
        self,
        settings: JournalSettings,
        name: str,
        oldest_call_age_us: Callable[[int], int | None],
        standing: Callable[[int], Standing] | None,
        clock: Callable[[], int],
    ) -> None:
        self.name = name
        self._standing = standing
        self.folder = folder_of(settings.folder, name)
        self.holes = 0
        self.reason: str | None = None
        self.size = 0
        """Bytes of the segment being written."""
        self.path: Path | None = None
        """The segment being written. Set before it is there, so that nobody takes it for a closed one."""
        self.unkept: str | None = None
        """Why the disk did not keep what was written, in words."""
        self.written = False
        """Whether there is something that the disk may not have."""
        self.closing: list[int] = []
        """Descriptors of segments that are full; the thread that syncs closes them."""
        self._settings = settings
        self._oldest_call_age_us = oldest_call_age_us
        self._clock = clock
        self._file: int | None = None
        self._flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        if settings.fsync == "always":
            self._flags |= os.O_DSYNC
        self._number = 0
        self._name_us = 0
        self._began_us = 0
        self._last_us = 0
        self._link: LinkUp | LinkDown | None = None
        self._begun = Begun.START
        self._hole_from_us: int | None = None
        self._lost = 0
        self._retry_at = 0.0
        self._closed = False

    @property
    def up(self) -> bool:
        """The last item was written, and the disk keeps what was."""
        return self.reason is None and self.unkept is None

    @property
    def file(self) -> int | None:
        """The descriptor of the segment being written."""
        return self._file

    def find_place(self) -> None:
        """Go on behind what former runs wrote."""
        found = segments(self.folder)
        for back, segment in enumerate(reversed(found)):
            header = header_of(segment)
            if header is not None:
                self._number = header.number + back
                break
        self._name_us = found[-1].at_us if found else 0

    def append(self, item: JournalItem) -> None:
        """Write an item down; returns at once and never raises. What cannot be written is told as a hole later."""
        if self._closed:
            return
        try:
            received_us = item.received_at_us if isinstance(item, Batch) else self._clock()
            self._write(encode(item, received_us), received_us)
        except OSError as error:
            self._failed(error, received_us)
        except Exception:
            # A fault of our own: calls must be followed all the same.
            log.exception("journal_failed", system=self.name)
            self._failed(OSError(errno.EINVAL, "an item could not be put into words"), self._clock())
        if isinstance(item, LinkUp | LinkDown):
            self._link = item

    def close(self) -> None:
        """No more will come."""
        self._closed = True
        self._leave()

    def _write(self, data: bytes, received_us: int) -> None:
        if self._file is None or self._is_due(received_us):
            if self._hole_from_us is not None and time.monotonic() < self._retry_at:
                self._lost += 1
                return
            self._begin(received_us)
        file = self._file
        if file is None:
            return
        _write_whole(file, data)
        self.size += len(data)
        self._last_us = received_us
        self.written = True

    def _is_due(self, received_us: int) -> bool:
        """Whether the segment has had its time, or is full."""
        return (
            received_us - self._began_us >= self._settings.segment_minutes * 60_000_000
            or self.size >= self._settings.segment_megabytes * _MEGABYTE
            or received_us < self._last_us - STEP_US
        )

    def _begin(self, received_us: int) -> None:
        """Begin another segment; on return it is there with its header."""
        age_us = self._oldest_call_age_us(received_us)
        header = encode_header(
            Header(
                name=self.name,
                number=self._number + 1,
                begun=self._begun,
                received_us=received_us,
                needed_us=received_us if age_us is None else received_us - min(age_us + SLACK_US, LONGEST_CALL_US),
                link=self._link,
                hole_from_us=self._hole_from_us,
                release=__version__,
            )
        )
        if self._standing is not None:
            header += encode(self._standing(received_us), received_us)
        # Behind the last name, and behind all that was received until now: also where the clock was set back.
        name_us = max(received_us, self._name_us + 1, self._last_us + 1)
        self._leave()
        self.path = path = self.folder / name_of(name_us)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._file, self.size = self._made(path, header), len(header)
        self._number, self._name_us, self._began_us = self._number + 1, name_us, received_us
        self._begun = Begun.ROTATION
        if self._hole_from_us is not None:
            log.warning(
                "journal_whole_again",
                system=self.name,
                lost_items=self._lost,
                seconds=round((received_us - self._hole_from_us) / 1e6, 1),
            )
        self._hole_from_us, self._lost, self.reason = None, 0, None

    def _made(self, path: Path, header: bytes) -> int:
        """The descriptor of a new file with its header; no file is left where that cannot be written."""
        file = os.open(path, self._flags, 0o600)
        try:
            _write_whole(file, header)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        return file

    def _failed(self, error: OSError, received_us: int) -> None:
        """Take back what was written in part, and begin another segment when that is possible."""
        self._lost += 1
        self._retry_at = time.monotonic() + RETRY_SECONDS
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self.size)
        self._leave()
        if self._begun is not Begun.START:
            self._begun = Begun.HOLE
        if self._hole_from_us is None:
            self._hole_from_us = received_us
            self.holes += 1
        if self.reason is None:
            step = _NEXT_STEPS.get(error.errno or 0, "see that this user may write there and that the disk works")
            self.reason = f"The journal {self.folder} cannot be written ({error.strerror}): {step}."
            log.error("journal_broken", system=self.name, reason=self.reason)

    def _leave(self) -> None:
        """Leave the segment to the thread that closes it."""
        if self._file is not None:
            self.closing.append(self._file)
        self._file = None
        self.path = None


def _write_whole(file: int, data: bytes) -> None:
    """Write in one go.

    Raises:
        OSError: it cannot be written, or the disk took a part and has no room for the rest.
    """
    if os.write(file, data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

"""What the schedule leaves in the folder of reports: that it makes them, and what it could not make."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from monitor.errors import ReportError

if TYPE_CHECKING:
    from pathlib import Path

_log = structlog.get_logger(__name__)

_LOCK = ".schedule.lock"
_PASSED_OVER = ".passed-over-"
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


class ScheduleFolder:
    """A folder of reports of which one schedule at a time makes reports; you must call `let_go` when done.

    Args:
        folder: of the reports; made where it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: int | None = None
        self._told = False

    def take(self) -> bool:
        """Whether the reports are ours to make: until `let_go` then, or until this process ends.

        Raises:
            ReportError: nothing can be written to the folder.
        """
        if self._lock is not None:
            return True
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ReportError(
                f"The folder of reports, {self._folder}, cannot be written to ({error.strerror}): let this user write "
                "to it, or name another in [reports]."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            self._say("schedule_waits", "Give this one a folder of its own, or set schedule = false in [reports].")
            return False
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(lock)
                raise ReportError(
                    f"The folder of reports, {self._folder}, cannot be locked: {error.strerror}."
                ) from error
            self._say(
                "schedule_not_locked", "Let no other monitor use this folder: it lies where nothing can be locked."
            )
        self._lock = lock
        return True

    def let_go(self) -> None:
        """Leave the reports to whoever asks next."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def passed_over(self) -> list[str]:
        """Names of the periods that later ones were made before, the oldest first.

        Raises:
            ReportError: the folder cannot be read.
        """
        try:
            return sorted(path.name.removeprefix(_PASSED_OVER) for path in self._folder.glob(f"{_PASSED_OVER}*"))
        except OSError as error:
            raise ReportError(f"The folder of reports, {self._folder}, cannot be read: {error.strerror}.") from error

    def pass_over(self, period: str) -> None:
        """Remember a period that is still to be made, whatever is kept of later ones."""
        # Where this cannot be written no later report can be kept either, behind which it would be forgotten.
        with suppress(OSError):
            (self._folder / f"{_PASSED_OVER}{period}").touch(mode=0o600)

    def settle(self, period: str) -> None:
        """Forget a period that was passed over: it is made."""
        with suppress(OSError):
            (self._folder / f"{_PASSED_OVER}{period}").unlink(missing_ok=True)

    def _say(self, event: str, next_step: str) -> None:
        if not self._told:
            self._told = True
            _log.warning(event, folder=str(self._folder), next_step=next_step)

"""The journal: everything that moves a call state is written down before it does.

An item is handed to the operating system in one write before the call state takes it (`monitor.journal.writing`): a
monitor that is killed loses nothing. The disk is made to keep it by a thread of its own, and another one compresses
and deletes what is closed (`monitor.journal.keeping`). `monitor.journal.reading` reads it back.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from typing import TYPE_CHECKING

import structlog

from monitor.errors import JournalError
from monitor.journal.keeping import Keeper, mend, sync_folder
from monitor.journal.segments import folders
from monitor.journal.writing import SystemJournal, now_us

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.ami.feed import Standing
    from monitor.config_keeping import JournalSettings

log = structlog.get_logger(__name__)

SYNC_SECONDS = 1.0
"""How often the disk is made to keep what was written, where `fsync` is `second`."""
KEEP_SECONDS = 60.0
"""How often closed segments are looked at where none was closed."""
LOCK = ".lock"
_NICER = 10
"""Threads that compress step back behind those that follow calls."""


class Journal:
    """The journal of all systems. Make it, take each system's with `of`, `start` it, and append.

    Args:
        settings: its section of the settings.
        clock: our own clock, microseconds since 1970.
    """

    def __init__(self, settings: JournalSettings, clock: Callable[[], int] = now_us) -> None:
        self.settings = settings
        self._clock = clock
        self.systems: dict[str, SystemJournal] = {}
        """By configured name."""
        self._keeper = Keeper(settings, clock, self._being_written)
        self._lock: int | None = None
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._paths: dict[str, Path | None] = {}
        """Segments whose entries in their folders the disk has."""
        self._threads = [
            threading.Thread(target=self._sync_on, name="journal sync", daemon=True),
            threading.Thread(target=self._keep_on, name="journal keep", daemon=True),
        ]

    def of(
        self,
        name: str,
        oldest_call_age_us: Callable[[int], int | None],
        standing: Callable[[int], Standing] | None = None,
    ) -> SystemJournal:
        """A system's journal, to append to.

        Args:
            name: its configured name.
            oldest_call_age_us: how long ago, at an instant of our own clock, its oldest call in progress began.
            standing: what is known of it besides its calls, at an instant of our own clock.
        """
        journal = SystemJournal(self.settings, name, oldest_call_age_us, standing, self._clock)
        if self._lock is not None:
            journal.find_place()
        self.systems[name] = journal
        return journal

    # What metrics and /readyz read

    @property
    def up(self) -> bool:
        """All that came last was written, and is kept."""
        return all(system.up for system in self.systems.values())

    @property
    def reason(self) -> str | None:
        """Why it was not, in words."""
        reasons = (system.reason or system.unkept for system in self.systems.values())
        return next((reason for reason in reasons if reason is not None), None)

    @property
    def bytes_on_disk(self) -> int:
        """How much it takes."""
        return self._keeper.bytes_on_disk + sum(system.size for system in self.systems.values() if system.path)

    @property
    def holes(self) -> int:
        """How often writing failed since the start."""
        return sum(system.holes for system in self.systems.values())

    # The work

    def start(self, *, threads: bool = True) -> None:
        """Take the folder, cut torn tails, and begin to keep what is appended.

        Args:
            threads: False leaves `sync` and `keep` to the caller.

        Raises:
            JournalError: another program writes there, or this user cannot.
        """
        folder = self.settings.folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # It may have been made by somebody else for everybody; callers' numbers are in it.
            with contextlib.suppress(PermissionError):
                folder.chmod(0o700)
            self._lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                self._let_go()
                raise JournalError(
                    f"Another callmonitor writes the journal in {folder}: stop it, or give this one a folder of its "
                    "own ([journal] folder)."
                ) from error
            for system in folders(folder):
                mend(system)
            for journal in self.systems.values():
                journal.find_place()
        except OSError as error:
            self._let_go()
            raise JournalError(
                f"The journal cannot be kept in {folder} ({error.strerror}): give it a folder that this user may "
                "write ([journal] folder), or switch it off ([journal] enabled = false)."
            ) from error
        for thread in self._threads if threads else ():
            thread.start()

    def close(self, timeout_seconds: float) -> None:
        """Have the disk keep all that was appended, and let go of the folder.

        Args:
            timeout_seconds: how long a slow disk is waited for.
        """
        for system in self.systems.values():
            system.close()
        self._stop.set()
        self._wake.set()
        until = time.monotonic() + timeout_seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))
        if not self._threads[0].ident:
            self.sync()
        self._let_go()

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def _being_written(self) -> set[Path]:
        return {path for system in self.systems.values() if (path := system.path) is not None}

    def _sync_on(self) -> None:
        while not self._stop.wait(SYNC_SECONDS):
            self.sync()
        self.sync()

    def sync(self) -> None:
        """Have the disk keep what was written until now. Only ever called by one thread."""
        for system in list(self.systems.values()):
            try:
                self._sync(system)
            except OSError as error:
                if system.unkept is None:
                    system.unkept = (
                        f"The disk does not keep what is written to {system.folder} ({error.strerror}): see to it."
                    )
                    # The reason says all that a traceback would.
                    log.error("journal_not_kept", system=system.name, reason=system.unkept)  # noqa: TRY400
            else:
                system.unkept = None

    def _sync(self, system: SystemJournal) -> None:
        keeps = self.settings.fsync != "never"
        while system.closing:
            file = system.closing.pop()
            try:
                if keeps:
                    os.fsync(file)
            finally:
                os.close(file)
                self._wake.set()
        path, file_now = system.path, system.file
        if keeps and file_now is not None and system.written:
            system.written = False
            # Only this thread closes it, so it is the file that it was.
            os.fsync(file_now)
        if keeps and path is not None and path != self._paths.get(system.name):
            sync_folder(path.parent)
            self._paths[system.name] = path

    def _keep_on(self) -> None:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICER)
        while not self._stop.is_set():
            self._wake.clear()
            self.keep()
            self._wake.wait(KEEP_SECONDS)

    def keep(self) -> None:
        """Compress what is closed, delete what is old or too much. Only ever called by one thread."""
        try:
            self._keeper.keep()
        except OSError as error:
            log.warning("journal_not_compressed", reason=str(error))

"""Reports that were made, kept: a folder for each, with its files and `made.json`, which says who made what and when.

A report's folder appears when all of it is written. What else lies in the folder of reports, or was changed by hand so
that it no longer is what `made.json` says, is passed over, and named in the log once.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from monitor.errors import ReportError, ReportNotWritten
from monitor.reports.order import FileFormat  # noqa: TC001 - pydantic reads the annotations when the module is loaded
from monitor.reports.periods import Span  # noqa: TC001 - as above
from monitor.reports.settling import not_written, sync, telling
from monitor.texts import Language  # noqa: TC001 - as above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.reports.order import Order

_log = structlog.get_logger(__name__)

MADE = "made.json"
LETTER = ".eml"
"""How files end that hold a mail which waits to be sent; see `monitor.reports.mail`."""
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
"""What stands in an address, and leads to no other folder."""
_UNFINISHED = ".making-"
_FORGOTTEN_SECONDS = 24 * 3600
"""No report takes that long: whoever made it was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """One file of a report."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReport:
    """One report as it was made."""

    id: str
    """Its folder's name; stands in addresses."""
    made_at: AwareDatetime
    made_by: str
    """As in `Order.made_by`."""
    seconds: float
    """How long it took."""
    period: str
    """Its name, `2026-10`."""
    span: Span
    first: date
    last: date
    line: str | None
    queue: str | None
    languages: tuple[Language, ...]
    formats: tuple[FileFormat, ...]
    rule: str | None
    agents: bool
    publishable: bool
    files: tuple[KeptFile, ...]
    """In the order in which they were made for the first time: by name."""


_MADE = TypeAdapter(KeptReport)


class Kept:
    """The folder of reports.

    Args:
        folder: made when the first report is kept, for its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._named: set[str] = set()

    def keep(self, order: Order, made_at: datetime, make_files: Callable[[Path], object]) -> KeptReport:
        """Make a report and keep it; nothing is kept of one that fails.

        Args:
            order: what it was made from.
            made_at: aware.
            make_files: writes the files into the folder it is given.

        Raises:
            ReportNotWritten: it cannot be kept in the folder.
            MonitorError: whatever else `make_files` raises.
        """
        stamp = made_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        name = f"{stamp}-{order.period.name}-{secrets.token_hex(3)}"
        working = self.folder / f"{_UNFINISHED}{name}"
        try:
            with telling(self.folder):
                self._open()
                working.mkdir(mode=0o700)
                begun = time.monotonic()
                make_files(working)
                report = KeptReport(
                    id=name,
                    made_at=made_at.astimezone(UTC),
                    made_by=order.made_by,
                    seconds=round(time.monotonic() - begun, 3),
                    period=order.period.name,
                    span=order.period.span,
                    first=order.period.first,
                    last=order.period.last,
                    line=order.line,
                    queue=order.queue,
                    languages=order.languages,
                    formats=order.formats,
                    rule=order.rule,
                    agents=order.agents,
                    publishable=order.publishable,
                    # Letters go when they were mailed, and are no part of what was made.
                    files=tuple(_kept_file(path) for path in sorted(working.iterdir()) if path.suffix != LETTER),
                )
                (working / MADE).write_bytes(_MADE.dump_json(report, indent=2) + b"\n")
                _give((*working.iterdir(), working), like=self.folder)
                for path in working.iterdir():
                    path.chmod(0o600)
                for path in (*working.iterdir(), working):
                    sync(path)
                working.rename(self.folder / name)
                sync(self.folder)
        except ReportNotWritten as error:
            if isinstance(error.__cause__, OSError):
                # The hidden folder's name tells nobody anything.
                raise not_written(self.folder, error.__cause__) from error.__cause__
            raise
        finally:
            shutil.rmtree(working, ignore_errors=True)
        return report

    def all(self) -> list[KeptReport]:
        """Every report that is whole, the newest first.

        Raises:
            ReportError: the folder cannot be read.
        """
        try:
            names = [entry.name for entry in os.scandir(self.folder) if not entry.name.startswith(".")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ReportError(
                f"The folder of reports, {self.folder}, cannot be read ({error.strerror}): "
                "let this user read it, or name another in [reports]."
            ) from error
        found = [report for name in names if (report := self._read(name)) is not None]
        return sorted(found, key=lambda report: (report.made_at, report.id), reverse=True)

    def find(self, report_id: str) -> KeptReport | None:
        """The report of this id; None where there is none, whatever was asked for."""
        if not _ID.fullmatch(report_id) or not (self.folder / report_id).is_dir():
            return None
        return self._read(report_id)

    def folder_of(self, report: KeptReport) -> Path:
        """Where its files lie, and where whoever mails it leaves word of that."""
        return self.folder / report.id

    def file(self, report: KeptReport, name: str) -> Path | None:
        """One of its files; None where it has none of this name."""
        listed = any(file.name == name for file in report.files)
        return self.folder_of(report) / name if listed else None

    def _open(self) -> None:
        """Have the folder there, and clear away what was never finished."""
        if not self.folder.exists():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            # Somebody else may be making their first report at the same moment.
            self.folder.mkdir(mode=0o700, exist_ok=True)
            _give((self.folder,), like=self.folder.parent)
        for path in self.folder.glob(f"{_UNFINISHED}*"):
            # It may be finished by now, by whoever makes it.
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _FORGOTTEN_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)

    def _read(self, name: str) -> KeptReport | None:
        folder = self.folder / name
        try:
            report = _MADE.validate_json((folder / MADE).read_bytes())
            wrong = _fault(report, folder)
        except OSError as error:
            wrong = f"{MADE} cannot be read ({error.strerror})"
        except ValidationError as error:
            wrong = f"{MADE} is not what was written ({error.error_count()} faults)"
        if not wrong:
            return report
        if name not in self._named:
            self._named.add(name)
            _log.warning("report_passed_over", folder=str(folder), reason=wrong)
        return None


def _give(paths: Iterable[Path], *, like: Path) -> None:
    """Give what root made to whom another folder belongs: the service has to read it, and to write there."""
    if os.geteuid() != 0:
        return
    owner = like.stat()
    for path in paths:
        os.chown(path, owner.st_uid, owner.st_gid)


def _fault(report: KeptReport, folder: Path) -> str:
    """What keeps a folder from being the report it says it is; empty for nothing."""
    if report.id != folder.name or folder.is_symlink():
        return "it stands under another name"
    for file in report.files:
        path = folder / file.name
        if Path(file.name).name != file.name or path.is_symlink() or not path.is_file():
            return "a file is missing"
        if path.stat().st_size != file.bytes:
            return "a file was changed"
    return ""


def _kept_file(path: Path) -> KeptFile:
    with path.open("rb") as file:
        return KeptFile(
            name=path.name, bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest()
        )

"""Files that appear all together or not at all, and whole.

They are written into a hidden folder beside their place, brought to the disk, and renamed. Whatever goes wrong before
the last of them stands, the hidden folder goes, and what stood there before is as it was.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import ReportNotWritten

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def all_or_none(folder: Path) -> Iterator[Path]:
    """A folder to write into; what lies in it when the block ends well takes its place in `folder`.

    Args:
        folder: made where it is not there.

    Raises:
        ReportNotWritten: it cannot be written there; with what to do.
    """
    with telling(folder):
        made = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        working = Path(tempfile.mkdtemp(prefix=".callmonitor-", dir=folder))
        try:
            yield working
            _settle(working, folder)
        except BaseException:
            shutil.rmtree(working, ignore_errors=True)
            if made:
                _remove_if_empty(folder)
            raise
        shutil.rmtree(working)
        sync(folder)


@contextmanager
def telling(folder: Path) -> Iterator[None]:
    """Turn what the system says of files in `folder` into a sentence with its next step."""
    try:
        yield
    except OSError as error:
        where = error.filename
        if isinstance(where, str) and not Path(where).is_relative_to(folder) and not folder.is_relative_to(where):
            raise
        raise not_written(folder, error) from error


def not_written(folder: Path, error: OSError) -> ReportNotWritten:
    """The sentence for a report that could not be written to a folder."""
    if error.errno in _FULL:
        return ReportNotWritten(
            f"The report cannot be written to {folder}: there is no room left ({error.strerror}). "
            "Nothing was left there; make room, or choose another folder."
        )
    if error.errno in _FORBIDDEN:
        return ReportNotWritten(
            f"The report cannot be written to {folder}: this user may not write there ({error.strerror}). "
            "Give it the right to, or choose another folder."
        )
    return ReportNotWritten(
        f"The report cannot be written to {folder} ({error.strerror or type(error).__name__}). "
        "See that it is a folder on a disk that works, or choose another."
    )


def sync(path: Path) -> None:
    """Bring a file or the names in a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _settle(working: Path, folder: Path) -> None:
    """Move every file of `working` to its place; where one cannot be moved, none is."""
    names = sorted(path.name for path in working.iterdir())
    for name in names:
        sync(working / name)
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(folder / name))
    replaced = working / "replaced"
    replaced.mkdir()
    moved: list[str] = []
    try:
        for name in names:
            if (folder / name).exists():
                (folder / name).rename(replaced / name)
            moved.append(name)
            (working / name).rename(folder / name)
    except BaseException:
        for name in moved:
            (folder / name).unlink(missing_ok=True)
            if (replaced / name).exists():
                (replaced / name).rename(folder / name)
        raise


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        # Somebody else has written into it meanwhile: it is theirs now.
        return

"""Files that appear all or none: on disks that are full, folders that take nothing, and names that are taken."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from monitor.errors import ReportNotWritten
from monitor.reports.settling import all_or_none, not_written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB; only root may have one."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_of_them_take_the_place_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "c").write_bytes(b"another's")
    with all_or_none(tmp_path) as working:
        (working / "a").write_bytes(b"new")
        (working / "b").write_bytes(b"more")
        assert tree(tmp_path)["a"] == b"old"
    assert tree(tmp_path) == {"a": b"new", "b": b"more", "c": b"another's"}
    assert len(list(tmp_path.iterdir())) == 3


def test_the_folder_is_made(tmp_path: Path) -> None:
    with all_or_none(tmp_path / "2026" / "10") as working:
        (working / "a").write_bytes(b"1")
    assert tree(tmp_path) == {"2026/10/a": b"1"}


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt(), SystemExit(143)])
def test_nothing_is_left_of_what_fails(tmp_path: Path, error: BaseException) -> None:
    folder = tmp_path / "new"

    def fail() -> None:
        with all_or_none(folder) as working:
            (working / "a").write_bytes(b"1")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_what_stood_there(small_disk: Path) -> None:
    (small_disk / "a").write_bytes(b"old")

    def write() -> None:
        with all_or_none(small_disk) as working:
            (working / "a").write_bytes(b"new")
            (working / "b").write_bytes(bytes(100_000))

    with pytest.raises(ReportNotWritten) as caught:
        write()
    assert str(caught.value) == (
        f"The report cannot be written to {small_disk}: there is no room left (No space left on device). "
        "Nothing was left there; make room, or choose another folder."
    )
    assert tree(small_disk) == {"a": b"old"}
    assert [path.name for path in small_disk.iterdir()] == ["a"]


def test_a_file_that_may_not_grow_is_no_room_either(tmp_path: Path) -> None:
    """The same for whoever is not root, by the limit of a process."""
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from monitor.errors import ReportNotWritten\n"
        "from monitor.reports.settling import all_or_none\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    with all_or_none(Path(sys.argv[1])) as working:\n"
        "        (working / 'a').write_bytes(bytes(5000))\n"
        "except ReportNotWritten as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    assert "there is no room left (File too large)" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda folder: folder.write_bytes(b""), "File exists"),
        (lambda folder: (folder / "b").mkdir(parents=True), "Is a directory"),
    ],
)
def test_a_place_that_is_taken(tmp_path: Path, prepare: object, said: str) -> None:
    folder = tmp_path / "place"
    assert callable(prepare)
    prepare(folder)
    before = sorted(tmp_path.rglob("*"))

    def write() -> None:
        with all_or_none(folder) as working:
            (working / "a").write_bytes(b"1")
            (working / "b").write_bytes(b"2")

    with pytest.raises(ReportNotWritten, match=said):
        write()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_takes_nothing(tmp_path: Path) -> None:
    """Root may write everywhere: somebody else tries."""
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o555)
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from monitor.errors import ReportNotWritten\n"
        "from monitor.reports.settling import all_or_none\n"
        "if os.geteuid() == 0:\n"
        "    os.setresuid(65534, 65534, 65534)\n"
        "try:\n"
        "    with all_or_none(Path(sys.argv[1])):\n"
        "        pass\n"
        "except ReportNotWritten as error:\n"
        "    print(error)\n"
    )
    # Its own folders are closed to others, and the way to this one leads through them.
    for folder in (*shut.parents,):
        if folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    done = subprocess.run([sys.executable, "-c", script, shut], capture_output=True, text=True, check=True)
    assert done.stdout == (
        f"The report cannot be written to {shut}: this user may not write there (Permission denied). "
        "Give it the right to, or choose another folder.\n"
    )


def test_what_is_none_of_the_folder_is_not_told_of_it(tmp_path: Path) -> None:
    def fail() -> None:
        with all_or_none(tmp_path / "out"):
            (tmp_path / "elsewhere").read_bytes()

    with pytest.raises(FileNotFoundError):
        fail()


def test_other_troubles_are_told_by_their_name(tmp_path: Path) -> None:
    told = str(not_written(tmp_path, OSError(errno.EIO, os.strerror(errno.EIO))))
    assert told == (
        f"The report cannot be written to {tmp_path} (Input/output error). "
        "See that it is a folder on a disk that works, or choose another."
    )

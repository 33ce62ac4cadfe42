"""A ledger in a file in trouble while calls end: what each kind of it costs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from monitor.errors import StoreError
from monitor.health import StoreHealth
from monitor.ledger import LedgerWriter, Repository, soundness, store, upgrade
from tests.faults.fed import QUICK, Fed, fed
from tests.faults.fixtures import THOROUGH
from tests.ledger.records import a_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PARTS = "SQLite"
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
"""A program that holds the file until its standard input ends."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@contextmanager
def disk(place: Path) -> Iterator[Path]:
    """A disk of 8 MB, mounted there."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(place: Path) -> Path:
    """A file that takes all the room there is."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        while free := shutil.disk_usage(place).free:
            file.write(bytes(free))
    return filler


def test_another_program_that_holds_the_file(
    path: Path, tmp_path: Path, told: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than the writer waits for it, and while more calls end than memory holds."""
    if not THOROUGH:
        monkeypatch.setattr(store, "BUSY_SECONDS", 0.3)
    with fed(path, tmp_path, memory_facts=100) as feeding:
        program = subprocess.Popen(
            [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )  # fmt: skip
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stdout.readline() == b"held\n"
        at_stake = feeding.calls_for(3 * store.BUSY_SECONDS)
        assert "another program holds the file, close it" in feeding.until_away()
        feeding.calls(200)
        program.stdin.close()
        program.wait(10)
        program.stdout.close()
        told(
            fault="another program holds the ledger's file",
            parts=PARTS,
            **feeding.outcome(at_stake + 200, feeding.until_written()),
        )


@pytest.mark.parametrize("spooled", ["on another disk", "on the same disk"])
def test_a_disk_that_is_full(tmp_path: Path, told: Callable[..., None], spooled: str) -> None:
    """Facts wait on another disk, or in memory where there is none; somebody makes room later."""
    with disk(tmp_path / "small") as small:
        spool = tmp_path if spooled == "on another disk" else small
        with fed(small / "ledger.sqlite3", spool, memory_facts=200) as feeding:
            filler = fill(small)
            while feeding.writer.up:
                feeding.calls(100)
                time.sleep(0.02)  # what is left of the journal's pages is written first
            assert "make room on the disk" in feeding.until_away()
            feeding.calls(500)
            if spool == small:
                feeding.until(lambda: "Facts cannot wait at" in (feeding.writer.last_error or ""))
            at_stake = len(feeding.names) - 100
            filler.unlink()
            told(
                fault=f"the disk of the ledger's file is full, and facts wait {spooled}",
                parts=PARTS,
                **feeding.outcome(at_stake, feeding.until_written()),
            )


def test_a_disk_that_takes_no_writes(tmp_path: Path, told: Callable[..., None]) -> None:
    """Mounted read-only when the monitor starts, as after an error of the disk; mended while it runs."""
    with disk(tmp_path / "small") as small:
        path = small / "ledger.sqlite3"
        with fed(path, tmp_path) as before:
            pass
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        writer = LedgerWriter(path, spool_dir=tmp_path, memory_seconds=0.05, **QUICK)
        writer.start()
        try:
            feeding = Fed(writer, str(path), before.names)
            feeding.calls(300)
            why = feeding.until_away()
            assert "the right to write" in why or "who may write" in why, why
            feeding.until(lambda: writer.left_on_disk == 300)
            subprocess.run(["mount", "-o", "remount,rw", small], check=True)
            recovered_seconds = feeding.until_written()
        finally:
            writer.close(5)
        told(
            fault="the ledger's disk is mounted read-only",
            parts=PARTS,
            **feeding.outcome(300, recovered_seconds),
        )


def damage(path: Path) -> None:
    """Overwrite pages in the middle of the file, as a failing disk does; the first one, with the header, stays."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))


def content(path: Path) -> bytes:
    return path.read_bytes()


def test_a_file_that_is_damaged(path: Path, tmp_path: Path, told: Callable[..., None]) -> None:
    """Overwritten while the monitor runs: nothing is written into it, and a copy put in its place gets all that waits.

    The copy is of the moment before: what came since waits on disk.
    """
    with fed(path, tmp_path) as feeding:
        with closing(sqlite3.connect(path)) as connection, closing(sqlite3.connect(tmp_path / "copy")) as copy:
            connection.backup(copy)
        damage(path)
        feeding.calls(300)
        why = feeding.until_away()
        health = StoreHealth(feeding.writer)
        assert not health.up
        assert health.reason == why
        assert "`callmonitor rebuild`" in why
        assert "restore a copy" in why
        damaged = content(path)
        feeding.calls(300)
        # Every try looks through it first, and leaves it as it is.
        tries = _count_tries(feeding)
        feeding.until(lambda: tries() >= 2)
        assert content(path) == damaged
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        (tmp_path / "copy").rename(path)
        told(
            fault="the ledger's file is overwritten, and replaced by a copy",
            parts=PARTS,
            **feeding.outcome(600, feeding.until_written()),
        )


def _count_tries(feeding: Fed) -> Callable[[], int]:
    """How often the store was lost again since."""
    tries: list[str] = []
    lose = feeding.writer._lose

    def counted(why: str) -> None:
        tries.append(why)
        lose(why)

    feeding.writer._lose = counted  # type: ignore[method-assign] # a witness; what it does stays done
    return lambda: len(tries)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_file_that_was_damaged_before_the_start(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    """Where the damage lies in pages that a new call would not touch, it is found by looking, and not by chance.

    A small file is looked through before anything is written to it, a large one beside that.
    """
    if not at_once:
        monkeypatch.setattr(soundness, "AT_ONCE_BYTES", 0)
    with fed(path, tmp_path) as feeding:
        feeding.calls(2000)
        feeding.until_written()
    with path.open("r+b") as file:
        # One page in the middle, of calls long over.
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 4096)
    damaged = content(path)
    writer = LedgerWriter(path, spool_dir=tmp_path, **QUICK)
    writer.start()
    writer.record(a_call("2.1"))
    again = Fed(writer, str(path))
    assert "is left as it is" in again.until_away()
    writer.record(a_call("2.2"))
    assert not writer.close(5)
    if at_once:
        assert content(path) == damaged


def test_a_header_that_is_overwritten_is_a_damaged_ledger_too(path: Path) -> None:
    upgrade(path)
    with path.open("r+b") as file:
        file.write(b"\xa5" * 4096)
    with pytest.raises(StoreError, match="where this was one, put the file aside, then restore a copy, or let"):
        Repository(path).ping()


def test_a_file_that_is_deleted(path: Path, tmp_path: Path, told: Callable[..., None]) -> None:
    """Nothing is begun in its place, and nothing written where nobody finds it; put back, it gets everything."""
    with fed(path, tmp_path, memory_facts=100) as feeding:
        with closing(sqlite3.connect(path)) as connection, closing(sqlite3.connect(tmp_path / "copy")) as copy:
            connection.backup(copy)
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        feeding.calls(300)
        assert "put it back, or run `callmonitor db upgrade`" in feeding.until_away()
        assert not path.exists()
        (tmp_path / "copy").rename(path)
        told(
            fault="the ledger's file is deleted, and put back from a copy",
            parts=PARTS,
            **feeding.outcome(300, feeding.until_written()),
        )

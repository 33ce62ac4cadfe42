"""A real PostgreSQL in trouble while calls end: what each kind of it costs."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.faults.fed import Fed, fed
from tests.faults.fixtures import THOROUGH
from tests.ledger.postgres import Cluster
from tests.ledger.records import a_call, after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.calls.facts import Call

AWAY_SECONDS = 120.0 if THOROUGH else 5.0
PARTS = "PostgreSQL"


@pytest.fixture(scope="module")
def server(postgres_programs: Path) -> Iterator[Cluster]:
    """One that these tests stop and start."""
    cluster = Cluster(postgres_programs)
    cluster.start()
    yield cluster
    cluster.remove()


@pytest.fixture
def feeding(server: Cluster, tmp_path: Path) -> Iterator[Fed]:
    with fed(server.create_database(), tmp_path, memory_facts=200) as writing:
        yield writing


def test_a_server_that_is_away_for_a_while(feeding: Fed, server: Cluster, told: Callable[..., None]) -> None:
    """It refuses connections, and more calls end than memory holds; then it is back."""
    server.stop()
    at_stake = feeding.calls_for(AWAY_SECONDS)
    why = feeding.until_away()
    assert "check that the server runs and can be reached" in why
    assert feeding.writer.waiting_facts == at_stake
    server.start()
    recovered_seconds = feeding.until_written()
    told(
        fault=f"PostgreSQL is stopped for {AWAY_SECONDS:g} s",
        parts=PARTS,
        **feeding.outcome(at_stake, recovered_seconds),
    )


def test_a_server_that_crashes_again_and_again(feeding: Fed, server: Cluster, told: Callable[..., None]) -> None:
    """Ended in the middle of whatever it does, and started at once, while calls end without a pause."""
    at_stake = 0
    for _ in range(10 if THOROUGH else 2):
        feeding.calls(500)
        at_stake += 500
        server.stop("immediate")
        feeding.calls(100)
        at_stake += 100
        server.start()
    told(
        fault="PostgreSQL crashes and is started, again and again",
        parts=PARTS,
        **feeding.outcome(at_stake, feeding.until_written()),
    )


def test_a_server_that_shuts_its_connections(feeding: Fed, told: Callable[..., None]) -> None:
    """As where an administrator, or a failover, ends every session of the database."""
    feeding.calls(300)
    with psycopg.connect(feeding.place, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'callmonitor'")
    feeding.calls(300)
    told(fault="PostgreSQL ends every connection", parts=PARTS, **feeding.outcome(600, feeding.until_written()))


@contextmanager
def small_disk(server: Cluster, place: Path) -> Iterator[str]:
    """A database on a disk of 24 MB.

    Raises:
        pytest.skip.Exception: nobody may mount one here.
    """
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], check=True)
    held = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        shutil.chown(place, "postgres")
        admin = f"postgresql://postgres@127.0.0.1:{server.port}"
        with psycopg.connect(f"{admin}/postgres", autocommit=True) as other:
            other.execute(psycopg.sql.SQL("CREATE TABLESPACE small LOCATION {}").format(str(place)))
            other.execute("CREATE DATABASE small TABLESPACE small")
        yield f"{admin}/small"
        with psycopg.connect(f"{admin}/postgres", autocommit=True) as other:
            other.execute("DROP DATABASE small WITH (FORCE)")
            other.execute("DROP TABLESPACE small")
    finally:
        os.close(held)
        subprocess.run(["umount", "--lazy", place], check=True)


def test_a_disk_that_is_full(server: Cluster, tmp_path: Path, told: Callable[..., None]) -> None:
    """The disk of the server's data fills up while calls end, and somebody makes room later."""
    # The server's own user must be able to get there.
    place = server.home / "small"
    place.mkdir()
    with small_disk(server, place) as url, fed(url, tmp_path, memory_facts=200) as feeding:
        filler = place / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(place).free))
        while feeding.writer.up and len(feeding.names) < 20_000:
            feeding.calls(200)
            # Rows fill what is left of a page or two before the server asks for another.
            time.sleep(0.02)
        why = feeding.until_away()
        assert "No space left on device" in why
        assert "make room on the server's disk" in why
        feeding.calls(300)
        at_stake = len(feeding.names) - 100
        filler.unlink()
        told(
            fault="the disk of PostgreSQL's data is full",
            parts=PARTS,
            **feeding.outcome(at_stake, feeding.until_written()),
        )


def again(names: list[str]) -> list[Call]:
    """The same calls, recorded later: the ledger takes these."""
    return [a_call(name, recorded_at=after(3600)) for name in names]


def test_another_session_that_meets_the_writer_head_on(feeding: Fed, told: Callable[..., None]) -> None:
    """A deadlock: each waits for a call that the other one has. One of them is undone, and the store stays up."""
    first, last = feeding.names[0], feeding.names[99]
    away = _count_losses(feeding)
    with psycopg.connect(feeding.place) as other:
        other.execute("UPDATE calls SET line = line WHERE linkedid = %s", [last])
        for call in again([first, last]):
            feeding.writer.record(call)
        _until_waits(feeding.place)
        try:
            other.execute("UPDATE calls SET line = line WHERE linkedid = %s", [first])
        except psycopg.errors.DeadlockDetected:
            other.rollback()
        else:
            other.commit()
    told(fault="a deadlock with another session", parts=PARTS, **feeding.outcome(2, feeding.until_written()))
    assert away() == 0, "nobody is told that the ledger is away"
    assert _recorded_later(feeding, [first, last]) == 2


def test_a_database_that_serializes(server: Cluster, tmp_path: Path, told: Callable[..., None]) -> None:
    """Where every transaction is serializable, the writer's is undone when another one has changed the same call."""
    url = server.create_database()
    with psycopg.connect(url, autocommit=True) as admin:
        name = psycopg.sql.Identifier(url.rpartition("/")[2])
        admin.execute(
            psycopg.sql.SQL("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'").format(name)
        )
    with fed(url, tmp_path) as feeding:
        away = _count_losses(feeding)
        contended = feeding.names[:20]
        with psycopg.connect(url) as other:
            other.execute("UPDATE calls SET line = line WHERE linkedid = ANY(%s)", [contended])
            for call in again(contended):
                feeding.writer.record(call)
            _until_waits(url)
            # The writer waits for these rows; that they change under it is what it cannot have.
            other.commit()
        told(fault="a serialization failure", parts=PARTS, **feeding.outcome(20, feeding.until_written()))
        assert away() == 0, "nobody is told that the ledger is away"
        assert _recorded_later(feeding, contended) == 20


def _count_losses(feeding: Fed) -> Callable[[], int]:
    """How often the store counted as away since."""
    losses: list[str] = []
    lose = feeding.writer._lose

    def counted(why: str) -> None:
        losses.append(why)
        lose(why)

    feeding.writer._lose = counted  # type: ignore[method-assign] # a witness; what it does stays done
    return lambda: len(losses)


def _until_waits(place: str) -> None:
    """Return once a session waits for a lock of another's."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    ends_at = time.monotonic() + 20
    with psycopg.connect(place, autocommit=True) as outside:
        while (row := outside.execute(waiting).fetchone()) is None or not row[0]:
            assert time.monotonic() < ends_at, "nobody waits"
            time.sleep(0.01)  # another program's state is no event of ours


def _recorded_later(feeding: Fed, names: list[str]) -> int:
    with psycopg.connect(feeding.place) as outside:
        found = outside.execute(
            "SELECT count(*) FROM calls WHERE linkedid = ANY(%s) AND recorded_at = %s", [names, after(3600)]
        )
        (count,) = found.fetchone() or (0,)
    return int(count)


def test_another_session_that_locks_the_tables(feeding: Fed, told: Callable[..., None]) -> None:
    """Somebody changes a table by hand and takes his time: what is told waits."""
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with psycopg.connect(feeding.place) as other:
            other.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            holding.set()
            release.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(10)
    feeding.calls(50)
    _until_waits(feeding.place)
    assert feeding.writer.waiting_facts == 50
    release.set()
    thread.join()
    told(fault="another session locks the tables", parts=PARTS, **feeding.outcome(50, feeding.until_written()))

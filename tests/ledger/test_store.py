"""Where a ledger lies, and what is said when it cannot be reached."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from monitor.errors import StoreError
from monitor.ledger import Repository, Store, store, upgrade
from monitor.ledger.rows import CALLS
from tests.loopback import free_port

from .records import a_call, after


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("/var/lib/callmonitor/ledger.sqlite3", "sqlite:////var/lib/callmonitor/ledger.sqlite3"),
        (Path("ledger.sqlite3"), "sqlite:///ledger.sqlite3"),
        ("sqlite:///ledger.sqlite3", "sqlite:///ledger.sqlite3"),
        ("~/a?b#c.sqlite3", f"sqlite:///{Path('~').expanduser()}/a%3Fb%23c.sqlite3"),
        ("postgresql://u:p%40ss@db:5433/calls", "postgresql+psycopg://u:p%40ss@db:5433/calls"),
        ("postgres://u@db/calls", "postgresql+psycopg://u@db/calls"),
        ("postgresql+psycopg://u@db/calls?sslmode=require", "postgresql+psycopg://u@db/calls?sslmode=require"),
    ],
)
def test_a_store_is_a_path_or_a_url(given: str | Path, url: str) -> None:
    assert store.parse(given).render_as_string(hide_password=False) == url


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("mysql://u:hunter2@db/calls", "A store of the kind 'mysql' is not known: use a file path or postgresql://…."),
        ("sqlite://", "The store's URL names no file: write it as sqlite:///PATH or as a file path."),
        ("sqlite:///:memory:", "The store's URL names no file: write it as sqlite:///PATH or as a file path."),
        (
            "postgresql://u:hunter2@db:port/calls",
            "The store's URL cannot be read: write postgresql://USER:PASSWORD@HOST:5432/DATABASE, or a file path.",
        ),
    ],
)
def test_what_is_neither_is_refused_without_repeating_it(given: str, says: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store(given)
    assert str(caught.value) == says


@pytest.mark.parametrize("form", ["postgresql://me:hunter2@{}/calls", "postgresql://me@{}/calls?password=hunter2"])
def test_a_server_that_is_away_is_named_without_its_password(form: str) -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(StoreError) as caught:
        upgrade(form.format(address))
    message = str(caught.value)
    assert address in message
    assert message.endswith("check that the server runs and can be reached.")
    assert "\n" not in message
    assert "hunter2" not in message


def test_a_database_that_is_missing_is_said_so(postgres_url: str) -> None:
    with pytest.raises(StoreError, match=r"does not exist.*create what is missing"):
        upgrade(f"{postgres_url}_not")


def test_a_file_that_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(StoreError, match=r"file is not a database.: give the path of a ledger"):
        upgrade(path)
    assert path.read_text() == "Dear Sir or Madam, " * 100


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot be made \(.*\): give a path this user may write\."):
        upgrade(tmp_path / "file" / "ledger.sqlite3")


def test_a_file_that_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    """And a connection made before does not go on writing into the deleted file."""
    path = tmp_path / "ledger.sqlite3"
    upgrade(path)
    repository = Repository(path)
    repository.record_all([a_call("1.1")])
    path.rename(tmp_path / "moved")
    with pytest.raises(StoreError, match="is not there: put it back, or run `callmonitor db upgrade` to begin one"):
        repository.record_all([a_call("1.2")])
    assert not path.exists()
    upgrade(path)
    repository.record_all([a_call("1.3")])
    assert [call.key.linkedid for call in repository.calls(after(0), after(1))] == ["1.3"]
    repository.close()


def test_a_locked_file_says_who_must_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite3"
    upgrade(path)
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.05)
    repository = Repository(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"database is locked.: another program holds the file, close it"):
        repository.record_all([a_call()])
    # In WAL mode readers are not held up.
    assert list(repository.calls(after(0), after(1))) == []
    other.execute("ROLLBACK")
    other.close()
    repository.record_all([a_call()])
    assert list(repository.calls(after(0), after(1))) == [a_call()]
    repository.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write")
def test_a_file_that_may_only_be_read() -> None:
    # pytest's own folder is closed to others.
    folder = Path(tempfile.mkdtemp(prefix="callmonitor-readonly-"))
    path = folder / "ledger.sqlite3"
    upgrade(path)
    path.chmod(0o644)
    folder.chmod(0o755)
    repository = Repository(path)
    try:
        os.seteuid(65534)
        with pytest.raises(StoreError, match=r"(give this user the right to|who may) write the file and its folder"):
            repository.record_all([a_call()])
    finally:
        os.seteuid(0)
        repository.close()
        shutil.rmtree(folder)


def test_a_server_that_takes_no_writes(postgres_url: str) -> None:
    upgrade(postgres_url)
    repository = Repository(f"{postgres_url}?options=-c%20default_transaction_read_only%3Don")
    with pytest.raises(StoreError, match=r"read-only transaction.*: point the store at a primary server"):
        repository.record_all([a_call()])
    repository.close()


def test_instants_are_read_in_utc_whatever_the_server_s_time_zone(postgres_url: str) -> None:
    upgrade(postgres_url)
    repository = Repository(f"{postgres_url}?options=-c%20timezone%3DAsia/Seoul")
    repository.record_all([a_call(entered_at=datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC))])
    (call,) = repository.calls(after(0), after(1))
    assert str(call.entered_at) == "2026-03-02 09:00:00.123456+00:00"
    repository.close()


def test_two_connections_see_one_moment_while_another_program_writes(repository: Repository, store: str) -> None:
    """However often it writes: both have the same calls, begun between the same two commits, and keep them."""
    stop = threading.Event()

    def write() -> None:
        writer = Repository(store)
        for number in itertools.count():
            if stop.is_set():
                break
            writer.record_all([a_call(f"1.{number}")])
        writer.close()

    writing = threading.Thread(target=write)
    writing.start()
    count = select(func.count()).select_from(CALLS)
    seen: list[int] = []
    try:
        while len(seen) < 20 or len(set(seen)) < 5:
            with repository.store.reading_twice() as (first, second):
                ours = first.scalar(count)
                assert second.scalar(count) == ours
                assert first.scalar(count) == ours
            seen.append(ours or 0)
    finally:
        stop.set()
        writing.join()
    assert seen == sorted(seen)


def test_two_connections_to_a_store_that_is_away(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with pytest.raises(StoreError, match="is not there"), Store(path).reading_twice():
        pass

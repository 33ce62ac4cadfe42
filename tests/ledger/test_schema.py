"""The migrations: what they make, and who may run them at once."""

from __future__ import annotations

import multiprocessing
import sqlite3
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import delete, insert, select

import monitor.ledger
from monitor.calls.facts import Source
from monitor.errors import StoreError
from monitor.ledger import Repository, Store, upgrade
from monitor.ledger.rows import ATTEMPTS, CALLS, TRANSFERS, call_row, rows_of_calls
from monitor.ledger.schema import head, revision_of
from monitor.ledger.search import CallFilter, Search
from monitor.ledger.tables import METADATA

from .records import NINE, a_call, after

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from monitor.calls.facts import Call

ROOT = Path(__file__).parents[2]


def test_the_migrations_make_what_the_models_say(store: str) -> None:
    upgrade(store)
    opened = Store(store)
    with opened.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    opened.close()


def test_bringing_up_to_date_twice_changes_nothing(store: str) -> None:
    assert upgrade(store) == head() == "0005"
    repository = Repository(store)
    repository.record_all([a_call()])
    assert upgrade(store) == "0005"
    assert list(repository.calls(NINE, after(1))) == [a_call()]
    repository.close()


def _upgrade_with_others(barrier: multiprocessing.synchronize.Barrier, store: str) -> None:
    barrier.wait(30)
    upgrade(store)


def test_programs_that_start_at_once_on_an_empty_store_all_succeed(store: str) -> None:
    # Forked: each would import all of it anew, and wait for the others meanwhile. None holds a connection yet.
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(3)
    programs = [context.Process(target=_upgrade_with_others, args=(barrier, store)) for _ in range(3)]
    for program in programs:
        program.start()
    for program in programs:
        program.join(60)
    assert [program.exitcode for program in programs] == [0, 0, 0]
    repository = Repository(store)
    repository.ping()
    repository.close()


def test_a_ledger_of_a_newer_release_is_left_alone(store: str) -> None:
    upgrade(store)
    opened = Store(store)
    with opened.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="was made by a newer release: install that one, or give another store"):
        upgrade(store)
    with pytest.raises(StoreError, match="has the revision 9999 and this release needs 0005: run `callmonitor db upg"):
        Repository(opened).ping()
    opened.close()


def test_a_store_without_tables_is_told_to_be_upgraded(store: str) -> None:
    opened = Store(store)
    opened.create_file()
    repository = Repository(opened)
    with pytest.raises(StoreError, match="has the revision none and this release needs 0005: run `callmonitor db upg"):
        repository.ping()
    with pytest.raises(StoreError, match="run `callmonitor db upgrade`"):
        repository.record_all([a_call()])
    opened.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(store: str) -> None:
    """A table of the name `rules`, the last one made, stands in the way."""
    opened = Store(store)
    opened.create_file()
    with opened.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE rules (name TEXT)")
    with pytest.raises(StoreError, match="already exists"):
        upgrade(opened)
    with opened.reading() as connection:
        assert opened.engine.dialect.get_table_names(connection) == ["rules"]
    opened.close()


ENDS = {
    "01012345678": "5678",
    "010-1234-5670": "5670",
    "+82 (10) 1234.56.7 1": "5671",
    "+8221335672": "5672",
    "5673x": None,
    "x56y673": "673",
    "sip5674": "5674",
    "82": "82",
    "12345675 - ": "5675",
    "가1": "1",
    "５６７８": None,  # noqa: RUF001 - wide digits
    "anonymous": None,
    "-": None,
    "": None,
    None: None,
}
"""The digits that a caller's number ends with, at most four of them, separators left out."""


def migrate(step: Callable[[Config, str], None], revision: str, connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(monitor.ledger.__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    step(config, revision)


def ledger_of_0001(store: str) -> list[Call]:
    """A ledger as release 0.1.0 made it, with a call of each of these callers, a second apart."""
    calls = [
        a_call(f"1772442000.{ordinal:02}", caller=caller, entered_at=after(ordinal))
        for ordinal, caller in enumerate(ENDS)
    ]
    opened = Store(store)
    opened.create_file()
    with opened.writing() as connection:
        migrate(command.upgrade, "0001", connection)
        for table, rows in {CALLS: [call_row(call) for call in calls], **rows_of_calls(calls)}.items():
            if not rows:
                continue  # of a table that came later
            later = {CALLS: {"caller_ends", "source", "team", "menu"}, ATTEMPTS: {"filed_at"}}.get(table, set())
            # Only the columns that are given stand in the statement.
            connection.execute(
                insert(table), [{name: value for name, value in row.items() if name not in later} for row in rows]
            )
    opened.close()
    return calls


def test_a_ledger_of_0001_keeps_its_calls_and_is_searched_as_one_that_was_written_anew(store: str) -> None:
    calls = ledger_of_0001(store)
    assert upgrade(store) == "0005"
    repository = Repository(store)
    assert list(repository.calls(NINE, after(60))) == calls
    with repository.store.reading() as connection:
        of_calls = {row.linkedid: row for row in connection.execute(select(CALLS))}
        of_attempts = connection.execute(select(ATTEMPTS)).all()
    assert {row.caller: row.caller_ends for row in of_calls.values()} == ENDS
    assert len(of_attempts) == 2 * len(calls)
    assert all(row.filed_at == of_calls[row.linkedid].filed_at for row in of_attempts)
    search = Search(repository.store)
    assert search.calls(CallFilter(since=NINE, until=after(60), number_ends="5670"), limit=10).calls == [calls[1]]
    assert search.calls(CallFilter(since=NINE, until=after(60), agent="PJSIP/agent1"), limit=500).calls == calls[::-1]
    repository.record_all(calls)
    with repository.store.reading() as connection:
        assert {row.linkedid: row for row in connection.execute(select(CALLS))} == of_calls
        assert sorted(connection.execute(select(ATTEMPTS)).all()) == sorted(of_attempts)
    repository.close()


def test_a_ledger_of_0001_takes_records_of_other_programs_and_gives_them_up_again(store: str) -> None:
    """0003 lets columns be null; on the way back to 0002 what was brought in goes, and every other call stays."""
    calls = ledger_of_0001(store)
    brought_in = a_call(
        "1772442000.90",
        source=Source.QUEUE_LOG, rings=None, ringing_us=None, talking_us=None, hold_us=None, holds=(),
        attempts=tuple(replace(ring, rings=None, ringing_us=None) for ring in calls[0].attempts),
        transfers=tuple(replace(part, consultation_us=None, caller_hold_us=None) for part in calls[0].transfers),
    )  # fmt: skip
    upgrade(store)
    repository = Repository(store)
    repository.record_all([brought_in])
    assert repository.call(brought_in.key) == brought_in
    assert list(repository.calls(NINE, after(60))) == sorted([*calls, brought_in], key=lambda call: call.filed_at)
    with repository.store.writing() as connection:
        migrate(command.downgrade, "0002", connection)
    assert upgrade(store) == "0005"
    assert list(repository.calls(NINE, after(60))) == calls
    with repository.store.writing() as connection:
        migrate(command.downgrade, "0002", connection)
        for table, column in ((CALLS, "hold_us"), (ATTEMPTS, "rings"), (TRANSFERS, "caller_hold_us")):
            columns = repository.store.engine.dialect.get_columns(connection, table.name)
            assert {each["name"]: each["nullable"] for each in columns}[column] is False
    if repository.store.is_sqlite:
        with repository.store.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert connection.exec_driver_sql("PRAGMA writable_schema").scalar_one() == 0
    repository.close()


def test_a_ring_attempt_still_belongs_to_its_call_after_its_table_was_made_anew(store: str) -> None:
    ledger_of_0001(store)
    upgrade(store)
    opened = Store(store)
    with opened.writing() as connection:
        connection.execute(delete(CALLS))
        assert connection.execute(select(ATTEMPTS)).all() == []
        if opened.is_sqlite:
            kept = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'ring_attempts'").scalar()
            assert str(kept).rstrip().endswith("WITHOUT ROWID")
    opened.close()


def test_a_ledger_of_0001_that_cannot_be_brought_up_to_date_is_left_as_it_was(store: str) -> None:
    """An index of the name of the last one made stands in the way."""
    ledger_of_0001(store)
    opened = Store(store)
    with opened.writing() as connection:
        connection.exec_driver_sql("CREATE INDEX ix_ring_attempts_member_filed_at_system_linkedid ON calls (line)")
    with pytest.raises(StoreError, match="already exists"):
        upgrade(opened)
    with opened.reading() as connection:
        assert revision_of(connection) == "0001"
        columns = {column["name"] for column in opened.engine.dialect.get_columns(connection, "ring_attempts")}
        assert "filed_at" not in columns
    opened.close()


def test_the_file_is_in_wal_mode_and_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "ledger.sqlite3"
    upgrade(path)
    assert path.stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    store = Store(path)
    with store.reading() as opened:
        assert opened.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert opened.exec_driver_sql("PRAGMA synchronous").scalar() == 1  # NORMAL
        assert opened.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000
    store.close()


def test_the_package_carries_its_migrations() -> None:
    """Every file of theirs is a module of a package, or named in the project's package data."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["monitor"]
    package = Path(monitor.ledger.__file__).parents[1]
    named = {path for pattern in data for path in package.glob(pattern)}
    files = [path for path in (package / "ledger" / "migrations").rglob("*") if path.suffix in {".py", ".mako"}]
    assert len(files) >= 5
    for path in files:
        assert path in named or (path.suffix == ".py" and (path.parent / "__init__.py").exists())


def test_the_migrations_run_from_any_folder(tmp_path: Path) -> None:
    folder = tmp_path / "100%"
    folder.mkdir()
    code = "import sys; from monitor.ledger import upgrade; print(upgrade(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, "new.sqlite3"],
        cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("0005\n", "")
    assert (folder / "new.sqlite3").exists()

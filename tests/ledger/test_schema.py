"""The migrations: what they make, and who may run them at once."""

from __future__ import annotations

import multiprocessing
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import monitor.ledger
from monitor.errors import StoreError
from monitor.ledger import Repository, Store, upgrade
from monitor.ledger.models import Base
from monitor.ledger.schema import head

from .records import NINE, a_call, after

ROOT = Path(__file__).parents[2]


def test_the_migrations_make_what_the_models_say(store: str) -> None:
    upgrade(store)
    opened = Store(store)
    with opened.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    opened.close()


def test_bringing_up_to_date_twice_changes_nothing(store: str) -> None:
    assert upgrade(store) == head() == "0002"
    repository = Repository(store)
    repository.record_all([a_call()])
    assert upgrade(store) == "0002"
    assert list(repository.calls(NINE, after(1))) == [a_call()]
    repository.close()


def _upgrade_with_others(barrier: multiprocessing.synchronize.Barrier, store: str) -> None:
    barrier.wait(30)
    upgrade(store)


def test_programs_that_start_at_once_on_an_empty_store_all_succeed(store: str) -> None:
    context = multiprocessing.get_context("spawn")
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
    with pytest.raises(StoreError, match="has the revision 9999 and this release needs 0002: run `callmonitor db upg"):
        Repository(opened).ping()
    opened.close()


def test_a_store_without_tables_is_told_to_be_upgraded(store: str) -> None:
    opened = Store(store)
    opened.create_file()
    repository = Repository(opened)
    with pytest.raises(StoreError, match="has the revision none and this release needs 0002: run `callmonitor db upg"):
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
    assert (done.stdout, done.stderr) == ("0002\n", "")
    assert (folder / "new.sqlite3").exists()

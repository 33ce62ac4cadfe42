"""`callmonitor import`: what an operator types, and what is said."""

from __future__ import annotations

import csv
import gzip
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from monitor.cli import app
from monitor.errors import ImportRefused, MonitorError
from monitor.ledger import Repository

from .logs import CALLID, EPOCH, RECORDINGS, at, log
from .test_cdr import row, write

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
[[asterisk]]
name = "pbx1"
host = "127.0.0.1"
username = "monitor"
secret = "unused"

[[line]]
name = "main"
patterns = ["15886565"]
contexts = ["from-trunk"]
"""
SECOND = """
[[asterisk]]
name = "pbx2"
host = "127.0.0.2"
username = "monitor"
secret = "unused"

[[line]]
name = "night"
patterns = ["15771000"]
"""
CALL = log("0 NONE ENTERQUEUE  01012345678 1", "12 Kim CONNECT 12 x 5", "42 Kim COMPLETECALLER 12 30 1")


class Command:
    """The command line in a folder of its own, with settings and a ledger."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder = folder
        self.store = store
        self.config = folder / "callmonitor.toml"
        self.config.write_text(SETTINGS, encoding="utf-8")

    def __call__(self, *arguments: object) -> str:
        """What is printed; raises what the command raises."""
        given = [str(each) for each in arguments]
        done = CliRunner().invoke(
            app, ["import", *given, "--config", str(self.config), "--store", self.store], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        return done.output

    def refused(self, *arguments: object) -> str:
        with pytest.raises(MonitorError) as caught:
            self(*arguments)
        assert isinstance(caught.value, ImportRefused)
        return str(caught.value)

    def file(self, name: str, lines: list[str]) -> Path:
        path = self.folder / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    def calls(self) -> list[str]:
        repository = Repository(self.store)
        try:
            return [call.key.linkedid for call in repository.calls(at(-9e7), at(9e7))]
        finally:
            repository.close()


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path, str(tmp_path / "ledger.sqlite3"))


def test_a_queue_log_into_each_store(tmp_path: Path, store: str) -> None:
    command = Command(tmp_path, store)
    path = command.file("queue_log", [*CALL, "nonsense"])
    assert command("queue_log", path) == (
        "Read 4 lines, of which 1 could not be understood.\n"
        f"  {path}, line 4: it has fewer than five parts\n"
        "1 call from 2026-03-02 10:00 to 2026-03-02 10:00 (Asia/Seoul): 1 answered.\n"
        "  1 new\n"
        "1 call written.\n"
    )
    assert command("queue_log", path).endswith(
        "  1 already there just so\nNothing was written: the ledger has it all.\n"
    )
    assert command.calls() == [CALLID]
    repository = Repository(store)
    assert [rule.label for rule in repository.rules()] == ["three-rings/1"]
    repository.close()


def test_a_dry_run_makes_no_ledger(command: Command) -> None:
    path = command.file("queue_log", CALL)
    assert command("queue_log", path, "--dry-run").endswith("  1 new\n1 call would be written; nothing was.\n")
    assert {each.name for each in command.folder.iterdir()} == {"callmonitor.toml", "queue_log"}


def test_rotated_files_in_any_order_packed_or_not(command: Command) -> None:
    """The call begins in the oldest file and ends in the newest; an empty one between them says nothing."""
    oldest = command.folder / "queue_log.2.gz"
    oldest.write_bytes(gzip.compress(f"{CALL[0]}\n".encode()))
    empty = command.file("queue_log.1", [])
    newest = command.file("queue_log", CALL[1:])
    told = command("queue_log", newest, empty, oldest)
    assert "1 answered" in told
    assert "left out" not in told


def test_files_given_one_after_the_other_say_what_is_missing(command: Command) -> None:
    path = command.file("queue_log", CALL[1:])
    assert "left out: 1 call whose beginning is in none of the files: give all of them at once" in command(
        "queue_log", path
    )
    assert command.calls() == []


def test_compressed_data_that_breaks_off_is_read_up_to_there(command: Command) -> None:
    path = command.folder / "queue_log.1.gz"
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in CALL).encode())[:-6])
    told = command("queue_log", path)
    assert "line 4: the compressed data breaks off here" in told
    assert command.calls() == [CALLID]


def test_many_broken_lines_are_counted_and_a_few_named(command: Command) -> None:
    path = command.file("queue_log", [*CALL, *(["broken"] * 7)])
    told = command("queue_log", path)
    assert "Read 10 lines, of which 7 could not be understood." in told
    assert told.count("it has fewer than five parts") == 5
    assert "  and 2 more\n" in told


def test_what_is_no_queue_log_is_refused_and_nothing_written(command: Command) -> None:
    good, bad = command.file("queue_log", CALL), command.file("messages", ["[Mar 2] NOTICE[1] something"])
    assert "messages holds no queue log: give Asterisk's queue_log" in command.refused("queue_log", good, bad)
    assert "Master.csv holds no queue log" in command.refused("queue_log", RECORDINGS / "Master.csv")
    assert "cannot be read (No such file" in command.refused("queue_log", command.folder / "absent")
    assert command.calls() == []


def test_of_several_systems_and_lines_one_is_to_be_named(command: Command) -> None:
    path = command.file("queue_log", CALL)
    with command.config.open("a", encoding="utf-8") as file:
        file.write(SECOND)
    assert command.refused("queue_log", path) == (
        "Of which Asterisk are the records? Give --system, one of: pbx1, pbx2."
    )
    assert "No Asterisk 'pbx3' is configured" in command.refused("queue_log", path, "--system", "pbx3")
    assert "give --line, one of: main, night" in command.refused("queue_log", path, "--system", "pbx2")
    assert "No line 'day' is configured" in command.refused("queue_log", path, "--system", "pbx2", "--line", "day")
    assert "1 call written" in command("queue_log", path, "--system", "pbx2", "--line", "night")


def test_records_as_csv(command: Command) -> None:
    path = write(command.folder / "cdr.csv", [row(), row(dst="202", uniqueid=f"{EPOCH}.5", linkedid=f"{EPOCH}.5")])
    told = command("cdr", path)
    assert "Read 2 lines" in told
    assert "left out: 1 call to other numbers, or to one that no record tells" in told
    assert "1 call written." in told
    assert "9.0 hours ahead" in command.refused("cdr", path, "--timezone", "UTC")
    assert "There is no time zone 'Seoul'" in command.refused("cdr", path, "--timezone", "Seoul")
    assert "holds no call detail records" in command.refused("cdr", RECORDINGS / "queue_log")
    assert command.calls() == [CALLID]


COLUMNS = (
    "calldate, clid, src, dst, dcontext, channel, dstchannel, lastapp, lastdata, duration, billsec, disposition, "
    "uniqueid"
)


def values() -> dict[str, object]:
    made = row() | {"calldate": row()["start"], "clid": "", "duration": 40, "billsec": 31}
    return {name: made[name] for name in COLUMNS.split(", ")}


def test_records_in_sqlite(command: Command) -> None:
    path = command.folder / "asterisk.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE cdr ({COLUMNS})")
        connection.execute(f"INSERT INTO cdr VALUES ({', '.join('?' * 13)})", list(values().values()))  # noqa: S608 - placeholders
        connection.execute("CREATE TABLE other (a, b)")
        connection.commit()
    assert "1 call written." in command("cdr", f"sqlite:///{path}")
    assert "Nothing was written" in command("cdr", f"sqlite:///{path}")
    assert "has no table 'calls': name it with --table" in command.refused(
        "cdr", f"sqlite:///{path}", "--table", "calls"
    )
    assert "holds no call detail records" in command.refused("cdr", f"sqlite:///{path}", "--table", "other")
    assert "there is no such file" in command.refused("cdr", f"sqlite:///{path}x")
    assert not (command.folder / "asterisk.dbx").exists()
    assert command.calls() == [CALLID]


def test_records_in_postgresql_without_its_password_in_any_message(command: Command, postgres_url: str) -> None:
    engine = create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        typed = (
            COLUMNS.replace("calldate", "calldate timestamp")
            .replace(", ", " text, ")
            .replace("timestamp text", "timestamp")
        )
        typed = typed.replace("duration text", "duration int").replace("billsec text", "billsec int") + " text"
        connection.execute(text(f"CREATE TABLE cdr ({typed})"))
        connection.execute(text(f"INSERT INTO cdr VALUES ({', '.join(f':{name}' for name in values())})"), values())  # noqa: S608 - as above
    engine.dispose()
    assert "1 call written." in command("cdr", postgres_url)
    told = command.refused("cdr", "postgresql://asterisk:s3cr3t@127.0.0.1:9/cdr")
    assert "check the URL, and that the server runs" in told
    assert "s3cr3t" not in told


def test_a_password_is_left_out_of_the_list_of_processes(command: Command, postgres_url: str) -> None:
    """A URL with a password is taken, and said to be seen; one in a file is not, and is kept out of messages too."""

    def warned(*given: object) -> bool:
        arguments = ["import", "cdr", *map(str, given), "--config", str(command.config), "--store", command.store]
        done = CliRunner().invoke(app, arguments)
        assert isinstance(done.exception, ImportRefused)
        return "give --url-file, or leave the password to PGPASSFILE" in done.stderr

    where = "127.0.0.1:9/cdr"
    url = command.file("url", [f"postgresql://asterisk:s3cr3t@{where}"])
    assert warned(f"postgresql://asterisk:s3cr3t@{where}")
    assert not warned(f"postgresql://asterisk@{where}")
    assert not warned("--url-file", url)
    told = command.refused("cdr", "--url-file", url)
    assert "s3cr3t" not in told
    assert "asterisk:***@127.0.0.1:9/cdr cannot be read" in told
    assert "has no table 'cdr'" in command.refused("cdr", "--url-file", command.file("url", [postgres_url]))
    assert "holds no URL: write one line" in command.refused("cdr", "--url-file", command.file("url", ["cdr.csv"]))
    assert "cannot be read: give a file" in command.refused("cdr", "--url-file", command.folder / "none")


@pytest.mark.parametrize("given", [[], ["cdr.csv", "--url-file", "url"], ["sqlite:///a", "cdr.csv"]])
def test_records_come_from_files_or_from_one_database(command: Command, given: list[str]) -> None:
    done = CliRunner().invoke(app, ["import", "cdr", *given, "--store", command.store])
    assert done.exit_code == 2
    assert "Give files, or one database" in done.output or "Give one database, or files" in done.output


def test_a_database_without_a_driver_here_says_what_to_do(command: Command) -> None:
    told = command.refused("cdr", "mysql://asterisk:s3cr3t@127.0.0.1/asteriskcdrdb")
    assert "There is no driver here for mysql databases: write the table as CSV" in told
    assert "s3cr3t" not in told


def test_the_real_records_of_a_day_twice(command: Command) -> None:
    """18 calls by the queue log, then those of Master.csv it does not have: 43 or 44, by who is inside."""
    for expected in ("18 calls written.", "Nothing was written: the ledger has it all."):
        assert expected in command("queue_log", RECORDINGS / "queue_log")
    command.config.write_text(SETTINGS.replace('contexts = ["from-trunk"]', ""), encoding="utf-8")
    told = command("cdr", RECORDINGS / "Master.csv", "--timezone", "UTC")
    # 16 of the 18 are in both: the two others name the digit of the menu, and the queue they were sent to.
    assert "  28 new\n  16 already there in records that tell more\n" in told
    assert len(command.calls()) == 18 + 28


def test_numbers_never_reach_what_is_said(command: Command) -> None:
    path = command.file(
        "queue_log", [*CALL, f"{EPOCH}|{CALLID}|support|01099998888", f"{EPOCH}|x|q|m|CONNECT|01099998888x"]
    )
    cells = list(row(start="01099998888").values())
    with (command.folder / "cdr.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([list(row()), list(row().values()), cells])
    told = command("queue_log", path) + command("cdr", command.folder / "cdr.csv")
    assert "could not be understood" in told
    assert "0109999" not in told
    assert "0101234" not in told

"""`callmonitor reconcile`: what an operator types, and what is said."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from monitor.calls.facts import CallKey, Gap, GapCause
from monitor.cli import app
from monitor.errors import ConfigError, ImportRefused
from tests.imports.logs import CALLID, EPOCH, at, log
from tests.ledger.records import a_call

from .material import CDR, CEL, QUEUE_LOG

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.ledger import Repository

SETTINGS = """
[[asterisk]]
name = "lab1"
host = "127.0.0.1"
username = "monitor"
secret = "unused"

[[line]]
name = "main"
patterns = ["15886565"]

[transfers]
inside = ["_XXX", "PJSIP/*agent*"]
"""
TABLE = f"""
[[reconcile]]
system = "lab1"
queue_log = "{QUEUE_LOG}"
cdr = "{CDR}"
cel = "{CEL}"
timezone = "UTC"
"""
DAY = ("--from", "2026-11-26")
"""Of the recordings; in Seoul it is all of them."""


class Command:
    """The command line in a folder of its own, with settings and a ledger."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        self.folder = folder
        self.repository = repository
        self.config = folder / "callmonitor.toml"
        self.config.write_text(SETTINGS, encoding="utf-8")

    def __call__(self, *arguments: object) -> str:
        """What is printed; raises what the command raises."""
        given = ["reconcile", *map(str, arguments), "--config", str(self.config)]
        store = str(self.repository.store.path)
        done = CliRunner().invoke(app, [*given, "--store", store], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output


@pytest.fixture
def command(tmp_path: Path, ledger: Repository) -> Command:
    return Command(tmp_path, ledger)


def test_a_day_of_which_the_monitor_saw_nothing(command: Command) -> None:
    """By the settings; 54 calls, all of them only Asterisk's, as tests/reconcile/test_recordings.py counts them."""
    command.config.write_text(SETTINGS + TABLE, encoding="utf-8")
    said = command(*DAY, "--dry-run")
    assert said.startswith(
        "lab1, 2026-11-26 (Asia/Seoul), compared with queue_log, cdr, cel:\n"
        "  54 calls to the lines were written down by Asterisk\n"
        "        0 matched\n"
        "       54 would be filled, which only Asterisk saw\n"
        "        0 disagreeing\n"
        "        0 in the ledger alone\n"
    )
    assert list(command.repository.calls(at(0), at(400 * 86_400))) == []
    file = command.folder / "all.csv"
    said = command(*DAY, "--csv", file)
    assert "       54 filled, which only Asterisk saw\n" in said
    assert said.endswith(f"54 disagreements written to {file}.\n")
    assert len(list(command.repository.calls(at(0), at(400 * 86_400)))) == 54
    with file.open(encoding="utf-8-sig", newline="") as read:
        rows = list(csv.DictReader(read))
    assert {(row["what"], row["ours"], row["reason"]) for row in rows} == {("missing", "", "before_monitor")}
    assert rows[0]["explanation"] == "the monitor did not watch this system yet"
    # No caller's number is told, in either.
    assert not [number for number in ("01012345678", "0212345678") if number in said + file.read_text("utf-8")]


def test_a_difference_is_explained(command: Command) -> None:
    """The queue log alone, and its line 18 in another hand: who answered."""
    command.repository.record_all([Gap(system="lab1", started_at=at(-9), ended_at=at(60), cause=GapCause.MONITOR_DOWN)])
    path = command.folder / "queue_log"
    lines = log("0 NONE ENTERQUEUE  01012345678 1", "8 NONE ABANDON 1 1 8")
    other = [line.replace(CALLID, f"{EPOCH}.2") for line in lines]
    path.write_text("\n".join([*lines, *other, "rubbish", ""]), encoding="utf-8")
    said = command("--queue-log", path, "--from", "2026-03-02", "--timezone", "Asia/Seoul")
    assert "2 filled, which only Asterisk saw" in said
    assert "queue_log: 1 of 5 lines could not be understood" in said
    path.write_text("\n".join([*lines, ""]).replace("ABANDON", "EXITWITHTIMEOUT"), encoding="utf-8")
    assert "1 filled, which only Asterisk saw" in command("--queue-log", path, "--from", "2026-03-02")


def test_nothing_to_compare_with(command: Command) -> None:
    with pytest.raises(ConfigError, match=r"add a \[\[reconcile\]\] table"):
        command(*DAY)
    command.config.write_text(SETTINGS + TABLE, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"give --system, one of: lab1\."):
        command(*DAY, "--system", "pbx9")
    with pytest.raises(ConfigError, match="no time zone 'Mars'"):
        command(*DAY, "--timezone", "Mars")
    missing = command.folder / "Master.csv"
    with pytest.raises(ImportRefused, match="cannot be read"):
        command(*DAY, "--cdr", missing)
    with pytest.raises(ImportRefused, match=r"9\.0 hours behind"):
        command(*DAY, "--cdr", CDR, "--timezone", "Asia/Seoul")


def test_a_name_that_nobody_has_is_refused(command: Command) -> None:
    """Compared, it would read as if nothing differed. One that the ledger alone knows is somebody's."""
    with pytest.raises(ConfigError, match=r"know a system 'lab2': give --system, one of: lab1\."):
        command(*DAY, "--cel", CEL, "--timezone", "UTC", "--system", "lab2", "--dry-run")
    gap = Gap(system="lab2", started_at=at(0), ended_at=at(9), cause=GapCause.NOT_CONNECTED)
    command.repository.record_all([gap, replace(a_call(), key=CallKey(system="lab0", linkedid="1.1"))])
    command.repository.watched("here:1", {"lab3": at(9)})
    with pytest.raises(ConfigError, match=r"'lab': give --system, one of: lab0, lab1, lab2, lab3\."):
        command(*DAY, "--cel", CEL, "--timezone", "UTC", "--system", "lab")
    assert command(*DAY, "--cel", CEL, "--timezone", "UTC", "--system", "lab2", "--dry-run").startswith("lab2, ")
    command.config.write_text("", encoding="utf-8")
    assert command.repository.systems() == {"lab0", "lab2", "lab3"}
    assert command(*DAY, "--cel", CEL, "--timezone", "UTC", "--system", "lab3", "--dry-run").startswith("lab3, ")


def test_a_name_where_no_system_is_known_at_all(command: Command) -> None:
    command.config.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"know a system 'lab1': add its \[\[asterisk\]\] table first\."):
        command(*DAY, "--cel", CEL, "--timezone", "UTC", "--system", "lab1")


def test_a_password_on_the_command_line_is_warned_of(command: Command) -> None:
    done = CliRunner().invoke(
        app,
        ["reconcile", "--config", str(command.config), "--cdr", "postgresql://a:hushhush@127.0.0.1:9/x", "--dry-run"],
    )
    assert "everybody on this machine can read the password" in done.output
    assert isinstance(done.exception, ImportRefused | SystemExit) or done.exit_code
    assert "hushhush" not in done.output

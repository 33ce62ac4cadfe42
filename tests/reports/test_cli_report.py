"""`callmonitor report`."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from monitor.cli import app, main
from monitor.reports.kept import Kept

from . import month

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Report = Callable[..., "Done"]


@dataclass
class Done:
    """What the command gave."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def report(
    month_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Report]:
    """The command with settings that name the ledger and a folder of reports.

    It runs in this process, since one of its own takes two seconds to begin; the last test starts it as people do.
    """
    config = tmp_path / "callmonitor.toml"
    config.write_text(
        f'[ledger]\nurl = "sqlite:///{month_file}"\n[reports]\nfolder = "{tmp_path / "kept"}"\nformats = ["csv"]\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    for name, value in {"HOME": str(tmp_path), "LOGNAME": "kim"}.items():
        monkeypatch.setenv(name, value)
    at_an_end = signal.getsignal(signal.SIGTERM)

    def start(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["callmonitor", "report", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    yield start
    signal.signal(signal.SIGTERM, at_an_end)


def test_without_out_it_is_kept_with_who_made_it(report: Report, tmp_path: Path) -> None:
    done = report("--month", "2026-10")
    assert (done.returncode, done.stderr) == (0, "")
    (made,) = Kept(tmp_path / "kept").all()
    assert (made.made_by, made.period, made.languages, made.formats) == ("kim", "2026-10", ("ko",), ("csv",))
    assert made.agents
    printed = [Path(line) for line in done.stdout.splitlines()]
    assert printed == [tmp_path / "kept" / made.id / file.name for file in made.files]
    assert all(path.stat().st_size for path in printed)


def test_a_user_called_like_the_schedule_is_not_taken_for_it(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "schedule")
    assert report("--month", "2026-10").returncode == 0
    (made,) = Kept(tmp_path / "kept").all()
    assert made.made_by == "@schedule"


def test_with_out_it_is_there_and_nowhere_else(report: Report, tmp_path: Path) -> None:
    done = report("--from", "2026-10-01", "--to", "2026-10-15", "--format", "json,csv", "--lang", "en", "--out", "here")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads((tmp_path / "here" / "callmonitor-2026-10-01_2026-10-15.en.json").read_bytes())
    members = {(row["member"].partition(" (")[0], row["system"]) for row in told["tables"]["agents"]["rows"]}
    assert members == {(member, system) for member in month.MEMBERS.values() for system in ("pbx1", "pbx2")}
    assert (told["language"], told["period"]["first"], told["period"]["last"]) == ("en", "2026-10-01", "2026-10-15")
    assert sorted(done.stdout.splitlines()) == sorted(f"here/{path.name}" for path in (tmp_path / "here").iterdir())
    assert not (tmp_path / "kept").exists()


def test_half_a_year_is_the_record_for_the_public(report: Report, tmp_path: Path) -> None:
    done = report("--half", "2026H2", "--out", "here", "--format", "json", "--lang", "ko", "--lang", "en")
    assert done.returncode == 0
    told = (tmp_path / "here" / "callmonitor-2026H2-record.ko.json").read_text(encoding="utf-8")
    assert not [name for name in month.MEMBERS.values() if name in told]
    assert (tmp_path / "here" / "callmonitor-2026H2-record.en.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Give one period"),
        (["--month", "2026-10", "--half", "2026H1"], "Give one period"),
        (["--month", "2026-10", "--to", "2026-10-15"], "Give one period"),
        (["--month", "2026-13"], "'2026-13' is no month: write it as in 2026-10."),
        (["--month", "10"], "'10' is no month"),
        (["--half", "2026-1"], "'2026-1' is no half of a year: write it as in 2026H1."),
        (["--from", "2026-10-01"], "--from and --to belong together"),
        (["--from", "2026-W40-4", "--to", "2026-10-15"], "'2026-W40-4' is no day: write it as in 2026-10-01."),
        (["--from", "2026-02-30", "--to", "2026-10-15"], "'2026-02-30' is no day"),
        (["--from", "2026-10-15", "--to", "2026-10-01"], "ends (2026-10-01) before it begins (2026-10-15)"),
        (["--month", "2026-10", "--format", "pdf,doc"], "'doc' is none of them"),
        (["--month", "2026-10", "--lang", "de"], "--lang takes ko, en; 'de' is none of them"),
    ],
)
def test_what_makes_no_sense_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["report", *arguments, "--out", "here"])
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--month", "2026-10", "--line", "110"], "callmonitor: There is no line '110': known are "),
        (["--month", "2026-13"], "Usage: callmonitor report"),
    ],
)
def test_what_nobody_knows_is_status_2(report: Report, tmp_path: Path, arguments: list[str], said: str) -> None:
    done = report(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip().startswith(said)
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("kept/*"))


def test_a_place_that_takes_no_files_is_status_1(report: Report, tmp_path: Path) -> None:
    (tmp_path / "here").write_bytes(b"")
    done = report("--month", "2026-10", "--out", "here")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "callmonitor: The report cannot be written to here (File exists). "
        "See that it is a folder on a disk that works, or choose another.\n"
    )


def test_a_ledger_that_is_not_there_is_status_1(report: Report, tmp_path: Path) -> None:
    done = report("--month", "2026-10", "--out", "here", "--store", "no.sqlite3")
    assert (done.returncode, done.stdout) == (1, "")
    assert "run `callmonitor db upgrade`" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"callmonitor.toml"}


def test_a_missing_font_leaves_nothing(report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of the fonts' name without fonts, found before the right one."""
    (tmp_path / "first" / "koreanize_matplotlib").mkdir(parents=True)
    (tmp_path / "first" / "koreanize_matplotlib" / "__init__.py").write_bytes(b"")
    monkeypatch.syspath_prepend(tmp_path / "first")
    done = report("--month", "2026-10", "--format", "csv,pdf", "--out", "here")
    assert done.returncode != 0
    assert "is missing from" in done.stderr
    assert "install koreanize-matplotlib anew" in done.stderr
    assert not (tmp_path / "here").exists()


def test_a_terminal_gets_the_files_alone_and_agents_can_be_left_out(month_file: Path, tmp_path: Path) -> None:
    """As people start it. The bar on the terminal is for whoever waits longer than a second."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "monitor.cli", "report", "--month", "2026-10", "--format", "json", "--out", "here"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color"}
    done = subprocess.run(
        [*command, "--no-agents", "--store", month_file],
        stdout=subprocess.PIPE, stderr=theirs, cwd=tmp_path, env=environment, check=True,
    )  # fmt: skip
    os.close(theirs)
    os.close(ours)
    assert done.stdout.decode() == "here/callmonitor-2026-10.ko.json\n"
    told = (tmp_path / "here" / "callmonitor-2026-10.ko.json").read_text(encoding="utf-8")
    assert [name for name in month.MEMBERS.values() if name in told] == []

"""The command line: help, versions, wrong options, and errors that are a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor import __version__

from .test_replay import callmonitor

COMMANDS = (
    "run",
    "demo",
    "simulate",
    "replay",
    "doctor",
    "check-config",
    "hash-password",
    "make-token",
    "db",
    "import",
    "cases",
    "report",
    "recompute",
    "rebuild",
    "reconcile",
    "reviews",
    "callbacks",
    "purge",
    "forget",
    "access-log",
)


def test_help_names_every_command(tmp_path: Path) -> None:
    done = callmonitor("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert [name for name in COMMANDS if name not in done.stdout.decode()] == []


@pytest.mark.parametrize("command", [*COMMANDS, "db upgrade", "import queue_log", "import cdr", "cases import"])
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    done = callmonitor(*command.split(), "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Usage" in done.stdout.decode()


@pytest.mark.parametrize(("command", "table"), [("hash-password", "[[web.user]]"), ("make-token", "[[web.token]]")])
def test_help_names_the_table_that_takes_what_is_printed(tmp_path: Path, command: str, table: str) -> None:
    """Help is read as markup, in which square brackets are a style."""
    told = " ".join(callmonitor(command, "--help", cwd=tmp_path).stdout.decode().split())
    assert f"for a {table} table." in told


def test_version(tmp_path: Path) -> None:
    done = callmonitor("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout.decode()) == (0, f"callmonitor {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["replay", "x.ami", "--lime", "15886565"], "--lime"),
        (["replay"], "FILE"),
        (["reply", "x.ami"], "reply"),
        (["demo", "--speed", "fast"], "--speed"),
        (["demo", "--speed", "0"], "--speed"),
        (["simulate", "--port", "65536"], "--port"),
        (["run", "--port", "http"], "--port"),
        (["reviews", "draw", "2026-13"], "'2026-13' is no month"),
    ],
)
def test_a_wrong_option_is_named_and_status_2(tmp_path: Path, arguments: list[str], named: str) -> None:
    done = callmonitor(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert named in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_settings_that_cannot_be_used_are_status_2(tmp_path: Path) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text("[web]\nprot = 9\n", encoding="utf-8")
    for arguments in (["check-config"], ["replay", "x.ami"], ["run"], ["doctor"], ["db", "upgrade"]):
        done = callmonitor(*arguments, "--config", config, cwd=tmp_path)
        assert done.returncode == 2, arguments
        assert "prot" in done.stderr.decode()
        assert "Traceback" not in done.stderr.decode()


def test_check_config_says_what_it_read(tmp_path: Path) -> None:
    config = tmp_path / "callmonitor.toml"
    config.write_text(
        '[[asterisk]]\nname = "pbx1"\nhost = "192.0.2.1"\nusername = "m"\nsecret = "hush-hush"\n'
        '[[line]]\nname = "main"\npatterns = ["15886565"]\n'
        '[journal]\nfolder = "/var/kept"\nkeep_days = 7\n[privacy]\nnumbers_days = 90\n'
        '[[reconcile]]\nsystem = "pbx1"\nqueue_log = "/var/ql"\ncdr = "postgresql://u:hush-hush@db/asterisk#cdr"\n'
        "[callbacks]\nmissed_working_days = 3\n[reviews]\nby_queue = { remote = 3 }\nsecond_share = 0.5\n"
        '[[commitment]]\nkey = "kindness"\nko = "친절"\nen = "Kindness"\ndays = 7\n',
        encoding="utf-8",
    )
    done = callmonitor("check-config", cwd=tmp_path)
    told = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert "pbx1 at 192.0.2.1:5038" in told
    assert "Line main: 15886565 in any context" in told
    # Korea: 1 s + 2 s.
    assert "3 rings of 3 s (KR), headline within" in told
    assert "Journal: /var/kept, 7 days and 10240 MB at most\n" in told
    assert "Callers' numbers in it: as received, 90 days\n" in told
    assert "Compared: pbx1 by queue_log, cdr, each night at 04:10\n" in told
    assert "Calls back: in working days, 1 for promises without a time, 3 for callers who left\n" in told
    assert "Reviews: 5 of each agent, 3 of remote, 50% by two people, drawn on the first of a month at 05:10\n" in told
    assert "Promises with a clock: kindness\n" in told
    assert "hush-hush" not in told + done.stderr.decode()


def test_nothing_to_listen_to_is_a_sentence(tmp_path: Path) -> None:
    done = callmonitor("run", cwd=tmp_path)
    assert done.returncode == 2
    (sentence,) = done.stderr.decode().strip().splitlines()
    assert sentence.startswith("callmonitor: ")
    assert "asterisk" in sentence.lower()


def test_db_upgrade_makes_the_ledger(tmp_path: Path) -> None:
    store = tmp_path / "new" / "ledger.sqlite3"
    done = callmonitor("db", "upgrade", "--store", store, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert store.is_file()
    assert callmonitor("db", "upgrade", "--store", store, cwd=tmp_path).stdout == done.stdout, "twice is once"


UNREACHED = '[[asterisk]]\nname = "pbx1"\nhost = "127.0.0.1"\nport = 1\nusername = "m"\nsecret = "hush-hush-012345"\n'
"""Nothing listens on port 1."""


def test_doctor_cuts_nothing_that_has_to_be_copied(tmp_path: Path) -> None:
    config = tmp_path / "callmonitor.toml"
    config.write_text(UNREACHED, encoding="utf-8")
    done = callmonitor("doctor", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, b"")
    # Into a pipe each sentence is one whole line, however narrow a terminal would be.
    assert done.stdout.decode().splitlines() == [
        "pbx1  fault    Asterisk 'pbx1' at 127.0.0.1:1 refuses connections.",
        "               → See that Asterisk runs, and `enabled`, `bindaddr` and `port` in its manager.conf.",
    ]


@pytest.mark.parametrize("command", [["check-config"], ["demo", "--seconds", "60"]])
def test_a_reader_that_has_enough_ends_it_quietly(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "callmonitor.toml").write_text(UNREACHED, encoding="utf-8")
    reads, writes = os.pipe()
    with os.fdopen(writes, "wb") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", "monitor.cli", *command],
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.PIPE,
        )
    os.close(reads)
    # Long before the 60 s are over: the demonstration ends by itself.
    _, told = running.communicate(timeout=40)
    assert (running.returncode, told) == (1, b"")


def test_a_second_monitor_on_one_ledger_is_a_sentence(tmp_path: Path) -> None:
    """Also what is found out among tasks that run side by side, where Python makes a group of the error."""
    (tmp_path / "callmonitor.toml").write_text(
        UNREACHED + f'[web]\nport = 0\n[ledger]\nspool_dir = "{tmp_path}/spool"\n', encoding="utf-8"
    )
    command = [sys.executable, "-m", "monitor.cli", "run"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, env=env) as first:
        assert first.stderr is not None
        while b"the ledger is up" not in first.stderr.readline():
            assert first.poll() is None
        second = callmonitor("run", cwd=tmp_path)
        first.terminate()
        first.communicate(timeout=20)
    assert (first.returncode, second.returncode) == (0, 1)
    sentence = second.stderr.decode().splitlines()[-1]
    assert sentence.startswith(f"callmonitor: Another callmonitor already uses {tmp_path}/spool/")


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "callmonitor.toml").write_text(UNREACHED, encoding="utf-8")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "monitor.cli", "check-config"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    (sentence,) = done.stderr.decode().splitlines()
    assert "No space left on device" in sentence
    assert "see that" in sentence


def test_a_terminal_that_is_not_utf8_is_no_error(tmp_path: Path) -> None:
    done = callmonitor("demo", "--seconds", "1", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("config", ["folder", "hidden.toml"])
def test_a_config_that_is_no_file_of_ours_is_a_sentence(tmp_path: Path, config: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "hidden.toml").symlink_to("hidden.toml")
    done = callmonitor("check-config", "--config", config, cwd=tmp_path)
    assert done.returncode == 2
    (sentence,) = done.stderr.decode().splitlines()
    assert sentence.startswith(f"callmonitor: {config}: ")


def test_a_pattern_nothing_can_match_is_a_sentence(tmp_path: Path) -> None:
    done = callmonitor("replay", "x.ami", "--line", "_[z-a]XX", cwd=tmp_path)
    assert done.returncode == 2
    assert "A pattern of a line, of [transfers] or of [callbacks] cannot be read" in done.stderr.decode()

"""A secret that is set somewhere is in nothing that a command says, however it fails, nor in a log, even at debug."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from monitor.cli import app
from monitor.config import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

CANARY = "Kanarienvogel-7f3a9c51e0b24d68-5512"
"""Stands in every place of a secret, alone or within it."""
ROOT = Path(__file__).parents[2]
HASH = f"$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ${CANARY.replace('-', '')}"

REACHED_BY_NOBODY = f"""
[[asterisk]]
name = "pbx1"
host = "127.0.0.1"
port = 1
username = "monitor"
secret = "{CANARY}"
reconnect_min_seconds = 0.05
[[asterisk]]
name = "pbx2"
host = "127.0.0.1"
port = 1
username = "monitor"
secret_file = "FOLDER/canary"
[ledger]
url = "postgresql://monitor:{CANARY}@127.0.0.1:1/calls"
[privacy]
numbers = "hmac"
key_file = "FOLDER/canary"
[web]
port = PORT
session_secret_file = "FOLDER/canary-long"
[[web.user]]
name = "kim"
password_hash = "{HASH}"
[[web.token]]
name = "archive"
sha256 = "DIGEST"
[metrics]
host = "127.0.0.1"
port = 0
token_file = "FOLDER/canary-long"
[alerts]
alertmanager = ["http://monitor:{CANARY}@127.0.0.1:1"]
apprise = ["json://monitor:{CANARY}@127.0.0.1:1/{CANARY}"]
[[reconcile]]
system = "pbx1"
cdr = "postgresql://monitor:{CANARY}@127.0.0.1:1/asterisk#cdr"
[reports.mail]
host = "127.0.0.1"
port = 1
security = "none"
username = "monitor"
password_file = "FOLDER/canary"
sender = "a@example.org"
to = ["b@example.org"]
[log]
level = "debug"
"""
WRONG = {
    # What is wrong, and what then stands at the end of the file, or in place of it.
    "another type": f'[[asterisk]]\nname = "a"\nhost = "h"\nusername = "u"\nsecret = ["{CANARY}"]\n',
    "two secrets": f'[[asterisk]]\nname = "a"\nhost = "h"\nusername = "u"\nsecret = "{CANARY}"\nsecret_file = "/x"\n',
    "a misspelt key": f'[[asterisk]]\nname = "a"\nhost = "h"\nusername = "u"\nsecrets = "{CANARY}"\n',
    "a line end": f'[[asterisk]]\nname = "a"\nhost = "h"\nusername = "u"\nsecret = "{CANARY}\\n"\n',
    "no TOML": f'[[asterisk]]\nsecret = "{CANARY}\nname = "x"\n',
    "no database": f'[ledger]\nurl = "mysql://u:{CANARY}@h/x"\n',
    "no URL": f'[ledger]\nurl = "{CANARY}"\n',
    "no port": f'[ledger]\nurl = "postgresql://u:{CANARY}@h:{CANARY}/x"\n',
    "no hash": f'[[web.user]]\nname = "kim"\npassword_hash = "{CANARY}"\n',
    "no digest": f'[[web.token]]\nname = "x"\nsha256 = "{CANARY}"\n',
    "no digest of metrics": f'[metrics]\ntoken_sha256 = "{CANARY}"\n',
    "no service": f'[alerts]\napprise = ["nonsense://u:{CANARY}@h"]\n',
    "no web address": f'[alerts]\nalertmanager = ["ftp://u:{CANARY}@h"]\n',
    "no list": f'[alerts]\napprise = "json://u:{CANARY}@h"\n',
    "a table of another type": f'[[reconcile]]\nsystem = "x"\ncdr = ["postgresql://u:{CANARY}@h/x#cdr"]\n',
    "a database that is none": f'[[reconcile]]\nsystem = "x"\ncdr = "postgresql://u:{CANARY}@h:{CANARY}/x#cdr"\n',
    "two lines": '[[asterisk]]\nname = "a"\nhost = "h"\nusername = "u"\nsecret_file = "FOLDER/canary-twice"\n',
    "a short key": '[web]\nsession_secret_file = "FOLDER/canary-short"\n',
    "a short token": '[metrics]\ntoken_file = "FOLDER/canary-short"\n',
    "a key that is none": '[[web.user]]\nname = "kim"\npassword_hash_file = "FOLDER/canary"\n',
}
ARGUMENTS = {
    "access-log": [],
    "demo": ["--seconds", "0"],
    "forget": ["01012345678", "--yes"],
    "import cdr": ["nothing.csv"],
    "import queue_log": ["nothing.log"],
    "purge": [],
    "rebuild": ["--from", "2026-03-02", "--to", "2026-03-02"],
    "recompute": ["--rule", "nothing.toml", "--from", "2026-03-02", "--to", "2026-03-02"],
    "reconcile": ["--from", "2026-03-02", "--to", "2026-03-02"],
    "replay": ["nothing.ami"],
    "report": ["--month", "2026-03", "--out", "."],
    "simulate": ["--host", "192.0.2.1", "--secret-file", "FOLDER/canary"],
}
"""What a command needs beside its settings; others need nothing."""
NOT_CALLED = {"hash-password", "make-token"}
"""They read no settings. What they print of a password and a token is tested with them."""


def commands(command: Any = None, name: str = "") -> Iterator[str]:
    """Every command there is."""
    command = command or get_command(app)
    within = getattr(command, "commands", None)
    if within is None:
        yield name.strip()
        return
    for word, one in within.items():
        yield from commands(one, f"{name} {word}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files of secrets, and what commands read."""
    for name, text in (
        ("canary", CANARY),
        ("canary-long", CANARY * 2),
        ("canary-twice", f"{CANARY}\n{CANARY}\n"),
        ("canary-short", CANARY[:20]),
    ):
        (tmp_path / name).write_text(text, encoding="ascii")
    (tmp_path / "nothing.ami").write_bytes(b"")
    return tmp_path


def written(folder: Path, name: str, text: str, port: int = 9158) -> Path:
    path = folder / f"{name}.toml"
    filled = text.replace("FOLDER", str(folder)).replace("DIGEST", "ab" * 32).replace("PORT", str(port))
    path.write_text(filled, encoding="utf-8")
    return path


def said(folder: Path, asked: list[dict[str, object]]) -> list[tuple[int, str]]:
    """What each command said, and its exit status; the process's own output, too."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.security.canary"],
        input=json.dumps(asked),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert clean(done.stderr) == []
    return [(status, text) for status, text in json.loads(done.stdout)]


def clean(text: str) -> list[str]:
    """The lines in which the secret, or a good part of it, stands."""
    parts = (CANARY, CANARY.replace("-", ""), CANARY[:16])
    return [line for line in text.splitlines() if any(part in line for part in parts)]


def test_no_command_says_a_secret_however_it_fails(folder: Path) -> None:
    """With a traceback as well. Ways to fail: nobody there to be reached, and every kind of wrong settings."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        # `run` ends at once: the port is taken.
        good = written(folder, "good", REACHED_BY_NOBODY, taken.getsockname()[1])
        asked: list[dict[str, object]] = []
        for command in sorted(set(commands()) - NOT_CALLED):
            further = [argument.replace("FOLDER", str(folder)) for argument in ARGUMENTS.get(command, [])]
            config = [] if command in ("demo", "simulate") else ["--config", str(good)]
            asked.append({"arguments": [*command.split(), *further, *config, "--debug"], "environment": {}})
        for name, text in WRONG.items():
            config = ["--config", str(written(folder, name.replace(" ", "-"), text))]
            # The sentence stands behind the traceback.
            asked.append({"arguments": ["check-config", *config, "--debug"], "environment": {}})
        for variable, value in (
            ("CALLMONITOR_ASTERISK", f'[{{"name": "a", "secret": "{CANARY}"'),
            ("CALLMONITOR_ASTERISK__0__SECRET", f'["{CANARY}"]'),
            ("CALLMONITOR_LEDGER__URL", f"nonsense://u:{CANARY}@h"),
            ("CALLMONITOR_SECRET", CANARY),
        ):
            asked.append({"arguments": ["check-config", "--debug"], "environment": {variable: value}})
        for command in ("db upgrade", "report --month 2026-03 --out ."):
            url = f"postgresql://u:{CANARY}@127.0.0.1:1/x"
            asked.append({"arguments": [*command.split(), "--store", url, "--debug"], "environment": {}})
        found = said(folder, asked)
    # A password that somebody gave by a flag all the same stands in the list of processes, which is said.
    assert all("list of processes" in text for _, text in found[-2:])
    leaks = [(one["arguments"], line) for one, (_, text) in zip(asked, found, strict=True) for line in clean(text)]
    assert leaks == []
    # They failed indeed, each with a sentence, but for those that have nothing to fail by.
    fine = [one["arguments"] for one, (status, _) in zip(asked, found, strict=True) if status == 0]
    assert {
        " ".join(arguments[: 1 + (arguments[0] == "cases")]) for arguments in fine if isinstance(arguments, list)
    } <= {
        "cases template",
        "check-config",
        "demo",
        "replay",
    }


def test_the_log_of_a_running_monitor_holds_no_secret(folder: Path) -> None:
    """At debug, while it reaches neither Asterisk, ledger nor anybody to tell."""
    path = written(folder, "running", REACHED_BY_NOBODY, 0)
    log = folder / "log"
    with log.open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", "monitor.cli", "run", "--config", str(path), "--debug"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
            stdout=out,
            stderr=out,
        )
        until = time.monotonic() + 30
        while b"refuses connections" not in log.read_bytes() and time.monotonic() < until and running.poll() is None:
            time.sleep(0.05)  # another program's log is no event of ours
        running.send_signal(signal.SIGTERM)
        running.wait(30)
    text = log.read_text(encoding="utf-8")
    assert "refuses connections" in text
    assert "the ledger" in text
    assert clean(text) == []


def test_no_setting_prints_its_secret(folder: Path) -> None:
    """Nor does the whole of them, in any of the ways that a log or a traceback might show it."""
    from monitor.config import load  # noqa: PLC0415 - beside what it is for

    settings = load(written(folder, "shown", REACHED_BY_NOBODY), environ={"HOME": str(folder)})
    assert "SecretStr('**********')" in repr(settings)
    assert clean(repr(settings) + str(settings)) == []


def test_every_setting_that_names_a_secret_is_one() -> None:
    """By its name: what is called secret, password, token or hash is hidden in output, or is the name of a file."""

    def fields(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, str]]:
        for name, field in model.model_fields.items():
            kind = str(field.annotation)
            yield f"{path}{name}", kind
            for inner in (field.annotation, *getattr(field.annotation, "__args__", ())):
                if hasattr(inner, "model_fields"):
                    yield from fields(inner, f"{path}{name}.")

    words = ("secret", "password", "token", "hash", "sha256", "url", "cdr", "cel", "apprise")
    named = {name: kind for name, kind in fields(Settings) if name.rpartition(".")[2].partition("_")[0] in words}
    open_ones = {name for name, kind in named.items() if "SecretStr" not in kind and "Path" not in kind}
    assert open_ones <= {"web.token", "web.session_hours"}

"""A busy quarter of an hour, its ledger away for a while, people asking: no number in any line of the log."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING

from tests.unit.test_simulate import simulating

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALLS = 12
"""As many must have ended before and as many after the ledger was away."""
LONGEST_SECONDS = 60.0


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not what():
        assert time.monotonic() < deadline
        # Another process writes; it tells nobody when it has.
        time.sleep(0.2)


def callers(path: Path) -> list[str]:
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as ledger:
        try:
            found = ledger.execute('SELECT caller FROM calls UNION ALL SELECT "to" FROM transfers').fetchall()
        except sqlite3.OperationalError:  # not made yet
            return []
    return [text for (text,) in found if text and len(re.sub(r"\D", "", text)) >= 7]


def ask(url: str) -> None:
    try:
        urllib.request.urlopen(url, timeout=10).close()  # noqa: S310 - an address of this test's own, on loopback
    except urllib.error.HTTPError as error:
        error.close()


def test_no_number_reaches_a_log(tmp_path: Path) -> None:
    ledger, log = tmp_path / "ledger.sqlite3", tmp_path / "log"
    with simulating("--speed", "60", "--seed", "7") as (_, port):
        config = tmp_path / "callmonitor.toml"
        config.write_text(
            f'[[asterisk]]\nname = "demo"\nhost = "127.0.0.1"\nport = {port}\nusername = "demo"\nsecret = "demo"\n'
            f'[[line]]\nname = "all"\npatterns = ["*"]\n[ledger]\nurl = "sqlite:///{ledger}"\n'
            f'[journal]\nfolder = "{tmp_path / "journal"}"\n[reports]\nfolder = "{tmp_path / "reports"}"\n'
            '[web]\nport = 0\n[log]\nlevel = "debug"\n',
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "monitor.cli", "run", "--config", str(config)]
        with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, cwd=tmp_path) as monitor:
            try:
                until(lambda: len(callers(ledger)) >= CALLS)
                (address,) = set(re.findall(rb"http://127\.0\.0\.1:\d+", log.read_bytes()))
                known = callers(ledger)
                base = address.decode()
                for path in ("/calls?number=", "/calls/demo/", "/api/v1/calls?number=", "/nowhere/", "/login?next=/"):
                    ask(f"{base}{path}{known[0]}")
                ledger.rename(tmp_path / "away")
                ask(f"{base}/calls")
                until(lambda: b"the ledger is away" in log.read_bytes())
                (tmp_path / "away").rename(ledger)
                until(lambda: len(callers(ledger)) >= 2 * CALLS)
            finally:
                monitor.send_signal(signal.SIGTERM)
                assert monitor.wait(30) == 0
    told = log.read_text(encoding="utf-8")
    assert "monitor_stopped" in told
    bare = re.sub(r"[-. ()]", "", told)
    assert not [number for number in callers(ledger) if re.sub(r"[-. ()+]", "", number).removeprefix("0") in bare]

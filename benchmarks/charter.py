"""What the rest of the charter takes with a million calls and a hundred thousand cases: pages, a sheet, the record."""

from __future__ import annotations

import csv
import http.client
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, literal, select

from benchmarks.reports import sizes
from benchmarks.reports_month import LINE, SYSTEM, ZONE, repeat, write_days
from monitor.ledger.rows import CALLS
from monitor.ledger.store import Store
from monitor.ledger.tables import CALLBACKS

if TYPE_CHECKING:
    from collections.abc import Iterator

HALF = (date(2026, 1, 1), date(2026, 6, 30))
_CALLS_A_DAY = 3_064
_PAGE_AIM_MS, _RECORD_AIM_SECONDS = 300, 90
_START_SECONDS = 60
_PAGES = (
    "/callbacks",
    "/callbacks?state=overdue",
    "/api/v1/callbacks",
    "/cases",
    "/cases?standing=overdue",
    "/api/v1/cases",
    "/reviews",
    "/calls",
)
_SETTINGS = f"""
[[asterisk]]
name = "{SYSTEM}"
host = "127.0.0.1"
port = 9
username = "nobody"
secret = "none"

[[line]]
name = "{LINE}"
patterns = ["15886565"]

[web]
port = 0

[journal]
enabled = false

[callbacks]
forget_days = 400
"""


def charter(*, calls: int, cases: int, rounds: int) -> None:
    """Print what pages, an import and the half-yearly record take, with SQLite.

    Args:
        calls: about how many there are in the half.
        cases: how many are brought in, as one sheet.
        rounds: how often each page is asked for, and the record is made (a tenth as often).
    """
    with tempfile.TemporaryDirectory(prefix="callmonitor-charter-") as name:
        folder = Path(name)
        store = Store(folder / "ledger.sqlite3")
        settings = folder / "callmonitor.toml"
        settings.write_text(f'{_SETTINGS}\n[ledger]\nurl = "sqlite:///{folder}/ledger.sqlite3"\n', encoding="utf-8")
        write_days(str(folder / "ledger.sqlite3"))
        days = (HALF[1] - HALF[0]).days + 1
        repeat(store, *HALF, times=max(1, round(calls / days / _CALLS_A_DAY)))
        print(f"{sizes(store)}, {_owe(store):,} calls back")
        store.close()
        _timed("sheet of cases", folder, settings, "cases", "import", _sheet(folder / "cases.csv", cases))
        for month in range(1, 7):
            _timed(f"sample of month {month}", folder, settings, "reviews", "draw", f"2026-{month:02}")
        _pages(folder, settings, rounds)
        took = [
            _timed("record of the half", folder, settings, "report", "--half", "2026H1", "--out", str(folder / "out"))
            for _ in range(max(1, rounds // 10))
        ]
        print(
            f"record: {statistics.median(took):.1f} s (aim: {_RECORD_AIM_SECONDS} s), load {os.getloadavg()[0]:.1f}\n"
        )


def _owe(store: Store) -> int:
    """Let every caller who left be owed a call back, as the ledger writes it with a call; how many there are."""
    stored = CALLS.c
    given: dict[str, Any] = {
        "system": stored.system,
        "linkedid": stored.linkedid,
        "kind": literal("missed"),
        "line": stored.line,
        "queue": stored.queue,
        "person": stored.caller,
        "owed_at": stored.filed_at,
        "newest_owed_at": stored.filed_at,
        "due_at": stored.filed_at,
        "state": literal("open"),
        "tries": literal(0),
    }
    left = and_(stored.outcome.in_(("abandoned_waiting", "abandoned_ringing", "no_answer")), stored.caller.is_not(None))
    since = datetime.combine(HALF[0], datetime.min.time(), ZONE)
    chosen = select(*given.values()).where(left, stored.filed_at >= since)
    with store.writing() as connection:
        connection.execute(CALLBACKS.insert().from_select(list(given), chosen, include_defaults=False))
        found: int = connection.scalar(select(func.count()).select_from(CALLBACKS)) or 0
    with store.outside_transactions() as connection:
        connection.exec_driver_sql("PRAGMA optimize")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return found


def _sheet(path: Path, cases: int) -> str:
    """A sheet of cases of every promise with days, four of five done, most of them in time."""
    rng = random.Random(6)  # noqa: S311 - the same sheet each time, no secret
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(("reference", "promise", "received", "subject", "contact", "finding", "done", "paid won"))
        for number in range(cases):
            received = datetime.combine(HALF[0], datetime.min.time(), ZONE) + timedelta(
                minutes=rng.randrange(180 * 1440)
            )
            done = received + timedelta(days=rng.expovariate(1 / 4))
            over = number % 5 > 0
            promise = rng.choice(("voc_simple", "voc_legal", "disclosure", "kindness"))
            upheld = over and promise == "kindness" and rng.random() < 0.3
            out.writerow(
                (
                    f"B-{number:06}",
                    promise,
                    f"{received:%Y-%m-%d %H:%M}",
                    f"subject {number}",
                    f"010{rng.randrange(10**8):08}",
                    "upheld" if upheld else "",
                    f"{done:%Y-%m-%d %H:%M}" if over else "",
                    "10000" if upheld else "",
                )
            )
    return str(path)


def _timed(what: str, folder: Path, settings: Path, *command: str) -> float:
    """Run a command and print how long it took, in seconds; returns that."""
    began = time.monotonic()
    program = Path(sys.executable).with_name("callmonitor")
    arguments = [str(program), *command, "--config", str(settings)]
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    took = time.monotonic() - began
    if done.returncode:
        raise RuntimeError(f"{what}: {done.stdout[-500:]}{done.stderr[-500:]}")
    print(f"  {what}: {took:.1f} s")
    return took


def _pages(folder: Path, settings: Path, rounds: int) -> None:
    """Ask the service for each page again and again, and print how long the answers took."""
    program = Path(sys.executable).with_name("callmonitor")
    with subprocess.Popen(
        [str(program), "run", "--config", str(settings)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as service:
        try:
            port = next(_ports(service))
            for path in _PAGES:
                took = sorted(_answer(port, path) for _ in range(rounds))
                print(
                    f"  {path}: {statistics.median(took):.0f} ms ({took[0]:.0f} to {took[-1]:.0f}; "
                    f"aim: {_PAGE_AIM_MS}), load {os.getloadavg()[0]:.1f}"
                )
        finally:
            service.kill()


def _ports(service: subprocess.Popen[str]) -> Iterator[int]:
    """The port that the service says it serves on."""
    assert service.stdout is not None  # noqa: S101 - a pipe, as asked for
    until = time.monotonic() + _START_SECONDS
    for line in service.stdout:
        _, found, rest = line.partition("http://127.0.0.1:")
        if found:
            yield int("".join(iter(iter(rest).__next__, "/")).split()[0])
        if time.monotonic() > until:
            break
    raise RuntimeError("the service did not say where it serves")


def _answer(port: int, path: str) -> float:
    """How long a page took to come whole, in milliseconds."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != http.client.OK:
        raise RuntimeError(f"{path} was answered with {answer.status}")
    return (time.monotonic() - began) * 1000

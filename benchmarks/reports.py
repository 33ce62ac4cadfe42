"""What a report of a month of a million calls takes: time, memory, and where the time goes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from benchmarks.process import ROOT, Process
from benchmarks.reports_month import LINE, SYSTEM, repeat, write_days
from monitor.ledger.rows import AGENT_STATES, ATTEMPTS, CALLS
from monitor.ledger.store import Store
from tests.ledger.postgres import Cluster, programs

if TYPE_CHECKING:
    from collections.abc import Iterator

MONTH = (date(2026, 10, 1), date(2026, 10, 31))
MONTH_BEFORE = (date(2026, 9, 1), date(2026, 9, 30))
_AIM_SECONDS, _AIM_MB = 60, 500
_LOOK_SECONDS = 0.05
_CALLS_A_DAY = 3_064
"""Of one simulated centre, more or less."""

_SETTINGS = f"""
[[asterisk]]
name = "{SYSTEM}"
host = "127.0.0.1"
username = "nobody"
secret = "none"

[[line]]
name = "{LINE}"
patterns = ["15886565"]
"""


def reports(*, calls: int, rounds: int) -> None:
    """Print what `callmonitor report` of a month takes, PDF and XLSX, with each kind of store.

    Args:
        calls: about how many there are in the month.
        rounds: how often each report is made.
    """
    times = max(1, round(calls / 31 / _CALLS_A_DAY))
    for kind, opened in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="callmonitor-reports-")))
            url = stack.enter_context(opened(folder))
            if url is None:
                print(f"{kind}: it is not installed; `make lab` installs it.\n")
                continue
            store = Store(url)
            began = time.monotonic()
            write_days(url)
            repeat(store, *MONTH, times=times)
            print(f"{kind}: {sizes(store)}, written in {time.monotonic() - began:.0f} s")
            _measure(url, folder, rounds, "no calls in the month before")
            repeat(store, *MONTH_BEFORE, times=times)
            _measure(url, folder, rounds, "as many calls in the month before")
            store.close()
    print()


@contextmanager
def _sqlite(folder: Path) -> Iterator[str | None]:
    yield str(folder / "ledger.sqlite3")


@contextmanager
def _postgresql(_folder: Path) -> Iterator[str | None]:
    installed = programs()
    if installed is None:
        yield None
        return
    cluster = Cluster(installed)
    cluster.start()
    try:
        yield cluster.create_database()
    finally:
        cluster.remove()


def sizes(store: Store) -> str:
    """How much a ledger holds, in words."""
    with store.engine.connect() as connection:
        found = [connection.scalar(select(func.count()).select_from(each)) for each in (CALLS, ATTEMPTS, AGENT_STATES)]
    return "{:,} calls, {:,} ring attempts, {:,} agent states".format(*found)


def _measure(url: str, folder: Path, rounds: int, what: str) -> None:
    """Make the same report several times by the command, and once more to see where the time goes."""
    settings = folder / "callmonitor.toml"
    settings.write_text(_SETTINGS)
    wall, cpu, memory = zip(*(_report(url, settings, folder / "out") for _ in range(rounds)), strict=True)
    print(
        f"  {what}, {rounds} rounds: {statistics.median(wall):.1f} ({min(wall):.1f} to {max(wall):.1f}) s, "
        f"{statistics.median(cpu):.1f} s of a processor, {max(memory):.0f} MB at most "
        f"(aim: {_AIM_SECONDS} s, {_AIM_MB} MB), load {os.getloadavg()[0]:.1f}"
    )
    with Process("report_steps", url, str(settings), str(folder / "steps")) as steps:
        told = steps.result()["seconds"]
    print("    " + ", ".join(f"{step} {seconds:.1f} s" for step, seconds in told.items()))


def _report(url: str, settings: Path, out: Path) -> tuple[float, float, float]:
    """Make one report.

    Returns:
        How long it took and how long its own process computed, in seconds; the most memory it had resident, in MiB.
    """
    command: list[Any] = [Path(sys.executable).with_name("callmonitor"), "report", "--month", "2026-10"]
    command += ["--format", "pdf,xlsx", "--config", settings, "--store", url, "--out", out]
    began, before, peak_kb = time.monotonic(), getrusage(RUSAGE_CHILDREN), 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak_kb = max(peak_kb, _peak_kb(process.pid))
            # The kernel's high-water mark goes with the process, and what wait() tells of memory begins with that of
            # this one, from which it was forked: so it is read, again and again, while the command runs.
            time.sleep(_LOOK_SECONDS)
    if process.returncode:
        raise RuntimeError("the report was not made: run its command by hand to see why")
    used = getrusage(RUSAGE_CHILDREN)
    computed = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, computed, peak_kb / 1024


def _peak_kb(pid: int) -> int:
    """The most memory a process has had resident.

    **Source:** proc(5), `VmHWM`; `wait4` would tell this process's own, from before the program was loaded.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (ProcessLookupError, FileNotFoundError):
        return 0
    found = status.partition("VmHWM:")[2].split()
    return int(found[0]) if found else 0

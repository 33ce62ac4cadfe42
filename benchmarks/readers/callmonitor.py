"""The whole of `callmonitor run`: socket, login, packets, calls, board, metrics, and the ledger to its last commit.

On standard input, `look` makes it say how it stands, and `glance` all of it but memory. Behind the folder may stand
addresses of Alertmanagers, or `without-journal`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from pathlib import Path

from pydantic import SecretStr

from benchmarks.process import ready, report
from benchmarks.server import SECRET, USERNAME
from benchmarks.stream import LAST, SYSTEM
from monitor import log
from monitor.calls.facts import Call, Fact, RingBreach, microseconds
from monitor.config import (
    AlertSettings,
    AsteriskSettings,
    JournalSettings,
    LedgerSettings,
    LineSettings,
    LogSettings,
    Settings,
    WebSettings,
)
from monitor.pipeline import Monitor
from monitor.web import bind

WITHOUT_JOURNAL = "without-journal"
_POLL_SECONDS = 0.005
_QUIET_POLL_SECONDS = 0.1
"""While nothing comes: looking oftener would cost ten times what the monitor does then."""


class Witness:
    """A sink that counts records, and notes how late each breach is told."""

    def __init__(self) -> None:
        self.calls = 0
        self.breach_latencies_ms: list[float] = []
        self.breaches: list[tuple[str, str, int]] = []
        """Line, queue and instant of each."""

    def record(self, fact: Fact) -> None:
        """Take a fact."""
        if isinstance(fact, Call):
            self.calls += 1
        elif isinstance(fact, RingBreach):
            at_us = microseconds(fact.at)
            self.breach_latencies_ms.append((time.time_ns() // 1000 - at_us) / 1000)
            self.breaches.append((fact.line, fact.queue or "", at_us))


def settings(port: int, folder: Path, alertmanagers: tuple[str, ...] = (), *, journal: bool = True) -> Settings:
    """What a small centre would set."""
    return Settings(
        asterisk=(
            AsteriskSettings(name=SYSTEM, host="127.0.0.1", port=port, username=USERNAME, secret=SecretStr(SECRET)),
        ),
        line=(
            LineSettings(name="1588-6565", patterns=("15886565",)),
            LineSettings(name="other", patterns=("0215771000",)),
        ),
        ledger=LedgerSettings(url=SecretStr(f"sqlite:///{folder / 'ledger.sqlite3'}"), spool_dir=folder / "spool"),
        journal=JournalSettings(enabled=journal, folder=folder / "journal"),
        web=WebSettings(port=0),
        alerts=AlertSettings(alertmanager=alertmanagers),
        log=LogSettings(level="error"),
    )


def rss_mb() -> float:
    """Resident memory now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / (1 << 20)


async def main(port: int, folder: Path, others: tuple[str, ...]) -> None:
    """Run to the end of the stream."""
    alertmanagers = tuple(other for other in others if other != WITHOUT_JOURNAL)
    chosen = settings(port, folder, alertmanagers, journal=WITHOUT_JOURNAL not in others)
    log.configure(chosen.log)
    monitor = Monitor(chosen)
    witness = Witness()
    monitor.add_sink(witness)
    listening = bind(chosen.web.host, chosen.web.port)
    (follower,) = monitor.followers
    stop = asyncio.Event()

    def look() -> None:
        # A look at memory takes 100 ms, in which no breach is told; a glance does without.
        row: dict[str, object] = {}
        if sys.stdin.readline().strip() == "look":
            gc.collect()
            row = {"rss_mb": rss_mb(), "objects": len(gc.get_objects())}
        row |= {
            "events": sum(follower.events.values()),
            "calls_in_progress": len(monitor.board.calls),
            "calls_recorded": witness.calls,
            "calls_ringing": len(monitor.board.ringing),
            "breaches": witness.breaches,
            "cpu_seconds": time.process_time(),
            "facts_waiting": monitor.writer.waiting_facts,
            "breach_latencies_ms": witness.breach_latencies_ms,
            "metrics_port": listening.getsockname()[1],
        }
        print(json.dumps(row), flush=True)

    asyncio.get_running_loop().add_reader(sys.stdin, look)
    running = asyncio.create_task(monitor.run(listening, stop))
    while not (follower.up and monitor.writer.up):  # noqa: ASYNC110 - what `run` offers to look at, nothing more
        await asyncio.sleep(_POLL_SECONDS)
    before, thread_before = ready(), time.thread_time()
    name = LAST.decode()
    seen = 0
    while name not in follower.events:
        before_events, seen = seen, sum(follower.events.values())
        await asyncio.sleep(_POLL_SECONDS if seen != before_events else _QUIET_POLL_SECONDS)
    read_at, thread_seconds = time.monotonic(), time.thread_time() - thread_before
    events = sum(follower.events.values())
    stop.set()
    await running
    report(
        events,
        before,
        read_at=read_at,
        loop_cpu_seconds=thread_seconds,
        calls=witness.calls,
        facts_written=monitor.writer.written_total,
        journal_bytes=sum(path.stat().st_size for path in (folder / "journal").rglob("*.ami*")),
        unexpected=dict(follower.unexpected),
        sink_failures=dict(monitor.sink_failures),
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), tuple(sys.argv[3:])))

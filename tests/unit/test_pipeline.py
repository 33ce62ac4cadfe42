"""What the pipeline does with a sink that fails, and with a ledger that is away when the monitor starts."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import structlog
from pydantic import SecretStr

from monitor import log
from monitor.calls.facts import CallKey, CallStarted, Gap, GapCause, QueueCallers
from monitor.config import AsteriskSettings, LedgerSettings, LogSettings, Settings
from monitor.ledger import Repository, upgrade
from monitor.ledger.access_log import Access
from monitor.pipeline import UNWRITTEN_FACTS, Monitor
from monitor.web import bind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.calls.facts import Fact

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
CALLER = "01012345678"


class Clumsy:
    """A sink that drops every fact of a queue or a call."""

    def record(self, fact: Fact) -> None:
        if isinstance(fact, QueueCallers | CallStarted):
            raise KeyError(fact)


class Attentive:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.told = asyncio.Event()

    def record(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.told.set()


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """The log is the process's, and a test's standard error is gone after it."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    settings = Settings(
        asterisk=(AsteriskSettings(name="pbx", host="127.0.0.1", username="m", secret=SecretStr("hush")),),
        ledger=LedgerSettings(url=SecretStr(f"sqlite:///{tmp_path / 'ledger.sqlite3'}"), spool_dir=tmp_path),
    )
    made = Monitor(settings)
    yield made
    made.writer.close(5.0)


def failures(monitor: Monitor, sink: str) -> float | None:
    return monitor.registry.get_sample_value("callcenter_sink_failures_total", {"sink": sink})


def test_a_failing_sink_is_counted_and_spares_the_others(monitor: Monitor, capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(LogSettings(level="info", format="json"))
    attentive = Attentive()
    monitor.add_sink(Clumsy(), "screen")
    monitor.add_sink(attentive)
    told: list[Fact] = [
        CallStarted(key=CallKey(system="pbx", linkedid="1.2"), line="main", dialled="1", caller=CALLER, at=NOON),
        Gap(system="pbx", started_at=NOON, ended_at=NOON, cause=GapCause.NOT_CONNECTED),
        QueueCallers(system="pbx", queue="help", callers=1, at=NOON),
    ]
    assert [failures(monitor, sink) for sink in ("board", "metrics", "ledger", "screen")] == [0, 0, 0, 0]

    monitor.tell(told)

    # The clumsy one failed at the first and the third.
    assert [failures(monitor, sink) for sink in ("board", "metrics", "ledger", "screen")] == [0, 0, 0, 2]
    assert attentive.facts == told
    assert monitor.board.queue_callers["pbx", "help"] == 1
    # The first failure is told, and the second is not; neither tells who called.
    (line,) = capsys.readouterr().err.splitlines()
    told_of = json.loads(line)
    assert (told_of["sink"], told_of["fact"], told_of["error"]) == ("screen", "CallStarted", "KeyError")
    assert told_of["where"].startswith("test_pipeline.py:")
    assert CALLER not in line


def test_the_time_it_was_down_is_kept_when_the_ledger_comes_late(tmp_path: Path) -> None:
    """The run before ended at noon; the store is away at this run's start and comes while it goes on."""
    folder, away = tmp_path / "store", tmp_path / "away"
    url = folder / "ledger.sqlite3"
    upgrade(url)
    before = Repository(url)
    before.record_all([Gap(system="pbx", started_at=NOON, ended_at=None, cause=GapCause.MONITOR_DOWN)])
    before.close()
    folder.rename(away)
    folder.write_text("in the way of the folder", encoding="ascii")
    settings = Settings(
        asterisk=(AsteriskSettings(name="pbx", host="127.0.0.1", port=1, username="m", secret=SecretStr("hush")),),
        ledger=LedgerSettings(url=SecretStr(f"sqlite:///{url}"), spool_dir=tmp_path),
    )
    attentive = Attentive()

    async def test() -> list[Gap]:
        monitor, stop = Monitor(settings), asyncio.Event()
        monitor.add_sink(attentive)
        running = asyncio.create_task(monitor.run(bind("127.0.0.1", 0), stop))
        async with asyncio.timeout(30):
            await attentive.told.wait()
            assert not monitor.store.up
            folder.unlink()
            away.rename(folder)
            while not any(gap.ended_at for gap in await asyncio.to_thread(gaps)):  # noqa: ASYNC110 - a file sets no event
                await asyncio.sleep(0.05)
        stop.set()
        await running
        return gaps()

    def gaps() -> list[Gap]:
        if not url.is_file():
            return []
        reading = Repository(url)
        try:
            return reading.gaps(NOON, datetime.max.replace(tzinfo=UTC))
        finally:
            reading.close()

    started_at = datetime.now(UTC)
    down, unreached, stopped = asyncio.run(test())

    assert (down.started_at, down.cause) == (NOON, GapCause.MONITOR_DOWN)
    assert down.ended_at is not None
    # From the end of the run before to where this one's own interval begins, without a hole of its start's waiting.
    assert started_at <= down.ended_at <= unreached.started_at <= down.ended_at + timedelta(seconds=1)
    assert (stopped.cause, stopped.ended_at) == (GapCause.MONITOR_DOWN, None), "and the end of this one"
    # Screen and metrics, which tell what is true now, never heard of it.
    assert next(fact.cause for fact in attentive.facts if isinstance(fact, Gap)) is GapCause.NOT_CONNECTED


def test_a_stop_waits_once_for_a_ledger_that_is_held(tmp_path: Path) -> None:
    """By who saw which call and by the calls at the same time: all of it takes less than the five seconds of a stop."""
    path = tmp_path / "ledger.sqlite3"
    settings = Settings(
        asterisk=(AsteriskSettings(name="pbx", host="127.0.0.1", port=1, username="m", secret=SecretStr("hush")),),
        ledger=LedgerSettings(url=SecretStr(f"sqlite:///{path}"), spool_dir=tmp_path),
    )

    async def stopped_seconds() -> float:
        monitor, stop = Monitor(settings), asyncio.Event()
        running = asyncio.create_task(monitor.run(bind("127.0.0.1", 0), stop))
        async with asyncio.timeout(30):
            await monitor.started.wait()
            await asyncio.to_thread(monitor.writer.flush, 10.0)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            monitor.accesses.record(
                Access(at=NOON, who="kim", role="supervisor", address="", action="call", linkedid="1.1")
            )
            stop.set()
            began = time.monotonic()
            await running
            return time.monotonic() - began

    assert asyncio.run(stopped_seconds()) < 5


def test_reading_waits_for_a_ledger_that_is_there_and_behind(monitor: Monitor) -> None:
    """More than UNWRITTEN_FACTS wait: the ledger's thread is given time. A ledger that is away is not waited for."""
    gap = Gap(system="pbx1", started_at=NOON, ended_at=None, cause=GapCause.NOT_CONNECTED)
    for _ in range(UNWRITTEN_FACTS):
        monitor.writer.record(gap)  # its thread is not started: they stay
    monitor.writer.up = True
    assert monitor._pause_seconds() == 0
    monitor.writer.record(gap)
    assert monitor._pause_seconds() > 0
    monitor.writer.up = False
    assert monitor._pause_seconds() == 0

"""The sink: quick to take facts, and dropping none, whatever becomes of the store."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    Call,
    CallForgotten,
    CallKey,
    CallStarted,
    Fact,
    Gap,
    GapCause,
    QueueCallers,
    RingBreach,
    Stage,
    StageChanged,
)
from monitor.calls.rules import RingRule
from monitor.errors import StoreError
from monitor.ledger import LedgerWriter, Repository, store, upgrade
from monitor.ledger.spool import decode, encode

from .records import NINE, a_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .postgres import Cluster

ROOT = Path(__file__).parents[2]
DAY = (NINE - timedelta(hours=9), NINE + timedelta(hours=15))
QUICK: dict[str, Any] = {"retry_seconds": 0.6, "batch_seconds": 0.02, "ping_seconds": 0.05}
"""Tries again after 0.01 s, then 0.02 s and so on to 0.6 s."""


@contextmanager
def writing(place: str | Path, spool_dir: Path, **settings: Any) -> Iterator[LedgerWriter]:
    writer = LedgerWriter(place, spool_dir=spool_dir, **{**QUICK, **settings})
    writer.start()
    try:
        yield writer
    finally:
        writer.close(5)


def until(writer: LedgerWriter, holds: Callable[[], bool]) -> None:
    """Wait for a round of the writer after which `holds` is true."""
    with writer._settled:
        assert writer._settled.wait_for(holds, 30), (writer.last_error, writer.waiting_facts)


def stored(place: str | Path) -> list[Call]:
    repository = Repository(place)
    found = list(repository.calls(*DAY))
    repository.close()
    return found


def some(count: int) -> list[Call]:
    return [a_call(f"1.{number:06}") for number in range(count)]


def test_facts_are_kept_and_others_passed_over(store: str, tmp_path: Path) -> None:
    key = CallKey(system="pbx1", linkedid="1.1")
    state = AgentState(system="pbx1", queue="q", agent="PJSIP/a", member="A", status=AgentStatus.PAUSED, at=NINE)
    gap = Gap(system="pbx1", started_at=NINE, ended_at=None, cause=GapCause.RESTARTED)
    passing: list[Fact] = [
        CallStarted(key=key, line="main", dialled="1", caller=None, at=NINE),
        StageChanged(key=key, line="main", stage=Stage.WAITING, at=NINE, queue=None),
        RingBreach(key=key, line="main", queue=None, at=NINE, rings=4, agents=(), rule="three-rings/1"),
        QueueCallers(system="pbx1", queue="q", callers=3, at=NINE),
        CallForgotten(key=key, into=key),
    ]
    with writing(store, tmp_path) as writer:
        writer.record_rule(RingRule())
        for fact in (*passing, a_call(), state, gap):
            writer.record(fact)
        assert writer.flush(30)
        assert (writer.up, writer.last_error, writer.waiting_facts) == (True, None, 0)
        assert (writer.written_total, writer.rejected_total) == (4, 0)
        repository = writer.repository
        assert stored(store) == [a_call()]
        assert (repository.agent_states(*DAY), repository.gaps(*DAY)) == ([state], [gap])
        assert [rule.label for rule in repository.rules()] == ["three-rings/1"]
    assert not list(tmp_path.glob("*.jsonl"))


def test_the_same_capture_replayed_twice_is_stored_once(store: str, tmp_path: Path) -> None:
    facts = some(700)
    for _ in range(2):
        with writing(store, tmp_path) as writer:
            for fact in facts:
                writer.record(fact)
    assert stored(store) == facts


def test_closing_writes_what_waits(store: str, tmp_path: Path) -> None:
    writer = LedgerWriter(store, spool_dir=tmp_path, batch_seconds=3600)
    writer.start()
    for fact in some(3):
        writer.record(fact)
    assert writer.close(30)
    assert stored(store) == some(3)


def test_a_writer_that_never_started_closes(tmp_path: Path) -> None:
    assert LedgerWriter(tmp_path / "ledger.sqlite3").close()


def test_the_event_loop_is_not_held_up_while_the_store_is(tmp_path: Path) -> None:
    """Another program holds the file, the writer waits for it, and 20,000 facts are taken meanwhile.

    A timer of the loop that is due every millisecond is the witness: it is never late by the 5 s of SQLite's wait.
    """
    path = tmp_path / "ledger.sqlite3"
    upgrade(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def take(writer: LedgerWriter) -> float:
        late = 0.0
        call = a_call()
        for _ in range(200):
            begun = time.perf_counter()
            for _ in range(100):
                writer.record(call)
            await asyncio.sleep(0.001)
            late = max(late, time.perf_counter() - begun)
        return late

    with writing(path, tmp_path) as writer:
        late = asyncio.run(take(writer))
        other.execute("ROLLBACK")
        other.close()
        assert writer.flush(30)
    assert late < 3.0
    assert stored(path) == [a_call()]


def test_a_server_that_stops_and_starts_gets_everything_once(private_cluster: Cluster, tmp_path: Path) -> None:
    """100 facts before, 350 while it is away (more than the 200 that wait in memory), 50 after."""
    url = private_cluster.create_database()
    facts = some(500)
    with writing(url, tmp_path, memory_facts=200) as writer:
        for fact in facts[:100]:
            writer.record(fact)
        assert writer.flush(30)
        private_cluster.stop()
        until(writer, lambda: not writer.up)
        assert writer.last_error is not None
        assert "127.0.0.1" in writer.last_error
        for fact in facts[100:450]:
            writer.record(fact)
        until(writer, lambda: (tmp_path / "ledger.spool.jsonl").stat().st_size > 0)
        assert writer.waiting_facts == 350
        private_cluster.start()
        for fact in facts[450:]:
            writer.record(fact)
        until(writer, lambda: writer.waiting_facts == 0 and writer.up)
        assert writer.written_total == 500
        assert stored(url) == facts


def test_a_server_that_crashes_in_mid_write_gets_everything_once(private_cluster: Cluster, tmp_path: Path) -> None:
    url = private_cluster.create_database()
    facts = some(3000)
    with writing(url, tmp_path, batch_facts=50) as writer:
        for fact in facts:
            writer.record(fact)
        until(writer, lambda: True)
        private_cluster.stop("immediate")
        until(writer, lambda: not writer.up)
        private_cluster.start()
        until(writer, lambda: writer.waiting_facts == 0 and writer.up)
    assert stored(url) == facts


def test_a_server_that_is_away_at_the_start_is_brought_up_to_date_later(
    private_cluster: Cluster, tmp_path: Path
) -> None:
    url = private_cluster.create_database()
    private_cluster.stop()
    with writing(url, tmp_path) as writer:
        writer.record(a_call())
        until(writer, lambda: writer.last_error is not None)
        assert (writer.up, writer.waiting_facts) == (False, 1)
        private_cluster.start()
        until(writer, lambda: writer.up and writer.waiting_facts == 0)
    assert stored(url) == [a_call()]


def test_a_file_that_is_moved_away_and_back_gets_everything_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with writing(path, tmp_path) as writer:
        writer.record(a_call("1.000000"))
        assert writer.flush(30)
        for suffix in ("", "-wal", "-shm"):
            moved = path.with_name(path.name + suffix)
            if moved.exists():
                moved.rename(tmp_path / f"aside{suffix}")
        until(writer, lambda: not writer.up)
        for fact in some(20)[1:]:
            writer.record(fact)
        assert not writer.flush(0.2)
        assert not path.exists()
        for suffix in ("-wal", "-shm", ""):
            aside = tmp_path / f"aside{suffix}"
            if aside.exists():
                aside.rename(path.with_name(path.name + suffix))
        until(writer, lambda: writer.up and writer.waiting_facts == 0)
    assert [call.key.linkedid for call in stored(path)] == [call.key.linkedid for call in some(20)]


def test_memory_past_its_bound_goes_to_disk_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.01)
    path = tmp_path / "ledger.sqlite3"
    upgrade(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    facts = some(1050)
    with writing(path, tmp_path, memory_facts=100) as writer:
        until(writer, lambda: writer.last_error is not None)
        for start in range(0, 1050, 100):
            for fact in facts[start : start + 100]:
                writer.record(fact)
            until(writer, lambda: len(writer._memory) < 100)
        assert writer.waiting_facts == 1050
        lines = (tmp_path / "ledger.sqlite3.spool.jsonl").read_bytes().splitlines()
        on_disk = [decode(line) for line in lines]
        assert len(on_disk) >= 1000
        assert on_disk == facts[: len(on_disk)]
        other.execute("ROLLBACK")
        other.close()
        until(writer, lambda: writer.up and writer.waiting_facts == 0)
        assert writer.written_total == 1050
    assert stored(path) == facts


def test_memory_goes_to_disk_after_a_while_too(tmp_path: Path) -> None:
    spool = tmp_path / "ledger.spool.jsonl"
    with writing("postgresql://me@127.0.0.1:9/none", tmp_path, memory_seconds=0.05) as writer:
        writer.record(a_call())
        until(writer, lambda: spool.stat().st_size > 0)
        assert [decode(line) for line in spool.read_bytes().splitlines()] == [a_call()]
        assert writer.waiting_facts == 1


def test_what_waits_when_closing_is_written_at_the_next_start(store: str, tmp_path: Path) -> None:
    nowhere = LedgerWriter("postgresql://me@127.0.0.1:9/none", spool_dir=tmp_path, **QUICK)
    nowhere.start()
    for fact in some(30):
        nowhere.record(fact)
    assert not nowhere.close(5)
    # The spool of the other store, taken over.
    target = LedgerWriter(store, spool_dir=tmp_path, **QUICK)
    (tmp_path / "ledger.spool.jsonl").rename(target._spool_path)
    target.start()
    assert target.flush(30)
    assert target.written_total == 30
    assert target.close(5)
    assert stored(store) == some(30)


KILLED = """
import sys
from pathlib import Path
from monitor.ledger import LedgerWriter
from monitor.ledger.spool import decode

facts = [decode(line) for line in sys.stdin.buffer]
writer = LedgerWriter("postgresql://me@127.0.0.1:9/none", spool_dir=Path(sys.argv[1]), memory_facts=10)
writer.start()
for fact in facts:
    writer.record(fact)
with writer._settled:
    assert writer._settled.wait_for(lambda: not writer._memory, 30)
print("spilled", flush=True)
sys.stdout.close()
writer._thread.join()
"""


def test_a_killed_program_leaves_its_spool_to_the_next(tmp_path: Path, postgres_url: str) -> None:
    facts = some(25)
    program = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(b"".join(encode(fact).encode() + b"\n" for fact in facts))
    program.stdin.close()
    while b"spilled" not in (line := program.stdout.readline()):
        assert line, "the program ended"
    program.send_signal(signal.SIGKILL)
    program.wait(30)
    program.stdout.close()
    # Killed while writing one more fact.
    with (tmp_path / "ledger.spool.jsonl").open("ab") as spool:
        spool.write(encode(a_call("2.1")).encode()[:100])
    with writing(postgres_url, tmp_path) as writer:
        assert writer.waiting_facts == 26
        assert writer.flush(30)
        assert (writer.written_total, writer.rejected_total) == (25, 1)
    assert stored(postgres_url) == facts
    (torn,) = (tmp_path / "ledger.rejected.jsonl").read_text().splitlines()
    assert json.loads(torn)["line"] == encode(a_call("2.1"))[:100]


def test_a_poison_fact_does_not_hold_up_the_others(store: str, tmp_path: Path) -> None:
    """Four of 1000 facts can never be stored: they are put aside, and named in no log."""
    facts = some(1000)
    poison = [
        replace(facts[7], rings=2**80, caller="01099998888"),
        replace(facts[8], verdicts=()),
        replace(facts[500], recorded_at=NINE.replace(tzinfo=None)),
        replace(facts[999], outcome="sung"),  # type: ignore[arg-type]  # no term of the domain
    ]
    bad = {call.key.linkedid: call for call in poison}
    with capture_logs() as logs, writing(store, tmp_path) as writer:
        for fact in facts:
            writer.record(bad.get(fact.key.linkedid, fact))
        writer.record_rule(RingRule())
        writer.record_rule(RingRule(limit=5))
        assert writer.flush(60)
        assert (writer.written_total, writer.rejected_total) == (997, 5)
        assert (writer.up, writer.last_error) == (True, None)
        rejected = [json.loads(line) for line in writer._rejected_path.read_text().splitlines()]
    assert stored(store) == [fact for fact in facts if fact.key.linkedid not in bad]
    assert [json.loads(entry["line"])["fact"] for entry in rejected] == ["Call"] * 4 + ["StoredRule"]
    assert decode(rejected[0]["line"]) == poison[0]
    assert "give the changed rule a new version" in rejected[4]["why"]
    told = str([log for log in logs if log["log_level"] != "debug"])
    assert told.count("the ledger refused a fact") == 5
    assert "01099998888" not in told
    assert facts[7].key.linkedid not in told


def test_a_name_too_long_for_an_index_is_put_aside(postgres_url: str, tmp_path: Path) -> None:
    """PostgreSQL tells it as an operational error, as if the server had a problem. The name does not compress."""
    name = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(200))
    with writing(postgres_url, tmp_path) as writer:
        writer.record(a_call("1.1", agent=name))
        writer.record(a_call("1.2"))
        assert writer.flush(30)
        assert (writer.written_total, writer.rejected_total) == (1, 1)


def test_facts_stay_in_memory_where_the_disk_takes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The spool's disk is full (/dev/full stands for it) while the store is locked: nothing is dropped even so."""
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.01)
    path = tmp_path / "ledger.sqlite3"
    upgrade(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with writing(path, tmp_path, memory_facts=10) as writer:
        assert writer._spool is not None
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, writer._spool._file)
        os.close(full)
        for fact in some(35):
            writer.record(fact)
        until(writer, lambda: "Facts cannot wait at" in (writer.last_error or ""))
        assert writer.waiting_facts == 35
        other.execute("ROLLBACK")
        other.close()
        until(writer, lambda: writer.up and writer.waiting_facts == 0)
    assert stored(path) == some(35)


def test_closing_does_not_wait_for_a_store_that_does_not_answer(tmp_path: Path) -> None:
    """The thread waits in SQLite for another program; what it has in hand goes to disk, and is stored once."""
    path = tmp_path / "ledger.sqlite3"
    upgrade(path)
    writer = LedgerWriter(path, batch_seconds=0.01)
    writer.start()
    until(writer, lambda: writer.up)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    facts = some(1200)
    for fact in facts:
        writer.record(fact)
    begun = time.monotonic()
    assert not writer.close(0.1)
    assert time.monotonic() - begun < 4  # SQLite would have waited for 5 s
    assert not writer.close()
    lines = (tmp_path / "ledger.sqlite3.spool.jsonl").read_bytes().splitlines()
    assert [decode(line) for line in lines] == facts
    other.execute("ROLLBACK")
    other.close()
    writer._thread.join()
    with writing(path, tmp_path) as later:
        assert later.flush(30)
    assert stored(path) == facts


def test_a_second_writer_on_one_spool_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with writing(path, tmp_path), pytest.raises(StoreError, match="Another callmonitor already uses"):
        LedgerWriter(path, spool_dir=tmp_path).start()


def test_a_server_needs_a_folder_for_facts_to_wait_in() -> None:
    with pytest.raises(StoreError, match="needs a folder where facts can wait: give a spool folder"):
        LedgerWriter("postgresql://me@127.0.0.1/none")


def test_facts_may_come_from_several_threads(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    facts = some(2000)
    with writing(path, tmp_path, batch_facts=100) as writer:

        def take(part: list[Call]) -> None:
            for fact in part:
                writer.record(fact)

        threads = [threading.Thread(target=take, args=(facts[part::4],)) for part in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert writer.flush(60)
    assert stored(path) == facts

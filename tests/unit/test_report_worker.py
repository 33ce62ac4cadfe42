"""The workshop with its real processes: one report at a time, progress, secrets, and every way in which one can end."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.errors import ReportError
from monitor.report_work import NICENESS, Errand, Problem
from monitor.report_worker import WAITING_AT_MOST, Job, State, Workshop
from monitor.reports.kept import Kept
from monitor.reports.order import FileFormat, House, Order
from monitor.reports.periods import Period
from tests.reports.month import BASIS, SEOUL

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

NOW = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
PASSWORD = "correct-horse"
OCTOBER = Order(period=Period.month("2026-10", SEOUL), formats=(FileFormat.JSON,), made_by="kim")
LONG_SECONDS = 20.0
"""More than a loaded machine takes to start a process."""


@pytest.fixture
def small_ledger(month_file: Path) -> str:
    """A ledger with calls in October."""
    return f"sqlite:///{month_file}"


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A PostgreSQL that takes connections and says nothing: whoever asks it is in mid-work for five seconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"postgresql://monitor:{PASSWORD}@127.0.0.1:{server.getsockname()[1]}/ledger"


def run(
    store: str,
    folder: Path,
    scene: Callable[[Workshop], Coroutine[Any, Any, None]],
    *,
    limit_seconds: float = 60.0,
) -> None:
    """Play a scene in a workshop, and close it."""

    async def play() -> None:
        workshop = Workshop(lambda: store, BASIS, House(), Kept(folder), lambda: NOW, limit_seconds=limit_seconds)
        try:
            async with asyncio.timeout(LONG_SECONDS * 2):
                await scene(workshop)
        finally:
            await workshop.close()

    asyncio.run(play())


async def at_work(job: Job) -> int:
    """The job's process, once it has said that it works."""
    while not job.step:
        assert job.active, job.error
        await asyncio.sleep(0.01)
    assert job.pid is not None
    return job.pid


def of_process(pid: int, name: str) -> bytes:
    """What the kernel tells everybody of a process."""
    return Path(f"/proc/{pid}/{name}").read_bytes()


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_a_killed_process_is_told_and_the_next_report_is_made_while_the_loop_goes_on(
    small_ledger: str, tmp_path: Path
) -> None:
    """Breaches are told within 250 ms: nothing here may hold the loop for as long, on a loaded machine or not."""
    shares: list[float] = []
    late: list[float] = []

    async def scene(workshop: Workshop) -> None:
        loop = asyncio.get_running_loop()
        killed = await workshop.order(replace(OCTOBER, made_by="lee"))
        job = await workshop.order(OCTOBER)
        assert (killed.state, job.state, workshop.jobs) == (State.WAITING, State.WAITING, (killed, job))
        os.kill(await at_work(killed), signal.SIGKILL)
        await killed.ended()
        assert (killed.state, killed.problem) == (State.FAILED, Problem.ENDED)
        assert killed.error == "The report's process was ended from outside: order the report anew."
        pid = await at_work(job)
        assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
        assert int(of_process(pid, "oom_score_adj")) == 800
        while job.active:
            before = loop.time()
            await asyncio.sleep(0.01)
            late.append(loop.time() - before - 0.01)
            shares.append(job.share)
        assert (job.state, job.error, job.pid) == (State.DONE, "", None)
        assert is_gone(pid)
        assert job.report is not None
        assert [job.report] == Kept(tmp_path).all()
        assert job.report == Kept(tmp_path).find(job.report.id)
        assert (job.report.made_by, job.report.period, job.report.made_at) == ("kim", "2026-10", NOW)
        assert [file.name for file in job.report.files] == ["callmonitor-2026-10.ko.json"]

    run(small_ledger, tmp_path, scene)
    assert shares == sorted(shares)
    assert len(set(shares)) > 2
    assert max(late) < 0.25


def test_who_cancels_a_report_that_is_kept_by_then_finds_it_made(small_ledger: str, tmp_path: Path) -> None:
    async def scene(workshop: Workshop) -> None:
        job = await workshop.order(OCTOBER)
        while job.report is None and job.active:  # noqa: ASYNC110 - nothing tells of that very moment
            await asyncio.sleep(0.001)
        # Its process has still to end.
        await workshop.cancel(job)
        assert (job.state, [job.report]) == (State.DONE, Kept(tmp_path).all())

    run(small_ledger, tmp_path, scene)


def test_an_order_is_one_job_too_many_are_refused_and_cancelling_keeps_nothing(
    silent_server: str, tmp_path: Path
) -> None:
    taken: list[Job] = []

    async def scene(workshop: Workshop) -> None:
        taken.append(await workshop.order(OCTOBER))
        pid = await at_work(taken[0])
        taken.extend([await workshop.order(replace(OCTOBER, queue=f"q{n}")) for n in range(WAITING_AT_MOST)])
        assert await workshop.order(OCTOBER) is taken[0]
        assert await workshop.order(replace(OCTOBER, queue="q3")) is taken[4]
        with pytest.raises(ReportError, match="8 reports wait to be made already"):
            await workshop.order(replace(OCTOBER, queue="one more"))
        assert workshop.jobs == tuple(taken)
        # Nobody who lists processes sees the ledger's password.
        seen = of_process(pid, "cmdline") + of_process(pid, "environ")
        assert b"monitor.report_work" in seen
        assert PASSWORD.encode() not in seen

        # A process that stands still hears no request to end: it is ended by force.
        os.kill(pid, signal.SIGSTOP)
        await workshop.cancel(taken[1])
        await workshop.cancel(taken[0])
        assert is_gone(pid)
        await workshop.cancel(taken[0])
        assert [(job.state, job.error) for job in taken[:2]] == [(State.CANCELLED, "")] * 2
        assert [workshop.find(job.id) for job in taken[:2]] == taken[:2]

    run(silent_server, tmp_path, scene)
    assert Kept(tmp_path).all() == []
    # The workshop was closed: whoever waits learns of it.
    assert {(job.state, job.problem) for job in taken[2:]} == {(State.FAILED, Problem.STOPPED)}

    async def afterwards(workshop: Workshop) -> None:
        await workshop.close()
        with pytest.raises(ReportError, match="The monitor is being stopped"):
            await workshop.order(OCTOBER)

    run(silent_server, tmp_path, afterwards)


def test_a_report_that_takes_too_long_is_given_up(silent_server: str, tmp_path: Path) -> None:
    async def scene(workshop: Workshop) -> None:
        job = await workshop.order(OCTOBER)
        await job.ended()
        assert (job.state, job.problem) == (State.FAILED, Problem.LATE)
        assert job.error == "The report was not made within 0 minutes: choose fewer days."

    run(silent_server, tmp_path, scene, limit_seconds=0.3)


def test_what_went_wrong_within_is_told_as_a_sentence(small_ledger: str, tmp_path: Path) -> None:
    """A folder that is none, and a queue nobody knows."""
    in_the_way = tmp_path / "reports"
    in_the_way.write_text("not a folder", encoding="utf-8")

    async def no_folder(workshop: Workshop) -> None:
        job = await workshop.order(OCTOBER)
        await job.ended()
        assert (job.state, job.problem) == (State.FAILED, Problem.FILES)
        assert str(in_the_way) in job.error

    run(small_ledger, in_the_way, no_folder)

    async def no_queue(workshop: Workshop) -> None:
        job = await workshop.order(replace(OCTOBER, queue="no such queue"))
        await job.ended()
        assert (job.state, job.problem) == (State.FAILED, Problem.REPORT)
        assert "no such queue" in job.error

    run(small_ledger, tmp_path / "kept", no_queue)


def a_process(errand: Errand) -> subprocess.Popen[bytes]:
    """One as the workshop starts it, which has got its errand."""
    command = [sys.executable, "-P", "-m", "monitor.report_work"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(pickle.dumps(errand))
    process.stdin.flush()
    return process


def test_the_process_ends_with_the_monitor(silent_server: str, tmp_path: Path) -> None:
    """The monitor was killed: its end of the pipe closes, and nobody would take the report."""
    errand = Errand(order=OCTOBER, basis=BASIS, house=House(), folder=tmp_path, store=silent_server, now=NOW)
    assert PASSWORD not in repr(errand)
    with a_process(errand) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b'{"step": "reading", "share": 0.0}\n'
        process.stdin.close()  # type: ignore[union-attr] # it is a pipe
        assert process.wait(LONG_SECONDS) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_our_own_is_told_without_its_words_and_the_process_ends_in_peace(
    small_ledger: str, tmp_path: Path
) -> None:
    """No working time at all, which the type checker keeps from happening; the pipe stays open."""
    nonsense = replace(BASIS, work_time=None)  # type: ignore[arg-type] # as above
    errand = Errand(order=OCTOBER, basis=nonsense, house=House(), folder=tmp_path, store=small_ledger, now=NOW)
    with a_process(errand) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        told = json.loads(process.stdout.read().splitlines()[-1])
        assert told["problem"] == "broken"
        assert told["sentence"].startswith("This should not have happened (AttributeError at ")
        assert process.wait(LONG_SECONDS) == 0
        assert process.stderr.read() == b""

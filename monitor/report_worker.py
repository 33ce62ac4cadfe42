"""Where reports are ordered: one is made at a time, in a process of its own, while calls are followed undisturbed.

A month of a million calls takes a minute of a processor and some hundred megabytes. In the monitor's own process that
would hold up alerts, and the memory would stay taken; here both are gone when the report is made.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import secrets
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from monitor.errors import ReportError
from monitor.report_work import GRACE_SECONDS, Errand, Problem

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable
    from datetime import datetime

    from monitor.reports.kept import Kept, KeptReport
    from monitor.reports.order import Basis, House, Order

log = structlog.get_logger(__name__)

WAITING_AT_MOST = 8
"""Orders in line behind the one that is being made."""
REMEMBERED = 20
"""Jobs that have ended and can still be asked for."""
LIMIT_SECONDS = 1800.0
_STDERR_BYTES = 4096
_SURE_FROM = 0.05
"""Share of the work from which its pace says how long the rest will take."""


class State(StrEnum):
    """How it stands with a job."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(kw_only=True, eq=False)
class Job:
    """One order, from the moment it was taken on."""

    order: Order
    ordered_at: datetime
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    state: State = State.WAITING
    step: str = ""
    """As `monitor.reports.progress` has them; empty before the first."""
    share: float = 0.0
    """Of the whole work, from 0 to 1."""
    problem: Problem | None = None
    """Why it failed."""
    error: str = ""
    """The same as a sentence in English, with what happened and the next step."""
    report: KeptReport | None = None
    """What was made."""
    pid: int | None = None
    """Of the process that makes it, while it does."""
    _began_seconds: float = 0.0
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def active(self) -> bool:
        """It waits or is being made."""
        return self.state in (State.WAITING, State.WORKING)

    @property
    def remaining_seconds(self) -> float | None:
        """How long it will still take at this pace; None where nobody can say."""
        if self.state is not State.WORKING or self.share < _SURE_FROM:
            return None
        return (time.monotonic() - self._began_seconds) / self.share * (1 - self.share)

    async def ended(self) -> None:
        """Return once it is done, failed or cancelled."""
        await self._over.wait()

    def begin(self) -> None:
        """It is being made from now on."""
        self.state = State.WORKING
        self._began_seconds = time.monotonic()

    def end(self, state: State, problem: Problem | None = None, error: str = "") -> None:
        """It has ended, and stays as it is."""
        self.state, self.problem, self.error, self.pid = state, problem, error, None
        self._over.set()


class Workshop:
    """Takes orders, and has one report made after the other.

    Args:
        store: gives the ledger's URL, with its password of the moment.
        basis: what figures rest on.
        house: what reports say of the institution.
        kept: where they are kept.
        clock: the time in the centre.
        limit_seconds: after which a report is given up.
    """

    def __init__(
        self,
        store: Callable[[], str],
        basis: Basis,
        house: House,
        kept: Kept,
        clock: Callable[[], datetime],
        *,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self._store = store
        self._basis = basis
        self._house = house
        self._kept = kept
        self._clock = clock
        self._limit_seconds = limit_seconds
        self._waiting: deque[Job] = deque()
        self._working: Job | None = None
        self._making: asyncio.Task[None] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._ended: deque[Job] = deque(maxlen=REMEMBERED)
        self._closed = False

    @property
    def jobs(self) -> tuple[Job, ...]:
        """What is being made, what waits in its order, and what has ended, the latest first."""
        return (*((self._working,) if self._working else ()), *self._waiting, *reversed(self._ended))

    def find(self, job_id: str) -> Job | None:
        """The job of this id; None where it is not known, or not any more."""
        return next((job for job in self.jobs if job.id == job_id), None)

    async def order(self, order: Order) -> Job:
        """Take an order on; the same one from the same person, while it waits or is being made, is one job.

        Raises:
            ReportError: too many wait already, or the monitor is being stopped.
        """
        if self._closed:
            raise ReportError("The monitor is being stopped: order the report once it runs again.")
        for job in self.jobs:
            if job.active and job.order == order:
                return job
        if len(self._waiting) >= WAITING_AT_MOST:
            raise ReportError(f"{WAITING_AT_MOST} reports wait to be made already: order this one when some are.")
        job = Job(order=order, ordered_at=self._clock())
        self._waiting.append(job)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="reports")
        return job

    async def cancel(self, job: Job) -> None:
        """Give a job up; what has ended stays as it is. Returns once its process is gone."""
        if job in self._waiting:
            self._waiting.remove(job)
            self._put_away(job, State.CANCELLED)
        elif job is self._working:
            self._give_up()
            await job.ended()

    async def close(self) -> None:
        """Take no more orders, give up those there are, and end the process that works; in seconds at most."""
        self._closed = True
        sentence = "The monitor was stopped: order the report anew."
        while self._waiting:
            self._put_away(self._waiting.popleft(), State.FAILED, Problem.STOPPED, sentence)
        self._give_up()
        if self._worker is not None:
            await self._worker

    def _give_up(self) -> None:
        # Once: a second cancellation would not let it end its process.
        if self._making is not None and not self._making.cancelling():
            self._making.cancel()

    def _put_away(self, job: Job, state: State, problem: Problem | None = None, error: str = "") -> None:
        self._ended.append(job)
        job.end(state, problem, error)

    async def _work(self) -> None:
        while self._waiting:
            job = self._working = self._waiting.popleft()
            job.begin()
            self._making = asyncio.create_task(self._make(job))
            await asyncio.wait([self._making])
            self._working = None
            if not self._making.cancelled() and (failure := self._making.exception()) is not None:
                # Not of the report: the process could not be started.
                log.error("report_not_started", error=type(failure).__name__)
                job.problem = Problem.BROKEN
                job.error = f"The report's process could not be started ({failure}): see that the machine has room."
            # Whoever cancels a report that is kept by then comes too late: it is there.
            if job.report is not None:
                log.info("report_made", period=job.order.period.name, made_by=job.order.made_by, id=job.report.id)
                self._put_away(job, State.DONE)
            elif self._making.cancelled() and not self._closed:
                self._put_away(job, State.CANCELLED)
            elif self._making.cancelled():
                self._put_away(job, State.FAILED, Problem.STOPPED, "The monitor was stopped: order the report anew.")
            else:
                problem = job.problem or Problem.ENDED
                error = job.error or "The report's process was ended from outside: order the report anew."
                log.warning("report_failed", period=job.order.period.name, problem=problem.value, reason=error)
                self._put_away(job, State.FAILED, problem, error)

    async def _make(self, job: Job) -> None:
        errand = Errand(
            order=job.order,
            basis=self._basis,
            house=self._house,
            folder=self._kept.folder,
            store=self._store(),
            now=self._clock(),
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            # What lies in the folder the monitor was started in is none of ours.
            "-P",
            "-m",
            "monitor.report_work",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C in a terminal is for the monitor, which ends this one in its own way.
            start_new_session=True,
        )
        job.pid = process.pid
        complaints = asyncio.create_task(_last_of(process))
        try:
            async with asyncio.timeout(self._limit_seconds):
                await self._follow(process, errand, job)
        except TimeoutError:
            job.problem = Problem.LATE
            job.error = f"The report was not made within {self._limit_seconds / 60:.0f} minutes: choose fewer days."
        finally:
            await _end(process)
            said = await complaints
            if job.report is None and said:
                log.debug("report_process_said", status=process.returncode, stderr=said)

    async def _follow(self, process: Process, errand: Errand, job: Job) -> None:
        """Hand the errand over, and take word of it until the process has ended."""
        assert process.stdin is not None and process.stdout is not None  # noqa: PT018, S101 - asked for as pipes
        # Where it ended before it could read, its status tells.
        with suppress(ConnectionError):
            process.stdin.write(pickle.dumps(errand))
            await process.stdin.drain()
        async for line in process.stdout:
            told = json.loads(line)
            if "kept" in told:
                job.report = await asyncio.to_thread(self._kept.find, told["kept"])
            elif "problem" in told:
                job.problem, job.error = Problem(told["problem"]), told["sentence"]
            else:
                job.step, job.share = told["step"], max(job.share, min(1.0, told["share"]))
        await process.wait()


async def _end(process: Process) -> None:
    """End a process, by force where it does not end by itself."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _last_of(process: Process) -> str:
    """The end of what the process wrote on standard error."""
    assert process.stderr is not None  # noqa: S101 - asked for as a pipe
    said = b""
    while chunk := await process.stderr.read(_STDERR_BYTES):
        said = (said + chunk)[-_STDERR_BYTES:]
    return said.decode("utf-8", "replace")

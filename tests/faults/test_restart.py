"""The real service beside a simulated centre: killed while phones ring, then stopped while its ledger is locked."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from monitor.simulator.plans import Answers, CallPlan, Talk, ToQueue
from tests.alerts.receiver import Receiver
from tests.faults.running import SECRET, Watched, file_of
from tests.faults.standing import ROOT, Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.simulator.truth import Truth

SPEED = 6.0
"""Of the simulated clock."""
PERIOD_US, LIMIT_US = 3_000_000, 9_000_000
"""Korea's tone: 1 s on, 2 s off; the fourth ring is one too many."""
CLOSE_US = 400_000
"""Of the simulated clock: how far a stamp may lie from when it was received."""
NEVER_US = 1 << 61
DOWN = "SELECT * FROM coverage_gaps WHERE cause = 'monitor_down'"


class Service(Program):
    """The service as a program that loads everything first: what is measured is not how long Python takes for that."""

    def __init__(self, settings: Path, speed: float) -> None:
        begin = f"print(flush=True); sys.stdin.readline(); asyncio.run(standing._run(Path({str(settings)!r}), {speed}))"
        load = "import asyncio, sys; from pathlib import Path; from tests.faults import standing"
        with (settings.parent / "monitor.log").open("ab") as kept:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"{load}; {begin}"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=kept, cwd=ROOT, env={**os.environ},
            )  # fmt: skip

    def load(self) -> None:
        """Wait until it has everything loaded."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"\n"

    def go(self) -> None:
        """Begin."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.close()
        self._port = int(self._process.stdout.readline())


def rings_for(seconds: float, caller: str, queue: str, *, talks_seconds: float = 3.0) -> CallPlan:
    """Somebody for whom phones ring so long before a person answers."""
    return CallPlan(
        dialled="15886565",
        caller_number=caller,
        caller_name="",
        asks_for=ToQueue(queue=queue),
        replies=(Answers(after_us=int(seconds * 1_000_000)),) * 3,
        patience_us=NEVER_US,
        picked_up_after_us=None,
        conversation=(Talk(for_us=int(talks_seconds * 1_000_000)),),
    )


@dataclass
class House:
    """The centre, its ledger and who is told at once."""

    home: Path
    simulator: Watched
    settings: Path
    messages: Receiver
    programs: ExitStack
    down_seconds: float = 0.0
    """Of the simulated clock: how long a start may take, at the most."""

    def told_of(self, breaches: int) -> None:
        """Wait until people were told of so many late answers."""
        self.messages.wait_for(lambda told: len(told) >= breaches)

    def ready(self) -> Service:
        """A service that has everything loaded and begins when it is told to."""
        service = Service(self.settings, SPEED)
        self.programs.callback(service.end, signal.SIGKILL)
        return service

    async def start(self, service: Service) -> float:
        """Let it begin, and wait until it follows the centre; returns how many seconds that took."""
        began = time.monotonic()
        await asyncio.to_thread(service.go)
        await shows(service, lambda now: now.get('callcenter_ami_up{system="demo"}') == 1)
        return time.monotonic() - began

    async def rung(self, caller: str, seconds: float) -> Truth:
        """A caller's call once phones have rung so long for it, by the centre's own account."""
        while True:
            for truth in self.simulator.centre.truths:
                if truth.caller == caller and truth.ringing_until(self.simulator.now_us()) >= seconds * 1_000_000:
                    return truth
            await asyncio.sleep(0.005)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the ledger says, by SQL."""
        with closing(sqlite3.connect(self.home / "ledger.sqlite3")) as ledger:
            ledger.row_factory = sqlite3.Row
            return [dict(row) for row in ledger.execute(query)]

    async def until(self, query: str) -> list[dict[str, Any]]:
        """Wait until the ledger has an answer."""
        async with asyncio.timeout(40):
            while not (found := await asyncio.to_thread(self.rows, query)):  # noqa: ASYNC110 - another program writes it
                await asyncio.sleep(0.02)
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another program holds the ledger."""
        with closing(sqlite3.connect(self.home / "ledger.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")


async def shows(program: Program, holds: Callable[[dict[str, float]], bool]) -> None:
    """Wait until something holds of a service's figures."""
    async with asyncio.timeout(40):
        while not holds(await asyncio.to_thread(program.figures)):  # noqa: ASYNC110 - another program's state
            await asyncio.sleep(0.05)


def breaches(now: dict[str, float]) -> float:
    """How many the service has counted since its start."""
    return sum(value for name, value in now.items() if name.startswith("callcenter_ring_breaches_total{"))


def counted_calls(now: dict[str, float]) -> float:
    """How many calls it has counted since its start."""
    return sum(value for name, value in now.items() if name.startswith("callcenter_calls_total{"))


@pytest.mark.stage
def test_killed_while_phones_ring_and_stopped_while_the_ledger_is_locked(
    tmp_path: Path, told: Callable[..., None]
) -> None:
    """Two phones ring when the service is killed, one of them past the rule; they ring on, and the count goes on.

    Then it is stopped in an orderly way while another program holds its ledger and somebody talks; what goes on is gone
    on with. By the centre's own account each call is in the ledger once, was counted once, and rang as long as it did
    but for what nobody saw; and who is told of late answers was told of each once.
    """
    asyncio.run(asyncio.wait_for(_scene(tmp_path, told), 200))


async def _scene(home: Path, told: Callable[..., None]) -> None:
    simulator = Watched(speed=SPEED, calls_per_hour=0.001, shows=False)
    simulator.account = replace(simulator.account, secret=SECRET)
    port = await simulator.start()
    (home / "ami.secret").write_text(SECRET, encoding="utf-8")
    for queue in simulator.centre.world.queues.values():
        # Phones ring on until somebody answers.
        queue.ring_us = queue.timeout_us = NEVER_US
    working = asyncio.create_task(simulator.run())
    with ExitStack() as programs:
        messages = programs.enter_context(Receiver())
        more = f'[alerts]\napprise = ["json://127.0.0.1:{messages.port}/"]\nwarnings = false\nrepeat_seconds = 0.1\n'
        settings = file_of(home, port, more, username=simulator.account.username)
        house = House(home, simulator, settings, messages, programs)
        try:
            await _stopped(house, *await _killed(house, told), told)
        finally:
            await simulator.stop()
            await working


async def _killed(house: House, told: Callable[..., None]) -> tuple[Service, Service]:
    centre, clock = house.simulator.centre, house.simulator.now_us
    first, second, third = house.ready(), house.ready(), house.ready()
    for service in (first, second, third):
        await asyncio.to_thread(service.load)
    # On a machine with much to do the second start takes long too, and phones must still ring then.
    house.down_seconds = down_seconds = (3 * await house.start(first) + 1) * SPEED
    centre.place(rings_for(30.0 + down_seconds, "01000000001", "claims"), clock())
    # The second one comes more than two seconds behind the first one's breach, which has been told of by then.
    late = await house.rung("01000000001", 11.5)
    centre.place(rings_for(15.0 + down_seconds, "01000000002", "counsel"), clock())
    early = await house.rung("01000000002", 4.0)
    await shows(first, lambda now: breaches(now) == 1)
    await asyncio.to_thread(house.told_of, 1)
    killed_us = clock()
    first.end(signal.SIGKILL)
    recovered_seconds = await house.start(second)

    (gap,) = await house.until(f"{DOWN} AND ended_at IS NOT NULL")
    assert killed_us - gap["started_at"] < 2_200_000 * SPEED, "a ping's interval at the most"
    unseen_us = gap["ended_at"] - gap["started_at"]
    # The second call's ringing that was seen reaches the ninth second behind the gap by as much as had not been heard.
    began_us = early.first_ring_at_us or 0
    await shows(second, lambda now: breaches(now) == 1)
    breached_us = clock()
    assert abs(breached_us - unseen_us - began_us - LIMIT_US) < 1_000_000 * SPEED, "the count went on where it was"
    await asyncio.to_thread(house.told_of, 2)
    calls = await house.until("SELECT * FROM calls WHERE 2 = (SELECT count(*) FROM calls WHERE ended_at IS NOT NULL)")
    for call in calls:
        truth = late if call["caller"] == late.caller else early
        assert call["entered_at"] == truth.entered_at_us
        assert (call["outcome"], call["observed"]) == ("answered", "partly")
        assert abs(call["ringing_us"] - (truth.ringing_us - unseen_us)) < CLOSE_US
        assert call["rings"] == call["ringing_us"] // PERIOD_US + 1
    figures = await asyncio.to_thread(second.figures)
    assert (breaches(figures), counted_calls(figures)) == (1, 2), "the other breach was the first run's to count"
    assert len(house.messages.requests) == 2, [request.json["message"] for request in house.messages.requests]
    (gap,) = house.rows(DOWN)
    told(
        fault="kill -9 of the service while phones ring, one of them past the rule",
        parts="the service, simulator, SQLite, apprise",
        calls_at_stake=2,
        lost=2 - len({call["linkedid"] for call in calls}),
        duplicated=len(house.messages.requests) - 2,
        unobserved_told_seconds=unseen_us / 1e6 / SPEED,
        unobserved_untold_seconds=max(0, gap["started_at"] - killed_us) / 1e6 / SPEED,
        recovered_seconds=recovered_seconds,
    )
    return second, third


async def _stopped(house: House, program: Service, third: Service, told: Callable[..., None]) -> None:
    clock = house.simulator.now_us
    counted_before = counted_calls(await asyncio.to_thread(program.figures))
    talks_seconds = 5.0 + 5.0 * SPEED + house.down_seconds
    house.simulator.centre.place(rings_for(2.0, "01000000003", "counsel", talks_seconds=talks_seconds), clock())
    call = await house.rung("01000000003", 1.9)
    while call.answered_at_us is None or clock() < call.answered_at_us + 2_000_000:  # noqa: ASYNC110 - a plain record
        await asyncio.sleep(0.01)
    with house.locked():
        began, stopped_us = time.monotonic(), clock()
        await asyncio.to_thread(program.end, signal.SIGTERM)
        seconds = time.monotonic() - began
    assert seconds < 5.0, "what is still open is on disk by then"
    assert (house.home / "spool" / "ledger.sqlite3.spool.jsonl").stat().st_size > 0
    assert len(house.rows("SELECT * FROM calls")) == 2
    recovered_seconds = await house.start(third)
    await house.until("SELECT * FROM calls WHERE caller = '01000000003' AND ended_at IS NOT NULL")

    (record,) = house.rows("SELECT * FROM calls WHERE caller = '01000000003'")
    assert (record["outcome"], record["observed"]) == ("answered", "partly")
    assert (record["entered_at"], record["rings"]) == (call.entered_at_us, 1)
    assert abs(record["answered_at"] - (call.answered_at_us or 0)) < CLOSE_US
    _, gap = house.rows(f"{DOWN} ORDER BY started_at")
    assert abs(gap["started_at"] - stopped_us) < 500_000 * SPEED
    assert gap["ended_at"] is not None
    await shows(third, lambda now: counted_calls(now) == 1)
    assert counted_before == 2, "and it was not counted when its end was not known yet"
    told(
        fault="SIGTERM in mid-call while another program has the ledger locked",
        parts="the service, simulator, SQLite",
        calls_at_stake=1,
        lost=1 - len([record]),
        duplicated=0,
        unobserved_told_seconds=(gap["ended_at"] - gap["started_at"]) / 1e6 / SPEED,
        unobserved_untold_seconds=max(0, gap["started_at"] - stopped_us - int(seconds * 1e6 * SPEED)) / 1e6 / SPEED,
        recovered_seconds=recovered_seconds,
    )
    await asyncio.to_thread(third.end, signal.SIGTERM)

"""A monitor that runs beside a simulated centre, in one event loop, on settings that stand in a file."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.calls.facts import Call, Gap, Observed, Stage, microseconds
from monitor.config import load
from monitor.pipeline import Monitor
from monitor.simulator import SYSTEM, USERNAME, Account, Simulator
from monitor.web import bind
from tests.faults.truths import compared

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from monitor.calls.facts import Fact
    from monitor.config import Settings
    from monitor.simulator import Truth

SECRET = "the first secret"
BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
Told = TypeVar("Told")
ENVIRON: dict[str, str] = {}
"""Of a machine on which nothing is set."""


@dataclass
class Kept:
    """Sink: what was told, in order."""

    facts: list[Fact] = field(default_factory=list)

    def record(self, fact: Fact) -> None:
        self.facts.append(fact)

    def of(self, kind: type[Told]) -> list[Told]:
        """The facts of a kind."""
        return [fact for fact in self.facts if isinstance(fact, kind)]


class Watched(Simulator):
    """One that knows when nobody listened to it.

    Attributes:
        deaf: intervals by its own clock, in microseconds, that are over.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.deaf: list[tuple[int, int]] = []
        self._deaf_since_us: int | None = None

    def listens(self) -> None:
        super().listens()
        if self._deaf_since_us is not None:
            self.deaf.append((self._deaf_since_us, self.now_us()))
            self._deaf_since_us = None

    def left(self, client: Any) -> None:
        super().left(client)
        if self._deaf_since_us is None and not self._clients:
            self._deaf_since_us = self.now_us()


@dataclass
class Scene:
    """The two of them.

    Attributes:
        home: where the settings and all that is kept lie.
        stop: set it to end the monitor.
    """

    home: Path
    simulator: Watched
    monitor: Monitor
    kept: Kept
    running: asyncio.Task[None]
    stop: asyncio.Event
    url: str

    async def until(self, holds: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(seconds):
            while not holds():
                if self.running.done():
                    self.running.result()
                await asyncio.sleep(0.005)

    def ringing(self) -> int:
        """How many calls ring now."""
        return sum(calls for (_, _, stage), calls in self.monitor.board.stages.items() if stage is Stage.RINGING)

    async def rings(self) -> None:
        """Wait until a phone rings."""
        await self.until(lambda: self.ringing() > 0)

    def hang_up_on_us(self) -> None:
        """Let the simulated Asterisk close every connection."""
        for client in list(self.simulator._clients):
            client.close()

    def gaps(self) -> list[tuple[int, int]]:
        """The intervals that are told as not seen, in microseconds of the centre's clock."""
        return [
            (microseconds(gap.started_at), microseconds(gap.ended_at))
            for gap in self.kept.of(Gap)
            if gap.ended_at is not None
        ]

    def told_seconds(self) -> float:
        """How long nothing could be seen, by the gaps that are over; of our clock."""
        return sum(end - begin for begin, end in self.gaps()) / 1e6 / self.simulator.clock_rate

    def untold_seconds(self) -> float:
        """How long nobody listened to the simulated Asterisk and no gap tells of it; of our clock."""
        untold_us = 0
        for begin_us, end_us in self.simulator.deaf:
            covered = sum(max(0, min(end_us, gap_end) - max(begin_us, gap_begin)) for gap_begin, gap_end in self.gaps())
            untold_us += max(0, end_us - begin_us - covered)
        return untold_us / 1e6 / self.simulator.clock_rate

    async def compared(self) -> tuple[int, int, int, list[str]]:
        """Hold what the ledger has against what the centre's people did in calls that are over.

        Returns:
            Calls that are over; those of them without a record or an interval that tells why; records too many; what is
            wrong in the record of a call that was seen whole.
        """
        over = [truth for truth in self.simulator.centre.truths if truth.ended_at_us is not None]
        names = {truth.linkedid for truth in over}
        # The last hang-ups are on their way through the socket; what never comes is lost, and told as that.
        with contextlib.suppress(TimeoutError):
            await self.until(lambda: names <= {call.key.linkedid for call in self.kept.of(Call)}, 15.0)
        calls = await asyncio.to_thread(self.calls)
        unseen = {truth.linkedid for truth in over if self._began_or_ended_unseen(truth)}
        known = {call.key.linkedid for call in calls}
        over = [truth for truth in over if truth.linkedid in known or truth.linkedid not in unseen]
        lost, doubled, wrong = compared(over, [call for call in calls if call.key.linkedid in names])
        partly = {call.key.linkedid for call in calls if call.observed is Observed.PARTLY}
        return len(over), lost, doubled, [one for one in wrong if one.partition(":")[0] not in partly]

    def _began_or_ended_unseen(self, truth: Truth) -> bool:
        instants = (truth.entered_at_us, truth.ended_at_us or 0)
        return any(begin <= instant <= end for begin, end in self.gaps() for instant in instants)

    def calls(self) -> list[Call]:
        """What the ledger has of calls, once it has all that was told."""
        assert self.monitor.writer.flush(10.0)
        return list(self.monitor.writer.repository.calls(BEGINNING, END))


def file_of(home: Path, port: int, more: str = "", *, username: str = USERNAME, schedule: bool = False) -> Path:
    """A file of settings for the simulated Asterisk; `more` is added to it."""
    path = home / "callmonitor.toml"
    path.write_text(
        f"""
[[asterisk]]
name = "{SYSTEM}"
host = "127.0.0.1"
port = {port}
username = "{username}"
secret_file = "{home / "ami.secret"}"
[ledger]
url = "sqlite:///{home / "ledger.sqlite3"}"
spool_dir = "{home / "spool"}"
[journal]
folder = "{home / "journal"}"
[reports]
folder = "{home / "reports"}"
schedule = {str(schedule).lower()}
{more}
""",
        encoding="utf-8",
    )
    return path


@asynccontextmanager
async def scene_of(
    home: Path, more: str = "", *, speed: float = 20.0, schedule: bool = False, **arrivals: Any
) -> AsyncIterator[Scene]:
    """Run both while an `async with` block does.

    Args:
        home: a folder for all that is kept.
        more: further settings, as TOML.
        speed: simulated seconds per second.
        schedule: reports are made and mailed by themselves.
        arrivals: as `Simulator` takes them.
    """
    (home / "ami.secret").write_text(SECRET, encoding="utf-8")
    simulator = Watched(
        speed=speed,
        waits=True,
        account=Account(username=USERNAME, secret=SECRET),
        **arrivals,
    )
    path = file_of(home, await simulator.start(), more, schedule=schedule)
    monitor = Monitor(loaded(path), clock_rate=speed)
    monitor.reload.load = lambda: loaded(path)
    kept, stop = Kept(), asyncio.Event()
    monitor.add_sink(kept, "test")
    listening = bind()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    working = asyncio.create_task(simulator.run())
    running = asyncio.create_task(monitor.run(listening, stop))
    try:
        yield Scene(home, simulator, monitor, kept, running, stop, url)
    finally:
        stop.set()
        await running
        await simulator.stop()
        await working


def loaded(path: Path) -> Settings:
    """The settings of a file, on a machine on which nothing else is set."""
    return load(path, environ=ENVIRON)

"""An outage while Asterisk goes on: afterwards every call the wire saw is in the ledger, once.

The monitor listens through a proxy that is cut for a while. The callers are SIPp's, and what passed on their wire is
what the ledger is held to; Asterisk writes its queue log, call detail records and channel events meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from monitor.calls.facts import Gap, Observed, Outcome, Source
from monitor.cli import app
from monitor.config import AsteriskSettings, JournalSettings, LedgerSettings, LineSettings, Settings, TransferSettings
from monitor.ledger import Repository
from monitor.ledger.reconciled import made_in
from monitor.pipeline import Monitor
from monitor.web import bind
from tests.lab.conftest import LiveAsterisk
from tests.lab.plan import SCENARIOS
from tests.lab.run import Stage
from tests.reconcile.record import SETTINGS, WRITTEN, make_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.calls.facts import Call
    from tests.lab.run import Played
    from tests.lab.wire import Leg

pytestmark = pytest.mark.lab

BEFORE = ("answered_ring_1", "busy")
ACROSS = ("hold_and_resume",)
"""Answered before the outage begins, over in it."""
DURING = ("do_not_disturb", "abandoned_ringing_within", "unreachable")
AFTER = ("busy",)
OUTCOMES = {
    "answered_ring_1": Outcome.ANSWERED,
    "busy": Outcome.BUSY,
    "do_not_disturb": Outcome.ANSWERED,
    "abandoned_ringing_within": Outcome.ABANDONED_RINGING,
    "unreachable": Outcome.FAILED,
}
SOON_SECONDS = 60.0


class Proxy:
    """A way to a port of this machine that can be cut, and mended."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def mend(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection off, and let none through."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, to}
        await asyncio.gather(_pump(reader, to), _pump(there, writer))
        self._open -= {writer, to}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


class Facts:
    """A sink that keeps calls and gaps, and wakes who waits for them."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.gaps: list[Gap] = []
        self._changed = asyncio.Event()

    def record(self, fact: object) -> None:
        if isinstance(fact, Gap):
            self.gaps.append(fact)
        elif hasattr(fact, "outcome"):
            self.calls.append(fact)  # type: ignore[arg-type] # of all facts only a call has one
        self._changed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_SECONDS):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
def asterisk(lab: None) -> Iterator[LiveAsterisk]:
    names = dict.fromkeys((*BEFORE, *ACROSS, *DURING, *AFTER))
    with Stage([SCENARIOS[name] for name in names], SETTINGS) as stage:
        make_folders(stage.asterisk.folder / "log")
        yield LiveAsterisk(stage)


def settings_for(asterisk: LiveAsterisk, port: int, folder: Path) -> Settings:
    return Settings(
        asterisk=(
            AsteriskSettings(
                name="lab1",
                host=asterisk.host,
                port=port,
                username="monitor",
                secret=SecretStr(asterisk.secrets["monitor"]),
                reconnect_min_seconds=0.25,
                reconnect_max_seconds=0.25,
            ),
        ),
        line=(LineSettings(name="main", patterns=("15886565",)),),
        transfers=TransferSettings(inside=("PJSIP/*-agent*",)),
        ledger=LedgerSettings(url=SecretStr(f"sqlite:///{folder / 'ledger.sqlite3'}"), spool_dir=folder),
        journal=JournalSettings(folder=folder / "journal"),
    )


def placed(played: list[Played]) -> list[tuple[str, Leg]]:
    """The calls that SIPp's callers placed, with the names of their scenarios."""
    return [
        (one.scenario.name, leg)
        for one in played
        for leg in one.legs
        if leg.placed_call and leg.party in {caller.number for caller in one.scenario.callers}
    ]


def assigned(wire: list[tuple[str, Leg]], calls: list[Call]) -> list[Call | None]:
    """The ledger's record of each call on the wire: of its number, entered within a second of its INVITE, the nearest.

    No record is given to two.
    """
    left, found = list(calls), []
    for _, leg in wire:
        invited = leg.messages[0].at_us / 1e6
        near = [call for call in left if call.caller == leg.caller and abs(call.filed_at.timestamp() - invited) < 1]
        best = min(near, key=lambda call: abs(call.filed_at.timestamp() - invited), default=None)
        if best is not None:
            left.remove(best)
        found.append(best)
    return found


@dataclass
class Outage:
    """What happened, as the test itself saw it; instants in seconds since 1970."""

    began: float = 0.0
    ended: float = 0.0
    seen: float = 0.0
    """When the monitor saw the Asterisk again."""
    played: list[Played] = field(default_factory=list)


async def play(asterisk: LiveAsterisk, folder: Path) -> Outage:
    """Calls before, across, during and after an outage."""
    outage, proxy = Outage(), Proxy(asterisk.ami_port)
    await proxy.mend()
    monitor, facts, stop = Monitor(settings_for(asterisk, proxy.port, folder)), Facts(), asyncio.Event()
    monitor.add_sink(facts)
    running = asyncio.create_task(monitor.run(bind("127.0.0.1", 0), stop))
    await facts.until(lambda: any(gap.ended_at is not None for gap in facts.gaps))
    across = asyncio.create_task(asyncio.to_thread(asterisk.call, *BEFORE, *ACROSS))
    await facts.until(lambda: len(facts.calls) == len(BEFORE))
    outage.began = time.time()
    await proxy.cut()
    outage.played += await asyncio.to_thread(asterisk.call, *DURING)
    outage.played += await across
    known = len(facts.gaps)
    outage.ended = time.time()
    await proxy.mend()
    await facts.until(lambda: any(gap.ended_at is not None for gap in facts.gaps[known:]))
    outage.seen = time.time()
    outage.played += await asyncio.to_thread(asterisk.call, *AFTER)
    await facts.until(lambda: len(facts.calls) == len(BEFORE) + len(ACROSS) + len(AFTER))
    stop.set()
    await running
    await proxy.cut()
    return outage


def reconciled(asterisk: LiveAsterisk, folder: Path, since: datetime, until: datetime) -> str:
    """What the command says."""
    config, log = folder / "callmonitor.toml", asterisk.process.folder / "log"
    config.write_text(
        'timezone = "UTC"\n[[asterisk]]\nname = "lab1"\nhost = "127.0.0.1"\nusername = "monitor"\n'
        'secret = "unused, nobody signs in"\n[[line]]\nname = "main"\npatterns = ["15886565"]\n'
        f'[ledger]\nurl = "sqlite:///{folder / "ledger.sqlite3"}"\n[transfers]\ninside = ["PJSIP/*-agent*"]\n',
        encoding="utf-8",
    )
    options = (("--queue-log", "queue_log"), ("--cdr", "cdr.csv"), ("--cel", "cel.csv"))
    sources = [word for option, name in options for word in (option, str(log / WRITTEN[name]))]
    days = ["--from", f"{since:%Y-%m-%d}", "--to", f"{until:%Y-%m-%d}"]
    done = CliRunner().invoke(app, ["reconcile", "--config", str(config), *sources, *days], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_after_an_outage_every_call_of_the_wire_is_accounted_for(
    asterisk: LiveAsterisk, tmp_path: Path, told: Callable[..., None]
) -> None:
    since, until = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    outage = asyncio.run(play(asterisk, tmp_path))
    wire = placed(outage.played)
    assert len(wire) == len(BEFORE) + len(ACROSS) + len(DURING) + len(AFTER)
    repository = Repository(tmp_path / "ledger.sqlite3")
    # Unaided, the ledger lacks every call that began and ended in the outage.
    seen = list(repository.calls(since, until))
    unaided = zip(wire, assigned(wire, seen), strict=True)
    assert sorted(name for (name, _), call in unaided if call is None) == sorted(DURING)

    said = reconciled(asterisk, tmp_path, since, until)
    calls = list(repository.calls(since, until))
    (gap,) = (gap for gap in repository.gaps(since, until) if gap.started_at > calls[0].filed_at and gap.ended_at)
    with repository.store.reading() as connection:
        (made,) = made_in(connection, since - timedelta(days=1), until + timedelta(days=2))
    repository.close()
    records = assigned(wire, calls)
    assert gap.ended_at is not None
    began, ended = gap.started_at.timestamp(), gap.ended_at.timestamp()
    told(
        fault="AMI connection cut in mid-call, reconciled afterwards",
        parts="Asterisk with queue_log, CDR and CEL, SIPp, a proxy",
        calls_at_stake=len(DURING) + len(ACROSS),
        lost=records.count(None),
        # A record that no call of the wire belongs to would be somebody's second.
        duplicated=len(calls) - len(wire) + records.count(None),
        unobserved_told_seconds=round(ended - began, 3),
        # Cut before the gap begins, or not yet mended when it ends: nobody saw that, and no gap tells it.
        unobserved_untold_seconds=round(max(0.0, began - outage.began) + max(0.0, outage.ended - ended), 3),
        recovered_seconds=round(outage.seen - outage.ended, 3),
    )
    # All of the wire is matched, filled, or told otherwise because of the outage; none is ours alone.
    assert (made.asterisk_calls, made.filled, made.ours_alone) == (len(wire), len(DURING), 0), said
    assert made.matched + made.disagreeing == len(wire) - len(DURING)
    assert made.disagreeing <= len(ACROSS), said
    for (name, leg), call in zip(wire, records, strict=True):
        assert call is not None
        as_the_wire_says(name, leg, call)


def as_the_wire_says(name: str, leg: Leg, call: Call) -> None:
    """A record has the end its scenario has, and a filled one its answer when the wire says so."""
    if name in ACROSS:
        # It was seen in part, and stays the monitor's own record.
        assert (call.source, call.observed) == (Source.AMI, Observed.PARTLY)
        return
    assert call.outcome is OUTCOMES[name], name
    if name not in DURING:
        assert (call.source, call.observed) == (Source.AMI, Observed.WHOLE)
        return
    assert call.source in {Source.CEL, Source.QUEUE_LOG}
    assert (call.rings, call.ringing_us) == (None, None)
    assert (call.answered_at is None) == (leg.answered_at_us is None)
    if call.answered_at is not None and leg.answered_at_us is not None:
        assert abs(call.answered_at.timestamp() - leg.answered_at_us / 1e6) < 0.05

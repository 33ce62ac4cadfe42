"""`callmonitor demo`: a simulated call centre, watched by the real monitor over a real AMI connection."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr
from rich.console import Console

from monitor import log
from monitor.calls.facts import instant
from monitor.config import AsteriskSettings, LedgerSettings, LogSettings, ReportSettings, Settings, TransferSettings
from monitor.config_charter import TeamSettings
from monitor.config_keeping import JournalSettings
from monitor.pipeline import Monitor
from monitor.simulator import SECRET, SYSTEM, USERNAME, Simulator
from monitor.simulator.people import REMOTE
from monitor.terminal import open_terminal, summary
from monitor.texts import TEXTS
from monitor.web import free_port

if TYPE_CHECKING:
    import socket

    from monitor.texts import Language

FIRST_PORT = 9158
INSIDE = ("_1XX", "_6XX")
"""Agents and queues of the simulated centre."""
OUTSIDE = ("_2XX",)
"""The desks of its other departments."""
TEAM = TeamSettings(name="원격응대팀", name_en="Remote support", queues=(REMOTE,), menu=("menu,2",))
"""Those whom callers choose in the menu for help from afar."""


def run(*, seconds: float | None, speed: float, seed: int, language: Language, store: Path | None) -> None:
    """Show the centre until Ctrl-C, SIGTERM or the end of `seconds`, then sum up.

    Args:
        seconds: real seconds to run; None for ever.
        speed: seconds of the centre's day per real second.
        seed: the same number gives the same day.
        language: of the screen.
        store: where the ledger is kept; None for a folder that goes with the demonstration.
    """
    # The screen is the demonstration; of the log only what went wrong belongs on it.
    log.configure(LogSettings(level="error"))
    with ExitStack() as stack:
        if store is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="callmonitor-demo-"))
            store = Path(folder) / "ledger.sqlite3"
        asyncio.run(_show(seconds=seconds, speed=speed, seed=seed, language=language, store=store.absolute()))


async def _show(*, seconds: float | None, speed: float, seed: int, language: Language, store: Path) -> None:
    simulator = Simulator(seed=seed, speed=speed, waits=True, calls_back=True, remote=True)
    port = await simulator.start()
    settings = Settings(
        asterisk=(
            AsteriskSettings(name=SYSTEM, host="127.0.0.1", port=port, username=USERNAME, secret=SecretStr(SECRET)),
        ),
        transfers=TransferSettings(inside=INSIDE, outside=OUTSIDE),
        team=(TEAM,),
        ledger=LedgerSettings(url=SecretStr(f"sqlite:///{store}"), spool_dir=store.parent),
        # The next demonstration is of another day: nothing goes on from this one.
        journal=JournalSettings(enabled=False),
        # Those of a simulated day are made when somebody asks.
        reports=ReportSettings(folder=store.parent / "reports", schedule=False),
        language=language,
    )
    listening = free_port("127.0.0.1", FIRST_PORT)
    monitor = Monitor(settings, clock_rate=speed)
    console = Console()
    addresses = _addresses(listening, port, store)
    for address in addresses:
        console.print(address, highlight=False, soft_wrap=True)
    terminal = open_terminal(
        monitor.board,
        lambda: instant(simulator.now_us()),
        language=language,
        store=monitor.store,
        addresses=addresses,
        console=console,
    )
    monitor.add_sink(terminal, "screen")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    working = asyncio.create_task(simulator.run())
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(monitor.run(listening, stop))
            # Nobody reads it any more: the demonstration is over.
            tasks.create_task(terminal.run(stop)).add_done_callback(lambda _: stop.set())
    finally:
        await simulator.stop()
        await working
    day = monitor.board.today(instant(simulator.now_us()))
    for text in summary(day, settings.ring_rules()[0], TEXTS[language]):
        console.print(text, highlight=False, soft_wrap=True)


def _addresses(listening: socket.socket, ami_port: int, store: Path) -> list[str]:
    http = f"http://127.0.0.1:{listening.getsockname()[1]}"
    return [
        f"{http}/",
        f"{http}/metrics",
        f"{http}/readyz",
        f"AMI 127.0.0.1:{ami_port} ({USERNAME}/{SECRET})",
        f"{store}",
    ]

"""`callmonitor run`: the monitor as a service, ended by a signal."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from monitor import log
from monitor.pipeline import Monitor
from monitor.terminal import open_terminal
from monitor.web import bind

if TYPE_CHECKING:
    import socket

    from monitor.config import Settings
    from monitor.terminal import Terminal

_log = structlog.get_logger(__name__)


def run(settings: Settings, *, screen: bool) -> None:
    """Run until SIGTERM or SIGINT; what is still open is then written down, and the ledger flushed.

    Args:
        settings: as loaded.
        screen: show the board on standard output.
    """
    # Lines of the log would tear the screen where both are one terminal; `2> FILE` keeps them all.
    torn = screen and sys.stdout.isatty() and sys.stderr.isatty()
    log.configure(settings.log.model_copy(update={"level": "error"}) if torn else settings.log)
    monitor = Monitor(settings)
    listening = bind(settings.web.host, settings.web.port)
    host, port = listening.getsockname()[:2]
    _log.info(
        "monitor_starts",
        metrics=f"http://{host}:{port}/metrics",
        ledger=settings.ledger.shown_url,
        systems=[system.name for system in settings.asterisk],
    )
    terminal = None
    if screen:
        terminal = open_terminal(
            monitor.board, lambda: datetime.now(UTC), language=settings.language, store=monitor.store
        )
        monitor.add_sink(terminal, "screen")
    asyncio.run(_until_signalled(monitor, listening, terminal))
    _log.info("monitor_stopped")


async def _until_signalled(monitor: Monitor, listening: socket.socket, terminal: Terminal | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(monitor.run(listening, stop))
        if terminal is not None:
            tasks.create_task(terminal.run(stop))

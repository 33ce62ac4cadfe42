"""`callmonitor run`: the monitor as a service, ended by a signal."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import structlog

from monitor import log
from monitor.pipeline import Monitor
from monitor.web import bind

if TYPE_CHECKING:
    import socket

    from monitor.config import Settings

_log = structlog.get_logger(__name__)


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; what is still open is then written down, and the ledger flushed."""
    log.configure(settings.log)
    monitor = Monitor(settings)
    listening = bind(settings.web.host, settings.web.port)
    host, port = listening.getsockname()[:2]
    _log.info(
        "monitor_starts",
        metrics=f"http://{host}:{port}/metrics",
        ledger=settings.ledger.shown_url,
        systems=[system.name for system in settings.asterisk],
    )
    asyncio.run(_until_signalled(monitor, listening))
    _log.info("monitor_stopped")


async def _until_signalled(monitor: Monitor, listening: socket.socket) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await monitor.run(listening, stop)

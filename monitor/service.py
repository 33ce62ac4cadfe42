"""`callmonitor run`: the monitor as a service, ended by a signal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from monitor import log
from monitor.exposure import exposures
from monitor.pipeline import Monitor
from monitor.systemd import Notifier
from monitor.terminal import open_terminal
from monitor.web import bind

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from monitor.config import Settings
    from monitor.terminal import Terminal
    from monitor.web import Part

_log = structlog.get_logger(__name__)

_STATUS_SECONDS = 10.0
"""How often systemd is told how things are, where it has no watchdog that wants to hear it oftener."""


def run(load: Callable[[], Settings], *, screen: bool) -> None:
    """Run until SIGTERM or SIGINT; what is still open is then written down, and the ledger flushed.

    Args:
        load: reads the settings, now and at each SIGHUP.
        screen: show the board on standard output.

    Raises:
        ConfigError: the settings cannot be used.
    """
    # Until somebody listens for it, the signal would end the process; what it asks for is done right afterwards.
    asked = Asked()
    signal.signal(signal.SIGHUP, lambda *_: asked.ask())
    settings = load()
    # Each browser that watches holds a descriptor, and the usual 1,024 are soon gone.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # Lines of the log would tear the screen where both are one terminal; `2> FILE` keeps them all.
    torn = screen and sys.stdout.isatty() and sys.stderr.isatty()

    def write_log(settings: Settings) -> None:
        log.configure(settings.log.model_copy(update={"level": "error"}) if torn else settings.log)

    write_log(settings)
    monitor = Monitor(settings)
    monitor.reload.load = load
    monitor.reload.add(lambda settings: partial(write_log, settings))
    listening = bind(settings.web.host, settings.web.port)
    host, port = listening.getsockname()[:2]
    _log.info(
        "monitor_starts",
        metrics=_metrics_url(settings, host, port),
        ledger=settings.ledger.shown_url,
        systems=[system.name for system in settings.asterisk],
    )
    for each in exposures(settings):
        _log.warning("open_to_strangers", where=each.where, problem=each.sentence, next_step=each.next_step)
    terminal = None
    if screen:
        terminal = open_terminal(
            monitor.board, lambda: datetime.now(UTC), language=settings.language, store=monitor.store
        )
        monitor.add_sink(terminal, "screen")
    asyncio.run(_until_signalled(monitor, listening, terminal, asked))
    _log.info("monitor_stopped")
    # All that is ours is written. Python would now wait for threads of libraries, such as that of a messenger that does
    # not answer, and look through all memory once more, which takes seconds on a busy machine.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class Asked:
    """Whether the settings are to be loaded anew: SIGHUP may come before anybody can do it."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Take the signal."""
        self._asked.set()

    async def keep_loading(self, monitor: Monitor, notifier: Notifier) -> None:
        """Load the settings anew as often as it is asked for, for ever."""
        await monitor.started.wait()
        while True:
            await self._asked.wait()
            self._asked.clear()
            notifier.reloading()
            await monitor.reload.again()
            notifier.ready(_status(monitor))


async def _until_signalled(monitor: Monitor, listening: socket.socket, terminal: Terminal | None, asked: Asked) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, asked.ask)
    notifier = Notifier(os.environ)
    async with asyncio.TaskGroup() as tasks:
        loading = tasks.create_task(asked.keep_loading(monitor, notifier))
        tasks.create_task(tell_systemd(monitor, notifier, stop))
        if terminal is not None:
            tasks.create_task(terminal.run(stop))
        await monitor.run(listening, stop)
        # Whatever ended it, the others end with it.
        stop.set()
        loading.cancel()
    leave_if_stuck(monitor)


def leave_if_stuck(monitor: Monitor) -> None:
    """End the program at once where a database's driver would keep it: all that matters is written, or on disk."""
    if monitor.writer.stuck:
        _log.warning("monitor_stopped", reason="The ledger did not answer; what it has not taken waits on disk.")
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


async def tell_systemd(monitor: Monitor, notifier: Notifier, stop: asyncio.Event) -> None:
    """Tell systemd that the service is ready, then how it is; its watchdog only while calls are followed.

    Args:
        monitor: whose service it is.
        notifier: the way to systemd.
        stop: set when the service is to end.
    """
    await monitor.started.wait()
    notifier.ready(_status(monitor))
    interval_seconds = _STATUS_SECONDS
    if notifier.watchdog_seconds is not None:
        interval_seconds = min(interval_seconds, notifier.watchdog_seconds / 2)
    while not stop.is_set():
        if monitor.alive:
            notifier.alive(_status(monitor))
        else:
            notifier.status("Calls are not followed any more; systemd's watchdog will start the service anew.")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(interval_seconds):
                await stop.wait()
    notifier.stopping()


def _metrics_url(settings: Settings, host: str, port: int) -> str:
    """Where /metrics is served, when the page is at `host` and `port`."""
    apart = settings.metrics.host
    certificate = settings.metrics.tls_cert if apart else settings.web.tls_cert
    address = f"{apart}:{settings.metrics.port}" if apart else f"{host}:{port}"
    return f"{'http' if certificate is None else 'https'}://{address}/metrics"


def _status(monitor: Monitor) -> str:
    """How the service is, in a sentence."""
    parts: list[Part] = [*monitor.systems.values(), monitor.store]
    wrong = [part.reason for part in parts if not part.up and part.reason]
    return " ".join(wrong) or f"Listening to {', '.join(monitor.systems)}; every call is kept."

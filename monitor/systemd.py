"""Telling systemd how the service is: ready, alive, on its way out.

A few datagrams of `KEY=value` lines to the socket that systemd names in the environment; nothing where it names none,
as in a terminal or a container.

**Source:** sd_notify(3) and sd_watchdog_enabled(3) of systemd.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger(__name__)


class Notifier:
    """The way to systemd, if there is one.

    Args:
        environ: the environment that systemd started the process with.

    Attributes:
        watchdog_seconds: systemd ends the service when `alive` is not told within this; None where it does not watch.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        named = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + named[1:] if named.startswith("@") else named
        """A leading `@` stands for the zero byte of Linux's abstract sockets, which have no file."""
        self._failed = False
        self.watchdog_seconds: float | None = None
        meant_for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        interval_us = environ.get("WATCHDOG_USEC", "")
        if self._address and meant_for_us and interval_us.isdecimal() and int(interval_us):
            self.watchdog_seconds = int(interval_us) / 1_000_000

    def ready(self, status: str) -> None:
        """The service does its work from now on."""
        self._tell("READY=1", status)

    def alive(self, status: str) -> None:
        """The service still does its work; to be told twice in `watchdog_seconds`."""
        self._tell("WATCHDOG=1", status)

    def reloading(self) -> None:
        """The service loads its settings anew; `ready` is told when it has."""
        # The instant tells systemd which signal this answers, where the unit is of the type notify-reload.
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}", "")

    def status(self, status: str) -> None:
        """How the service is, in a sentence that `systemctl status` shows."""
        self._tell("", status)

    def stopping(self) -> None:
        """The service ends by its own will."""
        self._tell("STOPPING=1", "")

    def _tell(self, state: str, status: str) -> None:
        if not self._address:
            return
        # A line end in a name that Asterisk sent must not begin an assignment of its own.
        lines = [state, f"STATUS={' '.join(status.split())}" if status else ""]
        message = "\n".join(line for line in lines if line).encode("utf-8", "replace")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                # A full queue must not hold up the calls: a lost word is told again soon.
                out.setblocking(False)
                out.sendto(message, self._address)
        except (OSError, ValueError) as error:
            if not self._failed:
                log.warning("systemd_not_told", problem=f"NOTIFY_SOCKET cannot be written to ({error}).")
            self._failed = True

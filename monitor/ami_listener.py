"""The shell around one Asterisk's AMI: connect, say why where that fails, and reconnect for ever.

One connection is `monitor.ami_connection`; what is said on it is decided in `monitor.ami.login`.
"""

from __future__ import annotations

import asyncio
import errno
import random
import re
import socket
import ssl
import time
from typing import TYPE_CHECKING

import structlog

from monitor.ami.feed import FeedItem, LinkDown
from monitor.ami.problems import NoAnswer, Refused, SecretUnreadable, ShutDown, TlsFailed, Unreachable
from monitor.ami_connection import Connection
from monitor.calls.facts import GapCause
from monitor.clocks import OwnClock
from monitor.errors import ConfigError, ConnectionProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.ami.login import Conversation
    from monitor.config import AsteriskSettings

_LEADS_THERE = ("host", "port", "username", "tls", "tls_hostname")
"""Settings that another connection is needed for; what else changes holds from the next one on."""
RESTART_SLACK_SECONDS = 2.0
"""`Uptime` is in whole seconds: start times nearer to each other than this are one start."""

_REFUSED = str(errno.ECONNREFUSED)
_ERRNO = re.compile(r"\[Errno (\d+)\]")

log = structlog.get_logger(__name__)


class AmiListener:
    """Listens to one Asterisk, for ever.

    Args:
        settings: the system to listen to.
        deliver: a bounded queue; batches and notices go into it in order.
        draw: a number from 0 to below 1, the jitter of reconnections.
        clock: our own; what comes is dated by its even time.

    Attributes:
        up: logged in, booted, and the connection is alive.
        reconnects: how often a lost connection was made again.
        last_event_at: when the last bytes came, seconds since 1970; None before the first.
        heard_at: the same by the event loop's clock, which nobody sets.
        discarded: packets not handed on, by reason: `oversized`, `not_ami`, `unfinished`.
        untimed_events: events handed on from a system that sends no timestamps.
        problem: why this system's figures cannot be trusted now, in words; None while all is well.
        warnings: what the operator should know all the same, by subject.
        system: the SystemName Asterisk gave, else the configured name.
        version: Asterisk's version; None while unknown.
    """

    def __init__(
        self,
        settings: AsteriskSettings,
        deliver: asyncio.Queue[FeedItem],
        *,
        draw: Callable[[], float] = random.random,
        clock: OwnClock | None = None,
    ) -> None:
        self.settings = settings
        self.deliver = deliver
        self._draw = draw
        self.clock = clock or OwnClock()
        self._connection: Connection | None = None
        self._changed = asyncio.Event()
        self._sessions = 0
        self._started_at: float | None = None
        self._told: str | None = None
        self._down_cause: GapCause | None = None
        self.up = False
        self.reconnects = 0
        self.last_event_at: float | None = None
        self.heard_at: float | None = None
        self.discarded = {"oversized": 0, "not_ami": 0, "unfinished": 0}
        self.untimed_events = 0
        self.problem: str | None = f"{self.where} has not been reached yet."
        self.warnings: dict[str, str] = {}
        self.system = settings.name
        self.version: str | None = None

    @property
    def where(self) -> str:
        """What messages call this system."""
        return where(self.settings)

    async def run(self) -> None:
        """Connect, listen, and do so again whenever the connection ends; returns only by cancellation."""
        failures = 0
        while True:
            self._changed.clear()
            try:
                connection = await self._connect()
            except ConnectionProblem as failure:
                failures += 1
                await self._down(failure)
            else:
                self._connection = connection
                if self._changed.is_set():
                    # It was made by settings that do not hold any more.
                    connection.leave()
                problem = await connection.over()
                self._connection = None
                failures = 0 if connection.was_live else failures + 1
                await self._down(problem, connection.unheard_since_us)
            failures = await self._pause(failures)

    def take_settings(self, settings: AsteriskSettings) -> None:
        """Go by other settings of the same system: at once where they lead elsewhere, else from the next login on."""
        before, self.settings = self.settings, settings
        if before == settings:
            return
        # What was wrong may have been mended: the next try is not waited for.
        self._changed.set()
        if self._connection is not None and any(getattr(before, key) != getattr(settings, key) for key in _LEADS_THERE):
            self._connection.leave()

    async def _pause(self, failures: int) -> int:
        """Wait for the next try, not longer than until the settings change; returns the failures that still count."""
        try:
            async with asyncio.timeout(self._pause_seconds(failures)):
                await self._changed.wait()
        except TimeoutError:
            return failures
        return 0

    def _pause_seconds(self, failures: int) -> float:
        """How long to wait before the next try: anything up to a limit that doubles with each failure.

        **Source:** exponential back-off with full jitter; many monitors must not come back in step.
        """
        lowest, highest = self.settings.reconnect_min_seconds, self.settings.reconnect_max_seconds
        # 2**64 would be no time any more; the limit is reached long before.
        return self._draw() * min(highest, lowest * 2.0 ** min(failures, 64))

    async def _connect(self) -> Connection:
        """Open the connection.

        Raises:
            ConnectionProblem: of the kind that says why it cannot be.
        """
        settings = self.settings
        try:
            secret = await asyncio.to_thread(settings.read_secret)
        except ConfigError as error:
            raise SecretUnreadable(str(error)) from error
        loop = asyncio.get_running_loop()
        try:
            context = await asyncio.to_thread(tls_context, settings) if settings.tls else None
            async with asyncio.timeout(settings.connect_timeout_seconds):
                _, connection = await loop.create_connection(
                    lambda: Connection(self, secret),
                    settings.host,
                    settings.port,
                    ssl=context,
                    server_hostname=(settings.tls_hostname or settings.host) if settings.tls else None,
                )
        except OSError as error:
            raise connection_problem(settings, error) from error
        return connection

    async def _down(self, problem: ConnectionProblem, since_us: int | None = None) -> None:
        """Tell that the system is away: since a wire that was found dead was last heard, else from now on."""
        self.up = False
        self.problem = str(problem)
        if self.problem != self._told:
            self._told = self.problem
            log.warning("asterisk_away", system=self.settings.name, kind=type(problem).__name__, problem=self.problem)
        restart = isinstance(problem, ShutDown) and problem.restart
        notice = self.link_down(
            since_us or self.clock.even_us(), GapCause.RESTARTED if restart else GapCause.NOT_CONNECTED, self.problem
        )
        if notice is not None:
            await self.deliver.put(notice)

    def ask_time(self) -> None:
        """Ask Asterisk at once what time it is there; its answer comes as everything else does."""
        if self._connection is not None:
            self._connection.ping()

    # ---- what a connection reports

    def link_down(self, at_us: int, cause: GapCause, reason: str) -> LinkDown | None:
        """The notice that the link is down; None where that was told, and nothing new is known of the cause."""
        if self._down_cause is not None and cause is not GapCause.NOT_BOOTED:
            return None
        self._down_cause = cause
        return LinkDown(at_us, cause, reason)

    def stepped(self, conversation: Conversation) -> None:
        """Take over what the conversation has found out, and tell the operator what is new."""
        self.system = conversation.system or self.settings.name
        self.version = conversation.version
        for subject, text in conversation.notes.items():
            if self.warnings.get(subject) != text:
                log.warning("asterisk_unfit", system=self.settings.name, subject=subject, problem=text)
        self.warnings = dict(conversation.notes)
        if self.up:
            self.problem = self.warnings.get("permissions") if conversation.missing_classes else None

    def came_up(self, conversation: Conversation) -> bool:
        """Count a session that reached a booted Asterisk, and say whether that is another process than before."""
        uptime = conversation.uptime_seconds
        started_at = None if uptime is None else time.monotonic() - uptime
        before, self._started_at = self._started_at, started_at
        if not self.up:
            self._sessions += 1
            self.reconnects = self._sessions - 1
            self.up = True
            self._told = None
            self._down_cause = None
            log.info("asterisk_reached", system=self.settings.name, version=conversation.version)
        if before is None or started_at is None:
            return False
        return conversation.saw_boot or started_at - before > RESTART_SLACK_SECONDS


def where(settings: AsteriskSettings) -> str:
    """What messages call a system."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"Asterisk {settings.name!r} at {host}:{settings.port}"


def connection_problem(settings: AsteriskSettings, error: OSError) -> ConnectionProblem:
    """The problem, in the operator's words, behind an error of opening a connection."""
    place = where(settings)
    if isinstance(error, ssl.SSLError):
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = error.verify_message.rstrip(".")
        else:
            reason = (error.reason or "no TLS").replace("_", " ").lower()
        return TlsFailed(place, reason)
    if isinstance(error, TimeoutError):
        return NoAnswer(place, "take the connection", settings.connect_timeout_seconds)
    if isinstance(error, socket.gaierror):
        return Unreachable(place, "no such host name")
    # Several addresses that all refuse come as one error that only its text tells apart.
    if set(_ERRNO.findall(str(error))) == {_REFUSED}:
        return Refused(place)
    if settings.tls and isinstance(error, ConnectionError):
        return TlsFailed(place, "the connection ended during the handshake")
    return Unreachable(place, error.strerror or str(error))


def tls_context(settings: AsteriskSettings) -> ssl.SSLContext:
    """A context that verifies the certificate and the name in it.

    Raises:
        OSError, ssl.SSLError: `tls_ca` cannot be read or holds no certificate.
    """
    return ssl.create_default_context(cafile=None if settings.tls_ca is None else str(settings.tls_ca))

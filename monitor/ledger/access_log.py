"""Who saw which call, written down: taken on the event loop, written on a thread of its own, so that no page waits.

Nothing is lost silently: what the ledger does not take waits, up to a bound; what goes beyond it is counted and told.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import insert, select

from monitor.errors import StoreError
from monitor.ledger.store import RefusedFact
from monitor.ledger.tables import ACCESS_LOG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from monitor.ledger.store import Store

WAITING_AT_MOST = 20_000
"""More than this many a ledger that is away loses: a supervisor opens some hundred calls a day."""
_BATCH = 500
_RETRY_SECONDS = 2.0
_ANSWER_SECONDS = 0.3
"""How much longer a driver that was asked in time is waited for."""
_READ_AT_ONCE = 1_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Somebody saw calls, or what is made of them; the fields are those of the table."""

    at: datetime
    who: str
    """The user or token; `-` where nobody need sign in."""
    role: str
    address: str
    """Whence; empty on loopback."""
    action: str
    system: str | None = None
    linkedid: str | None = None
    """The call; None where many were shown."""
    detail: str = ""
    """What was asked for; never a caller's number."""
    calls: int = 1
    """How many calls were shown."""


class AccessLog:
    """Writes down who saw what. You must call `start` before and `close` after; `record` is safe from any thread.

    Args:
        store: the ledger's, of its own.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[Access] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._away = False
        self._give_up_at = float("inf")
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
        self.lost = 0
        """Accesses that were not written down, since the start."""

    @property
    def waiting(self) -> int:
        """Accesses that are not written down yet."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def record(self, access: Access) -> None:
        """Take an access. Returns at once and never raises."""
        if len(self._waiting) >= WAITING_AT_MOST:
            self._lose(1, "the ledger is away, and too many wait")
            return
        self._waiting.append(access)
        self._wake.set()

    def hurry(self, timeout_seconds: float) -> None:
        """No more will come; what waits is written within so long, while whoever closes sees to other things."""
        self._give_up_at = time.monotonic() + timeout_seconds
        self._closing = True
        self._wake.set()

    def close(self, timeout_seconds: float = 2.0) -> None:
        """Write what waits; what the ledger does not take in time, or by when `hurry` told, is lost, and told."""
        if not self._closing:
            self.hurry(timeout_seconds)
        if self._thread.is_alive():
            self._thread.join(max(0.0, self._give_up_at - time.monotonic()) + _ANSWER_SECONDS)
        if self._waiting:
            self._lose(len(self._waiting), "the monitor stops, and the ledger is away")
        self._store.close()

    def _run(self) -> None:
        while not self._closing or (self._waiting and time.monotonic() < self._give_up_at):
            if not self._waiting:
                self._wake.wait()
            self._wake.clear()
            try:
                self._write()
                self._away = False
            except StoreError as error:
                self._put_off(str(error))
            except Exception as error:  # noqa: BLE001 - the thread must outlive anything: nobody else writes
                self._put_off(f"The access log cannot be written ({type(error).__name__}).")

    def _put_off(self, why: str) -> None:
        if not self._away:
            log.warning("access_log_waits", reason=why, waiting=len(self._waiting))
        self._away = True
        self._store.close()
        # A database that was away announces itself to nobody, so it is asked again after a pause; this thread has no
        # other work, and the page does not wait for it.
        time.sleep(min(_RETRY_SECONDS, max(0.0, self._give_up_at - time.monotonic())))

    def _write(self) -> None:
        while self._waiting:
            batch = [self._waiting[number] for number in range(min(_BATCH, len(self._waiting)))]
            try:
                self._insert(batch)
            except RefusedFact as error:
                if len(batch) > 1:
                    # One of them is at fault; the others are not lost with it.
                    batch = batch[:1]
                    self._insert_or_lose(batch[0])
                else:
                    self._lose(1, str(error))
            for _ in batch:
                self._waiting.popleft()

    def _insert_or_lose(self, access: Access) -> None:
        try:
            self._insert([access])
        except RefusedFact as error:
            self._lose(1, str(error))

    def _insert(self, batch: list[Access]) -> None:
        names = [field.name for field in fields(Access)]
        with self._store.writing() as connection:
            connection.execute(insert(ACCESS_LOG), [{name: getattr(each, name) for name in names} for each in batch])

    def _lose(self, count: int, why: str) -> None:
        if self.lost == 0 or self._closing:
            log.error("access_log_lost", accesses=count, reason=why)
        self.lost += count


def accesses(
    store: Store,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    system: str | None = None,
    linkedid: str | None = None,
) -> Iterator[Access]:
    """What was written down, oldest first.

    Args:
        store: the ledger's.
        since: the first instant; None for the beginning.
        until: the first instant behind the last; None for the end.
        system: only of this system's calls.
        linkedid: only of calls with this linkedid.

    Raises:
        StoreError: the store is away.
    """
    stored = ACCESS_LOG.c
    chosen = select(ACCESS_LOG).order_by(stored.at, stored.id).limit(_READ_AT_ONCE)
    for column, value in ((stored.system, system), (stored.linkedid, linkedid)):
        if value is not None:
            chosen = chosen.where(column == value)
    if until is not None:
        chosen = chosen.where(stored.at < until)
    place = None if since is None else stored.at >= since
    while True:
        with store.reading() as connection:
            rows = connection.execute(chosen if place is None else chosen.where(place)).mappings().all()
        for row in rows:
            yield Access(**{field.name: row[field.name] for field in fields(Access)})
        if len(rows) < _READ_AT_ONCE:
            return
        last = rows[-1]
        place = (stored.at >= last["at"]) & ((stored.at > last["at"]) | (stored.id > last["id"]))

"""The ledger's sink: takes facts on the event loop, writes them on a thread of its own.

Nothing is dropped while the store is away. Facts wait in memory up to a bound (`memory_facts`) or a while
(`memory_seconds`), then on disk (`monitor.ledger.spool`), and are written in their order once the store is back: first
what waits on disk, also from a former run, then what waits in memory.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import structlog

from monitor.errors import StoreError
from monitor.ledger.batch import Batch
from monitor.ledger.edge import kept
from monitor.ledger.leader import this_monitor
from monitor.ledger.repository import Repository
from monitor.ledger.rows import STORED_FACTS, StoredFact, StoredRule
from monitor.ledger.schema import upgrade
from monitor.ledger.soundness import Soundness
from monitor.ledger.spool import Spool, decode, spool_paths
from monitor.ledger.store import DamagedStore, Store
from monitor.numbers import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from monitor.callbacks.settling import Terms
    from monitor.calls.facts import Fact
    from monitor.calls.rules import RingRule
    from monitor.numbers import Numbers

_log = structlog.get_logger(__name__)

_ANSWER_SECONDS = 1.5
"""How long the store may take to answer before people are told that it does not."""
_SIGN_SECONDS = 1.0
"""Between two signs of life in the ledger."""
_SPILLED_AT_ONCE = 1000
"""Facts turned into lines at a time: 10,000 of them would take 50 MB on their way to disk."""


class LedgerWriter:
    """Writes facts to a store in batches, off the event loop.

    You must call `start` before and `close` after; `record` may be called from any thread between.

    Args:
        store: a file path, URL or store; it is brought up to date when it is first reached.
        spool_dir: the folder where facts wait on disk; beside the file for SQLite, where it may be None.
        batch_facts: facts written in one transaction.
        batch_seconds: how long a fact waits for others to be written with it.
        memory_facts: facts that wait in memory while the store is away; more go to disk.
        memory_seconds: how long they do so, which is what a killed program can lose.
        retry_seconds: the longest wait between two tries to reach the store; the first is a sixtieth of it.
        ping_seconds: how long `up` may be out of date when nothing is written.
        numbers: how callers' numbers are kept, also by what waits on disk.
        callbacks: by when one calls back; None where calls back are not kept.

    Raises:
        StoreError: the store's path or URL makes no sense.
    """

    def __init__(
        self,
        store: str | Path | Store,
        *,
        spool_dir: Path | None = None,
        batch_facts: int = 500,
        batch_seconds: float = 0.5,
        memory_facts: int = 10_000,
        memory_seconds: float = 60.0,
        retry_seconds: float = 30.0,
        ping_seconds: float = 2.0,
        numbers: Numbers = PLAIN,
        callbacks: Terms | None = None,
    ) -> None:
        self.repository = Repository(store, numbers=numbers, callbacks=callbacks)
        self.up = False
        """Whether the store answered when it was last asked."""
        self.written_total = 0
        """Facts the store has taken."""
        self.rejected_total = 0
        """Facts the store will never take; they lie in the rejected file."""
        self.watching: Callable[[], Mapping[str, datetime]] = dict
        """Asked, from the thread that writes, up to which instant each system has been followed and told of here."""
        self._spool_path, self._rejected_path = spool_paths(self.repository.store, spool_dir)
        self._batch_facts = batch_facts
        self._batch_seconds = batch_seconds
        self._memory_facts = memory_facts
        self._memory_seconds = memory_seconds
        self._retry_seconds = retry_seconds
        self._ping_seconds = ping_seconds
        self._memory: deque[StoredFact] = deque()
        self._in_hand: list[StoredFact] = []
        self._spool: Spool | None = None
        self._store_error: str | None = None
        self._spool_error: str | None = None
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._wake = threading.Event()
        self._wake_at = batch_facts
        self._settled = threading.Condition()
        self._closing = False
        self._give_up_at: float | None = None
        self._complete = True
        self._soundness = Soundness(self.repository.store)
        self._migrated = False
        self._retry_after = retry_seconds / 60
        self._next_try = 0.0
        self._spill_at: float | None = None
        self._contact_at = 0.0
        self._sign_at = 0.0

    @property
    def last_error(self) -> str | None:
        """Why the store is away or facts cannot wait on disk: sentences with a next step; None while all is well."""
        return " ".join(filter(None, (self._store_error, self._spool_error))) or None

    @property
    def quiet(self) -> bool:
        """Whether the store has not answered for longer than it is asked: a database that hangs says nothing."""
        return time.monotonic() - self._contact_at > self._ping_seconds + _ANSWER_SECONDS

    @property
    def stuck(self) -> bool:
        """Whether a driver holds the thread that writes although it was closed; what that had in hand is on disk."""
        return self._closing and self._thread.is_alive()

    @property
    def waiting_facts(self) -> int:
        """Facts the store does not have yet, in memory and on disk."""
        return len(self._memory) + len(self._in_hand) + (self._spool.waiting if self._spool else 0)

    @property
    def left_on_disk(self) -> int:
        """Facts that wait on disk, those of a former run among them: until there are none, the store is behind."""
        return self._spool.waiting if self._spool else 0

    def start(self) -> None:
        """Begin to write, with what a former run left on disk.

        Raises:
            StoreError: facts could not wait on disk: no right to write there, or another program does.
        """
        self._spool = Spool(self._spool_path, self._rejected_path)
        if self._spool.waiting:
            _log.info("facts of a former run wait on disk", facts=self._spool.waiting, path=str(self._spool_path))
        self._thread.start()
        self._wake.set()

    def record(self, fact: Fact) -> None:
        """Take a fact; those the ledger does not keep are passed over. Returns at once and never raises."""
        if isinstance(fact, STORED_FACTS):
            self._take(kept(fact, self.repository.numbers))

    def record_rule(self, rule: RingRule) -> None:
        """Take a rule that makes verdicts from now on. Returns at once and never raises."""
        self._take(StoredRule.of(rule))

    def _take(self, fact: StoredFact) -> None:
        self._memory.append(fact)
        if len(self._memory) >= self._wake_at:
            self._wake.set()

    def flush(self, timeout_seconds: float) -> bool:
        """Write all that waits, now.

        Returns:
            Whether the store has it all; False where the time was too short or the store is away.
        """
        with self._settled:
            self._next_try = 0.0
            self._wake.set()
            return self._settled.wait_for(lambda: self.waiting_facts == 0, timeout_seconds)

    def secure(self, timeout_seconds: float) -> bool:
        """Have all that waits in memory written, or on disk where the store is away.

        Args:
            timeout_seconds: for each of the two.

        Returns:
            Whether a killed program would lose none of it.
        """
        if self.flush(timeout_seconds):
            return True
        with self._settled:
            self._spill_at = time.monotonic()
            self._wake.set()
            return self._settled.wait_for(lambda: not self._memory and not self._in_hand, timeout_seconds)

    def close(self, timeout_seconds: float = 10.0) -> bool:
        """Write what waits, or put it on disk for the next start. Facts recorded afterwards are lost.

        Returns:
            Whether the store has it all.
        """
        if self._spool is None:
            return self._complete
        self._give_up_at = time.monotonic() + timeout_seconds
        self._closing = True
        self._wake.set()
        self._thread.join(timeout_seconds + 1.0)
        if self._thread.is_alive():
            # Stuck in the driver. Facts it has in hand may be written twice, which is the same as once.
            self._memory.extendleft(reversed(self._in_hand))
            self._spill()
        if self._spool.waiting:
            _log.warning("facts wait on disk for the next start", facts=self._spool.waiting, path=str(self._spool_path))
        if self._memory:
            _log.error("facts are lost: neither store nor disk took them", facts=len(self._memory))
        self._complete = not self._spool.waiting and not self._memory
        self._spool.close()
        self._spool = None
        return self._complete

    # The thread

    def _run(self) -> None:
        while not self._closing:
            now = time.monotonic()
            self._wake.wait(self._batch_seconds if self.up else max(0.0, min(self._next_try, self._spill_due()) - now))
            self._wake.clear()
            self._turn()
        self._next_try = 0.0
        self._turn()
        self._spill()
        self.repository.close()

    def _spill_due(self) -> float:
        return self._spill_at if self._spill_at is not None and self._memory else float("inf")

    def _turn(self) -> None:
        """One round: write what waits if the store may be there, put it on disk if it waits too long."""
        if time.monotonic() >= self._next_try:
            try:
                self._write_waiting()
            except StoreError as error:
                if isinstance(error, DamagedStore):
                    self._soundness.doubt()
                self._lose(str(error))
            except Exception as error:  # noqa: BLE001 - the thread must outlive anything: nobody else writes
                # A traceback may show a caller's number, so it is for those who asked for it.
                _log.debug("the ledger's writer met an unexpected error", exc_info=True)
                self._lose(f"The ledger cannot be written ({type(error).__name__}): run with --debug to see why.")
        if len(self._memory) >= self._memory_facts or time.monotonic() >= self._spill_due():
            self._spill()
        with self._settled:
            self._settled.notify_all()

    def _write_waiting(self) -> None:
        """Write everything: what waits on disk, then what waits in memory.

        Raises:
            StoreError: the store is away; what it did not take still waits.
        """
        self._soundness.demand()
        if not self._migrated:
            upgrade(self.repository.store)
            self._migrated = True
            self._reached()
        followed = self.watching() if time.monotonic() >= self._sign_at else {}
        while not self._out_of_time():
            if self._spool is not None and self._spool.waiting:
                self._write_spooled(self._spool)
            elif self._memory:
                self._write_remembered()
            else:
                self._give_sign(followed)
                break
            self._reached()
            if len(self._memory) >= self._memory_facts:
                self._spill()
        if time.monotonic() - self._contact_at >= self._ping_seconds:
            self.repository.ping()
            self._reached()

    def _give_sign(self, followed: Mapping[str, datetime]) -> None:
        """Write down how far each system was followed, now that the ledger has all that was told until then."""
        if followed:
            self.repository.watched(this_monitor(), followed)
            self._sign_at = time.monotonic() + _SIGN_SECONDS

    def _write_spooled(self, spool: Spool) -> None:
        lines = spool.oldest(self._batch_facts)
        facts: list[StoredFact] = []
        unread: list[tuple[bytes, str]] = []
        for line in lines:
            try:
                facts.append(decode(line))
            except (ValueError, RecursionError) as error:
                unread.append((line, f"the line cannot be read ({type(error).__name__})"))
        self._write(facts, unread)
        spool.taken(lines)

    def _write_remembered(self) -> None:
        batch = self._take_in_hand(self._batch_facts)
        try:
            self._write(batch)
        except BaseException:
            self._memory.extendleft(reversed(batch))
            raise
        finally:
            self._in_hand = []

    def _take_in_hand(self, count: int) -> list[StoredFact]:
        """Move up to `count` facts out of memory, each of them counted as waiting at every moment."""
        self._in_hand = taken = []
        for _ in range(min(count, len(self._memory))):
            taken.append(self._memory[0])
            self._memory.popleft()
        return taken

    def _write(self, facts: Sequence[StoredFact], unread: Iterable[tuple[bytes, str]] = ()) -> None:
        """Write facts, and put those aside that the store will never take, once the others are safe.

        Raises:
            StoreError: the store is away; all of them may be written again.
        """
        batch = Batch(refused=list(unread))
        batch.write(self.repository, facts)
        for fact, why in batch.refused:
            self._reject(fact, why)
        self.written_total += batch.written

    def _reject(self, fact: StoredFact | bytes, why: str) -> None:
        if self._spool is None:
            return
        try:
            self._spool.reject(fact, why)
        except OSError as error:
            raise StoreError(
                f"A refused fact cannot be put aside at {self._rejected_path} ({error.strerror}): make room there."
            ) from error
        self.rejected_total += 1
        kind = "line" if isinstance(fact, bytes) else type(fact).__name__
        _log.error("the ledger refused a fact; it is put aside", kind=kind, why=why, path=str(self._rejected_path))

    def _reached(self) -> None:
        if not self.up:
            _log.info("the ledger is up", store=self.repository.store.name, waiting_facts=self.waiting_facts)
        self.up = True
        self._store_error = None
        self._contact_at = time.monotonic()
        self._retry_after = self._retry_seconds / 60
        self._spill_at = None
        self._wake_at = self._batch_facts

    def _lose(self, why: str) -> None:
        now = time.monotonic()
        if self.up or self._store_error != why:
            _log.error("the ledger is away; facts wait", why=why, waiting_facts=self.waiting_facts)
        if self._spill_at is None:
            self._spill_at = now + self._memory_seconds
        self.up = False
        self._store_error = why
        self._next_try = now + self._retry_after
        self._retry_after = min(self._retry_after * 2, self._retry_seconds)
        self._wake_at = self._memory_facts
        # A database may come back empty; a file that is gone is never replaced by an empty one.
        self._migrated = self._migrated and self.repository.store.is_sqlite
        self.repository.close()

    def _spill(self) -> None:
        """Move what waits in memory to disk, behind what waits there."""
        left = len(self._memory)
        while self._spool is not None and left > 0:
            facts = self._take_in_hand(min(left, _SPILLED_AT_ONCE))
            left -= len(facts)
            try:
                self._spool.append(facts)
            except (OSError, TypeError, ValueError) as error:
                self._memory.extendleft(reversed(facts))
                self._in_hand = []
                self._stay_in_memory(
                    f"Facts cannot wait at {self._spool_path} ({type(error).__name__}): make room there."
                )
                return
            self._in_hand = []
            self._spool_error = None
            if self._spill_at is not None:
                self._wake_at = self._memory_facts
                self._spill_at = time.monotonic() + self._memory_seconds

    def _stay_in_memory(self, why: str) -> None:
        if self._spool_error != why:
            _log.error("facts cannot wait on disk and stay in memory", why=why, waiting_facts=len(self._memory))
        self._spool_error = why
        self._wake_at = len(self._memory) + self._batch_facts
        self._spill_at = time.monotonic() + self._retry_after

    def _out_of_time(self) -> bool:
        return self._give_up_at is not None and time.monotonic() >= self._give_up_at

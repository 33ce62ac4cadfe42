"""Two monitors of the same Asterisks: both follow every call, and one of them, the leader, writes and tells.

A sink that stands before those that must act once: the ledger, the counters, the alerts. Leading, facts pass. Standing
by, they are held until the leader is known to have written what they tell; when the leader is gone they pass in their
order, which writes them once, since the ledger takes a fact twice as once. Where the ledger is a file there is nobody
to stand by for.

While PostgreSQL is away nobody can know who leads. Who led last goes on, for an alert too many is better than none, and
what is told to the ledger waits in its spool; who stood by goes on holding what it sees.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import structlog

from monitor.calls.facts import EPOCH, Gap, instant, microseconds
from monitor.errors import StoreError
from monitor.ledger.leader import this_monitor
from monitor.ledger.rows import STORED_FACTS
from monitor.sight import Sight, behind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from monitor.calls.facts import Fact
    from monitor.ledger.leader import Answer, LeaderLock, Seen

log = structlog.get_logger(__name__)

ASK_SECONDS = 0.5
"""Between two looks at the lock: a leader that is gone is replaced within this and the time its connection takes."""
HOLD_SECONDS = 600.0
"""So long are facts held at the least; longer where the ledger's leader is farther behind."""
_MARGIN_SECONDS = 60.0
"""How long the ledger's leader may still hold facts in memory that it has seen."""
_VOUCH_SECONDS = 5.0
"""Between two looks at what others told of as unobserved."""
_BLIND_SECONDS = 2.0
"""A leader makes room where it cannot see a system for so long, and somebody else can."""
_LET_GO_SECONDS = 1.0
"""How long a stop waits for the lock to be let go; a server that hangs finds out by itself."""
_LATELY = timedelta(minutes=20)
_SPILLED_AT_ONCE = 1_000


class State(StrEnum):
    """What this monitor is to the others of its ledger."""

    LEADING = "leading"
    STANDING_BY = "standing_by"
    UNKNOWN = "unknown"
    """PostgreSQL is away, and with it the lock."""


class Sink(Protocol):
    """Whatever takes facts."""

    def record(self, fact: Fact) -> None:
        """Take a fact."""
        ...


class Duty(Protocol):
    """What follows the present all the time, and acts on it only while this monitor leads: the alerts."""

    def stand_by(self) -> None:
        """Another monitor acts from now on."""
        ...

    def take_over(self, since: Mapping[str, datetime]) -> None:
        """Act from now on.

        Args:
            since: by system and on its clock, up to when the leader before has acted.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    """A fact that may still have to be told."""

    received: float
    """By our monotonic clock."""
    there_us: int
    """When it came, by its system's clock."""
    fact: Fact


class Standby:
    """Who leads, and the ledger's sink that depends on it. All but the lock belongs to the event loop's thread.

    You must await `start` before the first fact and call `close` behind the last.

    Args:
        lock: the ledger's; None where the ledger is a file, whose monitor leads always.
        ledger: takes each fact for the ledger; returns at once and never raises.
        clock: what the clock of a system shows now.
        sees_all: whether every system can be observed now.
        held_facts: how many facts are held at most; of more, the oldest are given to the ledger, which has them once.
        monitor: what this monitor is called in the ledger.
    """

    def __init__(
        self,
        lock: LeaderLock | None,
        ledger: Callable[[Fact], None],
        *,
        clock: Callable[[str], datetime],
        sees_all: Callable[[], bool],
        held_facts: int = 50_000,
        monitor: str = "",
    ) -> None:
        self._lock = lock
        self._ledger = ledger
        self._clock = clock
        self._sees_all = sees_all
        self._held_facts = held_facts
        self._monitor = monitor or this_monitor()
        self._acts = True
        """Facts pass: this monitor leads, or led last, or nobody could be asked yet."""
        self.state = State.LEADING if lock is None else State.UNKNOWN
        self._counting: list[Sink] = []
        self._duties: list[Duty] = []
        self._held: deque[_Held] = deque()
        self._sight = Sight()
        self._keep_seconds = HOLD_SECONDS
        self._cut: dict[str, datetime] = {}
        """By system, the end of what another monitor followed: gaps of ours begin behind it."""
        self._whole_since: dict[str, datetime] = {}
        """By system, from when on the ledger has all that was seen here."""
        self._blind_since: float | None = None
        self._known = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, name="ledger-leader", daemon=True)
        self._vouch_at = 0.0
        self._why = ""
        self._unobserved: dict[str, tuple[int, int]] = {}
        self._gaps_since = EPOCH
        self._sees = True

    # What others ask

    @property
    def leading(self) -> bool:
        """Whether this monitor is known to lead: what must be done once, such as a report, is for it to do."""
        return self.state is State.LEADING

    @property
    def acts(self) -> bool:
        """Whether what this monitor sees is told to ledger and people: it leads, or led last and nobody can know."""
        return self._acts

    @property
    def held(self) -> int:
        """Facts that are held."""
        return len(self._held)

    def unobserved_us(self, system: str, told_us: int) -> int:
        """How long a system could not be observed while it was for this monitor to tell, as far as it was asked.

        Args:
            system: its name.
            told_us: how long this monitor could not observe it, in all.
        """
        before_us, counted_us = self._unobserved.get(system, (0, 0))
        if self._acts:
            counted_us += max(0, told_us - before_us)
        self._unobserved[system] = (told_us, counted_us)
        return counted_us

    # Who else depends on it

    def counting(self, sink: Sink) -> Sink:
        """A sink that counts only what this monitor told the ledger, so that sums over monitors count a call once."""
        self._counting.append(sink)
        return _Counting(self, sink)

    def add_duty(self, duty: Duty) -> None:
        """Let somebody know when this monitor begins and ceases to act; it acts until it is told otherwise."""
        self._duties.append(duty)

    # The work

    async def start(self, timeout_seconds: float) -> State:
        """Ask who leads for the first time, and go on asking; the answer, or `UNKNOWN` where there is none in time."""
        if self._lock is None:
            return self.state
        self._loop = asyncio.get_running_loop()
        self._gaps_since = self._now() - _LATELY
        self._thread.start()
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._known.wait()
        except TimeoutError:
            log.warning("leader_unknown", next_step="See that PostgreSQL runs; until then this monitor acts by itself.")
        return self.state

    def close(self) -> None:
        """Ask no more, and let go of the lock: whoever stands by leads. What is held is another's to tell."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_LET_GO_SECONDS)

    def record(self, fact: Fact) -> None:
        """Take a fact for the ledger. Returns at once and never raises."""
        system = _system_of(fact)
        if isinstance(fact, Gap):
            self._sight.record(fact)
        elif system not in self._sight:
            self._sight.begin(system, self._clock(system))
        if self._acts:
            self._pass(fact)
            return
        self._held.append(_Held(time.monotonic(), microseconds(self._clock(system)), fact))
        if len(self._held) > self._held_facts:
            self._spill()

    def restore(self, facts: Iterable[Fact]) -> None:
        """Take what a run before has told already, and the ledger may not have; whoever leads, it is the better for it.

        What nobody could see is left to the leader, who may have seen it.
        """
        for fact in facts:
            if isinstance(fact, Gap):
                self.record(fact)
            else:
                self._ledger(fact)

    def _pass(self, fact: Fact) -> None:
        if isinstance(fact, Gap) and fact.system in self._cut:
            left = behind(fact, self._cut[fact.system])
            if left is not None:
                self._ledger(left)
        else:
            self._ledger(fact)

    def _spill(self) -> None:
        """Give the oldest to the ledger, which keeps them in its spool; what it does not keep has had its time."""
        gaps: list[_Held] = []
        for _ in range(_SPILLED_AT_ONCE):
            held = self._held.popleft()
            if isinstance(held.fact, Gap):
                gaps.append(held)
            elif isinstance(held.fact, STORED_FACTS):
                self._ledger(held.fact)
        # Nobody knows yet whether another monitor saw what this one did not.
        self._held.extendleft(reversed(gaps))

    # The lock's thread

    def _ask_on(self) -> None:
        assert self._lock is not None  # noqa: S101 - the thread is started only with a lock
        lost = False
        while not self._stopping.is_set():
            answer = self._ask(self._lock)
            if isinstance(answer, StoreError) and not lost:
                # A connection that was lost may be had again at once, before anybody else takes the lock.
                answer = self._ask(self._lock)
            lost = isinstance(answer, StoreError)
            self._tell_loop(answer)
            self._stopping.wait(ASK_SECONDS)
        self._lock.let_go()

    def _ask(self, lock: LeaderLock) -> Answer | StoreError:
        try:
            return lock.ask(sees_all=self._sees, gaps_since=self._gaps_since)
        except StoreError as error:
            return error
        except Exception as error:
            # The thread must outlive anything: nobody else asks. What it was may show a name of the settings.
            log.debug("leader_lock_failed", exc_info=error)
            return StoreError(f"The leader's lock cannot be had ({type(error).__name__}): run with --debug to see why.")

    def _tell_loop(self, answer: Answer | StoreError) -> None:
        loop = self._loop
        if loop is None or loop.is_closed() or self._stopping.is_set():
            return
        try:
            loop.call_soon_threadsafe(self._learn, answer)
        except RuntimeError:
            # The loop was closed in between: the program ends.
            self._stopping.set()

    # On the event loop again

    def _learn(self, answer: Answer | StoreError) -> None:
        self._look_around()
        if isinstance(answer, StoreError):
            if self._why != str(answer):
                self._why = str(answer)
                log.warning("leader_unknown", why=self._why, acts=self._acts)
            self.state = State.UNKNOWN
            return
        self._why = ""
        if answer.leads:
            self._lead(answer)
        else:
            self._follow(answer)
        self._known.set()

    def _look_around(self) -> None:
        """What the lock's thread needs to know when it asks next."""
        now = time.monotonic()
        if self._sees_all():
            self._blind_since = None
        elif self._blind_since is None:
            self._blind_since = now
        patience_seconds = _BLIND_SECONDS if self._acts else 0.0
        self._sees = self._blind_since is None or now - self._blind_since < patience_seconds
        self._gaps_since = self._now() - _LATELY

    def _now(self) -> datetime:
        return instant(time.time_ns() // 1000)

    def _lead(self, answer: Answer) -> None:
        if self.state is not State.LEADING:
            self.state = State.LEADING
            log.info("leading", held_facts=len(self._held))
            if not self._acts:
                self._take_over(self._last_signs(answer.seen))
            # What it wrote last may be on its way.
            self._vouch_at = time.monotonic() + 2 * ASK_SECONDS
        if time.monotonic() < self._vouch_at:
            return
        self._vouch_at = time.monotonic() + _VOUCH_SECONDS
        for gap in answer.gaps:
            for left in self._sight.left_of(gap, self._whole_since.get(gap.system, EPOCH)):
                self._ledger(left)

    def _last_signs(self, seen: Mapping[str, Seen]) -> dict[str, datetime]:
        """By system, up to when others have followed it."""
        return {system: known.until_at for system, known in seen.items() if known.monitor != self._monitor}

    def _take_over(self, since: Mapping[str, datetime]) -> None:
        held, self._held = self._held, deque()
        self._cut |= since
        # All that was seen since facts have been held is in the ledger from now on.
        kept = timedelta(seconds=self._keep_seconds)
        self._whole_since = {system: self._clock(system) - kept for system in self._sight}
        signs = {system: microseconds(at) for system, at in since.items()}
        for entry in held:
            self._pass(entry.fact)
            if entry.there_us > signs.get(_system_of(entry.fact), entry.there_us):
                for sink in self._counting:
                    sink.record(entry.fact)
        # Not before: the ledger's thread asks how far everything was told, and what was held is not yet.
        self._acts = True
        for duty in self._duties:
            duty.take_over(since)

    def _follow(self, answer: Answer) -> None:
        if self.state is not State.STANDING_BY:
            acted, self._acts, self.state = self._acts, False, State.STANDING_BY
            log.info("standing_by", leader=sorted({known.monitor for known in answer.seen.values()}))
            if acted:
                for duty in self._duties:
                    duty.stand_by()
        self._keep_seconds = HOLD_SECONDS
        for system in self._sight:
            # The ledger may tell of others, which nobody follows any more.
            if system in answer.seen:
                late_seconds = (self._clock(system) - answer.seen[system].until_at).total_seconds()
                self._keep_seconds = max(self._keep_seconds, late_seconds + _MARGIN_SECONDS)
        oldest = time.monotonic() - self._keep_seconds
        while self._held and self._held[0].received < oldest:
            self._held.popleft()


class _Counting:
    """Facts for a sink that counts, while this monitor acts."""

    def __init__(self, standby: Standby, sink: Sink) -> None:
        self._standby = standby
        self._sink = sink

    def record(self, fact: Fact) -> None:
        """Pass a fact on, or leave it to the leader."""
        if self._standby.acts:
            self._sink.record(fact)


def _system_of(fact: Fact) -> str:
    """The system of a fact."""
    key = getattr(fact, "key", None)
    system: str = getattr(fact, "system", "") if key is None else key.system
    return system

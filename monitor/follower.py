"""One Asterisk, listened to and followed: from its AMI connection to the facts of its calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog

from monitor.ami.feed import Batch, ClockSet, LinkDown, LinkUp, TimePassed
from monitor.ami_listener import AmiListener
from monitor.calls.facts import Gap, GapCause, instant, microseconds
from monitor.calls.state import NEVER_US
from monitor.clocks import OwnClock
from monitor.following import Following
from monitor.resume import follow_again

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.ami.feed import FeedItem, JournalItem, Standing
    from monitor.calls.facts import Fact
    from monitor.calls.state import Plan
    from monitor.config import AsteriskSettings
    from monitor.resume import Again

log = structlog.get_logger(__name__)

FEED_ITEMS = 16
"""Batches that wait for the call state; beyond it the listener lets the network wait."""
GRACE_US = 20_000
"""How long a timer waits for an event that was stamped before it and is still on its way: an answer just in time."""
PONG_SECONDS = 1.0
"""How long an answer to a ping may take before people are told; the connection is given a little longer."""
LATE_PONG_SECONDS = 0.5
"""How long an answer to a ping may take before timers wait for it: a phone that seems to ring on may be answered."""
STUCK_US = 60_000_000
"""A timer later than this: whoever should have acted on it does not work any more, and no load explains it."""


ASK_TIME_US = 500_000
"""Asterisk is asked the time at once where its clock may have been set, and not more often than this."""


OldestCall = Callable[[int], int | None]
"""How long ago, at an instant of our own clock, the oldest call in progress began; None where there is none."""
KnownBesides = Callable[[int], "Standing"]
"""What is known besides the calls, at an instant of our own clock."""


class Recorder(Protocol):
    """Where everything that moves a system's call state is written down before it does."""

    def append(self, item: JournalItem) -> None:
        """Write an item down; returns at once and never raises."""
        ...


class Follower:
    """One Asterisk, listened to and followed; what metrics and /readyz ask of it.

    Args:
        settings: the system.
        plan: which calls are wanted, and how they are judged.
        tell: takes each fact.
        pause_seconds: says how long to let others work before more is read; 0 but under a load no centre makes.
        clock_rate: how fast its clock runs; 1 but for a simulator.
        journal: makes that where what comes is written down first, from what asks how long ago the oldest call in
            progress began and what asks what is known besides; None for nowhere.
        clock: our own.
    """

    def __init__(
        self,
        settings: AsteriskSettings,
        plan: Plan,
        tell: Callable[[Iterable[Fact]], None],
        *,
        pause_seconds: Callable[[], float] = lambda: 0.0,
        clock_rate: float = 1.0,
        journal: Callable[[OldestCall, KnownBesides], Recorder] | None = None,
        clock: OwnClock | None = None,
    ) -> None:
        self._pause_seconds = pause_seconds
        self._tell = tell
        self._queue: asyncio.Queue[FeedItem] = asyncio.Queue(FEED_ITEMS)
        self.clock = clock or OwnClock()
        self._listener = AmiListener(settings, self._queue, clock=self.clock)
        self.following = Following(settings.name, plan, clock_rate=clock_rate)
        self._afresh = partial(Following, settings.name, plan, clock_rate=clock_rate)
        self._journal = None if journal is None else journal(self._oldest_call_age_us, self._standing)
        self._grace_us = int(GRACE_US * clock_rate)
        self._gaps_us = 0
        self._asked_time_us = 0
        self._blind_since_us: int | None = None
        self._followed_us: int | None = None

    @property
    def name(self) -> str:
        """Its configured name, by which its journal is found."""
        return self._listener.settings.name

    # What metrics and /readyz read

    @property
    def system(self) -> str:
        """The name its calls are filed under: AMI's SystemName, until that is known the configured one."""
        return self.following.system

    @property
    def up(self) -> bool:
        """Logged in, booted and followed."""
        return self._listener.up

    @property
    def quiet(self) -> bool:
        """Whether it has given no sign of life for longer than its pings should take: what is shown may be old."""
        return self._unheard_for(PONG_SECONDS)

    @property
    def _pong_is_late(self) -> bool:
        """Whether an answer to a ping is late: no timer runs out on a wire that may be dead."""
        return self._unheard_for(LATE_PONG_SECONDS)

    def _unheard_for(self, seconds: float) -> bool:
        """Whether a ping has gone without an answer for so long."""
        heard_at = self._listener.heard_at
        if heard_at is None:
            return False
        allowed_seconds = self._listener.settings.ping_interval_seconds + seconds
        return asyncio.get_running_loop().time() - heard_at > allowed_seconds

    def now(self) -> datetime:
        """What its clock shows now."""
        return instant(self.following.clock.at(self.clock.now_us()))

    @property
    def reason(self) -> str | None:
        """Why its figures cannot be trusted now, in words."""
        return self._listener.problem

    @property
    def events(self) -> Mapping[str, int]:
        """Events received, by name."""
        return self.following.events

    @property
    def reconnects(self) -> int:
        """Connections made anew after one was lost."""
        return self._listener.reconnects

    @property
    def last_event_at(self) -> float | None:
        """Seconds since 1970; None before the first event."""
        return self._listener.last_event_at

    @property
    def discarded(self) -> Mapping[str, int]:
        """Packets dropped, by reason."""
        return self._listener.discarded | {"broken_off": self.following.malformed}

    @property
    def unexpected(self) -> Mapping[str, int]:
        """Events that did not fit, by kind."""
        return {"unknown_channel": 0, "no_timestamp": self._listener.untimed_events} | self.following.unexpected

    @property
    def clock_offset_us(self) -> int | None:
        """How far its clock is ahead of ours; None before it is known, and where it runs at another rate."""
        return self.following.clock.offset_us(self.clock.now_us())

    @property
    def clock_steps(self) -> Mapping[str, int]:
        """How often its clock was set, and ours."""
        return {"asterisk": self.following.clock_steps, "monitor": self.clock.times_set}

    @property
    def unobserved_us(self) -> int:
        """How long it could not be observed, in all."""
        if self._blind_since_us is None:
            return self._gaps_us
        return self._gaps_us + max(0, self.following.clock.at(self.clock.now_us()) - self._blind_since_us)

    @property
    def alive(self) -> bool:
        """Whether it still does its work: nothing that fell due has waited for it longer than `STUCK_US`."""
        overdue_us = self.following.clock.at(self.clock.now_us()) - self.following.next_deadline_us
        return overdue_us < STUCK_US

    def take_settings(self, settings: Sequence[AsteriskSettings]) -> None:
        """Go by other settings of the same system, found among all by its configured name."""
        name = self._listener.settings.name
        self._listener.take_settings(next(system for system in settings if system.name == name))

    @property
    def followed_until(self) -> datetime | None:
        """Up to which instant of its clock everything was followed and told; None while it cannot be observed."""
        us = self._followed_us
        return None if us is None else instant(us)

    # The work

    def begin(self, at_us: int) -> None:
        """From an instant of our own clock on it is this run that does not see the system yet; `run` does it too."""
        if not self.following.blind:
            self._take(LinkDown(at_us, GapCause.NOT_CONNECTED, "The monitor has begun to connect."))

    async def run(self) -> None:
        """Listen and follow, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listener.run(), name=f"listen {self._listener.settings.name}")
            tasks.create_task(self._follow(), name=f"follow {self._listener.settings.name}")

    def follow_again(self, items: Iterable[JournalItem], last_us: int) -> Again:
        """What is known at a journal's end; nothing is taken over yet. Call it before `run`, in any thread.

        Args:
            items: the journal's unfinished part.
            last_us: when the last of them came.
        """
        return follow_again(self._afresh(), items, last_us)

    def go_on(self, again: Again) -> None:
        """Go on from there; tells what nobody was told before: from the journal's end on nothing was seen."""
        self.following = again.following
        for fact in again.present:
            if isinstance(fact, Gap):
                self._count(fact)
        if not self.following.blind:
            self._take(again.link_down)
        self._out(again.long_over(self.clock.now_us()))

    def close(self, keep: Callable[[Iterable[Fact]], None] | None = None) -> None:
        """No more will come: the calls in progress end unobserved, and from now on nothing is seen.

        Args:
            keep: takes the records of calls in progress where they are not over: the next run goes on with them.
        """
        self._take(LinkDown(self.clock.now_us(), GapCause.MONITOR_DOWN, "The monitor was stopped."))
        facts = self.following.close()
        if keep is None:
            self._out(facts)
        else:
            keep(facts)

    async def _follow(self) -> None:
        self.begin(self.clock.now_us())
        while True:
            item = await self._next()
            if item is None and not self._pong_is_late:
                self._take(TimePassed(self.following.clock.at(self.clock.now_us()) - self._grace_us))
                continue
            if item is None:
                # The wire may be dead, and the phone that seems to ring on answered: time stands still until it tells.
                item = await self._queue.get()
            self._received(item)
            pause_seconds = self._pause_seconds()
            if pause_seconds:
                await asyncio.sleep(pause_seconds)

    async def _next(self) -> FeedItem | None:
        """The next thing the listener has; None where a timer falls due before there is one."""
        deadline_us = self.following.next_deadline_us
        if deadline_us >= NEVER_US or not self._queue.empty():
            return await self._queue.get()
        try:
            seconds = self.following.clock.seconds_until(deadline_us + self._grace_us, self.clock.now_us())
            async with asyncio.timeout(seconds):
                return await self._queue.get()
        except TimeoutError:
            return None

    def _received(self, item: FeedItem) -> None:
        """Take what came, dated by the even clock, as our clock has it that people may set."""
        by_us = self.clock.follow()
        if by_us:
            self._take(ClockSet(self.clock.now_us(), by_us))
        set_us = self.clock.set_us
        if not set_us:
            self._take(item)
        elif isinstance(item, Batch):
            self._take(replace(item, received_at_us=item.received_at_us + set_us))
        else:
            self._take(replace(item, at_us=item.at_us + set_us))
        if self.following.in_doubt:
            self._ask_time()

    def _ask_time(self) -> None:
        """Ask Asterisk what time it is, unless that was asked just now."""
        now_us = self.clock.even_us()
        if now_us - self._asked_time_us > ASK_TIME_US:
            self._asked_time_us = now_us
            self._listener.ask_time()

    def _oldest_call_age_us(self, now_us: int) -> int | None:
        return self.following.oldest_call_age_us(now_us)

    def _standing(self, now_us: int) -> Standing:
        return self.following.standing(now_us)

    def _take(self, item: JournalItem) -> None:
        """Write an item down, then follow it: what is known of a call can be made anew from what was written."""
        if self._journal is not None:
            self._journal.append(item)
        self._out(self.following.take(item))
        if isinstance(item, Batch | LinkUp):
            at_us = item.received_at_us if isinstance(item, Batch) else item.at_us
            self._followed_us = None if self.following.blind else self.following.clock.at(at_us)
        elif isinstance(item, LinkDown):
            self._followed_us = None

    def _out(self, facts: list[Fact]) -> None:
        for fact in facts:
            if isinstance(fact, Gap):
                self._count(fact)
        self._tell(facts)

    def _count(self, gap: Gap) -> None:
        began_us = microseconds(gap.started_at)
        if gap.ended_at is None:
            self._blind_since_us = began_us
        else:
            self._gaps_us += microseconds(gap.ended_at) - began_us
            self._blind_since_us = None

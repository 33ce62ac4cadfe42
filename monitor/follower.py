"""One Asterisk, listened to and followed: from its AMI connection to the facts of its calls."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from monitor.ami.clock import RemoteClock
from monitor.ami.decoder import Decoder
from monitor.ami.feed import Batch, LinkDown, LinkUp
from monitor.ami.protocol import pong_us
from monitor.ami_listener import AmiListener
from monitor.calls.facts import Gap, GapCause, instant, microseconds
from monitor.calls.state import NEVER_US
from monitor.calls.tracker import CLOCK_STEP_US, Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from monitor.ami.feed import FeedItem
    from monitor.calls.facts import Fact
    from monitor.calls.state import Plan
    from monitor.config import AsteriskSettings

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


def now_us() -> int:
    """Our own clock, microseconds since 1970."""
    return time.time_ns() // 1000


class Follower:
    """One Asterisk, listened to and followed; what metrics and /readyz ask of it.

    Args:
        settings: the system.
        plan: which calls are wanted, and how they are judged.
        tell: takes each fact.
        pause_seconds: says how long to let others work before more is read; 0 but under a load no centre makes.
        clock_rate: how fast its clock runs; 1 but for a simulator.
    """

    def __init__(
        self,
        settings: AsteriskSettings,
        plan: Plan,
        tell: Callable[[Iterable[Fact]], None],
        *,
        pause_seconds: Callable[[], float] = lambda: 0.0,
        clock_rate: float = 1.0,
    ) -> None:
        self._pause_seconds = pause_seconds
        self._plan = plan
        self._tell = tell
        self._queue: asyncio.Queue[FeedItem] = asyncio.Queue(FEED_ITEMS)
        self._listener = AmiListener(settings, self._queue)
        self._decoder = Decoder()
        self._clock = RemoteClock(clock_rate)
        # What is late here by our clock is late there by as much more as that clock runs faster.
        self._grace_us = int(GRACE_US * clock_rate)
        self._disorder_us = int(CLOCK_STEP_US * max(1.0, clock_rate))
        self._tracker = Tracker(settings.name, plan, disorder_us=self._disorder_us)
        self._gaps_us = 0
        self._blind_since_us: int | None = None

    # What metrics and /readyz read

    @property
    def system(self) -> str:
        """The name its calls are filed under: AMI's SystemName, until that is known the configured one."""
        return self._tracker.system

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
        return instant(self._clock.at(now_us()))

    @property
    def reason(self) -> str | None:
        """Why its figures cannot be trusted now, in words."""
        return self._listener.problem

    @property
    def events(self) -> Mapping[str, int]:
        """Events received, by name."""
        return {name.decode("utf-8", "replace"): count for name, count in self._decoder.counts.items()}

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
        return self._listener.discarded | {"broken_off": self._decoder.malformed}

    @property
    def unexpected(self) -> Mapping[str, int]:
        """Events that did not fit, by kind."""
        return {"unknown_channel": 0, "no_timestamp": self._listener.untimed_events} | self._tracker.unexpected

    @property
    def unobserved_us(self) -> int:
        """How long it could not be observed, in all."""
        if self._blind_since_us is None:
            return self._gaps_us
        return self._gaps_us + max(0, self._clock.at(now_us()) - self._blind_since_us)

    @property
    def alive(self) -> bool:
        """Whether it still does its work: nothing that fell due has waited for it longer than `STUCK_US`."""
        overdue_us = self._clock.at(now_us()) - self._tracker.next_deadline_us
        return overdue_us < STUCK_US

    # The work

    async def run(self) -> None:
        """Listen and follow, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listener.run(), name=f"listen {self._listener.settings.name}")
            tasks.create_task(self._follow(), name=f"follow {self._listener.settings.name}")

    def close(self) -> None:
        """No more will come: the calls in progress end unobserved, and from now on nothing is seen."""
        tracker = self._tracker
        self._out(tracker.link_down(max(tracker.now_us, self._clock.at(now_us())), GapCause.MONITOR_DOWN))
        self._out(tracker.close())

    async def _follow(self) -> None:
        self._out(self._tracker.link_down(now_us(), GapCause.NOT_CONNECTED))
        while True:
            item = await self._next()
            if item is None and not self._pong_is_late:
                self._out(self._tracker.advance(self._clock.at(now_us()) - self._grace_us))
                continue
            if item is None:
                # The wire may be dead, and the phone that seems to ring on answered: time stands still until it tells.
                item = await self._queue.get()
            self._take(item)
            pause_seconds = self._pause_seconds()
            if pause_seconds:
                await asyncio.sleep(pause_seconds)

    async def _next(self) -> FeedItem | None:
        """The next thing the listener has; None where a timer falls due before there is one."""
        deadline_us = self._tracker.next_deadline_us
        if deadline_us >= NEVER_US or not self._queue.empty():
            return await self._queue.get()
        try:
            async with asyncio.timeout(self._clock.seconds_until(deadline_us + self._grace_us, now_us())):
                return await self._queue.get()
        except TimeoutError:
            return None

    def _take(self, item: FeedItem) -> None:
        if isinstance(item, Batch):
            self._read(item)
        elif isinstance(item, LinkUp):
            self._link_up(item)
        elif isinstance(item, LinkDown):
            # Timers may have run a little beyond what was seen last; what was seen is what counts.
            at_us = max(self._clock.at(item.at_us), self._decoder.last_us)
            self._out(self._tracker.link_down(at_us, item.cause))
        elif item.refused:
            log.warning("present_unknown", system=self._tracker.system, refused=item.refused)

    def _read(self, batch: Batch) -> None:
        decode, feed = self._decoder.decode, self._tracker.feed
        received_us = batch.received_at_us
        # Answers carry no Timestamp even where events do; the tracker's time is Asterisk's, not ours.
        there_us = self._clock.at(received_us)
        before_us = self._decoder.last_us
        for _, packet in batch.packets:
            event = decode(packet, there_us)
            if event is not None:
                facts = feed(event)
                if facts:
                    self._out(facts)
            elif (pong := pong_us(packet)) is not None:
                self._clock.observe(received_us, pong)
                there_us = self._clock.at(received_us)
        if self._decoder.last_us != before_us:
            self._clock.observe(received_us, self._decoder.last_us)

    def _link_up(self, notice: LinkUp) -> None:
        at_us = max(self._clock.at(notice.at_us), self._tracker.now_us)
        if self._listener.system != self._tracker.system:
            # Asterisk's own name is the one calls are filed under; nothing was filed under the other yet but the wait.
            self._out(self._tracker.link_up(at_us))
            self._out(self._tracker.close())
            self._tracker = Tracker(self._listener.system, self._plan, disorder_us=self._disorder_us)
        elif notice.restarted:
            self._out(self._tracker.restarted(at_us))
        self._out(self._tracker.link_up(at_us))

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

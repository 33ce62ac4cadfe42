"""Queue members: free, ringing, talking, in wrap-up, paused or away.

**Source:** `QueueMemberStatus` and its kin; device states from Asterisk include/asterisk/devicestate.h; wrap-up as
app_queue reckons it: `Wrapuptime` seconds after `LastCall`.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from monitor.calls.facts import AgentState, AgentStatus, QueueCallers, instant
from monitor.calls.rules import SECOND_US
from monitor.calls.state import NEVER_US

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.ami import events as e
    from monitor.calls.facts import Fact

_RINGING = 6
_TALKING = frozenset({2, 3, 7, 8})
_AWAY = frozenset({0, 4, 5})


class MemberStanding(NamedTuple):
    """All that is known of one member of one queue, as plain values."""

    queue: str
    agent: str
    name: str
    status: str | None
    """As it was told last; None where nothing was."""
    status_at_us: int
    device: int
    paused: bool
    wrapup_s: int
    wrap_until_us: int


@dataclass(slots=True)
class _Member:
    name: str
    told: AgentStatus | None = None
    told_at_us: int = 0
    device: int = 0
    paused: bool = False
    wrapup_s: int = 0
    wrap_until_us: int = 0

    def status(self, at_us: int) -> AgentStatus:
        if self.device == _RINGING:
            return AgentStatus.RINGING
        if self.device in _TALKING:
            return AgentStatus.TALKING
        if self.device in _AWAY:
            return AgentStatus.AWAY
        if self.paused:
            return AgentStatus.PAUSED
        return AgentStatus.WRAP_UP if at_us < self.wrap_until_us else AgentStatus.FREE


class Members:
    """The members of all queues of one system, and how many callers each queue holds."""

    __slots__ = ("_callers", "_members", "_system", "_timers")

    def __init__(self, system: str) -> None:
        self._system = system
        self._members: dict[tuple[str, str], _Member] = {}
        self._callers: dict[str, int] = {}
        self._timers: list[tuple[int, str, str]] = []

    @property
    def next_timer_us(self) -> int:
        """When the next wrap-up ends; later than everything where none is on."""
        return self._timers[0][0] if self._timers else NEVER_US

    def member(self, event: e.QueueMember, facts: list[Fact]) -> None:
        """A member's condition was reported."""
        key = (event.queue, event.interface)
        if not event.interface:
            return
        if event.removed:
            member = self._members.pop(key, None)
            facts.append(self._fact(key, member.name if member else event.member, None, event.at_us))
            return
        member = self._members.setdefault(key, _Member(event.member or event.interface))
        member.name = event.member or member.name
        member.device, member.paused, member.wrapup_s = event.status, event.paused, event.wrapup_s
        if event.last_call_s and event.wrapup_s:
            self._wrap_until(key, member, (event.last_call_s + event.wrapup_s) * SECOND_US, event.at_us)
        self._tell(key, member, event.at_us, facts)

    def name_of(self, interface: str) -> str | None:
        """The name of the member with this interface, in whatever queue; None where no queue has it."""
        return next((member.name for (_, one), member in self._members.items() if one == interface), None)

    def complete(self, event: e.AgentComplete, facts: list[Fact]) -> None:
        """A member's conversation is over; the whole seconds of `LastCall` need not be waited for."""
        key = (event.queue, event.interface)
        member = self._members.get(key)
        if member is not None and member.wrapup_s:
            self._wrap_until(key, member, event.at_us + member.wrapup_s * SECOND_US, event.at_us)
            self._tell(key, member, event.at_us, facts)

    def advance(self, now_us: int, facts: list[Fact]) -> None:
        """Tell of the wrap-ups that have ended by now."""
        while self._timers and self._timers[0][0] <= now_us:
            at_us, queue, interface = heappop(self._timers)
            member = self._members.get((queue, interface))
            if member is not None:
                self._tell((queue, interface), member, at_us, facts)

    def move(self, by_us: int) -> None:
        """Asterisk's clock was set: wrap-ups go on in a time that differs by so much."""
        for member in self._members.values():
            member.wrap_until_us += by_us
        self._timers = [(at_us + by_us, queue, interface) for at_us, queue, interface in self._timers]

    def callers(self, queue: str, count: int, at_us: int, facts: list[Fact]) -> None:
        """A queue says how many callers it holds."""
        if queue and self._callers.get(queue) != count:
            self._callers[queue] = count
            facts.append(QueueCallers(system=self._system, queue=queue, callers=count, at=instant(at_us)))

    def standing(self) -> list[MemberStanding]:
        """All that is known of the members."""
        return [
            MemberStanding(
                *(queue, agent, member.name, member.told, member.told_at_us),
                *(member.device, member.paused, member.wrapup_s, member.wrap_until_us),
            )
            for (queue, agent), member in self._members.items()
        ]

    def restore(self, members: Iterable[MemberStanding], facts: list[Fact]) -> None:
        """Know of the members what is told here, and nothing else; tell again of those whose status was not known."""
        before, self._members, self._timers = self._members, {}, []
        for each in members:
            key = each.queue, each.agent
            told = None if each.status is None else AgentStatus(each.status)
            self._members[key] = _Member(
                each.name, told, each.status_at_us, each.device, each.paused, each.wrapup_s, each.wrap_until_us
            )
            if each.wrap_until_us > each.status_at_us:
                heappush(self._timers, (each.wrap_until_us, *key))
            known = before.get(key)
            if told is not None and (known is None or known.told is not told):
                facts.append(self._fact(key, each.name, told, each.status_at_us))

    def _wrap_until(self, key: tuple[str, str], member: _Member, until_us: int, at_us: int) -> None:
        if until_us > max(at_us, member.wrap_until_us):
            member.wrap_until_us = until_us
            heappush(self._timers, (until_us, *key))

    def _tell(self, key: tuple[str, str], member: _Member, at_us: int, facts: list[Fact]) -> None:
        status = member.status(at_us)
        if status is not member.told:
            member.told, member.told_at_us = status, at_us
            facts.append(self._fact(key, member.name, status, at_us))

    def _fact(self, key: tuple[str, str], name: str, status: AgentStatus | None, at_us: int) -> AgentState:
        queue, interface = key
        return AgentState(
            system=self._system, queue=queue, agent=interface, member=name, status=status, at=instant(at_us)
        )

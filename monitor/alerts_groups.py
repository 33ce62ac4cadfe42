"""What rings past the rule now, by line and queue: from facts alone, without a socket and without a clock.

A call is in a group from the instant its phone rings past the rule until no phone of the centre rings for it any more.
Rung again after a pause, it is in one again: the promise was broken once, and it still rings. A group is an alert's
identity; it begins with its first call and ends with its last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from monitor.calls.facts import (
    AgentState,
    AttemptEnded,
    Call,
    CallAnswered,
    CallForgotten,
    Gap,
    GapCause,
    RingBreach,
    RingingCeased,
    RingingStarted,
    RingWarning,
    microseconds,
)
from monitor.masking import masked_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from typing import Any

    from monitor.calls.facts import CallKey, Fact
    from monitor.calls.rules import RingRule

MAX_NAMES = 5_000
"""Members' names held, over all systems; a phone beyond them is called by its interface."""


class Kind(StrEnum):
    """What is told; the value is the alert's name."""

    WARNING = "RingWarning"
    """The last ring within the promise rings."""
    BREACH = "RingBreach"
    """The phone rings past the promise."""


class Group(NamedTuple):
    """What is told as one alert."""

    kind: Kind
    system: str
    line: str
    queue: str | None
    """None where the call asked for no queue."""


class Turn(StrEnum):
    """What happened to a group."""

    BEGAN = "began"
    JOINED = "joined"
    """One more call."""
    CHANGED = "changed"
    """A call fewer, or another phone rings."""
    ENDED = "ended"
    RESUMED = "resumed"
    """A call that was told of before this program was started anew rings on: no news, and it is not over."""


class Change(NamedTuple):
    """One turn of one group."""

    group: Group
    turn: Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A group at one instant."""

    calls: int
    """How many ring past the rule."""
    rings: int
    """How often the longest-ringing of them has rung."""
    limit: int
    """How many rings the rule allows."""
    phones: tuple[str, ...]
    """Who is rung: members' names where known, else interfaces; the longest-ringing first."""
    began_at: datetime
    """When the first call came in, by our clock."""
    latest_at: datetime
    """When the latest did."""


@dataclass(slots=True, eq=False)
class _Ringing:
    """One unanswered call for which phones ring, or which has rung past the rule."""

    line: str
    queue: str | None
    phones: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """By channel: who is rung, and since when."""
    before_us: int = 0
    since_at: datetime | None = None
    """When the present stretch of ringing began."""
    kind: Kind | None = None
    """How far it has come; it stays so through a pause."""
    told: Kind | None = None
    """How far it had come when the run of this program before told of it."""
    rings: int = 0
    """At the latest warning or breach."""
    rule: RingRule | None = None
    group: Group | None = None
    """Where it is counted now."""


@dataclass(slots=True, eq=False)
class _Members:
    """The calls of a group."""

    began_at: datetime
    latest_at: datetime
    calls: dict[CallKey, _Ringing] = field(default_factory=dict)


class Groups:
    """Every group there is now.

    Args:
        rules: at least one ring rule; warnings and breaches name theirs by its label.
        here: what our clock showed at an instant of a system's clock.
        warnings: take warnings too; False for breaches alone.
    """

    def __init__(
        self, rules: Iterable[RingRule], here: Callable[[str, datetime], datetime], *, warnings: bool = True
    ) -> None:
        self._rules = {rule.label: rule for rule in rules}
        self._default = next(iter(self._rules.values()))
        self._here = here
        self._calls: dict[CallKey, _Ringing] = {}
        self._groups: dict[Group, _Members] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._blind: set[tuple[str, GapCause]] = set()
        self._changes: list[Change] = []
        self._takers: dict[type, Callable[[Any], None]] = {
            RingingStarted: self._ringing_started,
            RingingCeased: self._ringing_ceased,
            AttemptEnded: self._attempt_ended,
            CallAnswered: self._over,
            Call: self._over,
            CallForgotten: self._over,
            RingBreach: self._ring_breach,
            AgentState: self._agent_state,
            Gap: self._gap,
        }
        self.take_warnings(wanted=warnings)

    def __iter__(self) -> Iterator[Group]:
        """The groups in which calls are now."""
        return iter(tuple(self._groups))

    def take_warnings(self, *, wanted: bool) -> None:
        """Take warnings from now on, or no more; those there are go on to their end."""
        if wanted:
            self._takers[RingWarning] = self._ring_warning
        else:
            self._takers.pop(RingWarning, None)

    def record(self, fact: Fact) -> list[Change]:
        """Take a fact, and say what it changed; most change nothing."""
        taker = self._takers.get(type(fact))
        if taker is None:
            return []
        taker(fact)
        changes, self._changes = self._changes, []
        return changes

    def recall(self, facts: Iterable[Fact], told_until: datetime) -> None:
        """Know of the calls in progress what the run of this program before knew, and told of.

        Args:
            facts: what was told of them.
            told_until: what was told later may not have gone out; on the clock of their system.
        """
        for fact in facts:
            self.record(fact)
            if isinstance(fact, RingWarning | RingBreach) and fact.at <= told_until and fact.key in self._calls:
                call = self._calls[fact.key]
                call.told = call.kind

    def unseen(self, system: str) -> bool:
        """Whether that system cannot be observed now, so that nothing is known of its phones."""
        return any(blind == system for blind, _ in self._blind)

    def present(self, group: Group, there_at: datetime) -> Present | None:
        """A group as it is, or None where it has no call.

        Args:
            group: which.
            there_at: what the clock of its system shows now.
        """
        members = self._groups.get(group)
        if members is None:
            return None
        calls = members.calls.values()
        rung = sorted((since_at, name) for call in calls for name, since_at in call.phones.values())
        return Present(
            calls=len(calls),
            rings=max(_rings(call, there_at) for call in calls),
            limit=min((call.rule or self._default).limit for call in calls),
            phones=tuple(dict.fromkeys(name for _, name in rung)),
            began_at=members.began_at,
            latest_at=members.latest_at,
        )

    # What facts change

    def _ringing_started(self, fact: RingingStarted) -> None:
        if not fact.counting:
            return
        call = self._calls.setdefault(fact.key, _Ringing(fact.line, fact.queue))
        if call.since_at is None:
            call.since_at, call.before_us = fact.at, fact.before_us
        name = fact.member or self._names.get((fact.key.system, fact.agent), fact.agent)
        call.phones.setdefault(fact.channel, (masked_within(name), fact.at))
        call.queue = fact.queue or call.queue
        if call.kind is not None:
            self._enter(fact.key, call, call.kind, fact.at)

    def _ringing_ceased(self, fact: RingingCeased) -> None:
        self._silence(fact.key, fact.channel, fact.at)

    def _attempt_ended(self, fact: AttemptEnded) -> None:
        self._silence(fact.key, fact.attempt.channel, fact.attempt.ended_at)

    def _silence(self, key: CallKey, channel: str, at: datetime) -> None:
        """The phone rings no more, unless it has begun to ring anew since `at`."""
        call = self._calls.get(key)
        if call is None or channel not in call.phones or call.phones[channel][1] > at:
            return
        del call.phones[channel]
        if call.phones:
            if call.group is not None:
                self._changes.append(Change(call.group, Turn.CHANGED))
            return
        call.since_at = None
        self._leave(key, call)
        if call.kind is None:
            del self._calls[key]

    def _over(self, fact: CallAnswered | Call | CallForgotten) -> None:
        call = self._calls.pop(fact.key, None)
        if call is not None:
            self._leave(fact.key, call)

    def _ring_warning(self, fact: RingWarning) -> None:
        self._reached(fact, Kind.WARNING)

    def _ring_breach(self, fact: RingBreach) -> None:
        self._reached(fact, Kind.BREACH)

    def _reached(self, fact: RingWarning | RingBreach, kind: Kind) -> None:
        call = self._calls.get(fact.key)
        if call is None or not call.phones:
            return
        call.kind, call.rings = kind, fact.rings
        call.rule = self._rules.get(fact.rule, self._default)
        call.queue = fact.queue or call.queue
        self._enter(fact.key, call, kind, fact.at)

    def _enter(self, key: CallKey, call: _Ringing, kind: Kind, at: datetime) -> None:
        group = Group(kind, key.system, call.line, call.queue)
        if call.group == group:
            self._changes.append(Change(group, Turn.CHANGED))
            return
        self._leave(key, call)
        at = self._here(key.system, at)
        members = self._groups.get(group)
        if members is None:
            members = self._groups[group] = _Members(at, at)
        members.latest_at = max(members.latest_at, at)
        turn = Turn.JOINED if members.calls else Turn.BEGAN
        if call.told is kind:
            turn = Turn.RESUMED
        call.told = None
        self._changes.append(Change(group, turn))
        members.calls[key] = call
        call.group = group

    def _leave(self, key: CallKey, call: _Ringing) -> None:
        group = call.group
        if group is None:
            return
        call.group = None
        members = self._groups[group]
        del members.calls[key]
        if members.calls:
            self._changes.append(Change(group, Turn.CHANGED))
            return
        del self._groups[group]
        self._changes.append(Change(group, Turn.ENDED))

    def _agent_state(self, fact: AgentState) -> None:
        who = (fact.system, fact.agent)
        if fact.member and (who in self._names or len(self._names) < MAX_NAMES):
            self._names[who] = fact.member

    def _gap(self, fact: Gap) -> None:
        if fact.ended_at is None:
            self._blind.add((fact.system, fact.cause))
        else:
            self._blind.discard((fact.system, fact.cause))


def _rings(call: _Ringing, there_at: datetime) -> int:
    """How often a call's phone has rung; what its warning or breach said is the least."""
    if call.since_at is None or call.rule is None:
        return call.rings
    stretch_us = max(0, microseconds(there_at) - microseconds(call.since_at))
    return max(call.rings, call.rule.rings(call.before_us + stretch_us))

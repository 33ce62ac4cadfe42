"""The board's records: calls, phones, agents and systems as they are now.

They belong to `monitor.board.Board`, which changes them as facts arrive; everybody else only reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.calls.facts import AgentStatus, Stage, microseconds
from monitor.calls.ringing import heard_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.calls.facts import Call, CallKey, Gap, GapCause, Outcome, Transfer
    from monitor.calls.rules import RingRule


STATUS_ORDER = (
    AgentStatus.RINGING,
    AgentStatus.TALKING,
    AgentStatus.WRAP_UP,
    AgentStatus.FREE,
    AgentStatus.PAUSED,
    AgentStatus.AWAY,
)
"""Of a person in several queues, the state that tells most."""


@dataclass(slots=True, kw_only=True)
class PhoneNow:
    """One phone that rings for a caller."""

    channel: str
    agent: str
    """The interface, as in `PJSIP/agent1`."""
    member: str | None
    """The queue member's name."""
    queue: str | None
    since_at: datetime


@dataclass(slots=True, kw_only=True)
class CallNow:
    """A call in progress.

    Ringing is the union of its phones: `heard_us` before the stretch that began at `ringing_since_at`, and the stretch.
    """

    key: CallKey
    line: str
    dialled: str
    caller: str | None
    """As the trunk delivered it; mask it wherever people look."""
    entered_at: datetime
    rule: RingRule
    """The rule in force on the day the call entered."""
    asked_at: datetime | None = None
    """When it first waited or rang for a person."""
    stage: Stage = Stage.ANNOUNCEMENT
    stage_since_at: datetime
    queue: str | None = None
    team: str | None = None
    """Whose call it is, as far as is known by now."""
    phones: dict[str, PhoneNow] = field(default_factory=dict)
    """Phones ringing now, by channel, the longest-ringing first."""
    heard_us: int = 0
    """Ringing heard before the present stretch."""
    ringing_since_at: datetime | None = None
    """When the present stretch of ringing began; None while no phone rings."""
    counting: bool = True
    """False once a person has answered: what rings then is a transfer's target."""
    agent: str | None = None
    """The interface of the phone that answered."""
    member: str | None = None
    answered_rings: int | None = None
    """The ring count at the answer, final from then on."""
    warned: bool = False
    breached: bool = False

    @property
    def waits(self) -> bool:
        """Whether the caller has asked for a person and none has answered; a phone may be ringing."""
        return self.answered_rings is None and self.stage in (Stage.WAITING, Stage.RINGING)

    def ringing_us(self, now: datetime) -> int:
        """Ringing this caller has heard up to `now`, in microseconds."""
        if self.ringing_since_at is None:
            return self.heard_us
        return self.heard_us + max(0, microseconds(now) - microseconds(self.ringing_since_at))

    def move(self, by: timedelta) -> None:
        """Every instant of it, in a time that differs by so much."""
        self.entered_at += by
        self.stage_since_at += by
        if self.asked_at is not None:
            self.asked_at += by
        if self.ringing_since_at is not None:
            self.ringing_since_at += by
        for phone in self.phones.values():
            phone.since_at += by

    def rings(self, now: datetime) -> int:
        """How often the phone has rung up to `now`; a bell that has just begun is a ring."""
        if self.answered_rings is not None and self.counting:
            return self.answered_rings
        counted = self.rule.rings(self.ringing_us(now))
        return max(1, counted) if self.phones else counted


@dataclass(slots=True, kw_only=True)
class AgentNow:
    """One queue member in one queue."""

    system: str
    queue: str
    agent: str
    member: str
    status: AgentStatus
    since_at: datetime


@dataclass(slots=True, kw_only=True)
class SystemNow:
    """One Asterisk: observed or not."""

    observed: bool = False
    cause: GapCause | None = None
    """Why it cannot be observed; None while it is, and before anything was heard of it."""
    since_at: datetime | None = None
    gaps: dict[GapCause, datetime] = field(default_factory=dict)
    """Interruptions that have not ended, by cause."""


@dataclass(slots=True, kw_only=True)
class BreachNow:
    """A promise that was broken while the phone rang on."""

    key: CallKey
    line: str
    queue: str | None
    at: datetime
    agents: tuple[str, ...]
    """Names of those whose phones rang at that instant: the members' where known, else interfaces."""
    rings: int
    """At the breach; the final count once the call has ended."""
    outcome: Outcome | None = None
    """How the call ended; None while it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferNow:
    """A transfer whose result is known."""

    key: CallKey
    line: str
    by: str
    """The member's name where known, else the interface."""
    transfer: Transfer


def breach_of(call: Call, rule: RingRule, names: Mapping[str, str]) -> BreachNow | None:
    """What broke the promise in a call that has ended; None where nothing did.

    Args:
        call: as recorded.
        rule: the rule of its day.
        names: by interface, what people call the phones that rang.
    """
    at = heard_at(call, rule.breach_us)
    if call.rings is None or call.rings <= rule.limit or at is None:
        return None
    rang = (each for each in call.attempts if each.started_at <= at <= each.ended_at)
    return BreachNow(
        key=call.key,
        line=call.line,
        queue=call.queue,
        at=at,
        agents=tuple(names[attempt.agent] for attempt in rang),
        rings=call.rings,
        outcome=call.outcome,
    )


def one_each(agents: Iterable[AgentNow]) -> list[AgentNow]:
    """One entry per person, however many queues they serve: that of the state that tells most."""
    people: dict[tuple[str, str], AgentNow] = {}
    for agent in agents:
        who = (agent.system, agent.agent)
        known = people.get(who)
        if known is None or STATUS_ORDER.index(agent.status) < STATUS_ORDER.index(known.status):
            people[who] = agent
    return list(people.values())


def move(calls: Iterable[CallNow], agents: Iterable[AgentNow], gap: Gap) -> None:
    """A system's clock was set: what began before goes on in the time of after."""
    by = timedelta(microseconds=gap.set_by_us)
    for call in calls:
        if call.key.system == gap.system:
            call.move(by)
    for agent in agents:
        if agent.system == gap.system:
            agent.since_at += by

"""The board: what is true now. Live page, terminal and gauges read it; facts alone write it.

Everything here goes away with what it describes: a call with its `Call`, a phone with its `AttemptEnded`, an agent who
leaves a queue; lists of what happened last have a length. The board belongs to the event loop's thread, and what it
hands out are its own records: read them, keep none.
"""

from __future__ import annotations

from collections import Counter, deque
from datetime import UTC
from types import MappingProxyType
from typing import TYPE_CHECKING

from monitor.board_day import Today
from monitor.board_lost import Lost
from monitor.board_records import AgentNow, BreachNow, CallNow, PhoneNow, SystemNow, TransferNow, breach_of, move
from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    AttemptEnded,
    Call,
    CallAnswered,
    CallForgotten,
    CallStarted,
    Gap,
    OutgoingCall,
    QueueCallers,
    RingBreach,
    RingingCeased,
    RingingStarted,
    RingWarning,
    Stage,
    StageChanged,
    TransferEnded,
)
from monitor.calls.rules import RingRule, rule_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, tzinfo
    from typing import Any

    from monitor.board_day import Day
    from monitor.calls.facts import CallKey, Fact

MAX_QUEUES = 200
"""Queues held per system; those first seen after that are not shown (their facts are still stored and counted)."""
MAX_AGENTS = 5_000
"""Queue members held per system, each queue they serve counting."""
LIVE_STAGES = tuple(stage for stage in Stage if stage is not Stage.ENDED)


class Board:
    """What is true now, from the facts recorded so far.

    Args:
        rules: the ring rules, as `rule_on` takes them.
        systems: names of the configured systems, shown before anything is heard of them.
        zone: the centre's time zone, in which a day begins at midnight.
        teams: the configured ones in their order, each with its name in English; today is told by them too.
        keep: how many breaches and transfers are kept, the newest.
    """

    def __init__(
        self,
        rules: tuple[RingRule, ...] = (RingRule(),),
        *,
        systems: Iterable[str] = (),
        zone: tzinfo = UTC,
        teams: Mapping[str, str] = MappingProxyType({}),
        keep: int = 20,
    ) -> None:
        self.rules = rules
        self.zone = zone
        self.teams = teams
        self.calls: dict[CallKey, CallNow] = {}
        self.ringing: dict[CallKey, CallNow] = {}
        """The calls for which a phone rings, transfers included, in the order in which they began to."""
        self.lost = Lost()
        """Calls that rang when their system was lost; not among `ringing`, since nobody knows."""
        self.stages: Counter[tuple[str, str, Stage]] = Counter()
        """Calls in progress by (system, line, stage); a 0 says that there were some."""
        self.agents: dict[tuple[str, str, str], AgentNow] = {}
        """By (system, queue, agent)."""
        self.agent_counts: Counter[tuple[str, str, AgentStatus]] = Counter()
        """Agents by (system, queue, status); a 0 says that there were some."""
        self.queue_callers: dict[tuple[str, str], int] = {}
        """Callers by (system, queue), as the queue itself counts."""
        self.systems: dict[str, SystemNow] = {name: SystemNow() for name in systems}
        self.breaches: deque[BreachNow] = deque(maxlen=keep)
        """The newest last."""
        self.transfers: deque[TransferNow] = deque(maxlen=keep)
        """The newest last."""
        self.last_at: datetime | None = None
        """The latest instant any fact has carried."""
        self.day = Today(zone, teams=tuple(teams))
        self._members: dict[tuple[str, str], str] = {}
        self._queues: Counter[str] = Counter()
        self._agents: Counter[str] = Counter()
        self._takers: dict[type, Callable[[Any], None]] = {
            CallStarted: self._call_started,
            StageChanged: self._stage_changed,
            RingingStarted: self._ringing_started,
            RingingCeased: self._ringing_ceased,
            AttemptEnded: self._attempt_ended,
            CallAnswered: self._call_answered,
            RingWarning: self._ring_warning,
            RingBreach: self._ring_breach,
            TransferEnded: self._transfer_ended,
            Call: self._call,
            CallForgotten: self._call_forgotten,
            AgentState: self._agent_state,
            QueueCallers: self._queue_callers,
            Gap: self._gap,
            OutgoingCall: lambda _: None,  # over when it is told of
        }

    def record(self, fact: Fact) -> None:
        """Take a fact; facts about calls, phones or queues never announced are passed over."""
        self._takers[type(fact)](fact)

    # What readers ask for

    def today(self, now: datetime) -> Day:
        """The local day of `now`, over all lines."""
        return self.day.total(now)

    def today_by_line(self, now: datetime) -> dict[tuple[str, str], Day]:
        """The local day of `now` by (system, line); empty where it has brought nothing yet."""
        return self.day.by_line(now)

    def rule_at(self, now: datetime) -> RingRule:
        """The ring rule in force on the local day of `now`."""
        return rule_on(self.rules, now.astimezone(self.zone).date())

    def past_limit(self) -> Counter[tuple[str, str]]:
        """Calls by (system, line) that ring past the limit and that nobody has answered, as of the last fact."""
        return Counter(
            (call.key.system, call.line) for call in self.ringing.values() if call.breached and call.counting
        )

    def oldest_ringing(self) -> dict[tuple[str, str], datetime]:
        """By (system, line), since when the longest-ringing unanswered call has been ringing without a pause."""
        oldest: dict[tuple[str, str], datetime] = {}
        for call in self.ringing.values():
            since_at = call.ringing_since_at
            if call.counting and since_at is not None:
                where = (call.key.system, call.line)
                oldest[where] = min(oldest.get(where, since_at), since_at)
        return oldest

    def oldest_waiting(self) -> dict[tuple[str, str], datetime]:
        """By (system, line), since when the longest-waiting unanswered call has waited for a person."""
        oldest: dict[tuple[str, str], datetime] = {}
        for call in self.calls.values():
            if call.waits and call.asked_at is not None:
                where = (call.key.system, call.line)
                oldest[where] = min(oldest.get(where, call.asked_at), call.asked_at)
        return oldest

    def name_of(self, system: str, agent: str) -> str:
        """What people call an interface: the member's name where a queue has told it."""
        return self._members.get((system, agent), agent)

    # What the ledger remembers

    def recall(self, calls: Iterable[Call]) -> None:
        """Take calls of the present day that ended before this program began, in the order of `filed_at`.

        They count as those that are told by facts; what has been told by a fact is not counted again.
        """
        breaches: list[BreachNow] = []
        transfers: list[TransferNow] = []
        for call in calls:
            rule = self.rule_at(call.filed_at)
            if not self.day.recall(call, rule.limit):
                continue
            system = call.key.system
            names = {attempt.agent: attempt.member or attempt.agent for attempt in call.attempts}
            breach = breach_of(call, rule, names)
            if breach is not None:
                breaches.append(breach)
            for transfer in call.transfers:
                by = names.get(transfer.by) or self.name_of(system, transfer.by)
                transfers.append(TransferNow(key=call.key, line=call.line, by=by, transfer=transfer))
        newest = sorted([*self.breaches, *breaches], key=lambda breach: breach.at)
        self.breaches = deque(newest, maxlen=self.breaches.maxlen)
        passed = sorted([*self.transfers, *transfers], key=lambda passed: passed.transfer.at)
        self.transfers = deque(passed, maxlen=self.transfers.maxlen)

    # What facts change

    def _seen(self, system: str, at: datetime) -> None:
        if self.last_at is None or at > self.last_at:
            self.last_at = at
        now = self.systems.setdefault(system, SystemNow())
        if not now.observed and not now.gaps:
            now.observed, now.cause, now.since_at = True, None, at

    def _call_started(self, fact: CallStarted) -> None:
        self._seen(fact.key.system, fact.at)
        if fact.key in self.calls:
            return
        self.calls[fact.key] = CallNow(
            key=fact.key,
            line=fact.line,
            dialled=fact.dialled,
            caller=fact.caller,
            entered_at=fact.at,
            stage_since_at=fact.at,
            rule=self.rule_at(fact.at),
        )
        self.stages[fact.key.system, fact.line, Stage.ANNOUNCEMENT] += 1

    def _stage_changed(self, fact: StageChanged) -> None:
        self._seen(fact.key.system, fact.at)
        call = self.calls.get(fact.key)
        if call is None:
            return
        system = fact.key.system
        self.stages[system, call.line, call.stage] -= 1
        self.stages[system, call.line, fact.stage] += 1
        if call.stage is not fact.stage:
            call.stage, call.stage_since_at = fact.stage, fact.at
            if call.asked_at is None and fact.stage in (Stage.WAITING, Stage.RINGING):
                call.asked_at = fact.at
        if fact.queue is not None:
            call.queue = fact.queue
        call.team = fact.team

    def _ringing_started(self, fact: RingingStarted) -> None:
        self._seen(fact.key.system, fact.at)
        call = self.calls.get(fact.key)
        if call is None:
            return
        if call.ringing_since_at is None or call.counting is not fact.counting:
            # A phone that joins others rings into the same stretch: the union never restarts while any of them rings.
            call.ringing_since_at, call.heard_us, call.counting = fact.at, fact.before_us, fact.counting
        call.phones.setdefault(
            fact.channel,
            PhoneNow(channel=fact.channel, agent=fact.agent, member=fact.member, queue=fact.queue, since_at=fact.at),
        )
        if fact.queue is not None:
            call.queue = fact.queue
        self.ringing.setdefault(fact.key, call)

    def _ringing_ceased(self, fact: RingingCeased) -> None:
        self._seen(fact.key.system, fact.at)
        self._silence(fact.key, fact.channel, fact.at)

    def _attempt_ended(self, fact: AttemptEnded) -> None:
        # Most phones have fallen silent by `RingingCeased`; what became of their ringing may be known only later.
        self._seen(fact.key.system, fact.attempt.ended_at)
        self._silence(fact.key, fact.attempt.channel, fact.attempt.ended_at)

    def _silence(self, key: CallKey, channel: str, at: datetime) -> None:
        """The phone rings no more, unless it has begun to ring anew since `at`."""
        call = self.calls.get(key)
        phone = call.phones.get(channel) if call is not None else None
        if call is None or phone is None or phone.since_at > at:
            return
        self.lost.ceased(call, phone, at)
        del call.phones[channel]
        if not call.phones:
            call.heard_us = call.ringing_us(at)
            call.ringing_since_at = None
            self.ringing.pop(key, None)

    def _call_answered(self, fact: CallAnswered) -> None:
        self._seen(fact.key.system, fact.at)
        call = self.calls.get(fact.key)
        if call is not None:
            call.agent, call.member, call.answered_rings = fact.agent, fact.member, fact.rings

    def _ring_warning(self, fact: RingWarning) -> None:
        self._seen(fact.key.system, fact.at)
        call = self.calls.get(fact.key)
        self._rang(fact, call)
        if call is not None:
            call.warned = True

    def _ring_breach(self, fact: RingBreach) -> None:
        self._seen(fact.key.system, fact.at)
        call = self.calls.get(fact.key)
        self._rang(fact, call)
        if call is not None:
            call.breached = True
        names = {phone.agent: phone.member for phone in call.phones.values()} if call is not None else {}
        # One that the ledger told of before a restart, and that rings on, is one breach.
        known = [breach for breach in self.breaches if breach.key != fact.key]
        self.breaches = deque(known, maxlen=self.breaches.maxlen)
        self.breaches.append(
            BreachNow(
                key=fact.key,
                line=fact.line,
                queue=fact.queue,
                at=fact.at,
                agents=tuple(names.get(agent) or self.name_of(fact.key.system, agent) for agent in fact.agents),
                rings=fact.rings,
            )
        )

    def _rang(self, fact: RingWarning | RingBreach, call: CallNow | None) -> None:
        """Count a ring on the day of its call, as the ledger files it."""
        at = fact.at if call is None else call.entered_at
        self.day.rings(fact.key, fact.line, at, fact.rings, self.rule_at(at).limit)

    def _transfer_ended(self, fact: TransferEnded) -> None:
        self._seen(fact.key.system, fact.transfer.at)
        by = self.name_of(fact.key.system, fact.transfer.by)
        self.transfers.append(TransferNow(key=fact.key, line=fact.line, by=by, transfer=fact.transfer))

    def _call(self, fact: Call) -> None:
        self._seen(fact.key.system, fact.recorded_at)
        self.day.count(fact, self.rule_at(fact.filed_at).limit)
        self._remove(fact.key)
        for breach in self.breaches:
            if breach.outcome is None and breach.key == fact.key:
                breach.rings, breach.outcome = fact.rings or breach.rings, fact.outcome

    def _call_forgotten(self, fact: CallForgotten) -> None:
        self.day.forget(fact.key)
        self._remove(fact.key)

    def _remove(self, key: CallKey) -> None:
        call = self.calls.pop(key, None)
        self.ringing.pop(key, None)
        if call is not None:
            self.stages[key.system, call.line, call.stage] -= 1

    def _agent_state(self, fact: AgentState) -> None:
        self._seen(fact.system, fact.at)
        where = (fact.system, fact.queue, fact.agent)
        agent = self.agents.get(where)
        if agent is not None:
            self.agent_counts[fact.system, fact.queue, agent.status] -= 1
        if fact.status is None:
            if agent is not None:
                del self.agents[where]
                self._agents[fact.system] -= 1
            return
        if agent is None:
            if not self._knows_queue(fact.system, fact.queue) or self._agents[fact.system] >= MAX_AGENTS:
                return
            self._agents[fact.system] += 1
            agent = self.agents[where] = AgentNow(
                system=fact.system,
                queue=fact.queue,
                agent=fact.agent,
                member=fact.member,
                status=fact.status,
                since_at=fact.at,
            )
        elif agent.status is not fact.status:
            agent.status, agent.since_at = fact.status, fact.at
        agent.member = fact.member
        if fact.member and ((fact.system, fact.agent) in self._members or len(self._members) < MAX_AGENTS):
            self._members[fact.system, fact.agent] = fact.member
        self.agent_counts[fact.system, fact.queue, fact.status] += 1

    def _queue_callers(self, fact: QueueCallers) -> None:
        self._seen(fact.system, fact.at)
        if self._knows_queue(fact.system, fact.queue):
            self.queue_callers[fact.system, fact.queue] = fact.callers

    def _knows_queue(self, system: str, queue: str) -> bool:
        """Whether the queue is held, or may be from now on."""
        if (system, queue) in self.queue_callers:
            return True
        if self._queues[system] >= MAX_QUEUES:
            return False
        self._queues[system] += 1
        self.queue_callers[system, queue] = 0
        for status in AgentStatus:
            self.agent_counts[system, queue, status] = 0
        return True

    def _gap(self, fact: Gap) -> None:
        now = self.systems.setdefault(fact.system, SystemNow())
        if fact.set_by_us:
            move(self.calls.values(), self.agents.values(), fact)
            self.last_at = fact.started_at if len(self.systems) == 1 else self.last_at
        if fact.ended_at is None:
            self.lost.began(fact.system, fact.started_at)
            now.gaps.setdefault(fact.cause, fact.started_at)
            now.observed, now.cause, now.since_at = False, fact.cause, min(now.gaps.values())
            return
        now.gaps.pop(fact.cause, None)
        if now.gaps:
            now.cause, now.since_at = next(iter(now.gaps.items()))
        elif not now.observed:
            self.lost.ended(fact.system)
            now.observed, now.cause, now.since_at = True, None, fact.ended_at

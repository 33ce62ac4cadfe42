"""One call in progress: its clocks, its ring attempts, its transfers and holds, and the record they come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.calls import facts as f
from monitor.calls.facts import AttemptResult, Stage, instant
from monitor.calls.verdicts import judge, outcome_of

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.calls.channels import Channel
    from monitor.calls.rules import RingRule
    from monitor.calls.teams import Teams


_CALL_INSTANTS = (
    "seen_us",
    "entered_us",
    "maybe_asked_us",
    "asked_us",
    "first_ring_us",
    "answered_us",
    "stopped_waiting_us",
)


class Clock:
    """Accumulates the time in which something was so, in microseconds."""

    __slots__ = ("_stopped_us", "since_us", "spent_us")

    def __init__(self) -> None:
        self.spent_us = 0
        self.since_us: int | None = None
        self._stopped_us = 0

    def start(self, at_us: int) -> None:
        """It is so from now on; starting twice is starting once, and what was told late counts no time twice."""
        if self.since_us is None:
            self.since_us = max(at_us, self._stopped_us)

    def stop(self, at_us: int) -> None:
        """It is so no more. An instant before the start, as threads of Asterisk may stamp it, adds nothing."""
        if self.since_us is not None:
            self.spent_us += max(0, at_us - self.since_us)
            self._stopped_us = max(at_us, self.since_us)
            self.since_us = None

    def move(self, by_us: int) -> None:
        """Go on in a time that differs by so much."""
        self._stopped_us += by_us
        if self.since_us is not None:
            self.since_us += by_us

    def reaches_us(self, total_us: int) -> int:
        """When so much will have accumulated, if it stays so; it must be so now."""
        return (self.since_us or 0) + total_us - self.spent_us

    def total_us(self, at_us: int) -> int:
        """What has accumulated by `at_us`."""
        return self.spent_us + (max(0, at_us - self.since_us) if self.since_us is not None else 0)


@dataclass(slots=True, eq=False)
class LiveAttempt:
    """One phone that was dialled for a call, and may be ringing."""

    channel: Channel
    queue: str | None
    member: str | None
    began_us: int
    """When it began to ring; until then, when it was dialled."""
    rang: bool = False
    ceased_us: int | None = None
    picked_up: bool = False
    cancelled: bool = False
    """The dial ended it without saying why."""
    bridged: bool = False
    result: AttemptResult | None = None
    """What a dial end said of it; the end of its channel decides where nothing did."""

    @property
    def ringing(self) -> bool:
        """Whether the phone rings now."""
        return self.rang and self.ceased_us is None

    def record(self, rule: RingRule, at_us: int) -> f.RingAttempt:
        """The fact this attempt comes to, now that its result is known."""
        ended_us = max(self.began_us, self.ceased_us if self.ceased_us is not None else at_us)
        ringing_us = ended_us - self.began_us if self.rang else 0
        return f.RingAttempt(
            agent=self.channel.interface,
            member=self.member,
            channel=self.channel.name,
            queue=self.queue,
            started_at=instant(self.began_us),
            ended_at=instant(ended_us if self.rang else self.began_us),
            ringing_us=ringing_us,
            rings=rule.rings(ringing_us, rang=self.rang),
            result=self.result or AttemptResult.NO_ANSWER,
        )


@dataclass(slots=True, eq=False)
class LiveTransfer:
    """A transfer whose result may still be open."""

    kind: f.TransferKind
    at_us: int
    by: str
    to: str
    scope: f.Scope
    by_channels: frozenset[str]
    """Uniqueids of the channels that let go: they cannot be the answer."""
    consultation_us: int = 0
    hold_us: int = 0
    consent: bool | None = None
    reconnected_us: int | None = None
    ringing: Clock = field(default_factory=Clock)
    through: str = ""
    """Uniqueid of the Local channel that dials the target, while Asterisk itself makes the consultation."""
    asked_by: str = ""
    """The application by which the caller, passed on, asked for a person."""
    asked_presumed: bool = False
    """It is what they ran before: Asterisk tells of the first step after a transfer with the old application."""
    given_up: f.TransferResult | None = None
    """Why the centre stopped trying, where the caller was still there."""
    result: f.TransferResult | None = None

    def record(self, rule: RingRule) -> f.Transfer:
        """The fact this transfer comes to, now that its result is known."""
        answered = self.reconnected_us
        return f.Transfer(
            kind=self.kind,
            at=instant(self.at_us),
            by=self.by,
            to=self.to,
            scope=self.scope,
            result=self.result or f.TransferResult.UNOBSERVED,
            announced=self.consultation_us > 0,
            consent=self.consent,
            consultation_us=self.consultation_us,
            caller_hold_us=self.hold_us,
            reconnected_at=instant(answered) if answered is not None else None,
            reconnect_us=answered - self.at_us if answered is not None else None,
            reconnect_rings=rule.rings(self.ringing.spent_us) if answered is not None else None,
        )


@dataclass(slots=True, eq=False)
class LiveHold:
    """The caller is on hold."""

    by: str
    by_channel: str
    started_us: int
    ended_us: int | None = None
    left: bool = False
    """The one who holds has stepped out of the caller's bridge, to consult."""


@dataclass(slots=True, eq=False)
class LivePromise:
    """The caller was promised a call back."""

    at_us: int
    by: str
    due_at: datetime | None
    """As it was said: a time of day, which no clock that is set moves."""


@dataclass(slots=True, eq=False)
class LiveCall:
    """Everything that shares one linkedid. Those that a monitored line has are calls, and yield facts."""

    system: str
    linkedid: str
    rule: RingRule
    seen_us: int
    """When anything was first seen of it."""
    key: f.CallKey = field(init=False)
    """What identifies it in every fact."""
    joined: set[str] = field(default_factory=set)
    """Linkedids of the calls that became part of this one."""
    channels: dict[str, Channel] = field(default_factory=dict)

    # who called whom
    line: str | None = None
    undecided: bool = False
    """The first channel named no number yet; its first step in the dialplan decides the line."""
    caller: Channel | None = None
    caller_number: str = ""
    dialled: str = ""

    # where it stands
    stage: Stage = Stage.ANNOUNCEMENT
    last_application: str = ""
    """What the dialplan last ran on the caller's channel."""
    last_data: str = ""
    """That application's arguments."""
    last_queue: str | None = None
    menu: tuple[str, ...] = ()
    """What the caller chose before a person answered."""
    last_step: str = ""
    """Where the caller is in a menu, as in `ivr-main,2`: the steps of one extension are one choice."""
    recordings: list[str] = field(default_factory=list)
    over: bool = False
    """Its record has been made (or it never gets one)."""
    partly: bool = False
    """Not all of it was seen."""
    by_receipt: bool = False
    """Its events bear no stamps: when they came is all that is known of when they were."""

    # its instants
    entered_us: int | None = None
    maybe_asked_us: int | None = None
    """When the dialplan ran Queue or Dial; the first join or dial, a little later, is the better instant."""
    asked_us: int | None = None
    asked_by_dial: bool = False
    first_ring_us: int | None = None
    answered_us: int | None = None
    stopped_waiting_us: int | None = None
    """When the centre gave up."""

    # its ringing
    attempts: list[LiveAttempt] = field(default_factory=list)
    first_unanswered: int = 0
    """Index of the first attempt since the call last asked for a person."""
    ringing: dict[str, Channel] = field(default_factory=dict)
    ringing_clock: Clock = field(default_factory=Clock)
    warned: bool = False
    breached: bool = False

    # its conversations
    answer: Channel | None = None
    """The phone that first answered; set without `answered_us` where the answer itself was not seen."""
    answer_attempt: LiveAttempt | None = None
    picked_up: bool = False
    parties: frozenset[str] = frozenset()
    """Uniqueids of the persons the caller talks with now."""
    talking_clock: Clock = field(default_factory=Clock)
    holds: list[LiveHold] = field(default_factory=list)
    transfers: list[LiveTransfer] = field(default_factory=list)
    consultation: LiveTransfer | None = None
    """An attended transfer that an agent has begun by feature code or AMI, and not brought to an end."""
    pending_consent: bool | None = None
    promises: list[LivePromise] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = f.CallKey(system=self.system, linkedid=self.linkedid)

    # its end
    end_seen: bool = False
    left_in: Stage | None = None
    """The stage in which the caller hung up; None where the centre ended the call."""
    maybe_left_in: Stage | None = None
    """The same by the queue's word alone."""

    @property
    def offered(self) -> bool:
        """A monitored line has it, and its record is still to be made."""
        return self.line is not None and not self.over

    @property
    def open_hold(self) -> LiveHold | None:
        """The hold the caller is in now."""
        return self.holds[-1] if self.holds and self.holds[-1].ended_us is None else None

    def close_hold(self, at_us: int) -> int:
        """End the hold the caller is in; returns how long it was, 0 where there is none."""
        hold = self.open_hold
        if hold is None:
            return 0
        hold.ended_us = max(hold.started_us, at_us)
        return hold.ended_us - hold.started_us

    def move(self, by_us: int) -> None:
        """Every instant of the call, in a time that differs by so much: what lay between them stays as it was."""
        for timed, names in (
            ((self,), _CALL_INSTANTS),
            (self.attempts, ("began_us", "ceased_us")),
            (self.holds, ("started_us", "ended_us")),
            (self.promises, ("at_us",)),
            (self._all_transfers(), ("at_us", "reconnected_us")),
        ):
            for record in timed:
                for name in names:
                    at_us = getattr(record, name)
                    if at_us is not None:
                        setattr(record, name, at_us + by_us)
        for clock in (self.ringing_clock, self.talking_clock, *(t.ringing for t in self._all_transfers())):
            clock.move(by_us)

    def _all_transfers(self) -> list[LiveTransfer]:
        return self.transfers if self.consultation is None else [*self.transfers, self.consultation]

    def open_transfers(self) -> list[LiveTransfer]:
        """Transfers nobody has answered yet."""
        return [transfer for transfer in self.transfers if transfer.result is None]

    def asked(self, at_us: int, *, by_dial: bool) -> None:
        """It asked for a person, surely."""
        if self.asked_us is None:
            self.asked_us = at_us
            self.asked_by_dial = by_dial
        self.stopped_waiting_us = None

    def record(self, at_us: int, ended_us: int | None, teams: Teams) -> f.Call:
        """The record of the call, which is over.

        Args:
            at_us: the last instant seen.
            ended_us: when the caller's channel ended; None where that was not seen.
            teams: one of which it may be the call of.
        """
        asked_us = self.asked_us if self.asked_us is not None else self.maybe_asked_us
        ringing_us = self.ringing_clock.total_us(at_us)
        outcome = outcome_of(
            answered=self.answer is not None,
            end_seen=self.end_seen,
            left_in=self.left_in,
            results=[attempt.result for attempt in self.attempts[self.first_unanswered :] if attempt.result],
            dialled=asked_us is not None and (self.asked_by_dial or self.asked_us is None),
        )
        rang = self.first_ring_us is not None
        judgement = judge(self.rule, outcome, ringing_us, rang=rang, whole=not self.partly)
        waited_until = next(
            (us for us in (self.answered_us, self.stopped_waiting_us, ended_us) if us is not None), None
        )
        answered_by = self.answer_attempt
        queue = self._queue(answered_by)
        return f.Call(
            key=self.key,
            line=self.line or "",
            dialled=self.dialled,
            caller=self.caller_number or None,
            entered_at=_instant(self.entered_us),
            asked_at=_instant(asked_us),
            first_ring_at=_instant(self.first_ring_us),
            answered_at=_instant(self.answered_us),
            ended_at=_instant(ended_us),
            outcome=outcome,
            rings=self.rule.rings(ringing_us, rang=rang),
            ringing_us=ringing_us,
            waiting_us=max(0, waited_until - asked_us) if asked_us is not None and waited_until is not None else None,
            talking_us=self.talking_clock.total_us(at_us),
            hold_us=sum((hold.ended_us or at_us) - hold.started_us for hold in self.holds),
            verdicts=judgement.verdicts,
            verdict_reason=judgement.reason,
            rule=self.rule.label,
            observed=f.Observed.PARTLY if self.partly else f.Observed.WHOLE,
            queue=queue,
            team=teams.team_of(queue, self.menu),
            menu=self.menu,
            recordings=tuple(self.recordings),
            agent=self.answer.interface if self.answer is not None else None,
            member=answered_by.member if answered_by is not None else None,
            answered_by_pickup=self.picked_up,
            attempts=tuple(attempt.record(self.rule, at_us) for attempt in self._by_start()),
            transfers=tuple(transfer.record(self.rule) for transfer in self.transfers),
            holds=tuple(
                f.Hold(by=hold.by, started_at=instant(hold.started_us), ended_at=instant(hold.ended_us or at_us))
                for hold in self.holds
            ),
            callbacks=tuple(
                f.CallbackPromise(at=instant(promise.at_us), by=promise.by, due_at=promise.due_at)
                for promise in self.promises
            ),
            recorded_at=instant(at_us),
        )

    def _queue(self, answered_by: LiveAttempt | None) -> str | None:
        if answered_by is not None and not self.picked_up:
            return answered_by.queue
        return self.last_queue

    def _by_start(self) -> list[LiveAttempt]:
        return sorted(self.attempts, key=lambda attempt: attempt.began_us)


def _instant(at_us: int | None) -> datetime | None:
    return instant(at_us) if at_us is not None else None

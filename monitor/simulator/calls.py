"""One call in progress: who takes part, its thread, and how a phone is rung for it.

A flow is a generator that yields the instant at which it goes on (microseconds since 1970) and tells the thread
meanwhile what happens; `monitor.simulator.centre` runs any number of them side by side.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeVar

from monitor.calls.facts import AttemptResult, Outcome
from monitor.simulator.exchange import DOWN, RINGING, UP, Bridge, Channel, Exchange, Thread
from monitor.simulator.people import IN_USE, NOT_IN_USE, RINGING_STATE, Phone, Queue, reply_by_habit, show_status
from monitor.simulator.plans import NEVER_US, Answers, CallPlan, Declines, Forwards, Refuses, Reply
from monitor.simulator.truth import TrueAttempt, Truth, clear_of_ring_start

if TYPE_CHECKING:
    from random import Random

T = TypeVar("T")
Flow = Generator[int, None, T]

TRUNK = "trunk"
TRUNK_CONTEXT = "from-trunk"

PICKUP_US = 501_000
"""From when a colleague begins to pick up until the other phone ceases to ring."""

REFUSALS = {
    486: ("BUSY", 17, AttemptResult.REJECTED),
    480: ("NOANSWER", 19, AttemptResult.REJECTED),
    603: ("NOANSWER", 21, AttemptResult.REJECTED),
    503: ("CONGESTION", 34, AttemptResult.FAILED),
}
"""SIP status: DialStatus, hang-up cause, what it is in the words of the domain."""


class World:
    """The centre that calls arrive in: its exchange, phones and queues.

    Attributes:
        network_us: the shortest and longest time from dialling a phone to its ringing.
    """

    def __init__(self, exchange: Exchange, phones: dict[str, Phone], queues: dict[str, Queue]) -> None:
        self.exchange = exchange
        self.phones = phones
        self.queues = queues
        self.by_number = {phone.number: phone for phone in phones.values()}
        self.queue_by_exten = {queue.exten: queue for queue in queues.values()}
        self.network_us = (25_000, 90_000)


class Ending(Enum):
    """How the dialling of phones ended."""

    ANSWERED = auto()
    NO_ANSWER = auto()
    BUSY = auto()
    FAILED = auto()
    CALLER_LEFT = auto()
    PICKED_UP = auto()
    """Not an end: a colleague is about to take the call."""


@dataclass(slots=True, eq=False)
class Leg:
    """One phone that is dialled, and what it will do."""

    phone: Phone
    channel: Channel
    reply: Reply
    attempt: TrueAttempt | None
    """Its place in the truth; None once a person has answered the call."""
    due_at_us: int = NEVER_US
    """When it does what it does; known once it rings."""
    ringing_since_us: int | None = None
    queue: Queue | None = None
    """The queue that dialled it; its events go with the call."""
    connected_at_us: int = 0
    hold_seconds: int = 0
    stands_for: Phone | None = None
    """The queue's member whose call a colleague has picked up."""
    picked_up: bool = False
    in_another_call: bool = False
    """Its phone talks already, and goes on doing so when this leg has ended."""

    @property
    def member(self) -> Phone:
        """The queue's member that the queue believes to talk."""
        return self.stands_for or self.phone


class CallInProgress:
    """One caller's call.

    Args:
        world: the centre it arrives in.
        plan: what everybody will do.
        at_us: when it arrives.
        rng: its own source of chance.
    """

    def __init__(self, world: World, plan: CallPlan, at_us: int, rng: Random) -> None:
        self.world = world
        self.plan = plan
        self.rng = rng
        self.thread = Thread(world.exchange, at_us, rng)
        self.replies: Iterator[Reply] = iter(plan.replies)
        name = world.exchange.phone_channel(TRUNK)
        self.trunk = self.thread.new_channel(name, 4, plan.caller_number, plan.caller_name, TRUNK_CONTEXT, plan.dialled)
        self.truth = Truth(
            system=world.exchange.system,
            linkedid=self.trunk.linkedid,
            dialled=plan.dialled,
            caller=plan.caller_number,
            entered_at_us=self.thread.at_us,
        )
        self.leaves_at_us = NEVER_US
        """When the caller's patience ends."""
        self.picked_up_at_us = NEVER_US
        """When a colleague begins to pick the call up."""
        self.colleague: Phone | None = None
        """Who picks it up."""
        self.through: tuple[Channel, Channel] | None = None
        """The halves of the Local channel by which a phone has forwarded the call."""

    @property
    def counting(self) -> bool:
        """Whether the ring count still runs: nobody has answered yet."""
        return self.truth.answered_at_us is None

    def next_reply(self, phone: Phone) -> Reply:
        """What the next phone that is rung will do."""
        planned = next(self.replies, None)
        return planned if planned is not None else reply_by_habit(phone.habit, self.rng)

    def status(self, phone: Phone, status: int) -> None:
        """Let a phone's device state change."""
        show_status(self.thread, self.world.queues, phone, status)

    # ---- dialling

    def new_leg(self, phone: Phone, dialler: Channel, queue: Queue | None, reply: Reply | None = None) -> Leg:
        """Make the channel of a phone that is about to be rung."""
        in_another_call, phone.engaged = phone.engaged, True
        name = self.world.exchange.phone_channel(phone.endpoint)
        channel = self.thread.new_channel(name, DOWN, phone.number, phone.person, phone.context, "s", dialler.linkedid)
        planned = reply or self.next_reply(phone)
        # A phone in a call refuses another.
        leg = Leg(phone, channel, Refuses(status=486) if in_another_call else planned, None, queue=queue)
        leg.in_another_call = in_another_call
        if dialler is self.trunk:
            self.note_attempt(leg)
        return leg

    def note_attempt(self, leg: Leg) -> None:
        """Take a leg into the truth, while nobody has answered."""
        if self.counting:
            leg.attempt = TrueAttempt(agent=leg.phone.interface, queue=leg.queue.name if leg.queue else None)
            self.truth.attempts.append(leg.attempt)

    def begins_to_ring(self, leg: Leg) -> None:
        """Note that a leg's phone rings, and when it will reply."""
        leg.ringing_since_us = self.thread.at_us
        if leg.attempt is not None:
            leg.attempt.started_at_us = self.thread.at_us
        if isinstance(leg.reply, Answers | Declines):
            leg.due_at_us = self.thread.at_us + leg.reply.after_us
        if self.plan.picked_up_after_us is not None and self.colleague is None and self.counting:
            free = (
                p for p in self.world.phones.values() if not (p.engaged or p.paused or p.free_at_us > self.thread.at_us)
            )
            self.colleague = next(free, None)
            if self.colleague is not None:
                self.colleague.engaged = True
                self.picked_up_at_us = self.thread.at_us + self.plan.picked_up_after_us

    def ends_ringing(self, leg: Leg, result: AttemptResult) -> None:
        """Note how a leg's ringing ended."""
        if leg.attempt is not None and leg.attempt.result is None:
            leg.attempt.ended_at_us = self.thread.at_us if leg.attempt.started_at_us is not None else None
            leg.attempt.result = result

    def let_go(self, leg: Leg, cause: int, tech_cause: int | None = None) -> None:
        """Hang up a leg that was not answered."""
        self.thread.hang_up(leg.channel, cause, tech_cause)
        if not leg.in_another_call:
            self.release(leg.phone)

    def release(self, phone: Phone, wrap_up_us: int = 0) -> None:
        """A phone is free again, after its agent has written the call up."""
        phone.engaged = False
        phone.free_at_us = self.thread.at_us + wrap_up_us
        self.status(phone, NOT_IN_USE)

    def refused(self, leg: Leg) -> tuple[str, int, int, AttemptResult] | None:
        """How a leg's phone refuses: DialStatus, cause, SIP status, result; None where it does not."""
        if isinstance(leg.reply, Refuses):
            status, cause, result = REFUSALS[leg.reply.status]
            return status, cause, leg.reply.status, result
        if isinstance(leg.reply, Declines):
            status, cause, result = REFUSALS[603]
            return status, cause, 603, result
        return None

    def wait_for_reply(self, legs: list[Leg], give_up_at_us: int, *, patient: bool = False) -> Flow[Leg | Ending]:
        """Wait for what happens next: a leg's reply, the end of the caller's patience, or of the dialling.

        Returns:
            The leg that replies, or `CALLER_LEFT`, `NO_ANSWER` or `PICKED_UP`.
        """
        leg = min(legs, key=lambda one: one.due_at_us)
        leaves_at_us = NEVER_US if patient else self.leaves_at_us
        at_us = min(leg.due_at_us, leaves_at_us)
        if self.picked_up_at_us < at_us and self.picked_up_at_us + PICKUP_US < give_up_at_us and self.counting:
            # What ends the ringing is the pickup's own end.
            at_us = self.picked_up_at_us + clear_of_ring_start(
                self.truth.ringing_until(self.picked_up_at_us + PICKUP_US)
            )
            yield at_us
            self.thread.wake(at_us)
            return Ending.PICKED_UP
        self.nobody_picks_up()
        if at_us < give_up_at_us:
            if self.counting:
                at_us += clear_of_ring_start(self.truth.ringing_until(at_us))
            yield at_us
            self.thread.wake(at_us)
            return Ending.CALLER_LEFT if leaves_at_us < leg.due_at_us else leg
        yield give_up_at_us
        self.thread.wake(give_up_at_us)
        return Ending.NO_ANSWER

    def until_reply(self, leg: Leg) -> Flow[None]:
        """Wait for the reply of a leg that answers, whatever else happens."""
        at_us = leg.due_at_us
        if self.counting:
            at_us += clear_of_ring_start(self.truth.ringing_until(at_us))
        yield at_us
        self.thread.wake(at_us)

    def nobody_picks_up(self) -> None:
        """Let go of the colleague who would have picked the call up."""
        if self.picked_up_at_us < NEVER_US and self.colleague is not None:
            self.colleague.engaged = False
            self.picked_up_at_us = NEVER_US

    # ---- being answered

    def phone_answers(self, leg: Leg) -> None:
        """The leg's phone is picked up."""
        self.thread.new_state(leg.channel, UP)
        self.ends_ringing(leg, AttemptResult.ANSWERED)

    def in_use(self, leg: Leg) -> None:
        """Let the answered phone's device state follow."""
        leg.phone.in_queue_call = leg.queue is not None
        self.status(leg.phone, IN_USE)

    def join(self, first: Channel, second: Channel, *, outgoing: Channel | None = None) -> Bridge:
        """Bridge two channels; `outgoing` is the one that a plain Dial called, which shows it was."""
        bridge = self.thread.bridge_create()
        if outgoing is not None:
            self.thread.new_exten(outgoing, "AppDial", "(Outgoing Line)", "")
        self.thread.bridge_enter(bridge, first)
        self.thread.bridge_enter(bridge, second)
        return bridge

    def answered_by(self, leg: Leg) -> None:
        """Note the first person who talks with the caller."""
        if self.counting:
            self.truth.answered_at_us = self.thread.at_us
            self.truth.outcome = Outcome.ANSWERED
            self.truth.agent = leg.phone.interface
            self.truth.member = leg.phone.person if leg.queue else None
            self.truth.queue = leg.queue.name if leg.queue else self.truth.queue


def rings(call: CallInProgress, dialler: Channel, leg: Leg, *, by_queue: bool) -> None:
    """The leg's phone begins to ring, and whoever dialled is told."""
    thread = call.thread
    thread.new_state(leg.channel, RINGING)
    call.begins_to_ring(leg)
    if by_queue:
        thread.new_exten(leg.channel, "AppQueue", "(Outgoing Line)")
        thread.new_connected_line(leg.channel)
    thread.dial_state(dialler, leg.channel, "RINGING")
    call.status(leg.phone, RINGING_STATE)


def will_ring(leg: Leg) -> bool:
    """Whether a leg's phone rings at all."""
    return not isinstance(leg.reply, Refuses | Forwards)

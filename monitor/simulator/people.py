"""Who works in the simulated centre: phones, queues, and how fast each agent answers.

Names and numbers are made up; 0100 and 0200 begin no Korean number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from monitor.simulator.exchange import SECOND_US, Channel, Thread
from monitor.simulator.plans import Answers, Declines, Ignores, Refuses, Reply

if TYPE_CHECKING:
    from random import Random

NOT_IN_USE, IN_USE, UNAVAILABLE, RINGING_STATE = 1, 2, 5, 6
"""Device states as `QueueMemberStatus` shows them."""


class Habit(StrEnum):
    """How fast an agent picks up."""

    FAST = "fast"
    STEADY = "steady"
    SLOW = "slow"
    ABSENT = "absent"


@dataclass(slots=True, eq=False)
class Phone:
    """One phone of the centre or of another department."""

    endpoint: str
    number: str
    person: str
    habit: Habit = Habit.STEADY
    context: str = "agents"
    queues: tuple[str, ...] = ()
    status: int = NOT_IN_USE
    engaged: bool = False
    """It rings or talks; no other call is sent to it."""
    free_at_us: int = 0
    """Until then its agent writes up the last call (wrap-up), and the queue leaves it alone."""
    paused: bool = False
    paused_reason: str = ""
    paused_at_us: int = 0
    in_queue_call: bool = False
    calls_taken: int = 0
    last_call_at_us: int = 0

    @property
    def interface(self) -> str:
        """The phone's interface, as in `PJSIP/agent1`."""
        return f"PJSIP/{self.endpoint}"


class Caller(Protocol):
    """Somebody who waits in a queue."""

    channel: Channel
    entered_at_us: int
    ringing: bool
    """Phones ring for this caller."""


@dataclass(slots=True, eq=False)
class Queue:
    """One queue and the callers in it."""

    name: str
    exten: str
    """The extension by which callers are passed on to it."""
    strategy: str
    """`rrmemory` or `ringall`."""
    ring_us: int = 16 * SECOND_US
    """How long one attempt rings."""
    retry_us: int = 1 * SECOND_US
    timeout_us: int = 75 * SECOND_US
    """How long a caller may wait before the queue gives the call up."""
    wrap_up_us: int = 8 * SECOND_US
    members: list[Phone] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    """Who waits, first come first."""
    next_member: int = 0
    """rrmemory: where the next round begins."""
    completed: int = 0
    abandoned: int = 0

    def free_members(self, at_us: int) -> list[Phone]:
        """The members that could be rung, in the order of the strategy."""
        count = len(self.members)
        order = [self.members[(self.next_member + i) % count] for i in range(count)] if count else []
        return [m for m in order if not (m.engaged or m.paused or m.free_at_us > at_us or m.status == UNAVAILABLE)]

    def rung(self, phone: Phone) -> None:
        """Note which member was rung last."""
        self.next_member = (self.members.index(phone) + 1) % len(self.members)


def member_lines(queue: Queue, phone: Phone, started_at_us: int) -> str:
    """The header lines of a queue member behind its `Queue`, as `QueueMemberStatus` and its kin show them."""
    return (
        f"MemberName: {phone.person}\r\nInterface: {phone.interface}\r\nStateInterface: {phone.interface}\r\n"
        f"Membership: static\r\nPenalty: 0\r\nCallsTaken: {phone.calls_taken}\r\n"
        f"LastCall: {phone.last_call_at_us // SECOND_US}\r\nLastPause: {phone.paused_at_us // SECOND_US}\r\n"
        f"LoginTime: {started_at_us // SECOND_US}\r\nInCall: {int(phone.in_queue_call)}\r\nStatus: {phone.status}\r\n"
        f"Paused: {int(phone.paused)}\r\nPausedReason: {phone.paused_reason}\r\nRinginuse: 0\r\n"
        f"Wrapuptime: {queue.wrap_up_us // SECOND_US}\r\n"
    )


def show_status(thread: Thread, queues: dict[str, Queue], phone: Phone, status: int) -> None:
    """Let a phone's device state change; each queue it is a member of tells so."""
    if phone.status == status:
        return
    phone.status = status
    for name in phone.queues:
        body = f"Queue: {name}\r\n{member_lines(queues[name], phone, thread.exchange.started_at_us)}"
        thread.emit("QueueMemberStatus", "agent", body)


def reply_by_habit(habit: Habit, rng: Random) -> Reply:  # noqa: PLR0911 - one for each thing an agent does
    """What an agent of this habit does when the phone rings."""
    chance = rng.random()
    if habit is Habit.FAST:
        return Answers(after_us=_seconds(rng, 1.2, 4.6))
    if habit is Habit.STEADY:
        if chance < 0.02:
            return Declines(after_us=_seconds(rng, 1.5, 4.0))
        return Answers(after_us=_seconds(rng, 2.0, 8.2))
    if habit is Habit.SLOW:
        if chance < 0.12:
            return Ignores()
        return Answers(after_us=_seconds(rng, 6.2, 14.0))
    if chance < 0.15:
        return Refuses(status=480)
    return Ignores() if chance < 0.85 else Answers(after_us=_seconds(rng, 9.5, 14.0))


def _seconds(rng: Random, shortest: float, longest: float) -> int:
    return int(rng.uniform(shortest, longest) * SECOND_US)


REMOTE = "remote"
"""The queue of remote support, which callers choose in the menu."""


def centre_staff(*, remote: bool = False) -> tuple[dict[str, Phone], dict[str, Queue]]:
    """The demonstration's phones by endpoint and queues by name: eleven agents, four desks of other departments.

    Args:
        remote: three more agents are there, for remote support.
    """
    counsel = Queue(name="counsel", exten="600", strategy="rrmemory")
    claims = Queue(name="claims", exten="610", strategy="ringall")
    agents = [
        ("agent1", "101", "김서연", Habit.FAST, counsel),
        ("agent2", "102", "이준호", Habit.STEADY, counsel),
        ("agent3", "103", "박지우", Habit.FAST, counsel),
        ("agent4", "104", "최민석", Habit.SLOW, counsel),
        ("agent5", "105", "정하윤", Habit.STEADY, counsel),
        ("agent6", "106", "Grace Miller", Habit.STEADY, counsel),
        ("agent7", "107", "강도현", Habit.ABSENT, counsel),
        ("agent8", "108", "윤채원", Habit.FAST, counsel),
        ("agent9", "109", "조은비", Habit.STEADY, claims),
        ("agent10", "110", "임태양", Habit.SLOW, claims),
        ("agent11", "111", "한소희", Habit.STEADY, claims),
    ]
    queues = {counsel.name: counsel, claims.name: claims}
    if remote:
        support = queues[REMOTE] = Queue(name=REMOTE, exten="620", strategy="rrmemory")
        agents += [
            ("agent12", "112", "오세린", Habit.FAST, support),
            ("agent13", "113", "서도윤", Habit.STEADY, support),
            ("agent14", "114", "신유나", Habit.STEADY, support),
        ]
    phones = {}
    for endpoint, number, person, habit, queue in agents:
        phone = Phone(endpoint, number, person, habit, queues=(queue.name,))
        queue.members.append(phone)
        phones[endpoint] = phone
    for endpoint, number, person in (
        ("branch1", "201", "서울영업점"),
        ("branch2", "202", "부산영업점"),
        ("audit1", "203", "감사실"),
        ("branch3", "204", "대구영업점"),
    ):
        phones[endpoint] = Phone(endpoint, number, person, Habit.FAST, context="departments")
    return phones, queues

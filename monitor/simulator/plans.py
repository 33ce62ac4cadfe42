"""What the people of one simulated call will do: decided before it begins, so that the truth is known beforehand.

A plan says what each person does and after how long; the flows turn it into packets. Every duration is in integer
microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NEVER_US = 1 << 62
"""Longer than any simulation."""


# ---- how a phone that is called replies


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Somebody picks up after the phone has rung for a while."""

    after_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignores:
    """Nobody picks up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declines:
    """Somebody presses the phone's decline key (SIP 603) after it has rung for a while."""

    after_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuses:
    """The phone refuses without ringing: busy (486), do-not-disturb (480), unreachable (503)."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwards:
    """The phone sends the call on by itself (302), without ringing."""

    to: str
    """The extension it sends the call to."""


Reply = Answers | Ignores | Declines | Refuses | Forwards


# ---- what happens in a conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The caller and the person talk."""

    for_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCaller:
    """The person puts the caller on hold, and comes back."""

    for_us: int


class Means(StrEnum):
    """How a person passes a caller on."""

    REFER = "refer"
    """The phone's own transfer key: SIP REFER; with Replaces after a consultation."""
    FEATURE = "feature"
    """Asterisk's feature code, pressed as DTMF."""
    AMI = "ami"
    """Another program asks for it by AMI `Atxfer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassOn:
    """The person sends the caller on without speaking to the target (blind)."""

    means: Means
    to: str
    """An extension: a phone's number or a queue's."""
    replies: tuple[Reply, ...] = ()
    """How the target's phones reply, in the order in which they are rung; by habit where there are none left."""
    patience_us: int = NEVER_US
    """How long the caller waits for the target, from the transfer."""
    consent: bool | None = None
    """What the dialplan reports of the caller's consent; None where it reports nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consult:
    """The person calls the target first, and then joins the caller to it (attended)."""

    means: Means
    to: str
    reply: Reply
    talk_us: int
    """How long person and target talk before the caller is joined; unused where `lets_go_after_us` comes first."""
    lets_go_after_us: int | None = None
    """Blonde: the person lets go this long after the target's phone began to ring, before it is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The person promises to call back, and presses the key that reports it."""

    due_after_us: int | None
    """How long after; None where no time is said."""


Step = Talk | HoldCaller | PassOn | Consult | Promise


# ---- calls out


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOut:
    """What an agent who calls a number outside will do, and the person called."""

    endpoint: str
    """The agent's phone."""
    number: str
    reply: Reply
    """The person's."""
    patience_us: int
    """How long the agent lets it ring."""
    talk_us: int


# ---- the caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """A voice menu that answers first."""

    for_us: int
    """From its answer until the caller has chosen, or has hung up."""
    digit: str | None
    """What the caller presses; None where the caller hangs up instead."""
    spoken: bool = True
    """False where the dialplan only answers, and asks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToQueue:
    """The call goes to a queue."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPhones:
    """The call rings one phone or several by a plain Dial."""

    endpoints: tuple[str, ...]
    timeout_us: int = 30_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """What one caller, and everybody the caller meets, will do."""

    dialled: str
    caller_number: str
    caller_name: str
    asks_for: ToQueue | ToPhones
    menu: Menu | None = None
    replies: tuple[Reply, ...] = ()
    """How the phones reply, in the order in which they are rung; by the agent's habit where there are none left."""
    patience_us: int = NEVER_US
    """How long the caller waits for a person, from asking for one."""
    picked_up_after_us: int | None = None
    """A colleague picks the call up (당겨받기) this long after the first phone began to ring."""
    conversation: tuple[Step, ...] = (Talk(for_us=30_000_000),)
    agent_hangs_up: bool = False
    """Who hangs up at the end: the person, else the caller."""

"""What a scenario consists of, and how it becomes a configuration.

Every scenario has endpoints, contexts and a queue of its own, named after it, so that all of them run side by side on
one Asterisk. In its dialplan and queue texts a word in angle brackets stands for what is its own: `<agent1>` for the
interface of its phone agent1, `<queue>` for its queue, `<inside>` for the context in which its phones dial.

"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .configuration import Endpoint
from .sip import Script

if TYPE_CHECKING:
    from .ami import Packet

LINE = "15886565"
"""The number that callers dial."""

Act = Callable[[Script], Script]


@dataclass(frozen=True, kw_only=True)
class Phone:
    """A phone of the centre, or a far one reached through the carrier."""

    name: str
    number: str
    """The extension under which it is dialled."""
    does: Act
    """What it does, told to a script."""
    person: str = ""
    """Its caller name."""
    places_call: bool = False
    """Whether it calls rather than waits to be called."""
    outside: bool = False
    """Whether it is the carrier's, with no extension in the centre."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Someone who calls the centre."""

    number: str
    does: Act
    name: str = "Hong Gildong"


@dataclass(frozen=True, kw_only=True)
class ManagerAct:
    """Something asked of Asterisk's manager when an event has come."""

    when: Callable[[Packet], bool]
    action: str
    values: Callable[[Packet], dict[str, str]]
    """The action's headers, from the event that was waited for."""
    after_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Many callers at once, each to a phone of its own; one SIPp process plays all callers, one all phones.

    A phone's address at SIPp says how long it rings, since that is all that differs between them.
    """

    numbers: tuple[str, ...]
    """The callers' numbers; the last three digits are the phone's."""
    ring_ms: tuple[int, ...]
    """How long each one's phone rings."""
    caller: Act
    phone: Act

    def endpoint_of(self, scenario: str, index: int) -> str:
        """Return the endpoint of the phone of one caller."""
        return f"{scenario}-phone{self.numbers[index][-3:]}"

    def endpoints(self, scenario: str, port: int) -> list[Endpoint]:
        """Return the endpoints of all phones, played at one port."""
        return [
            Endpoint(
                name=self.endpoint_of(scenario, index),
                context=f"inside-{scenario}",
                contact=f"sip:{self.endpoint_of(scenario, index)}-ring{ring_ms}@127.0.0.1:{port}",
                caller_id=f'"Phone {index}" <{self.numbers[index][-3:]}>',
            )
            for index, ring_ms in enumerate(self.ring_ms)
        ]

    def calls_file(self) -> str:
        """Return SIPp's injection file: one caller's number a line."""
        return "SEQUENTIAL\n" + "".join(f"{number};\n" for number in self.numbers)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One call, or a few, played by SIPp against Asterisk."""

    name: str
    what: str
    """What happens, in one sentence."""
    incoming: str
    """The dialplan of the trunk's context: what happens to a call that arrives."""
    phones: tuple[Phone, ...] = ()
    callers: tuple[Caller, ...] = ()
    inside: str = ""
    """Dialplan that the phones have beside one extension for each phone."""
    contexts: str = ""
    """Whole further contexts."""
    queue: str = ""
    """The settings and members of its queue."""
    second_queue: str = ""
    acts: tuple[ManagerAct, ...] = ()
    varset: bool = False
    """Whether its recording keeps the `VarSet` events."""
    dial_options: str = "tT"
    """The options with which an extension dials its phone."""
    dial_seconds: int = 30
    """How long an extension dials its phone."""
    tones: bool = False
    """Whether its trunk delivers keys in the media (RFC 2833)."""
    files: dict[str, str] = field(default_factory=dict)
    """Text to add to further configuration files, by name."""
    crowd: Crowd | None = None
    """Callers and phones by the hundred, beside or instead of those above."""
    seconds: float = 60.0
    """How long it may take at most."""

    @property
    def trunk(self) -> str:
        """The endpoint by which its calls arrive."""
        return f"{self.name}-trunk"

    def endpoint_of(self, phone: Phone) -> str:
        """Return the endpoint of one of its phones."""
        return f"{self.name}-{phone.name}"

    def interface_of(self, phone: Phone) -> str:
        """Return the interface of one of its phones, as Asterisk names it."""
        return f"PJSIP/{self.endpoint_of(phone)}"

    def owns(self, channel: str) -> bool:
        """Tell whether a channel is one of its own, by its name."""
        return channel.startswith(f"PJSIP/{self.name}-") or f"@inside-{self.name}-" in channel

    def own(self, text: str) -> str:
        """Put the scenario's own names in the place of the words in angle brackets."""
        words = {
            "queue": self.name,
            "queue2": f"{self.name}-2",
            "inside": f"inside-{self.name}",
            "incoming": f"from-trunk-{self.name}",
            "name": self.name,
        }
        for phone in self.phones:
            words[phone.name] = self.interface_of(phone)
            words[f"endpoint:{phone.name}"] = self.endpoint_of(phone)
        for word, meaning in words.items():
            text = text.replace(f"<{word}>", meaning)
        return text

    def dialplan(self) -> str:
        """Return its contexts for extensions.conf."""
        extensions = "".join(
            f"exten => {phone.number},1,Dial({self.interface_of(phone)},{self.dial_seconds},{self.dial_options})\n"
            " same => n,Hangup()\n"
            for phone in self.phones
            if not phone.outside and f"exten => {phone.number}," not in self.inside
        )
        return self.own(
            f"[from-trunk-{self.name}]\n{self.incoming.strip()}\n\n"
            f"[inside-{self.name}]\n{self.inside.strip()}\n{extensions}\n{self.contexts.strip()}\n\n"
        )

    def queues(self) -> str:
        """Return its queues for queues.conf."""
        text = f"[{self.name}]\n{self.queue.strip()}\n\n" if self.queue else ""
        text += f"[{self.name}-2]\n{self.second_queue.strip()}\n\n" if self.second_queue else ""
        return self.own(text)

    def endpoints(self, port_of: Callable[[Phone], int]) -> list[Endpoint]:
        """Return its endpoints; `port_of` gives the SIP port at which a phone waits."""
        trunk = Endpoint(name=self.trunk, context=f"from-trunk-{self.name}", trunk=True, tones=self.tones)
        phones = [
            Endpoint(
                name=self.endpoint_of(phone),
                context=f"inside-{self.name}",
                contact=None if phone.places_call else f"sip:{self.endpoint_of(phone)}@127.0.0.1:{port_of(phone)}",
                caller_id=f'"{phone.person or phone.name}" <{phone.number}>',
                pickup_group=self.name,
            )
            for phone in self.phones
        ]
        return [trunk, *phones]

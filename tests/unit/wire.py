"""A small language for what an Asterisk writes on a manager connection, so that a test can be read as the call it is.

    wire = Wire()
    caller = wire.enters(dialled="15886565")
    phone = wire.dials(caller, "PJSIP/agent1")
    wire.rings(phone)
    wire.at(2.5).answers(caller, phone)
    wire.at(60).ends(caller)

Everything becomes bytes, and only bytes: `facts_of` reads them back through the framing, the decoder and the tracker.
Header names and their order are those of an Asterisk 22 (see the recordings in tests/scenarios).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from monitor.ami.decoder import Decoder
from monitor.ami.protocol import PacketReader
from monitor.calls.facts import Call
from monitor.calls.lines import Line, Lines
from monitor.calls.state import Plan
from monitor.calls.tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.calls.facts import Fact

SECOND_US = 1_000_000
START_US = 1_777_852_800 * SECOND_US
"""2026-05-04 00:00:00 UTC, a Monday: instant 0 of every wire."""
LINE = "1588-6565"
PLAN = Plan(lines=Lines((Line(LINE, ("15886565",)),)))
BANNER = b"Asterisk Call Manager/11.0.0\r\n"
_STATES = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}

F = TypeVar("F")


def us(seconds: float) -> int:
    """Microseconds since 1970 of so many seconds on the wire."""
    return START_US + round(seconds * SECOND_US)


@dataclass(slots=True, eq=False)
class Leg:
    """A channel as the test names it."""

    channel: str
    uniqueid: str
    linkedid: str
    state: int = 0
    bridge: str = ""

    def headers(self, prefix: str = "") -> dict[str, str]:
        return {
            f"{prefix}Channel": self.channel,
            f"{prefix}ChannelState": str(self.state),
            f"{prefix}ChannelStateDesc": _STATES[self.state],
            f"{prefix}Uniqueid": self.uniqueid,
            f"{prefix}Linkedid": self.linkedid,
        }


class Wire:
    """Writes what an Asterisk would.

    Args:
        system: its SystemName; none is written where it is empty.
        stamped: whether `timestampevents` is on.
        queue_events: whether the account is sent the events of queues.
        dial_states: whether this Asterisk knows `DialState` (13 does not).
    """

    def __init__(
        self, system: str = "pbx1", *, stamped: bool = True, queue_events: bool = True, dial_states: bool = True
    ) -> None:
        self.system = system
        self.stamped = stamped
        self.queue_events = queue_events
        self.dial_states = dial_states
        self.packets: list[bytes] = []
        self._now_us = START_US
        self._channels = 0
        self._bridges = 0

    @property
    def data(self) -> bytes:
        return b"".join(self.packets)

    def take(self) -> bytes:
        """What was written since the last time, as one piece."""
        data = self.data
        self.packets.clear()
        return data

    def at(self, seconds: float) -> Self:
        """From now on it is so many seconds after the start; to the microsecond."""
        self._now_us = us(seconds)
        return self

    def event(self, name: str, /, **headers: Any) -> Self:
        """One event; underscores in a header's name stay out of it."""
        lines = [f"Event: {name}", "Privilege: call,all"]
        if self.stamped:
            lines.append(f"Timestamp: {self._now_us // SECOND_US}.{self._now_us % SECOND_US:06d}")
        if self.system:
            lines.append(f"SystemName: {self.system}")
        lines += [f"{key}: {value}" for key, value in headers.items()]
        self.packets.append("\r\n".join([*lines, "", ""]).encode())
        return self

    def raw(self, data: bytes) -> Self:
        """Bytes as they are."""
        self.packets.append(data)
        return self

    # -- channels ----------------------------------------------------------------------------------------------------

    def leg(self, name: str, linkedid: str = "", state: int = 0) -> Leg:
        """A channel that exists on the Asterisk; nothing is written."""
        self._channels += 1
        uniqueid = f"{self.system or 'x'}-1777852800.{self._channels}"
        return Leg(f"{name}-{self._channels:08x}", uniqueid, linkedid or uniqueid, state)

    def announces(self, leg: Leg, **headers: str) -> Leg:
        self.event("Newchannel", **leg.headers(), **headers)
        return leg

    def enters(
        self, dialled: str = "15886565", caller: str = "01012345678", trunk: str = "PJSIP/trunk", context: str = "in"
    ) -> Leg:
        """A caller's channel."""
        leg = self.leg(trunk, state=4)
        return self.announces(leg, CallerIDNum=caller, Context=context, Exten=dialled, Priority="1")

    def runs(self, leg: Leg, application: str, data: str = "", exten: str = "15886565", context: str = "in") -> Self:
        return self.event(
            "Newexten", **leg.headers(), Context=context, Extension=exten, Application=application, AppData=data
        )

    def joins(self, caller: Leg, queue: str, count: int = 1) -> Self:
        self.runs(caller, "Queue", f"{queue},tr")
        return self._queue("QueueCallerJoin", **caller.headers(), Queue=queue, Position="1", Count=count)

    def leaves_queue(self, caller: Leg, queue: str, count: int = 0) -> Self:
        return self._queue("QueueCallerLeave", **caller.headers(), Queue=queue, Count=count, Position="1")

    def dials(self, caller: Leg, interface: str, queue: str = "", member: str = "") -> Leg:
        """A phone's channel, dialled by a caller's (or by half of a Local pair)."""
        leg = self.announces(self.leg(interface, caller.linkedid), CallerIDNum="201", Context="inside", Exten="s")
        if queue:
            self._queue(
                "AgentCalled",
                **caller.headers(),
                **leg.headers("Dest"),
                Queue=queue,
                Interface=interface,
                MemberName=member or interface,
            )
        self.event("DialBegin", **caller.headers(), **leg.headers("Dest"), DialString=interface)
        return leg

    def _queue(self, name: str, /, **headers: Any) -> Self:
        return self.event(name, **headers) if self.queue_events else self

    def state(self, leg: Leg, state: int) -> Self:
        leg.state = state
        return self.event("Newstate", **leg.headers())

    def rings(self, phone: Leg) -> Self:
        self.state(phone, 5)
        return self.event("DialState", **phone.headers("Dest"), DialStatus="RINGING") if self.dial_states else self

    def dial_ends(self, caller: Leg, phone: Leg, status: str, **headers: str) -> Self:
        return self.event("DialEnd", **caller.headers(), **phone.headers("Dest"), DialStatus=status, **headers)

    def gives_up(self, caller: Leg, phone: Leg) -> Self:
        """The queue or dial stops ringing this phone."""
        self.dial_ends(caller, phone, "NOANSWER")
        self.dial_ends(caller, phone, "CANCEL")
        return self.hangs(phone)

    def picked_up(self, caller: Leg, phone: Leg) -> Self:
        self.state(phone, 6)
        return self.dial_ends(caller, phone, "ANSWER")

    def answers(self, caller: Leg, phone: Leg, queue: str = "") -> Self:
        """A person answers: the phone is up, and both are bridged at the same instant."""
        self.picked_up(caller, phone)
        if queue:
            self.leaves_queue(caller, queue)
        if caller.state != 6:
            self.state(caller, 6)
        self._bridges += 1
        return self.meet(f"bridge-{self.system}-{self._bridges}", phone, caller)

    def meet(self, bridge: str, *legs: Leg) -> Self:
        for leg in legs:
            leg.bridge = bridge
            self.event("BridgeEnter", BridgeUniqueid=bridge, BridgeTechnology="simple_bridge", **leg.headers())
        return self

    def parts(self, *legs: Leg) -> Self:
        for leg in legs:
            self.event("BridgeLeave", BridgeUniqueid=leg.bridge, BridgeTechnology="simple_bridge", **leg.headers())
            leg.bridge = ""
        return self

    def asks_to_hang(self, leg: Leg) -> Self:
        return self.event("HangupRequest", **leg.headers(), Cause="16")

    def hangs(self, leg: Leg, cause: int = 0) -> Self:
        if leg.bridge:
            self.parts(leg)
        return self.event("Hangup", **leg.headers(), Cause=cause)

    def ends(self, *legs: Leg, by: Leg | None = None) -> Self:
        """All these channels end now; `by` asked for it."""
        if by is not None:
            self.asks_to_hang(by)
        for leg in legs:
            self.hangs(leg, 16)
        return self

    # -- whole calls -------------------------------------------------------------------------------------------------

    def connects(self, ring_seconds: float, start: float = 0.0) -> tuple[Leg, Leg]:
        """A call to one phone that rings so long, and is answered."""
        caller = self.at(start).enters()
        self.runs(caller, "Dial", "PJSIP/agent1,60")
        phone = self.dials(caller, "PJSIP/agent1")
        self.rings(phone)
        self.at(start + ring_seconds).answers(caller, phone)
        return caller, phone

    def talks(self, ring_seconds: float, start: float = 0.0, talk_seconds: float = 10.0) -> tuple[Leg, Leg]:
        """A call to one phone that rings so long, is answered, and is talked on; the caller hangs up."""
        caller, phone = self.connects(ring_seconds, start)
        self.at(start + ring_seconds + talk_seconds).ends(caller, phone, by=caller)
        return caller, phone


class Reading:
    """Bytes to facts, as the pipeline does it live: deadlines that fall before an event are met by `advance`.

    Args:
        live: whether time passes between events; False is a replay, in which only events bring the time.
    """

    def __init__(self, plan: Plan = PLAN, system: str = "pbx1", *, live: bool = False) -> None:
        self._reader = PacketReader()
        self._live = live
        self.decoder = Decoder()
        self.tracker = Tracker(system, plan)
        self.facts: list[Fact] = []

    def take(self, data: bytes, received_us: int | None = None) -> Self:
        for _, packet in self._reader.feed(data):
            event = self.decoder.decode(packet, received_us)
            if event is None:
                continue
            while self._live and self.tracker.next_deadline_us <= event.at_us:
                self.facts += self.tracker.advance(self.tracker.next_deadline_us)
            self.facts += self.tracker.feed(event)
        return self

    def advance(self, seconds: float) -> Self:
        self.facts += self.tracker.advance(us(seconds))
        return self

    def then(self, move: Callable[[Tracker], Iterable[Fact]]) -> Self:
        self.facts += move(self.tracker)
        return self

    def of(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def calls(self) -> list[Call]:
        return self.of(Call)

    @property
    def call(self) -> Call:
        """The one call there is."""
        (call,) = self.calls
        return call


def read(wire: Wire, plan: Plan = PLAN, *, live: bool = False) -> Reading:
    """Everything on a wire, read to its end."""
    return Reading(plan, wire.system or "pbx1", live=live).take(wire.data)

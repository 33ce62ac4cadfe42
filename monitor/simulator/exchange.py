"""One simulated Asterisk's channels and bridges, and the packets it writes about them.

The kinds, their order and their headers are those that Asterisk 22 sent in the laboratory; a test compares them. What
people do is not known here: the flows decide, and tell a `Thread` what happens next.

**Source:** Asterisk main/manager_channels.c, main/manager_bridges.c, apps/app_queue.c; tests/scenarios/*/events.ami.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

UNKNOWN = "<unknown>"
MILLISECOND_US = 1_000
SECOND_US = 1_000_000

DOWN, RING, RINGING, UP, BUSY = 0, 4, 5, 6, 7
STATE_TEXT = {DOWN: "Down", RING: "Ring", RINGING: "Ringing", UP: "Up", BUSY: "Busy"}
CAUSE_TEXT = {
    0: "Unknown",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    21: "Call Rejected",
    23: "Redirected to new destination",
    26: "Answered elsewhere",
    34: "Circuit/channel congestion",
    127: "Interworking, unspecified",
}

Packet = tuple[int, int, bytes]
"""When it is sent (microseconds since 1970), its place among those of the same instant, and its bytes."""


class Channel:
    """One channel, and what its snapshot shows.

    Attributes:
        caller_number: the number of who is at this channel's far end; `connected_number` of whom they are connected to.
        application: what the dialplan runs on it, with its `data`.
    """

    __slots__ = (
        "_lines",
        "application",
        "bridge",
        "caller_name",
        "caller_number",
        "connected_name",
        "connected_number",
        "context",
        "data",
        "exten",
        "linkedid",
        "made_at_us",
        "name",
        "priority",
        "state",
        "uniqueid",
    )

    def __init__(  # noqa: PLR0917 - the snapshot's columns, in their order
        self,
        name: str,
        state: int,
        number: str,
        caller_name: str,
        context: str,
        exten: str,
        uniqueid: str,
        linkedid: str,
    ) -> None:
        self.name = name
        self.state = state
        self.caller_number = number
        self.caller_name = caller_name
        self.connected_number = UNKNOWN
        self.connected_name = UNKNOWN
        self.context = context
        self.exten = exten
        self.priority = 1
        self.uniqueid = uniqueid
        self.linkedid = linkedid
        self.bridge: Bridge | None = None
        self.application = ""
        self.data = ""
        self.made_at_us = 0
        self._lines: str | None = None

    def connect(self, number: str, name: str) -> None:
        """Show whom this channel's far end is connected to."""
        self.connected_number, self.connected_name, self._lines = number, name, None

    def place(self, exten: str, priority: int = 1, context: str | None = None) -> None:
        """Stand at another place of the dialplan."""
        self.exten, self.priority, self._lines = exten, priority, None
        if context is not None:
            self.context = context

    def identify(self, number: str, name: str) -> None:
        """Show who is at this channel's far end."""
        self.caller_number, self.caller_name, self._lines = number, name, None

    def move_to(self, state: int) -> None:
        """Change the channel's state."""
        self.state, self._lines = state, None

    def join_call(self, linkedid: str) -> None:
        """Share the fate of an older call."""
        self.linkedid, self._lines = linkedid, None

    def lines(self, prefix: str = "") -> str:
        """The header lines of the channel's snapshot, each key behind `prefix`."""
        if not prefix and self._lines is not None:
            return self._lines
        p = prefix
        text = (
            f"{p}Channel: {self.name}\r\n{p}ChannelState: {self.state}\r\n"
            f"{p}ChannelStateDesc: {STATE_TEXT[self.state]}\r\n"
            f"{p}CallerIDNum: {self.caller_number}\r\n{p}CallerIDName: {self.caller_name}\r\n"
            f"{p}ConnectedLineNum: {self.connected_number}\r\n{p}ConnectedLineName: {self.connected_name}\r\n"
            f"{p}Language: en\r\n{p}AccountCode: \r\n{p}Context: {self.context}\r\n{p}Exten: {self.exten}\r\n"
            f"{p}Priority: {self.priority}\r\n{p}Uniqueid: {self.uniqueid}\r\n{p}Linkedid: {self.linkedid}\r\n"
        )
        if not prefix:
            self._lines = text
        return text


class Bridge:
    """A bridge and the channels in it."""

    __slots__ = ("channels", "kind", "uniqueid")

    def __init__(self, uniqueid: str) -> None:
        self.uniqueid = uniqueid
        self.kind = "basic"
        self.channels: list[Channel] = []

    def lines(self, prefix: str = "") -> str:
        """The header lines of the bridge's snapshot, each key behind `prefix`."""
        p = prefix
        return (
            f"{p}BridgeUniqueid: {self.uniqueid}\r\n{p}BridgeType: {self.kind}\r\n"
            f"{p}BridgeTechnology: simple_bridge\r\n{p}BridgeCreator: <unknown>\r\n{p}BridgeName: <unknown>\r\n"
            f"{p}BridgeNumChannels: {len(self.channels)}\r\n{p}BridgeVideoSourceMode: none\r\n"
        )


class Exchange:
    """The simulated Asterisk: its counters, its live channels and bridges, and the packets it has yet to send.

    Args:
        system: AMI SystemName.
        started_at_us: when it booted, in microseconds since 1970.
    """

    def __init__(self, system: str, started_at_us: int) -> None:
        self.system = system
        self.started_at_us = started_at_us
        self.channels: dict[str, Channel] = {}
        """By name."""
        self.bridges: dict[str, Bridge] = {}
        """By uniqueid."""
        self._unsent: list[Packet] = []
        self._order = 0
        self._channels_made = 0
        self._phones_made = 0
        self._locals_made = 0

    def next_at_us(self) -> int | None:
        """When the next packet is due; None when there is none."""
        return self._unsent[0][0] if self._unsent else None

    def take(self, until_us: int) -> list[tuple[int, bytes]]:
        """Take the packets due up to and including an instant, in order of time."""
        taken = []
        unsent = self._unsent
        while unsent and unsent[0][0] <= until_us:
            at_us, _, packet = heapq.heappop(unsent)
            taken.append((at_us, packet))
        return taken

    def write(self, at_us: int, event: str, privilege: str, body: str) -> None:
        """Write one event packet, to be sent at an instant."""
        seconds, fraction = divmod(at_us, SECOND_US)
        text = (
            f"Event: {event}\r\nPrivilege: {privilege},all\r\nTimestamp: {seconds}.{fraction:06d}\r\n"
            f"SystemName: {self.system}\r\n{body}\r\n"
        )
        self._order += 1
        heapq.heappush(self._unsent, (at_us, self._order, text.encode()))

    def uniqueid(self, at_us: int) -> str:
        """A new channel's uniqueid."""
        number = self._channels_made
        self._channels_made += 1
        return f"{self.system}-{at_us // SECOND_US}.{number}"

    def phone_channel(self, endpoint: str) -> str:
        """A new channel's name for an endpoint, as in `PJSIP/agent1-0000000a`."""
        number = self._phones_made
        self._phones_made += 1
        return f"PJSIP/{endpoint}-{number:08x}"

    def local_channel(self, exten: str, context: str) -> str:
        """A new Local channel's name without its half, as in `Local/201@agents-00000000`."""
        number = self._locals_made
        self._locals_made += 1
        return f"Local/{exten}@{context}-{number:08x}"


class Thread:
    """One thread of the simulated Asterisk, which writes what happens to one call in order.

    Each packet is a few microseconds later than the one before, as where one thread publishes them all.

    Args:
        exchange: where packets and channels go.
        at_us: when the thread begins, in microseconds since 1970.
        rng: the call's own source of chance.
    """

    __slots__ = ("at_us", "exchange", "rng")

    def __init__(self, exchange: Exchange, at_us: int, rng: Random) -> None:
        self.exchange = exchange
        self.at_us = at_us
        self.rng = rng

    def pass_time(self, shortest_us: int, longest_us: int) -> None:
        """Let a little time pass that nobody decides: a network's, a processor's."""
        self.at_us += shortest_us + int(self.rng.random() * (longest_us - shortest_us))

    def wake(self, at_us: int) -> None:
        """Go on at an instant, or at once where that is over."""
        self.at_us = max(self.at_us, at_us)

    def emit(self, event: str, privilege: str, body: str) -> int:
        """Write one event.

        Returns:
            When it happened, in microseconds since 1970.
        """
        self.at_us += 12 + int(self.rng.random() * 110)
        self.exchange.write(self.at_us, event, privilege, body)
        return self.at_us

    # ---- channels

    def new_channel(  # noqa: PLR0917 - the snapshot's columns, in their order
        self,
        name: str,
        state: int,
        number: str,
        caller_name: str,
        context: str,
        exten: str,
        linkedid: str | None = None,
    ) -> Channel:
        """Make a channel; without a linkedid it is the first of its call."""
        uniqueid = self.exchange.uniqueid(self.at_us)
        channel = Channel(name, state, number, caller_name, context, exten, uniqueid, linkedid or uniqueid)
        channel.made_at_us = self.at_us
        self.exchange.channels[name] = channel
        self.emit("Newchannel", "call", channel.lines())
        return channel

    def new_exten(self, channel: Channel, application: str, data: str, exten: str | None = None) -> int:
        """Run an application of the dialplan on a channel."""
        extension = channel.exten if exten is None else exten
        channel.application, channel.data = application, data
        body = f"{channel.lines()}Extension: {extension}\r\nApplication: {application}\r\nAppData: {data}\r\n"
        return self.emit("Newexten", "dialplan", body)

    def new_state(self, channel: Channel, state: int) -> int:
        """Change a channel's state."""
        channel.move_to(state)
        return self.emit("Newstate", "call", channel.lines())

    def new_connected_line(self, channel: Channel, number: str | None = None, name: str = "") -> int:
        """Tell a channel's far end whom it is connected to; without a number, again."""
        if number is not None:
            channel.connect(number, name)
        return self.emit("NewConnectedLine", "call", channel.lines())

    def new_callerid(self, channel: Channel, number: str, name: str) -> int:
        """Change who is at a channel's far end."""
        channel.identify(number, name)
        body = f"{channel.lines()}CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n"
        return self.emit("NewCallerid", "call", body)

    def about(self, event: str, channel: Channel, rest: str = "", privilege: str = "call") -> int:
        """Write an event whose body is one channel's snapshot and whatever follows."""
        return self.emit(event, privilege, channel.lines() + rest)

    def hang_up(self, channel: Channel, cause: int, tech_cause: int | None = None) -> int:
        """End a channel; `tech_cause` is the SIP status that ended it, shown where there was one."""
        self.exchange.channels.pop(channel.name, None)
        rest = f"Cause: {cause}\r\nCause-txt: {CAUSE_TEXT[cause]}\r\n"
        return self.about("Hangup", channel, rest + _tech_cause(tech_cause))

    def hangup_request(self, channel: Channel, cause: int | None = None, tech_cause: int | None = None) -> int:
        """The far end of a channel asks for its end."""
        rest = f"Cause: {cause}\r\n" if cause is not None else ""
        return self.about("HangupRequest", channel, rest + _tech_cause(tech_cause))

    def soft_hangup_request(self, channel: Channel, tech_cause: int | None = None) -> int:
        """Asterisk itself asks for a channel's end."""
        return self.about("SoftHangupRequest", channel, "Cause: 16\r\n" + _tech_cause(tech_cause))

    # ---- dials

    def dial_begin(
        self, caller: Channel | None, phone: Channel, dial_string: str, phone_lines: str | None = None
    ) -> int:
        """Begin to dial a phone; `phone_lines` is an older snapshot of it where Asterisk shows that one."""
        lines = caller.lines() if caller is not None else ""
        return self.emit(
            "DialBegin", "call", f"{lines}{phone_lines or phone.lines('Dest')}DialString: {dial_string}\r\n"
        )

    def dial_state(self, caller: Channel | None, phone: Channel, status: str) -> int:
        """Tell how a dialled phone fares."""
        lines = caller.lines() if caller is not None else ""
        return self.emit("DialState", "call", f"{lines}{phone.lines('Dest')}DialStatus: {status}\r\n")

    def dial_end(self, caller: Channel | None, phone: Channel, status: str, forward: str | None = None) -> int:
        """End the dialling of a phone."""
        lines = caller.lines() if caller is not None else ""
        rest = f"Forward: {forward}\r\n" if forward is not None else ""
        return self.emit("DialEnd", "call", f"{lines}{phone.lines('Dest')}{rest}DialStatus: {status}\r\n")

    def local_bridge(self, one: Channel, two: Channel, context: str, exten: str) -> int:
        """Tell that the halves of a Local channel belong together."""
        return self.emit(
            "LocalBridge",
            "call",
            f"{one.lines('LocalOne')}{two.lines('LocalTwo')}Context: {context}\r\nExten: {exten}\r\n"
            "LocalOptimization: Yes\r\n",
        )

    # ---- bridges

    def bridge_create(self) -> Bridge:
        """Make an empty bridge."""
        digits = f"{self.rng.getrandbits(128):032x}"
        uniqueid = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"
        bridge = Bridge(uniqueid)
        self.exchange.bridges[uniqueid] = bridge
        self.emit("BridgeCreate", "call", bridge.lines())
        return bridge

    def bridge_enter(self, bridge: Bridge, channel: Channel, swap: Channel | None = None) -> int:
        """Put a channel into a bridge, in the place of another where `swap` names one."""
        bridge.channels.append(channel)
        channel.bridge = bridge
        rest = f"SwapUniqueid: {swap.uniqueid}\r\n" if swap is not None else ""
        return self.emit("BridgeEnter", "call", bridge.lines() + channel.lines() + rest)

    def bridge_leave(self, bridge: Bridge, channel: Channel) -> int:
        """Take a channel out of a bridge."""
        bridge.channels.remove(channel)
        channel.bridge = None
        return self.emit("BridgeLeave", "call", bridge.lines() + channel.lines())

    def bridge_destroy(self, bridge: Bridge) -> int:
        """End an empty bridge."""
        self.exchange.bridges.pop(bridge.uniqueid, None)
        return self.emit("BridgeDestroy", "call", bridge.lines())


def _tech_cause(tech_cause: int | None) -> str:
    return f"TechCause: {tech_cause}\r\n" if tech_cause is not None else ""

"""Packets to typed events: the event's name decides, in bytes, whether a packet is looked into at all."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from monitor.ami import events as e
from monitor.ami.protocol import BANNER, event_name, header, timestamp_us

if TYPE_CHECKING:
    from collections.abc import Callable

_UNKNOWN = "<unknown>"


def _integer(value: str) -> int | None:
    # Ten digits hold every count and second Asterisk sends; longer ones are noise and not worth an arbitrary integer.
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 10 else None


def _number(value: str) -> int:
    return _integer(value) or 0


def _uptime(value: str) -> int:
    seconds = _integer(value)
    return -1 if seconds is None else seconds


def _caller(value: str) -> str:
    return "" if value == _UNKNOWN else value


def _flag(value: str) -> bool:
    return value == "1"


def _consent(value: str) -> str:
    return value.strip().lower()


def _age_s(value: str) -> int:
    """Seconds of `hh:mm:ss`; 0 where it is something else."""
    parts = value.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 6 for part in parts):
        return 0
    hours, minutes, seconds = map(int, parts)
    return hours * 3600 + minutes * 60 + seconds


class Form:
    """How one kind of packet becomes an event.

    Args:
        event: what it becomes.
        passes_over: packets with this in them are of no use.
        only: packets without this in them are of no use.
        fields: for each field behind `at_us` the header it is read from (two as in `"Interface/Location"`, where
            releases differ), or that and what turns its text, "" where it is missing, into a value; or the value
            itself, where it is the same in every packet of this kind. In the order in which Asterisk writes the
            headers: each is looked for behind the one before, and from the packet's start only where it is not there.

    Raises:
        TypeError: a field of the event is left out, or is none of its fields.
    """

    __slots__ = ("_fields", "_make", "_without", "only", "passes_over")

    def __init__(
        self,
        event: type[e.Event],
        *,
        passes_over: bytes | None = None,
        only: bytes = b"",
        **fields: str | tuple[str, Callable[[str], Any]] | bool,
    ) -> None:
        self.passes_over = passes_over
        self.only = only
        names: tuple[str, ...] = event._fields
        if set(names) != {"at_us", *fields}:
            raise TypeError(f"{event.__name__} has the fields {names}, and the form gives {tuple(fields)}.")
        self._make: Callable[[list[Any]], e.Event] = event._make
        self._without: list[Any] = [0] * len(names)
        """The values of a packet that lacks every header."""
        found: list[tuple[int, str, int, Callable[[str], Any] | None]] = []
        for field, source in fields.items():
            index = names.index(field)
            if isinstance(source, bool):
                self._without[index] = source
                continue
            headers, convert = (source, None) if isinstance(source, str) else source
            self._without[index] = "" if convert is None else convert("")
            found += [(index, f"\r\n{name}: ", len(name) + 4, convert) for name in headers.split("/")]
        self._fields = tuple(found)

    def read(self, text: str, at_us: int) -> e.Event:
        """The event of a packet."""
        find = text.find
        values = self._without.copy()
        values[0] = at_us
        end = 0
        for index, key, length, convert in self._fields:
            start = find(key, end)
            if start < 0:
                start = find(key)
                if start < 0:
                    continue
            start += length
            end = find("\r\n", start)
            if end < 0:
                end = len(text)
            value = text[start:end]
            values[index] = value if convert is None else convert(value)
        return self._make(values)


_STATE, _CALLER = ("ChannelState", _number), ("CallerIDNum", _caller)
_DIALLED: dict[str, Any] = {
    "uniqueid": "Uniqueid",
    "dest_channel": "DestChannel",
    "dest_uniqueid": "DestUniqueid",
    "dest_linkedid": "DestLinkedid",
}
# The answer to QueueStatus, and releases before 12, say Name and Location where events say MemberName and Interface.
_MEMBER: dict[str, Any] = {
    "queue": "Queue",
    "member": "MemberName/Name",
    "interface": "Interface/Location",
    "last_call_s": ("LastCall", _number),
    "in_call": ("InCall", _flag),
    "status": ("Status", _number),
    "paused": ("Paused", _flag),
    "wrapup_s": ("Wrapuptime", _number),
}
_PARKED = Form(
    e.Parked, uniqueid="ParkeeUniqueid", by="ParkerDialString", retriever_uniqueid="RetrieverUniqueid", on=True
)
_UNPARKED = Form(
    e.Parked, uniqueid="ParkeeUniqueid", by="ParkerDialString", retriever_uniqueid="RetrieverUniqueid", on=False
)

DECODERS: dict[bytes, Form] = {
    b"Newchannel": Form(
        e.NewChannel,
        channel="Channel",
        state=_STATE,
        caller=_CALLER,
        context="Context",
        exten="Exten",
        uniqueid="Uniqueid",
        linkedid="Linkedid",
    ),
    b"Newstate": Form(e.NewState, channel="Channel", state=_STATE, uniqueid="Uniqueid", linkedid="Linkedid"),
    b"Newexten": Form(
        e.NewExten,
        # AppDial and AppQueue: a dialled phone runs no dialplan.
        passes_over=b"\r\nAppData: (Outgoing Line)",
        channel="Channel",
        context="Context",
        uniqueid="Uniqueid",
        linkedid="Linkedid",
        exten="Extension",
        application="Application",
        data="AppData",
    ),
    b"NewCallerid": Form(e.NewCallerid, caller=_CALLER, uniqueid="Uniqueid"),
    b"Rename": Form(e.Renamed, channel="Newname", uniqueid="Uniqueid"),
    b"HangupRequest": Form(e.HangupRequest, uniqueid="Uniqueid", linkedid="Linkedid"),
    b"Hangup": Form(e.Hangup, channel="Channel", uniqueid="Uniqueid", linkedid="Linkedid", cause=("Cause", _number)),
    b"DialBegin": Form(e.DialBegin, **_DIALLED, dialled="DialString"),
    b"DialState": Form(e.DialState, **_DIALLED, status="DialStatus"),
    b"DialEnd": Form(e.DialEnd, **_DIALLED, status="DialStatus", forward="Forward"),
    b"LocalBridge": Form(e.LocalBridge, one_uniqueid="LocalOneUniqueid", two_uniqueid="LocalTwoUniqueid"),
    b"BridgeEnter": Form(
        e.BridgeEnter,
        bridge="BridgeUniqueid",
        technology="BridgeTechnology",
        channel="Channel",
        uniqueid="Uniqueid",
        linkedid="Linkedid",
    ),
    b"BridgeLeave": Form(
        e.BridgeLeave, bridge="BridgeUniqueid", channel="Channel", uniqueid="Uniqueid", linkedid="Linkedid"
    ),
    b"QueueCallerJoin": Form(
        e.QueueCallerJoin, uniqueid="Uniqueid", linkedid="Linkedid", queue="Queue", callers=("Count", _number)
    ),
    b"QueueCallerLeave": Form(e.QueueCallerLeave, uniqueid="Uniqueid", queue="Queue", callers=("Count", _number)),
    b"QueueCallerAbandon": Form(e.QueueCallerAbandon, uniqueid="Uniqueid", queue="Queue"),
    b"AgentCalled": Form(
        e.AgentCalled,
        uniqueid="Uniqueid",
        dest_uniqueid="DestUniqueid",
        queue="Queue",
        interface="Interface",
        member="MemberName",
    ),
    b"AgentComplete": Form(e.AgentComplete, queue="Queue", interface="Interface"),
    b"QueueMember": Form(e.QueueMember, **_MEMBER, removed=False),
    b"QueueMemberStatus": Form(e.QueueMember, **_MEMBER, removed=False),
    b"QueueMemberAdded": Form(e.QueueMember, **_MEMBER, removed=False),
    b"QueueMemberPause": Form(e.QueueMember, **_MEMBER, removed=False),
    b"QueueMemberRemoved": Form(e.QueueMember, **_MEMBER, removed=True),
    b"QueueParams": Form(e.QueueParams, queue="Queue", callers=("Calls", _number)),
    b"QueueEntry": Form(e.QueueEntry, queue="Queue", uniqueid="Uniqueid"),
    b"BlindTransfer": Form(
        e.BlindTransfer,
        result="Result",
        transferer_channel="TransfererChannel",
        transferer_uniqueid="TransfererUniqueid",
        transferee_uniqueid="TransfereeUniqueid",
        exten="Extension",
    ),
    b"AttendedTransfer": Form(
        e.AttendedTransfer,
        result="Result",
        transferer_channel="OrigTransfererChannel",
        transferer_uniqueid="OrigTransfererUniqueid",
        second_uniqueid="SecondTransfererUniqueid",
        second_linkedid="SecondTransfererLinkedid",
        transferee_uniqueid="TransfereeUniqueid",
        target_channel="TransferTargetChannel",
        target_exten="TransferTargetExten",
        target_uniqueid="TransferTargetUniqueid",
        destination="DestType",
    ),
    b"Pickup": Form(e.Pickup, uniqueid="Uniqueid", target_uniqueid="TargetUniqueid"),
    b"Hold": Form(e.Held, uniqueid="Uniqueid", on=True),
    b"Unhold": Form(e.Held, uniqueid="Uniqueid", on=False),
    b"ParkedCall": _PARKED,
    b"UnParkedCall": _UNPARKED,
    b"ParkedCallGiveUp": _UNPARKED,
    b"ParkedCallTimeOut": _UNPARKED,
    b"UserEvent": Form(
        e.UserEvent,
        uniqueid="Uniqueid",
        linkedid="Linkedid",
        name="UserEvent",
        consent=("Consent", _consent),
        due=("Due", str.strip),
        menu=("Menu", str.strip),
        choice=("Choice", str.strip),
    ),
    b"VarSet": Form(
        e.Recorded,
        only=b"\r\nVariable: MIXMONITOR_FILENAME\r\n",
        uniqueid="Uniqueid",
        linkedid="Linkedid",
        file="Value",
    ),
    b"CoreShowChannel": Form(
        e.CoreShowChannel,
        channel="Channel",
        state=_STATE,
        caller=_CALLER,
        context="Context",
        exten="Exten",
        uniqueid="Uniqueid",
        linkedid="Linkedid",
        application="Application",
        age_s=("Duration", _age_s),
        bridge="BridgeId",
    ),
    b"CoreShowChannelsComplete": Form(e.CoreShowChannelsComplete),
    b"FullyBooted": Form(e.FullyBooted, uptime_s=("Uptime", _uptime)),
    b"Shutdown": Form(e.Shutdown),
}
"""Which events the call state takes, and how each is read. Everything else is counted by name and let go."""

_SYSTEM_NAME = b"\r\nSystemName: "
_MAX_NAMES = 500


class Decoder:
    """Reads the packets of one connection, live or recorded.

    Attributes:
        system: the `SystemName` the connection gave, None until it did.
        counts: packets by event name, undecoded; names past a bound count as `other`.
        untimed: events that carried no `Timestamp`.
        malformed: events whose packet holds a second `Event` header: two packets grown together.
    """

    __slots__ = ("_last_us", "counts", "malformed", "system", "untimed")

    def __init__(self) -> None:
        self.system: str | None = None
        self.counts: Counter[bytes] = Counter()
        self.untimed = 0
        self.malformed = 0
        self._last_us = 0

    @property
    def last_us(self) -> int:
        """The last instant read, microseconds since 1970; 0 before the first."""
        return self._last_us

    def go_on(self, last_us: int) -> None:
        """Go on from the last instant read before."""
        self._last_us = last_us

    def forget_counts(self) -> None:
        """Count from 0."""
        self.counts.clear()
        self.untimed = self.malformed = 0

    def decode(self, packet: bytes, received_us: int | None = None) -> e.Event | None:
        """The event in a packet; None where it is a response, the banner, or nothing the call state takes.

        Args:
            packet: as `monitor.ami.protocol.PacketReader` cut it.
            received_us: when it arrived. Where the packet has no `Timestamp` of its own this is its time; where this is
                None too (a recording) the time of the last packet that had one holds.
        """
        name = event_name(packet)
        if name is None:
            if packet.startswith(BANNER):
                self.system = None
            return None
        counts = self.counts
        if name not in counts and len(counts) >= _MAX_NAMES:
            name = b"other"
        counts[name] += 1
        form = DECODERS.get(name)
        if form is None or form.only not in packet or (form.passes_over is not None and form.passes_over in packet):
            if received_us is None:
                self._last_us = timestamp_us(packet) or self._last_us
            return None
        at_us = timestamp_us(packet)
        if at_us is None:
            self.untimed += 1
            at_us = received_us if received_us is not None else self._last_us
        self._last_us = at_us
        if self.system is None:
            self.system = header(packet, _SYSTEM_NAME)
        if packet.find(b"\r\nEvent: ", 7) >= 0 and name != b"UserEvent" and packet.startswith(b"Event: "):
            # What stands in front never ended; only the last part is a whole packet.
            self.malformed += 1
            return self.decode(packet[packet.rfind(b"\r\nEvent: ") + 2 :], received_us)
        return form.read(packet.decode("utf-8", "replace"), at_us)

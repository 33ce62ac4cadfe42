"""Packets to typed events: the event's name decides, in bytes, whether a packet is looked into at all."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from monitor.ami import events as e
from monitor.ami.protocol import BANNER, event_name, header, timestamp_us

if TYPE_CHECKING:
    from collections.abc import Callable

_UNKNOWN = "<unknown>"


def _key(name: str) -> bytes:
    return f"\r\n{name}: ".encode()


_UNIQUEID, _LINKEDID, _CHANNEL, _STATE = _key("Uniqueid"), _key("Linkedid"), _key("Channel"), _key("ChannelState")
_CALLER, _CONTEXT, _EXTEN = _key("CallerIDNum"), _key("Context"), _key("Exten")
_EXTENSION, _APPLICATION, _APP_DATA = _key("Extension"), _key("Application"), _key("AppData")
_NEWNAME, _CAUSE, _RESULT = _key("Newname"), _key("Cause"), _key("Result")
_DEST_UNIQUEID, _DEST_LINKEDID, _DEST_CHANNEL = _key("DestUniqueid"), _key("DestLinkedid"), _key("DestChannel")
_DIAL_STATUS, _FORWARD = _key("DialStatus"), _key("Forward")
_LOCAL_ONE, _LOCAL_TWO = _key("LocalOneUniqueid"), _key("LocalTwoUniqueid")
_BRIDGE, _TECHNOLOGY, _BRIDGE_ID = _key("BridgeUniqueid"), _key("BridgeTechnology"), _key("BridgeId")
_QUEUE, _COUNT, _CALLS, _INTERFACE, _MEMBER = (
    _key("Queue"),
    _key("Count"),
    _key("Calls"),
    _key("Interface"),
    _key("MemberName"),
)
_NAME, _LOCATION, _STATUS, _PAUSED, _IN_CALL = (
    _key("Name"),
    _key("Location"),
    _key("Status"),
    _key("Paused"),
    _key("InCall"),
)
_LAST_CALL, _WRAPUP = _key("LastCall"), _key("Wrapuptime")
_TRANSFERER, _TRANSFERER_CHANNEL = _key("TransfererUniqueid"), _key("TransfererChannel")
_TRANSFEREE = _key("TransfereeUniqueid")
_ORIG, _ORIG_CHANNEL = _key("OrigTransfererUniqueid"), _key("OrigTransfererChannel")
_SECOND, _SECOND_LINKEDID = _key("SecondTransfererUniqueid"), _key("SecondTransfererLinkedid")
_TARGET, _TARGET_CHANNEL = _key("TransferTargetUniqueid"), _key("TransferTargetChannel")
_TARGET_EXTEN, _DEST_TYPE = _key("TransferTargetExten"), _key("DestType")
_PICKUP_TARGET = _key("TargetUniqueid")
_PARKEE, _PARKER, _RETRIEVER = _key("ParkeeUniqueid"), _key("ParkerDialString"), _key("RetrieverUniqueid")
_USER_EVENT, _CONSENT, _UPTIME, _DURATION = _key("UserEvent"), _key("Consent"), _key("Uptime"), _key("Duration")


def _text(packet: bytes, key: bytes) -> str:
    return header(packet, key) or ""


def _number(packet: bytes, key: bytes, default: int = 0) -> int:
    value = header(packet, key)
    # Ten digits hold every count and second Asterisk sends; longer ones are noise and not worth an arbitrary integer.
    return int(value) if value is not None and value.isascii() and value.isdigit() and len(value) <= 10 else default


def _caller(packet: bytes) -> str:
    number = _text(packet, _CALLER)
    return "" if number == _UNKNOWN else number


def _age_s(packet: bytes) -> int:
    """Seconds of a `Duration: hh:mm:ss`; 0 where it is something else."""
    parts = _text(packet, _DURATION).split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 6 for part in parts):
        return 0
    hours, minutes, seconds = map(int, parts)
    return hours * 3600 + minutes * 60 + seconds


def _new_channel(p: bytes, at: int) -> e.NewChannel:
    return e.NewChannel(
        at,
        _text(p, _UNIQUEID),
        _text(p, _LINKEDID),
        _text(p, _CHANNEL),
        _number(p, _STATE),
        _caller(p),
        _text(p, _CONTEXT),
        _text(p, _EXTEN),
    )


def _new_state(p: bytes, at: int) -> e.NewState:
    return e.NewState(at, _text(p, _UNIQUEID), _text(p, _LINKEDID), _text(p, _CHANNEL), _number(p, _STATE))


def _new_exten(p: bytes, at: int) -> e.NewExten:
    return e.NewExten(
        at,
        _text(p, _UNIQUEID),
        _text(p, _LINKEDID),
        _text(p, _CHANNEL),
        _text(p, _CONTEXT),
        _text(p, _EXTENSION),
        _text(p, _APPLICATION),
        _text(p, _APP_DATA),
    )


def _new_callerid(p: bytes, at: int) -> e.NewCallerid:
    return e.NewCallerid(at, _text(p, _UNIQUEID), _caller(p))


def _renamed(p: bytes, at: int) -> e.Renamed:
    return e.Renamed(at, _text(p, _UNIQUEID), _text(p, _NEWNAME))


def _hangup_request(p: bytes, at: int) -> e.HangupRequest:
    return e.HangupRequest(at, _text(p, _UNIQUEID), _text(p, _LINKEDID))


def _hangup(p: bytes, at: int) -> e.Hangup:
    return e.Hangup(at, _text(p, _UNIQUEID), _text(p, _LINKEDID), _text(p, _CHANNEL), _number(p, _CAUSE))


def _dial_begin(p: bytes, at: int) -> e.DialBegin:
    return e.DialBegin(
        at, _text(p, _UNIQUEID), _text(p, _DEST_UNIQUEID), _text(p, _DEST_LINKEDID), _text(p, _DEST_CHANNEL)
    )


def _dial_state(p: bytes, at: int) -> e.DialState:
    return e.DialState(
        at,
        _text(p, _UNIQUEID),
        _text(p, _DEST_UNIQUEID),
        _text(p, _DEST_LINKEDID),
        _text(p, _DEST_CHANNEL),
        _text(p, _DIAL_STATUS),
    )


def _dial_end(p: bytes, at: int) -> e.DialEnd:
    return e.DialEnd(
        at,
        _text(p, _UNIQUEID),
        _text(p, _DEST_UNIQUEID),
        _text(p, _DEST_LINKEDID),
        _text(p, _DEST_CHANNEL),
        _text(p, _DIAL_STATUS),
        _text(p, _FORWARD),
    )


def _local_bridge(p: bytes, at: int) -> e.LocalBridge:
    return e.LocalBridge(at, _text(p, _LOCAL_ONE), _text(p, _LOCAL_TWO))


def _bridge_enter(p: bytes, at: int) -> e.BridgeEnter:
    return e.BridgeEnter(
        at,
        _text(p, _UNIQUEID),
        _text(p, _LINKEDID),
        _text(p, _CHANNEL),
        _text(p, _BRIDGE),
        _text(p, _TECHNOLOGY),
    )


def _bridge_leave(p: bytes, at: int) -> e.BridgeLeave:
    return e.BridgeLeave(at, _text(p, _UNIQUEID), _text(p, _LINKEDID), _text(p, _CHANNEL), _text(p, _BRIDGE))


def _bridge_destroy(p: bytes, at: int) -> e.BridgeDestroy:
    return e.BridgeDestroy(at, _text(p, _BRIDGE))


def _queue_join(p: bytes, at: int) -> e.QueueCallerJoin:
    return e.QueueCallerJoin(at, _text(p, _UNIQUEID), _text(p, _LINKEDID), _text(p, _QUEUE), _number(p, _COUNT))


def _queue_leave(p: bytes, at: int) -> e.QueueCallerLeave:
    return e.QueueCallerLeave(at, _text(p, _UNIQUEID), _text(p, _QUEUE), _number(p, _COUNT))


def _queue_abandon(p: bytes, at: int) -> e.QueueCallerAbandon:
    return e.QueueCallerAbandon(at, _text(p, _UNIQUEID), _text(p, _QUEUE))


def _agent_called(p: bytes, at: int) -> e.AgentCalled:
    return e.AgentCalled(
        at,
        _text(p, _UNIQUEID),
        _text(p, _DEST_UNIQUEID),
        _text(p, _QUEUE),
        _text(p, _INTERFACE),
        _text(p, _MEMBER),
    )


def _agent_complete(p: bytes, at: int) -> e.AgentComplete:
    return e.AgentComplete(at, _text(p, _QUEUE), _text(p, _INTERFACE))


def _queue_member(p: bytes, at: int, *, removed: bool = False) -> e.QueueMember:
    return e.QueueMember(
        at,
        _text(p, _QUEUE),
        # The answer to QueueStatus says Name and Location where the events say MemberName and Interface.
        header(p, _MEMBER) or _text(p, _NAME),
        header(p, _INTERFACE) or _text(p, _LOCATION),
        _number(p, _STATUS),
        _text(p, _PAUSED) == "1",
        _text(p, _IN_CALL) == "1",
        _number(p, _LAST_CALL),
        _number(p, _WRAPUP),
        removed,
    )


def _queue_member_removed(p: bytes, at: int) -> e.QueueMember:
    return _queue_member(p, at, removed=True)


def _queue_params(p: bytes, at: int) -> e.QueueParams:
    return e.QueueParams(at, _text(p, _QUEUE), _number(p, _CALLS))


def _queue_entry(p: bytes, at: int) -> e.QueueEntry:
    return e.QueueEntry(at, _text(p, _QUEUE), _text(p, _UNIQUEID))


def _blind_transfer(p: bytes, at: int) -> e.BlindTransfer:
    return e.BlindTransfer(
        at,
        _text(p, _RESULT),
        _text(p, _TRANSFERER),
        _text(p, _TRANSFERER_CHANNEL),
        _text(p, _TRANSFEREE),
        _text(p, _EXTENSION),
    )


def _attended_transfer(p: bytes, at: int) -> e.AttendedTransfer:
    return e.AttendedTransfer(
        at,
        _text(p, _RESULT),
        _text(p, _ORIG),
        _text(p, _ORIG_CHANNEL),
        _text(p, _SECOND),
        _text(p, _SECOND_LINKEDID),
        _text(p, _TRANSFEREE),
        _text(p, _TARGET),
        _text(p, _TARGET_CHANNEL),
        _text(p, _TARGET_EXTEN),
        _text(p, _DEST_TYPE),
    )


def _pickup(p: bytes, at: int) -> e.Pickup:
    return e.Pickup(at, _text(p, _UNIQUEID), _text(p, _PICKUP_TARGET))


def _hold(p: bytes, at: int) -> e.Held:
    return e.Held(at, _text(p, _UNIQUEID), on=True)


def _unhold(p: bytes, at: int) -> e.Held:
    return e.Held(at, _text(p, _UNIQUEID), on=False)


def _parked(p: bytes, at: int) -> e.Parked:
    return e.Parked(at, _text(p, _PARKEE), _text(p, _PARKER), on=True, retriever_uniqueid="")


def _unparked(p: bytes, at: int) -> e.Parked:
    return e.Parked(at, _text(p, _PARKEE), _text(p, _PARKER), on=False, retriever_uniqueid=_text(p, _RETRIEVER))


def _user_event(p: bytes, at: int) -> e.UserEvent:
    return e.UserEvent(
        at, _text(p, _UNIQUEID), _text(p, _LINKEDID), _text(p, _USER_EVENT), _text(p, _CONSENT).strip().lower()
    )


def _core_show_channel(p: bytes, at: int) -> e.CoreShowChannel:
    return e.CoreShowChannel(
        at,
        _text(p, _UNIQUEID),
        _text(p, _LINKEDID),
        _text(p, _CHANNEL),
        _number(p, _STATE),
        _caller(p),
        _text(p, _CONTEXT),
        _text(p, _EXTEN),
        _text(p, _APPLICATION),
        _text(p, _BRIDGE_ID),
        _age_s(p),
    )


def _core_show_channels_complete(_: bytes, at: int) -> e.CoreShowChannelsComplete:
    return e.CoreShowChannelsComplete(at)


def _fully_booted(p: bytes, at: int) -> e.FullyBooted:
    return e.FullyBooted(at, _number(p, _UPTIME, -1))


def _shutdown(_: bytes, at: int) -> e.Shutdown:
    return e.Shutdown(at)


DECODERS: dict[bytes, Callable[[bytes, int], e.Event]] = {
    b"Newchannel": _new_channel,
    b"Newstate": _new_state,
    b"Newexten": _new_exten,
    b"NewCallerid": _new_callerid,
    b"Rename": _renamed,
    b"HangupRequest": _hangup_request,
    b"Hangup": _hangup,
    b"DialBegin": _dial_begin,
    b"DialState": _dial_state,
    b"DialEnd": _dial_end,
    b"LocalBridge": _local_bridge,
    b"BridgeEnter": _bridge_enter,
    b"BridgeLeave": _bridge_leave,
    b"BridgeDestroy": _bridge_destroy,
    b"QueueCallerJoin": _queue_join,
    b"QueueCallerLeave": _queue_leave,
    b"QueueCallerAbandon": _queue_abandon,
    b"AgentCalled": _agent_called,
    b"AgentComplete": _agent_complete,
    b"QueueMember": _queue_member,
    b"QueueMemberStatus": _queue_member,
    b"QueueMemberAdded": _queue_member,
    b"QueueMemberPause": _queue_member,
    b"QueueMemberRemoved": _queue_member_removed,
    b"QueueParams": _queue_params,
    b"QueueEntry": _queue_entry,
    b"BlindTransfer": _blind_transfer,
    b"AttendedTransfer": _attended_transfer,
    b"Pickup": _pickup,
    b"Hold": _hold,
    b"Unhold": _unhold,
    b"ParkedCall": _parked,
    b"UnParkedCall": _unparked,
    b"ParkedCallGiveUp": _unparked,
    b"ParkedCallTimeOut": _unparked,
    b"UserEvent": _user_event,
    b"CoreShowChannel": _core_show_channel,
    b"CoreShowChannelsComplete": _core_show_channels_complete,
    b"FullyBooted": _fully_booted,
    b"Shutdown": _shutdown,
}
"""Which events the call state takes, and how each is read. Everything else is counted by name and let go."""

_SYSTEM_NAME = _key("SystemName")
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
        read = DECODERS.get(name)
        if read is None:
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
        last = packet.rfind(b"\r\nEvent: ", 7)
        if last >= 0 and name != b"UserEvent" and packet.startswith(b"Event: "):
            # What stands in front never ended; only the last part is a whole packet.
            self.malformed += 1
            return self.decode(packet[last + 2 :], received_us)
        return read(packet, at_us)

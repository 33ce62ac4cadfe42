r"""AMI's framing: bytes to packets, and actions to bytes.

A packet is a run of `Key: value` lines ended by CRLF, and an empty line. Nothing else ends a line: a caller name may
hold a bare LF, U+2028 or NUL and forges no header. Packets stay bytes until somebody asks for a header, since most
packets are never looked into: their event name decides.

**Source:** Asterisk main/manager.c (`astman_append`, `manager_event`); the banner is `Asterisk Call Manager/x.y.z`.
"""

from __future__ import annotations

import re

from monitor.errors import ProtocolError

MAX_PACKET_BYTES = 1 << 20
"""A longer packet is dropped and counted, and reading goes on behind its end."""

BANNER = b"Asterisk Call Manager/"
_LINE_END = b"\r\n"
_PACKET_END = b"\r\n\r\n"
_EVENT = b"Event: "
_RESPONSE = b"Response: "
_POINT = ord(".")
_PING_NUMBER = re.compile(rb"\r\nActionID: \d+@(\d{1,17})(?:\r\n|$)")


class PacketReader:
    """Cuts a stream of bytes, arriving in any pieces, into packets.

    Attributes:
        oversized: packets dropped because they passed `max_packet_bytes`.
        offset: bytes of the stream behind which the next packet begins.
    """

    __slots__ = ("_dropping", "_max", "_tail", "offset", "oversized")

    def __init__(self, max_packet_bytes: int = MAX_PACKET_BYTES) -> None:
        self._max = max_packet_bytes
        self._tail = b""
        self._dropping = False
        self.oversized = 0
        self.offset = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take the next bytes of the stream.

        Returns:
            `(offset, packet)` for each packet completed by them, without its closing empty line; `offset` counts bytes
            from the start of the stream. The banner, which is one line, is a packet of its own.
        """
        pieces = (self._tail + data).split(_PACKET_END)
        self._tail = pieces.pop()
        packets: list[tuple[int, bytes]] = []
        offset = self.offset
        for piece in pieces:
            start = offset
            offset += len(piece) + 4
            if self._dropping or len(piece) > self._max:
                self.oversized += not self._dropping
                self._dropping = False
            elif piece:
                if BANNER in piece:
                    packets += _split_banner(start, piece)
                else:
                    packets.append((start, piece))
        self.offset = offset
        # Its last three bytes may be the beginning of its end, and belong to no packet then.
        if len(self._tail) > self._max + 3:
            self._drop_tail()
        return packets

    def close(self) -> bytes:
        """Forget and return what was read of a packet that never ended."""
        rest, self._tail, self._dropping = self._tail, b"", False
        self.offset += len(rest)
        return rest

    def _drop_tail(self) -> None:
        """Keep only what could be the first bytes of a packet's end."""
        self.oversized += not self._dropping
        self._dropping = True
        self.offset += len(self._tail) - 3
        self._tail = self._tail[-3:]


def _split_banner(offset: int, piece: bytes) -> list[tuple[int, bytes]]:
    """Set free each banner that begins a line of `piece`: a first connection, or a capture that holds several."""
    found: list[tuple[int, bytes]] = []
    start = 0
    while True:
        at = piece.find(BANNER, start)
        while at > 0 and piece[at - 2 : at] != _LINE_END:
            at = piece.find(BANNER, at + 1)
        if at < 0:
            break
        if at > start:
            found.append((offset + start, piece[start:at].removesuffix(_LINE_END)))
        end = piece.find(_LINE_END, at)
        if end < 0:
            found.append((offset + at, piece[at:]))
            return found
        found.append((offset + at, piece[at:end]))
        start = end + 2
    if start < len(piece):
        found.append((offset + start, piece[start:]))
    return found


def event_name(packet: bytes) -> bytes | None:
    """The value of the packet's `Event` header, undecoded; None where the packet is no event.

    Lines in front of the header (an unfinished packet, garbage) are passed over.
    """
    if packet.startswith(_EVENT):
        start = 7
    else:
        start = packet.find(b"\r\nEvent: ") + 9
        if start == 8 or packet.startswith(_RESPONSE):
            return None
    end = packet.find(_LINE_END, start)
    return packet[start:end] if end >= 0 else packet[start:]


def pong_us(packet: bytes) -> int | None:
    """Asterisk's time in its answer to `Action: Ping`, microseconds since 1970; None where the packet is another.

    **Source:** Asterisk main/manager.c `action_ping`, which stamps its answer whatever `timestampevents` says.
    """
    return timestamp_us(packet) if packet.startswith(_RESPONSE) and b"\r\nPing: Pong" in packet else None


def ping_number(serial: int, sent_us: int) -> str:
    """The ActionID of a ping: its answer, wherever it is read, tells when the ping was sent by our own clock."""
    return f"{serial}@{sent_us}"


def pinged_us(packet: bytes) -> int | None:
    """When the ping was sent that a packet answers, microseconds since 1970; None where its ActionID does not say."""
    found = _PING_NUMBER.search(packet)
    return None if found is None else int(found[1])


def is_ami(packet: bytes) -> bool:
    """Whether the packet begins as AMI packets do."""
    return packet.startswith((_EVENT, _RESPONSE, BANNER))


def header(packet: bytes, key: bytes) -> str | None:
    r"""The first value of a header, decoded as UTF-8 with replacement.

    Args:
        packet: one packet, not beginning with the header asked for.
        key: the header with its surroundings, as in ``b"\r\nUniqueid: "``.
    """
    start = packet.find(key)
    if start < 0:
        return None
    start += len(key)
    end = packet.find(_LINE_END, start)
    return (packet[start:end] if end >= 0 else packet[start:]).decode("utf-8", "replace")


def headers(packet: bytes) -> dict[str, list[str]]:
    """Every header of a packet with all its values in order; lines without a colon are passed over."""
    found: dict[str, list[str]] = {}
    for line in packet.split(_LINE_END):
        key, colon, value = line.partition(b":")
        if colon:
            text = value.removeprefix(b" ").decode("utf-8", "replace")
            found.setdefault(key.decode("utf-8", "replace"), []).append(text)
    return found


def timestamp_us(packet: bytes) -> int | None:
    """The `Timestamp` header in integer microseconds since 1970; None where it is missing or makes no sense.

    **Source:** manager.conf `timestampevents`; `Timestamp: 1795359452.195035`.
    """
    start = packet.find(b"\r\nTimestamp: ")
    if start < 0:
        return None
    start += 13
    usual = packet[start : start + 10] + packet[start + 11 : start + 19]
    if usual.endswith(_LINE_END) and packet[start + 10] == _POINT and usual[:16].isdigit():
        return int(usual[:16])
    end = packet.find(_LINE_END, start)
    value = packet[start:end] if end >= 0 else packet[start:]
    digits = value[:10] + value[11:]
    if len(value) == 17 and value[10:11] == b"." and digits.isdigit():
        # As Asterisk writes it, until the year 2286.
        return int(digits)
    seconds, _, fraction = value.partition(b".")
    # 11 digits of seconds reach the year 5138, which a datetime still holds.
    if not seconds.isdigit() or len(seconds) > 11 or not (fraction.isdigit() or not fraction):
        return None
    return int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, b"0"))


def encode_action(action: str, fields: dict[str, str] | list[tuple[str, str]] | None = None) -> bytes:
    """The bytes of an AMI action.

    Raises:
        ProtocolError: a name or value holds CR or LF, which would forge further headers.
    """
    pairs = [("Action", action), *(fields.items() if isinstance(fields, dict) else fields or ())]
    for key, value in pairs:
        if any(character in key + value for character in "\r\n"):
            raise ProtocolError(f"The AMI header {key!r} holds a line end: remove it from the configured value.")
    return "".join(f"{key}: {value}\r\n" for key, value in pairs).encode() + _LINE_END

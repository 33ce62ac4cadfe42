r"""How a journal item stands in a segment: a marker packet of ours, and behind a batch's the packets as received.

    Event: JournalBatch        Event: Newchannel        Event: JournalTimePassed
    Received: 1795379925635    Timestamp: …             Received: 1795379926…
    Length: 5120               …                        At: 1795379926…
    Crc32: 89ab01cd                                     Check: 01234567
    Check: 4567cdef

`Check` is the CRC-32 of the marker's lines before it, `Crc32` that of the packets behind it. So a reader finds the end
of what is whole in a torn file, and the next whole item behind damage; no caller can forge a marker, since nothing
that Asterisk sends lets a value end its line. Pure: bytes to items and back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from monitor.ami.feed import Batch, ClockSet, LinkDown, LinkUp, Resynced, Standing, TimePassed
from monitor.ami.protocol import headers
from monitor.calls.facts import GapCause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.ami.feed import JournalItem

VERSION = 1
"""Of this format; a reader refuses a later one."""
FIRST = b"Event: JournalSegment\r\n"
"""How every segment begins."""
_MARKER_BYTES = 1 << 24
"""No marker is longer; the longest tells what is known of queue members, 100 bytes each: a thousand in fifty queues."""
_END = b"\r\n\r\n"
_NEXT = b"Event: Journal"
_UP = "up"
_BATCH = re.compile(
    rb"Event: JournalBatch\r\nReceived: (\d{1,17})\r\nLength: (\d{1,12})\r\n"
    rb"Crc32: ([0-9a-f]{8})\r\nCheck: ([0-9a-f]{8})\r\n\r\n"
)
_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A", ",": "%2C"}
_ESCAPED = re.compile("%(25|0D|0A|2C)")


class Begun(StrEnum):
    """Why a segment was begun."""

    START = "start"
    """Another run of the monitor: between it and the segment before nothing was followed."""
    ROTATION = "rotation"
    """The one before was full: nothing lies between them."""
    HOLE = "hole"
    """What came before could not be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """How a segment begins."""

    name: str
    """The configured name of the system."""
    number: int
    """Counts up by one from segment to segment of a system."""
    begun: Begun
    received_us: int
    """When its first item came, by our own clock."""
    needed_us: int
    """From this instant of receipt on the journal tells all of the calls in progress at `received_us`."""
    link: LinkUp | LinkDown | None
    """What held of the link before the first item; None where the monitor had just begun."""
    hole_from_us: int | None = None
    """When the first item came that could not be written."""
    release: str = ""


class Stamped(NamedTuple):
    """An item, and when it came."""

    received_us: int
    item: JournalItem


class Broken(NamedTuple):
    """So many bytes that are no whole item."""

    length: int


Record = Header | Stamped | Broken


def encode(item: JournalItem, received_us: int) -> bytes:
    """The bytes of an item.

    Args:
        item: a batch carries its own receipt.
        received_us: when it came, by our own clock.
    """
    if isinstance(item, Batch):
        payload = _END.join([packet for _, packet in item.packets]) + _END
        head = b"Event: JournalBatch\r\nReceived: %d\r\nLength: %d\r\nCrc32: %08x" % (
            received_us,
            len(payload),
            crc32(payload),
        )
        return b"%b\r\nCheck: %08x\r\n\r\n%b" % (head, crc32(head), payload)
    fields: dict[str, object] = {"Received": received_us, "At": item.at_us}
    return _marker(type(item).__name__, fields | _told(item))


def _told(item: LinkUp | LinkDown | Resynced | TimePassed | ClockSet | Standing) -> dict[str, object]:
    """What an item says besides when."""
    if isinstance(item, LinkUp):
        return {"System": _escaped(item.system), "Restarted": int(item.restarted)}
    if isinstance(item, LinkDown):
        return {"Cause": item.cause.value, "Reason": _escaped(item.reason)}
    if isinstance(item, Resynced):
        return {"Refused": ",".join(map(_escaped, item.refused))}
    if isinstance(item, ClockSet):
        return {"By": item.by_us}
    return {"State": item.state} if isinstance(item, Standing) else {}


def encode_header(header: Header) -> bytes:
    """The bytes with which a segment begins."""
    fields: dict[str, object] = {
        "Version": VERSION,
        "Release": _escaped(header.release),
        "Name": _escaped(header.name),
        "Number": header.number,
        "Begun": header.begun.value,
        "Received": header.received_us,
        "Needed": header.needed_us,
    }
    if isinstance(header.link, LinkUp):
        fields |= {"Link": _UP, "System": _escaped(header.link.system)}
    elif header.link is not None:
        fields |= {"Link": header.link.cause.value, "Reason": _escaped(header.link.reason)}
    if header.hole_from_us is not None:
        fields["HoleFrom"] = header.hole_from_us
    return _marker("Segment", fields)


def _marker(kind: str, fields: dict[str, object]) -> bytes:
    lines = [f"Event: Journal{kind}", *(f"{key}: {value}" for key, value in fields.items())]
    head = "\r\n".join(lines).encode("utf-8", "replace")
    return b"%b\r\nCheck: %08x\r\n\r\n" % (head, crc32(head))


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


class RecordReader:
    """Cuts the bytes of a segment, arriving in any pieces, into records.

    Attributes:
        whole_until: bytes of the segment up to the end of the last whole record.
    """

    def __init__(self) -> None:
        self._data = b""
        self._at = 0
        """Bytes of the segment in front of `_data`."""
        self._lost = 0
        self._searching = False
        self.whole_until = 0

    def feed(self, data: bytes) -> Iterator[Record]:
        """The records completed by the next bytes."""
        self._data += data
        yield from self._read(last=False)

    def close(self) -> Iterator[Record]:
        """What can still be read once no more bytes come; behind `whole_until` nothing is whole."""
        yield from self._read(last=True)

    def _read(self, *, last: bool) -> Iterator[Record]:
        data, position = self._data, 0
        while position < len(data):
            if self._searching:
                found = data.find(_NEXT, position)
                until = found if found >= 0 else max(position, len(data) - len(_NEXT) + 1)
                self._lost += until - position
                position = until
                if found < 0:
                    break
                self._searching = False
            read = _record(data, position, self._at)
            if read is None and not last and len(data) - position < _waiting_bytes(data, position):
                break
            if read is None:
                self._searching = True
                # One byte at least: the marker that stands here is none.
                self._lost += 1
                position += 1
                continue
            record, position = read
            if self._lost:
                yield Broken(self._lost)
                self._lost = 0
            self.whole_until = self._at + position
            yield record
        self._at += position
        self._data = data[position:]


def _waiting_bytes(data: bytes, position: int) -> int:
    """How many bytes must be there before what stands at `position` can be called damaged."""
    match = _BATCH.match(data, position)
    if match is None:
        # A whole marker that says nothing is damaged at once.
        return 0 if data.find(_END, position, position + _MARKER_BYTES) >= 0 else _MARKER_BYTES
    return match.end() - position + int(match[2]) if _checked(match) else 0


def _checked(match: re.Match[bytes]) -> bool:
    return crc32(match[0][: match.start(4) - match.start() - len(b"\r\nCheck: ")]) == int(match[4], 16)


def _record(data: bytes, position: int, before: int) -> tuple[Header | Stamped, int] | None:
    """The record that begins at `position` and where it ends; None where none does, or where it does not end yet.

    Args:
        data: bytes of a segment.
        position: in `data`.
        before: bytes of the segment in front of `data`.
    """
    match = _BATCH.match(data, position)
    if match is not None:
        end = match.end() + int(match[2])
        payload = data[match.end() : end]
        if not _checked(match) or end > len(data) or crc32(payload) != int(match[3], 16):
            return None
        return Stamped(int(match[1]), _batch(int(match[1]), payload, before + match.end())), end
    end = data.find(_END, position, position + _MARKER_BYTES)
    if end < 0 or not data.startswith(_NEXT, position):
        return None
    head, _, check = data[position:end].rpartition(b"\r\nCheck: ")
    if check != b"%08x" % crc32(head):
        return None
    fields = {key: values[0] for key, values in headers(head).items()}
    try:
        return _of(fields), end + len(_END)
    except (KeyError, ValueError):
        return None


def _batch(received_us: int, payload: bytes, offset: int) -> Batch:
    packets: list[tuple[int, bytes]] = []
    for packet in payload[: -len(_END)].split(_END):
        packets.append((offset, packet))
        offset += len(packet) + len(_END)
    return Batch(received_us, packets)


def _of(fields: dict[str, str]) -> Header | Stamped:
    """What a marker says, its batch's packets aside.

    Raises:
        KeyError, ValueError: nothing that this release knows.
    """
    received_us = int(fields["Received"])
    kind = fields["Event"]
    if kind == "JournalSegment":
        return _header(fields, received_us)
    return Stamped(received_us, _ITEMS[kind.removeprefix("Journal")](int(fields["At"]), fields))


_ITEMS: dict[str, Callable[[int, dict[str, str]], JournalItem]] = {
    "TimePassed": lambda at_us, _: TimePassed(at_us),
    "LinkUp": lambda at_us, fields: LinkUp(at_us, _plain(fields["System"]), fields["Restarted"] == "1"),
    "LinkDown": lambda at_us, fields: LinkDown(at_us, GapCause(fields["Cause"]), _plain(fields["Reason"])),
    "Resynced": lambda at_us, fields: Resynced(at_us, tuple(map(_plain, filter(None, fields["Refused"].split(","))))),
    "ClockSet": lambda at_us, fields: ClockSet(at_us, int(fields["By"])),
    "Standing": lambda at_us, fields: Standing(at_us, fields["State"]),
}


def _header(fields: dict[str, str], received_us: int) -> Header:
    if int(fields["Version"]) > VERSION:
        raise ValueError("a later format")
    link: LinkUp | LinkDown | None = None
    if fields.get("Link") == _UP:
        link = LinkUp(received_us, _plain(fields["System"]))
    elif "Link" in fields:
        link = LinkDown(received_us, GapCause(fields["Link"]), _plain(fields["Reason"]))
    hole = fields.get("HoleFrom")
    return Header(
        name=_plain(fields["Name"]),
        number=int(fields["Number"]),
        begun=Begun(fields["Begun"]),
        received_us=received_us,
        needed_us=int(fields["Needed"]),
        link=link,
        hole_from_us=None if hole is None else int(hole),
        release=_plain(fields["Release"]),
    )

"""A long stream of AMI events made from the laboratory's recordings of a real Asterisk.

Each recording is played again and again. Every copy gets uniqueids, channel names and bridges of its own and starts at
an instant of its own, so that calls overlap as they do in a busy centre, and each event comes in order of its time.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

RECORDINGS = Path(__file__).resolve().parent.parent / "tests" / "scenarios"
SYSTEM = "lab1"
STARTED_AT_US = 1_795_400_000_000_000
LAST = b"EndOfStream"
"""The name of the event that ends a stream; no Asterisk sends it."""
_SECOND_US = 1_000_000

_TOKEN = re.compile(
    rb"(?<=\r\nTimestamp: )(?P<seconds>\d+)\.(?P<fraction>\d{6})"
    rb"|(?<=\r\nLastCall: )(?P<last_call>\d{10})"
    rb"|" + SYSTEM.encode() + rb"-(?P<created>\d+)\.\d+"
    rb"|(?P<bridge>[0-9a-f]{8})(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    rb"|(?<=-)(?P<serial>[0-9a-f]{8})(?![0-9a-f-])"
)
_STAMP = -1
_LAST_CALL = -2


@dataclass(frozen=True, slots=True)
class Packet:
    """One recorded event, with gaps where a copy differs."""

    name: bytes
    after_us: int
    """Since the recording's first event."""
    template: bytes
    slots: tuple[int, ...]
    """What goes into each gap: a label's number in the recording, `_STAMP` or `_LAST_CALL`."""
    last_call_s: int
    """`LastCall` in seconds since the recording's first event."""


class Recording:
    """The events of one recorded scenario.

    Attributes:
        calls: calls that came in from a trunk.
        call_us: how long they lasted, all together, in microseconds.
    """

    def __init__(self, name: str, raw: bytes) -> None:
        self.name = name
        self.packets: list[Packet] = []
        self.calls = 0
        self.call_us = 0
        self._labels: dict[bytes, int] = {}
        self._shapes: list[tuple[str, int]] = []
        self._first_us = 0
        begun: dict[bytes, int] = {}
        for piece in raw.split(b"\r\n\r\n"):
            # Answers and Asterisk's own boot belong to the connection that recorded them.
            if piece.startswith(b"Event: ") and b"\r\nActionID: " not in piece and b"\r\nTimestamp: " in piece:
                packet = self._packet(piece)
                self.packets.append(packet)
                self._count(packet, piece, begun)

    def _packet(self, piece: bytes) -> Packet:
        slots: list[int] = []
        parts: list[bytes] = []
        after_us = last_call_s = position = 0
        for token in _TOKEN.finditer(piece):
            parts.append(piece[position : token.start()].replace(b"%", b"%%"))
            position = token.end()
            if token["seconds"]:
                at_us = int(token["seconds"]) * _SECOND_US + int(token["fraction"])
                self._first_us = self._first_us or at_us
                after_us = at_us - self._first_us
                slots.append(_STAMP)
            elif token["last_call"]:
                last_call_s = int(token["last_call"]) - self._first_us // _SECOND_US
                slots.append(_LAST_CALL)
            else:
                slots.append(self._label(token))
            parts.append(b"%b")
        parts.append(piece[position:].replace(b"%", b"%%") + b"\r\n\r\n")
        return Packet(piece[7 : piece.find(b"\r\n")], after_us, b"".join(parts), tuple(slots), last_call_s)

    def _label(self, token: re.Match[bytes]) -> int:
        number = self._labels.get(token[0])
        if number is None:
            number = self._labels[token[0]] = len(self._labels)
            created = int(token["created"]) - self._first_us // _SECOND_US if token["created"] else 0
            self._shapes.append(("uniqueid" if token["created"] else "hex", created))
        return number

    def _count(self, packet: Packet, piece: bytes, begun: dict[bytes, int]) -> None:
        uniqueid = piece.partition(b"\r\nUniqueid: ")[2].partition(b"\r\n")[0]
        if packet.name == b"Newchannel" and b"\r\nChannelState: 4\r\n" in piece:
            self.calls += 1
            begun[uniqueid] = packet.after_us
        elif packet.name == b"Hangup" and uniqueid in begun:
            self.call_us += packet.after_us - begun.pop(uniqueid)

    def copy(self, at_us: int, serial: int) -> Iterator[tuple[int, bytes]]:
        """The events of a copy that begins at `at_us`, its labels numbered from `serial`, each with its instant."""
        labels = [
            b"%b-%d.%d" % (SYSTEM.encode(), at_us // _SECOND_US + created, serial + number)
            if kind == "uniqueid"
            else b"%08x" % (serial + number)
            for number, (kind, created) in enumerate(self._shapes)
        ]
        for packet in self.packets:
            stamp_us = at_us + packet.after_us
            special = {
                _STAMP: b"%d.%06d" % divmod(stamp_us, _SECOND_US),
                _LAST_CALL: b"%d" % (at_us // _SECOND_US + packet.last_call_s),
            }
            yield (
                stamp_us,
                packet.template % tuple([labels[slot] if slot >= 0 else special[slot] for slot in packet.slots]),
            )

    @property
    def labels(self) -> int:
        """How many labels a copy takes."""
        return len(self._shapes)


def recordings(folder: Path = RECORDINGS) -> list[Recording]:
    """Every recorded scenario."""
    found = [Recording(path.parent.name, path.read_bytes()) for path in sorted(folder.glob("*/events.ami"))]
    return [recording for recording in found if recording.packets]


def play(
    recorded: Sequence[Recording],
    *,
    calls_at_once: int,
    events: int | None = None,
    calls: int | None = None,
    started_at_us: int = STARTED_AT_US,
    seed: int = 1588,
) -> Iterator[tuple[int, bytes]]:
    """Events of overlapping copies in order of time, with their instants; the last one is `LAST`.

    Args:
        recorded: what is played, in a new random order each time round.
        calls_at_once: about how many calls are in progress.
        events: no copy begins once so many events have been begun; every call that has begun ends.
        calls: the same for calls.
        started_at_us: the first instant.
        seed: of the order.
    """
    order = random.Random(seed)  # noqa: S311 - the order need only be the same each time
    step_us = sum(recording.call_us for recording in recorded) // calls_at_once // len(recorded)
    events_left, calls_left = events, calls
    waiting: list[tuple[int, int, bytes, Iterator[tuple[int, bytes]]]] = []
    next_us, serial, number, at_us = started_at_us, 1, 0, started_at_us
    round_: list[Recording] = []
    while True:
        more = (events_left is None or events_left > 0) and (calls_left is None or calls_left > 0)
        if more and (not waiting or next_us <= waiting[0][0]):
            if not round_:
                round_ = list(recorded)
                order.shuffle(round_)
            recording = round_.pop()
            copy = recording.copy(next_us, serial)
            serial += recording.labels
            number += 1
            first_us, first = next(copy)
            heappush(waiting, (first_us, number, first, copy))
            events_left = None if events_left is None else events_left - len(recording.packets)
            calls_left = None if calls_left is None else calls_left - recording.calls
            next_us += step_us
            continue
        if not waiting:
            break
        at_us, number_, packet, copy = heappop(waiting)
        yield at_us, packet
        following = next(copy, None)
        if following is not None:
            heappush(waiting, (following[0], number_, following[1], copy))
    yield at_us, b"Event: %b\r\nPrivilege: user,all\r\nTimestamp: %d.%06d\r\n\r\n" % (LAST, *divmod(at_us, _SECOND_US))


def chunks(packets: Iterable[tuple[int, bytes]], size: int = 1 << 16) -> Iterator[bytes]:
    """The bytes of a stream in pieces of about `size`, each of whole packets."""
    held: list[bytes] = []
    length = 0
    for _, packet in packets:
        held.append(packet)
        length += len(packet)
        if length >= size:
            yield b"".join(held)
            held, length = [], 0
    if held:
        yield b"".join(held)


def kinds(raw: bytes) -> Counter[str]:
    """How many events of each name a stream holds."""
    return Counter(name.decode() for name in re.findall(rb"(?:\A|\r\n)Event: ([^\r]*)", raw))

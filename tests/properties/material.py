"""Material for the properties: the lab's recordings as packets, relabelled so that copies of them are other calls."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.ami.decoder import Decoder
from monitor.ami.protocol import PacketReader, timestamp_us
from monitor.calls.facts import Call
from monitor.calls.lines import Line, Lines
from monitor.calls.state import Plan
from monitor.calls.tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.calls.facts import Fact

SCENARIOS = Path(__file__).parents[1] / "scenarios"
NAMES = sorted(
    folder.parent.name
    for folder in SCENARIOS.glob("*/expected.json")
    if folder.with_name("events.ami").stat().st_size < 150_000
)
PLAN = Plan(lines=Lines((Line("1588-6565", ("15886565",)),)))
_STAMP = re.compile(rb"\r\nTimestamp: (\d+)\.(\d{6})")
_BASE_US = 1_777_852_800_000_000


@cache
def recording(name: str) -> tuple[bytes, ...]:
    """The packets of a recording that carry a stamp: what happened, without login and banner."""
    reader = PacketReader()
    data = (SCENARIOS / name / "events.ami").read_bytes()
    return tuple(packet for _, packet in reader.feed(data) if timestamp_us(packet) is not None)


@cache
def copy(name: str, number: int) -> tuple[tuple[int, bytes], ...]:
    """A recording as call `number`, begun at the same instant as all others: uniqueids, bridges and channels its own.

    Returns:
        `(microseconds since its beginning, packet without stamp's value)` for each packet.
    """
    packets = recording(name)
    began_us = min(timestamp_us(packet) or 0 for packet in packets)
    found = []
    for packet in packets:
        at_us = (timestamp_us(packet) or 0) - began_us
        own = packet.replace(b"lab1-", b"lab1-%d" % (1000 + number))
        own = re.sub(rb"(Uniqueid|BridgeId|BridgeUniqueid): ([0-9a-f]{8})-", rb"\1: %08x\2-" % number, own)
        # Channel names repeat between runs of an Asterisk; a phone's is told apart by its number.
        own = re.sub(rb"-([0-9a-f]{8})(;[12])?(?=\r\n|$)", rb"-%02x\1\2" % number, own)
        found.append((at_us, own))
    return tuple(found)


def stamped(packet: bytes, at_us: int) -> bytes:
    return _STAMP.sub(b"\r\nTimestamp: %d.%06d" % divmod(at_us, 1_000_000), packet, count=1)


def merged(parts: Iterable[tuple[str, int, int]]) -> list[tuple[int, bytes]]:
    """Several recordings as one wire, `(call number, packet)` in order of time.

    Args:
        parts: `(name, number, microseconds after the beginning)`.
    """
    timed = [
        (_BASE_US + shift_us + at_us, number, order, packet)
        for name, number, shift_us in parts
        for order, (at_us, packet) in enumerate(copy(name, number))
    ]
    timed.sort(key=lambda item: item[0])
    return [(number, stamped(packet, at_us)) for at_us, number, _, packet in timed]


def facts_of(packets: Iterable[bytes], *, close: bool = True) -> tuple[list[Fact], Tracker]:
    """What a tracker makes of packets, and the tracker."""
    decoder, tracker = Decoder(), Tracker("lab1", PLAN)
    facts: list[Fact] = []
    for packet in packets:
        event = decoder.decode(packet)
        if event is not None:
            facts += tracker.feed(event)
    if close:
        facts += tracker.close()
    return facts, tracker


def calls_of(facts: Iterable[Fact]) -> list[Call]:
    return [fact for fact in facts if isinstance(fact, Call)]


def number_of(call: Call) -> int:
    """Which copy a call is of."""
    return int(call.key.linkedid.removeprefix("lab1-")[:4]) - 1000

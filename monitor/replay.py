"""Recorded AMI through the same path as a live line: one JSON object a call, in order of end."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.ami.decoder import Decoder
from monitor.ami.events import FullyBooted
from monitor.ami.protocol import BANNER, PacketReader, is_ami
from monitor.calls.facts import Call, GapCause
from monitor.calls.tracker import Tracker
from monitor.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from typing import BinaryIO

    from monitor.calls.facts import Fact, RingAttempt, Transfer
    from monitor.calls.state import Plan

_CHUNK_BYTES = 1 << 18


class Replay:
    """Feeds captures, one after the other, to the call state of the systems they come from.

    Args:
        plan: which calls are wanted, and how they are judged.
        fallback_system: the name of a system whose packets carry none.
        warn: takes one sentence for each piece of the input that is no AMI.
    """

    def __init__(self, plan: Plan, fallback_system: str, warn: Callable[[str], None]) -> None:
        self._plan = plan
        self._fallback = fallback_system
        self._warn = warn
        self._decoder = Decoder()
        self._trackers: dict[str, Tracker] = {}
        self.packets = 0
        """Packets that were AMI."""

    @property
    def trackers(self) -> tuple[Tracker, ...]:
        """The call state of every system met so far."""
        return tuple(self._trackers.values())

    @property
    def events(self) -> int:
        """Events read, needed or not."""
        return self._decoder.counts.total()

    def read(self, name: str, stream: BinaryIO) -> Iterator[Fact]:
        """The facts in one capture, in order.

        Args:
            name: what to call it in warnings.
            stream: its bytes, as a socket would deliver them.
        """
        reader = PacketReader()
        oversized = 0
        while chunk := stream.read(_CHUNK_BYTES):
            for offset, packet in reader.feed(chunk):
                yield from self._packet(name, offset, packet)
            if reader.oversized > oversized:
                oversized = reader.oversized
                self._warn(f"{name}: a packet before byte {reader.offset} passes 1 MiB and was left out.")
        rest = reader.close()
        if rest.strip(b"\r\n"):
            self._warn(f"{name}: the packet at byte {reader.offset - len(rest)} does not end and was left out.")

    def close(self) -> Iterator[Fact]:
        """End of all input: the calls still open end unobserved."""
        for tracker in self._trackers.values():
            yield from tracker.close()

    def _packet(self, name: str, offset: int, packet: bytes) -> Iterable[Fact]:
        decoder = self._decoder
        if packet.startswith(BANNER):
            self.packets += 1
            decoder.decode(packet)
            return self._reconnected()
        packet = packet.lstrip(b"\r\n")
        malformed = decoder.malformed
        event = decoder.decode(packet)
        if not is_ami(packet):
            self._warn(f"{name}: what stands at byte {offset} is no AMI packet and was passed over.")
            if event is None:
                return ()
        elif decoder.malformed > malformed:
            self._warn(f"{name}: the packet at byte {offset} breaks off; what follows it was read.")
        self.packets += 1
        if event is None or (decoder.system is None and isinstance(event, FullyBooted)):
            # A login's FullyBooted comes before the first packet that names the system, and changes no call.
            return ()
        return self._tracker().feed(event)

    def _tracker(self) -> Tracker:
        system = self._decoder.system or self._fallback
        tracker = self._trackers.get(system)
        if tracker is None:
            tracker = self._trackers[system] = Tracker(system, self._plan)
        return tracker

    def _reconnected(self) -> Iterator[Fact]:
        """Another connection begins in the recording: between it and the one before nothing was seen."""
        for tracker in self._trackers.values():
            if tracker.channels_known:
                yield from tracker.link_down(tracker.now_us, GapCause.CAPTURE_BREAK)
                yield from tracker.link_up(tracker.now_us)


def open_capture(path: str) -> BinaryIO:
    """The bytes of a capture; `-` is standard input, gzip is recognised by the name's end.

    Raises:
        CaptureError: the file is missing or may not be read.
    """
    if path == "-":
        return sys.stdin.buffer
    try:
        file = Path(path).open("rb")
    except OSError as error:
        raise CaptureError(f"{path} cannot be read: {error.strerror}. Name a capture that exists.") from error
    return gzip.GzipFile(fileobj=file) if path.endswith(".gz") else file  # type: ignore[return-value] # reads alike


# -- the JSON contract -------------------------------------------------------------------------------------------------


def _at(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at is not None else None


def _seconds(us: int | None) -> float | None:
    return us / 1_000_000 if us is not None else None


def _attempt(attempt: RingAttempt) -> dict[str, Any]:
    return {
        "agent": attempt.agent,
        "member": attempt.member,
        "channel": attempt.channel,
        "queue": attempt.queue,
        "started_at": _at(attempt.started_at),
        "ended_at": _at(attempt.ended_at),
        "ringing_seconds": _seconds(attempt.ringing_us),
        "rings": attempt.rings,
        "result": attempt.result.value,
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    return {
        "kind": transfer.kind.value,
        "at": _at(transfer.at),
        "by": transfer.by,
        "to": transfer.to,
        "scope": transfer.scope.value,
        "result": transfer.result.value,
        "announced": transfer.announced,
        "consent": None if transfer.consent is None else "yes" if transfer.consent else "no",
        "consultation_seconds": _seconds(transfer.consultation_us),
        "caller_hold_seconds": _seconds(transfer.caller_hold_us),
        "reconnected_at": _at(transfer.reconnected_at),
        "reconnect_seconds": _seconds(transfer.reconnect_us),
        "reconnect_rings": transfer.reconnect_rings,
    }


def call_as_json(call: Call) -> dict[str, Any]:
    """A call as `replay` prints it: every field present, instants RFC 3339 UTC, durations in seconds."""
    return {
        "system": call.key.system,
        "linkedid": call.key.linkedid,
        "line": call.line,
        "dialled": call.dialled,
        "caller": call.caller,
        "entered_at": _at(call.entered_at),
        "asked_at": _at(call.asked_at),
        "first_ring_at": _at(call.first_ring_at),
        "answered_at": _at(call.answered_at),
        "ended_at": _at(call.ended_at),
        "outcome": call.outcome.value,
        "rings": call.rings,
        "ringing_seconds": _seconds(call.ringing_us),
        "waiting_seconds": _seconds(call.waiting_us),
        "talking_seconds": _seconds(call.talking_us),
        "hold_seconds": _seconds(call.hold_us),
        "verdicts": {reading: verdict.value for reading, verdict in call.verdicts},
        "verdict_reason": call.verdict_reason.value,
        "rule": call.rule,
        "observed": call.observed.value,
        "queue": call.queue,
        "agent": call.agent,
        "answered_by_pickup": call.answered_by_pickup,
        "attempts": [_attempt(attempt) for attempt in call.attempts],
        "transfers": [_transfer(transfer) for transfer in call.transfers],
    }

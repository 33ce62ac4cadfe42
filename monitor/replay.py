"""Recorded AMI through the same path as a live line: one JSON object a call, in order of end."""

from __future__ import annotations

import gzip
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

import zstandard

from monitor.ami.decoder import Decoder
from monitor.ami.events import (
    CoreShowChannel,
    CoreShowChannelsComplete,
    FullyBooted,
    QueueEntry,
    QueueMember,
    QueueParams,
)
from monitor.ami.protocol import BANNER, PacketReader, is_ami
from monitor.calls.facts import GapCause
from monitor.calls.tracker import Tracker
from monitor.errors import CaptureError
from monitor.following import Following
from monitor.journal.course import Course
from monitor.journal.format import FIRST, Broken, Header, RecordReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO, TextIO

    from monitor.ami.events import Event
    from monitor.calls.facts import Fact
    from monitor.calls.state import Plan
    from monitor.journal.format import Record

_CHUNK_BYTES = 1 << 18
_ZSTD = ".zst"
_ANSWERS = (CoreShowChannel, CoreShowChannelsComplete, FullyBooted, QueueEntry, QueueMember, QueueParams)
"""What Asterisk writes as an answer to a login or an action carries neither `SystemName` nor `Timestamp`."""


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
        self._journals: dict[str, tuple[Course, Following]] = {}
        """By configured name: segments of a journal are followed as they were live."""
        self._opening = True
        """No event has told yet of which system a connection is."""
        self._held: list[Event] = []
        """Answers about the present, until one does."""
        self.packets = 0
        """Packets that were AMI, and items of journals."""

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
            stream: its bytes, as a socket would deliver them; or a segment of a journal.
        """
        reader = PacketReader()
        oversized = 0
        chunk = stream.read(_CHUNK_BYTES)
        if chunk.startswith(FIRST):
            yield from self._segment(name, chunk, stream)
            return
        while chunk:
            for offset, packet in reader.feed(chunk):
                yield from self._packet(name, offset, packet)
            if reader.oversized > oversized:
                oversized = reader.oversized
                self._warn(f"{name}: a packet before byte {reader.offset} passes 1 MiB and was left out.")
            chunk = stream.read(_CHUNK_BYTES)
        rest = reader.close()
        if rest.strip(b"\r\n"):
            self._warn(f"{name}: the packet at byte {reader.offset - len(rest)} does not end and was left out.")

    def close(self) -> Iterator[Fact]:
        """End of all input: the calls still open end unobserved."""
        yield from self._present()
        for tracker in self._trackers.values():
            yield from tracker.close()
        for _, following in self._journals.values():
            yield from following.close()

    def _segment(self, name: str, first: bytes, stream: BinaryIO) -> Iterator[Fact]:
        """What a segment of a journal brings."""
        reader = RecordReader()
        chunk, length = first, 0
        system: str | None = None
        while chunk:
            length += len(chunk)
            for record in reader.feed(chunk):
                system = record.name if isinstance(record, Header) else system
                yield from self._followed(name, system, record)
            chunk = stream.read(_CHUNK_BYTES)
        for record in reader.close():
            yield from self._followed(name, system, record)
        if reader.whole_until < length:
            yield from self._followed(name, system, Broken(length - reader.whole_until))

    def _followed(self, name: str, system: str | None, record: Record) -> Iterator[Fact]:
        if isinstance(record, Broken):
            self._warn(f"{name}: {record.length} bytes are no whole item of a journal and were passed over.")
        system = system or self._fallback
        if system not in self._journals:
            self._journals[system] = Course(), Following(system, self._plan)
        course, following = self._journals[system]
        for _, item in course.take(record):
            self.packets += 1
            yield from following.take(item)

    def _packet(self, name: str, offset: int, packet: bytes) -> Iterable[Fact]:
        decoder = self._decoder
        if packet.startswith(BANNER):
            self.packets += 1
            return self._reconnected(packet)
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
        if event is None:
            return ()
        if self._opening and decoder.system is None and isinstance(event, _ANSWERS):
            self._held.append(event)
            return ()
        before = list(self._present()) if self._opening else []
        return before + self._tracker().feed(event)

    def _present(self) -> Iterator[Fact]:
        """What a connection was told of the present, before a packet named the system and the time, is of then."""
        self._opening = False
        held, self._held = self._held, []
        for answer in held:
            yield from self._tracker().feed(answer._replace(at_us=self._decoder.last_us))

    def _tracker(self) -> Tracker:
        system = self._decoder.system or self._fallback
        tracker = self._trackers.get(system)
        if tracker is None:
            tracker = self._trackers[system] = Tracker(system, self._plan)
        return tracker

    def _reconnected(self, banner: bytes) -> Iterator[Fact]:
        """Another connection begins in the recording: between it and the one before nothing was seen."""
        yield from self._present()
        self._opening = True
        self._decoder.decode(banner)
        for tracker in self._trackers.values():
            tracker.begin_capture()
            if tracker.channels_known:
                yield from tracker.link_down(tracker.now_us, GapCause.CAPTURE_BREAK)
                yield from tracker.link_up(tracker.now_us)


class Warnings:
    """Prints warnings, and only counts them once there are many."""

    def __init__(self, stream: TextIO, most: int = 20) -> None:
        self._stream = stream
        self._left = most

    def __call__(self, sentence: str) -> None:
        """Warn."""
        self._left -= 1
        if self._left >= 0:
            print(f"callmonitor: warning: {sentence}", file=self._stream)
        elif self._left == -1:
            print("callmonitor: warning: further warnings are not shown.", file=self._stream)


def bytes_of(paths: list[str]) -> int | None:
    """How many bytes captures have on disk; None where that is not known, as of standard input."""
    try:
        return None if "-" in paths else sum(Path(path).stat().st_size for path in paths)
    except OSError:
        return None


def read_all(replay: Replay, paths: list[str], at: Callable[[int], None] = lambda _: None) -> Iterator[Fact]:
    """The facts in all captures, one after the other, and what their end brings.

    Args:
        replay: follows the calls.
        paths: of the captures.
        at: told of the bytes that have been read, as they lie on disk, of all captures together.

    Raises:
        CaptureError: a file is missing, cannot be read, or holds no AMI at all.
    """
    done = 0
    for path in paths:
        before = replay.packets
        with open_capture(path) as stream:
            # Of a packed capture it is the file below that tells how far it has come.
            packed = path == "-" or path.endswith(_ZSTD)
            raw: BinaryIO | None = None if packed else getattr(stream, "fileobj", stream)
            try:
                for fact in replay.read(path, stream):
                    if raw is not None:
                        at(done + raw.tell())
                    yield fact
                if raw is not None:
                    done += raw.tell()
                elif path != "-":
                    done += Path(path).stat().st_size
            except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
                raise CaptureError(f"{path} cannot be read to its end: {error}. Capture it again.") from error
        if replay.packets == before:
            raise CaptureError(f"{path} holds no AMI at all. Name a file of what a manager connection delivered.")
    yield from replay.close()


def open_capture(path: str) -> BinaryIO:
    """The bytes of a capture; `-` is standard input, gzip and zstd are recognised by the name's end.

    Raises:
        CaptureError: the file is missing or may not be read.
    """
    if path == "-":
        return sys.stdin.buffer
    try:
        if path.endswith(_ZSTD):
            return cast("BinaryIO", zstandard.open(path, "rb"))
        return gzip.GzipFile(path) if path.endswith(".gz") else Path(path).open("rb")  # type: ignore[return-value] # reads alike
    except OSError as error:
        raise CaptureError(f"{path} cannot be read: {error.strerror}. Name a capture that exists.") from error

"""The targets: each takes any bytes, and raises where something does not hold that must hold for all of them.

What a reader may raise is what its documentation says, and each target lets exactly that pass.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from monitor.ami.feed import Batch, LinkDown, LinkUp, Resynced, TimePassed
from monitor.ami.protocol import PacketReader, event_name, header, headers, is_ami, pong_us, timestamp_us
from monitor.calls.facts import Call, CallStarted, GapCause
from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.rules import Reading
from monitor.calls.state import Plan
from monitor.config import load
from monitor.errors import ConfigError, ImportRefused
from monitor.following import Following
from monitor.imports.cdr_calls import CdrReader
from monitor.imports.cel_calls import CelReader
from monitor.imports.frame import Frame
from monitor.imports.kinds import CDR, CEL
from monitor.imports.sources import calls_of_queue_logs, calls_of_row_files
from monitor.journal.format import Header, RecordReader, encode, encode_header
from monitor.ledger.spool import decode as decode_fact
from monitor.ledger.spool import encode as encode_fact
from monitor.page import api_parameters
from monitor.page.api_problems import ProblemError
from monitor.page.calls_form import read_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from monitor.ami.feed import JournalItem
    from monitor.journal.format import Record

TESTS = Path(__file__).parents[1]
SEOUL = ZoneInfo("Asia/Seoul")
NOON = datetime(2026, 5, 4, 3, tzinfo=UTC)
NOON_US = int(NOON.timestamp()) * 1_000_000
PLAN = Plan(
    lines=Lines((Line("main", ("15886565",)),)),
    inside=Patterns(("_XXX",)),
    outside=Patterns(("_02.",)),
    phones=Patterns(("PJSIP/*agent*",)),
    prefixes=("9",),
)
MOST_PACKET_BYTES = 512
"""So few that the bound is reached by what a fuzzer makes."""
_EXAMPLES = 40
_EXAMPLE_BYTES = 6_000


@dataclass(frozen=True, slots=True)
class Target:
    """One reader.

    Attributes:
        fuzz: tries it on some bytes.
        corpus: what it reads in earnest, to begin with.
        words: what means something to it.
    """

    fuzz: Callable[[bytes], None]
    corpus: Callable[[], list[bytes]]
    words: tuple[bytes, ...] = ()


def pieces(data: bytes) -> Iterator[bytes]:
    """The same bytes in pieces, cut by what they hold themselves: the same bytes are cut alike each time."""
    start = 0
    while start < len(data):
        length = 1 + data[start] % 61
        yield data[start : start + length]
        start += length


# -- what Asterisk sends ---------------------------------------------------------------------------------------------


def fuzz_packets(data: bytes) -> None:
    """The same packets come of the same bytes, in whatever pieces they arrive, and little of them is held back."""
    whole = PacketReader(MOST_PACKET_BYTES)
    packets = whole.feed(data)
    cut = PacketReader(MOST_PACKET_BYTES)
    found: list[tuple[int, bytes]] = []
    for piece in pieces(data):
        found += cut.feed(piece)
        assert len(cut._tail) <= MOST_PACKET_BYTES + 3
    assert found == packets
    assert cut.oversized == whole.oversized
    assert bool(cut.close()) == bool(whole.close()), "whether a packet was broken off"
    for (offset, packet), (following, _) in pairwise([*packets, (len(data), b"")]):
        assert data[offset : offset + len(packet)] == packet
        assert offset + len(packet) <= following
        event_name(packet)
        is_ami(packet)
        pong_us(packet)
        header(packet, b"Uniqueid")
        headers(packet)
        stamp_us = timestamp_us(packet)
        assert stamp_us is None or stamp_us >= 0


def fuzz_following(data: bytes) -> None:
    """Whatever comes, calls are followed to an end, each is told once, and no duration is negative."""
    following = Following("pbx", PLAN)
    facts = following.take(LinkUp(NOON_US, "pbx"))
    received_us = NOON_US
    for number, packet in enumerate(PacketReader().feed(data)):
        received_us += 1 + len(packet[1]) * 1000
        facts += following.take(Batch(received_us, [packet]))
        # Now and then a link breaks, or nothing comes for a while.
        match (number + len(packet[1])) % 23:
            case 0:
                facts += following.take(LinkDown(received_us, GapCause.NOT_CONNECTED, "lost"))
                facts += following.take(LinkUp(received_us + 1, "pbx", restarted=bool(number % 2)))
            case 1:
                facts += following.take(Resynced(received_us, ("QueueStatus",)))
            case 2:
                facts += following.take(TimePassed(following.clock.at(received_us)))
    facts += following.take(LinkDown(received_us + 1, GapCause.MONITOR_DOWN, "stopped"))
    facts += following.close()
    calls = [fact for fact in facts if isinstance(fact, Call)]
    assert len({call.key for call in calls}) == len(calls), "a call is told twice"
    begun = {fact.key for fact in facts if isinstance(fact, CallStarted)}
    assert {call.key for call in calls} <= begun
    for call in calls:
        durations = (call.ringing_us, call.waiting_us, call.talking_us, call.hold_us)
        assert all(duration is None or duration >= 0 for duration in durations), call


@cache
def _recordings() -> list[bytes]:
    """Each scenario of the laboratory whole, where it is small."""
    files = sorted((TESTS / "scenarios").glob("*/events.ami"), key=lambda path: path.stat().st_size)
    return [path.read_bytes() for path in files[:_EXAMPLES]]


# -- what Asterisk wrote ---------------------------------------------------------------------------------------------


@cache
def _scratch() -> Path:
    """A folder of this process, in memory where the machine has one."""
    memory = Path("/dev/shm")  # noqa: S108 - a file's content is new each time, and nobody is trusted with its name
    return Path(tempfile.mkdtemp(prefix="callmonitor-fuzz-", dir=memory if os.access(memory, os.W_OK) else None))


def _written(name: str, data: bytes) -> Path:
    path = _scratch() / f"{os.getpid()}.{name}"
    path.write_bytes(data)
    return path


def _told_well(calls: Iterable[Call]) -> None:
    """Calls of a file can be told: a file that is none is refused."""
    try:
        for call in calls:
            durations = (call.ringing_us, call.waiting_us, call.talking_us, call.hold_us)
            assert all(duration is None or duration >= 0 for duration in durations), call
            assert call.entered_at is None or call.ended_at is None or call.entered_at <= call.ended_at, call
            encode_fact(call)
    except ImportRefused:
        pass


def _frame() -> Frame:
    return Frame(system="pbx", plan=PLAN, line="main")


def fuzz_queue_log(data: bytes) -> None:
    """Lines that cannot be read are noted; the calls of the others have no negative duration."""
    _told_well(calls_of_queue_logs([_written("queue_log", data)], _frame()))


def fuzz_cdr(data: bytes) -> None:
    """As of the queue log, for call detail records."""
    frame = _frame()
    _told_well(calls_of_row_files([_written("cdr", data)], CDR, CdrReader(frame), SEOUL, notes=frame.notes))


def fuzz_cel(data: bytes) -> None:
    """As of the queue log, for the channel event log."""
    frame = _frame()
    _told_well(calls_of_row_files([_written("cel", data)], CEL, CelReader(frame), SEOUL, notes=frame.notes))


def _lines_of(*names: str) -> Callable[[], list[bytes]]:
    """Files of the recordings, in parts that are small enough to try many."""

    def parts() -> list[bytes]:
        found: list[bytes] = []
        for name in names:
            for path in sorted(TESTS.glob(f"*/recordings/**/{name}*")):
                data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
                found += [data[at : at + _EXAMPLE_BYTES] for at in range(0, len(data), _EXAMPLE_BYTES)]
        return found[:_EXAMPLES] or [b""]

    return parts


# -- what operators write ----------------------------------------------------------------------------------------------

_SECRET = re.compile(r"""(?m)^secret\s*=\s*["']([^"'\n]{6,})["']""")


def fuzz_settings(data: bytes) -> None:
    """Settings are taken or refused in sentences, and no sentence shows a secret."""
    said = ""
    try:
        load(_written("toml", data), environ={})
    except ConfigError as error:
        said = str(error)
    text = data.decode("utf-8", "replace")
    for secret in _SECRET.findall(text):
        assert text.count(secret) > 1 or secret not in said


def _samples() -> list[bytes]:
    sample = (TESTS.parent / "deploy" / "callmonitor.toml.sample").read_bytes()
    # What stands there as an example is set, too: that is what people do with it.
    bare = re.sub(rb"(?m)^# ?(?=[\w\[])", b"", sample)
    asterisk = b'[[asterisk]]\nname = "pbx1"\nhost = "10.0.0.1"\nusername = "m"\nsecret = "hush-hush-hush"\n'
    return [sample, bare, asterisk, asterisk + b'[web]\nport = 0\n[[line]]\nname = "a"\npatterns = ["_1XX."]\n']


# -- what browsers and programs ask ------------------------------------------------------------------------------------


def fuzz_query(data: bytes) -> None:
    """A question is read or refused by the API, and always answered by the form, whose own address asks the same."""
    text = data.decode("utf-8", "replace")
    given = parse_qsl(text, keep_blank_values=True, max_num_fields=None)
    for parameters in (api_parameters.OF_CALLS, api_parameters.OF_TRANSFERS, api_parameters.OF_STATISTICS):
        try:
            asked = api_parameters.read(given, (*api_parameters.PERIOD, *api_parameters.PAGING, *parameters))
            since, until = asked.period(NOON, SEOUL)
        except ProblemError:
            continue
        assert since.tzinfo is not None
        assert until.tzinfo is not None
    form = read_form(dict(given), now=NOON, zone=SEOUL, headline=Reading.WITHIN)
    assert (form.chosen is None) == bool(form.faults)
    if form.chosen is not None:
        again = read_form(dict(parse_qsl(form.query())), now=NOON, zone=SEOUL, headline=Reading.WITHIN)
        assert again.chosen == form.chosen


# -- what lies on our own disk -----------------------------------------------------------------------------------------


def fuzz_journal(data: bytes) -> None:
    """The same records come of the same bytes in whatever pieces, and what is read was written by us."""
    whole = RecordReader()
    records = [*whole.feed(data), *whole.close()]
    cut = RecordReader()
    found: list[Record] = []
    for piece in pieces(data):
        found += cut.feed(piece)
    found += cut.close()
    assert found == records
    assert cut.whole_until == whole.whole_until <= len(data)
    for record in records:
        if isinstance(record, Header):
            assert encode_header(record) in data


def _journals() -> list[bytes]:
    items: list[JournalItem] = [
        LinkUp(NOON_US, "pbx"),
        Batch(NOON_US + 5, PacketReader().feed(_recordings()[0])),
        Resynced(NOON_US + 9, ("QueueStatus",)),
        TimePassed(NOON_US + 20),
        LinkDown(NOON_US + 30, GapCause.NOT_CONNECTED, "it closed the connection"),
    ]
    return [b"".join(encode(item, NOON_US + number) for number, item in enumerate(items))]


def fuzz_spool(data: bytes) -> None:
    """A line tells of a fact, which is written as it was read, or is refused."""
    try:
        fact = decode_fact(data)
    except ValueError:
        return
    assert decode_fact(encode_fact(fact)) == fact


def _spooled() -> list[bytes]:
    following = Following("pbx", PLAN)
    facts = following.take(LinkUp(NOON_US, "pbx"))
    facts += following.take(Batch(NOON_US, PacketReader().feed(_recordings()[-1])))
    facts += following.close()
    lines = []
    for fact in facts:
        try:
            lines.append(encode_fact(fact).encode())  # type: ignore[arg-type] # those that are not kept are passed over
        except TypeError:
            continue
    return [line for line in lines if json.loads(line)["fact"] in {"Call", "Gap", "AgentState"}]


_AMI_WORDS = (
    b"\r\n\r\n", b"\r\n", b"Event: ", b"Timestamp: ", b"Asterisk Call Manager/", b"Linkedid: ", b"Uniqueid: ",
    b"ChannelState: ", b"Newchannel", b"Newstate", b"Hangup", b"BridgeEnter", b"BlindTransfer", b"QueueCallerJoin",
    b"DialBegin", b"DialEnd", b"AgentConnect", b"1777863600.000001", b"99999999999999999999", b"-1",
)  # fmt: skip

TARGETS: dict[str, Target] = {
    "packets": Target(fuzz_packets, _recordings, _AMI_WORDS),
    "following": Target(fuzz_following, _recordings, _AMI_WORDS),
    "queue_log": Target(fuzz_queue_log, _lines_of("queue_log"), (b"|", b"\n", b"ENTERQUEUE", b"CONNECT", b"COMPLETE")),
    "cdr": Target(
        fuzz_cdr, _lines_of("Master.csv"), (b'","', b"\n", b"ANSWERED", b"NO ANSWER", b"2026-03-02 10:00:00")
    ),
    "cel": Target(fuzz_cel, _lines_of("Custom.csv", "cel"), (b'","', b"\n", b"CHAN_START", b"LINKEDID_END", b"ANSWER")),
    "settings": Target(fuzz_settings, _samples, (b"[[", b"]]", b'"', b" = ", b"\n", b"asterisk", b"secret", b"1e999")),
    "query": Target(
        fuzz_query,
        lambda: [b"since=2026-05-01&until=2026-05-04&queue=help&limit=5", b"from=2026-05-01&to=2026-05-31&number=1234"],
        (b"&", b"=", b"since", b"until", b"after", b"from", b"to", b"%00", b"9999-12-31", b"0001-01-01", b"T00:00:00Z"),
    ),
    "journal": Target(fuzz_journal, _journals, (b"Event: JournalBatch\r\n", b"Length: ", b"Crc32: ", b"\r\n\r\n")),
    "spool": Target(fuzz_spool, _spooled, (b'{"fact":', b'"value":', b"null", b"1e999", b"NaN", b'"Call"', b"[", b"]")),
}

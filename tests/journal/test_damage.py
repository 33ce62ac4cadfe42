"""What a crash, a bad disk or another program may do to a segment: the whole items stay, and nothing else is told."""

from __future__ import annotations

import json
import logging
import random
from io import BytesIO
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from monitor.ami.feed import Batch, LinkDown, LinkUp, Standing, TimePassed
from monitor.calls.facts import Call, GapCause
from monitor.calls.lines import Line, Lines
from monitor.calls.state import Plan
from monitor.following import Following
from monitor.journal.format import Begun, Broken, Header, Stamped, encode, encode_header
from monitor.journal.reading import items, last_at_us, records, unfinished
from monitor.journal.segments import segments

from .material import NAME, SYSTEM, WAY_US, instant_of, items_of, packets_of, plain, stamp_of, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import pytest

    from monitor.ami.feed import JournalItem
    from monitor.journal.format import Record

WIRE = items_of("answered_ring_1")
PLAN = Plan(lines=Lines((Line("1588-6565", ("15886565",)),)))


def segment_of(wire: list[JournalItem]) -> tuple[bytes, list[int]]:
    """The bytes of a segment, and where in them each of its records ends."""
    header = Header(
        name=NAME,
        number=1,
        begun=Begun.START,
        received_us=instant_of(wire[0]),
        needed_us=instant_of(wire[0]),
        link=None,
    )
    data = encode_header(header)
    ends = [len(data)]
    for item in wire:
        data += encode(item, instant_of(item))
        ends.append(len(data))
    return data, ends


DATA, ENDS = segment_of(WIRE)
WHOLE = [record for record in records(BytesIO(DATA)) if not isinstance(record, Broken)]


def read(found: Iterable[Record]) -> list[object]:
    """Records, batches by their packets alone."""
    return [
        plain([record.item])[0] if isinstance(record, Stamped) else record
        for record in found
        if not isinstance(record, Broken)
    ]


def test_all_of_it_reads() -> None:
    assert len(WHOLE) == 1 + len(WIRE)
    assert read(WHOLE)[1:] == plain(WIRE)


def test_what_is_known_of_fifty_thousand_members_reads() -> None:
    """A thousand agents in fifty queues, 100 bytes each: 5 MB in one marker at the beginning of each segment."""
    standing = Standing(1, json.dumps(["m" * 96] * 50_000, separators=(",", ":")))
    assert len(standing.state) > 4 << 20
    assert list(records(BytesIO(encode(standing, 2)))) == [Stamped(2, standing)]


def test_torn_at_every_byte_of_the_last_item() -> None:
    """However few bytes of the last item the disk has, all items before it are read, and of the last one nothing."""
    for cut in range(ENDS[-2], ENDS[-1]):
        found = list(records(BytesIO(DATA[:cut])))
        torn = [Broken(cut - ENDS[-2])] if cut > ENDS[-2] else []
        assert read(found) == read(WHOLE[:-1]), cut
        assert [record for record in found if isinstance(record, Broken)] == torn, cut


def test_torn_at_every_byte_of_a_batch() -> None:
    """The same where packets were being written."""
    last = max(number for number, item in enumerate(WIRE) if isinstance(item, Batch))
    for cut in range(ENDS[last], ENDS[last + 1]):
        assert read(list(records(BytesIO(DATA[:cut])))) == read(WHOLE[: last + 1]), cut


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("flip"), st.integers(0, len(DATA) - 1), st.integers(1, 255)),
            st.tuples(st.just("cut"), st.integers(0, len(DATA) - 1), st.integers(1, 3000)),
            st.tuples(st.just("put"), st.integers(0, len(DATA) - 1), st.integers(1, 3000)),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_no_damage_makes_an_item_that_was_not(damage: list[tuple[str, int, int]]) -> None:
    """Whatever is flipped, lost or put between: what is read was written, in its order."""
    data = bytearray(DATA)
    for kind, place, how in damage:
        at = min(place, len(data) - 1)
        if kind == "flip":
            data[at] ^= how
        elif kind == "cut":
            del data[at : at + how]
        else:
            # Pieces of the segment itself are the likeliest to be taken for items.
            data[at:at] = random.Random(how).choice([b"\r\n\r\n", DATA[how : how + 90], bytes(how)])  # noqa: S311 - a seed
        if not data:
            return
    found = read(list(records(BytesIO(bytes(data)))))
    assert [each for each in found if each not in read(WHOLE)] == []
    if all(kind != "put" for kind, _, _ in damage):
        rest = iter(read(WHOLE))
        assert all(each in rest for each in found), "in their order"


def test_a_flipped_byte_costs_one_item() -> None:
    """The marker of the next one is found, and every item behind it is read."""
    for number in range(1, len(WIRE)):
        at = (ENDS[number] + ENDS[number + 1]) // 2
        data = DATA[:at] + bytes([DATA[at] ^ 1]) + DATA[at + 1 :]
        found = list(records(BytesIO(data)))
        assert read(found) == [each for place, each in enumerate(read(WHOLE)) if place != number + 1]
        assert sum(isinstance(record, Broken) for record in found) == 1


def test_nobody_forges_a_marker_by_what_he_is_called() -> None:
    """A caller may call himself whatever he likes: within a packet nothing but its own end is an end."""
    forged = encode(LinkDown(5, GapCause.NOT_CONNECTED, "forged"), 5).removesuffix(b"\r\n\r\n").replace(b"\r\n", b"\n")
    packet = b"Event: Newchannel\r\nCallerIDName: " + forged + b"\r\nExten: 15886565"
    data, ends = segment_of([LinkUp(1, SYSTEM), Batch(2, [(0, packet)]), TimePassed(3)])
    assert plain([record.item for record in records(BytesIO(data)) if isinstance(record, Stamped)])[1] == (2, [packet])
    # Nor where the marker before the packet is destroyed, and the packets are searched for the next one.
    broken = data[: ends[1] + 10] + b"X" + data[ends[1] + 11 :]
    found = [record.item for record in records(BytesIO(broken)) if isinstance(record, Stamped)]
    assert found == [LinkUp(1, SYSTEM), TimePassed(3)]


def damage_segment(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def test_the_next_start_cuts_a_torn_tail_and_says_how_much(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger().setLevel(logging.INFO)
    with written(tmp_path) as (_, writer):
        writer.write(WIRE[:-1])
        folder = writer.journal.folder
    (segment,) = segments(folder)
    whole = segment.path.read_bytes()
    segment.path.write_bytes(whole + encode(WIRE[-1], instant_of(WIRE[-1]))[:33])
    assert plain(items(folder)) == plain(WIRE[:-1]), "a reader need not wait for that"
    with written(tmp_path):
        assert segment.path.read_bytes() == whole
    said = capsys.readouterr().out
    assert "journal_tail_cut" in said
    assert "33" in said


def test_damage_in_the_middle_is_a_hole(tmp_path: Path) -> None:
    """Where items cannot be read nothing is known of the calls: from the last one before to the first one behind."""
    with written(tmp_path) as (_, writer):
        writer.write(WIRE)
        folder = writer.journal.folder
    (segment,) = segments(folder)
    batches = [number for number, item in enumerate(WIRE) if isinstance(item, Batch)]
    hit = batches[len(batches) // 2]
    damage_segment(segment.path, lambda data: data.replace(encode(WIRE[hit], instant_of(WIRE[hit]))[100:140], b"?", 1))
    before, behind = (instant_of(WIRE[number]) for number in (hit - 1, hit + 1))
    found = list(items(folder))
    hole: list[JournalItem] = [
        LinkDown(before, GapCause.CAPTURE_BREAK, "The journal is damaged here."),
        LinkUp(behind, SYSTEM),
    ]
    assert plain(found) == plain([*WIRE[:hit], *hole, *WIRE[hit + 1 :]])


def test_a_segment_that_is_gone_is_a_hole(tmp_path: Path) -> None:
    with written(tmp_path, PLAN, segment_minutes=0.05) as (_, writer):
        writer.write(WIRE)
        folder = writer.journal.folder
    found = segments(folder)
    whole = list(items(folder))
    found[2].path.unlink()
    left = list(items(folder))
    holes = [item for item in left if isinstance(item, LinkDown) and item.cause is GapCause.CAPTURE_BREAK]
    assert [hole.reason for hole in holes] == ["A part of the journal is missing here."]
    assert holes[0].at_us == max(instant_of(item) for item in whole if instant_of(item) < found[2].at_us)
    behind = left[left.index(holes[0]) + 1]
    assert behind == LinkUp(found[3].at_us, SYSTEM), "what holds of the link stands where a segment begins"
    assert plain(left)[-1] == plain(whole)[-1]


def test_a_compressed_segment_that_is_damaged(tmp_path: Path) -> None:
    """What zstd still gives is read; behind it lies a hole, and the next segment reads on."""
    with written(tmp_path, PLAN, segment_minutes=0.05) as (journal, writer):
        writer.write(WIRE)
        journal.sync()
        journal.keep()
        folder = writer.journal.folder
    whole = list(items(folder))
    packed = next(segment for segment in segments(folder)[2:] if segment.packed)
    damage_segment(packed.path, lambda data: data[: len(data) // 2])
    found = list(items(folder))
    assert len(found) < len(whole)
    assert [item for item in plain(found) if item not in plain(whole)], "the hole is told"
    holes = [item for item in found if isinstance(item, LinkDown) and item.cause is GapCause.CAPTURE_BREAK]
    assert len(holes) == 1
    assert plain(found)[-3:] == plain(whole)[-3:]


def test_the_journal_of_a_killed_monitor_ends_at_its_last_whole_item(tmp_path: Path, told: Callable[..., None]) -> None:
    """A torn tail, as a power cut leaves it: what is followed again is the call, but for what was torn."""
    wire = items_of("answered_ring_4")
    with written(tmp_path, PLAN) as (_, writer):
        writer.write(wire[:-1])
        folder = writer.journal.folder
    (segment,) = segments(folder)
    # The tail of the last batch did not reach the disk.
    segment.path.write_bytes(segment.path.read_bytes()[:-20])
    with written(tmp_path, PLAN) as (_, writer):
        assert last_at_us(folder) == instant_of(wire[-3])
        again = [item for item in unfinished(folder) if not isinstance(item, Standing)]
    assert plain(again) == plain(wire[:-2])
    following = Following(NAME, PLAN)
    facts = [fact for item in again for fact in following.take(item)]
    facts += following.blinded(instant_of(wire[-3]), GapCause.MONITOR_DOWN) + following.close()
    calls = [fact for fact in facts if isinstance(fact, Call)]
    # The wire saw one call. What was torn is the time from the last whole item to the last packet, and no more.
    torn_us = stamp_of(packets_of("answered_ring_4")[-1]) - (instant_of(wire[-3]) - WAY_US)
    told(
        fault="the journal's tail torn off by a power cut",
        parts="segments on disk, a recording of Asterisk",
        calls_at_stake=1,
        lost=1 - len({call.key for call in calls}),
        duplicated=len(calls) - len({call.key for call in calls}),
        unobserved_told_seconds=torn_us / 1e6,
        unobserved_untold_seconds=0.0,
        recovered_seconds=0.0,
    )

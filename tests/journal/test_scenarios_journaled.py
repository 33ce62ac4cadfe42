"""Every recording of a real Asterisk, written down and read back: the same items, the same facts, the same calls."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from monitor.ami.protocol import PacketReader, timestamp_us
from monitor.calls.facts import Call
from monitor.journal.reading import items, records
from monitor.journal.segments import opened, segments
from monitor.replay import Replay
from monitor.replay_json import call_as_json
from tests.scenarios.test_scenarios import NAMES, differences, pairs, plan_of

from .material import followed, items_of, packets_of, plain, written

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_read_back_is_what_was_written(name: str, tmp_path: Path) -> None:
    """Segments of a tenth of a minute, every second one compressed: neither changes anything."""
    plan, wire = plan_of(name), items_of(name)
    with written(tmp_path / "journal", plan, segment_minutes=0.1) as (journal, writer):
        half = len(wire) // 2
        writer.write(wire[:half])
        journal.sync()
        journal.keep()
        writer.write(wire[half:])
        folder = writer.journal.folder
    direct = followed(plan, wire)
    assert writer.facts == direct, "to be written down changes nothing"

    back = [item for item in items(folder) if type(item).__name__ != "Standing"]
    assert plain(back) == plain(wire)
    assert followed(plan, items(folder)) == direct

    # What the calls were is known from outside: by SIP's own log, reckoned by hand.
    calls = [call_as_json(fact) for fact in followed(plan, items(folder)) if isinstance(fact, Call)]
    found = [d for expected, call in pairs(name, calls) for d in differences(expected, call)]
    assert found == []


@pytest.mark.parametrize("name", ["answered_ring_4", "attended_refer"])
def test_any_reader_of_ami_reads_a_segment(name: str, tmp_path: Path) -> None:
    """Plain AMI inside: cut at its empty lines, a segment gives every packet as it came, among ours."""
    with written(tmp_path / "journal") as (_, writer):
        writer.write(items_of(name))
        folder = writer.journal.folder
    (segment,) = segments(folder)
    found = [packet for _, packet in PacketReader().feed(segment.path.read_bytes())]
    assert [packet for packet in found if timestamp_us(packet) is not None] == packets_of(name)
    ours = [packet for packet in found if packet not in set(packets_of(name))]
    assert all(packet.startswith(b"Event: Journal") for packet in ours)


@pytest.mark.parametrize("name", ["answered_ring_4", "attended_refer"])
def test_replay_takes_segments_in_both_forms(name: str, tmp_path: Path) -> None:
    """And across segments: the calls go on where one ends and the next begins."""
    plan = plan_of(name)
    with written(tmp_path / "journal", plan, segment_minutes=0.1) as (journal, writer):
        writer.write(items_of(name))
        journal.sync()
        journal.keep()
        folder = writer.journal.folder
    found = segments(folder)
    assert len(found) > 1
    assert {segment.packed for segment in found} == {True, False}, "the last one is being written"
    warnings: list[str] = []
    replay = Replay(plan, "unnamed", warnings.append)
    facts = []
    for segment in found:
        with opened(segment.path) as stream:
            facts += list(replay.read(segment.path.name, stream))  # type: ignore[arg-type] # reads alike
    assert warnings == []
    assert [*facts, *replay.close()] == followed(plan, items_of(name))


def test_pieces_of_any_size(tmp_path: Path) -> None:
    """However the disk hands out its bytes, the records are the same."""
    with written(tmp_path / "journal") as (_, writer):
        writer.write(items_of("answered_ring_1"))
        folder = writer.journal.folder
    data = segments(folder)[0].path.read_bytes()
    draw = random.Random(5)  # noqa: S311 - the same pieces in every run are the point
    with segments(folder)[0].path.open("rb") as stream:
        whole = list(records(stream))

    class Drop:
        at = 0

        def read(self, _: int) -> bytes:
            begin, self.at = self.at, self.at + draw.randint(1, 200)
            return data[begin : self.at]

    assert list(records(Drop())) == whole  # type: ignore[arg-type] # all that is asked of a stream is to read

"""The benchmark's stream is what it says: real events, copies that share nothing, calls that all end."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from benchmarks.stream import LAST, STARTED_AT_US, Recording, play, recordings
from monitor.ami.decoder import Decoder
from monitor.calls.facts import Call, Outcome
from monitor.calls.lines import Line, Lines
from monitor.calls.state import Plan
from monitor.calls.tracker import Tracker

RECORDED = (
    b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nMessage: Authentication accepted\r\n\r\n"
    b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
    b"Event: Newchannel\r\nTimestamp: 1795380733.500000\r\nChannel: PJSIP/trunk-00000007\r\nChannelState: 4\r\n"
    b"CallerIDName: 100%\r\nUniqueid: lab1-1795380733.0\r\nLinkedid: lab1-1795380733.0\r\n\r\n"
    b"Event: Hangup\r\nTimestamp: 1795380735.250000\r\nChannel: PJSIP/trunk-00000007\r\nChannelState: 6\r\n"
    b"Uniqueid: lab1-1795380733.0\r\nLinkedid: lab1-1795380733.0\r\n\r\n"
)


def test_a_recording_is_its_events_and_the_length_of_its_calls() -> None:
    recording = Recording("one", RECORDED)
    assert [packet.name for packet in recording.packets] == [b"Newchannel", b"Hangup"]
    # From 733.500000 to 735.250000.
    assert (recording.calls, recording.call_us) == (1, 1_750_000)


def test_a_copy_has_its_own_labels_and_instants_and_all_else_as_recorded() -> None:
    copy = list(Recording("one", RECORDED).copy(1_800_000_000_900_000, 40))
    assert copy[0] == (
        1_800_000_000_900_000,
        (
            b"Event: Newchannel\r\nTimestamp: 1800000000.900000\r\nChannel: PJSIP/trunk-00000028\r\n"
            b"ChannelState: 4\r\nCallerIDName: 100%\r\n"
            b"Uniqueid: lab1-1800000000.41\r\nLinkedid: lab1-1800000000.41\r\n\r\n"
        ),
    )
    # 1.75 s later: 0.900000 + 1.750000 = 2.650000.
    assert copy[1][0] == 1_800_000_002_650_000


def test_calls_overlap_in_order_of_time_and_every_one_ends() -> None:
    packets = list(play(recordings(), calls_at_once=50, events=12_000))
    instants = [at_us for at_us, _ in packets]
    assert instants[0] >= STARTED_AT_US
    # Threads of one Asterisk stamp a little out of order; the recordings have it too.
    assert all(later - earlier > -10_000 for earlier, later in pairwise(instants))
    assert packets[-1][1].startswith(b"Event: " + LAST)
    announced = Counter(
        re.search(rb"\r\nUniqueid: ([^\r]+)", packet)[1]  # type: ignore[index]  # every Newchannel has one
        for _, packet in packets
        if packet.startswith(b"Event: Newchannel\r\n")
    )
    assert set(announced.values()) == {1}

    decoder, tracker = Decoder(), Tracker("lab1", Plan(Lines((Line("1588-6565", ("15886565",)),))))
    calls = [
        fact
        for _, packet in packets
        if (event := decoder.decode(packet)) is not None
        for fact in tracker.feed(event)
        if isinstance(fact, Call)
    ]
    assert len(calls) > 200
    assert all(call.outcome is not Outcome.UNOBSERVED for call in calls)
    assert tracker.channels_known == 0

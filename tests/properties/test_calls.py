"""What holds for every stream of calls: cut anywhere, mixed in any way, and disturbed at will.

`HYPOTHESIS_PROFILE=search` looks twenty times longer, at random.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from monitor.ami.decoder import Decoder
from monitor.ami.protocol import PacketReader, timestamp_us
from monitor.board import Board
from monitor.calls.facts import (
    AttemptEnded,
    AttemptResult,
    Call,
    CallAnswered,
    CallForgotten,
    CallStarted,
    Fact,
    Outcome,
    RingBreach,
    RingingCeased,
    RingingStarted,
    RingWarning,
    TransferEnded,
)
from monitor.calls.rules import RingRule
from monitor.calls.tracker import Tracker
from monitor.ledger.repository import Repository
from monitor.ledger.rows import STORED_FACTS
from monitor.ledger.schema import upgrade
from monitor.metrics import Metrics
from tests.ledger.records import known

from .material import NAMES, PLAN, SCENARIOS, calls_of, facts_of, merged, number_of, recording, stamped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import pytest

names = st.sampled_from(NAMES)
mixes = st.lists(st.tuples(names, st.integers(0, 40_000_000)), min_size=2, max_size=6).map(
    lambda parts: [(name, number, shift_us) for number, (name, shift_us) in enumerate(parts)]
)
"""Several recordings, each begun within 40 s of the others."""


def alone(name: str, number: int, shift_us: int) -> list[Call]:
    return calls_of(facts_of(packet for _, packet in merged([(name, number, shift_us)]))[0])


def told(calls: Iterable[Call]) -> dict[str, Call]:
    """By linkedid, without what says when the record was made."""
    return {call.key.linkedid: call for call in calls}


# -- bytes -------------------------------------------------------------------------------------------------------------


@given(name=names, data=st.data())
def test_any_split_of_the_bytes_gives_the_same_facts(name: str, data: st.DataObject) -> None:
    stream = (SCENARIOS / name / "events.ami").read_bytes()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=200)))
    reader, decoder, tracker = PacketReader(), Decoder(), Tracker("lab1", PLAN)
    facts: list[Fact] = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        for _, packet in reader.feed(stream[begin:end]):
            event = decoder.decode(packet)
            if event is not None:
                facts += tracker.feed(event)
    whole = PacketReader()
    expected = facts_of(packet for _, packet in whole.feed(stream))[0]
    assert facts + tracker.close() == expected


@given(st.lists(st.binary(max_size=400), max_size=30))
def test_whatever_bytes_come_nothing_is_raised(pieces: list[bytes]) -> None:
    reader, decoder, tracker = PacketReader(max_packet_bytes=1_000), Decoder(), Tracker("lab1", PLAN)
    for piece in pieces:
        for _, packet in reader.feed(piece + b"\r\n"):
            event = decoder.decode(packet)
            if event is not None:
                tracker.feed(event)
    assert reader.offset <= sum(len(piece) + 2 for piece in pieces)


headers = st.text(max_size=40).map(lambda text: text.replace("\r\n", " "))


@given(name=headers, number=headers, display=headers)
def test_no_callers_name_forges_a_header(name: str, number: str, display: str) -> None:
    packet = (
        f"Event: Newchannel\r\nTimestamp: 1777852800.0\r\nCallerIDName: {name}\r\nCallerIDNum: {number}\r\n"
        f"ConnectedLineName: {display}\r\nChannel: PJSIP/trunk-1\r\nChannelState: 4\r\nContext: in\r\n"
        "Exten: 15886565\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n"
    ).encode("utf-8", "surrogatepass")
    reader = PacketReader()
    facts, tracker = facts_of(found for _, found in reader.feed(packet))
    started = [fact for fact in facts if isinstance(fact, CallStarted)]
    assert [(fact.key.linkedid, fact.dialled) for fact in started] == [("1.1", "15886565")]
    assert tracker.channels_known == 1


# -- several calls at once ---------------------------------------------------------------------------------------------


@given(mixes)
def test_calls_do_not_disturb_each_other(parts: list[tuple[str, int, int]]) -> None:
    """However independent calls overlap, each has the record it has alone.

    Alone or not, `recorded_at` is the latest instant seen, and the callers' order of end is the wire's.
    """
    facts, tracker = facts_of(packet for _, packet in merged(parts))
    together = told(calls_of(facts))
    apart = told(call for part in parts for call in alone(*part))
    assert together == apart
    assert tracker.channels_known == 0


@given(mixes)
def test_each_call_ends_exactly_once(parts: list[tuple[str, int, int]]) -> None:
    facts, tracker = facts_of(packet for _, packet in merged(parts))
    started = Counter(fact.key for fact in facts if isinstance(fact, CallStarted))
    ended = Counter(fact.key for fact in facts if isinstance(fact, Call | CallForgotten))
    assert started == ended
    assert set(started.values()) <= {1}
    over: set[object] = set()
    for fact in facts:
        key = getattr(fact, "key", None)
        assert key is None or key not in over, "nothing is told of a call after its end"
        if isinstance(fact, Call | CallForgotten):
            over.add(key)
    assert list(tracker.close()) == []


@given(mixes)
def test_gauges_return_to_zero(parts: list[tuple[str, int, int]]) -> None:
    facts, _ = facts_of(packet for _, packet in merged(parts))
    rule = RingRule()
    board = Board((rule,), systems=["lab1"])
    registry = CollectorRegistry()
    metrics = Metrics(registry, board, rule, systems={}, store=_Store(), lines=["1588-6565"])
    for fact in facts:
        board.record(fact)
        metrics.record(fact)
    assert (dict(board.calls), dict(board.ringing)) == ({}, {})
    assert set(board.stages.values()) <= {0}
    assert board.past_limit().total() == 0
    gauges = {"callcenter_calls_in_progress", "callcenter_calls_ringing_past_limit"}
    samples = [s for family in registry.collect() if family.name in gauges for s in family.samples]
    assert bool(samples) is any(isinstance(fact, CallStarted) for fact in facts)
    assert {sample.value for sample in samples} <= {0.0}
    # What was counted is what was told.
    counted = sum(
        sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "callcenter_calls_total"
    )
    assert counted == len(calls_of(facts))


class _Store:
    """A ledger that is up and owes nothing."""

    up = True
    reason = None
    waiting_facts = 0


@given(mixes)
def test_invariants_of_every_fact(parts: list[tuple[str, int, int]]) -> None:
    facts, _ = facts_of(packet for _, packet in merged(parts))
    for call in calls_of(facts):
        check(call, RingRule())
    assert all(known(fact.attempt.ringing_us) >= 0 for fact in facts if isinstance(fact, AttemptEnded))
    begun = Counter((fact.key, fact.channel) for fact in facts if isinstance(fact, RingingStarted))
    ceased = Counter((fact.key, fact.channel) for fact in facts if isinstance(fact, RingingCeased))
    assert begun == ceased
    told_of = Counter(fact.key for fact in facts if isinstance(fact, CallAnswered))
    assert set(told_of.values()) <= {1}
    transfers = Counter(fact.key for fact in facts if isinstance(fact, TransferEnded))
    assert transfers == Counter({c.key: len(c.transfers) for c in calls_of(facts) if c.transfers})


def check(call: Call, rule: RingRule) -> None:
    """Whatever happened, this holds of a record."""
    ringing_us = known(call.ringing_us)
    durations = [ringing_us, known(call.talking_us), known(call.hold_us)]
    durations += [us for us in (call.waiting_us,) if us is not None]
    durations += [known(attempt.ringing_us) for attempt in call.attempts]
    durations += [
        known(us) for t in call.transfers for us in (t.consultation_us, t.caller_hold_us, t.reconnect_us or 0)
    ]
    assert min(durations) >= 0
    for attempt in call.attempts:
        assert attempt.started_at <= attempt.ended_at
        assert (attempt.rings == 0) <= (attempt.ringing_us == 0)
    for hold in call.holds:
        assert hold.started_at <= hold.ended_at
    if call.observed.value == "whole" and call.waiting_us is not None:
        assert ringing_us <= call.waiting_us, "a phone rings only while somebody waits"
    before = [a for a in call.attempts if call.answered_at is None or a.started_at < call.answered_at]
    assert ringing_us <= sum(known(a.ringing_us) for a in before), "the union is never more than the sum"
    if before:
        assert call.observed.value == "partly" or ringing_us >= max(
            min(known(a.ringing_us), _until(a.started_at, call.answered_at, known(a.ringing_us))) for a in before
        )
    assert (call.first_ring_at is None) == (call.rings == 0)
    if call.rings:
        assert call.rings == max(1, rule.rings(ringing_us))
    assert (call.outcome is Outcome.ANSWERED) <= (call.agent is not None)
    order = [at for at in (call.entered_at, call.asked_at, call.answered_at, call.ended_at) if at is not None]
    assert order == sorted(order)
    verdicts = dict(call.verdicts)
    assert set(verdicts) == {"within", "before"}
    assert (verdicts["before"].value == "kept") <= (verdicts["within"].value == "kept"), "the stricter reading"
    assert (verdicts["within"].value == "broken") <= (verdicts["before"].value == "broken")


def _until(started_at: datetime, answered_at: datetime | None, ringing_us: int) -> int:
    """Ringing of an attempt that lies before the answer."""
    if answered_at is None:
        return ringing_us
    return round((answered_at - started_at).total_seconds() * 1_000_000)


@settings(max_examples=15)
@given(parts=mixes)
def test_storing_twice_stores_one_copy(
    parts: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same stream told twice, as after a restart that read it again, leaves the ledger as it was."""
    facts = [fact for fact in facts_of(packet for _, packet in merged(parts))[0] if isinstance(fact, STORED_FACTS)]
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"
    upgrade(str(path))
    contents = []
    for _ in range(2):
        repository = Repository(str(path))
        repository.record_all(facts)
        repository.close()
        with closing(sqlite3.connect(path)) as ledger:
            contents.append(list(ledger.iterdump()))
    assert contents[0] == contents[1]
    with closing(sqlite3.connect(path)) as ledger:
        (calls,) = ledger.execute("select count(*) from calls").fetchone()
    assert calls == len({fact.key for fact in facts if isinstance(fact, Call)})


# -- disturbances ------------------------------------------------------------------------------------------------------

disturbances = st.sampled_from(["drop", "double", "swap", "cut", "garble", "unstamp", "glue"])


@given(
    parts=mixes,
    blows=st.lists(st.tuples(disturbances, st.integers(0, 10_000), st.integers(0, 10_000)), min_size=1, max_size=25),
)
def test_what_befalls_one_call_leaves_the_others_right(
    parts: list[tuple[str, int, int]], blows: list[tuple[str, int, int]]
) -> None:
    """Packets of call 0 are dropped, doubled, cut, garbled, moved: nothing is raised, and the others' records stand."""
    wire = merged(parts)
    for kind, where, how in blows:
        mine = [index for index, (number, _) in enumerate(wire) if number == 0]
        if mine:
            strike(wire, kind, mine[where % len(mine)], mine[(where + 1) % len(mine)], how)
    facts, _ = facts_of(packet for _, packet in wire)
    kept = told(call for call in calls_of(facts) if _number(call) != 0)
    expected = told(call for part in parts[1:] for call in alone(*part))
    assert {key: kept.get(key) for key in expected} == expected
    for call in calls_of(facts):
        told_us = [call.ringing_us, call.talking_us, call.hold_us, *(a.ringing_us for a in call.attempts)]
        assert min(known(us) for us in told_us) >= 0


def strike(wire: list[tuple[int, bytes]], kind: str, at: int, other: int, how: int) -> None:
    """One blow at the packet that stands `at`, or at it and the call's `other` one."""
    packet = wire[at][1]
    spot = _behind_stamp(packet, how)
    if kind == "drop":
        del wire[at]
    elif kind == "double":
        wire.insert(at, wire[at])
    elif kind == "swap":
        one_us, other_us = timestamp_us(packet), timestamp_us(wire[other][1])
        if one_us is not None and other_us is not None:
            # In another order, but no clock goes back.
            wire[at], wire[other] = (0, stamped(wire[other][1], one_us)), (0, stamped(packet, other_us))
    elif kind == "cut":
        wire[at] = (0, packet[:spot])
    elif kind == "garble":
        wire[at] = (0, packet[:spot] + bytes([how % 256]) + packet[spot + 1 :])
    elif kind == "unstamp":
        wire[at] = (0, packet.replace(b"\r\nTimestamp: ", b"\r\nTimestump: "))
    else:
        glued = stamped(wire[other][1], timestamp_us(packet) or timestamp_us(wire[other][1]) or 0)
        wire[at] = (0, packet[:spot] + b"\r\n" + glued)


def _number(call: Call) -> int:
    try:
        return number_of(call)
    except ValueError:
        return 0  # a linkedid that was garbled


def _behind_stamp(packet: bytes, how: int) -> int:
    """A place in the packet that is neither stamp nor system: another clock or system is another test."""
    begin = packet.find(b"\r\nSystemName: lab1\r\n")
    begin = begin + 20 if begin >= 0 else 0
    return begin + how % max(1, len(packet) - begin)


def test_the_material_is_rich() -> None:
    """Guards the properties against becoming empty: the recordings hold calls, transfers and breaches."""
    facts = [fact for name in NAMES for fact in facts_of(recording(name))[0]]
    calls = calls_of(facts)
    assert len(calls) >= 40
    assert sum(len(call.transfers) for call in calls) >= 15
    assert {call.outcome for call in calls} >= set(Outcome) - {Outcome.UNOBSERVED, Outcome.FAILED}
    assert {a.result for call in calls for a in call.attempts} >= {AttemptResult.ANSWERED, AttemptResult.NO_ANSWER}
    assert sum(isinstance(fact, RingWarning | RingBreach) for fact in facts) >= 5

"""Clocks that are set, that drift, and slow wires: ringing is what it was on the wire, or the call is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.ami.feed import Batch, ClockSet, LinkDown, LinkUp, TimePassed
from monitor.ami.protocol import PacketReader, ping_number
from monitor.board import Board
from monitor.calls.facts import (
    Call,
    Gap,
    GapCause,
    Observed,
    RingBreach,
    RingWarning,
    Verdict,
    instant,
)
from monitor.calls.facts import microseconds as micros
from monitor.calls.rules import RingRule
from monitor.clocks import OwnClock
from monitor.following import Following
from tests.ledger.records import known
from tests.properties import profile
from tests.properties.material import NAMES, facts_of
from tests.unit.wire import PLAN, Wire, us

from .clocked import BEGIN_US, HOUR_US, SECOND_US, Hand, World, records

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any

    from monitor.ami.feed import JournalItem
    from monitor.calls.facts import CallKey, Fact
    from tests.unit.wire import Leg

assert settings.default is not None
assert profile.__doc__, "its import sets what Hypothesis tries"

names = st.sampled_from(NAMES)
mixes = st.lists(st.tuples(names, st.integers(0, 20_000_000)), min_size=1, max_size=4).map(
    lambda parts: [(name, number, shift_us) for number, (name, shift_us) in enumerate(parts)]
)
signs = st.sampled_from([-1, 1])
instants = st.integers(BEGIN_US + SECOND_US, BEGIN_US + 50 * SECOND_US)


def microseconds(at: datetime | None) -> int:
    """Of an instant that is known."""
    assert at is not None
    return micros(at)


def steps(least_us: int) -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    """When a clock is set, and how far; at most twice."""
    sizes = st.one_of(st.just(HOUR_US), st.integers(least_us, 20 * SECOND_US))
    by_us = st.tuples(signs, sizes).map(lambda pair: pair[0] * pair[1])
    return st.lists(st.tuples(instants, by_us), max_size=2).map(lambda found: tuple(sorted(found)))


def hands(least_us: int) -> st.SearchStrategy[Hand]:
    return st.builds(
        Hand,
        ahead_us=st.sampled_from([0, -HOUR_US, 5 * SECOND_US, 400_000]),
        drift_ppm=st.sampled_from([0, -250, 250]),
        steps=steps(least_us),
    )


def within_drift(one_us: int, other_us: int) -> bool:
    """Two clocks that each gain or lose up to 500 ppm agree on a duration so far; a stamp has whole microseconds."""
    return abs(one_us - other_us) <= max(one_us, other_us) // 1_000 + 10


def check(told: dict[CallKey, Call], truth: dict[CallKey, Call]) -> None:
    assert told.keys() == truth.keys(), "no call is lost, and none is made up"
    for key, call in told.items():
        if call.observed is Observed.WHOLE:
            assert within_drift(known(call.ringing_us), known(truth[key].ringing_us)), (call, truth[key])
            assert call.outcome is truth[key].outcome


@settings(max_examples=settings.default.max_examples * 3 // 10)
@given(parts=mixes, there=hands(400_000), here=hands(400_000), ways=st.lists(st.integers(100, 20_000), min_size=1))
def test_clocks_that_are_set_on_a_quick_wire(
    parts: list[tuple[str, int, int]], there: Hand, here: Hand, ways: list[int]
) -> None:
    """Of 20 ms at most there and 20 ms back, a step of 0.25 s and those 40 ms is known: each here is greater."""
    world = World(parts, there=there, here=here, ways_us=ways)
    facts = world.play()
    truth = records(facts_of(world.truth)[0])
    check(records(facts), truth)
    # A call that rang past the limit rang 9 s on the wire: no step made it so.
    assert all(known(truth[fact.key].ringing_us) > 8_900_000 for fact in facts if isinstance(fact, RingBreach))


@settings(max_examples=settings.default.max_examples * 3 // 10)
@given(
    parts=mixes,
    there=hands(7 * SECOND_US),
    here=hands(400_000),
    ways=st.lists(st.one_of(st.integers(100, 20_000), st.integers(100, 3_000_000)), min_size=1, max_size=12),
)
def test_clocks_that_are_set_on_a_slow_wire(
    parts: list[tuple[str, int, int]], there: Hand, here: Hand, ways: list[int]
) -> None:
    """Of 3 s there and 3 s back: a step that exceeds both, and 0.25 s, is known."""
    world = World(parts, there=there, here=here, ways_us=ways)
    check(records(world.play()), records(facts_of(world.truth)[0]))


@settings(max_examples=settings.default.max_examples * 2 // 10)
@given(
    parts=mixes,
    drift_ppm=st.integers(-500, 500),
    here=hands(400_000),
    ways=st.lists(st.integers(100, 3_000_000), min_size=1, max_size=12),
)
def test_neither_drift_nor_a_slow_wire_is_a_step(
    parts: list[tuple[str, int, int]], drift_ppm: int, here: Hand, ways: list[int]
) -> None:
    world = World(parts, there=Hand(drift_ppm=drift_ppm), here=Hand(here.ahead_us, 0, here.steps), ways_us=ways)
    facts = world.play()
    told = records(facts)
    assert [fact for fact in facts if isinstance(fact, Gap)] == []
    assert world.following.clock_steps == 0
    assert {call.observed for call in told.values()} <= {Observed.WHOLE}
    check(told, records(facts_of(world.truth)[0]))


@settings(max_examples=settings.default.max_examples * 2 // 10)
@given(
    parts=mixes,
    there=hands(400_000),
    here=hands(400_000),
    ways=st.lists(st.integers(100, 3_000_000), min_size=1, max_size=12),
)
def test_without_stamps_our_own_clock_alone_measures(
    parts: list[tuple[str, int, int]], there: Hand, here: Hand, ways: list[int]
) -> None:
    """Whatever the other clock does, and whoever sets ours: what is told is how far apart the events arrived."""
    world = World(parts, there=there, here=here, ways_us=ways, bears_stamp=lambda _: False)
    told, truth = records(world.play()), world.by_receipt()
    check(told, truth)
    assert {call.observed for call in told.values()} <= {Observed.WHOLE}


@settings(max_examples=settings.default.max_examples * 2 // 10)
@given(
    parts=mixes,
    there=hands(7 * SECOND_US),
    lost=st.integers(1, 7),
    from_us=instants,
    ways=st.lists(st.integers(100, 3_000_000), min_size=2, max_size=12),
)
def test_calls_dated_by_both_clocks_are_marked(
    parts: list[tuple[str, int, int]], there: Hand, lost: int, from_us: int, ways: list[int]
) -> None:
    """From an instant on some events, or all, come without a stamp."""

    def bears_stamp(written_us: int) -> bool:
        return written_us < from_us or written_us % lost != 0

    world = World(parts, there=there, here=Hand(ahead_us=-HOUR_US), ways_us=ways, bears_stamp=bears_stamp)
    told, truth, received = records(world.play()), records(facts_of(world.truth)[0]), world.by_receipt()
    assert told.keys() == truth.keys()
    for key, call in told.items():
        if call.observed is Observed.WHOLE:
            measured = [known(truth[key].ringing_us), known(received[key].ringing_us)]
            assert any(within_drift(known(call.ringing_us), us) for us in measured), "by one of the clocks alone"


# -- one after the other ----------------------------------------------------------------------------------------------


class Line:
    """A wire on which a packet takes a millisecond, between clocks that agree until one is set."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.following = Following("pbx1", PLAN)
        self.facts: list[Fact] = self.following.take(LinkUp(us(0), "pbx1"))
        self.set_seconds = 0.0

    def at(self, seconds: float) -> Wire:
        """From here on Asterisk writes at an instant of true time."""
        return self.wire.at(seconds + self.set_seconds)

    def arrives(self, seconds: float, *, late_seconds: float = 0.001) -> None:
        """What was written at an instant of true time comes."""
        packets = PacketReader().feed(self.wire.take())
        self.facts += self.following.take(Batch(us(seconds + late_seconds), packets))

    def pongs(self, seconds: float) -> None:
        """A ping sent at an instant of true time is answered in 2 ms."""
        stamp_us = us(seconds + 0.001 + self.set_seconds)
        stamp = f"{stamp_us // SECOND_US}.{stamp_us % SECOND_US:06d}"
        pong = (
            f"Response: Success\r\nActionID: {ping_number(1, us(seconds))}\r\nPing: Pong\r\nTimestamp: {stamp}\r\n\r\n"
        )
        self.wire.raw(pong.encode())
        self.arrives(seconds, late_seconds=0.002)

    def of(self, kind: type[Any]) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


def ringing() -> tuple[Line, Leg, Leg]:
    """A phone that rings from 1 on; the clock was last asked at 0."""
    line = Line()
    line.pongs(0)
    caller = line.at(1).enters()
    phone = line.wire.dials(caller, "PJSIP/a")
    line.wire.rings(phone)
    line.arrives(1)
    return line, caller, phone


def test_a_record_waits_for_the_answer_that_tells_whether_the_clock_was_set() -> None:
    """It rings from 1 to 11, 10 s; at 5 the clock is set back by 1.5 s, so that the stamps are 8.5 s apart: kept?

    The caller leaves before Asterisk is asked again. Until the answer no record is told; then one that is marked.
    """
    line, caller, phone = ringing()
    line.set_seconds = -1.5
    line.at(11).ends(caller, phone, by=caller)
    line.arrives(11)
    assert (line.following.in_doubt, line.of(Call)) == (True, [])
    line.pongs(11.1)
    (call,) = line.of(Call)
    assert (call.ringing_us, call.observed) == (8_500_000, Observed.PARTLY)
    assert dict(call.verdicts) == {"within": Verdict.EXCLUDED, "before": Verdict.BROKEN}
    (gap,) = line.of(Gap)
    # In the 10 s in which nothing came the estimate gave way by 5 ms.
    assert (gap.cause, gap.set_by_us) == (GapCause.CLOCK_STEP, -1_495_000)
    assert (line.following.clock_steps, line.following.in_doubt) == (1, False)


def test_a_record_that_was_only_late_is_told_unchanged() -> None:
    """It rings from 1 to 9.5, 8.5 s; the end is 1.5 s on its way, and the answer to the ping behind it is quick."""
    line, caller, phone = ringing()
    line.at(9.5).ends(caller, phone, by=caller)
    line.arrives(9.5, late_seconds=1.5)
    assert (line.following.in_doubt, line.of(Call)) == (True, [])
    line.pongs(11.1)
    (call,) = line.of(Call)
    assert (call.ringing_us, call.observed) == (8_500_000, Observed.WHOLE)
    assert (line.of(Gap), line.following.clock_steps) == ([], 0)


@pytest.mark.parametrize("end", [LinkDown(us(16), GapCause.NOT_CONNECTED, "Silent."), TimePassed(us(21))])
def test_a_record_is_marked_where_the_answer_never_comes(end: JournalItem) -> None:
    """After 10 s at most, from 11 when it came to 21, or when the wire is found dead."""
    line, caller, phone = ringing()
    line.at(9.5).ends(caller, phone, by=caller)
    line.arrives(9.5, late_seconds=1.5)
    # The estimate gave way by 5 ms in 10 s.
    line.facts += line.following.take(TimePassed(us(20.9)))
    assert line.of(Call) == []
    line.facts += line.following.take(end)
    (call,) = line.of(Call)
    assert (call.ringing_us, call.observed) == (8_500_000, Observed.PARTLY)


def test_a_call_dated_by_both_clocks_is_marked_and_no_other_is() -> None:
    """It rings from 1; a reload takes the stamps away, and the answer of 5 comes 0.9 s late: 4.9 s, which is nothing.

    The next call knows our clock alone: it rings 3 s by it, and is whole.
    """
    line, caller, phone = ringing()
    line.wire.stamped = False
    line.at(5).answers(caller, phone)
    line.arrives(5, late_seconds=0.9)
    line.wire.ends(caller, phone, by=caller)
    line.arrives(9)
    other = line.wire.enters()
    line.arrives(10)
    line.wire.rings(target := line.wire.dials(other, "PJSIP/b"))
    line.arrives(11)
    line.wire.ends(other, target, by=other)
    line.arrives(14)
    first, second = line.of(Call)
    assert (round(first.ringing_us, -4), first.observed) == (4_900_000, Observed.PARTLY)
    assert (second.ringing_us, second.observed) == (3_000_000, Observed.WHOLE)


@pytest.mark.parametrize("hours", [-1, 1])
@pytest.mark.parametrize("whose", ["Asterisk's", "the monitor's"])
def test_an_hour_costs_no_call(whose: str, hours: int, told: Callable[..., None]) -> None:
    """Every recording, half a second apart; a clock is set in the midst of them."""
    parts = [(name, number, number * SECOND_US // 2) for number, name in enumerate(NAMES)]
    set_us = BEGIN_US + 20_300_000
    step = Hand(steps=((set_us, hours * HOUR_US),))
    there, here = (step, Hand()) if whose == "Asterisk's" else (Hand(), step)
    world = World(parts, there=there, here=here)
    facts = world.play()
    truth = records(facts_of(world.truth)[0])
    calls = [fact for fact in facts if isinstance(fact, Call)]
    check(records(calls), truth)
    in_progress = [
        key for key, call in truth.items() if microseconds(call.entered_at) < set_us < microseconds(call.ended_at)
    ]
    assert len(in_progress) >= 15, "else it shows little"
    (known_us,) = world.steps_known_us
    told(
        fault=f"{whose} clock is set {'forward' if hours > 0 else 'back'} by an hour",
        parts="recordings of Asterisk",
        calls_at_stake=len(in_progress),
        lost=len(truth.keys() - {call.key for call in calls}),
        duplicated=len(calls) - len({call.key for call in calls}),
        unobserved_told_seconds=0.0,
        unobserved_untold_seconds=0.0,
        recovered_seconds=(known_us - set_us) / 1e6,
    )
    # Asked in every silence of 2 s, or told by the next three events.
    assert 0 <= known_us - set_us <= 2_100_000


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_set_by_an_hour_while_a_phone_rings(hours: int) -> None:
    """It rings from 1 to 8, 7 s; the clock is set at 4: no hour of ringing, no breach, and a warning in its time."""
    line, caller, phone = ringing()
    line.set_seconds = hours * 3_600
    for count in range(3):  # one stamp alone would not be believed
        line.at(5 + count / 10).event("QueueCallerJoin", Queue="other", Count=count + 1)
        line.arrives(5 + count / 10)
    begun, ended = us(1 + hours * 3_600), us(8 + hours * 3_600)
    line.facts += line.following.take(TimePassed(us(7.1 + hours * 3_600)))
    line.at(8).answers(caller, phone)
    line.arrives(8)
    line.at(12).ends(caller, phone, by=caller)
    line.arrives(12)
    (call,) = line.of(Call)
    # The stamps arrive 1 ms late, and by so much less or more the step may be told.
    assert abs(known(call.ringing_us) - 7_000_000) <= 2_000
    assert (call.observed, line.of(RingBreach)) == (Observed.PARTLY, [])
    assert abs(microseconds(call.first_ring_at) - begun) <= 2_000
    assert microseconds(call.answered_at) == ended
    (warning,) = line.of(RingWarning)
    assert abs(microseconds(warning.at) - (begun + 6_000_000)) <= 2_000
    (gap,) = line.of(Gap)
    assert (gap.cause, gap.started_at) == (GapCause.CLOCK_STEP, gap.ended_at)
    assert abs(gap.set_by_us - hours * HOUR_US) <= 2_000
    assert line.following.clock_steps == 1


def test_the_board_goes_on_with_the_clock() -> None:
    """After an hour forward the phone has rung 4 s for people too, and not an hour more."""
    line, _, _ = ringing()
    line.set_seconds = 3_600
    line.pongs(5)
    board = Board((RingRule(),), systems=["pbx1"])
    for fact in line.facts:
        board.record(fact)
    (call,) = board.calls.values()
    assert abs(call.ringing_us(instant(us(3_605))) - 4_000_000) <= 2_000
    assert call.rings(instant(us(3_605))) == 2
    assert abs(microseconds(call.entered_at) - us(3_601)) <= 2_000


def test_a_connection_that_was_never_made_is_timed_by_our_own_clock_on_both_sides_of_its_step() -> None:
    """Blind from 0; at 10 our clock is set forward by an hour; seen at 15: 10 s are told, and 5 s an hour later."""
    following = Following("pbx1", PLAN)
    facts = following.take(LinkDown(us(0), GapCause.NOT_CONNECTED, "It refuses connections."))
    facts += following.take(ClockSet(us(3_610), 3_600 * SECOND_US))
    facts += following.take(LinkUp(us(3_615), "pbx1"))
    lengths = [
        (microseconds(gap.ended_at) - microseconds(gap.started_at)) // SECOND_US
        for gap in facts
        if isinstance(gap, Gap) and gap.ended_at is not None and gap.cause is GapCause.NOT_CONNECTED
    ]
    assert lengths == [10, 5]
    assert [gap.set_by_us for gap in facts if isinstance(gap, Gap) and gap.cause is GapCause.CLOCK_STEP] == [HOUR_US]


def test_our_own_clock_is_even_and_follows_what_was_set() -> None:
    """The wall clock begins at 1000 s, the even one at 7 s; after 5 s the wall clock is set back by an hour."""
    now = {"wall": 1_000 * SECOND_US, "even": 7 * SECOND_US}
    clock = OwnClock(lambda: now["wall"], lambda: now["even"])
    now["even"] += 5 * SECOND_US
    now["wall"] += 5 * SECOND_US + 90_000  # a thread may pause between two readings
    assert (clock.now_us(), clock.follow()) == (1_005 * SECOND_US, 0)
    now["wall"] -= HOUR_US + 90_000
    assert clock.now_us() == 1_005 * SECOND_US
    assert clock.follow() == -HOUR_US
    assert (clock.now_us(), clock.even_us()) == (1_005 * SECOND_US - HOUR_US, 1_005 * SECOND_US)
    assert (clock.times_set, clock.follow()) == (1, 0)

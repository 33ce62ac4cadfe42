"""Unobserved is what no monitor saw: what one told of is cut to what the other did not see either."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.calls.facts import EPOCH, Gap, GapCause
from monitor.sight import Sight

NINE = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def gap(begin: float, end: float | None, cause: GapCause = GapCause.NOT_CONNECTED, system: str = "pbx1") -> Gap:
    ended_at = None if end is None else at(end)
    return Gap(system=system, started_at=at(begin), ended_at=ended_at, cause=cause)


def sight(*gaps: Gap) -> Sight:
    seen = Sight()
    for told in gaps:
        seen.record(told)
    return seen


def seeing() -> Sight:
    """Sees from second 10 to 100 and from 120 on."""
    return sight(gap(9, None), gap(9, 10), gap(100, None), gap(100, 120))


@pytest.mark.parametrize(
    ("told", "left"),
    [
        # Wholly seen: taken back. Lasting and wholly seen: the same.
        (gap(20, 30), [gap(20, 20)]),
        (gap(130, None), [gap(130, 130)]),
        # Half seen: cut at either end, which gives it another beginning.
        (gap(5, 15), [gap(5, 10)]),
        (gap(90, 110), [gap(90, 90), gap(100, 110)]),
        # Seen in the middle, or around what nobody saw.
        (gap(0, 200), [gap(0, 10), gap(100, 120)]),
        (gap(50, 150), [gap(50, 50), gap(100, 120)]),
        # Lasting since before: it ends where sight begins.
        (gap(5, None), [gap(5, 10), gap(100, 120)]),
        # Unseen here too, to the instant: nothing to change.
        (gap(100, 120), []),
        (gap(1, 9), []),
        (gap(20, 30, system="pbx2"), []),
    ],
)
def test_what_was_seen_is_cut_out(told: Gap, left: list[Gap]) -> None:
    assert seeing().left_of(told, EPOCH) == left


def test_what_was_seen_before_it_was_written_does_not_count() -> None:
    """Seen from 10 on; but what was seen before 60 is not in the ledger."""
    assert seeing().left_of(gap(20, 80), at(60)) == [gap(20, 60)]


def test_nothing_is_seen_before_the_first_gap_ends_and_while_one_of_two_causes_lasts() -> None:
    assert sight(gap(0, None)).left_of(gap(-5, 5), EPOCH) == []
    two = sight(
        gap(0, None),
        gap(0, None, GapCause.MONITOR_DOWN),
        gap(0, 10),
        gap(0, 20, GapCause.MONITOR_DOWN),
    )
    assert two.left_of(gap(5, 30), EPOCH) == [gap(5, 20)]


def test_the_time_before_a_start_told_as_one_interval_opens_no_sight() -> None:
    told = sight(gap(0, 50, GapCause.MONITOR_DOWN))
    assert told.left_of(gap(40, 80), EPOCH) == []


def test_a_gap_that_is_found_out_later_takes_its_sight_back() -> None:
    """A wire that was dead since 50, which is known at 55: what others told of 50 to 55 stays."""
    seen = sight(gap(0, None), gap(0, 10), gap(50, None))
    assert seen.left_of(gap(40, 60), EPOCH) == [gap(40, 40), gap(50, 60)]


def test_a_time_that_is_told_of_as_a_whole_was_not_seen() -> None:
    """As where a clock was set: this monitor's own words are not held against it."""
    seen = sight(gap(0, None), gap(0, 10), gap(30, 40, GapCause.CLOCK_STEP))
    assert seen.left_of(gap(30, 40, GapCause.CLOCK_STEP), EPOCH) == []
    assert seen.left_of(gap(20, 60), EPOCH) == [gap(20, 20), gap(30, 40)]


def test_an_instant_is_no_interval() -> None:
    """A clock that was set is told of as one; it stays, whoever saw the calls around it."""
    assert seeing().left_of(gap(50, 50, GapCause.CLOCK_STEP), EPOCH) == []

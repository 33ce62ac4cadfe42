"""The figures of a day on the board: worked out beside them, by the clock of the facts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta, timezone

import pytest

from monitor.board import Board
from monitor.board_day import Day
from monitor.calls.facts import (
    AttemptResult,
    CallForgotten,
    CallKey,
    Outcome,
    RingAttempt,
    RingWarning,
    Scope,
    TransferKind,
    Verdict,
)
from monitor.calls.rules import RingRule

from .board_facts import KEY, LINE, NOON, at, board_of, breach, ended, rings, started, transfer


def test_the_days_figures() -> None:
    """Four calls: two kept, one broken, one excluded under `within`; three answered, of which one passed out."""
    board = board_of(
        RingWarning(key=KEY, line=LINE, queue=None, at=at(6), rings=3, agents=(), rule="three-rings/1"),
        breach(9),
        ended(CallKey(system="pbx", linkedid="1"), within=Verdict.KEPT, before=Verdict.KEPT),
        ended(
            CallKey(system="pbx", linkedid="2"),
            within=Verdict.KEPT,
            before=Verdict.BROKEN,
            transfers=(transfer(), transfer(TransferKind.ATTENDED, Scope.INSIDE)),
        ),
        ended(CallKey(system="pbx", linkedid="3"), within=Verdict.BROKEN, before=Verdict.BROKEN),
        ended(
            CallKey(system="other", linkedid="4"),
            outcome=Outcome.ABANDONED_RINGING,
            within=Verdict.EXCLUDED,
            before=Verdict.EXCLUDED,
        ),
    )

    day = board.today(NOON)

    assert (day.offered, day.answered, day.warnings, day.breaches) == (4, 3, 1, 1)
    assert day.compliance("within") == pytest.approx(2 / 3)
    assert day.compliance("before") == pytest.approx(1 / 3)
    assert day.answer_rate == 0.75
    assert day.direct_handling_rate == pytest.approx(2 / 3)
    assert day.excluded.total() == 1
    assert day.transfers == {TransferKind.BLIND: 1, TransferKind.ATTENDED: 1}
    assert day.transfers_completed == 2
    assert board.today_by_line(NOON)["other", LINE].offered == 1


def test_a_day_by_team_adds_up_to_the_day() -> None:
    """A fuller record takes the place of one whose end was not seen, and a team of yesterday's settings is none."""
    board = Board(teams={"remote": "", "claims": ""})
    keys = [CallKey(system="pbx", linkedid=str(number)) for number in range(4)]
    unseen = ended(keys[0], outcome=Outcome.UNOBSERVED, within=Verdict.EXCLUDED, before=Verdict.EXCLUDED)
    board.recall([replace(ended(keys[1], within=Verdict.BROKEN), team="remote"), replace(ended(keys[2]), team="gone")])
    board.record(replace(unseen, team="claims"))
    assert {team: day.offered for team, day in board.day.by_team(NOON).items()} == {"remote": 1, "claims": 1, None: 1}
    board.record(replace(ended(keys[0]), team="remote"))

    found = board.day.by_team(NOON)

    assert list(found) == ["remote", "claims", None]
    assert [(day.offered, day.answered, day.compliance("within")) for day in found.values()] == [
        (2, 2, 0.5),
        (0, 0, None),
        (1, 1, 1.0),
    ]
    whole = board.today(NOON)
    assert sum(day.offered for day in found.values()) == whole.offered == 3
    assert sum((day.verdicts for day in found.values()), Counter()) == +whole.verdicts
    assert board.day.by_team(at(86_400)) == {"remote": Day(), "claims": Day(), None: Day()}
    assert Board().day.by_team(NOON) == {}


def test_a_day_begins_at_the_centres_midnight_and_holds_the_calls_that_entered_on_it() -> None:
    """14:59:59 UTC is 23:59:59 in Seoul; a second later it is the next day there."""
    board = Board(zone=timezone(timedelta(hours=9)))
    before, after = at(3 * 3600 - 1), at(3 * 3600)
    board.record(replace(ended(), entered_at=before))
    assert board.today(before).offered == 1
    assert board.today(after).offered == 0

    board.record(replace(ended(CallKey(system="pbx", linkedid="2")), entered_at=after))
    # It entered a second before midnight, and ended after the next day had begun.
    board.record(replace(ended(CallKey(system="pbx", linkedid="3")), entered_at=before))

    assert board.today(after).offered == 1


def test_the_fuller_record_of_a_call_takes_the_place_of_the_one_without_an_end() -> None:
    """As where the monitor was stopped in mid-call: first unobserved, then, told anew, whole."""
    board = Board()
    board.record(replace(ended(within=Verdict.EXCLUDED, before=Verdict.EXCLUDED), outcome=Outcome.UNOBSERVED))
    board.record(ended())

    day = board.today(NOON)
    assert (day.offered, day.answered, day.excluded.total(), day.outcomes[Outcome.UNOBSERVED]) == (1, 1, 0, 0)


def test_the_chart_has_a_bar_for_each_half_hour_by_the_headline_verdict() -> None:
    board = Board(zone=timezone(timedelta(hours=9)))
    # Noon UTC is 21:00 in Seoul: half-hour 42; 21:30 begins half-hour 43.
    for number, (seconds, verdict) in enumerate(
        ((0, Verdict.KEPT), (1799.999999, Verdict.KEPT), (1800, Verdict.BROKEN))
    ):
        call = ended(CallKey(system="pbx", linkedid=str(number)), within=verdict, before=verdict)
        board.record(replace(call, entered_at=at(seconds)))

    assert board.today(NOON).halves == {(42, Verdict.KEPT): 2, (43, Verdict.BROKEN): 1}


def test_what_the_ledger_tells_of_today_counts_like_what_was_seen_and_never_twice() -> None:
    """A phone rang from 0 to 5 s and from 7 to 20 s: 9 s of ringing are heard at 7 + (9 - 5) = 11 s."""
    attempts = tuple(
        RingAttempt(
            agent=f"PJSIP/{phone}",
            member=phone.title(),
            channel=f"PJSIP/{phone}-01",
            queue="help",
            started_at=at(began),
            ended_at=at(over),
            ringing_us=(over - began) * 1_000_000,
            rings=1,
            result=AttemptResult.NO_ANSWER,
        )
        for phone, began, over in (("kim", 0, 5), ("lee", 7, 20))
    )
    late = replace(
        ended(within=Verdict.BROKEN, before=Verdict.BROKEN, transfers=(transfer(),)),
        entered_at=NOON,
        answered_at=at(20),
        rings=7,
        attempts=attempts,
    )
    third = replace(ended(CallKey(system="pbx", linkedid="2"), before=Verdict.BROKEN), entered_at=at(60), rings=3)
    seen = ended(CallKey(system="pbx", linkedid="3"))
    board = Board()
    board.record(seen)
    assert not board.day.whole

    board.recall([late, third, seen])
    board.day.recalled()

    day = board.today(NOON)
    assert board.day.whole
    assert (day.offered, day.breaches, day.warnings) == (3, 1, 2)
    breach = board.breaches[-1]
    assert (breach.at, breach.agents, breach.rings, breach.outcome) == (at(11), ("Lee",), 7, Outcome.ANSWERED)
    assert [passed.transfer for passed in board.transfers] == [transfer()]


def test_a_call_is_counted_by_the_rule_of_the_day_it_entered() -> None:
    old = RingRule(country="KR")
    new = RingRule(country="US", version=2, holds_from=date(2026, 5, 4))  # 2 s on, 4 s off
    yesterday = CallKey(system="pbx", linkedid="0")
    board = Board((old, new))
    for fact in (started(yesterday, -86_400), rings("lee", 0, key=yesterday), started(), rings("kim", 0)):
        board.record(fact)

    assert board.calls[yesterday].rings(at(6)) == 3
    assert board.calls[KEY].rings(at(6)) == 2


def test_a_breach_that_its_record_does_not_bear_out_is_taken_back() -> None:
    """The wire died at 5 s, and a timer told of ring 4 before that was known: the record holds what was seen."""
    board = board_of(started(), rings("kim", 0), breach(9))
    assert board.today(NOON).breaches == 1

    board.record(replace(ended(within=Verdict.EXCLUDED, before=Verdict.EXCLUDED), rings=2))

    assert (board.today(NOON).breaches, board.today(NOON).warnings) == (0, 0)


def test_a_call_that_rings_over_a_restart_is_one_breach() -> None:
    """The run before recorded it with four rings and no end; after the restart it is told of again, and ends."""
    unseen = replace(ended(), outcome=Outcome.UNOBSERVED, rings=4, entered_at=NOON)
    board = Board()
    board.recall([unseen])
    board.day.recalled()
    assert board.today(NOON).breaches == 1

    board.record(started())
    board.record(breach(9))
    assert board.today(NOON).breaches == 1

    board.record(replace(ended(within=Verdict.BROKEN), rings=5))
    day = board.today(NOON)
    assert (day.offered, day.warnings, day.breaches) == (1, 1, 1)
    assert [entry.key for entry in board.breaches] == [KEY]


def test_a_call_that_was_a_consultation_leaves_no_breach() -> None:
    board = board_of(started(), breach(9), CallForgotten(key=KEY, into=CallKey(system="pbx", linkedid="7")))

    assert board.today(NOON).breaches == 0


def test_a_stamp_from_far_ahead_does_not_empty_the_present_day() -> None:
    """A machine that booted with a wrong clock: its day is its own."""
    board = Board()
    board.record(ended())
    board.record(replace(ended(CallKey(system="pbx", linkedid="2")), entered_at=NOON + timedelta(days=400)))
    board.record(ended(CallKey(system="pbx", linkedid="3")))

    assert board.today(NOON).offered == 2


def test_days_that_are_over_are_not_kept() -> None:
    board = Board()
    for day in range(10):
        board.record(replace(ended(CallKey(system="pbx", linkedid=str(day))), entered_at=NOON + timedelta(days=day)))

    assert board.today(NOON).offered == 0
    assert board.today(NOON + timedelta(days=9)).offered == 1

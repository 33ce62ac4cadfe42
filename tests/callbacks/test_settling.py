"""Which calls back are owed, by when, and what became of them: each rule by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.callbacks.settling import Answered, Attempt, Kind, Settled, State, Terms, hours_end, owed, settle
from monitor.calls.facts import CallKey, Outcome
from monitor.worktime import Shift, WorkTime
from tests.ledger.callback_facts import DUE, TERMS, WORK_TIME, answered, at, left

SEOUL = ZoneInfo("Asia/Seoul")
OWN = CallKey(system="pbx1", linkedid="own")
OTHER = CallKey(system="pbx1", linkedid="other")


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


# March 2026: Sunday the 1st is a holiday, kept on Monday the 2nd; the 3rd is a Tuesday. Hours are 09:00 to 18:00.
@pytest.mark.parametrize(
    ("owed_at", "days", "due_at"),
    [
        ("2026-03-04 10:00", 1, "2026-03-05 18:00"),
        ("2026-03-04 10:00", 2, "2026-03-06 18:00"),
        ("2026-03-06 10:00", 1, "2026-03-09 18:00"),  # a Friday: the weekend does not count
        ("2026-02-27 10:00", 1, "2026-03-03 18:00"),  # a Friday: nor does the holiday's Monday
        ("2026-02-28 10:00", 1, "2026-03-03 18:00"),  # a Saturday: the first working day behind it
        ("2026-03-04 10:00", 0, "2026-03-04 18:00"),  # the same day's end
        ("2026-03-04 17:59", 0, "2026-03-04 18:00"),
        ("2026-03-04 18:00", 0, "2026-03-05 18:00"),  # its hours are over: nobody is there any more
        ("2026-03-07 12:00", 0, "2026-03-09 18:00"),  # a Saturday has none
        ("2026-03-04 23:59", 1, "2026-03-05 18:00"),
    ],
)
def test_due_at_the_end_of_the_hours_of_the_working_day(owed_at: str, days: int, due_at: str) -> None:
    assert hours_end(seoul(owed_at), days, WORK_TIME) == seoul(due_at)


def test_a_centre_that_never_closes_ends_its_days_at_midnight() -> None:
    always = WorkTime(zone=SEOUL)
    assert hours_end(seoul("2026-03-04 10:00"), 0, always) == seoul("2026-03-05 00:00")
    assert hours_end(seoul("2026-03-04 10:00"), 1, always) == seoul("2026-03-06 00:00")


def test_a_centre_closed_for_good_still_has_a_deadline() -> None:
    shift = Shift.read("09:00-18:00")
    closed = frozenset(date(2026, 1, 1) + timedelta(days=day) for day in range(800))
    gone = WorkTime(zone=SEOUL, week=(shift,) * 7, closed=closed)
    assert hours_end(seoul("2026-03-04 10:00"), 1, gone) == seoul("2026-03-06 00:00")


def test_days_are_counted_from_nought() -> None:
    with pytest.raises(ValueError, match="counted from 0"):
        Terms(work_time=WORK_TIME, missed_working_days=-1)


def test_a_caller_who_left_is_owed_one_from_when_they_left() -> None:
    found = owed(left(0), TERMS)
    assert found is not None
    assert (found.kind, found.owed_at, found.due_at, found.promised_by) == (Kind.MISSED, at(0), DUE, None)


@pytest.mark.parametrize(
    ("outcome", "owes"),
    [
        (Outcome.ABANDONED_ANNOUNCEMENT, True),
        (Outcome.ABANDONED_WAITING, True),
        (Outcome.ABANDONED_RINGING, True),
        (Outcome.NO_ANSWER, True),
        (Outcome.BUSY, True),
        (Outcome.FAILED, True),
        (Outcome.UNOBSERVED, False),
    ],
)
def test_whoever_got_no_person_is_owed_one_and_what_nobody_saw_is_not_guessed(outcome: Outcome, owes: bool) -> None:
    assert (owed(left(0, outcome=outcome), TERMS) is not None) is owes


def test_an_answered_call_and_one_whose_end_nobody_saw_leave_nothing_owed() -> None:
    assert owed(answered(0), TERMS) is None
    assert owed(left(0, ended_at=None), TERMS) is None


def test_of_several_promises_the_last_one_holds_with_its_own_time() -> None:
    found = owed(answered(0, promised=((1, at(30)), (2, at(90)))), TERMS)
    assert found is not None
    assert (found.kind, found.owed_at, found.due_at, found.promised_by) == (
        Kind.PROMISED,
        at(2),
        at(90),
        "PJSIP/agent2",
    )


def test_a_promise_without_a_time_is_due_after_its_own_days() -> None:
    terms = replace(TERMS, promised_working_days=2)
    found = owed(answered(0, promised=(1,)), terms)
    assert found is not None
    assert found.due_at == DUE + timedelta(days=1)


def test_a_promise_goes_before_a_call_that_nobody_answered() -> None:
    """The dialplan may promise by itself, to a caller who then hangs up: nobody's phone did."""
    call = replace(left(3), callbacks=answered(0, promised=(2,)).callbacks)
    found = owed(replace(call, callbacks=tuple(replace(one, by="") for one in call.callbacks)), TERMS)
    assert found is not None
    assert (found.kind, found.owed_at, found.promised_by) == (Kind.PROMISED, at(2), None)


def attempt(minutes: float, reached: float | None = None, agent: str = "a") -> Attempt:
    return Attempt(agent=agent, started_at=at(minutes), answered_at=None if reached is None else at(reached))


def again(entered: float, answered_at: float, key: CallKey = OTHER) -> Answered:
    return Answered(key=key, filed_at=at(entered), answered_at=at(answered_at))


def settled(
    attempts: tuple[Attempt, ...] = (), calls: tuple[Answered, ...] = (), dropped: float | None = None
) -> Settled:
    """What became of a call back that is owed from minute 10 on."""
    return settle(OWN, at(10), None if dropped is None else at(dropped), attempts, calls)


def result(found: Settled) -> tuple[State, int, datetime | None, str | None]:
    return found.state, found.tries, found.first_try_at, found.first_try_by


def test_nothing_happened_yet() -> None:
    assert result(settled()) == (State.OPEN, 0, None, None)


def test_each_later_call_is_a_try_and_earlier_ones_are_none() -> None:
    found = settled((attempt(30, agent="c"), attempt(20, agent="b"), attempt(9)))
    assert result(found) == (State.TRIED, 2, at(20), "b")


def test_the_call_that_is_answered_reaches_and_ends_the_tries() -> None:
    found = settled((attempt(20), attempt(30, 31), attempt(40)))
    assert result(found) == (State.REACHED, 2, at(20), "a")
    assert (found.reached_at, found.came_again_at) == (at(31), None)


def test_whoever_calls_again_and_is_answered_first_was_not_called_back() -> None:
    found = settled((attempt(40, 41),), (again(20, 21),))
    assert result(found) == (State.CAME_AGAIN, 0, None, None)
    assert (found.reached_at, found.came_again_at) == (None, at(21))


def test_what_was_tried_before_they_called_again_stays_tried() -> None:
    found = settled((attempt(15),), (again(20, 21),))
    assert result(found) == (State.CAME_AGAIN, 1, at(15), "a")


def test_a_new_call_is_one_that_began_later_and_is_not_the_own_one() -> None:
    assert settled(calls=(again(9, 12),)).state is State.OPEN
    assert settled(calls=(again(11, 12, OWN),)).state is State.OPEN


def test_dropped_before_the_centre_called_and_after() -> None:
    assert result(settled(dropped=15)) == (State.DROPPED, 0, None, None)
    assert result(settled((attempt(12), attempt(20, 21)), dropped=15)) == (State.DROPPED, 1, at(12), "a")
    assert settled((attempt(12, 13),), dropped=15).state is State.REACHED


def test_at_one_instant_what_the_centre_did_goes_first() -> None:
    assert settled((attempt(20, 21),), (again(20, 21),), dropped=21).state is State.REACHED


def test_instants_need_not_be_utc() -> None:
    """Asia/Seoul in, and the same instant out."""
    call = left(0, ended_at=at(0).astimezone(SEOUL))
    found = owed(call, TERMS)
    assert found is not None
    assert found.due_at.astimezone(UTC) == DUE

"""What a finished call comes to: the tables of docs/ring-rule.md, row by row."""

from __future__ import annotations

import pytest

from monitor.calls.facts import AttemptResult, Outcome, Stage, Verdict, VerdictReason
from monitor.calls.rules import Reading, RingRule
from monitor.calls.verdicts import judge, outcome_of

RULE = RingRule()
KEPT, BROKEN, EXCLUDED = Verdict.KEPT, Verdict.BROKEN, Verdict.EXCLUDED
R = VerdictReason


@pytest.mark.parametrize(
    ("outcome", "ringing_us", "within", "before", "reason"),
    [
        # kept: a person answered within the rule (T < 9 s; T < 6 s under `before`).
        (Outcome.ANSWERED, 1, KEPT, KEPT, R.ANSWERED_WITHIN_RULE),
        (Outcome.ANSWERED, 5_999_999, KEPT, KEPT, R.ANSWERED_WITHIN_RULE),
        (Outcome.ANSWERED, 6_000_000, KEPT, BROKEN, R.ANSWERED_WITHIN_RULE),
        (Outcome.ANSWERED, 8_999_999, KEPT, BROKEN, R.ANSWERED_WITHIN_RULE),
        # broken: ringing went past the rule, however the call ended.
        (Outcome.ANSWERED, 9_000_000, BROKEN, BROKEN, R.RANG_PAST_RULE),
        (Outcome.ABANDONED_RINGING, 9_000_000, BROKEN, BROKEN, R.RANG_PAST_RULE),
        (Outcome.ABANDONED_WAITING, 9_000_000, BROKEN, BROKEN, R.RANG_PAST_RULE),
        (Outcome.NO_ANSWER, 20_000_000, BROKEN, BROKEN, R.RANG_PAST_RULE),
        # broken: the centre gave up a ringing call within the rule.
        (Outcome.NO_ANSWER, 5_000_000, BROKEN, BROKEN, R.CENTRE_GAVE_UP),
        (Outcome.BUSY, 1_000_000, BROKEN, BROKEN, R.CENTRE_GAVE_UP),
        (Outcome.FAILED, 1_000_000, BROKEN, BROKEN, R.CENTRE_GAVE_UP),
        # excluded: the caller hung up while still within the rule. 7 s is within one reading and past the other.
        (Outcome.ABANDONED_RINGING, 5_999_999, EXCLUDED, EXCLUDED, R.CALLER_LEFT_WITHIN_RULE),
        (Outcome.ABANDONED_RINGING, 7_000_000, EXCLUDED, BROKEN, R.CALLER_LEFT_WITHIN_RULE),
        (Outcome.ABANDONED_WAITING, 2_000_000, EXCLUDED, EXCLUDED, R.CALLER_LEFT_WITHIN_RULE),
        # excluded: no phone ever rang.
        (Outcome.ABANDONED_ANNOUNCEMENT, 0, EXCLUDED, EXCLUDED, R.NO_PHONE_RANG),
        (Outcome.ABANDONED_WAITING, 0, EXCLUDED, EXCLUDED, R.NO_PHONE_RANG),
        (Outcome.NO_ANSWER, 0, EXCLUDED, EXCLUDED, R.NO_PHONE_RANG),
        (Outcome.BUSY, 0, EXCLUDED, EXCLUDED, R.NO_PHONE_RANG),
        (Outcome.FAILED, 0, EXCLUDED, EXCLUDED, R.NO_PHONE_RANG),
        # kept: a phone that answers before its first bell was answered within the rule.
        (Outcome.ANSWERED, 0, KEPT, KEPT, R.ANSWERED_WITHIN_RULE),
    ],
)
def test_verdicts(outcome: Outcome, ringing_us: int, within: Verdict, before: Verdict, reason: R) -> None:
    judged = judge(RULE, outcome, ringing_us, whole=True)
    assert dict(judged.verdicts) == {"within": within, "before": before}
    assert judged.reason is reason


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_call_seen_in_part_is_excluded_unless_what_was_seen_broke_the_rule(outcome: Outcome) -> None:
    seen = judge(RULE, outcome, 8_999_999, whole=False)
    assert dict(seen.verdicts) == {"within": EXCLUDED, "before": BROKEN}
    assert seen.reason is R.PARTLY_UNOBSERVED
    past = judge(RULE, outcome, 9_000_000, whole=False)
    assert dict(past.verdicts) == {"within": BROKEN, "before": BROKEN}


def test_the_reason_is_the_headlines() -> None:
    judged = judge(RingRule(headline=Reading.BEFORE), Outcome.ANSWERED, 7_000_000, whole=True)
    assert judged.verdicts == (("before", BROKEN), ("within", KEPT))
    assert judged.reason is R.RANG_PAST_RULE


A = AttemptResult


@pytest.mark.parametrize(
    ("answered", "end_seen", "left_in", "results", "dialled", "expected"),
    [
        (True, True, Stage.TALKING, [A.ANSWERED], False, Outcome.ANSWERED),
        # Still open when the recording ends, or gone unseen: the replay contract says unobserved, answered or not.
        (True, False, None, [], False, Outcome.UNOBSERVED),
        (False, False, None, [], False, Outcome.UNOBSERVED),
        (False, True, Stage.ANNOUNCEMENT, [], False, Outcome.ABANDONED_ANNOUNCEMENT),
        (False, True, Stage.WAITING, [A.NO_ANSWER], False, Outcome.ABANDONED_WAITING),
        (False, True, Stage.RINGING, [A.CALLER_LEFT], False, Outcome.ABANDONED_RINGING),
        # The centre had given up; that the caller then hung up is no abandon.
        (False, True, Stage.GIVEN_UP, [A.NO_ANSWER], False, Outcome.NO_ANSWER),
        (False, True, None, [A.NO_ANSWER], False, Outcome.NO_ANSWER),
        (False, True, None, [A.REJECTED], True, Outcome.BUSY),
        (False, True, None, [A.REJECTED, A.NO_ANSWER], True, Outcome.NO_ANSWER),
        (False, True, None, [A.FAILED, A.FAILED], True, Outcome.FAILED),
        # A Dial that reached no phone at all could not be carried out; a queue without members just gives up.
        (False, True, None, [], True, Outcome.FAILED),
        (False, True, None, [], False, Outcome.NO_ANSWER),
    ],
)
def test_outcomes(
    *,
    answered: bool,
    end_seen: bool,
    left_in: Stage | None,
    results: list[AttemptResult],
    dialled: bool,
    expected: Outcome,
) -> None:
    found = outcome_of(answered=answered, end_seen=end_seen, left_in=left_in, results=results, dialled=dialled)
    assert found is expected

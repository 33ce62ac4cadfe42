"""What a finished call comes to: its outcome, and the verdict of each reading of the ring rule.

**Source:** the service charter as worked out in docs/ring-rule.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from monitor.calls.facts import AttemptResult, Observed, Outcome, Stage, Verdict, VerdictReason

if TYPE_CHECKING:
    from collections.abc import Collection

    from monitor.calls.facts import Call
    from monitor.calls.rules import RingRule

_ABANDONED = {
    Stage.ANNOUNCEMENT: Outcome.ABANDONED_ANNOUNCEMENT,
    Stage.WAITING: Outcome.ABANDONED_WAITING,
    Stage.RINGING: Outcome.ABANDONED_RINGING,
}
_GIVEN_UP_BY_CENTRE = frozenset({Outcome.NO_ANSWER, Outcome.BUSY, Outcome.FAILED})


class Judgement(NamedTuple):
    """The verdicts of all readings, the headline's first, and the reason of the headline."""

    verdicts: tuple[tuple[str, Verdict], ...]
    reason: VerdictReason


def outcome_of(
    *, answered: bool, end_seen: bool, left_in: Stage | None, results: Collection[AttemptResult], dialled: bool
) -> Outcome:
    """How a call ended.

    Args:
        answered: a person and the caller were bridged.
        end_seen: the caller's channel was seen to end.
        left_in: the stage in which the caller hung up; None where the centre ended the call.
        results: of the phones called since the call last asked for a person.
        dialled: it asked by a plain Dial rather than by a queue.
    """
    if not end_seen:
        return Outcome.UNOBSERVED
    if answered:
        return Outcome.ANSWERED
    if left_in is not None and left_in in _ABANDONED:
        return _ABANDONED[left_in]
    kinds = set(results) - {AttemptResult.FORWARDED}  # what became of the phone it was sent on to counts
    if kinds == {AttemptResult.REJECTED}:
        return Outcome.BUSY
    if kinds == {AttemptResult.FAILED} or (dialled and not kinds):
        return Outcome.FAILED
    return Outcome.NO_ANSWER


def judge(rule: RingRule, outcome: Outcome, ringing_us: int, *, whole: bool, rang: bool | None = None) -> Judgement:
    """Whether the promise was kept, under each reading.

    Ringing seen past the rule breaks it however the call ended, and whatever else went unobserved: what was not seen
    could only have added to it. Everything else about a partly observed call would be a guess.

    Args:
        rule: the ring rule in force when the call entered.
        outcome: how the call ended.
        ringing_us: the ringing seen, in microseconds.
        whole: the whole call was seen.
        rang: whether any phone rang; where it is not said, any ringing at all tells.
    """
    judged = []
    for reading in rule.readings:
        if not rule.kept(reading, ringing_us):
            verdict, reason = Verdict.BROKEN, VerdictReason.RANG_PAST_RULE
        elif not whole:
            verdict, reason = Verdict.EXCLUDED, VerdictReason.PARTLY_UNOBSERVED
        elif outcome is Outcome.ANSWERED:
            verdict, reason = Verdict.KEPT, VerdictReason.ANSWERED_WITHIN_RULE
        elif not (ringing_us > 0 if rang is None else rang):
            verdict, reason = Verdict.EXCLUDED, VerdictReason.NO_PHONE_RANG
        elif outcome in _GIVEN_UP_BY_CENTRE:
            verdict, reason = Verdict.BROKEN, VerdictReason.CENTRE_GAVE_UP
        else:
            verdict, reason = Verdict.EXCLUDED, VerdictReason.CALLER_LEFT_WITHIN_RULE
        judged.append((reading.value, verdict, reason))
    return Judgement(tuple((reading, verdict) for reading, verdict, _ in judged), judged[0][2])


def unsure(call: Call, rule: RingRule) -> Call:
    """A record of which it turned out that not all it tells was seen."""
    judgement = judge(rule, call.outcome, call.ringing_us or 0, whole=False)
    return replace(call, observed=Observed.PARTLY, verdicts=judgement.verdicts, verdict_reason=judgement.reason)

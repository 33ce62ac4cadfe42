"""The formulas of a call centre's figures, each once.

Page, metrics, terminal and reports call these, so that they cannot disagree. Every function takes counts (or
microseconds), is pure, and returns None where its denominator is 0: no calls is not 0 %, and not 100 % either.

**Source:** the charter for compliance and direct handling; the usual centre figures by the names the field gives them.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

from monitor.calls.facts import Outcome, Scope, TransferKind, TransferResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.calls.facts import Transfer

ABANDONED = (Outcome.ABANDONED_ANNOUNCEMENT, Outcome.ABANDONED_WAITING, Outcome.ABANDONED_RINGING)
"""Outcomes of calls whose caller left before a person answered."""
NEVER_ANSWERED = tuple(outcome for outcome in Outcome if outcome not in (Outcome.ANSWERED, Outcome.UNOBSERVED))
"""Outcomes of calls known to have ended without a person's answer; one that was not seen to its end may have had it."""


def ratio(part: int, whole: int) -> float | None:
    """`part / whole` as a number from 0 to 1; None where `whole` is 0."""
    return part / whole if whole else None


def compliance(kept: int, broken: int) -> float | None:
    """Compliance with the ring rule (준수율) = kept / (kept + broken).

    Excluded calls are in neither number, and are printed beside it.

    **Source:** the charter's promise; the verdicts are those of `monitor.calls.rules`.
    """
    return ratio(kept, kept + broken)


def answer_rate(answered: int, offered: int) -> float | None:
    """Answer rate (응대율) = answered / offered.

    **Source:** the common figure of Korean public centres; offered is every call to the line, menus included.
    """
    return ratio(answered, offered)


def abandon_rate(abandoned: int, offered: int, short_abandoned: int = 0) -> float | None:
    """Abandon rate (포기율) = (abandoned - short) / (offered - short).

    Args:
        abandoned: calls whose caller left before a person answered, short ones included.
        offered: every call to the line.
        short_abandoned: those of `abandoned` that left sooner than the cut-off printed beside the figure; 0 for none.
    """
    return ratio(abandoned - short_abandoned, offered - short_abandoned)


def service_level(answered_within: int, waited: int) -> float | None:
    """SL = answered within x / answered calls whose waiting is known; wherever it is printed, say x.

    A call of which the waiting was not seen, or is not told by its source, is neither within x nor beyond it.

    Args:
        answered_within: answered calls that had waited at most x.
        waited: answered calls whose waiting is known.
    """
    return ratio(answered_within, waited)


def service_level_with_abandons(
    answered_within: int, abandoned_within: int, waited: int, abandoned_waiting: int
) -> float | None:
    """SL2 = (answered + abandoned within x) / (answered + abandoned), of calls whose waiting is known.

    Args:
        answered_within: answered calls that had waited at most x.
        abandoned_within: callers who left after at most x.
        waited: answered calls whose waiting is known.
        abandoned_waiting: callers who asked for a person and left, whose waiting is known.
    """
    return ratio(answered_within + abandoned_within, waited + abandoned_waiting)


def service_factor(answered_within: int, offered: int) -> float | None:
    """Service factor = answered within x / offered."""
    return ratio(answered_within, offered)


def mean_us(total_us: int, count: int) -> float | None:
    """Mean in microseconds; ASA is that of the waiting of answered calls."""
    return ratio(total_us, count)


def quantile_us(durations_us: Sequence[int], share: float) -> int | None:
    """The smallest duration that at least `share` of them do not pass (nearest rank); None where there are none.

    Args:
        durations_us: in microseconds, in any order.
        share: from 0 to 1, as in 0.95 for p95.

    **Source:** the nearest-rank definition: always a duration that really occurred.
    """
    if not durations_us:
        return None
    return sorted(durations_us)[nearest_rank(len(durations_us), share) - 1]


def nearest_rank(count: int, share: float) -> int:
    """Which of `count` durations in ascending order is the quantile, counted from 1: ceil(share * count).

    Args:
        count: how many there are, 1 or more.
        share: from 0 to 1.
    """
    # Without floats deciding: 0.95 * 20 is 19.000000000000004 in some orders of work.
    rank = -(-round(share * 1_000_000) * count // 1_000_000)
    return min(max(rank, 1), count)


def passes_outside(kind: TransferKind, scope: Scope, result: TransferResult) -> bool:
    """Whether a transfer of this kind is a person passing the caller on to somebody outside the centre.

    A phone's own forwarding is no transfer by a person; a transfer that failed or came back to the agent, or a
    consultation that found nobody, left the caller with the centre; a scope nobody configured is not taken for outside.

    **Source:** the charter, "가급적 고객센터에서 직접 답변".
    """
    return (
        scope is Scope.OUTSIDE
        and kind is not TransferKind.FORWARD
        and result not in (TransferResult.RETURNED, TransferResult.FAILED)
        # Agent and caller part only when an attended transfer is completed.
        and (kind is not TransferKind.ATTENDED or result is TransferResult.COMPLETED)
    )


PASSES_OUTSIDE = tuple(which for which in product(TransferKind, Scope, TransferResult) if passes_outside(*which))
"""Every (kind, scope, result) for which `passes_outside` holds, for those who ask a database."""


def left_the_centre(transfers: Iterable[Transfer]) -> bool:
    """Whether one of a call's transfers took the caller out of the centre; see `passes_outside`."""
    return any(passes_outside(transfer.kind, transfer.scope, transfer.result) for transfer in transfers)


def direct_handling_rate(answered: int, answered_and_left: int) -> float | None:
    """Handled directly (직접처리율) = answered calls with no transfer out of the centre / answered calls.

    Args:
        answered: answered calls.
        answered_and_left: those of them for which `left_the_centre` holds.
    """
    return ratio(answered - answered_and_left, answered)


def asked_first_rate(consented: int, reported: int) -> float | None:
    """Callers asked before they were passed on = transfers with consent "yes" / transfers with a report of consent.

    **Source:** the charter, "양해를 구한 후"; reported by the dialplan's `UserEvent` TransferConsent.
    """
    return ratio(consented, reported)


def coverage(unobserved_us: int, whole_us: int) -> float | None:
    """Coverage (관측률) = observed time / all time, both summed over the systems."""
    return ratio(whole_us - unobserved_us, whole_us)


def survey(kept: int, broken: int, callers: int) -> tuple[float, float, float] | None:
    """What a mystery-caller survey (미스터리 콜) of so many of the judged calls would have scored.

    score = kept / (kept + broken). How many of n callers out of N judged calls hear the promise kept is distributed
    hypergeometrically; low and high are the scores that at most 25 of 1000 such surveys fall short of, or pass.

    Args:
        kept: calls in which the promise was kept.
        broken: calls in which it was broken.
        callers: how many are drawn, each once; at most as many as were judged.

    Returns:
        Score, low and high; None where nothing was judged or nobody is drawn.

    **Source:** sampling without replacement, W. G. Cochran, Sampling Techniques, 3rd ed., section 3.6. The usual ± 1.96
    standard errors hold fewer than 95 of 100 surveys where nearly every call was kept: of 1000 calls with one broken,
    every tenth survey scores 99 %, and they would begin at 99.3 %.
    """
    judged = kept + broken
    drawn = min(callers, judged)
    if drawn < 1:
        return None
    # Whole numbers to the end: a draw of 100 out of a million has more than 10^400 outcomes.
    every = math.comb(judged, drawn)
    least, most = max(0, drawn - broken), min(drawn, kept)
    low = high = most
    below = 0
    for heard in range(least, most + 1):
        up_to = below + math.comb(kept, heard) * math.comb(broken, drawn - heard)
        if 40 * below <= every < 40 * up_to:
            low = heard
        if 40 * (every - below) > every >= 40 * (every - up_to):
            high = heard
        below = up_to
    return kept / judged, low / drawn, high / drawn

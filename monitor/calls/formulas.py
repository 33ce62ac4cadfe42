"""The formulas of a call centre's figures, each once.

Page, metrics, terminal and reports call these, so that they cannot disagree. Every function takes counts (or
microseconds), is pure, and returns None where its denominator is 0: no calls is not 0 %, and not 100 % either.

**Source:** the charter for compliance and direct handling; the usual centre figures by the names the field gives them.
"""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

from monitor.calls.facts import Outcome, Scope, TransferKind, TransferResult

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from typing import Literal

    from monitor.calls.facts import Transfer

    Agreement = Literal["poor", "slight", "fair", "moderate", "substantial", "almost_perfect"]

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


def in_time_rate(in_time: int, late: int, missed: int) -> float | None:
    """Promises with a deadline that were kept = in time / (in time + late + passed undone).

    What is not due yet, or was settled otherwise before it was, is in neither number.

    **Source:** the charter, "기한 이내".
    """
    return ratio(in_time, in_time + late + missed)


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


_NORMAL_95 = 1.959963984540054
"""The quantile of the normal distribution that 97.5 of 100 do not pass."""


def wilson(share: float, size: float) -> tuple[float, float] | None:
    """The 95 % confidence interval of a share, by Wilson's score; None where nothing was looked at.

    Args:
        share: from 0 to 1; a mean of marks from 0 to 1 too, whose variance is never larger than a share's.
        size: how many were looked at; of a weighted sample its effective size, which need not be whole.

    **Source:** E. B. Wilson, Probable inference, the law of succession, and statistical inference, J. Am. Stat. Assoc.
    22 (1927) 209-212.
    """
    if size <= 0:
        return None
    square = _NORMAL_95**2
    middle = share + square / (2 * size)
    spread = _NORMAL_95 * math.sqrt(share * (1 - share) / size + square / (4 * size * size))
    low, high = ((middle + sign * spread) / (1 + square / size) for sign in (-1, 1))
    # Exact where all or none were met, which floats miss by their last digit.
    return (0.0 if share <= 0 else max(low, 0.0)), (1.0 if share >= 1 else min(high, 1.0))


def stratified(strata: Iterable[tuple[int, int, float]]) -> tuple[float, float] | None:
    """The share among all calls, as a stratified sample tells it, and what size of a simple one would tell as much.

    share = sum of W_h p_h, effective size = 1 / sum of (W_h^2 / n_h), W_h being the stratum's part of all calls.

    Args:
        strata: of each how many calls it has, how many of them were marked, and the sum of their marks from 0 to 1.
            Those of which none was marked stand for nothing, and the others for them.

    Returns:
        Share and effective size; None where nothing was marked.

    **Source:** W. G. Cochran, Sampling Techniques, 3rd ed., section 5.3, for the share; L. Kish, Survey Sampling, 1965,
    section 11.7, for the loss by unequal weights. The variance within strata is taken for that of all calls together,
    since a stratum of five calls cannot tell its own; what stratifying and a small population gain is not claimed.
    """
    marked = [(calls, seen, met) for calls, seen, met in strata if seen]
    whole = sum(calls for calls, _, _ in marked)
    if not whole:
        return None
    share = sum(calls / whole * met / seen for calls, seen, met in marked)
    return min(max(share, 0.0), 1.0), 1 / sum((calls / whole) ** 2 / seen for calls, seen, _ in marked)


def cohens_kappa(pairs: Iterable[tuple[Hashable, Hashable]]) -> float | None:
    """Cohen's kappa of two reviewers' marks, unweighted: (observed - expected) / (1 - expected) agreement.

    Args:
        pairs: of each call the mark of the one and of the other, of any scale.

    Returns:
        1 for the same marks throughout, 0 for as many as chance would have; None where there is no pair, or where both
        gave one and the same mark to all, so that chance alone would have them agree.

    **Source:** J. Cohen, A coefficient of agreement for nominal scales, Educ. Psychol. Meas. 20 (1960) 37-46.
    """
    table = Counter(pairs)
    count = table.total()
    ones, others = Counter[object](), Counter[object]()
    for (one, other), times in table.items():
        ones[one] += times
        others[other] += times
    # Whole numbers, so that perfect agreement is 1 and not nearly.
    observed = count * sum(times for (one, other), times in table.items() if one == other)
    expected = sum(times * others[mark] for mark, times in ones.items())
    whole = count * count
    return None if whole == expected else float(Fraction(observed - expected, whole - expected))


_AGREEMENTS: tuple[tuple[float, Agreement], ...] = (
    (0.2, "slight"),
    (0.4, "fair"),
    (0.6, "moderate"),
    (0.8, "substantial"),
)


def agreement(kappa: float) -> Agreement:
    """A kappa in words: below 0 poor, to 0.20 slight, 0.40 fair, 0.60 moderate, 0.80 substantial, else almost perfect.

    **Source:** J. R. Landis, G. G. Koch, The measurement of observer agreement for categorical data, Biometrics 33
    (1977) 159-174, at 165.
    """
    if kappa < 0:
        return "poor"
    return next((word for limit, word in _AGREEMENTS if kappa <= limit), "almost_perfect")

"""Shares of samples and the agreement of reviewers, against published examples and by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.calls.formulas import agreement, cohens_kappa, stratified, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize(
    ("met", "of", "low", "high"),
    [
        # R. G. Newcombe, Two-sided confidence intervals for the single proportion, Stat. Med. 17 (1998) 857-872,
        # table I, method 3: the score method without continuity correction, to four decimals.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_is_the_published_one(met: int, of: int, low: float, high: float) -> None:
    found = wilson(met / of, of)
    assert found is not None
    assert [round(end, 4) for end in found] == [low, high]


def test_all_and_none_have_an_exact_end_and_nothing_has_no_interval() -> None:
    # By hand, for n = 5 and z^2 = 3.841459: z^2 / (n + z^2) = 3.841459 / 8.841459 = 0.434482.
    assert wilson(1.0, 5) == pytest.approx((1 - 0.434482, 1.0), abs=1e-6)
    assert (wilson(1.0, 5) or (0, 0))[1] == 1.0
    assert wilson(0.0, 5) == pytest.approx((0.0, 0.434482), abs=1e-6)
    assert (wilson(0.0, 5) or (1, 1))[0] == 0.0
    assert wilson(0.5, 0) is None


def test_strata_weigh_as_many_calls_as_they_have() -> None:
    # 900 calls of which 3 of 4 were met, 100 of which 0 of 2 were: 0.9 * 0.75 + 0.1 * 0 = 0.675, and not 3 of 6.
    # Effective size 1 / (0.9^2 / 4 + 0.1^2 / 2) = 1 / 0.2075 = 4.8193.
    assert stratified([(900, 4, 3), (100, 2, 0)]) == pytest.approx((0.675, 4.819277), abs=1e-6)


def test_strata_of_one_size_are_one_sample() -> None:
    # Drawn in proportion, every call weighs the same: 7 of 10, of size 10.
    assert stratified([(50, 5, 4), (50, 5, 3)]) == pytest.approx((0.7, 10))


def test_a_stratum_without_a_mark_is_stood_for_by_the_others() -> None:
    assert stratified([(50, 5, 4), (1_000, 0, 0)]) == pytest.approx((0.8, 5))
    assert stratified([(50, 0, 0)]) is None
    assert stratified([]) is None


def pairs(table: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Marks of which the one reviewer's are the rows and the other's the columns."""
    return [(one, other) for one, row in enumerate(table) for other, times in enumerate(row) for _ in range(times)]


def test_kappa_by_hand() -> None:
    # Agreement 20 + 15 of 50 = 0.7; by chance 25/50 * 30/50 + 25/50 * 20/50 = 0.5; (0.7 - 0.5) / (1 - 0.5) = 0.4.
    # The example of https://en.wikipedia.org/wiki/Cohen%27s_kappa, whose two others have 60 of 100 in common.
    assert cohens_kappa(pairs([[20, 5], [10, 15]])) == pytest.approx(0.4, abs=1e-12)
    assert cohens_kappa(pairs([[45, 15], [25, 15]])) == pytest.approx(0.1304, abs=5e-5)
    assert cohens_kappa(pairs([[25, 35], [5, 35]])) == pytest.approx(0.2593, abs=5e-5)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # What scikit-learn's own documentation prints for sklearn.metrics.cohen_kappa_score.
        ([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2], 0.4285714285714286),
        (
            ["negative", "positive", "negative", "neutral", "positive"],
            ["negative", "positive", "negative", "neutral", "negative"],
            0.6875,
        ),
    ],
)
def test_kappa_of_three_marks_is_scikit_learns(one: list[object], other: list[object], expected: float) -> None:
    assert cohens_kappa(zip(one, other, strict=True)) == pytest.approx(expected, abs=1e-15)


def test_kappa_at_its_ends() -> None:
    assert cohens_kappa(pairs([[3, 0], [0, 4]])) == 1.0
    # Each says what the other does not: (0 - 0.5) / (1 - 0.5).
    assert cohens_kappa(pairs([[0, 5], [5, 0]])) == -1.0
    assert cohens_kappa([]) is None
    # Both always gave the same one mark: 0 / 0.
    assert cohens_kappa(pairs([[9]])) is None
    # One gave the same mark to all, and the other did not: as much agreement as chance has.
    assert cohens_kappa(pairs([[3, 2]])) == 0.0


@pytest.mark.parametrize(
    ("kappa", "word"),
    [
        (-0.01, "poor"),
        (0.0, "slight"),
        (0.2, "slight"),
        (0.21, "fair"),
        (0.4, "fair"),
        (0.41, "moderate"),
        (0.6, "moderate"),
        (0.61, "substantial"),
        (0.8, "substantial"),
        (0.81, "almost_perfect"),
        (1.0, "almost_perfect"),
    ],
)
def test_kappa_in_words_is_that_of_landis_and_koch(kappa: float, word: str) -> None:
    assert agreement(kappa) == word

"""Each formula on numbers small enough to be worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.calls import formulas
from monitor.calls.facts import Scope, Transfer, TransferKind, TransferResult

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (formulas.compliance(9, 1), 0.9),  # 9 kept of 9 + 1
        (formulas.answer_rate(45, 60), 0.75),
        (formulas.abandon_rate(15, 60), 0.25),
        (formulas.abandon_rate(15, 60, short_abandoned=10), 0.1),  # (15 - 10) / (60 - 10)
        (formulas.service_level(30, 40), 0.75),
        (formulas.service_level_with_abandons(30, 6, 40, 20), 0.6),  # 36 / 60
        (formulas.service_factor(30, 60), 0.5),
        (formulas.mean_us(12_000_000, 4), 3_000_000.0),
        (formulas.direct_handling_rate(40, 4), 0.9),  # 36 / 40
        (formulas.asked_first_rate(3, 4), 0.75),
    ],
)
def test_a_figure_is_its_formula(figure: float | None, expected: float) -> None:
    assert figure == expected


@pytest.mark.parametrize(
    "figure",
    [
        lambda: formulas.compliance(0, 0),
        lambda: formulas.answer_rate(0, 0),
        lambda: formulas.abandon_rate(3, 3, short_abandoned=3),
        lambda: formulas.service_level(0, 0),
        lambda: formulas.service_level_with_abandons(0, 0, 0, 0),
        lambda: formulas.service_factor(0, 0),
        lambda: formulas.mean_us(0, 0),
        lambda: formulas.direct_handling_rate(0, 0),
        lambda: formulas.asked_first_rate(0, 0),
        lambda: formulas.quantile_us([], 0.5),
    ],
)
def test_without_calls_there_is_no_figure(figure: Callable[[], float | None]) -> None:
    assert figure() is None


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, 1), (0.5, 10), (0.9, 18), (0.95, 19), (1.0, 20)],  # of 1 to 20, rank = ceil(share x 20)
)
def test_a_quantile_is_the_duration_at_its_rank(share: float, expected: int) -> None:
    assert formulas.quantile_us(list(range(20, 0, -1)), share) == expected


def test_the_quantile_of_one_is_that_one() -> None:
    assert formulas.quantile_us([7], 0.5) == 7


@pytest.mark.parametrize(
    ("kind", "scope", "result", "expected"),
    [
        (TransferKind.BLIND, Scope.OUTSIDE, TransferResult.COMPLETED, True),
        (TransferKind.ATTENDED, Scope.OUTSIDE, TransferResult.COMPLETED, True),
        (TransferKind.BLIND, Scope.OUTSIDE, TransferResult.NO_ANSWER, True),
        (TransferKind.BLIND, Scope.OUTSIDE, TransferResult.RETURNED, False),
        # The agent consulted and found nobody: the caller never left.
        (TransferKind.ATTENDED, Scope.OUTSIDE, TransferResult.NO_ANSWER, False),
        (TransferKind.BLIND, Scope.OUTSIDE, TransferResult.FAILED, False),
        (TransferKind.BLIND, Scope.INSIDE, TransferResult.COMPLETED, False),
        (TransferKind.BLIND, Scope.UNKNOWN, TransferResult.COMPLETED, False),
        (TransferKind.FORWARD, Scope.OUTSIDE, TransferResult.COMPLETED, False),
    ],
)
def test_who_has_left_the_centre(kind: TransferKind, scope: Scope, result: TransferResult, expected: bool) -> None:
    moment = datetime(2026, 5, 4, tzinfo=UTC)
    inside = _transfer(TransferKind.BLIND, Scope.INSIDE, TransferResult.COMPLETED, moment)

    assert formulas.left_the_centre([inside, _transfer(kind, scope, result, moment)]) is expected
    assert formulas.left_the_centre([]) is False


def _transfer(kind: TransferKind, scope: Scope, result: TransferResult, at: datetime) -> Transfer:
    return Transfer(
        kind=kind,
        at=at,
        by="PJSIP/kim",
        to="201",
        scope=scope,
        result=result,
        announced=False,
        consent=None,
        consultation_us=0,
        caller_hold_us=0,
        reconnected_at=None,
        reconnect_us=None,
        reconnect_rings=None,
    )

"""Today's chart, worked out by hand."""

from __future__ import annotations

import pytest

from monitor.page.chart import HEIGHT, WIDTH, Rectangle, chart_of, scale
from monitor.page.now import Bar


@pytest.mark.parametrize(
    ("highest", "top", "step"),
    [(0, 1, 1), (1, 1, 1), (5, 5, 1), (6, 6, 2), (10, 10, 2), (11, 15, 5), (25, 25, 5), (26, 30, 10), (101, 150, 50)],
)
def test_the_axis_goes_to_a_round_number_in_at_most_five_steps(highest: int, top: int, step: int) -> None:
    assert scale(highest) == (top, step)


def test_a_bar_is_piled_up_from_kept_broken_and_excluded() -> None:
    """Two half-hours on 520 - 34 - 6 = 480 units are 240 each; a bar leaves 9 % free at each side.

    Ten calls are the top of the axis, 180 - 26 - 12 = 142 units high, and stand on the floor at 154.
    """
    chart = chart_of([Bar(half=18, kept=5, broken=3, excluded=2), Bar(half=19, kept=0, broken=0, excluded=0)])

    x, width = 55.6, 196.8
    assert (WIDTH, HEIGHT) == (520, 180)
    assert chart.rectangles == (
        Rectangle("kept", x, 154 - 71, width, 71),
        Rectangle("broken", x, 40.4, width, 42.6),
        Rectangle("excluded", x, 12, width, 28.4),
    )
    assert [(mark.label, mark.position) for mark in chart.hours] == [("09", 34)]
    assert [mark.label for mark in chart.counts] == ["0", "2", "4", "6", "8", "10"]


def test_an_empty_day_has_an_axis_and_no_bars() -> None:
    chart = chart_of([Bar(half=half, kept=0, broken=0, excluded=0) for half in range(16, 38)])

    assert chart.rectangles == ()
    assert [mark.label for mark in chart.counts] == ["0", "1"]
    assert [mark.label for mark in chart.hours] == ["08", "10", "12", "14", "16", "18"]

"""A line over days or months; what is not known breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.reports import style
from monitor.reports.chart_ground import (
    SMALL_PT,
    View,
    empty,
    ground,
    scale_at_left,
    steps,
    target_line,
    target_words,
    thinned,
    widest,
    without_years,
)
from monitor.reports.document import Kind
from monitor.reports.faces import BOLD_WEIGHT, width_pt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from monitor.reports.plotter import Figure

_HEIGHT_PT: Final = 168.0
_WRITTEN_AT_MOST: Final = 14
_MARKED_AT_MOST: Final = 31
_LIFTED: Final = 0.6
"""Where every share is higher, the axis does not begin at 0: the line would be a lid."""
_LINES: Final = (
    {"color": style.GOOD, "linestyle": "-", "marker": "o"},
    {"color": style.QUIET, "linestyle": "--", "marker": "s"},
    {"color": style.BAD_MARK, "linestyle": "-.", "marker": "^"},
    {"color": style.WARN_MARK, "linestyle": ":", "marker": "D"},
)
"""Series differ by dashes and marks, not by colour alone."""


def line(view: View) -> Figure:
    """The line, or several, each with its name at its end."""
    count = len(view.categories)
    known = [value for values in view.series for value in values if value is not None]
    if not known:
        return empty(view)
    top, lines = steps(max(*known, view.chart.target or 0.0), view.kind)
    lowest = min(*known, 1.0 if view.chart.target is None else view.chart.target)
    floor = 0.0
    if view.kind is Kind.SHARE and lowest > _LIFTED:
        floor = 0.5 if lowest < 0.85 else 0.8
        parts = round((1.0 - floor) / (0.1 if floor == 0.5 else 0.05))
        lines = [floor + (1.0 - floor) * part / parts for part in range(parts + 1)]
        top = 1.0
    told = [view.told(value) for value in lines]
    named = len(view.series) > 1
    at_end_pt = widest(view.headings, SMALL_PT) + 12 if named else 12.0
    at_end_pt = max(at_end_pt, widest([target_words(view)], SMALL_PT) + 8)
    left_pt = widest(told, SMALL_PT) + 10
    figure, axes = ground(_HEIGHT_PT, left_pt=left_pt, right_pt=at_end_pt, top_pt=16, bottom_pt=20)
    axes.set_xlim(-0.5, max(count, 2) - 0.5)
    axes.set_ylim(floor, top)
    below = without_years(view.categories)
    labelled = thinned(count, widest(below, SMALL_PT), style.TEXT_WIDTH_PT - left_pt - at_end_pt)
    axes.set_xticks(list(labelled), [below[place] for place in labelled])
    scale_at_left(axes, lines, told)
    for order, values in enumerate(view.series):
        look = _LINES[order % len(_LINES)]
        _series(axes, values, look, marks=count <= _MARKED_AT_MOST)
    if named:
        _names(view, axes, (top - floor) * 0.07)
    elif count <= _WRITTEN_AT_MOST:
        _written(view, axes)
    target_line(view, axes, across=True)
    return figure


def _series(axes: Axes, values: list[float | None], look: dict[str, str], *, marks: bool) -> None:
    """Draw the stretches between what is not known; a value alone between two breaks is a point."""
    stretch: list[tuple[int, float]] = []
    for place, value in [*enumerate(values), (len(values), None)]:
        if value is not None:
            stretch.append((place, value))
        elif stretch:
            across, up = zip(*stretch, strict=True)
            marker = look["marker"] if marks or len(stretch) == 1 else ""
            axes.plot(
                across,
                up,
                color=look["color"],
                linestyle=look["linestyle"],
                marker=marker,
                markersize=3.2,
                linewidth=1.6,
                clip_on=False,
            )
            stretch = []


def _names(view: View, axes: Axes, apart: float) -> None:
    """Write each series' name behind its last point, clear of the names already there."""
    taken = [] if view.chart.target is None else [view.chart.target]
    for order, values in enumerate(view.series):
        at = next((value for value in reversed(values) if value is not None), None)
        if at is None:
            continue
        while any(abs(at - other) < apart for other in taken):
            at -= apart / 4
        taken.append(at)
        colour = _LINES[order % len(_LINES)]["color"]
        axes.annotate(
            view.headings[order],
            (len(values) - 1, at),
            (8, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL_PT,
            fontweight=BOLD_WEIGHT,
            color=style.MUTED if colour == style.QUIET else colour,
            annotation_clip=False,
        )


def _written(view: View, axes: Axes) -> None:
    """Write each figure above its point, where they are few."""
    for place, value in enumerate(view.series[0]):
        if value is not None:
            text = view.told(value)
            axes.annotate(
                text,
                (place, value),
                (0, 5),
                textcoords="offset points",
                ha="center",
                fontsize=SMALL_PT,
                annotation_clip=False,
                bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
                if width_pt(text, SMALL_PT) > 0
                else None,
            )

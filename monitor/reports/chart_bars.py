"""Bars: upright beside each other, upright upon each other, and lying."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from monitor.reports import style
from monitor.reports.chart_ground import (
    SIZE_PT,
    SMALL_PT,
    View,
    empty,
    ground,
    legend,
    marked_label,
    scale_at_left,
    shortened,
    steps,
    target_line,
    target_words,
    thinned,
    widest,
    without_years,
    wrapped,
)
from monitor.reports.faces import BOLD_WEIGHT
from monitor.reports.plotter import mpl
from monitor.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from monitor.reports.plotter import Figure

_HEIGHT_PT: Final = 168.0
_ROW_PT: Final = 17.0
_SHARE_OF_SLOT: Final = 0.72
_NAME_AT_MOST_PT: Final = 190.0
_LABELLED_AT_MOST: Final = 31
_WRAPPED_AT_MOST: Final = 12
_BELOW_PT: Final = (20.0, 29.0)
"""For one line of names, and for two."""
_ROWS_AT_MOST: Final = 36
"""Lying bars of more would leave the page; the table beside them holds the rest."""


_Bar = tuple[float, float, float, float]
"""Left, low, width and height."""


@dataclass(frozen=True, slots=True)
class Fill:
    """How a series' bars are filled; no two of a chart differ by colour alone."""

    face: str
    edge: str
    hatch: str = ""

    def arguments(self) -> dict[str, Any]:
        """As matplotlib takes it."""
        drawn: dict[str, Any] = {"facecolor": self.face, "edgecolor": self.edge, "linewidth": 0.8}
        return drawn | ({"hatch": self.hatch} if self.hatch else {})


GOOD: Final = Fill(style.GOOD, style.GOOD)
PAST: Final = Fill(style.PAPER, style.BAD_MARK, "/////")
QUIET: Final = Fill(style.PAPER, style.QUIET)
_PLAIN: Final = (GOOD, Fill(style.mixed(style.GOOD, 0.3), style.GOOD), QUIET, Fill(style.PAPER, style.GOOD, "....."))
_MARKED: Final = (PAST, Fill(style.BAD_GROUND, style.BAD_MARK), Fill(style.PAPER, style.BAD_MARK))


def fills(view: View) -> list[Fill]:
    """One for each series, before the promise's limit: what is bad in itself is hatched in the alarm's colour."""
    found: list[Fill] = []
    plain = iter(_PLAIN * len(view.columns))
    for column in view.columns:
        if view.marked_from is None and any(word in column.key for word in style.BAD_SERIES):
            found.append(PAST if PAST not in found else _MARKED[len(found) % len(_MARKED)])
        elif "excluded" in column.key:
            found.append(QUIET)
        else:
            found.append(next(plain))
    return found


def _draw(axes: Axes, bars: Mapping[Fill, Sequence[_Bar]]) -> None:
    """Draw the bars of each filling as one: a hundred drawings of one bar each take a second."""
    for fill, places in bars.items():
        patches = [mpl.patches.Rectangle((left, low), width, height) for left, low, width, height in places]
        axes.add_collection(mpl.collections.PatchCollection(patches, **fill.arguments()))


def upright(view: View) -> Figure:
    """Bars beside each other, a group for each category."""
    return _standing(view, upon=False)


def stacked(view: View) -> Figure:
    """Bars upon each other."""
    return _standing(view, upon=True)


def _standing(view: View, *, upon: bool) -> Figure:
    count = len(view.categories)
    totals = [sum(values[place] or 0.0 for values in view.series) for place in range(count)]
    highest = max(totals, default=0.0) if upon else view.highest
    if not highest and not any(value is not None for values in view.series for value in values):
        return empty(view)
    top, lines = steps(max(highest, view.chart.target or 0.0), view.kind)
    told = [view.told(line) for line in lines]
    explained = len(view.columns) > 1
    above_pt = (16.0 if explained else 0.0) + (14.0 if view.marked_from is not None else 0.0) + 10.0
    right_pt = 8.0 + widest([target_words(view)], SMALL_PT)
    left_pt = widest(told, SMALL_PT) + 10
    room_pt = style.TEXT_WIDTH_PT - left_pt - right_pt
    slot_pt = room_pt / max(count, 1)
    below = without_years(view.categories)
    if widest(below, SMALL_PT) > slot_pt - 4 and count <= _WRAPPED_AT_MOST:
        below = [wrapped(text, slot_pt - 4, SMALL_PT) for text in below]
    pieces = [text.split("\n") for text in below]
    figure, axes = ground(
        _HEIGHT_PT + above_pt,
        left_pt=left_pt,
        right_pt=right_pt,
        top_pt=above_pt,
        bottom_pt=_BELOW_PT[max(len(lines_below) for lines_below in pieces) - 1],
    )
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_ylim(0, top)
    labelled = thinned(count, widest([line for lines_below in pieces for line in lines_below], SMALL_PT), room_pt)
    axes.set_xticks(list(labelled), [below[place] for place in labelled])
    scale_at_left(axes, lines, told)
    chosen = fills(view)
    width = min(_SHARE_OF_SLOT, 60.0 / slot_pt)
    each = width if upon else width / len(view.series)
    floor = [0.0] * count
    bars: dict[Fill, list[_Bar]] = defaultdict(list)
    for order, values in enumerate(view.series):
        shift = 0.0 if upon else (order - (len(view.series) - 1) / 2) * each
        for place, value in enumerate(values):
            if not value:
                continue
            past = view.marked_from is not None and place >= view.marked_from
            fill = _MARKED[order % len(_MARKED)] if past else chosen[order]
            bars[fill].append((place + shift - each / 2, floor[place] if upon else 0.0, each, value))
            floor[place] += value
    _draw(axes, bars)
    if view.marked_from is not None:
        marked_label(view, axes, view.marked_from - 0.5)
    heads: list[float | None] = list(totals) if upon else view.series[0]
    if len(view.series) == 1 or upon:
        _heads(view, axes, heads, slot_pt, top)
    target_line(view, axes, across=True)
    if explained:
        legend(figure, [(heading, fill.arguments()) for heading, fill in zip(view.headings, chosen, strict=True)])
    return figure


def _heads(view: View, axes: Axes, heads: list[float | None], slot_pt: float, top: float) -> None:
    """Write the figure upon each bar, where there is room for all."""
    told = [view.told(value) for value in heads]
    if len(heads) > _LABELLED_AT_MOST or widest(told, SMALL_PT) > slot_pt - 1:
        return
    for place, value in enumerate(heads):
        past = view.marked_from is not None and place >= view.marked_from and bool(value)
        axes.annotate(
            told[place],
            (place, min(value or 0.0, top)),
            (0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=SMALL_PT,
            color=style.BAD if past else style.INK,
            annotation_clip=False,
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.4},
            zorder=4,
        )


def lying(view: View) -> Figure:
    """Lying bars, a row or group of them for each category, with the figure at each end."""
    left_out = len(view.categories) - _ROWS_AT_MOST
    view.keep(_ROWS_AT_MOST)
    count, many = len(view.categories), len(view.series)
    if not any(value is not None for values in view.series for value in values):
        return empty(view)
    names = [shortened(name, _NAME_AT_MOST_PT, SIZE_PT) for name in view.categories]
    told = [[view.told(value) for value in values] for values in view.series]
    at_end_pt = max(widest(texts, SMALL_PT) for texts in told) + 8
    explained = many > 1
    above_pt = 4.0 + (14.0 if explained else 0.0) + (12.0 if view.chart.target is not None else 0.0)
    bottom_pt = 18.0 if left_out > 0 else 6.0
    row_pt = _ROW_PT if many == 1 else 6.0 + 11.0 * many
    figure, axes = ground(
        count * row_pt + above_pt + bottom_pt,
        left_pt=widest(names, SIZE_PT) + 8,
        right_pt=at_end_pt,
        top_pt=above_pt,
        bottom_pt=bottom_pt,
    )
    if left_out > 0:
        more = TEXTS[view.language].more.format(count=left_out)
        figure.text(0, 4 / (count * row_pt + above_pt + bottom_pt), more, fontsize=SMALL_PT, color=style.MUTED)
    axes.spines["bottom"].set_visible(False)
    axes.set_ylim(count - 0.5, -0.5)
    top = max(view.highest, view.chart.target or 0.0) or 1.0
    axes.set_xlim(0, top * 1.01)
    axes.set_xticks([])
    axes.set_yticks(range(count), names, fontsize=SIZE_PT, color=style.INK)
    axes.axvline(0, color=style.LINE, linewidth=1.2)
    chosen = fills(view)
    each = _SHARE_OF_SLOT / many
    bars: dict[Fill, list[_Bar]] = defaultdict(list)
    for order, values in enumerate(view.series):
        shift = (order - (many - 1) / 2) * each
        for place, value in enumerate(values):
            past = view.marked_from is not None and place >= view.marked_from
            fill = _MARKED[order % len(_MARKED)] if past else chosen[order]
            bars[fill].append((0.0, place + shift - each * 0.46, value or 0.0, each * 0.92))
            axes.annotate(
                told[order][place],
                (value or 0.0, place + shift),
                (4, 0),
                textcoords="offset points",
                va="center",
                fontsize=SMALL_PT,
                fontweight=BOLD_WEIGHT if past else "normal",
                annotation_clip=False,
                bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.8},
                zorder=4,
            )
    _draw(axes, bars)
    target_line(view, axes, across=False)
    if explained:
        legend(figure, [(heading, fill.arguments()) for heading, fill in zip(view.headings, chosen, strict=True)])
    return figure

"""Fields shaded by their value: rows by columns; a field without a figure differs from one of 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from monitor.reports import style
from monitor.reports.chart_ground import SMALL_PT, View, empty, ground, shortened, thinned, widest
from monitor.reports.document import Kind
from monitor.reports.plotter import mpl

if TYPE_CHECKING:
    from matplotlib.axes import Axes

from monitor.reports.plotter import Figure

_FIELD_AT_LEAST_PT: Final = 12.0
_FIELD_AT_MOST_PT: Final = 19.0
_FIELDS_AT_MOST_PT: Final = 560.0
"""The map's height, so that it stays on its page."""
_NAME_AT_MOST_PT: Final = 90.0
_FIGURE_PT: Final = 6.0
_WRITTEN_AT_MOST: Final = 24
"""Columns: of more, the table beside it holds the figures."""
_EVERY: Final = (1, 2, 4, 6, 8, 12)
"""Of half-hours, the whole ones are named."""
_SCALE_STEPS: Final = 5
_SCALE_WIDTH_PT: Final = 26.0


def heat(view: View) -> Figure:
    """The map, with its scale above it."""
    rows, across = len(view.categories), len(view.series)
    if not any(value is not None for values in view.series for value in values):
        return empty(view)
    names = [shortened(name, _NAME_AT_MOST_PT, SMALL_PT) for name in view.categories]
    left_pt = widest(names, SMALL_PT) + 8
    room_pt = style.TEXT_WIDTH_PT - left_pt - 2
    field_pt = min(max(room_pt / across * 0.8, _FIELD_AT_LEAST_PT), _FIELD_AT_MOST_PT)
    field_pt = min(field_pt, _FIELDS_AT_MOST_PT / rows)
    above_pt = 34.0
    figure, axes = ground(rows * field_pt + above_pt + 4, left_pt=left_pt, right_pt=2, top_pt=above_pt, bottom_pt=4)
    axes.spines["bottom"].set_visible(False)
    axes.set_xlim(0, across)
    axes.set_ylim(rows, 0)
    labelled = thinned(across, widest(view.headings, SMALL_PT) - 4, room_pt, _EVERY)
    axes.xaxis.tick_top()
    slot = 0.0 if labelled.step > 1 else 0.5
    axes.set_xticks([place + slot for place in labelled], [view.headings[place] for place in labelled])
    if slot == 0.0:
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("left")
        axes.tick_params(axis="x", pad=2)
    axes.set_yticks([place + 0.5 for place in range(rows)], names, color=style.INK)
    values = [value for series in view.series for value in series if value is not None]
    shading = style.shading(values, share=view.kind is Kind.SHARE, bad=view.worst)
    _fields(view, axes, shading)
    told = [[view.told(value) if value is not None else "" for value in values] for values in view.series]
    if across <= _WRITTEN_AT_MOST and max(widest(texts, _FIGURE_PT) for texts in told) <= room_pt / across - 2:
        for column, texts in enumerate(told):
            for row, text in enumerate(texts):
                axes.text(column + 0.5, row + 0.52, text, ha="center", va="center", fontsize=_FIGURE_PT)
    _scale(view, figure, shading)
    return figure


def _fields(view: View, axes: Axes, shading: style.Shading) -> None:
    """The fields: shaded, white for 0, hatched in grey where there is no figure."""
    known: list[Any] = []
    colours: list[str] = []
    unknown: list[Any] = []
    for column, values in enumerate(view.series):
        for row, value in enumerate(values):
            field = mpl.patches.Rectangle((column, row), 1, 1)
            if value is None:
                unknown.append(field)
            else:
                known.append(field)
                colours.append(shading.colour(value))
    gather = mpl.collections.PatchCollection
    axes.add_collection(gather(unknown, facecolor=style.GROUND, edgecolor=style.LINE, hatch="/////", linewidth=0.0))
    axes.add_collection(gather(known, facecolors=colours, edgecolor=style.LINE, linewidth=0.4))


def _scale(view: View, figure: Figure, shading: style.Shading) -> None:
    """The scale, at the right above the map: no figure, then from the lightest to the darkest."""
    width_pt, height_pt = figure.get_size_inches() * 72
    axes = figure.add_axes((0, 1 - 12 / height_pt, 1, 10 / height_pt))
    axes.set_axis_off()
    axes.set_xlim(0, width_pt)
    axes.set_ylim(10, 0)
    shares = [step / _SCALE_STEPS for step in range(_SCALE_STEPS + 1)]
    ends = [view.told(shading.light), view.told(shading.dark)]
    text: dict[str, Any] = {"va": "center", "fontsize": SMALL_PT, "color": style.MUTED}
    at = width_pt - widest([ends[1]], SMALL_PT) - 4
    axes.text(at + 4, 5, ends[1], ha="left", **text)
    for share in reversed(shares):
        at -= _SCALE_WIDTH_PT
        axes.add_patch(
            mpl.patches.Rectangle(
                (at, 0),
                _SCALE_WIDTH_PT,
                9,
                facecolor=style.shade(share, bad=shading.bad),
                edgecolor=style.LINE,
                linewidth=0.4,
            )
        )
    axes.text(at - 4, 5, ends[0], ha="right", **text)
    if any(value is None for values in view.series for value in values):
        at -= widest([ends[0]], SMALL_PT) + 18
        axes.text(at, 5, view.gettext("no figure"), ha="right", **text)
        at -= widest([view.gettext("no figure")], SMALL_PT) + 20
        axes.add_patch(
            mpl.patches.Rectangle(
                (at, 0), 14, 9, facecolor=style.GROUND, edgecolor=style.LINE, hatch="/////", linewidth=0.0
            )
        )

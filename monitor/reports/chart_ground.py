"""What every chart stands on: the table's columns as a chart sees them, and axes in the page's style."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from monitor.reports import style
from monitor.reports.document import Kind
from monitor.reports.faces import BOLD, BOLD_WEIGHT, FAMILY, REGULAR, font_folder, shown, width_pt
from monitor.reports.plotter import Figure, font_manager, mpl
from monitor.reports.written import written
from monitor.texts import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from monitor.reports.document import Chart, Column, Table, Value
    from monitor.texts import Language

POINTS_AN_INCH: Final = 72
SIZE_PT: Final = 8.0
SMALL_PT: Final = 7.0
_HATCH_WIDTH_PT: Final = 1.1
_EVERY: Final = (1, 2, 3, 5, 7, 10, 14, 20, 30, 60, 120)
_EMPTY_PT: Final = 44.0


class View:
    """A table as a chart sees it: its categories, and the values of each series beside them.

    Args:
        chart: what is drawn.
        table: the one it is a view of.
        language: of what is written into it.
    """

    def __init__(self, chart: Chart, table: Table, language: Language) -> None:
        self.chart = chart
        self.language = language
        places = {column.key: place for place, column in enumerate(table.columns)}
        category = table.columns[places[chart.category]]
        self.columns: tuple[Column, ...] = tuple(table.columns[places[key]] for key in chart.values)
        self.kind = self.columns[0].kind if self.columns else Kind.COUNT
        named = [row[places[chart.category]] for row in table.rows]
        self.categories = [shown(written(value, category.kind, language)) for value in named]
        self.headings = [shown(column.heading) for column in self.columns]
        self.series = [[number(row[places[key]]) for row in table.rows] for key in chart.values]
        self.worst = table.darkest_is_worst
        """High values are bad ones."""
        self.nothing = shown(table.empty)
        self.marked_from = named.index(chart.mark_from) if chart.mark_from in named else None
        """Place of the first category past the promise."""

    def keep(self, count: int) -> None:
        """Leave out the categories behind the first so many."""
        self.categories = self.categories[:count]
        self.series = [values[:count] for values in self.series]

    @property
    def highest(self) -> float:
        """The highest value of any series; 0 where there is none."""
        return max((value for values in self.series for value in values if value is not None), default=0.0)

    def gettext(self, text: str) -> str:
        """One of the charts' own texts."""
        return shown(catalogue(self.language).gettext(text))

    def told(self, value: float | None) -> str:
        """A value in words."""
        whole = int(value) if value is not None and self.kind is Kind.COUNT else value
        return shown(written(whole, self.kind, self.language))


def number(value: Value) -> float | None:
    """A cell as a number; None for anything else."""
    return float(value) if isinstance(value, int | float) else None


@cache
def _know_faces() -> None:
    """Tell matplotlib of the faces, once: each telling would add them again."""
    folder = font_folder()
    for name in (REGULAR, BOLD):
        font_manager.fontManager.addfont(str(folder / name))


@contextmanager
def drawing_style(salt: str) -> Iterator[None]:
    """Draw in the page's style; what matplotlib was set to stays as it was.

    Args:
        salt: from which names inside the SVG are made, so that the same drawing is the same text.

    Raises:
        ReportError: the faces are not installed.
    """
    _know_faces()
    settings: dict[Any, Any] = {
        "font.family": [FAMILY],
        "font.size": SIZE_PT,
        "text.color": style.INK,
        "text.parse_math": False,  # a name with dollar signs is a name
        "axes.labelcolor": style.MUTED,
        "axes.edgecolor": style.LINE,
        "axes.linewidth": 0.8,
        "axes.axisbelow": True,
        "axes.unicode_minus": False,
        "xtick.color": style.LINE,
        "ytick.color": style.LINE,
        "xtick.labelcolor": style.MUTED,
        "ytick.labelcolor": style.MUTED,
        "xtick.labelsize": SMALL_PT,
        "ytick.labelsize": SMALL_PT,
        "grid.color": style.LINE,
        "grid.linewidth": 0.5,
        "hatch.linewidth": _HATCH_WIDTH_PT,
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
    }
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(settings)
        yield


def ground(
    height_pt: float, *, left_pt: float, right_pt: float, top_pt: float, bottom_pt: float
) -> tuple[Figure, Axes]:
    """A figure as wide as a page's text, with one pair of axes inside the given margins, without frame or ticks."""
    width_pt = style.TEXT_WIDTH_PT
    figure = Figure(figsize=(width_pt / POINTS_AN_INCH, height_pt / POINTS_AN_INCH), dpi=POINTS_AN_INCH)
    figure.patch.set_alpha(0)
    room = (
        left_pt / width_pt,
        bottom_pt / height_pt,
        (width_pt - left_pt - right_pt) / width_pt,
        (height_pt - top_pt - bottom_pt) / height_pt,
    )
    axes = figure.add_axes(room)
    axes.patch.set_alpha(0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, pad=4)
    return figure, axes


def steps(highest: float, kind: Kind) -> tuple[float, list[float]]:
    """The top of an axis from 0 and where its lines stand, in round numbers; counts in whole ones."""
    if kind is Kind.SHARE:
        top = 1.0 if highest > 0.4 else _round_top(highest)
        return top, [top * part / 4 for part in range(5)]
    top = _round_top(highest, whole=kind is Kind.COUNT)
    # Into round numbers: 5,000 by thousands, and not by 1,250.
    wanted = {1: (5, 4), 15: (3, 5), 3: (3,), 5: (5,), 6: (3,)}.get(_leading(top), (4,))
    parts = next(parts for parts in (*wanted, 4, 5, 3, 2, 1) if kind is not Kind.COUNT or (top / parts).is_integer())
    return top, [top * part / parts for part in range(parts + 1)]


def _leading(top: float) -> int:
    """The digits a round number begins with: 15 of 150, 5 of 5,000."""
    return int(f"{top:.1e}".partition("e")[0].replace(".", "").rstrip("0"))


def _round_top(highest: float, *, whole: bool = False) -> float:
    if highest <= 0:
        return 1.0
    power = 10.0**-6
    while True:
        for factor in (1, 1.5, 2, 3, 4, 5, 6, 8):
            top = factor * power
            if top >= highest * (1 - 1e-9) and (not whole or round(top, 9).is_integer()):
                return round(top, 9)
        power *= 10


def thinned(count: int, widest_pt: float, room_pt: float, steps: Sequence[int] = _EVERY) -> range:
    """Which of so many labels are written so that none runs into the next: every one, or every second, third, fifth."""
    if not count:
        return range(0)
    slot = room_pt / count
    every = next((step for step in steps if slot * step >= widest_pt + 4), count)
    return range(0, count, every)


def widest(texts: Sequence[str], size_pt: float) -> float:
    """The width of the widest of them, in points."""
    return max((width_pt(text, size_pt) for text in texts), default=0.0)


def shortened(text: str, room_pt: float, size_pt: float) -> str:
    """A text that fits, cut with an ellipsis where it has to be."""
    if width_pt(text, size_pt) <= room_pt:
        return text
    while text and width_pt(text + "…", size_pt) > room_pt:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, room_pt: float, size_pt: float) -> str:
    """A text in two lines where its words allow it, each cut where it does not fit."""
    words = text.split()
    first = 1
    while first < len(words) and width_pt(" ".join(words[: first + 1]), size_pt) <= room_pt:
        first += 1
    lines = (" ".join(words[:first]), " ".join(words[first:]))
    return "\n".join(shortened(line, room_pt, size_pt) for line in lines if line)


def without_years(texts: Sequence[str]) -> list[str]:
    """Days as short as they can be told: `10-01`, the year left out where it is the same for all."""
    years = {text[:5] for text in texts}
    dates = all(len(text) == len("2026-10-01") and text[4] == text[7] == "-" for text in texts)
    return [text[5:] for text in texts] if dates and len(years) == 1 and len(texts) > 1 else list(texts)


def scale_at_left(axes: Axes, lines: Sequence[float], told: Sequence[str]) -> None:
    """Faint lines across, each with its figure at the left."""
    axes.set_yticks(list(lines), list(told))
    axes.yaxis.grid(visible=True)
    axes.xaxis.grid(visible=False)


def target_words(view: View) -> str:
    """What stands beside the target's line; empty where there is none."""
    if view.chart.target is None:
        return ""
    return view.gettext("target {value}").format(value=view.told(view.chart.target))


def target_line(view: View, axes: Axes, *, across: bool) -> None:
    """The target, dashed and named; nothing where there is none."""
    target = view.chart.target
    if target is None:
        return
    text = target_words(view)
    dashes: dict[str, Any] = {"color": style.WARN, "linestyle": (0, (5, 3)), "linewidth": 1.1}
    label: dict[str, Any] = {
        "fontsize": SMALL_PT,
        "color": style.WARN,
        "annotation_clip": False,
        "textcoords": "offset points",
    }
    if across:
        axes.axhline(target, **dashes)
        axes.annotate(text, (1, target), (5, 0), xycoords=("axes fraction", "data"), ha="left", va="center", **label)
    else:
        axes.axvline(target, **dashes)
        side = "right" if target > axes.get_xlim()[1] / 2 else "left"
        axes.annotate(text, (target, 1), (2, 2), xycoords=("data", "axes fraction"), ha=side, va="bottom", **label)


def marked_label(view: View, axes: Axes, at: float) -> None:
    """The line behind which the promise is broken, with its words."""
    axes.axvline(at, color=style.BAD_MARK, linestyle=(0, (2, 2)), linewidth=1.0, ymax=1.06, clip_on=False)
    axes.annotate(
        view.gettext("past the promise"),
        (at, 1.06),
        (4, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="center",
        fontsize=SMALL_PT,
        fontweight=BOLD_WEIGHT,
        color=style.BAD,
        annotation_clip=False,
    )


def legend(figure: Figure, entries: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """What each filling means, in one line at the top."""
    patches = [mpl.patches.Patch(label=name, **fill) for name, fill in entries]
    figure.legend(
        handles=patches,
        loc="upper left",
        bbox_to_anchor=(0, 1),
        ncols=len(patches),
        frameon=False,
        fontsize=SMALL_PT,
        handlelength=1.3,
        handleheight=1.0,
        handletextpad=0.5,
        columnspacing=1.6,
        borderpad=0,
        borderaxespad=0.2,
        labelcolor=style.MUTED,
    )


def empty(view: View) -> Figure:
    """What is drawn where there is nothing to draw: a sentence in an empty frame."""
    figure, axes = ground(_EMPTY_PT, left_pt=2, right_pt=2, top_pt=2, bottom_pt=2)
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_linestyle((0, (4, 3)))
    axes.set_xticks([])
    axes.set_yticks([])
    text = shortened(view.nothing or view.gettext("no figures"), style.TEXT_WIDTH_PT - 20, SIZE_PT)
    axes.text(0.5, 0.5, text, ha="center", va="center", color=style.MUTED, transform=axes.transAxes)
    return figure

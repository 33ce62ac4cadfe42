"""Charts of a sheet, native: they follow the cells of their table, and can be taken into other documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from monitor.reports import style
from monitor.reports.document import Form, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from monitor.reports.document import Chart, Table
    from monitor.reports.sheet_forms import Forms

_TYPES: Final = {
    Form.BARS: {"type": "column"},
    Form.STACKED: {"type": "column", "subtype": "stacked"},
    Form.ROWS: {"type": "bar"},
    Form.LINE: {"type": "line"},
}
_COLOURS: Final = (
    style.GOOD,
    style.mixed(style.GOOD, 0.45),
    style.QUIET,
    style.mixed(style.QUIET, 0.5),
    style.WARN_MARK,
)
_PAST: Final = (style.BAD_MARK, style.mixed(style.BAD_MARK, 0.55), style.mixed(style.BAD_MARK, 0.3))
WIDTH_PX: Final = 820
_HEIGHT_PX: Final = 340
_ROW_PX: Final = 26
"""Of a lying bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where a table stands on its sheet; rows and columns count from 0."""

    sheet: Worksheet
    table: Table
    first: int
    """The first row of figures."""
    last: int
    """The last one."""
    target: int | None
    """The column that repeats the target for a line across; None where no chart has one."""

    def column(self, key: str) -> int:
        """Where a column of the table stands."""
        return [column.key for column in self.table.columns].index(key)

    def cells(self, column: int) -> list[str | int]:
        """The figures of a column as a chart takes them."""
        return [self.sheet.get_name(), self.first, column, self.last, column]


def native(charts: Sequence[Chart]) -> list[Chart]:
    """Those that become charts: a heat map is the shaded table itself."""
    return [chart for chart in charts if chart.form in _TYPES]


def crossed(charts: Sequence[Chart]) -> Chart | None:
    """The one with a target that a line across shows; lying bars and heat maps have none."""
    return next((chart for chart in native(charts) if chart.form is not Form.ROWS and chart.target is not None), None)


def height_px(chart: Chart, ground: Ground) -> int:
    """How high a chart is drawn."""
    if chart.form is not Form.ROWS:
        return _HEIGHT_PX
    bars = (ground.last - ground.first + 1) * len(chart.values)
    return max(_HEIGHT_PX // 2, 110 + _ROW_PX * bars)


def insert(workbook: Workbook, forms: Forms, chart: Chart, ground: Ground, corner: tuple[int, int, int]) -> None:
    """Draw a chart with its upper left corner in a cell.

    Args:
        workbook: to which the sheet belongs.
        forms: the workbook's.
        chart: one of `native`.
        ground: its table.
        corner: the cell's row and column, and how many pixels right of it.
    """
    drawn = workbook.add_chart(dict(_TYPES[chart.form]))
    kinds = {column.key: column.kind for column in ground.table.columns}
    for order, key in enumerate(chart.values):
        drawn.add_series(_series(chart, ground, order, key))
    if chart.target is not None and ground.target is not None and chart.form is not Form.ROWS:
        drawn.combine(_line_across(workbook, ground, chart))
    text = {"name_font": {"color": style.MUTED}, "num_font": {"color": style.MUTED, "size": 9}}
    category: dict[str, Any] = {**text, "line": {"color": style.QUIET}}
    if chart.form is Form.ROWS:
        category |= {"reverse": True}
    if kinds[chart.category] is Kind.DAY:
        # A month's days have room for their numbers alone.
        category |= {"date_axis": True, "num_format": "d" if ground.last - ground.first < 31 else "mm-dd"}
    kind = kinds[chart.values[0]]
    values: dict[str, Any] = {**text, "min": 0, "major_gridlines": {"visible": True, "line": {"color": style.LINE}}}
    values |= {"line": {"none": True}, "num_format": "0%" if kind is Kind.SHARE else forms.number(kind)}
    if kind is Kind.SHARE:
        values["max"] = 1
    if kind is Kind.POINTS:
        del values["min"]
    # XlsxWriter names the axes of lying bars by where they are drawn.
    across, up = (values, category) if chart.form is Form.ROWS else (category, values)
    drawn.set_x_axis(across)
    drawn.set_y_axis(up)
    drawn.set_title({"name": chart.title, "overlay": False, "name_font": {"size": 12, "color": style.INK}})
    drawn.set_legend({"position": "top"} if len(chart.values) > 1 or chart.target is not None else {"none": True})
    drawn.show_blanks_as("gap")
    drawn.set_size({"width": WIDTH_PX, "height": height_px(chart, ground)})
    row, column, right_px = corner
    place = {"description": chart.alt, "object_position": 3, "x_offset": right_px}
    ground.sheet.insert_chart(row, column, drawn, place)


def _series(chart: Chart, ground: Ground, order: int, key: str) -> dict[str, Any]:
    column = ground.column(key)
    colour = _colour(chart, order, key)
    series: dict[str, Any] = {
        "name": ground.table.columns[column].heading,
        "categories": ground.cells(ground.column(chart.category)),
        "values": ground.cells(column),
    }
    if chart.form is Form.LINE:
        marker = {"type": "circle", "size": 5, "fill": {"color": colour}, "border": {"color": colour}}
        return series | {"line": {"color": colour, "width": 2}, "marker": marker}
    series |= {"fill": {"color": colour}, "border": {"none": True}, "gap": 60}
    if chart.form is Form.STACKED:
        series["overlap"] = 100
    if chart.mark_from is not None:
        place = ground.column(chart.category)
        names = [row[place] for row in ground.table.rows]
        if chart.mark_from in names:
            start = names.index(chart.mark_from)
            past = {"fill": {"color": _PAST[order % len(_PAST)]}, "border": {"none": True}}
            series["points"] = [None] * start + [past] * (len(names) - start)
    return series


def _colour(chart: Chart, order: int, key: str) -> str:
    """As in print: what is bad in itself stands in the alarm's colour, where no ring is marked as past the promise."""
    if chart.mark_from is None and any(word in key for word in style.BAD_SERIES):
        return _PAST[0]
    return style.QUIET if "excluded" in key else _COLOURS[order % len(_COLOURS)]


def _line_across(workbook: Workbook, ground: Ground, chart: Chart) -> Any:
    """The target, drawn from the column that repeats it."""
    assert ground.target is not None  # noqa: S101 - whoever draws it has just asked
    line = workbook.add_chart({"type": "line"})
    line.add_series(
        {
            "name": [ground.sheet.get_name(), ground.first - 1, ground.target],
            "categories": ground.cells(ground.column(chart.category)),
            "values": ground.cells(ground.target),
            "line": {"color": style.WARN, "width": 1.5, "dash_type": "dash"},
        }
    )
    return line

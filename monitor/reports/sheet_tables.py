"""A table as a sheet: numbers are numbers, days are days, and formulas make totals and quotients anew."""

from __future__ import annotations

from datetime import date, datetime
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from xlsxwriter.utility import xl_col_to_name, xl_range

from monitor.reports import sheet_charts, style
from monitor.reports.document import Kind
from monitor.reports.sheet_forms import NEARLY_NONE, ROW_PT, height_pt, width
from monitor.texts import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from monitor.reports.document import Chart, Column, Quotient, Table, Value
    from monitor.reports.sheet_forms import Forms
    from monitor.texts import Language

HEADINGS: Final = 3
"""The row of the headings, from 0; title, note and the way back stand above it."""
MANY_ROWS: Final = 2000
"""A sheet of more is written to the disk row by row: a month may have 60,000 missed calls."""
_WIDEST: Final = 60
_NARROWEST: Final = 9
_FILTER: Final = 3
"""Width of the button that filters, which covers part of a heading."""
_NOTE: Final = 100
_DAY_SECONDS: Final = 86_400
_ROUNDING: Final = 1e-6
"""Of sums of seconds, which are whole microseconds."""
_LONGEST_LINK: Final = 255
"""Characters of a text within a formula. **Source:** Excel, "Excel specifications and limits"."""
_FEW_ROWS: Final = 40
_WIDE: Final = 110
"""Digits: beside a wider table a chart would not be seen."""
_ROW_PX: Final = 22
_FIXED: Final = {Kind.DAY: 11, Kind.INSTANT: 19, Kind.DURATION: 11, Kind.SHARE: 8, Kind.POINTS: 12, Kind.SECONDS: 10}
_DECIMALS: Final = {Kind.NUMBER: 1, Kind.SECONDS: 3}


class Sheet:
    """Writes one table, from top to bottom: rows that stand are on the disk already.

    Args:
        workbook: to which the sheet belongs.
        sheet: empty.
        forms: the workbook's.
        language: of the few words that are not the table's.
    """

    def __init__(self, workbook: Workbook, sheet: Worksheet, forms: Forms, language: Language) -> None:
        self._workbook = workbook
        self._sheet = sheet
        self._forms = forms
        self._long = False
        _ = catalogue(language).gettext
        self._back = "← " + _("Overview")
        self._target = _("target")

    def write(self, table: Table, charts: Sequence[Chart], overview: str) -> None:
        """Write it.

        Args:
            table: all its rows are written.
            charts: such of the document as draw it.
            overview: name of the sheet that leads here.
        """
        sheet, columns = self._sheet, table.columns
        self._long = len(table.rows) > MANY_ROWS
        widths = [_column_width(table, place) for place in range(len(columns))]
        for place, wanted in enumerate(widths):
            sheet.set_column(place, place, wanted)
        self._head(table, widths, overview)
        crossed = sheet_charts.crossed(charts) if table.rows else None
        if crossed is not None:
            sheet.write_string(HEADINGS, len(columns), self._target, self._forms.heading(Kind.SHARE))
        first = HEADINGS + 1
        last = HEADINGS + max(len(table.rows), 1 if table.empty else 0)
        self._rows(table, widths, crossed, first)
        if not table.rows and table.empty:
            sheet.write_string(first, 0, table.empty, self._forms.of(font_color=style.MUTED))
        if table.total is not None:
            self._total(table, table.total, first, last)
        if table.rows:
            sheet.autofilter(HEADINGS, 0, last, len(columns) - 1)
            self._shade(table, first, last)
            ground = sheet_charts.Ground(
                sheet=sheet, table=table, first=first, last=last, target=None if crossed is None else len(columns)
            )
            self._charts(sheet_charts.native(charts), ground, sum(widths))
        texts = [place for place, column in enumerate(columns) if column.kind is Kind.TEXT]
        if texts and table.rows:
            sheet.ignore_errors({"number_stored_as_text": " ".join(xl_range(first, at, last, at) for at in texts)})

    def _head(self, table: Table, widths: Sequence[int], overview: str) -> None:
        sheet, forms = self._sheet, self._forms
        sheet.freeze_panes(HEADINGS + 1, 1 if sum(widths) > _WIDE else 0)
        sheet.repeat_rows(HEADINGS)
        sheet.hide_gridlines(2)
        sheet.set_row(0, 26)
        sheet.write_string(0, 0, table.title, forms.title)
        if table.note:
            across, taken = 0, 0
            while taken < _NOTE and (across < len(widths) or taken < _NOTE):
                taken += widths[across] if across < len(widths) else _NARROWEST
                across += 1
            sheet.set_row(1, height_pt(table.note, taken))
            if across > 1:
                sheet.merge_range(1, 0, 1, across - 1, "", forms.note)
            sheet.write_string(1, 0, table.note, forms.note)
        sheet.write_url(2, 0, f"internal:'{overview}'!A1", forms.link, string=self._back)
        sheet.set_row(HEADINGS, 2 * ROW_PT + 2)
        for place, column in enumerate(table.columns):
            sheet.write_string(HEADINGS, place, column.heading, forms.heading(column.kind))

    def _rows(self, table: Table, widths: Sequence[int], crossed: Chart | None, first: int) -> None:
        columns = table.columns
        formats = [
            self._forms.cell(column.kind, wrap=column.kind is Kind.TEXT and (wide >= _WIDEST or _broken(table, place)))
            for place, (column, wide) in enumerate(zip(columns, widths, strict=True))
        ]
        text = self._forms.cell(Kind.TEXT)
        formulas = [_formula(column, columns) for column in columns]
        drawn = next((column for column in columns if crossed and column.key == crossed.values[0]), columns[0])
        for row, values in enumerate(table.rows, first):
            for place, value in enumerate(values):
                formula, form = formulas[place], formats[place]
                if formula and isinstance(value, int | float):
                    self._formula(row, place, formula.format(row=row + 1), form, _held(value, columns[place]))
                elif isinstance(value, str) and columns[place].kind is not Kind.LINK:
                    self._sheet.write_string(row, place, value, form if columns[place].kind is Kind.TEXT else text)
                else:
                    self._cell(row, place, value, columns[place], form)
            if crossed is not None:
                self._cell(row, len(columns), crossed.target, drawn, self._forms.cell(drawn.kind))

    def _total(self, table: Table, total: Sequence[Value], first: int, last: int) -> None:
        row = last + 1
        for place, (value, column) in enumerate(zip(total, table.columns, strict=True)):
            form = self._forms.cell(column.kind, total=True)
            formula = _formula(column, table.columns)
            if isinstance(value, str):
                self._sheet.write_string(row, place, value, self._forms.cell(Kind.TEXT, total=True))
            elif formula:
                self._formula(row, place, formula.format(row=row + 1), form, _held(value, column))
            elif column.summed and _adds_up(table, place, value):
                cells = xl_range(first, place, last, place)
                self._formula(row, place, f"=SUM({cells})", form, _held(value, column))
            else:
                self._cell(row, place, value, column, form)

    def _cell(self, row: int, place: int, value: Value, column: Column, form: Format) -> None:
        held = _held(value, column)
        if held is None:
            self._sheet.write_blank(row, place, None, form)
        elif isinstance(held, str):
            self._link(row, place, held, form)
        elif isinstance(held, date):
            self._sheet.write_datetime(row, place, held, form)
        else:
            self._sheet.write_number(row, place, held, form)

    def _formula(self, row: int, place: int, formula: str, form: Format, held: Any) -> None:
        """A formula with the figure it comes to, for whoever shows a sheet without computing it."""
        self._sheet.write_formula(row, place, formula, form, "" if held is None else held)

    def _link(self, row: int, place: int, address: str, form: Format) -> None:
        """A formula, since a sheet takes few other links; text in a long table, which would take a third longer."""
        quoted = address.replace('"', '""')
        if not self._long and address.startswith(("http://", "https://")) and len(quoted) <= _LONGEST_LINK:
            self._sheet.write_formula(row, place, f'=HYPERLINK("{quoted}")', form, address)
        else:
            self._sheet.write_string(row, place, address, self._forms.cell(Kind.TEXT))

    def _shade(self, table: Table, first: int, last: int) -> None:
        shaded = [(place, column.kind) for place, column in enumerate(table.columns) if column.key in table.shaded]
        for kind in dict.fromkeys(kind for _, kind in shaded):
            places = [place for place, its in shaded if its is kind]
            values = _numbers(table, places)
            if not values:
                continue
            shading = style.shading(values, share=kind is Kind.SHARE, bad=table.darkest_is_worst)
            darkest = style.shade(1.0, bad=shading.bad)
            (low, below), (high, above) = sorted([(shading.light, style.PAPER), (shading.dark, darkest)])
            scale = {
                "type": "2_color_scale",
                "min_type": "num",
                "min_value": low,
                "min_color": below,
                "max_type": "num",
                "max_value": high,
                "max_color": above,
                "multi_range": " ".join(xl_range(first, place, last, place) for place in places),
            }
            self._sheet.conditional_format(first, places[0], last, places[0], scale)
        least, most = NEARLY_NONE
        for place, column in enumerate(table.columns):
            if column.kind is not Kind.SHARE:
                continue
            shares = _numbers(table, (place,))
            if table.total is not None and isinstance(total := table.total[place], int | float):
                shares.append(total)
            if any(least < share < most for share in shares):
                between = {"type": "cell", "criteria": "between", "minimum": least, "maximum": most - least}
                between["format"] = self._forms.nearly_none
                self._sheet.conditional_format(first, place, last + 1, place, between)

    def _charts(self, charts: Sequence[Chart], ground: sheet_charts.Ground, wide: int) -> None:
        """Beside the table, one below the other; where it is wide and short below it, two side by side."""
        if wide > _WIDE and len(ground.table.rows) <= _FEW_ROWS:
            row = ground.last + 3
            for pair in zip_longest(charts[::2], charts[1::2]):
                drawn = [chart for chart in pair if chart is not None]
                for place, chart in enumerate(drawn):
                    corner = (row, 0, place * (sheet_charts.WIDTH_PX + _ROW_PX))
                    sheet_charts.insert(self._workbook, self._forms, chart, ground, corner)
                row += max(sheet_charts.height_px(chart, ground) for chart in drawn) // _ROW_PX + 2
            return
        row, column = ground.first, len(ground.table.columns) + (2 if ground.target is not None else 1)
        for chart in charts:
            sheet_charts.insert(self._workbook, self._forms, chart, ground, (row, column, 0))
            row += sheet_charts.height_px(chart, ground) // _ROW_PX + 2


def held(value: Value, kind: Kind, *, single: bool = True) -> str | float | date | None:
    """A value as a cell holds it: durations are days there, instants the local time of day.

    Args:
        value: as the document has it.
        kind: what it is.
        single: nothing is made of it: it is cut to what is shown, since a sheet would round it.
    """
    if isinstance(value, datetime):
        return value.replace(microsecond=0, tzinfo=None)
    if isinstance(value, str | date) or value is None:
        return value
    if kind is Kind.DURATION:
        return (int(value) if single else value) / _DAY_SECONDS
    if kind is Kind.SECONDS and single:
        return round(value * 1_000_000) // 1000 / 1000
    return value


def _held(value: Value, column: Column) -> str | float | date | None:
    return held(value, column.kind, single=not column.summed and column.quotient is None)


def _formula(column: Column, columns: Sequence[Column]) -> str:
    """A quotient as a formula with `{row}` in it; empty where the column is none."""
    quotient: Quotient | None = column.quotient
    if quotient is None:
        return ""
    above, below = _sum(quotient.numerator, columns), _sum(quotient.denominator, columns)
    days = f"/{_DAY_SECONDS}" if column.kind is Kind.DURATION else ""
    return f'=IF({below}=0,"",{above}/{below}{days})'


def _sum(keys: Sequence[str], columns: Sequence[Column]) -> str:
    terms = ""
    for key in keys:
        name = key.removeprefix("-")
        place = next(place for place, column in enumerate(columns) if column.key == name)
        sign = "-" if key.startswith("-") else "+" if terms else ""
        seconds = f"*{_DAY_SECONDS}" if columns[place].kind is Kind.DURATION else ""
        terms += f"{sign}{xl_col_to_name(place)}{{row}}{seconds}"
    return f"({terms})" if len(keys) > 1 or "*" in terms else terms


def _numbers(table: Table, places: Sequence[int]) -> list[float]:
    """Every figure of some columns."""
    cells = (row[place] for row in table.rows for place in places)
    return [cell for cell in cells if isinstance(cell, int | float)]


def _adds_up(table: Table, place: int, total: Value) -> bool:
    """Whether a total is the sum of its rows: of gaps that overlap it is less, and no formula says so."""
    figures = _numbers(table, (place,))
    return bool(figures) and isinstance(total, int | float) and abs(sum(figures) - total) < _ROUNDING


def _broken(table: Table, place: int) -> bool:
    """Whether a text of a column has several lines."""
    return any(isinstance(value, str) and "\n" in value for value in (row[place] for row in table.rows))


def _column_width(table: Table, place: int) -> int:
    """In digits: all of the figures, and of the heading in two lines."""
    column = table.columns[place]
    values = [row[place] for row in table.rows]
    if table.total is not None:
        values.append(table.total[place])
    shown = max((width(value) for value in values if isinstance(value, str)), default=0)
    numbers = [abs(value) for value in values if isinstance(value, int | float)]
    if column.kind in _FIXED:
        shown = max(shown, _FIXED[column.kind])
    if numbers and column.kind in (Kind.COUNT, Kind.NUMBER, Kind.SECONDS):
        shown = max(shown, len(f"{max(numbers):,.{_DECIMALS.get(column.kind, 0)}f}"))
    words = max(width(word) for word in column.heading.split(" "))
    heading = max(words, -(-width(column.heading) // 2)) + _FILTER
    return min(max(shown + 3, heading + 1, _NARROWEST if len(table.columns) <= 20 else 6), _WIDEST)

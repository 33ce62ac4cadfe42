"""A report as a workbook: an overview that leads on, a sheet for each table, and an annex of the formulas.

Texts are texts: none is ever taken for a formula, a number or an address, whatever it begins with. The workbook says
neither who made it nor on which machine.
"""

from __future__ import annotations

import io
import re
import tempfile
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Final

import xlsxwriter

from monitor.reports.document import Chart, Definitions, Kind, Notice, Paragraph, Table, Tiles
from monitor.reports.sheet_forms import FONTS, ROW_PT, SIZE, Forms, height_pt
from monitor.reports.sheet_tables import MANY_ROWS, Sheet, held
from monitor.texts import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from monitor.reports.document import Block, Document, Tile

_NAME_AT_MOST: Final = 31
_OVERVIEW: Final = "(overview)"
_ANNEX: Final = "(annex)"
_A4: Final = 9
_OVERVIEW_WIDTHS: Final = (34, 18, 84)
_ANNEX_WIDTHS: Final = (30, 60, 70)


def write_xlsx(document: Document, path: Path) -> None:
    """Write the workbook.

    Args:
        document: all rows of its tables are written.
        path: the file.

    Raises:
        OSError: it cannot be written.
    """
    with _workbook(path, document) as workbook:
        names = _names(document)
        forms = Forms(workbook, document.language)
        overview = _sheet(workbook, names[_OVERVIEW], document)
        for table in document.tables():
            workbook.constant_memory = len(table.rows) > MANY_ROWS
            sheet = _sheet(workbook, names[table.key], document)
            charts = [chart for chart in _charts(document) if chart.table == table.key]
            Sheet(workbook, sheet, forms, document.language).write(table, charts, names[_OVERVIEW])
        workbook.constant_memory = False
        _Overview(overview, forms, names).write(document)
        entries = [block for section in document.sections for block in section.blocks if isinstance(block, Definitions)]
        if entries:
            _annex(_sheet(workbook, names[_ANNEX], document), forms, entries, document)


@contextmanager
def _workbook(path: Path, document: Document) -> Iterator[Workbook]:
    """A workbook that is written when the block ends well.

    Its pieces lie among the machine's temporary files, since XlsxWriter leaves them open where one cannot be written;
    the whole, 4 MB for a month of a million calls, is gathered in memory.
    """
    done = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="callmonitor-") as pieces:
        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": pieces,
            "default_format_properties": {"font_name": FONTS[document.language], "font_size": SIZE},
            "default_row_height": round(ROW_PT * 4 / 3),
        }
        workbook = xlsxwriter.Workbook(done, options)
        workbook.set_properties(
            {
                "title": document.title,
                "subject": document.subtitle,
                "comments": document.footer,
                "created": document.made_at.astimezone(UTC).replace(tzinfo=None),
            }
        )
        try:
            yield workbook
            workbook.close()
        except OSError as error:
            # Without the name it would be taken for one of the report's folder.
            raise OSError(error.errno, error.strerror, pieces) from error
    path.write_bytes(done.getbuffer())


def _sheet(workbook: Workbook, name: str, document: Document) -> Worksheet:
    """An empty sheet that prints across, as wide as a page."""
    sheet = workbook.add_worksheet(name)
    sheet.set_paper(_A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    footer = document.footer.replace("&", "&&")
    sheet.set_footer(f"&L{footer[:200]}&R&P / &N")
    return sheet


def _charts(document: Document) -> Iterator[Chart]:
    for section in document.sections:
        yield from (block for block in section.blocks if isinstance(block, Chart))


def _names(document: Document) -> dict[str, str]:
    """The sheets' names by table key; the overview's and the annex's under keys that no table has."""
    _ = catalogue(document.language).gettext
    found: dict[str, str] = {}
    wanted = [(_OVERVIEW, _("Overview")), *((table.key, table.title) for table in document.tables())]
    for key, title in (*wanted, (_ANNEX, _("Formulas"))):
        name = base = _legal(title)
        number = 1
        while name.casefold() in {other.casefold() for other in found.values()}:
            number += 1
            name = f"{base[: _NAME_AT_MOST - 4].rstrip()} ({number})"
        found[key] = name
    return found


def _legal(title: str) -> str:
    r"""A title as a sheet may be called.

    **Source:** Excel, "Rename a worksheet": 31 characters, none of `[]:*?/\`, no apostrophe at an end, not "History".
    """
    name = re.sub(r"[\[\]:*?/\\]", " ", title).replace("'", "\u2019")
    name = re.sub(r"\s+", " ", name).strip()[:_NAME_AT_MOST].strip()
    return f"{name}_" if name.casefold() in ("", "history") else name


class _Overview:
    """The first sheet: the cover, what must not be overlooked, single figures, and the way to each table.

    Args:
        sheet: empty.
        forms: the workbook's.
        names: the sheets' names by table.
    """

    def __init__(self, sheet: Worksheet, forms: Forms, names: dict[str, str]) -> None:
        self._sheet = sheet
        self._forms = forms
        self._names = names
        self._row = 0

    def write(self, document: Document) -> None:
        """Write all of it."""
        sheet, forms = self._sheet, self._forms
        for place, wide in enumerate(_OVERVIEW_WIDTHS):
            sheet.set_column(place, place, wide)
        sheet.hide_gridlines(2)
        sheet.set_row(0, 28)
        sheet.write_string(0, 0, document.title, forms.title)
        sheet.write_string(1, 0, document.subtitle, forms.subtitle)
        self._row = 3
        for label, text in document.cover:
            sheet.write_string(self._row, 0, label, forms.label)
            self._merged(text, forms.text, first=1)
        for section in document.sections:
            for block in section.blocks:
                if isinstance(block, Notice):
                    self._row += 1
                    self._merged(block.text, forms.notice)
        for section in document.sections:
            self._row += 1
            sheet.set_row(self._row, 21)
            for place in range(len(_OVERVIEW_WIDTHS)):
                sheet.write_blank(self._row, place, None, forms.section)
            sheet.write_string(self._row, 0, section.title, forms.section)
            self._row += 1
            for block in section.blocks:
                self._block(block)
            if any(isinstance(block, Definitions) for block in section.blocks):
                self._lead(self._names[_ANNEX], self._names[_ANNEX])

    def _block(self, block: Block) -> None:
        match block:
            case Paragraph():
                self._merged(block.text, self._forms.text)
            case Tiles():
                for tile in block.tiles:
                    self._tile(tile)
            case Table():
                self._lead(self._names[block.key], block.title)
            case _:
                pass  # notices stand above all, charts beside their tables, formulas in the annex

    def _tile(self, tile: Tile) -> None:
        sheet, row = self._sheet, self._row
        detail = "\n".join(tile.detail)
        sheet.set_row(row, max(21.0, height_pt(detail, _OVERVIEW_WIDTHS[2])))
        sheet.write_string(row, 0, tile.label, self._forms.strong)
        form = self._forms.tile(tile.kind, tile.state)
        value = held(tile.value, tile.kind)
        if value is None:
            sheet.write_string(row, 1, "-", form)
        elif isinstance(value, str):
            sheet.write_string(row, 1, value, form)
        elif isinstance(value, int | float):
            sheet.write_number(row, 1, value, form)
        else:
            sheet.write_datetime(row, 1, value, form)
        sheet.write_string(row, 2, detail, self._forms.detail)
        self._row += 1

    def _lead(self, name: str, title: str) -> None:
        self._sheet.write_url(self._row, 0, f"internal:'{name}'!A1", self._forms.link, string=f"→ {title}")
        self._row += 1

    def _merged(self, text: str, form: object, first: int = 0) -> None:
        last = len(_OVERVIEW_WIDTHS) - 1
        self._sheet.set_row(self._row, height_pt(text, sum(_OVERVIEW_WIDTHS[first:])))
        self._sheet.merge_range(self._row, first, self._row, last, "", form)
        self._sheet.write_string(self._row, first, text, form)
        self._row += 1


def _annex(sheet: Worksheet, forms: Forms, lists: list[Definitions], document: Document) -> None:
    """Every term with its formula and what it says."""
    _ = catalogue(document.language).gettext
    for place, wide in enumerate(_ANNEX_WIDTHS):
        sheet.set_column(place, place, wide)
    sheet.hide_gridlines(2)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    for place, heading in enumerate((_("Term"), _("Formula"), _("Meaning"))):
        sheet.write_string(0, place, heading, forms.heading(Kind.TEXT))
    row = 1
    cell = forms.cell(Kind.TEXT, wrap=True)
    for entry in (entry for definitions in lists for entry in definitions.entries):
        texts = (entry.term, entry.formula, entry.text)
        sheet.set_row(row, max(height_pt(text, wide) for text, wide in zip(texts, _ANNEX_WIDTHS, strict=True)))
        for place, text in enumerate(texts):
            sheet.write_string(row, place, text, cell)
        row += 1

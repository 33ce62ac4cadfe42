"""Workbooks computed anew by LibreOffice: its totals and quotients are the document's, whatever the file had said."""

from __future__ import annotations

import re
import subprocess
import zipfile
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from monitor.reports.document import Column, Document, Kind
from monitor.reports.record import record_of
from monitor.reports.sheet_tables import HEADINGS
from monitor.reports.sheets import write_xlsx
from monitor.reports.telling import document_of
from tests.programs import required

from . import paper
from .sample import HOUSE, SAMPLES, order_for

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.texts import Language

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("libreoffice")]

_ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode"><value>0</value></prop>
</item>
</oor:items>
"""
"""Compute every formula when a file is opened, in place of believing what it came to."""


def told(name: str, language: Language) -> Document:
    figures = SAMPLES[name]()
    return document_of(figures, order_for(figures), HOUSE, language)


@cache
def documents() -> dict[str, Document]:
    half = SAMPLES["half"]()
    return {
        "paper": paper.paper(),
        "ordinary": told("ordinary", "ko"),
        "one_call": told("one_call", "en"),
        "record": record_of(half, order_for(half, publishable=True), HOUSE, "ko"),
    }


def computed(column: Column) -> bool:
    return column.summed or column.quotient is not None


def spoil(file: Path) -> int:
    """Put a result beside each formula of a workbook that it does not come to; how many there are."""
    with zipfile.ZipFile(file) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    spoilt = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, part in parts.items():
            changed, count = re.subn(rb"</f><v>[-\d.e]*</v>", b"</f><v>77777</v>", part)
            whole.writestr(name, changed)
            spoilt += count
    return spoilt


Sheets = dict[str, list[tuple[Any, ...]]]
"""The rows of each sheet, by the title that stands in its first cell."""


def _rows(sheet: Any) -> list[tuple[Any, ...]]:
    return list(sheet.iter_rows(values_only=True))


def rows_of(file: Path) -> Sheets:
    # Only to read: what LibreOffice writes of charts, openpyxl does not understand.
    book = openpyxl.load_workbook(file, data_only=True, read_only=True)
    sheets = {rows[0][0]: rows for rows in map(_rows, book.worksheets[1:-1])}
    book.close()
    return sheets


@pytest.fixture(scope="session")
def recomputed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sheets]:
    """Every document, written with wrong figures beside its formulas, and computed anew."""
    soffice = required("soffice")
    home = tmp_path_factory.mktemp("libreoffice")
    settings = home / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(_ALWAYS, encoding="utf-8")
    files = [home / f"{name}.xlsx" for name in documents()]
    for file, document in zip(files, documents().values(), strict=True):
        write_xlsx(document, file)
        assert spoil(file) >= 15
    subprocess.run(
        [
            soffice, "--headless", f"-env:UserInstallation=file://{home / 'profile'}",
            "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", home / "out", *files,
        ],
        check=True, capture_output=True, timeout=200,
    )  # fmt: skip
    return {file.stem: rows_of(home / "out" / file.name) for file in files}


def plain(value: Any, column: Column) -> Any:
    """A cell as the document has it: seconds for days, and None for nothing."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if column.kind is Kind.DURATION and isinstance(value, int | float):
        return value * 86_400
    return None if value == "" else value


@pytest.mark.parametrize("name", sorted(documents()))
def test_what_libreoffice_computes_is_what_the_report_says(name: str, recomputed: dict[str, Sheets]) -> None:
    compared = 0
    for table in documents()[name].tables():
        cells = recomputed[name][table.title]
        rows = [*table.rows, *([table.total] if table.total is not None else [])]
        first = HEADINGS + (1 if table.rows or not table.empty else 2)
        for number, row in enumerate(rows, first):
            for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
                if not computed(column) or isinstance(value, str):
                    continue
                held = plain(cells[number][place], column)
                where = f"{table.key}.{column.key} in row {number}"
                assert held == (None if value is None else pytest.approx(value, abs=1e-6)), where
                compared += 1
    assert compared > 20


def test_the_totals_of_a_month_by_hand(recomputed: dict[str, Sheets]) -> None:
    """3 + 0 + 2000 kept, 1 + 0 + 1 broken, 600.5 + 0 + 90,000 s of talking."""
    total = recomputed["paper"][paper.DAYS.title][7]
    cells = [plain(cell, column) for cell, column in zip(total, paper.DAYS.columns, strict=False)]
    assert cells[:5] == ["합계", None, 2003, 2, pytest.approx(2003 / 2005)]
    assert cells[6:9] == [pytest.approx(90_600.5), pytest.approx(90_600.5 / 2003), pytest.approx(2001 / 2003)]


def test_days_instants_and_texts_come_back(recomputed: dict[str, Sheets]) -> None:
    sheets = recomputed["paper"]
    assert sheets[paper.DAYS.title][4][0].date() == date(2026, 10, 1)
    missed = sheets[paper.MISSED.title]
    assert missed[4][0] == datetime(2026, 10, 1, 23, 59, 59)  # noqa: DTZ001 - sheets know no zones
    assert [missed[number][1] for number in (4, 5, 7)] == [
        '=HYPERLINK("http://x.example")',
        "+82-10-****-5678",
        "-cmd",
    ]

"""Workbooks, opened again by another library: numbers, days, formulas, and texts that stay texts."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from monitor.reports.document import Section
from monitor.reports.sheet_forms import height_pt, width
from monitor.reports.sheets import write_xlsx

from . import paper

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

RINGS, DAYS, TIMES, MISSED, AGENTS, GAPS = (
    # Of a name of 31 characters or more the rest is cut, and two that would then be alike are counted.
    "벨 횟수 1 2 상담원이 받기까지 울린 횟수와 끝내 받지",
    "날짜별 벨울림",
    "요일과 시간대",
    "받지 못한 통화",
    "벨 횟수 1 2 상담원이 받기까지 울린 횟수와 끝 (2)",
    "관측하지 못한 시간",
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sheets") / "paper.xlsx"
    write_xlsx(paper.paper(), path)
    assert list(path.parent.iterdir()) == [path], "pieces were left beside it"
    return path


@pytest.fixture(scope="module")
def book(file: Path) -> Workbook:
    """With formulas."""
    return openpyxl.load_workbook(file)


@pytest.fixture(scope="module")
def shown(file: Path) -> Workbook:
    """As whoever computes nothing sees it."""
    return openpyxl.load_workbook(file, data_only=True)


def row(sheet: Worksheet, number: int) -> list[Any]:
    return [cell.value for cell in sheet[number]]


def test_a_sheet_for_each_table_between_overview_and_formulas(book: Workbook) -> None:
    assert book.sheetnames == ["개요", RINGS, DAYS, TIMES, MISSED, AGENTS, GAPS, "계산식"]
    assert all(len(name) <= 31 for name in book.sheetnames)
    assert book.active is not None
    assert book.active.title == "개요"


def test_figures_are_numbers_and_days(book: Workbook) -> None:
    sheet = book[DAYS]
    assert [sheet["A1"].value, sheet["A2"].value] == [paper.DAYS.title, paper.DAYS.note]
    assert row(sheet, 4) == [column.heading for column in paper.DAYS.columns] + ["목표"]
    first = row(sheet, 5)
    # 8.9996 s is cut to 8.999: rounded it would read 9, where ring 4 begins. 600.5 s are that many of a day's 86,400.
    assert first[:4] == [datetime(2026, 10, 1), "목", 3, 1]  # noqa: DTZ001 - sheets know no zones
    assert first[5:7] == [0.012, timedelta(seconds=600.5)]
    assert first[9:] == [8.999, 4, 0.95]
    assert [cell.number_format for cell in sheet[5]] == [
        "yyyy-mm-dd",
        "General",
        "#,##0",
        "#,##0",
        '[=1]0.0%;[>=0.9995]"99.9%";0.0%',
        '+0.0%"p";-0.0%"p";"±0.0%p"',
        "[h]:mm:ss",
        "#,##0.000",
        '[=1]0.0%;[>=0.9995]"99.9%";0.0%',
        "#,##0.000",
        "#,##0.0",
        '[=1]0.0%;[>=0.9995]"99.9%";0.0%',
    ]


def test_an_instant_is_the_local_time_of_day_cut_to_the_second(book: Workbook) -> None:
    cell = book[MISSED]["A5"]
    assert cell.value == datetime(2026, 10, 1, 23, 59, 59)  # noqa: DTZ001 - sheets know no zones
    assert cell.number_format == "yyyy-mm-dd hh:mm:ss"


def test_quotients_are_formulas_of_their_own_row(book: Workbook) -> None:
    sheet = book[DAYS]
    # Talking stands in days in its cell, and the mean is told in seconds.
    assert [sheet["E5"].value, sheet["H5"].value, sheet["I5"].value] == [
        '=IF((C5+D5)=0,"",C5/(C5+D5))',
        '=IF(C5=0,"",(G5*86400)/C5)',
        '=IF(C5=0,"",(C5-D5)/C5)',
    ]
    # No calls is not 0 %, and a text would be drawn as 0.
    assert [sheet["E6"].value, sheet["H6"].value, sheet["I6"].value] == [None, None, None]


def test_totals_are_formulas_of_the_column(book: Workbook) -> None:
    sheet = book[DAYS]
    assert row(sheet, 8)[:9] == [
        "합계",
        None,
        "=SUM(C5:C7)",
        "=SUM(D5:D7)",
        '=IF((C8+D8)=0,"",C8/(C8+D8))',
        0,
        "=SUM(G5:G7)",
        '=IF(C8=0,"",(G8*86400)/C8)',
        '=IF(C8=0,"",(C8-D8)/C8)',
    ]
    assert [row(book[RINGS], number)[0] for number in (9, 10)] == [5, "합계"]


def test_formulas_carry_what_they_come_to(shown: Workbook) -> None:
    """For mail and phones, which show a workbook without computing it."""
    sheet = shown[DAYS]
    # (3 + 0 + 2000) / (2003 + 2) kept; 600.5 + 0 + 90,000 s of talking; 2003 - 2 of 2003.
    assert row(sheet, 8)[2:9] == [
        2003,
        2,
        pytest.approx(2003 / 2005),
        0,
        timedelta(seconds=90_600.5),
        pytest.approx(90_600.5 / 2003),
        pytest.approx(2001 / 2003),
    ]
    assert sheet["E5"].value == 0.75


def test_texts_are_never_formulas(book: Workbook) -> None:
    sheet = book[MISSED]
    # A carriage return is written so in a workbook.
    texts = ['=HYPERLINK("http://x.example")', "+82-10-****-5678", '\t@SUM(A1), "x"_x000D_\ny', "-cmd"]
    cells = [sheet.cell(number, 2) for number in range(5, 9)]
    assert [cell.value for cell in cells] == texts
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.data_type for cell in book[AGENTS]["A"][3:8]} == {"s"}
    overview = {cell.value: cell.data_type for line in book["개요"] for cell in line if cell.value is not None}
    for text in ("=대표번호 1588-6565", "+ 벨이 3번 울리기 전에 받습니다.", "=three-rings/1"):
        assert overview[text] == "s"
    assert {cell.data_type for line in book["계산식"] for cell in line} == {"s"}


def test_only_addresses_of_the_web_can_be_followed(book: Workbook) -> None:
    cells = [book[MISSED].cell(number, 4) for number in range(5, 9)]
    assert [cell.value for cell in cells] == [
        '=HYPERLINK("https://calls.example.org/calls/pbx1/1")',
        '=HYPERLINK("https://calls.example.org/calls/a?b=1&c")',
        "javascript:alert(1)",
        None,
    ]
    assert cells[2].data_type == "s"


def test_the_head_stays_and_rows_can_be_filtered(book: Workbook) -> None:
    assert [book[name].freeze_panes for name in (RINGS, DAYS, MISSED)] == ["A5", "B5", "A5"]
    # The total is no row among others: a filter leaves it where it is.
    assert [book[name].auto_filter.ref for name in (RINGS, DAYS, MISSED)] == ["A4:C9", "A4:K7", "A4:D8"]


def test_pages_are_printed_across_with_their_headings(book: Workbook) -> None:
    sheet = book[DAYS]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    # One page wide, which is what fitting means where nothing else is said, and as many high as it takes.
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.oddFooter.left.text == paper.paper().footer.replace("&", "&&")


def test_columns_are_as_wide_as_what_they_hold(book: Workbook) -> None:
    widths = book[MISSED].column_dimensions
    # An address of 39 letters; a text whose longest line has 30.
    assert 39 < widths["D"].width < 45
    assert 30 < widths["B"].width < 36
    assert [width("가나다 abc"), width("가\n나다라")] == [10, 6]
    # 40 syllables take 80 digits, with what is lost at the ends 88: two lines of 50.
    assert height_pt("가" * 40, 50) == height_pt("가" * 40 + "\n가", 50) - height_pt("가", 50) == 33


def test_shares_are_shaded_and_nearly_none_is_not_none(book: Workbook) -> None:
    """A half-hour map is shaded from white at 0; 0.03 % would read 0.0 %, which is none."""
    (heat,) = book[TIMES].conditional_formatting
    assert str(heat.sqref) == " ".join(f"{letter}5:{letter}9" for letter in "BCDEFGHIJ")
    assert heat.rules[0].type == "colorScale"
    (nearly,) = book[AGENTS].conditional_formatting
    assert str(nearly.sqref) == "C5:C9"
    assert nearly.rules[0].dxf.numFmt.formatCode == '"0.1%"'


def test_charts_are_native_and_say_what_they_show(file: Path) -> None:
    with zipfile.ZipFile(file) as parts:
        charts = [parts.read(name).decode() for name in sorted(parts.namelist()) if name.startswith("xl/charts/")]
        drawings = "".join(parts.read(name).decode() for name in parts.namelist() if "drawings/drawing" in name)
    # The heat map is its own table.
    assert len(charts) == 3
    stacked, line, lying = charts
    assert '<c:grouping val="stacked"/>' in stacked
    # Rings 4 and 5 stand behind the limit, in two series; points count from 0.
    assert re.findall(r'<c:dPt><c:idx val="(\d)"/>', stacked) == ["3", "4", "3", "4"]
    assert "<c:dateAx>" in line
    assert line.count("<c:ser>") == 2
    assert '<c:barDir val="bar"/>' in lying
    assert all(chart.alt in drawings for chart in paper.CHARTS if chart.key != "heat")


def test_what_must_not_be_overlooked_stands_first(book: Workbook) -> None:
    cells = [cell.value for cell in book["개요"]["A"] if cell.value is not None]
    assert cells[:7] == [
        "벨울림 월간 보고서 2026년 10월",
        "=대표번호 1588-6565",
        "회선",
        "기준",
        "관측률",
        "관측하지 못한 시간이 있어 모든 통화를 담지 못했습니다.",
        "요약",
    ]
    values = {
        line[0].value: (line[1].value, line[1].number_format) for line in book["개요"] if line[1].value is not None
    }
    assert values["준수율 (3번 이내)"] == (pytest.approx(2003 / 2005), '[=1]0.0%;[>=0.9995]"99.9%";0.0%')
    assert values["평균 응대 속도"] == (6.213, '#,##0.000"초"')
    assert values["가장 나쁜 날"][0] == datetime(2026, 10, 1)  # noqa: DTZ001 - sheets know no zones
    assert values["작년 같은 달"][0] == "-"


def test_the_overview_leads_to_every_sheet(book: Workbook) -> None:
    targets = [cell.hyperlink.location for cell in book["개요"]["A"] if cell.hyperlink is not None]
    assert targets == [f"'{name}'!A1" for name in (RINGS, DAYS, TIMES, MISSED, AGENTS, GAPS, "계산식")]
    assert book[DAYS]["A3"].hyperlink.location == "'개요'!A1"


def test_an_empty_table_says_so(book: Workbook) -> None:
    sheet = book[GAPS]
    assert row(sheet, 4) == ["시작", "길이"]
    assert [sheet["A5"].value, sheet["A6"].value, sheet["B6"].value] == [
        "관측하지 못한 시간이 없습니다.",
        "합계",
        timedelta(0),
    ]
    assert sheet.auto_filter.ref is None


def test_the_file_names_the_report_and_nobody(book: Workbook) -> None:
    told = book.properties
    assert (told.title, told.subject) == ("벨울림 월간 보고서 2026년 10월", "=대표번호 1588-6565")
    assert (told.creator, told.lastModifiedBy) == (None, None)
    # 07:00 in Seoul is 22:00 of the day before.
    assert told.created == datetime(2026, 11, 1, 22, 0, tzinfo=UTC).replace(tzinfo=None)


def test_english_is_a_switch_away(tmp_path: Path) -> None:
    write_xlsx(paper.paper("en"), tmp_path / "paper.xlsx")
    book = openpyxl.load_workbook(tmp_path / "paper.xlsx")
    assert (book.sheetnames[0], book.sheetnames[-1]) == ("Overview", "Formulas")
    assert row(book["Formulas"], 1) == ["Term", "Formula", "Meaning"]
    assert book[DAYS]["F5"].number_format == '+0.0%" points";-0.0%" points";"±0.0% points"'


def test_a_long_table_is_whole(tmp_path: Path) -> None:
    """So long that it is written to the disk row by row."""
    rows = tuple(
        (
            datetime(2026, 10, 1, tzinfo=paper.SEOUL) + timedelta(seconds=number),
            f"010-****-{number:04}",
            number / 8,
            None,
        )
        for number in range(3000)
    )
    long = replace(paper.MISSED, rows=rows)
    document = replace(
        paper.paper(), sections=(Section(key="lost", title="받지 못한 통화", blocks=(long, paper.AGENTS)),)
    )
    write_xlsx(document, tmp_path / "long.xlsx")
    book = openpyxl.load_workbook(tmp_path / "long.xlsx")
    assert book.sheetnames == ["개요", MISSED, "벨 횟수 1 2 상담원이 받기까지 울린 횟수와 끝내 받지"]
    cells = [line[1:3] for line in book[MISSED].iter_rows(min_row=5, values_only=True)]
    assert cells == [(f"010-****-{number:04}", number / 8) for number in range(3000)]
    assert {cell.data_type for cell in book[MISSED]["B"]} == {"s", "n"}


def test_a_disk_that_takes_no_more_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "paper.xlsx").mkdir()
    with pytest.raises(IsADirectoryError):
        write_xlsx(paper.paper(), tmp_path / "paper.xlsx")


def test_a_total_that_is_no_sum_is_no_formula(tmp_path: Path) -> None:
    """Of gaps that overlap the total is less than their sum: 50 s of 40 + 30."""
    at = paper.MISSED.rows[0][0]
    gaps = replace(paper.GAPS, rows=((at, 40.0), (at, 30.0)), total=("합계", 50.0))
    write_xlsx(replace(paper.paper(), sections=(Section(key="a", title="가", blocks=(gaps,)),)), tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")[GAPS]
    assert [sheet.cell(number, 2).value for number in (5, 6, 7)] == [timedelta(seconds=part) for part in (40, 30, 50)]

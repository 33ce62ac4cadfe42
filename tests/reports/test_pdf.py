"""The PDF: what a reader finds, hears and prints, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.errors import ReportError
from monitor.reports import pdf_columns, style
from monitor.reports.document import Column, Form, Kind, Paragraph, Section, Table
from monitor.reports.faces import font_folder
from monitor.reports.pdf import pdf_of
from monitor.reports.printed import Cell, PrintedColumn, PrintedTable

from .paper import CHARTS, paper
from .poppler import ask, info_of, pages_of, tags_of, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.reports.document import Document

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("pdf")]

LONG = Table(
    key="long",
    title="긴 표",
    note="표에 딸린 말입니다.",
    columns=(
        Column(key="at", heading="걸려 온 때", kind=Kind.INSTANT),
        Column(key="outcome", heading="결과", kind=Kind.TEXT),
        Column(key="rings", heading="벨 횟수", kind=Kind.COUNT, summed=True),
    ),
    rows=tuple(
        (datetime(2026, 10, 1, 9, tzinfo=UTC) + timedelta(minutes=place), "벨 울리는 중 끊음", place)
        for place in range(300)
    ),
    total=("합계", None, 44_850),
    first=200,
)


@pytest.fixture(scope="module")
def korean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document of `paper.py` as a file."""
    path = tmp_path_factory.mktemp("pdf") / "paper.pdf"
    path.write_bytes(pdf_of(paper()))
    return path


def with_sections(*sections: Section) -> Document:
    return replace(paper(), sections=sections)


def made(document: Document, folder: Path) -> Path:
    path = folder / "made.pdf"
    path.write_bytes(pdf_of(document))
    return path


def test_korean_is_found_by_a_search_also_in_charts_and_headings(korean: Path) -> None:
    text = text_of(korean)
    for sentence in (
        "벨울림 월간 보고서 2026년 10월",
        "=10월에는 전화벨이 3번 울리기 전에 거의 모든 통화를 받았습니다.",
        "준수율은 3번 울리기 전에 받은 통화를 판정한 통화로 나눈 값입니다.",
        "관측하지 못한 시간이 없습니다.",
    ):
        assert sentence in text
    # Inside the drawings alone: the line's target, and what lies past the promise.
    assert "목표 95.0%" in text
    assert "약속을 넘김" in text


def test_every_printed_cell_is_there_as_it_is_written(korean: Path) -> None:
    page = next(page for page in pages_of(korean) if "날짜별 벨울림" in page)
    # The third day: 2000 of 2001 is 99.95 %, never all; 8.9996 s is cut to 8.9.
    (row,) = [line.split() for line in page.splitlines() if line.strip().startswith("2026-10-03")]
    assert row == ["2026-10-03", "토", "2,000", "1", "99.9%", "-2.0", "25:00:00", "45.0", "99.9%", "12.0", "2,001.0"]
    (total,) = [line.split() for line in page.splitlines() if line.strip().startswith("합계")]
    assert total == ["합계", "2,003", "2", "99.9%", "±0.0", "25:10:00", "45.2", "99.9%"]


def test_only_our_faces_are_used_and_all_are_in_the_file(korean: Path) -> None:
    lines = [line.split() for line in ask("pdffonts", korean).splitlines()[2:]]
    assert {line[0].partition("+")[2] for line in lines} == {"NanumGothic", "NanumGothicBold"}
    # Embedded, a subset, with the map from glyphs to characters.
    assert {tuple(line[-5:-2]) for line in lines} == {("yes", "yes", "yes")}


def test_the_file_says_what_it_is_and_can_be_read_aloud(korean: Path) -> None:
    info = info_of(korean)
    assert info["Title"] == "벨울림 월간 보고서 2026년 10월"
    assert info["Tagged"] == "yes"
    assert "A4" in info["Page size"]
    assert info["CreationDate"].startswith("Sun Nov  1 22:00:00 2026")
    raw = korean.read_bytes()
    assert b"/Lang (ko)" in raw or b"/Lang(ko)" in raw
    assert b"pdfuaid:part" in raw
    assert b"pdfaid:part" in raw

    tags = tags_of(korean)
    assert tags["H1"] == len(paper().sections)
    # Charts with their words for those who do not see them, and tables with rows, their heads told as such.
    # The map of half-hours is its shaded table.
    assert tags["Figure"] == len([chart for chart in CHARTS if chart.form is not Form.HEAT])
    filled = [table for table in paper().tables() if table.rows]
    assert tags["Table"] == len(filled)
    assert tags["TH"] == sum(len(table.columns) for table in filled)


def test_english_is_told_as_english(tmp_path: Path) -> None:
    path = made(paper("en"), tmp_path)
    assert b"/Lang (en)" in path.read_bytes() or b"/Lang(en)" in path.read_bytes()
    assert "Contents" in text_of(path)
    assert "past the promise" in text_of(path)


def test_the_same_document_is_the_same_bytes(korean: Path) -> None:
    assert pdf_of(paper()) == korean.read_bytes()


def test_a_long_table_repeats_its_head_and_says_what_is_left_out(tmp_path: Path) -> None:
    path = made(with_sections(Section(key="long", title="긴 장", blocks=(LONG,))), tmp_path)
    pages = pages_of(path)[1:]
    rows = [len(re.findall(r"(?m)^ *2026-10-01 ", page)) for page in pages]

    assert sum(rows) == 200
    assert min(rows) >= 4
    assert all("걸려 온 때" in page for page in pages)
    # What stands at the head is read before somebody looks for the missing rows at its foot.
    assert "앞의 200줄만 적었으며, 전체 300줄은" in pages[0]
    assert "44,850" in pages[-1]
    last = len(pages)
    assert [bool(re.search(rf"\b{number} ?/ ?{last}\b", page)) for number, page in enumerate(pages, start=1)] == [
        True
    ] * last


@pytest.mark.parametrize("lines", range(24, 34, 3))
def test_no_heading_and_no_single_row_is_left_at_the_foot_of_a_page(lines: int, tmp_path: Path) -> None:
    """Whatever stands before them, they move to the next page together with what they head."""
    text = tuple(Paragraph(text="앞에 오는 글입니다.") for _ in range(lines))
    path = made(
        with_sections(
            Section(key="before", title="앞", blocks=text), Section(key="long", title="뒤따르는 장", blocks=(LONG,))
        ),
        tmp_path,
    )
    (page,) = [page for page in pages_of(path)[1:] if "뒤따르는 장" in page]
    assert len(re.findall(r"(?m)^ *2026-10-01 ", page)) >= 4


def test_strangers_texts_are_texts(tmp_path: Path) -> None:
    name = '#panic("x") *굵게* _기울임_ <b> $x$ \\ @here // nothing'
    table = Table(
        key="t",
        title="#let x = 1",
        columns=(Column(key="a", heading="*머리*", kind=Kind.TEXT),),
        rows=((name,), ("😀 각\u202e",)),
    )
    text = text_of(made(with_sections(Section(key="s", title="= 제목 <x>", blocks=(table,))), tmp_path))

    for told in (name, "#let x = 1", "*머리*", "= 제목 <x>", "□", "각"):
        assert told in text


def test_korean_is_broken_between_its_words(tmp_path: Path) -> None:
    sentence = (
        "세종대왕이 새로 개발한 훈민정음의 초고를 작성하던 중에 문서 작성이 중단되어 담당자에게 크게 분노하였습니다. "
    )
    path = made(with_sections(Section(key="s", title="장", blocks=(Paragraph(text=sentence * 8),))), tmp_path)
    lines = [line.split() for line in pages_of(path)[1].splitlines() if line.strip()]

    words = {word for line in lines[1:-1] for word in line}
    assert len(lines) > 6
    assert words <= set(sentence.split())


def printed_table(*columns: str, rows: tuple[tuple[str, ...], ...] = ()) -> PrintedTable:
    return PrintedTable(
        key="t",
        title="",
        note="",
        columns=tuple(PrintedColumn(heading=heading, figures=place > 0) for place, heading in enumerate(columns)),
        rows=tuple(tuple(Cell(text=text) for text in row) for row in rows),
        total=None,
        empty="",
    )


def test_a_table_gets_the_largest_type_it_fits_in_and_turns_its_page_last() -> None:
    few = pdf_columns.layout(printed_table("이름", "건수", rows=(("상담", "12"),)))
    assert (few.size_pt, few.across) == (pdf_columns.SIZES_PT[0], False)
    assert sum(few.widths_pt) < style.TEXT_WIDTH_PT / 2

    many = pdf_columns.layout(printed_table(*["건수"] * 20, rows=(("1,234,567",) * 20,)))
    # "1,234,567" in bold is 5.06 em wide at least 32 pt in the smallest type, with 8 pt beside it: 20 of them need
    # more than the 493 pt of an upright page.
    assert many.across
    assert sum(many.widths_pt) <= style.TEXT_WIDTH_ACROSS_PT + 1e-6

    long_name = "PJSIP/" + "a" * 300
    wide = pdf_columns.layout(printed_table("이름", "건수", rows=((long_name, "12"),)))
    assert not wide.across
    assert sum(wide.widths_pt) <= style.TEXT_WIDTH_PT + 1e-6


def test_a_heading_goes_along_with_a_table_that_stands_across(tmp_path: Path) -> None:
    wide = Table(
        key="wide",
        title="넓은 표",
        columns=tuple(Column(key=f"c{place}", heading="건수", kind=Kind.COUNT) for place in range(20)),
        rows=((1_234_567,) * 20,),
    )
    path = made(with_sections(Section(key="s", title="넓은 장", blocks=(wide, Paragraph(text="뒤의 글")))), tmp_path)
    _, page, behind = pages_of(path)
    assert "넓은 장" in page
    assert page.count("1,234,567") == 20
    assert "뒤의 글" in behind


def test_missing_fonts_and_template_are_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        ReportError, match=r"The font NanumGothic\.ttf is missing .*: install koreanize-matplotlib anew"
    ):
        pdf_of(paper(), fonts=tmp_path)
    with pytest.raises(ReportError, match=r"The template report\.typ of reports is missing: install callmonitor anew"):
        pdf_of(paper(), templates=tmp_path)
    (tmp_path / "report.typ").write_text("#panic()", encoding="utf-8")
    with pytest.raises(ReportError, match=r"^The PDF cannot be set: .*panicked.*Make the report in another form"):
        pdf_of(paper(), fonts=font_folder(), templates=tmp_path)

"""The HTML file: whole by itself, safe with strangers' texts, readable on a phone, on paper and to a screen reader."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import axe_playwright_python
import pytest
from jinja2 import DictLoader

from monitor.errors import ReportError
from monitor.reports.document import Column, Kind, Paragraph, Section, Table
from monitor.reports.html import html_of
from tests.page.conftest import browser, look

from .paper import CHARTS, paper

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

__all__ = ["browser", "look"]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
PHONE = {"width": 390, "height": 844}


pytestmark = pytest.mark.xdist_group("html")
"""One browser is started for all."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document of `paper.py` as a file."""
    path = tmp_path_factory.mktemp("html") / "paper.html"
    path.write_bytes(html_of(paper()))
    return path


def test_nothing_is_fetched_from_anywhere_and_nothing_runs(file: Path) -> None:
    html = file.read_text(encoding="utf-8")

    assert re.findall(r"<(script|link|img|iframe|object|embed|base|form)\b", html) == []
    assert re.findall(r"(?i)@import|url\((?!#)|\ssrc=|\son\w+=|javascript:", html) == []
    # What leads elsewhere is a link of the table's, by the page's own address, and what names SVG itself.
    elsewhere = set(re.findall(r"https?://[^\"'< ]+", html))
    assert elsewhere == {
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/2000/svg",
        "http://x.example&#34;)",
        "https://calls.example.org/calls/pbx1/1",
        "https://calls.example.org/calls/a?b=1&amp;c",
    }


def test_an_address_that_is_none_is_no_link() -> None:
    table = Table(
        key="t",
        title="표",
        columns=(Column(key="page", heading="통화", kind=Kind.LINK),),
        rows=(("javascript:alert(1)",), ("https://calls.example.org/a",), (None,)),
    )
    html = html_of(replace(paper(), sections=(Section(key="s", title="장", blocks=(table,)),))).decode()
    assert re.findall(r"<a href=\"([^#\"]+)\"", html) == ["https://calls.example.org/a"]


def test_strangers_texts_are_texts() -> None:
    name = "<script>alert('x')</script>&amp;{{ 7 * 7 }}{% raw %}"
    section = Section(key="s", title=name, blocks=(Paragraph(text=name),))
    html = html_of(replace(paper(), title=name, sections=(section,))).decode()

    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;{{ 7 * 7 }}{% raw %}") == 5


def test_a_heading_is_not_broken_inside_its_brackets() -> None:
    table = Table(
        key="t",
        title="표",
        columns=(Column(key="before", heading="평균 준수율(3번 전)", kind=Kind.SHARE),),
        rows=((0.5,),),
    )
    told = html_of(replace(paper(), sections=(Section(key="s", title="장", blocks=(table,)),))).decode()
    assert ">평균 준수율(3번\N{NO-BREAK SPACE}전)</th>" in told


def test_the_same_document_is_the_same_bytes(file: Path) -> None:
    assert html_of(paper()) == file.read_bytes()


def test_a_missing_template_is_said_with_what_to_do() -> None:
    with pytest.raises(ReportError, match=r"The template report\.html of reports is missing: install callmonitor anew"):
        html_of(paper(), loader=DictLoader({}))


@pytest.mark.stage
def test_a_screen_reader_finds_its_way(file: Path, look: Callable[..., Page]) -> None:
    page = look(file.as_uri())
    page.evaluate(AXE + "; undefined")
    found = page.evaluate("axe.run()")

    assert [(finding["id"], finding["nodes"][0]["html"][:200]) for finding in found["violations"]] == []
    assert len(found["passes"]) > 20
    assert page.evaluate("document.documentElement.lang") == "ko"
    assert page.get_by_role("heading", level=1).inner_text() == "벨울림 월간 보고서 2026년 10월"
    assert page.get_by_role("heading", level=2).all_inner_texts()[1:] == [one.title for one in paper().sections]
    named = [image.get_attribute("aria-label") for image in page.get_by_role("img").all()]
    # The map of half-hours is its shaded table, which can be read aloud as it is.
    assert named == [CHARTS[place].alt for place in (1, 0, 3)]
    table = page.get_by_role("table").nth(1)
    assert table.locator("caption strong").inner_text() == "날짜별 벨울림"
    assert table.get_by_role("columnheader").all_inner_texts()[:5] == ["날짜", "요일", "준수", "미준수", "준수율"]
    assert table.get_by_role("rowheader").all_inner_texts() == ["2026-10-01", "2026-10-02", "2026-10-03", "합계"]


@pytest.mark.stage
def test_a_phone_shows_all_without_scrolling_the_page_sideways(file: Path, look: Callable[..., Page]) -> None:
    page = look(file.as_uri(), viewport=PHONE, is_mobile=True, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.stage
def test_on_paper_every_table_fits_and_nothing_is_cut(file: Path, look: Callable[..., Page]) -> None:
    # The width between the margins of A4, at 96 points an inch: (210 - 2 * 15) mm / 25.4 * 96 = 680.3.
    page = look(file.as_uri(), viewport={"width": 680, "height": 1000})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    assert page.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"

"""Charts: what is drawn of which value, that words stay words, and that nothing else is touched by drawing."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from monitor.reports import style
from monitor.reports.charts import png_of, svg_of
from monitor.reports.document import Chart, Column, Form, Kind, Table
from monitor.reports.faces import shown, width_pt
from monitor.reports.plotter import mpl
from monitor.texts import TEXTS

from .paper import CHARTS, paper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.reports.document import Value

PAGE_STYLE = Path(__file__).parents[2] / "monitor" / "page" / "static" / "page.css"
SVG = "{http://www.w3.org/2000/svg}"


def chart_of(
    form: Form, rows: Sequence[tuple[Value, ...]], kind: Kind = Kind.COUNT, *, of: Kind = Kind.TEXT, **more: object
) -> tuple[Chart, Table]:
    """A chart of a table whose first column names its rows."""
    values = tuple(f"v{place}" for place in range(1, len(rows[0]) if rows else 2))
    columns = (
        Column(key="name", heading="이름", kind=of),
        *(Column(key=key, heading=f"계열 {key[1:]}", kind=kind) for key in values),
    )
    table = Table(key="table", title="표", columns=columns, rows=tuple(rows), empty="전화가 없었습니다.")
    given = {"key": "chart", "title": "그림", "alt": "설명", "table": "table", "category": "name"} | more
    return Chart(form=form, values=values, **given), table  # type: ignore[arg-type] # a test's short hand


def read(svg: str) -> ET.Element:
    """The drawing as elements."""
    return ET.fromstring(svg)  # noqa: S314 - our own drawing, made a moment ago


def texts(svg: str) -> list[str]:
    """Every text in the drawing."""
    return ["".join(element.itertext()).strip() for element in read(svg).iter(f"{SVG}text")]


def paths(svg: str, colour: str) -> list[str]:
    """What is drawn with lines of a colour."""
    return [
        element.get("d", "")
        for element in read(svg).iter(f"{SVG}path")
        if f"stroke: {colour}" in element.get("style", "")
    ]


def test_report_and_page_share_their_colours() -> None:
    light = PAGE_STYLE.read_text(encoding="utf-8").split("}", 1)[0]
    on_page = dict(re.findall(r"--([\w-]+): (#\w{6});", light))
    assert {name: on_page[name] for name in style.TOKENS} == style.TOKENS


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.form)
def test_words_in_a_drawing_stay_words(chart: Chart) -> None:
    table = paper().table(chart.table)
    found = texts(svg_of(chart, table, "ko"))

    names = {Form.STACKED: "받음", Form.ROWS: "김상담", Form.HEAT: "월", Form.LINE: "목표 95.0%"}
    assert names[chart.form] in found


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.form)
def test_the_same_chart_is_the_same_text_and_picture_and_refers_to_nothing_outside(chart: Chart) -> None:
    table = paper().table(chart.table)
    first, picture = svg_of(chart, table, "ko"), png_of(chart, table, "ko")
    svg_of.cache_clear()

    assert svg_of(chart, table, "ko") == first
    assert png_of(chart, table, "ko") == picture
    assert re.findall(r"(?:href=\"|url\()(?!#)", first) == []
    # Several drawings may stand in one file: whatever is named begins with the chart's key.
    assert all(name.startswith(f"{chart.key}-") for name in re.findall(r" id=\"([^\"]+)\"", first))
    assert picture.startswith(b"\x89PNG")


def test_bars_past_the_promise_are_hatched_in_the_alarms_colour_and_named() -> None:
    rows = (("1번", 5), ("2번", 4), ("3번", 3), ("4번", 2), ("5번", 1))
    plain, table = chart_of(Form.BARS, rows)
    marked, _ = chart_of(Form.BARS, rows, mark_from="4번")

    # The line before ring 4, the bars of rings 4 and 5, and the hatching's pattern.
    assert len(paths(svg_of(plain, table, "ko"), style.BAD_MARK)) == 0
    drawn = svg_of(marked, table, "ko")
    assert len(paths(drawn, style.BAD_MARK)) == 4
    assert "url(#chart-" in drawn
    assert "약속을 넘김" in texts(drawn)
    assert "past the promise" in texts(svg_of(marked, table, "en"))


def test_a_missing_value_breaks_the_line_and_is_no_zero() -> None:
    shares = (0.9, 0.95, None, 0.8, None, 0.85, 0.9)
    rows = [(date(2026, 10, 1) + timedelta(days=place), share) for place, share in enumerate(shares)]
    chart, table = chart_of(Form.LINE, rows, Kind.SHARE, of=Kind.DAY)

    lines = [path for path in paths(svg_of(chart, table, "ko"), style.GOOD) if "L" in path and "C" not in path]
    # 1st to 2nd, 6th to 7th; the 4th stands alone and is a mark.
    assert len([path for path in lines if path.count("M") == 1]) == 2


def test_a_field_without_a_figure_differs_from_one_of_zero() -> None:
    chart, table = chart_of(Form.HEAT, [("월", 0, 4), ("화", None, 2)])
    drawn = svg_of(chart, table, "ko")

    assert f"fill: {style.PAPER}" in drawn
    assert "url(#chart-" in drawn
    assert "값 없음" in texts(drawn)
    chart, table = chart_of(Form.HEAT, [("월", 0, 4), ("화", 1, 2)])
    whole = svg_of(chart, table, "ko")
    assert "url(#chart-h" not in whole
    assert "값 없음" not in texts(whole)


def test_high_shares_are_shaded_by_what_they_fall_short_by() -> None:
    shading = style.shading([1.0, 0.5, 0.75], share=True, bad=False)
    assert shading.colour(1.0) == style.PAPER
    # 0.5 is the lowest and darkest: 62 % of #d0421b on white, so 255 - 0.62 * 47, 189 and 228.
    assert shading.colour(0.5) == "#e28a72"
    assert style.shading([0.99], share=True, bad=False).colour(0.99) > "#f9"
    counts = style.shading([0, 10], share=False, bad=False)
    assert [counts.colour(0), counts.colour(10)] == [style.PAPER, style.mixed(style.ACCENT, 0.62)]


@pytest.mark.parametrize("form", [Form.BARS, Form.LINE])
@pytest.mark.parametrize("days", [2, 31, 62, 366])
def test_no_label_below_a_chart_runs_into_the_next(form: Form, days: int) -> None:
    rows = [(date(2026, 1, 1) + timedelta(days=place), place % 7) for place in range(days)]
    chart, table = chart_of(form, rows, of=Kind.DAY)
    drawn = read(svg_of(chart, table, "ko"))

    placed = []
    for element in drawn.iter(f"{SVG}text"):
        told = "".join(element.itertext()).strip()
        found = re.search(r"translate\(([\d.]+) ", element.get("transform", "")) or re.search(
            r"([\d.]+)", element.get("x", "")
        )
        if re.fullmatch(r"(\d{4}-)?\d\d-\d\d", told) and found:
            placed.append((float(found[1]), width_pt(told, 7.0)))
    assert placed
    assert all(second[0] - first[0] >= (first[1] + second[1]) / 2 for first, second in pairwise(sorted(placed)))


@pytest.mark.parametrize("form", list(Form))
def test_a_chart_of_nothing_says_so(form: Form) -> None:
    chart, table = chart_of(form, [])
    assert texts(svg_of(chart, table, "ko")) == ["전화가 없었습니다."]
    chart, table = chart_of(form, [("월", None)], Kind.SHARE)
    assert texts(svg_of(chart, table, "ko")) == ["전화가 없었습니다."]


def test_many_rows_stay_on_a_page_and_the_rest_is_counted() -> None:
    chart, table = chart_of(Form.ROWS, [(f"상담원 {place}", place) for place in range(100)])
    drawn = svg_of(chart, table, "ko")

    # 36 rows are drawn of 100.
    assert [f"상담원 {place}" in texts(drawn) for place in (0, 35, 36)] == [True, True, False]
    assert TEXTS["ko"].more.format(count=64) in texts(drawn)
    assert float(re.findall(r"height=\"([\d.]+)pt\"", drawn)[0]) < style.PAGE_HEIGHT_PT - 150


def test_strangers_texts_are_texts() -> None:
    name = '<script>alert(1)</script>&"$x^2$'
    chart, table = chart_of(Form.ROWS, [(name, 1), ("😀\u202egnirts", 2), ("각", 3)])
    found = texts(svg_of(chart, table, "ko"))

    assert {name, "□gnirts", "각"} <= set(found)


def test_what_the_faces_lack_is_a_blank_and_nothing_turns_the_writing() -> None:
    assert shown("가\t나\u200b다\u202e라😀\u2212") == "가 나다라□-"


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    before = dict(mpl.rcParams)
    for chart in CHARTS:
        svg_of.__wrapped__(chart, paper().table(chart.table), "en")
    assert dict(mpl.rcParams) == before


def test_a_service_without_a_home_draws_without_a_word_and_leaves_nothing(tmp_path: Path) -> None:
    """A hardened service sees no home folder; matplotlib would warn, look through all fonts and write a cache."""
    told = (
        "from tests.reports.paper import CHARTS, paper\n"
        "from monitor.reports.charts import svg_of\n"
        "from monitor.reports.plotter import font_manager\n"
        "svg_of(CHARTS[0], paper().table(CHARTS[0].table), 'ko')\n"
        "known = {entry.fname for entry in font_manager.fontManager.ttflist}\n"
        "print([name for name in known if 'matplotlib' not in name])"
    )
    environment = {"HOME": "/nonexistent", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", told], env=environment, check=True, capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []

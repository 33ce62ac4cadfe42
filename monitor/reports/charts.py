"""Charts of a report as vector graphics: a table's columns drawn by matplotlib in the page's own style.

Words stay words in the drawing, so that they can be searched in the PDF and read aloud. No colour stands alone: what
lies past the promise is hatched too, and a second series differs by its pattern.
"""

from __future__ import annotations

import io
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from monitor.reports import chart_bars, chart_heat, chart_line, style
from monitor.reports.chart_ground import View, drawing_style
from monitor.reports.document import Form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.reports.document import Chart, Table
    from monitor.reports.plotter import Figure
    from monitor.texts import Language

_PICTURE_DPI: Final = 150

_KEPT: Final = 64
"""Drawings: of a report that is made as PDF and as HTML, each is drawn once."""

_DRAWN: Final[Mapping[Form, Callable[[View], Figure]]] = {
    Form.BARS: chart_bars.upright,
    Form.STACKED: chart_bars.stacked,
    Form.ROWS: chart_bars.lying,
    Form.LINE: chart_line.line,
    Form.HEAT: chart_heat.heat,
}


@lru_cache(maxsize=_KEPT)
def svg_of(chart: Chart, table: Table, language: Language) -> str:
    """The drawing as an SVG element of its own, with the alternative text as its title; nothing refers outside of it.

    Names inside it begin with the chart's key, so that several may stand in one HTML file. The same input gives the
    same text.

    Args:
        chart: what is drawn.
        table: the one it is a view of.
        language: of what is written into it.
    """
    out = io.StringIO()
    with drawing_style(salt=chart.key):
        figure = _figure(chart, table, language)
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _alone(out.getvalue(), chart.key)


def png_of(chart: Chart, table: Table, language: Language) -> bytes:
    """The same drawing as a picture, for mail; the same input gives the same bytes."""
    out = io.BytesIO()
    with drawing_style(salt=chart.key):
        figure = _figure(chart, table, language)
        figure.set_facecolor(style.PAPER)
        figure.savefig(out, format="png", dpi=_PICTURE_DPI, metadata={"Software": None})
    return out.getvalue()


def _figure(chart: Chart, table: Table, language: Language) -> Figure:
    return _DRAWN[chart.form](View(chart, table, language))


def _alone(svg: str, key: str) -> str:
    """The element without the declarations before it and the names nothing refers to; the others are made its own."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"\s*<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r"<!--.*?-->\n?", "", element, flags=re.DOTALL)
    referred = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", element))
    element = re.sub(
        r" id=\"([^\"]+)\"", lambda found: f' id="{key}-{found[1]}"' if found[1] in referred else "", element
    )
    return re.sub(r"(url\(#|href=\"#)", rf"\g<1>{key}-", element)

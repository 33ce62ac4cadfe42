"""A document as a PDF, set by typst: tagged, with its own fonts, the same bytes for the same document.

Texts reach typst as data and never as markup, so that a name from the network is a name. The file keeps to PDF/UA-1
(accessible) and PDF/A-2a (archived): typst refuses to make one that does not.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import typst

from monitor.errors import ReportError
from monitor.reports import style
from monitor.reports.charts import svg_of
from monitor.reports.faces import BOLD_WEIGHT, FAMILY, complete, font_folder, shown
from monitor.reports.pdf_columns import PADDING_PT, broken_freely, layout
from monitor.reports.printed import PrintedChart, PrintedTable, printed
from monitor.texts import catalogue

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from monitor.reports.document import Document
    from monitor.reports.printed import Printed

TEMPLATES: Final = files("monitor.reports") / "templates"
STANDARDS: Final = ["ua-1", "a-2a"]
_TEMPLATE: Final = "report.typ"
_MAIN: Final = "main.typ"
"""Under this name typst looks for what it begins with."""
_TOGETHER: Final = 12
"""Tables of so many rows at most are kept on one page."""


def pdf_of(document: Document, *, fonts: Path | None = None, templates: Traversable = TEMPLATES) -> bytes:
    """The document as a PDF file.

    Args:
        document: what it says.
        fonts: the folder of the font files; None for those that come with the package.
        templates: the folder of the template.

    Raises:
        ReportError: fonts or template are missing, or typst refuses the document.
    """
    folder = font_folder() if fonts is None else complete(fonts)
    try:
        template = (templates / _TEMPLATE).read_bytes()
    except OSError as error:
        raise ReportError(f"The template {_TEMPLATE} of reports is missing: install callmonitor anew.") from error
    sources: dict[str, bytes] = {_MAIN: template}
    blocks = _Blocks(document, sources)
    told = {
        "title": shown(document.title),
        "subtitle": shown(document.subtitle),
        "language": document.language,
        "cover": [[shown(label), shown(text)] for label, text in document.cover],
        "sections": [
            {"title": section.title, "blocks": [blocks.told(block) for block in section.blocks]}
            for section in printed(document, shown)
        ],
        "footer": shown(document.footer),
        "words": {"contents": shown(catalogue(document.language).gettext("Contents"))},
        "style": {
            "colours": style.TOKENS,
            "margin": style.MARGIN_PT,
            "family": FAMILY,
            "bold": BOLD_WEIGHT,
            "padding": PADDING_PT,
        },
    }
    sources["report.json"] = json.dumps(told, ensure_ascii=False).encode()
    return _compiled(sources, folder, document)


def _compiled(sources: dict[str, bytes], folder: Path, document: Document) -> bytes:
    """What typst makes of its sources, which are all it sees."""
    faces = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])
    try:
        made = typst.compile(  # type: ignore[call-overload] # its types do not know of several sources by name yet
            sources,
            format="pdf",
            font_paths=faces,
            ignore_system_fonts=True,
            pdf_standards=STANDARDS,
            timestamp=document.made_at.astimezone(UTC).replace(microsecond=0),
        )
    except typst.TypstError as error:
        raise ReportError(f"The PDF cannot be set: {error}. Make the report in another form, and tell us.") from error
    return bytes(made)


class _Blocks:
    """What a section is made of, as the template takes it; charts are drawn into the sources.

    Args:
        document: for its language.
        sources: where drawings go, by file name.
    """

    def __init__(self, document: Document, sources: dict[str, bytes]) -> None:
        self._document = document
        self._sources = sources

    def told(self, block: Printed) -> dict[str, Any]:
        """One block."""
        match block:
            case PrintedChart():
                return self._chart(block)
            case PrintedTable():
                return self._table(block)
            case _:
                return asdict(block)

    def _chart(self, block: PrintedChart) -> dict[str, Any]:
        name = f"{block.chart.key}.svg"
        self._sources[name] = svg_of(block.chart, block.table, self._document.language).encode()
        return {"type": "chart", "title": block.title, "alt": block.alt, "file": name}

    def _table(self, table: PrintedTable) -> dict[str, Any]:
        measures = layout(table)
        rooms = [width - 2 * PADDING_PT for width in measures.widths_pt]

        def cell(text: str, place: int, *, bold: bool = False, heading: bool = False) -> dict[str, Any]:
            free = broken_freely(text, rooms[place], measures.size_pt, bold=bold, heading=heading)
            return {"text": text, "free": free}

        def row(cells: tuple[Any, ...], *, bold: bool = False) -> list[dict[str, Any]]:
            return [
                cell(one.text, place, bold=bold) | {"shade": one.shade, "link": one.link}
                for place, one in enumerate(cells)
            ]

        return {
            "type": "table",
            "title": table.title,
            "note": table.note,
            "headings": [
                cell(column.heading, place, bold=True, heading=True) for place, column in enumerate(table.columns)
            ],
            "figures": [column.figures for column in table.columns],
            "rows": [row(cells) for cells in table.rows],
            "total": None if table.total is None else row(table.total, bold=True),
            "empty": table.empty,
            "widths": measures.widths_pt,
            "size": measures.size_pt,
            "across": measures.across,
            "together": len(table.rows) <= _TOGETHER,
        }

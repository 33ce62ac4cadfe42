"""A document as print and HTML show it: every value written, every field shaded, what is not printed left out.

PDF and HTML draw this, so that they say the same to the letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from monitor.reports import style
from monitor.reports.document import Chart, Definitions, Form, Kind, Notice, Paragraph, Table, Tiles
from monitor.reports.written import written
from monitor.texts import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.reports.document import Block, Document, Tile, Value
    from monitor.texts import Language

_PARTS = 12
_LEADS = ("http://", "https://")
_LEFT_ALIGNED = (Kind.TEXT, Kind.LINK, Kind.DAY, Kind.INSTANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedText:
    """Running text, or a notice."""

    type: Literal["paragraph", "notice"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedTile:
    """One figure in large type."""

    label: str
    value: str
    detail: tuple[str, ...]
    state: str
    span: int
    """How many of twelve parts of the width it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedTiles:
    """Figures side by side."""

    tiles: tuple[PrintedTile, ...]
    type: Literal["tiles"] = "tiles"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedColumn:
    """The head of a column."""

    heading: str
    figures: bool
    """Set right, so that units stand below units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell."""

    text: str
    shade: str = ""
    """Colour of its ground, as `#rrggbb`."""
    link: str = ""
    """Where the text leads; empty for nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedTable:
    """A table."""

    key: str
    title: str
    note: str
    columns: tuple[PrintedColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None
    empty: str
    """Said in place of the rows; empty where there are some."""
    type: Literal["table"] = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedChart:
    """A chart, still to be drawn."""

    title: str
    alt: str
    chart: Chart
    table: Table
    type: Literal["chart"] = "chart"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDefinitions:
    """The annex's list: term, text and formula."""

    entries: tuple[tuple[str, str, str], ...]
    type: Literal["definitions"] = "definitions"


Printed = PrintedText | PrintedTiles | PrintedTable | PrintedChart | PrintedDefinitions


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedSection:
    """A heading and what stands below it."""

    key: str
    title: str
    blocks: tuple[Printed, ...]


def printed(document: Document, show: Callable[[str], str] = str) -> tuple[PrintedSection, ...]:
    """The sections of a document, written.

    Args:
        document: what it says.
        show: what is done to every text, where not all can be shown.
    """
    writer = _Writer(document, show)
    return tuple(
        PrintedSection(
            key=section.key,
            title=show(section.title),
            blocks=tuple(writer.block(block) for block in section.blocks if not _shaded_anyway(block, document)),
        )
        for section in document.sections
    )


def _shaded_anyway(block: Block, document: Document) -> bool:
    """A map whose table is shaded stands twice on one page: the table says more, and can be read aloud."""
    return isinstance(block, Chart) and block.form is Form.HEAT and bool(document.table(block.table).shaded)


class _Writer:
    """Writes the blocks of a document.

    Args:
        document: for its language and tables.
        show: what is done to every text.
    """

    def __init__(self, document: Document, show: Callable[[str], str]) -> None:
        self._document = document
        self._show = show
        self._language: Language = document.language
        self._words = catalogue(document.language)

    def block(self, block: Block) -> Printed:
        """One block."""
        show = self._show
        match block:
            case Paragraph():
                return PrintedText(type="paragraph", text=show(block.text))
            case Notice():
                return PrintedText(type="notice", text=show(block.text))
            case Tiles():
                spans = _spans(len(block.tiles))
                return PrintedTiles(tiles=tuple(map(self._tile, block.tiles, spans)))
            case Table():
                return self._table(block)
            case Chart():
                table = self._document.table(block.table)
                return PrintedChart(title=show(block.title), alt=show(block.alt), chart=block, table=table)
            case Definitions():
                entries = tuple((show(entry.term), show(entry.text), show(entry.formula)) for entry in block.entries)
                return PrintedDefinitions(entries=entries)

    def _tile(self, tile: Tile, span: int) -> PrintedTile:
        return PrintedTile(
            label=self._show(tile.label),
            value=self._show(written(tile.value, tile.kind, self._language)),
            detail=tuple(self._show(line) for line in tile.detail),
            state=tile.state,
            span=span,
        )

    def _table(self, table: Table) -> PrintedTable:
        show = self._show
        places = [place for place, column in enumerate(table.columns) if column.printed]
        rows = table.rows if table.first is None else table.rows[: table.first]
        left = len(table.rows) - len(rows)
        note = table.note
        if left:
            cut = self._words.gettext("The first {first} are printed here; XLSX, CSV and JSON files hold all {count}.")
            note = f"{note} {cut.format(first=f'{len(rows):,}', count=f'{len(table.rows):,}')}".lstrip()
        shadings = _shadings(table)
        return PrintedTable(
            key=table.key,
            title=show(table.title),
            note=show(note),
            columns=tuple(
                PrintedColumn(
                    heading=show(table.columns[place].heading),
                    figures=place > 0 and table.columns[place].kind not in _LEFT_ALIGNED,
                )
                for place in places
            ),
            rows=tuple(tuple(self._cell(row[place], place, table, shadings) for place in places) for row in rows),
            total=None
            if table.total is None or not rows
            else tuple(
                Cell(text="") if table.total[place] is None else self._cell(table.total[place], place, table, {})
                for place in places
            ),
            empty="" if rows else show(table.empty or self._words.gettext("no figures")),
        )

    def _cell(self, value: Value, place: int, table: Table, shadings: Mapping[Kind, style.Shading]) -> Cell:
        column = table.columns[place]
        if column.kind is Kind.LINK:
            return Cell(
                text=self._show(self._words.pgettext("link", "open")) if value else "",
                link=str(value) if str(value).startswith(_LEADS) else "",
            )
        text = self._show(written(value, column.kind, self._language, unit=False))
        if column.key in table.shaded and column.kind in shadings and isinstance(value, int | float):
            colour = shadings[column.kind].colour(value)
            return Cell(text=text, shade="" if colour == style.PAPER else colour)
        return Cell(text=text)


def _shadings(table: Table) -> Mapping[Kind, style.Shading]:
    """Of the shaded columns of a kind together, so that they can be compared."""
    found: dict[Kind, list[float]] = {}
    for place, column in enumerate(table.columns):
        if column.key in table.shaded:
            values = [value for row in table.rows if isinstance(value := row[place], int | float)]
            found.setdefault(column.kind, []).extend(values)
    return {
        kind: style.shading(values, share=kind is Kind.SHARE, bad=table.darkest_is_worst)
        for kind, values in found.items()
    }


def _spans(many: int) -> list[int]:
    """How many of twelve parts each tile takes: the first the most, and every line filled."""
    if many <= 1:
        return [_PARTS] * many
    across = 3 if (many + 1) % 4 and not (many + 1) % 3 else 4
    first_line = min(many, across - 1)
    rest = many - first_line
    lines = -(-rest // across)
    spans = [_PARTS // (first_line + 1)] * first_line
    spans[0] = _PARTS - sum(spans[1:])
    for line in range(lines):
        on_it = rest // lines + (line < rest % lines)
        spans += [_PARTS // on_it] * on_it
    return spans

"""What a report says, without how it looks: sections of sentences, tiles, tables and charts, in one language.

Every form of a report (PDF, HTML, XLSX, CSV, mail) draws this and nothing else, so that no two of them can disagree.
Values stay numbers, dates and instants to the end; a renderer writes them by their column's kind. A chart holds no
numbers of its own: it is a view of a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.reports.periods import Period
    from monitor.texts import Language

Value = str | int | float | date | datetime | None
"""What a cell or tile holds. None is no figure (no calls is not 0 %). Instants are aware and local to the centre."""


class Kind(StrEnum):
    """What a value is, and so how it is written."""

    TEXT = "text"
    COUNT = "count"
    """A whole number."""
    NUMBER = "number"
    """A number with one decimal, such as calls a day."""
    SHARE = "share"
    """From 0 to 1, written as `monitor.forms.percent` does: 100.0 % is all and 0.0 % is none, never nearly so."""
    POINTS = "points"
    """A difference of two shares, written in percentage points with its sign, as `monitor.forms.points` does."""
    SECONDS = "seconds"
    """Seconds with one decimal, cut and not rounded."""
    DURATION = "duration"
    """Seconds, written as h:mm:ss."""
    DAY = "day"
    INSTANT = "instant"
    """Local day and time of day."""
    LINK = "link"
    """Where the page shows more, as an address: a sheet holds it whole, print shows a short word that leads there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotient:
    """How a column follows from others of its row, and its total from their totals: sum of ones / sum of others."""

    numerator: tuple[str, ...]
    """Keys of columns that are added up; a key with a leading "-" is taken away."""
    denominator: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    key: str
    """Stable and in English, for programs: lower case and underscores."""
    heading: str
    kind: Kind
    summed: bool = False
    """Its total is the sum of its rows."""
    quotient: Quotient | None = None
    """Where given, each cell and the total follow from other columns; sheets hold it as a formula."""
    printed: bool = True
    """PDF and HTML show it. Where False it stands in sheets, CSV and JSON alone: what quotients are made of, keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of figures."""

    key: str
    """Stable and in English; names the sheet and the CSV file. Once in a document."""
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    total: tuple[Value, ...] | None = None
    """The last line, first cell "Total"; None where adding up makes no sense."""
    note: str = ""
    """What must be known to read it, in a sentence or two below it; empty for none."""
    empty: str = ""
    """What is said in place of the rows where there are none."""
    first: int | None = None
    """How many rows PDF and HTML show; sheets, CSV and JSON hold all. None for all."""
    shaded: tuple[str, ...] = ()
    """Keys of SHARE or COUNT columns whose cells are shaded by their value (a heat map)."""
    darkest_is_worst: bool = False
    """Which way to shade: high values are bad ones."""


class Form(StrEnum):
    """How a chart is drawn."""

    BARS = "bars"
    """Upright bars beside each other, a group for each row of the table."""
    STACKED = "stacked"
    """Upright bars upon each other."""
    ROWS = "rows"
    """Lying bars, for long names."""
    LINE = "line"
    """A line over days or months; a missing value is a break in it."""
    HEAT = "heat"
    """Rows by columns of shaded fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A table seen as a drawing."""

    key: str
    title: str
    alt: str
    """What somebody who does not see it is told, in one or two sentences with the figures that matter."""
    form: Form
    table: str
    """Key of the table in the same document."""
    category: str
    """Key of the column that names the bars, points or rows."""
    values: tuple[str, ...]
    """Keys of the columns that are drawn, all of one kind."""
    mark_from: Value = None
    """The first category that lies past the promise: it and those behind it are drawn in the alarm's colour."""
    target: float | None = None
    """A line across, in the unit of the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One figure in large type."""

    key: str
    label: str
    value: Value
    kind: Kind
    detail: tuple[str, ...] = ()
    """Lines in small type below it: what it is made of, its change."""
    state: str = "plain"
    """`good`, `bad` or `plain`: never by colour alone, the detail says it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """Figures side by side; the first is the headline and may be drawn larger."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that must not be overlooked, framed: incomplete observation, a recount under another rule."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A formula or term with what it says, for the annex."""

    term: str
    text: str
    formula: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """The annex's list."""

    entries: tuple[Definition, ...]


Block = Paragraph | Notice | Tiles | Table | Chart | Definitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands below it."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report in one language."""

    title: str
    """As on the cover and in the file's properties: "벨울림 월간 보고서 2026년 10월"."""
    subtitle: str
    """The line, and the queue where only one is reported."""
    language: Language
    cover: tuple[tuple[str, str], ...]
    """Label and text, in order: line, period, rule in words, coverage, judged on, who may see it, made at and by."""
    sections: tuple[Section, ...]
    footer: str
    """On every page: title, period and rule in a few words."""
    period: Period
    """For programs and for a file's properties; people read it on the cover."""
    made_at: datetime
    """Aware, local to the centre."""

    def tables(self) -> tuple[Table, ...]:
        """Every table, in order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Table))

    def table(self, key: str) -> Table:
        """The table of this key.

        Raises:
            KeyError: there is none.
        """
        for table in self.tables():
            if table.key == key:
                return table
        raise KeyError(key)

"""A report as JSON, for programs: `docs/report.schema.json` says what stands in it.

Keys are English and stable, texts are in the report's language. Shares run from 0 to 1, durations are seconds,
instants are RFC 3339 with the centre's offset. Numbers have every digit they have: where one call in a million broke
the promise, its share is not 1.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from monitor import __version__
from monitor.reports.document import Chart, Definitions, Notice, Paragraph, Table, Tile, Tiles

if TYPE_CHECKING:
    from monitor.reports.document import Block, Column, Document, Value

FORMAT = "callmonitor-report/1"
"""What the document calls its form. The number rises where something is taken away or changes its meaning."""


def json_of(document: Document) -> bytes:
    """The whole report as one JSON object, UTF-8, ended by a line feed."""
    period = document.period
    told = {
        "format": FORMAT,
        "callmonitor": __version__,
        "language": document.language,
        "title": document.title,
        "subtitle": document.subtitle,
        "footer": document.footer,
        "made_at": _plain(document.made_at),
        "period": {
            "name": period.name,
            "span": period.span.value,
            "first": period.first.isoformat(),
            "last": period.last.isoformat(),
            "zone": str(period.zone),
        },
        "cover": [{"label": label, "text": text} for label, text in document.cover],
        "sections": [
            {"key": section.key, "title": section.title, "blocks": [_block(block) for block in section.blocks]}
            for section in document.sections
        ],
        "tables": {table.key: _table(table) for table in document.tables()},
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Paragraph():
            return {"type": "paragraph", "text": block.text}
        case Notice():
            return {"type": "notice", "text": block.text}
        case Tiles():
            return {"type": "tiles", "tiles": [_tile(tile) for tile in block.tiles]}
        case Table():
            return {"type": "table", "table": block.key}
        case Chart():
            return _chart(block)
        case Definitions():
            entries = [
                {"term": entry.term, "text": entry.text, "formula": entry.formula or None} for entry in block.entries
            ]
            return {"type": "definitions", "entries": entries}


def _tile(tile: Tile) -> dict[str, Any]:
    return {
        "key": tile.key,
        "label": tile.label,
        "kind": tile.kind.value,
        "value": _plain(tile.value),
        "detail": list(tile.detail),
        "state": tile.state,
    }


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "type": "chart",
        "key": chart.key,
        "title": chart.title,
        "alt": chart.alt,
        "form": chart.form.value,
        "table": chart.table,
        "category": chart.category,
        "values": list(chart.values),
        "mark_from": _plain(chart.mark_from),
        "target": chart.target,
    }


def _table(table: Table) -> dict[str, Any]:
    keys = [column.key for column in table.columns]
    return {
        "title": table.title,
        "note": table.note or None,
        "columns": [_column(column) for column in table.columns],
        "rows": [dict(zip(keys, map(_plain, row), strict=True)) for row in table.rows],
        "total": None if table.total is None else dict(zip(keys, map(_plain, table.total), strict=True)),
    }


def _column(column: Column) -> dict[str, Any]:
    quotient = column.quotient and {
        "numerator": list(column.quotient.numerator),
        "denominator": list(column.quotient.denominator),
    }
    return {
        "key": column.key,
        "heading": column.heading,
        "kind": column.kind.value,
        "summed": column.summed,
        "quotient": quotient,
    }


def _plain(value: Value) -> str | int | float | None:
    """A value as JSON has it; instants before days, since each is a day too."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return value

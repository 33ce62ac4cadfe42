"""A report's tables as CSV: a file each, in UTF-8 with a byte order mark, lines ended by CRLF.

Programs read it too: numbers are plain, shares run from 0 to 1, durations are seconds, instants carry their offset. The
first line holds the headings as people read them; the keys stand in the JSON form.

**Source:** RFC 4180; ISO 8601 for instants.
"""

from __future__ import annotations

import csv
from datetime import date, datetime
from typing import TYPE_CHECKING

from monitor.csv_text import BOM, as_text

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.reports.document import Document, Table, Value


def write_csv(document: Document, folder: Path, stem: str) -> list[Path]:
    """Write every table.

    Args:
        document: whose tables they are.
        folder: is there.
        stem: the beginning of each name; the table's key and `.csv` follow.

    Returns:
        The files, in the tables' order.

    Raises:
        OSError: one cannot be written.
    """
    return [_write(table, folder / f"{stem}.{table.key}.csv") for table in document.tables()]


def _write(table: Table, path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(BOM)
        lines = csv.writer(file, lineterminator="\r\n")
        lines.writerow([as_text(column.heading) for column in table.columns])
        lines.writerows([cell(value) for value in row] for row in table.rows)
        if table.total is not None:
            lines.writerow([cell(value) for value in table.total])
    return path


def cell(value: Value) -> str:
    """A value as CSV holds it, with every digit it has; empty for None."""
    if value is None:
        return ""
    if isinstance(value, str):
        return as_text(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)

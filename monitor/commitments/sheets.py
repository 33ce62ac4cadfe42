"""Reads a sheet row by row: CSV in the encodings that Excel writes in Korea, or XLSX, whatever its name says.

Nothing in a file decides how much memory is taken: what it claims to unfold to is looked at first, and no more is read.
"""

from __future__ import annotations

import codecs
import csv
import warnings
import zipfile
import zlib
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError, fromstring

from monitor.errors import ImportRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.commitments.columns import Cell

MOST_ROWS = 200_000
MOST_BYTES = 128 << 20
"""Of a file as it lies on disk."""
_MOST_HELD = 96 << 20
"""Bytes that a part of a workbook which is held in memory may unfold to: its texts and styles."""
_MOST_STREAMED = 512 << 20
"""Of a sheet, which is read as a stream."""
_MOST_PARTS = 2_000
_MOST_COLUMNS = 64
_LAST_ROW = 1_048_576
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK"
_CHUNK = 1 << 20
_KINDS = "[Content_Types].xml"
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ParseError,
    ValueError,
    KeyError,
    # Raised by zipfile: for a way of packing that it does not know, and for a password.
    NotImplementedError,
    RuntimeError,
)
"""What reading parts of an archive comes upon where it is none, is cut short, or is locked."""
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_ENCODINGS = ("utf-8", "cp949")
"""Tried in this order: text of the second is never text of the first but by chance.

**Source:** Excel in Korean saves "CSV (comma delimited)" in the code page 949.
"""


def rows_of(path: Path) -> Iterator[tuple[int, list[Cell]]]:
    """The rows of a sheet that are not empty, with their number as a spreadsheet shows it.

    Args:
        path: of a CSV or XLSX file; of a workbook its first sheet is read.

    Raises:
        ImportRefused: it is neither, it is broken, or too large; also while its rows are taken.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            beginning = file.read(4)
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read ({error.strerror}): give a file this user may read.") from error
    if size > MOST_BYTES:
        raise ImportRefused(f"{path} is larger than {MOST_BYTES >> 20} MB: give it in several parts.")
    if beginning.startswith(_OLD_EXCEL):
        raise ImportRefused(f"{path} is of an old Excel, or locked by a password: save it as XLSX without one.")
    reader = _workbook if beginning.startswith(_ZIP) else _text
    count = 0
    for number, cells in reader(path):
        if all(cell is None or cell == "" for cell in cells):
            continue
        count += 1
        if count > MOST_ROWS + 1:
            raise ImportRefused(f"{path} has more than {MOST_ROWS:,} rows: give it in several parts.")
        yield number, cells


def _text(path: Path) -> Iterator[tuple[int, list[Cell]]]:
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline(1 << 16)
        delimiter = max(",\t;", key=first.count)
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        number = 0
        try:
            for row in reader:
                number += 1
                yield number, list(row)
        except csv.Error as error:
            raise ImportRefused(
                f"{path} is no CSV file from row {number + 1} on ({error}): save it as CSV or XLSX anew."
            ) from error


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        beginning = file.read(4)
    marked = next((name for mark, name in _MARKS.items() if beginning.startswith(mark)), None)
    for encoding in (marked,) if marked else _ENCODINGS:
        if _is_text(path, encoding):
            return encoding
    raise ImportRefused(
        f"{path} is no CSV file in UTF-8 or in Korean Windows' code page: save it as CSV UTF-8 or XLSX."
    )


def _is_text(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                if "\0" in decoder.decode(chunk):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def _workbook(path: Path) -> Iterator[tuple[int, list[Cell]]]:
    import openpyxl  # noqa: PLC0415 - takes a fifth of a second, and a CSV needs none of it

    _look_at_parts(path)
    try:
        with warnings.catch_warnings():
            # It warns of what a sheet holds beside its cells: pictures, rules of what may be typed.
            warnings.simplefilter("ignore")
            with path.open("rb") as file, closing(openpyxl.load_workbook(file, read_only=True, data_only=True)) as book:
                sheet = book.worksheets[0]
                # How far it goes is a claim of whoever wrote it.
                sheet.reset_dimensions()
                rows = sheet.iter_rows(max_row=_LAST_ROW, max_col=_MOST_COLUMNS, values_only=True)
                for number, row in enumerate(rows, 1):
                    # Of a row that is said to lie far below, a million that are not there come first.
                    if row.count(None) < len(row):
                        yield number, [_cell(value) for value in row]
    except ImportRefused:
        raise
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read ({error.strerror or error}): save it as XLSX anew.") from error
    except Exception as error:
        # The library raises whatever it comes upon, from many modules: a missing part, XML cut short, a bad number.
        raise ImportRefused(f"{path} is a broken XLSX file ({type(error).__name__}): save it as XLSX anew.") from error


def _look_at_parts(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            kinds = next((part for part in parts if part.filename == _KINDS), None)
            streamed = _sheets(archive.read(kinds)) if kinds is not None and kinds.file_size <= _CHUNK else set()
    except (*_BROKEN, OSError) as error:
        raise ImportRefused(f"{path} is a broken XLSX file, or was cut short: save it as XLSX anew.") from error
    # What a part is said to unfold to is all that is ever read of it.
    if len(parts) > _MOST_PARTS or any(
        part.file_size > (_MOST_STREAMED if f"/{part.filename}" in streamed else _MOST_HELD) for part in parts
    ):
        raise ImportRefused(f"{path} would unfold to more than a sheet of cases ever is: give it in several parts.")


def _sheets(kinds: bytes) -> set[str]:
    """The parts of a workbook that are sheets and nothing else."""
    told: dict[str, list[str]] = {}
    for one in fromstring(kinds):  # noqa: S314 - a megabyte at most, and expat bounds what it unfolds to
        told.setdefault(one.get("PartName", ""), []).append(one.get("ContentType", ""))
    return {name for name, types in told.items() if len(types) == 1 and types[0].endswith(".worksheet+xml")}


def _cell(value: Any) -> Cell:
    # Durations and times of day belong in no column; as texts they are told as such.
    return value if value is None or isinstance(value, str | int | float | date) else str(value)

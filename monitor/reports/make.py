"""An order becomes files: counted once, told in each language, written in each form; all of them, or none."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from monitor.reports.order import FileFormat
from monitor.reports.progress import Part, Silent
from monitor.reports.settling import all_or_none

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.ledger.store import Store
    from monitor.reports.document import Document
    from monitor.reports.figures import Figures
    from monitor.reports.order import Basis, House, Order
    from monitor.reports.progress import Progress
    from monitor.texts import Language

_COUNTED = 0.7
"""How much of the whole work is done when all is counted."""
_LONGEST = 60
"""Bytes of a name of the settings within a file's name; file systems take 255 for all of it."""


def make(
    store: Store,
    order: Order,
    basis: Basis,
    house: House,
    folder: Path,
    *,
    now: datetime,
    progress: Progress = Silent(),  # noqa: B008 - it holds nothing
) -> tuple[Path, ...]:
    """Make the files of a report.

    Args:
        store: the ledger.
        order: what is asked for.
        basis: what figures rest on.
        house: what is said of the institution.
        folder: where the files go, in place of such of the same name; made where it is not there.
        now: an aware instant: when it is made, and how far a period that still runs is known.
        progress: is told of the steps.

    Returns:
        The files, by language and form as they were ordered; letters are none of them.

    Raises:
        ReportError: the order makes no sense, or it could not be written (`ReportNotWritten`).
        StoreError: the ledger is away.
    """
    from monitor.reports.counting import figures_of

    with all_or_none(folder) as working:
        figures = figures_of(store, order, basis, now=now, progress=Part(progress, 0.0, _COUNTED))
        written: list[Path] = []
        works = len(order.languages) * (len(order.formats) + order.letters)
        done = 0
        for language in order.languages:
            document = _document(figures, order, house, language)
            files: list[Path] = []
            for form in order.formats:
                step = "drawing" if form is FileFormat.PDF else "writing"
                progress.step(step, _COUNTED + (1 - _COUNTED) * done / works)
                files += _WRITERS[form](document, working, f"{stem(order)}.{language}")
                done += 1
            if order.letters:
                progress.step("drawing", _COUNTED + (1 - _COUNTED) * done / works)
                _letter(document, files, working, house)
                done += 1
            written += files
        names = [path.name for path in written]
    progress.step("writing", 1.0)
    return tuple(folder / name for name in names)


def stem(order: Order) -> str:
    """The beginning of every file name of a report, such as `callmonitor-2026-10-main`."""
    parts = [order.period.name, order.line, order.queue, order.rule, "record" if order.publishable else None]
    return "-".join(["callmonitor", *(_for_a_file(part) for part in parts if part)])


def _for_a_file(name: str) -> str:
    """A name as every file system takes it, that differs where the names differ."""
    safe = re.sub(r"[^\w.-]", "_", name).strip(".")
    cut = safe.encode()[:_LONGEST].decode(errors="ignore")
    return cut if cut == name else f"{cut}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _document(figures: Figures, order: Order, house: House, language: Language) -> Document:
    if order.publishable:
        from monitor.reports.record import record_of

        return record_of(figures, order, house, language)
    from monitor.reports.telling import document_of

    return document_of(figures, order, house, language)


def _pdf(document: Document, folder: Path, name: str) -> list[Path]:
    from monitor.reports.pdf import pdf_of

    return [_written(folder / f"{name}.pdf", pdf_of(document))]


def _html(document: Document, folder: Path, name: str) -> list[Path]:
    from monitor.reports.html import html_of

    return [_written(folder / f"{name}.html", html_of(document))]


def _json(document: Document, folder: Path, name: str) -> list[Path]:
    from monitor.reports.json_out import json_of

    return [_written(folder / f"{name}.json", json_of(document))]


def _xlsx(document: Document, folder: Path, name: str) -> list[Path]:
    from monitor.reports.sheets import write_xlsx

    path = folder / f"{name}.xlsx"
    write_xlsx(document, path)
    return [path]


def _csv(document: Document, folder: Path, name: str) -> list[Path]:
    from monitor.reports.csv_files import write_csv

    return write_csv(document, folder, name)


def _letter(document: Document, files: list[Path], folder: Path, house: House) -> None:
    from monitor.reports.mail import write_letter

    write_letter(document, files, folder, page_url=house.page_url)


_WRITERS: Mapping[FileFormat, Callable[[Document, Path, str], list[Path]]] = {
    FileFormat.PDF: _pdf,
    FileFormat.XLSX: _xlsx,
    FileFormat.HTML: _html,
    FileFormat.CSV: _csv,
    FileFormat.JSON: _json,
}


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path

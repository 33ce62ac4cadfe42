"""The files of kept reports, as a browser gets them: each as a download, the many of CSV as one ZIP."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import FileResponse, StreamingResponse

from monitor.page.reports_words import language_in
from monitor.reports.order import FileFormat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from starlette.responses import Response

    from monitor.reports.kept import KeptFile, KeptReport

TYPES = {
    FileFormat.PDF: "application/pdf",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.HTML: "text/html; charset=utf-8",
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.JSON: "application/json",
}
_CHUNK_BYTES = 1 << 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One thing to download."""

    href: str
    format: FileFormat
    language: str
    """Empty where the report has one language alone, or the file holds several."""
    bytes: int
    files: int = 1
    """How many are in it."""


def format_of(file: KeptFile) -> FileFormat | None:
    """What a file is; None for what is kept beside the report's own, such as its mail."""
    suffix = PurePath(file.name).suffix.removeprefix(".")
    return FileFormat(suffix) if suffix in tuple(FileFormat) else None


def links(report: KeptReport) -> list[tuple[str, list[Link]]]:
    """What there is to download of a report, by language; under an empty one what holds several, or the only one."""
    found = _links(report)
    languages = dict.fromkeys((*(report.languages if len(report.languages) > 1 else ()), ""))
    grouped = ((language, [link for link in found if link.language == language]) for language in languages)
    return [(language, of_language) for language, of_language in grouped if of_language]


def _links(report: KeptReport) -> list[Link]:
    """All, by form."""
    found: list[Link] = []
    sheets = [file for file in report.files if format_of(file) is FileFormat.CSV]
    for form in FileFormat:
        if form is FileFormat.CSV:
            if sheets:
                total = sum(file.bytes for file in sheets)
                href = f"/reports/kept/{quote(report.id)}.zip"
                found.append(Link(href=href, format=form, language="", bytes=total, files=len(sheets)))
            continue
        found += [_link(report, file, form) for file in report.files if format_of(file) is form]
    return found


def _link(report: KeptReport, file: KeptFile, form: FileFormat) -> Link:
    return Link(
        href=f"/reports/kept/{quote(report.id)}/{quote(file.name)}",
        format=form,
        language=language_in(file.name) if len(report.languages) > 1 else "",
        bytes=file.bytes,
    )


def download(path: Path, form: FileFormat) -> Response:
    """A file to be saved: a report is never shown as a page of ours, which would give it the rights of one."""
    return FileResponse(path, media_type=TYPES[form], filename=path.name)


def zipped(report: KeptReport, folder: Path, zone: ZoneInfo) -> Response:
    """All CSV files of a report in one, sent while it is packed."""
    names = [file.name for file in report.files if format_of(file) is FileFormat.CSV]
    name = f"{names[0].partition(f'.{language_in(names[0])}.')[0]}.csv.zip"
    return StreamingResponse(
        _packed(folder, names, report.made_at.astimezone(zone).timetuple()[:6]),
        media_type="application/zip",
        headers={"content-disposition": f"attachment; filename*=utf-8''{quote(name)}"},
    )


def _packed(folder: Path, names: list[str], made: tuple[int, ...]) -> Iterator[bytes]:
    out = _Out()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, (made[0], made[1], made[2], made[3], made[4], made[5]))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with (folder / name).open("rb") as file, archive.open(entry, "w") as packed:
                while chunk := file.read(_CHUNK_BYTES):
                    packed.write(chunk)
                    yield out.taken()
    yield out.taken()


class _Out(io.RawIOBase):
    """Takes what is packed, and gives it on."""

    def __init__(self) -> None:
        self._data = bytearray()

    def writable(self) -> bool:
        """It is written to."""
        return True

    def write(self, data: object, /) -> int:
        """Take some."""
        taken = bytes(data)  # type: ignore[call-overload] # zipfile writes bytes
        self._data += taken
        return len(taken)

    def taken(self) -> bytes:
        """What has come since it was last asked."""
        data = bytes(self._data)
        self._data.clear()
        return data

"""The mail that carries a report: headline figures and charts in it, the files attached.

It is written where the report is drawn, and kept beside the files until it has gone out (`monitor.reports.post`), so
that whoever sends it need draw nothing. Who it goes to, and when, is put before it then.
"""

from __future__ import annotations

import mimetypes
import re
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from monitor.reports import style
from monitor.reports.charts import png_of
from monitor.reports.document import Chart, Notice, Tiles
from monitor.reports.kept import LETTER
from monitor.reports.written import written
from monitor.texts import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from jinja2 import Template

    from monitor.reports.document import Document, Tile
    from monitor.texts import Language

ATTACHED_BYTES = 10_000_000
"""The most that is attached in all, before it is written in base64: what many mail servers take just about."""
_ORDER = (".pdf", ".xlsx", ".html", ".json", ".csv")
"""What is attached first."""
_TYPES = {".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".csv": "text/csv"}


def letter_name(language: Language) -> str:
    """The file beside a report's own that holds its mail in a language: `mail.ko.eml`."""
    return f"mail.{language}{LETTER}"


def write_letter(document: Document, files: Iterable[Path], folder: Path, *, page_url: str = "") -> Path:
    """Write the mail that carries a report into the folder of its files.

    Args:
        document: what it says.
        files: what is attached.
        folder: where it is written, as `letter_name` has it.
        page_url: where people reach the page; empty for nowhere.

    Raises:
        OSError: a file cannot be read, or the mail not be written.
    """
    path = folder / letter_name(document.language)
    path.write_bytes(letter_of(document, files, page_url=page_url).as_bytes())
    return path


def letter_of(document: Document, files: Iterable[Path], *, page_url: str = "") -> EmailMessage:
    """The mail that carries a report, without sender, addressees and date.

    As text and as HTML with the same figures; the charts are pictures inside the HTML. Files are attached as long as
    they fit into 10 MB in all; the others are named, with the page's address.

    Args:
        document: what it says.
        files: what is attached.
        page_url: where people reach the page; empty for nowhere.
    """
    attached, left_out = _fitting(files)
    view = _View(document, [path.name for path in attached], [path.name for path in left_out], page_url)
    message = EmailMessage(policy=SMTP)
    # A header holds one line, whatever stands in a title.
    message["Subject"] = " ".join(document.title.split())
    message.set_content(view.text())
    message.add_alternative(view.html(), subtype="html")
    shown = message.get_body(("html",))
    assert isinstance(shown, EmailMessage)  # noqa: S101 - it was added a line above
    for chart in view.charts:
        picture = png_of(chart, document.table(chart.table), document.language)
        shown.add_related(
            picture, "image", "png", cid=f"<{content_id(chart)}>", disposition="inline", filename=f"{chart.key}.png"
        )
    for path in attached:
        maintype, _, subtype = _media_type(path).partition("/")
        message.add_attachment(path.read_bytes(), maintype=maintype, subtype=subtype, filename=path.name)
    # Last: what begins with "Content-" goes with the text into its part.
    message["Content-Language"] = document.language
    return message


def content_id(chart: Chart) -> str:
    """By which name the HTML calls for a chart's picture."""
    return f"{chart.key}@callmonitor"


def _media_type(path: Path) -> str:
    return _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _fitting(files: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """What is attached, and what is too much."""
    attached: list[Path] = []
    left_out: list[Path] = []
    room = ATTACHED_BYTES
    ranks = {suffix: rank for rank, suffix in enumerate(_ORDER)}
    for path in sorted(files, key=lambda path: (ranks.get(path.suffix, len(_ORDER)), path.name)):
        size = path.stat().st_size
        if size <= room:
            attached.append(path)
            room -= size
        else:
            left_out.append(path)
    return attached, left_out


class _View:
    """What both forms of the mail say."""

    def __init__(self, document: Document, attached: list[str], left_out: list[str], page_url: str) -> None:
        blocks = [block for section in document.sections for block in section.blocks]
        self.document = document
        self.attached = attached
        self.left_out = left_out
        self.page = f"{page_url.rstrip('/')}/reports" if re.match(r"https?://", page_url) else ""
        self.notices = [block.text for block in blocks if isinstance(block, Notice)]
        self.tiles = next((block.tiles for block in blocks if isinstance(block, Tiles)), ())
        self.charts = [block for block in blocks if isinstance(block, Chart)]
        self._words = catalogue(document.language)

    @property
    def rows(self) -> list[tuple[Tile, ...]]:
        """The headline alone in its row, the other tiles two by two."""
        first, others = self.tiles[:1], self.tiles[1:]
        pairs = [others[place : place + 2] for place in range(0, len(others), 2)]
        return [row for row in (first, *pairs) if row]

    def figure(self, tile: Tile) -> str:
        """A tile's value in words."""
        return written(tile.value, tile.kind, self.document.language)

    @property
    def closing(self) -> list[str]:
        """What is said of the files, and of the mail itself."""
        _ = self._words.gettext
        said = []
        if self.attached:
            said.append(_("Attached: {files}.").format(files=", ".join(self.attached)))
        if self.left_out:
            said.append(_("Too large to attach: {files}.").format(files=", ".join(self.left_out)))
        if self.page:
            said.append(_("All files are on the page of reports."))
        elif self.left_out:
            said.append(_("All files are kept where the monitor runs; ask whoever looks after it."))
        said.append(_("Callmonitor sends this by itself, and reads no replies."))
        return said

    def text(self) -> str:
        """The mail for those who read no HTML."""
        lines = [self.document.title, self.document.subtitle, ""]
        lines += [f"! {text}" for text in self.notices] + [""] * bool(self.notices)
        for tile in self.tiles:
            lines += [f"{tile.label}: {self.figure(tile)}", *(f"  {detail}" for detail in tile.detail)]
        lines += [""] * bool(self.tiles)
        for chart in self.charts:
            lines += [chart.title, f"  {chart.alt}", ""]
        lines += [f"{label}: {text}" for label, text in self.document.cover]
        return "\n".join([*lines, "", *self.closing, *([self.page] if self.page else []), ""])

    def html(self) -> str:
        """The mail with its pictures."""
        return _template().render(
            view=self,
            document=self.document,
            content_id=content_id,
            colours={"plain": style.INK, "good": style.GOOD, "bad": style.BAD},
            grounds={"plain": style.GROUND, "good": style.GOOD_GROUND, "bad": style.BAD_GROUND},
            style=style,
        )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("monitor.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return environment.get_template("mail.html")

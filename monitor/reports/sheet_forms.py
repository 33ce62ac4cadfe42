"""How a workbook looks: the formats of its cells by what they hold, in the page's colours."""

from __future__ import annotations

import unicodedata
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from monitor.reports import style
from monitor.reports.document import Kind

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

    from monitor.texts import Language

FONTS: Final[dict[Language, str]] = {"ko": "맑은 고딕", "en": "Calibri"}
SIZE: Final = 10
ROW_PT: Final = 16.5
"""Height of a row of one line."""

_SHARE: Final = '[=1]0.0%;[>=0.9995]"99.9%";0.0%'
"""As `monitor.forms.percent` writes it: 100.0 % is all."""
NEARLY_NONE: Final = (1e-12, 0.0005)
"""Shares that a format of one decimal would show as none of them; `Forms.nearly_none` shows them as 0.1 %."""
_POINTS: Final[dict[Language, str]] = {
    "ko": '+0.0%"p";-0.0%"p";"±0.0%p"',
    "en": '+0.0%" points";-0.0%" points";"±0.0% points"',
}
_NUMBERS: Final[dict[Kind, str]] = {
    Kind.COUNT: "#,##0",
    Kind.NUMBER: "#,##0.0",
    Kind.SHARE: _SHARE,
    # A sheet can round alone. With three decimals 8.96 s stays below 9, where ring 4 begins.
    Kind.SECONDS: "#,##0.000",
    Kind.DURATION: "[h]:mm:ss",
    Kind.DAY: "yyyy-mm-dd",
    Kind.INSTANT: "yyyy-mm-dd hh:mm:ss",
}
_TO_THE_LEFT: Final = (Kind.TEXT, Kind.LINK, Kind.DAY, Kind.INSTANT)
_UNITS: Final[dict[Language, str]] = {"ko": '"초"', "en": '" s"'}


class Forms:
    """The formats of one workbook, each made once.

    Args:
        workbook: whose formats they are.
        language: of units.
    """

    def __init__(self, workbook: Workbook, language: Language) -> None:
        self._workbook = workbook
        self._language = language
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}
        self.title = self.of(bold=True, font_size=16, font_color=style.INK)
        self.subtitle = self.of(font_size=12, font_color=style.MUTED)
        self.section = self.of(bold=True, font_size=12, bottom=2, bottom_color=style.ACCENT, font_color=style.ACCENT)
        self.note = self.of(font_color=style.MUTED, text_wrap=True, valign="top")
        self.text = self.of(text_wrap=True, valign="top")
        self.label = self.of(font_color=style.MUTED, valign="top")
        self.strong = self.of(bold=True, valign="vcenter", text_wrap=True)
        self.detail = self.of(text_wrap=True, valign="vcenter", indent=1)
        self.link = self.of(font_color=style.ACCENT, underline=1)
        self.notice = self.of(
            text_wrap=True, valign="vcenter", bg_color=style.WARN_GROUND, font_color=style.INK, border=1,
            border_color=style.WARN_MARK,
        )  # fmt: skip
        self.nearly_none = workbook.add_format({"num_format": '"0.1%"'})

    def of(self, **properties: Any) -> Format:
        """The format of these properties, as XlsxWriter names them."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(properties)
        return self._made[key]

    def heading(self, kind: Kind) -> Format:
        """Of a column's heading."""
        return self.of(
            bold=True, text_wrap=True, valign="vcenter", **_aligned(kind),
            bg_color=style.GROUND, bottom=1, bottom_color=style.QUIET,
        )  # fmt: skip

    def cell(self, kind: Kind, *, total: bool = False, wrap: bool = False) -> Format:
        """Of a table's cell.

        Args:
            kind: what it holds.
            total: it stands in the last line.
            wrap: its text may take several lines.
        """
        properties: dict[str, Any] = {"valign": "top", "bottom": 1, "bottom_color": style.LINE, **_aligned(kind)}
        if number := self.number(kind):
            properties["num_format"] = number
        if kind is Kind.LINK:
            properties |= {"font_color": style.ACCENT, "underline": 1}
        if wrap:
            properties["text_wrap"] = True
        if total:
            properties |= {"bold": True, "top": 1, "top_color": style.INK, "bg_color": style.GROUND}
        return self.of(**properties)

    def tile(self, kind: Kind, state: str) -> Format:
        """Of a single figure; seconds carry their unit, since no heading does."""
        properties: dict[str, Any] = {"bold": True, "font_size": 14, "align": "right", "valign": "vcenter"}
        number = self.number(kind)
        if kind is Kind.SECONDS:
            number += _UNITS[self._language]
        if number:
            properties["num_format"] = number
        properties["font_color"] = {"good": style.GOOD, "bad": style.BAD}.get(state, style.INK)
        return self.of(**properties)

    def number(self, kind: Kind) -> str:
        """The number format; empty for text."""
        return _POINTS[self._language] if kind is Kind.POINTS else _NUMBERS.get(kind, "")


def _aligned(kind: Kind) -> dict[str, Any]:
    return {"align": "left", "indent": 1} if kind in _TO_THE_LEFT else {"align": "right"}


def width(text: str) -> int:
    """How many digits wide the longest line of a text is: a Hangul syllable takes two."""
    if text.isascii() and "\n" not in text:
        return len(text)
    return max(sum(_wide(character) for character in line) for line in text.split("\n"))


@cache
def _wide(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def height_pt(text: str, columns: int) -> float:
    """The height a text needs in a field of so many digits' width; merged fields find none by themselves."""
    # Words do not break where a line is full: a tenth is lost on the way.
    lines = sum(ceil(max(width(line), 1) * 1.1 / columns) for line in text.split("\n"))
    return ROW_PT * lines

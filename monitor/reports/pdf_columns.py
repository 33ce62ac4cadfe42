"""How wide a table's columns are in print, and how large its type: no word is broken that can be kept whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.reports import style
from monitor.reports.faces import width_pt

if TYPE_CHECKING:
    from monitor.reports.printed import PrintedTable

PADDING_PT: Final = 4.0
"""Left and right of each cell's text."""
SIZES_PT: Final = (8.5, 8.0, 7.5, 7.0, 6.5)
_READABLE_PT: Final = SIZES_PT[:3]
_HEADING_SHARE: Final = 0.92
"""Headings are this much smaller than figures."""
_NAME_AT_MOST_PT: Final = 90.0
"""A single word wider than this may be broken: names of phones and addresses have no spaces."""
_SLACK_AT_MOST_PT: Final = 34.0
"""A narrow table is not stretched over the page: its figures would lie too far from their names."""
_PIECES: Final = re.compile(r"\([^()]*\)|[^\s()]+")
"""A heading is broken between its words and before a bracket, as the template does."""
_HALF_A_LINE: Final = 0.6
_HALVINGS: Final = 24
"""Of an interval as wide as a page, down to a fraction of a point."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A table's measures."""

    widths_pt: tuple[float, ...]
    size_pt: float
    across: bool
    """It stands on a page turned on its side."""


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a column needs, in points, without its padding."""

    least: float
    """For its widest word."""
    whole: float
    """For its widest cell on one line."""
    figures: bool


def layout(table: PrintedTable) -> Layout:
    """The largest type in which cells stand on one line; else in which words stay whole, upright or turned."""
    for size_pt in _READABLE_PT:
        needs = _needs(table, size_pt)
        if sum(need.whole for need in needs) + 2 * PADDING_PT * len(needs) <= style.TEXT_WIDTH_PT:
            return Layout(_shared_out(needs, style.TEXT_WIDTH_PT), size_pt, across=False)
    for across, room_pt in ((False, style.TEXT_WIDTH_PT), (True, style.TEXT_WIDTH_ACROSS_PT)):
        for size_pt in SIZES_PT:
            needs = _needs(table, size_pt)
            if sum(need.least for need in needs) + 2 * PADDING_PT * len(needs) <= room_pt:
                return Layout(_shared_out(needs, room_pt), size_pt, across)
    size_pt = SIZES_PT[-1]
    needs = _needs(table, size_pt)
    room_pt = style.TEXT_WIDTH_ACROSS_PT
    shrunk = (room_pt - 2 * PADDING_PT * len(needs)) / max(sum(need.least for need in needs), 1.0)
    return Layout(tuple(need.least * shrunk + 2 * PADDING_PT for need in needs), size_pt, across=True)


def _needs(table: PrintedTable, size_pt: float) -> list[_Needs]:
    found = []
    for place, column in enumerate(table.columns):
        heading_pt = size_pt * _HEADING_SHARE
        words = [width_pt(word, heading_pt, bold=True) for word in _PIECES.findall(column.heading)]
        # A heading may stand in two lines.
        whole = width_pt(column.heading, heading_pt, bold=True) * _HALF_A_LINE
        texts = {row[place].text for row in table.rows} | ({table.total[place].text} if table.total else set())
        least = max(words, default=0.0)
        whole = max(whole, least)
        for text in texts:
            line = width_pt(text, size_pt, bold=True)
            whole = max(whole, line)
            parts = [text] if column.figures else text.split()
            least = max(
                least, max((min(width_pt(part, size_pt, bold=True), _NAME_AT_MOST_PT) for part in parts), default=0)
            )
        found.append(_Needs(least + 0.5, max(whole, least) + 0.5, column.figures))
    return found


def _shared_out(needs: list[_Needs], room_pt: float) -> tuple[float, ...]:
    """Each column as wide as its widest cell where there is room; else the widest give way, down to one width."""
    room = room_pt - 2 * PADDING_PT * len(needs)
    wanted = sum(need.whole for need in needs)
    if wanted <= room:
        slack = min((room - wanted) / len(needs), _SLACK_AT_MOST_PT)
        return tuple(need.whole + slack + 2 * PADDING_PT for need in needs)
    low, high = 0.0, max(need.whole for need in needs)
    for _ in range(_HALVINGS):
        most = (low + high) / 2
        if sum(max(need.least, min(need.whole, most)) for need in needs) > room:
            high = most
        else:
            low = most
    return tuple(max(need.least, min(need.whole, low)) + 2 * PADDING_PT for need in needs)


def broken_freely(text: str, room_pt: float, size_pt: float, *, bold: bool = False, heading: bool = False) -> bool:
    """Whether a cell holds a word that does not fit, so that its words may be broken."""
    if heading:
        size_pt *= _HEADING_SHARE
    pieces = _PIECES.findall(text) if heading else text.split()
    return any(width_pt(piece, size_pt, bold=bold) > room_pt for piece in pieces)

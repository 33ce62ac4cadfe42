"""The typefaces of reports: files that come with a package, so that no machine needs fonts of its own."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from monitor.errors import ReportError
from monitor.reports.plotter import ft2font

FAMILY: Final = "NanumGothic"
PACKAGE: Final = "koreanize_matplotlib"
REGULAR: Final = "NanumGothic.ttf"
BOLD: Final = "NanumGothicBold.ttf"
BOLD_WEIGHT: Final = 600
"""What the file of the bold face calls its own weight."""
BLANK: Final = "□"
"""Stands for a character that the faces do not have."""
_INSTEAD: Final = {0x2212: "-", 0x2009: " ", 0x202F: " ", 0x2011: "-", 0x230A: "[", 0x230B: "]"}
"""What reads the same: Korean writes the whole part of a number in square brackets."""
_TEXTS_KEPT: Final = 4096
"""Most texts of a report are there many times."""


def font_folder() -> Path:
    """The folder of the font files.

    The package is found and not imported: importing it changes the settings of matplotlib for the whole process.

    Raises:
        ReportError: the files are not there.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ReportError(f"The fonts of reports are not installed: install {PACKAGE.replace('_', '-')}.")
    return complete(Path(spec.origin).parent / "fonts")


def complete(folder: Path) -> Path:
    """A folder, when it holds the faces that reports use.

    Raises:
        ReportError: it does not.
    """
    for name in (REGULAR, BOLD):
        if not (folder / name).is_file():
            package = PACKAGE.replace("_", "-")
            raise ReportError(f"The font {name} is missing from {folder}: install {package} anew.")
    return folder


@lru_cache(maxsize=_TEXTS_KEPT)
def shown(text: str) -> str:
    """A text as the faces can show it: composed, without control characters, a blank for what they do not have.

    Names in Asterisk are strangers' texts: they may be decomposed, turn the direction of writing, or be emoji.
    """
    characters = _characters()
    composed = unicodedata.normalize("NFC", text).translate(_INSTEAD)
    return "".join(
        " " if character.isspace() and character != "\n" else character if ord(character) in characters else BLANK
        for character in composed
        if character == "\n" or character.isspace() or unicodedata.category(character) not in ("Cc", "Cf", "Mn", "Me")
    )


def width_pt(text: str, size_pt: float, *, bold: bool = False) -> float:
    """How wide a text runs on one line, in points."""
    face, advances = _face(BOLD if bold else REGULAR)
    units = 0
    for character in text:
        advance = advances.get(character)
        if advance is None:
            advance = face.load_char(ord(character), flags=ft2font.LoadFlags.NO_SCALE).horiAdvance
            advances[character] = advance
        units += advance
    return units * size_pt / face.units_per_EM


@cache
def _face(name: str) -> tuple[ft2font.FT2Font, dict[str, int]]:
    """A face with the widths of characters already asked for, in its own units."""
    return ft2font.FT2Font(str(font_folder() / name)), {}


@cache
def _characters() -> frozenset[int]:
    folder = font_folder()
    return frozenset.intersection(
        *(frozenset(ft2font.FT2Font(str(folder / name)).get_charmap()) for name in (REGULAR, BOLD))
    )

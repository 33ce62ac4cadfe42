"""A report looks as it did when somebody last looked at it: its pages against the pictures kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops, ImageFilter

from monitor.texts import LANGUAGES

from .pictures import DRAWN, FOLDER, moved, pages

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.texts import Language

pytestmark = pytest.mark.stage

AT_MOST = 0.004
"""Of a page's blocks: another renderer's strokes stay below, a line of text that moved does not."""


def kept(name: str) -> Image.Image:
    with Image.open(FOLDER / name) as image:
        return image.convert("L")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DRAWN)
def test_the_pages_look_as_they_did(name: str, language: Language, tmp_path: Path) -> None:
    """Where they are meant to look otherwise: `python -m tests.reports.pictures`, and look at what it made."""
    differ = {}
    for picture, image in pages(name, language, tmp_path):
        share = moved(kept(picture), image)
        if share > AT_MOST:
            differ[picture] = share
    assert differ == {}


def test_every_picture_is_of_a_page() -> None:
    named = {
        f"{name}-{language}-{number}.png" for name, (_, at) in DRAWN.items() for language in LANGUAGES for number in at
    }
    assert {path.name for path in FOLDER.iterdir()} == named
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_500_000


def test_a_moved_line_is_seen_and_another_renderers_strokes_are_not() -> None:
    page = kept("month-ko-2.png")
    width, height = page.size

    # Everything below the headline a line lower, as when a sentence before it runs into another line: 8 pixels.
    lower = page.copy()
    lower.paste(page.crop((0, 150, width, height - 8)), (0, 158))
    assert moved(page, lower) > 5 * AT_MOST
    # One figure of the summary wiped out.
    without = page.copy()
    without.paste(255, (40, 90, 110, 110))
    assert moved(page, without) > AT_MOST
    # Strokes a little softer, and the whole a shade lighter.
    softer = ImageChops.add(page.filter(ImageFilter.GaussianBlur(0.4)), Image.new("L", page.size, 6))
    assert moved(page, softer) < AT_MOST

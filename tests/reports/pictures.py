"""Reference pictures of a report's pages: `python -m tests.reports.pictures` makes them anew in `pictures/`.

With them goes the page that the documentation shows. Look at each before it is committed: they are what a report has to
look like from then on.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops, ImageFilter

from monitor.reports.order import House
from monitor.reports.pdf import pdf_of
from monitor.reports.record import record_of
from monitor.reports.telling import document_of
from monitor.texts import LANGUAGES
from tests.programs import required

from . import sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reports.document import Document
    from monitor.texts import Language

FOLDER: Final = Path(__file__).parent / "pictures"
HOUSE: Final = House(institution="한국예시공단", target=0.95, page_url="https://calls.example.org")
MONTH_PAGES: Final = (1, 2, 3, 4, 5, 9, 13)
"""Cover, summary, rings, days, heat map, what was lost, and reviews with cases."""
RECORD_PAGES: Final = (1, 2, 3, 6)
"""Cover, the promises on two pages, and promises with a clock."""
_DPI: Final = 50
SHOWN: Final = (Path(__file__).parents[2] / "docs" / "pictures", 2, 90)
"""Where the documentation's picture stands, of which page of the month it is, and how fine."""
_BLOCK: Final = 6
"""Pixels on each side of what is compared: strokes a renderer draws a shade darker even out, a moved line does not."""
_DIFFERS: Final = 20
"""Of 255, by how much a block's mean has to differ."""


def month(language: Language) -> Document:
    """The ordinary month of `sample.py`."""
    figures = sample.ordinary()
    return document_of(figures, sample.order_for(figures), HOUSE, language)


def record(language: Language) -> Document:
    """The public record of its half-year."""
    figures = sample.half()
    return record_of(figures, sample.order_for(figures, agents=False, publishable=True), HOUSE, language)


DRAWN: Final = {"month": (month, MONTH_PAGES), "record": (record, RECORD_PAGES)}


def pages(name: str, language: Language, folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """The pages that have a picture, by the picture's name, drawn now."""
    make, numbers = DRAWN[name]
    pdf = folder / f"{name}-{language}.pdf"
    pdf.write_bytes(pdf_of(make(language)))
    command = [required("pdftoppm"), "-r", str(_DPI), "-gray", "-l", str(max(numbers)), str(pdf), str(folder / "page")]
    subprocess.run(command, check=True, capture_output=True)
    drawn = sorted(folder.glob("page-*.pgm"))
    for number in numbers:
        with Image.open(drawn[number - 1]) as image:
            yield f"{name}-{language}-{number}.png", image.convert("L")


def moved(first: Image.Image, second: Image.Image) -> float:
    """Which share of two pictures' blocks differ; 1 where they are not of one size."""
    if first.size != second.size:
        return 1.0
    size = (-(-first.width // _BLOCK), -(-first.height // _BLOCK))
    evened = [image.filter(ImageFilter.BoxBlur(1)).resize(size, Image.Resampling.BOX) for image in (first, second)]
    difference = ImageChops.difference(*evened)
    counts = difference.histogram()
    return sum(counts[_DIFFERS:]) / sum(counts)


def _shown(language: Language) -> Path:
    """The page of the documentation, in colour."""
    folder, number, dpi = SHOWN
    with TemporaryDirectory() as scratch:
        pdf, drawn = Path(scratch) / "month.pdf", Path(scratch) / "page"
        pdf.write_bytes(pdf_of(month(language)))
        one = ["-r", str(dpi), "-f", str(number), "-l", str(number), "-singlefile"]
        subprocess.run([required("pdftoppm"), *one, str(pdf), str(drawn)], check=True, capture_output=True)
        with Image.open(drawn.with_suffix(".ppm")) as image:
            image.quantize(64).save(folder / f"report.{language}.png", optimize=True)
    return folder / f"report.{language}.png"


def main() -> None:
    """Make them anew."""
    for language in LANGUAGES:
        sys.stdout.write(f"{_shown(language)}\n")
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for name in DRAWN:
        for language in LANGUAGES:
            with TemporaryDirectory() as folder:
                for picture, image in pages(name, language, Path(folder)):
                    image.quantize(16).save(FOLDER / picture, optimize=True)
                    sys.stdout.write(f"{FOLDER / picture}\n")


if __name__ == "__main__":
    main()

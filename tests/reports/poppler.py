"""What Poppler's programs read in a PDF, as a reader's program would."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from os import environ
from typing import TYPE_CHECKING

from tests.programs import required

if TYPE_CHECKING:
    from pathlib import Path


def ask(program: str, path: Path, *options: str, to: str | None = None) -> str:
    """What one of them prints of a file."""
    command = [required(program), *options, str(path), *([to] if to else [])]
    done = subprocess.run(command, check=True, capture_output=True, env=environ | {"TZ": "UTC"})
    return done.stdout.decode(errors="replace")


def text_of(path: Path) -> str:
    """Every text, spaces and line ends as one space each: as a search in the reader finds it."""
    return re.sub(r"\s+", " ", ask("pdftotext", path, to="-"))


def pages_of(path: Path) -> list[str]:
    """The text of each page, laid out as it stands."""
    return ask("pdftotext", path, "-layout", to="-").split("\f")[:-1]


def info_of(path: Path) -> dict[str, str]:
    """What `pdfinfo` says of the file."""
    lines = (line.partition(":") for line in ask("pdfinfo", path).splitlines())
    return {name: told.strip() for name, _, told in lines}


def tags_of(path: Path) -> Counter[str]:
    """How many of each tag there are of those by which a file is read aloud."""
    lines = ask("pdfinfo", path, "-struct").splitlines()
    return Counter(found[1] for line in lines if (found := re.match(r"\s*([A-Z]\w*)\b", line)))

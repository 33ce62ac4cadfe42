"""The catalogues: every text has its Korean, and the file that is loaded is made from the one that is read."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from monitor.texts import LOCALE

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

ROOT = Path(__file__).parents[2]
FOLDER = LOCALE / "ko" / "LC_MESSAGES"
DOMAINS = sorted(path.stem for path in FOLDER.glob("*.po"))
_FILLED_IN = re.compile(r"\{[^{}]*\}|%\([^()]*\)[sd]")


def catalogue(domain: str) -> Catalog:
    with (FOLDER / f"{domain}.po").open("rb") as file:
        return read_po(file, locale="ko", domain=domain)


def forms(text: object) -> list[str]:
    """A text's forms; those with a plural have several."""
    return [text] if isinstance(text, str) else list(text)  # type: ignore[call-overload] # a tuple of texts else


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_text_has_its_korean_and_none_is_a_guess(domain: str) -> None:
    wanting = [entry.id for entry in catalogue(domain) if entry.id and (not all(forms(entry.string)) or entry.fuzzy)]
    assert wanting == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_is_filled_in_stands_in_both_languages(domain: str) -> None:
    wrong = [
        entry.id
        for entry in catalogue(domain)
        if entry.id and set(_FILLED_IN.findall(forms(entry.id)[-1])) != set(_FILLED_IN.findall(forms(entry.string)[0]))
    ]
    assert wrong == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_is_loaded_is_made_from_what_is_read(domain: str) -> None:
    made = io.BytesIO()
    write_mo(made, catalogue(domain))
    assert (FOLDER / f"{domain}.mo").read_bytes() == made.getvalue(), "run `make texts`"


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_head_of_a_catalogue_is_ours(domain: str) -> None:
    """Babel leaves blanks to be filled in: FIRST AUTHOR <EMAIL@ADDRESS>, ORGANIZATION, YEAR-MO-DA."""
    head = (FOLDER / f"{domain}.po").read_text(encoding="utf-8").partition("\n\n")[0]
    blanks = re.findall(r"EMAIL@ADDRESS|ORGANIZATION|FULL NAME|FIRST AUTHOR|YEAR|VERSION\\n|LL@li\.org", head)
    assert blanks == []
    assert head.startswith("# Korean ")
    assert '"Project-Id-Version: callmonitor' in head


def test_two_runs_wait_for_each_other() -> None:
    """Without it the later of two writes what the earlier had found out of the catalogue again."""
    command = ["make", "--dry-run", "texts"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "flock build make --no-print-directory catalogue" in shown
    assert shown.index("flock") < shown.index("pybabel")


def test_the_catalogue_holds_the_texts_of_the_sources_and_no_others(tmp_path: Path) -> None:
    """`make texts` brings them together; here the sources are read anew."""
    template = tmp_path / "callmonitor.pot"
    pybabel = Path(sys.executable).with_name("pybabel")
    options = ["--mapping", "pyproject.toml", "--keyword", "_c:1c,2"]
    command = [str(pybabel), "--quiet", "extract", *options, "--output", str(template), "."]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with template.open("rb") as file:
        found = {(entry.context, str(entry.id)) for entry in read_po(file) if entry.id}

    assert {(entry.context, str(entry.id)) for entry in catalogue("callmonitor") if entry.id} == found

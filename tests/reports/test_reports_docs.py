"""docs/reports.md lists every table with its columns, and the glossary has the words of reports."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from monitor.reports.figures import Why
from monitor.reports.words import Words
from monitor.worktime import Hours

from .sample import SAMPLES
from .test_telling import TELLERS, told

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
TABLES = PAGE.partition("\n## Tables\n")[2]


def listed() -> dict[str, tuple[set[str], set[str]]]:
    """Where each table is, and its columns."""
    judgement = re.search(r"\*judgement\* stands for [^:]*: (.*?),", TABLES, re.DOTALL)
    assert judgement
    found = {}
    for line in re.findall(r"(?m)^\| `\w+` \| (?:report|record).*$", TABLES):
        key, where, _what, columns = (cell.strip() for cell in line.strip("|").split("|"))
        text = columns.replace("*judgement*", judgement[1])
        found[key.strip("`")] = (set(where.split(" and ")), set(re.findall(r"`(\w+)`", text)))
    return found


def test_every_table_is_listed_with_its_columns() -> None:
    told_of: dict[str, tuple[set[str], set[str]]] = {}
    for name, teller in ((name, teller) for name in SAMPLES for teller in TELLERS):
        for table in told(name, "ko", teller).tables():
            where, columns = told_of.setdefault(table.key, (set(), set()))
            where.add(teller)
            columns.update(column.key for column in table.columns)
    assert listed() == told_of


def test_columns_that_are_explained_exist() -> None:
    columns = set(chain.from_iterable(columns for _where, columns in listed().values()))
    explained = TABLES.partition("| column | meaning |\n|---|---|\n")[2]
    names = [name for line in explained.splitlines() for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert names
    assert [name for name in names if name not in columns] == []


@pytest.mark.parametrize("kind", [Why, Hours])
def test_the_glossary_has_the_words_of_reports(kind: type[Why | Hours]) -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").partition("\n## Reports · 보고서\n")[2]
    section = text.partition("\n## ")[0]
    korean = {
        cells[3].strip(" `"): cells[2].strip()
        for cells in re.findall(r"(?m)^()\|([^|]*)\|([^|]*)\|([^|]*)\|.*$", section)
    }
    words = Words("ko")
    shown = {word.value: text for word, text in (words.whys if kind is Why else words.hours).items()}
    assert {code: korean.get(code) for code in shown} == shown
    assert set(shown) == set(kind)

"""The report's make: tables that add up, charts that show a table, sentences without a hole, in both languages."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, cast

import pytest
from matplotlib.ft2font import FT2Font

from monitor.reports.document import Chart, Document, Kind, Notice, Paragraph, Section, Table, Tiles
from monitor.reports.faces import font_folder
from monitor.reports.record import record_of
from monitor.reports.telling import document_of
from monitor.texts import LANGUAGES

from .sample import HOUSE, SAMPLES, order_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reports.document import Value
    from monitor.texts import Language

TELLERS = {"report": document_of, "record": record_of}
NUMBERS = {
    Kind.COUNT: int,
    Kind.NUMBER: float,
    Kind.SHARE: float,
    Kind.POINTS: float,
    Kind.SECONDS: float,
    Kind.DURATION: float,
    Kind.TEXT: str,
    Kind.LINK: str,
    Kind.DAY: date,
    Kind.INSTANT: datetime,
}


@cache
def told(name: str, language: Language, teller: str = "report") -> Document:
    figures = SAMPLES[name]()
    order = order_for(figures, agents=bool(figures.agents), publishable=teller == "record")
    return TELLERS[teller](figures, order, HOUSE, language)


def texts_of(thing: object) -> Iterator[str]:
    """Every text of a document: titles, headings, cells, notes."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, tuple):
        for part in thing:
            yield from texts_of(part)
    elif is_dataclass(thing):
        for field in fields(thing):
            if field.name not in ("period", "made_at"):
                yield from texts_of(getattr(thing, field.name))


def sentences_of(document: Document) -> Iterator[str]:
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Paragraph | Notice):
                yield block.text
            elif isinstance(block, Table):
                yield from (text for text in (block.note, block.empty) if text)
            elif isinstance(block, Chart):
                yield block.alt


EVERY = pytest.mark.parametrize(
    ("name", "language", "teller"),
    [(name, language, teller) for name in SAMPLES for language in LANGUAGES for teller in TELLERS],
)


@EVERY
def test_tables_are_whole(name: str, language: Language, teller: str) -> None:
    """Each line has a cell for each column, of the column's kind; keys are of programs, and stand once."""
    document = told(name, language, teller)
    keys = [table.key for table in document.tables()]
    assert len(keys) == len(set(keys))
    for table in document.tables():
        columns = [column.key for column in table.columns]
        assert len(columns) == len(set(columns))
        assert [key for key in (table.key, *columns) if not re.fullmatch(r"[a-z][a-z0-9_]*", key)] == []
        assert table.rows or table.empty, table.key
        for row in table.rows:
            wrong = [
                (column.key, cell)
                for column, cell in zip(table.columns, row, strict=True)
                if cell is not None and not isinstance(cell, (NUMBERS[column.kind], int))
            ]
            assert wrong == [], table.key
        if table.total is not None:
            assert isinstance(table.total[0], str)
            assert len(table.total) == len(columns)


@EVERY
def test_columns_add_up_and_quotients_follow(name: str, language: Language, teller: str) -> None:
    """What a sheet works out from the cells is what stands in them."""
    for table in told(name, language, teller).tables():
        place = {column.key: index for index, column in enumerate(table.columns)}

        def number(row: tuple[Value, ...], key: str, place: dict[str, int] = place) -> float:
            return cast("float", row[place[key.removeprefix("-")]]) * (-1 if key.startswith("-") else 1)

        for column in table.columns:
            at = place[column.key]
            if column.summed and table.total is not None:
                cells = [cast("float", row[at]) for row in table.rows if row[at] is not None]
                assert table.total[at] == pytest.approx(sum(cells)), (table.key, column.key)
            if column.quotient is None:
                continue
            for row in (*table.rows, *((table.total,) if table.total else ())):
                parts = [row[place[key.removeprefix("-")]] for key in column.quotient.denominator]
                if None in parts:
                    assert row[at] is None
                    continue
                below = sum(number(row, key) for key in column.quotient.denominator)
                above = sum(number(row, key) for key in column.quotient.numerator)
                assert row[at] == (pytest.approx(above / below) if below else None), (table.key, column.key)


@EVERY
def test_charts_show_a_table_of_the_document(name: str, language: Language, teller: str) -> None:
    document = told(name, language, teller)
    for section in document.sections:
        for chart in (block for block in section.blocks if isinstance(block, Chart)):
            table = document.table(chart.table)
            columns = {column.key: column for column in table.columns}
            assert chart.alt
            assert {columns[key].kind for key in chart.values} <= {Kind.COUNT, Kind.SHARE}
            assert len({columns[key].kind for key in chart.values}) == 1
            at = list(columns).index(chart.category)
            categories = [row[at] for row in table.rows]
            assert categories
            assert chart.mark_from is None or chart.mark_from in categories


@EVERY
def test_no_sentence_has_a_hole(name: str, language: Language, teller: str) -> None:
    document = told(name, language, teller)
    texts = [text for text in texts_of(document) if "<b>" not in text]
    assert [text for text in texts if re.search(r"[{}]|%\(\w+\)[sd]|\bNone\b|\bnan\b|  ", text)] == []


@EVERY
def test_the_face_has_every_sign(name: str, language: Language, teller: str) -> None:
    """What the face of PDF and charts lacks would be printed as an empty box."""
    signs = {sign for text in texts_of(told(name, language, teller)) for sign in text}
    assert {sign for sign in signs if ord(sign) not in face()} == set()


@cache
def face() -> frozenset[int]:
    return frozenset(FT2Font(str(font_folder() / "NanumGothic.ttf")).get_charmap())


@pytest.mark.parametrize("teller", TELLERS)
@pytest.mark.parametrize("name", SAMPLES)
def test_korean_is_korean(name: str, teller: str) -> None:
    """Every sentence, heading and title has Hangul in it; names of rules and p50 apart."""
    document = told(name, "ko", teller)
    headings = [
        column.heading
        for table in document.tables()
        for column in table.columns
        if not re.match(r"SL|p\d\d", column.heading)
    ]
    titles = [document.title, *(section.title for section in document.sections)]
    titles += [table.title for table in document.tables()]
    labels = [label for label, _text in document.cover]
    assert [
        text for text in (*headings, *titles, *labels, *sentences_of(document)) if not re.search("[가-힣]", text)
    ] == []


@pytest.mark.parametrize("teller", TELLERS)
@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "long_names"])
def test_english_counts_one_thing_and_many(name: str, teller: str) -> None:
    texts = [text for text in texts_of(told(name, "en", teller)) if len(text) < 2_000]
    many = re.compile(
        r"(?<![\d.,])1 (calls|rings|transfers|rules|hours)\b"
        r"|(?<![\d,.])(?!1 )[\d,]+ (call|ring|transfer)\b(?! attempts)"
    )
    assert [text for text in texts if many.search(text)] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_both_languages_hold_the_same(name: str) -> None:
    """Tables, columns and numbers are those of one count; only words differ."""
    korean, english = (told(name, language) for language in ("ko", "en"))
    assert [(table.key, [column.key for column in table.columns]) for table in korean.tables()] == [
        (table.key, [column.key for column in table.columns]) for table in english.tables()
    ]
    numbers = [
        [
            [cell for cell in row if not isinstance(cell, str)]
            for table in document.tables()
            for row in (*table.rows, table.total or ())
        ]
        for document in (korean, english)
    ]
    assert numbers[0] == numbers[1]


def test_parts_come_to_the_whole() -> None:
    """The days, hours, half-hours, queues, lines and the hours of work hold every call once."""
    document = told("ordinary", "en")
    offered = {"days": 3, "hours": 2, "queues": 1, "lines": 1, "half_hours_calls": 8}
    sums = {key: sum(cast("int", row[at]) for row in document.table(key).rows) for key, at in offered.items()}
    (tile,) = (tile for tile in tiles_of(document) if tile[0] == "offered")
    assert set(sums.values()) == {tile[1]}


def tiles_of(document: Document) -> list[tuple[str, Value, str, tuple[str, ...]]]:
    return [
        (tile.key, tile.value, tile.state, tile.detail)
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Tiles)
        for tile in block.tiles
    ]


def section_of(document: Document, key: str) -> Section:
    return next(section for section in document.sections if section.key == key)

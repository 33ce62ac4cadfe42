"""The JSON form: of every sample what its published schema says, and each value of its column's kind."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships none

from monitor import __version__
from monitor.reports.document import Block, Form, Kind
from monitor.reports.json_out import json_of
from monitor.reports.record import record_of
from monitor.reports.telling import document_of

from . import paper
from .sample import HOUSE, SAMPLES, order_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.reports.document import Document, Value
    from monitor.texts import Language

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text(encoding="utf-8"))
VALID = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
ROWS = 8


def told(document: Document) -> dict[str, Any]:
    data = json_of(document)
    assert data.endswith(b"}\n")
    parsed: dict[str, Any] = json.loads(data)
    # Rows are alike, and the validator takes a millisecond for each.
    tables = {key: table | {"rows": table["rows"][:ROWS]} for key, table in parsed["tables"].items()}
    VALID.validate(parsed | {"tables": tables})
    return parsed


OF_KIND: dict[Kind, Callable[[Any], bool]] = {
    Kind.TEXT: lambda value: isinstance(value, str),
    Kind.LINK: lambda value: isinstance(value, str),
    Kind.COUNT: lambda value: isinstance(value, int),
    Kind.NUMBER: lambda value: isinstance(value, int | float),
    Kind.SHARE: lambda value: 0 <= value <= 1,
    Kind.POINTS: lambda value: -1 <= value <= 1,
    Kind.SECONDS: lambda value: value >= 0,
    Kind.DURATION: lambda value: value >= 0,
    Kind.DAY: lambda value: date.fromisoformat(value).isoformat() == value,
    Kind.INSTANT: lambda value: datetime.fromisoformat(value).utcoffset() is not None,
}


@pytest.mark.parametrize(
    ("name", "language"), [*((name, "ko") for name in (*SAMPLES, "record")), ("ordinary", "en"), ("record", "en")]
)
def test_every_sample_is_what_the_schema_says(name: str, language: Language) -> None:
    if name == "record":
        figures = SAMPLES["half"]()
        document = record_of(figures, order_for(figures, publishable=True), HOUSE, language)
    else:
        figures = SAMPLES[name]()
        document = document_of(figures, order_for(figures), HOUSE, language)
    parsed = told(document)
    assert list(parsed["tables"]) == [table.key for table in document.tables()]
    for table in parsed["tables"].values():
        kinds = {column["key"]: Kind(column["kind"]) for column in table["columns"]}
        for row in table["rows"]:
            assert list(row) == list(kinds)
            assert [key for key, value in row.items() if value is not None and not OF_KIND[kinds[key]](value)] == []


def test_rows_are_objects_by_key() -> None:
    days = told(paper.paper())["tables"]["days"]
    assert days["columns"][4] == {
        "key": "compliance",
        "heading": "준수율",
        "kind": "share",
        "summed": False,
        "quotient": {"numerator": ["kept"], "denominator": ["kept", "broken"]},
    }
    assert days["rows"][0] == {
        "day": "2026-10-01",
        "weekday": "목",
        "kept": 3,
        "broken": 1,
        "compliance": 0.75,
        "change": 0.012,
        "talking": 600.5,
        "mean_talking": 600.5 / 3,
        "others": 2 / 3,
        "p95": 8.9996,
        "a_day": 4.0,
    }
    assert days["total"]["kept"] == 2003
    assert days["total"]["compliance"] == 2003 / 2005


def test_the_whole_is_told() -> None:
    parsed = told(paper.paper("en"))
    assert parsed["format"] == "callmonitor-report/1"
    assert (parsed["callmonitor"], parsed["language"]) == (__version__, "en")
    assert parsed["made_at"] == "2026-11-02T07:00:00.250000+09:00"
    assert parsed["period"] == {
        "name": "2026-10",
        "span": "month",
        "first": "2026-10-01",
        "last": "2026-10-31",
        "zone": "Asia/Seoul",
    }
    summary = parsed["sections"][0]["blocks"]
    assert [block["type"] for block in summary] == ["notice", "paragraph", "tiles"]
    assert summary[2]["tiles"][1] == {
        "key": "asa",
        "label": "평균 응대 속도",
        "kind": "seconds",
        "value": 6.2137,
        "detail": [],
        "state": "plain",
    }
    # All four rows, though print shows two.
    assert len(parsed["tables"]["missed"]["rows"]) == 4
    assert parsed["tables"]["gaps"]["rows"] == []


def test_the_schema_knows_every_kind_block_and_form() -> None:
    """What is added to the document is added there."""
    defined = SCHEMA["$defs"]
    assert defined["kind"]["enum"] == list(Kind)
    assert defined["chart"]["properties"]["form"]["enum"] == list(Form)
    types = set(re.findall(r'"(?:const|enum)": (?:"(\w+)"|\["paragraph", "notice"\])', json.dumps(defined["block"])))
    types |= {"paragraph", "notice", defined["chart"]["properties"]["type"]["const"]}
    assert types - {""} == {block.__name__.lower() for block in get_args(Block)}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "callmonitor-report/2"),
        (("language",), "de"),
        (("made_at",), "2026-11-02 07:00"),
        (("tables", "days", "columns", 4, "kind"), "percent"),
        (("tables", "days", "rows", 0, "kept"), [3]),
        (("sections", 0, "blocks", 0, "type"), "remark"),
        (("period", "name"), "October"),
        (("more",), "than the schema knows"),
    ],
)
def test_the_schema_refuses_what_is_none(path: tuple[str | int, ...], value: Value) -> None:
    parsed: Any = told(paper.paper())
    place: Any = parsed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not VALID.is_valid(parsed)

"""The worked month on paper, in a workbook and for programs: the figures that matter, as they can be read there."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from sqlalchemy import text

from monitor.ledger import Repository
from monitor.reports.make import make
from monitor.reports.order import FileFormat, House
from tests.programs import required

from .month import BASIS, MADE_AT, MONTH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("worked_month")]
HEADINGS = 4
"""The row of the headings in a sheet."""
SUM = "합계"


@pytest.fixture(scope="module")
def ledger(month_file: Path) -> Iterator[Repository]:
    repository = Repository(month_file)
    yield repository
    repository.close()


@pytest.fixture(scope="module")
def files(ledger: Repository, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every form in Korean and the paper in English, by the end of their names."""
    folder = tmp_path_factory.mktemp("files")
    order = MONTH.__class__(period=MONTH.period, formats=tuple(FileFormat), languages=("ko", "en"))
    made = make(ledger.store, order, BASIS, House(), folder, now=MADE_AT)
    assert sorted(path.name for path in made) == sorted(path.name for path in folder.iterdir())
    return {path.name.removeprefix("callmonitor-2026-10."): path for path in made}


def on_paper(path: Path) -> str:
    """The text of a PDF, as it is selected and searched, its lines' breaks as spaces."""
    found = subprocess.run([required("pdftotext"), "-layout", path, "-"], check=True, capture_output=True, text=True)
    return re.sub(r"\s+", " ", found.stdout)


KOREAN = (
    "2026년 10월",
    "73.1%",  # 19 / 26 = 0.7307…
    "55.6%",  # 15 / 27 = 0.5555…
    "60.0%",  # 24 / 40
    "8.2초",  # 188.999998 / 23 = 8.217…, cut
    "79.2%",  # 19 / 24 = 0.7916…
    "99.9%",  # coverage: 6000 s of 5,356,800 are missing
    "three-rings/1",
    "two-rings/1",
    "010-****-0007",
    "개천절",
)
ENGLISH = ("October 2026", "73.1%", "55.6%", "60.0%", "8.2 s", "79.2%", "99.9%", "three-rings/1", "010-****-0007")


def test_pdf(files: dict[str, Path]) -> None:
    found = on_paper(files["ko.pdf"])
    assert [words for words in KOREAN if words not in found] == []
    found = on_paper(files["en.pdf"])
    assert [words for words in ENGLISH if words not in found] == []


def test_html(files: dict[str, Path]) -> None:
    for name, expected in (("ko.html", KOREAN), ("en.html", ENGLISH)):
        found = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", files[name].read_text(encoding="utf-8")))
        assert [words for words in expected if words not in found] == []


def test_no_number_in_full_is_in_any_form(files: dict[str, Path]) -> None:
    """Calls come from 0101111 and four digits, and one was passed on to 010-9876-5432."""
    for name, path in files.items():
        told = on_paper(path) if name.endswith(".pdf") else path.read_bytes().decode(errors="replace")
        if name.endswith(".xlsx"):
            book = openpyxl.load_workbook(path, read_only=True)
            told = " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
            book.close()
        assert "5432" in told or not name.endswith((".json", ".xlsx", ".html"))
        bare = re.sub(r"[-\s]", "", told)
        assert "0101111" not in bare, name
        assert "01098765432" not in bare, name


def test_json(files: dict[str, Path]) -> None:
    told = json.loads(files["ko.json"].read_bytes())
    tiles = {
        tile["key"]: tile["value"]
        for section in told["sections"]
        for block in section["blocks"]
        if block["type"] == "tiles"
        for tile in block["tiles"]
    }
    assert tiles["compliance_within"] == 19 / 26
    assert tiles["compliance_before"] == 15 / 27
    assert tiles["asa_seconds"] == pytest.approx(188.999998 / 23)
    rings = {row["rings"]: (row["answered"], row["never_answered"]) for row in told["tables"]["rings"]["rows"]}
    assert rings[1] == (7, 0)
    assert rings[3][0] == 4
    assert told["tables"]["agents"]["total"]["answered"] == 24
    assert told["period"] == {
        "name": "2026-10",
        "span": "month",
        "first": "2026-10-01",
        "last": "2026-10-31",
        "zone": "Asia/Seoul",
    }


def test_csv(files: dict[str, Path]) -> None:
    with files["ko.queues.csv"].open(encoding="utf-8-sig", newline="") as file:
        heads, *lines = csv.reader(file)
    assert len(heads) == len(set(heads))
    assert [line[:3] for line in lines] == [
        ["support", "26", "18"],
        ["billing", "9", "5"],
        [lines[2][0], "5", "1"],
        [SUM, "40", "24"],
    ]


# -- the workbook (that LibreOffice comes to the values it holds is shown in `test_libreoffice`) -----------------------


@pytest.fixture(scope="module")
def book(files: dict[str, Path]) -> Iterator[Any]:
    book = openpyxl.load_workbook(files["ko.xlsx"], read_only=True, data_only=True)
    yield book
    book.close()


def sheet_with(book: Any, title: str) -> list[dict[str, Any]]:
    """The rows of the sheet of this title, by their headings, the total last."""
    (sheet,) = [sheet for sheet in book if sheet.cell(1, 1).value == title]
    heads = [cell.value for cell in sheet[HEADINGS] if cell.value]
    rows = sheet.iter_rows(min_row=HEADINGS + 1, max_col=len(heads), values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows if row[0] is not None]


@pytest.mark.parametrize(
    ("table", "by"),
    [("queues", "queue"), ("lines", "line"), ("days", "filed_at")],
)
def test_the_totals_of_a_sheet_are_the_sums_of_the_ledger(
    files: dict[str, Path], ledger: Repository, book: Any, table: str, by: str
) -> None:
    """Counted by SQLite from the rows of October in UTC: from 15:00 of 30 September to 15:00 of 31 October."""
    period = "filed_at >= 1790780400000000 AND filed_at < 1793458800000000"
    assert (MONTH.period.since.timestamp(), MONTH.period.until.timestamp()) == (1790780400, 1793458800)
    with ledger.store.reading() as connection:
        offered, answered, kept, broken, excluded = connection.execute(
            text(
                "SELECT count(*), sum(outcome = 'answered'), sum(verdict_within = 'kept'),"  # noqa: S608 - our own words
                f" sum(verdict_within = 'broken'), sum(verdict_within = 'excluded') FROM calls WHERE {period}"
            )
        ).one()
        groups = connection.scalar(text(f"SELECT count(DISTINCT coalesce({by}, '')) FROM calls WHERE {period}"))  # noqa: S608 - as above
    assert (offered, answered, kept, broken, excluded) == (40, 24, 19, 7, 14)
    document = json.loads(files["ko.json"].read_bytes())["tables"][table]
    heading = {column["key"]: column["heading"] for column in document["columns"]}
    *rows, last = sheet_with(book, document["title"])
    if table != "days":
        assert len(rows) == groups
    keys = ("offered", "answered", "kept_within", "broken_within", "excluded_within")
    assert [last[heading[key]] for key in keys] == [offered, answered, kept, broken, excluded]
    assert last[heading["compliance_within"]] == pytest.approx(kept / (kept + broken))
    assert last[heading["compliance_before"]] == pytest.approx(15 / 27)
    assert last[heading["asa_seconds"]] == pytest.approx(188.999998 / 23)

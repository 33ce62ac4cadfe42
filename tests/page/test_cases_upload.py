"""A file of cases on the page: shown first, then brought in as it was shown, whole or not at all."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import xlsxwriter

from .case_house import CaseHouse
from .centre import HTML, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

IMPORT = "/cases/import"
HEADING = "접수번호,이행표준,접수일시,내용,연락처,방문횟수\r\n"
SHEET = HEADING + "A-1,voc_simple,2026-11-23,늦어짐,010-1234-5678,\r\nA-2,accuracy,2026-11-24,,,2\r\n"


@pytest.fixture(scope="module")
def still(empty_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseHouse]:
    """One to which only what is refused is brought."""
    house = CaseHouse(Path(shutil.copy(empty_ledger, tmp_path_factory.mktemp("still") / "ledger.sqlite3")))
    yield house
    house.repository.close()


def send(house: CaseHouse, content: bytes, name: str = "cases.csv", **fields: str) -> httpx.Response:
    """Choose a file on the page and send it."""
    return house.post(IMPORT, fields, files={"file": (name, content)})


def confirmed(house: CaseHouse, page: str) -> httpx.Response:
    """Press the button of a page that shows what would come of a file."""
    form = page.partition('<form class="ways"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(confirm|update)" value="([^"]+)"', form))
    assert "confirm" in fields, page
    return house.post(IMPORT, fields)


def written(house: CaseHouse) -> int:
    ((count,),) = house.sql("select (select count(*) from cases) + (select count(*) from case_events)")
    return int(count)


def tiles(page: str) -> str:
    return text_of(page.partition('class="intake-tiles">')[2].partition("</ul>")[0])


def test_a_file_is_shown_and_then_brought_in_and_again_is_nothing(house: CaseHouse) -> None:
    shown = send(house, SHEET.encode())
    assert shown.status_code == 200
    assert tiles(shown.text) == "2 new 0 there already, and saying the same"
    assert written(house) == 0
    done = confirmed(house, shown.text)
    assert (done.status_code, done.headers["location"]) == (303, "/cases/import?written=2")
    assert "2 cases were written." in house.get(done.headers["location"]).text
    assert house.sql("select reference, contact, owed_won, source from cases order by reference") == [
        ("A-1", "01012345678", 0, "import"),
        ("A-2", None, 10_000, "import"),
    ]
    assert house.sql("select who, action from case_events") == [("kim", "opened")] * 2
    again = send(house, SHEET.encode())
    assert tiles(again.text) == "0 new 2 there already, and saying the same"
    assert "Everything in this file is there already" in again.text
    assert 'name="confirm"' not in again.text


def test_an_excel_file_with_dates_as_excel_has_them(house: CaseHouse) -> None:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book, {"default_date_format": "yyyy-mm-dd"}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["reference", "promise", "received", "subject"])
        sheet.write_row(1, 0, ["X-1", "kindness"])
        sheet.write_datetime(1, 2, datetime(2026, 11, 24, 10, 30))  # noqa: DTZ001 - a cell has no time zone
        sheet.write_string(1, 3, HTML)
    shown = send(house, book.getvalue(), f"{HTML}.xlsx")
    assert tiles(shown.text) == "1 new 0 there already, and saying the same"
    assert HTML not in shown.text
    assert confirmed(house, shown.text).status_code == 303
    # Half past ten in Seoul is 01:30 UTC; that is 1,795,483,800 s after 1970.
    assert house.sql("select subject, received_at from cases") == [(HTML, 1_795_483_800_000_000)]


def test_rows_that_are_wrong_are_told_and_nothing_is_written(still: CaseHouse) -> None:
    sheet = HEADING + "A-1,voc_simple,2026-11-26,,,\r\nA-2,made_up,2026-11-24,,,\r\nA-3,kindness,2026-11-24,,abc,\r\n"
    answer = send(still, sheet.encode())
    assert answer.status_code == 400
    told = text_of(answer.text.partition("<tbody>")[2].partition("</tbody>")[0])
    assert "2 접수일시 (received) It lies in the future: give when it was." in told
    assert "3 이행표준 (promise) There is no such promise" in told
    assert "4 연락처 (contact) It is no whole telephone number" in told
    assert 'name="confirm"' not in answer.text
    assert written(still) == 0
    korean = still.post(f"{IMPORT}?lang=ko", {}, IMPORT, files={"file": ("cases.csv", sheet.encode())})
    assert "아직 오지 않은 날입니다" in korean.text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This is no file of cases"),
        (b"a,b\r\n1,2\r\n", "This is no file of cases"),
        (b"PK\x03\x04broken", "broken XLSX"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old Excel"),
        (bytes(range(256)) * 8, "This is no file of cases"),
    ],
)
def test_a_file_that_is_none_of_cases_is_told(still: CaseHouse, content: bytes, sentence: str) -> None:
    answer = send(still, content)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert "callmonitor-" not in answer.text  # as the folder of our own is called that it lay in
    assert written(still) == 0


def test_only_what_was_shown_is_brought_in(still: CaseHouse) -> None:
    """By its hash, by whom it was shown to, for half an hour; and of five files the first is not kept."""
    shown = send(still, SHEET.encode()).text
    digest = re.search(r'name="confirm" value="([0-9a-f]{64})"', shown)
    assert digest is not None
    assert still.post(IMPORT, {"confirm": "0" * 64}).status_code == 409
    assert still.post(IMPORT, {}).status_code == 400
    for number in range(4):
        send(still, f"{HEADING}B-{number},voc_simple,2026-11-23,,,\r\n".encode())
    gone = still.post(IMPORT, {"confirm": digest[1]})
    assert (gone.status_code, "is not kept any more" in gone.text) == (409, True)
    shown = send(still, SHEET.encode()).text
    still.clock.at += timedelta(minutes=31)
    assert confirmed(still, shown).status_code == 409
    assert written(still) == 0


def test_a_button_pressed_twice_brings_in_once(house: CaseHouse) -> None:
    page = send(house, SHEET.encode()).text
    fields = dict(re.findall(r'name="(csrf|confirm)" value="([^"]+)"', page))

    async def twice(client: httpx.AsyncClient) -> list[httpx.Response]:
        return list(await asyncio.gather(*(client.post(IMPORT, data=fields) for _ in range(2))))

    answers = house.ask(twice)
    assert [answer.status_code for answer in answers] == [303, 303]
    assert sorted(answer.headers["location"].rpartition("=")[2] for answer in answers) == ["0", "2"]
    assert len(house.sql("select reference from cases")) == 2


def test_what_has_changed_since_it_was_shown_is_told_and_nothing_is_written(house: CaseHouse) -> None:
    shown = send(house, SHEET.encode()).text
    house.open("kindness", reference="A-2")
    late = confirmed(house, shown)
    assert late.status_code == 409
    assert "There is another case of this reference" in late.text
    assert house.sql("select reference from cases") == [("A-2",)]


def test_rows_change_cases_that_are_there_where_that_is_wanted(house: CaseHouse) -> None:
    house.open(reference="A-1", assignee="김")
    house.clock.move(minutes=1)
    sheet = HEADING + "A-1,voc_simple,2026-11-23,새 내용,,\r\n"
    assert send(house, sheet.encode()).status_code == 400
    shown = send(house, sheet.encode(), update="yes")
    assert tiles(shown.text) == "0 new 1 to be changed 0 there already, and saying the same"
    assert confirmed(house, shown.text).status_code == 303
    assert house.sql("select subject, assignee from cases") == [("새 내용", "김")]


def test_an_empty_sheet_has_the_columns_that_a_file_may_have(still: CaseHouse) -> None:
    english, korean = still.get("/cases/template.csv"), still.get("/cases/template.csv", language="ko")
    assert english.text.startswith("\ufeffreference,promise,received,")
    assert korean.text.startswith("\ufeff접수번호,이행표준,접수일시,")
    assert korean.headers["content-disposition"] == 'attachment; filename="cases-template.csv"'

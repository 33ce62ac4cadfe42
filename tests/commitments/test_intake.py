"""Sheets of cases: all of one or nothing, the same one as often as one likes, broken ones told and nothing more."""

from __future__ import annotations

import codecs
import csv
import zipfile
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from monitor.commitments import sheets
from monitor.commitments.cases import CaseQuery, Change, NewCase
from monitor.commitments.columns import COLUMNS, heading, written
from monitor.commitments.intake import Intake, bring_in
from monitor.errors import ImportRefused

from .office import KIM, SEOUL, Office, at

if TYPE_CHECKING:
    from pathlib import Path

HEAD = [
    "접수번호",
    "이행표준",
    "접수일시",
    "내용",
    "연락처",
    "담당자",
    "조사결과",
    "방문횟수",
    "처리일시",
    "지급액",
    "처리결과",
]
ROWS: list[list[Any]] = [
    ["V-1", "고객의 소리: 단순 질의·불만", "2026-11-23 10:00", "서류, 물음", "010-1234-5678", "김", "", "",
     "2026-11-25", "", "답함"],
    ["V-2", "kindness", "2026. 11. 24.", "불친절", "", "", "인정", "", "", "10,000원", ""],
    ["V-3", "Accuracy guarantee", "2026-11-24 오후 2:30", "다시 옴", "", "", "", "3", "", "", ""],
]  # fmt: skip


def as_csv(path: Path, rows: list[list[Any]], *, encoding: str = "utf-8-sig", delimiter: str = ",") -> Path:
    text = StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def as_xlsx(path: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append([cell if cell != "" else None for cell in row])
    book.save(path)
    return path


def brought(office: Office, path: Path, *, dry_run: bool = False, update: bool = False) -> Intake:
    return bring_in(office.desk, path, KIM, dry_run=dry_run, update=update)


def faults(intake: Intake) -> list[tuple[int, str]]:
    return [(bad.row, bad.column) for bad in intake.bad]


def check_rows(office: Office) -> None:
    """V-1 to V-3 as the rows above say."""
    one, two, three = (office.desk.get(f"V-{number}") for number in (1, 2, 3))
    assert one is not None
    assert two is not None
    assert three is not None
    assert (one.commitment, one.received_at, one.subject) == ("voc_simple", at("2026-11-23 10:00"), "서류, 물음")
    assert (one.contact, one.assignee, one.done_at, one.result) == ("01012345678", "김", at("2026-11-25"), "답함")
    assert (two.commitment, two.received_at, two.owed_won, two.paid_won) == (
        "kindness",
        at("2026-11-24"),
        10_000,
        10_000,
    )
    assert (three.commitment, three.received_at, three.visits) == ("accuracy", at("2026-11-24 14:30"), 3)
    assert (three.owed_won, three.source) == (20_000, "import")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_csv_in_every_encoding_of_excel(office: Office, tmp_path: Path, encoding: str) -> None:
    delimiter = "\t" if encoding == "utf-16" else ","
    path = as_csv(tmp_path / "cases.csv", [HEAD, *ROWS], encoding=encoding, delimiter=delimiter)
    assert brought(office, path).written == 3
    check_rows(office)


def test_xlsx_and_its_dates_and_numbers(on_both: Office, tmp_path: Path) -> None:
    rows = [list(row) for row in ROWS]
    # Excel took the first 0 of the number away.
    rows[0][2], rows[0][8], rows[0][4] = at("2026-11-23 10:00").replace(tzinfo=None), date(2026, 11, 25), 1012345678
    # A day's number without a day's format: 24 November 2026 is day 46350 of Excel's.
    rows[1][2], rows[1][9], rows[2][7] = 46350, 10000.0, 3
    path = as_xlsx(tmp_path / "cases.csv", [HEAD, *rows])
    dry = brought(on_both, path, dry_run=True)
    assert (dry.rows, dry.new, dry.written, on_both.desk.count(CaseQuery())) == (3, 3, 0, 0)
    assert brought(on_both, path).written == 3
    check_rows(on_both)
    # The same file again, also after somebody worked on its cases.
    on_both.desk.change("V-3", Change(paid_won=20_000, subject="다시 온 까닭"), KIM)
    again = brought(on_both, path)
    assert (again.same, again.new, again.written, again.bad) == (3, 0, 0, ())
    assert on_both.desk.verify_trail().entries == 4


def test_rows_without_a_reference_are_the_same_twice(office: Office, tmp_path: Path) -> None:
    rows = [["이행표준", "접수일시", "연락처"], ["voc_simple", "2026-11-23", "01011112222"]]
    # Two that say the same are two people's, or one's twice: both are kept.
    path = as_csv(tmp_path / "a.csv", [*rows, rows[1], ["voc_simple", "2026-11-23", "01033334444"]])
    assert brought(office, path).new == 3
    assert (brought(office, path).same, office.desk.count(CaseQuery())) == (3, 3)
    assert not [case for case in office.desk.find(CaseQuery()).cases if "1111" in case.reference]


def test_another_order_and_english_names(office: Office, tmp_path: Path) -> None:
    path = as_csv(
        tmp_path / "a.csv", [["Received", "Paid won", "promise", "Withdrawn"], ["2026-11-23", "", "disclosure", "yes"]]
    )
    assert brought(office, path).new == 1
    assert office.desk.find(CaseQuery()).cases[0].state == "withdrawn"


def test_every_bad_row_is_told_and_nothing_is_written(office: Office, tmp_path: Path) -> None:
    rows = [
        HEAD,
        ["B-1", "kindness", "2026-11-27", "", "", "", "", "", "", "", ""],
        ["B-2", "bribery", "2026-11-23", "", "", "", "", "", "", "", ""],
        ["B-3", "kindness", "요전날", "", "", "", "아마", "", "", "만원", ""],
        ["B-4", "kindness", "", "", "", "", "", "", "", "", ""],
        [],
        ["B-5", "kindness", "2026-11-23", "", "", "", "", "", "", "", ""],
        ["B-5", "kindness", "2026-11-23", "", "", "", "", "", "", "", ""],
        ["B-6", "kindness", "2026-11-23", "", "", "", "", "", "", "", "", "밖"],
        ["010-1234-5678", "kindness", "2026-11-23", "", "홍길동", "", "", "", "", "", ""],
    ]
    intake = brought(office, as_csv(tmp_path / "a.csv", rows))
    assert faults(intake) == [
        (2, "접수일시 (received)"), (3, "이행표준 (promise)"), (4, "접수일시 (received)"), (4, "조사결과 (finding)"),
        (4, "지급액 (paid won)"), (5, "접수일시 (received)"), (8, "접수번호 (reference)"), (9, ""),
        (10, "접수번호 (reference)"),
    ]  # fmt: skip
    assert (intake.written, office.desk.count(CaseQuery())) == (0, 0)
    assert all(str(bad.error).endswith(".") for bad in intake.bad)
    assert not [bad for bad in intake.bad if "5678" in str(bad.error) or "홍길동" in str(bad.error)]


def test_a_row_that_says_something_else_takes_all_back(on_both: Office, tmp_path: Path) -> None:
    on_both.open("kindness", "2026-11-20 10:00", reference="V-2")
    path = as_csv(tmp_path / "a.csv", [HEAD, *ROWS])
    for dry_run in (True, False):
        assert faults(brought(on_both, path, dry_run=dry_run)) == [(3, "접수번호 (reference)")]
    assert on_both.desk.count(CaseQuery()) == 1
    changed = brought(on_both, path, update=True)
    assert (changed.new, changed.changed, changed.same) == (2, 1, 0)
    check_rows(on_both)
    assert (brought(on_both, path, update=True).same, on_both.desk.verify_trail().broken) == (3, None)


def test_an_update_lets_empty_cells_be(office: Office, tmp_path: Path) -> None:
    brought(office, as_csv(tmp_path / "a.csv", [HEAD, *ROWS]))
    more = as_csv(tmp_path / "b.csv", [[*HEAD[:3], "처리일", "처리결과"], [*ROWS[1][:3], "2026-11-26", "사과함"]])
    assert brought(office, more, update=True).changed == 1
    two = office.desk.get("V-2")
    assert two is not None
    assert (two.subject, two.result, two.done_at, two.paid_won) == ("불친절", "사과함", at("2026-11-26"), 10_000)


def test_a_holding_of_a_sheet_is_the_one_that_is_owed(on_both: Office, tmp_path: Path) -> None:
    """A survey held in May: what was opened by itself waits no more; and nobody lets a second one wait."""
    on_both.desk.open_holdings()
    second = as_csv(tmp_path / "second.csv", [HEAD, ["S-0", "survey", "2026-05-01", *[""] * 8]])
    for dry_run in (True, False):
        refused = brought(on_both, second, dry_run=dry_run)
        assert [str(bad.error).partition(":")[0] for bad in refused.bad] == ["It is on the list already as survey-2026"]
    held = ["S-1", "survey", "2026-05-01", *[""] * 5, "2026-05-29", "", "누리집에 공표함"]
    sheet = as_csv(tmp_path / "held.csv", [HEAD, held])
    assert brought(on_both, sheet).new == 1
    assert on_both.sql("SELECT reference, state FROM cases WHERE commitment = 'survey' ORDER BY reference") == [
        ("S-1", "done"), ("survey-2026", "withdrawn"),
    ]  # fmt: skip
    assert [entry.who for entry in on_both.desk.trail("survey-2026")] == ["callmonitor", "callmonitor"]
    assert on_both.desk.verify_trail().broken is None
    assert brought(on_both, sheet).same == 1


def test_what_is_written_out_is_read_back(office: Office, tmp_path: Path) -> None:
    full = NewCase(
        commitment="kindness", received_at=at("2026-11-20 09:00"), reference="R-1", subject="=1+1 이라고 함",
        contact="hong@example.com", system="pbx1", linkedid="1764.1", assignee="김", finding="upheld", visits=2,
        missed_appointment=True, done_at=at("2026-11-24 10:11:12"), paid_won=10_000, paid_at=at("2026-11-25 09:00"),
        apology_at=at("2026-11-24 12:00"), training_at=at("2026-11-26 09:00"), result="두 줄\n답",
    )  # fmt: skip
    case = office.desk.open(full, KIM)
    values = {column.field: getattr(case, column.field, False) for column in COLUMNS}
    register = {one.key: one for one in office.desk.register}
    for language in ("ko", "en"):
        row = written(values, register[case.commitment], SEOUL, language)
        path = as_csv(tmp_path / "out.csv", [heading(language), row])
        assert brought(office, path).same == 1


def zipped(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def broken_files(folder: Path) -> dict[str, Path]:
    whole = as_xlsx(folder / "whole.xlsx", [HEAD, *ROWS]).read_bytes()
    files = {
        "cut.xlsx": whole[: len(whole) // 2],
        "beginning.xlsx": whole[:4],
        "no end.xlsx": whole[:-1],
        "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
        "picture.csv": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        "empty.csv": b"",
        "empty too.csv": codecs.BOM_UTF8,
        "zeros.csv": bytes(100),
        "quote.csv": '이행표준,접수일시\r\n"voc_simple,2026-11-23\r\n'.encode(),
        "page.html": b"<html><body>login</body></html>",
        "unknown.csv": "이행표준,접수일시,처리 일자쯤\r\n".encode(),
        "twice.csv": "이행표준,접수일시,접수일\r\n".encode(),
        "half.csv": "이행표준,내용\r\n".encode(),
        "latin.csv": "이행표준,접수일시\r\n".encode() + b"\xff\xfe\xfa",
    }
    paths = {name: folder / name for name in files}
    for name, data in files.items():
        paths[name].write_bytes(data)
    paths["other.zip"] = zipped(folder / "other.zip", {"a.txt": b"a"})
    with zipfile.ZipFile(folder / "whole.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    paths["xml.xlsx"] = zipped(folder / "xml.xlsx", parts | {sheet: parts[sheet][:200]})
    bomb = (
        b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
        + b"".join(b"<!ENTITY %c '%s'>" % (98 + on, (b"&%c;" % (97 + on)) * 10) for on in range(9))
        + b"]><worksheet><sheetData><row r='1'><c r='A1' t='str'><v>&j;</v></c></row></sheetData></worksheet>"
    )
    paths["entities.xlsx"] = zipped(folder / "entities.xlsx", parts | {sheet: bomb})
    # 100 MB of nothing, in 100 kB.
    paths["bomb.xlsx"] = zipped(folder / "bomb.xlsx", parts | {"xl/sharedStrings.xml": bytes(100 << 20)})
    paths["absent.csv"] = folder / "absent.csv"
    paths["folder.csv"] = folder
    return paths


def test_broken_files_are_told_in_a_sentence(office: Office, tmp_path: Path) -> None:
    told = {}
    for name, path in broken_files(tmp_path).items():
        with pytest.raises(ImportRefused) as refused:
            brought(office, path)
        told[name] = str(refused.value)
    assert all(sentence.endswith(".") and ": " in sentence for sentence in told.values()), told
    assert "old Excel" in told["old.xls"]
    assert "unfold" in told["bomb.xlsx"]
    assert "cut short" in told["no end.xlsx"]
    assert "처리 일자쯤" in told["unknown.csv"]
    assert office.desk.count(CaseQuery()) == 0


def test_a_sheet_has_so_many_rows(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    with pytest.raises(ImportRefused, match="more than 2 rows"):
        brought(office, as_csv(tmp_path / "a.csv", [HEAD, *ROWS]))
    assert office.desk.count(CaseQuery()) == 0


def test_a_row_said_to_lie_far_below_takes_no_memory(office: Office, tmp_path: Path) -> None:
    path = as_xlsx(tmp_path / "whole.xlsx", [HEAD, *ROWS])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    far = parts[sheet].replace(
        b"</sheetData>", b'<row r="900000000"><c r="XFD900000000" t="n"><v>1</v></c></row></sheetData>'
    )
    assert brought(office, zipped(tmp_path / "far.xlsx", parts | {sheet: far})).new == 3

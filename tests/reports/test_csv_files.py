"""Tables as CSV: what Excel and programs read, byte by byte."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import TYPE_CHECKING

from monitor.reports.csv_files import cell, write_csv

from . import paper

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_for_each_table(tmp_path: Path) -> None:
    document = paper.paper()
    written = write_csv(document, tmp_path, "callmonitor-2026-10.ko")
    assert [path.name for path in written] == [
        f"callmonitor-2026-10.ko.{key}.csv" for key in ("rings", "days", "half_hours", "missed", "agents", "gaps")
    ]
    assert sorted(tmp_path.iterdir()) == sorted(written)


def test_excel_and_rfc_4180_agree_on_it(tmp_path: Path) -> None:
    """A byte order mark, quotes where they are needed, and CRLF; no text begins like a formula."""
    rows = {path.name: path.read_bytes() for path in write_csv(paper.paper(), tmp_path, "x")}
    assert rows["x.missed.csv"].decode() == (
        "\ufeff시각,발신 번호,대기(초),통화 보기\r\n"
        '2026-10-01T23:59:59.900000+09:00,"\'=HYPERLINK(""http://x.example"")",8.96,'
        "https://calls.example.org/calls/pbx1/1\r\n"
        "2026-10-02T09:00:00.000000+09:00,'+82-10-****-5678,0.5,https://calls.example.org/calls/a?b=1&c\r\n"
        '2026-10-02T09:01:00.000000+09:00,"\'\t@SUM(A1), ""x""\r\ny",,javascript:alert(1)\r\n'
        "2026-10-02T09:02:00.000000+09:00,'-cmd,4.0,\r\n"
    )
    assert rows["x.gaps.csv"].decode() == "\ufeff시작,길이\r\n합계,0.0\r\n"


def test_numbers_have_every_digit(tmp_path: Path) -> None:
    """2000 of 2001 is no 1, and 8.9996 s no 9; the total follows the rows."""
    (days,) = (path for path in write_csv(paper.paper(), tmp_path, "x") if ".days." in path.name)
    rows = list(csv.reader(io.StringIO(days.read_text(encoding="utf-8-sig"), newline="")))
    assert rows[1][:6] == ["2026-10-01", "목", "3", "1", "0.75", "0.012"]
    assert rows[2][4:8] == ["", "", "0.0", ""]
    assert [float(rows[3][4]), float(rows[1][9])] == [2000 / 2001, 8.9996]
    assert rows[4][:4] == ["합계", "", "2003", "2"]
    assert len(rows) == 5


def test_values_as_programs_take_them() -> None:
    at = datetime(2026, 3, 29, 2, 30, tzinfo=paper.SEOUL)
    assert [cell(value) for value in (None, "가", 1_000_000, 0.0003, date(2026, 3, 1), at, -0.02)] == [
        "",
        "가",
        "1000000",
        "0.0003",
        "2026-03-01",
        "2026-03-29T02:30:00.000000+09:00",
        "-0.02",
    ]

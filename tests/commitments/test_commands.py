"""The commands `cases …`, run as people run them, and what `purge` and `forget` do to cases."""

from __future__ import annotations

import csv
import os
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from monitor.commitments.cases import CaseQuery
from monitor.ledger import Store, upgrade
from tests.started import started

from .office import Office, at

if TYPE_CHECKING:
    from pathlib import Path


def settings_file(folder: Path) -> None:
    url = f"sqlite:///{folder / 'ledger.sqlite3'}"
    (folder / "callmonitor.toml").write_text(f"[ledger]\nurl = '{url}'\n", encoding="utf-8")


def callmonitor(folder: Path, *arguments: str, status: int = 0) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CALLMONITOR_")}
    environment |= {"LOGNAME": "park", "XDG_STATE_HOME": str(folder / "state")}
    done = started(*arguments, cwd=folder, env=environment)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout.decode()


def test_in_out_and_proved(tmp_path: Path) -> None:
    settings_file(tmp_path)
    head = callmonitor(tmp_path, "cases", "template")
    assert head.startswith("\ufeff접수번호,이행표준,접수일시,")
    rows = 'V-1,kindness,2024-01-05 10:00,불친절 010-1234-5678,010-1234-5678,,인정,,,,,"10,000"\r\n'
    (tmp_path / "cases.csv").write_text(head + rows, encoding="utf-8")
    dry = callmonitor(tmp_path, "cases", "import", "cases.csv", "--dry-run")
    assert dry.splitlines() == ["Read 1 case.", "  1 new", "1 case would be written; nothing was."]
    assert not (tmp_path / "ledger.sqlite3").exists()
    assert callmonitor(tmp_path, "cases", "import", "cases.csv").splitlines()[-1] == "1 case written."
    again = callmonitor(tmp_path, "cases", "import", "cases.csv")
    assert again.splitlines()[-1] == "Nothing was written: the ledger has it all."
    (tmp_path / "bad.csv").write_text(head + rows.replace("kindness", "x").replace("V-1", "V-2"), encoding="utf-8")
    told = callmonitor(tmp_path, "cases", "import", "bad.csv", status=1)
    assert told.startswith("  row 2, 이행표준 (promise): There is no such promise: give one of voc_simple,")
    masked, full = (
        list(csv.reader(StringIO(callmonitor(tmp_path, "cases", "export", *flag)))) for flag in ((), ("--full",))
    )
    assert [row[3:5] for row in masked] == [["내용", "연락처"], ["불친절 010-****-5678", "010-****-5678"]]
    assert full[1][:5] == ["V-1", "친절 보장", "2024-01-05 10:00:00", "불친절 010-1234-5678", "01012345678"]
    assert "1 entries of 1 cases" in callmonitor(tmp_path, "cases", "verify").replace("entry", "entries")
    store = Store(tmp_path / "ledger.sqlite3")
    office = Office(store)
    assert office.desk.trail("V-1")[0].who == "park"
    office.sql("UPDATE cases SET paid_won = 5 WHERE reference = 'V-1'")
    store.close()
    assert "(paid_won)" in callmonitor(tmp_path, "cases", "verify", status=1)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A ledger with one case of January, done, of somebody who left their number twice."""
    path = tmp_path / "ledger.sqlite3"
    upgrade(path)
    store = Store(path)
    office = Office(store)
    office.open(
        "kindness", "2025-01-06 10:00", reference="OLD", contact="010-1234-5678", subject="010 1234 5678로 전화 바람",
        done_at=at("2025-01-07 10:00"), result="2025-01-07 a@b.kr로 답함",
    )  # fmt: skip
    office.open("kindness", "2026-11-23 10:00", reference="NEW", contact="01012345678", subject="+82 10-1234-5678")
    store.close()
    settings_file(tmp_path)
    return path


def test_forgotten_everywhere_and_the_trail_says_so(kept: Path) -> None:
    folder = kept.parent
    told = callmonitor(folder, "forget", "010-1234-5678", "--yes")
    places = {line.split("  ")[0]: line.split()[-2:] for line in told.splitlines() if line.startswith("table ")}
    assert places["table cases"] == ["2", "0"]
    assert b"1234-5678" not in kept.read_bytes()
    assert b"01012345678" not in kept.read_bytes()
    store = Store(kept)
    office = Office(store)
    for case in office.desk.find(CaseQuery()).cases:
        assert (case.contact, case.person, case.subject) == (None, None, None)
        last = office.desk.trail(case.reference)[-1]
        assert (last.action, last.detail["contact"], last.detail["subject"]) == ("erased", "changed", "changed")
    assert office.desk.verify_trail().broken is None
    store.close()


def test_purged_a_year_after_it_was_done(kept: Path) -> None:
    folder = kept.parent
    would = callmonitor(folder, "purge", "--dry-run")
    assert "cases.subject, contact, person" in would
    callmonitor(folder, "purge")
    store = Store(kept)
    office = Office(store)
    old, new = office.desk.get("OLD"), office.desk.get("NEW")
    assert old is not None
    assert new is not None
    assert (old.subject, old.contact, old.person, old.result) == (None, None, None, "2025-01-07 a***@b.kr로 답함")
    assert (new.contact, new.erased_at) == ("01012345678", None)
    assert b"1234 5678" not in kept.read_bytes()
    assert office.desk.verify_trail().broken is None
    store.close()

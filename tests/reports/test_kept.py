"""Reports that are kept: who made what and when, and nothing that is not whole."""

from __future__ import annotations

import hashlib
import json
import os
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from monitor.errors import ReportError, ReportNotWritten, StoreError
from monitor.reports.kept import Kept, KeptFile
from monitor.reports.order import FileFormat, Order
from monitor.reports.periods import Period, Span
from monitor.reports.settling import all_or_none

from .paper import SEOUL

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.reports.kept import KeptReport

AT = datetime(2026, 11, 2, 7, 0, tzinfo=SEOUL)
ORDER = Order(
    period=Period.month("2026-10", SEOUL),
    line="1588-6565",
    languages=("ko", "en"),
    formats=(FileFormat.PDF, FileFormat.CSV),
    rule="three-rings/1",
    agents=False,
    made_by="김팀장",
)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "reports")


def keep(kept: Kept, at: datetime = AT, order: Order = ORDER) -> KeptReport:
    def write(folder: Path) -> None:
        (folder / "b.pdf").write_bytes(b"%PDF")
        (folder / "a.csv").write_bytes("가".encode())

    return kept.keep(order, at, write)


def test_a_report_says_who_made_what_and_when(kept: Kept) -> None:
    report = keep(kept)
    # 07:00 in Seoul is 22:00 of the day before.
    assert re.fullmatch(r"20261101T220000Z-2026-10-[0-9a-f]{6}", report.id)
    assert report.made_at == AT
    assert (report.made_by, report.period, report.span) == ("김팀장", "2026-10", Span.MONTH)
    assert (report.first, report.last) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (report.line, report.queue, report.rule) == ("1588-6565", None, "three-rings/1")
    assert (report.languages, report.formats) == (("ko", "en"), (FileFormat.PDF, FileFormat.CSV))
    assert (report.agents, report.publishable) == (False, False)
    assert report.files == (
        KeptFile(name="a.csv", bytes=3, sha256=hashlib.sha256("가".encode()).hexdigest()),
        KeptFile(name="b.pdf", bytes=4, sha256=hashlib.sha256(b"%PDF").hexdigest()),
    )
    assert 0 <= report.seconds < 60


def test_it_is_found_again_by_whoever_opens_the_folder(kept: Kept) -> None:
    report = keep(kept)
    again = Kept(kept.folder)
    assert again.all() == [report]
    assert again.find(report.id) == report
    file = again.file(report, "b.pdf")
    assert file is not None
    assert file.read_bytes() == b"%PDF"
    assert again.file(report, "made.json") is None


def test_the_newest_comes_first(kept: Kept) -> None:
    made = [keep(kept, AT + timedelta(days=days)) for days in (1, 3, 2)]
    assert [report.id for report in kept.all()] == [made[1].id, made[2].id, made[0].id]


def test_made_json_is_for_programs_too(kept: Kept) -> None:
    report = keep(kept)
    told = json.loads((kept.folder_of(report) / "made.json").read_text(encoding="utf-8"))
    assert told["made_at"] == "2026-11-01T22:00:00Z"
    assert told["files"][0] == {"name": "a.csv", "bytes": 3, "sha256": hashlib.sha256("가".encode()).hexdigest()}


def test_reports_are_their_owners_alone(kept: Kept) -> None:
    """They name agents."""
    report = keep(kept)
    folder = kept.folder_of(report)
    assert [path.stat().st_mode & 0o777 for path in (kept.folder, folder)] == [0o700, 0o700]
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "a.csv": 0o600,
        "b.pdf": 0o600,
        "made.json": 0o600,
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_makes_belongs_to_the_service(kept: Kept) -> None:
    kept.folder.mkdir()
    os.chown(kept.folder, 65534, 65534)
    report = keep(kept)
    folder = kept.folder_of(report)
    assert {path.stat().st_uid for path in (folder, *folder.iterdir())} == {65534}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_folder_that_root_makes_first_belongs_to_the_service_too(kept: Kept) -> None:
    """Or the service could never keep a report of its own there."""
    os.chown(kept.folder.parent, 65534, 65534)
    folder = kept.folder_of(keep(kept))
    assert {path.stat().st_uid for path in (kept.folder, folder, *folder.iterdir())} == {65534}


@pytest.mark.parametrize(
    "asked",
    [
        "",
        ".",
        "..",
        "../reports",
        "a/../b",
        "%2e%2e",
        "/etc",
        "x" * 200,
        "20261101T220000Z-2026-10-000000",
        "a\0b",
        "-",
    ],
)
def test_an_address_leads_to_reports_alone(kept: Kept, asked: str) -> None:
    keep(kept)
    assert kept.find(asked) is None


def test_a_folder_that_leads_elsewhere_is_none(kept: Kept, tmp_path: Path) -> None:
    elsewhere = Kept(tmp_path / "elsewhere")
    report = keep(elsewhere)
    kept.folder.mkdir()
    (kept.folder / report.id).symlink_to(elsewhere.folder_of(report))
    assert kept.all() == []
    assert kept.find(report.id) is None


def damage(kept: Kept, report: KeptReport, how: str) -> None:
    folder = kept.folder_of(report)
    told = json.loads((folder / "made.json").read_text(encoding="utf-8"))
    match how:
        case "no made.json":
            (folder / "made.json").unlink()
        case "half a made.json":
            (folder / "made.json").write_bytes((folder / "made.json").read_bytes()[:100])
        case "a file is missing":
            (folder / "a.csv").unlink()
        case "a file was changed":
            (folder / "a.csv").write_bytes(b"longer than before")
        case "renamed":
            folder.rename(kept.folder / "renamed")
        case "a link for a file":
            (folder / "a.csv").unlink()
            (folder / "a.csv").symlink_to("/etc/hostname")
        case "a file elsewhere":
            told["files"][0]["name"] = "../../secret"
            (folder / "made.json").write_text(json.dumps(told), encoding="utf-8")


@pytest.mark.parametrize(
    "how",
    [
        "no made.json",
        "half a made.json",
        "a file is missing",
        "a file was changed",
        "renamed",
        "a link for a file",
        "a file elsewhere",
    ],
)
def test_what_was_damaged_is_passed_over_and_named_once(kept: Kept, how: str) -> None:
    whole, damaged = keep(kept), keep(kept)
    damage(kept, damaged, how)
    with capture_logs() as log:
        assert [kept.all(), kept.all()] == [[whole], [whole]]
    assert [entry["event"] for entry in log] == ["report_passed_over"]
    assert kept.find(damaged.id) is None


def test_others_may_keep_things_there(kept: Kept) -> None:
    report = keep(kept)
    (kept.folder / "notes.txt").write_text("ours", encoding="utf-8")
    (kept.folder / "folder").mkdir()
    with capture_logs() as log:
        assert kept.all() == [report]
    assert len(log) == 2


def test_there_are_none_where_there_is_no_folder(kept: Kept) -> None:
    assert kept.all() == []
    assert kept.find("20261101T220000Z-2026-10-000000") is None


def test_a_folder_that_is_none_is_told(kept: Kept) -> None:
    kept.folder.write_bytes(b"")
    with pytest.raises(ReportError, match="cannot be read"):
        kept.all()
    with pytest.raises(ReportNotWritten, match=re.escape(f"cannot be written to {kept.folder} (")):
        keep(kept)


@pytest.mark.parametrize("error", [StoreError("The ledger is away."), KeyboardInterrupt()])
def test_nothing_is_kept_of_what_fails(kept: Kept, error: BaseException) -> None:
    def fail(folder: Path) -> None:
        (folder / "a.pdf").write_bytes(b"half")
        raise error

    with pytest.raises(type(error)):
        kept.keep(ORDER, AT, fail)
    assert list(kept.folder.iterdir()) == []


def test_no_room_is_told_of_the_folder_that_people_know(kept: Kept) -> None:
    def fail(folder: Path) -> None:
        with all_or_none(folder):
            raise OSError(28, "No space left on device")

    with pytest.raises(ReportNotWritten) as caught:
        kept.keep(ORDER, AT, fail)
    assert str(caught.value).startswith(f"The report cannot be written to {kept.folder}: there is no room left")


def test_what_a_killed_process_left_is_cleared_away_after_a_day(kept: Kept) -> None:
    kept.folder.mkdir()
    old, new = kept.folder / ".making-old", kept.folder / ".making-new"
    for folder in (old, new):
        folder.mkdir()
    day_ago = (datetime.now(UTC) - timedelta(hours=25)).timestamp()
    os.utime(old, (day_ago, day_ago))
    keep(kept)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_report_that_another_process_finishes_meanwhile_is_no_hindrance(kept: Kept) -> None:
    kept.folder.mkdir()
    # A name that is listed, and leads nowhere once it is looked at.
    (kept.folder / ".making-gone").symlink_to(kept.folder / "finished")
    assert kept.all() == []
    report = keep(kept)
    assert kept.find(report.id) == report

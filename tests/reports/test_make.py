"""From an order to its files: their names, all of them or none, and one sentence where something is away."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from monitor.errors import ReportError, ReportNotWritten, StoreError
from monitor.ledger.schema import upgrade
from monitor.ledger.store import Store
from monitor.reports.make import make, stem
from monitor.reports.order import FileFormat, Order
from monitor.reports.periods import Period

from . import month
from .sample import HOUSE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ledger.postgres import Cluster

RECORD = Order(
    period=Period.half("2026H2", month.SEOUL), formats=(FileFormat.JSON,), languages=("ko",), publishable=True
)


class Steps:
    """Keeps what it is told, and does something when a step is told of for the first time."""

    def __init__(self, **at: object) -> None:
        self.told: list[tuple[str, float]] = []
        self._at = at

    def step(self, step: str, share: float) -> None:
        first = all(step != known for known, _ in self.told)
        self.told.append((step, share))
        act = self._at.get(step)
        if first and callable(act):
            act()


@pytest.fixture(scope="module")
def store(month_file: Path) -> Iterator[Store]:
    opened = Store(month_file)
    yield opened
    opened.close()


def ordered(*formats: FileFormat, **more: object) -> Order:
    return replace(month.MONTH, formats=formats, **more)  # type: ignore[arg-type]  # fields of an order


def test_every_form(store: Store, tmp_path: Path) -> None:
    steps = Steps()
    order = ordered(*FileFormat, languages=("en",))
    files = make(store, order, month.BASIS, HOUSE, tmp_path, now=month.MADE_AT, progress=steps)
    assert sorted(files) == sorted(tmp_path.iterdir())
    told = json.loads((tmp_path / "callmonitor-2026-10.en.json").read_text(encoding="utf-8"))
    tables = list(told["tables"])
    assert [path.name for path in files] == [
        "callmonitor-2026-10.en.pdf",
        "callmonitor-2026-10.en.xlsx",
        "callmonitor-2026-10.en.html",
        *(f"callmonitor-2026-10.en.{key}.csv" for key in tables),
        "callmonitor-2026-10.en.json",
    ]
    book = openpyxl.load_workbook(tmp_path / "callmonitor-2026-10.en.xlsx", data_only=True, read_only=True)
    assert len(book.sheetnames) == len(tables) + 2
    book.close()
    shares = [share for _, share in steps.told]
    assert shares == sorted(shares)
    assert (shares[-1], {step for step, _ in steps.told}) == (1.0, {"reading", "counting", "drawing", "writing"})


def test_every_language(store: Store, tmp_path: Path) -> None:
    """The figures of one are those of the other."""
    order = ordered(FileFormat.JSON, languages=("ko", "en"))
    korean, english = (
        json.loads(path.read_text(encoding="utf-8"))
        for path in make(store, order, month.BASIS, HOUSE, tmp_path, now=month.MADE_AT)
    )
    assert (korean["language"], english["language"]) == ("ko", "en")

    def numbers(told: Any) -> list[list[Any]]:
        return [
            [value for value in row.values() if isinstance(value, int | float)]
            for table in told["tables"].values()
            for row in table["rows"]
        ]

    assert numbers(korean) == numbers(english)


def test_made_twice_is_made_once(store: Store, tmp_path: Path) -> None:
    """The same order in the same moment gives the same bytes, in place of those that stood there."""
    order = ordered(FileFormat.JSON, FileFormat.CSV, FileFormat.XLSX)

    def made() -> dict[str, str]:
        files = make(store, order, month.BASIS, HOUSE, tmp_path, now=month.MADE_AT)
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    assert made() == made()


@pytest.mark.parametrize(
    ("order", "name"),
    [
        (month.MONTH, "callmonitor-2026-10"),
        (RECORD, "callmonitor-2026H2-record"),
        (replace(month.MONTH, line="1588-6565", queue="상담"), "callmonitor-2026-10-1588-6565-상담"),
        (replace(month.MONTH, rule="two-rings"), "callmonitor-2026-10-two-rings"),
        # What no file system takes becomes a line, and the name's own sum keeps two of such apart.
        (replace(month.MONTH, line="a/b"), f"callmonitor-2026-10-a_b-{hashlib.sha256(b'a/b').hexdigest()[:6]}"),
        (replace(month.MONTH, line="../.."), f"callmonitor-2026-10-_-{hashlib.sha256(b'../..').hexdigest()[:6]}"),
    ],
)
def test_names_that_every_file_system_takes(order: Order, name: str) -> None:
    assert stem(order) == name


def test_a_long_name_is_cut() -> None:
    """To 60 bytes, which are 20 syllables of three."""
    name = "가" * 100
    assert stem(replace(month.MONTH, line=name)) == (
        f"callmonitor-2026-10-{'가' * 20}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
    )


@pytest.mark.parametrize("what", ["line", "queue", "rule"])
def test_what_nobody_knows_leaves_no_file(store: Store, tmp_path: Path, what: str) -> None:
    order = ordered(FileFormat.CSV, **{what: "nowhere"})
    with pytest.raises(ReportError, match="'nowhere'"):
        make(store, order, month.BASIS, HOUSE, tmp_path / "out", now=month.MADE_AT)
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not there"):
        make(Store(tmp_path / "no.sqlite3"), month.MONTH, month.BASIS, HOUSE, tmp_path / "out", now=month.MADE_AT)
    assert list(tmp_path.iterdir()) == []


# psycopg takes a cursor whose server went away for one that was left open, and says so when it is let go.
@pytest.mark.filterwarnings("ignore:.*ServerCursorMixin:pytest.PytestUnraisableExceptionWarning")
def test_a_ledger_that_goes_away_in_the_middle(private_cluster: Cluster, tmp_path: Path) -> None:
    url = private_cluster.create_database()
    upgrade(url)
    opened = Store(url)
    old = tmp_path / "callmonitor-2026-10.ko.csv"
    old.write_bytes(b"old")
    steps = Steps(counting=lambda: private_cluster.stop("immediate"))
    with pytest.raises(StoreError, match="cannot be used"):
        make(opened, ordered(FileFormat.JSON), month.BASIS, HOUSE, tmp_path, now=month.MADE_AT, progress=steps)
    opened.close()
    gc.collect()  # it is let go here, and not in another test
    assert steps.told[-1][0] == "counting", "it went away before"
    assert [path.name for path in tmp_path.iterdir()] == [old.name]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 KiB.

    It is unmounted at once, and lives for as long as its folder is open: a run that is killed leaves nothing mounted.
    """
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24k", "tmpfs", tmp_path], check=True)
    held = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    subprocess.run(["umount", "--lazy", tmp_path], check=True)
    yield Path(f"/proc/self/fd/{held}")
    os.close(held)


@pytest.mark.parametrize("form", list(FileFormat))
def test_a_disk_that_is_full_in_the_middle(store: Store, disk: Path, form: FileFormat) -> None:
    """Whichever form it is that meets it: the disk takes the empty folders, and no report of October."""
    old = disk / "callmonitor-2026-10.ko.json"
    old.write_bytes(b"old")
    with pytest.raises(ReportNotWritten, match="there is no room left"):
        make(store, ordered(form), month.BASIS, HOUSE, disk, now=month.MADE_AT)
    assert [path.name for path in disk.iterdir()] == [old.name]
    assert old.read_bytes() == b"old"

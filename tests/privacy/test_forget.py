"""Somebody is forgotten in every place there is, and other programs (grep, zstd, sqlite3, unzip) find nothing left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from monitor.ami.feed import Batch, LinkUp
from monitor.cli import app
from monitor.config_keeping import JournalSettings
from monitor.errors import ConfigError
from monitor.journal.journal import Journal
from monitor.journal.keeping import pack
from monitor.journal.reading import items
from monitor.ledger import Repository, upgrade
from monitor.ledger.spool import Spool, decode
from monitor.numbers import Numbers, is_erased
from tests.ledger.records import a_call, after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.ami.feed import JournalItem

GONE = "01098765432"
FORMS = ("01098765432", "010-9876-5432", "+821098765432", "+82 10-9876-5432", "1098765432")
STAYS = "01098765433"
KEY = "0123456789abcdef0123456789abcdef"
GREP = r"(10|1%20)[-. ()]*9876[-. ()]*5432"
"""For `grep -E`: the digits that every form has, with what stands between."""
NOON_US = 1_772_442_000_000_000
CALLMONITOR = (sys.executable, "-m", "monitor.cli")


def packet(name: str, linkedid: str, number: str) -> bytes:
    fields = f"Event: {name}\r\nCallerIDNum: {number}\r\nConnectedLineNum: {STAYS}\r\nLinkedid: {linkedid}"
    return f"{fields}\r\nChannel: Local/{number}@mobiles-00000001;1".encode()


def journalled(folder: Path) -> list[JournalItem]:
    return list(items(folder / "pbx1"))


class House:
    """A ledger, its spool, a journal with a packed, a closed and an open segment, and reports: all hold the number."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = root / "ledger.sqlite3"
        self.config = root / "callmonitor.toml"
        self.config.write_text(
            f'[ledger]\nurl = "sqlite:///{self.store}"\nspool_dir = "{root / "spool"}"\n'
            f'[journal]\nfolder = "{root / "journal"}"\n[reports]\nfolder = "{root / "reports"}"\n',
            encoding="utf-8",
        )
        upgrade(self.store)
        self.repository = Repository(self.store)
        (transfer,) = a_call().transfers
        (attempt, *_) = a_call().attempts
        calls = [
            a_call("1772442000.1", caller=GONE),
            a_call("1772442000.2", caller="+82 10-9876-5432"),
            a_call("1772442000.3", caller=STAYS, transfers=(replace(transfer, to=GONE),)),
            a_call("1772442000.4", caller=STAYS, attempts=(replace(attempt, channel=f"Local/{GONE}@m-1;1"),)),
        ]
        # Written twice, the former record longer: what SQLite freed holds it still.
        self.repository.record_all([replace(call, member=f"{GONE} " * 40, recorded_at=after(1)) for call in calls])
        self.repository.record_all([replace(call, recorded_at=after(9000)) for call in calls])
        self.spool = Spool(
            root / "spool" / "ledger.sqlite3.spool.jsonl", root / "spool" / "ledger.sqlite3.rejected.jsonl"
        )
        self.spool.append([a_call("9.1", caller=GONE), a_call("9.2", caller=STAYS)])
        self.spool.reject(a_call("9.3", caller=GONE), "of this test")
        self.journal = Journal(JournalSettings(folder=root / "journal", segment_minutes=0.001))
        system = self.journal.of("pbx1", lambda _now_us: None)
        self.journal.start()
        system.append(LinkUp(NOON_US, "pbx1"))
        for number, form in enumerate(FORMS):
            at_us = NOON_US + number * 1_000_000
            packets = [(0, packet("Newchannel", f"1772442000.{number}", form)), (1, packet("Hangup", "7.7", STAYS))]
            system.append(Batch(at_us, packets))
        self.append = system.append
        closed = sorted((root / "journal" / "pbx1").glob("*.ami"))
        pack(closed[1])
        report = root / "reports" / "2026-03"
        report.mkdir(parents=True)
        with zipfile.ZipFile(report / "calls.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("sheet.xml", f"<v>{GONE}</v>")
        (root / "reports" / "2026-02").mkdir()
        (root / "reports" / "2026-02" / "calls.csv").write_text("010-****-5432\r\n", encoding="utf-8")

    def forget(self, *arguments: str, number: str = GONE) -> subprocess.CompletedProcess[str]:
        return self.run("forget", *arguments, input=f"{number}\n")

    def run(self, name: str, *arguments: str, **streams: Any) -> subprocess.CompletedProcess[str]:
        command = [*CALLMONITOR, name, "--config", str(self.config), *arguments]
        environment = {"HOME": str(self.root), "XDG_STATE_HOME": str(self.root / "state"), "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, timeout=120, **streams
        )

    def tells(self) -> tuple[list[JournalItem], list[Any]]:
        """What the journal holds, and whom the ledger names; files may be packed meanwhile."""
        with self.repository.store.reading() as connection:
            callers = connection.exec_driver_sql("SELECT caller FROM calls ORDER BY linkedid").scalars().all()
        assert GONE in callers
        return journalled(self.root / "journal"), list(callers)

    def grep(self) -> str:
        """What grep finds in the bytes of every file, unpacked where it is packed."""
        raw = subprocess.run(["/usr/bin/grep", "-rlaE", GREP, self.root], capture_output=True, text=True, check=False)
        found = raw.stdout
        for path in self.root.rglob("*.zst"):
            told = subprocess.run(
                ["/usr/bin/zstdgrep", "-caE", GREP, path], capture_output=True, text=True, check=False
            )
            found += "" if told.stdout.strip() == "0" else f"{path}: {told.stdout}"
        return found


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.repository.close()
    house.spool.close()
    house.journal.close(5.0)


def tells_each_place(house: House, table: str) -> None:
    """The table that was printed, and what the ledger keeps of it."""
    told = {line.rsplit(maxsplit=2)[0].strip(): tuple(line.split()[-2:]) for line in table.splitlines()[1:]}
    # Calls 1 and 2 by their caller; twice each packet of five names it, by number and channel; one report.
    assert told["table calls"] == ("2", "0")
    assert told["table transfers"] == ("1", "0")
    assert told["table ring_attempts"] == ("1", "0")
    assert told["journal"] == ("10", "0")
    assert told["facts waiting on disk"] == ("1", "0")
    assert told["refused facts"] == ("1", "0")
    assert told["kept reports"] == ("1", "0")
    with house.repository.store.reading() as connection:
        kept = connection.exec_driver_sql("SELECT sum(erased), sum(\"left\") FROM erasures WHERE kind = 'forget'").one()
    assert tuple(kept) == (2 + 1 + 1 + 10 + 1 + 1 + 1, 0)


def test_somebody_is_forgotten_everywhere_while_the_monitor_runs(house: House) -> None:
    """Spool and journal are open, the ledger has connections, and the journal goes on behind what was erased."""
    before = journalled(house.root / "journal")
    assert house.grep().count("\n") >= 8
    done = house.forget("--yes")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert house.grep() == ""
    assert GONE not in done.stdout
    # Nobody else was touched, and nothing is torn.
    calls = {key: house.repository.call(a_call(key).key) for key in (f"1772442000.{n}" for n in range(1, 5))}
    assert [call and call.caller for call in calls.values()] == [None, None, STAYS, STAYS]
    assert all(call is not None and is_erased(call.attempts[0].channel[6:17]) for call in [calls["1772442000.4"]])
    house.append(Batch(NOON_US + 60_000_000, [(0, packet("Newchannel", "1.1", STAYS))]))
    told = journalled(house.root / "journal")
    assert len(told) == len(before) + 1
    for was, now in zip(before, told, strict=False):
        if isinstance(was, Batch):
            assert isinstance(now, Batch)
            assert [len(each) for _, each in now.packets] == [len(each) for _, each in was.packets]
            assert now.packets[1] == was.packets[1]
    waiting = [decode(line) for line in house.spool.oldest(10)]
    assert waiting == [a_call("9.1", caller=None), a_call("9.2", caller=STAYS)]
    # The report that held it is gone, the other one is there.
    assert [path.name for path in (house.root / "reports").iterdir()] == ["2026-02"]
    tells_each_place(house, done.stdout)


def test_without_a_terminal_nobody_is_forgotten_by_mistake(house: House) -> None:
    """Nobody can be asked: the number on standard input is no yes, and neither is one on the command line."""
    before = house.tells()
    for arguments in ((), (GONE,)):
        done = house.forget(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "run the command again with --yes. Nothing was erased." in done.stderr
    assert house.tells() == before


def test_at_a_terminal_somebody_is_asked(house: House) -> None:
    before = house.tells()
    ours, theirs = os.openpty()
    os.write(ours, b"n\n")
    try:
        done = house.run("forget", GONE, stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (done.returncode, done.stdout.strip()) == (1, "")
    assert "Erase it? [y/N]" in done.stderr
    assert house.tells() == before


def test_what_cannot_be_erased_is_told_and_the_status_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody has put a list of their own into our folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    config = tmp_path / "callmonitor.toml"
    config.write_text(f'[ledger]\nurl = "sqlite:///{tmp_path / "ledger.sqlite3"}"\n', encoding="utf-8")
    mine = tmp_path / "state" / "callmonitor" / "people to call back.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("010-9876-5432\n", encoding="utf-8")
    assert app(["forget", GONE, "--yes", "--config", str(config)], standalone_mode=False) == 1
    assert f"It stands in {mine}" in capsys.readouterr().out
    assert "9876" in mine.read_text(encoding="utf-8")


def test_the_line_s_own_number_is_nobody_s(tmp_path: Path) -> None:
    config = tmp_path / "callmonitor.toml"
    config.write_text(f'[ledger]\nurl = "sqlite:///{tmp_path / "ledger.sqlite3"}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="number of the line 1588-6565"):
        app(["forget", "+82 1588 6565", "--yes", "--config", str(config)], standalone_mode=False)


def test_a_hashed_ledger_forgets_by_the_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n", encoding="utf-8")
    store = tmp_path / "ledger.sqlite3"
    upgrade(store)
    numbers = Numbers(KEY.encode())
    repository = Repository(store, numbers=numbers)
    (transfer,) = a_call().transfers
    own = a_call("1.1", caller=GONE, transfers=(replace(transfer, to=GONE),))
    repository.record_all([own, a_call("1.2", caller=STAYS)])
    config = tmp_path / "callmonitor.toml"
    config.write_text(
        f'[ledger]\nurl = "sqlite:///{store}"\n[privacy]\nnumbers = "hmac"\nkey_file = "{key}"\n', encoding="utf-8"
    )
    assert not app(["forget", "010-9876-5432", "--yes", "--config", str(config)], standalone_mode=False)
    first, second = (repository.call(a_call(key).key) for key in ("1.1", "1.2"))
    repository.close()
    assert first is not None
    assert second is not None
    assert (first.caller, first.transfers[0].to) == (None, "")
    assert second.caller == numbers.stored(STAYS)
    assert str(numbers.stored(GONE)).encode() not in store.read_bytes()
    told = capsys.readouterr()
    assert KEY not in told.out + told.err


def test_somebody_is_forgotten_in_postgresql(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    upgrade(postgres_url)
    repository = Repository(postgres_url)
    repository.record_all([a_call("1.1", caller="+82 10-9876-5432"), a_call("1.2", caller=STAYS)])
    config = tmp_path / "callmonitor.toml"
    config.write_text(f'[ledger]\nurl = "{postgres_url}"\nspool_dir = "{tmp_path / "spool"}"\n', encoding="utf-8")
    assert not app(["forget", GONE, "--yes", "--config", str(config)], standalone_mode=False)
    found = [repository.call(a_call(key).key) for key in ("1.1", "1.2")]
    repository.close()
    assert [call and call.caller for call in found] == [None, STAYS]


def test_the_programs_this_asks_are_there() -> None:
    """A grep that is missing would find nothing."""
    assert all(shutil.which(program) for program in ("grep", "zstdgrep", "zstd"))

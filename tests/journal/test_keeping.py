"""What becomes of closed segments: compressed, whatever crashes between; deleted, when old or too much; never two."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard

from monitor.ami.feed import Batch, LinkUp, TimePassed
from monitor.config_keeping import JournalSettings
from monitor.errors import JournalError
from monitor.journal.journal import Journal
from monitor.journal.reading import first_at_us, header_of, items, last_at_us, needed_us
from monitor.journal.segments import PACKED, folder_of, folders, name_of, segments, system_of

from .material import NAME, SYSTEM, plain, written

if TYPE_CHECKING:
    from monitor.ami.feed import JournalItem

MINUTE_US = 60_000_000
DAY_US = 24 * 60 * MINUTE_US
BEGAN_US = 1_795_600_000_000_000


def minutes(count: int, every: int = 1, size: int = 0) -> list[JournalItem]:
    """A batch every so many minutes, of a packet of so many bytes that no compression makes smaller."""
    return [
        Batch(BEGAN_US + minute * every * MINUTE_US, [(0, b"Event: X\r\nMinute: %d" % minute + noise(size, minute))])
        for minute in range(count)
    ]


def noise(size: int, seed: int) -> bytes:
    return b"" if not size else b"\r\nNoise: " + os.urandom(size).hex().encode()[: size - seed % 2]


def test_a_segment_has_its_time(tmp_path: Path) -> None:
    """A quarter of an hour each: 0, 15, 30 and 45 minutes after the first item."""
    with written(tmp_path, segment_minutes=15) as (_, writer):
        writer.write(minutes(60))
        folder = writer.journal.folder
    began = [header.received_us - BEGAN_US for segment in segments(folder) if (header := header_of(segment))]
    assert began == [0, 15 * MINUTE_US, 30 * MINUTE_US, 45 * MINUTE_US]
    assert plain(items(folder)) == plain(minutes(60))


def test_a_segment_has_its_size(tmp_path: Path) -> None:
    """One megabyte: a fourth packet of 300 kB passes it, and the fifth begins another."""
    wire = minutes(9, size=300_000)
    with written(tmp_path, segment_minutes=1000, segment_megabytes=1) as (_, writer):
        writer.write(wire)
        folder = writer.journal.folder
    sizes = [segment.path.stat().st_size for segment in segments(folder)]
    assert [round(size / 300_000) for size in sizes] == [4, 4, 1]


def test_every_closed_segment_is_compressed_and_reads_the_same(tmp_path: Path) -> None:
    with written(tmp_path, segment_minutes=15) as (journal, writer):
        writer.write(minutes(60))
        before = journal.bytes_on_disk
        journal.sync()
        journal.keep()
        folder = writer.journal.folder
        assert [segment.packed for segment in segments(folder)] == [True, True, True, False]
        assert plain(items(folder)) == plain(minutes(60))
        on_disk = sum(path.stat().st_size for path in folder.iterdir())
        assert journal.bytes_on_disk == on_disk
        assert before > 0
    # What any program unpacks is plain AMI too.
    with zstandard.open(segments(folder)[0].path, "rb") as stream:
        unpacked = stream.read()
    assert unpacked.startswith(b"Event: JournalSegment\r\n")
    assert unpacked.count(b"Event: X\r\n") == 15


@pytest.mark.parametrize("step", ["open", "write", "rename", "unlink"])
def test_a_crash_while_compressing_leaves_one_whole_copy(tmp_path: Path, step: str) -> None:
    """Ended before the step: what is there reads as before, and the next run makes good."""
    with written(tmp_path, segment_minutes=15) as (_, writer):
        writer.write(minutes(30))
        folder = writer.journal.folder
    first = segments(folder)[0].path
    packed = first.with_name(first.name.removesuffix(".ami") + PACKED)
    script = f"""
import os, pathlib, sys
import monitor.journal.keeping as keeping
def end(*_, **__): os._exit(9)
path = pathlib.Path(sys.argv[1])
match {step!r}:
    case "open": keeping._for_the_owner = end
    case "write": keeping.os.fsync = end
    case "rename": pathlib.Path.replace = end
    case "unlink": pathlib.Path.unlink = end
keeping.pack(path)
"""
    done = subprocess.run([sys.executable, "-c", script, first], check=False)
    assert done.returncode == 9
    left = sorted(path.name for path in folder.iterdir() if path.name.startswith(first.stem))
    there = {
        "open": [first.name],
        "write": [first.name, packed.name + ".tmp"],
        "rename": [first.name, packed.name + ".tmp"],
        "unlink": [first.name, packed.name],
    }
    assert left == there[step]
    assert plain(items(folder)) == plain(minutes(30))
    with written(tmp_path, segment_minutes=15) as (journal, _):
        journal.keep()
    assert [path.name for path in folder.iterdir() if path.name.startswith(first.stem)] == [packed.name]
    assert plain(items(folder)) == plain(minutes(30))


def test_what_is_older_than_it_is_kept_is_deleted(tmp_path: Path) -> None:
    """One segment a day for nine days, two days are kept: by the last item, those that ended before day 6 are gone."""
    with written(tmp_path, segment_minutes=1440, keep_days=2) as (journal, writer):
        writer.write(minutes(9, every=1440))
        journal.sync()
        journal.keep()
        left = [(segment.at_us - BEGAN_US) // DAY_US for segment in segments(writer.journal.folder)]
    # That of day 5 ended when day 6 began, two days before day 8: not before it.
    assert left == [5, 6, 7, 8]


def small(folder: Path) -> JournalSettings:
    """An hour a segment, and one megabyte in all: less than settings may say."""
    settings = JournalSettings.model_validate({"folder": folder, "segment_minutes": 60})
    return settings.model_copy(update={"keep_megabytes": 1})


def test_what_is_too_much_is_deleted_oldest_first_of_all_systems(tmp_path: Path) -> None:
    """1,048,576 bytes, and segments of a little more than 64,000: sixteen closed ones fit, of whichever system."""
    now = [0]
    journal = Journal(small(tmp_path), lambda: now[0])
    systems = [journal.of(name, lambda _: None) for name in ("one", "two")]
    journal.start(threads=False)
    for hour in range(12):
        for turn, system in enumerate(systems):
            now[0] = BEGAN_US + (hour * 60 + turn * 30) * MINUTE_US
            system.append(Batch(now[0], [(0, b"Event: X\r\nNoise: " + os.urandom(64_000))]))
    journal.sync()
    journal.keep()
    journal.close(5)
    left = [[(each.at_us - BEGAN_US) // (60 * MINUTE_US) for each in segments(system.folder)] for system in systems]
    # Two systems of eleven closed ones each: the oldest three of both go, and the open ones do not count.
    assert left == [list(range(3, 12)), list(range(3, 12))]


def test_what_calls_in_progress_need_is_never_deleted(tmp_path: Path) -> None:
    """A call that began in the third hour is in progress in the tenth: from there on everything stays."""
    now = [0]
    began_us = BEGAN_US + 2 * 60 * MINUTE_US + MINUTE_US
    journal = Journal(small(tmp_path), lambda: now[0])
    system = journal.of(NAME, lambda at_us: at_us - began_us if at_us >= began_us else None)
    journal.start(threads=False)
    for hour in range(10):
        now[0] = BEGAN_US + hour * 60 * MINUTE_US
        system.append(Batch(now[0], [(0, b"Event: X\r\nNoise: " + os.urandom(200_000))]))
    journal.sync()
    journal.keep()
    journal.close(5)
    left = [(segment.at_us - BEGAN_US) // (60 * MINUTE_US) for segment in segments(system.folder)]
    # One megabyte holds five of them; from hour 2, in which the call began, there are eight.
    assert left == [2, 3, 4, 5, 6, 7, 8, 9]
    assert needed_us(system.folder, now[0]) == began_us - 5_000_000


def test_a_call_in_progress_for_ever_is_needed_for_twelve_hours(tmp_path: Path) -> None:
    with written(tmp_path, segment_minutes=60) as (_, writer):
        writer.journal._oldest_call_age_us = lambda _: 40 * DAY_US
        writer.write(minutes(3))
        folder = writer.journal.folder
    assert needed_us(folder, BEGAN_US) == BEGAN_US - 12 * 60 * MINUTE_US


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """Callers' numbers are in it, as received: also where the folder was there before, for everybody."""
    root = tmp_path / "journal"
    root.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        with written(root, segment_minutes=15) as (journal, writer):
            writer.write(minutes(30))
            journal.sync()
            journal.keep()
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [root, *root.rglob("*")]}
    assert {name: oct(mode) for name, mode in modes.items() if mode not in {0o600, 0o700}} == {}
    assert [path.name for path in root.rglob("*") if path.is_file() and modes[path.name] != 0o600] == []


def test_another_program_is_refused(tmp_path: Path) -> None:
    with written(tmp_path), pytest.raises(JournalError, match=r"Another callmonitor writes the journal in .*own"):
        Journal(JournalSettings(folder=tmp_path)).start()
    with written(tmp_path) as (journal, _):
        assert journal.up, "when that one has ended, this one is let in"


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """A file stands where the folder should be; what is said names a next step."""
    (tmp_path / "journal").write_text("")
    with pytest.raises(JournalError, match="give it a folder"):
        Journal(JournalSettings(folder=tmp_path / "journal")).start()


@pytest.mark.parametrize("name", ["pbx1", "북쪽 교환기", "a/b", "..", ".hidden", "50%", "tab\there", "%2E%2E"])
def test_a_system_of_any_name_has_its_folder(tmp_path: Path, name: str) -> None:
    folder = folder_of(tmp_path, name)
    folder.mkdir()
    assert folder.parent.resolve() == tmp_path.resolve()
    assert folders(tmp_path) == [folder]
    assert system_of(folder) == name
    assert not folder.name.startswith(".")


def test_a_clock_set_back_loses_nothing(tmp_path: Path) -> None:
    """An hour back: another segment begins, its name behind the others, and each item is found by its receipt."""
    hour_us = 60 * MINUTE_US
    before = [Batch(BEGAN_US + minute * MINUTE_US, [(0, b"Event: X\r\nA: %d" % minute)]) for minute in range(5)]
    behind = [
        Batch(BEGAN_US - hour_us + minute * MINUTE_US, [(0, b"Event: X\r\nB: %d" % minute)]) for minute in range(80)
    ]
    with written(tmp_path, segment_minutes=30) as (_, writer):
        writer.write([*before, *behind])
        folder = writer.journal.folder
    names = [segment.at_us for segment in segments(folder)]
    assert names == sorted(set(names))
    assert plain(items(folder)) == plain([*before, *behind])
    chosen = [item for item in [*before, *behind] if BEGAN_US <= item.received_at_us < BEGAN_US + 3 * MINUTE_US]
    assert plain(items(folder, BEGAN_US, BEGAN_US + 3 * MINUTE_US)) == plain(chosen)
    assert last_at_us(folder) == behind[-1].received_at_us


def test_a_period_is_cut_by_receipt_and_begins_with_the_link(tmp_path: Path) -> None:
    wire: list[JournalItem] = [LinkUp(BEGAN_US - 1, SYSTEM), *minutes(60)]
    with written(tmp_path, segment_minutes=15) as (_, writer):
        writer.write(wire)
        folder = writer.journal.folder
    since, until = BEGAN_US + 20 * MINUTE_US, BEGAN_US + 40 * MINUTE_US
    assert plain(items(folder, since, until)) == plain([LinkUp(since, SYSTEM), *wire[21:41]])
    assert first_at_us(folder) == BEGAN_US - 1


def test_reading_while_it_is_written_compressed_and_deleted(tmp_path: Path) -> None:
    """A reader that listed the segments before meets them in the other form, or no more: no error, nothing twice."""
    wire = minutes(60)
    with written(tmp_path, segment_minutes=15) as (journal, writer):
        writer.write(wire)
        journal.sync()
        reading = items(writer.journal.folder)
        first = [next(reading) for _ in range(3)]
        journal.keep()
        segments(writer.journal.folder)[2].path.unlink()
        rest = [item for item in reading if isinstance(item, Batch)]
    assert plain([*first, *rest]) == plain([*wire[:30], *wire[45:]])


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that the disk was made to keep, by what the kernel is asked."""
    asked: list[str] = []
    ask = os.fsync

    def fsync(file: int) -> None:
        asked.append(Path(f"/proc/self/fd/{file}").readlink().name)
        ask(file)

    monkeypatch.setattr(os, "fsync", fsync)
    return asked


def test_the_disk_is_made_to_keep_it_every_second(tmp_path: Path, synced: list[str]) -> None:
    """By a thread: nobody who appends waits for it."""
    with written(tmp_path, threads=True) as (_, writer):
        appended_at = time.monotonic()
        writer.write([TimePassed(number) for number in range(1000)])
        assert synced == [], "a thousand appends ask for nothing"
        path = writer.journal.path
        assert path is not None
        while path.name not in synced:
            assert time.monotonic() - appended_at < 5
            # The thread's own second, which no clock can be handed to.
            time.sleep(0.02)
        assert time.monotonic() - appended_at < 2.0
    assert writer.journal.folder.name in synced, "its entry in the folder too"


@pytest.mark.parametrize(
    ("policy", "asks", "with_each_write"), [("second", True, False), ("never", False, False), ("always", True, True)]
)
def test_when_the_disk_must_have_it(
    tmp_path: Path, synced: list[str], policy: str, asks: bool, with_each_write: bool
) -> None:
    with written(tmp_path, fsync=policy) as (journal, writer):
        writer.write([TimePassed(1)])
        file = writer.journal.file
        assert file is not None
        assert bool(fcntl.fcntl(file, fcntl.F_GETFL) & os.O_DSYNC) is with_each_write
        journal.sync()
        assert bool(synced) is asks


def test_a_killed_program_loses_nothing(tmp_path: Path) -> None:
    """Killed by itself right behind the last append, no thread having done anything yet."""
    script = """
import os, signal, sys
from pathlib import Path
from monitor.ami.feed import TimePassed
from monitor.config_keeping import JournalSettings
from monitor.journal.journal import Journal
journal = Journal(JournalSettings(folder=Path(sys.argv[1]), fsync="never"))
system = journal.of("pbx1", lambda _: None)
journal.start()
for number in range(1000):
    system.append(TimePassed(number))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script, tmp_path], check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(items(folder_of(tmp_path, "pbx1"))) == [TimePassed(number) for number in range(1000)]


def test_names_are_instants() -> None:
    """1,795,661,117 s after 1970 is 2026-11-26T02:45:17Z, by `date -u -d @1795661117`."""
    assert name_of(1_795_661_117_493_830) == "20261126T024517.493830Z.ami"

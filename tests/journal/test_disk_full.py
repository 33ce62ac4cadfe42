"""A disk without room: what cannot be written is told as a hole, calls are followed on, writing goes on by itself."""

from __future__ import annotations

import logging
import os
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.ami.feed import Batch, LinkDown, LinkUp, Standing
from monitor.calls.facts import Call, GapCause
from monitor.calls.lines import Line, Lines
from monitor.calls.state import Plan
from monitor.config_keeping import JournalSettings
from monitor.following import Following
from monitor.journal.journal import Journal
from monitor.journal.reading import header_of, items
from monitor.journal.segments import segments
from monitor.journal.writing import RETRY_SECONDS

from .material import NAME, SYSTEM, instant_of, items_of, plain, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.ami.feed import JournalItem

PLAN = Plan(lines=Lines((Line("1588-6565", ("15886565",)),)))
DISK_BYTES = 256 << 10


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB, gone with the process that holds it open."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", tmp_path], check=True)
    held = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    subprocess.run(["umount", "--lazy", tmp_path], check=True)
    yield Path(f"/proc/self/fd/{held}")
    os.close(held)


def fill(disk: Path, leaving: int) -> Path:
    """A file of another program's that takes all room but a few bytes."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        status = os.statvfs(disk)
        file.write(bytes(max(0, status.f_bavail * status.f_frsize - leaving)))
    return ballast


def wire(count: int, size: int, since_us: int) -> list[JournalItem]:
    return [
        Batch(since_us + number * 1_000_000, [(0, b"Event: X\r\nNumber: %d\r\nFill: " % number + b"x" * size)])
        for number in range(count)
    ]


def test_what_was_written_in_part_is_taken_back(disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """4 KiB of room and items of 3 kB: of the second one the disk takes a part, and none of it stays."""
    logging.getLogger().setLevel(logging.INFO)
    before = wire(3, 100, 1_000_000_000)
    lost = wire(6, 3000, 1_100_000_000)
    behind = wire(3, 100, 1_200_000_000)
    with written(disk / "journal") as (journal, writer):
        writer.write([LinkUp(999_000_000, SYSTEM), *before])
        assert (journal.up, journal.holes) == (True, 0)
        ballast = fill(disk, 4096)
        writer.write(lost)
        assert (journal.up, journal.holes) == (False, 1)
        assert journal.reason is not None
        assert journal.reason.endswith(
            "(No space left on device): make room on its disk, or let the journal keep less ([journal] keep_megabytes)."
        )
        kept = list(items(writer.journal.folder))
        assert plain(kept)[: 1 + len(before)] == plain([LinkUp(999_000_000, SYSTEM), *before])
        assert [item for item in plain(kept) if item not in plain([LinkUp(999_000_000, SYSTEM), *before, *lost])] == []

        ballast.unlink()
        # The wait between two tries is the monitor's own time.
        time.sleep(RETRY_SECONDS)
        writer.write(behind)
        assert (journal.up, journal.holes) == (True, 1)
        folder = writer.journal.folder
    first_lost = lost[len(kept) - 1 - len(before)]
    hole: list[JournalItem] = [
        LinkDown(instant_of(first_lost), GapCause.CAPTURE_BREAK, "The journal could not be written here."),
        LinkUp(instant_of(behind[0]), SYSTEM),
    ]
    assert plain(items(folder)) == plain([*kept, *hole, *behind])
    said = capsys.readouterr().out
    assert said.count("journal_broken") == 1, "once, though six items met it"
    assert said.count("journal_whole_again") == 1


def test_the_segment_behind_a_hole_tells_from_where_it_must_be_read(disk: Path) -> None:
    """A fresh beginning: what is in progress there has been since the instant it names."""
    age_us = 77_000_000
    now = [5_000_000_000]
    journal = Journal(JournalSettings(folder=disk / "journal"), lambda: now[0])
    system = journal.of(NAME, lambda _: age_us)
    journal.start(threads=False)
    system.append(LinkUp(now[0], SYSTEM))
    ballast = fill(disk, 0)
    for item in wire(2, 9000, now[0]):
        system.append(item)
    ballast.unlink()
    # The wait between two tries is the monitor's own time.
    time.sleep(RETRY_SECONDS)
    system.append(wire(1, 10, 6_000_000_000)[0])
    journal.close(5)
    header = header_of(segments(system.folder)[-1])
    assert header is not None
    # By five seconds earlier, since an event may be received a little before the instant it bears.
    assert header.needed_us == 6_000_000_000 - age_us - 5_000_000
    assert header.hole_from_us == 5_000_000_000
    assert header.link == LinkUp(6_000_000_000, SYSTEM)


def test_a_disk_full_from_the_beginning(disk: Path) -> None:
    """Nothing could ever be written; once it can, the link that came up meanwhile is known."""
    with written(disk / "journal") as (journal, writer):
        ballast = fill(disk, 0)
        writer.write([LinkUp(1_000_000, SYSTEM)])
        assert not journal.up
        ballast.unlink()
        # The wait between two tries is the monitor's own time.
        time.sleep(RETRY_SECONDS)
        behind = wire(2, 10, 9_000_000)
        writer.write(behind)
        assert plain(items(writer.journal.folder)) == plain([LinkUp(9_000_000, SYSTEM), *behind])


def test_a_disk_without_room_to_compress(disk: Path) -> None:
    """The segment stays as it is, readable, until there is room."""
    with written(disk / "journal", segment_minutes=1) as (journal, writer):
        noise = [Batch(60_000_000 * n, [(0, b"Event: X\r\nN: " + os.urandom(40_000).hex().encode())]) for n in (1, 2)]
        writer.write(noise)
        journal.sync()
        ballast = fill(disk, 0)
        journal.keep()
        folder = writer.journal.folder
        assert [path.name.rpartition(".")[2] for path in sorted(folder.iterdir())] == ["ami", "ami"]
        assert plain(items(folder)) == plain(noise)
        ballast.unlink()
        journal.keep()
        assert [segment.packed for segment in segments(folder)] == [True, False]
        assert plain(items(folder)) == plain(noise)


def test_calls_are_followed_on_while_the_disk_is_full(disk: Path, told: Callable[..., None]) -> None:
    """The recorded call meets a full disk in mid-ring: live nothing is lost; the journal tells its hole to the rest."""
    whole = items_of("answered_ring_4")
    third = len(whole) // 3
    clock = [instant_of(whole[0])]
    journal = Journal(JournalSettings(folder=disk / "journal"), lambda: clock[0])
    following = Following(NAME, PLAN)
    system = journal.of(NAME, following.oldest_call_age_us, following.standing)
    journal.start(threads=False)
    ballast = disk / "ballast"
    live = []
    for number, item in enumerate(whole):
        clock[0] = max(clock[0], instant_of(item))
        if number == third:
            ballast = fill(disk, 0)
        if number == 2 * third:
            ballast.unlink()
            # The wait between two tries is the monitor's own time.
            time.sleep(RETRY_SECONDS)
        system.append(item)
        live += following.take(item)
    journal.close(5)
    live += following.close()
    calls = [fact for fact in live if isinstance(fact, Call)]

    # What was live is what the recording is without any journal.
    direct = Following(NAME, PLAN)
    expected = [fact for item in whole for fact in direct.take(item)] + direct.close()
    assert live == expected

    back = [item for item in items(system.folder) if not isinstance(item, Standing)]
    holes = [(one, two) for one, two in pairwise(back) if _is_hole(one)]
    missing = [item for item in plain(whole) if item not in plain(back)]
    assert missing, "the disk was full"
    assert len(holes) == 1
    down, up = holes[0]
    lost_at = [item for item in whole if plain([item])[0] in missing]
    told_us = instant_of(up) - instant_of(down)
    real_us = instant_of(lost_at[-1]) - instant_of(lost_at[0])
    told(
        fault="the journal's disk full",
        parts="a tmpfs of 256 KiB, a recording of Asterisk",
        calls_at_stake=1,
        lost=1 - len({call.key for call in calls}),
        duplicated=len(calls) - len({call.key for call in calls}),
        unobserved_told_seconds=told_us / 1e6,
        unobserved_untold_seconds=max(0.0, (real_us - told_us) / 1e6),
        recovered_seconds=RETRY_SECONDS,
    )


def _is_hole(item: JournalItem) -> bool:
    return isinstance(item, LinkDown) and item.cause is GapCause.CAPTURE_BREAK

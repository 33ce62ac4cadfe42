"""The sign of life in the ledger, and what a report made behind the last one says of the time since."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.calls.facts import Gap, GapCause, Source
from monitor.ledger import Repository, upgrade
from monitor.ledger.coverage import SIGN_OF_LIFE, last_seen, unobserved, unobserved_us
from monitor.ledger.watch import seen_until
from monitor.ledger.writer import LedgerWriter

from .records import NINE, a_call, after

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.ledger.coverage import Unobserved

SYSTEM = "pbx1"


def told(repository: Repository, until: datetime) -> list[Unobserved]:
    with repository.store.reading() as connection:
        return unobserved(connection, SYSTEM, after(-60), until)


def followed(repository: Repository, until: datetime) -> None:
    """Somebody watched from a minute before nine, saw a call at nine, and was heard of last at `until`."""
    before = Gap(system=SYSTEM, started_at=after(-60), ended_at=after(-59), cause=GapCause.NOT_CONNECTED)
    repository.record_all([before, a_call()])
    repository.watched("here:1", {SYSTEM: until})


def test_the_time_behind_the_last_sign_of_a_killed_monitor_is_unobserved(repository: Repository) -> None:
    followed(repository, after(3600))
    # It died at ten; two hours later a report is made.
    made_at = after(3 * 3600)

    first, last = told(repository, made_at)

    assert (first.started_at, first.ended_at) == (after(-60), after(-59))
    assert (last.started_at, last.ended_at, last.cause, last.lasts) == (
        after(3600), made_at, GapCause.MONITOR_DOWN, True,
    )  # fmt: skip
    # One second before nine, and two hours behind ten.
    assert unobserved_us([first, last], after(-60), made_at) == (1 + 2 * 3600) * 1_000_000
    with repository.store.reading() as connection:
        assert last_seen(connection, made_at) == made_at, "nothing more needs to be said of it"
        assert unobserved(connection, SYSTEM, after(4000), after(5000))[0].started_at == after(4000)


def test_a_monitor_that_lives_is_seconds_behind_and_nothing_is_made_of_it(repository: Repository) -> None:
    followed(repository, after(3600))
    assert [gap.lasts for gap in told(repository, after(3600) + SIGN_OF_LIFE)] == [False]
    # A period that was over before is not touched by what came later.
    assert [gap.lasts for gap in told(repository, after(1800))] == [False]


def test_a_gap_that_lasts_says_it_already(repository: Repository) -> None:
    """The monitor lost its Asterisk at ten and was killed at eleven: one interval, not two."""
    followed(repository, after(3600))
    repository.record_all([Gap(system=SYSTEM, started_at=after(3601), ended_at=None, cause=GapCause.NOT_CONNECTED)])
    assert [gap.cause for gap in told(repository, after(9000)) if gap.lasts] == [GapCause.NOT_CONNECTED]


def test_a_clock_that_was_set_back_is_followed(repository: Repository) -> None:
    repository.watched("here:1", {SYSTEM: after(3600), "pbx2": after(10)})
    repository.watched("here:2", {SYSTEM: after(100)})
    with repository.store.reading() as connection:
        assert seen_until(connection, SYSTEM) == after(100)
        assert seen_until(connection, "pbx2") == after(10)
        assert seen_until(connection, "pbx3") is None
    assert repository.last_instant(SYSTEM) == after(100)
    assert repository.last_instant(SYSTEM, before=after(50)) is None


def test_imports_alone_are_no_sign_of_life(repository: Repository) -> None:
    repository.record_all([a_call("9.9", source=Source.CDR)])
    (gap,) = told(repository, after(9000))
    assert gap.cause == "before_monitor"


def test_the_writer_signs_only_for_what_it_has_written(tmp_path: Path) -> None:
    """A sign that came before its facts would make a killed monitor's lost seconds look observed."""
    path = tmp_path / "ledger.sqlite3"
    upgrade(path)
    writer, signs = LedgerWriter(path, batch_seconds=0.01), iter(range(1, 10_000))
    asked: list[datetime] = []

    def watching() -> dict[str, datetime]:
        # Each time it is asked, one more call has been told before.
        number = next(signs)
        writer.record(a_call(f"1.{number}"))
        asked.append(NINE + timedelta(seconds=number))
        return {SYSTEM: asked[-1]}

    writer.watching = watching
    writer.start()
    until = time.monotonic() + 20
    outside = Repository(path)
    while len(asked) < 3 and time.monotonic() < until:
        with outside.store.reading() as connection:
            seen = seen_until(connection, SYSTEM)
        if seen is not None:
            signed = int((seen - NINE).total_seconds())
            known = {call.key.linkedid for call in outside.calls(datetime.min.replace(tzinfo=UTC), after(9000))}
            assert {f"1.{number}" for number in range(1, signed + 1)} <= known
        time.sleep(0.01)  # another thread's work sets no event
    assert len(asked) >= 3, "about one a second"
    outside.close()
    assert writer.close(10.0)

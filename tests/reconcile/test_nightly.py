"""The comparison of each night: when it is due, in a process of its own, made up where it was missed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from monitor.calls.facts import Source
from monitor.config import ReconcileSettings, Settings
from monitor.ledger import reconciled
from monitor.metrics_reconciled import ReconciliationCollector
from monitor.reconcile.errand import Errand, run
from monitor.reconcile.nightly import Nightly, Table
from monitor.reconcile.reading import Given
from monitor.reconcile.work import Order
from monitor.reconcile_setup import reconciling_of
from tests.imports.logs import SEOUL

from .material import CDR, CEL, PLAN, QUEUE_LOG

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from monitor.ledger import Repository

DUE = datetime(2026, 11, 26, 19, 10, tzinfo=UTC)
"""04:10 on the 27th in Seoul: the 26th is due, on which all of the recordings lie."""
MINUTE = timedelta(minutes=1)
FIRST, LAST = datetime(2026, 11, 25, 15, tzinfo=UTC), datetime(2026, 11, 26, 15, tzinfo=UTC)
"""That day in Seoul."""


async def here(errand: Errand) -> dict[str, Any]:
    """Do an errand without a process for it, which takes longer to start than all the rest."""
    return run(errand)


class Night:
    """What is compared each night in one ledger, with a clock that the test moves."""

    def __init__(self, repository: Repository, given: Given, *, own_process: bool = False) -> None:
        self.now = DUE
        self.leading = self.settled = True
        self.given = given
        self.store = repository.store
        self.nightly = Nightly(
            [Table(system="lab1", at=time(4, 10), order=self.order)],
            store=repository.store,
            store_url=lambda: str(repository.store.path),
            numbers=repository.numbers,
            zone=SEOUL,
            clock=lambda: self.now,
            leads=lambda: self.leading,
            settled=lambda: self.settled,
            carry_out=None if own_process else here,
        )

    def order(self, since: datetime, until: datetime) -> Order:
        return Order(system="lab1", given=self.given, plan=PLAN, lines=("main",), zone=SEOUL, since=since, until=until)

    def look(self, now: datetime) -> list[tuple[datetime, int]]:
        """Look at the clock; the periods that the ledger has then, with the calls that were filled in each."""
        self.now = now
        asyncio.run(self.nightly.look())
        with self.store.reading() as connection:
            found = reconciled.made_in(connection, FIRST - timedelta(days=60), FIRST + timedelta(days=60))
        return [(one.since, one.filled) for one in found]


def given(cel: Path = CEL) -> Given:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only here

    return Given(queue_log=QUEUE_LOG, cdr=str(CDR), cel=str(cel), zone=ZoneInfo("UTC"))


def test_the_day_before_at_its_time_and_once(ledger: Repository) -> None:
    night = Night(ledger, given(), own_process=True)
    assert night.look(DUE) == [(FIRST, 54)]
    assert night.nightly.results == {"lab1": {"matched": 0, "filled": 54, "disagreeing": 0, "ours_alone": 0}}
    assert night.nightly.succeeded_at == {"lab1": DUE.timestamp()}
    assert {call.source for call in ledger.calls(FIRST, LAST)} == {Source.CEL, Source.QUEUE_LOG}
    night.given = Given(queue_log=QUEUE_LOG.with_name("nothing"))
    assert night.look(DUE + 5 * MINUTE) == [(FIRST, 54)]
    assert night.nightly.failed == {"lab1": 0}
    registry = CollectorRegistry()
    registry.register(ReconciliationCollector(night.nightly))
    labels = {"system": "lab1"}
    assert registry.get_sample_value("callcenter_reconciliation_calls", labels | {"result": "filled"}) == 54
    assert registry.get_sample_value("callcenter_reconciliation_overdue", labels) == 0
    at = registry.get_sample_value("callcenter_reconciliation_last_success_timestamp_seconds", labels)
    assert at == DUE.timestamp()


def test_a_minute_before_its_time_the_day_before_that_is_due(ledger: Repository) -> None:
    night = Night(ledger, given())
    assert night.look(DUE - MINUTE) == [(FIRST - timedelta(days=1), 0)]
    assert night.look(DUE) == [(FIRST - timedelta(days=1), 0), (FIRST, 54)]


def test_missed_nights_are_made_up_a_week_at_most(ledger: Repository) -> None:
    small = Given(queue_log=QUEUE_LOG)
    night = Night(ledger, small)
    night.look(DUE)
    # Down for nine days; a new start knows from the ledger what was compared.
    again = Night(ledger, small)
    days = [since for since, _ in again.look(DUE + timedelta(days=9))]
    assert days == [FIRST, *(FIRST + timedelta(days=day) for day in range(3, 10))]


def test_a_morning_compared_by_hand_stands_for_no_day(ledger: Repository) -> None:
    """At 09:00 on the 27th somebody compares that day so far; its own night, at 04:10 on the 28th, compares it whole.

    Of the 27th as of the 26th nothing was compared whole before, so both are.
    """
    small = Given(queue_log=QUEUE_LOG)
    night = Night(ledger, small)
    midnight, nine = LAST, LAST + timedelta(hours=9)
    by_hand = night.order(midnight, nine)
    run(Errand(order=by_hand, store=str(ledger.store.path), numbers=ledger.numbers, now=nine))
    assert [since for since, _ in night.look(nine + MINUTE)] == [FIRST, midnight]
    assert night.nightly.overdue == {"lab1": 0}
    night.look(DUE + timedelta(days=1))
    with ledger.store.reading() as connection:
        assert reconciled.has(connection, "lab1", LAST, LAST + timedelta(days=1))


def test_an_hour_looked_at_again_takes_nothing_from_the_figures_of_its_day(ledger: Repository) -> None:
    night = Night(ledger, given())
    assert night.look(DUE) == [(FIRST, 54)]
    noon = FIRST + timedelta(hours=12)
    by_hand = night.order(noon, noon + timedelta(minutes=1))
    run(Errand(order=by_hand, store=str(ledger.store.path), numbers=ledger.numbers, now=DUE + MINUTE))
    assert night.look(DUE + 2 * MINUTE) == [(FIRST, 54)]


def test_a_file_that_is_not_there_is_told_and_tried_again(
    ledger: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cel = tmp_path / "cel.csv"
    night = Night(ledger, given(cel))
    assert night.look(DUE) == []
    assert (night.nightly.overdue, night.nightly.failed) == ({"lab1": 1}, {"lab1": 1})
    said = capsys.readouterr().out
    assert f"{cel} cannot be read (No such file or directory)" in said
    cel.write_bytes(CEL.read_bytes())
    # It rests for a minute, then for longer.
    assert night.look(DUE + MINUTE / 2) == []
    assert night.look(DUE + MINUTE) == [(FIRST, 54)]
    assert night.nightly.overdue == {"lab1": 0}


def test_only_who_leads_compares_and_only_a_ledger_that_has_all(ledger: Repository) -> None:
    night = Night(ledger, given())
    night.leading = False
    assert night.look(DUE) == []
    # What is overdue the other monitor tells.
    assert night.nightly.overdue == {"lab1": 0}
    night.leading, night.settled = True, False
    assert night.look(DUE + MINUTE) == []
    assert night.nightly.overdue == {"lab1": 1}
    night.settled = True
    assert night.look(DUE + 2 * MINUTE) == [(FIRST, 54)]


def test_what_the_settings_ask_for(ledger: Repository) -> None:
    settings = Settings(
        reconcile=(
            ReconcileSettings(system="lab1", queue_log=QUEUE_LOG, timezone="UTC"),
            ReconcileSettings(system="never", queue_log=QUEUE_LOG, nightly_at=""),
        )
    )
    nightly = reconciling_of(
        settings,
        ledger.store,
        lambda: str(ledger.store.path),
        clock=lambda: DUE,
        leads=lambda: True,
        settled=lambda: True,
    )
    assert nightly.overdue == {"lab1": 0}

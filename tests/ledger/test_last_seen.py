"""Up to when the ledger knows anything of the monitor's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import AgentState, AgentStatus, Gap, GapCause, Source
from monitor.ledger.coverage import last_seen

from .records import a_call, after

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.ledger import Repository


def seen(repository: Repository, until: datetime) -> datetime | None:
    with repository.store.reading() as connection:
        return last_seen(connection, until)


def test_the_newest_record_of_any_kind_counts_and_one_brought_in_does_not(repository: Repository) -> None:
    assert seen(repository, after(9_000)) is None
    repository.record_all([a_call("9.9", source=Source.CDR)])
    assert seen(repository, after(9_000)) is None

    repository.record_all([a_call("1.1")])
    filed_at = a_call("1.1").filed_at
    assert seen(repository, after(9_000)) == filed_at
    assert seen(repository, filed_at) is None

    free = AgentState(
        system="pbx1", queue="support", agent="PJSIP/1", member="Kim", status=AgentStatus.FREE, at=after(600)
    )
    repository.record_all([free])
    assert seen(repository, after(9_000)) == after(600)
    over = Gap(system="pbx1", started_at=after(700), ended_at=after(800), cause=GapCause.NOT_CONNECTED)
    repository.record_all([over])
    assert seen(repository, after(9_000)) == after(800)
    # A gap that lasts is told, and needs no second word.
    lasts = Gap(system="pbx1", started_at=after(900), ended_at=None, cause=GapCause.MONITOR_DOWN)
    repository.record_all([lasts])
    assert seen(repository, after(9_000)) == after(9_000)

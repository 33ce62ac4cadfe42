"""The purge: what was kept long enough is gone, and every figure of the worked month is as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from shutil import copyfile
from typing import TYPE_CHECKING, Any

import pytest

from monitor.calls.facts import AgentState, AgentStatus
from monitor.config_keeping import PrivacySettings
from monitor.ledger import Repository, upgrade
from monitor.ledger.erasing import last_kept
from monitor.numbers import Numbers
from monitor.privacy.purge import PURGE, Purge
from tests.ledger.records import a_call
from tests.reports import month

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.reports.figures import Figures

KEY = b"0123456789abcdef0123456789abcdef"
NEXT_YEAR = datetime(2027, 12, 1, tzinfo=UTC)
"""All of the worked month is older than a year then."""
MONTH_LATER = datetime(2026, 3, 30, tzinfo=UTC)
"""Four weeks after the Monday of `tests.ledger.records`."""


def settings(**changes: Any) -> PrivacySettings:
    """Settings that keep everything for ever, but for what is named. Their key is not read here."""
    kept = {"numbers_days": 0, "agent_states_days": 0, "agents_days": 0, "access_log_days": 0}
    return PrivacySettings.model_construct(**(PrivacySettings().model_dump() | kept | changes))


def purge(repository: Repository, now: datetime, numbers: Numbers | None = None, **changes: Any) -> dict[str, int]:
    """Run it, and say what was erased where."""
    found = Purge(repository.store, settings(**changes), numbers or Numbers()).run(now)
    assert [each.left for each in found] == [0] * len(found)
    return {each.place: each.erased for each in found}


def rows(repository: Repository, query: str) -> list[tuple[Any, ...]]:
    with repository.store.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


@pytest.fixture
def ledger(month_file: Path, tmp_path: Path) -> Repository:
    """The worked month, to be changed."""
    copyfile(month_file, tmp_path / "ledger.sqlite3")
    return Repository(tmp_path / "ledger.sqlite3")


def anonymous(figures: Figures) -> Figures:
    """The figures without whom the list of missed calls names."""
    return replace(figures, missed=tuple(replace(call, caller="") for call in figures.missed))


def test_without_numbers_every_figure_of_the_worked_month_is_as_it_was(ledger: Repository, tmp_path: Path) -> None:
    before = month.counted(ledger)
    callers = [caller for (caller,) in rows(ledger, "SELECT caller FROM calls WHERE caller IS NOT NULL")]
    assert len(callers) > 40
    assert purge(ledger, NEXT_YEAR, numbers_days=365)["calls.caller"] == len(callers)
    assert month.counted(ledger) == anonymous(before)
    assert rows(ledger, "SELECT count(caller), count(caller_ends) FROM calls") == [(0, 0)]
    raw = (tmp_path / "ledger.sqlite3").read_bytes()
    assert not [caller for caller in callers if caller.encode() in raw]


def test_with_pseudonyms_every_figure_of_the_worked_month_is_as_it_was(ledger: Repository) -> None:
    """Agents' figures too, one by one, under their other names; and nobody can read the real ones any more."""
    before = month.counted(ledger)
    numbers = Numbers(KEY)
    erased = purge(ledger, NEXT_YEAR, Numbers(KEY, hashed=False), agents_days=30)
    after = month.counted(ledger)
    assert erased["calls.agent, member"] > 0
    # Each agent once before, and once after under the one pseudonym that the key gives.
    assert before.agents
    renamed = sorted(
        (replace(each, agent=numbers.agent(each.agent), member=each.member and numbers.agent(each.member))
         for each in before.agents), key=repr,
    )  # fmt: skip
    assert sorted(after.agents, key=repr) == renamed
    assert replace(after, agents=()) == replace(before, agents=())
    limit_us = int((NEXT_YEAR - timedelta(days=30)).timestamp()) * 1_000_000
    for query in (
        "SELECT agent, member FROM calls",
        "SELECT agent, member, channel FROM ring_attempts",
        'SELECT "by", "to" FROM transfers',
        'SELECT "by" FROM holds',
        f"SELECT agent, member FROM agent_states WHERE at < {limit_us}",  # noqa: S608 - a number of this test
    ):
        told = repr(rows(ledger, query))
        assert not [name for name in (*month.MEMBERS.values(), "PJSIP/") if name in told], query
    again = purge(ledger, NEXT_YEAR, Numbers(KEY, hashed=False), agents_days=30)
    assert set(again.values()) == {0}


def test_what_members_did_goes_and_what_they_do_now_stays(tmp_path: Path) -> None:
    """Kim was free since nine, and paused at ten: at noon, before which all is deleted, Kim is paused."""
    upgrade(tmp_path / "ledger.sqlite3")
    repository = Repository(tmp_path / "ledger.sqlite3")
    nine = datetime(2026, 3, 2, 9, tzinfo=UTC)
    state = AgentState(
        system="pbx1", queue="support", agent="PJSIP/kim", member="Kim", status=AgentStatus.FREE, at=nine
    )
    repository.record_all([state, replace(state, at=nine + timedelta(hours=1), status=AgentStatus.PAUSED)])
    noon = nine + timedelta(hours=3)
    assert purge(repository, noon + timedelta(days=30), agent_states_days=30)["agent_states"] == 2
    assert repository.agent_states(nine, noon + timedelta(days=1)) == [
        replace(state, at=noon, status=AgentStatus.PAUSED)
    ]


def test_a_pseudonym_leaves_the_queue_where_the_real_name_goes_on(tmp_path: Path) -> None:
    """Else the board of a past day would have two members from the limit on: the same phone under both names."""
    upgrade(tmp_path / "ledger.sqlite3")
    repository = Repository(tmp_path / "ledger.sqlite3")
    nine = datetime(2026, 3, 2, 9, tzinfo=UTC)
    state = AgentState(
        system="pbx1", queue="support", agent="PJSIP/kim", member="Kim", status=AgentStatus.FREE, at=nine
    )
    repository.record_all([state])
    numbers = Numbers(KEY, hashed=False)
    other = replace(state, agent=numbers.agent("PJSIP/kim"), member=numbers.agent("Kim"))
    for day in (3, 4):
        limit = datetime(2026, 3, day, 12, tzinfo=UTC)
        purge(repository, limit + timedelta(days=30), numbers, agents_days=30)
        found = repository.agent_states(nine, limit + timedelta(days=1))
        real = [each for each in found if each.agent == "PJSIP/kim"]
        assert real == [replace(state, at=limit)]
        assert [each for each in found if each not in real][-1] == replace(other, at=limit, status=None)
    assert found[0] == other


def test_numbers_of_an_old_ledger_become_hashes(tmp_path: Path) -> None:
    """It was kept plain before hashes were wanted; a caller of both times is one caller afterwards."""
    store = tmp_path / "ledger.sqlite3"
    upgrade(store)
    Repository(store).record_all([a_call("1.1", caller="+82 10-1234-5678"), a_call("1.2", caller=None)])
    numbers = Numbers(KEY)
    repository = Repository(store, numbers=numbers)
    repository.record_all([a_call("1.3", caller="01012345678")])
    assert purge(repository, MONTH_LATER, numbers)["calls.caller, to hashes"] == 1
    found = rows(repository, "SELECT caller, caller_ends FROM calls ORDER BY linkedid")
    assert found[0] == found[2] == (numbers.stored("01012345678"), f"#{numbers.stored('01012345678')[5:9]}")  # type: ignore[index] # a hash
    assert found[1] == (None, None)


def test_a_dry_run_counts_and_changes_nothing(repository: Repository) -> None:
    repository.record_all([a_call(caller="01012345678")])
    found = Purge(repository.store, settings(numbers_days=7), Numbers()).run(MONTH_LATER, dry=True)
    told = [(each.place, each.erased, each.left) for each in found if each.erased or each.left]
    assert told == [("calls.caller", 1, 1)]
    assert rows(repository, "SELECT caller FROM calls") == [("01012345678",)]
    assert last_kept(repository.store, PURGE) is None


def test_a_run_is_written_down_and_spares_what_is_younger(repository: Repository) -> None:
    """In both stores. The call is of 2 March at nine: at nine of the 9th it is seven days old, and not before."""
    repository.record_all([a_call(caller="01012345678")])
    born = a_call().filed_at
    assert purge(repository, born + timedelta(days=7), numbers_days=7)["calls.caller"] == 0
    late = born + timedelta(days=7, microseconds=1)
    assert purge(repository, late, numbers_days=7)["calls.caller"] == 1
    assert rows(repository, "SELECT caller, caller_ends FROM calls") == [(None, None)]
    assert last_kept(repository.store, PURGE) == late
    kept = rows(repository, "SELECT place, erased, \"left\" FROM erasures WHERE kind = 'purge' AND erased > 0")
    assert kept == [("calls.caller", 1, 0)]


def test_pseudonyms_in_both_stores(repository: Repository) -> None:
    repository.record_all([a_call()])
    numbers = Numbers(KEY, hashed=False)
    purge(repository, MONTH_LATER, numbers, agents_days=7)
    call = repository.call(a_call().key)
    assert call is not None
    assert call.agent == numbers.agent(str(a_call().agent))
    assert {attempt.agent for attempt in call.attempts} == {numbers.agent(each.agent) for each in a_call().attempts}
    assert [transfer.by for transfer in call.transfers] == [numbers.agent(each.by) for each in a_call().transfers]
    assert "PJSIP" not in repr(call)


def test_many_calls_go_in_batches_and_others_write_between(tmp_path: Path) -> None:
    """1,201 calls are three batches of at most 500; another program writes while it runs, and loses nothing."""
    store = tmp_path / "ledger.sqlite3"
    upgrade(store)
    repository = Repository(store)
    repository.record_all([a_call(f"1.{n}", caller="01012345678") for n in range(1201)])
    assert purge(repository, MONTH_LATER, numbers_days=7)["calls.caller"] == 1201
    assert rows(repository, "SELECT count(*), count(caller) FROM calls") == [(1201, 0)]


def test_whom_callers_were_passed_to_is_masked_as_reports_show_it(repository: Repository) -> None:
    """A colleague's mobile is masked, an extension and a phone of the centre stay."""
    (transfer,) = a_call().transfers
    targets = ("01011112222", "7001", "PJSIP/desk-of-the-centre", "Local/01011112222@mobiles")
    repository.record_all([a_call(caller=None, transfers=tuple(replace(transfer, to=to) for to in targets))])
    assert purge(repository, MONTH_LATER, numbers_days=7)["transfers.to"] == 2
    kept = ["010-****-2222", "7001", "PJSIP/desk-of-the-centre", "Local/010-****-2222@mobiles"]
    assert [to for (to,) in rows(repository, 'SELECT "to" FROM transfers ORDER BY ordinal')] == kept
    assert purge(repository, MONTH_LATER, numbers_days=7)["transfers.to"] == 0

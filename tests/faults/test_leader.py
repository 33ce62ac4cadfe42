"""The lock by which one of several monitors leads, at a real PostgreSQL."""

from __future__ import annotations

import socket
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest

from monitor.calls.facts import Gap, GapCause
from monitor.errors import StoreError
from monitor.ledger import Repository, leader, upgrade
from monitor.ledger.leader import Answer, LeaderLock, store_of_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ledger.postgres import Cluster

NINE = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is put out because the machine that tests is busy."""
    monkeypatch.setattr(leader, "SILENT_SECONDS", 600.0)


class Asking:
    """Locks of one ledger, each a monitor's."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._locks: list[LeaderLock] = []

    def lock(self, *systems: str) -> LeaderLock:
        lock = LeaderLock(store_of_lock(self._url), systems or ("pbx1", "pbx2"))
        self._locks.append(lock)
        return lock

    def close(self) -> None:
        for lock in self._locks:
            lock.close()


@pytest.fixture
def asking(postgres_url: str) -> Iterator[Asking]:
    with closing(Asking(postgres_url)) as locks:
        yield locks


def ask(lock: LeaderLock, *, sees_all: bool = True) -> Answer:
    return lock.ask(sees_all=sees_all, gaps_since=NINE)


def test_one_of_two_leads_until_it_lets_go(asking: Asking) -> None:
    first, second = asking.lock("pbx1", "pbx2"), asking.lock("pbx2", "pbx1")
    assert ask(first).leads
    assert not ask(second).leads
    assert ask(first).leads
    first.let_go()
    assert ask(second).leads
    assert not ask(first).leads


def test_monitors_of_other_systems_or_in_another_database_lead_for_themselves(asking: Asking, cluster: Cluster) -> None:
    elsewhere = LeaderLock(store_of_lock(cluster.create_database()), ("pbx1", "pbx2"))
    assert ask(asking.lock()).leads
    assert ask(asking.lock("pbx1")).leads
    assert ask(elsewhere).leads
    elsewhere.close()


def test_a_connection_that_breaks_costs_the_lead_and_the_next_question_gets_it_back(
    asking: Asking, postgres_url: str
) -> None:
    first, second = asking.lock(), asking.lock()
    assert ask(first).leads
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'callmonitor leader'"
        )
    with pytest.raises(StoreError, match="check that the server runs"):
        ask(first)
    assert ask(first).leads
    assert not ask(second).leads


def test_a_leader_that_asks_no_more_is_put_out(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hangs, or its host is gone without a word: its connection stands, and nobody is behind it."""
    first, second = asking.lock(), asking.lock()
    assert ask(first).leads
    assert not ask(second).leads
    # So that nobody need wait three seconds: the first one's last question is older than nothing at all.
    monkeypatch.setattr(leader, "SILENT_SECONDS", 0.0)
    assert not ask(second).leads
    while not ask(second).leads:
        pass  # the server ends a connection in its own time
    with pytest.raises(StoreError):
        ask(first)
    assert not ask(first).leads


def test_who_cannot_see_makes_room_for_one_who_can(asking: Asking) -> None:
    first, second = asking.lock(), asking.lock()
    assert ask(first).leads
    # The other is no better off: nothing is won by a change.
    assert not ask(second, sees_all=False).leads
    assert ask(first, sees_all=False).leads
    # Now it is, and it says so by standing ready.
    assert not ask(second).leads
    assert not ask(first, sees_all=False).leads
    assert ask(second).leads
    # The one that made room stays back while it is blind, then stands by like any other.
    assert not ask(first, sees_all=False).leads
    assert not ask(first).leads


def test_a_blind_monitor_leads_where_nobody_else_stands_ready(asking: Asking) -> None:
    assert ask(asking.lock(), sees_all=False).leads


def test_the_leader_is_told_of_gaps_and_of_what_was_followed(asking: Asking, postgres_url: str) -> None:
    first = asking.lock()
    assert ask(first) == Answer(leads=True, seen={}, gaps=())  # a ledger without tables yet
    upgrade(postgres_url)
    old = Gap(system="pbx1", started_at=NINE.replace(day=24), ended_at=NINE, cause=GapCause.RESTARTED)
    late = Gap(system="pbx1", started_at=NINE, ended_at=NINE.replace(minute=1), cause=GapCause.NOT_BOOTED)
    open_ = Gap(system="pbx2", started_at=NINE.replace(minute=2), ended_at=None, cause=GapCause.NOT_CONNECTED)
    with closing(Repository(postgres_url)) as repository:
        repository.record_all([old, late, open_])
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("INSERT INTO watch VALUES ('pbx1', 'far:1', '2026-11-25 00:03:00+00')")
    told = ask(first)
    assert list(told.gaps) == [late, open_]
    assert {system: (seen.monitor, seen.until_at) for system, seen in told.seen.items()} == {
        "pbx1": ("far:1", NINE.replace(minute=3))
    }
    assert ask(asking.lock()).gaps == ()


def test_a_server_that_does_not_answer_is_found_out_at_once() -> None:
    """A port on which somebody listens and nobody speaks: libpq gives up after the two seconds it was given."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        lock = LeaderLock(store_of_lock(f"postgresql://me:secret@127.0.0.1:{port}/none"), ("pbx1",))
        with pytest.raises(StoreError) as found:
            ask(lock)
    assert "secret" not in str(found.value)

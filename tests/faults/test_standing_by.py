"""What a monitor holds and vouches for while another one leads, by the lock of a real PostgreSQL."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from monitor import standby
from monitor.calls.facts import CallKey, Gap, GapCause
from monitor.ledger import Repository, leader, upgrade
from monitor.ledger.leader import LeaderLock, store_of_lock
from monitor.standby import Standby
from tests.ledger.records import a_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.calls.facts import Fact

HOLD_SECONDS = 0.2


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The leader, which asks only once, is not put out."""
    monkeypatch.setattr(leader, "SILENT_SECONDS", 600.0)


@pytest.fixture
def url(postgres_url: str) -> str:
    upgrade(postgres_url)
    return postgres_url


@pytest.fixture
def other(url: str) -> Iterator[LeaderLock]:
    """The lock of another monitor, which leads."""
    lock = LeaderLock(store_of_lock(url), ["configured"])
    assert lock.ask(sees_all=True, gaps_since=datetime.now(UTC)).leads
    yield lock
    lock.close()


def one(url: str, ledger: Callable[[Fact], None]) -> Standby:
    return Standby(
        LeaderLock(store_of_lock(url), ["configured"]),
        ledger,
        clock=lambda _: datetime.now(UTC),
        sees_all=lambda: True,
    )


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - the lock's thread sets no event
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("other")
def test_a_system_that_nobody_follows_any_more_holds_nothing_back(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sign of life is 90 days old; so long nothing else would be let go of, which one monitor saw to long ago."""
    monkeypatch.setattr(standby, "HOLD_SECONDS", HOLD_SECONDS)
    with psycopg.connect(url, autocommit=True) as connection:
        old = "INSERT INTO watch (system, monitor, seen_until) VALUES (%s, 'far:1', now() - interval '90 days')"
        connection.execute(old, ["given up"])
    told: list[Fact] = []

    async def test() -> None:
        by = one(url, told.append)
        try:
            assert await by.start(10) is standby.State.STANDING_BY
            by.record(a_call("1.1"))
            assert by.held == 1
            await until(lambda: by.held == 0)
        finally:
            by.close()

    asyncio.run(test())
    assert told == []


def test_a_system_whose_name_was_learned_on_connecting_is_vouched_for(url: str, other: LeaderLock) -> None:
    """The leader lost sight of it for ten seconds, in which this one saw it; only the configured name had a gap."""
    told: list[Fact] = []

    async def test() -> None:
        by = one(url, told.append)
        try:
            assert await by.start(10) is standby.State.STANDING_BY
            now = datetime.now(UTC)
            connecting = Gap(system="configured", started_at=now, ended_at=None, cause=GapCause.NOT_CONNECTED)
            by.record(connecting)
            by.record(Gap(system="configured", started_at=now, ended_at=now, cause=GapCause.NOT_CONNECTED))
            by.record(a_call("1.1", key=CallKey(system="real", linkedid="1.1")))
            began_at = datetime.now(UTC) + timedelta(seconds=0.001)
            ended_at = began_at + timedelta(seconds=10)
            with closing(Repository(url)) as repository:
                lost = Gap(system="real", started_at=began_at, ended_at=ended_at, cause=GapCause.NOT_CONNECTED)
                repository.record_all([lost])
            other.let_go()
            taken_back = Gap(system="real", started_at=began_at, ended_at=began_at, cause=GapCause.NOT_CONNECTED)
            await until(lambda: taken_back in told)
        finally:
            by.close()

    asyncio.run(test())


def test_nothing_is_said_to_be_followed_before_what_was_held_is_told(url: str, other: LeaderLock) -> None:
    """The ledger's thread asks whether this monitor acts, and signs for all that was told by then."""
    acted: list[bool] = []

    async def test() -> None:
        by = one(url, lambda _: acted.append(by.acts))
        try:
            assert await by.start(10) is standby.State.STANDING_BY
            by.record(a_call("1.1"))
            other.let_go()
            await until(lambda: by.acts)
            by.record(a_call("1.2"))
        finally:
            by.close()

    asyncio.run(test())
    assert acted == [False, True]

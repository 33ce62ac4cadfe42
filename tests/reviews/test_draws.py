"""Draws in a ledger, made and proven, by hand, by the command and by themselves."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from time import sleep
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, text, update
from typer.testing import CliRunner

from monitor.calls.facts import CallKey, Observed, Outcome
from monitor.cli import app
from monitor.errors import ReviewError
from monitor.ledger import erasing
from monitor.ledger.rows import CALLS
from monitor.ledger.store import RefusedFact
from monitor.ledger.tables import REVIEW_DRAWS, REVIEW_SAMPLES
from monitor.numbers import Numbers
from monitor.reviews.draws import Draws, month_of
from monitor.reviews.monthly import Monthly
from tests.ledger.records import a_call

from .test_draw import DEFINITION, SEED

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.calls.facts import Call
    from monitor.ledger import Repository

SEOUL = ZoneInfo("Asia/Seoul")
MARCH = month_of("2026-03", SEOUL)
APRIL_FIRST = datetime(2026, 4, 1, 0, 0, tzinfo=SEOUL)
BEGINS = datetime(2026, 2, 28, 15, 0, tzinfo=UTC)
"""Midnight of the first of March in Seoul."""


def call(number: int, at: datetime = datetime(2026, 3, 10, 3, 0, tzinfo=UTC), **changes: Any) -> Call:
    """An answered call of 40 s of talking that entered so many minutes behind an instant."""
    at += timedelta(minutes=number)
    later = at + timedelta(seconds=60)
    made = a_call(f"{number:04}.1", entered_at=at, answered_at=at, ended_at=later, recorded_at=later)
    return replace(made, **changes)


def drawn(repository: Repository) -> set[str]:
    with repository.store.reading() as connection:
        return set(connection.scalars(select(REVIEW_SAMPLES.c.linkedid)))


def make(repository: Repository, now: datetime = APRIL_FIRST, **changes: Any) -> Any:
    definition = replace(DEFINITION, **changes)
    return Draws(repository.store).make(MARCH, definition, seed=SEED, by="kim", now=now)


def test_those_are_drawn_that_can_be_reviewed(repository: Repository) -> None:
    """Each of these differs from the first in one thing; a size of 200 takes all that can be drawn."""
    calls = [
        call(0),
        call(1, outcome=Outcome.ABANDONED_RINGING, answered_at=None),
        call(2, observed=Observed.PARTLY),
        call(3, talking_us=9_999_999),
        call(4, talking_us=10_000_000),
        call(5, talking_us=None),
        call(6, agent=None, member=None),
        call(7, member=None),
        replace(call(8), entered_at=BEGINS),
        replace(call(9), entered_at=BEGINS - timedelta(microseconds=1)),
        replace(call(10), entered_at=datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC)),
        replace(call(11), entered_at=datetime(2026, 3, 31, 15, 0, tzinfo=UTC)),
    ]
    repository.record_all(calls)
    found = make(repository, per_agent=200, second_share=0.5)
    assert drawn(repository) == {f"{number:04}.1" for number in (0, 4, 7, 8, 10)}
    assert found.population == 5
    with repository.store.reading() as connection:
        row = connection.execute(select(REVIEW_DRAWS)).mappings().one()
        sample = connection.execute(select(REVIEW_SAMPLES)).mappings().all()
    assert (row["month"], row["made_by"], row["seed"], row["population"]) == (date(2026, 3, 1), "kim", SEED, 5)
    assert row["made_at"] == APRIL_FIRST
    assert {one["agent"] for one in sample} == {"PJSIP/agent2"}
    assert {one["stratum_calls"] for one in sample} == {5}
    # 2.5 of five: three.
    assert sorted(one["reviewers"] for one in sample) == [1, 1, 2, 2, 2]


def test_a_month_is_drawn_once(repository: Repository) -> None:
    repository.record_all([call(number) for number in range(20)])
    make(repository)
    first = drawn(repository)
    with pytest.raises(ReviewError, match="2026-03 has been drawn") as refused:
        make(repository)
    assert refused.value.reason == "twice"
    assert drawn(repository) == first
    assert len(first) == 3


def test_what_the_ledger_refuses_is_not_told_as_drawn(repository: Repository) -> None:
    """A sample of November has the call already, as no program of ours would write it: March is still to be drawn."""
    repository.record_all([call(0)])
    one = {"system": "pbx1", "linkedid": "0000.1", "month": date(2025, 11, 1), "agent": "a", "stratum": ""}
    with repository.store.writing() as connection:
        connection.execute(insert(REVIEW_SAMPLES), [one | {"stratum_calls": 1, "reviewers": 1}])
    with pytest.raises(RefusedFact):
        make(repository)
    assert Draws(repository.store).newest() is None


def test_of_two_monitors_that_draw_at_a_time_one_does(on_postgresql: Repository) -> None:
    """The other one has written its draw, and not committed it yet, when this one has read its population."""
    on_postgresql.record_all([call(number) for number in range(20)])
    other = {"month": MARCH.first, "made_at": APRIL_FIRST, "made_by": "other", "seed": 1, "population": 0}
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with ThreadPoolExecutor(1) as threads:
        with on_postgresql.store.writing() as connection:
            connection.execute(insert(REVIEW_DRAWS), [other | {"definition": {}}])
            mine = threads.submit(make, on_postgresql)
            while not connection.scalar(waiting) and not mine.done():
                # The server alone knows when the thread has come to wait for the row.
                sleep(0.01)
        with pytest.raises(ReviewError, match="2026-03 has been drawn"):
            mine.result(10)
    with on_postgresql.store.reading() as connection:
        assert connection.scalar(select(REVIEW_DRAWS.c.made_by)) == "other"
    assert drawn(on_postgresql) == set()


@pytest.mark.parametrize(
    ("changes", "now", "said"),
    [
        ({}, APRIL_FIRST - timedelta(seconds=1), "2026-03 is not over yet"),
        ({"shortest_us": 3_600_000_000}, APRIL_FIRST, "2026-03 has no answered call that can be reviewed"),
        ({"per_agent": 0}, APRIL_FIRST, "per_agent of \\[reviews\\] is 0"),
    ],
)
def test_what_cannot_be_drawn_is_told_and_not_recorded(
    repository: Repository, changes: dict[str, Any], now: datetime, said: str
) -> None:
    repository.record_all([call(0)])
    with pytest.raises(ReviewError, match=said):
        make(repository, now, **changes)
    with repository.store.reading() as connection:
        assert connection.execute(select(REVIEW_DRAWS)).all() == []


def test_a_draw_is_proven_by_its_seed(repository: Repository) -> None:
    repository.record_all([call(number) for number in range(30)])
    make(repository, second_share=0.4)
    found = Draws(repository.store).verify(MARCH.first)
    assert (found.holds, found.unchanged, found.sampled, found.there, found.gone) == (True, True, 3, 30, 0)


def test_a_call_that_was_exchanged_is_found(repository: Repository) -> None:
    repository.record_all([call(number) for number in range(30)])
    make(repository)
    taken = min(drawn(repository))
    put = next(f"{number:04}.1" for number in range(30) if f"{number:04}.1" not in drawn(repository))
    with repository.store.writing() as connection:
        connection.execute(update(REVIEW_SAMPLES).where(REVIEW_SAMPLES.c.linkedid == taken).values(linkedid=put))
    found = Draws(repository.store).verify(MARCH.first)
    assert not found.holds
    assert [key.linkedid for key in found.wrong] == [put]
    assert [key.linkedid for key in found.missing] == [taken]


def test_another_number_of_reviewers_is_found(repository: Repository) -> None:
    repository.record_all([call(number) for number in range(30)])
    make(repository)
    with repository.store.writing() as connection:
        one = min(drawn(repository))
        connection.execute(update(REVIEW_SAMPLES).where(REVIEW_SAMPLES.c.linkedid == one).values(reviewers=2))
    assert [key.linkedid for key in Draws(repository.store).verify(MARCH.first).wrong] == [one]


def test_what_came_later_or_went_does_not_make_a_draw_wrong(repository: Repository) -> None:
    repository.record_all([call(number) for number in range(30)])
    make(repository)
    gone, other = (
        min(drawn(repository)),
        next(f"{n:04}.1" for n in range(30) if f"{n:04}.1" not in drawn(repository)),
    )
    # Ten calls are brought in later, one of the sample is found to be seen in part, and one of the others is gone.
    repository.record_all([call(n, recorded_at=APRIL_FIRST + timedelta(days=2)) for n in range(30, 40)])
    with repository.store.writing() as connection:
        connection.execute(update(CALLS).where(CALLS.c.linkedid == gone).values(observed=Observed.PARTLY))
        connection.execute(CALLS.delete().where(CALLS.c.linkedid == other))
    found = Draws(repository.store).verify(MARCH.first)
    assert (found.holds, found.unchanged, found.there, found.since, found.gone) == (True, False, 28, 10, 1)


def test_a_month_whose_agents_are_pseudonyms_in_part_is_proven(repository: Repository) -> None:
    numbers = Numbers(b"k" * 32)
    repository.record_all([call(number) for number in range(30)])
    make(repository)
    for task in erasing.agents_before(datetime(2026, 3, 10, 3, 15, tzinfo=UTC), numbers):
        erasing.carry_out(repository.store, task)
    with repository.store.reading() as connection:
        assert set(connection.scalars(select(CALLS.c.agent))) == {"PJSIP/agent2", numbers.agent("PJSIP/agent2")}
    assert Draws(repository.store, numbers).verify(MARCH.first).holds


def test_what_another_month_has_drawn_is_no_candidate(repository: Repository) -> None:
    """The time zone was another one when April was drawn, so that April had a call of March's last evening."""
    repository.record_all([call(0), call(1)])
    row = {"system": "pbx1", "linkedid": "0000.1", "month": date(2026, 4, 1), "agent": "PJSIP/agent2", "member": None}
    row |= {"queue": None, "stratum": "", "stratum_calls": 1, "reviewers": 1}
    with repository.store.writing() as connection:
        connection.execute(insert(REVIEW_SAMPLES), [row])
    assert [one.call.key for one in make(repository).sample] == [CallKey(system="pbx1", linkedid="0001.1")]


@pytest.mark.parametrize("month", ["2026-13", "november", "2026H1"])
def test_a_month_is_written_as_one(month: str) -> None:
    with pytest.raises(ReviewError, match="is no month: write it as in 2026-10"):
        month_of(month, SEOUL)


# By itself


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def months(repository: Repository) -> list[date]:
    with repository.store.reading() as connection:
        return list(connection.scalars(select(REVIEW_DRAWS.c.month).order_by(REVIEW_DRAWS.c.month)))


def monthly(repository: Repository, clock: Clock, **how: Any) -> Monthly:
    return Monthly(Draws(repository.store), DEFINITION, at=time(5, 10), zone=SEOUL, seed=None, clock=clock, **how)


@pytest.fixture
def spring(repository: Repository) -> Repository:
    """One call in each month from January to May, but none in April."""
    days = [datetime(2026, month, 10, 3, 0, tzinfo=UTC) for month in (1, 2, 3, 5)]
    repository.record_all([call(number, at) for number, at in enumerate(days)])
    return repository


def test_the_month_before_is_drawn_on_the_first_at_its_time(spring: Repository) -> None:
    clock = Clock(datetime(2026, 4, 1, 5, 9, 59, tzinfo=SEOUL))
    working = monthly(spring, clock)
    asyncio.run(working.look())
    # February is due since a month; March is in one second.
    assert months(spring) == [date(2026, 2, 1)]
    clock.at += timedelta(seconds=1)
    asyncio.run(working.look())
    assert months(spring) == [date(2026, 2, 1), date(2026, 3, 1)]


def test_missed_months_are_made_up_and_one_without_calls_is_passed(spring: Repository) -> None:
    asyncio.run(monthly(spring, Clock(datetime(2026, 2, 3, 9, 0, tzinfo=SEOUL))).look())
    assert months(spring) == [date(2026, 1, 1)]
    asyncio.run(monthly(spring, Clock(datetime(2026, 6, 2, 9, 0, tzinfo=SEOUL))).look())
    assert months(spring) == [date(2026, month, 1) for month in (1, 2, 3, 5)]


@pytest.mark.parametrize("held_back", [{"leads": lambda: False}, {"settled": lambda: False}])
def test_one_that_does_not_lead_or_whose_ledger_waits_draws_nothing(
    spring: Repository, held_back: dict[str, Any]
) -> None:
    asyncio.run(monthly(spring, Clock(datetime(2026, 2, 3, 9, 0, tzinfo=SEOUL)), **held_back).look())
    assert months(spring) == []


# By the command


def test_the_command_draws_and_proves(
    repository: Repository, ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    repository.record_all([call(number) for number in range(8)])

    def run(*arguments: str) -> tuple[int, list[str]]:
        done = CliRunner().invoke(app, ["reviews", *arguments, "--store", str(ledger)])
        return done.exit_code, done.stdout.splitlines()

    # 5 of one agent, and one of these for two: 0.2 of 5.
    assert run("draw", "2026-03", "--seed", "7") == (
        0,
        ["Drew 5 of 8 calls of 2026-03, 1 of them for two people."],
    )
    assert run("verify", "2026-03") == (
        0,
        [
            "2026-03: 5 of 8 calls, drawn with seed 7.",
            "The population is the same to the last call.",
            "The sample is what the seed gives.",
        ],
    )
    with repository.store.writing() as connection:
        connection.execute(update(REVIEW_DRAWS).values(seed=8))
    status, told = run("verify", "2026-03")
    assert status == 1
    assert told[2].startswith("The sample is NOT what the seed gives")
    assert any(line.startswith("  missing  pbx1/") for line in told[3:])

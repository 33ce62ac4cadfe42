"""The table of calls back as the ledger keeps it: the same whatever the order in which facts are written."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from monitor.calls.facts import CallKey, Observed, Outcome
from monitor.ledger import Repository, upgrade
from monitor.ledger.callback_recompute import recompute
from monitor.ledger.callbacks import Callbacks
from monitor.ledger.rows import CALLS, OUTGOING_CALLS
from monitor.ledger.tables import CALLBACKS
from monitor.numbers import Numbers
from tests.ledger.callback_facts import DUE, MOBILE, TERMS, answered, at, called, left

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.ledger.rows import StoredFact

HASHES = Numbers(b"0123456789abcdef0123456789abcdef")
OFFICE = "0212345678"


@pytest.fixture
def ledger(blank: Path, tmp_path: Path) -> Iterator[Repository]:
    repository = Repository(Path(shutil.copy(blank, tmp_path / "ledger.sqlite3")), callbacks=TERMS)
    yield repository
    repository.close()


def rows(repository: Repository) -> dict[str, dict[str, Any]]:
    """What the table holds, by linkedid."""
    with repository.store.reading() as connection:
        found = connection.execute(select(CALLBACKS).order_by(CALLBACKS.c.linkedid)).mappings()
        return {row["linkedid"]: dict(row) for row in found}


def states(repository: Repository) -> dict[str, str]:
    return {linkedid: row["state"] for linkedid, row in rows(repository).items()}


def test_whoever_left_is_owed_a_call_and_any_phone_of_any_system_makes_it(ledger: Repository) -> None:
    ledger.record_all([left(0, team="원격응대팀")])
    (row,) = rows(ledger).values()
    assert row == {
        "system": "pbx1",
        "linkedid": "in-0",
        "kind": "missed",
        "line": "main",
        "queue": "support",
        "team": "원격응대팀",
        "person": MOBILE,
        "owed_at": at(0),
        "due_at": DUE,
        "promised_by": None,
        "state": "open",
        "tries": 0,
        "first_try_at": None,
        "first_try_by": None,
        "reached_at": None,
        "came_again_at": None,
        "newest_owed_at": at(0),
        "assignee": None,
        "dropped_at": None,
    }
    ledger.record_all([called(10), called(20, reached=True, agent="agent9")])
    (done,) = rows(ledger).values()
    assert (done["state"], done["tries"], done["first_try_at"]) == ("reached", 2, at(10))
    assert (done["first_try_by"], done["reached_at"], done["newest_owed_at"]) == ("PJSIP/agent3", at(20.5), None)


@pytest.mark.parametrize(
    "number", ["+82-10-1234-5678", "821012345678", "010 1234 5678"], ids=["plus", "country", "spaces"]
)
def test_one_person_however_a_trunk_or_a_phone_writes_the_number(ledger: Repository, number: str) -> None:
    ledger.record_all([left(0, caller=number), called(10)])
    assert rows(ledger)["in-0"]["person"] == MOBILE
    assert states(ledger) == {"in-0": "tried"}
    ledger.record_all([answered(20, caller=number)])
    assert states(ledger) == {"in-0": "came_again"}


@pytest.mark.parametrize("caller", [None, "", "anonymous", "sip-user"])
def test_nobody_is_owed_a_call_whom_nobody_can_call(ledger: Repository, caller: str | None) -> None:
    ledger.record_all([left(0, caller=caller)])
    assert rows(ledger) == {}


def test_hashes_tell_the_same_and_those_who_hide_their_number_are_nobody(blank: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(blank, tmp_path / "ledger.sqlite3"))
    repository = Repository(path, numbers=HASHES, callbacks=TERMS)
    hidden = [left(1, caller="anonymous"), left(2, caller="Anonymous"), left(3, caller="")]
    repository.record_all([left(0), called(10, number="+821012345678"), *hidden])
    assert {one["person"] for one in rows(repository).values()} == {HASHES.hash_of(MOBILE)}
    assert states(repository) == {"in-0": "tried"}
    repository.record_all([answered(20)])
    assert states(repository) == {"in-0": "came_again"}
    repository.close()
    assert MOBILE.encode() not in path.read_bytes()


def test_who_left_twice_stands_twice_and_is_one_entry_the_oldest(ledger: Repository) -> None:
    ledger.record_all([left(0), left(5), left(6, line="other"), left(7, caller=OFFICE), answered(8, promised=(9,))])
    found = rows(ledger)
    # The promise of minute 9 was made in a call that was answered: the calls that they left before are closed by it.
    assert {linkedid: row["state"] for linkedid, row in found.items()} == {
        "in-0": "came_again",
        "in-5": "came_again",
        "in-6": "came_again",
        "in-7": "open",
        "in-8": "open",
    }
    ledger.record_all([left(20), left(25), left(26, line="other"), left(27, team="원격응대팀")])
    entries = {linkedid: row["newest_owed_at"] for linkedid, row in rows(ledger).items() if row["state"] == "open"}
    assert entries == {
        "in-7": at(7),
        "in-8": at(9),
        "in-20": at(25),  # stands for in-25 too
        "in-25": None,
        "in-26": at(26),  # of another line
        "in-27": at(27),  # of another team
    }


def test_a_better_record_of_the_call_takes_back_what_a_worse_one_owed(ledger: Repository) -> None:
    """The monitor saw the caller leave the queue; the other one saw them answered."""
    ledger.record_all([left(0, observed=Observed.PARTLY)])
    assert states(ledger) == {"in-0": "open"}
    whole = replace(answered(0), recorded_at=at(5))
    ledger.record_all([whole])
    assert rows(ledger) == {}
    ledger.record_all([left(0, observed=Observed.PARTLY)])
    assert rows(ledger) == {}


def test_an_answer_that_a_better_record_takes_back_closes_nothing(ledger: Repository) -> None:
    partly = replace(answered(30), observed=Observed.PARTLY)
    ledger.record_all([left(0), partly])
    assert states(ledger) == {"in-0": "came_again"}
    whole = replace(left(30), recorded_at=at(40))
    ledger.record_all([whole])
    assert states(ledger) == {"in-0": "open", "in-30": "open"}


def test_what_people_did_stays_when_facts_come_again(ledger: Repository) -> None:
    ledger.record_all([left(0)])
    with ledger.store.writing() as connection:
        connection.execute(update(CALLBACKS).values(assignee="kim"))
    ledger.record_all([left(0), called(10)])
    assert (rows(ledger)["in-0"]["assignee"], states(ledger)) == ("kim", {"in-0": "tried"})


def test_whose_number_was_erased_is_in_the_figures_and_is_left_alone(ledger: Repository) -> None:
    """As the nightly purge leaves it, and the journal's record without a number after it."""
    ledger.record_all([left(0), called(10)])
    with ledger.store.writing() as connection:
        for table, column in ((CALLS, "caller"), (OUTGOING_CALLS, "person"), (CALLBACKS, "person")):
            connection.execute(update(table).values({column: None}))
    before = rows(ledger)
    ledger.record_all([left(0, caller=None), called(10, number="*****")])
    assert rows(ledger) == before
    assert states(ledger) == {"in-0": "tried"}


def test_a_repository_that_knows_no_terms_keeps_none(blank: Path, tmp_path: Path) -> None:
    repository = Repository(Path(shutil.copy(blank, tmp_path / "ledger.sqlite3")))
    repository.record_all([left(0)])
    assert rows(repository) == {}
    recompute(repository.store, Callbacks(TERMS, repository.numbers), at(-60), at(60))
    assert states(repository) == {"in-0": "open"}
    repository.close()


def test_worked_out_anew_after_other_settings(ledger: Repository) -> None:
    ledger.record_all([left(0), answered(5, promised=(6,), caller=OFFICE), answered(10), called(20, number=OFFICE)])
    with ledger.store.writing() as connection:
        connection.execute(update(CALLBACKS).where(CALLBACKS.c.linkedid == "in-5").values(assignee="kim"))
    before = rows(ledger)
    later = Callbacks(replace(TERMS, missed_working_days=2, promised_working_days=3), ledger.numbers)
    # Two that may leave something owed or did; the third call was answered, and nothing was promised in it.
    assert recompute(ledger.store, later, at(-60), at(60)) == 2
    assert rows(ledger) == {
        "in-0": before["in-0"] | {"due_at": DUE + timedelta(days=1)},
        "in-5": before["in-5"] | {"due_at": DUE + timedelta(days=2)},
    }
    recompute(ledger.store, Callbacks(TERMS, ledger.numbers), at(-60), at(60))
    assert rows(ledger) == before


# -- any order, twice, is once -----------------------------------------------------------------------------------------

PEOPLE = st.sampled_from([MOBILE, "+821012345678", OFFICE])
MINUTES = st.integers(0, 30)


@st.composite
def worlds(draw: st.DrawFn) -> list[StoredFact]:
    """Calls in, some of them known from two records, and calls out, of two people within half an hour."""
    facts: list[StoredFact] = []
    for number in range(draw(st.integers(1, 5))):
        minute, caller = draw(MINUTES), draw(PEOPLE)
        key = CallKey(system=draw(st.sampled_from(["pbx1", "pbx2"])), linkedid=f"in-{number}")
        versions = draw(st.lists(st.sampled_from(["left", "answered", "promised", "unseen"]), min_size=1, max_size=2))
        for worth, kind in enumerate(versions):
            call = answered(minute, caller=caller, promised=(minute + 1,) if kind == "promised" else ())
            if kind in ("left", "unseen"):
                call = left(minute, caller=caller)
            if kind == "unseen":
                call = replace(call, outcome=Outcome.UNOBSERVED, ended_at=None)
            # The second one saw all of it, so that which one stays does not depend on the order.
            observed = Observed.WHOLE if worth else Observed.PARTLY
            facts.append(replace(call, key=key, observed=observed, recorded_at=at(60 + worth)))
    for number in range(draw(st.integers(0, 4))):
        out = called(draw(MINUTES), number=draw(PEOPLE), reached=draw(st.booleans()))
        facts.append(replace(out, key=CallKey(system="pbx1", linkedid=f"out-{number}")))
    return facts


@pytest.fixture(scope="module")
def again_and_again(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """One ledger for all examples, which each begin by emptying it."""
    path = Path(shutil.copy(blank, tmp_path_factory.mktemp("order") / "ledger.sqlite3"))
    repository = Repository(path, callbacks=TERMS)
    yield repository
    repository.close()


def written(repository: Repository, batches: Sequence[Sequence[StoredFact]]) -> dict[str, dict[str, Any]]:
    with repository.store.writing() as connection:
        for table in (CALLBACKS, OUTGOING_CALLS, CALLS):
            connection.execute(delete(table))
    for batch in batches:
        repository.record_all(batch)
    return rows(repository)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=worlds(), data=st.data())
def test_any_order_and_twice_is_once(again_and_again: Repository, facts: list[StoredFact], data: st.DataObject) -> None:
    at_once = written(again_and_again, [facts])
    shuffled = data.draw(st.permutations([*facts, *facts]))
    cut = data.draw(st.integers(0, len(shuffled)))
    assert written(again_and_again, [shuffled[:cut], shuffled[cut:]]) == at_once
    one_by_one = data.draw(st.permutations(facts))
    assert written(again_and_again, [[fact] for fact in one_by_one]) == at_once


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


@pytest.mark.stage
def test_two_monitors_that_write_of_one_person_at_once_miss_nothing(postgres_url: str) -> None:
    """The one writes that they left; the other, before that is committed, that they called again and were answered."""
    upgrade(postgres_url)
    one, other = (Repository(postgres_url, callbacks=TERMS) for _ in range(2))
    assert one.callbacks is not None
    with ThreadPoolExecutor(1) as beside:
        with one.store.writing() as connection:
            before = one.callbacks.known(connection, [left(0)], [])
            taken = one._write_calls(connection, [left(0)])
            answering = beside.submit(other.record_all, [answered(10)])
            # What it waits for is the end of this transaction: one that did not wait would be done in a moment.
            assert wait([answering], timeout=0.3).done == set()
            one.callbacks.keep(connection, taken, [], before)
        answering.result(timeout=20)
    assert states(one) == {"in-0": "came_again"}
    with other.store.reading() as connection:
        held = connection.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).scalar_one()
    assert held == 0
    shuffled: list[StoredFact] = [called(30, number="821012345678"), left(20), left(0), answered(10), left(25)]
    for fact in shuffled:
        one.record_all([fact])
        other.record_all([fact])
    found = rows(other)
    assert {linkedid: row["state"] for linkedid, row in found.items()} == {
        "in-0": "came_again",
        "in-20": "tried",
        "in-25": "tried",
    }
    assert (found["in-20"]["newest_owed_at"], found["in-25"]["newest_owed_at"]) == (at(25), None)
    one.close()
    other.close()

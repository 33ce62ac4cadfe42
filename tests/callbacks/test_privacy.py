"""What calls back tell of persons is purged, hashed and forgotten like callers' numbers; figures stay."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.callbacks.desk import CallbackDesk
from monitor.calls.facts import CallKey
from monitor.config_keeping import PrivacySettings
from monitor.ledger import Repository
from monitor.ledger.erasing import carry_out
from monitor.numbers import PLAIN, Numbers
from monitor.privacy.forget_ledger import places
from monitor.privacy.person import Person
from monitor.privacy.purge import Purge
from tests.ledger.callback_facts import MOBILE, TERMS, answered, at, called, left

if TYPE_CHECKING:
    from collections.abc import Iterator

OFFICE = "0212345678"
HASHES = Numbers(b"0123456789abcdef0123456789abcdef")


@pytest.fixture
def ledger(blank: Path, tmp_path: Path) -> Iterator[Repository]:
    """Two people are owed a call; somebody wrote of the first one, and was given it."""
    repository = Repository(Path(shutil.copy(blank, tmp_path / "ledger.sqlite3")), callbacks=TERMS)
    repository.record_all([left(0), called(10), answered(5, caller=OFFICE, promised=(6,))])
    hours = timedelta(hours=1)
    desk = CallbackDesk(repository.store, PLAIN, lambda: at(20), terms=TERMS, due_soon=hours, forget=hours)
    for linkedid, text in (("in-0", "Mr Hong, by the evening"), ("in-5", "asks for the form")):
        desk.assign(CallKey(system="pbx1", linkedid=linkedid), "kim", "kim")
        desk.note(CallKey(system="pbx1", linkedid=linkedid), text, "kim")
    yield repository
    repository.close()


def rows(repository: Repository, query: str) -> list[tuple[Any, ...]]:
    with repository.store.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


PERSONS = "SELECT linkedid, person, state, tries FROM callbacks ORDER BY linkedid"
NOTES = "SELECT linkedid, action, text FROM callback_notes ORDER BY id"


def purged(repository: Repository, numbers: Numbers = PLAIN, **kept: int) -> dict[str, int]:
    nothing = {"numbers_days": 0, "agent_states_days": 0, "agents_days": 0, "access_log_days": 0}
    settings = PrivacySettings.model_construct(**(PrivacySettings().model_dump() | nothing | kept))
    found = Purge(repository.store, settings, numbers).run(at(0) + timedelta(days=30))
    assert [each.left for each in found] == [0] * len(found)
    return {each.place: each.erased for each in found if each.erased}


def test_the_purge_takes_persons_and_words_and_leaves_what_became_of_it(ledger: Repository) -> None:
    done = purged(ledger, numbers_days=20)
    assert (done["callbacks.person"], done["callback_notes.text"]) == (2, 2)
    assert rows(ledger, PERSONS) == [("in-0", None, "tried", 1), ("in-5", None, "open", 0)]
    assert rows(ledger, NOTES) == [
        ("in-0", "assigned", "kim"),
        ("in-0", "noted", None),
        ("in-5", "assigned", "kim"),
        ("in-5", "noted", None),
    ]
    assert purged(ledger, numbers_days=20) == {}
    ledger.record_all([left(0, caller=None)])
    assert rows(ledger, PERSONS)[0] == ("in-0", None, "tried", 1)


def test_numbers_from_before_hashes_were_wanted_become_the_hashes_that_calls_have(ledger: Repository) -> None:
    assert purged(ledger, HASHES)["callbacks.person, to hashes"] == 2
    hashed = Repository(ledger.store, numbers=HASHES, callbacks=TERMS)
    assert {person for _, person, *_ in rows(ledger, PERSONS)} == {HASHES.hash_of(MOBILE), HASHES.hash_of(OFFICE)}
    # Told from then on, it is of the same person still.
    hashed.record_all([called(30, number="+82 10-1234-5678", reached=True)])
    assert [(linkedid, state, tries) for linkedid, _, state, tries in rows(ledger, PERSONS)] == [
        ("in-0", "reached", 2),
        ("in-5", "open", 0),
    ]


def test_agents_get_their_pseudonyms(ledger: Repository) -> None:
    purged(ledger, HASHES, agents_days=20)
    assert rows(ledger, "SELECT first_try_by, promised_by FROM callbacks ORDER BY linkedid") == [
        (HASHES.agent("PJSIP/agent3"), None),
        (None, HASHES.agent("PJSIP/agent2")),
    ]


def test_who_is_forgotten_is_forgotten_with_what_was_written_of_them_alone(ledger: Repository) -> None:
    for task in places(Person("+82 10 1234 5678", PLAIN)):
        carry_out(ledger.store, task)
    assert rows(ledger, PERSONS) == [("in-0", None, "tried", 1), ("in-5", OFFICE, "open", 0)]
    assert [text for *_, text in rows(ledger, NOTES)] == ["kim", None, "kim", "asks for the form"]

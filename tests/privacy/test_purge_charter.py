"""The purge of calls going out, promises and recordings; and forgetting a person who was called back.

Both stores, since the rows are found by SQL.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.calls.facts import CallbackPromise, CallKey, Observed, OutgoingCall
from monitor.config_keeping import PrivacySettings
from monitor.ledger import Repository
from monitor.ledger.spool import encode
from monitor.numbers import Numbers
from monitor.privacy.forget import Places, forget
from monitor.privacy.person import Person
from monitor.privacy.purge import Purge
from tests.ledger.records import a_call

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"0123456789abcdef0123456789abcdef"
MARCH = datetime(2026, 3, 2, 10, tzinfo=UTC)
"""Within an hour of `a_call`."""
LATER = MARCH + timedelta(days=30)
OUT = OutgoingCall(
    key=CallKey(system="pbx1", linkedid="9.1"),
    agent="PJSIP/kim",
    member="Kim",
    number="+82-10-1234-5678",
    started_at=MARCH,
    answered_at=None,
    ended_at=MARCH + timedelta(seconds=20),
    observed=Observed.WHOLE,
)
PROMISE = CallbackPromise(at=MARCH, by="PJSIP/kim", due_at=None)


def purge(repository: Repository, now: datetime, numbers: Numbers, **changes: int) -> dict[str, int]:
    kept: dict[str, Any] = {"numbers_days": 0, "agent_states_days": 0, "agents_days": 0, "access_log_days": 0}
    settings = PrivacySettings.model_construct(**(PrivacySettings().model_dump() | kept | changes))
    found = Purge(repository.store, settings, numbers).run(now)
    assert [each.left for each in found] == [0] * len(found)
    return {each.place: each.erased for each in found if each.erased}


def rows(repository: Repository, query: str) -> list[tuple[Any, ...]]:
    with repository.store.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_numbers_go_when_their_time_has_come(repository: Repository) -> None:
    """The call going out of a day later stays; so does all else of the one that loses its number."""
    younger = replace(OUT, key=CallKey(system="pbx1", linkedid="9.2"), started_at=MARCH + timedelta(days=1))
    call = a_call(caller="+821012345678", recordings=("out/20260302-093000-01012345678-1772413800.7.wav", "plain.wav"))
    repository.record_all([OUT, younger, call])
    limit = MARCH + timedelta(days=7, hours=12)
    erased = purge(repository, limit, Numbers(), numbers_days=7)
    assert erased == {"outgoing_calls.number, person": 1, "recordings.file": 1, "calls.caller": 1}
    assert rows(repository, "SELECT linkedid, number, person, agent FROM outgoing_calls ORDER BY linkedid") == [
        ("9.1", None, None, "PJSIP/kim"),
        ("9.2", "+82-10-1234-5678", "01012345678", "PJSIP/kim"),
    ]
    assert rows(repository, "SELECT file FROM recordings ORDER BY ordinal") == [
        ("out/20260302-093000-010-****-5678-1772413800.7.wav",),
        ("plain.wav",),
    ]
    assert purge(repository, limit, Numbers(), numbers_days=7) == {}


def test_numbers_of_an_old_ledger_become_the_hashes_by_which_callers_are_known(repository: Repository) -> None:
    numbers = Numbers(KEY)
    repository.record_all([OUT, a_call(caller="01012345678", recordings=("01012345678.wav",))])
    erased = purge(repository, LATER, numbers)
    assert erased["outgoing_calls.number, person, to hashes"] == 1
    hashed = numbers.stored("01012345678")
    assert hashed is not None
    assert rows(repository, "SELECT number, person FROM outgoing_calls") == [(hashed, hashed)]
    assert rows(repository, "SELECT caller FROM calls") == [(hashed,)]
    assert rows(repository, "SELECT file FROM recordings") == [(f"#{hashed[5:9]}.wav",)]


def test_who_called_and_who_promised_become_pseudonyms(repository: Repository) -> None:
    numbers = Numbers(KEY, hashed=False)
    by_menu = replace(PROMISE, by="")
    repository.record_all([OUT, a_call(callbacks=(PROMISE, by_menu))])
    erased = purge(repository, LATER, numbers, agents_days=7)
    assert (erased["outgoing_calls.agent, member"], erased["callback_promises.by"]) == (1, 1)
    kim = numbers.agent("PJSIP/kim")
    assert rows(repository, "SELECT agent, member, number FROM outgoing_calls") == [
        (kim, numbers.agent("Kim"), OUT.number)
    ]
    assert rows(repository, 'SELECT "by" FROM callback_promises ORDER BY ordinal') == [(kim,), ("",)]
    assert purge(repository, LATER, numbers, agents_days=7) == {}


@pytest.mark.parametrize("numbers", [Numbers(), Numbers(KEY)], ids=["plain", "hashed"])
def test_a_person_who_was_called_is_forgotten(repository: Repository, numbers: Numbers, tmp_path: Path) -> None:
    """From the table, and from facts that still wait on disk; another person's number stays."""
    hashing = Repository(repository.store, numbers=numbers)
    other = replace(OUT, key=CallKey(system="pbx1", linkedid="9.2"), number="01099998888")
    hashing.record_all([OUT, other])
    spool = tmp_path / "ledger.spool.jsonl"
    spool.write_text(f"{encode(OUT)}\n{encode(other)}\n", encoding="utf-8")
    nothing = tmp_path / "none"
    places = Places(store=repository.store, spool=spool, rejected=nothing, journal=nothing, reports=nothing)
    done = forget(Person("010-1234-5678", numbers), places, LATER)
    assert done.left == 0
    kept = numbers.stored("01099998888")
    assert rows(repository, "SELECT linkedid, number, person FROM outgoing_calls ORDER BY linkedid") == [
        ("9.1", None, None),
        ("9.2", kept, kept),
    ]
    assert "1234-5678" not in spool.read_text(encoding="utf-8")
    assert "01099998888" in spool.read_text(encoding="utf-8")


@pytest.mark.parametrize("numbers", [Numbers(), Numbers(KEY)], ids=["plain", "hashed"])
def test_a_forgotten_persons_recordings_name_nobody(repository: Repository, numbers: Numbers, tmp_path: Path) -> None:
    """The number, or the mark of its hash, becomes as many stars; another person's stays, and so does the uniqueid."""
    hashing = Repository(repository.store, numbers=numbers)
    file = "in-{}-1795672995.0.wav"
    of_both = [
        a_call(f"1.{n}", caller=number, recordings=(file.format(number),))
        for n, number in enumerate(("01012345678", "01099998888"))
    ]
    hashing.record_all(of_both)
    (_, kept) = [row[0] for row in rows(repository, "SELECT file FROM recordings ORDER BY linkedid")]
    nothing = tmp_path / "none"
    places = Places(store=repository.store, spool=nothing, rejected=nothing, journal=nothing, reports=nothing)
    assert forget(Person("010-1234-5678", numbers), places, LATER).left == 0
    stars = "*" * len("#ABCD" if numbers.hashed else "01012345678")
    assert rows(repository, "SELECT file FROM recordings ORDER BY linkedid") == [(file.format(stars),), (kept,)]

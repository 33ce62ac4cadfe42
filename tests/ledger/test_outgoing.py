"""Calls that the centre made, in the ledger: written twice as once, the more complete record kept, nothing in clear."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

from monitor.calls.facts import CallbackPromise, CallKey, Observed, OutgoingCall
from monitor.ledger import Repository
from monitor.ledger.outgoing import made_calls
from monitor.ledger.spool import decode, encode
from monitor.ledger.writer import LedgerWriter
from monitor.numbers import Numbers

from .records import NINE, a_call, after

if TYPE_CHECKING:
    from pathlib import Path

HASHED = Numbers(b"0123456789abcdef0123456789abcdef")
WHOLE = OutgoingCall(
    key=CallKey(system="pbx1", linkedid="1772442000.7"),
    agent="PJSIP/kim",
    member="Kim",
    number="+82 10-9876-5432",
    started_at=NINE,
    answered_at=after(6.5),
    ended_at=after(60),
    observed=Observed.WHOLE,
)
STOPPED = replace(WHOLE, answered_at=None, ended_at=after(4), observed=Observed.PARTLY)
"""Of a monitor that was stopped while the phone rang."""
WENT_ON = replace(WHOLE, observed=Observed.PARTLY)
"""Of the same one, which was started again."""


def rows(repository: Repository) -> list[tuple[Any, ...]]:
    with repository.store.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM outgoing_calls ORDER BY linkedid")]


def test_any_order_and_any_repetition_leave_the_most_complete_record(repository: Repository) -> None:
    """Two monitors saw it, one of them in two parts: each order of the three, in one batch and in several."""
    for number, order in enumerate(permutations((STOPPED, WENT_ON, WHOLE))):
        key = CallKey(system="pbx1", linkedid=f"1.{number}")
        facts = [replace(fact, key=key) for fact in order]
        repository.record_all(facts)
        for fact in (*facts, facts[0]):
            repository.record_all([fact])
        assert made_calls(repository.store, [key]) == {key: replace(WHOLE, key=key)}
    key = CallKey(system="pbx2", linkedid="1.1")
    for fact in (WENT_ON, STOPPED):
        repository.record_all([replace(fact, key=key)])
    assert made_calls(repository.store, [key]) == {key: replace(WENT_ON, key=key)}


def test_the_same_person_however_the_number_is_written(repository: Repository) -> None:
    spellings = ("+82 10-9876-5432", "01098765432", "010-9876-5432", "821098765432")
    repository.record_all(
        replace(WHOLE, key=CallKey(system="pbx1", linkedid=f"1.{n}"), number=number)
        for n, number in enumerate(spellings)
    )
    assert [row[4] for row in rows(repository)] == list(spellings)
    assert {row[5] for row in rows(repository)} == {"01098765432"}


def test_hashes_and_nothing_in_clear(repository: Repository, tmp_path: Path) -> None:
    """In the ledger's rows, and in the facts that wait on disk where nobody listens where the ledger should be."""
    hashing = Repository(repository.store, numbers=HASHED)
    hashing.record_all([WHOLE, replace(WHOLE, key=CallKey(system="pbx2", linkedid="1.2"), number="01098765432")])
    (one, other) = rows(repository)
    assert one[4:6] == other[4:6] == (HASHED.stored("01098765432"),) * 2
    waiting = tmp_path / "waiting"
    writer = LedgerWriter("postgresql://nobody@127.0.0.1:9/nowhere", spool_dir=waiting, numbers=HASHED)
    writer.start()
    writer.record(WHOLE)
    assert not writer.close(0.0)
    line = (waiting / "ledger.spool.jsonl").read_text(encoding="utf-8")
    hashed = HASHED.stored("01098765432") or ""
    assert decode(line) == replace(WHOLE, number=hashed)
    assert "9876" not in line


def test_promises_come_back_as_they_were(repository: Repository) -> None:
    promises = (
        CallbackPromise(at=after(20), by="PJSIP/kim", due_at=NINE + timedelta(hours=4)),
        CallbackPromise(at=after(30), by="", due_at=None),
    )
    call = a_call(callbacks=promises)
    assert decode(encode(call)) == call
    assert decode(encode(WHOLE)) == WHOLE
    for _ in range(2):
        repository.record_all([call])
        kept = repository.call(call.key)
        assert kept is not None
        assert kept.callbacks == promises

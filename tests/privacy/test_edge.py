"""A ledger that keeps hashes: no number in it nor in what waits beside it, and one caller still told from another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.imports.intake import Fate, Intake
from monitor.ledger import Repository, upgrade
from monitor.ledger.edge import as_kept
from monitor.ledger.spool import decode, encode
from monitor.ledger.writer import LedgerWriter
from monitor.numbers import PLAIN, Numbers, erased, hash_mark
from tests.ledger.records import a_call

if TYPE_CHECKING:
    from pathlib import Path

HASHED = Numbers(b"0123456789abcdef0123456789abcdef")
NUMBER = "01098765432"


def test_a_caller_who_comes_again_is_the_same_caller(tmp_path: Path) -> None:
    """Three calls, of which a trunk wrote the second one's number in another way: two callers."""
    store = tmp_path / "ledger.sqlite3"
    upgrade(store)
    repository = Repository(store, numbers=HASHED)
    numbers = (NUMBER, "+82 10-9876-5432", "0212345678")
    repository.record_all([a_call(f"1000000000.{n}", caller=number) for n, number in enumerate(numbers)])
    with repository.store.reading() as connection:
        found = connection.exec_driver_sql("SELECT caller, caller_ends FROM calls ORDER BY linkedid").all()
    repository.close()
    assert found[0] == found[1] != found[2]
    assert found[0].caller == HASHED.stored(NUMBER)
    assert found[0].caller_ends == hash_mark(found[0].caller)
    assert all(number.encode() not in store.read_bytes() for number in (NUMBER, "9876-5432", "821098765432"))


def test_a_recordings_name_holds_the_callers_mark() -> None:
    """Whatever way the number is written in it; the uniqueid stays, and what was marked once stays as it is."""
    files = (f"in-{NUMBER}-1795672995.0.wav", "/monitor/+821098765432.wav", "lab1-1795672995.0.wav")
    kept = as_kept(a_call(caller=NUMBER, recordings=files), HASHED)
    mark = hash_mark(HASHED.stored(NUMBER) or "")
    assert kept.recordings == (f"in-{mark}-1795672995.0.wav", f"/monitor/{mark}.wav", "lab1-1795672995.0.wav")
    assert as_kept(kept, HASHED) is kept
    assert as_kept(a_call(recordings=files), PLAIN).recordings == files


def test_what_waits_on_disk_holds_no_number_either(tmp_path: Path) -> None:
    """Nobody listens where the ledger should be, so that the writer puts its facts on disk when it ends."""
    writer = LedgerWriter("postgresql://nobody@127.0.0.1:9/nowhere", spool_dir=tmp_path, numbers=HASHED)
    writer.start()
    writer.record(a_call(caller=NUMBER))
    assert not writer.close(0.0)
    (fact,) = [decode(line) for line in (tmp_path / "ledger.spool.jsonl").read_bytes().splitlines()]
    assert fact == a_call(caller=HASHED.stored(NUMBER))


def test_what_was_put_on_disk_before_hashes_were_wanted_is_hashed_on_its_way_in(tmp_path: Path) -> None:
    line = encode(a_call(caller=NUMBER))
    assert NUMBER in line
    store = tmp_path / "ledger.sqlite3"
    upgrade(store)
    repository = Repository(store, numbers=HASHED)
    repository.record_all([decode(line)])
    kept = repository.call(a_call().key)
    repository.close()
    assert kept is not None
    assert kept.caller == HASHED.stored(NUMBER)


def test_a_record_brought_in_twice_is_the_same_one(tmp_path: Path) -> None:
    """Compared as it is kept: else every import would find another number than the ledger's."""
    store = tmp_path / "ledger.sqlite3"
    upgrade(store)
    repository = Repository(store, numbers=HASHED)
    fates = [Intake(repository).take_all([a_call(caller=NUMBER)]).fates for _ in range(2)]
    repository.close()
    assert fates == [{Fate.NEW: 1}, {Fate.SAME: 1}]


@pytest.mark.parametrize("to", [NUMBER, "+821098765432"])
def test_a_caller_sent_to_themselves_is_not_told_by_the_transfer(to: str) -> None:
    (transfer,) = a_call().transfers
    call = a_call(caller=NUMBER, transfers=(replace(transfer, to=to), replace(transfer, to="7001")))
    kept = as_kept(call, HASHED)
    assert [transfer.to for transfer in kept.transfers] == [hash_mark(str(kept.caller)), "7001"]
    assert as_kept(kept, HASHED) == kept
    assert as_kept(call, PLAIN) is call


def test_a_call_of_somebody_forgotten_is_kept_without_a_number() -> None:
    assert as_kept(a_call(caller=erased(11)), PLAIN).caller is None

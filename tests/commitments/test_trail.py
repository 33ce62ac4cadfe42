"""The audit trail: the database refuses to change it, and what is changed past it is found."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from monitor.commitments.cases import Change
from monitor.errors import StoreError
from monitor.ledger import case_erasing, cases, erasing

from .office import KIM, Office

if TYPE_CHECKING:
    from collections.abc import Callable


def history(office: Office) -> None:
    """Four entries of two cases."""
    office.open("kindness", reference="A", subject="불친절", contact="010-1234-5678")
    office.open(reference="B")
    office.desk.change("A", Change(finding="upheld"), KIM)
    office.desk.change("A", Change(paid_won=10_000), KIM)


def test_the_database_refuses(on_both: Office) -> None:
    history(on_both)
    before = on_both.sql("SELECT * FROM case_events ORDER BY id")
    last = (
        "INSERT OR REPLACE INTO case_events SELECT * FROM case_events WHERE id = 4"
        if on_both.store.is_sqlite
        else "TRUNCATE case_events"
    )
    for statement in (
        "UPDATE case_events SET who = 'nobody' WHERE id = 1",
        "DELETE FROM case_events",
        "DELETE FROM case_events WHERE id = 4",
        last,
    ):
        with pytest.raises(StoreError):
            on_both.sql(statement)
        assert on_both.sql("SELECT * FROM case_events ORDER BY id") == before


def test_the_chain_is_as_the_documentation_says(office: Office) -> None:
    """Worked out by hashlib and json alone, from what SQL says."""
    history(office)
    chain = "0" * 64
    with office.store.reading() as connection:
        rows = list(cases.whole_trail(connection))
    for row in rows:
        said = [
            chain, row["id"], row["reference"], row["at"].isoformat(timespec="microseconds"), row["who"], row["role"],
            row["action"], row["detail"],
        ]  # fmt: skip
        written = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        chain = hashlib.sha256(written.encode()).hexdigest()
        assert row["chain"] == chain
    check = office.desk.verify_trail()
    assert (check.head, check.entries, check.cases, check.broken) == (chain, 4, 2, None)


_OPEN_THE_TRAIL = ("DROP TRIGGER case_events_stay_update", "DROP TRIGGER case_events_stay_delete")


@pytest.mark.parametrize(
    ("statement", "number", "said"),
    [
        ("UPDATE case_events SET who = 'lee' WHERE id = 2", 2, "Entry 2 of the trail is not as it was written"),
        ("UPDATE case_events SET detail = '{}' WHERE id = 4", 4, "Entry 4 of the trail is not as it was written"),
        ("DELETE FROM case_events WHERE id = 3", 4, "Entry 3 of the trail is missing"),
        # The last one leaves no gap, but the case knows when it was changed.
        ("DELETE FROM case_events WHERE id = 4", None, "The case A is not as its entries say"),
        ("UPDATE cases SET paid_won = 0 WHERE reference = 'A'", None, "(paid_won)"),
        ("UPDATE cases SET due_at = due_at + 1 WHERE reference = 'B'", None, "The case B is not as its entries say"),
        ("DELETE FROM cases WHERE reference = 'B'", None, "The case B has entries and is not there"),
        ("UPDATE cases SET reference = 'C' WHERE reference = 'B'", None, "The case C"),
    ],
)
def test_what_was_changed_past_the_trail_is_found(
    office: Office, statement: str, number: int | None, said: str
) -> None:
    history(office)
    for one in (*_OPEN_THE_TRAIL, statement):
        office.sql(one)
    check = office.desk.verify_trail()
    assert check.broken is not None
    assert said in check.broken
    assert check.broken_id == number


def test_nothing_is_half_written(on_both: Office) -> None:
    """The entry cannot be written, so neither is the case."""
    case = on_both.open()
    with on_both.store.writing() as connection:
        connection.execute(text("ALTER TABLE case_events RENAME TO elsewhere"))
    with pytest.raises(StoreError):
        on_both.desk.change(case.reference, Change(assignee="이"), KIM)
    with pytest.raises(StoreError):
        on_both.open(reference="B")
    assert on_both.sql("SELECT reference, assignee FROM cases") == [(case.reference, None)]


@pytest.fixture
def erasure(on_both: Office) -> Callable[[], None]:
    """Takes what cases hold of persons away, 30 days after they were done."""

    def erase() -> None:
        before = on_both.now - timedelta(days=30)
        task = case_erasing.personal_before(before, on_both.now)
        assert erasing.carry_out(on_both.store, task).left == 0

    return erase


def test_what_is_erased_is_told_and_nothing_else_changes(on_both: Office, erasure: Callable[[], None]) -> None:
    said = {"subject": "불친절", "contact": "010-1234-5678", "result": "010-1234-5678로 답함"}
    kept = on_both.open("kindness", reference="waits", **said)
    done = on_both.open("kindness", reference="done", finding="upheld", done_at=on_both.now, **said)
    gone = on_both.open("kindness", reference="gone", withdrawn=True, **said)
    on_both.pass_time(days=30, microseconds=1)
    erasure()
    waits = on_both.desk.get(kept.reference)
    assert waits is not None
    assert (waits.subject, waits.contact, waits.erased_at) == ("불친절", "01012345678", None)
    for before in (done, gone):
        after = on_both.desk.get(before.reference)
        assert after is not None
        assert (after.subject, after.contact, after.person, after.erased_at) == (None, None, None, on_both.now)
        # What came of it stays for the report, without a number.
        assert after.result == "010-****-5678로 답함"
        assert (after.owed_won, after.changed_at) == (before.owed_won, before.changed_at)
        entry = on_both.desk.trail(before.reference)[-1]
        assert (entry.action, entry.who) == ("erased", "callmonitor")
        assert entry.detail["subject"] == entry.detail["contact"] == "changed"
    erasure()
    check = on_both.desk.verify_trail()
    assert (check.broken, check.entries) == (None, 5)
    # Somebody writes to the person again: that has its time anew.
    again = on_both.desk.change("done", Change(contact="010-9999-8888"), KIM)
    assert again.erased_at is None

"""What runs by itself, what a reload takes over, and numbers that become hashes later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from monitor.charter_setup import case_desk_of, register_of
from monitor.commitments.cases import CaseQuery, Change
from monitor.commitments.holdings import Holdings
from monitor.config import load
from monitor.ledger import case_erasing, erasing
from monitor.numbers import Numbers
from monitor.reload import differences, together

from .office import KIM, SEOUL, Office, at

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.config import Settings


def references(office: Office) -> list[str]:
    return sorted(case.reference for case in office.desk.find(CaseQuery()).cases)


def test_holdings_are_opened_once_a_day_by_whoever_leads(office: Office) -> None:
    leading = False
    holdings = Holdings(office.desk, SEOUL, lambda: office.now, lambda: leading)
    asyncio.run(holdings.look())
    assert references(office) == []
    leading = True
    asyncio.run(holdings.look())
    assert references(office) == ["standard_review-2026-2", "survey-2026"]
    # Later that day nobody asks the ledger any more: what was deleted past the desk stays so until the next.
    office.sql("DELETE FROM cases")
    asyncio.run(holdings.look())
    assert references(office) == []


def test_a_ledger_that_is_away_is_tried_again(office: Office, tmp_path: Path) -> None:
    holdings = Holdings(office.desk, SEOUL, lambda: office.now, lambda: True)
    away = tmp_path / "away.sqlite3"
    file = office.store.path
    assert file is not None
    file.rename(away)
    asyncio.run(holdings.look())
    away.rename(file)
    asyncio.run(holdings.look())
    # Not at once, but a minute later.
    assert references(office) == []
    office.pass_time(minutes=1)
    asyncio.run(holdings.look())
    assert len(references(office)) == 2


def test_another_register_is_taken_over_and_moves_no_deadline(office: Office, tmp_path: Path) -> None:
    def settings(text: str) -> Settings:
        file = tmp_path / "callmonitor.toml"
        file.write_text(text, encoding="utf-8")
        return load(file, environ={})

    before = settings("[cases]\ndue_soon_days = 2\n")
    after = settings("[cases]\ndue_soon_days = 9\n[[commitment]]\nkey = 'voc_simple'\nko = '가'\nen = 'a'\ndays = 1\n")
    effective, waiting = together(before, after)
    assert waiting == ()
    assert set(differences(before, effective)) == {"commitment", "cases.due_soon_days"}
    desk = case_desk_of(before, office.store, lambda: office.now)
    desk.take_settings(register_of(before), office.desk.filing.work_time, 2)
    old = Office(office.store).open()
    desk.take_settings(register_of(effective), office.desk.filing.work_time, effective.cases.due_soon_days)
    assert [one.days for one in desk.register] == [1]
    changed = desk.change(old.reference, Change(assignee="김"), KIM)
    assert changed.due_at == old.due_at
    # Wednesday to Tuesday the 2nd: as many as nine working days before it is soon.
    assert (old.standing, changed.standing) == ("open", "due_soon")


def test_numbers_become_hashes_when_that_is_wanted(on_both: Office) -> None:
    number = on_both.open(contact="010-1234-5678")
    address = on_both.open(contact="hong@example.com")
    hashes = Numbers(b"k" * 32)
    erased = erasing.carry_out(on_both.store, case_erasing.numbers_to_hashes(hashes))
    assert (erased.erased, erased.left) == (2, 0)
    hashed = Office(on_both.store, numbers=hashes)
    case = hashed.desk.find(CaseQuery(number="+82-10-1234-5678")).cases[0]
    assert (case.reference, case.contact) == (number.reference, hashes.hash_of("01012345678"))
    kept = hashed.desk.get(address.reference)
    assert kept is not None
    assert kept.contact == "h***@example.com"
    assert hashed.desk.verify_trail().broken is None
    assert at("2026-11-26 15:00") == on_both.now

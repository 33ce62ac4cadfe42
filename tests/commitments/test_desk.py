"""Cases opened, changed and looked up; what makes no sense is refused whole, with its field and a sentence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.commitments import contacts
from monitor.commitments.cases import CaseError, CaseQuery, CaseState, Change, NewCase, Standing
from monitor.commitments.register import Commitment, Finding, Owed, When
from monitor.numbers import Numbers

from .office import KIM, LEE, Office, at


def test_a_case_from_receipt_to_done(on_both: Office) -> None:
    case = on_both.open(subject="  신청 서류를 물음 ", contact="010-1234-5678", system="pbx1", linkedid="1764.1")
    # Monday 23 November: 23 to 27 are five days, 30 and 1 December the others.
    assert (case.reference, case.state, case.due_at) == ("C-2026-000001", CaseState.OPEN, at("2026-12-02"))
    assert (case.subject, case.contact, case.person) == ("신청 서류를 물음", "01012345678", "01012345678")
    assert (case.owed_won, case.paid_won, case.source, case.standing) == (0, 0, "page", Standing.OPEN)
    given = on_both.desk.change(case.reference, Change(seen_at=case.changed_at, assignee="이상담"), LEE)
    assert given.assignee == "이상담"
    on_both.pass_time(days=1)
    done = on_both.desk.change(case.reference, Change(state="done", result="전화로 답함"), LEE)
    assert (done.state, done.done_at, done.standing) == (CaseState.DONE, at("2026-11-27 15:00"), Standing.DONE)
    again = on_both.desk.change(case.reference, Change(state=CaseState.OPEN), KIM)
    assert (again.state, again.done_at) == (CaseState.OPEN, None)
    gone = on_both.desk.change(case.reference, Change(state="withdrawn"), KIM)
    assert on_both.desk.get(case.reference) == gone
    trail = on_both.desk.trail(case.reference)
    assert [(one.action, one.who) for one in trail] == [
        ("opened", "kim"), ("changed", "lee"), ("done", "lee"), ("reopened", "kim"), ("withdrawn", "kim"),
    ]  # fmt: skip
    assert trail[1].detail == {"assignee": [None, "이상담"]}
    # Free texts and personal fields are never written to what cannot be erased.
    assert trail[0].detail["contact"] == trail[0].detail["subject"] == trail[2].detail["result"] == "changed"
    assert not [one for one in trail if "5678" in str(one.detail) or "서류" in str(one.detail)]
    assert on_both.desk.verify_trail().broken is None


def test_nothing_different_is_nothing_written(office: Office) -> None:
    case = office.open(subject="물음")
    assert office.desk.change(case.reference, Change(subject="물음 ", state="open"), LEE) == case
    assert len(office.desk.trail(case.reference)) == 1


def test_the_later_of_two_is_told(on_both: Office) -> None:
    """Also where both look and write at the same instant of the clock."""
    case = on_both.open(commitment="kindness")

    def write(finding: str) -> str:
        try:
            on_both.desk.change(case.reference, Change(seen_at=case.changed_at, finding=finding, assignee=finding), LEE)
        except CaseError as error:
            return error.field
        return finding

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(write, ("upheld", "not_upheld")))
    assert told[0] in ("not_upheld", "seen_at")
    assert "seen_at" in told
    kept = on_both.desk.get(case.reference)
    assert kept is not None
    assert kept.finding == kept.assignee
    assert len(on_both.desk.trail(case.reference)) == 2


def test_references_are_drawn_without_races(on_both: Office) -> None:
    on_both.open(reference="C-2026-000002")

    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda _: on_both.open().reference, range(8)))
    assert len(set(drawn)) == 8
    assert on_both.desk.count(CaseQuery()) == 9
    check = on_both.desk.verify_trail()
    assert (check.broken, check.entries, check.cases) == (None, 9, 9)


@pytest.mark.parametrize(
    ("commitment", "case", "owed"),
    [
        ("kindness", {"finding": "upheld"}, (10_000, True, True)),
        ("kindness", {"finding": "not_upheld"}, (0, False, False)),
        ("kindness", {}, (0, False, False)),
        ("accuracy", {"visits": 1}, (0, False, False)),
        ("accuracy", {"visits": 2}, (10_000, True, False)),
        ("accuracy", {"visits": 3}, (20_000, True, False)),
        ("accuracy", {"visits": 7, "missed_appointment": True}, (20_000, True, False)),
        ("accuracy", {"missed_appointment": True}, (10_000, True, False)),
        ("accuracy", {"visits": 3, "withdrawn": True}, (0, False, False)),
        ("voc_simple", {"visits": 3}, (0, False, False)),
    ],
)
def test_what_the_charter_owes(
    office: Office, commitment: str, case: dict[str, Any], owed: tuple[int, bool, bool]
) -> None:
    """In won, an apology, a training."""
    opened = office.open(commitment, **case)
    assert (opened.owed_won, opened.owed_apology, opened.owed_training) == owed


def test_the_rule_at_the_time_stays_in_the_trail(office: Office) -> None:
    case = office.open("kindness")
    office.desk.change(case.reference, Change(finding=Finding.UPHELD), KIM)
    dearer = Commitment(key="kindness", ko="친절", en="Kindness", days=7, owed=(Owed(when=When.UPHELD, won=30_000),))
    later = office.with_register(dearer)
    changed = later.desk.change(case.reference, Change(visits=2), KIM)
    # What is owed is worked out anew whenever the case is changed, and the trail tells by which rule.
    assert (changed.owed_won, changed.due_at) == (30_000, case.due_at)
    rules = [one.detail["rule"]["owed"][0]["won"] for one in later.desk.trail(case.reference) if "rule" in one.detail]
    assert rules == [10_000, 10_000, 30_000]


def test_a_missed_deadline_that_costs(office: Office) -> None:
    one = Commitment(key="k", ko="약속", en="Promise", days=1, owed=(Owed(when=When.MISSED, won=5_000, apology=True),))
    strict = office.with_register(one)
    case = strict.open("k", "2026-11-26 10:00")
    assert case.owed_won == 0
    strict.now = at("2026-11-27 00:00")
    overdue = strict.desk.get(case.reference)
    assert overdue is not None
    # The deadline passed, and nobody has written to the ledger since.
    assert (overdue.standing, overdue.owed_won, overdue.owed_apology) == (Standing.OVERDUE, 5_000, True)
    in_time = strict.desk.change(case.reference, Change(done_at=at("2026-11-26 23:59:59")), KIM)
    assert in_time.owed_won == 0
    late = strict.desk.change(case.reference, Change(done_at=at("2026-11-27 00:00")), KIM)
    assert late.owed_won == 5_000


def test_paid_apologised_trained(office: Office) -> None:
    case = office.open("kindness", finding="upheld")
    paid = office.desk.change(case.reference, Change(paid_won=12_000, apology_at=at("2026-11-25 10:00")), KIM)
    # More than is owed may be paid; without a day it was paid now.
    assert (paid.owed_won, paid.paid_won, paid.paid_at) == (10_000, 12_000, office.now)
    back = office.desk.change(case.reference, Change(paid_won=0, training_at=at("2026-11-26 09:00")), KIM)
    assert (back.paid_won, back.paid_at, back.training_at) == (0, None, at("2026-11-26 09:00"))


def test_a_wrong_promise_or_day_is_corrected_with_its_deadline(office: Office) -> None:
    case = office.open("voc_simple")
    changed = office.desk.change(
        case.reference, Change(commitment="voc_legal", received_at=at("2026-11-24 09:00")), KIM
    )
    # 24 to 27 (4), 30 November to 4 December (9), 7 to 11 (14).
    assert changed.due_at == at("2026-12-12")
    assert office.desk.trail(case.reference)[1].detail["commitment"] == ["voc_simple", "voc_legal"]


@pytest.mark.parametrize(
    ("field", "case"),
    [
        ("received_at", {"received_at": at("2026-11-26 15:00:01")}),
        ("received_at", {"received_at": at("1999-12-31 12:00")}),
        ("received_at", {"received_at": datetime(2026, 11, 26, 12)}),  # noqa: DTZ001 - refused for that
        ("commitment", {"commitment": "bribery"}),
        ("done_at", {"done_at": at("2026-11-22 10:00")}),
        ("done_at", {"done_at": at("2026-11-23 09:59")}),
        ("done_at", {"done_at": at("2026-11-27 10:00")}),
        ("done_at", {"done_at": at("2026-11-24 10:00"), "withdrawn": True}),
        ("paid_won", {"paid_won": -1}),
        ("paid_won", {"paid_won": 100_000_001}),
        ("paid_won", {"paid_at": at("2026-11-24 10:00")}),
        ("paid_at", {"paid_won": 1, "paid_at": at("2026-11-20 10:00")}),
        ("apology_at", {"apology_at": at("2026-12-24 10:00")}),
        ("training_at", {"training_at": at("2026-11-01 10:00")}),
        ("visits", {"visits": 0}),
        ("visits", {"visits": 1_001}),
        ("finding", {"finding": "perhaps"}),
        ("subject", {"subject": "가" * 501}),
        ("subject", {"subject": "가\0나"}),
        ("result", {"result": "가" * 2_001}),
        ("assignee", {"assignee": "이\n상담"}),
        ("assignee", {"assignee": "\ud800"}),
        ("contact", {"contact": "홍길동"}),
        ("contact", {"contact": "0101"}),
        ("contact", {"contact": "a@b@c"}),
        ("linkedid", {"system": "pbx1"}),
        ("reference", {"reference": "가 나"}),
        ("reference", {"reference": "010-1234-5678"}),
        ("reference", {"reference": "x" * 65}),
        ("result", {"commitment": "survey", "done_at": at("2026-11-25 10:00")}),
    ],
)
def test_what_makes_no_sense_is_refused_whole(office: Office, field: str, case: dict[str, Any]) -> None:
    given = NewCase(commitment="voc_simple", received_at=at("2026-11-23 10:00"))
    with pytest.raises(CaseError) as refused:
        office.desk.open(replace(given, **case), KIM)
    assert refused.value.field == field
    # One sentence, with the next step behind its colon; nothing of a person in it.
    assert str(refused.value).endswith(".")
    assert "010" not in str(refused.value)
    assert office.sql("SELECT count(*) FROM cases") == office.sql("SELECT count(*) FROM case_events") == [(0,)]


def test_a_change_that_makes_no_sense_leaves_the_case(office: Office) -> None:
    case = office.open("kindness", finding="upheld")
    for change, field in (
        (Change(done_at=at("2026-12-24 10:00"), assignee="이"), "done_at"),
        (Change(state="lost"), "state"),
        (Change(received_at=at("2026-11-27 10:00")), "received_at"),
        (Change(paid_won=-5, finding="not_upheld"), "paid_won"),
        (Change(commitment=""), "commitment"),
        (Change(seen_at=case.changed_at - timedelta(seconds=1), visits=2), "seen_at"),
    ):
        with pytest.raises(CaseError) as refused:
            office.desk.change(case.reference, change, KIM)
        assert refused.value.field == field
    with pytest.raises(CaseError) as refused:
        office.desk.change("X-1", Change(visits=2), KIM)
    assert refused.value.field == "reference"
    assert office.desk.get(case.reference) == case


def test_a_day_alone_on_the_day_of_receipt_is_after_receipt(office: Office) -> None:
    case = office.open(done_at=at("2026-11-23 00:00"), apology_at=at("2026-11-23 00:00"))
    assert case.done_at == case.apology_at == case.received_at


def test_a_reference_is_one_case(office: Office) -> None:
    new = NewCase(commitment="kindness", received_at=at("2026-11-23 10:00"), reference="V/1", subject="불친절")
    first = office.desk.opened(new, KIM)
    again = office.desk.opened(new, LEE)
    assert (first.new, again.new, again.case) == (True, False, first.case)
    office.desk.change("V/1", Change(finding="upheld", subject="불친절, 확인함"), KIM)
    # What became of it since does not matter.
    assert not office.desk.opened(new, LEE).new
    for other in (replace(new, received_at=at("2026-11-24 10:00")), replace(new, visits=2)):
        with pytest.raises(CaseError) as refused:
            office.desk.open(other, KIM)
        assert refused.value.field == "reference"


def test_numbers_are_kept_as_the_ledger_keeps_them(office: Office) -> None:
    hashed = Office(office.store, numbers=Numbers(b"k" * 32))
    case = hashed.open(contact="+82 10-1234-5678")
    assert case.contact == case.person
    assert (case.contact or "").startswith("hmac:")
    assert hashed.open(contact="hong@example.com").contact == "h***@example.com"
    found = hashed.desk.find(CaseQuery(number="01012345678")).cases
    assert [one.reference for one in found] == [case.reference]
    assert contacts.shown("hong@example.com", full=False) == "h***@example.com"
    assert contacts.shown("01012345678", full=False) == "010-****-5678"
    assert contacts.shown("01012345678", full=True) == "010-1234-5678"


def test_no_second_holding_waits_by_a_change(office: Office) -> None:
    office.desk.open_holdings()
    office.open("survey", "2026-05-01 09:00", reference="S", done_at=at("2026-05-20 09:00"), result="공표함")
    # What it had opened by itself is withdrawn; whoever takes that back owes one survey, and not two.
    office.desk.change("survey-2026", Change(state="open"), KIM)
    with pytest.raises(CaseError, match="on the list already as survey-2026"):
        office.desk.change("S", Change(state="open"), KIM)
    office.desk.change("survey-2026", Change(assignee="lee", received_at=at("2026-02-01 09:00")), KIM)
    states = {case.reference: case.state for case in office.desk.find(CaseQuery(commitment="survey")).cases}
    assert states == {"survey-2026": "open", "S": "done"}

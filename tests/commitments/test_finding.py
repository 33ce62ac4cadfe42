"""Lists of cases: by deadline while they wait, the newest first otherwise, a page at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.commitments.cases import CaseError, CaseQuery, Change, Standing
from monitor.commitments.register import CHARTER, Owed, When
from monitor.ledger import case_counts

from .office import KIM, Office, at


def with_cases(office: Office) -> Office:
    """Thursday 26 November: B overdue since the 25th, A due on the 30th (soon), D later, N without a clock; E done."""
    # Seven working days from the 20th, a Friday: 20, 23 24 25 26 27, 30.
    office.open(reference="A", received="2026-11-20 10:00", contact="010-1111-2222", subject="Alpha 100%")
    # From the 16th: 16 to 20, 23, 24.
    office.open(reference="B", received="2026-11-16 10:00", assignee="이상담", contact="010-1111-2222")
    office.open("voc_legal", reference="D", received="2026-11-25 10:00", subject="beta_2")
    office.open("accuracy", reference="N", received="2026-11-02 10:00", visits=2)
    office.open(reference="E", received="2026-11-03 10:00", done_at=at("2026-11-05 10:00"))
    office.open(reference="W", received="2026-11-04 10:00", withdrawn=True)
    return office


@pytest.fixture
def listed(on_both: Office) -> Office:
    return with_cases(on_both)


def test_standings_and_order(on_both: Office) -> None:
    listed = with_cases(on_both)

    def found(**query: object) -> list[str]:
        asked = CaseQuery(**query)  # type: ignore[arg-type] # rows below are right
        cases = listed.desk.find(asked).cases
        assert listed.desk.count(asked) == len(cases)
        return [case.reference for case in cases]

    assert found() == ["D", "A", "B", "W", "E", "N"]
    assert found(standing="undone") == ["B", "A", "D", "N"]
    assert found(standing=Standing.OVERDUE) == ["B"]
    assert found(standing=Standing.DUE_SOON) == ["A"]
    assert found(standing=Standing.OPEN) == ["D", "N"]
    assert found(standing=Standing.DONE) == ["E"]
    assert found(standing=Standing.WITHDRAWN) == ["W"]
    assert found(commitment="voc_legal") == ["D"]
    assert found(assignee="이상담") == ["B"]
    assert found(assignee="", standing="undone") == ["A", "D", "N"]
    assert found(number="+82-10-1111-2222") == ["A", "B"]
    assert found(number_ends="2222") == ["A", "B"]
    assert found(number_ends="1111") == []
    assert found(text="ALPHA") == ["A"]
    assert found(text="a", in_subject=False) == ["A"]
    assert found(text="alpha", in_subject=False) == []
    # A letter is itself, whatever it means to SQL.
    assert found(text="100%") == ["A"]
    assert found(text="a_2") == ["D"]
    assert found(text="a%2") == []
    assert found(since=at("2026-11-16 10:00"), until=at("2026-11-20 10:00")) == ["B"]
    assert {case.reference: case.standing for case in listed.desk.find(CaseQuery()).cases}["A"] is Standing.DUE_SOON
    check_counts(listed)


def test_what_is_still_owed_is_found_after_the_case_is_done(on_both: Office) -> None:
    """Upheld unkindness owes 10,000 won, an apology and a training; two visits 10,000 won and an apology."""
    office = on_both
    done: dict[str, Any] = {"received": "2026-11-03 10:00", "done_at": at("2026-11-05 10:00")}
    given: dict[str, Any] = {"paid_won": 10_000, "apology_at": at("2026-11-06 10:00")}
    office.open("kindness", reference="UNPAID", finding="upheld", **done)
    office.open("kindness", reference="UNTRAINED", finding="upheld", **given, **done)
    office.open("kindness", reference="GIVEN", finding="upheld", training_at=at("2026-11-06 10:00"), **given, **done)
    office.open("kindness", reference="NOTHING", finding="not_upheld", **done)
    office.open("accuracy", reference="LESS", visits=2, received="2026-11-02 10:00", **given | {"paid_won": 9_999})
    office.open("accuracy", reference="GONE", visits=2, received="2026-11-02 10:00", withdrawn=True)

    found = office.desk.find(CaseQuery(standing="owing")).cases
    assert {case.reference for case in found} == {"UNPAID", "UNTRAINED", "LESS"}
    assert office.desk.count(CaseQuery(standing="owing")) == 3


@pytest.mark.parametrize("standing", [None, "undone"])
def test_pages_lose_nothing_and_tell_nothing_twice(office: Office, standing: str | None) -> None:
    listed = with_cases(office)
    whole = listed.desk.find(CaseQuery(standing=standing)).cases  # type: ignore[arg-type] # one of its words
    seen: list[str] = []
    after = None
    while True:
        page = listed.desk.find(CaseQuery(standing=standing, limit=1, after=after))  # type: ignore[arg-type] # as above
        seen += [case.reference for case in page.cases]
        after = page.next
        if after is None:
            break
        if len(seen) == 2:
            # One more that comes in meanwhile shifts nothing of what was not seen yet.
            listed.open(reference="later", received="2026-11-26 14:59")
    assert [one for one in seen if one != "later"] == [case.reference for case in whole]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (CaseQuery(limit=0), "limit"),
        (CaseQuery(limit=501), "limit"),
        (CaseQuery(after="x"), "after"),
        (CaseQuery(after="WzEsMl0"), "after"),
        (CaseQuery(since=at("2026-11-16").replace(tzinfo=None)), "since"),
    ],
)
def test_a_question_that_makes_no_sense(office: Office, query: CaseQuery, field: str) -> None:
    with pytest.raises(CaseError) as refused:
        office.desk.find(query)
    assert refused.value.field == field


def check_counts(listed: Office) -> None:
    """The same cases, counted."""
    with listed.store.reading() as connection:
        soon = listed.desk.due_soon_at()
        counts = case_counts.counts(connection, listed.now, soon)
        due = case_counts.due(connection, listed.now, soon)
    assert counts == {
        ("voc_simple", "overdue"): 1, ("voc_simple", "due_soon"): 1, ("voc_simple", "done"): 1,
        ("voc_simple", "withdrawn"): 1, ("voc_legal", "open"): 1, ("accuracy", "open"): 1,
    }  # fmt: skip
    assert [(one.key, one.level, one.due_at) for one in due] == [
        ("B", "overdue", at("2026-11-25")), ("A", "due_soon", at("2026-12-01")),
    ]  # fmt: skip
    assert {one.commitment: one.owed_won for one in listed.desk.totals() if one.owed_won} == {"accuracy": 10_000}


def test_totals_are_those_of_now(listed: Office) -> None:
    """Two visits are owed 10,000 won; B is overdue since the 25th, A is due on the 30th, and soon."""

    def totals() -> dict[str, tuple[dict[str, int], int, int]]:
        told = listed.desk.totals()
        assert [total.commitment for total in told] == [one.key for one in listed.desk.register]
        return {
            total.commitment: ({str(key): count for key, count in total.counts.items()}, total.owed_won, total.paid_won)
            for total in told
        }

    voice = {"overdue": 1, "due_soon": 1, "done": 1, "withdrawn": 1}
    assert totals()["voc_simple"] == (voice, 0, 0)
    assert totals()["accuracy"] == ({"open": 1}, 10_000, 0)
    assert totals()["survey"] == ({}, 0, 0)
    listed.desk.change("N", Change(visits=3, paid_won=5_000), KIM)
    assert totals()["accuracy"] == ({"open": 1}, 20_000, 5_000)
    listed.now = at("2026-12-01 00:00")
    assert totals()["voc_simple"][0] == {"overdue": 2, "done": 1, "withdrawn": 1}
    # The clock was wrong, and is set back.
    listed.now = at("2026-11-26 15:00")
    assert totals()["voc_simple"][0] == voice


def test_totals_know_what_a_deadline_that_passed_owes(listed: Office) -> None:
    """B's deadline passed with nothing written down since; of the 10,000 won some were paid."""
    listed.desk.change("B", Change(paid_won=4_000), KIM)
    voice = replace(CHARTER[0], owed=(Owed(when=When.MISSED, won=10_000), Owed(when=When.UPHELD, won=30_000)))
    office = listed.with_register(voice)
    office.now = listed.now
    assert next((total.owed_won, total.paid_won) for total in office.desk.totals()) == (10_000, 4_000)
    assert [
        case.reference for case in office.desk.find(CaseQuery(standing="owing", commitment="voc_simple")).cases
    ] == ["B"]
    office.now = at("2026-12-01 00:00")
    assert next(total.owed_won for total in office.desk.totals()) == 20_000
    # Both hold for A now, and the one that owes more is owed.
    office.desk.change("A", Change(finding="upheld"), KIM)
    assert next(total.owed_won for total in office.desk.totals()) == 40_000
    assert sum(case.owed_won for case in office.desk.find(CaseQuery(commitment="voc_simple")).cases) == 40_000


def test_what_is_due_once_and_again_is_on_the_list_by_itself(on_both: Office) -> None:
    opened = on_both.desk.open_holdings()
    assert [(case.reference, case.due_at) for case in opened] == [
        ("survey-2026", at("2027-01-01")), ("standard_review-2026-2", at("2027-01-01")),
    ]  # fmt: skip
    assert on_both.desk.open_holdings() == []
    # A second one that waits would be one too many.
    with pytest.raises(CaseError) as refused:
        on_both.open("survey")
    assert refused.value.field == "commitment"
    # Held under another reference: nothing waits any more, and the list is not filled again.
    on_both.open("survey", reference="S-1", done_at=at("2026-11-25"), result="https://example.org/2026")
    waiting = on_both.desk.get("survey-2026")
    assert waiting is not None
    assert waiting.standing is Standing.WITHDRAWN
    assert on_both.desk.open_holdings() == []
    on_both.desk.change("standard_review-2026-2", Change(state="done", result="점검 결과 공개"), KIM)
    on_both.now = at("2027-01-01 00:00")
    assert [case.reference for case in on_both.desk.open_holdings()] == ["survey-2027", "standard_review-2027-1"]
    assert on_both.desk.verify_trail().broken is None

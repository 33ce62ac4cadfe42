"""Figures of a half, worked out by hand from eleven cases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.commitments.cases import Change
from monitor.commitments.register import CHARTER, Commitment, Owed, When
from monitor.reports.commitment_figures import commitment_figures

from .office import KIM, WORK, Office, at

if TYPE_CHECKING:
    from monitor.reports.charter_figures import CommitmentFigures

SINCE, UNTIL = at("2026-07-01"), at("2027-01-01")


def figures(office: Office, *register: Commitment) -> dict[str, CommitmentFigures]:
    with office.store.reading() as connection:
        found = commitment_figures(connection, register or CHARTER, SINCE, UNTIL, office.now, WORK)
    return {one.commitment.key: one for one in found}


def with_a_half(office: Office) -> Office:
    # Simple questions: in time, late by its first instant, overdue, open, withdrawn; and two of other halves.
    # From Monday 2 November seven working days end with Tuesday the 10th.
    office.open(received="2026-11-02 09:00", done_at=at("2026-11-10 23:59:59"))
    office.open(received="2026-11-02 09:00", done_at=at("2026-11-11 00:00"))
    office.open(received="2026-11-03 09:00")
    office.open(received="2026-11-26 09:00")
    office.open(received="2026-11-26 09:00", withdrawn=True)
    office.open(received="2026-06-30 23:59:59")
    # Kindness: one upheld and paid for, one that was not.
    office.open(
        "kindness", "2026-07-01 00:00", finding="upheld", done_at=at("2026-07-03 00:00"), paid_won=10_000,
        apology_at=at("2026-07-03 00:00"),
    )  # fmt: skip
    office.open("kindness", "2026-11-25 09:00", finding="not_upheld")
    # Accuracy has no clock: three visits, paid half of it.
    office.open("accuracy", "2026-10-01 09:00", visits=3, paid_won=10_000, done_at=at("2026-10-02 09:00"))
    office.open(
        "survey", "2026-03-02 09:00", reference="S", done_at=at("2026-05-04 09:00"),
        result="2026-05-04 https://example.org/20260504 전화 02-123-4567, kim@example.org",
    )  # fmt: skip
    office.open("survey", "2026-09-01 09:00", reference="S2", done_at=at("2026-11-20 09:00"), result="공개함")
    return office


def test_each_case_counts_once(on_both: Office) -> None:
    told = figures(with_a_half(on_both))
    assert list(told) == [one.key for one in CHARTER]
    simple = told["voc_simple"]
    assert (simple.received, simple.in_time, simple.late, simple.overdue) == (5, 1, 1, 1)
    assert (simple.open, simple.withdrawn, simple.unclocked) == (1, 1, 0)
    # 8 days and 14:59:59, and a second more.
    first_us = (timedelta(days=8, hours=14, minutes=59, seconds=59)) // timedelta(microseconds=1)
    assert (simple.days.count, simple.days.p50_us, simple.days.p95_us) == (2, first_us, first_us + 1_000_000)
    assert (simple.upheld, simple.owed_won, simple.paid_won, simple.due_by) == (0, 0, 0, None)
    kind = told["kindness"]
    assert (kind.received, kind.in_time, kind.open, kind.upheld) == (2, 1, 1, 1)
    assert (kind.owed_won, kind.paid_won, kind.apologies_owed, kind.apologies_sent) == (10_000, 10_000, 1, 1)
    assert (kind.trainings_owed, kind.trainings_held) == (1, 0)
    exact = told["accuracy"]
    assert (exact.received, exact.unclocked, exact.owed_won, exact.paid_won) == (1, 1, 20_000, 10_000)
    assert (exact.apologies_owed, exact.apologies_sent, exact.trainings_owed) == (1, 0, 0)
    nothing = told["disclosure"]
    assert (nothing.received, nothing.days.count, nothing.days.mean_us) == (0, 0, None)
    for one in told.values():
        assert one.received == one.in_time + one.late + one.overdue + one.open + one.withdrawn + one.unclocked


def test_what_is_due_once_and_again(office: Office) -> None:
    told = figures(with_a_half(office))
    survey = told["survey"]
    # One came in within the half; both of the year's are told, and no number with them.
    assert (survey.received, survey.in_time, survey.due_by) == (1, 1, at("2027-01-01"))
    assert survey.done_at == (at("2026-05-04 09:00"), at("2026-11-20 09:00"))
    assert survey.results == ("2026-05-04 https://example.org/20260504 전화 02-****-4567, k***@example.org", "공개함")
    review = told["standard_review"]
    assert (review.received, review.done_at, review.results, review.due_by) == (0, (), (), at("2027-01-01"))


def test_a_review_that_was_held_late_is_no_other_half_s(office: Office) -> None:
    """That of the first half, held on 10 July, leaves the second half's own still to be held."""
    office.open("standard_review", "2026-06-30 09:00", reference="R", done_at=at("2026-07-10 09:00"), result="늦음")
    assert figures(office)["standard_review"].done_at == ()
    with office.store.reading() as connection:
        found = commitment_figures(connection, CHARTER, at("2026-01-01"), SINCE, office.now, WORK)
    [review] = [one for one in found if one.commitment.key == "standard_review"]
    assert (review.received, review.in_time, review.late) == (1, 0, 1)
    assert (review.done_at, review.due_by) == ((at("2026-07-10 09:00"),), SINCE)


def test_a_promise_that_was_taken_out_comes_last(office: Office) -> None:
    told = figures(with_a_half(office), CHARTER[4])
    # One of the charter keeps its name in the record, and nothing else.
    assert told["kindness"].commitment == Commitment(key="kindness", ko="친절 보장", en="Kindness guarantee")
    assert list(told) == ["accuracy", "kindness", "survey", "voc_simple"]
    assert (told["voc_simple"].received, told["voc_simple"].commitment.ko) == (5, "고객의 소리: 단순 질의·불만")


def test_what_a_missed_deadline_costs_is_owed_from_then_on(on_both: Office) -> None:
    one = Commitment(
        key="k", ko="약속", en="Promise", days=1,
        owed=(Owed(when=When.MISSED, won=5_000, apology=True), Owed(when=When.UPHELD, won=7_000, training=True)),
    )  # fmt: skip
    office = on_both.with_register(one)
    office.open("k", "2026-11-26 10:00")
    office.open("k", "2026-11-26 10:00", finding="upheld")
    office.open("k", "2026-11-24 10:00")
    told = figures(office, one)["k"]
    # The one of Tuesday is late already; the upheld one owes 7,000 whatever happens.
    assert (told.overdue, told.open, told.owed_won, told.apologies_owed, told.trainings_owed) == (1, 2, 12_000, 1, 1)
    office.pass_time(days=1)
    told = figures(office, one)["k"]
    assert (told.overdue, told.open, told.owed_won, told.apologies_owed, told.trainings_owed) == (3, 0, 17_000, 2, 1)
    # And the same once somebody has written to each of them.
    for reference in ("C-2026-000001", "C-2026-000002", "C-2026-000003"):
        office.desk.change(reference, Change(assignee="김"), KIM)
    assert figures(office, one)["k"] == told

"""Calls of foreign records in a ledger: once, whole, and never in the place of what the monitor saw."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.calls.facts import CallKey, Observed, Outcome, Source, Verdict, VerdictReason
from monitor.calls.rules import Reading, RingRule
from monitor.imports.intake import BATCH, Fate, Intake
from monitor.ledger.filters import CallFilter
from monitor.ledger.rows import completeness
from monitor.ledger.statistics import period_statistics
from tests.ledger.records import a_call, partly

from .logs import CALLID, EPOCH, at, call_in, calls_in, log

if TYPE_CHECKING:
    from monitor.calls.facts import Call
    from monitor.ledger import Repository

ENTERED = "0 NONE ENTERQUEUE  01012345678 1"


def brought_in() -> Call:
    return call_in(ENTERED, "6 Kim RINGNOANSWER 5000", "12 Lee CONNECT 12 x 5", "42 Lee COMPLETECALLER 12 30 1")


def taken(repository: Repository, *calls: Call) -> dict[Fate, int]:
    return dict(Intake(repository).take_all(calls).fates)


def test_twice_is_once(repository: Repository) -> None:
    call = brought_in()
    assert taken(repository, call) == {Fate.NEW: 1}
    assert repository.call(call.key) == call
    assert taken(repository, call) == {Fate.SAME: 1}
    assert repository.call(call.key) == call


def test_more_of_the_same_log_takes_the_place_of_less(repository: Repository) -> None:
    """First while the call went on, then with its end."""
    begun = call_in(ENTERED, "6 Kim RINGNOANSWER 5000")
    assert taken(repository, begun) == {Fate.NEW: 1}
    assert taken(repository, brought_in()) == {Fate.REPLACED: 1}
    assert taken(repository, begun) == {Fate.KNOWN_BETTER: 1}
    assert repository.call(begun.key) == brought_in()


def test_what_the_monitor_saw_stays_and_comes_in_the_place_of_what_was_brought_in(repository: Repository) -> None:
    """Even where it saw the call in part and no end, and was recorded before."""
    seen = partly(
        a_call(CALLID, key=CallKey(system="pbx1", linkedid=CALLID), recorded_at=at(-9)), outcome=Outcome.UNOBSERVED
    )
    assert completeness(seen) == 0 > completeness(brought_in())
    repository.record_all([seen])
    assert taken(repository, brought_in()) == {Fate.KNOWN_BETTER: 1}
    repository.record_all([brought_in()])
    assert repository.call(seen.key) == seen
    other = replace(brought_in(), key=CallKey(system="pbx1", linkedid="b"))
    repository.record_all([other, replace(seen, key=other.key)])
    kept = repository.call(other.key)
    assert kept is not None
    assert kept.source is Source.AMI


def test_a_queue_log_tells_more_than_call_detail_records(repository: Repository) -> None:
    by_log = brought_in()
    by_cdr = replace(by_log, source=Source.CDR, attempts=(), waiting_us=None)
    assert taken(repository, by_cdr) == {Fate.NEW: 1}
    assert taken(repository, by_log) == {Fate.REPLACED: 1}
    assert taken(repository, by_cdr) == {Fate.KNOWN_BETTER: 1}
    # A known end by records beats a log that does not have it.
    endless = replace(by_log, outcome=Outcome.UNOBSERVED, observed=Observed.PARTLY, ended_at=None)
    assert [completeness(call) for call in (by_log, by_cdr, endless, replace(endless, source=Source.CDR))] == [
        -1, -2, -3, -4,
    ]  # fmt: skip


def test_a_dry_run_counts_the_same_and_writes_nothing(repository: Repository) -> None:
    calls = [brought_in(), call_in(ENTERED)]
    for where in (repository, None):
        counts = Intake(where, dry=True).take_all(calls)
        assert counts.fates == {Fate.NEW: 2}
        assert counts.outcomes == {Outcome.ANSWERED: 1, Outcome.UNOBSERVED: 1}
        assert (counts.first_at, counts.last_at) == (at(0), at(0))
    assert list(repository.calls(at(0), at(1))) == []


def test_several_batches(repository: Repository) -> None:
    lines = log(ENTERED, "8 NONE ABANDON 1 1 8")
    count = 2 * BATCH + 3
    many = [line.replace(CALLID, f"{EPOCH}.{n}") for n in range(count) for line in lines]
    counts = Intake(repository).take_all(calls_in(many))
    assert counts.fates == {Fate.NEW: count}
    assert Intake(repository).take_all(calls_in(many)).fates == {Fate.SAME: count}
    assert len(list(repository.calls(at(0), at(1)))) == count


def test_statistics_leave_brought_in_calls_out_of_every_verdict(repository: Repository) -> None:
    """One call the monitor saw, kept within three; one brought in, answered: offered 2, answered 2, kept 1 of 1."""
    repository.record_rule(RingRule())
    seen = a_call("seen", entered_at=at(0), recorded_at=at(60))
    repository.record_all([seen, brought_in()])
    figures = period_statistics(repository.store, CallFilter(since=at(0), until=at(1)), now=at(60))
    assert (figures.offered, figures.answered) == (2, 2)
    assert figures.verdicts[Reading.WITHIN] == {Verdict.KEPT: 1, Verdict.EXCLUDED: 1}
    assert figures.excluded == {VerdictReason.RINGING_UNKNOWN: 1}
    assert figures.compliance(Reading.WITHIN) == 1.0
    assert (figures.waited, figures.waiting_us) == (2, 8_000_000 + 12_000_000)

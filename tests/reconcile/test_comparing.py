"""One call by the ledger, against what each of Asterisk's records says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.calls.facts import CallKey, Hold, Observed, Outcome, Scope, Source, Transfer, TransferKind, TransferResult
from monitor.reconcile.comparing import TOLERANCE_US, differences
from monitor.reconcile.merging import merged
from monitor.reconcile.reasons import LEFT_OUT, SENTENCES, LeftOut, Reason, What
from tests.imports.logs import at, call_in
from tests.imports.test_cdr import calls_of as cdr_calls
from tests.imports.test_cdr import row
from tests.ledger.records import a_call

from .material import UNIQUEID, answered, call_of

if TYPE_CHECKING:
    from monitor.calls.facts import Call

ENTERED = "1 NONE ENTERQUEUE  01012345678 1"


def ours(**changes: object) -> Call:
    """Asked at 1 s, answered by Kim at agent1 at 9 s, ended at 40 s: it waited 8 s and talked 31 s."""
    told: dict[str, object] = {
        "key": CallKey(system="pbx1", linkedid=UNIQUEID), "entered_at": at(0), "asked_at": at(1),
        "answered_at": at(9), "ended_at": at(40), "outcome": Outcome.ANSWERED, "waiting_us": 8_000_000,
        "talking_us": 31_000_000, "hold_us": 0, "observed": Observed.WHOLE, "queue": "support",
        "agent": "PJSIP/agent1", "member": "Kim", "answered_by_pickup": False, "transfers": (), "source": Source.AMI,
    }  # fmt: skip
    return replace(a_call(UNIQUEID), **{**told, **changes})  # type: ignore[arg-type] # by the names of fields


def by_log(*lines: str) -> dict[Source, Call]:
    return {Source.QUEUE_LOG: call_in(*lines)}


def told(mine: Call, records: dict[Source, Call]) -> list[tuple[str, str | None, str | None, str]]:
    return [(each.what, each.ours, each.theirs, each.reason) for each in differences(mine, records)]


def passed_on(kind: TransferKind) -> Transfer:
    return Transfer(
        kind=kind, at=at(20), by="PJSIP/agent1", to="202", scope=Scope.INSIDE, result=TransferResult.COMPLETED,
        announced=False, consent=None, consultation_us=None, caller_hold_us=None, reconnected_at=at(24),
        reconnect_us=4_000_000, reconnect_rings=2,
    )  # fmt: skip


CONNECTED = "9 Kim CONNECT 8 x 7"
COMPLETED = "40 Kim COMPLETECALLER 8 31 1"


def test_what_is_the_same_is_no_difference() -> None:
    assert told(ours(), by_log(ENTERED, CONNECTED, COMPLETED)) == []


@pytest.mark.parametrize("off_us", [-1_999_999, 1_999_999])
def test_whole_seconds_are_no_difference(off_us: int) -> None:
    """8 s of whole seconds are anything from 7.000001 to 8.999999, and a little for the line that comes later."""
    assert told(ours(waiting_us=8_000_000 + off_us), by_log(ENTERED, CONNECTED, COMPLETED)) == []


@pytest.mark.parametrize("off_us", [-TOLERANCE_US, TOLERANCE_US])
def test_two_seconds_are_one(off_us: int) -> None:
    mine = f"{(8_000_000 + off_us) // 1_000_000}"
    assert told(ours(waiting_us=8_000_000 + off_us), by_log(ENTERED, CONNECTED, COMPLETED)) == [
        ("waiting", mine, "8", "unexplained")
    ]


def test_a_queue_counts_hold_as_talking() -> None:
    """31 s of talking by the log, of which we know 21 s, and 10 s of hold."""
    mine = ours(talking_us=21_000_000, hold_us=10_000_000, holds=(Hold(by="x", started_at=at(20), ended_at=at(30)),))
    assert told(mine, by_log(ENTERED, CONNECTED, COMPLETED)) == []
    # The channel event log does not count it in; where it does differ that is said.
    assert told(replace(mine, waiting_us=None, agent=None), {Source.CEL: call_of(answered())}) == [
        ("talking", "21", "30.75", "hold_counted")
    ]


def test_what_a_source_does_not_tell_is_no_difference() -> None:
    (by_cdr,) = cdr_calls(row(disposition="NO ANSWER", answer=""))
    assert by_cdr.outcome is Outcome.UNOBSERVED
    assert told(ours(), {Source.CDR: by_cdr}) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"answered_by_pickup": True}, "pickup"),
        ({"transfers": (passed_on(TransferKind.FORWARD),)}, "forwarded"),
        ({"observed": Observed.PARTLY}, "gap"),
        ({}, "unexplained"),
    ],
)
def test_another_agent_and_the_likely_reason(changes: dict[str, object], reason: str) -> None:
    mine = ours(agent="PJSIP/agent2", member=None, **changes)
    assert told(mine, by_log(ENTERED, CONNECTED, COMPLETED)) == [("agent", "PJSIP/agent2", "Kim", reason)]
    (by_cdr,) = cdr_calls(row())
    assert told(mine, {Source.CDR: by_cdr}) == [("agent", "PJSIP/agent2", "PJSIP/agent1", reason)]


def test_an_agent_s_name_that_was_erased_tells_nothing() -> None:
    assert told(ours(agent="agent#ABCDEFGH", member=None), by_log(ENTERED, CONNECTED, COMPLETED)) == []


def test_a_gap_hid_the_answer() -> None:
    mine = ours(outcome=Outcome.UNOBSERVED, observed=Observed.PARTLY, answered_at=None, agent=None, member=None)
    assert told(mine, by_log(ENTERED, CONNECTED, COMPLETED)) == [("outcome", "unobserved", "answered", "gap")]


def test_a_menu_may_have_answered() -> None:
    (by_cdr,) = cdr_calls(row())
    mine = ours(outcome=Outcome.NO_ANSWER, answered_at=None, agent=None, member=None)
    assert told(mine, {Source.CDR: by_cdr}) == [("outcome", "no_answer", "answered", "menu_answered")]


def test_a_log_without_ringcanceled_does_not_tell_ringing_from_waiting() -> None:
    mine = ours(outcome=Outcome.ABANDONED_RINGING, answered_at=None, talking_us=0)
    assert told(mine, by_log(ENTERED, "9 NONE ABANDON 1 1 8")) == []
    # One that tells of it says ringing; that we saw none is a difference.
    ringing = by_log(ENTERED, "9 Kim RINGCANCELED 3000", "9 NONE ABANDON 1 1 8")
    assert told(replace(mine, outcome=Outcome.ABANDONED_WAITING), ringing) == [
        ("outcome", "abandoned_waiting", "abandoned_ringing", "unexplained")
    ]


def test_a_queue_that_gave_a_call_up_does_not_see_who_took_it_then() -> None:
    """Given up at 9 s; answered elsewhere at 15 s, or never."""
    records = by_log(ENTERED, "9 NONE EXITWITHTIMEOUT 1 1 8")
    assert told(ours(answered_at=at(15), waiting_us=14_000_000), records) == []
    mine = ours(outcome=Outcome.ABANDONED_RINGING, answered_at=None, talking_us=0)
    assert told(mine, records) == [("outcome", "abandoned_ringing", "no_answer", "queue_gave_up")]


def test_a_queue_behind_another_answer_tells_its_own_part() -> None:
    """Answered by a Dial at 9 s and passed on to a queue at 20 s, where nobody answered."""
    later = by_log("20 NONE ENTERQUEUE  01012345678 1", "30 NONE ABANDON 1 1 10")
    assert told(ours(transfers=(passed_on(TransferKind.BLIND),)), later) == []


def test_talking_of_a_caller_who_was_passed_on() -> None:
    mine = ours(talking_us=11_000_000, transfers=(passed_on(TransferKind.BLIND),), asked_at=at(0.5))
    assert told(mine, {Source.CEL: call_of(answered())}) == [("talking", "11", "30.75", "passed_on")]


def test_records_are_put_together() -> None:
    """The channel events are the base; who the member is, and the attempts, the queue log adds."""
    (by_cdr,) = cdr_calls(row(did="1588-6565"))
    records = {**by_log(ENTERED, CONNECTED, COMPLETED), Source.CEL: call_of(answered()), Source.CDR: by_cdr}
    one = merged(records)
    assert (one.source, one.outcome, one.observed) == (Source.CEL, Outcome.ANSWERED, Observed.WHOLE)
    assert (one.dialled, one.agent, one.member, one.queue) == ("15886565", "PJSIP/agent1", "Kim", "support")
    assert (one.answered_at, one.waiting_us, len(one.attempts)) == (at(9.25), 8_750_000, 1)
    assert one.recorded_at == at(40)


def test_the_team_comes_with_the_queue() -> None:
    """Of the source that tells the queue, and of no other."""
    base = replace(call_of(answered()), queue=None)
    (by_queue,) = by_log(ENTERED, CONNECTED, COMPLETED).values()
    teamed = replace(by_queue, team="remote")
    assert merged({Source.QUEUE_LOG: teamed, Source.CEL: base}).team == "remote"
    assert merged({Source.QUEUE_LOG: teamed, Source.CEL: replace(base, queue="elsewhere")}).team is None


def test_an_end_that_one_source_alone_knows() -> None:
    """A queue's abandon; of the channel events only that the caller was gone at 12 s."""
    gone = replace(
        call_of(answered()), outcome=Outcome.UNOBSERVED, agent=None, answered_at=None, ended_at=at(12),
        waiting_us=None, talking_us=None, observed=Observed.PARTLY,
    )  # fmt: skip
    one = merged({**by_log(ENTERED, "9 NONE ABANDON 1 1 8"), Source.CEL: gone})
    assert (one.source, one.outcome, one.ended_at) == (Source.QUEUE_LOG, Outcome.ABANDONED_WAITING, at(9))
    assert (one.entered_at, one.dialled, one.answered_at) == (at(0), "15886565", None)
    assert one.talking_us == timedelta() // timedelta(microseconds=1)


def test_every_reason_is_explained() -> None:
    assert SENTENCES.keys() == set(Reason)
    assert LEFT_OUT.keys() == set(LeftOut)
    assert {What(each) for each in ("outcome", "agent", "waiting", "talking", "missing")} == set(What)

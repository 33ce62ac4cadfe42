"""All that Asterisk 22 itself wrote of 54 scenarios, against what it told a manager connection meanwhile.

The files are made by `python -m tests.reconcile.record`. The followed calls are held to the wire by the tests of the
laboratory; here they are the truth. Where a source differs from it, the difference is written out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from monitor.calls.facts import Call, Gap, GapCause, Observed, Outcome, Source, TransferKind, TransferResult
from monitor.imports.cel_calls import CelReader
from monitor.imports.frame import LeftOut, Notes, Span
from monitor.imports.kinds import CEL as CEL_KIND
from monitor.imports.sources import calls_of_row_files
from monitor.ledger import Repository, upgrade
from monitor.reconcile.merging import merged
from monitor.reconcile.reading import Given, read
from monitor.reconcile.reasons import Reason, What
from monitor.reconcile.work import Order, reconcile

from .material import CDR, CEL, PLAN, QUEUE_LOG, followed, frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reconcile.work import Result

UTC_ZONE = ZoneInfo("UTC")
DAY = Span(datetime(2026, 11, 26, tzinfo=UTC), datetime(2026, 11, 27, tzinfo=UTC))
LATER = DAY.until + timedelta(hours=4)
WITHIN_US = 100_000
"""Both clocks are one; events of one moment are told a few milliseconds apart."""
UNPROVEN = {Outcome.ABANDONED_RINGING, Outcome.ABANDONED_WAITING, Outcome.ABANDONED_ANNOUNCEMENT}
ALL = Given(queue_log=QUEUE_LOG, cdr=str(CDR), cel=str(CEL), zone=UTC_ZONE)


@pytest.fixture(scope="module")
def truth() -> dict[str, Call]:
    """Every call to the line, by its linkedid: 54."""
    return followed(pytest.fail)


@pytest.fixture(scope="module")
def by_cel() -> dict[str, Call]:
    """What the channel event log tells of them."""
    where = frame()
    calls = list(calls_of_row_files([CEL], CEL_KIND, CelReader(where), UTC, notes=where.notes))
    # The agents' own calls, their consultations by SIP, and the second line of one scenario.
    left_out = {LeftOut.OWN_PEOPLE: 9, LeftOut.OTHER_NUMBER: 1}
    assert where.notes == Notes(read=1375, left_out=where.notes.left_out)
    assert where.notes.left_out == left_out
    return {call.key.linkedid: call for call in calls}


@pytest.fixture(scope="module")
def whole(truth: dict[str, Call], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A ledger that has all of them."""
    store = tmp_path_factory.mktemp("whole") / "ledger.sqlite3"
    upgrade(store)
    repository = Repository(store)
    repository.record_all(truth.values())
    yield repository
    repository.close()


def near(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and abs(one - other) < WITHIN_US


def test_the_channel_event_log_tells_what_was_followed(truth: dict[str, Call], by_cel: dict[str, Call]) -> None:
    assert by_cel.keys() == truth.keys()
    for linkedid, call in by_cel.items():
        told = truth[linkedid]
        assert (call.line, call.dialled, call.caller) == (told.line, told.dialled, told.caller)
        assert (call.agent, call.queue, call.answered_by_pickup) == (told.agent, told.queue, told.answered_by_pickup)
        if told.outcome in UNPROVEN or (told.outcome is Outcome.NO_ANSWER and told.queue is not None):
            # Who ended it, or that a queue gave it up, the log does not tell.
            assert (call.outcome, call.waiting_us, call.talking_us) == (Outcome.UNOBSERVED, None, None)
            continue
        assert call.outcome is told.outcome
        assert near(call.talking_us, told.talking_us), (call.agent, call.talking_us, told.talking_us)
        if call.answered_at is not None:
            assert told.answered_at is not None
            # The figure in docs/reconcile.md.
            assert abs(told.answered_at - call.answered_at) <= timedelta(milliseconds=10)
        # FollowMe asks the caller for a name before it calls anybody; when that is over is not told.
        assert near(call.waiting_us, told.waiting_us) or "follow_me" in (call.agent or "")


def test_transfers_that_went_through_are_told_as_they_were_followed(
    truth: dict[str, Call], by_cel: dict[str, Call]
) -> None:
    """Those that were taken back, or left unanswered while the agent held on, and forwarding the log does not tell."""
    checked = 0
    for linkedid, call in by_cel.items():
        followed_ones = iter([each for each in truth[linkedid].transfers if each.kind is not TransferKind.FORWARD])
        for passed in call.transfers:
            real = next(each for each in followed_ones if near_in_time(each.at, passed.at))
            checked += 1
            assert (passed.kind, passed.by, passed.to, passed.announced) == (
                real.kind, real.by, real.to, real.announced,
            )  # fmt: skip
            if passed.result is TransferResult.UNOBSERVED:
                assert real.reconnected_at is None or real.result is not TransferResult.COMPLETED
            else:
                assert passed.result is real.result
                assert near(passed.reconnect_us, real.reconnect_us)
    assert checked == 21


def near_in_time(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(seconds=0.5)


def order(given: Given = ALL) -> Order:
    return Order(
        system="lab1", given=given, plan=PLAN, lines=("main",), zone=UTC_ZONE, since=DAY.since, until=DAY.until
    )


def figures(result: Result) -> tuple[int, int, int, int, int]:
    made = result.made
    return made.asterisk_calls, made.matched, made.filled, made.disagreeing, made.ours_alone


@pytest.mark.parametrize(
    ("given", "expected", "told"),
    [
        # 18 entered a queue; the log names who was called first after a pickup, and after a phone's forwarding.
        (
            Given(queue_log=QUEUE_LOG, zone=UTC_ZONE),
            (18, 16, 0, 2, 0),
            [(What.AGENT, Source.QUEUE_LOG, Reason.FORWARDED), (What.AGENT, Source.QUEUE_LOG, Reason.PICKUP)],
        ),
        # Two pickups, of which the record names the phone that rang.
        (
            Given(cdr=str(CDR), zone=UTC_ZONE),
            (54, 52, 0, 2, 0),
            [(What.AGENT, Source.CDR, Reason.PICKUP), (What.AGENT, Source.CDR, Reason.PICKUP)],
        ),
        (Given(cel=str(CEL), zone=UTC_ZONE), (54, 54, 0, 0, 0), []),
        # The three above in all: one pickup is told otherwise by two sources.
        (
            ALL,
            (54, 51, 0, 3, 0),
            [
                (What.AGENT, Source.CDR, Reason.PICKUP),
                (What.AGENT, Source.CDR, Reason.PICKUP),
                (What.AGENT, Source.QUEUE_LOG, Reason.FORWARDED),
                (What.AGENT, Source.QUEUE_LOG, Reason.PICKUP),
            ],
        ),
    ],
    ids=["queue_log", "cdr", "cel", "all"],
)
def test_a_ledger_that_saw_all_agrees(
    truth: dict[str, Call],
    whole: Repository,
    given: Given,
    expected: tuple[int, ...],
    told: list[tuple[What, Source, Reason]],
) -> None:
    result = reconcile(whole, order(given), LATER)
    assert figures(result) == expected
    assert sorted((each.what, each.source, each.reason) for each in result.disagreements) == sorted(told)


def test_calls_of_an_outage_are_filled_as_they_were(truth: dict[str, Call], repository: Repository) -> None:
    """Nothing was seen of any call that was over before 02:38:00, nor of the first half of those that were not."""
    until_at = datetime(2026, 11, 26, 2, 38, tzinfo=UTC)
    seen = {linkedid: call for linkedid, call in truth.items() if call.entered_at and call.entered_at > until_at}
    hidden = truth.keys() - seen.keys()
    assert (len(hidden), len(seen)) == (34, 20)
    repository.record_all(
        [
            *seen.values(),
            Gap(system="lab1", started_at=DAY.since, ended_at=until_at, cause=GapCause.NOT_CONNECTED),
        ]
    )
    result = reconcile(repository, order(), LATER)
    assert (result.made.asterisk_calls, result.made.filled, result.made.ours_alone) == (54, len(hidden), 0)
    missing = {each.linkedid: each for each in result.disagreements if each.what == What.MISSING}
    assert missing.keys() == hidden
    assert {(each.reason, each.ours) for each in missing.values()} == {(Reason.GAP, None)}
    filled = {call.key.linkedid: call for call in repository.calls(DAY.since, DAY.until)}
    assert filled.keys() == truth.keys()
    for linkedid in hidden:
        call, real = filled[linkedid], truth[linkedid]
        assert call.source is not Source.AMI
        assert (call.line, call.caller, call.rings) == (real.line, real.caller, None)
        if call.outcome is not Outcome.UNOBSERVED:
            assert call.outcome is real.outcome
            assert call.agent == real.agent or real.answered_by_pickup
        if call.queue is not None:
            # The queue log tells what the channel events leave open, and who the members are.
            assert call.outcome is real.outcome
            assert call.member == real.member or real.answered_by_pickup or real.transfers


def test_several_records_become_one(truth: dict[str, Call]) -> None:
    """A queue's call: instants of the channel events, the member's name and the attempts of the queue log."""
    records = read(ALL, frame(), UTC_ZONE, DAY)
    assert len(records.calls) == 54
    (linkedid,) = (key for key, call in truth.items() if call.queue == "declined_then_other")
    parts, real = records.calls[linkedid], truth[linkedid]
    assert parts.keys() == {Source.QUEUE_LOG, Source.CDR, Source.CEL}
    one = merged(parts)
    assert (one.source, one.observed) == (Source.CEL, Observed.WHOLE)
    assert (one.member, one.agent) == ("Lee Jiho", real.agent)
    assert [attempt.agent for attempt in one.attempts] == ["Kim Minji", "Lee Jiho"]
    assert one.answered_at == parts[Source.CEL].answered_at
    assert one.ended_at == parts[Source.CEL].ended_at

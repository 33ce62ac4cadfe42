"""What Asterisk 22 itself wrote of 54 scenarios, against what it told a manager connection meanwhile.

The files are made by `python -m tests.imports.record`. The followed calls are held to the wire by the tests of the
laboratory; here they are the truth. Where an import differs from it, the difference is written out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.calls.facts import AttemptResult, Call, Outcome
from monitor.calls.lines import Line, Lines
from monitor.imports.cdr_calls import CdrReader
from monitor.imports.frame import LeftOut, Notes
from monitor.imports.sources import calls_of_cdr_files, calls_of_queue_logs
from monitor.replay import Replay, read_all

from .logs import RECORDINGS, frame

if TYPE_CHECKING:
    from monitor.imports.frame import Frame

WITHIN = timedelta(seconds=1)
"""Whole seconds, cut: two of them differ from the truth by less than one."""


@pytest.fixture(scope="module")
def followed() -> dict[str, Call]:
    """Every call the manager connection told of, by its linkedid."""
    plan = replace(frame().plan, lines=Lines((Line("any", ("*",)),)))
    replay = Replay(plan, "lab1", pytest.fail)
    facts = read_all(replay, [str(RECORDINGS / "events.ami.gz")])
    return {fact.key.linkedid: fact for fact in facts if isinstance(fact, Call)}


def by_queue_log(where: Frame) -> list[Call]:
    return list(calls_of_queue_logs([RECORDINGS / "queue_log"], where))


def by_cdr(name: str, where: Frame, *, people_answer: bool = False) -> list[Call]:
    return list(
        calls_of_cdr_files([RECORDINGS / name], CdrReader(where, people_answer=people_answer), UTC, where.notes)
    )


OTHERWISE_NAMED = {"pickup_queue", "forward_302_queue"}
"""Queues whose log names the member it called: who picked the call up, or was sent it, it does not tell."""
ENTERED_LATER = "transfer_to_queue-2"
"""The call reached this queue by a transfer: what came before is not the queue's."""


def test_the_queue_log_tells_what_was_followed(followed: dict[str, Call]) -> None:
    where = frame(system="lab1")
    calls = by_queue_log(where)
    assert where.notes == Notes(read=57)
    assert len(calls) == 18
    truths = [call for call in followed.values() if call.queue is not None]
    assert {call.key for call in calls} == {call.key for call in truths} | {
        call.key for call in calls if call.queue == ENTERED_LATER
    }
    for call in calls:
        truth = followed[call.key.linkedid]
        assert (call.outcome, call.caller) == (truth.outcome, truth.caller)
        if call.queue == ENTERED_LATER:
            assert (truth.queue, truth.attempts[1].queue) == (None, ENTERED_LATER)
            continue
        assert call.queue == truth.queue
        assert call.asked_at is not None
        assert truth.asked_at is not None
        assert timedelta() <= truth.asked_at - call.asked_at < WITHIN
        assert call.waiting_us is not None
        assert truth.waiting_us is not None
        assert abs(call.waiting_us - truth.waiting_us) < 1_000_000
        assert abs((call.talking_us or 0) - (truth.talking_us or 0)) < 1_000_000
        if call.queue not in OTHERWISE_NAMED:
            assert call.member == truth.member


def test_who_picked_up_or_was_sent_a_queue_s_call_its_log_does_not_tell(followed: dict[str, Call]) -> None:
    told = {call.queue: call for call in by_queue_log(frame(system="lab1"))}
    for queue in OTHERWISE_NAMED:
        truth = followed[told[queue].key.linkedid]
        assert (told[queue].member, truth.agent) == ("Kim Minji", f"PJSIP/{queue}-agent2")


def test_ring_attempts_of_the_queue_log_are_among_those_that_were_followed(followed: dict[str, Call]) -> None:
    """Who did not answer is told; phones that ceased to ring since another answered are not, as in a ring-all."""
    same = {
        AttemptResult.ANSWERED: {AttemptResult.ANSWERED},
        AttemptResult.NO_ANSWER: {AttemptResult.NO_ANSWER, AttemptResult.REJECTED},
        AttemptResult.CALLER_LEFT: {AttemptResult.CALLER_LEFT},
        AttemptResult.UNOBSERVED: {AttemptResult.REJECTED},
    }
    checked = 0
    for call in by_queue_log(frame(system="lab1")):
        if call.queue in OTHERWISE_NAMED | {ENTERED_LATER}:
            continue
        truths = {each.member: each.result for each in followed[call.key.linkedid].attempts}
        for attempt in call.attempts:
            assert truths[attempt.member] in same[attempt.result]
            checked += 1
    assert checked == 17


UNPROVEN = {Outcome.ABANDONED_RINGING, Outcome.ABANDONED_WAITING, Outcome.NO_ANSWER, Outcome.ABANDONED_ANNOUNCEMENT}
"""Who ended these, no record tells."""


@pytest.mark.parametrize("name", ["Master.csv", "Custom.csv"])
def test_call_detail_records_claim_nothing_that_was_not_so(followed: dict[str, Call], name: str) -> None:
    """Of 60 calls, 16 are left out: their records name the last number the caller was at, such as 202 or a menu."""
    where = frame(line=None, system="lab1")
    calls = by_cdr(name, where)
    assert where.notes.read == 126
    assert (where.notes.unreadable, where.notes.left_out) == (0, {LeftOut.OTHER_NUMBER: 16, LeftOut.OWN_PEOPLE: 1})
    assert len(calls) == 43
    agents = 0
    for call in calls:
        truth = followed[call.key.linkedid]
        assert call.outcome is (Outcome.UNOBSERVED if truth.outcome in UNPROVEN else truth.outcome)
        assert (call.dialled, call.caller) == (truth.dialled, truth.caller)
        assert (call.answered_at, call.waiting_us, call.talking_us, call.hold_us) == (None, None, None, None)
        assert call.entered_at is not None
        assert truth.entered_at is not None
        assert abs(truth.entered_at - call.entered_at) <= WITHIN
        assert call.ended_at is not None
        assert truth.ended_at is not None
        assert abs(truth.ended_at - call.ended_at) <= WITHIN
        if name == "Master.csv":  # which has lastdata, where the queue stands
            assert call.queue == truth.queue
        agents += call.agent == truth.agent
    # The record of a call that was picked up names the phone that rang first.
    assert agents == len(calls) - 1


def test_where_only_people_answer_the_answer_of_a_record_is_theirs(followed: dict[str, Call]) -> None:
    calls = by_cdr("Master.csv", frame(line=None, system="lab1"), people_answer=True)
    told = [call for call in calls if call.waiting_us is not None]
    # 36 were answered; follow-me answers the caller itself, before it calls anybody.
    assert len(told) == sum(call.outcome is Outcome.ANSWERED for call in calls) - 1 == 35
    for call in told:
        truth = followed[call.key.linkedid]
        assert abs((call.waiting_us or 0) - (truth.waiting_us or 0)) < 1_000_000

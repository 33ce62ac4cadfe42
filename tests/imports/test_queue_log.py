"""Every event of a queue log, and what a call comes to by them; the seconds are worked out beside each."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.calls.facts import (
    AttemptResult,
    CallKey,
    Observed,
    Outcome,
    Scope,
    Source,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.teams import Team, Teams
from monitor.errors import ImportRefused
from monitor.imports.frame import LeftOut
from monitor.imports.queue_calls import QueueLogReader
from monitor.imports.queue_log import parse
from monitor.imports.sources import calls_of_queue_logs

from .logs import CALLID, EPOCH, at, call_in, calls_in, frame, log

if TYPE_CHECKING:
    from pathlib import Path

ENTERED = "0 NONE ENTERQUEUE  01012345678 1"


def test_an_answered_call() -> None:
    """Rang at Kim from 12 - 5 = 7 s on, was answered at 12, talked 30 s, ended at 42."""
    call = call_in(ENTERED, f"12 Kim CONNECT 12 {EPOCH}.2 5", "42 Kim COMPLETECALLER 12 30 1")
    assert call.key == CallKey(system="pbx1", linkedid=CALLID)
    assert (call.source, call.line, call.queue, call.agent, call.member) == (
        Source.QUEUE_LOG, "main", "support", "Kim", "Kim",
    )  # fmt: skip
    assert (call.dialled, call.caller) == ("", "01012345678")
    assert (call.entered_at, call.asked_at, call.answered_at, call.ended_at) == (None, at(0), at(12), at(42))
    assert (call.first_ring_at, call.recorded_at, call.filed_at) == (at(7), at(42), at(0))
    assert (call.outcome, call.waiting_us, call.talking_us) == (Outcome.ANSWERED, 12_000_000, 30_000_000)
    assert (call.rings, call.ringing_us, call.hold_us, call.holds) == (None, None, None, ())
    assert call.verdicts == (("within", Verdict.EXCLUDED), ("before", Verdict.EXCLUDED))
    assert (call.verdict_reason, call.rule) == (VerdictReason.RINGING_UNKNOWN, "three-rings/1")
    assert call.observed is Observed.WHOLE
    (attempt,) = call.attempts
    assert (attempt.agent, attempt.started_at, attempt.ended_at) == ("Kim", at(7), at(12))
    assert (attempt.rings, attempt.ringing_us, attempt.result) == (None, None, AttemptResult.ANSWERED)


def test_the_team_is_that_of_the_queue() -> None:
    """Of the queue that answered; a log tells of no menu."""
    here = frame()
    teams = Teams((Team(name="remote", queues=("support",), menu=("ivr,2",)),))
    teamed = replace(here, plan=replace(here.plan, teams=teams))
    (call,) = calls_in(log(ENTERED, f"12 Kim CONNECT 12 {EPOCH}.2 5", "42 Kim COMPLETECALLER 12 30 1"), teamed)
    assert (call.queue, call.team, call.menu) == ("support", "remote", ())


def test_phones_that_did_not_answer() -> None:
    """Kim's rang from 0 to 15; Lee's never did (0 ms), so that it is not said whether it was busy or unreachable."""
    call = call_in(
        ENTERED, "15 Kim RINGNOANSWER 15000", "15 Lee RINGNOANSWER 0", "20 Park CONNECT 20 x 4",
        "25 Park COMPLETEAGENT 20 5 1",
    )  # fmt: skip
    assert [(each.agent, each.started_at, each.result) for each in call.attempts] == [
        ("Kim", at(0), AttemptResult.NO_ANSWER),
        ("Lee", at(15), AttemptResult.UNOBSERVED),
        ("Park", at(16), AttemptResult.ANSWERED),
    ]
    assert (call.member, call.first_ring_at) == ("Park", at(0))


@pytest.mark.parametrize(
    ("lines", "outcome", "waiting_seconds"),
    [
        (["8 NONE ABANDON 1 1 8"], Outcome.ABANDONED_WAITING, 8),
        (["8 Kim RINGCANCELED 4000", "8 NONE ABANDON 1 1 8"], Outcome.ABANDONED_RINGING, 8),
        # The phone had ceased three seconds before the caller left: nobody's rang then.
        (["5 Kim RINGCANCELED 4000", "8 NONE ABANDON 1 1 8"], Outcome.ABANDONED_WAITING, 8),
        (["30 NONE EXITWITHTIMEOUT 1 1 30"], Outcome.NO_ANSWER, 30),
        (["3 NONE EXITEMPTY 1 1 3"], Outcome.NO_ANSWER, 3),
        # The caller chose another way; how the call ended there, the log does not tell.
        (["6 NONE EXITWITHKEY 9 1 1 6"], Outcome.UNOBSERVED, 6),
        (["4 Kim SYSCOMPAT"], Outcome.FAILED, 4),
        ([], Outcome.UNOBSERVED, None),
    ],
)
def test_how_calls_end_that_nobody_answered(lines: list[str], outcome: Outcome, waiting_seconds: int | None) -> None:
    call = call_in(ENTERED, *lines)
    assert call.outcome is outcome
    assert call.waiting_us == (None if waiting_seconds is None else waiting_seconds * 1_000_000)
    assert (call.answered_at, call.agent, call.member) == (None, None, None)
    known_end = outcome in {Outcome.ABANDONED_WAITING, Outcome.ABANDONED_RINGING, Outcome.FAILED}
    assert (call.ended_at is not None) is known_end
    assert call.observed is (Observed.WHOLE if known_end else Observed.PARTLY)


def test_an_answered_call_whose_end_the_log_does_not_have_is_unobserved() -> None:
    """As of Asterisk's end: QUEUESTART is its next word. That Kim answered is known all the same."""
    call = call_in(ENTERED, "12 Kim CONNECT 12 x 5")
    assert (call.outcome, call.answered_at, call.member) == (Outcome.UNOBSERVED, at(12), "Kim")
    assert (call.ended_at, call.talking_us, call.waiting_us) == (None, None, 12_000_000)


@pytest.mark.parametrize("event", ["BLINDTRANSFER", "TRANSFER"])
def test_a_blind_transfer(event: str) -> None:
    """Of what came after the transfer nothing is told: neither the end nor how long they talked there."""
    call = call_in(ENTERED, "12 Kim CONNECT 12 x 5", f"42 Kim {event} 0221334567 from-internal 12 30 1")
    (transfer,) = call.transfers
    assert (transfer.kind, transfer.at, transfer.by, transfer.to) == (TransferKind.BLIND, at(42), "Kim", "0221334567")
    assert (transfer.scope, transfer.result, transfer.announced) == (Scope.OUTSIDE, TransferResult.UNOBSERVED, False)
    assert (transfer.consent, transfer.consultation_us, transfer.caller_hold_us) == (None, None, None)
    assert (transfer.reconnected_at, transfer.reconnect_us, transfer.reconnect_rings) == (None, None, None)
    assert (call.outcome, call.ended_at, call.talking_us) == (Outcome.ANSWERED, None, None)


@pytest.mark.parametrize(
    ("how", "kind", "result", "announced"),
    [
        ("BRIDGE 4f2b", TransferKind.ATTENDED, TransferResult.COMPLETED, True),
        ("LINK Local/1 Local/2", TransferKind.ATTENDED, TransferResult.COMPLETED, True),
        ("APP Dial", TransferKind.BLONDE, TransferResult.UNOBSERVED, False),
    ],
)
def test_an_attended_transfer(how: str, kind: TransferKind, result: TransferResult, *, announced: bool) -> None:
    """Asterisk tells how, not to whom."""
    call = call_in(ENTERED, "12 Kim CONNECT 12 x 5", f"42 Kim ATTENDEDTRANSFER {how} 12 30 1")
    (transfer,) = call.transfers
    assert (transfer.kind, transfer.result, transfer.announced) == (kind, result, announced)
    assert (transfer.to, transfer.scope) == ("", Scope.UNKNOWN)


def test_a_transfer_into_a_queue_is_followed() -> None:
    """Sent on at 42, in the second queue at 43, answered there at 50: 50 - 42 = 8 s of reconnection."""
    call = call_in(
        ENTERED, "12 Kim CONNECT 12 x 5", "42 Kim BLINDTRANSFER 500 inside 12 30 1",
        "43 NONE ENTERQUEUE  01012345678 1",
        "50 Lee CONNECT 7 y 6", "60 Lee COMPLETECALLER 7 10 1",
    )  # fmt: skip
    (transfer,) = call.transfers
    assert (transfer.result, transfer.reconnected_at) == (TransferResult.COMPLETED, at(50))
    assert (transfer.reconnect_us, transfer.reconnect_rings) == (8_000_000, None)
    assert (call.member, call.answered_at, call.waiting_us) == ("Kim", at(12), 12_000_000)
    assert (call.outcome, call.ended_at) == (Outcome.ANSWERED, at(60))


def test_a_caller_who_leaves_after_a_transfer_was_answered_before() -> None:
    call = call_in(
        ENTERED, "12 Kim CONNECT 12 x 5", "42 Kim BLINDTRANSFER 500 inside 12 30 1",
        "43 NONE ENTERQUEUE  01012345678 1",
        "50 NONE ABANDON 1 1 7",
    )  # fmt: skip
    assert (call.outcome, call.ended_at) == (Outcome.ANSWERED, at(50))
    assert call.transfers[0].result is TransferResult.CALLER_LEFT


def test_a_queue_that_overflows_into_another_is_one_call() -> None:
    """Given up at 30, taken up by the next queue at 30, answered at 41: 41 s of waiting."""
    lines = log(ENTERED, "30 NONE EXITWITHTIMEOUT 1 1 30", "30 NONE ENTERQUEUE  01012345678 1", "41 Lee CONNECT 11 y 3",
        "51 Lee COMPLETEAGENT 11 10 1")  # fmt: skip
    lines[2:] = [line.replace("|support|", "|second|") for line in lines[2:]]
    (call,) = calls_in(lines)
    assert (call.outcome, call.queue, call.waiting_us) == (Outcome.ANSWERED, "second", 41_000_000)


def test_a_number_the_dialplan_logged_names_the_line() -> None:
    did = f"{EPOCH}|{CALLID}|support|NONE|DID|"
    rest = log(ENTERED, "8 NONE ABANDON 1 1 8")
    (call,) = calls_in([did + "1577-1000", *rest], frame(line=None))
    assert (call.line, call.dialled) == ("night", "1577-1000")
    for number, line in (("15886565", "night"), ("0221334567", None)):
        where = frame(line=line)
        assert calls_in([did + number, *rest], where) == []
        assert where.notes.left_out == {LeftOut.OTHER_NUMBER: 1}


def test_a_call_without_its_beginning_is_left_out_and_counted() -> None:
    where = frame()
    assert calls_in(log("12 Kim CONNECT 12 x 5", "42 Kim COMPLETECALLER 12 30 1"), where) == []
    assert where.notes.left_out == {LeftOut.BEGAN_BEFORE: 1}


@pytest.mark.parametrize("number", ["", "unknown", "Unknown"])
def test_a_withheld_number_is_none(number: str) -> None:
    assert call_in(f"0 NONE ENTERQUEUE  {number} 1", "8 NONE ABANDON 1 1 8").caller is None


def test_a_line_that_two_files_have_says_nothing_new() -> None:
    """As where a log was copied before it was rotated; twice in one file it is two events."""
    again = log(ENTERED, "5 Kim RINGNOANSWER 5000", "5 Kim RINGNOANSWER 5000", "8 NONE ABANDON 1 1 8")
    reader = QueueLogReader(frame())
    for file in ("queue_log.1", "queue_log"):
        for line in again:
            assert list(reader.take(parse(line), file)) == []
    (call,) = reader.end()
    assert len(call.attempts) == 2


def test_a_call_of_many_lines_takes_no_longer_for_each() -> None:
    """20,000 attempts at one caller: compared with each other, they were 200 million comparisons, a minute's work."""
    tries = [parse(line) for line in log(ENTERED, *(f"{n} Kim RINGNOANSWER 500" for n in range(20_000)))]
    reader = QueueLogReader(frame())
    begun = time.process_time()
    assert not any(list(reader.take(each, "queue_log")) for each in tries)
    assert time.process_time() - begun < 5
    (call,) = reader.end()
    assert len(call.attempts) == 20_000


def test_a_log_that_is_rotated_away_while_it_is_read_is_read_to_its_end(tmp_path: Path) -> None:
    paths = [tmp_path / "queue_log.1", tmp_path / "queue_log"]
    lines = log(ENTERED, "8 NONE ABANDON 1 1 8")
    for path, line in zip(paths, lines, strict=True):
        path.write_text(f"{line}\n", encoding="utf-8")
    came: list[int] = []

    def at_byte(position: int) -> None:
        came.append(position)
        paths[0].unlink(missing_ok=True)

    (call,) = calls_of_queue_logs(paths, frame(), at_byte)
    assert call.outcome is Outcome.ABANDONED_WAITING
    assert came == [len(lines[0]) + 1, len(lines[0]) + len(lines[1]) + 2]


def test_a_log_that_is_gone_before_its_turn_is_refused(tmp_path: Path) -> None:
    paths = [tmp_path / "queue_log.1", tmp_path / "queue_log"]
    for path, line in zip(paths, log(ENTERED, "8 NONE ABANDON 1 1 8"), strict=True):
        path.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(ImportRefused, match=r"cannot be read \(No such file or directory\): give a file"):
        list(calls_of_queue_logs(paths, frame(), lambda _: paths[1].unlink(missing_ok=True)))


def test_calls_are_given_as_soon_as_no_more_is_expected() -> None:
    """A finished call four hours after its last word, one without an end a day after it."""
    finished = log(ENTERED, "8 NONE ABANDON 1 1 8")
    endless = [line.replace(CALLID, f"{EPOCH}.9") for line in log(ENTERED)]
    reader = QueueLogReader(frame())
    for line in (*finished, *endless):
        assert list(reader.take(parse(line), "a")) == []
    given = {}
    for hours in (4, 5, 23, 26):
        later = f"{EPOCH + hours * 3600}|NONE|support|Kim|PAUSE|"
        given[hours] = [call for _ in range(5000) for call in reader.take(parse(later), "a")]
    assert [(hours, [call.outcome for call in calls]) for hours, calls in given.items()] == [
        (4, []), (5, [Outcome.ABANDONED_WAITING]), (23, []), (26, [Outcome.UNOBSERVED]),
    ]  # fmt: skip
    assert list(reader.end()) == []


@pytest.mark.parametrize(
    "line",
    ["", "\n", "1772413200|x|q|m", "now|x|q|m|CONNECT|1", "1772413200|x|q|m||", "99999999999|x|q|m|ABANDON|1",
     "1|x|q|m|PAUSE|", "17724132OO|x|q|m|PAUSE", "١٧٧٢٤١٣٢٠٠|x|q|m|PAUSE"],
)  # fmt: skip
def test_what_is_no_line_of_a_queue_log(line: str) -> None:
    with pytest.raises(ValueError, match=r"^it"):
        parse(line)


@pytest.mark.parametrize(
    "line", ["8 Kim RINGNOANSWER", "8 Kim RINGNOANSWER x", "8 Kim COMPLETEAGENT 8", "8 Kim BLINDTRANSFER 1 2 3"]
)
def test_an_event_that_lacks_a_part_is_told_and_its_call_goes_on(line: str) -> None:
    reader = QueueLogReader(frame())
    broken = log(line)[0]
    assert list(reader.take(parse(log(ENTERED)[0]), "a")) == []
    with pytest.raises(ValueError, match=r"^(RINGNOANSWER|COMPLETEAGENT|BLINDTRANSFER) "):
        list(reader.take(parse(broken), "a"))
    list(reader.take(parse(log("9 NONE ABANDON 1 1 9")[0]), "a"))
    (call,) = reader.end()
    assert (call.outcome, call.attempts, call.transfers) == (Outcome.ABANDONED_WAITING, (), ())


EVENTS = st.sampled_from([
    "ENTERQUEUE||0101|1", "CONNECT|3|u.1|2", "CONNECT|3", "RINGNOANSWER|1000", "RINGCANCELED|900", "ABANDON|1|1|5",
    "EXITWITHTIMEOUT|1|1|9", "EXITEMPTY|1|1|2", "EXITWITHKEY|1|1|1|2", "COMPLETEAGENT|1|5|1", "COMPLETECALLER|1|5|1",
    "BLINDTRANSFER|202|inside|1|5|1", "ATTENDEDTRANSFER|BRIDGE|b|1|5|1", "DID|15886565", "AGENTDUMP", "SYSCOMPAT",
    "PAUSE|",
])  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 3), EVENTS), max_size=40))
def test_whatever_order_events_come_in_calls_are_sound(events: list[tuple[int, int, str]]) -> None:
    lines = [f"{EPOCH + seconds}|{EPOCH}.{call}|support|Kim|{event}" for seconds, call, event in events]
    calls = calls_in(lines)
    begun = {line.split("|")[1] for line in lines if "ENTERQUEUE" in line}
    assert {call.key.linkedid for call in calls} == begun
    for call in calls:
        assert call.rings is call.ringing_us is None
        assert {verdict for _, verdict in call.verdicts} == {Verdict.EXCLUDED}
        assert (call.waiting_us or 0) >= 0
        assert all(attempt.started_at <= attempt.ended_at for attempt in call.attempts)
        if call.outcome is Outcome.ANSWERED:
            assert call.answered_at is not None


@given(st.text())
def test_no_text_is_more_than_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        list(QueueLogReader(frame()).take(parse(text), "a"))

"""The channel event log: its columns, its times, and what a call comes to by its events."""

from __future__ import annotations

import csv
import json
import random
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.calls.facts import Observed, Outcome, Source, TransferKind, TransferResult, VerdictReason
from monitor.errors import ImportRefused
from monitor.imports.cel import EVENTS, NEEDED, SAMPLE, columns_of, row_of
from monitor.imports.cel_calls import CelReader
from monitor.imports.frame import LeftOut
from monitor.imports.kinds import CEL
from monitor.imports.sources import calls_of_row_files
from tests.imports.logs import EPOCH, SEOUL, at

from .material import AGENT, CALLER, UNIQUEID, answered, bridge, call_of, calls_of, event, frame

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.calls.facts import Call

SECOND, THIRD = "PJSIP/agent2-00000003", "PJSIP/agent1-00000004"


def started(seconds: float, channel: str, linkedid: str = UNIQUEID, exten: str = "s") -> dict[str, object]:
    return event(seconds, "CHAN_START", channel, linkedid=linkedid, exten=exten)


def not_answered(status: str, *, ended: float = 12.0, app: str = "Dial") -> list[dict[str, object]]:
    """A phone is called at 0.6 s and given up at 10 s; the caller goes at `ended`."""
    return [
        event(0, "CHAN_START"),
        event(0.5, "APP_START", appname=app, appdata="help,tr" if app == "Queue" else "PJSIP/agent1,10"),
        started(0.6, AGENT),
        event(10, "CHAN_END", AGENT),
        event(ended, "HANGUP", extra=json.dumps({"hangupcause": 16, "dialstatus": status})),
        event(ended, "CHAN_END"),
    ]


def test_an_answered_call() -> None:
    """Asked at 0.5, in one bridge with agent1 from 9.25 to 40: it waited 8.75 s and talked 30.75 s."""
    call = call_of(answered())
    assert (call.source, call.line, call.dialled, call.caller) == (Source.CEL, "main", "15886565", "01012345678")
    assert (call.entered_at, call.asked_at, call.answered_at, call.ended_at) == (at(0), at(0.5), at(9.25), at(40))
    assert (call.outcome, call.agent, call.member, call.queue) == (Outcome.ANSWERED, "PJSIP/agent1", None, None)
    assert (call.waiting_us, call.talking_us, call.hold_us) == (8_750_000, 30_750_000, None)
    assert (call.rings, call.ringing_us, call.first_ring_at, call.attempts) == (None, None, None, ())
    assert (call.observed, call.verdict_reason) == (Observed.WHOLE, VerdictReason.RINGING_UNKNOWN)
    assert call.recorded_at == at(40)


@pytest.mark.parametrize("seed", range(5))
def test_events_of_one_moment_in_any_order_tell_the_same(seed: int) -> None:
    rows = answered()
    random.Random(seed).shuffle(rows)  # noqa: S311 - an order, no secret
    assert call_of(rows) == call_of(answered())


def test_a_menu_answers_and_is_no_person() -> None:
    call = call_of([event(0, "CHAN_START"), event(0.1, "ANSWER"), event(30, "HANGUP"), event(30, "CHAN_END")])
    assert (call.outcome, call.answered_at, call.asked_at, call.ended_at) == (Outcome.UNOBSERVED, None, None, at(30))
    assert (call.waiting_us, call.talking_us, call.observed) == (None, None, Observed.PARTLY)


def test_parked_callers_hear_nobody() -> None:
    """Whoever waits in the same parking lot is no person who answers."""
    rows = [
        event(0, "CHAN_START"),
        bridge(1, "ENTER", CALLER, "lot", "holding_bridge"),
        bridge(1, "ENTER", SECOND, "lot", "holding_bridge"),
        event(30, "CHAN_END"),
    ]
    assert call_of(rows).outcome is Outcome.UNOBSERVED


def test_a_person_behind_a_local_channel() -> None:
    """The caller is in a bridge with one half from 5 s on; a person is in the other half's from 7.5 s on."""
    near, far = "Local/201@inside-00000005;1", "Local/201@inside-00000005;2"
    rows = [
        event(0, "CHAN_START"),
        event(0.5, "APP_START", appname="Queue", appdata="help,t"),
        started(0.6, near),
        event(0.6, "CHAN_START", far, uniqueid=f"{EPOCH}.6"),
        started(0.7, SECOND),
        bridge(5, "ENTER", CALLER, "b1"),
        bridge(5, "ENTER", near, "b1"),
        bridge(7, "ENTER", SECOND, "b2"),
        bridge(7.5, "ENTER", far, "b2") | {"uniqueid": f"{EPOCH}.6"},
        event(20, "CHAN_END"),
    ]
    call = call_of(rows)
    assert (call.answered_at, call.agent, call.queue) == (at(7.5), "PJSIP/agent2", "help")
    assert (call.waiting_us, call.talking_us) == (7_000_000, 12_500_000)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("BUSY", Outcome.BUSY),
        ("CONGESTION", Outcome.FAILED),
        ("CHANUNAVAIL", Outcome.FAILED),
        ("NOANSWER", Outcome.NO_ANSWER),
        # The caller left: whether a phone rang then is not told.
        ("CANCEL", Outcome.UNOBSERVED),
        ("", Outcome.UNOBSERVED),
    ],
)
def test_how_a_dial_ended_that_nobody_answered(status: str, outcome: Outcome) -> None:
    call = call_of(not_answered(status))
    assert (call.outcome, call.talking_us) == (outcome, None if outcome is Outcome.UNOBSERVED else 0)
    # Asked at 0.5 s, gone at 12 s.
    assert call.waiting_us == (None if outcome is Outcome.UNOBSERVED else 11_500_000)


def test_what_followed_a_dial_hides_how_the_call_ended() -> None:
    """Voicemail for 30 s after the dial was given up; or a queue, whose end the log does not tell."""
    assert call_of(not_answered("NOANSWER", ended=40)).outcome is Outcome.UNOBSERVED
    queued = call_of(not_answered("NOANSWER", app="Queue"))
    assert (queued.outcome, queued.queue) == (Outcome.UNOBSERVED, "help")


def test_a_dial_that_is_followed_behind_a_queue_that_is_not_tells_no_waiting() -> None:
    rows = [
        row | {"appname": "Queue", "appdata": "help"} if row["eventtype"] == "ANSWER" else row for row in answered()
    ]
    rows[1]["eventtime"], rows[3]["eventtime"], rows[4]["eventtime"] = at(5), at(1), at(1)
    call = call_of(rows)
    assert (call.asked_at, call.waiting_us, call.answered_at) == (None, None, at(9.25))


def test_a_blind_transfer_and_who_took_it() -> None:
    """Passed on to 202 at 20 s; agent2 answers at 24.5 s, and they talk to the end at 40 s."""
    extra = {"extension": "202", "bridge_id": "b1", "transferee_channel_uniqueid": UNIQUEID}
    rows = [
        *answered()[:7],
        event(20, "BLINDTRANSFER", AGENT, extra=json.dumps(extra)),
        bridge(20, "EXIT", AGENT, "b1"),
        bridge(20.1, "EXIT", CALLER, "b1"),
        event(20.2, "CHAN_END", AGENT),
        started(21, SECOND),
        bridge(24.4, "ENTER", SECOND, "b2"),
        bridge(24.5, "ENTER", CALLER, "b2"),
        event(40, "HANGUP"),
        event(40, "CHAN_END"),
        event(40, "CHAN_END", SECOND),
    ]
    call = call_of(rows)
    (passed,) = call.transfers
    assert (passed.kind, passed.by, passed.to, passed.scope.value) == (
        TransferKind.BLIND,
        "PJSIP/agent1",
        "202",
        "inside",
    )
    assert (passed.result, passed.reconnected_at, passed.reconnect_us) == (
        TransferResult.COMPLETED, at(24.5), 4_500_000,
    )  # fmt: skip
    assert (call.agent, call.talking_us) == ("PJSIP/agent1", 10_750_000 + 15_500_000)


def test_a_consultation_by_sip_is_a_part_of_the_call_it_joins() -> None:
    """Its channels have a linkedid of their own until 30 s, when the caller takes the agent's place in its bridge."""
    own = f"{EPOCH}.4"
    extra = {
        "bridge1_id": "b1", "bridge2_id": "b2", "channel2_uniqueid": own, "channel2_name": THIRD,
        "transferee_channel_uniqueid": UNIQUEID, "transfer_target_channel_name": SECOND,
    }  # fmt: skip
    consulting = [
        started(12, THIRD, own, "202"),
        started(12.1, SECOND, own),
        bridge(15, "ENTER", SECOND, "b2") | {"linkedid": own},
        bridge(15, "ENTER", THIRD, "b2") | {"linkedid": own},
    ]
    joined = [
        event(30, "ATTENDEDTRANSFER", AGENT, extra=json.dumps(extra)),
        bridge(30, "EXIT", CALLER, "b1"),
        bridge(30.001, "ENTER", CALLER, "b2"),
        bridge(30.002, "EXIT", THIRD, "b2"),
        event(30.1, "CHAN_END", THIRD),
        event(30.1, "CHAN_END", AGENT),
        event(40, "CHAN_END", SECOND),
        event(40, "CHAN_END"),
    ]
    reader = CelReader(frame())
    calls = [call for row in [*answered()[:7], *consulting, *joined] for call in reader.take(row_of(row, SEOUL))]
    (call,) = [*calls, *reader.end()]
    assert call.key.linkedid == UNIQUEID
    assert reader.joined == {own: UNIQUEID}
    (passed,) = call.transfers
    assert (passed.kind, passed.to, passed.announced) == (TransferKind.ATTENDED, "202", True)
    assert (passed.result, passed.reconnected_at) == (TransferResult.COMPLETED, at(30.001))


def test_which_calls_are_left_out() -> None:
    """Of the centre's own people, to other numbers, begun before the log, and told in another zone."""
    where = frame()
    own = event(0, "CHAN_START", AGENT, uniqueid="1.2", linkedid="1.2", exten="15886565")
    other = event(0, "CHAN_START", "PJSIP/trunk-00000009", exten="0215771000") | {
        "linkedid": f"{EPOCH}.9", "cid_num": "0311234567",
    }  # fmt: skip
    late = event(5, "HANGUP", "PJSIP/trunk-0000000a", linkedid=f"{EPOCH}.10")
    zone = event(-9 * 3600, "CHAN_START", "PJSIP/trunk-0000000b", linkedid=f"{EPOCH}.11", exten="15886565") | {
        "cid_num": "0212345678",
    }  # fmt: skip
    assert calls_of([own, other, late, zone], where) == []
    assert where.notes.left_out == {
        LeftOut.OWN_PEOPLE: 1, LeftOut.OTHER_NUMBER: 1, LeftOut.BEGAN_BEFORE: 1, LeftOut.TIME_DOUBTFUL: 1,
    }  # fmt: skip


def test_a_call_whose_end_is_not_written() -> None:
    """Answered, and the log breaks off 12 s into it: when it ended, and how long they talked, is not told."""
    call = call_of(answered()[:7])
    assert (call.outcome, call.ended_at, call.talking_us, call.observed) == (
        Outcome.ANSWERED, None, None, Observed.PARTLY,
    )  # fmt: skip


def test_calls_are_given_as_soon_as_no_more_of_them_can_come() -> None:
    """5,000 rows of a later call, five hours on, and the first is let go."""
    reader = CelReader(frame())
    given: list[str] = []
    for row in answered():
        given += [call.key.linkedid for call in reader.take(row_of(row, SEOUL))]
    later = event(
        5 * 3600, "DTMF", "PJSIP/trunk-00000009", uniqueid=f"{EPOCH + 18000}.9", linkedid=f"{EPOCH + 18000}.9"
    )
    for number in range(5_000):
        one = row_of(later | {"eventtime": at(5 * 3600 + number / 1000)}, SEOUL)
        given += [call.key.linkedid for call in reader.take(one)]
    assert given == [UNIQUEID]


@pytest.mark.parametrize(
    ("told", "instant"),
    [
        (f"{EPOCH}.000001", timedelta(microseconds=1)),
        (f"{EPOCH}", timedelta()),
        ("2026-03-02 10:00:00.5", timedelta(seconds=0.5)),
        ("2026-03-02T01:00:01+00:00", timedelta(seconds=1)),
        (at(2), timedelta(seconds=2)),
    ],
)
def test_times(told: object, instant: timedelta) -> None:
    assert row_of(event(0, "HANGUP") | {"eventtime": told}, SEOUL).at == at(0) + instant


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"eventtype": "5"}, "its event is a number"),
        ({"eventtype": ""}, "no event, no uniqueid or no linkedid"),
        ({"uniqueid": ""}, "no event, no uniqueid or no linkedid"),
        ({"eventtime": ""}, "it has no time"),
        ({"eventtime": "yesterday"}, "a time of it cannot be read"),
        ({"eventtime": "99999999999"}, "its time is no time of a call"),
    ],
)
def test_rows_that_cannot_be_understood(changes: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        row_of(event(0, "HANGUP") | changes, SEOUL)


def test_columns() -> None:
    assert columns_of(["CHAN_START", *[""] * 19]) == (SAMPLE, False)
    # Older samples end with the linkedid, the peer, or the user field.
    assert columns_of(["HANGUP", *[""] * 15]) == (SAMPLE[:16], False)
    # As of FreePBX's table, and as advanced mappings of cel_custom name them.
    names = ["id", "EventType", "eventtime", "cidnum", "ChanName", "uniqueid", "linkedid", "eventextra"]
    assert columns_of(names)[0] == (
        "id", "eventtype", "eventtime", "cid_num", "channame", "uniqueid", "linkedid", "extra",
    )  # fmt: skip
    with pytest.raises(ValueError, match="names no column uniqueid and linkedid"):
        columns_of(list(NEEDED[:3]))
    with pytest.raises(ValueError, match="holds no channel events"):
        columns_of(["1366720340|1|q|NONE|ENTERQUEUE"])


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_a_file_with_rows_that_are_broken(tmp_path: Path) -> None:
    """Nine events of a call, among them a row that is cut and one that is binary; an empty file has no call."""
    rows = [[str(row.get(name, "")) for name in SAMPLE] for row in answered()]
    rows[5:5] = [["BRIDGE_ENTER", "17"], ["\x00\xff", *[""] * 19]]
    where = frame()
    path = write(tmp_path / "Master.csv", rows)
    (call,) = calls_of_row_files([path], CEL, CelReader(where), SEOUL, notes=where.notes)
    assert (call.outcome, where.notes.read, where.notes.unreadable) == (Outcome.ANSWERED, 15, 2)
    assert where.notes.named[0] == f"{path}, line 6: it has 2 columns where 20 belong"
    empty = write(tmp_path / "empty.csv", [])
    assert list(calls_of_row_files([empty], CEL, CelReader(where), SEOUL, notes=where.notes)) == []
    with pytest.raises(ImportRefused, match="holds no channel events"):
        list(calls_of_row_files([write(tmp_path / "x", [["a", "b"]])], CEL, CelReader(where), SEOUL, notes=where.notes))


def test_a_file_in_another_zone_is_refused(tmp_path: Path) -> None:
    """Written in Seoul, read as UTC: nine hours ahead of the second in the uniqueid."""
    rows = [[str(row.get(name, "")) for name in SAMPLE] for row in answered()]
    for row in rows:
        row[1] = "2026-03-02 10:00:00"
    path, where = write(tmp_path / "Master.csv", rows), frame()
    with pytest.raises(ImportRefused, match=r"9\.0 hours ahead"):
        list(calls_of_row_files([path], CEL, CelReader(where), UTC, notes=where.notes))


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)


@given(
    st.lists(
        st.fixed_dictionaries({
            "eventtype": st.sampled_from(sorted(EVENTS)) | TEXTS,
            "eventtime": st.floats(0, 9e4).map(lambda seconds: f"{EPOCH + seconds:.6f}") | TEXTS,
            "channame": st.sampled_from([CALLER, AGENT, "Local/1@x-00000001;1", "Local/1@x-00000001;2"]) | TEXTS,
            "uniqueid": st.sampled_from([UNIQUEID, f"{EPOCH}.2", f"{EPOCH}.3"]) | TEXTS,
            "linkedid": st.sampled_from([UNIQUEID, f"{EPOCH}.3"]) | TEXTS,
            "exten": st.just("15886565") | TEXTS,
            "extra": st.sampled_from(['{"bridge_id":"b"}', "{", "[1]", '{"bridge_id":["b"]}', "null"]) | TEXTS,
        }),
        max_size=30,
    )
)  # fmt: skip
def test_whatever_is_written_is_read_or_refused(rows: list[dict[str, object]]) -> None:
    reader = CelReader(frame())
    calls: list[Call] = []
    for row in rows:
        try:
            calls += reader.take(row_of(row, SEOUL))
        except ValueError:
            continue
    calls += reader.end()
    assert len({call.key for call in calls}) == len(calls)
    for call in calls:
        assert call.outcome is not Outcome.ANSWERED or call.answered_at is not None
        assert call.waiting_us is None or call.waiting_us >= 0

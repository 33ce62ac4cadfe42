"""Call detail records: their columns, their times, and what a call comes to by its rows."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.calls.facts import Observed, Outcome, Source, VerdictReason
from monitor.errors import ImportRefused
from monitor.imports.cdr import columns_of, epoch_of, interface_of, row_of
from monitor.imports.cdr_calls import CdrReader
from monitor.imports.frame import LeftOut
from monitor.imports.sources import calls_of_cdr_files

from .logs import EPOCH, SEOUL, at, frame

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.calls.facts import Call
    from monitor.imports.cdr import CdrRow
    from monitor.imports.frame import Frame

BERLIN = ZoneInfo("Europe/Berlin")
"""On 2026-10-25 its clocks show the hour from two to three twice; on 2026-03-29 they skip it."""


def row(**changes: object) -> dict[str, object]:
    """The record of a caller who rang at agent1 for 9 s and talked 31 s, as a row by column."""
    return {
        "start": "2026-03-02 10:00:00", "answer": "2026-03-02 10:00:09", "end": "2026-03-02 10:00:40", "billsec": "31",
        "src": "01012345678", "dst": "15886565", "dcontext": "from-trunk", "channel": "PJSIP/trunk-00000001",
        "dstchannel": "PJSIP/agent1-00000002", "lastapp": "Dial", "lastdata": "PJSIP/agent1,30",
        "disposition": "ANSWERED", "uniqueid": f"{EPOCH}.1", "linkedid": f"{EPOCH}.1", "sequence": "1", **changes,
    }  # fmt: skip


def calls_of(*rows: dict[str, object], where: Frame | None = None, people_answer: bool = False) -> list[Call]:
    reader = CdrReader(where or frame(line=None), people_answer=people_answer)
    calls = [call for each in rows for call in reader.take(row_of(each, SEOUL))]
    return [*calls, *reader.end()]


def test_an_answered_call() -> None:
    (call,) = calls_of(row())
    assert (call.source, call.line, call.dialled, call.caller) == (Source.CDR, "main", "15886565", "01012345678")
    assert (call.entered_at, call.ended_at, call.recorded_at) == (at(0), at(40), at(40))
    assert (call.outcome, call.agent, call.member) == (Outcome.ANSWERED, "PJSIP/agent1", None)
    # Whether it was a person that answered at 9 s, or a menu before one did, the record does not say.
    assert (call.asked_at, call.answered_at, call.waiting_us, call.talking_us) == (None, None, None, None)
    assert (call.rings, call.attempts, call.transfers, call.verdict_reason) == (
        None, (), (), VerdictReason.RINGING_UNKNOWN,
    )  # fmt: skip
    assert call.observed is Observed.WHOLE


def test_where_only_people_answer() -> None:
    """Answered 9 s after it began: 9 s of waiting."""
    (call,) = calls_of(row(), people_answer=True)
    assert (call.asked_at, call.answered_at, call.waiting_us) == (at(0), at(9), 9_000_000)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"disposition": "BUSY"}, Outcome.BUSY),
        ({"disposition": "FAILED"}, Outcome.FAILED),
        ({"disposition": "CONGESTION"}, Outcome.FAILED),
        # The caller hung up or the Dial ran out: the record is the same.
        ({"disposition": "NO ANSWER"}, Outcome.UNOBSERVED),
        # The channel was answered, by the dialplan: nobody else is named.
        ({"lastapp": "Queue", "dstchannel": ""}, Outcome.UNOBSERVED),
        ({"lastapp": "BackGround", "dstchannel": ""}, Outcome.UNOBSERVED),
        # Connected, but to no phone that was called for the caller.
        ({"lastapp": "ConfBridge"}, Outcome.UNOBSERVED),
    ],
)
def test_what_a_disposition_proves(changes: dict[str, object], outcome: Outcome) -> None:
    (call,) = calls_of(row(**changes))
    assert (call.outcome, call.agent) == (outcome, None)
    assert call.observed is (Observed.PARTLY if outcome is Outcome.UNOBSERVED else Observed.WHOLE)


def test_rows_of_one_call() -> None:
    """A queue tried agent1, then a Local channel that reached agent2; a consultation is no part of the caller's."""
    mine = {"lastapp": "Queue", "lastdata": "support,t"}
    rows = [
        row(**mine, disposition="NO ANSWER", end="2026-03-02 10:00:15", answer=""),
        row(**mine, dstchannel="Local/202@in-00000001;1", start="2026-03-02 10:00:15", sequence="2"),
        row(
            channel="Local/202@in-00000001;2", dstchannel="PJSIP/agent2-00000005", uniqueid=f"{EPOCH + 15}.3",
            start="2026-03-02 10:00:15", dst="202",
        ),
        row(channel="PJSIP/agent2-00000005", uniqueid=f"{EPOCH + 15}.4", start="2026-03-02 10:00:16", dst="300"),
    ]  # fmt: skip
    (call,) = calls_of(*rows)
    assert (call.outcome, call.agent, call.queue) == (Outcome.ANSWERED, "PJSIP/agent2", "support")
    assert calls_of(*rows, *rows) == [call]


def test_the_number_that_was_dialled() -> None:
    """`dst` is the last extension the channel was at; a column `did` keeps the number itself."""
    passed_on = row(dst="202")
    where = frame(line=None)
    assert calls_of(passed_on, where=where) == []
    assert where.notes.left_out == {LeftOut.OTHER_NUMBER: 1}
    (call,) = calls_of(passed_on | {"did": "1577-1000"})
    assert (call.line, call.dialled) == ("night", "1577-1000")
    assert calls_of(passed_on | {"did": "15771000"}, where=frame(line="main")) == []


@pytest.mark.parametrize("changes", [{"channel": "PJSIP/agent1-00000009"}, {"src": "201"}])
def test_calls_of_the_centre_s_own_people_are_left_out(changes: dict[str, object]) -> None:
    where = frame(line=None)
    assert calls_of(row(**changes), where=where) == []
    assert where.notes.left_out == {LeftOut.OWN_PEOPLE: 1}


def test_a_call_whose_own_rows_are_missing_is_left_out() -> None:
    where = frame(line=None)
    assert calls_of(row(uniqueid=f"{EPOCH + 9}.7"), where=where) == []
    assert where.notes.left_out == {LeftOut.BEGAN_BEFORE: 1}


def test_a_time_that_is_not_that_of_the_uniqueid_is_left_out() -> None:
    """Eleven minutes: no channel takes so long from its beginning to its first record."""
    where = frame(line=None)
    assert calls_of(row(start="2026-03-02 10:11:00", end="2026-03-02 10:12:00"), where=where) == []
    assert where.notes.left_out == {LeftOut.TIME_DOUBTFUL: 1}


def test_rows_are_let_go_four_hours_after_their_call() -> None:
    reader = CdrReader(frame(line=None))
    assert list(reader.take(row_of(row(), SEOUL))) == []
    others = [
        row_of(row(uniqueid=f"{EPOCH}.{n}", linkedid=f"{EPOCH}.{n}", end="2026-03-02 15:00:00"), SEOUL)
        for n in range(2, 5001)
    ]
    given_early = [call for each in others for call in reader.take(each)]
    assert [call.key.linkedid for call in given_early] == [f"{EPOCH}.1"]
    assert len(list(reader.end())) == len(others)


def test_a_call_is_let_go_after_the_row_that_ended_last() -> None:
    """One phone of it spoke for five hours; a row of another, which was written behind it, ended after seconds."""
    reader = CdrReader(frame(line=None))
    long, short = row(end="2026-03-02 15:00:00"), row(start="2026-03-02 10:00:20", sequence="2")
    others = [row(uniqueid=f"{EPOCH}.{n}", linkedid=f"{EPOCH}.{n}", end="2026-03-02 15:00:00") for n in range(2, 5000)]
    assert [call for each in (long, short, *others) for call in reader.take(row_of(each, SEOUL))] == []
    assert len(list(reader.end())) == 1 + len(others)


# -- times -------------------------------------------------------------------------------------------------------------


def start_of(text: object, zone: ZoneInfo, uniqueid: str) -> datetime:
    return row_of(row(start=text, end="", answer="", uniqueid=uniqueid), zone).start_at


def test_an_hour_that_comes_twice_is_told_by_the_uniqueid() -> None:
    """02:30 in Berlin on 2026-10-25 is 00:30 UTC, summer time, and again 01:30 UTC."""
    for hour in (0, 1):
        told = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        assert start_of("2026-10-25 02:30:00", BERLIN, f"{told.timestamp():.0f}.4") == told
    with pytest.raises(ValueError, match="comes twice that day, and its uniqueid does not tell which"):
        start_of("2026-10-25 02:30:00", BERLIN, "call-4")


def test_an_hour_that_clocks_skip_is_no_time() -> None:
    with pytest.raises(ValueError, match="is one that clocks skip"):
        start_of("2026-03-29 02:30:00", BERLIN, "call-4")


@given(st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)).map(lambda naive: naive.replace(microsecond=0)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_every_instant_comes_back_from_its_local_time(naive: datetime) -> None:
    told = naive.replace(tzinfo=UTC)
    for zone in (BERLIN, SEOUL):
        local = f"{told.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        if told.timestamp() >= 1e8:  # uniqueids have had nine digits or more since 1973
            assert start_of(local, zone, f"pbx-1-{told.timestamp():.0f}.7") == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2026-03-02 10:00:00.250000", at(0.25)),
        ("2026-03-02T01:00:00+00:00", at(0)),
        (datetime(2026, 3, 2, 10), at(0)),  # noqa: DTZ001 - as a database without zones gives it
        (datetime(2026, 3, 2, 1, tzinfo=UTC), at(0)),
    ],
)
def test_forms_of_a_time(value: object, told: datetime) -> None:
    assert start_of(value, SEOUL, f"{EPOCH}.1") == told


def test_what_a_row_leaves_out_follows_from_the_rest() -> None:
    """As in a database: the end is start + duration, the answer is end - billsec."""
    values = row(end=None, answer=None, duration=40, billsec=31) | {"calldate": None}
    made = row_of(values, SEOUL)
    assert (made.end_at, made.answer_at) == (at(40), at(9))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"start": ""}, "no start"), ({"start": "0000-00-00 00:00:00"}, "no start"),
        ({"start": "soon"}, "cannot be read"),
        ({"start": "1960-01-01 00:00:00"}, "no time of a call"), ({"uniqueid": ""}, "no uniqueid"),
        ({"disposition": None}, "no uniqueid or no disposition"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_understood(changes: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        row_of(row(**changes), SEOUL)


@given(st.dictionaries(st.sampled_from(sorted(row())), st.none() | st.text(max_size=30) | st.integers()))
def test_no_row_is_more_than_refused(changes: dict[str, object]) -> None:
    try:
        made: CdrRow | None = row_of(row(**changes), SEOUL)
    except ValueError:
        made = None
    reader = CdrReader(frame(line=None))
    calls = [*reader.take(made), *reader.end()] if made is not None else []
    assert all(call.rings is None and call.entered_at is not None for call in calls)


# -- columns and files -------------------------------------------------------------------------------------------------


def test_channels_and_uniqueids() -> None:
    assert interface_of("PJSIP/agent1-0000000a") == "PJSIP/agent1"
    assert interface_of("Local/202@inside-0000000a;1") == "Local/202@inside"
    assert interface_of("SIP/trunk-kt-00af31") == "SIP/trunk-kt"
    assert epoch_of(f"pbx-1-{EPOCH}.77") == at(0)
    assert epoch_of("c0ffee") is None


def test_a_first_row_names_the_columns_or_shows_how_many_there_are() -> None:
    master = ["", "0101", "15886565", "ctx", "c", "ch", "dch", "Dial", "x", "s", "a", "e", "1", "1", "ANSWERED", "D"]
    with pytest.raises(ValueError, match="hold no uniqueid"):
        columns_of(master)
    for more in ([f"{EPOCH}.1"], [f"pbx-{EPOCH}.1", "user"], [f"{EPOCH}.1", "", f"{EPOCH}.1", "0"]):
        columns, named = columns_of([*master, *more])
        assert (columns[16], named) == ("uniqueid", False)
    assert columns_of([*master, f"{EPOCH}.1", "", "", f"{EPOCH}.1", "0"])[0][19:] == ("linkedid", "sequence")
    columns, named = columns_of(["\ufeffCallDate", "clid", "src", "dst", "channel", "disposition", "uniqueid", "did"])
    assert (columns[0], columns[-1], named) == ("start", "did", True)
    with pytest.raises(ValueError, match="names no column uniqueid"):
        columns_of(["calldate", "src", "dst", "channel", "disposition"])
    with pytest.raises(ValueError, match="no call detail records"):
        columns_of(["a", "b"])


def write(path: Path, rows: list[dict[str, object]], *, broken: str = "") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row()))
        writer.writeheader()
        writer.writerows(rows)
        file.write(broken)
    return path


def test_rows_that_are_none_are_counted_and_named(tmp_path: Path) -> None:
    path = write(tmp_path / "cdr.csv", [row(), row(start="soon")], broken="only,three,cells\n\n")
    where = frame(line=None)
    calls = list(calls_of_cdr_files([path], CdrReader(where), SEOUL, where.notes))
    assert len(calls) == 1
    assert (where.notes.read, where.notes.unreadable) == (3, 2)
    assert where.notes.named == [
        f"{path}, line 3: a time of it cannot be read",
        f"{path}, line 4: it has 3 columns where 15 belong",
    ]


def test_a_quotation_without_end_costs_what_it_encloses_and_no_more(tmp_path: Path) -> None:
    """It runs on until no field of a CSV is as long: 131,072 characters; what comes then is read again."""
    filler = "".join(f"{'x' * 99}\n" for _ in range(1400))
    path = write(tmp_path / "cdr.csv", [row()], broken=f'"never closed\n{filler}')
    with path.open("a", encoding="utf-8") as file:
        csv.DictWriter(file, list(row())).writerow(row(uniqueid=f"{EPOCH}.8", linkedid=f"{EPOCH}.8"))
    where = frame(line=None)
    calls = list(calls_of_cdr_files([path], CdrReader(where), SEOUL, where.notes))
    assert {call.key.linkedid for call in calls} == {f"{EPOCH}.1", f"{EPOCH}.8"}
    assert where.notes.named[0].endswith("it is no row of a CSV")


def test_another_time_zone_is_refused_and_says_by_how_much(tmp_path: Path) -> None:
    """Ten in Seoul read as ten in UTC is nine hours later."""
    path = write(tmp_path / "cdr.csv", [row()])
    where = frame(line=None)
    with pytest.raises(ImportRefused, match=r"9\.0 hours ahead of the instants in its uniqueids; give the zone"):
        list(calls_of_cdr_files([path], CdrReader(where), UTC, where.notes))

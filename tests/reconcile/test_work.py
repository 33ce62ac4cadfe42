"""A period of a ledger against what Asterisk wrote: counted once, written once, and nothing made up."""

from __future__ import annotations

import csv
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text

from monitor.calls.facts import Call, CallKey, Gap, GapCause, Observed, Outcome, Source
from monitor.calls.lines import Line, Lines
from monitor.errors import ImportRefused
from monitor.imports.cel import SAMPLE
from monitor.ledger import reconciled
from monitor.ledger.tables import DISAGREEMENTS
from monitor.reconcile.reading import Given, rotated
from monitor.reconcile.reasons import LeftOut
from monitor.reconcile.work import Order, reconcile
from tests.imports.logs import EPOCH, SEOUL, at, log
from tests.ledger.records import a_call

from .material import PLAN, UNIQUEID, answered

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.ledger import Repository
    from monitor.reconcile.work import Result

LATER = at(20 * 3600)
CALL = log("1 NONE ENTERQUEUE  01012345678 1", "9 Kim CONNECT 8 x 7", "40 Kim COMPLETECALLER 8 31 1")
WATCHED = Gap(system="pbx1", started_at=at(-9 * 3600), ended_at=at(-8 * 3600), cause=GapCause.NOT_CONNECTED)
"""The monitor was there before, and saw all since."""
BLIND = Gap(system="pbx1", started_at=at(-60), ended_at=at(600), cause=GapCause.MONITOR_DOWN)


def order(given: Given, **changes: object) -> Order:
    """The day of those calls in Seoul."""
    wanted = Order(
        system="pbx1", given=given, plan=PLAN, lines=("main",), zone=SEOUL, since=at(-10 * 3600), until=at(14 * 3600)
    )
    return replace(wanted, **changes)  # type: ignore[arg-type] # by the names of fields


def by_queue_log(folder: Path, lines: list[str] = CALL) -> Given:
    path = folder / "queue_log"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return Given(queue_log=path)


def by_cel(folder: Path, rows: list[dict[str, object]]) -> Given:
    path = folder / "cel.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([str(row.get(name, "")) for name in SAMPLE] for row in rows)
    return Given(cel=str(path))


def seen(linkedid: str = UNIQUEID, **changes: object) -> Call:
    """The monitor's own record of a call that entered then."""
    told: dict[str, object] = {
        "key": CallKey(system="pbx1", linkedid=linkedid), "entered_at": at(0), "asked_at": at(1),
        "answered_at": at(9.25), "ended_at": at(40), "recorded_at": at(41), "outcome": Outcome.ANSWERED,
        "waiting_us": 8_250_000, "talking_us": 30_750_000, "hold_us": 0, "agent": "PJSIP/agent1", "member": "Kim",
        "observed": Observed.WHOLE, "source": Source.AMI, "transfers": (), "holds": (),
    }  # fmt: skip
    return replace(a_call(linkedid), **{**told, **changes})  # type: ignore[arg-type] # as above


def figures(result: Result) -> tuple[int, int, int, int, int]:
    made = result.made
    return made.asterisk_calls, made.matched, made.filled, made.disagreeing, made.ours_alone


def missing(result: Result) -> list[tuple[str, str | None, str | None, str]]:
    return [(each.linkedid, each.ours, each.theirs, each.reason) for each in result.disagreements]


def test_twice_is_once_in_either_store(repository: Repository, tmp_path: Path) -> None:
    """One call of an outage: filled; made again it counts as filled again, and nothing changes."""
    repository.record_all([WATCHED, BLIND])
    wanted = order(by_cel(tmp_path, answered()))
    first = reconcile(repository, wanted, LATER)
    assert figures(first) == (1, 0, 1, 0, 0)
    assert missing(first) == [(UNIQUEID, None, "answered", "gap")]
    (filled,) = repository.calls(at(-60), at(60))
    assert (filled.source, filled.outcome, filled.verdict_reason) == (Source.CEL, Outcome.ANSWERED, "ringing_unknown")
    again = reconcile(repository, wanted, LATER + timedelta(hours=1))
    assert figures(again) == figures(first)
    assert list(repository.calls(at(-60), at(60))) == [filled]
    with repository.store.reading() as connection:
        (kept,) = reconciled.made_in(connection, wanted.since, wanted.until)
        rows = connection.execute(DISAGREEMENTS.select()).mappings().all()
    assert (kept, kept.sources) == (again.made, "cel")
    assert [(row["linkedid"], row["what"], row["reason"]) for row in rows] == [(UNIQUEID, "missing", "gap")]


def test_a_dry_run_counts_the_same_and_writes_nothing(ledger: Repository, tmp_path: Path) -> None:
    ledger.record_all([WATCHED, BLIND])
    result = reconcile(ledger, order(by_cel(tmp_path, answered())), LATER, dry=True)
    assert (figures(result), len(result.disagreements)) == ((1, 0, 1, 0, 0), 1)
    assert list(ledger.calls(at(-60), at(60))) == []
    with ledger.store.reading() as connection:
        assert reconciled.newest(connection) == {}
        assert connection.execute(DISAGREEMENTS.select()).all() == []


def test_what_agrees_now_is_no_disagreement_any_more(ledger: Repository, tmp_path: Path) -> None:
    """The monitor's own record comes later, from its journal: the filled one gives way, and so does its row."""
    ledger.record_all([WATCHED, BLIND])
    wanted = order(by_cel(tmp_path, answered()))
    reconcile(ledger, wanted, LATER)
    ledger.record_all([seen()])
    result = reconcile(ledger, wanted, LATER)
    assert (figures(result), result.disagreements) == ((1, 1, 0, 0, 0), [])
    with ledger.store.reading() as connection:
        assert connection.execute(DISAGREEMENTS.select()).all() == []


def test_a_number_that_was_erased_is_not_brought_back(ledger: Repository, tmp_path: Path) -> None:
    ledger.record_all([WATCHED, BLIND])
    wanted = order(by_cel(tmp_path, answered()))
    reconcile(ledger, wanted, LATER)
    with ledger.store.writing() as connection:
        connection.execute(text("UPDATE calls SET caller = NULL, caller_ends = NULL"))
    assert figures(reconcile(ledger, wanted, LATER)) == (1, 0, 1, 0, 0)
    (call,) = ledger.calls(at(-60), at(60))
    assert call.caller is None


def test_a_call_seen_in_part_stays_what_was_seen(ledger: Repository, tmp_path: Path) -> None:
    part = seen(outcome=Outcome.UNOBSERVED, observed=Observed.PARTLY, answered_at=None, agent=None, member=None)
    ledger.record_all([WATCHED, BLIND, part])
    result = reconcile(ledger, order(by_cel(tmp_path, answered())), LATER)
    assert figures(result) == (1, 0, 0, 1, 0)
    assert missing(result) == [(UNIQUEID, "unobserved", "answered", "gap")]
    assert list(ledger.calls(at(-60), at(60))) == [part]


def test_a_part_seen_under_the_linkedid_of_its_consultation_is_the_same_call(
    ledger: Repository, tmp_path: Path
) -> None:
    """The monitor came upon the call while a consultation by SIP, which had a linkedid of its own, was joined to it."""
    own = f"{EPOCH}.4"
    rows = [row | {"linkedid": own} if row["channame"] == "PJSIP/agent1-00000002" else row for row in answered()]
    ledger.record_all([WATCHED, BLIND, seen(own, observed=Observed.PARTLY)])
    result = reconcile(ledger, order(by_cel(tmp_path, rows)), LATER)
    assert figures(result) == (1, 1, 0, 0, 0)


@pytest.mark.parametrize(("gaps", "reason"), [([WATCHED, BLIND], "gap"), ([WATCHED], "no_gap"), ([], "before_monitor")])
def test_why_the_monitor_has_no_record(ledger: Repository, tmp_path: Path, gaps: list[Gap], reason: str) -> None:
    ledger.record_all(gaps)
    result = reconcile(ledger, order(by_cel(tmp_path, answered())), LATER)
    assert (figures(result), missing(result)) == ((1, 0, 1, 0, 0), [(UNIQUEID, None, "answered", reason)])


def test_calls_of_the_ledger_alone(ledger: Repository, tmp_path: Path) -> None:
    """One that the log does not have, one that entered no queue, of which it tells nothing, and one of now."""
    others = [
        seen(f"{EPOCH}.7", queue="support"),
        seen(f"{EPOCH}.8", queue=None),
        seen(f"{EPOCH}.9", queue="support", recorded_at=LATER - timedelta(minutes=4)),
    ]
    ledger.record_all([WATCHED, seen(), *others])
    given = by_queue_log(tmp_path)
    result = reconcile(ledger, order(given), LATER)
    assert figures(result) == (1, 1, 0, 0, 1)
    assert missing(result) == [(f"{EPOCH}.7", "answered", None, "not_written")]
    assert result.left_out == {LeftOut.NO_QUEUE: 1, LeftOut.JUST_ENDED: 1}
    nothing = reconcile(ledger, order(by_queue_log(tmp_path, [])), LATER)
    assert figures(nothing) == (0, 0, 0, 0, 2)
    assert {each.reason for each in nothing.disagreements} == {"nothing_written"}


@pytest.mark.parametrize(
    ("gaps", "lines", "dialled", "left_out"),
    [
        # One line, and the monitor could not see: it is that line's.
        ([WATCHED, BLIND], ("main",), "", None),
        # It could see, and took the call for nobody's: one of the centre's own, or to another number.
        ([WATCHED], ("main",), "", LeftOut.NOT_MISSED),
        ([WATCHED, BLIND], ("main", "night"), "", LeftOut.LINE_UNTOLD),
        # The dialplan wrote the number into the log.
        ([WATCHED], ("main", "night"), "1577-1000", None),
    ],
)
def test_a_queue_log_alone_fills_what_can_be_nothing_else(
    ledger: Repository, tmp_path: Path, *, gaps: list[Gap], lines: tuple[str, ...], dialled: str, left_out: str | None
) -> None:
    ledger.record_all(gaps)
    plan = replace(PLAN, lines=Lines((Line("main", ("15886565",)), Line("night", ("15771000",)))))
    given = by_queue_log(tmp_path, [*(log(f"0 NONE DID {dialled}") if dialled else []), *CALL])
    result = reconcile(ledger, order(given, plan=plan, lines=lines), LATER)
    assert result.left_out == ({left_out: 1} if left_out else {})
    assert result.made.filled == (left_out is None)
    assert [call.line for call in ledger.calls(at(-60), at(60))] == [
        "night" if dialled else "main" for _ in range(result.made.filled)
    ]


def test_beside_channel_events_a_queue_log_s_call_to_no_line_is_left_out(ledger: Repository, tmp_path: Path) -> None:
    ledger.record_all([WATCHED, BLIND])
    given = replace(by_cel(tmp_path, answered()), queue_log=by_queue_log(tmp_path).queue_log)
    inside = [line.replace(UNIQUEID, f"{EPOCH}.77") for line in CALL]
    by_queue_log(tmp_path, [*CALL, *inside])
    result = reconcile(ledger, order(given), LATER)
    assert (figures(result), result.left_out) == ((1, 0, 1, 0, 0), {LeftOut.OF_NO_LINE: 1})


def test_calls_belong_to_the_days_in_which_they_entered(ledger: Repository, tmp_path: Path) -> None:
    """A period that ends a microsecond after the call entered has it; one that begins then does not."""
    ledger.record_all([WATCHED, BLIND])
    given, behind = by_cel(tmp_path, answered()), at(0) + timedelta(microseconds=1)
    assert figures(reconcile(ledger, order(given, until=behind), LATER))[0] == 1
    assert figures(reconcile(ledger, order(given, since=behind), LATER))[0] == 0
    # By the queue log too: it asked a second later, and entered when its channel began.
    assert figures(reconcile(ledger, order(by_queue_log(tmp_path), until=at(0.5)), LATER))[0] == 1


def test_calls_that_may_go_on_are_left_out_until_they_cannot(ledger: Repository, tmp_path: Path) -> None:
    """Five minutes after its last word, and five hours."""
    ledger.record_all([WATCHED, BLIND])
    wanted = order(by_cel(tmp_path, answered()[:4]))
    early = reconcile(ledger, wanted, at(300))
    assert (figures(early), early.left_out) == ((0, 0, 0, 0, 0), {LeftOut.STILL_GOING: 1})
    late = reconcile(ledger, wanted, at(5 * 3600))
    assert (figures(late), late.left_out) == ((1, 0, 1, 0, 0), {})


def test_what_was_rotated_away_is_read_too(tmp_path: Path) -> None:
    import os  # noqa: PLC0415 - only here

    for name, seconds in (("queue_log", 0), ("queue_log.1", -86_400), ("queue_log-20260301.gz", -5 * 86_400)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (EPOCH + seconds, EPOCH + seconds))
    (tmp_path / "queue_log_of_the_other").touch()
    assert [path.name for path in rotated(tmp_path / "queue_log", at(-2 * 86_400))] == ["queue_log.1", "queue_log"]
    with pytest.raises(ImportRefused, match="No such file"):
        rotated(tmp_path / "Master.csv", at(0))


def test_a_file_that_is_not_there_changes_nothing(ledger: Repository, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="cannot be read"):
        reconcile(ledger, order(Given(cdr=str(tmp_path / "Master.csv"))), LATER)
    with ledger.store.reading() as connection:
        assert reconciled.newest(connection) == {}


def source_database(url: str, zone: str) -> None:
    """The tables as Asterisk's samples have them, with one call: at ten in the morning in Seoul."""
    hour = {"UTC": 1, "Asia/Seoul": 10}[zone]
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
        cursor.execute(
            "CREATE TABLE cel (id INTEGER PRIMARY KEY, eventtype VARCHAR(30), eventtime TIMESTAMP, "
            "cid_num VARCHAR(80), exten VARCHAR(80), context VARCHAR(80), channame VARCHAR(80), appname VARCHAR(80), "
            "appdata VARCHAR(80), uniqueid VARCHAR(150), linkedid VARCHAR(150), extra VARCHAR(512))"
        )
        mark = "?" if url.startswith("sqlite") else "%s"
        names = ("cid_num", "exten", "context", "channame", "appname", "appdata", "uniqueid", "linkedid", "extra")
        for number, row in enumerate(answered()):
            seconds = float((row["eventtime"] - at(0)).total_seconds())  # type: ignore[operator] # an instant
            cells = [
                number,
                row["eventtype"],
                f"2026-03-02 {hour:02}:00:{seconds:09.6f}",
                *(row[name] for name in names),
            ]
            cursor.execute(f"INSERT INTO cel VALUES ({', '.join([mark] * len(cells))})", cells)  # noqa: S608 - marks only
        cursor.execute(
            "CREATE TABLE calls (calldate TIMESTAMP, src VARCHAR(80), dst VARCHAR(80), dcontext VARCHAR(80), "
            "channel VARCHAR(80), dstchannel VARCHAR(80), lastapp VARCHAR(80), duration INTEGER, billsec INTEGER, "
            "disposition VARCHAR(45), uniqueid VARCHAR(150), linkedid VARCHAR(150))"
        )
        cursor.execute(
            f"INSERT INTO calls VALUES ('2026-03-02 {hour:02}:00:00', '01012345678', '15886565', 'from-trunk', "  # noqa: S608 - our own words
            f"'PJSIP/trunk-00000001', 'PJSIP/agent1-00000002', 'Dial', 40, 31, 'ANSWERED', '{UNIQUEID}', '{UNIQUEID}')"
        )
        raw.commit()
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_source_tables(kind: str, ledger: Repository, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """CDR and CEL in a database, in local times of Seoul and of UTC; CEL alone is to the microsecond."""
    url = f"sqlite:///{tmp_path / 'asterisk'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    zone = "Asia/Seoul" if kind == "sqlite" else "UTC"
    source_database(url, zone)
    ledger.record_all([WATCHED, BLIND])
    given = Given(cdr=f"{url}#calls", cel=url, zone=ZoneInfo(zone))
    result = reconcile(ledger, order(given), LATER)
    assert figures(result) == (1, 0, 1, 0, 0)
    assert [notes.read for notes in result.notes.values()] == [1, len(answered())]
    (call,) = ledger.calls(at(-60), at(60))
    assert (call.source, call.entered_at, call.answered_at) == (Source.CEL, at(0), at(9.25))
    # Rows of other days are not even asked for.
    month = timedelta(days=30)
    far = reconcile(ledger, order(given, since=at(0) - 2 * month, until=at(0) - month), LATER)
    assert [notes.read for notes in far.notes.values()] == [0, 0]
    with pytest.raises(ImportRefused, match="has no table 'nothing'"):
        reconcile(ledger, order(Given(cel=f"{url}#nothing")), LATER)

"""Every statement of every table and annotation, run on a real PostgreSQL to which the replayed day was written.

They run as the role that `deploy/grafana/ledger_reader.sql` makes, which may not read a caller's number at all.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from monitor.calls.facts import Outcome, TransferKind, Verdict
from monitor.calls.rules import Reading
from tests.day.day import LINE, NOON_GAP, SYSTEM
from tests.ledger.records import known

from .boards import LANGUAGES, NAMES, load, panels, questions, sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.day.day import ReplayedDay

    from .boards import Question

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("replayed_day")]

READER = Path(__file__).parents[2] / "deploy" / "grafana" / "ledger_reader.sql"
TABLES = list(questions("grafana-postgresql-datasource"))
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def ledger(replayed_day: ReplayedDay) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """The day's ledger, as Grafana's role reads it."""
    with psycopg.connect(replayed_day.store, autocommit=True) as owner:
        for _ in range(2):  # it may be run again
            owner.execute(READER.read_text(encoding="utf-8"))
    as_grafana = replayed_day.store.replace("postgres@", "grafana@")
    with psycopg.connect(as_grafana, autocommit=True, row_factory=dict_row) as connection:
        yield connection


def ask(ledger: psycopg.Connection[dict[str, Any]], day: ReplayedDay, board: str, title: str, **chosen: str) -> Rows:
    """The rows of a panel, by its English title."""
    question = next(one for one in TABLES if (one.board, one.panel["title"]) == (board, title))
    statement = sql(question.target["rawSql"], day.since, day.until, **chosen)
    return ledger.execute(statement.encode()).fetchall()


@pytest.mark.parametrize("question", TABLES, ids=str)
def test_a_table_has_rows_and_exactly_the_columns_that_the_panel_knows(
    replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]], question: Question
) -> None:
    statement = sql(question.target["rawSql"], replayed_day.since, replayed_day.until)
    answer = ledger.execute(statement.encode())
    rows = answer.fetchall()
    assert rows
    overrides = {one["matcher"]["options"]: one["properties"] for one in question.panel["fieldConfig"]["overrides"]}
    assert [column.name for column in answer.description or ()] == list(overrides)
    for column, properties in overrides.items():
        mappings = next((one["value"] for one in properties if one["id"] == "mappings"), None)
        if mappings is not None:
            found = {str(row[column]).lower() for row in rows if row[column] is not None}
            assert found <= set(mappings[0]["options"]), f"{column} has values without a word"


@pytest.mark.parametrize("question", TABLES, ids=str)
def test_a_table_is_empty_for_a_system_nobody_has(
    replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]], question: Question
) -> None:
    """The variable is honoured, and a quote in one ends nothing: Grafana doubles it."""
    statement = sql(question.target["rawSql"], replayed_day.since, replayed_day.until, system="no''body")
    rows = ledger.execute(statement.encode()).fetchall()
    assert [row for row in rows if any(row.values())] == []


def test_breaches_are_those_of_the_ledger(
    replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]
) -> None:
    calls = list(replayed_day.repository.calls(replayed_day.since, replayed_day.until))
    breached = sorted(
        (call for call in calls if known(call.rings) > 3), key=lambda call: call.entered_at or replayed_day.since
    )
    rows = ask(ledger, replayed_day, "compliance", "Recent breaches")
    assert len(breached) == replayed_day.facts["RingBreach"] > 200
    newest = breached[::-1][:200]
    assert [(row["linkedid"], row["rings"], float(row["ringing"])) for row in rows] == [
        (call.key.linkedid, call.rings, known(call.ringing_us) / 1e6) for call in newest
    ]
    assert [row["verdict_within"] for row in rows] == [dict(call.verdicts)[Reading.WITHIN] for call in newest]
    assert {row["line"] for row in rows} == {LINE}
    assert all(row["phones"] for row in rows)


def test_breaches_of_another_line_are_not_shown(
    replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]
) -> None:
    assert ask(ledger, replayed_day, "compliance", "Recent breaches", line="1577-0000") == []
    assert ask(ledger, replayed_day, "compliance", "Recent breaches", line=f"1577-0000|{LINE}")


def test_transfers_are_those_of_the_ledger(
    replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]
) -> None:
    kept = [
        (transfer.at, call.key.linkedid, transfer.kind, transfer.scope, transfer.result)
        for call in replayed_day.repository.calls(replayed_day.since, replayed_day.until)
        for transfer in call.transfers
    ]
    rows = ask(ledger, replayed_day, "transfers", "Recent transfers")
    newest = sorted(kept, key=lambda one: one[0], reverse=True)[:200]
    assert [(row["time"], row["linkedid"], row["kind"], row["scope"], row["result"]) for row in rows] == newest
    # By name, where a queue has told it: whoever passed a caller on had been rung as its member.
    assert sum("/" not in row["passed_by"] for row in rows) > 100


def test_targets_of_transfers_add_up(replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]) -> None:
    rows = ask(ledger, replayed_day, "transfers", "Where callers are passed on to")
    counted = replayed_day.counted()
    assert sum(row["transfers"] for row in rows) == sum(counted.transfers.values())
    completed = sum(round(row["transfers"] * row["completed"]) for row in rows)
    assert completed == sum(n for (_, _, result), n in counted.transfers.items() if result == "completed")


def test_asked_first_is_the_ledgers(replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]) -> None:
    by_a_person = [
        transfer
        for call in replayed_day.repository.calls(replayed_day.since, replayed_day.until)
        for transfer in call.transfers
        if transfer.kind is not TransferKind.FORWARD
    ]
    reported = [transfer.consent for transfer in by_a_person if transfer.consent is not None]
    (row,) = ask(ledger, replayed_day, "transfers", "Asked first")
    assert row["asked_first"] == sum(reported) / len(reported)
    assert row["announced"] == sum(transfer.announced for transfer in by_a_person) / len(by_a_person)


def test_the_day_is_counted_as_the_repository_counts(
    replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]
) -> None:
    (row,) = ask(ledger, replayed_day, "compliance", "Day by day")
    counted = replayed_day.counted()
    today = replayed_day.board.today(replayed_day.until)
    assert row["time"] == replayed_day.since
    assert row["offered"] == counted.offered
    assert row["answer_rate"] == today.answer_rate
    assert (row["within"], row["before"]) == (today.compliance("within"), today.compliance("before"))
    within = counted.verdicts[Reading.WITHIN]
    assert (row["broken"], row["excluded"]) == (within[Verdict.BROKEN], within[Verdict.EXCLUDED])
    reasons = ask(ledger, replayed_day, "compliance", "Verdicts by reason")
    calls = replayed_day.repository.calls(replayed_day.since, replayed_day.until)
    assert {row["reason"]: row["calls"] for row in reasons} == Counter(call.verdict_reason for call in calls)


def test_half_hours_add_up_to_the_day(replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]) -> None:
    rows = ask(ledger, replayed_day, "queues", "Half-hour by half-hour")
    counted = replayed_day.counted()
    assert sum(row["offered"] for row in rows) == counted.offered
    assert sum(row["answered"] for row in rows) == counted.outcomes[Outcome.ANSWERED]
    abandoned = sum(n for outcome, n in counted.outcomes.items() if outcome.startswith("abandoned"))
    assert sum(row["abandoned"] for row in rows) == abandoned
    assert all(row["time"].minute in (0, 30) for row in rows)
    in_counsel = ask(ledger, replayed_day, "queues", "Half-hour by half-hour", queue="counsel")
    calls = replayed_day.repository.calls(replayed_day.since, replayed_day.until)
    assert sum(row["offered"] for row in in_counsel) == sum(call.queue == "counsel" for call in calls)


def test_agents_are_counted_from_their_attempts(
    replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]
) -> None:
    rows = ask(ledger, replayed_day, "agents", "By agent")
    results: Counter[str] = Counter()
    for call in replayed_day.repository.calls(replayed_day.since, replayed_day.until):
        results.update(attempt.result for attempt in call.attempts)
    assert sum(row["rung"] for row in rows) == results.total()
    assert sum(row["answered"] for row in rows) == results["answered"]
    assert sum(row["unanswered"] for row in rows) == sum(
        results[name] for name in ("no_answer", "rejected", "declined_by_person")
    )


def test_time_by_state_is_the_time_between_two_states(
    replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]
) -> None:
    """Added up again from the facts, member by member."""
    states = replayed_day.repository.agent_states(replayed_day.since, replayed_day.until)
    spans: Counter[str] = Counter()
    for queue, agent in {(state.queue, state.agent) for state in states}:
        own = [state for state in states if (state.queue, state.agent) == (queue, agent)]
        ends = [*(state.at for state in own[1:]), replayed_day.until]
        for state, ended_at in zip(own, ends, strict=True):
            if state.status is not None:
                spans[state.status] += round((ended_at - state.at).total_seconds() * 1e6)
    rows = ask(ledger, replayed_day, "agents", "Time by state")
    shown = {state: sum(row[state] for row in rows) for state in ("free", "ringing", "talking", "wrap_up", "paused")}
    assert shown == pytest.approx({state: spans[state] / 1e6 for state in shown}, abs=0.01)
    assert spans["talking"] > 0


def test_gaps_are_those_of_the_ledger(replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]) -> None:
    (row,) = ask(ledger, replayed_day, "health", "Gaps")
    assert (row["time"], row["ended_at"], row["system"]) == (NOON_GAP.started_at, NOON_GAP.ended_at, SYSTEM)
    assert (row["cause"], row["seconds"]) == ("not_connected", 300.0)


MARKS = [
    pytest.param(language, mark["name"], mark["target"]["rawSql"], id=f"{language}-{name}-{mark['name']}")
    for language in LANGUAGES
    for name in NAMES
    for mark in load(language, name)["annotations"]["list"]
]


@pytest.mark.parametrize(("language", "mark", "statement"), MARKS)
def test_annotations_mark_breaches_and_gaps(
    replayed_day: ReplayedDay,
    ledger: psycopg.Connection[dict[str, Any]],
    language: str,
    mark: str,
    statement: str,
) -> None:
    rows = ledger.execute(sql(statement, replayed_day.since, replayed_day.until).encode()).fetchall()
    texts = {row["text"] for row in rows}
    if mark in ("Not observed", "관측 못 함"):
        (row,) = rows
        assert (row["time"], row["timeend"]) == (NOON_GAP.started_at, NOON_GAP.ended_at)
        assert texts == {f"{SYSTEM} · {'연결 끊김' if language == 'ko' else 'not connected'}"}
    else:
        assert mark == ("벨 초과" if language == "ko" else "Breaches")
        assert len(rows) == replayed_day.facts["RingBreach"]
        assert all((" · 벨 " if language == "ko" else " · rings ") in text for text in texts)


def test_no_statement_reads_a_callers_number(
    replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]
) -> None:
    """And none could: Grafana sends whatever its viewers write."""
    for column in ("caller", "caller_ends", "*"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ledger.execute(f"SELECT {column} FROM calls".encode())  # noqa: S608 - two words of this test's own
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        ledger.execute("DELETE FROM coverage_gaps")
    ledger.execute("SET default_transaction_read_only = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ledger.execute("DELETE FROM coverage_gaps")
    callers = {
        call.caller for call in replayed_day.repository.calls(replayed_day.since, replayed_day.until) if call.caller
    }
    assert callers
    shown = {
        number
        for question in TABLES
        for row in ledger.execute(sql(question.target["rawSql"], replayed_day.since, replayed_day.until).encode())
        for value in row.values()
        for number in re.findall(r"\d{8,}", str(value))
    }
    assert shown & callers == set()


def test_a_long_number_that_a_caller_was_passed_to_is_masked(
    replayed_day: ReplayedDay, ledger: psycopg.Connection[dict[str, Any]]
) -> None:
    """The column's expression alone, on numbers as a dialplan has them."""
    statement = next(one.target["rawSql"] for one in TABLES if one.panel["title"] == "Recent transfers")
    expression = statement.split("passed_by,\n")[1].split(" AS passed_to")[0]
    assert 'transfers."to"' in expression
    given = {"201": "201", "61012": "****12", "010-1234-5678": "****-5678", "+821012345678": "****-5678"}
    for number, masked in (given | {"PJSIP/branch1": "PJSIP/branch1"}).items():
        asked = expression.replace('transfers."to"', f"'{number}'")
        (row,) = ledger.execute(f"SELECT {asked} AS shown".encode()).fetchall()
        assert row["shown"] == masked


def test_every_table_is_of_the_ledger() -> None:
    assert len(TABLES) == 13
    for name in NAMES:
        for panel in panels(load("en", name)):
            if panel["type"] == "table":
                assert panel["datasource"]["uid"] == "${ledger}"

"""Along which indexes a search reads, as SQLite plans it: a page never costs what the period holds."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from monitor.calls.facts import Outcome, Verdict
from monitor.ledger import Store, upgrade
from monitor.ledger.search import Search, TransferFilter

from .records import NINE, after
from .test_search import asked, forged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def plans(tmp_path: Path) -> Iterator[tuple[Search, list[str]]]:
    """A search of a SQLite ledger, and the plan of every statement it makes."""
    upgrade(tmp_path / "ledger.sqlite3")
    store = Store(tmp_path / "ledger.sqlite3")
    told: list[str] = []

    def explain(_connection: object, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            explained = cursor.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            told.extend(row[-1] for row in explained.fetchall())

    event.listen(store.engine, "before_cursor_execute", explain)
    yield Search(store), told
    store.close()


@pytest.mark.parametrize(
    ("changes", "index"),
    [
        ({}, "ix_calls_filed_at (filed_at>? AND filed_at<?)"),
        ({"line": "main"}, "ix_calls_line_filed_at (line=? AND filed_at>? AND filed_at<?)"),
        ({"queue": "support"}, "ix_calls_queue_filed_at (queue=? AND filed_at>? AND filed_at<?)"),
        ({"team": "원격응대팀"}, "ix_calls_team_filed_at_line (team=? AND filed_at>? AND filed_at<?)"),
        (
            {"verdict": Verdict.BROKEN},
            "ix_calls_verdict_within_filed_at (verdict_within=? AND filed_at>? AND filed_at<?)",
        ),
        ({"number_ends": "5678"}, "ix_calls_caller_ends_filed_at (caller_ends=? AND filed_at>? AND filed_at<?)"),
        ({"number_ends": "01012345678"}, "ix_calls_caller_ends_filed_at (caller_ends=? AND filed_at>? AND filed_at<?)"),
    ],
)
def test_a_page_is_read_along_an_index_in_its_order(
    plans: tuple[Search, list[str]], changes: dict[str, Any], index: str
) -> None:
    """No table is read from end to end, and nothing is sorted but calls of one and the same microsecond."""
    search, told = plans
    place = json.dumps([1772442000000000, "pbx1", "1"], separators=(",", ":")).encode()
    for cursor in (None, forged(place)):
        told.clear()
        search.calls(asked(until=NINE + timedelta(days=31), **changes), limit=50, after=cursor)
        assert any(step.endswith(index) for step in told), told
        assert not any(step.startswith("SCAN") or step == "USE TEMP B-TREE FOR ORDER BY" for step in told), told


@pytest.mark.parametrize("changes", [{}, {"line": "main"}, {"outcome": Outcome.ANSWERED}])
def test_an_agent_s_calls_are_read_along_four_indexes(plans: tuple[Search, list[str]], changes: dict[str, Any]) -> None:
    """No call that is not the agent's is looked at, neither for a page nor for their number."""
    search, told = plans
    chosen = asked(agent="Agent1", **changes)
    for question in (lambda: search.calls(chosen, limit=50), lambda: search.count(chosen)):
        told.clear()
        question()
        for index in (
            "calls USING INDEX ix_calls_agent_filed_at (agent=?",
            "calls USING INDEX ix_calls_member_filed_at (member=?",
            "ring_attempts USING COVERING INDEX ix_ring_attempts_agent_filed_at_system_linkedid (agent=?",
            "ring_attempts USING COVERING INDEX ix_ring_attempts_member_filed_at_system_linkedid (member=?",
        ):
            assert f"SEARCH {index} AND filed_at>? AND filed_at<?)" in told
        assert not any(step.startswith(("SCAN calls", "SCAN ring_attempts")) for step in told), told


def test_a_number_tells_calls_apart_before_an_agent_does(plans: tuple[Search, list[str]]) -> None:
    search, told = plans
    search.count(asked(agent="Agent1", number_ends="678"))
    assert any(
        "ix_calls_caller_ends_filed_at (caller_ends=? AND filed_at>? AND filed_at<?)" in step for step in told
    ), told


def test_transfers_are_read_along_their_index(plans: tuple[Search, list[str]]) -> None:
    search, told = plans
    search.transfers(TransferFilter(since=NINE, until=after(3600)), limit=50)
    assert any("ix_transfers_at (at>? AND at<?)" in step for step in told), told
    assert not any(step.startswith("SCAN") or step == "USE TEMP B-TREE FOR ORDER BY" for step in told), told

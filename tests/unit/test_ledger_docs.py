"""docs/ledger.md tells of every table and column, and of no others."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import Table, create_engine, text

from monitor.calls.facts import AgentState, Call, CallbackPromise, Gap, Hold, OutgoingCall, RingAttempt, Transfer
from monitor.ledger.rows import StoredRule
from monitor.ledger.tables import METADATA, TABLES

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
SECTIONS = {section.partition("\n")[0]: section for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]}
COLUMN = re.compile(r"^\| `(\w+)` \| (.+?) \|", re.MULTILINE)


def test_every_table_has_its_section() -> None:
    named = {name for name in SECTIONS if re.fullmatch("[a-z_]+", name)}
    assert named == {table.name for table in TABLES}


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_every_column_is_described_in_the_order_of_the_table(table: Table) -> None:
    assert [name for name, _ in COLUMN.findall(SECTIONS[table.name])] == [column.name for column in table.columns]


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_every_column_that_may_be_null_says_when(table: Table) -> None:
    meanings = dict(COLUMN.findall(SECTIONS[table.name]))
    # Null together with another column that says when.
    follows = {"reconnect_us", "reconnect_rings"}
    said = {name for name, meaning in meanings.items() if "null" in meaning} | (follows & set(meanings))
    assert said == {column.name for column in table.columns if column.nullable}


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_the_key_is_named(table: Table) -> None:
    key = ", ".join(f"`{column.name}`" for column in table.primary_key.columns)
    assert f"Key: {key}" in SECTIONS[table.name].replace("\n", " ")


@pytest.mark.parametrize(
    ("fact", "table", "elsewhere"),
    [
        (Call, "calls", {"key", "verdicts", "attempts", "transfers", "holds", "recordings", "callbacks"}),
        (CallbackPromise, "callback_promises", set()),
        (OutgoingCall, "outgoing_calls", {"key"}),
        (RingAttempt, "ring_attempts", set()),
        (Transfer, "transfers", set()),
        (Hold, "holds", set()),
        (AgentState, "agent_states", set()),
        # How far a clock was set is for those who show what goes on; the log and the metrics tell of it.
        (Gap, "coverage_gaps", {"set_by_us"}),
        (StoredRule, "rules", set()),
    ],
)
def test_every_field_of_a_fact_has_its_column(fact: type[Call], table: str, elsewhere: set[str]) -> None:
    columns = {column.name for column in METADATA.tables[table].columns}
    assert {field.name for field in fields(fact)} - columns == elsewhere


@pytest.mark.parametrize("statement", re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL))
def test_the_statements_of_the_page_run(statement: str) -> None:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.connect() as connection:
        given = dict.fromkeys(re.findall(r":(\w+)", statement), 0)
        assert connection.execute(text(statement), given).all() == []
    engine.dispose()

"""Along which indexes calls back are read, as SQLite plans it: nothing costs what the whole table holds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from monitor.callbacks.entries import ASKED, ON_LIST, CallbackQuery
from monitor.ledger.callback_counts import counts, due
from tests.ledger.callback_facts import answered, at, called, left

from .test_desk import TWO_HOURS, Desk, key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.callbacks.entries import Asked


@pytest.fixture
def planned(blank: Path, tmp_path: Path) -> Iterator[tuple[Desk, list[str]]]:
    """A desk, and what is planned for every question about `callbacks`; empty the list before."""
    desk = Desk(Path(shutil.copy(blank, tmp_path / "ledger.sqlite3")))
    desk.write(left(0), left(5), answered(10, promised=(11,)), called(20))
    told: list[str] = []

    def explain(_connection: object, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT") and "callbacks" in statement:
            explained = cursor.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            told.extend(row[-1] for row in explained.fetchall() if " callbacks " in f"{row[-1]} ")

    event.listen(desk.ledger.store.engine, "before_cursor_execute", explain)
    yield desk, told
    desk.ledger.close()


@pytest.mark.parametrize("state", ASKED)
def test_a_page_of_the_list_is_found_in_an_index_alone(planned: tuple[Desk, list[str]], state: Asked) -> None:
    desk, plan = planned
    desk.find(CallbackQuery(state=state))
    index = "list" if state in ON_LIST else "owed_at" if state == "all" else "state_owed_at"
    reads = {step.partition(" (")[0] for step in plan}
    assert f"COVERING INDEX ix_callbacks_{index}" in " ".join(reads)
    # Besides, the rows that are shown, by their key, and what their persons are owed.
    assert {step for step in reads if f"COVERING INDEX ix_callbacks_{index}" not in step} <= {
        "SEARCH callbacks USING PRIMARY KEY",
        "SEARCH callbacks USING INDEX ix_callbacks_person_owed_at",
    }


def test_what_is_written_is_worked_out_by_person(planned: tuple[Desk, list[str]]) -> None:
    """Every state is shared by tens of thousands: who looks one up reads them all for each call that ends."""
    desk, plan = planned
    desk.write(left(30), answered(40), called(50))
    assert {step.partition(" (")[0] for step in plan} == {"SEARCH callbacks USING INDEX ix_callbacks_person_owed_at"}
    plan.clear()
    desk.write(left(30), answered(40), left(55))
    desk.drop(key("in-55"), "done by mail", "kim")
    assert {step.partition(" (")[0] for step in plan} == {
        "SEARCH callbacks USING INDEX ix_callbacks_person_owed_at",
        "SEARCH callbacks USING PRIMARY KEY",
    }


def test_metrics_and_reminders_read_the_list_and_the_last_month(planned: tuple[Desk, list[str]]) -> None:
    desk, plan = planned
    with desk.ledger.store.reading() as connection:
        counts(connection, at(60), TWO_HOURS)
        due(connection, at(60), TWO_HOURS)
    assert {step.partition(" (")[0] for step in plan} == {
        "SEARCH callbacks USING COVERING INDEX ix_callbacks_list",
        "SEARCH callbacks USING INDEX ix_callbacks_owed_at",
    }

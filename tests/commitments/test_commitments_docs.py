"""docs/commitments.md says what the charter's register says, and what a sheet may hold."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from monitor.charter_setup import register_of
from monitor.commitments.clock import due_at, due_soon_until
from monitor.commitments.columns import COLUMNS
from monitor.commitments.register import CHARTER, Commitment, Counting, When
from monitor.config import load

from .office import WORK, at

PAGE = (Path(__file__).parents[2] / "docs" / "commitments.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("|")
    ]
    return [row for row in found if not set(row[0]) <= {"-"}][1:]


def within(one: Commitment) -> str:
    if one.every is not None:
        return f"each {one.every}"
    if one.days is None:
        return "no time is promised"
    return f"{one.days} {'working' if one.counting is Counting.WORKING else 'calendar'} days"


def owed(one: Commitment) -> str:
    told = []
    for rule in one.owed:
        when = f"{rule.visits} visits" if rule.when is When.VISITS else str(rule.when).replace("_", " ")
        what = [f"{rule.won:,} won"] + ["apology"] * rule.apology + ["training"] * rule.training
        told.append(f"{when}: {', '.join(what)}")
    return "; ".join(told)


def test_the_table_is_the_charters_register() -> None:
    told = rows("The charter's promises")
    assert told == [[f"`{one.key}`", one.en, one.ko, within(one), owed(one)] for one in CHARTER]


def test_the_settings_that_are_shown_give_the_same(tmp_path: Path) -> None:
    shown = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(shown) == 1
    assert tomllib.loads(shown[0])["commitment"][0]["days"] == 7
    file = tmp_path / "callmonitor.toml"
    file.write_text(shown[0], encoding="utf-8")
    assert register_of(load(file, environ={})) == CHARTER


def test_the_calendar_that_is_shown_is_right() -> None:
    counted = [day for row in rows("Clocks") for day in row if "**" in day]
    assert [day.split() for day in counted] == [
        ["21", "**1**"], ["22", "**2**"], ["23", "**3**"], ["28", "**4**"], ["29", "**5**"], ["30", "**6**"],
        ["1", "**7**"],
    ]  # fmt: skip
    due = at("2026-10-02")
    assert due_at(CHARTER[0], at("2026-09-21 09:00"), WORK) == due
    # Not on Monday the 28th, but on Tuesday.
    assert due_soon_until(CHARTER[0], at("2026-09-28 09:00"), 2, WORK) < due
    assert due_soon_until(CHARTER[0], at("2026-09-29 09:00"), 2, WORK) == due


def test_every_column_of_a_sheet_is_told() -> None:
    assert [row[:2] for row in rows("Sheets")] == [[column.ko, column.en] for column in COLUMNS]

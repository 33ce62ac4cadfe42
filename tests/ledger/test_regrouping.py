"""Other teams for past calls: by `recompute --teams`, from the queues and menu choices that the ledger has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from monitor.cli import app

from .records import a_call, after

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from monitor.ledger import Repository

SETTINGS = """
[[team]]
name = "원격응대팀"
queues = ["remote"]
menu = ["ivr-main,2"]
[[team]]
name = "보상팀"
queues = ["claims"]
"""
DAY = 86_400


@pytest.fixture
def filled(repository: Repository) -> Repository:
    """Five calls on two days; by the settings above the first three are the remote team's, the fourth is claims'."""
    repository.record_all(
        [
            a_call("1.1", queue="remote"),
            a_call("1.2", menu=("ivr-main,1", "ivr-main,2"), entered_at=after(1)),
            a_call("1.3", queue=None, menu=("ivr-main,2",), team="원격응대팀", entered_at=after(2)),
            a_call("1.4", queue="claims", menu=("ivr-main,2",), team="원격응대팀", entered_at=after(DAY)),
            a_call("1.5", team="gone", entered_at=after(DAY + 1)),
            a_call("1.6", queue="remote", entered_at=after(3 * DAY)),
        ]
    )
    return repository


def regroup(store: str, folder: Path, *more: str) -> Result:
    config = folder / "callmonitor.toml"
    config.write_text(SETTINGS, encoding="utf-8")
    days = ["--from", "2026-03-02", "--to", "2026-03-03"]
    return CliRunner().invoke(app, ["recompute", "--teams", *days, "--store", store, "--config", str(config), *more])


def teams(repository: Repository) -> dict[str, str | None]:
    with repository.store.reading() as connection:
        return {row.linkedid: row.team for row in connection.exec_driver_sql("SELECT linkedid, team FROM calls")}


def test_each_call_goes_to_the_team_whose_it_is_now(filled: Repository, store: str, tmp_path: Path) -> None:
    """The sixth lies behind the period, and stays as it is. A second time nothing moves."""
    told = json.loads(regroup(store, tmp_path, "--json").stdout)
    assert sorted((each["before"] or "", each["team"] or "", each["calls"]) for each in told) == [
        ("", "원격응대팀", 2),
        ("gone", "", 1),
        ("원격응대팀", "보상팀", 1),
        ("원격응대팀", "원격응대팀", 1),
    ]
    expected = dict.fromkeys(("1.1", "1.2", "1.3"), "원격응대팀") | {"1.4": "보상팀", "1.5": None, "1.6": None}
    assert teams(filled) == expected
    again = regroup(store, tmp_path)
    assert again.stdout.splitlines() == ["        1  no team", "        1  보상팀", "        3  원격응대팀"]
    assert teams(filled) == expected


@pytest.mark.parametrize("more", [["--line", "main"], ["--queue", "remote"], ["--rule", "rules.toml"]])
def test_what_belongs_to_rules_is_refused(store: str, tmp_path: Path, more: list[str]) -> None:
    answer = regroup(store, tmp_path, *more)
    assert answer.exit_code == 2
    assert "--teams alone." in answer.output


def test_one_of_the_two_is_needed() -> None:
    answer = CliRunner().invoke(app, ["recompute", "--from", "2026-03-02", "--to", "2026-03-03"])
    assert answer.exit_code == 2
    assert "--rule FILE" in answer.output

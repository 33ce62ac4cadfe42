"""A monitor that is killed at random instants loses nothing, tells nothing twice, and says what it could not see.

In CI twelve minutes of a simulated busy hour and 40 kills; `make reliability` takes the hour and 400.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent.parent
LONG = "TESTS_AT_LENGTH" in os.environ
SEED = 20061
SECONDS, WAITING, GOING_ON = (3600, 300, 100) if LONG else (720, 22, 18)
"""How long the centre works, and how often it is killed while the wire waits, and while it goes on."""
ON_THE_WAY_US = 60_000
"""What was sent so shortly before a kill had not arrived: the simulated wire brings 50 ms together."""
TABLES = ("calls", "ring_attempts", "transfers", "holds", "agent_states", "coverage_gaps")
PARTS = ("ring_attempts", "transfers", "holds")
Row = tuple[Any, ...]


@dataclass
class Killed:
    """What came of it.

    Attributes:
        told: by variant, what the killer knows.
        calls: of the centre: when each began and ended.
    """

    home: Path
    told: dict[str, dict[str, Any]]
    calls: dict[str, tuple[int, int]]
    connected_us: int

    def rows(self, variant: str, table: str) -> list[Row]:
        """A whole table of a variant's ledger, in order; the first two columns of those of calls are their key."""
        with sqlite3.connect(self.home / variant / "ledger.sqlite3") as ledger:
            return sorted(ledger.execute(f"SELECT * FROM {table}"), key=repr)  # noqa: S608 - a name of this file's own

    def by_call(self, variant: str) -> dict[str, list[Row]]:
        """All that a ledger has of each call, by linkedid."""
        found: dict[str, list[Row]] = {row[1]: [row] for row in self.rows(variant, "calls")}
        for table in PARTS:
            for row in self.rows(variant, table):
                found[row[1]].append(row)
        return found

    def counted(self, variant: str) -> Counter[str]:
        """How often each call was told to those who count, over all runs."""
        return Counter((self.home / variant / "counted").read_text("ascii").split())

    def at_stake(self, variant: str) -> set[str]:
        """The calls in progress at a kill, by the centre's own account."""
        at = self.told[variant]["at_us"]
        return {call for call, (began, ended) in self.calls.items() if any(began <= us < ended for us in at)}


pytestmark = pytest.mark.xdist_group("killed")
"""One worker makes the hour for all of them."""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """The hour, followed undisturbed and in programs that were killed."""
    home = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-m", "tests.faults.killed", str(home), *map(str, (SEED, SECONDS, WAITING, GOING_ON))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    told = json.loads(done.stdout)
    calls = {linkedid: (began_us, ended_us) for linkedid, began_us, ended_us in told.pop("calls")}
    return Killed(home, told, calls, told.pop("connected_us") - 1)


def test_the_ledger_equals_that_of_an_undisturbed_run_row_for_row(killed: Killed, told: Callable[..., None]) -> None:
    """Nothing came while nobody listened, so nothing may differ: no call, no second of any phone, no member's state."""
    assert killed.told["waits"]["kills"] >= 0.9 * WAITING, "a few may have come to the end just before"
    assert {row[1] for row in killed.rows("undisturbed", "calls")} == set(killed.calls)

    for table in TABLES:
        assert killed.rows("waits", table) == killed.rows("undisturbed", table), table

    lost = set(killed.calls) - {row[1] for row in killed.rows("waits", "calls")}
    counted = killed.counted("waits")
    # Killed between writing an item down and telling of it, a call is in the ledger and was never counted.
    assert sum(call not in counted for call in killed.calls) <= killed.told["waits"]["kills"]
    told(
        fault=f"kill -9 at {killed.told['waits']['kills']} random instants of a simulated busy hour, the wire waiting",
        parts="journal, call state, SQLite, SIGKILL",
        calls_at_stake=len(killed.at_stake("waits")),
        lost=len(lost),
        duplicated=sum(count - 1 for count in counted.values()),
        unobserved_told_seconds=0.0,
        unobserved_untold_seconds=0.0,
        recovered_seconds=max(killed.told["waits"]["recovered_seconds"]),
    )


def test_what_was_missed_is_told_and_all_else_equals_the_undisturbed_run(
    killed: Killed, told: Callable[..., None]
) -> None:
    """The centre works on while the monitor is dead: each such time is a gap, and calls that touch none are whole."""
    variant, undisturbed = killed.by_call("goes on"), killed.by_call("undisturbed")
    unseen = [(began, ended) for began, ended in killed.told["goes on"]["unseen_us"]]
    gaps = [(row[1], row[2]) for row in killed.rows("goes on", "coverage_gaps")]
    causes = {row[3] for row in killed.rows("goes on", "coverage_gaps")}
    assert causes == {"monitor_down"}
    assert len(gaps) == len(unseen), "one for each time, and not two"
    untold_us = sum(ended - began for began, ended in unseen) - sum(map(_common, unseen, gaps))
    # Before the first connection nobody ever listened.
    blind = [(0, killed.connected_us), *((began - ON_THE_WAY_US, ended) for began, ended in gaps)]

    whole = {call for call, (began, ended) in killed.calls.items() if not _touches(blind, began, ended)}
    hidden = {call for call, (began, ended) in killed.calls.items() if any(s < began and ended < e for s, e in blind)}
    touched = len(killed.calls) - len(whole) - len(hidden)
    assert min(len(whole), touched) > len(killed.calls) // 10, "else it shows little"
    for call in whole:
        assert variant.get(call) == undisturbed[call], call
    assert variant.keys() <= killed.calls.keys()
    # A call that came in unseen, and of which Asterisk does not tell what was dialled, is not known for the line's.
    named = {int(us): set(calls) for us, calls in killed.told["goes on"]["named"].items()}
    nameless = {
        call
        for (_, connected_us) in [(0, killed.connected_us), *unseen]
        for call, (began, ended) in killed.calls.items()
        if began < connected_us < ended and call not in named[connected_us] and call not in variant
    }
    came_unseen = {call for call, (began, _) in killed.calls.items() if any(s < began < e for s, e in blind)}
    assert nameless <= came_unseen
    lost = killed.calls.keys() - variant.keys() - hidden - nameless
    observed = {row[1]: row[_column(killed, "observed")] for row in killed.rows("goes on", "calls")}
    touching = {call for call, (began, ended) in killed.calls.items() if _touches(gaps, began, ended)}
    assert {observed[call] for call in variant.keys() & touching} == {"partly"}
    told(
        fault=f"kill -9 at {killed.told['goes on']['kills']} random instants of a simulated busy hour, calls going on",
        parts="journal, call state, SQLite, SIGKILL",
        calls_at_stake=len(killed.at_stake("goes on")),
        lost=len(lost),
        duplicated=sum(count - 1 for count in killed.counted("goes on").values()),
        unobserved_told_seconds=sum(ended - began for began, ended in gaps) / 1e6,
        unobserved_untold_seconds=untold_us / 1e6,
        recovered_seconds=max(killed.told["goes on"]["recovered_seconds"]),
    )


def _column(killed: Killed, name: str) -> int:
    with sqlite3.connect(killed.home / "undisturbed" / "ledger.sqlite3") as ledger:
        return [column[0] for column in ledger.execute("SELECT * FROM calls LIMIT 0").description].index(name)


def _touches(gaps: list[tuple[int, int]], began: int, ended: int) -> bool:
    return any(began < gap_ended and ended > gap_began for gap_began, gap_ended in gaps)


def _common(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))

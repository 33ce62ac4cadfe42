"""`callmonitor callbacks recompute`, as an operator types it."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from typer.testing import CliRunner

from monitor.cli import app
from monitor.ledger import Repository
from tests.ledger.callback_facts import answered, called, left


def test_calls_from_before_there_were_any_and_other_days(blank: Path, tmp_path: Path) -> None:
    """Written without calls back, as by the release before; then worked out with three days in place of one.

    Who left on Monday the 2nd of March at 18:00 in Seoul (a day off) is to be called by the end of the third working
    day: Thursday the 5th at 18:00, 09:00 UTC. In microseconds since 1970 that is 1 772 701 200 s, a million each.
    """
    path = Path(shutil.copy(blank, tmp_path / "ledger.sqlite3"))
    repository = Repository(path)
    repository.record_all([left(0), answered(5), called(10)])
    repository.close()
    config = tmp_path / "callmonitor.toml"
    config.write_text('[callbacks]\nmissed_working_days = 3\n[working_time]\nweek = "x"\n')
    days = ["--from", "2026-03-01", "--to", "2026-03-31"]
    typed = ["callbacks", "recompute", *days, "--config", str(config), "--store", str(path)]
    refused = CliRunner().invoke(app, typed)
    assert refused.exit_code != 0
    hours = "".join(f'{day} = "09:00-18:00"\n' for day in ("monday", "tuesday", "wednesday", "thursday", "friday"))
    config.write_text(f"[callbacks]\nmissed_working_days = 3\n[working_time]\n{hours}")
    done = CliRunner().invoke(app, typed)
    assert (done.exit_code, "1 calls" in done.stdout) == (0, True)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT linkedid, state, tries, due_at FROM callbacks").fetchall() == [
            ("in-0", "came_again", 0, 1_772_701_200_000_000)
        ]
    connection.close()

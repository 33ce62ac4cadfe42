"""`callmonitor rebuild`: a ledger that lost rows, or tells otherwise, made anew from the journal."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from monitor.calls.facts import CallKey
from monitor.cli import app
from monitor.errors import JournalError
from monitor.journal.segments import folders, segments
from tests.ledger.records import a_call

from .hour import FROM, SETTINGS, SYSTEM, TO, Hour, ask, dump, sql
from .material import NAME

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from monitor.ledger import Repository


WHOLE = "SELECT linkedid FROM calls WHERE outcome = 'answered' AND observed = 'whole' ORDER BY filed_at"


class Rebuild:
    """The command in a folder of its own, with a copy of the ledger and the journal of the hour."""

    def __init__(self, hour: Hour, folder: Path) -> None:
        self.hour = hour
        self.folder = folder
        self.ledger = hour.copy(folder)
        self.journal = hour.journal
        self.settings = ""

    def __call__(self, *arguments: str, typed: str | None = None) -> Result:
        config = self.folder / "callmonitor.toml"
        config.write_text(f'{SETTINGS}\n[journal]\nfolder = "{self.journal}"\n{self.settings}', encoding="utf-8")
        period = [] if "--from" in arguments else ["--from", FROM, "--to", TO]
        done = CliRunner().invoke(
            app,
            ["rebuild", *period, "--config", str(config), "--store", str(self.ledger), *arguments],
            input=typed,
            catch_exceptions=False,
        )
        assert done.exit_code == 0, done.output
        return done

    def counts(self, output: str) -> dict[str, int]:
        """The column of figures below the system's name."""
        found = (re.fullmatch(r"\s*(\S.*?)\s{2,}([\d,]+)", line) for line in output.splitlines())
        return {match[1]: int(match[2].replace(",", "")) for match in found if match}

    def own_journal(self) -> Path:
        """A copy of the journal to spoil; the system's folder."""
        self.journal = self.folder / "journal"
        shutil.copytree(self.hour.journal, self.journal)
        return folders(self.journal)[0]


@pytest.fixture
def rebuild(hour: Hour, tmp_path: Path) -> Rebuild:
    return Rebuild(hour, tmp_path)


def test_nothing_differs_where_nothing_was_lost(rebuild: Rebuild) -> None:
    before = dump(rebuild.ledger)
    done = rebuild("--yes")
    counts = rebuild.counts(done.output)
    assert counts["Calls of which both tell the same"] == rebuild.hour.calls == len(before["calls"]) > 60
    assert sum(counts.values()) == rebuild.hour.calls
    assert "Nothing is to be written." in done.output
    assert dump(rebuild.ledger) == before


def test_what_was_deleted_comes_back_as_it_was(rebuild: Rebuild) -> None:
    """Every third call with all that belongs to it, members' states, an interval: every row is as before."""
    before = dump(rebuild.ledger)
    calls = sql(rebuild.ledger, "DELETE FROM calls WHERE rowid % 3 = 0")
    states = sql(rebuild.ledger, "DELETE FROM agent_states WHERE at % 2 = 0")
    gaps = sql(rebuild.ledger, "DELETE FROM coverage_gaps WHERE cause = 'not_connected'")
    assert (calls > 15, states > 30, gaps) == (True, True, 2)
    assert dump(rebuild.ledger) != before

    shown = rebuild(typed="no\n")
    counts = rebuild.counts(shown.output)
    assert counts["Only in the journal: to be added"] == calls
    assert counts["States of members to be added"] == states
    assert counts["Unobserved intervals to be added"] == gaps
    assert "Nothing was written." in shown.output
    assert len(dump(rebuild.ledger, "calls")["calls"]) == rebuild.hour.calls - calls, "shown first, not written"

    written = rebuild("--yes")
    assert f"Written: {calls + states + gaps} records." in written.output
    assert dump(rebuild.ledger) == before
    again = rebuild("--yes")
    assert "Nothing is to be written." in again.output
    assert dump(rebuild.ledger) == before


def test_calls_going_out_and_promises_come_back_and_what_was_erased_does_not(rebuild: Rebuild) -> None:
    """One call going out is lost, another's number was erased and it tells of another agent; promises are lost."""
    before = dump(rebuild.ledger)
    made = ask(rebuild.ledger, "SELECT linkedid FROM outgoing_calls ORDER BY started_at")
    sql(rebuild.ledger, "UPDATE outgoing_calls SET number = NULL, person = NULL WHERE linkedid = ?", made[1])
    erased = dump(rebuild.ledger)
    sql(rebuild.ledger, "DELETE FROM outgoing_calls WHERE linkedid = ?", made[0])
    sql(rebuild.ledger, "UPDATE outgoing_calls SET agent = 'PJSIP/nobody' WHERE linkedid = ?", made[1])
    promises = sql(rebuild.ledger, "DELETE FROM callback_promises")
    assert promises == len(before["callback_promises"]) > 0
    done = rebuild("--yes")
    counts = rebuild.counts(done.output)
    assert counts["Calls going out to be written"] == 2
    assert counts["Different: to be replaced"] == counts["in callbacks"] == promises
    assert dump(rebuild.ledger, "outgoing_calls", "callback_promises") == {
        name: erased[name] for name in ("outgoing_calls", "callback_promises")
    }
    assert "Nothing is to be written." in rebuild("--yes").output


def test_what_was_changed_is_told_field_by_field_and_put_right(rebuild: Rebuild) -> None:
    before = dump(rebuild.ledger)
    linkedid = ask(rebuild.ledger, WHOLE)[0]
    sql(rebuild.ledger, "UPDATE calls SET waiting_us = 1500000, agent = 'PJSIP/nobody' WHERE linkedid = ?", linkedid)
    sql(rebuild.ledger, "UPDATE ring_attempts SET result = 'failed' WHERE linkedid = ? AND ordinal = 0", linkedid)
    table = rebuild.folder / "differences.csv"
    done = rebuild("--csv", str(table), "--yes")
    counts = rebuild.counts(done.output)
    assert counts["Different: to be replaced"] == 1
    assert (counts["in agent"], counts["in attempts"], counts["in waiting_us"]) == (1, 1, 1)
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["field"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"agent", "waiting_us", "attempts[0].result"}
    assert {row["linkedid"] for row in rows.values()} == {linkedid}
    assert (rows["waiting_us"]["ledger"], rows["agent"]["ledger"]) == ("1500000", "PJSIP/nobody")
    assert rows["attempts[0].result"]["ledger"] == "failed"
    assert dump(rebuild.ledger) == before


def test_a_record_that_saw_more_stays(rebuild: Rebuild) -> None:
    """A call that the wire's five seconds touched is partly known here; another monitor may have seen all of it."""
    linkedid = ask(rebuild.ledger, "SELECT linkedid FROM calls WHERE observed = 'partly'")[0]
    sql(
        rebuild.ledger,
        "UPDATE calls SET observed = 'whole', completeness = 3, talking_us = 7 WHERE linkedid = ?",
        linkedid,
    )
    before = dump(rebuild.ledger)
    done = rebuild("--yes")
    assert rebuild.counts(done.output)["Different: the ledger's stays"] == 1
    assert "the ledger's record saw more of the call" in done.output
    assert dump(rebuild.ledger) == before


def test_what_was_brought_in_gives_way_to_what_was_seen(rebuild: Rebuild) -> None:
    """A call that had been filled from a CDR: the journal tells it whole."""
    before = dump(rebuild.ledger)
    linkedid = ask(rebuild.ledger, WHOLE)[0]
    sql(
        rebuild.ledger,
        "UPDATE calls SET source = 'cdr', completeness = -2, ringing_us = NULL, rings = NULL WHERE linkedid = ?",
        linkedid,
    )
    done = rebuild("--yes")
    assert rebuild.counts(done.output)["in source"] == 1
    assert dump(rebuild.ledger) == before


def test_a_call_that_only_the_ledger_has_stays(rebuild: Rebuild) -> None:
    """Brought in from elsewhere, or of a line that is no line any more: nothing is ever taken away."""
    for linkedid, source in zip(ask(rebuild.ledger, WHOLE), ("cdr", "ami"), strict=False):
        sql(rebuild.ledger, "CREATE TABLE copied AS SELECT * FROM calls WHERE linkedid = ?", linkedid)
        sql(rebuild.ledger, "UPDATE copied SET linkedid = 'other-' || ?, source = ?", source, source)
        sql(rebuild.ledger, "INSERT INTO calls SELECT * FROM copied")
        sql(rebuild.ledger, "DROP TABLE copied")
    before = dump(rebuild.ledger)
    done = rebuild("--yes")
    assert rebuild.counts(done.output)["Only in the ledger: stays"] == 2
    assert "brought in from cdr" in done.output
    assert "it is of no line now" in done.output
    assert "not ended" not in done.output
    assert dump(rebuild.ledger) == before


def test_other_rules_judge_anew(rebuild: Rebuild) -> None:
    """Two rings in place of three: who was answered in the third ring kept the old promise, and breaks this one."""
    in_third = len(ask(rebuild.ledger, "SELECT linkedid FROM calls WHERE outcome = 'answered' AND rings = 3"))
    assert in_third > 3
    rebuild.settings = '[[rule]]\nname = "two-rings"\nlimit = 2\n'
    done = rebuild("--yes")
    counts = rebuild.counts(done.output)
    assert counts["in rule"] == rebuild.hour.calls, "each record says which rule judged it"
    assert counts["in verdicts"] >= in_third
    assert set(ask(rebuild.ledger, "SELECT rule FROM calls")) == {"two-rings/1"}
    assert set(ask(rebuild.ledger, "SELECT name FROM rules")) == {"two-rings", "three-rings"}
    broken = "SELECT linkedid FROM calls WHERE outcome = 'answered' AND rings = 3 AND verdict_within = 'broken'"
    assert len(ask(rebuild.ledger, broken)) == in_third
    assert "Nothing is to be written." in rebuild("--yes").output


def test_where_the_journal_has_a_hole_the_ledger_stays(rebuild: Rebuild) -> None:
    """A segment is gone: calls that only the ledger saw whole stay whole, and none is called lost."""
    before = dump(rebuild.ledger)
    folder = rebuild.own_journal()
    segments(folder)[2].path.unlink()
    done = rebuild("--yes")
    counts = rebuild.counts(done.output)
    assert counts["Holes in the journal"] == 1
    assert f"{SYSTEM}: the journal tells nothing from 2026-03-02 19:0" in done.output
    assert counts["Different: to be replaced"] == 0
    assert counts["Different: the ledger's stays"] + counts["Only in the ledger: stays"] > 0
    assert "the journal has a hole there" in done.output
    assert "it is of no line now" not in done.output
    assert dump(rebuild.ledger) == before


def test_before_the_journal_begins(rebuild: Rebuild) -> None:
    before = dump(rebuild.ledger)
    folder = rebuild.own_journal()
    for segment in segments(folder)[:2]:
        segment.path.unlink()
    done = rebuild("--yes")
    assert "the journal begins later" in done.output
    assert dump(rebuild.ledger) == before


def test_behind_the_journal_s_end(rebuild: Rebuild) -> None:
    """From its fourth segment on it is gone: calls lose their end, or all of them, as the ledger tells."""
    before = dump(rebuild.ledger)
    gone = [segment.path for segment in segments(rebuild.own_journal())[3:]]
    for path in gone:
        path.unlink()
    # A segment is named after the instant, in UTC, at which it begins.
    ends_us = int(datetime.strptime(f"{gone[0].name[:22]}+0000", "%Y%m%dT%H%M%S.%f%z").timestamp() * 1e6)
    behind = sql_count(rebuild.ledger, "filed_at > ?", ends_us)
    unended = sql_count(rebuild.ledger, "filed_at < ? AND ended_at > ?", ends_us, ends_us)
    assert min(behind, unended) > 1
    table = rebuild.folder / "differences.csv"
    done = rebuild("--csv", str(table), "--yes")
    with table.open(encoding="utf-8-sig", newline="") as file:
        reasons = Counter(row["reason"] for row in csv.DictReader(file) if row["difference"] == "ledger_only")
    assert reasons == {"the journal ends earlier": behind, "it has not ended in the journal": unended}
    assert rebuild.counts(done.output)["Only in the ledger: stays"] == behind + unended
    assert dump(rebuild.ledger) == before


def sql_count(path: Path, where: str, *values: int) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM calls WHERE {where}", values).fetchone()[0])  # noqa: S608 - conditions of these tests


def test_what_was_erased_does_not_come_back(rebuild: Rebuild) -> None:
    """A caller who asked to be forgotten, and names that were replaced by pseudonyms, stay what they are."""
    erased = sql(rebuild.ledger, "UPDATE calls SET caller = NULL, caller_ends = NULL WHERE rowid % 2 = 0")
    assert erased > 30
    sql(rebuild.ledger, "UPDATE calls SET agent = 'agent#ABCDEFGH' WHERE agent IS NOT NULL AND rowid % 5 = 0")
    before = dump(rebuild.ledger)
    done = rebuild("--yes")
    assert "pseudonyms" in done.output
    assert dump(rebuild.ledger) == before


def test_numbers_are_masked_in_all_that_is_shown(rebuild: Rebuild) -> None:
    """Neither the table nor the file tells a caller's number."""
    numbers = set(ask(rebuild.ledger, "SELECT caller FROM calls WHERE length(caller) > 8"))
    assert len(numbers) > 20
    sql(rebuild.ledger, "UPDATE calls SET caller = '01099998888' WHERE caller IS NOT NULL")
    table = rebuild.folder / "differences.csv"
    done = rebuild("--csv", str(table))
    told = done.output + table.read_text(encoding="utf-8")
    assert "010-****-8888" in told
    assert [number for number in [*numbers, "01099998888"] if number in told] == []


def test_numbers_that_the_ledger_hashes_are_hashed(rebuild: Rebuild) -> None:
    key = rebuild.folder / "key"
    key.write_text("0123456789abcdef0123456789abcdef\n", encoding="utf-8")
    rebuild.settings = f'[privacy]\nnumbers = "hmac"\nkey_file = "{key}"\n'
    deleted = sql(rebuild.ledger, "DELETE FROM calls WHERE caller IS NOT NULL AND length(caller) > 8")
    assert deleted > 25
    assert rebuild.counts(rebuild("--yes").output)["Only in the journal: to be added"] == deleted
    assert len(ask(rebuild.ledger, "SELECT caller FROM calls WHERE caller LIKE 'hmac:%'")) == deleted


def test_a_part_of_the_hour_touches_that_part_alone(rebuild: Rebuild) -> None:
    """Calls are told by when they entered: from 19:02 to 19:06."""
    sql(rebuild.ledger, "DELETE FROM calls")
    rebuild("--yes", "--from", "2026-03-02T19:02", "--to", "2026-03-02T19:06:00")
    filed = list(map(int, ask(rebuild.ledger, "SELECT filed_at FROM calls")))
    # 2026-03-02T10:02Z and T10:06Z, by `date -u -d … +%s`.
    assert min(filed) >= 1_772_445_720_000_000
    assert max(filed) < 1_772_445_960_000_000
    assert len(filed) > 20


def test_one_system_and_no_such_system(rebuild: Rebuild) -> None:
    assert rebuild.counts(rebuild("--system", NAME).output)["Calls of which both tell the same"] == rebuild.hour.calls
    with pytest.raises(JournalError, match="There is no journal of 'pbx9' in"):
        rebuild("--system", "pbx9")


def test_replay_reads_a_period_of_the_journal(rebuild: Rebuild) -> None:
    """The calls it prints are the ledger's, by key and by what they were."""
    rebuild()
    done = CliRunner().invoke(
        app, ["replay", "--from", FROM, "--to", TO, "--config", str(rebuild.folder / "callmonitor.toml")]
    )
    assert done.exit_code == 0, done.output
    printed = sorted((call["linkedid"], call["outcome"]) for call in map(json.loads, done.stdout.splitlines()))
    assert [f"{linkedid} {outcome}" for linkedid, outcome in printed] == sorted(
        ask(rebuild.ledger, "SELECT linkedid || ' ' || outcome FROM calls")
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay"], "name a FILE or several, or a period of the journal by --from and --to."),
        (["replay", "--from", "2026-03-02"], "--to is missing: beside --from it names the period of the journal."),
        (["replay", "--to", "2026-03-02"], "--from is missing: beside --to it names the period of the journal."),
        (["replay", "x.ami", "--from", "2026-03-02", "--to", "2026-03-02"], "leave these out, or leave out FILE."),
        (["replay", "x.ami", "--from", "2026-03-02"], "leave these out, or leave out FILE and add --to."),
        (["replay", "x.ami", "--to", "2026-03-02"], "leave these out, or leave out FILE and add --from."),
        (["rebuild", "--from", "March", "--to", "2026-03-02"], "neither a day nor an instant"),
        (["rebuild", "--from", "2026-03-02", "--to", "2026-03-01"], "ends (2026-03-01) before it begins"),
        (["rebuild", "--from", "2026-03-02T25:00", "--to", "2026-03-03"], "neither a day nor an instant"),
    ],
)
def test_what_is_no_period(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())


def test_calls_are_found_by_their_keys_in_every_kind_of_store(repository: Repository) -> None:
    """Two systems, and one linkedid of both: each is its own, with all that belongs to it; a third there is not."""
    one, two = a_call(), replace(a_call(), key=CallKey(system="pbx2", linkedid=a_call().key.linkedid))
    repository.record_all([one, two])
    none = CallKey(system="pbx3", linkedid=one.key.linkedid)
    assert repository.calls_of([two.key, none]) == [two]
    assert {call.key: call for call in repository.calls_of([one.key, two.key])} == {one.key: one, two.key: two}

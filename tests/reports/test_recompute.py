"""`callmonitor recompute`: another rule beside what is stored, which stays as it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from monitor.calls.facts import Observed, Outcome, Source, Verdict, VerdictReason
from monitor.calls.rules import SECOND_US, RingRule
from monitor.calls.verdicts import judge
from monitor.cli import app
from monitor.ledger.rows import StoredRule
from monitor.ledger.tables import TABLES
from monitor.reports.recounting import Anew, find_rule
from tests.ledger.records import a_call, after

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from monitor.calls.facts import Call
    from monitor.ledger import Repository

RULES = """
[[rule]]
name = "two-rings"
limit = 2

[[rule]]
name = "american"
country = "US"
headline = "before"
"""


def rang(number: int, seconds: float, outcome: Outcome = Outcome.ANSWERED, **changes: Any) -> Call:
    """A call whose phones rang for so long, judged by three rings of 3 s."""
    rule, ringing_us = RingRule(), round(seconds * SECOND_US)
    judgement = judge(rule, outcome, ringing_us, whole=True)
    return a_call(
        f"1.{number}",
        **{
            "entered_at": after(number),
            "outcome": outcome,
            "ringing_us": ringing_us,
            "rings": rule.rings(ringing_us),
            "verdicts": judgement.verdicts,
            "verdict_reason": judgement.reason,
            "transfers": (),
        }
        | changes,
    )


CALLS = [
    rang(1, 2.999999),
    rang(2, 3),
    rang(3, 5.999999),
    rang(4, 6),
    rang(5, 9),
    rang(6, 18),
    rang(7, 4, Outcome.ABANDONED_RINGING),
    rang(8, 0, Outcome.ABANDONED_WAITING),
    rang(
        9, 0, rings=None, ringing_us=None, source=Source.QUEUE_LOG, verdict_reason=VerdictReason.RINGING_UNKNOWN,
        verdicts=(("within", Verdict.EXCLUDED), ("before", Verdict.EXCLUDED)),
    ),
]  # fmt: skip
"""By three rings of 3 s: rings 1, 2, 2, 3, 4, 7, and 2 of a caller who left, none, and not known."""


@pytest.fixture
def filled(repository: Repository) -> Repository:
    repository.record_rule(RingRule())
    repository.record_all(CALLS)
    return repository


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    return path


def recompute(store: str, rules: Path, *more: str, days: tuple[str, str] = ("2026-03-01", "2026-03-05")) -> Result:
    command = ["recompute", "--rule", str(rules), "--from", days[0], "--to", days[1], "--store", store, *more]
    return CliRunner().invoke(app, command)


def rows(repository: Repository) -> dict[str, list[Any]]:
    with repository.store.reading() as connection:
        return {table.name: list(connection.execute(select(table)).all()) for table in TABLES}


def test_each_rule_stands_beside_what_is_stored(filled: Repository, store: str, rule_file: Path) -> None:
    """Stored: kept within [1 2 3 4], broken [5 6]; before kept [1 2 3], broken [4 5 6].

    two-rings: ring 3 begins at 6 s: kept [1 2 3], broken [4 5 6]; before ring 2, at 3 s: kept [1], broken
    [2 3 4 5 6] and the caller of 4 s, whose phone rang past one ring.
    american, 6 s a ring: rings 1, 1, 1, 2, 2, 4, 1, 0: within three kept [1-5], broken [6] at 18 s; before ring 3, at
    12 s, the same.
    """
    before = rows(filled)
    answer = recompute(store, rule_file, "--json")
    assert answer.exit_code == 0, answer.output
    stored, two, american = json.loads(answer.stdout)
    assert stored["rule"] is None
    assert two["rule"] == {
        "label": "two-rings/1", "limit": 2, "headline": "within", "country": "KR", "period_seconds": 3.0
    }  # fmt: skip
    assert [each["calls"] for each in (stored, two, american)] == [9, 9, 9]
    assert stored["verdicts"] == {
        "within": {"kept": 4, "broken": 2, "excluded": 3},
        "before": {"kept": 3, "broken": 3, "excluded": 3},
    }
    assert two["verdicts"] == {
        "within": {"kept": 3, "broken": 3, "excluded": 3},
        "before": {"kept": 1, "broken": 6, "excluded": 2},
    }
    assert american["verdicts"] == {
        reading: {"kept": 5, "broken": 1, "excluded": 3} for reading in ("within", "before")
    }
    assert [each["compliance"] for each in (stored, two, american)] == [
        {"within": 4 / 6, "before": 3 / 6},
        {"within": 3 / 6, "before": 1 / 7},
        {"within": 5 / 6, "before": 5 / 6},
    ]
    # Nobody's phone rang, the caller left, and what the queue log does not tell: under every rule.
    reasons = {"no_phone_rang": 1, "caller_left_within_rule": 1, "ringing_unknown": 1}
    assert [each["excluded"] for each in (stored, two, american)] == [reasons] * 3
    rings = [(row["rings"], row["outcome"], row["calls"]) for row in american["rings"]]
    assert rings == [
        (0, "abandoned_waiting", 1), (1, "abandoned_ringing", 1), (1, "answered", 3), (2, "answered", 2),
        (4, "answered", 1), (None, "answered", 1),
    ]  # fmt: skip
    assert american["months"] == [{"month": "2026-03", "compliance": {"within": 5 / 6, "before": 5 / 6}}]
    assert rows(filled) == before


@pytest.mark.parametrize(
    ("language", "stored", "compliance"),
    [("en", "As stored", "Compliance (rings ≤ limit)"), ("ko", "저장된 판정", "준수율(벨 ≤ 기준 횟수)")],
)
@pytest.mark.usefixtures("filled")
def test_the_table_speaks_the_language_asked_for(
    store: str, rule_file: Path, language: str, stored: str, compliance: str
) -> None:
    answer = recompute(store, rule_file, "--lang", language)
    assert answer.exit_code == 0, answer.output
    lines = [re.split(r"\s{2,}", line.strip()) for line in answer.stdout.splitlines()]
    assert lines[1] == [stored, "two-rings/1", "american/1"]
    assert [compliance, "66.7%", "50.0%", "83.3%"] in lines


def test_a_selection_and_other_days_hold_fewer(filled: Repository, store: str, rule_file: Path) -> None:
    filled.record_all([rang(10, 1, line="second", queue="sales")])

    def calls(*more: str, **days: Any) -> int:
        found: list[dict[str, int]] = json.loads(recompute(store, rule_file, "--json", *more, **days).stdout)
        return found[1]["calls"]

    assert calls() == 10
    assert calls("--line", "second") == calls("--queue", "sales") == 1
    assert calls(days=("2026-03-03", "2026-03-31")) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rule = 3", "rule is 3 but must be a list"),
        ("", "there is no ring rule in it"),
        ("[[rule]\n", "this is not TOML"),
        ("[[rule]]\nlimits = 4", "rule[0].limits is no setting; did you mean limit?"),
        ("[[rule]]\nlimit = 0", "rule[0].limit is 0 but must be at least 1"),
        ("[[rule]]\ncountry = 'XX'", "rule[0].country has no known ringing cadence"),
        ("[[rule]]\n[[rule]]", "the rule three-rings/1 stands there twice"),
        ("[[rule]]\n[web]\nport = 1", "web is no setting"),
    ],
)
def test_a_file_that_holds_no_rules_is_refused_with_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    answer = recompute(str(tmp_path / "no.sqlite3"), path)
    assert answer.exit_code != 0
    assert says in str(answer.exception)
    assert str(path) in str(answer.exception)


def test_what_is_not_there_is_named(filled: Repository, store: str, rule_file: Path, tmp_path: Path) -> None:
    for answer, says in (
        (recompute(store, tmp_path / "none.toml"), "none.toml: cannot be read (No such file or directory)"),
        (recompute(str(tmp_path / "none.sqlite3"), rule_file), "none.sqlite3 is not there"),
        (recompute(store, rule_file, "--line", "third"), "There is no line 'third': known are 1588-6565, main."),
    ):
        assert answer.exit_code != 0
        assert says in str(answer.exception)
    for days, says in ((("2026-13-01", "2026-03-31"), "is no day"), (("2026-03-31", "2026-03-01"), "ends")):
        answer = recompute(store, rule_file, days=days)
        assert answer.exit_code == 2
        assert says in answer.output


def test_judging_by_whole_rings_is_judging_by_the_ringing_itself() -> None:
    """Also for a limit of one, where a phone that rang for no time at all has not rung past it."""
    for limit in (1, 2, 3):
        rule = RingRule(limit=limit)
        for ringing_us in (0, 1, 2_999_999, 3_000_000, 5_999_999, 6_000_000, 9_000_000, 9_000_001):
            for outcome in Outcome:
                for observed in Observed:
                    rings = ringing_us // 3_000_000 + 1
                    judged = Anew(rule).judged(outcome, observed, (rings, ringing_us > 0))
                    expected = judge(rule, outcome, ringing_us, whole=observed is Observed.WHOLE, rang=True)
                    assert tuple(judged.verdicts.items()) == expected.verdicts
                    assert judged.reason is expected.reason


def test_a_rule_is_found_by_its_name() -> None:
    """The settings' before the ledger's, the latest version of a name, and any version by its number."""
    first, second = RingRule(name="a"), RingRule(name="a", version=2, limit=4)
    stored = [StoredRule.of(RingRule(name="a", version=3)), StoredRule.of(RingRule(name="b", country="US", limit=5))]
    assert find_rule("a", (first, second), stored) == second
    assert find_rule("a/1", (first, second), stored) == first
    assert find_rule("a/3", (first, second), stored) == RingRule(name="a", version=3)
    assert find_rule("b", (first, second), stored) == RingRule(name="b", country="US", limit=5)

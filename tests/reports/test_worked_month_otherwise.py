"""The worked month counted otherwise: judged on working time, and again under another rule (the calls: `month.py`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.worktime import Hours

from .month import BASIS, MONTH, SLOW_BELL, counted
from .worked import (
    BEFORE,
    CALLER_LEFT,
    KEPT,
    LUNCH,
    NO_PHONE,
    PARTLY,
    UNKNOWN,
    WHOLE,
    WITHIN,
    WORKING,
    added,
    short,
    us,
    verdicts,
)

if TYPE_CHECKING:
    from monitor.ledger import Repository
    from monitor.reports.figures import Figures

pytestmark = pytest.mark.xdist_group("worked_month")


# -- the promise judged on working time --------------------------------------------------------------------------------


def test_judged_on_working_time(worked_month: Repository) -> None:
    basis = replace(BASIS, judged_on="working_time")
    found = counted(worked_month, MONTH, basis)
    assert found.judged_on == "working_time"
    assert found.judged == WORKING
    assert found.judged.compliance(WITHIN) == 15 / 20
    assert found.judged.compliance(BEFORE) == 11 / 21
    assert found.whole == WHOLE
    assert found.months == {(2026, 10): WORKING}
    assert found.waiting == found.waiting_by_hours[Hours.WORKING]
    # September without its last microsecond and without 추석: kept with three rings, broken, nobody's phone rang.
    assert found.before is not None
    assert short(found.before) == (3, 2, (1, 1), (0, 2))
    # The evening's broken call of 2025 is out.
    assert found.year_before is not None
    assert short(found.year_before) == (1, 1, (1, 0), (1, 0))
    # Of the 23 known rings, one ring each: without [1 40].
    assert {row.rings: row.answered for row in found.ring_counts if row.answered} == {
        0: 1,
        1: 5,
        2: 6,
        3: 4,
        4: 2,
        6: 1,
    }
    assert found.ringing_unknown == 2
    # Every call stands in the days still.
    assert added([day.tally for day in found.days]) == WHOLE


def test_a_lunch_shift_that_counts_is_judged_too(month_ledger: Repository) -> None:
    basis = replace(BASIS, judged_on="working_time", work_time=replace(BASIS.work_time, lunch_counts=True))
    found = counted(month_ledger, MONTH, basis)
    assert found.judged == added([WORKING, LUNCH])
    assert found.judged.compliance(WITHIN) == 16 / 21
    assert found.by_hours[Hours.LUNCH] == LUNCH


# -- counted again under another rule ----------------------------------------------------------------------------------


def test_counted_again_by_a_slow_bell(worked_month: Repository) -> None:
    """A bell of six seconds, two rings the limit: ring 2 begins at 6 s of ringing, ring 3 at 12 s."""
    found = counted(worked_month, replace(MONTH, rule="slow-bell"))
    month = found.judged
    assert found.recounted
    assert [(rule.label, rule.limit, rule.period_us, rule.headline) for rule in found.rules] == [
        ("slow-bell/2", 2, us(6), BEFORE)
    ]
    # Within two: broken where it rang 12 s or more, [10] 15, [16] 35, [17] 17 and [28] 12, and [14], given up.
    # So [5] with 9 s and [24] with 10 s are kept. Before the second: broken from 6 s on, which is as before the third
    # ring of three seconds.
    assert month.verdicts == verdicts((21, 5, 14), (15, 12, 13))
    assert month.compliance(WITHIN) == 21 / 26
    # Its headline is `before`, under which the half-seen [25] is broken and not excluded.
    assert month.excluded == {NO_PHONE: 8, CALLER_LEFT: 1, PARTLY: 2, UNKNOWN: 2}
    assert month.rules == {"slow-bell/2": 40}
    # Two rings or more: [3 4 5 10 16 17 18 24 25 28 34]; three or more: [10 16 17 28].
    assert (month.warnings, month.breaches) == (11, 4)
    assert {
        row.rings: (row.answered, sum(row.never_answered.values()))
        for row in found.ring_counts
        if row.answered or any(row.never_answered.values())
    } == {
        0: (1, 8),  # as before: what did not ring does not ring now
        1: (15, 3),  # [1 2 6 8 12 19 29-33 35 36 37 40]; [11 14 26]
        2: (6, 1),  # [3 4 5 18 24 34]; [25]
        3: (1, 2),  # [17]; [10 28]
        6: (0, 1),  # [16]: 35 s are five bells and the beginning of the sixth
    }
    assert found.ringing_unknown == 2
    # Everything that is no verdict stays.
    for name in ("offered", "outcomes", "waiting_us", "answered_within", "talking_us", "left_the_centre", "pickups"):
        assert getattr(month, name) == getattr(WHOLE, name)
    # [3 34] of agent1 and [4 5 18 24] of agent2 are not kept under the strict headline.
    assert {agent.member: agent.kept for agent in found.agents if agent.answered} == {"김하나": 8, "이두리": 7}
    # September under it: 2 s, 7 s, 12 s, none, 1 s: 12 s are the third ring.
    assert found.before is not None
    assert short(found.before) == (5, 4, (3, 1), (2, 2))
    stored = worked_month.calls(MONTH.period.since, MONTH.period.until)
    assert sum((WITHIN, KEPT) in call.verdicts for call in stored) == 19  # nothing stored changed


def test_the_rules_of_the_time(figures: Figures) -> None:
    assert not figures.recounted
    assert [(rule.label, rule.limit, rule.period_us, rule.calls) for rule in figures.rules] == [
        ("three-rings/1", 3, us(3), 39),
        ("two-rings/1", 2, us(3), 1),
    ]


def test_the_rule_of_a_recount_may_name_its_version(month_ledger: Repository) -> None:
    found = counted(month_ledger, replace(MONTH, rule=f"{SLOW_BELL.label}"))
    assert found.judged.compliance(WITHIN) == 21 / 26

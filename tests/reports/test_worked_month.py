"""A month of forty calls, every figure of which is worked out here by hand (the calls: `month.py`).

Numbers in brackets are those of the table's calls. Seconds are written as they stand there, and microseconds counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.calls.facts import Observed, Outcome, Source, Verdict, VerdictReason
from monitor.calls.rules import Reading
from monitor.calls.tally import Tally
from monitor.calls.verdicts import judge
from monitor.worktime import Hours

from .month import BASIS, MONTH, SECOND_US, SLOW_BELL, THREE_RINGS, counted, october

if TYPE_CHECKING:
    from monitor.ledger import Repository
    from monitor.reports.figures import Figures

WITHIN, BEFORE = Reading.WITHIN, Reading.BEFORE
KEPT, BROKEN, EXCLUDED = Verdict.KEPT, Verdict.BROKEN, Verdict.EXCLUDED
NO_PHONE, PARTLY = VerdictReason.NO_PHONE_RANG, VerdictReason.PARTLY_UNOBSERVED
CALLER_LEFT, UNKNOWN = VerdictReason.CALLER_LEFT_WITHIN_RULE, VerdictReason.RINGING_UNKNOWN


def us(seconds: float) -> int:
    return round(seconds * SECOND_US)


def verdicts(within: tuple[int, int, int], before: tuple[int, int, int]) -> dict[Reading, Counter[Verdict]]:
    """Kept, broken and excluded under each reading."""
    return {
        reading: Counter(dict(zip((KEPT, BROKEN, EXCLUDED), counts, strict=True)))
        for reading, counts in ((WITHIN, within), (BEFORE, before))
    }


def test_the_table_keeps_the_ring_rule() -> None:
    """What the table says of each call is what the rule says of its ringing, so that a slip of the pen is seen."""
    for call in october():
        if call.ringing_us is None:
            continue
        found = judge(
            THREE_RINGS,
            call.outcome,
            call.ringing_us,
            whole=call.observed is Observed.WHOLE,
            rang=call.first_ring_at is not None,
        )
        assert (call.rings, call.verdicts, call.verdict_reason) == (
            THREE_RINGS.rings(call.ringing_us),
            found.verdicts,
            found.reason,
        ), call.key


# -- the whole month ---------------------------------------------------------------------------------------------------

WORKING = Tally(
    # [2 3 4 5 8], [15], [16 to 20], [21 22], [23 24], [25 to 28], [29 to 37], [38 39]: 5+1+5+2+2+4+9+2.
    offered=30,
    outcomes=Counter(
        {
            Outcome.ANSWERED: 20,  # [2 3 4 5 8 17 18 19 24 27 29-37 38]
            Outcome.ABANDONED_WAITING: 4,  # [20 21 23 39]
            Outcome.ABANDONED_RINGING: 1,  # [16]
            Outcome.NO_ANSWER: 1,  # [22]
            Outcome.FAILED: 1,  # [15]
            Outcome.UNOBSERVED: 3,  # [25 26 28]
        }
    ),
    partly_observed=4,  # [25 26 27 28]
    # Within, kept: [2 3 4 8 18 19 29-37]; broken: [5 16 17 24 28]; the other ten excluded.
    # Before, [3 4 18 34] rang three times and are broken too, and so is [25], of which seven seconds were heard.
    verdicts=verdicts((15, 5, 10), (11, 10, 9)),
    excluded=Counter({NO_PHONE: 5, PARTLY: 3, UNKNOWN: 2}),  # [15 20 21 22 23], [25 26 27], [38 39]
    rules=Counter({"three-rings/1": 30}),
    sources=Counter({Source.AMI: 28, Source.QUEUE_LOG: 2}),
    warnings=10,  # three rings or more: [3 4 18 25 34], and the five that went past
    breaches=5,  # four or more: [5 16 17 24 28]
    waited=19,  # the answered without [27], of which the waiting was not seen
    # [2 3 4 5 8]: 6.999999+7+9.999999+10+2.5 = 36.499998; [17 18 19 24]: 20+8+6+50 = 84;
    # [29-37]: 3+5+4.5+6+2+8+3+4+7 = 42.5; [38]: 12.
    waiting_us=174_999_998,
    answered_within=18,  # of the 19 all but [24]; [17] waited exactly 20 s
    abandoned_waiting=5,  # [16 20 21 23 39]
    abandoned_within=2,  # [20] after 4 s and [39] after 3 s; [16] after 38, [21] after 60, [23] after 90
    abandoned_short=2,  # the same two left sooner than after 5 s
    pickups=1,  # [19]
    # [2 3 4 5 8]: 120+90+60+60+10 = 340; [17 18 19 24]: 100+50+20+30 = 200; [26 27]: 130; [38]: 60;
    # [29-37]: 30+40+50+60+30+40+70+20+25 = 365.
    talking_us=us(1095),
    hold_us=us(40),  # [30 32 35]: 20+12+8
    # [27 29 31 32 34]; in [18] the consultation found nobody, in [35] the caller came back.
    left_the_centre=5,
)
LUNCH = Tally(  # [6 7]
    offered=2,
    outcomes=Counter({Outcome.ANSWERED: 1, Outcome.ABANDONED_WAITING: 1}),
    verdicts=verdicts((1, 0, 1), (1, 0, 1)),
    excluded=Counter({NO_PHONE: 1}),
    rules=Counter({"three-rings/1": 2}),
    sources=Counter({Source.AMI: 2}),
    waited=1,
    waiting_us=us(5),
    answered_within=1,
    abandoned_waiting=1,  # after 30 s
    talking_us=us(30),
)
OUTSIDE = Tally(
    # [1] at night, [9] at 18:00:00 sharp, [10] in the evening, [11 14 40] on Saturdays, [12 13] on days off.
    offered=8,
    outcomes=Counter(
        {
            Outcome.ANSWERED: 3,  # [1 12 40]
            Outcome.ABANDONED_ANNOUNCEMENT: 1,  # [9]
            Outcome.ABANDONED_RINGING: 1,  # [11]
            Outcome.NO_ANSWER: 1,  # [10]
            Outcome.BUSY: 2,  # [13 14]
        }
    ),
    # Kept [1 12 40]; [10] rang six times, [14] was given up after it had rung; [9 11 13] are excluded.
    verdicts=verdicts((3, 2, 3), (3, 2, 3)),
    excluded=Counter({NO_PHONE: 2, CALLER_LEFT: 1}),  # [9 13], [11]
    rules=Counter({"three-rings/1": 7, "two-rings/1": 1}),  # [40] came on the 31st
    sources=Counter({Source.AMI: 8}),
    warnings=1,  # [10]; one ring of [40] is below its limit of two as well
    breaches=1,
    waited=3,
    waiting_us=us(9),  # 3+4+2
    answered_within=3,
    abandoned_waiting=1,  # [11]; [9] had asked for nobody
    abandoned_within=1,
    abandoned_short=0,  # it left after exactly 5 s, and not sooner
    talking_us=us(110),  # 60+45+5
)
WHOLE = Tally(
    offered=40,
    outcomes=Counter(
        {
            Outcome.ANSWERED: 24,
            Outcome.ABANDONED_ANNOUNCEMENT: 1,
            Outcome.ABANDONED_WAITING: 5,
            Outcome.ABANDONED_RINGING: 2,
            Outcome.NO_ANSWER: 2,
            Outcome.BUSY: 2,
            Outcome.FAILED: 1,
            Outcome.UNOBSERVED: 3,
        }
    ),
    partly_observed=4,
    verdicts=verdicts((19, 7, 14), (15, 12, 13)),
    excluded=Counter({NO_PHONE: 8, CALLER_LEFT: 1, PARTLY: 3, UNKNOWN: 2}),
    rules=Counter({"three-rings/1": 39, "two-rings/1": 1}),
    sources=Counter({Source.AMI: 38, Source.QUEUE_LOG: 2}),
    warnings=11,
    breaches=6,
    waited=23,
    waiting_us=188_999_998,  # 174.999998 + 5 + 9
    answered_within=22,
    abandoned_waiting=7,
    abandoned_within=3,
    abandoned_short=2,
    pickups=1,
    talking_us=us(1235),  # 1095 + 30 + 110
    hold_us=us(40),
    left_the_centre=5,
)


def test_every_call_and_its_hours(figures: Figures) -> None:
    assert figures.whole == WHOLE
    assert figures.by_hours == {Hours.WORKING: WORKING, Hours.LUNCH: LUNCH, Hours.OUTSIDE: OUTSIDE}
    assert figures.judged_on == "all"
    assert figures.judged == WHOLE
    assert figures.months == {(2026, 10): WHOLE}
    assert figures.months_before == {}
    assert figures.sources == {Source.AMI: 38, Source.QUEUE_LOG: 2}


def test_the_quotients(figures: Figures) -> None:
    month = figures.judged
    assert month.compliance(WITHIN) == 19 / 26
    assert month.compliance(BEFORE) == 15 / 27
    assert month.answer_rate == 24 / 40
    assert month.abandon_rate == 8 / 40  # 1+5+2
    assert month.abandon_rate_without_short == 6 / 38  # two were short, and stand in neither number
    assert month.asa_us == 188_999_998 / 23
    assert month.service_level == 22 / 24
    assert month.service_level_with_abandons == 25 / 31  # (22+3) / (24+7)
    assert month.service_factor == 22 / 40
    assert month.direct_handling_rate == 19 / 24  # five of 24 were passed on to somebody outside


# What is checked of parts of the month: calls, answered, kept and broken within, kept and broken before.
Short = tuple[int, int, tuple[int, int], tuple[int, int]]


def short(tally: Tally) -> Short:
    return (
        tally.offered,
        tally.answered,
        (tally.kept(WITHIN), tally.broken(WITHIN)),
        (tally.kept(BEFORE), tally.broken(BEFORE)),
    )


def added(tallies: list[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.add(tally)
    return total


def test_the_month_before_and_the_year_before(figures: Figures) -> None:
    # September: kept, kept with three rings, broken with five, nobody's phone rang, kept.
    assert figures.before is not None
    assert short(figures.before) == (5, 4, (3, 1), (2, 2))
    assert figures.before.compliance(WITHIN) == 3 / 4
    # October 2025: one kept, one broken.
    assert figures.year_before is not None
    assert short(figures.year_before) == (2, 2, (1, 1), (1, 1))


def test_waiting(figures: Figures) -> None:
    # In order: 2 2 2.5 3 3 3 4 4 4.5 5 5 6 6 6.999999 7 7 8 8 9.999999 10 12 20 50, which are 23.
    # Nearest rank: 23 x 0.5 = 11.5, the 12th; x 0.9 = 20.7, the 21st; x 0.95 = 21.85, the 22nd.
    waiting = figures.waiting
    assert (waiting.count, waiting.p50_us, waiting.p90_us, waiting.p95_us) == (23, us(6), us(12), us(20))
    assert waiting.mean_us == 188_999_998 / 23
    # Working time, 19: without 3 [1], 5 [6], 4 [12] and 2 [40]. The 10th (9.5), the 18th (17.1), the 19th (18.05).
    working = figures.waiting_by_hours[Hours.WORKING]
    assert (working.count, working.p50_us, working.p90_us, working.p95_us) == (19, 6_999_999, us(20), us(50))
    assert working.mean_us == 174_999_998 / 19
    lunch = figures.waiting_by_hours[Hours.LUNCH]
    assert (lunch.count, lunch.mean_us, lunch.p50_us, lunch.p95_us) == (1, us(5), us(5), us(5))
    # 2 3 4: the 2nd (1.5), the 3rd (2.7), the 3rd (2.85).
    outside = figures.waiting_by_hours[Hours.OUTSIDE]
    assert (outside.count, outside.mean_us) == (3, us(3))
    assert (outside.p50_us, outside.p90_us, outside.p95_us) == (us(3), us(4), us(4))


def test_how_often_it_rang(figures: Figures) -> None:
    waiting, ringing = Outcome.ABANDONED_WAITING, Outcome.ABANDONED_RINGING
    found = {
        row.rings: (row.answered, {k: v for k, v in row.never_answered.items() if v}) for row in figures.ring_counts
    }
    assert list(found) == sorted(found)
    assert {rings: row for rings, row in found.items() if row != (0, {})} == {
        # [27], of which no ringing was seen; [7 20 21 23], [9], [13], [15], [22]
        0: (
            1,
            {waiting: 4, Outcome.ABANDONED_ANNOUNCEMENT: 1, Outcome.BUSY: 1, Outcome.FAILED: 1, Outcome.NO_ANSWER: 1},
        ),
        1: (7, {}),  # [1 8 29 33 35 36 40]
        2: (8, {ringing: 1, Outcome.BUSY: 1, Outcome.UNOBSERVED: 1}),  # [2 6 12 19 30 31 32 37]; [11], [14], [26]
        3: (4, {Outcome.UNOBSERVED: 1}),  # [3 4 18 34]; [25]
        4: (2, {}),  # [5 24]
        5: (0, {Outcome.UNOBSERVED: 1}),  # [28]
        6: (1, {Outcome.NO_ANSWER: 1}),  # [17]; [10]
        12: (0, {ringing: 1}),  # [16]
    }
    assert figures.ringing_unknown == 2  # [38 39]


def test_days(figures: Figures) -> None:
    days = {day.day.day: day for day in figures.days}
    assert list(days) == list(range(1, 32))
    assert {number: short(day.tally) for number, day in days.items() if day.tally.offered} == {
        1: (9, 7, (6, 1), (4, 3)),  # [1-9]
        2: (1, 0, (0, 1), (0, 1)),  # [10]
        3: (1, 0, (0, 0), (0, 0)),  # [11]
        5: (1, 1, (1, 0), (1, 0)),  # [12]
        6: (1, 0, (0, 0), (0, 0)),  # [15]
        9: (1, 0, (0, 0), (0, 0)),  # [13]
        10: (1, 0, (0, 1), (0, 1)),  # [14]
        13: (5, 3, (2, 2), (1, 3)),  # [16-20]
        14: (2, 0, (0, 0), (0, 0)),  # [21 22]
        19: (2, 1, (0, 1), (0, 1)),  # [23 24]
        20: (4, 1, (0, 1), (0, 2)),  # [25-28]
        21: (9, 9, (9, 0), (8, 1)),  # [29-37]
        22: (2, 1, (0, 0), (0, 0)),  # [38 39]
        31: (1, 1, (1, 0), (1, 0)),  # [40]
    }
    assert added([day.tally for day in figures.days]) == WHOLE
    assert {number for number, day in days.items() if not day.working_day} == {
        *(3, 4, 10, 11, 17, 18, 24, 25, 31),  # Saturdays and Sundays
        *(5, 9),
    }
    assert {number: day.holiday for number, day in days.items() if day.holiday} == {
        3: "개천절",
        5: "개천절 대체 휴일",
        9: "한글날",
    }


def test_weekdays_and_half_hours(figures: Figures) -> None:
    monday, tuesday, wednesday, thursday, friday, saturday = range(6)
    assert {when: tally.offered for when, tally in figures.half_hours.items() if tally.offered} == {
        (monday, 20): 1,  # [12] 10:00
        (monday, 32): 1,  # [23] 16:00
        (monday, 33): 1,  # [24] 16:30
        (tuesday, 19): 1,  # [15] 09:30
        (tuesday, 20): 2,  # [16 17] 10:00, 10:10
        (tuesday, 21): 3,  # [18 19 20] 10:30, 10:45, 10:50
        (tuesday, 27): 3,  # [25 26 28] 13:59:50, 13:58, 13:55
        (tuesday, 29): 1,  # [27] first seen at 14:41
        **{(wednesday, half): 1 for half in (18, 19, 20, 21, 22, 23, 26, 27, 28)},  # [29-37]
        (wednesday, 30): 2,  # [21 22] 15:00, 15:20
        (thursday, 0): 1,  # [1]
        (thursday, 18): 1,  # [2] 09:00
        (thursday, 20): 2,  # [3 38] 10:15, 10:00
        (thursday, 21): 1,  # [39] 10:30
        (thursday, 22): 1,  # [4] 11:00
        (thursday, 23): 1,  # [5] 11:30
        (thursday, 24): 1,  # [6] 12:00
        (thursday, 25): 1,  # [7] 12:59:59
        (thursday, 35): 1,  # [8] 17:59:59.999999
        (thursday, 36): 1,  # [9] 18:00
        (friday, 28): 1,  # [13] 14:00
        (friday, 41): 1,  # [10] 20:30
        (saturday, 20): 1,  # [14] 10:00
        (saturday, 22): 1,  # [11] 11:00
        (saturday, 47): 1,  # [40] 23:59:59.999999
    }
    assert short(figures.half_hours[tuesday, 21]) == (3, 2, (2, 0), (1, 1))
    assert added(list(figures.half_hours.values())) == WHOLE


def test_queues_and_lines(figures: Figures) -> None:
    assert {queue: short(tally) for queue, tally in figures.queues.items()} == {
        # [1-7 12 16-20 23 25-30 34-39]: kept [1 2 3 4 6 12 18 19 29 30 34-37], broken [5 16 17 28];
        # before, [3 4 18 34] and the half-seen [25] are broken too.
        "support": (26, 18, (14, 4), (10, 9)),
        "billing": (9, 5, (4, 2), (4, 2)),  # [8 10 11 21 22 24 31 32 33]: kept [8 31 32 33], broken [10 24]
        None: (5, 1, (1, 1), (1, 1)),  # [9 13 14 15 40]: kept [40], broken [14]
    }
    assert added(list(figures.queues.values())) == WHOLE
    assert {line: short(tally) for line, tally in figures.by_line.items()} == {
        "1588-6565": (36, 23, (19, 5), (15, 10)),
        "1577-1000": (4, 1, (0, 2), (0, 2)),  # [13 14 15 24]
    }
    assert added(list(figures.by_line.values())) == WHOLE
    assert set(figures.lines) == {"1588-6565", "1577-1000"}


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


def test_a_lunch_shift_that_counts_is_judged_too(worked_month: Repository) -> None:
    basis = replace(BASIS, judged_on="working_time", work_time=replace(BASIS.work_time, lunch_counts=True))
    found = counted(worked_month, MONTH, basis)
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
    assert (
        worked_month.counts(MONTH.period.since, MONTH.period.until).verdicts[WITHIN][KEPT] == 19
    )  # nothing stored changed


def test_the_rules_of_the_time(figures: Figures) -> None:
    assert not figures.recounted
    assert [(rule.label, rule.limit, rule.period_us, rule.calls) for rule in figures.rules] == [
        ("three-rings/1", 3, us(3), 39),
        ("two-rings/1", 2, us(3), 1),
    ]


def test_the_rule_of_a_recount_may_name_its_version(worked_month: Repository) -> None:
    found = counted(worked_month, replace(MONTH, rule=f"{SLOW_BELL.label}"))
    assert found.judged.compliance(WITHIN) == 21 / 26

"""A month of forty calls, every figure of which is worked out by hand (the calls: `month.py`, their sums: `worked.py`).

Numbers in brackets are those of the table's calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.calls.facts import Observed, Outcome, Source
from monitor.calls.verdicts import judge
from monitor.worktime import Hours

from .month import THREE_RINGS, counted, october
from .worked import BEFORE, LUNCH, OUTSIDE, WHOLE, WITHIN, WORKING, added, short, us

if TYPE_CHECKING:
    from monitor.ledger import Repository
    from monitor.reports.figures import Figures

pytestmark = pytest.mark.xdist_group("worked_month")


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


def test_every_call_and_its_hours(figures: Figures) -> None:
    assert figures.whole == WHOLE
    assert figures.by_hours == {Hours.WORKING: WORKING, Hours.LUNCH: LUNCH, Hours.OUTSIDE: OUTSIDE}
    assert figures.judged_on == "all"
    assert figures.judged == WHOLE
    assert figures.months == {(2026, 10): WHOLE}
    assert figures.months_before == {}
    assert figures.sources == {Source.AMI: 38, Source.QUEUE_LOG: 2}


def test_a_store_of_either_kind_gives_the_same_figures(figures: Figures, month_ledger: Repository) -> None:
    assert figures == counted(month_ledger)


def test_the_quotients(figures: Figures) -> None:
    month = figures.judged
    assert month.compliance(WITHIN) == 19 / 26
    assert month.compliance(BEFORE) == 15 / 27
    assert month.answer_rate == 24 / 40
    assert month.abandon_rate == 8 / 40  # 1+5+2
    assert month.abandon_rate_without_short == 6 / 38  # two were short, and stand in neither number
    assert month.asa_us == 188_999_998 / 23
    assert month.service_level == 22 / 23  # of the 24 answered, the waiting of [27] was not seen
    assert month.service_level_with_abandons == 25 / 30  # (22+3) / (23+7)
    assert month.service_factor == 22 / 40
    assert month.direct_handling_rate == 19 / 24  # five of 24 were passed on to somebody outside


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
        3: {"ko": "개천절", "en": "National Foundation Day"},
        5: {"ko": "개천절 대체 휴일", "en": "Alternative holiday for National Foundation Day"},
        9: {"ko": "한글날", "en": "Hangul Day"},
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

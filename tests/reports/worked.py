"""What the forty calls of `month.py` come to, worked out by hand: by the hours they came in, and together.

Numbers in brackets are those of the table's calls. Seconds are written as they stand there, and microseconds counted.
"""

from __future__ import annotations

from collections import Counter

from monitor.calls.facts import Outcome, Source, Verdict, VerdictReason
from monitor.calls.rules import Reading
from monitor.calls.tally import Tally

from .month import SECOND_US

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

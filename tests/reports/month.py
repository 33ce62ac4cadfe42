"""Forty calls of October 2026, five of September and two of a year before: the month that is worked out by hand.

Seoul's clock. Thursday 1 October is the first; Saturday the 3rd is 개천절, so that Monday the 5th is a day off in its
place, and Friday the 9th is 한글날. One line is one call, in seconds after it came in:

    no | came in | system line queue | asked | phones: from-to result | answered by | ended | talk hold | outcome
       | ringing in all, rings | verdict within, before, and why the first | seen

`K` is kept, `B` broken, `E` excluded; `~` before the time: the call was first seen when it was answered.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    AttemptResult,
    Call,
    CallKey,
    Gap,
    GapCause,
    Observed,
    Outcome,
    RingAttempt,
    Scope,
    Source,
    Transfer,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.rules import Reading, RingRule
from monitor.ledger.rows import StoredRule
from monitor.reports.counting import figures_of
from monitor.reports.order import Basis, Order
from monitor.reports.periods import Period
from monitor.worktime import Shift, WorkTime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.ledger import Repository
    from monitor.ledger.rows import StoredFact
    from monitor.reports.figures import Figures

SEOUL = ZoneInfo("Asia/Seoul")
SECOND_US = 1_000_000
LINES = {"A": "1588-6565", "B": "1577-1000"}
MEMBERS = {"1": "김하나", "2": "이두리", "3": "박세찌"}
QUEUES = {"sup": "support", "bil": "billing", "-": None}
RESULTS = {
    "ans": AttemptResult.ANSWERED,
    "no": AttemptResult.NO_ANSWER,
    "else": AttemptResult.ANSWERED_ELSEWHERE,
    "left": AttemptResult.CALLER_LEFT,
    "rej": AttemptResult.REJECTED,
    "fwd": AttemptResult.FORWARDED,
    "fail": AttemptResult.FAILED,
    "decl": AttemptResult.DECLINED_BY_PERSON,
    "unob": AttemptResult.UNOBSERVED,
}
VERDICTS = {"K": Verdict.KEPT, "B": Verdict.BROKEN, "E": Verdict.EXCLUDED}

# fmt: off
OCTOBER = """
 1 | 01 00:00:00        | pbx1 A sup | 1 | 1:2-4 ans                | 4 by 1         | 64         | 60 0   | answered               | 2         1 | K K answered_within_rule    | whole
 2 | 01 09:00:00        | pbx1 A sup | 5 | 1:6-11.999999 ans 2:40-44 ans | 11.999999 by 1 | 131.999999 | 120 0 | answered          | 5.999999  2 | K K answered_within_rule    | whole
 3 | 01 10:15:00        | pbx1 A sup | 5 | 1:6-12 ans               | 12 by 1        | 102        | 90 0   | answered               | 6         3 | K B answered_within_rule    | whole
 4 | 01 11:00:00        | pbx1 A sup | 5 | 2:6-14.999999 ans        | 14.999999 by 2 | 74.999999  | 60 0   | answered               | 8.999999  3 | K B answered_within_rule    | whole
 5 | 01 11:30:00        | pbx1 A sup | 5 | 2:6-15 ans               | 15 by 2        | 75         | 60 0   | answered               | 9         4 | B B rang_past_rule          | whole
 6 | 01 12:00:00        | pbx1 A sup | 5 | 1:6-10 ans               | 10 by 1        | 40         | 30 0   | answered               | 4         2 | K K answered_within_rule    | whole
 7 | 01 12:59:59        | pbx1 A sup | 2 |                          | -              | 32         | 0 0    | abandoned_waiting      | 0         0 | E E no_phone_rang           | whole
 8 | 01 17:59:59.999999 | pbx1 A bil | 1 | 1:2-3.5 ans              | 3.5 by 1       | 13.5       | 10 0   | answered               | 1.5       1 | K K answered_within_rule    | whole
 9 | 01 18:00:00        | pbx1 A -   | - |                          | -              | 20         | 0 0    | abandoned_announcement | 0         0 | E E no_phone_rang           | whole
10 | 02 20:30:00        | pbx1 A bil | 3 | 3:4-19 no                | -              | 20         | 0 0    | no_answer              | 15        6 | B B rang_past_rule          | whole
11 | 03 11:00:00        | pbx1 A bil | 4 | 1:5-9 left               | -              | 9          | 0 0    | abandoned_ringing      | 4         2 | E E caller_left_within_rule | whole
12 | 05 10:00:00        | pbx1 A sup | 1 | 2:2-5 ans                | 5 by 2         | 50         | 45 0   | answered               | 3         2 | K K answered_within_rule    | whole
13 | 09 14:00:00        | pbx2 B -   | 0 | 2:0.5-0.5 rej            | -              | 1          | 0 0    | busy                   | 0         0 | E E no_phone_rang           | whole
14 | 10 10:00:00        | pbx2 B -   | 0 | 1:1-4 rej                | -              | 5          | 0 0    | busy                   | 3         2 | B B centre_gave_up          | whole
15 | 06 09:30:00        | pbx2 B -   | 0 | 3:0.2-0.2 fail           | -              | 2          | 0 0    | failed                 | 0         0 | E E no_phone_rang           | whole
16 | 13 10:00:00        | pbx1 A sup | 2 | 3:3-18 no 3:20-40 left   | -              | 40         | 0 0    | abandoned_ringing      | 35       12 | B B rang_past_rule          | whole
17 | 13 10:10:00        | pbx1 A sup | 2 | 3:3-18 no 1:20-22 ans    | 22 by 1        | 122        | 100 0  | answered               | 17        6 | B B rang_past_rule          | whole
18 | 13 10:30:00        | pbx1 A sup | 2 | 1:3-10 else 2:4-10 ans   | 10 by 2        | 60         | 50 0   | answered               | 7         3 | K B answered_within_rule    | whole
19 | 13 10:45:00        | pbx1 A sup | 2 | 3:3-8 else               | 8 by 2 pickup  | 28         | 20 0   | answered               | 5         2 | K K answered_within_rule    | whole
20 | 13 10:50:00        | pbx1 A sup | 2 |                          | -              | 6          | 0 0    | abandoned_waiting      | 0         0 | E E no_phone_rang           | whole
21 | 14 15:00:00        | pbx1 A bil | 1 |                          | -              | 61         | 0 0    | abandoned_waiting      | 0         0 | E E no_phone_rang           | whole
22 | 14 15:20:00        | pbx1 A bil | 1 |                          | -              | 31         | 0 0    | no_answer              | 0         0 | E E no_phone_rang           | whole
23 | 19 16:00:00        | pbx1 A sup | 1 |                          | -              | 91         | 0 0    | abandoned_waiting      | 0         0 | E E no_phone_rang           | whole
24 | 19 16:30:00        | pbx1 B bil | 1 | 2:41-51 ans              | 51 by 2        | 81         | 30 0   | answered               | 10        4 | B B rang_past_rule          | whole
25 | 20 13:59:50        | pbx1 A sup | 2 | 1:3-10 unob              | -              | -          | 0 0    | unobserved             | 7         3 | E B partly_unobserved       | partly
26 | 20 13:58:00        | pbx1 A sup | 2 | 1:3-7 ans                | 7 by 1         | -          | 100 0  | unobserved             | 4         2 | E E partly_unobserved       | partly
27 | ~20 14:41:00       | pbx1 A sup | - |                          | 0 by 2         | 30         | 30 0   | answered               | 0         0 | E E partly_unobserved       | partly
28 | 20 13:55:00        | pbx1 A sup | 2 | 3:3-15 no                | -              | -          | 0 0    | unobserved             | 12        5 | B B rang_past_rule          | partly
29 | 21 09:10:00        | pbx1 A sup | 2 | 1:3-5 ans                | 5 by 1         | 60         | 30 0   | answered               | 2         1 | K K answered_within_rule    | whole
30 | 21 09:40:00        | pbx1 A sup | 2 | 1:3-7 ans                | 7 by 1         | 60         | 40 20  | answered               | 4         2 | K K answered_within_rule    | whole
31 | 21 10:10:00        | pbx1 A bil | 2 | 2:3-6.5 ans              | 6.5 by 2       | 60         | 50 0   | answered               | 3.5       2 | K K answered_within_rule    | whole
32 | 21 10:40:00        | pbx1 A bil | 2 | 2:3-8 ans                | 8 by 2         | 90         | 60 12  | answered               | 5         2 | K K answered_within_rule    | whole
33 | 21 11:10:00        | pbx1 A bil | 2 | 1:3-4 ans                | 4 by 1         | 60         | 30 0   | answered               | 1         1 | K K answered_within_rule    | whole
34 | 21 11:40:00        | pbx1 A sup | 2 | 1:3-10 ans               | 10 by 1        | 60         | 40 0   | answered               | 7         3 | K B answered_within_rule    | whole
35 | 21 13:10:00        | pbx1 A sup | 2 | 2:3-5 ans                | 5 by 2         | 120        | 70 8   | answered               | 2         1 | K K answered_within_rule    | whole
36 | 21 13:40:00        | pbx1 A sup | 2 | 3:3-3 fwd 2:4-6 ans      | 6 by 2         | 26         | 20 0   | answered               | 2         1 | K K answered_within_rule    | whole
37 | 21 14:10:00        | pbx1 A sup | 2 | 3:3-6 decl 1:7-9 ans     | 9 by 1         | 34         | 25 0   | answered               | 5         2 | K K answered_within_rule    | whole
38 | 22 10:00:00        | pbx1 A sup | 0 |                          | 12 by 1        | 72         | 60 -   | answered               | -         - | E E ringing_unknown         | queue_log
39 | 22 10:30:00        | pbx1 A sup | 0 |                          | -              | 3          | - -    | abandoned_waiting      | -         - | E E ringing_unknown         | queue_log
40 | 31 23:59:59.999999 | pbx1 A -   | 1 | 2:1-3 ans                | 3 by 2         | 8          | 5 0    | answered               | 2         1 | K K answered_within_rule    | whole
"""  # noqa: E501 - a table has one call a line
"""Number 1 comes at the first instant of the local month, at 15:00 of 30 September in UTC; number 40 in its last
microsecond. 2 to 5 ring a microsecond short of six seconds, six, a microsecond short of nine, and nine. Number 40 is
judged by the rule that holds from the 31st, under which two rings are the limit."""

TRANSFERS = """
 2 | 40 | blind    | 1 > 201         | inside  | completed   | -         | yes | 4 2
 3 | 30 | blind    | 1 > 202         | inside  | busy        | -         | -   |
18 | 20 | attended | 2 > 810         | outside | no_answer   | -         | -   |
27 | 10 | blind    | 2 > 810         | outside | unobserved  | -         | -   |
29 | 20 | blind    | 1 > 810         | outside | completed   | -         | yes | 8 3
30 | 40 | attended | 1 > 201         | inside  | completed   | announced | no  | 0 0
31 | 20 | blonde   | 2 > 01098765432 | outside | completed   | -         | -   | 6 3
32 | 20 | blind    | 2 > 202         | inside  | returned    | -         | -   | 12 2
32 | 60 | attended | 2 > 810         | outside | completed   | announced | yes | 0 0
33 | 20 | blind    | 1 > 203         | inside  | no_answer   | -         | no  |
34 | 20 | blonde   | 1 > 203         | inside  | busy        | -         | -   |
34 | 40 | blind    | 1 > 810         | outside | caller_left | -         | -   |
35 | 20 | blind    | 2 > 9999        | unknown | failed      | -         | -   |
35 | 40 | blonde   | 2 > 810         | outside | returned    | -         | -   | 9 2
35 | 80 | attended | 2 > 201         | inside  | caller_left | announced | -   |
36 | 3  | forward  | 3 > PJSIP/agent2 | inside | completed   | -         | -   | 3 1
"""
"""Seconds after the call came in, by whose phone to where, scope, result, whether the target was spoken with first,
what the dialplan reported of consent, and the reconnection: seconds and rings."""

SEPTEMBER = """
 1 | 30 23:59:59.999999 | pbx1 A sup | 1 | 1:2-4 ans  | 4 by 1  | 10 | 6 0  | answered          | 2  1 | K K answered_within_rule | whole
 2 | 10 10:00:00        | pbx1 A sup | 1 | 1:2-9 ans  | 9 by 1  | 20 | 11 0 | answered          | 7  3 | K B answered_within_rule | whole
 3 | 10 11:00:00        | pbx1 A sup | 1 | 2:2-14 ans | 14 by 2 | 20 | 6 0  | answered          | 12 5 | B B rang_past_rule       | whole
 4 | 10 15:00:00        | pbx1 A sup | 1 |            | -       | 31 | 0 0  | abandoned_waiting | 0  0 | E E no_phone_rang        | whole
 5 | 25 10:00:00        | pbx2 A sup | 1 | 1:2-3 ans  | 3 by 1  | 10 | 7 0  | answered          | 1  1 | K K answered_within_rule | whole
"""  # noqa: E501 - a table has one call a line
"""Number 1 a microsecond before October; number 5 on 추석."""

YEAR_BEFORE = """
 1 | 15 10:00:00 | pbx1 A sup | 1 | 1:2-4 ans  | 4 by 1  | 10 | 6 0 | answered | 2  1 | K K answered_within_rule | whole
 2 | 16 20:00:00 | pbx1 A sup | 1 | 2:2-14 ans | 14 by 2 | 20 | 6 0 | answered | 12 5 | B B rang_past_rule       | whole
"""

NOVEMBER = """
 1 | 01 00:00:00 | pbx1 A sup | 1 | 1:2-14 ans | 14 by 1 | 20 | 6 0 | answered | 12 5 | B B rang_past_rule | whole
"""
"""At the first instant behind the month, in no figure of it."""

STATES = """
01 08:50:00 | support | 1 free    2 free    3 free
01 08:50:00 | billing | 1 free    2 free
13 10:50:00 | support | 1 talking 2 talking 3 talking
13 10:55:00 | support | 1 free    2 free    3 free
14 14:00:00 | billing | 1 gone    2 paused
14 17:00:00 | billing | 1 free    2 free
19 15:50:00 | support | 1 talking 2 talking 3 talking
19 16:10:00 | support | 1 free    2 free    3 free
19 16:25:00 | billing | 1 talking 2 wrap_up
19 16:30:41 | billing | 1 talking 2 ringing
19 16:30:51 | billing | 1 talking 2 talking
19 16:40:00 | billing | 1 free    2 free
"""
"""What the members of the queues did, from that time on."""
# fmt: on


def korean(day: int, clock: str, month: int = 10, year: int = 2026) -> datetime:
    """An instant by Seoul's clock, in UTC as facts have it."""
    return datetime.fromisoformat(f"{year}-{month:02}-{day:02}T{clock}").replace(tzinfo=SEOUL).astimezone(UTC)


GAPS = (
    # Ends with September: it touches the month and is not in it.
    Gap(
        system="pbx1",
        started_at=korean(30, "23:50:00", 9),
        ended_at=korean(1, "00:00:00"),
        cause=GapCause.MONITOR_DOWN,
    ),
    # Tuesday in working time, of two causes that overlap: forty minutes in all.
    Gap(
        system="pbx1",
        started_at=korean(20, "14:00:00"),
        ended_at=korean(20, "14:30:00"),
        cause=GapCause.NOT_CONNECTED,
    ),
    Gap(system="pbx1", started_at=korean(20, "14:20:00"), ended_at=korean(20, "14:40:00"), cause=GapCause.RESTARTED),
    # Over midnight at the month's end: an hour of it is October's.
    Gap(
        system="pbx2",
        started_at=korean(31, "23:00:00"),
        ended_at=korean(1, "01:00:00", 11),
        cause=GapCause.NOT_BOOTED,
    ),
)
THREE_RINGS = RingRule()
TWO_RINGS = RingRule(name="two-rings", limit=2, holds_from=korean(31, "12:00:00").date())
SLOW_BELL = RingRule(
    name="slow-bell",
    version=2,
    country="US",
    limit=2,
    headline=Reading.BEFORE,
    holds_from=korean(1, "12:00:00", 1, 2027).date(),
)
"""For a recount: a bell of 2 s and 4 s, of which the second ring is the limit, and read strictly."""
OFFICE = WorkTime(
    zone=SEOUL, week=(*[Shift.read("09:00-18:00")] * 5, None, None), lunch=Shift.read("12:00-13:00"), lunch_counts=False
)
BASIS = Basis(
    rules=(THREE_RINGS, TWO_RINGS, SLOW_BELL),
    lines=tuple(LINES.values()),
    systems=("pbx1", "pbx2"),
    work_time=OFFICE,
    judged_on="all",
    within_us=20 * SECOND_US,
    short_us=5 * SECOND_US,
)
MADE_AT = korean(5, "09:00:00", 11)
MONTH = Order(period=Period.month("2026-10", SEOUL))


def counted(ledger: Repository, order: Order = MONTH, basis: Basis = BASIS) -> Figures:
    """The figures of an order, made on 5 November."""
    return figures_of(ledger.store, order, basis, now=MADE_AT)


def facts() -> list[StoredFact]:
    """All that the ledger holds: the calls of four months, the members' states, the gaps and the rules in force."""
    return [
        StoredRule.of(THREE_RINGS),
        StoredRule.of(TWO_RINGS),
        *october(),
        *_calls(SEPTEMBER, 2026, 9),
        *_calls(YEAR_BEFORE, 2025, 10),
        *_calls(NOVEMBER, 2026, 11),
        *_states(),
        *GAPS,
    ]


def october() -> list[Call]:
    """The forty, in the order of the table."""
    return list(_calls(OCTOBER, 2026, 10))


def _us(seconds: str) -> int:
    return int(Decimal(seconds) * SECOND_US)


def _maybe_us(seconds: str) -> int | None:
    return None if seconds == "-" else _us(seconds)


def _later(at: datetime, seconds: str) -> datetime | None:
    return None if seconds == "-" else at + timedelta(microseconds=_us(seconds))


def _cells(table: str) -> Iterator[list[str]]:
    return ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())


def _calls(table: str, year: int, month: int) -> Iterator[Call]:
    for number, *rest in _cells(table):
        yield _call(int(number), f"{year}{month:02}", rest)


def _call(number: int, month: str, cells: list[str]) -> Call:
    came, where, asked, phones, answered, ended, spoken, outcome, rang, judged, seen = cells
    system, line, queue = where.split()
    day, clock = came.removeprefix("~").split()
    at = korean(int(day), clock, int(month[4:]), int(month[:4]))
    attempts = tuple(_attempts(phones, at, QUEUES[queue]))
    answered_after, _, by = answered.partition(" by ")
    who = by.removesuffix(" pickup")
    asked_at, ended_at, answered_at = _later(at, asked), _later(at, ended), _later(at, answered_after)
    until = answered_at or ended_at
    waited = None if seen == "partly" or asked_at is None or until is None else until - asked_at
    talking, hold = spoken.split()
    ringing, rings = rang.split()
    within, before, reason = judged.split()
    first_ring = [attempt.started_at for attempt in attempts if attempt.ringing_us]
    return Call(
        key=CallKey(system=system, linkedid=f"{month}.{number:02}"),
        line=LINES[line],
        dialled=LINES[line].replace("-", ""),
        # Number 9 withheld its number.
        caller=None if number == 9 else f"0101111{number:04}",
        entered_at=None if came.startswith("~") else at,
        asked_at=asked_at,
        first_ring_at=first_ring[0] if first_ring else None,
        answered_at=answered_at,
        ended_at=ended_at,
        outcome=Outcome(outcome),
        rings=None if rings == "-" else int(rings),
        ringing_us=_maybe_us(ringing),
        waiting_us=None if waited is None else waited // timedelta(microseconds=1),
        talking_us=_maybe_us(talking),
        hold_us=_maybe_us(hold),
        verdicts=((Reading.WITHIN.value, VERDICTS[within]), (Reading.BEFORE.value, VERDICTS[before])),
        verdict_reason=VerdictReason(reason),
        rule="two-rings/1" if (month, number) == ("202610", 40) else "three-rings/1",
        observed=Observed.PARTLY if seen == "partly" else Observed.WHOLE,
        queue=QUEUES[queue],
        agent=f"PJSIP/agent{who}" if who else None,
        member=MEMBERS[who] if who else None,
        answered_by_pickup=by.endswith("pickup"),
        attempts=attempts,
        transfers=tuple(_transfers(number, at)) if month == "202610" else (),
        holds=(),
        recorded_at=ended_at or at + timedelta(minutes=5),
        source=Source.QUEUE_LOG if seen == "queue_log" else Source.AMI,
    )


def _attempts(phones: str, at: datetime, queue: str | None) -> Iterator[RingAttempt]:
    words = phones.split()
    for when, result in zip(words[::2], words[1::2], strict=True):
        who, _, span = when.partition(":")
        start, _, end = span.partition("-")
        ringing_us = _us(end) - _us(start)
        yield RingAttempt(
            agent=f"PJSIP/agent{who}",
            member=MEMBERS[who],
            channel=f"PJSIP/agent{who}-0000000a",
            queue=queue,
            started_at=at + timedelta(microseconds=_us(start)),
            ended_at=at + timedelta(microseconds=_us(end)),
            ringing_us=ringing_us,
            rings=ringing_us // 3_000_000 + 1 if ringing_us else 0,
            result=RESULTS[result],
        )


def _transfers(number: int, at: datetime) -> Iterator[Transfer]:
    for of, after, kind, way, scope, result, announced, consent, clock in _cells(TRANSFERS):
        if int(of) != number:
            continue
        by, _, to = way.partition(" > ")
        let_go_at = at + timedelta(seconds=int(after))
        seconds, rings = (int(part) for part in clock.split()) if clock else (None, None)
        yield Transfer(
            kind=TransferKind(kind),
            at=let_go_at,
            by=f"PJSIP/agent{by}",
            to=to,
            scope=Scope(scope),
            result=TransferResult(result),
            announced=announced == "announced",
            consent={"-": None, "yes": True, "no": False}[consent],
            consultation_us=5 * SECOND_US if announced == "announced" else 0,
            caller_hold_us=0,
            reconnected_at=None if seconds is None else let_go_at + timedelta(seconds=seconds),
            reconnect_us=None if seconds is None else seconds * SECOND_US,
            reconnect_rings=rings,
        )


def _states() -> Iterator[AgentState]:
    for when, queue, members in _cells(STATES):
        day, clock = when.split()
        words = members.split()
        for who, status in zip(words[::2], words[1::2], strict=True):
            yield AgentState(
                system="pbx1",
                queue=queue,
                agent=f"PJSIP/agent{who}",
                member=MEMBERS[who],
                status=None if status == "gone" else AgentStatus(status),
                at=korean(int(day), clock),
            )

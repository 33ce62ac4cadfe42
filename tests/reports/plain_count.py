"""A simulated day with everything mixed in, and the same figures counted call by call: slow, plain, and no SQL."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from monitor.calls.facts import (
    AgentState,
    AttemptResult,
    Call,
    Observed,
    Outcome,
    Scope,
    Source,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.rules import Reading, RingRule
from monitor.calls.state import Plan
from monitor.calls.tally import Tally
from monitor.calls.teams import Team, Teams
from monitor.demo import INSIDE, OUTSIDE
from monitor.masking import mask_number
from monitor.replay import Replay
from monitor.reports.figures import Quantiles
from monitor.reports.order import Basis
from monitor.simulator.capture import capture
from monitor.worktime import Hours, Shift, WorkTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

ZONE = ZoneInfo("Asia/Seoul")
START = datetime(2026, 10, 7, 7, 30, tzinfo=ZONE)
"""A Wednesday morning; the day before is 6 October."""
RULE = RingRule()
WORK_TIME = WorkTime(
    zone=ZONE, week=(Shift.read("09:10-18:00"),) * 5 + (None, None), lunch=Shift.read("10:05-10:45"), lunch_counts=False
)
"""It begins at ten past nine and lunches early, so that a half-hour holds calls of two kinds."""
BASIS = Basis(
    rules=(RULE,),
    lines=("main", "second"),
    systems=("pbx1",),
    work_time=WORK_TIME,
    judged_on="working_time",
    within_us=9_000_000,
    short_us=4_000_000,
)


TEAMS = Teams((Team(name="remote", menu=("menu,2",)), Team(name="claims", queues=("claims",))))


def facts(folder: Path) -> list[Any]:
    """Four hours of the simulated centre; some of its calls are made into what it has none of."""
    path = folder / "day.ami"
    capture(path, 7, START, 4 * 3600, 220, system="pbx1")
    plan = Plan(
        lines=Lines((Line("main", ("_X!",)),)),
        inside=Patterns(INSIDE),
        outside=Patterns(OUTSIDE),
        zone=ZONE,
        teams=TEAMS,
    )
    replay = Replay(plan, "pbx1", lambda _: None)
    with path.open("rb") as stream:
        found = [fact for fact in replay.read(path.name, stream) if isinstance(fact, Call | AgentState)]
    rng = Random(11)  # noqa: S311 - a test's dice
    return [_changed(fact, rng) if isinstance(fact, Call) else fact for fact in found]


def _changed(call: Call, rng: Random) -> Call:
    """One call in six is another line's, was brought in, was seen in part, or belongs to the day before."""
    both: tuple[tuple[str, Verdict], ...] = tuple((reading, Verdict.EXCLUDED) for reading, _ in call.verdicts)
    match rng.randrange(24):
        case 0:
            return replace(call, line="second")
        case 1:
            return replace(
                call,
                source=rng.choice((Source.QUEUE_LOG, Source.CDR, Source.CEL)),
                rings=None,
                ringing_us=None,
                hold_us=None,
                verdicts=both,
                verdict_reason=VerdictReason.RINGING_UNKNOWN,
                attempts=tuple(replace(each, rings=None, ringing_us=None) for each in call.attempts),
            )
        case 2 if (call.ringing_us or 0) < RULE.breach_us - RULE.period_us:
            reason = VerdictReason.PARTLY_UNOBSERVED
            return replace(call, observed=Observed.PARTLY, verdicts=both, verdict_reason=reason, waiting_us=None)
        case 3 if call.entered_at is not None:
            return replace(call, entered_at=call.entered_at - timedelta(days=1))
    return call


def tally_of(calls: Iterable[Call]) -> Tally:
    """Counted one by one."""
    tally = Tally()
    for call in calls:
        verdicts = {Reading(reading): verdict for reading, verdict in call.verdicts}
        tally.offered += 1
        tally.outcomes[call.outcome] += 1
        tally.partly_observed += call.observed is Observed.PARTLY
        for reading, verdict in verdicts.items():
            tally.verdicts[reading][verdict] += 1
        if call.verdicts[0][1] is Verdict.EXCLUDED:
            tally.excluded[call.verdict_reason] += 1
        tally.rules[call.rule] += 1
        tally.sources[call.source] += 1
        tally.warnings += call.rings is not None and call.rings >= 3
        tally.breaches += call.rings is not None and call.rings >= 4
        tally.talking_us += call.talking_us or 0
        tally.hold_us += call.hold_us or 0
        waited_us = call.waiting_us
        if call.outcome is Outcome.ANSWERED:
            tally.pickups += call.answered_by_pickup
            tally.left_the_centre += any(map(passes_outside, call.transfers))
            tally.transfers_untold += call.source is Source.CDR
            tally.waiting_untold += call.source is not Source.AMI and waited_us is None
            if waited_us is not None:
                tally.waited += 1
                tally.waiting_us += waited_us
                tally.answered_within += waited_us <= 9_000_000
        elif call.outcome.startswith("abandoned") and waited_us is not None:
            tally.abandoned_waiting += 1
            tally.abandoned_within += waited_us <= 9_000_000
            tally.abandoned_short += waited_us < 4_000_000
    return tally


def passes_outside(transfer: Any) -> bool:
    """A person sent the caller out of the centre, and the caller went."""
    stayed = {TransferResult.RETURNED, TransferResult.FAILED}
    if transfer.kind is TransferKind.FORWARD or transfer.scope is not Scope.OUTSIDE or transfer.result in stayed:
        return False
    return transfer.kind is not TransferKind.ATTENDED or transfer.result is TransferResult.COMPLETED


def hours_of(call: Call) -> Hours:
    """By the clock on the wall, written out."""
    local = call.filed_at.astimezone(ZONE)
    minute = local.hour * 60 + local.minute
    if 605 <= minute < 645:
        return Hours.LUNCH
    return Hours.WORKING if 550 <= minute < 1080 else Hours.OUTSIDE


def by(calls: Iterable[Call], key: Callable[[Call], Any]) -> dict[Any, Tally]:
    """Tallies of the calls by something they have."""
    groups: defaultdict[Any, list[Call]] = defaultdict(list)
    for call in calls:
        groups[key(call)].append(call)
    return {value: tally_of(group) for value, group in groups.items()}


def half_hour(call: Call) -> tuple[int, int]:
    """Weekday and half-hour."""
    local = call.filed_at.astimezone(ZONE)
    return local.weekday(), local.hour * 2 + local.minute // 30


def day_of(call: Call) -> date:
    """The local day."""
    return call.filed_at.astimezone(ZONE).date()


def quantiles_of(durations_us: list[int]) -> Quantiles:
    """By nearest rank, with the rank worked out in whole per cent."""
    ordered = sorted(durations_us)

    def at(percent: int) -> int | None:
        return ordered[max(math.ceil(percent * len(ordered) / 100), 1) - 1] if ordered else None

    mean_us = sum(ordered) / len(ordered) if ordered else None
    return Quantiles(count=len(ordered), mean_us=mean_us, p50_us=at(50), p90_us=at(90), p95_us=at(95))


def waits(calls: Iterable[Call]) -> list[int]:
    """Waiting of answered calls."""
    return [call.waiting_us for call in calls if call.outcome is Outcome.ANSWERED and call.waiting_us is not None]


Phone = tuple[str, str, str | None]
"""System, interface, name."""


def phones_of(calls: list[Call]) -> Callable[[Call, str, str | None], Phone]:
    """A phone and its name: the only one it had where it was rung without."""
    names: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for call in calls:
        for agent, member in [(call.agent, call.member), *((each.agent, each.member) for each in call.attempts)]:
            if agent is not None and member is not None:
                names[call.key.system, agent].add(member)

    def phone(call: Call, agent: str, member: str | None) -> Phone:
        known = names[call.key.system, agent]
        return call.key.system, agent, member or (min(known) if len(known) == 1 else None)

    return phone


def agents_of(calls: list[Call]) -> dict[Phone, list[Any]]:
    """By phone and name: answered, pickups, kept, broken, attempts by result, ringing, talking, transfers."""
    phone = phones_of(calls)
    found: defaultdict[Phone, list[Any]] = defaultdict(lambda: [0, 0, 0, 0, Counter(), 0, 0, 0])
    for call in calls:
        if call.outcome is Outcome.ANSWERED and call.agent is not None:
            row = found[phone(call, call.agent, call.member)]
            row[0] += 1
            row[1] += call.answered_by_pickup
            row[2] += call.verdicts[0][1] is Verdict.KEPT
            row[3] += call.verdicts[0][1] is Verdict.BROKEN
            row[6] += call.talking_us or 0
        for each in call.attempts:
            row = found[phone(call, each.agent, each.member)]
            row[5] += each.ringing_us or 0
            if call.answered_at is None or each.started_at < call.answered_at:
                row[4][AttemptResult(each.result)] += 1
        for transfer in call.transfers:
            if transfer.kind is not TransferKind.FORWARD:
                there = [each.member for each in call.attempts if each.agent == transfer.by and each.member]
                member = (call.member if call.agent == transfer.by else None) or next(iter(there), None)
                found[phone(call, transfer.by, member)][7] += 1
    return dict(found)


def missed_of(calls: Iterable[Call]) -> list[tuple[Any, ...]]:
    """Calls to return, by time."""
    gone = [call for call in calls if call.outcome not in (Outcome.ANSWERED, Outcome.UNOBSERVED)]
    return [
        (call.key.linkedid, call.filed_at, call.line, call.queue, mask_number(call.caller), call.outcome, call.rings)
        for call in sorted(gone, key=lambda call: (call.filed_at, call.key.system, call.key.linkedid))
    ]

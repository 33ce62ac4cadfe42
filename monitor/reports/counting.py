"""Ledger → figures: everything a report tells, counted by the database or in streams.

Day by day, so that no statement takes long, memory stays small and whoever waits is told how far it has come; and as of
one moment, so that all figures are of the same ledger.
"""

from __future__ import annotations

from array import array
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from monitor.calls import formulas
from monitor.calls.facts import Outcome, microseconds
from monitor.calls.rules import Reading, rule_on
from monitor.calls.tally import together
from monitor.ledger.cells import AsStored, Cuts, cells, slot
from monitor.ledger.coverage import last_seen, unobserved, unobserved_us
from monitor.ledger.rows import CALLS, RULES, StoredRule, rule_of
from monitor.reports.charter_counting import charter_figures, charter_figures_before
from monitor.reports.figures import (
    DayFigures,
    Figures,
    GapFigures,
    RingFigures,
    RuleFigures,
    SurveyFigures,
    Why,
    WorstHour,
)
from monitor.reports.local_days import LocalDay, local_days
from monitor.reports.passed_on import PassedOn, quantiles
from monitor.reports.periods import Period, Span
from monitor.reports.progress import Progress, Silent
from monitor.reports.reading import Agents, add_waiting, has_calls, missed_calls
from monitor.reports.reconciled import reconciled_figures
from monitor.reports.recounting import Anew, find_rule
from monitor.reports.selection import names_along, selection
from monitor.reports.sums import Sums, judged_months
from monitor.reports.worst_hours import Reasons
from monitor.worktime import Hours

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from monitor.calls.rules import RingRule
    from monitor.calls.tally import Tally
    from monitor.ledger.coverage import Unobserved
    from monitor.ledger.store import Store
    from monitor.reports.figures import MissedCall
    from monitor.reports.order import Basis, Order

SURVEYED = 100
"""Callers of a mystery-caller survey."""
WORST_HOURS = 10
_DAY_OF_COMPARISON = 0.25
"""What a day costs of which only the sums are read, beside one that is read whole."""
_DAY_OF_PEOPLE = 0.5
"""What of a day that is read whole agents and transfers cost."""
_WAIT_SECONDS = 0.5
"""How often it is told how far the other thread has come."""


def figures_of(store: Store, order: Order, basis: Basis, *, now: datetime, progress: Progress | None = None) -> Figures:
    """What a period held. May take half a minute for a million calls, and blocks.

    Args:
        store: the ledger's store.
        order: what is asked for.
        basis: the settings that counting needs.
        now: an aware instant; what lies behind it has not been, and is not unobserved.
        progress: is told how far it has come; its shares are those of counting alone, from 0 to 1.

    Raises:
        ReportError: the line, queue or rule that is asked for is not known.
        StoreError: the store is away.
    """
    told = progress or Silent()
    told.step("reading", 0.0)
    with store.reading_twice() as connections:
        return _Counting(connections, order, basis, now.astimezone(UTC), told).figures()


class _Counting:
    """One report being counted: calls in one connection, what people did in another one and a thread of its own.

    Databases do most of the work, and let go of the interpreter meanwhile.
    """

    def __init__(
        self,
        connections: tuple[Connection, Connection],
        order: Order,
        basis: Basis,
        now: datetime,
        progress: Progress,
    ) -> None:
        connection, self._of_people = connections
        self._connection = connection
        self._order = order
        self._basis = basis
        self._now = now
        self._progress = progress
        self._done = self._whole = 0.0
        self._days_of_people = 0
        self._stopped = Event()
        stored = [rule_of(row) for row in connection.execute(select(RULES)).mappings()]
        self._rule = None if order.rule is None else find_rule(order.rule, basis.rules, stored)
        self._rules: dict[str, RingRule | StoredRule] = {rule.label: rule for rule in basis.rules}
        self._rules |= {rule.label: rule for rule in stored}
        self._judging = AsStored(connection) if self._rule is None else Anew(self._rule)
        self._cuts = Cuts(within_us=basis.within_us, short_us=basis.short_us)
        self._selection = selection(connection, basis, line=order.line, queue=order.queue)
        # What the days of the period come to
        self._sums = Sums()
        self._waiting: dict[Hours, array[int]] = {hours: array("q") for hours in Hours}
        self._tells_agents = order.agents and basis.agents
        self._agents = Agents(self._judging)
        self._passed_on = PassedOn()
        self._missed: list[MissedCall] = []

    def _filed(self, since: datetime, until: datetime) -> ColumnElement[bool]:
        return and_(CALLS.c.filed_at >= since, CALLS.c.filed_at < until, *self._selection)

    def _counts(self, hours: Hours) -> bool:
        """Whether a call of these hours is one that the promise is judged on."""
        return self._basis.judged_on == "all" or self._basis.work_time.counts(hours)

    # What is told

    def figures(self) -> Figures:
        """Count everything."""
        order, basis, period = self._order, self._basis, self._order.period
        days = local_days(period, basis.work_time)
        compared = [each for each in (period.before(), period.year_before()) if self._any_of(each)]
        self._whole = len(days) + _DAY_OF_COMPARISON * sum((each.last - each.first).days + 1 for each in compared)
        with ThreadPoolExecutor(max_workers=1) as threads:
            people = threads.submit(self._read_people, days)
            try:
                for day in days:
                    self._step()
                    self._read(day)
                    self._done += 1 - _DAY_OF_PEOPLE
                earlier = {each: self._sums_of(each) for each in compared}
                while wait((people,), timeout=_WAIT_SECONDS).not_done:
                    self._step()
            finally:
                self._stopped.set()
            people.result()
        sums = self._sums
        before, year_before = (
            judged_months(earlier[each].days, self._counts) if each in earlier else {}
            for each in (period.before(), period.year_before())
        )
        whole, judged = (
            together(sums.by_hours.values()),
            together(tally for hours, tally in sums.by_hours.items() if self._counts(hours)),
        )
        gaps = self._gaps()
        end = min(period.until.astimezone(UTC), self._now)
        whole_us = len(gaps) * max(0, microseconds(end) - microseconds(period.since))
        lost_us = self._lost_us(gaps, period.since, end)
        rings = sums.rings(self._counts)
        return Figures(
            period=period,
            made_at=self._now,
            line=order.line,
            queue=order.queue,
            lines=tuple(sorted(sums.by_line)),
            systems=tuple(gaps),
            rules=self._rule_figures(whole),
            recounted=self._rule is not None,
            judged_on=basis.judged_on,
            within_us=basis.within_us,
            short_us=basis.short_us,
            whole=whole,
            by_hours=sums.by_hours,
            judged=judged,
            before=_seen(before.values()),
            year_before=_seen(year_before.values()),
            waiting=quantiles(us for hours, found in self._waiting.items() if self._counts(hours) for us in found),
            waiting_by_hours={hours: quantiles(found) for hours, found in self._waiting.items()},
            ring_counts=_ring_figures(rings),
            ringing_unknown=sum(calls for (often, _), calls in rings.items() if often is None),
            months=judged_months(sums.days, self._counts),
            months_before=before if period.span is Span.HALF and _seen(before.values()) else {},
            days=tuple(self._day_figures(day, sums, gaps) for day in days),
            half_hours=dict(sums.half_hours),
            queues=dict(sums.queues),
            teams=dict(sums.teams),
            teams_before=dict(earlier[period.before()].teams) if period.before() in earlier else {},
            by_line=dict(sums.by_line),
            agents=self._agents.figures(self._passed_on.made_by) if self._tells_agents else (),
            worst_hours=self._worst_hours(sums, gaps),
            missed=tuple(self._missed),
            transfers=self._passed_on.figures(),
            survey=_survey(judged),
            sources=dict(whole.sources),
            coverage=formulas.coverage(lost_us, whole_us),
            unobserved_us=lost_us,
            whole_us=whole_us,
            gaps=tuple(
                GapFigures(
                    system=gap.system,
                    started_at=gap.started_at,
                    ended_at=gap.ended_at,
                    cause=gap.cause,
                    lasts=gap.lasts,
                )
                for gap in sorted((each for found in gaps.values() for each in found), key=_by_time)
            ),
            last_seen_at=last_seen(self._connection, self._now),
            reconciled=() if order.line or order.queue else reconciled_figures(self._connection, period),
            charter=charter_figures(self._connection, order, basis, now=self._now),
            charter_before=charter_figures_before(
                self._connection, order, basis, now=self._now, selection=self._selection
            ),
        )

    def _read(self, day: LocalDay) -> None:
        """Take one day in."""
        connection, chosen = self._connection, self._filed(day.since, day.until)
        axes = (slot(connection, day.since, day.slot_seconds), CALLS.c.line, CALLS.c.queue, CALLS.c.team)
        found = cells(connection, chosen, self._judging, self._cuts, axes)
        self._sums.take(day, found)
        if not found:
            return
        for since, until, hours in day.stretches():
            add_waiting(connection, self._filed(since, until), self._waiting[hours])
        self._missed.extend(missed_calls(connection, chosen, self._judging))

    def _read_people(self, days: Sequence[LocalDay]) -> None:
        """Take in what agents did, in the other connection."""
        for day in days:
            if self._stopped.is_set():
                return
            chosen = self._filed(day.since, day.until)
            if self._tells_agents:
                self._agents.read(self._of_people, chosen)
            self._passed_on.read(self._of_people, chosen)
            self._days_of_people += 1

    def _step(self) -> None:
        done = self._done + _DAY_OF_PEOPLE * self._days_of_people
        self._progress.step("counting", min(done / self._whole, 1.0))

    # Other periods

    def _any_of(self, period: Period) -> bool:
        return has_calls(self._connection, self._filed(period.since.astimezone(UTC), period.until.astimezone(UTC)))

    def _sums_of(self, period: Period) -> Sums:
        """The calls of another period, by day and team."""
        work_time = self._basis.work_time
        by_hours = self._basis.judged_on == "working_time" and not work_time.always
        sums = Sums()
        for day in local_days(period, work_time):
            self._step()
            chosen = self._filed(day.since, day.until)
            places = (slot(self._connection, day.since, day.slot_seconds),) if by_hours else ()
            axes = (CALLS.c.team, *places)
            sums.take_day(day, cells(self._connection, chosen, self._judging, self._cuts, axes))
            self._done += _DAY_OF_COMPARISON
        return sums

    # Rules, days, gaps

    def _rule_figures(self, whole: Tally) -> tuple[RuleFigures, ...]:
        counted = dict(whole.rules)
        if not counted and (self._rule or self._basis.rules):
            would_have = self._rule or rule_on(self._basis.rules, self._order.period.first)
            counted = {would_have.label: 0}
        return tuple(
            RuleFigures(
                label=label,
                limit=rule.limit,
                period_us=rule.period_us,
                headline=rule.headline,
                country=rule.country,
                holds_from=rule.holds_from,
                calls=calls,
            )
            for label, calls in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
            # Every rule is in the ledger before the first call it judges.
            if (rule := self._rules.get(label)) is not None
        )

    def _gaps(self) -> dict[str, list[Unobserved]]:
        """What was not observed in the period, up to now, by system: the configured ones, and all that had calls."""
        period, connection = self._order.period, self._connection
        since, until = period.since.astimezone(UTC), period.until.astimezone(UTC)
        filed = and_(CALLS.c.filed_at >= since, CALLS.c.filed_at < until)
        systems = set(self._basis.systems)
        for name in names_along(connection, CALLS.c.system):
            # A computed text, so that calls are read along their time and not along their key.
            if name not in systems and has_calls(connection, and_(filed, CALLS.c.system.concat("") == name)):
                systems.add(name)
        return {name: unobserved(connection, name, since, min(until, self._now)) for name in sorted(systems)}

    def _lost_us(self, gaps: Mapping[str, Sequence[Unobserved]], since: datetime, until: datetime) -> int:
        return sum(unobserved_us(found, since, until) for found in gaps.values()) if since < until else 0

    def _day_figures(self, day: LocalDay, sums: Sums, gaps: Mapping[str, Sequence[Unobserved]]) -> DayFigures:
        work_time = self._basis.work_time
        end = min(day.until, self._now)
        whole_us = len(gaps) * max(0, microseconds(end) - microseconds(day.since))
        return DayFigures(
            day=day.day,
            holiday=work_time.names_of(day.day),
            working_day=work_time.shift_on(day.day) is not None,
            tally=together(sums.days.get(day.day, {}).values()),
            coverage=formulas.coverage(self._lost_us(gaps, day.since, end), whole_us),
        )

    # The worst hours

    def _worst_hours(self, sums: Sums, gaps: Mapping[str, Sequence[Unobserved]]) -> tuple[WorstHour, ...]:
        reasons = Reasons(self._connection, gaps)
        return tuple(self._worst_hour(since, until, reasons) for since, until in sums.worst_hours(WORST_HOURS))

    def _worst_hour(self, since: datetime, until: datetime, reasons: Reasons) -> WorstHour:
        chosen = self._filed(since, until)
        waited_us = reasons.of(chosen)
        return WorstHour(
            started_at=since,
            tally=cells(self._connection, chosen, self._judging, self._cuts)[()].tally,
            why=max(waited_us, key=waited_us.__getitem__, default=Why.NOT_OBSERVED),
            waited_us=waited_us,
        )


def _by_time(gap: Unobserved) -> tuple[datetime, str, datetime]:
    return gap.started_at, gap.system, gap.ended_at


def _seen(tallies: Iterable[Tally]) -> Tally | None:
    """Some tallies in one; None where there is no call in them."""
    tally = together(tallies)
    return tally if tally.offered else None


def _ring_figures(rings: Counter[tuple[int | None, Outcome]]) -> tuple[RingFigures, ...]:
    known = {often for often, _ in rings if often is not None}
    return tuple(
        RingFigures(
            rings=often,
            answered=rings[often, Outcome.ANSWERED],
            never_answered={
                outcome: rings[often, outcome]
                for outcome in Outcome
                if outcome is not Outcome.ANSWERED and rings[often, outcome]
            },
        )
        for often in range(max(known, default=-1) + 1)
    )


def _survey(judged: Tally) -> dict[Reading, SurveyFigures]:
    found = {}
    for reading in Reading:
        kept, broken = judged.kept(reading), judged.broken(reading)
        scored = formulas.survey(kept, broken, SURVEYED)
        if scored is not None:
            score, low, high = scored
            found[reading] = SurveyFigures(callers=min(SURVEYED, kept + broken), score=score, low=low, high=high)
    return found

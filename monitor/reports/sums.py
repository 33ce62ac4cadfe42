"""Cells of the database, added up to the sums of a report."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from monitor.calls.tally import Tally
from monitor.ledger.cells import Cell
from monitor.worktime import Hours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime, timedelta

    from monitor.calls.facts import Outcome
    from monitor.reports.local_days import LocalDay

_HourKey = tuple["date", tuple[int, "timedelta"]]


def judged_months(
    days: Mapping[date, Mapping[Hours, Tally]], counts: Callable[[Hours], bool]
) -> dict[tuple[int, int], Tally]:
    """The days' calls by (year, month), of the hours that count."""
    months: dict[tuple[int, int], Tally] = {}
    for day, by_hours in days.items():
        for hours, tally in by_hours.items():
            if counts(hours):
                months.setdefault((day.year, day.month), Tally()).add(tally)
    return months


class Sums:
    """What a period's days come to, by everything that follows from place and time alone.

    Attributes:
        days: by day, and whether the centre was there.
        by_hours: by whether the centre was there; all three are there.
        half_hours: by (weekday, half-hour).
        queues: by queue.
        teams: by team.
        by_line: by line.
    """

    def __init__(self) -> None:
        self.days: dict[date, dict[Hours, Tally]] = {}
        self.by_hours: dict[Hours, Tally] = {hours: Tally() for hours in Hours}
        self.half_hours: defaultdict[tuple[int, int], Tally] = defaultdict(Tally)
        self.queues: defaultdict[str | None, Tally] = defaultdict(Tally)
        self.teams: defaultdict[str | None, Tally] = defaultdict(Tally)
        self.by_line: defaultdict[str, Tally] = defaultdict(Tally)
        self._rings: defaultdict[Hours, Counter[tuple[int | None, Outcome]]] = defaultdict(Counter)
        self._failures: Counter[_HourKey] = Counter()
        self._bounds: dict[_HourKey, tuple[datetime, datetime]] = {}

    def take(self, day: LocalDay, found: Mapping[tuple[Any, ...], Cell]) -> None:
        """Take a day's cells in.

        Args:
            day: the day.
            found: its cells by (number of the slot, line, queue, team).
        """
        by_slot: defaultdict[int, Cell] = defaultdict(Cell)
        by_place: defaultdict[tuple[str, str | None, str | None], Cell] = defaultdict(Cell)
        for (number, line, queue, team), cell in found.items():
            by_slot[number].add(cell)
            by_place[line, queue, team].add(cell)
        for (line, queue, team), cell in by_place.items():
            self.by_line[line].add(cell.tally)
            self.queues[queue].add(cell.tally)
            self.teams[team].add(cell.tally)
        for number, cell in sorted(by_slot.items()):
            slot = day.slots[number]
            self.half_hours[day.day.weekday(), slot.half_hour].add(cell.tally)
            self._rings[slot.hours].update(cell.rings)
            self._failures[day.day, slot.hour] += cell.failures
        for slot in day.slots:
            begin, _ = self._bounds.get((day.day, slot.hour), (slot.started_at, slot.ended_at))
            self._bounds[day.day, slot.hour] = begin, slot.ended_at
        for number, cell in by_slot.items():
            self._add(day, day.slots[number].hours, cell)
        for hours, tally in self.days.get(day.day, {}).items():
            self.by_hours[hours].add(tally)

    def take_day(self, day: LocalDay, found: Mapping[tuple[Any, ...], Cell]) -> None:
        """Take in no more than a day's sums.

        Args:
            day: the day.
            found: its cells by (team, number of the slot); by (team) where it does not matter when they came in.
        """
        for (team, *place), cell in found.items():
            self.teams[team].add(cell.tally)
            self._add(day, day.slots[place[0]].hours if place else Hours.WORKING, cell)

    def _add(self, day: LocalDay, hours: Hours, cell: Cell) -> None:
        self.days.setdefault(day.day, {}).setdefault(hours, Tally()).add(cell.tally)

    def rings(self, counts: Callable[[Hours], bool]) -> Counter[tuple[int | None, Outcome]]:
        """Calls by how often the phone rang and how they ended, of the hours that count."""
        total: Counter[tuple[int | None, Outcome]] = Counter()
        for hours, rings in self._rings.items():
            if counts(hours):
                total.update(rings)
        return total

    def worst_hours(self, most: int) -> list[tuple[datetime, datetime]]:
        """From when to when the clock's hours lasted in which most calls were broken or lost; the worst first."""
        failed = [(-calls, *self._bounds[hour]) for hour, calls in self._failures.items() if calls]
        return [(since, until) for _, since, until in sorted(failed)[:most]]

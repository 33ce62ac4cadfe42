"""What other rules would have made of a period, beside what is stored; nothing stored changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

from sqlalchemy import and_

from monitor.calls.tally import Tally
from monitor.ledger.cells import AsStored, Cell, Cuts, Judging, cells, slot
from monitor.ledger.rows import CALLS
from monitor.reports.local_days import local_days
from monitor.reports.progress import Progress, Silent
from monitor.reports.recounting import Anew
from monitor.reports.selection import selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.calls.facts import Outcome
    from monitor.calls.rules import RingRule
    from monitor.ledger.store import Store
    from monitor.reports.local_days import LocalDay
    from monitor.reports.order import Basis
    from monitor.reports.periods import Period


@dataclass(slots=True, kw_only=True)
class Recounted:
    """The calls of a period that a promise is judged on, under one rule."""

    rule: RingRule | None
    """None: as they were judged in their time."""
    tally: Tally = field(default_factory=Tally)
    rings: Counter[tuple[int | None, Outcome]] = field(default_factory=Counter)
    """Calls by how often the phone rang (None: not known) and how they ended."""
    months: dict[tuple[int, int], Tally] = field(default_factory=dict)
    """By (year, month)."""

    def take(self, day: LocalDay, cell: Cell) -> None:
        """Take calls of a day in."""
        self.tally.add(cell.tally)
        self.rings.update(cell.rings)
        self.months.setdefault((day.day.year, day.day.month), Tally()).add(cell.tally)


def side_by_side(
    store: Store,
    period: Period,
    rules: Sequence[RingRule],
    basis: Basis,
    *,
    line: str | None = None,
    queue: str | None = None,
    progress: Progress | None = None,
) -> tuple[Recounted, ...]:
    """Count a period as it is stored and under each of some rules. May block for long.

    Args:
        store: the ledger's store.
        period: the period.
        rules: those to count it under.
        basis: working time, and whether promises are judged on it.
        line: only this line's calls.
        queue: only this queue's calls.
        progress: is told how far it has come.

    Raises:
        ReportError: the line or queue is not known.
        StoreError: the store is away.
    """
    told = progress or Silent()
    cuts = Cuts(within_us=basis.within_us, short_us=basis.short_us)
    everything = basis.judged_on == "all" or basis.work_time.always
    days = local_days(period, basis.work_time)
    found = tuple(Recounted(rule=rule) for rule in (None, *rules))
    with store.reading() as connection:
        selected = selection(connection, basis, line=line, queue=queue)
        ways: list[Judging] = [AsStored(connection), *map(Anew, rules)]
        for number, day in enumerate(days):
            told.step("counting", number / len(days))
            since, until = day.since.astimezone(UTC), day.until.astimezone(UTC)
            chosen = and_(CALLS.c.filed_at >= since, CALLS.c.filed_at < until, *selected)
            axes = () if everything else (slot(connection, since, day.slot_seconds),)
            for recounted, judging in zip(found, ways, strict=True):
                for place, cell in cells(connection, chosen, judging, cuts, axes).items():
                    if everything or basis.work_time.counts(day.slots[place[0]].hours):
                        recounted.take(day, cell)
    return found

"""Has the day before compared each night, in a process of its own, and makes up nights that were missed.

In the monitor's own process reading a day's records would hold up alerts for as long as it takes.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from monitor.errors import MonitorError
from monitor.ledger import reconciled
from monitor.reconcile.errand import Errand
from monitor.schedule_troubles import Troubles, look_for_ever

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from monitor.callbacks.settling import Terms
    from monitor.ledger.store import Store
    from monitor.numbers import Numbers
    from monitor.reconcile.work import Order

log = structlog.get_logger(__name__)

LOOK_SECONDS = 30.0
"""Between two looks at the clock."""
LIMIT_SECONDS = 1800.0
MADE_UP_DAYS = 7
"""So many nights back at most, where the monitor was down for longer."""
RESULTS = ("matched", "filled", "disagreeing", "ours_alone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One system to compare, and when."""

    system: str
    at: time
    """Local to the centre."""
    order: Callable[[datetime, datetime], Order]
    """The order for a period; may raise a `MonitorError`."""


class Nightly:
    """Compares what is due. Everything belongs to the event loop's thread.

    Args:
        tables: what is compared.
        store: the ledger, to see what was compared before.
        store_url: its URL of this moment, with its password.
        numbers: how callers' numbers are kept.
        zone: the centre's.
        clock: the time, as an aware instant.
        leads: whether it is for this monitor to do it.
        settled: whether the ledger has all that was seen; nothing is compared before.
        carry_out: does an errand, and answers as `monitor.reconcile.errand.run` does.
        callbacks: by when one calls back; None where calls back are not kept.
    """

    def __init__(
        self,
        tables: Sequence[Table],
        *,
        store: Store,
        store_url: Callable[[], str],
        numbers: Numbers,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        leads: Callable[[], bool] = lambda: True,
        settled: Callable[[], bool] = lambda: True,
        carry_out: Callable[[Errand], Awaitable[dict[str, Any]]] | None = None,
        callbacks: Terms | None = None,
    ) -> None:
        self._tables = tuple(tables)
        self._store = store
        self._store_url = store_url
        self._numbers = numbers
        self._callbacks = callbacks
        self._zone = zone
        self._clock = clock
        self._leads = leads
        self._settled = settled
        self._carry_out = carry_out or carried_out
        self._troubles = Troubles()
        self._done: dict[str, date] = {}
        self.results: dict[str, Mapping[str, int]] = {}
        """Of the last comparison of each system: calls by what came of them."""
        self.succeeded_at: dict[str, float] = {}
        """When that was; seconds since 1970."""
        self.failed: Counter[str] = Counter({table.system: 0 for table in self._tables})
        """Tries that failed since the start."""
        self.overdue: dict[str, int] = {table.system: 0 for table in self._tables}
        """Days that are due and not compared."""

    async def run(self) -> None:
        """Look at the clock for ever; an error of our own is told once, and does not end it."""
        await look_for_ever(self.look, LOOK_SECONDS, log, "reconciliation_broken")

    async def look(self) -> None:
        """Compare what is due now. Returns at once where nothing is."""
        for table in self._tables:
            now = self._clock()
            due = self._last_due(table, now)
            if self._done.get(table.system) == due or self._troubles.rests(table.system, now):
                continue
            try:
                wanted = await asyncio.to_thread(self._wanted, table, due)
                self.overdue[table.system] = len(wanted)
                if not self._leads():
                    # Another monitor does it, and tells what is overdue.
                    self.overdue[table.system] = 0
                    continue
                if wanted and not self._settled():
                    continue
                for day in wanted:
                    await self._compare(table, day)
                    self.overdue[table.system] -= 1
            except MonitorError as error:
                self.overdue[table.system] = max(self.overdue[table.system], 1)
                self.failed[table.system] += 1
                if self._troubles.failed(table.system, self._clock()):
                    log.warning("reconciliation_failed", system=table.system, reason=str(error))
                continue
            self._done[table.system] = due
            if self._troubles.over(table.system):
                log.info("reconciliation_made_at_last", system=table.system)

    def _last_due(self, table: Table, now: datetime) -> date:
        """The last day whose comparison is due."""
        local = now.astimezone(self._zone)
        # What the clock on the wall shows decides: a time that a day skips or has twice is passed like any other.
        back = 1 if local.time() >= table.at else 2
        return local.date() - timedelta(days=back)

    def _wanted(self, table: Table, due: date) -> list[date]:
        """The days that are due and not compared, the oldest first."""
        with self._store.reading() as connection:
            last = reconciled.newest(connection).get(table.system)
            if last is not None and table.system not in self.succeeded_at:
                self._tell(table.system, {name: getattr(last, name) for name in RESULTS}, last.made_at)
            if last is None:
                # Nothing was ever compared here: the past is there to be asked for.
                return [due]
            days = [due - timedelta(days=back) for back in reversed(range(MADE_UP_DAYS))]
            # Somebody may have compared the beginning of today by hand: what is due is due all the same.
            first = min(due, reconciled.first(connection, table.system).astimezone(self._zone).date())
            return [
                day for day in days if day >= first and not reconciled.has(connection, table.system, *self._period(day))
            ]

    def _period(self, day: date) -> tuple[datetime, datetime]:
        return self._midnight(day), self._midnight(day + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone)

    async def _compare(self, table: Table, day: date) -> None:
        """Have one day compared.

        Raises:
            MonitorError: it was not, and why.
        """
        now = self._clock()
        order = await asyncio.to_thread(table.order, *self._period(day))
        errand = Errand(order=order, store=self._store_url(), numbers=self._numbers, now=now, callbacks=self._callbacks)
        answer = await self._carry_out(errand)
        if "error" in answer:
            raise MonitorError(answer["error"])
        self._tell(table.system, answer, now)
        log.info("reconciled", system=table.system, day=day.isoformat(), **answer)

    def _tell(self, system: str, results: Mapping[str, int], made_at: datetime) -> None:
        self.results[system] = dict(results)
        self.succeeded_at[system] = made_at.timestamp()


async def carried_out(errand: Errand) -> dict[str, Any]:
    """What a process of its own answers that compares; it ends with this task."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        # What lies in the folder the monitor was started in is none of ours.
        "-P",
        "-m",
        "monitor.reconcile.errand",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # Ctrl-C in a terminal is for the monitor, which ends this one in its own way.
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018, S101 - asked for as pipes
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            # Where it ended before it could read, what it did not answer tells.
            with suppress(ConnectionError):
                process.stdin.write(pickle.dumps(errand))
                await process.stdin.drain()
            answer = await process.stdout.read()
    except TimeoutError:
        return {"error": f"It took longer than {LIMIT_SECONDS / 60:.0f} minutes: see how large the sources are."}
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if not answer:
        return {"error": "The process that compares was ended from outside: see that the machine has memory."}
    found: dict[str, Any] = json.loads(answer)
    return found

"""Where cases are opened, changed and looked up: each change in one transaction with its entry in the audit trail.

Every method may block: call it off the event loop.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from monitor.commitments.cases import (
    Actor,
    Case,
    CaseError,
    CaseQuery,
    CaseState,
    Change,
    Found,
    NewCase,
    Opened,
    Standing,
    Total,
    TrailCheck,
    TrailEntry,
)
from monitor.commitments.clock import due_soon_until, period_of
from monitor.commitments.filing import Filing, difference
from monitor.commitments.owed import owed_for
from monitor.commitments.proving import check_trail
from monitor.commitments.register import Finding, When
from monitor.errors import SearchError
from monitor.ledger import case_counts, case_search, cases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from monitor.commitments.filing import Row
    from monitor.commitments.register import Commitment
    from monitor.ledger.store import Store
    from monitor.numbers import Numbers
    from monitor.worktime import WorkTime

ITSELF = Actor("callmonitor", "program")
"""Who does what happens by itself."""
_COLUMNS = tuple(name for name in Case.__slots__ if name != "standing")


def _(sentence: str) -> str:
    """Marks a message identifier for the catalogue; the page looks its Korean up."""
    return sentence


class CaseDesk:
    """The cases of one ledger.

    Args:
        store: the ledger's; each method raises `StoreError` where it is away.
        register: the promises, in their order.
        work_time: of the centre.
        numbers: how the ledger keeps numbers.
        clock: the present, an aware instant.
        due_soon_days: so many days before its deadline a case is due soon.
    """

    def __init__(
        self,
        store: Store,
        register: tuple[Commitment, ...],
        work_time: WorkTime,
        numbers: Numbers,
        clock: Callable[[], datetime],
        *,
        due_soon_days: int = 2,
    ) -> None:
        self.store = store
        self.numbers = numbers
        self.clock = clock
        self.due_soon_days = due_soon_days
        self.filing = Filing(register, work_time, numbers)
        self._counted: tuple[int, Mapping[str, datetime], datetime, tuple[Total, ...]] | None = None

    @property
    def register(self) -> tuple[Commitment, ...]:
        """The promises, in their order."""
        return tuple(self.filing.register.values())

    def take_settings(self, register: tuple[Commitment, ...], work_time: WorkTime, due_soon_days: int) -> None:
        """Go by another register from now on; cases that are there keep their deadlines."""
        self.filing = Filing(register, work_time, self.numbers)
        self.due_soon_days = due_soon_days
        self._counted = None

    # Writing

    def open(self, new: NewCase, by: Actor) -> Case:
        """Open a case; one that is there already and says the same stays as it is.

        Raises:
            CaseError: it makes no sense, or its reference is another case's.
            StoreError: the ledger is away.
        """
        return self.opened(new, by).case

    def opened(self, new: NewCase, by: Actor) -> Opened:
        """As `open`, and whether the case is new."""
        now = self.now()
        row = self.filing.new_row(new, now)
        with self.store.writing() as connection:
            cases.lock(connection)
            if row["reference"] is not None:
                stored = cases.one(connection, row["reference"])
                if stored is not None:
                    opening = cases.openings(connection, [row["reference"]])[row["reference"]]
                    if difference(row, opening["detail"], stored):
                        raise CaseError(
                            _("There is another case of this reference: give this one another, or change that one."),
                            "reference",
                        )
                    return Opened(case=self._case(stored, now), new=False)
            self.refuse_second(connection, row)
            row = self._with_reference(connection, row)
            cases.add(connection, [row])
            cases.append(connection, [self.filing.entry(None, row, by)])
            self.withdraw_untouched(connection, row)
        return Opened(case=self._case(row, now))

    def change(self, reference: str, change: Change, by: Actor) -> Case:
        """Change a case. Where nothing would be different nothing is written.

        Raises:
            CaseError: there is no such case, somebody was faster, or the change makes no sense.
            StoreError: the ledger is away.
        """
        now = self.now()
        with self.store.writing() as connection:
            cases.lock(connection)
            before = cases.one(connection, reference)
            if before is None:
                raise CaseError(_("There is no case of this reference: look it up in the list."), "reference")
            if change.seen_at is not None and change.seen_at != before["changed_at"]:
                raise CaseError(
                    _("Somebody else changed this case meanwhile: look at it anew, then change it."), "seen_at"
                )
            row = self.filing.changed_row(before, change, now)
            if row != dict(before):
                if any(row[name] != before[name] for name in ("state", "commitment", "due_at")):
                    self.refuse_second(connection, row)
                cases.change(connection, reference, {name: row[name] for name in row if row[name] != before[name]})
                cases.append(connection, [self.filing.entry(before, row, by)])
                self.withdraw_untouched(connection, row)
        return self._case(row, now)

    def open_holdings(self) -> list[Case]:
        """Open a case for each promise that is due once and again whose year or half has none yet.

        Its clock is then seen by everybody who looks at cases. Call it once a day; again, it does nothing.
        """
        now = self.now()
        opened = []
        today = now.astimezone(self.filing.work_time.zone).date()
        for one in self.register:
            if one.every is None:
                continue
            first = period_of(one.every, today)[0]
            half = "" if one.every == "year" else f"-{1 if first.month == 1 else 2}"
            new = NewCase(
                commitment=one.key, received_at=now, reference=f"{one.key}-{first.year}{half}", source="register"
            )
            row = self.filing.new_row(new, now)
            with self.store.writing() as connection:
                cases.lock(connection)
                if case_search.of_period(connection, one.key, row["due_at"], every_state=True):
                    continue
                if cases.one(connection, row["reference"]) is not None:
                    continue
                cases.add(connection, [row])
                cases.append(connection, [self.filing.entry(None, row, ITSELF)])
            opened.append(self._case(row, now))
        return opened

    def _with_reference(self, connection: Connection, row: Row) -> Row:
        if row["reference"] is not None:
            return row
        number = cases.next_entry(connection)
        year = row["received_at"].astimezone(self.filing.work_time.zone).year
        while cases.one(connection, reference := f"C-{year}-{number:06}") is not None:
            number += 1
        return {**row, "reference": reference}

    # Inside whoever's transaction that writes cases

    def refuse_second(self, connection: Connection, row: Row) -> None:
        """A year or half has one holding that is not done: two would wait where one is owed.

        Raises:
            CaseError: this one, as it is to be written, would be the second.
        """
        commitment = self.filing.register.get(row["commitment"])
        if commitment is None or commitment.every is None or row["state"] != CaseState.OPEN:
            return
        waiting = case_search.of_period(connection, commitment.key, row["due_at"])
        there = [one for one in waiting if one["reference"] != row["reference"]]
        if there:
            raise CaseError(
                _("It is on the list already as {reference}: write down there what came of it."), "commitment",
                reference=there[0]["reference"],
            )  # fmt: skip

    def withdraw_untouched(self, connection: Connection, row: Row) -> None:
        """A holding that was done under another reference leaves none to wait that was opened by itself."""
        commitment = self.filing.register.get(row["commitment"])
        if commitment is None or commitment.every is None or row["state"] != CaseState.DONE:
            return
        for other in case_search.of_period(connection, commitment.key, row["due_at"]):
            if other["source"] == "register" and other["changed_at"] == other["created_at"]:
                withdrawn = self.filing.changed_row(other, Change(state=CaseState.WITHDRAWN), row["changed_at"])
                cases.change(
                    connection, other["reference"],
                    {name: withdrawn[name] for name in ("state", "changed_at", "done_at")},
                )  # fmt: skip
                cases.append(connection, [self.filing.entry(other, withdrawn, ITSELF)])

    # Reading

    def get(self, reference: str) -> Case | None:
        """A case; None where there is none of this reference."""
        with self.store.reading() as connection:
            row = cases.one(connection, reference)
        return None if row is None else self._case(row, self.now())

    def trail(self, reference: str) -> tuple[TrailEntry, ...]:
        """The audit trail of a case, the oldest entry first; empty where there is no such case."""
        with self.store.reading() as connection:
            return tuple(TrailEntry(**row) for row in cases.trail(connection, reference))

    def find(self, query: CaseQuery) -> Found:
        """One page of cases.

        Raises:
            CaseError: the query makes no sense; its `field` names which part.
        """
        now = self.now()
        try:
            with self.store.reading() as connection:
                rows, following = case_search.page(connection, self._wanted(query), now, query.limit, query.after)
        except SearchError as error:
            raise CaseError(_("The list cannot go on from there: begin again with its first page."), "after") from error
        return Found(tuple(self._case(row, now) for row in rows), following)

    def count(self, query: CaseQuery) -> int:
        """How many cases a query finds, on all its pages.

        Raises:
            CaseError: the query makes no sense.
        """
        with self.store.reading() as connection:
            return case_search.count(connection, self._wanted(query), self.now())

    def totals(self) -> tuple[Total, ...]:
        """How many cases stand where, and what is owed and was paid, by promise in the register's order.

        Promises that were taken out of the register and have cases come last. Every case is counted where anything has
        become different since the last time: the trail tells of each change, and deadlines pass where there are any.
        """
        now, due_soon_at = self.now(), self.due_soon_at()
        # Looked at once: another thread may put something else there, or other settings nothing.
        counted_before = self._counted
        with self.store.reading() as connection:
            next_entry = cases.next_entry(connection)
            if (
                counted_before is not None
                and counted_before[:2] == (next_entry, due_soon_at)
                and not case_counts.passed(connection, counted_before[2], now)
            ):
                return counted_before[3]
            counted = case_counts.counts(connection, now, due_soon_at)
            money = case_counts.money(connection, now, self._missed_won())
        keys = dict.fromkeys([*due_soon_at, *sorted({key for key, _standing in counted})])
        totals = tuple(
            Total(
                commitment=key,
                counts={one: counted[key, one.value] for one in Standing if (key, one.value) in counted},
                owed_won=money.get(key, (0, 0))[0],
                paid_won=money.get(key, (0, 0))[1],
            )
            for key in keys
        )
        self._counted = next_entry, due_soon_at, now, totals
        return totals

    def each(self, query: CaseQuery) -> Iterator[Case]:
        """Every case that a query finds, held in memory a page at a time."""
        after = query.after
        while True:
            found = self.find(replace(query, limit=case_search.MOST, after=after))
            yield from found.cases
            after = found.next
            if after is None:
                return

    def verify_trail(self) -> TrailCheck:
        """Read through the whole trail: whether each entry is as it was written, and each case as its entries say."""
        with self.store.reading() as connection:
            return check_trail(connection)

    def due_soon_at(self) -> Mapping[str, datetime]:
        """By promise, the latest deadline that is due soon now; what `monitor.ledger.case_counts` asks for."""
        now, work_time = self.now(), self.filing.work_time
        return {one.key: due_soon_until(one, now, self.due_soon_days, work_time) for one in self.register}

    def now(self) -> datetime:
        """The present, in UTC."""
        return self.clock().astimezone(UTC)

    def _missed_won(self) -> dict[str, int]:
        return {
            one.key: max(rule.won for rule in one.owed if rule.when is When.MISSED)
            for one in self.register
            if any(rule.when is When.MISSED for rule in one.owed)
        }

    def _wanted(self, query: CaseQuery) -> case_search.Wanted:
        person = self.numbers.person(query.number) if query.number else None
        if query.number and not person:
            raise CaseError(_("It is no whole telephone number: give one with its area code."), "number")
        for name in ("since", "until"):
            at = getattr(query, name)
            if at is not None and at.tzinfo is None:
                raise CaseError(_("The time has no time zone: give one, as in +09:00."), name)
        if not 1 <= query.limit <= case_search.MOST:
            raise CaseError(
                _("A page has 1 to {most} cases: give a number between them."), "limit", most=case_search.MOST
            )
        return case_search.Wanted(
            standing=query.standing and str(query.standing), commitment=query.commitment, assignee=query.assignee,
            person=person, number_ends=query.number_ends, text=query.text, in_subject=query.in_subject,
            since=query.since, until=query.until, due_soon_at=self.due_soon_at(),
            missed_won=self._missed_won(),
        )  # fmt: skip

    def _case(self, row: Mapping[str, Any], now: datetime) -> Case:
        told = {name: row[name] for name in _COLUMNS}
        told["state"] = CaseState(row["state"])
        told["finding"] = row["finding"] and Finding(row["finding"])
        standing = self._standing(row, now)
        commitment = self.filing.register.get(row["commitment"])
        if standing is Standing.OVERDUE and commitment and any(rule.when is When.MISSED for rule in commitment.owed):
            # The ledger was written before the deadline passed.
            due = owed_for(commitment, row, now)
            told |= {"owed_won": due.won, "owed_apology": due.apology, "owed_training": due.training}
        return Case(**told, standing=standing)

    def _standing(self, row: Mapping[str, Any], now: datetime) -> Standing:
        if row["state"] != CaseState.OPEN:
            return Standing(row["state"])
        if row["due_at"] is None:
            return Standing.OPEN
        if now >= row["due_at"]:
            return Standing.OVERDUE
        commitment = self.filing.register.get(row["commitment"])
        if commitment is None:
            return Standing.OPEN
        until = due_soon_until(commitment, now, self.due_soon_days, self.filing.work_time)
        return Standing.DUE_SOON if row["due_at"] <= until else Standing.OPEN

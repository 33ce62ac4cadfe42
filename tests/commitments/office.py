"""An office that works Monday to Friday in Seoul, and the person who works there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from monitor.commitments.cases import Actor, Case, NewCase
from monitor.commitments.desk import CaseDesk
from monitor.commitments.register import CHARTER
from monitor.numbers import PLAIN
from monitor.worktime import Shift, WorkTime

if TYPE_CHECKING:
    from monitor.commitments.register import Commitment
    from monitor.ledger import Store
    from monitor.numbers import Numbers

SEOUL = ZoneInfo("Asia/Seoul")
OFFICE = Shift.read("09:00-18:00")
WEEK = (OFFICE,) * 5 + (None, None)
WORK = WorkTime(zone=SEOUL, week=WEEK)
KIM = Actor("kim", "supervisor")
LEE = Actor("lee", "supervisor")


def at(written: str) -> datetime:
    """An instant in Seoul."""
    return datetime.fromisoformat(written).replace(tzinfo=SEOUL)


class Office:
    """A desk whose clock is set by hand: Thursday 26 November 2026, 15:00."""

    def __init__(self, store: Store, register: tuple[Commitment, ...] = CHARTER, numbers: Numbers = PLAIN) -> None:
        self.store = store
        self.now = at("2026-11-26 15:00")
        self.desk = CaseDesk(store, register, WORK, numbers, lambda: self.now)

    def with_register(self, *register: Commitment) -> Office:
        """The same ledger under other promises."""
        return Office(self.store, register)

    def open(self, commitment: str = "voc_simple", received: str = "2026-11-23 10:00", **fields: Any) -> Case:
        """A case that Kim opens."""
        return self.desk.open(replace(NewCase(commitment=commitment, received_at=at(received)), **fields), KIM)

    def pass_time(self, **units: float) -> None:
        """Let it be later."""
        self.now += timedelta(**units)

    def sql(self, statement: str) -> list[Any]:
        """What SQL says, past the desk."""
        with self.store.writing() as connection:
            found = connection.execute(text(statement))
            return list(found) if found.returns_rows else []

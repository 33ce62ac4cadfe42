"""Calls back of a period, counted: what the record of the charter says of them.

Every figure follows from one row of `callbacks` each; which row counts where is said in `CallbackFigures`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from monitor.callbacks.settling import Kind, State
from monitor.calls.facts import microseconds
from monitor.ledger.tables import CALLBACKS
from monitor.reports.charter_figures import CallbackFigures
from monitor.reports.passed_on import quantiles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from monitor.reports.charter_figures import CallbackKind

_READ_AT_ONCE = 10_000


@dataclass(slots=True)
class _Sums:
    """One kind's, while its rows are read."""

    owed: int = 0
    in_time: int = 0
    late: int = 0
    never: int = 0
    waiting: int = 0
    overtaken: int = 0
    dropped: int = 0
    reached: int = 0
    tries: int = 0
    first_try_us: list[int] = field(default_factory=list)
    conversation_us: list[int] = field(default_factory=list)

    def add(self, row: Row[*tuple[Any, ...]], now: datetime) -> None:
        """Count one call back, as it stands now."""
        self.owed += 1
        self.tries += row.tries
        if row.first_try_at is not None:
            if row.first_try_at <= row.due_at:
                self.in_time += 1
            else:
                self.late += 1
            self.first_try_us.append(microseconds(row.first_try_at) - microseconds(row.owed_at))
            if row.reached_at is not None:
                self.reached += 1
                self.conversation_us.append(microseconds(row.reached_at) - microseconds(row.owed_at))
        elif row.state == State.CAME_AGAIN:
            self.overtaken += 1
        elif row.state == State.DROPPED:
            self.dropped += 1
        elif row.due_at < now:
            self.never += 1
        else:
            self.waiting += 1

    def figures(self, kind: CallbackKind) -> CallbackFigures:
        """All of them."""
        return CallbackFigures(
            kind=kind,
            owed=self.owed,
            in_time=self.in_time,
            late=self.late,
            never=self.never,
            waiting=self.waiting,
            overtaken=self.overtaken,
            dropped=self.dropped,
            reached=self.reached,
            tries=self.tries,
            first_try=quantiles(self.first_try_us),
            conversation=quantiles(self.conversation_us),
        )


def callback_figures(
    connection: Connection, since: datetime, until: datetime, now: datetime, line: str | None = None
) -> Mapping[CallbackKind, CallbackFigures]:
    """Calls back of each kind that came to be owed in a period, as they stand now.

    Args:
        connection: to the ledger.
        since: the first instant of the period.
        until: the first instant behind it.
        now: what is due before it, and was not called, was missed.
        line: only this line's.
    """
    columns = CALLBACKS.c
    chosen = select(
        columns.kind,
        columns.state,
        columns.owed_at,
        columns.due_at,
        columns.tries,
        columns.first_try_at,
        columns.reached_at,
    ).where(columns.owed_at >= since, columns.owed_at < until)
    if line is not None:
        chosen = chosen.where(columns.line == line)
    sums: dict[CallbackKind, _Sums] = {"promised": _Sums(), "missed": _Sums()}
    found = connection.execute(chosen.execution_options(yield_per=_READ_AT_ONCE))
    for row in found:
        sums["promised" if row.kind == Kind.PROMISED else "missed"].add(row, now)
    return {kind: one.figures(kind) for kind, one in sums.items()}

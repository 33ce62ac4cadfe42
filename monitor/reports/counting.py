"""Ledger → figures: everything a report tells, counted by the database or in streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import ReportError
from monitor.reports.progress import Progress, Silent

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.ledger.store import Store
    from monitor.reports.figures import Figures
    from monitor.reports.order import Basis, Order


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
    (progress or Silent()).step("reading", 0)
    raise ReportError(f"A report of {order.period.name} cannot be counted yet ({store.name}, {basis.lines}, {now}).")

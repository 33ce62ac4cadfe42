"""Makes one report and tells how long each of its steps took: a process of its own."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from monitor.config import load
from monitor.ledger.store import Store
from monitor.report_setup import basis_of, house_of
from monitor.reports.make import make
from monitor.reports.order import FileFormat, Order
from monitor.reports.periods import Period


class Clock:
    """Adds up the time from each word of a step to the next."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._step, self._since = "reading", time.monotonic()

    def step(self, step: str, share: float) -> None:  # noqa: ARG002 - what progress is told
        """A step begins or goes on."""
        now = time.monotonic()
        self.seconds[self._step] = self.seconds.get(self._step, 0.0) + now - self._since
        self._step, self._since = step, now


def main() -> None:
    """Make it."""
    url, settings_file, out = sys.argv[1:]
    settings = load(Path(settings_file))
    order = Order(period=Period.month("2026-10", settings.zone), formats=(FileFormat.PDF, FileFormat.XLSX))
    clock = Clock()
    print("ready", flush=True)
    store = Store(url)
    make(store, order, basis_of(settings), house_of(settings), Path(out), now=datetime.now(UTC), progress=clock)
    print(json.dumps({"seconds": clock.seconds}), flush=True)


if __name__ == "__main__":
    main()

"""One comparison, made in a process of its own: `monitor.reconcile.nightly` starts it, and nobody else.

The errand comes on standard input, where nobody who lists processes sees it: it holds passwords. What came of it goes
out on standard output, as one JSON object. Standard input stays open for as long as the monitor waits.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.errors import MonitorError
from monitor.ledger.repository import Repository
from monitor.ledger.store import Store
from monitor.reconcile.work import reconcile

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.callbacks.settling import Terms
    from monitor.numbers import Numbers
    from monitor.reconcile.work import Order

_NICENESS = 10
"""Calls are followed and alerts are told first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What the process is to do."""

    order: Order
    store: str = field(repr=False)
    """The ledger's URL, with its password."""
    numbers: Numbers = field(repr=False)
    now: datetime
    callbacks: Terms | None = None
    """By when one calls back; None where calls back are not kept."""


def run(errand: Errand) -> dict[str, Any]:
    """Compare, and say what came of it in words of JSON: the figures, or why there are none."""
    store = Store(errand.store)
    try:
        repository = Repository(store, numbers=errand.numbers, callbacks=errand.callbacks)
        repository.ping()
        made = reconcile(repository, errand.order, errand.now).made
    except MonitorError as error:
        return {"error": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits gets a sentence
        # Its own words may quote a row, and a caller's number in it.
        last = traceback.extract_tb(error.__traceback__)[-1]
        return {
            "error": f"This should not have happened ({type(error).__name__} at {Path(last.filename).name}:"
            f"{last.lineno}): run `callmonitor reconcile --debug` for that day and report what it shows."
        }
    finally:
        store.close()
    return {name: getattr(made, name) for name in ("matched", "filled", "disagreeing", "ours_alone")}


def main() -> None:
    """Do the errand that stands on standard input."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # Whatever a library prints must not stand in our answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with suppress(OSError):
        os.nice(_NICENESS)
    errand: Errand = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the monitor that started this process
    threading.Thread(target=_end_with_the_monitor, daemon=True).start()
    out.write(json.dumps(run(errand)))
    out.flush()


def _end_with_the_monitor() -> None:
    """Nobody would take the answer; what was written stands, and the next night's look makes up the rest."""
    # Past Python's own buffer: whoever waits in that holds its lock, and the interpreter could not end.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()

"""One report, made in a process of its own: `monitor.report_worker` starts it, and nobody else.

The errand comes on standard input, where nobody who lists processes sees it: the ledger's URL holds a password. What
happens goes out on standard output, a JSON object a line. Standard input stays open for as long as the monitor waits;
where it ends, the monitor has, and the work ends with it.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from monitor.errors import ReportError, ReportNotWritten, StoreError
from monitor.ledger.store import Store
from monitor.reports.kept import Kept

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.reports.order import Basis, House, Order

NICENESS = 10
"""Calls are followed and alerts are told first."""
_LIKELY_VICTIM = "800"
"""Where memory runs out, the kernel ends this process sooner than the monitor, which has 0 of 1000.

**Source:** proc_pid_oom_score_adj(5).
"""
GRACE_SECONDS = 2.0
"""For clearing away what is half made."""


class Problem(StrEnum):
    """Why there is no report."""

    LEDGER = "ledger"
    """The ledger is away, or does not fit."""
    REPORT = "report"
    """It cannot be made as it was asked for."""
    FILES = "files"
    """It cannot be written where reports are kept."""
    MEMORY = "memory"
    """There was not enough of it."""
    BROKEN = "broken"
    """An error of our own."""
    ENDED = "ended"
    """Something ended the process from outside."""
    LATE = "late"
    """It took longer than any report should."""
    STOPPED = "stopped"
    """The monitor was stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What the process is to do."""

    order: Order
    basis: Basis
    house: House
    folder: Path
    """Where reports are kept."""
    store: str = field(repr=False)
    """The ledger's URL; it may hold a password."""
    now: datetime


class _Told:
    """Tells the monitor how far the work is.

    Args:
        out: what was standard output.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def step(self, step: str, share: float) -> None:
        """A step begins or goes on."""
        self.tell(step=step, share=round(share, 4))

    def tell(self, **what: str | float) -> None:
        """One line."""
        self._out.write(json.dumps(what) + "\n")
        self._out.flush()


def make(errand: Errand, told: _Told) -> None:
    """Make and keep the report, and tell its id, or why there is none."""
    # Drawing takes a second to load, in which the monitor already knows that the work has begun.
    told.step("reading", 0.0)
    from monitor.reports.make import make as make_files  # noqa: PLC0415 - as said above

    store = Store(errand.store)
    try:
        kept = Kept(errand.folder).keep(
            errand.order,
            errand.now,
            lambda folder: make_files(
                store, errand.order, errand.basis, errand.house, folder, now=errand.now, progress=told
            ),
        )
    finally:
        store.close()
    told.tell(kept=kept.id)


def main() -> None:
    """Do the errand that stands on standard input."""
    told = _Told(os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8"))
    # Whatever a library prints must not stand between our lines.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with suppress(OSError):
        os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_LIKELY_VICTIM, encoding="ascii")
    signal.signal(signal.SIGTERM, _end)
    errand: Errand = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the monitor that started this process
    threading.Thread(target=_watch, daemon=True).start()
    try:
        make(errand, told)
    except StoreError as error:
        told.tell(problem=Problem.LEDGER, sentence=str(error))
    except ReportNotWritten as error:
        told.tell(problem=Problem.FILES, sentence=str(error))
    except ReportError as error:
        told.tell(problem=Problem.REPORT, sentence=str(error))
    except MemoryError:
        told.tell(problem=Problem.MEMORY, sentence="There is not enough memory for this report: choose fewer days.")
    except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits gets a sentence
        # Its own words may quote a row, and a caller's number in it.
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
        sentence = f"This should not have happened ({where}): report it with what was asked for."
        told.tell(problem=Problem.BROKEN, sentence=sentence)


def _end(_signal: int, _frame: object) -> NoReturn:
    """Unwind, so that what is half made is cleared away."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(128 + signal.SIGTERM)


def _watch() -> None:
    """End with the monitor: nobody would take the report, and the next one would make it again."""
    # Past Python's own buffer: whoever waits in that holds its lock, and the interpreter could not end.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    # The main thread unwinds meanwhile and the process ends with it, this thread too: only one that hangs (in a
    # statement of the database, in typst) is still here when the time is over.
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()

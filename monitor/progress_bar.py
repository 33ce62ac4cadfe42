"""How far a long command has come: a bar on standard error, with the rate and the time that remains.

It shows nothing in the first second, and nothing at all where standard error is no terminal. You must use a bar as a
context manager; it leaves no trace when it ends.
"""

from __future__ import annotations

import time
from threading import Timer
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

PATIENCE_SECONDS = 1.0
"""What is done sooner needs no bar."""


class _CountColumn(ProgressColumn):
    """So many calls, so many a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """What stands there now."""
        rate = "?" if task.speed is None else f"{task.speed:,.0f}"
        return Text(f"{task.completed:,.0f} {self._unit} · {rate}/s", style="progress.data.speed")


class _Bar:
    def __init__(
        self, words: str, total: float | None, columns: tuple[ProgressColumn, ...], console: Console | None,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._words = words
        self._total = total
        self._columns = columns
        self._console = console or Console(stderr=True)
        self._clock = clock
        self._began = 0.0
        self._done = 0.0
        self._shown: Progress | None = None

    def __enter__(self) -> Self:
        """Begin to count the time."""
        self._began = self._clock()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Take the bar away."""
        if self._shown is not None:
            self._shown.stop()

    def _at(self, done: float) -> None:
        self._done = max(self._done, done)
        if self._shown is None:
            if not self._console.is_terminal or self._clock() - self._began < PATIENCE_SECONDS:
                return
            head = TextColumn("{task.description}", markup=False)
            columns = (head, BarColumn(), TaskProgressColumn(), *self._columns, TimeRemainingColumn())
            self._shown = Progress(*columns, console=self._console, transient=True)
            self._shown.start()
            self._shown.add_task(self._words, total=self._total)
        self._shown.update(self._shown.task_ids[0], completed=self._done, description=self._words)


class BytesBar(_Bar):
    """Of something that is read: bytes done, bytes a second, time that remains.

    Args:
        words: what is being done.
        total_bytes: of all of it; None where that is not known, as with standard input.
        console: where it is shown; standard error where it is not said.
        clock: seconds that only ever grow.
    """

    def __init__(
        self, words: str, total_bytes: int | None, *, console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        super().__init__(words, total_bytes, (DownloadColumn(), TransferSpeedColumn()), console, clock)

    def at(self, done_bytes: int) -> None:
        """So many bytes of all are done."""
        self._at(done_bytes)


class CountBar(_Bar):
    """Of things that are counted: calls, rows.

    Args:
        words: what is being done.
        total: how many there are; None where that is not known.
        unit: what they are, as in `calls`.
        console: where it is shown; standard error where it is not said.
        clock: seconds that only ever grow.
    """

    def __init__(
        self, words: str, total: int | None, unit: str, *, console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        super().__init__(words, total, (_CountColumn(unit),), console, clock)

    def at(self, done: int) -> None:
        """So many of all are done."""
        self._at(done)


class StepBar(_Bar):
    """Of a work that tells its steps, as `monitor.reports.progress.Progress` has it.

    Args:
        words: of each step, by its key; the key itself stands for one that has none.
        console: where it is shown; standard error where it is not said.
        clock: seconds that only ever grow.
    """

    def __init__(
        self, words: Mapping[str, str], *, console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        super().__init__("", 1.0, (), console, clock)
        self._steps = words

    def step(self, step: str, share: float) -> None:
        """A step begins or goes on, at a share of the whole work from 0 to 1."""
        self._words = self._steps.get(step, step)
        self._at(share)


class BusyBar:
    """Of a work that tells nothing until it is done: that it goes on, and for how long already.

    Args:
        words: what is being done.
        console: where it is shown; standard error where it is not said.
        patience_seconds: how long nothing is shown.
    """

    def __init__(
        self, words: str, *, console: Console | None = None, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        console = console or Console(stderr=True)
        head = TextColumn("{task.description}", markup=False)
        self._shown = Progress(head, BarColumn(), TimeElapsedColumn(), console=console, transient=True)
        self._shown.add_task(words, total=None)
        self._later = Timer(patience_seconds, self._shown.start) if console.is_terminal else None

    def __enter__(self) -> Self:
        """Begin to count the time."""
        if self._later is not None:
            self._later.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Take the bar away."""
        if self._later is not None:
            self._later.cancel()
            self._later.join()
            self._shown.stop()

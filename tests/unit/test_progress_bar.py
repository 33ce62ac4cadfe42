"""Bars on a terminal after a second, and nothing anywhere else."""

from __future__ import annotations

import io
from threading import Event

from rich.console import Console

from monitor.progress_bar import PATIENCE_SECONDS, BusyBar, BytesBar, CountBar, StepBar


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def terminal(*, real: bool = True) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=real, width=120, color_system=None), out


def test_where_nobody_watches_nothing_is_shown() -> None:
    console, out = terminal(real=False)
    clock = Clock()
    with BytesBar("queue_log", 1000, console=console, clock=clock) as bar:
        clock.now += 60
        bar.at(500)
    assert out.getvalue() == ""


def test_what_takes_less_than_a_second_needs_no_bar() -> None:
    console, out = terminal()
    clock = Clock()
    with CountBar("cdr", 10, "rows", console=console, clock=clock) as bar:
        clock.now += PATIENCE_SECONDS - 0.01
        bar.at(9)
    assert out.getvalue() == ""


def test_bytes_and_counts_and_steps_with_what_is_left() -> None:
    clock = Clock()
    console, out = terminal()
    with BytesBar("queue_log", 4_000_000, console=console, clock=clock) as read:
        clock.now += 2
        read.at(1_000_000)
    assert "queue_log" in out.getvalue()
    assert "25%" in out.getvalue()
    assert "1.0/4.0 MB" in out.getvalue()

    console, out = terminal()
    with CountBar("cdr [1]", 1_000, "rows", console=console, clock=clock) as counted:
        clock.now += 2
        counted.at(500)
        counted.at(400)
    assert "cdr [1]" in out.getvalue(), "no markup is read in a name"
    assert "500 rows" in out.getvalue(), "a bar never goes back"

    console, out = terminal()
    with StepBar({"reading": "Reading the calls"}, console=console, clock=clock) as steps:
        clock.now += 2
        steps.step("reading", 0.5)
        steps.step("drawing", 0.75)
    assert "Reading the calls" in out.getvalue()
    assert "drawing" in out.getvalue(), "a step without words is told by its key"
    assert "75%" in out.getvalue()


class Watched(io.StringIO):
    """A terminal that says when something was written upon it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = Event()

    def write(self, text: str) -> int:
        done = super().write(text)
        if "upgrade" in text:
            self.written.set()
        return done


def test_a_work_that_tells_nothing_is_shown_to_go_on() -> None:
    out = Watched()
    with BusyBar("upgrade", console=Console(file=out, force_terminal=True, width=80), patience_seconds=0):
        assert out.written.wait(10)
    assert "0:00:00" in out.getvalue()
    assert out.getvalue().endswith("\x1b[2K"), "its line is taken away"


def test_a_work_that_is_soon_done_or_that_nobody_watches_shows_nothing() -> None:
    for real in (True, False):
        console, out = terminal(real=real)
        with BusyBar("upgrade", console=console, patience_seconds=60):
            pass
        assert out.getvalue() == ""

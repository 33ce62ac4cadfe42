"""How soon a browser has a breach, and what it costs that many watch."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from benchmarks.load import Playing, spread_ms
from benchmarks.process import Reader
from benchmarks.watchers import Watchers
from tests.page.conftest import ARGUMENTS, DESK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

_AIM_MS = 250
_FILLING_SECONDS = 20.0
"""Until about as many calls end as begin."""
_SETTLING_SECONDS = 1.0
_PATIENCE_MS = 20_000

_NOTE_BREACHES = """() => {
    window.seen = [];
    const taken = window.takeBreach;
    window.takeBreach = body => {
        taken(body);
        const row = [body.at, Date.now(), null];
        window.seen.push(row);
        // Timers run behind the frame that such a request is for.
        requestAnimationFrame(() => setTimeout(() => { row[2] = Date.now(); }, 0));
    };
}"""
"""Notes of each breach when ring 4 began, when the page had sounded the alarm, and when that was drawn."""


def breaches_seen(*, events_per_second: int, seconds: float, rounds: int) -> None:
    """Print how late a breach is with a plain reader of the stream, and in a real browser."""
    program = shutil.which("chromium")
    if program is None:
        print("Breaches on the page: chromium is not installed; `make lab` installs it.\n")
        return
    print(f"Breaches on the page, live for {seconds:.0f} s each (aim: within {_AIM_MS} ms of ring 4):")
    for number in range(rounds):
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            reader = stack.enter_context(Reader("callmonitor", folder))
            port = reader.ask("glance")["metrics_port"]
            watchers = stack.enter_context(Watchers(port))
            watchers.watch(1)
            page = stack.enter_context(_browser(program, f"http://127.0.0.1:{port}/"))
            ringing: list[int] = []
            with Playing(reader, events_per_second):
                page.wait_for_timeout(seconds * 500)
                first = last = _glance(reader)
                for _ in range(4):
                    page.wait_for_timeout(seconds * 125)
                    last = _glance(reader)
                    ringing.append(last["calls_ringing"])
                seen = page.evaluate("window.seen")
                told = watchers.tell()["breaches"]
        late = last["breach_latencies_ms"]
        print(
            f"  round {number + 1}: {_per_second(first, last, 'events'):,.0f} events a second, "
            f"{min(ringing)} to {max(ringing)} calls ringing, "
            f"monitor at {_per_second(first, last, 'cpu_seconds'):.0%} of a processor, load {os.getloadavg()[0]:.1f}\n"
            f"    known to the monitor: {spread_ms(late)}, {len(late)} of them\n"
            f"    at a plain reader:    {spread_ms((came - at) * 1000 for at, came in told)}, {len(told)}\n"
            f"    taken by Chromium:    {spread_ms(came - at for at, came, _ in seen)}, {len(seen)}\n"
            f"    drawn by Chromium:    {spread_ms(drawn - at for at, _, drawn in seen if drawn is not None)}"
        )
    print()


@contextmanager
def _browser(program: str, url: str) -> Iterator[Page]:
    """The board on a desk, which notes the breaches it takes."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        page = browser.new_page(viewport=DESK, locale="ko-KR")  # type: ignore[arg-type] # a plain dictionary
        page.goto(url)
        page.wait_for_selector("#status .fine", timeout=_PATIENCE_MS)
        page.evaluate(_NOTE_BREACHES)
        yield page
        browser.close()


@dataclass
class _Cost:
    """What it cost the monitor that so many watched, by round."""

    cpu_share: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    kb_per_second: list[float] = field(default_factory=list)
    """To each who watched."""
    boards_per_second: list[float] = field(default_factory=list)
    """The same, in messages."""
    late_ms: list[float] = field(default_factory=list)
    """How late each breach was with each who watched."""
    came_seconds: list[float] = field(default_factory=list)
    """From the first who came to when each had the board."""
    ended: int = 0
    """Streams that the monitor ended."""


def watched_by(crowds: tuple[int, ...], *, events_per_second: int, seconds: float, rounds: int) -> None:
    """Print what it costs the monitor that so many read the stream, in turn.

    Args:
        crowds: how many.
        events_per_second: the load; without any, nothing happens.
        seconds: how long each is measured, each round.
        rounds: of all of them.
    """
    costs = {watching: _Cost() for watching in crowds}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        reader = stack.enter_context(Reader("callmonitor", folder))
        watchers = stack.enter_context(Watchers(reader.ask("glance")["metrics_port"]))
        if events_per_second:
            stack.enter_context(Playing(reader, events_per_second))
            # Calls come by the stamps of the load; nothing announces that the board has filled.
            time.sleep(_FILLING_SECONDS)
        first = _glance(reader)
        for _ in range(rounds):
            for watching, cost in costs.items():
                cost.came_seconds.append(watchers.watch(watching))
                _measure(reader, watchers, watching, cost, seconds)
        last = _glance(reader)
    print(
        f"Watched at {_per_second(first, last, 'events'):,.0f} events a second, {last['calls_ringing']} calls ringing, "
        f"{rounds} rounds of {seconds:.0f} s in turn, load {os.getloadavg()[0]:.1f}:"
    )
    for watching, cost in costs.items():
        print(_told(watching, cost))
    print()


def _glance(reader: Reader) -> dict[str, Any]:
    return reader.ask("glance") | {"at": time.monotonic()}


def _per_second(first: dict[str, Any], last: dict[str, Any], name: str) -> float:
    return float((last[name] - first[name]) / (last["at"] - first["at"]))


def _measure(reader: Reader, watchers: Watchers, watching: int, cost: _Cost, seconds: float) -> None:
    # Each crowd is first sent the whole board, which costs what no stretch of watching does; readers of a stream are
    # told of no end of that, so time has to pass before the measurement.
    time.sleep(_SETTLING_SECONDS)
    cost.ended += watchers.tell()["ended"]
    before = _glance(reader)
    # What is measured is what a stretch of time costs: it has to pass.
    time.sleep(seconds)
    after = _glance(reader)
    took_seconds = after["at"] - before["at"]
    told = watchers.tell()
    cost.cpu_share.append(_per_second(before, after, "cpu_seconds"))
    cost.memory_mb.append(reader.ask("look")["rss_mb"])
    cost.kb_per_second.append(told["bytes"] / 1000 / took_seconds / max(1, watching))
    cost.boards_per_second.append(told["boards"] / took_seconds / max(1, watching))
    cost.late_ms += [(came - at) * 1000 for at, came in told["breaches"]]
    cost.ended += told["ended"]


def _told(watching: int, cost: _Cost) -> str:
    def spread(figures: list[float], form: Callable[[float], str]) -> str:
        return f"{form(statistics.median(figures))} ({form(min(figures))} to {form(max(figures))})"

    share, memory = spread(cost.cpu_share, "{:.1%}".format), spread(cost.memory_mb, "{:.0f}".format)
    rows = [f"  {watching:>3} watch: {share} of a processor, {memory} MB"]
    if watching:
        rows.append(
            f"each is sent {spread(cost.kb_per_second, '{:,.1f}'.format)} kB a second "
            f"in {statistics.median(cost.boards_per_second):.1f} messages; "
            f"all had the board after {spread(cost.came_seconds, '{:.2f}'.format)} s; {cost.ended} were dropped"
        )
    if cost.late_ms:
        rows.append(f"a breach is there after {spread_ms(cost.late_ms)}")
    return "\n             ".join(rows)

"""Memory under load, the time of a scrape, how late a breach is told, and the load itself."""

from __future__ import annotations

import itertools
import re
import statistics
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any, Self
from urllib.request import urlopen

from benchmarks.process import Reader
from benchmarks.stream import LAST, chunks, play, recordings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from benchmarks.stream import Recording

_AIM_MB = 120
_SCRAPES = 30
_TICK_SECONDS = 0.005
_SETTLED_SECONDS = 60.0
_LONG_RINGING = ("abandoned_ringing_past", "answered_ring_4", "answered_ring_7", "dial_many", "dial_timeout")
"""Calls that ring for long: played oftener, so that phones ring for more than 300 at 2,000 events a second."""
_OFTENER = 5
_LONGEST_US = 600 * 1_000_000
_CALL_BEGINS = re.compile(rb"Event: Newchannel\r\n(?:[^\r]+\r\n)*?ChannelState: 4\r\n")


def _await(reader: Reader, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Look at a reader until something holds of it."""
    until = time.monotonic() + _SETTLED_SECONDS
    while True:
        found = reader.ask()
        if holds(found):
            return found
        if time.monotonic() > until:
            raise RuntimeError(f"The reader did not come that far within {_SETTLED_SECONDS:.0f} s: {found}.")
        # The reader answers only when it is asked; asked oftener, the asking would be measured too.
        time.sleep(0.1)


def _await_events(reader: Reader, events: int) -> dict[str, Any]:
    return _await(reader, lambda found: bool(found["events"] >= events))


def _told(found: dict[str, Any]) -> str:
    return (
        f"{found['rss_mb']:.0f} MB, {found['objects']:,} objects, {found['calls_in_progress']:,} calls in progress, "
        f"{found['calls_recorded']:,} recorded"
    )


def calls_in_progress(wanted: int) -> None:
    """Print memory and the time of a scrape with so many calls in progress."""
    # Not all calls are to the lines; more are going on than are followed to a record.
    played = play(recordings(), calls_at_once=wanted * 5 // 4, calls=wanted * 20)
    with tempfile.TemporaryDirectory() as folder, Reader("callmonitor", folder) as reader:
        empty = reader.ask()
        sent = 0
        while True:
            packets = list(itertools.islice(played, 5_000))
            reader.server.send(chunks(packets))
            sent += len(packets)
            full = _await_events(reader, sent)
            if full["calls_in_progress"] >= wanted or len(packets) < 5_000:
                break
        print(f"With {full['calls_in_progress']:,} calls in progress (aim: under {_AIM_MB} MB):")
        print(f"  before the first:  {_told(empty)}")
        print(f"  with all of them:  {_told(full)}")
        seconds, size = _scrape(full["metrics_port"])
        print(
            f"  a scrape of /metrics: {statistics.median(seconds) * 1000:.1f} ms "
            f"({min(seconds) * 1000:.1f} to {max(seconds) * 1000:.1f}), {size / 1000:.0f} kB\n"
        )


def _scrape(port: int) -> tuple[list[float], int]:
    seconds = []
    size = 0
    for _ in range(_SCRAPES):
        began = time.monotonic()
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            size = len(answer.read())
        seconds.append(time.monotonic() - began)
    return seconds, size


def growth(calls: int) -> None:
    """Print memory before, during and after so many calls, about a thousand of them at once."""
    short = [recording for recording in recordings() if len(recording.packets) <= 60]
    print(f"Through {calls:,} calls, about 1,000 at once:")
    looks = 5
    with tempfile.TemporaryDirectory() as folder, Reader("callmonitor", folder) as reader:
        print(f"  before:  {_told(reader.ask())}")
        began = time.monotonic()
        sent, next_look = 0, calls // looks
        for piece in chunks(play(short, calls_at_once=1_000, calls=calls)):
            # The very last event ends the reader, which must first have been looked at.
            calls_only, end, _ = piece.partition(b"Event: " + LAST)
            reader.server.send([calls_only])
            sent += len(_CALL_BEGINS.findall(piece))
            if sent >= next_look:
                next_look += calls // looks
                print(f"  during:  {_told(reader.ask())}")
            if end:
                found = _await(reader, lambda found: found["calls_in_progress"] == 0 and found["facts_waiting"] == 0)
                print(f"  after:   {_told(found)}")
                reader.server.send([piece[len(calls_only) :]])
        result = reader.result()
        print(
            f"  {result['events']:,} events in {result['finished_at'] - began:.0f} s, "
            f"{result['peak_mb']:.0f} MB at most, "
            f"{sum(result['unexpected'].values()):,} unexpected events\n"
        )


def breaches(*, events_per_second: int, seconds: float) -> None:
    """Print how long after the beginning of ring 4 its breach is told, events coming as they are stamped."""
    recorded = recordings()
    with tempfile.TemporaryDirectory() as folder, Reader("callmonitor", folder) as reader:
        started_at_us = time.time_ns() // 1_000
        played = play_live(recorded, events_per_second, started_at_us)
        sent = in_real_time(reader, played, started_at_us + int(seconds * 1_000_000))
        late = sorted(reader.ask()["breach_latencies_ms"])
    print(f"Breaches told at {sent / seconds:,.0f} events a second, live for {seconds:.0f} s (aim: within 100 ms):")
    if late:
        print(
            f"  {len(late)} of them; after the instant ring 4 began: median {statistics.median(late):.1f} ms, "
            f"95 % within {late[int(len(late) * 0.95)]:.1f} ms, latest {late[-1]:.1f} ms\n"
        )


def ringing_long() -> list[Recording]:
    """Every recorded scenario, those that ring for long several times."""
    recorded = recordings()
    return recorded + [one for one in recorded if one.name in _LONG_RINGING] * _OFTENER


def play_live(
    recorded: Sequence[Recording], events_per_second: float, started_at_us: int
) -> Iterator[tuple[int, bytes]]:
    """Events without end, so many a second once as many calls end as begin."""
    call_us = sum(recording.call_us for recording in recorded)
    events = sum(len(recording.packets) for recording in recorded)
    # Little's law: calls in progress = calls a second x their length.
    calls_at_once = round(events_per_second / events * call_us / 1_000_000)
    return play(recorded, calls_at_once=calls_at_once, events=10**9, started_at_us=started_at_us)


class Playing:
    """Sends calls that ring for long to a reader while a `with` block runs.

    Args:
        reader: who reads them.
        events_per_second: at most, once as many calls end as begin.
    """

    def __init__(self, reader: Reader, events_per_second: float) -> None:
        self._reader = reader
        self._events_per_second = events_per_second
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._play)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the calls where they are."""
        self._ending.set()
        self._thread.join()

    def _play(self) -> None:
        started_at_us = time.time_ns() // 1_000
        played = play_live(ringing_long(), self._events_per_second, started_at_us)
        wanted = itertools.takewhile(lambda _: not self._ending.is_set(), played)
        in_real_time(self._reader, wanted, started_at_us + _LONGEST_US)


def spread_ms(late_ms: Iterable[float]) -> str:
    """Percentiles of how late something was."""
    late = sorted(late_ms)
    if not late:
        return "none"
    p95, p99 = (late[int(len(late) * share)] for share in (0.95, 0.99))
    return f"p50 {statistics.median(late):.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, latest {late[-1]:.1f} ms"


def in_real_time(
    reader: Reader,
    played: Iterable[tuple[int, bytes]],
    until_us: int,
    *,
    every_seconds: float = float("inf"),
    look: Callable[[], object] = lambda: None,
) -> int:
    """Send each event when its stamp says.

    Args:
        reader: who reads it.
        played: events with their instants.
        until_us: none after this is sent.
        every_seconds: how often to take a look.
        look: takes it.

    Returns:
        How many were sent.
    """
    held: list[bytes] = []
    sent = 0
    next_look = time.monotonic() + every_seconds
    for at_us, packet in played:
        if time.monotonic() >= next_look:
            next_look += every_seconds
            look()
        while at_us > (now_us := time.time_ns() // 1_000):
            if held:
                reader.server.send([b"".join(held)])
                sent += len(held)
                held = []
            # The load is made in real time: a packet is sent when its stamp says, not sooner.
            time.sleep(max(_TICK_SECONDS, (at_us - now_us) / 1_000_000))
        if at_us > until_us:
            break
        held.append(packet)
    return sent

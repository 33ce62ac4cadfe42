"""How long after ring 4 has begun an Alertmanager has been told of it, under load."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.load import in_real_time, play_live, ringing_long, spread_ms
from benchmarks.process import Reader
from tests.alerts.alertmanager import Alertmanager
from tests.alerts.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from benchmarks.stream import Recording

_AIM_MS = 250
_LOOK_SECONDS = 0.02

Told = dict[tuple[str, str], list[tuple[int, float]]]
"""By line and queue: the latest ring 4 that an alert knew of (microseconds since 1970), and when it came (seconds)."""


@dataclass
class _Round:
    """One round's breaches and load."""

    breaches: list[tuple[str, str, int]]
    """Line, queue, and the instant ring 4 began, in microseconds since 1970."""
    events_per_second: float
    cpu_share: float
    ringing: list[int]
    """Calls for which a phone rang, at each look in the second half; in the first, calls are only beginning."""
    seen_ms: list[float]
    """How late each breach's fact came to the sinks."""


def breaches_told(*, events_per_second: int, seconds: float, rounds: int) -> None:
    """Print how late breaches are told: to a receiver that stamps what it reads, and to a real Alertmanager."""
    recorded = ringing_long()
    print(f"Breaches told to an Alertmanager, live for {seconds:.0f} s each (aim: within {_AIM_MS} ms of ring 4):")
    for number in range(rounds):
        with Receiver() as receiver:
            one = _play(recorded, events_per_second, seconds, receiver.url)
            requests = list(receiver.requests)
        told = _told((alert, request.at) for request in requests for alert in request.json)
        _print(f"loopback receiver, round {number + 1}", one, told)
    with tempfile.TemporaryDirectory() as folder, Alertmanager(Path(folder)) as real, _Looks(real) as looks:
        one = _play(recorded, events_per_second, seconds, real.url)
    _print("a real Alertmanager", one, _told(looks.seen))
    print()


def _play(recorded: list[Recording], events_per_second: int, seconds: float, address: str) -> _Round:
    """Let the monitor follow the stream as it is stamped, and tell that address."""
    with tempfile.TemporaryDirectory() as folder, Reader("callmonitor", folder, address) as reader:
        started_at_us = time.time_ns() // 1_000
        played = play_live(recorded, events_per_second, started_at_us)
        looks: list[dict[str, Any]] = []

        def look() -> None:
            looks.append(reader.ask("glance") | {"at": time.monotonic()})

        until_us = started_at_us + int(seconds * 1_000_000)
        in_real_time(reader, played, until_us, every_seconds=seconds / 4, look=look)
        look()
    first, *_, last = steady = looks[len(looks) // 2 :]
    per_second, cpu_share = (
        (last[name] - first[name]) / (last["at"] - first["at"]) for name in ("events", "cpu_seconds")
    )
    return _Round(
        [tuple(one) for one in last["breaches"]],
        per_second,
        cpu_share,
        [found["calls_ringing"] for found in steady],
        last["breach_latencies_ms"],
    )


def _told(alerts: Iterable[tuple[dict[str, Any], float]]) -> Told:
    """What each firing breach knew, in the order in which it came.

    Args:
        alerts: each as it was sent, and when it came, in seconds since 1970.
    """
    told: Told = defaultdict(list)
    for alert, came_at in alerts:
        latest_at = alert["annotations"].get("latest_at")
        if alert["labels"]["alertname"] == "RingBreach" and latest_at is not None:
            place = alert["labels"]["line"], alert["labels"].get("queue", "")
            at_us = round(datetime.fromisoformat(latest_at).timestamp() * 1_000_000)
            told[place].append((at_us, came_at))
    return told


def _print(target: str, one: _Round, told: Told) -> None:
    late: list[float] = []
    for line, queue, at_us in one.breaches:
        # The first alert that knew of it. One that was over before it could be told has none, and is not counted.
        came = [came_at for knew_us, came_at in told.get((line, queue), ()) if knew_us >= at_us - 1]
        if came:
            late.append(min(came) * 1000 - at_us / 1000)
    print(
        f"  {target}: {one.events_per_second:,.0f} events a second, {min(one.ringing)} to {max(one.ringing)} calls "
        f"ringing, monitor at {one.cpu_share:.0%} of a processor\n"
        f"    known to the monitor: {spread_ms(one.seen_ms)}\n"
        f"    told to it:           {spread_ms(late)}, {len(late)} of {len(one.breaches)}"
    )


class _Looks:
    """Looks at an Alertmanager's alerts all the time; it says itself when it took each.

    An alert that was replaced between two looks counts as if it had come with the next one.
    """

    def __init__(self, alertmanager: Alertmanager) -> None:
        self._alertmanager = alertmanager
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.seen: list[tuple[dict[str, Any], float]] = []

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look no more."""
        self._ending.set()
        self._thread.join()

    def _look(self) -> None:
        known: set[tuple[str, str]] = set()
        while not self._ending.wait(_LOOK_SECONDS):
            for alert in self._alertmanager.alerts():
                mark = alert["fingerprint"], alert["updatedAt"]
                if mark not in known:
                    known.add(mark)
                    self.seen.append((alert, datetime.fromisoformat(alert["updatedAt"]).timestamp()))

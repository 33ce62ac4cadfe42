"""What the journal costs: the whole pipeline with it and without, on the same stream, in turn."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from benchmarks.process import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

AIM = 0.9
"""Of the speed without: slower is not worth what it saves."""


def journal(pieces: Sequence[bytes], events: int, rounds: int) -> None:
    """Print how fast events are followed with a journal and without, each in a process of its own."""
    found: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for number in range(rounds):
        # In turn, and each of them first every second time: what else goes on here meets both alike.
        for kept in (True, False) if number % 2 else (False, True):
            found[kept].append(_read(pieces, kept=kept))
        print(f"  round {number + 1} of {rounds} done, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    print(f"The journal, {rounds} rounds in turn: events a second (median, and lowest to highest):")
    medians: dict[tuple[bool, str], float] = {}
    for kept, words in ((True, "with"), (False, "without")):
        cells = []
        for key in ("wall_seconds", "cpu_seconds", "loop_cpu_seconds"):
            speeds = [events / row[key] for row in found[kept]]
            medians[kept, key] = statistics.median(speeds)
            cells.append(f"{medians[kept, key]:>9,.0f} ({min(speeds):,.0f} to {max(speeds):,.0f})")
        print(
            f"  {words:8}{cells[0]:>34} by the wall clock{cells[1]:>34} by CPU time{cells[2]:>34} by the event loop's"
        )
    ratios = ", ".join(
        f"{medians[True, key] / medians[False, key]:.2f} by {words}"
        for key, words in (
            ("wall_seconds", "the wall clock"),
            ("cpu_seconds", "CPU time"),
            ("loop_cpu_seconds", "the loop's"),
        )
    )
    print(f"  with / without: {ratios} (aim: {AIM:g})")
    print(f"  {found[True][-1]['journal_bytes'] / 1e6:.1f} MB on disk for {events:,} events\n")


def _read(pieces: Sequence[bytes], *, kept: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        others = () if kept else ("without-journal",)
        with Reader("callmonitor", folder, *others) as reader:
            began = time.monotonic()
            reader.server.send(pieces)
            result = reader.result()
    return result | {"wall_seconds": result["finished_at"] - began}

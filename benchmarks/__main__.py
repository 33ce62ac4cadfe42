"""`python -m benchmarks`: every figure of docs/performance.md, measured now on this machine."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.alerts import breaches_told
from benchmarks.charter import charter
from benchmarks.journal import journal
from benchmarks.load import breaches, calls_in_progress, growth
from benchmarks.page import breaches_seen, watched_by
from benchmarks.process import Reader
from benchmarks.reports import reports
from benchmarks.rooms import rooms
from benchmarks.stream import chunks, kinds, play, recordings
from monitor.ami.decoder import DECODERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

CACOFONISK = "0.7.10"
PARTS = ("speed", "journal", "rooms", "memory", "breaches", "alerts", "page", "reports", "charter")
OURS, BARE, ASTERISK_AMI, PEER = "whole pipeline", "bare asyncio", "asterisk-ami", "cacofonisk"


def main() -> None:
    """Measure what was asked for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="which; all where none is named")
    parser.add_argument("--events", type=int, default=200_000, help="in the stream that every reader reads")
    parser.add_argument("--rounds", type=int, default=5, help="how often each reader reads it")
    parser.add_argument("--calls", type=int, default=100_000, help="through which memory is watched")
    parser.add_argument("--month", type=int, default=1_000_000, help="calls that reports are made of")
    parser.add_argument("--cases", type=int, default=100_000, help="brought in as one sheet")
    asked = parser.parse_args()
    parts = asked.parts or PARTS
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
    if {"speed", "journal", "rooms"} & set(parts):
        on_one_stream(parts, asked.events, asked.rounds)
    if "memory" in parts:
        calls_in_progress(1_000)
        growth(asked.calls)
    if "breaches" in parts:
        breaches(events_per_second=2_000, seconds=40)
    if "alerts" in parts:
        breaches_told(events_per_second=2_000, seconds=40, rounds=3)
    if "page" in parts:
        breaches_seen(events_per_second=2_000, seconds=40, rounds=3)
        for load in (0, 30, 2_000):
            watched_by((0, 1, 200), events_per_second=load, seconds=5, rounds=3)
    if "reports" in parts:
        reports(calls=asked.month, rounds=3)
    if "charter" in parts:
        charter(calls=asked.month, cases=asked.cases, rounds=20)


def on_one_stream(parts: Sequence[str], wanted: int, rounds: int) -> None:
    """What is measured on one stream of events."""
    pieces = list(chunks(play(recordings(), calls_at_once=100, events=wanted)))
    raw = b"".join(pieces)
    events = describe(raw)
    if "speed" in parts:
        compare(pieces, events, rounds)
    if "journal" in parts:
        journal(pieces, events, rounds)
    if "rooms" in parts:
        where_time_goes(raw, events)


def describe(raw: bytes) -> int:
    """Say what the stream holds; returns how many events."""
    found = kinds(raw)
    total = found.total()
    taken = sum(count for name, count in found.items() if name.encode() in DECODERS)
    print(f"The stream: {total:,} events, {len(raw) / 1e6:.0f} MB, of which the call state takes {taken:,}.")
    for name, count in found.most_common():
        print(f"  {count:>7,}  {name}{'' if name.encode() in DECODERS else '  (not looked into)'}")
    print()
    return total


def compare(pieces: Sequence[bytes], events: int, rounds: int) -> None:
    """Let every reader read the same stream, in turn, several times."""
    peer = peer_python()
    results: dict[str, list[dict[str, Any]]] = {}
    for number in range(rounds):
        for name in (OURS, BARE, ASTERISK_AMI, PEER):
            with tempfile.TemporaryDirectory() as folder:
                results.setdefault(name, []).append(read(name, pieces, Path(folder), peer))
        print(f"  round {number + 1} of {rounds} done, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    print(f"Events a second, whole processes, {rounds} rounds in turn (median, and lowest to highest):")
    print(f"  {'':16}{'by the wall clock':>34}{'by its CPU time':>34}{'most memory':>14}")
    speeds: dict[str, tuple[float, float]] = {}
    for name, rows in results.items():
        wall = [events / row["wall_seconds"] for row in rows]
        cpu = [events / row["cpu_seconds"] for row in rows]
        speeds[name] = statistics.median(wall), statistics.median(cpu)
        peak_mb = max(row["peak_mb"] for row in rows)
        print(f"  {name:16}{spread(wall):>34}{spread(cpu):>34}{peak_mb:>11.0f} MB")
    for other, aim in ((ASTERISK_AMI, 1.0), (PEER, 4.0), (BARE, None)):
        wall_ratio, cpu_ratio = (ours / theirs for ours, theirs in zip(speeds[OURS], speeds[other], strict=True))
        told = "" if aim is None else f"  (aim: {aim:g})"
        print(f"  {OURS} / {other}: {wall_ratio:.2f} by the wall clock, {cpu_ratio:.2f} by CPU time{told}")
    last = results[OURS][-1]
    ledger = last["cpu_seconds"] - last["loop_cpu_seconds"]
    print(
        f"  {OURS}: {last['calls']:,} calls, {last['facts_written']:,} facts in the ledger; "
        f"of {last['cpu_seconds']:.2f} CPU seconds {last['loop_cpu_seconds']:.2f} on the event loop, "
        f"{ledger:.2f} on the ledger's thread"
    )
    print(f"  cacofonisk raised {results[PEER][-1]['failed']} errors of its own on this stream\n")


def spread(figures: Sequence[float]) -> str:
    """A median with the lowest and the highest."""
    return f"{statistics.median(figures):,.0f} ({min(figures):,.0f} to {max(figures):,.0f})"


def read(name: str, pieces: Sequence[bytes], folder: Path, peer: str) -> dict[str, Any]:
    """Let one reader, a process of its own, read the stream once."""
    reader = {
        OURS: lambda: Reader("callmonitor", str(folder)),
        BARE: lambda: Reader("bare"),
        ASTERISK_AMI: lambda: Reader("asterisk_ami"),
        PEER: lambda: Reader("cacofonisk", python=peer),
    }[name]()
    with reader:
        began = time.monotonic()
        reader.server.send(pieces)
        result = reader.result()
    return result | {"wall_seconds": result["finished_at"] - began}


def peer_python() -> str:
    """The interpreter of cacofonisk's own environment, made where there is none yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "callmonitor" / "bench"
    python = cache / f"cacofonisk-{CACOFONISK}" / "bin" / "python"
    if not (python.parent / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", python.parent.parent], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", f"cacofonisk=={CACOFONISK}"],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        (python.parent / "ready").touch()
    return str(python)


def where_time_goes(raw: bytes, events: int) -> None:
    """Print each room's part, the best of three rounds."""
    rounds = [rooms(raw) for _ in range(3)]
    best = min(rounds, key=lambda spent: sum(spent.values()))
    total = sum(best.values())
    print("Where the time goes (one thread, without sockets):")
    for room, seconds in best.items():
        print(f"  {room:20}{seconds:6.2f} s{seconds / events * 1e6:7.2f} µs an event{seconds / total:6.0%}")
    print(f"  {'all':20}{total:6.2f} s{total / events * 1e6:7.2f} µs an event\n")


if __name__ == "__main__":
    main()

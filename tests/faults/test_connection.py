"""Wires that break, drop, stand still and let little pass, between a simulated centre and a whole monitor.

What was not seen is told, what was seen is right, and the monitor comes back by itself. The centre's own people say
what really happened; since when nothing passed, the wire itself says.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from .wires import cable, wired

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from .running import Scene

PINGS = "ping_interval_seconds = 0.2\nping_timeout_seconds = 0.4\nreconnect_max_seconds = 0.2"
BUSY: dict[str, Any] = {"calls_per_hour": 1_500, "hour": 14.0, "shows": False}


class Fault:
    """One thing done to a wire on which a phone rings and people talk.

    Attributes:
        name: in words.
        began_us: when, by the centre's clock.
        ended_us: when the system was seen again.
        recovered_seconds: from the end of what was done until then, by ours.
        gaps: of how many intervals had been told before.
    """

    def __init__(self, scene: Scene, name: str) -> None:
        self.name = name
        self._scene = scene
        self.began_us = self.ended_us = scene.simulator.now_us()
        self.gaps = len(scene.gaps())
        self.recovered_seconds = 0.0

    @classmethod
    async def begins(cls, scene: Scene, name: str) -> Fault:
        """Wait for calls to strike; at 300 times the speed of life a ring is too short to wait for."""
        fast = scene.simulator.clock_rate > 100
        await scene.until(lambda: (fast or scene.ringing() > 0) and len(scene.simulator.centre.truths) > 4)
        return cls(scene, name)

    async def is_over(self) -> None:
        """Wait until the system is seen again."""
        ended = time.monotonic()
        follower = self._scene.monitor.followers[0]
        await self._scene.until(lambda: follower.up and not follower.following.blind)
        self.recovered_seconds = time.monotonic() - ended
        self.ended_us = self._scene.simulator.now_us()

    def at_stake(self) -> int:
        """Calls that were while it lasted, and are over."""
        truths = self._scene.simulator.centre.truths
        return sum(
            truth.entered_at_us <= self.ended_us
            and truth.ended_at_us is not None
            and truth.ended_at_us >= self.began_us
            for truth in truths
        )

    def told_seconds(self) -> float:
        """How long nothing could be seen, by the gaps told of it."""
        return sum(end - begin for begin, end in self._scene.gaps()[self.gaps :]) / 1e6 / self._rate

    def untold_seconds(self) -> float:
        """How much of the time in which nothing passed no gap tells of."""
        gaps = self._scene.gaps()
        covered = sum(max(0, min(self.ended_us, end) - max(self.began_us, begin)) for begin, end in gaps)
        return max(0, self.ended_us - self.began_us - covered) / 1e6 / self._rate

    @property
    def _rate(self) -> float:
        return self._scene.simulator.clock_rate


async def judge(scene: Scene, told: Callable[..., None], *faults: Fault, unseen: bool = True) -> None:
    """Hold the ledger against the truth, once all has been written, and tell what each fault cost."""
    await scene.until(lambda: all(fault.at_stake() >= 3 for fault in faults))
    gaps = scene.gaps()
    over, lost, doubled, wrong = await scene.compared()
    assert wrong == []
    assert over >= 3
    for fault in faults:
        told(
            fault=fault.name,
            parts="simulated Asterisk, SQLite",
            calls_at_stake=fault.at_stake(),
            lost=lost,
            duplicated=doubled,
            unobserved_told_seconds=fault.told_seconds() if len(faults) == 1 else _of(gaps, fault, scene),
            unobserved_untold_seconds=fault.untold_seconds() if unseen else 0.0,
            recovered_seconds=fault.recovered_seconds,
        )


def _of(gaps: list[tuple[int, int]], fault: Fault, scene: Scene) -> float:
    """Of several faults, the gaps that touch this one."""
    touching = [(begin, end) for begin, end in gaps if begin <= fault.ended_us and end >= fault.began_us]
    return sum(end - begin for begin, end in touching) / 1e6 / scene.simulator.clock_rate


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test

    asyncio.run(bounded())


def test_a_connection_that_breaks_or_stands_still(tmp_path: Path, told: Callable[..., None]) -> None:
    """Reset; cut in the middle of a packet; half-open for a second and more, in which nobody is told anything."""

    async def test() -> None:
        async with wired(tmp_path, PINGS, speed=20.0, **BUSY) as (scene, wire):
            follower = scene.monitor.followers[0]
            reset = await Fault.begins(scene, "connection reset")
            wire.reset()
            await scene.until(lambda: follower.reconnects == 1)
            await reset.is_over()

            cut = await Fault.begins(scene, "connection cut in mid-packet")
            wire.cut_in_mid_packet()
            await scene.until(lambda: not wire.cutting)
            cut.began_us = scene.simulator.now_us()
            await scene.until(lambda: follower.reconnects == 2)
            await cut.is_over()
            assert follower.discarded["unfinished"] == 1

            dead = await Fault.begins(scene, "half-open: a wire that stands still")
            wire.freeze()
            await scene.until(lambda: not follower.up)
            await asyncio.sleep(0.6)  # the fault itself
            wire.reset()
            wire.open()
            await dead.is_over()
            await judge(scene, told, reset, cut, dead)
            assert _of(scene.gaps(), dead, scene) >= 0.9

    run(test())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may lay a network of its own")
def test_a_half_open_connection_by_packets_that_are_dropped(tmp_path: Path, told: Callable[..., None]) -> None:
    """In a network of its own every packet is dropped, both ways; connections tried meanwhile find nobody."""

    async def test() -> None:
        with cable() as (laid, listening):
            more = f"{PINGS}\nconnect_timeout_seconds = 0.3"
            async with wired(tmp_path, more, speed=20.0, listening=listening, **BUSY) as (scene, _):
                fault = await Fault.begins(scene, "half-open: packets dropped in a network namespace")
                await asyncio.to_thread(laid.cut)
                await scene.until(lambda: not scene.monitor.followers[0].up)
                await asyncio.sleep(0.6)  # the fault itself
                await asyncio.to_thread(laid.mend)
                await fault.is_over()
                await judge(scene, told, fault)
                assert fault.told_seconds() >= 0.9

    run(test())


def test_a_wire_that_is_slow_or_silent_for_3_s_loses_nothing(tmp_path: Path, told: Callable[..., None]) -> None:
    """What was held up comes late, and all of it: no gap, no call marked, and every ring as it was."""

    async def test() -> None:
        async with wired(tmp_path, speed=20.0, **BUSY) as (scene, wire):
            slow = await Fault.begins(scene, "a wire that lets 60 kB/s pass")
            wire.bytes_a_second = 60_000
            await asyncio.sleep(1.0)  # the fault itself
            wire.bytes_a_second = None
            await slow.is_over()

            silent = await Fault.begins(scene, "3 s of silence")
            wire.freeze()
            await asyncio.sleep(3.0)  # the fault itself
            wire.open()
            await silent.is_over()
            await judge(scene, told, slow, silent, unseen=False)
            assert len(scene.gaps()) == slow.gaps
            assert scene.monitor.followers[0].reconnects == 0
            assert {call.observed.value for call in scene.calls()} == {"whole"}

    run(test())


def test_ten_minutes_of_silence_are_told(tmp_path: Path, told: Callable[..., None]) -> None:
    """Three hundred times as fast as life: 2 s are ten minutes of the centre's."""

    async def test() -> None:
        async with wired(tmp_path, PINGS, speed=300.0, calls_per_hour=300, hour=14.0, shows=False) as (scene, wire):
            fault = await Fault.begins(scene, "10 min of silence")
            wire.freeze()
            await asyncio.sleep(2.0)  # the fault itself
            wire.reset()
            wire.open()
            await fault.is_over()
            await judge(scene, told, fault)
            assert max(end - begin for begin, end in scene.gaps()) >= 600_000_000

    run(test())

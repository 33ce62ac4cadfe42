"""What a year does to a real Asterisk while calls go on: reloads, restarts, a power cut; the wire says what was lost.

One Asterisk and one monitor go through all of it, one after the other, as they would in service.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from monitor.calls import facts as f
from monitor.calls.facts import instant, microseconds

from .asterisk import LabError
from .oracle import rings_in, union_us
from .test_monitor import Told, monitoring

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.pipeline import Monitor

    from .conftest import LiveAsterisk
    from .run import Played

pytestmark = pytest.mark.lab

NEAR_US = 50_000
"""A message passes SIPp and its stamp is made within this, on one machine."""

RESTART_CAUSES = {f.GapCause.RESTARTED, f.GapCause.NOT_CONNECTED, f.GapCause.NOT_BOOTED}
"""It says that it goes down, or is gone before the word is out; and it may be reached before it has booted."""


@dataclass
class Scene:
    """The real Asterisk, the monitor beside it, and what both are put through."""

    asterisk: LiveAsterisk
    monitor: Monitor
    told: Told
    tell: Callable[..., None]
    calls_told: int = 0
    gaps_told: int = 0
    played: list[Played] = field(default_factory=list)

    async def play(self, *names: str) -> None:
        """Play scenarios, whose end may be cut off, and keep what passed on the wire."""
        self.played = await asyncio.to_thread(self._play, names)

    def _play(self, names: tuple[str, ...]) -> list[Played]:
        recorder = self.asterisk._stage.recorder("recorder")
        try:
            return self.asterisk._stage.play(names, recorder)
        finally:
            with suppress(LabError, OSError):
                recorder.close()

    async def rings(self) -> None:
        """Wait until a phone rings, and half a second more, so that it is the middle of the ring."""
        begun = len(self.told.of(f.RingingStarted))
        await self.told.until(lambda told: len(told.of(f.RingingStarted)) > begun)
        await asyncio.sleep(0.5)

    async def gone_us(self) -> int:
        """Wait until this Asterisk is no more: a connection on which nothing is said ends with it, and no sooner."""
        reader, writer = await asyncio.open_connection(self.asterisk.host, self.asterisk.ami_port)
        login = (
            f"Action: Login\r\nUsername: readonly\r\nSecret: {self.asterisk.secrets['readonly']}\r\nEvents: off\r\n\r\n"
        )
        writer.write(login.encode())
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        return now_us()

    async def command(self, line: str) -> None:
        await asyncio.to_thread(self.asterisk.process.command, line)

    async def over(self, calls: int) -> list[f.Call]:
        """The records of so many calls more."""
        await self.told.until(lambda told: len(told.of(f.Call)) >= self.calls_told + calls)
        found = [call for _, call in self.told.of(f.Call)][self.calls_told :]
        self.calls_told += len(found)
        return found

    def gaps(self) -> list[f.Gap]:
        """The intervals told since the last time, that are over."""
        found = [gap for _, gap in self.told.of(f.Gap) if gap.ended_at is not None]
        new, self.gaps_told = found[self.gaps_told :], len(found)
        return new

    def check(
        self, fault: str, calls: list[f.Call], gaps: list[f.Gap], *, blind: tuple[int, int] | None, seconds: float
    ) -> None:
        """Each call of the wire has one record, whole and right, or marked, and a gap says since when it was not seen.

        Args:
            fault: in words.
            calls: what the monitor told.
            gaps: since the fault began.
            blind: from when to when Asterisk could not tell anything, by the outside; None for never.
            seconds: how long the monitor took to see it again.
        """
        stored = [self.monitor.writer.repository.call(call.key) for call in calls]
        assert stored == calls, "the ledger has what was told"
        lost = doubled = 0
        for played in self.played:
            name = played.scenario.name
            mine = [call for call in calls if any(name in attempt.agent for attempt in call.attempts)]
            lost += not mine
            doubled += max(0, len(mine) - 1)
            for call in mine:
                if call.observed is f.Observed.WHOLE:
                    self._is_right(fault, call, played)
                else:
                    assert blind is not None, f"{fault}: {call}"
                    assert call.ended_at is None
                    assert dict(call.verdicts)["within"] is f.Verdict.EXCLUDED
        untold_us = 0
        if blind is not None:
            covered = [
                max(
                    0,
                    min(blind[1], microseconds(gap.ended_at or gap.started_at))
                    - max(blind[0], microseconds(gap.started_at)),
                )
                for gap in gaps
            ]
            untold_us = blind[1] - blind[0] - sum(covered)
        assert bool(gaps) is (blind is not None)
        self.tell(
            fault=fault,
            parts="Asterisk, SIPp, SQLite",
            calls_at_stake=len(self.played),
            lost=lost,
            duplicated=doubled,
            unobserved_told_seconds=sum(
                (gap.ended_at - gap.started_at).total_seconds() for gap in gaps if gap.ended_at
            ),
            unobserved_untold_seconds=untold_us / 1e6,
            recovered_seconds=seconds,
        )

    def _is_right(self, fault: str, call: f.Call, played: Played) -> None:
        """The wire says the same of a call that was seen whole, however it ended."""
        (caller,) = [leg for leg in played.legs if leg.placed_call]
        phones = [leg for leg in played.legs if not leg.placed_call and leg.rang_at_us is not None]
        wire_us = union_us((leg.rang_at_us or 0, leg.stopped_ringing_at_us or 0) for leg in phones)
        assert abs((call.ringing_us or 0) - wire_us) <= NEAR_US, (fault, call.ringing_us, wire_us)
        assert call.rings == rings_in(wire_us)
        answered = caller.answered_at_us is not None
        assert call.outcome is (f.Outcome.ANSWERED if answered else f.Outcome.NO_ANSWER), (fault, call)
        assert call.ended_at is not None
        assert abs(microseconds(call.ended_at) - (caller.ended_at_us or 0)) <= NEAR_US

    async def seen_again(self, gaps: int) -> None:
        """Wait until an interval more is over."""
        await self.told.until(
            lambda told: (
                told.of(f.Gap)[-1][1].ended_at is not None
                and sum(gap.ended_at is not None for _, gap in told.of(f.Gap)) > gaps
            )
        )
        assert await asyncio.to_thread(self.monitor.writer.flush, 10.0)


def now_us() -> int:
    return time.time_ns() // 1000


async def reload_in_mid_ring(scene: Scene) -> None:
    """Everything is configured anew while a phone rings: nothing is missed, and the count is the wire's."""
    playing = asyncio.create_task(scene.play("answered_ring_2"))
    await scene.rings()
    await scene.command("module reload")
    await playing
    calls = await scene.over(1)
    assert await asyncio.to_thread(scene.monitor.writer.flush, 10.0)
    assert {call.observed for call in calls} == {f.Observed.WHOLE}
    scene.check("module reload in mid-ring", calls, scene.gaps(), blind=None, seconds=0.0)


async def restarts_gracefully(scene: Scene) -> None:
    """It is asked to restart while a phone rings, and waits for the call's end: that is seen whole."""
    gaps = scene.gaps_told
    playing = asyncio.create_task(scene.play("answered_ring_2"))
    await scene.rings()
    gone = asyncio.create_task(scene.gone_us())
    await scene.command("core restart gracefully")
    calls = await scene.over(1)
    ended_us = microseconds(calls[0].ended_at or calls[0].recorded_at)
    await scene.seen_again(gaps)
    await playing
    assert {call.observed for call in calls} == {f.Observed.WHOLE}
    found = scene.gaps()
    assert {gap.cause for gap in found} <= RESTART_CAUSES
    blind = (await gone, await booted_us(scene))
    assert blind[0] >= ended_us
    scene.check("core restart gracefully in mid-ring", calls, found, blind=blind, seconds=(now_us() - blind[1]) / 1e6)


async def restarts_now(scene: Scene) -> None:
    """It restarts while a phone rings: it gives the call up, and says so as long as it can."""
    gaps = scene.gaps_told
    playing = asyncio.create_task(scene.play("answered_ring_4"))
    await scene.rings()
    gone = asyncio.create_task(scene.gone_us())
    await scene.command("core restart now")
    calls = await scene.over(1)
    await scene.seen_again(gaps)
    seen_us = now_us()
    await playing
    booted = await booted_us(scene)
    found = scene.gaps()
    assert {gap.cause for gap in found} <= RESTART_CAUSES
    blind = (await gone, booted)
    scene.check("core restart now in mid-ring", calls, found, blind=blind, seconds=max(0, seen_us - booted) / 1e6)


async def is_killed(scene: Scene) -> None:
    """A power cut while one phone rings and another call talks; it is started again."""
    gaps, answered = scene.gaps_told, len(scene.told.of(f.CallAnswered))
    playing = asyncio.create_task(scene.play("hold_and_resume", "answered_ring_4"))
    await scene.told.until(lambda told: len(told.of(f.CallAnswered)) > answered)
    killed_us = now_us()
    await asyncio.to_thread(scene.asterisk.process.kill)
    await asyncio.to_thread(scene.asterisk.process.start)
    started_us = now_us()
    calls = await scene.over(2)
    await scene.seen_again(gaps)
    seen_us = now_us()
    await playing
    assert {call.observed for call in calls} == {f.Observed.PARTLY}
    assert {call.outcome for call in calls} == {f.Outcome.UNOBSERVED}
    assert sum(call.answered_at is not None for call in calls) == 1, "what had been seen before is known all the same"
    seconds = max(0, seen_us - started_us) / 1e6
    scene.check("Asterisk killed in mid-call", calls, scene.gaps(), blind=(killed_us, started_us), seconds=seconds)


async def goes_on(scene: Scene) -> None:
    """After all of it a call is as whole as on the first day."""
    await scene.play("answered_ring_1")
    calls = await scene.over(1)
    assert await asyncio.to_thread(scene.monitor.writer.flush, 10.0)
    assert {call.observed for call in calls} == {f.Observed.WHOLE}
    scene.check("a call after all of these", calls, scene.gaps(), blind=None, seconds=0.0)
    assert not scene.monitor.board.calls


async def booted_us(scene: Scene) -> int:
    """When Asterisk had begun to run, by its own word, in whole seconds: up to one later than it did."""
    said = await asyncio.to_thread(scene.asterisk.process.command, "core show uptime seconds")
    return now_us() - int(said.split("System uptime:")[1].split()[0]) * 1_000_000


def test_reload_restarts_and_a_kill(asterisk: LiveAsterisk, tmp_path: Path, told: Callable[..., None]) -> None:
    async def test() -> None:
        async with monitoring(asterisk, tmp_path) as (monitor, seen, _):
            scene = Scene(asterisk, monitor, seen, told)
            scene.gaps()
            began_at = instant(now_us())
            for fault in (reload_in_mid_ring, restarts_gracefully, restarts_now, is_killed, goes_on):
                await fault(scene)
            filed = monitor.writer.repository.gaps(began_at, instant(now_us()))
            assert {gap for _, gap in seen.of(f.Gap) if gap.ended_at is not None and gap.ended_at > began_at} <= set(
                filed
            )

    asyncio.run(test())

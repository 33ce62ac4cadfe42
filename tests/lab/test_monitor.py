"""The whole running monitor against a real Asterisk: warnings while it rings, calls already in progress."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from monitor.calls import facts as f
from monitor.calls.facts import microseconds
from monitor.config import AsteriskSettings, JournalSettings, LedgerSettings, Settings
from monitor.pipeline import Monitor
from monitor.web import bind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from monitor.calls.facts import Fact
    from tests.lab.conftest import LiveAsterisk

pytestmark = pytest.mark.lab

SOON_SECONDS = 60.0
"""Far more than anything here takes; reaching it is a failure."""


class Told:
    """A sink that keeps each fact with the instant it was told, by this machine's clock, which is Asterisk's too."""

    def __init__(self) -> None:
        self.facts: list[tuple[int, Fact]] = []
        self._changed = asyncio.Event()

    def record(self, fact: Fact) -> None:
        self.facts.append((time.time_ns() // 1000, fact))
        self._changed.set()

    def of(self, kind: type[Any]) -> list[tuple[int, Any]]:
        return [(at, fact) for at, fact in self.facts if isinstance(fact, kind)]

    async def until(self, holds: Callable[[Told], bool]) -> None:
        async with asyncio.timeout(SOON_SECONDS):
            while not holds(self):
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def monitoring(asterisk: LiveAsterisk, folder: Path) -> AsyncIterator[tuple[Monitor, Told, str]]:
    settings = Settings(
        asterisk=(
            AsteriskSettings(
                name="lab1",
                host=asterisk.host,
                port=asterisk.ami_port,
                username="monitor",
                secret=SecretStr(asterisk.secrets["monitor"]),
                reconnect_max_seconds=0.5,
            ),
        ),
        ledger=LedgerSettings(url=SecretStr(f"sqlite:///{folder / 'ledger.sqlite3'}"), spool_dir=folder),
        journal=JournalSettings(folder=folder / "journal"),
    )
    listening = bind("127.0.0.1", 0)
    monitor, told, stop = Monitor(settings), Told(), asyncio.Event()
    monitor.add_sink(told)
    running = asyncio.create_task(monitor.run(listening, stop))
    try:
        await told.until(lambda told: any(gap.ended_at is not None for _, gap in told.of(f.Gap)))
        yield monitor, told, f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stop.set()
        await running


def got(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own loopback address
        return answer.status, answer.read().decode()


def test_warns_while_the_phone_still_rings(asterisk: LiveAsterisk, tmp_path: Path) -> None:
    async def test() -> None:
        async with monitoring(asterisk, tmp_path) as (monitor, told, url):
            played = await asyncio.to_thread(asterisk.call, "answered_ring_4")
            await told.until(lambda told: bool(told.of(f.Call)))
            (phone,) = played[0].of("agent1")
            rang_us, answered_us = phone.at("180"), phone.at("200")
            assert rang_us is not None
            assert answered_us is not None
            for kind, after_us in ((f.RingWarning, 6_000_000), (f.RingBreach, 9_000_000)):
                ((told_us, fact),) = told.of(kind)
                # 6 and 9 s after 180 passed on the wire, and known within 100 ms of that instant, before the 200.
                assert abs(microseconds(fact.at) - (rang_us + after_us)) <= 50_000
                assert told_us - microseconds(fact.at) <= 100_000
                assert told_us < answered_us
                assert fact.agents == ("PJSIP/answered_ring_4-agent1",)
            ((_, call),) = told.of(f.Call)
            assert (call.rings, call.outcome, call.observed) == (4, f.Outcome.ANSWERED, f.Observed.WHOLE)

            assert await asyncio.to_thread(monitor.writer.flush, 10.0)
            assert monitor.writer.repository.call(call.key) == call
            status, text = await asyncio.to_thread(got, f"{url}/metrics")
            assert status == 200
            assert 'callcenter_ring_breaches_total{line="1588-6565",system="lab1"} 1.0' in text
            assert 'callcenter_ami_up{system="lab1"} 1.0' in text
            status, text = await asyncio.to_thread(got, f"{url}/readyz")
            assert (status, json.loads(text)["ready"]) == (200, True)
            assert not monitor.board.calls

    asyncio.run(test())


def test_a_call_in_progress_at_connect_is_marked_and_not_guessed(asterisk: LiveAsterisk, tmp_path: Path) -> None:
    early, late = tmp_path / "early", tmp_path / "late"
    early.mkdir()
    late.mkdir()

    async def test() -> None:
        async with monitoring(asterisk, early) as (_, first, _):
            playing = asyncio.create_task(asyncio.to_thread(asterisk.call, "hold_and_resume"))
            await first.until(lambda told: bool(told.of(f.CallAnswered)))
            async with monitoring(asterisk, late) as (_, second, _):
                await playing
                await first.until(lambda told: bool(told.of(f.Call)))
                await second.until(lambda told: bool(told.of(f.Call)))
            ((_, whole),) = first.of(f.Call)
            ((_, part),) = second.of(f.Call)
        assert (whole.observed, part.observed) == (f.Observed.WHOLE, f.Observed.PARTLY)
        # Both saw the same call end; only the first saw it begin, ring and be answered.
        assert part.key == whole.key
        assert part.outcome is f.Outcome.ANSWERED
        assert part.agent == whole.agent == "PJSIP/hold_and_resume-agent1"
        assert (part.entered_at, part.first_ring_at, part.answered_at, part.rings) == (None, None, None, 0)
        assert {verdict for _, verdict in part.verdicts} == {f.Verdict.EXCLUDED}
        assert part.verdict_reason is f.VerdictReason.PARTLY_UNOBSERVED
        assert part.ended_at == whole.ended_at

    asyncio.run(test())

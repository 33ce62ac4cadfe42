"""A wire that dies without a word while a phone rings: what nobody saw is not told, judged or stored as seen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from monitor.calls.facts import GapCause, Observed, Outcome, Stage, Verdict
from monitor.page.course import course_of

from .live import Live

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.board import Board
    from monitor.calls.facts import Call, CallKey

PATIENCE_SECONDS = 30.0


async def until_it_rings(board: Board) -> CallKey:
    """The call that rings first."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            now = board.last_at
            for key, call in board.ringing.items():
                if now is not None and call.counting and call.ringing_us(now) > 0:
                    return key
            await asyncio.sleep(0.05)


async def until_up_is(live: Live, up: bool) -> None:
    """The listener tells its state to whoever asks, and to nobody else."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while live.monitor.followers[0].up is not up:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.05)


async def heard_again(live: Live) -> None:
    """The dead wire has been noticed, and another one is there."""
    await until_up_is(live, up=False)
    live.ami.open()
    await until_up_is(live, up=True)


async def record_of(live: Live, key: CallKey) -> Call:
    """The call's record, once it has ended and is written."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            await asyncio.to_thread(live.monitor.writer.flush, 1.0)
            found = await asyncio.to_thread(live.monitor.writer.repository.call, key)
            if found is not None:
                return found
            await asyncio.sleep(0.2)


def test_no_breach_is_told_of_a_phone_that_nobody_hears_and_none_is_stored(tmp_path: Path) -> None:
    """The wire dies in the first seconds of ringing. It is known to be dead after 2 s and 5 s more.

    Whatever the phone did after the last byte, its ringing ends there in the record, and the gap begins there.
    """
    with Live(tmp_path) as live:
        key = live.wait(until_it_rings(live.monitor.board))
        live.do(live.ami.freeze)
        live.wait(heard_again(live))
        call = live.wait(record_of(live, key))
        breaches = [breach.key for breach in live.monitor.board.breaches]
        gaps = live.monitor.writer.repository.gaps(call.filed_at, live.monitor.now())

    [gap] = [gap for gap in gaps if gap.cause is GapCause.NOT_CONNECTED and gap.ended_at is not None]
    assert key not in breaches
    assert call.observed is Observed.PARTLY
    assert dict(call.verdicts)["within"] is not Verdict.BROKEN
    seen = [attempt for attempt in call.attempts if attempt.started_at < gap.started_at]
    assert seen
    assert all(attempt.ended_at <= gap.started_at for attempt in seen)
    assert call.outcome in (Outcome.ANSWERED, Outcome.UNOBSERVED)
    # On its page the gap is one, and the phone rings as long as was counted.
    steps = course_of(call, gaps)
    assert [step.causes for step in steps if step.stage is None] == [(GapCause.NOT_CONNECTED,)]
    assert sum(step.length_us for step in steps if step.stage is Stage.RINGING) == call.ringing_us

"""Today, told by the ledger when the monitor starts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.board import Board
from monitor.calls.facts import CallKey, Source
from monitor.ledger.writer import LedgerWriter
from monitor.recall import recall
from tests.ledger.records import a_call

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_a_restart_finds_the_calls_of_today_again_and_no_others(tmp_path: Path) -> None:
    """1,200 of today, more than a chunk; one of yesterday; one that this run recorded itself; one of a queue log."""
    writer = LedgerWriter(tmp_path / "ledger.sqlite3")
    writer.start()
    midnight = NOON.replace(hour=0)
    for number in range(1200):
        entered_at = midnight + timedelta(seconds=number)
        key = CallKey(system="pbx", linkedid=str(number))
        writer.record(replace(a_call(), key=key, entered_at=entered_at, recorded_at=entered_at))
    yesterday = replace(
        a_call(), key=CallKey(system="pbx", linkedid="y"), entered_at=midnight - timedelta(microseconds=1)
    )
    mine = replace(a_call(), key=CallKey(system="pbx", linkedid="mine"), entered_at=midnight)
    writer.record(replace(yesterday, recorded_at=midnight))
    writer.record(replace(mine, recorded_at=NOON + timedelta(seconds=1)))
    brought_in = replace(
        yesterday, key=CallKey(system="pbx", linkedid="b"), entered_at=midnight, source=Source.QUEUE_LOG
    )
    writer.record(replace(brought_in, rings=None, ringing_us=None, recorded_at=midnight))
    board = Board()
    try:
        assert writer.flush(10)

        asyncio.run(recall(board, writer, NOON))
    finally:
        writer.close()

    assert board.today(NOON).offered == 1200
    assert board.day.whole

"""What the ledger knows of the present day, told to the board when the monitor starts: a restart must not empty it."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from monitor.calls.facts import Source
from monitor.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from monitor.board import Board
    from monitor.calls.facts import Call
    from monitor.ledger.writer import LedgerWriter

log = structlog.get_logger(__name__)

RETRY_SECONDS = 2.0
"""Between two looks whether the ledger is there."""
_CALLS_AT_ONCE = 500


async def recall(board: Board, writer: LedgerWriter, now: datetime) -> None:
    """Tell the board the calls of today that the ledger has, as soon as it has all of the run before.

    Args:
        board: of the event loop that runs this.
        writer: the ledger's, started.
        now: when this run began, an aware datetime.
    """
    local = now.astimezone(board.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    while True:
        if writer.up and not writer.left_on_disk:
            try:
                await _tell(board, writer.repository.calls(midnight, now), now)
            except StoreError as error:
                log.warning("today_unknown", reason=str(error))
            except Exception:
                log.exception("today_unknown")
                return
            else:
                board.day.recalled()
                return
        await asyncio.sleep(RETRY_SECONDS)


async def _tell(board: Board, calls: Iterator[Call], now: datetime) -> None:
    """Read in a thread, a chunk at a time, and tell on the loop, to which the board belongs."""
    chunks = _chunks(calls)
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        # What was recorded since is told by its fact; what another program recorded is no news of a present day.
        told = [call for call in chunk if call.recorded_at <= now and call.source is Source.AMI]
        # One that the run before wrote down unfinished, and that this one goes on with, counts when it ends.
        board.recall([call for call in told if call.key not in board.calls])


def _chunks(calls: Iterator[Call]) -> Iterator[list[Call]]:
    while chunk := list(islice(calls, _CALLS_AT_ONCE)):
        yield chunk

"""Work that may block for minutes, in a thread that keeps nobody from ending."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


async def in_daemon_thread(name: str, work: Callable[[], T]) -> T:
    """Do work in a thread of its own, which the program does not wait for when it ends.

    `asyncio.to_thread` and executors are waited for: a mail server or a messenger that hangs would hold up each stop.

    Args:
        name: of the thread.
        work: what to do; what it raises is raised here.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(outcome: T | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(outcome)  # type: ignore[arg-type] # it is None where T is
        else:
            done.set_exception(error)

    def run() -> None:
        outcome: T | None = None
        failure: Exception | None = None
        try:
            outcome = work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where the work was asked for
            failure = error
        # The loop may be closed: then nobody waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, outcome, failure)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done

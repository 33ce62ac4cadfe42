"""cacofonisk following every call, as its own AmiRunner does it.

An event whose header it misses ends its connection for good; here that event is counted and passed over instead.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from cacofonisk.handlers import EventHandler
from cacofonisk.reporters import BaseReporter
from cacofonisk.runners.ami_runner import AmiRunner

from benchmarks.process import ready, report
from benchmarks.server import SECRET, USERNAME
from benchmarks.stream import LAST


class Handler(EventHandler):  # type: ignore[misc]  # it ships no types
    """Its handler of events, kept alive."""

    seen = 0
    failed = 0

    def on_event(self, event: object) -> None:
        """Follow an event."""
        Handler.seen += 1
        try:
            super().on_event(event)
        except Exception:  # noqa: BLE001 - whatever its handlers raise would end its connection
            Handler.failed += 1


def main(port: int) -> None:
    """Read to the end of the stream."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    logging.disable(logging.CRITICAL)
    runner = AmiRunner([f"tcp://{USERNAME}:{SECRET}@127.0.0.1:{port}"], BaseReporter(), handler=Handler)
    runner.attach_all()
    (manager,) = runner.ami_managers
    before = 0.0

    def booted(*_: object) -> None:
        nonlocal before
        before = ready()

    manager.register_event("FullyBooted", booted)
    manager.register_event(LAST.decode(), lambda *_: loop.stop())
    loop.run_forever()
    report(Handler.seen, before, failed=Handler.failed)


if __name__ == "__main__":
    main(int(sys.argv[1]))

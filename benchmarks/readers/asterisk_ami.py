"""asterisk-ami's AMIClient with a callback that counts."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from asterisk.ami import AMIClient

from benchmarks.process import ready, report
from benchmarks.server import SECRET, USERNAME
from benchmarks.stream import LAST

if TYPE_CHECKING:
    from asterisk.ami import Event


def main(port: int) -> None:
    """Read to the end of the stream."""
    ended = threading.Event()
    events = 0

    def count(event: Event, **_: object) -> None:
        nonlocal events
        events += 1
        if event.name == LAST.decode():
            ended.set()

    # Its default buffer of 1 KiB makes it no faster.
    client = AMIClient(address="127.0.0.1", port=port, timeout=60, buffer_size=1 << 16)
    client.login(username=USERNAME, secret=SECRET)
    client.add_event_listener(count)
    before = ready()
    ended.wait()
    report(events, before)
    client.disconnect()


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""The least that reading AMI in asyncio can be: cut at the empty line, count."""

from __future__ import annotations

import asyncio
import sys

from benchmarks.process import ready, report
from benchmarks.server import SECRET, USERNAME
from benchmarks.stream import LAST


async def main(port: int) -> None:
    """Read to the end of the stream."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"Action: Login\r\nUsername: {USERNAME}\r\nSecret: {SECRET}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    before, events = ready(), 0
    while True:
        packet = await reader.readuntil(b"\r\n\r\n")
        events += 1
        if packet.startswith(b"Event: " + LAST):
            break
    report(events, before)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))

"""An Asterisk in whose every name and number a caller or a careless administrator has put what a browser would run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.page.gate import Gate

if TYPE_CHECKING:
    import asyncio

NAME = "</script><script>window.hacked=1</script>"
NUMBER = "\"'><img src=x onerror=window.hacked=1>"
QUEUE = "<svg onload=window.hacked=1>"
_SMUGGLED = (
    (re.compile(rb"^((?:CallerIDName|ConnectedLineName|MemberName|Name): )(?=[^<])", re.MULTILINE), NAME),
    (re.compile(rb"^((?:CallerIDNum|ConnectedLineNum): )(?=010)", re.MULTILINE), NUMBER),
    (re.compile(rb"^(Queue: )", re.MULTILINE), QUEUE),
)


class HostileGate(Gate):
    """Passes on what Asterisk says, with that put before names, callers' numbers and queues."""

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rest = b""
        try:
            while data := await reader.read(1 << 16):
                whole, end, rest = (rest + data).rpartition(b"\n")
                for pattern, put in _SMUGGLED:
                    whole = pattern.sub(rb"\g<1>" + put.encode(), whole)
                writer.write(whole + end)
                await writer.drain()
        except ConnectionError:
            pass

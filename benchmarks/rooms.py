"""Where the time goes: the same stream through the same rooms in one thread, each room timed by itself.

A piece of the stream goes whole from one room to the next, so that no clock runs inside the work. CPU seconds.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.readers.callmonitor import settings
from benchmarks.stream import SYSTEM
from monitor.ami.decoder import Decoder
from monitor.ami.login import Conversation, Phase
from monitor.ami.protocol import PacketReader, is_ami
from monitor.calls.tracker import Tracker
from monitor.ledger.rows import STORED_FACTS
from monitor.ledger.schema import upgrade
from monitor.pipeline import Monitor
from monitor.plan import plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.ledger.rows import StoredFact

READ_BYTES = 1 << 18
"""What asyncio reads at most at a time."""
_LEDGER_BATCH = 500


def rooms(raw: bytes) -> dict[str, float]:
    """CPU seconds each room takes for a stream."""
    spent: dict[str, float] = {}

    @contextmanager
    def booked(room: str) -> Iterator[None]:
        began = time.thread_time()
        yield
        spent[room] = spent.get(room, 0.0) + time.thread_time() - began

    with tempfile.TemporaryDirectory() as folder:
        chosen = settings(1, Path(folder))
        monitor = Monitor(chosen)
        reader, decoder, tracker = PacketReader(), Decoder(), Tracker(SYSTEM, plan_of(chosen))
        tracker.link_up(1)
        conversation = Conversation(where="", name=SYSTEM, username="", secret="")
        conversation.phase = Phase.LIVE
        ledger = monitor.writer.repository
        upgrade(ledger.store)
        stored: list[StoredFact] = []
        for start in range(0, len(raw), READ_BYTES):
            piece = raw[start : start + READ_BYTES]
            with booked("framing"):
                packets = reader.feed(piece)
            with booked("conversation"):
                conversation.receive(packets)
                assert all(is_ami(packet) for _, packet in packets)  # noqa: S101 - as the connection looks
            with booked("decoding"):
                events = [event for _, packet in packets if (event := decoder.decode(packet, 1)) is not None]
            with booked("call state"):
                facts = [fact for event in events for fact in tracker.feed(event)]
            with booked("sinks"):
                monitor.tell(facts)
            stored += [fact for fact in facts if isinstance(fact, STORED_FACTS)]
        for start in range(0, len(stored), _LEDGER_BATCH):
            with booked("ledger"):
                ledger.record_all(stored[start : start + _LEDGER_BATCH])
        ledger.close()
    return spent

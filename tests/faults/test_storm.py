"""An Asterisk that takes connections and drops them, and one that says fifty thousand things at once."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from monitor.ami.feed import LinkDown
from monitor.ami.protocol import PacketReader, timestamp_us
from monitor.ami_listener import AmiListener
from monitor.calls.facts import Call, Observed, RingingStarted, RingWarning, microseconds
from monitor.config import AsteriskSettings
from monitor.follower import Follower
from tests.properties.material import PLAN, calls_of, facts_of, stamped
from tests.unit.test_ami_listener import accept, serving
from tests.unit.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.ami.feed import FeedItem
    from monitor.calls.facts import Fact

STORM = 200
EVENTS = 50_000
MORE_MEMORY_BYTES = 96 << 20
"""For 20 MB of packets, that arrive in a second, and the calls they tell of."""


def settings(port: int, **changes: Any) -> AsteriskSettings:
    return AsteriskSettings(name="lab1", host="127.0.0.1", port=port, username="m", secret=SecretStr("s"), **changes)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - iterdir would hold one more open while it counts


def test_a_storm_of_reconnections_is_bounded_and_leaves_nothing_behind(told: Callable[..., None]) -> None:
    """Taken and dropped 200 times, with pauses drawn as the middle of what they may be, 2.5 ms doubling to 10 ms.

    So 200 connections take 200 x 5 ms at least, but for the first three, which come sooner.
    """

    async def test() -> None:
        taken = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal taken
            taken += 1
            if taken > STORM:
                await accept(reader, writer)
                await reader.read()

        async with serving(serve) as port:
            queue: asyncio.Queue[FeedItem] = asyncio.Queue(1_000)
            limits: dict[str, Any] = {"reconnect_min_seconds": 0.0025, "reconnect_max_seconds": 0.01}
            listener = AmiListener(settings(port, **limits), queue, draw=lambda: 0.5)
            open_before, tasks_before = descriptors(), len(asyncio.all_tasks())
            began = time.monotonic()
            listening = asyncio.create_task(listener.run())
            async with asyncio.timeout(30):
                while taken < STORM:  # noqa: ASYNC110 - the server sets no event
                    await asyncio.sleep(0.001)
                storm_seconds = time.monotonic() - began
                ended = time.monotonic()
                while not listener.up:  # noqa: ASYNC110 - the listener sets no event
                    await asyncio.sleep(0.001)
            recovered_seconds = time.monotonic() - ended
            assert storm_seconds >= (STORM - 3) * 0.005
            # One connection is left, with both its ends in this process, and the task that listens.
            assert descriptors() <= open_before + 2
            assert len(asyncio.all_tasks()) <= tasks_before + 2
            # The outage is told once, however often it was tried.
            items = [queue.get_nowait() for _ in range(queue.qsize())]
            assert sum(isinstance(item, LinkDown) for item in items) == 1
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        told(
            fault="reconnect storm: taken and dropped 200 times",
            parts="sockets",
            calls_at_stake=0,
            lost=0,
            duplicated=0,
            unobserved_told_seconds=storm_seconds,
            unobserved_untold_seconds=0.0,
            recovered_seconds=recovered_seconds,
        )

    asyncio.run(test())


def burst() -> list[bytes]:
    """Fifty thousand events that were held up: 3,200 calls begun within 10 s, each answered after 2 s to 7 s.

    The last of them was stamped 6 s ago, before anything of the phone that rings behind them.
    """
    wire = Wire("lab1")
    for number in range(3_200):
        wire.talks(2 + number % 51 / 10, number / 320, 3.0)
    packets = sorted((packet for _, packet in PacketReader().feed(wire.take())), key=lambda one: timestamp_us(one) or 0)
    by_us = time.time_ns() // 1_000 - 6_000_000 - (timestamp_us(packets[-1]) or 0)
    return [stamped(packet, (timestamp_us(packet) or 0) + by_us) for packet in packets]


async def answer_pings(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int = 1_000) -> None:
    """Asterisk's side of a connection on which nothing else is asked."""
    for _ in range(count):
        asked = await reader.readuntil(b"\r\n\r\n")
        number = asked.split(b"ActionID: ")[1].split(b"\r\n")[0]
        stamp = b"%d.%06d" % divmod(time.time_ns() // 1_000, 1_000_000)
        writer.write(b"Response: Success\r\nActionID: %s\r\nPing: Pong\r\nTimestamp: %s\r\n\r\n" % (number, stamp))


def test_fifty_thousand_events_at_once(told: Callable[..., None]) -> None:
    """All calls are there, each once and right; memory stays bounded; a warning due right behind it comes on time."""
    packets = burst()
    assert len(packets) >= EVENTS
    truth = {call.key: call for call in calls_of(facts_of(packets)[0])}
    facts: list[tuple[int, Fact]] = []
    warned = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept(reader, writer)
        await answer_pings(reader, writer, 1)
        writer.write(b"".join(packet + b"\r\n\r\n" for packet in packets))
        # A phone that has rung for 5.8 s as the burst is written: ring 3 begins 0.2 s later, in the midst of it.
        wire = Wire("lab1")
        wire._now_us, wire._channels = time.time_ns() // 1_000 - 5_800_000, 1_000_000
        caller = wire.enters()
        wire.rings(wire.dials(caller, "PJSIP/late"))
        writer.write(wire.take())
        await answer_pings(reader, writer)

    def tell(found: Iterable[Fact]) -> None:
        for fact in found:
            facts.append((time.time_ns() // 1_000, fact))
            if isinstance(fact, RingWarning) and fact.agents == ("PJSIP/late",):
                warned.set()

    async def test() -> tuple[float, int]:
        async with serving(serve) as port:
            follower = Follower(settings(port, ping_interval_seconds=0.1), PLAN, tell)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            began = time.monotonic()
            running = asyncio.create_task(follower.run())
            async with asyncio.timeout(60):
                await warned.wait()
            seconds = time.monotonic() - began
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
            # What was late waits for the answer to a ping, which stands behind the burst.
            async with asyncio.timeout(10):
                while follower.following.in_doubt:  # noqa: ASYNC110 - the follower sets no event
                    await asyncio.sleep(0.005)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            follower.close()
            return seconds, grown

    seconds, grown = asyncio.run(test())
    calls = [fact for _, fact in facts if isinstance(fact, Call) and fact.key in truth]
    lost = len(truth.keys() - {call.key for call in calls})
    wrong = [call for call in calls if call.ringing_us != truth[call.key].ringing_us]
    assert wrong == []
    assert [call.key for call in calls if call.observed is not Observed.WHOLE] == []
    assert grown < MORE_MEMORY_BYTES
    ((told_us, warning),) = [
        (at_us, fact) for at_us, fact in facts if isinstance(fact, RingWarning) and "PJSIP/late" in fact.agents
    ]
    last_read_us = max(at_us for at_us, fact in facts if isinstance(fact, RingingStarted))
    assert told_us <= max(microseconds(warning.at), last_read_us) + 250_000, "due behind the burst, told behind it"
    told(
        fault="50,000 events in a burst",
        parts="sockets",
        calls_at_stake=len(truth),
        lost=lost,
        duplicated=len(calls) - len({call.key for call in calls}),
        unobserved_told_seconds=0.0,
        unobserved_untold_seconds=0.0,
        recovered_seconds=seconds,
    )

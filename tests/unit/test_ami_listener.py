"""The listener over real sockets, for what a real Asterisk cannot be made to do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.ami.feed import Batch, FeedItem, LinkDown, LinkUp, Resynced
from monitor.ami_listener import AmiListener
from monitor.calls.facts import GapCause
from monitor.config import AsteriskSettings

SOON_SECONDS = 5.0
"""Far more than anything here takes; reaching it is a failure."""

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: %d\r\nStatus: Fully Booted\r\n\r\n"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def event(number: int, size: int = 0) -> bytes:
    padding = b"X" * size
    return b"Event: Newexten\r\nTimestamp: 1.%06d\r\nNumber: %d\r\nAppData: %s\r\n\r\n" % (number, number, padding)


async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, uptime: int = 40) -> None:
    """Log a listener in, and answer what it asks about the present with nothing going on."""
    writer.write(BANNER)
    complete = {b"CoreShowChannels", b"QueueStatus", b"BridgeList"}
    while complete:
        asked = dict(line.split(b": ", 1) for line in (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n") if line)
        action, number = asked[b"Action"], asked[b"ActionID"]
        if action == b"Challenge":
            writer.write(b"Response: Success\r\nActionID: %s\r\nChallenge: 1\r\n\r\n" % number)
        elif action == b"Login":
            writer.write(b"Response: Success\r\nActionID: %s\r\nMessage: ok\r\n\r\n" % number + BOOTED % uptime)
        elif action in complete:
            complete.discard(action)
            writer.write(b"Response: Success\r\nActionID: %s\r\nEventList: start\r\n\r\n" % number)
            writer.write(b"Event: %sComplete\r\nActionID: %s\r\n\r\n" % (action, number))
        else:
            writer.write(b"Response: Error\r\nActionID: %s\r\nMessage: Permission denied\r\n\r\n" % number)


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[int]:
    """A loopback port on which each connection is served so; yields the port."""
    at_work: set[asyncio.Task[None]] = set()

    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        at_work.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await serve(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(each, "127.0.0.1", 0, limit=1 << 24)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


@asynccontextmanager
async def listening(
    port: int, *, maxsize: int = 1000, draw: Callable[[], float] = lambda: 0.0, **changes: Any
) -> AsyncIterator[tuple[AmiListener, asyncio.Queue[FeedItem]]]:
    settings = AsteriskSettings(
        **{"name": "pbx1", "host": "127.0.0.1", "port": port, "username": "m", "secret": SecretStr("s"), **changes}
    )
    queue: asyncio.Queue[FeedItem] = asyncio.Queue(maxsize)
    listener = AmiListener(settings, queue, draw=draw)
    task = asyncio.create_task(listener.run())
    try:
        yield listener, queue
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(queue: asyncio.Queue[FeedItem], kind: type) -> list[FeedItem]:
    """Everything up to the first item of a kind."""
    items: list[FeedItem] = []
    async with asyncio.timeout(SOON_SECONDS):
        while not items or not isinstance(items[-1], kind):
            items.append(await queue.get())
    return items


async def events(queue: asyncio.Queue[FeedItem], count: int) -> list[bytes]:
    """The next so many `Newexten` packets."""
    found: list[bytes] = []
    async with asyncio.timeout(SOON_SECONDS * 4):
        while len(found) < count:
            item = await queue.get()
            if isinstance(item, Batch):
                found += [packet for _, packet in item.packets if packet.startswith(b"Event: Newexten")]
    return found


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def test_the_link_is_up_before_the_first_event_and_the_present_known_behind_the_answers() -> None:
    async def test() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await accept(reader, writer)
            writer.write(event(1))
            await reader.read()

        async with serving(serve) as port, listening(port) as (listener, queue):
            items = await until(queue, Resynced)
            assert isinstance(items[0], LinkUp)
            assert (items[0].system, items[0].restarted) == ("pbx1", False)
            first = items[1]
            assert isinstance(first, Batch)
            assert first.packets[0][1].startswith(b"Event: FullyBooted")
            before = b"".join(packet for item in items if isinstance(item, Batch) for _, packet in item.packets)
            assert before.count(b"Complete\r\n") == 3
            assert b"Newexten" not in before
            assert len(await events(queue, 1)) == 1
            assert (listener.up, listener.problem, listener.reconnects) == (True, None, 0)
            assert listener.last_event_at is not None

    run(test())


@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
def test_packets_cut_anywhere_and_glued_arrive_whole(piece: int) -> None:
    async def test() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await accept(reader, writer)
            stream = b"".join(event(number) for number in range(50))
            for start in range(0, len(stream), piece):
                writer.write(stream[start : start + piece])
                await writer.drain()
            await reader.read()

        async with serving(serve) as port, listening(port) as (listener, queue):
            got = await events(queue, 50)
            assert got == [event(number).removesuffix(b"\r\n\r\n") for number in range(50)]
            assert listener.discarded == {"oversized": 0, "not_ami": 0, "unfinished": 0}

    run(test())


def test_garbage_and_ten_megabytes_without_a_line_end_are_counted_and_passed_over() -> None:
    async def test() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await accept(reader, writer)
            writer.write(event(1) + b"\x00\xff no colon at all\r\n\r\n" + b"Y" * 10_000_000 + b"\r\n\r\n" + event(2))
            await reader.read()

        async with serving(serve) as port, listening(port) as (listener, queue):
            got = await events(queue, 2)
            assert [packet.split(b"Number: ")[1][:1] for packet in got] == [b"1", b"2"]
            assert listener.discarded == {"oversized": 1, "not_ami": 1, "unfinished": 0}
            assert listener.up

    run(test())


def test_a_packet_cut_off_by_the_end_is_counted_and_the_link_made_again() -> None:
    async def test() -> None:
        visits = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal visits
            visits += 1
            await accept(reader, writer)
            if visits == 1:
                writer.write(event(1) + b"Event: Newexten\r\nUniq")
                await writer.drain()
                writer.close()
                return
            await reader.read()

        async with serving(serve) as port, listening(port) as (listener, queue):
            first = await until(queue, LinkDown)
            down = first[-1]
            assert isinstance(down, LinkDown)
            assert down.cause is GapCause.NOT_CONNECTED
            assert down.reason == (
                f"Asterisk 'pbx1' at 127.0.0.1:{port} was lost (it closed the connection); "
                "see that Asterisk runs, and the network between."
            )
            second = await until(queue, Resynced)
            assert isinstance(second[0], LinkUp)
            assert second[0].restarted is False
            assert listener.discarded["unfinished"] == 1
            assert listener.reconnects == 1
            assert listener.problem is None

    run(test())


def test_an_asterisk_that_started_since_is_told_as_restarted() -> None:
    async def test() -> None:
        visits = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal visits
            visits += 1
            await accept(reader, writer, uptime=3600 if visits == 1 else 0)
            if visits == 2:
                await reader.read()

        async with serving(serve) as port, listening(port) as (_, queue):
            await until(queue, LinkDown)
            item = (await until(queue, LinkUp))[-1]
            assert isinstance(item, LinkUp)
            assert item.restarted is True

    run(test())


def test_a_half_open_connection_is_noticed_by_an_unanswered_ping() -> None:
    async def test() -> None:
        pinged = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await accept(reader, writer)
            await reader.readuntil(b"Action: Ping\r\n")
            pinged.set()
            await reader.read()

        short: dict[str, Any] = {"ping_interval_seconds": 0.1, "ping_timeout_seconds": 0.2}
        async with serving(serve) as port, listening(port, **short) as (_, queue):
            down = (await until(queue, LinkDown))[-1]
            assert pinged.is_set()
            assert isinstance(down, LinkDown)
            assert down.reason == (
                f"Asterisk 'pbx1' at 127.0.0.1:{port} fell silent: a ping had no answer for 0.2 s; "
                "see that the machine runs, and the network between."
            )

    run(test())


def test_a_quiet_connection_is_asked_again_and_again_and_not_only_when_an_answer_would_be_late() -> None:
    """Ten pings 50 ms apart take half a second; at the time-out's pace they would take five minutes."""

    async def test() -> None:
        pings: asyncio.Queue[int] = asyncio.Queue()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await accept(reader, writer)
            while True:
                await reader.readuntil(b"Action: Ping\r\n")
                writer.write(b"Response: Success\r\nPing: Pong\r\n\r\n")
                pings.put_nowait(1)

        patient: dict[str, Any] = {"ping_interval_seconds": 0.05, "ping_timeout_seconds": 30.0}
        async with serving(serve) as port, listening(port, **patient), asyncio.timeout(SOON_SECONDS):
            for _ in range(10):
                await pings.get()

    run(test())


def test_an_answered_ping_keeps_a_quiet_connection() -> None:
    async def test() -> None:
        pings: asyncio.Queue[int] = asyncio.Queue()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await accept(reader, writer)
            while True:
                await reader.readuntil(b"Action: Ping\r\n")
                writer.write(b"Response: Success\r\nPing: Pong\r\n\r\n")
                pings.put_nowait(1)

        short: dict[str, Any] = {"ping_interval_seconds": 0.05, "ping_timeout_seconds": 0.5}
        async with serving(serve) as port, listening(port, **short) as (listener, _):
            async with asyncio.timeout(SOON_SECONDS):
                for _ in range(3):
                    await pings.get()
            assert listener.up
            assert listener.reconnects == 0

    run(test())


def test_a_full_queue_makes_the_network_wait_and_loses_nothing() -> None:
    """40 MB against a queue of two batches: the sender cannot end before the receiver takes from the queue."""
    count, size = 4000, 10_000

    async def test() -> None:
        sent = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await accept(reader, writer)
            for number in range(count):
                writer.write(event(number, size))
                await writer.drain()
            sent.set()
            await reader.read()

        # A ping that nobody could answer while we do not read must not end the connection.
        short: dict[str, Any] = {"ping_interval_seconds": 0.05, "ping_timeout_seconds": 0.05}
        async with serving(serve) as port, listening(port, maxsize=2, **short) as (listener, queue):
            async with asyncio.timeout(SOON_SECONDS):
                while not queue.full():  # noqa: ASYNC110 - a queue tells nobody that it is full
                    await asyncio.sleep(0)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await sent.wait()
            got = await events(queue, count)
            assert [int(packet.split(b"Number: ")[1].split(b"\r\n")[0]) for packet in got] == list(range(count))
            assert sent.is_set()
            assert listener.reconnects == 0

    run(test())


def test_what_was_read_before_the_end_is_delivered_before_the_link_is_told_down() -> None:
    async def test() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await accept(reader, writer)
            writer.write(
                event(1) + b"Event: Shutdown\r\nPrivilege: system,all\r\nTimestamp: 1.0\r\nRestart: True\r\n\r\n"
            )
            await reader.read()

        async with serving(serve) as port, listening(port, maxsize=1) as (_, queue):
            items = await until(queue, LinkDown)
            down, last = items[-1], items[-2]
            assert isinstance(down, LinkDown)
            assert down.cause is GapCause.RESTARTED
            assert isinstance(last, Batch)
            assert last.packets[-1][1].startswith(b"Event: Shutdown")

    run(test())


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak AMI; see that host and port are those of the manager interface."),
        (
            b"",
            (
                "did not greet as a manager interface within 0.3 s; "
                "see that host and port are those of the manager interface, and whether they speak TLS."
            ),
        ),
        (
            BANNER,
            (
                "did not answer the login within 0.3 s; "
                "see that host and port are those of the manager interface, and whether they speak TLS."
            ),
        ),
    ],
)
def test_what_is_no_asterisk_is_told(said: bytes, reason: str) -> None:
    async def test() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            await reader.read()

        async with serving(serve) as port, listening(port, connect_timeout_seconds=0.3) as (listener, queue):
            down = (await until(queue, LinkDown))[-1]
            assert isinstance(down, LinkDown)
            assert down.reason == f"Asterisk 'pbx1' at 127.0.0.1:{port} {reason}"
            assert listener.problem == down.reason
            assert not listener.up

    run(test())


def test_a_refused_connection_is_told_once_and_tried_again_with_growing_pauses() -> None:
    async def test() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
            port = taken.getsockname()[1]
            draws = 0
            enough = asyncio.Event()

            def draw() -> float:
                nonlocal draws
                draws += 1
                if draws == 5:
                    enough.set()
                return 0.0

            async with listening(port, draw=draw) as (listener, queue), asyncio.timeout(SOON_SECONDS):
                await enough.wait()
                down = queue.get_nowait()
                assert isinstance(down, LinkDown)
                assert down.reason == (
                    f"Asterisk 'pbx1' at 127.0.0.1:{port} refuses connections; "
                    "see that Asterisk runs, and `enabled`, `bindaddr` and `port` in its manager.conf."
                )
                assert queue.empty()  # told once, though tried five times
                assert listener.problem == down.reason

    run(test())


def test_pauses_double_up_to_their_limit_and_jitter_covers_all_of_them() -> None:
    settings = AsteriskSettings(
        name="pbx1", host="h", username="m", secret=SecretStr("s"), reconnect_min_seconds=0.5, reconnect_max_seconds=30
    )
    half = AmiListener(settings, asyncio.Queue(), draw=lambda: 0.5)
    # 0.5 s doubling: 0.5 1 2 4 8 16 32→30 30; half of each.
    assert [half._pause_seconds(failures) for failures in range(8)] == [0.25, 0.5, 1, 2, 4, 8, 15, 15]
    assert half._pause_seconds(100_000) == 15
    none = AmiListener(settings, asyncio.Queue(), draw=lambda: 0.0)
    assert none._pause_seconds(5) == 0


def test_a_name_that_does_not_exist_is_told() -> None:
    async def test() -> None:
        async with listening(5038, host="pbx.invalid") as (_, queue):
            down = (await until(queue, LinkDown))[-1]
            assert isinstance(down, LinkDown)
            assert down.reason == (
                "Asterisk 'pbx1' at pbx.invalid:5038 cannot be reached (no such host name); "
                "see the host, the network and its firewalls."
            )

    run(test())


def test_a_secret_file_that_went_away_is_told_and_not_fatal(tmp_path: Any) -> None:
    async def test() -> None:
        path = tmp_path / "secret"
        async with listening(5038, secret=None, secret_file=path) as (listener, queue):
            down = (await until(queue, LinkDown))[-1]
            assert isinstance(down, LinkDown)
            assert down.reason.startswith(f"{path}: secret_file of Asterisk 'pbx1' cannot be read")
            assert not listener.up

    run(test())


def test_events_without_timestamps_are_counted() -> None:
    async def test() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await accept(reader, writer)
            writer.write(b"".join(event(number).replace(b"Timestamp", b"Other") for number in range(3)))
            await reader.read()

        async with serving(serve) as port, listening(port) as (listener, queue):
            await events(queue, 3)
            assert listener.untimed_events == 3
            assert listener.problem is None
            assert "set `timestampevents = yes`" in listener.warnings["timestamps"]

    run(test())

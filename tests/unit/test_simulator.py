"""The simulated call centre: its socket, its clock, its determinism, its bounds."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from asterisk.ami import AMIClient, SimpleAction

from monitor.ami.protocol import PacketReader, header, headers, timestamp_us
from monitor.simulator import SECRET, USERNAME, Account, Arrivals, Centre, Simulator, capture
from monitor.simulator.actions import Session
from monitor.simulator.arrivals import HALF_HOURS, share_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

SECOND = 1_000_000
NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
START_US = 1_795_400_000_000_000


def session(centre: Centre | None = None, *, read: str = "system,call,agent,user,dialplan") -> Session:
    account = Account(username="demo", secret="s3cret", read=frozenset(read.split(",")))
    return Session(centre or Centre(started_at_us=START_US), account, "117156229")


def asked(session: Session, text: str, now_us: int = START_US) -> list[dict[str, list[str]]]:
    answer = session.receive(text.replace("\n", "\r\n").encode(), now_us)
    return [headers(packet) for _, packet in PacketReader().feed(answer)]


def logged_in(centre: Centre | None = None) -> Session:
    one = session(centre)
    asked(one, "Action: Login\nUsername: demo\nSecret: s3cret\n\n")
    return one


# ---- actions


def test_plain_login_is_accepted_and_tells_that_asterisk_has_booted() -> None:
    answer, booted = asked(
        session(), "Action: Login\nUsername: demo\nSecret: s3cret\nActionID: 7\n\n", START_US + 61 * SECOND
    )

    assert answer == {"Response": ["Success"], "ActionID": ["7"], "Message": ["Authentication accepted"]}
    assert booted["Event"] == ["FullyBooted"]
    assert booted["Uptime"] == ["61"]


def test_challenge_login_wants_the_digest_of_challenge_and_secret() -> None:
    one = session()
    (challenge,) = asked(one, "Action: Challenge\nAuthType: MD5\n\n")
    key = hashlib.md5((challenge["Challenge"][0] + "s3cret").encode()).hexdigest()  # noqa: S324 - AMI knows no other digest

    answer, *_ = asked(one, f"Action: Login\nAuthType: MD5\nUsername: demo\nKey: {key}\n\n")

    assert answer["Response"] == ["Success"]
    assert one.listening


@pytest.mark.parametrize(
    "login",
    [
        "Username: demo\nSecret: wrong",
        "Username: other\nSecret: s3cret",
        "Username: demo\nAuthType: MD5\nKey: 0123",
        "Username: demo",
    ],
)
def test_wrong_login_is_refused_and_the_connection_ends(login: str) -> None:
    one = session()

    (answer,) = asked(one, f"Action: Login\n{login}\n\n")

    assert answer == {"Response": ["Error"], "Message": ["Authentication failed"]}
    assert one.over
    assert not one.listening


def test_digest_without_a_challenge_is_refused() -> None:
    key = hashlib.md5(b"117156229s3cret").hexdigest()  # noqa: S324 - AMI knows no other digest

    (answer,) = asked(session(), f"Action: Login\nAuthType: MD5\nUsername: demo\nKey: {key}\n\n")

    assert answer["Message"] == ["Authentication failed"]


def test_nothing_is_told_before_the_login() -> None:
    (answer,) = asked(session(), "Action: CoreShowChannels\nActionID: 1\n\n")

    assert answer == {"Response": ["Error"], "ActionID": ["1"], "Message": ["Permission denied"]}


def test_events_off_means_no_events() -> None:
    one = session()

    answers = asked(one, "Action: Login\nUsername: demo\nSecret: s3cret\nEvents: off\n\n")

    assert len(answers) == 1
    assert not one.listening


def test_actions_cut_anywhere_are_put_together() -> None:
    one = session()
    text = b"Action: Login\r\nUsername: demo\r\nSecret: s3cret\r\n\r\nAction: Ping\r\nActionID: p\r\n\r\n"

    answer = b"".join(one.receive(text[i : i + 1], START_US + 1) for i in range(len(text)))

    last = [headers(packet) for _, packet in PacketReader().feed(answer)][-1]
    assert last == {
        "Response": ["Success"],
        "ActionID": ["p"],
        "Ping": ["Pong"],
        "Timestamp": ["1795400000.000001"],
    }


def test_action_without_an_end_is_cut_off_at_64_kib() -> None:
    one = logged_in()

    assert one.receive(b"x" * 65_537, START_US) == b""
    assert one.over


def test_filter_by_name_keeps_an_event_back() -> None:
    one = logged_in()
    packet = b"Event: VarSet\r\nPrivilege: dialplan,all\r\nTimestamp: 1.0\r\n\r\n"
    assert one.wants(packet)

    (answer,) = asked(one, "Action: Filter\nOperation: Add\nMatchCriteria: action(exclude),name(VarSet)\n\n")

    assert answer["Response"] == ["Success"]
    assert not one.wants(packet)
    assert one.wants(packet.replace(b"VarSet", b"Newexten"))


def test_classes_that_the_account_may_not_read_are_kept_back() -> None:
    one = session(read="system,call")

    assert one.wants(b"Event: Newchannel\r\nPrivilege: call,all\r\n\r\n")
    assert not one.wants(b"Event: QueueCallerJoin\r\nPrivilege: agent,all\r\n\r\n")


def test_listings_show_the_channels_bridges_and_queues_of_the_moment() -> None:
    centre = Centre(started_at_us=START_US, seed=3)
    Arrivals(calls_per_hour=600, hour=14).begin(centre)
    now_us = START_US + 600 * SECOND
    centre.advance(now_us)
    one = logged_in(centre)

    channels = asked(one, "Action: CoreShowChannels\nActionID: c\n\n", now_us)
    bridges = asked(one, "Action: BridgeList\n\n", now_us)
    inside = asked(one, f"Action: BridgeInfo\nBridgeUniqueid: {bridges[1]['BridgeUniqueid'][0]}\n\n", now_us)
    queues = asked(one, "Action: QueueStatus\n\n", now_us)
    summary = asked(one, "Action: QueueSummary\nQueue: counsel\n\n", now_us)

    assert channels[-1]["ListItems"] == [str(len(channels) - 2)] == [str(len(centre.exchange.channels))]
    assert {packet["ActionID"][0] for packet in channels} == {"c"}
    bridged = [packet for packet in channels if packet.get("BridgeId", [""])[0] == bridges[1]["BridgeUniqueid"][0]]
    assert {packet["Channel"][0] for packet in bridged} == {packet["Channel"][0] for packet in inside[1:-1]}
    assert next(packet["Name"] for packet in queues if packet.get("Event") == ["QueueMember"]) == ["김서연"]
    assert sum(packet.get("Event") == ["QueueMember"] for packet in queues) == 11
    assert queues[-1]["ListItems"] == [str(len(queues) - 2)]
    assert summary[1]["LoggedIn"] == ["8"]


def test_unknown_action_and_unknown_bridge_are_errors() -> None:
    one = logged_in()

    assert asked(one, "Action: Nonsense\n\n")[0]["Message"][0].startswith("Invalid/unknown command: Nonsense.")
    assert asked(one, "Action: BridgeInfo\nBridgeUniqueid: none\n\n")[0]["Response"] == ["Error"]
    assert asked(one, "Action: Logoff\n\n")[0]["Response"] == ["Goodbye"]
    assert one.over


# ---- determinism and bounds


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 4), ("two", 4), ("three", 5)):
        capture(tmp_path / name, seed, NOON, 900, 400)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").read_bytes() != (tmp_path / "three").read_bytes()


def test_bytes_do_not_depend_on_how_often_one_looks() -> None:
    def played(step_us: int) -> bytes:
        centre = Centre(started_at_us=START_US, seed=6)
        Arrivals(calls_per_hour=500, hour=14, shows=True).begin(centre)
        return b"".join(
            packet
            for at_us in range(START_US, START_US + 120 * SECOND, step_us)
            for _, packet in centre.advance(at_us + step_us)
        )

    assert played(120 * SECOND) == played(SECOND) == played(SECOND // 40)


def test_packets_come_in_order_of_time_and_carry_it() -> None:
    centre = Centre(started_at_us=START_US, seed=6)
    Arrivals(calls_per_hour=900, hour=14).begin(centre)

    packets = [pair for second in range(300) for pair in centre.advance(START_US + second * SECOND)]

    assert [at_us for at_us, _ in packets] == sorted(at_us for at_us, _ in packets)
    assert all(timestamp_us(packet) == at_us for at_us, packet in packets)


def test_nothing_is_left_when_every_call_has_ended(tmp_path: Path) -> None:
    centre = Centre(started_at_us=START_US, seed=8)
    Arrivals(calls_per_hour=700, hour=14, until_us=START_US + 1800 * SECOND).begin(centre)

    centre.advance(START_US + 7200 * SECOND)

    assert centre.calls > 200
    assert centre.next_at_us() is None
    assert centre.exchange.channels == {}
    assert centre.exchange.bridges == {}
    assert [queue.callers for queue in centre.world.queues.values()] == [[], []]
    assert not any(phone.engaged for phone in centre.world.phones.values())
    assert {phone.status for phone in centre.world.phones.values()} == {1}


def test_arrivals_follow_the_day() -> None:
    # 14:00 is in the busiest hour, 12:30 in the lunch dip, 03:00 at night.
    assert len(HALF_HOURS) == 48
    assert max(HALF_HOURS) == 1.0
    assert share_at(14.0 * 3600) > 2 * share_at(12.5 * 3600)
    assert share_at(3 * 3600) == 0.01
    quiet, busy = (Centre(started_at_us=START_US, seed=1) for _ in range(2))
    Arrivals(calls_per_hour=600, hour=12.5).begin(quiet)
    Arrivals(calls_per_hour=600, hour=14.5).begin(busy)
    for centre in (quiet, busy):
        centre.advance(START_US + 1500 * SECOND)
    # 250 an unhurried 25 minutes at the full rate: 100 at 0.40 of it.
    assert 70 < quiet.calls < 130
    assert 215 < busy.calls < 285


# ---- the socket


class Client:
    """One AMI client that counts events."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.packets = PacketReader()
        self.waiting: list[bytes] = []

    async def next(self, wanted: Callable[[bytes], bool]) -> bytes:
        while True:
            while self.waiting:
                packet = self.waiting.pop(0)
                if wanted(packet):
                    return packet
            data = await self.reader.read(65536)
            assert data, "the simulator closed the connection"
            self.waiting += [packet for _, packet in self.packets.feed(data)]


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[tuple[Simulator, int]]:
    simulator = Simulator(**settings)
    port = await simulator.start()
    work = asyncio.create_task(simulator.run())
    try:
        yield simulator, port
    finally:
        await simulator.stop()
        await work


async def connected(port: int) -> Client:
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    client.writer.write(f"Action: Login\r\nUsername: {USERNAME}\r\nSecret: {SECRET}\r\n\r\n".encode())
    return client


def timed(test: Coroutine[Any, Any, None], seconds: float = 20.0) -> None:
    async def within() -> None:
        async with asyncio.timeout(seconds):
            await test

    asyncio.run(within())


def about(event: bytes) -> Callable[[bytes], bool]:
    return lambda packet: packet.startswith(b"Event: " + event + b"\r\n")


def test_every_client_hears_of_a_call_within_seconds() -> None:
    async def scene() -> None:
        async with running(seed=1) as (_, port):
            first, second = await connected(port), await connected(port)
            heard = await asyncio.gather(first.next(about(b"Newstate")), second.next(about(b"Newstate")))
            assert heard[0] == heard[1]
            for client in (first, second):
                client.writer.close()

    timed(scene(), 5.0)


def test_a_ring_lasts_three_seconds_by_timestamp_at_any_speed() -> None:
    async def scene() -> None:
        async with running(seed=1, speed=20) as (simulator, port):
            assert simulator.clock_rate == 20
            client = await connected(port)
            loop = asyncio.get_running_loop()
            rang = await client.next(lambda p: about(b"Newstate")(p) and b"ChannelStateDesc: Ringing" in p)
            began = loop.time()
            uniqueid = header(rang, b"\r\nUniqueid: ")
            up = await client.next(
                lambda p: (
                    about(b"Newstate")(p) and b"ChannelStateDesc: Up" in p and header(p, b"\r\nUniqueid: ") == uniqueid
                )
            )
            took = loop.time() - began
            start_us, end_us = timestamp_us(rang), timestamp_us(up)
            assert start_us is not None
            assert end_us is not None
            # The first call that is shown is answered 11.2 s into ringing, which passes in 0.56 s.
            assert abs(end_us - start_us - 11_200_000) < 100_000
            assert took < 2.0
            client.writer.close()

    timed(scene())


@pytest.mark.filterwarnings("ignore:notifyAll:DeprecationWarning")  # asterisk-ami's own; as an error it ends its reader
def test_the_peer_library_logs_in_asks_and_leaves() -> None:
    def talk(port: int) -> str:
        client = AMIClient("127.0.0.1", port, timeout=5)
        assert client.login(USERNAME, SECRET).response.status == "Success"
        settings = client.send_action(SimpleAction("CoreSettings")).response
        client.logoff()
        client.disconnect()
        return str(settings.keys["SystemName"])

    async def scene() -> None:
        async with running(seed=1, system="seoul") as (_, port):
            assert await asyncio.to_thread(talk, port) == "seoul"

    timed(scene())


def test_stop_closes_the_connections_and_the_port() -> None:
    async def scene() -> None:
        async with running(seed=1) as (simulator, port):
            client = await connected(port)
            await client.next(about(b"FullyBooted"))
            await simulator.stop()
            with pytest.raises((ConnectionError, AssertionError)):
                await client.next(lambda _: False)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            client.writer.close()

    timed(scene())


def test_a_centre_that_waits_has_its_first_call_when_somebody_listens() -> None:
    async def scene() -> None:
        async with running(seed=1, speed=50, waits=True) as (simulator, port):
            # 20 s of a day in which a centre that does not wait has shown five calls by then.
            await simulator.run(0.4)
            assert not simulator.centre.truths

            client = await connected(port)
            await client.next(about(b"Newchannel"))
            client.writer.close()

    timed(scene())


def test_run_ends_by_itself() -> None:
    async def scene() -> None:
        simulator = Simulator(seed=1, speed=100)
        await simulator.start()
        await simulator.run(0.3)
        assert simulator.now_us() - simulator.centre.exchange.started_at_us >= 30 * SECOND
        await simulator.stop()

    timed(scene(), 5.0)


def test_only_loopback_is_listened_on() -> None:
    with pytest.raises(ValueError, match="loopback"):
        asyncio.run(Simulator().start("0.0.0.0"))
    with pytest.raises(ValueError, match="speed"):
        Simulator(speed=0)


def test_twenty_seconds_of_demonstration_show_a_breach_an_answer_and_transfers() -> None:
    centre = Centre(started_at_us=START_US, seed=20061)
    Arrivals(calls_per_hour=420, hour=14, shows=True).begin(centre)
    centre.advance(START_US + 5 * SECOND)
    assert sum(truth.first_ring_at_us is not None for truth in centre.truths) >= 3

    centre.advance(START_US + 20 * SECOND)

    over = [
        truth for truth in centre.truths if truth.ended_at_us is not None and truth.ended_at_us < START_US + 20 * SECOND
    ]
    assert len(over) >= 5
    assert any(truth.rings >= 4 for truth in over)
    assert any(truth.answered_by_pickup for truth in over)
    assert {str(t.kind) for truth in over for t in truth.transfers if t.result == "completed"} >= {"blind", "attended"}
    assert "abandoned_ringing" in {str(truth.outcome) for truth in over}

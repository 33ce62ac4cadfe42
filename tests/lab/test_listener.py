"""The listener against a real Asterisk: accounts, filters, TLS, restarts, and calls in progress at a reconnection."""

from __future__ import annotations

import asyncio
import os
import ssl
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from monitor.ami.feed import Batch, FeedItem, LinkDown, LinkUp, Resynced
from monitor.ami.protocol import event_name, header
from monitor.ami_listener import AmiListener
from monitor.calls.facts import GapCause
from monitor.config import AsteriskSettings
from tests.lab.asterisk import Asterisk, PortBlock
from tests.lab.configuration import READ_NEEDED, SECRET, Account, Settings
from tests.lab.encrypted import Encrypted, encrypted_asterisk
from tests.lab.install import missing_reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(missing_reason() is not None and "CI" not in os.environ, reason=str(missing_reason())),
]

SOON_SECONDS = 20.0
"""Far more than anything here takes; reaching it is a failure."""

DIALPLAN = """[lab]
exten => talk,1,Answer()
 same => n,Wait(60)
exten => dial,1,MixMonitor(kept.wav)
 same => n,Dial(Local/talk@lab)
exten => queue,1,Queue(nobody)
exten => word,1,UserEvent(TransferConsent,Consent: yes)
"""

ACCOUNTS = (
    Account(name="monitor", read=READ_NEEDED, write="reporting"),
    Account(name="filtering", read=READ_NEEDED, write="system,reporting"),
    Account(name="readonly", read=READ_NEEDED),
    Account(name="limited", read="call,agent,user", write="reporting"),
)
SETTINGS = Settings(dialplan=DIALPLAN, queues="[nobody]\njoinempty=yes\ntimeout=5\n", accounts=ACCOUNTS)


@pytest.fixture
def lab() -> Iterator[Asterisk]:
    """An Asterisk of one test's own, that may be killed and restarted."""
    yield from started(SETTINGS)


@pytest.fixture(scope="module")
def steady() -> Iterator[Asterisk]:
    """An Asterisk that several tests only listen to."""
    yield from started(SETTINGS)


def started(settings: Settings) -> Iterator[Asterisk]:
    block = PortBlock()
    try:
        with Asterisk(settings, block) as asterisk:
            yield asterisk
    finally:
        block.release()


@asynccontextmanager
async def listening(asterisk: Asterisk, **changes: Any) -> AsyncIterator[tuple[AmiListener, asyncio.Queue[FeedItem]]]:
    settings = AsteriskSettings(
        **{
            "name": "lab1",
            "host": "127.0.0.1",
            "port": asterisk.ports.ami,
            "username": "monitor",
            "secret": SecretStr(SECRET),
            "reconnect_max_seconds": 0.5,
            **changes,
        }
    )
    queue: asyncio.Queue[FeedItem] = asyncio.Queue(10_000)
    listener = AmiListener(settings, queue)
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


async def until_event(queue: asyncio.Queue[FeedItem], name: bytes) -> list[bytes]:
    """Every event up to the first of a name."""
    found: list[bytes] = []
    async with asyncio.timeout(SOON_SECONDS):
        while True:
            found += packets([await queue.get()])
            if any(event_name(packet) == name for packet in found):
                return found


def packets(items: list[FeedItem]) -> list[bytes]:
    return [packet for item in items if isinstance(item, Batch) for _, packet in item.packets]


async def command(asterisk: Asterisk, line: str) -> str:
    return await asyncio.to_thread(asterisk.command, line)


async def place_call(asterisk: Asterisk, extension: str) -> None:
    await command(asterisk, f"channel originate Local/{extension}@lab application Wait 60")


async def age_seconds(asterisk: Asterisk) -> int:
    told = await command(asterisk, "core show uptime seconds")
    return int(told.split("System uptime:")[1].split()[0])


async def until_older_than_slack(asterisk: Asterisk) -> None:
    """Wait until Asterisk, which tells its age in whole seconds, can be told from one that starts now."""
    async with asyncio.timeout(SOON_SECONDS):
        while await age_seconds(asterisk) < 4:  # noqa: ASYNC110 - Asterisk tells its age only when asked
            await asyncio.sleep(0.1)


async def hang_up(asterisk: Asterisk) -> None:
    await command(asterisk, "channel request hangup all")


@pytest.mark.parametrize("auth", ["md5", "plain"])
def test_login_and_the_present(steady: Asterisk, auth: str) -> None:
    async def test() -> None:
        async with listening(steady, auth=auth) as (listener, queue):
            items = await until(queue, Resynced)
            assert isinstance(items[0], LinkUp)
            assert items[-1] == Resynced(items[-1].at_us, ())  # type: ignore[union-attr] # `until` ends with it
            assert (listener.up, listener.problem, listener.warnings) == (True, None, {})
            names = [event_name(packet) for packet in packets(items)]
            assert [name for name in names if name is not None] == [
                b"FullyBooted",
                b"CoreShowChannelsComplete",
                b"QueueParams",
                b"QueueStatusComplete",
                b"BridgeListComplete",
            ]

    asyncio.run(test())


def test_a_wrong_secret_is_told(steady: Asterisk) -> None:
    async def test() -> None:
        async with listening(steady, secret=SecretStr("not that")) as (listener, queue):
            down = (await until(queue, LinkDown))[-1]
            assert isinstance(down, LinkDown)
            assert down.reason == (
                f"Asterisk 'lab1' at 127.0.0.1:{steady.ports.ami} refuses the login of 'monitor' "
                "(Authentication failed); see user name and secret, and `permit`/`deny` or `acl` "
                "of that account in its manager.conf."
            )
            assert not listener.up

    asyncio.run(test())


def test_calls_in_progress_are_told_at_connection(steady: Asterisk) -> None:
    """A Local call that talks through a second one: six channels in two bridges, or fewer where Asterisk optimises."""

    async def test() -> None:
        await place_call(steady, "dial")
        async with listening(steady) as (_, queue):
            present = packets(await until(queue, Resynced))
        lines = (await command(steady, "core show channels concise")).splitlines()
        there = {line.split("!")[0] for line in lines if "!" in line}
        assert len(there) >= 4
        told = {header(p, b"\r\nChannel: ") for p in present if event_name(p) == b"CoreShowChannel"}
        assert told == there
        bridges = [p for p in present if event_name(p) == b"BridgeListItem"]
        members = [p for p in present if event_name(p) == b"BridgeInfoChannel"]
        assert len(bridges) >= 1
        assert len(members) == 2 * len(bridges)
        await hang_up(steady)

    asyncio.run(test())


def test_without_reporting_the_present_is_not_known_and_said_so(steady: Asterisk) -> None:
    async def test() -> None:
        async with listening(steady, username="readonly") as (listener, queue):
            last = (await until(queue, Resynced))[-1]
            assert isinstance(last, Resynced)
            assert last.refused == ("CoreShowChannels",)
            assert "set `write = reporting` for account 'readonly'" in listener.warnings["permissions"]
            assert listener.problem is None

    asyncio.run(test())


RECORDING = "MIXMONITOR_FILENAME"


@pytest.mark.parametrize(("username", "kept_back"), [("filtering", True), ("monitor", False)])
def test_unwanted_events_are_kept_back_where_the_account_may_ask(
    steady: Asterisk, username: str, kept_back: bool
) -> None:
    async def test() -> None:
        async with listening(steady, username=username) as (listener, queue):
            await until(queue, Resynced)
            # The answers to Filter come behind; a call only then.
            await asyncio.to_thread(steady.command, "core show version")
            await place_call(steady, "dial")
            during = await until_event(queue, b"BridgeEnter")
            await hang_up(steady)
            heard = [*during, *await until_event(queue, b"Hangup")]
            seen = {event_name(packet) for packet in heard}
            assert {b"Newchannel", b"Newexten", b"BridgeEnter", b"Hangup"} <= seen
            # Of variables the name of a recording passes, since nothing else tells it where a queue began one.
            variables = {header(packet, b"\r\nVariable: ") for packet in heard if event_name(packet) == b"VarSet"}
            assert RECORDING in variables
            assert (variables == {RECORDING}) is kept_back
            assert listener.warnings == {}

    asyncio.run(test())


def test_missing_classes_are_told_by_what_comes_alone(steady: Asterisk) -> None:
    """`limited` lacks system, so that FullyBooted never comes, and dialplan, so that calls run no extensions."""

    async def test() -> None:
        async with listening(steady, username="limited") as (listener, queue):
            items = await until(queue, Resynced)
            assert [type(item) for item in items if not isinstance(item, Batch)] == [LinkDown, LinkUp, Resynced]
            assert listener.problem is not None
            assert "sends no events of class system;" in listener.problem
            assert "add it to `read` of account 'limited'" in listener.problem

    asyncio.run(test())


def test_missing_timestamps_are_told() -> None:
    async def test(asterisk: Asterisk) -> None:
        async with listening(asterisk) as (listener, queue):
            await until(queue, Resynced)
            assert listener.warnings == {}  # a quiet Asterisk tells nothing
            await place_call(asterisk, "word")
            await until_event(queue, b"UserEvent")
            assert "set `timestampevents = yes` in its manager.conf" in listener.warnings["timestamps"]
            assert listener.untimed_events > 0
            assert listener.problem is None

    for asterisk in started(Settings(dialplan=DIALPLAN, accounts=ACCOUNTS, timestamp_events=False)):
        asyncio.run(test(asterisk))


def test_a_restart_in_mid_call_is_told_as_one(lab: Asterisk) -> None:
    async def test() -> None:
        async with listening(lab) as (listener, queue):
            await until(queue, Resynced)
            await place_call(lab, "dial")
            await until_event(queue, b"BridgeEnter")
            await until_older_than_slack(lab)
            await command(lab, "core restart now")
            items = await until(queue, LinkDown)
            down = items[-1]
            assert isinstance(down, LinkDown)
            assert down.cause is GapCause.RESTARTED
            assert down.reason == f"{listener.where} restarts; nothing to do if that was meant."
            assert event_name(packets(items)[-1]) == b"Shutdown"
            again = await until(queue, Resynced)
            up = next(item for item in again if isinstance(item, LinkUp))
            assert up.restarted is True
            assert not [p for p in packets(again) if event_name(p) == b"CoreShowChannel"]
            assert (listener.up, listener.problem, listener.reconnects) == (True, None, 1)

    asyncio.run(test())


def test_a_killed_asterisk_is_found_again_with_its_calls_gone(lab: Asterisk) -> None:
    async def test() -> None:
        async with listening(lab) as (listener, queue):
            await until(queue, Resynced)
            await place_call(lab, "dial")
            await until_event(queue, b"BridgeEnter")
            await until_older_than_slack(lab)
            await asyncio.to_thread(lab.kill)
            down = (await until(queue, LinkDown))[-1]
            assert isinstance(down, LinkDown)
            assert down.cause is GapCause.NOT_CONNECTED
            assert "was lost (" in down.reason
            async with asyncio.timeout(SOON_SECONDS):
                while "refuses connections" not in (listener.problem or ""):  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.01)
            await asyncio.to_thread(lab.start)
            again = await until(queue, Resynced)
            up = next(item for item in again if isinstance(item, LinkUp))
            assert up.restarted is True
            assert not [p for p in packets(again) if event_name(p) == b"CoreShowChannel"]
            assert listener.reconnects == 1

    asyncio.run(test())


def test_a_lost_connection_finds_the_same_asterisk_and_its_call_again(steady: Asterisk) -> None:
    async def test() -> None:
        async with listening(steady) as (listener, queue):
            await until(queue, Resynced)
            await place_call(steady, "dial")
            await until_event(queue, b"BridgeEnter")
            # The operator's own way to end a manager session; its file descriptor stands in the list.
            listed = await command(steady, "manager show connected")
            line = next(line for line in listed.splitlines() if line.split()[:1] == ["monitor"])
            descriptor = next(word for word in line.split()[4:] if word.isdigit())
            await command(steady, f"manager kick session {descriptor}")
            await until(queue, LinkDown)
            again = await until(queue, Resynced)
            up = next(item for item in again if isinstance(item, LinkUp))
            assert up.restarted is False
            assert [p for p in packets(again) if event_name(p) == b"CoreShowChannel"]
            assert listener.reconnects == 1
            await hang_up(steady)

    asyncio.run(test())


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    with encrypted_asterisk(SETTINGS, tmp_path_factory.mktemp("tls")) as asterisk:
        yield asterisk


def test_tls_with_a_trusted_certificate(encrypted: Encrypted) -> None:
    async def test() -> None:
        asterisk, port, certificate = encrypted
        tls = {"tls": True, "tls_ca": certificate, "tls_hostname": "pbx.lab", "port": port}
        async with listening(asterisk, **tls) as (listener, queue):
            await until(queue, Resynced)
            assert (listener.up, listener.problem) == (True, None)

    asyncio.run(test())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tls_hostname": "pbx.lab"}, "self-signed certificate"),
        ({"tls_ca": True}, "IP address mismatch, certificate is not valid for '127.0.0.1'"),
        ({"tls_ca": True, "tls_hostname": "other.lab"}, "Hostname mismatch, certificate is not valid for 'other.lab'"),
    ],
)
def test_tls_without_trust_is_refused(encrypted: Encrypted, changes: dict[str, Any], reason: str) -> None:
    async def test() -> None:
        asterisk, port, certificate = encrypted
        tls = {**changes, "tls": True, "port": port}
        if "tls_ca" in tls:
            tls["tls_ca"] = certificate
        async with listening(asterisk, **tls) as (listener, queue):
            down = (await until(queue, LinkDown))[-1]
            assert isinstance(down, LinkDown)
            assert f"gives no trusted TLS connection ({reason}); " in down.reason
            assert not listener.up

    assert ssl.OPENSSL_VERSION_INFO >= (3,)  # the reasons are OpenSSL 3's words
    asyncio.run(test())


def test_tls_where_asterisk_speaks_none_is_told(steady: Asterisk) -> None:
    async def test() -> None:
        async with listening(steady, tls=True) as (_, queue):
            down = (await until(queue, LinkDown))[-1]
            assert isinstance(down, LinkDown)
            assert "gives no trusted TLS connection (wrong version number); " in down.reason

    asyncio.run(test())


def test_the_sample_account_is_all_that_is_needed() -> None:
    """The account of deploy/asterisk/manager.conf.sample, word for word, in a real manager.conf."""
    sample = (Path(__file__).parents[2] / "deploy" / "asterisk" / "manager.conf.sample").read_text(encoding="utf-8")
    assert "timestampevents = yes" in sample
    account = "\n" + sample[sample.index("[callmonitor]") :]
    settings = Settings(dialplan=DIALPLAN, accounts=ACCOUNTS, extra_files={"manager.conf": account})

    async def test(asterisk: Asterisk) -> None:
        async with listening(asterisk, username="callmonitor", secret=SecretStr("CHANGE-ME")) as (listener, queue):
            last = (await until(queue, Resynced))[-1]
            assert last == Resynced(last.at_us, ())  # type: ignore[union-attr] # `until` ends with it
            await place_call(asterisk, "dial")
            during = await until_event(queue, b"BridgeEnter")
            await hang_up(asterisk)
            packets = [*during, *await until_event(queue, b"Hangup")]
            seen = {event_name(packet) for packet in packets}
            assert {b"Newchannel", b"Newexten", b"BridgeEnter", b"Hangup"} <= seen
            # Of the variables the one alone that names a recording.
            variables = [packet for packet in packets if event_name(packet) == b"VarSet"]
            assert all(b"\r\nVariable: MIXMONITOR_FILENAME\r\n" in packet for packet in variables)
            assert (listener.problem, listener.warnings) == (None, {})

    for asterisk in started(settings):
        asyncio.run(test(asterisk))


def test_a_call_through_queue_and_dialplan_proves_every_class(steady: Asterisk) -> None:
    async def test() -> None:
        async with listening(steady) as (listener, queue):
            await until(queue, Resynced)
            for _ in range(5):
                await place_call(steady, "queue")
            joined = 0
            while joined < 5:
                events = await until_event(queue, b"QueueCallerJoin")
                joined += sum(event_name(packet) == b"QueueCallerJoin" for packet in events)
            await hang_up(steady)
            assert listener.problem is None

    asyncio.run(test())

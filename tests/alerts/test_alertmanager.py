"""What a real Alertmanager has while phones ring past the rule, and what it does not get."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from monitor import alerts_alertmanager
from monitor.alerts import Alerts
from monitor.calls.rules import RingRule
from monitor.errors import ConfigError

from .alertmanager import Alertmanager
from .calls import LINE, QUEUE, SYSTEM, Ringing, blind
from .receiver import Receiver, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

stage = pytest.mark.stage


def telling(*addresses: str, clock: Callable[[str], datetime] = lambda _: datetime.now(UTC), **settings: Any) -> Alerts:
    """The sink; by default all clocks are one."""
    return Alerts([RingRule()], clock, alertmanager=addresses, **settings)


def while_telling(alerts: Alerts, test: Callable[[], Awaitable[None]]) -> None:
    """Run a test while the targets are told."""

    async def run() -> None:
        async with asyncio.timeout(40), alerts:
            await test()

    asyncio.run(run())


def begins(alerts: Alerts, call: Ringing) -> None:
    """The call rings, and rings past the rule."""
    for fact in (call.starts(), call.warns(), call.breaks()):
        alerts.record(fact)


async def within(alertmanager: Alertmanager, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """Wait until something holds of the breaches it has."""
    return await asyncio.to_thread(alertmanager.wait_for, holds, alertname="RingBreach")


async def received(receiver: Receiver, holds: Callable[[list[Request]], bool]) -> list[Request]:
    return await asyncio.to_thread(receiver.wait_for, holds)


def told(requests: list[Request]) -> list[dict[str, Any]]:
    """The alerts of all requests, in order."""
    return [alert for request in requests for alert in request.json]


@pytest.fixture
def log() -> Iterator[list[dict[str, Any]]]:
    """What goes to the log, and nothing of it to standard error."""
    with structlog.testing.capture_logs() as entries:
        yield entries  # type: ignore[misc] # a list of mutable mappings, which these are


# ---- with a real Alertmanager


@stage
def test_a_breach_fires_while_the_phone_rings_and_ends_when_it_is_silent(alertmanager: Alertmanager) -> None:
    alerts, call = telling(alertmanager.url, page_url="https://board.example.org"), Ringing()

    async def test() -> None:
        begins(alerts, call)
        (alert,) = await within(alertmanager, bool)
        assert alert["labels"] == {
            "alertname": "RingBreach",
            "severity": "critical",
            "system": SYSTEM,
            "line": LINE,
            "queue": QUEUE,
        }
        # Alertmanager shows milliseconds of the microseconds it was told.
        assert alert["startsAt"] == call.after(9).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        annotations = alert["annotations"]
        assert annotations["summary"] == f"벨 초과: {LINE} 대기열 {QUEUE}, 전화 1건"
        assert annotations["summary_en"] == f"Rang too long: {LINE}, queue {QUEUE}, 1 call"
        assert "김하나" in annotations["description"]
        assert "ring 4" in annotations["description_en"]
        assert annotations["runbook"] == "docs/runbook.md#ringbreach"
        assert annotations["page"] == "https://board.example.org/"
        alerts.record(call.ceases())
        await within(alertmanager, lambda found: not found)

    while_telling(alerts, test)
    assert alerts.figures["alertmanager"].failed == 0


@stage
def test_a_warning_comes_first_and_gives_way_to_the_breach(alertmanager: Alertmanager) -> None:
    alerts, call = telling(alertmanager.url), Ringing(seconds=6)

    async def test() -> None:
        for fact in (call.starts(), call.warns()):
            alerts.record(fact)
        (warning,) = await asyncio.to_thread(alertmanager.wait_for, bool)
        assert (warning["labels"]["alertname"], warning["labels"]["severity"]) == ("RingWarning", "warning")
        assert datetime.fromisoformat(warning["startsAt"]) <= call.after(6)
        alerts.record(call.breaks())
        await asyncio.to_thread(
            alertmanager.wait_for, lambda found: [alert["labels"]["alertname"] for alert in found] == ["RingBreach"]
        )

    while_telling(alerts, test)


@stage
def test_calls_to_one_line_and_queue_are_one_alert(alertmanager: Alertmanager) -> None:
    alerts = telling(alertmanager.url)
    # The first has rung for 16 s: 16 / 3 = 5.3, so it is at ring 6.
    calls = [Ringing(1, seconds=16), Ringing(2, member="이두리"), Ringing(3, member=None), Ringing(4, queue=None)]

    async def test() -> None:
        for call in calls:
            begins(alerts, call)
        found = await within(alertmanager, lambda found: sorted(calls_of(found)) == ["1", "3"])
        by_queue = {alert["labels"].get("queue"): alert["annotations"] for alert in found}
        assert set(by_queue) == {QUEUE, None}
        counsel = by_queue[QUEUE]
        assert (counsel["calls"], counsel["rings"]) == ("3", "6")
        assert "울리는 전화기: 김하나, 이두리, PJSIP/agent3." in counsel["description"]
        for call in calls[:2]:
            alerts.record(call.answered())
        await within(alertmanager, lambda found: calls_of(found) == ["1", "1"])

    def calls_of(found: list[dict[str, Any]]) -> list[str]:
        return [alert["annotations"]["calls"] for alert in found]

    while_telling(alerts, test)


@stage
def test_it_lasts_for_as_long_as_the_phone_rings_and_ends_by_itself_when_the_monitor_is_gone(
    alertmanager: Alertmanager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts_alertmanager, "LASTS_SECONDS", 1.0)
    monkeypatch.setattr(alerts_alertmanager, "REFRESH_SECONDS", 0.2)
    alerts, call = telling(alertmanager.url), Ringing()

    async def test() -> None:
        begins(alerts, call)
        (first,) = await within(alertmanager, bool)
        after = datetime.fromisoformat(first["endsAt"]) + timedelta(seconds=0.5)
        # By then it would be over, had it not been sent again.
        (alert,) = await within(alertmanager, lambda found: not found or ends_at(found[0]) > after)
        assert alert["startsAt"] == first["startsAt"]

    def ends_at(alert: dict[str, Any]) -> datetime:
        return datetime.fromisoformat(alert["endsAt"])

    while_telling(alerts, test)
    # It was not called over, and nobody tells of it any more.
    assert alertmanager.alerts(alertname="RingBreach") != []
    alertmanager.wait_for(lambda found: not found, alertname="RingBreach")


@stage
def test_an_alertmanager_that_was_away_is_told_what_is_true_when_it_is_back(
    tmp_path: Path, log: list[dict[str, Any]]
) -> None:
    alertmanager = Alertmanager(tmp_path)
    alerts = telling(alertmanager.url)
    still, over = Ringing(1), Ringing(2, queue="sales")

    async def test() -> None:
        for call in (still, over):
            begins(alerts, call)
        while alerts.figures["alertmanager"].failed < 3:  # noqa: ASYNC110 - its figures set no event
            await asyncio.sleep(0.02)
        alerts.record(over.ceases())
        await asyncio.to_thread(alertmanager.start)
        (alert,) = await within(alertmanager, bool)
        assert alert["labels"]["queue"] == QUEUE
        # And once more, with an alert that it has.
        await asyncio.to_thread(alertmanager.stop)
        alerts.record(still.ceases())
        alerts.record(still.starts(seconds=10, before_us=9_500_000))
        await asyncio.to_thread(alertmanager.start)
        await within(alertmanager, bool)
        while alerts.figures["alertmanager"].waiting:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)

    try:
        while_telling(alerts, test)
    finally:
        alertmanager.stop()
    events = [entry["event"] for entry in log]
    assert events[:2] == ["alertmanager_not_told", "alertmanager_is_back"], "once each, however often it was tried"


@stage
def test_each_of_two_alertmanagers_is_told(tmp_path: Path) -> None:
    with Alertmanager(tmp_path / "a") as one, Alertmanager(tmp_path / "b") as two:
        alerts, call = telling(one.url, two.url), Ringing()

        async def test() -> None:
            begins(alerts, call)
            for alertmanager in (one, two):
                assert len(await within(alertmanager, bool)) == 1
            alerts.record(call.ceases())
            for alertmanager in (one, two):
                await within(alertmanager, lambda found: not found)

        while_telling(alerts, test)


@stage
def test_one_that_hangs_holds_up_neither_the_state_nor_the_other(alertmanager: Alertmanager) -> None:
    """A socket takes the connection and never answers; 2,000 calls are recorded at once, and the other one is told."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        alerts = telling(f"http://127.0.0.1:{silent.getsockname()[1]}", alertmanager.url)

        async def test() -> None:
            loop = asyncio.get_running_loop()
            (connection, _) = await asyncio.to_thread(silent.accept)
            with connection:
                began = time.process_time()
                for number in range(2_000):
                    begins(alerts, Ringing(number))
                assert time.process_time() - began < 1.0, "under 0.2 ms of work for each fact, whoever hangs"
                turned = loop.time()
                await asyncio.sleep(0)
                assert loop.time() - turned < 1.0, "and the loop goes on"
                await within(alertmanager, lambda found: [a["annotations"]["calls"] for a in found] == ["2000"])
                # Groups, not calls: the warnings' and the breaches'.
                assert alerts.figures["alertmanager"].waiting <= 2

        while_telling(alerts, test)


@stage
def test_people_are_notified_of_the_beginning_and_of_the_end(tmp_path: Path) -> None:
    with Receiver() as person, Alertmanager(tmp_path, webhook=f"{person.url}/hook") as alertmanager:
        alerts, call = telling(alertmanager.url), Ringing()

        async def test() -> None:
            begins(alerts, call)
            (first, *_) = await received(person, lambda requests: "firing" in statuses(requests))
            assert "벨 초과" in first.text
            alerts.record(call.ceases())
            last = (await received(person, lambda requests: "resolved" in statuses(requests)))[-1]
            assert last.json["alerts"][0]["annotations"]["summary"] == f"벨 초과: {LINE} 대기열 {QUEUE} 끝남"

        def statuses(requests: list[Request]) -> list[str]:
            return [request.json["status"] for request in requests]

        while_telling(alerts, test)


@stage
def test_what_cannot_be_seen_is_not_called_over(alertmanager: Alertmanager, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the wire is cut, the call state lets every phone fall silent in that moment; nobody knows whether it did."""
    monkeypatch.setattr(alerts_alertmanager, "LASTS_SECONDS", 2.0)
    alerts, call, other = telling(alertmanager.url), Ringing(), Ringing(2, system="pbx2")

    async def test() -> None:
        begins(alerts, call)
        begins(alerts, other)
        before = await within(alertmanager, lambda found: len(found) == 2)
        alerts.record(call.ceases())
        alerts.record(blind())
        alerts.record(other.ceases())
        # The other system is seen, and its alert over at once; the unseen one's ends when it was to end.
        (left,) = await within(alertmanager, lambda found: len(found) == 1)
        assert left in before
        await within(alertmanager, lambda found: not found)

    while_telling(alerts, test)


# ---- what is on the wire


def test_every_request_goes_over_one_connection(receiver: Receiver) -> None:
    alerts = telling(receiver.url)

    async def test() -> None:
        for number in range(5):
            await rings(f"queue{number}")

    async def rings(queue: str) -> None:
        begins(alerts, Ringing(queue=queue))
        await received(receiver, lambda requests: queue in seen(requests))

    def seen(requests: list[Request]) -> set[str]:
        return {alert["labels"]["queue"] for alert in told(requests)}

    while_telling(alerts, test)
    assert len({request.connection for request in receiver.requests}) == 1
    assert {request.path for request in receiver.requests} == {"/api/v2/alerts"}


def test_an_empty_list_keeps_the_connection_and_shows_a_fault_early(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts_alertmanager, "IDLE_SECONDS", 0.05)
    alerts = telling(receiver.url)

    async def test() -> None:
        await received(receiver, lambda requests: len(requests) >= 3)

    while_telling(alerts, test)
    assert {request.text for request in receiver.requests} == {"[]"}
    assert alerts.figures["alertmanager"].sent == 0


def test_only_the_newest_state_waits_for_one_that_fails(receiver: Receiver) -> None:
    receiver.status = 503
    alerts = telling(receiver.url)

    async def test() -> None:
        for number in range(50):
            begins(alerts, Ringing(number))
        await received(receiver, lambda requests: len(requests) >= 3)
        figures = alerts.figures["alertmanager"]
        assert figures.waiting <= 2
        assert figures.failed >= 2
        receiver.status = 200
        seen = len(receiver.requests)
        requests = await received(receiver, lambda requests: bool(told(requests[seen:])))
        assert [alert["annotations"]["calls"] for alert in told(requests[seen:])] == ["50"]

    while_telling(alerts, test)


def test_a_refusal_is_counted_and_logged_once_and_not_repeated(receiver: Receiver, log: list[dict[str, Any]]) -> None:
    receiver.status = 400
    alerts = telling(receiver.url)
    call, other = Ringing(1), Ringing(2, queue="sales")

    async def test() -> None:
        begins(alerts, call)
        await received(receiver, lambda requests: bool(told(requests)))
        # Nothing else comes for as long as several tries would take: silence sets no event.
        await asyncio.sleep(0.6)
        assert len(told(receiver.requests)) == 1
        assert alerts.figures["alertmanager"].waiting == 0
        # Something new is tried, and when it is taken the refused one is told too.
        receiver.status = 200
        begins(alerts, other)
        await received(receiver, lambda requests: len({alert["labels"]["queue"] for alert in told(requests[-2:])}) == 2)
        while alerts.figures["alertmanager"].sent < 2:  # noqa: ASYNC110 - its figures set no event
            await asyncio.sleep(0.01)

    while_telling(alerts, test)
    assert [entry["event"] for entry in log] == ["alertmanager_not_told", "alertmanager_is_back"]
    assert "400" in log[0]["why"]


def test_an_alert_it_never_had_is_not_called_over(receiver: Receiver) -> None:
    alerts = telling(receiver.url)
    call, mark = Ringing(), Ringing(2, queue="mark")

    async def test() -> None:
        # Both in one turn of the loop: nobody was told in between.
        begins(alerts, call)
        alerts.record(call.ceases())
        begins(alerts, mark)
        await received(receiver, lambda requests: bool(told(requests)))

    while_telling(alerts, test)
    assert {alert["labels"]["queue"] for alert in told(receiver.requests)} == {"mark"}


@pytest.mark.parametrize("hours", [-5, 5])
def test_instants_of_a_clock_that_is_off_are_told_by_ours(receiver: Receiver, hours: int) -> None:
    off = timedelta(hours=hours)
    alerts = telling(receiver.url, clock=lambda _: datetime.now(UTC) + off)
    call = Ringing(now=datetime.now(UTC) + off)

    async def test() -> None:
        begins(alerts, call)
        await received(receiver, lambda requests: bool(told(requests)))

    while_telling(alerts, test)
    (alert,) = told(receiver.requests)
    # The ring began as the test did, and the alert is no older than the test.
    age = datetime.fromtimestamp(receiver.requests[-1].at, UTC) - datetime.fromisoformat(alert["startsAt"])
    assert timedelta(0) <= age < timedelta(seconds=10)


def test_its_end_is_never_before_its_beginning(receiver: Receiver) -> None:
    """Asterisk's clock is 0.5 s ahead of ours, which counts as the same; an end before the start would be refused."""
    ahead = timedelta(seconds=0.5)
    alerts = telling(receiver.url, clock=lambda _: datetime.now(UTC) + ahead)
    call = Ringing(now=datetime.now(UTC) + ahead)

    async def test() -> None:
        begins(alerts, call)
        await received(receiver, lambda requests: bool(told(requests)))
        alerts.record(call.ceases())
        await received(receiver, lambda requests: len(told(requests)) > 1)

    while_telling(alerts, test)
    last = told(receiver.requests)[-1]
    assert last["endsAt"] == last["startsAt"] == call.after(9).isoformat()


def test_no_caller_is_on_the_wire(receiver: Receiver) -> None:
    alerts, call = telling(receiver.url), Ringing(77, member=None)
    call.agent = "Local/01012345678@mobiles"

    async def test() -> None:
        begins(alerts, call)
        alerts.record(call.ceases())
        begins(alerts, Ringing(78))
        await received(receiver, lambda requests: bool(told(requests)))

    while_telling(alerts, test)
    everything = json.dumps([request.json for request in receiver.requests])
    assert "12345678" not in everything
    assert "1795400000" not in everything, "the linkedids"


def test_a_queue_with_any_name_can_be_told(receiver: Receiver) -> None:
    """A name may hold what Asterisk let through: here half of a surrogate pair, which is no Unicode text."""
    alerts = telling(receiver.url)

    async def test() -> None:
        begins(alerts, Ringing(queue='"상담\ud800{{ .x }}'))
        await received(receiver, lambda requests: bool(told(requests)))

    while_telling(alerts, test)
    assert told(receiver.requests)[0]["labels"]["queue"] == '"상담\ud800{{ .x }}'


def test_a_password_in_the_address_is_used_and_not_logged(receiver: Receiver, log: list[dict[str, Any]]) -> None:
    receiver.status = 401
    alerts = telling(f"http://monitor:hush@127.0.0.1:{receiver.port}")

    async def test() -> None:
        begins(alerts, Ringing())
        await received(receiver, lambda requests: bool(told(requests)))
        while not log:  # noqa: ASYNC110 - a line of the log sets no event
            await asyncio.sleep(0.01)

    while_telling(alerts, test)
    # "monitor:hush" in Base64.
    assert receiver.requests[-1].headers["Authorization"] == "Basic bW9uaXRvcjpodXNo"
    assert log[0]["target"] == f"127.0.0.1:{receiver.port}"
    assert "hush" not in repr(log)


def test_an_address_that_is_none_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigError) as refused:
        telling("http://monitor:hush@host:port")
    assert "hush" not in str(refused.value)


def test_an_error_of_our_own_is_told_and_the_next_alert_too(receiver: Receiver, log: list[dict[str, Any]]) -> None:
    clocks: dict[str, Callable[[], datetime]] = {SYSTEM: lambda: datetime.now(UTC)}
    alerts = telling(receiver.url, clock=lambda system: clocks[system]())

    async def test() -> None:
        begins(alerts, Ringing(1))
        # By the time the alert is described, there is no such clock.
        clock = clocks.pop(SYSTEM)
        while not log:  # noqa: ASYNC110 - a line of the log sets no event
            await asyncio.sleep(0.01)
        clocks[SYSTEM] = clock
        begins(alerts, Ringing(2))
        await received(receiver, lambda requests: bool(told(requests)))

    while_telling(alerts, test)
    assert [entry["event"] for entry in log if entry["log_level"] == "error"] == ["alerts_failed"]

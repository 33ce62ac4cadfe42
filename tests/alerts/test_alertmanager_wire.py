"""What goes over the wire to an Alertmanager, and what does not: to a server on loopback that keeps it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor import alerts_alertmanager
from monitor.errors import ConfigError

from .calls import SYSTEM, Ringing
from .telling import begins, received, telling, told, while_telling

if TYPE_CHECKING:
    from collections.abc import Callable

    from .receiver import Receiver, Request


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
        # Told again where the machine was so busy that it was due again.
        assert {alert["annotations"]["calls"] for alert in told(requests[seen:])} == {"50"}

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

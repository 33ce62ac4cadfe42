"""Who is told changes while phones ring: who stays goes on, who is new hears of what rings, counts stay counted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from monitor.alerts_setup import AlertDesk
from monitor.config import Settings
from monitor.config_web import AlertSettings
from monitor.errors import ConfigError

from .calls import Ringing
from .receiver import Receiver
from .telling import received, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .receiver import Request

# Loading apprise loads a module of Python's own that the next Pythons lack; it then does without.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def other() -> Iterator[Receiver]:
    """A second one who is told."""
    with Receiver() as receiver:
        yield receiver


def those(*addresses: str, **others: Any) -> Settings:
    return Settings(alerts=AlertSettings(alertmanager=addresses, **others))


def breaches(requests: list[Request]) -> set[str]:
    """The queues of the breaches it was told of."""
    return {alert["labels"]["queue"] for alert in told(requests) if alert["labels"]["alertname"] == "RingBreach"}


def rings(desk: AlertDesk, number: int, queue: str) -> None:
    call = Ringing(number, queue=queue)
    for fact in (call.starts(), call.warns(), call.breaks()):
        desk.record(fact)


def told_while(desk: AlertDesk, test: Any) -> None:
    async def run() -> None:
        async with asyncio.timeout(30), desk:
            await test()

    asyncio.run(run())


def test_who_is_new_hears_of_what_rings_and_who_goes_is_told_no_more(receiver: Receiver, other: Receiver) -> None:
    desk = AlertDesk(those(receiver.url), lambda _: datetime.now(UTC))
    figures = desk.figures["alertmanager"]

    async def test() -> None:
        rings(desk, 1, "first")
        await received(receiver, lambda requests: "first" in breaches(requests))
        desk.prepare(those(receiver.url, other.url))()
        await received(other, lambda requests: "first" in breaches(requests))
        connections = {request.connection for request in receiver.requests}

        rings(desk, 2, "second")
        await received(receiver, lambda requests: "second" in breaches(requests))
        await received(other, lambda requests: "second" in breaches(requests))
        assert {request.connection for request in receiver.requests} == connections, "it went on where it was"

        sent = figures.sent
        desk.prepare(those(other.url))()
        assert figures.sent >= sent > 0, "what was counted stays counted"
        rings(desk, 3, "third")
        await received(other, lambda requests: "third" in breaches(requests))
        assert "third" not in breaches(receiver.requests)
        desk.prepare(those())()
        assert desk.figures["alertmanager"].sent >= sent
        assert desk.figures["alertmanager"].waiting == 0

    told_while(desk, test)


def test_where_nobody_was_told_somebody_can_be(receiver: Receiver) -> None:
    desk = AlertDesk(those(), lambda _: datetime.now(UTC))
    assert desk.figures == {}

    async def test() -> None:
        rings(desk, 1, "before")
        desk.prepare(those(receiver.url))()
        assert list(desk.figures) == ["alertmanager"]
        rings(desk, 2, "after")
        await received(receiver, lambda requests: "after" in breaches(requests))

    told_while(desk, test)


def test_warnings_can_be_taken_out(receiver: Receiver) -> None:
    desk = AlertDesk(those(receiver.url), lambda _: datetime.now(UTC))

    async def test() -> None:
        desk.prepare(those(receiver.url, warnings=False))()
        rings(desk, 1, "quiet")
        await received(receiver, lambda requests: "quiet" in breaches(requests))
        assert {alert["labels"]["alertname"] for alert in told(receiver.requests)} == {"RingBreach"}

    told_while(desk, test)


def test_an_address_that_cannot_be_used_changes_nothing(receiver: Receiver) -> None:
    desk = AlertDesk(those(receiver.url), lambda _: datetime.now(UTC))

    async def test() -> None:
        with pytest.raises(ConfigError, match="address 1 is none that apprise knows"):
            desk.prepare(those(apprise=(SecretStr("nonsense://"),)))
        rings(desk, 1, "first")
        await received(receiver, lambda requests: "first" in breaches(requests))

    told_while(desk, test)

"""Messages by apprise to a real HTTP server: of each line and queue once in a while, a breach at once."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from monitor import alerts_apprise
from monitor.alerts import Alerts
from monitor.calls.rules import RingRule
from monitor.errors import ConfigError

from .calls import LINE, QUEUE, Ringing
from .telling import begins, received, while_telling

if TYPE_CHECKING:
    from datetime import datetime

    from .receiver import Receiver, Request

# Loading apprise loads a module of Python's own that the next Pythons lack; it then does without.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def telling(*addresses: str, repeat_seconds: float = 60.0, **settings: Any) -> Alerts:
    def clock(_: str) -> datetime:
        return Ringing(seconds=0).began_at

    return Alerts([RingRule()], clock, apprise=addresses, repeat_seconds=repeat_seconds, **settings)


def address(receiver: Receiver) -> str:
    return f"json://127.0.0.1:{receiver.port}"


def titles(requests: list[Request]) -> list[str]:
    return [request.json["title"] for request in requests]


async def sent(alerts: Alerts, messages: int) -> None:
    """Wait until so many were taken."""
    while alerts.figures["apprise"].sent < messages:  # noqa: ASYNC110 - its figures set no event
        await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed message is tried again soon, so that a test need not wait."""
    monkeypatch.setattr(alerts_apprise, "_RETRY_SECONDS", (0.05, 0.1))


def test_a_breach_is_told_in_korean_with_the_page(receiver: Receiver) -> None:
    alerts = telling(address(receiver), page_url="https://board.example.org")

    async def test() -> None:
        begins(alerts, Ringing(seconds=12))
        await received(receiver, bool)

    while_telling(alerts, test)
    message = receiver.requests[0].json
    assert message["title"] == f"벨 초과: {LINE} 대기열 {QUEUE}, 전화 1건"
    assert message["message"].splitlines() == [
        # 12 s of ringing: 12 / 3 + 1 = ring 5.
        "전화 1건이 벨 3번을 넘겨 울리고 있습니다. 가장 오래 울린 전화는 벨 5번째입니다. 울리는 전화기: 김하나.",
        "교환기: pbx1",
        "https://board.example.org/",
    ]
    assert message["type"] == "failure"


def test_or_in_english(receiver: Receiver) -> None:
    alerts = telling(address(receiver), language="en")

    async def test() -> None:
        begins(alerts, Ringing())
        await received(receiver, bool)

    while_telling(alerts, test)
    assert titles(receiver.requests) == [f"Rang too long: {LINE}, queue {QUEUE}, 1 call"]
    assert "System: pbx1" in receiver.requests[0].json["message"]


def test_the_same_line_and_queue_is_told_of_once_in_a_while_and_others_at_once(receiver: Receiver) -> None:
    """Five calls to one queue, then one to another: two messages now, and one of the four others a second later."""
    alerts = telling(address(receiver), repeat_seconds=1.0)

    async def test() -> None:
        begins(alerts, Ringing(1))
        await received(receiver, bool)
        for number in range(2, 6):
            begins(alerts, Ringing(number))
        begins(alerts, Ringing(6, queue="sales"))
        await sent(alerts, 3)

    while_telling(alerts, test)
    first, other, later = receiver.requests
    assert [QUEUE in first.text, "sales" in other.text, QUEUE in later.text] == [True] * 3
    assert later.at - first.at > 0.99
    # All five ring on; four of them have come since.
    assert later.json["title"].endswith("전화 5건")


def test_calls_that_are_over_by_the_time_they_may_be_told_of_are_counted(receiver: Receiver) -> None:
    alerts = telling(address(receiver), repeat_seconds=0.5)

    async def test() -> None:
        first = Ringing(1)
        begins(alerts, first)
        await received(receiver, bool)
        alerts.record(first.ceases())
        for call in (Ringing(2), Ringing(3)):
            begins(alerts, call)
            alerts.record(call.answered())
        await received(receiver, lambda requests: len(requests) == 2)

    while_telling(alerts, test)
    message = receiver.requests[1].json
    assert message["title"].endswith("전화 2건")
    assert message["message"].startswith("전화 2건이 벨 3번을 넘겨 울렸고, 지금은 울리지 않습니다.")


def test_a_breach_does_not_wait_behind_a_warning(receiver: Receiver) -> None:
    alerts, call, other = telling(address(receiver)), Ringing(1), Ringing(2)

    async def test() -> None:
        for fact in (call.starts(), call.warns()):
            alerts.record(fact)
        await received(receiver, bool)
        alerts.record(call.breaks())
        await received(receiver, lambda requests: len(requests) == 2)
        # What follows within the minute waits for its turn.
        begins(alerts, other)
        while not alerts.figures["apprise"].waiting:  # noqa: ASYNC110 - its figures set no event
            await asyncio.sleep(0.01)

    while_telling(alerts, test)
    assert [title.partition(":")[0] for title in titles(receiver.requests)] == ["벨 경고", "벨 초과"]
    assert [request.json["type"] for request in receiver.requests] == ["warning", "failure"]


def test_without_warnings_there_are_breaches_alone(receiver: Receiver) -> None:
    alerts, call = telling(address(receiver), warnings=False), Ringing()

    async def test() -> None:
        begins(alerts, call)
        await received(receiver, bool)

    while_telling(alerts, test)
    assert [title.partition(":")[0] for title in titles(receiver.requests)] == ["벨 초과"]


def test_a_message_that_fails_is_tried_again_counted_and_logged_once(
    receiver: Receiver, log: list[dict[str, Any]]
) -> None:
    receiver.status = 500
    alerts = telling(address(receiver).replace("//", "//monitor:hush@"))

    async def test() -> None:
        begins(alerts, Ringing())
        await received(receiver, lambda requests: len(requests) >= 3)
        receiver.status = 200
        await sent(alerts, 1)

    while_telling(alerts, test)
    figures = alerts.figures["apprise"]
    assert (figures.sent, figures.waiting) == (1, 0)
    assert figures.failed == len(receiver.requests) - 1
    assert [entry["event"] for entry in log] == ["apprise_not_told", "apprise_is_back"]
    assert "hush" not in repr(log)


def test_a_message_that_nobody_can_act_on_any_more_is_given_up(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts_apprise, "STALE_SECONDS", 0.2)
    receiver.status = 500
    alerts = telling(address(receiver))

    async def test() -> None:
        begins(alerts, Ringing())
        await received(receiver, bool)
        while alerts.figures["apprise"].waiting or not alerts.figures["apprise"].failed:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)

    while_telling(alerts, test)
    assert alerts.figures["apprise"].sent == 0


def test_one_that_hangs_holds_up_nobody(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        alerts = telling(f"json://127.0.0.1:{silent.getsockname()[1]}", address(receiver))

        async def test() -> None:
            begins(alerts, Ringing())
            await sent(alerts, 1)

        while_telling(alerts, test)
        # Its thread ends when apprise gives up, after a few seconds.
        for thread in threading.enumerate():
            if thread.name.startswith("apprise"):
                thread.join(20)


def test_places_that_were_told_of_are_forgotten(receiver: Receiver) -> None:
    alerts = telling(address(receiver), repeat_seconds=0.01)
    (target,) = alerts._targets.values()
    assert isinstance(target, alerts_apprise.Apprise)

    async def test() -> None:
        for number in range(5):
            begins(alerts, Ringing(number, queue=f"queue{number}"))
        await sent(alerts, 5)
        await asyncio.sleep(0.02)  # twice as long as they are kept: time alone ends it
        begins(alerts, Ringing(9, queue="last"))
        await sent(alerts, 6)

    while_telling(alerts, test)
    assert [place.queue for place in target._places] == ["last"]


def test_an_address_that_apprise_does_not_know_is_refused_by_its_number(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ConfigError) as refused:
        telling(address(receiver), "nonsense://monitor:hush@example.org")
    assert "address 2" in str(refused.value)
    output = capfd.readouterr()
    assert "hush" not in f"{refused.value}{caplog.text}{output.out}{output.err}"

"""What a real Alertmanager has while phones ring past the rule."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor import alerts_alertmanager

from .alertmanager import Alertmanager
from .calls import LINE, QUEUE, SYSTEM, Ringing, blind
from .receiver import Receiver, Request
from .telling import begins, received, telling, while_telling, within

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.stage


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

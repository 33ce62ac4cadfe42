"""Alerts that are being told, and what whoever is told has got."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.alerts import Alerts
from monitor.calls.rules import RingRule

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .alertmanager import Alertmanager
    from .calls import Ringing
    from .receiver import Receiver, Request


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

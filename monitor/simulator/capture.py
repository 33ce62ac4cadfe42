"""AMI captures without a socket or a clock: the bytes that a client would have received, and the truth behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import microseconds
from monitor.simulator.actions import BANNER
from monitor.simulator.arrivals import Arrivals
from monitor.simulator.centre import Centre
from monitor.simulator.exchange import SECOND_US
from monitor.simulator.people import centre_staff

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.simulator.truth import Truth

_STEP_US = 10 * SECOND_US


def capture(
    path: Path,
    seed: int,
    start: datetime,
    duration_seconds: float,
    calls_per_hour: float,
    *,
    system: str = "demo",
    hour: float | None = None,
    calls_back: bool = False,
    remote: bool = False,
) -> list[Truth]:
    """Write an AMI capture, banner and login response included.

    Args:
        path: the file to write.
        seed: the same arguments give the same bytes.
        start: when it begins, an aware datetime.
        duration_seconds: how long calls arrive; those in progress then go on to their end.
        calls_per_hour: the rate of arrivals in the busiest half-hour.
        system: AMI SystemName.
        hour: the hour of the day that the arrival curve is read at when it begins; None for `start`'s, in Korea.
        calls_back: the centre calls back those who are owed it.
        remote: callers may choose remote support in the menu.

    Returns:
        What really happened, call by call, in the order of arrival.
    """
    start_us = microseconds(start)
    end_us = start_us + int(duration_seconds * SECOND_US)
    centre = Centre(system=system, seed=seed, started_at_us=start_us, staff=centre_staff(remote=remote))
    Arrivals(calls_per_hour=calls_per_hour, hour=hour, until_us=end_us, calls_back=calls_back).begin(centre)
    with path.open("wb") as file:
        file.write(BANNER + b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n")
        file.write(
            b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 0\r\nLastReload: 0\r\nStatus: Fully Booted\r\n\r\n"
        )
        at_us = start_us
        while centre.next_at_us() is not None:
            at_us += _STEP_US
            file.write(b"".join(packet for _, packet in centre.advance(at_us)))
    return list(centre.truths)

"""What Asterisk is asked to keep back, and from which release on it can be asked.

**Source:** `Action: Filter` with `name(…)`, Asterisk main/manager.c; the releases from its change logs.
"""

from __future__ import annotations

UNWANTED = ("VarSet", "DeviceStateChange", "TestEvent", "RTCPSent", "RTCPReceived")
"""Events that no figure needs, kept back at the server where the account may ask for it."""

FILTERS_SINCE = {20: 11, 21: 6}
"""First minor release of each series with filters by event name; all of 22.1 and later have them."""


def filters_by_name(version: str | None) -> bool:
    """Whether this release of Asterisk takes filters by event name; older ones would run a pattern over every event."""
    numbers = (version or "").removeprefix("certified-").replace("-", ".").split(".")[:2]
    if len(numbers) < 2 or not all(number.isdigit() for number in numbers):
        return False
    major, minor = (int(number) for number in numbers)
    return (major, minor) >= (22, 1) if major >= 22 else minor >= FILTERS_SINCE.get(major, minor + 1)

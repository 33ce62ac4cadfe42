"""What Asterisk is asked to keep back, and from which release on it can be asked.

**Source:** `Action: Filter` with `name(…)`, `header(…)` and `method(…)`, Asterisk main/manager.c; the releases from its
change logs.
"""

from __future__ import annotations

UNWANTED = {
    # All but MIXMONITOR_FILENAME: POSIX knows no other way to say what a text does not begin with.
    "VarSet": (
        "action(exclude),name(VarSet),header(Variable),method(regex)",
        "^([^M]|M[^I]|MI[^X]|MIX[^M])",
    ),
    "DeviceStateChange": ("action(exclude),name(DeviceStateChange)", ""),
    "TestEvent": ("action(exclude),name(TestEvent)", ""),
    "RTCPSent": ("action(exclude),name(RTCPSent)", ""),
    "RTCPReceived": ("action(exclude),name(RTCPReceived)", ""),
}
"""Events that no figure needs, by name: the criteria and the text by which the server is asked to keep them back, where
the account may ask for it. Of `VarSet` the names of recordings are needed."""

FILTERS_SINCE = {20: 11, 21: 6}
"""First minor release of each series with filters by event name; all of 22.1 and later have them."""


def filters_by_name(version: str | None) -> bool:
    """Whether this release of Asterisk takes filters by event name; older ones would run a pattern over every event."""
    numbers = (version or "").removeprefix("certified-").replace("-", ".").split(".")[:2]
    if len(numbers) < 2 or not all(number.isdigit() for number in numbers):
        return False
    major, minor = (int(number) for number in numbers)
    return (major, minor) >= (22, 1) if major >= 22 else minor >= FILTERS_SINCE.get(major, minor + 1)

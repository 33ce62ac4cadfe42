"""Channels, the Local pairs between them and the bridges they stand in.

Channels are keyed by uniqueid; a linkedid only groups them and may change. A person and a caller talk when their
channels stand in one *room*: the bridges that Local pairs join into one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.calls.call import LiveAttempt, LiveCall
    from monitor.calls.outgoing import LiveOutgoing

# Channels that carry no telephone: plumbing, recordings, announcements.
_NO_PHONE = frozenset(
    {
        "Announcer",
        "AsyncGoto",
        "AudioSocket",
        "CBAnn",
        "CBRec",
        "Local",
        "Message",
        "MulticastRTP",
        "Parked",
        "Recorder",
        "Snoop",
        "Surrogate",
        "UnicastRTP",
        "WebSocket",
    }
)
_HOLDING = "holding_bridge"


def interface_of(channel: str) -> str:
    """The phone's interface in a channel name: `PJSIP/agent1-0000000a` → `PJSIP/agent1`."""
    return channel.rpartition("-")[0] or channel


class Channel:
    """One channel that exists."""

    __slots__ = (
        "aside_since_us",
        "aside_us",
        "aside_with",
        "attempt",
        "bridge",
        "call",
        "dialer",
        "dialled",
        "epoch",
        "far_end_left",
        "in_queue",
        "interface",
        "local",
        "member",
        "name",
        "outgoing",
        "pair",
        "person",
        "queue",
        "state",
        "took_over",
        "uniqueid",
    )

    def __init__(self, uniqueid: str, name: str, call: LiveCall, state: int) -> None:
        self.uniqueid = uniqueid
        self.call = call
        self.state = state
        self.dialled = ""
        """The number it dialled, where it is the first channel of its own call."""
        self.dialer: Channel | None = None
        self.pair: Channel | None = None
        """The other half of a Local channel."""
        self.bridge: str | None = None
        self.queue: str | None = None
        """The queue that calls this member."""
        self.member: str | None = None
        self.in_queue: str | None = None
        """The queue this caller waits in."""
        self.attempt: LiveAttempt | None = None
        self.outgoing: LiveOutgoing | None = None
        """The call that this phone of the centre makes to a number outside."""
        self.far_end_left = False
        self.took_over = False
        """It took a call that rang elsewhere (pickup)."""
        self.aside_since_us: int | None = None
        """Since when it talks without the caller (a consultation)."""
        self.aside_us = 0
        self.aside_with: frozenset[str] = frozenset()
        self.epoch = 0
        self.rename(name)

    def rename(self, name: str) -> None:
        """Carry another name; the technology before the slash says what the channel is."""
        self.name = name
        technology = name.partition("/")[0]
        self.local = technology == "Local"
        self.person = technology not in _NO_PHONE
        self.interface = interface_of(name)

    def called_by(self) -> Iterator[Channel]:
        """This channel and those through which it was dialled, up to the one that began."""
        seen: set[str] = set()
        channel: Channel | None = self
        while channel is not None and channel.uniqueid not in seen:
            seen.add(channel.uniqueid)
            yield channel
            channel = channel.dialer or channel.pair


class Bridges:
    """Which channel stands in which bridge."""

    __slots__ = ("_holding", "_members")

    def __init__(self) -> None:
        self._members: dict[str, dict[str, Channel]] = {}
        self._holding: set[str] = set()

    def enter(self, channel: Channel, bridge: str, technology: str = "") -> None:
        """A channel enters a bridge, leaving the one it was in."""
        if channel.bridge is not None and channel.bridge != bridge:
            self.leave(channel, channel.bridge)
        channel.bridge = bridge
        self._members.setdefault(bridge, {})[channel.uniqueid] = channel
        if technology == _HOLDING:
            self._holding.add(bridge)

    def leave(self, channel: Channel, bridge: str) -> None:
        """A channel leaves a bridge; an empty bridge is forgotten."""
        members = self._members.get(bridge)
        if members is not None:
            members.pop(channel.uniqueid, None)
            if not members:
                self.destroy(bridge)
        if channel.bridge == bridge:
            channel.bridge = None

    def destroy(self, bridge: str) -> None:
        """A bridge is gone."""
        for channel in self._members.pop(bridge, {}).values():
            channel.bridge = None
        self._holding.discard(bridge)

    def room(self, bridge: str | None) -> list[Channel]:
        """Every channel that hears what is said in `bridge`, through Local pairs too; nobody hears in a parking lot."""
        if bridge is None or bridge in self._holding:
            return []
        members = self._members.get(bridge)
        if members is None:
            return []
        channels = list(members.values())
        seen = {bridge}
        for channel in channels:  # grows while it is walked
            if channel.pair is None:
                continue
            beyond = channel.pair.bridge
            if beyond is not None and beyond not in seen and beyond not in self._holding:
                seen.add(beyond)
                channels.extend(self._members.get(beyond, {}).values())
        return channels

    def __len__(self) -> int:
        return len(self._members)

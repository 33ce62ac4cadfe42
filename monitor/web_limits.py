"""Who is connected, and how long somebody may keep a connection without asking for anything.

A descriptor that somebody holds in silence is one that the connections of Asterisk, the ledger and everybody else need.
So connections are counted where they are taken, before TLS is spoken: each has a time for asking for something, each
address and all together may have so many that ask for nothing, and where one more comes, the one that has waited
longest for nothing goes. Whoever is being answered is not touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.addresses import address_of

if TYPE_CHECKING:
    from collections.abc import Hashable

_OWN_DESCRIPTORS = 200
"""For Asterisks, the ledger, alerts and files."""


def _most_connections() -> int:
    return max(16, min(2_000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _OWN_DESCRIPTORS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of the server somebody may have who asks for nothing."""

    asking_seconds: float = 10.0
    """For TLS and the head of a request together; so long, too, may what follows an answer take to come to its end."""
    most: int = field(default_factory=_most_connections)
    """Connections at once: what descriptors are left when the program's own are set aside."""
    waiting_per_address: int = 64
    """Connections of one address that ask for nothing: more than browsers and proxies keep ready."""
    head_bytes: int = 16_384
    """Of a request's first line and headers; ours stay below 6 KB."""


class Crowd:
    """The connections of one server, from the moment they are taken.

    Args:
        limits: how long and how many.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._all: dict[Hashable, _Taken] = {}
        # In the order in which they began to wait: the first has waited longest.
        self._waiting: dict[_Taken, asyncio.TimerHandle] = {}
        self._waiting_by_address: defaultdict[str, dict[_Taken, None]] = defaultdict(dict)

    def enter(self, taken: _Taken) -> bool:
        """Take a connection in; False where there is no room, since all that are there are being answered."""
        of_its_address = self._waiting_by_address.get(taken.address)
        if of_its_address is not None and len(of_its_address) >= self._limits.waiting_per_address:
            self._send_away(next(iter(of_its_address)))
        if len(self._all) >= self._limits.most:
            if not self._waiting:
                return False
            self._send_away(next(iter(self._waiting)))
        self._all[taken.peer] = taken
        self._wait(taken)
        return True

    def leave(self, taken: _Taken) -> None:
        """Forget a connection that is closed."""
        self._no_longer_waits(taken)
        if self._all.get(taken.peer) is taken:
            del self._all[taken.peer]

    def answers(self, peer: Hashable) -> None:
        """Its request is here whole, and is being answered: it may take what time it takes."""
        taken = self._all.get(peer)
        if taken is not None:
            self._no_longer_waits(taken)

    def waits(self, peer: Hashable) -> None:
        """It has had its answer, and may ask for more."""
        taken = self._all.get(peer)
        if taken is not None:
            self._no_longer_waits(taken)
            self._wait(taken)

    def _wait(self, taken: _Taken) -> None:
        self._waiting[taken] = self._loop.call_later(self._limits.asking_seconds, self._send_away, taken)
        self._waiting_by_address[taken.address][taken] = None

    def _no_longer_waits(self, taken: _Taken) -> None:
        timer = self._waiting.pop(taken, None)
        if timer is None:
            return
        timer.cancel()
        of_its_address = self._waiting_by_address[taken.address]
        del of_its_address[taken]
        if not of_its_address:
            del self._waiting_by_address[taken.address]

    def _send_away(self, taken: _Taken) -> None:
        self.leave(taken)
        # Its transport, or the TLS that is still being agreed on, finds the end of the stream, and closes.
        with contextlib.suppress(OSError):
            taken.shutdown(socket.SHUT_RDWR)


class _Taken(socket.socket):
    """A connection that says when it is closed."""

    def enter(self, crowd: Crowd, peer: Any) -> bool:
        """Join the others; False where there is no room."""
        self._crowd = crowd
        self.peer: Hashable = peer
        self.address = address_of(peer[0])
        return crowd.enter(self)

    def close(self) -> None:
        """Close it, and leave."""
        if self.fileno() >= 0:
            self._crowd.leave(self)
        super().close()


class Entrance(socket.socket):
    """A listening socket that takes nobody in beyond the limits.

    Args:
        listening: whose connections are taken; it stays the caller's to close.
        crowd: those who are in.
    """

    def __init__(self, listening: socket.socket, crowd: Crowd) -> None:
        # The descriptor's copy, so that this and the caller's socket are closed each by its owner.
        super().__init__(listening.family, listening.type, listening.proto, fileno=listening.dup().detach())
        self._crowd = crowd

    def accept(self) -> tuple[socket.socket, Any]:
        """Take the next connection.

        Raises:
            ConnectionAbortedError: there was no room for it; servers go on with the next one.
        """
        plain, peer = super().accept()
        taken = _Taken(plain.family, plain.type, plain.proto, fileno=plain.detach())
        if not taken.enter(self._crowd, peer):
            taken.close()
            raise ConnectionAbortedError
        return taken, peer


class Patient(H11Protocol):
    """One connection of HTTP, which tells the crowd when it asks and when it has its answer."""

    crowd: Crowd
    """Set on the subclass that a server makes for itself."""
    _peer: Hashable = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Take the connection."""
        self._peer = transport.get_extra_info("peername")
        super().connection_made(transport)

    def handle_events(self) -> None:
        """Look at what came."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self.crowd.answers(self._peer)

    def on_response_complete(self) -> None:
        """Wait for the next request, and for what is left of this one."""
        self.crowd.waits(self._peer)
        super().on_response_complete()

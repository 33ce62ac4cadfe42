"""A simulated busy hour as a connection would deliver it: what came when, and what a new connection would be told."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.ami.feed import Batch, LinkUp, Resynced
from monitor.ami.protocol import PacketReader, headers, ping_number
from monitor.calls.facts import microseconds
from monitor.simulator.actions import Account, Session
from monitor.simulator.arrivals import SPELLINGS, Arrivals
from monitor.simulator.centre import Centre

if TYPE_CHECKING:
    from monitor.simulator.truth import Truth

SYSTEM = "pbx1"
NINE_US = microseconds(datetime(2026, 11, 26, 9, tzinfo=UTC))
CALLS_PER_HOUR = 420.0
_TOGETHER_US = 50_000
"""What is sent within this time arrives in one batch."""
_WAY_US = 1_200
"""How long the last packet of a batch is on its way."""
PING_US = 2_000_000
_LOOK = b"Action: QueueStatus\r\n\r\nAction: CoreShowChannels\r\n\r\n"
LOOK_US = 5_000_000
"""So often a new connection might begin."""


@dataclass
class Hour:
    """What the wire brings.

    Attributes:
        batches: in order; the instant of receipt rises strictly.
        looks: by number of the batch that comes next, what a connection that begins there is told of the present.
        truths: what the people did.
    """

    batches: list[Batch] = field(default_factory=list)
    looks: dict[int, Batch] = field(default_factory=dict)
    truths: list[Truth] = field(default_factory=list)

    def after(self, received_us: int | None) -> int:
        """The number of the batch that comes behind the one received at an instant; 0 for none."""
        if received_us is None:
            return 0
        return bisect_left(self.batches, received_us + 1, key=lambda batch: batch.received_at_us)

    def look_from(self, number: int) -> int | None:
        """The number of the first batch not before `number` at which a connection may begin; None at the hour's end."""
        return min((at for at in self.looks if at >= number), default=None)

    @property
    def first_look(self) -> int:
        """The number of the first batch at which a connection may begin."""
        return min(self.looks)

    def connected_us(self, number: int) -> int:
        """When a connection that begins before a batch is up."""
        return self.looks[number].received_at_us - 1

    def named(self, number: int) -> list[str]:
        """The calls of which a connection that begins before a batch is told the number that was dialled.

        Once a caller has gone on to a menu, the listing of channels shows where they are, and not what they dialled.
        """
        shown = [headers(packet) for _, packet in self.looks[number].packets if b"CoreShowChannel\r\n" in packet[:40]]
        return [each["Uniqueid"][0] for each in shown if each["Exten"][0] in SPELLINGS]

    def coming_up(self, number: int) -> list[LinkUp | Batch | Resynced]:
        """What a connection that begins before a batch brings first."""
        look = self.looks[number]
        return [LinkUp(self.connected_us(number), SYSTEM), look, Resynced(look.received_at_us)]


def hour(seconds: float = 3600.0, seed: int = 5) -> Hour:
    """Let the centre work at full speed."""
    centre = Centre(system=SYSTEM, seed=seed, started_at_us=NINE_US)
    Arrivals(calls_per_hour=CALLS_PER_HOUR, hour=14.0, until_us=NINE_US + int(seconds * 1_000_000)).begin(centre)
    # Its own answers to these are of no interest; events come from the centre.
    session = Session(centre, Account(username="m", secret="s"), "")
    session.receive(b"Action: Login\r\nUsername: m\r\nSecret: s\r\nEvents: off\r\n\r\n", NINE_US)
    made = Hour()
    now_us, look_us, ping_us = NINE_US, NINE_US + LOOK_US, NINE_US
    while centre.next_at_us() is not None:
        now_us += _TOGETHER_US
        packets = [packet for _, packet in centre.advance(now_us)]
        if now_us >= ping_us:
            ping = f"Action: Ping\r\nActionID: {ping_number(len(made.batches), now_us - _WAY_US)}\r\n\r\n"
            packets.append(session.receive(ping.encode(), now_us))
            ping_us += PING_US
        received_us = now_us + _WAY_US
        if packets:
            made.batches.append(_batch(received_us, b"".join(packets)))
        if now_us >= look_us:
            made.looks[len(made.batches)] = _batch(received_us + 2_000, session.receive(_LOOK, now_us))
            look_us += LOOK_US
    # Whoever connects when the hour is over finds nobody.
    made.looks[len(made.batches)] = _batch(now_us + LOOK_US, session.receive(_LOOK, now_us + LOOK_US))
    made.truths = list(centre.truths)
    return made


def _batch(received_us: int, data: bytes) -> Batch:
    return Batch(received_us, list(PacketReader().feed(data)))

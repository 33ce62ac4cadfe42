"""An Asterisk whose clock differs from ours: events carry its time, answers to our questions carry none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from monitor.ami.feed import Batch
from monitor.ami.protocol import PacketReader
from monitor.calls.facts import Call, Gap, GapCause, Observed, RingBreach, RingWarning
from monitor.config import AsteriskSettings
from monitor.follower import Follower

from .wire import PLAN, Wire, us

if TYPE_CHECKING:
    from monitor.calls.facts import Fact

HOUR_US = 3_600_000_000


@pytest.mark.parametrize("ahead_us", [-HOUR_US, -5_000_000, 0, 5_000_000, HOUR_US])
def test_answers_without_a_stamp_move_no_clock(ahead_us: int) -> None:
    """The phone rings 0 to 4 by Asterisk's clock; at 1 Asterisk is asked what exists, as after FullyBooted."""
    facts: list[Fact] = []
    settings = AsteriskSettings(name="pbx1", host="127.0.0.1", username="m", secret=SecretStr("s"))
    follower = Follower(settings, PLAN, facts.extend)
    wire = Wire()

    def arrives(seconds: float) -> None:
        packets = PacketReader().feed(wire.take())
        follower._take(Batch(received_at_us=us(seconds) - ahead_us, packets=packets))

    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/a")
    wire.rings(phone)
    arrives(0)
    wire.stamped = False
    for leg in (caller, phone):
        wire.event("CoreShowChannel", **leg.headers(), Context="in", Exten="15886565", BridgeId="")
    wire.event("CoreShowChannelsComplete").event("QueueParams", Queue="help", Calls=0)
    arrives(1)
    wire.stamped = True
    wire.at(4).answers(caller, phone)
    arrives(4)
    wire.at(9).ends(caller, phone, by=caller)
    arrives(9)
    (call,) = [fact for fact in facts if isinstance(fact, Call)]
    assert (call.ringing_us, call.talking_us, call.observed) == (4_000_000, 5_000_000, Observed.WHOLE)
    assert [fact for fact in facts if isinstance(fact, RingWarning | RingBreach)] == []
    assert [fact for fact in facts if isinstance(fact, Gap) and fact.cause is GapCause.CLOCK_STEP] == []


@pytest.mark.parametrize("ahead_us", [-HOUR_US, 0, HOUR_US])
def test_a_phone_found_ringing_is_dated_by_the_answer_to_ping(ahead_us: int) -> None:
    """Connected at 1 by Asterisk's clock, before any event: a phone found ringing, answered at 4, rang 3 s for us."""
    facts: list[Fact] = []
    settings = AsteriskSettings(name="pbx1", host="127.0.0.1", username="m", secret=SecretStr("s"))
    follower = Follower(settings, PLAN, facts.extend)
    wire = Wire()

    def arrives(seconds: float, before: bytes = b"") -> None:
        packets = PacketReader().feed(before + wire.take())
        follower._take(Batch(received_at_us=us(seconds) - ahead_us, packets=packets))

    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/a")
    wire.rings(phone)
    wire.take()  # nobody was connected yet
    wire.stamped = False
    for leg in (caller, phone):
        wire.event("CoreShowChannel", **leg.headers(), Context="in", Exten="15886565", BridgeId="")
    wire.event("CoreShowChannelsComplete")
    stamp = us(1)
    pong = f"Response: Success\r\nPing: Pong\r\nTimestamp: {stamp // 1_000_000}.{stamp % 1_000_000:06}\r\n\r\n"
    arrives(1, pong.encode())
    wire.stamped = True
    wire.at(4).answers(caller, phone)
    wire.at(9).ends(caller, phone, by=caller)
    arrives(9)
    (call,) = [fact for fact in facts if isinstance(fact, Call)]
    assert (call.ringing_us, call.rings, call.observed) == (3_000_000, 2, Observed.PARTLY)
    assert [fact for fact in facts if isinstance(fact, RingWarning | RingBreach)] == []
    assert [fact for fact in facts if isinstance(fact, Gap) and fact.cause is GapCause.CLOCK_STEP] == []

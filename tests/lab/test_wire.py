"""The laboratory's own measuring rod: reading SIPp's logs and reckoning rings from them."""

from __future__ import annotations

import pytest

from .oracle import rings_in, union_us
from .wire import Leg, messages_of

LOG = """----------------------------------------------- 2026-11-22 20:52:34.162005
UDP message received [612] bytes :

INVITE sip:agent1@127.0.0.1:10010 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:10000;branch=z9hG4bK1
From: "Hong" <sip:0212345678@127.0.0.1>;tag=a
To: <sip:agent1@127.0.0.1>
Call-ID: one
CSeq: 7 INVITE
Content-Length: 12

v=0
o=- 1 1 IN

----------------------------------------------- 2026-11-22 20:52:34.165917
UDP message sent (310 bytes):

SIP/2.0 180 Ringing
From: "Hong" <sip:0212345678@127.0.0.1>;tag=a
To: <sip:agent1@127.0.0.1>;tag=b
Call-ID: one
CSeq: 7 INVITE
Content-Length: 0


----------------------------------------------- 2026-11-22 20:52:38.000001
UDP message received [290] bytes :

CANCEL sip:agent1@127.0.0.1:10010 SIP/2.0
From: "Hong" <sip:0212345678@127.0.0.1>;tag=a
To: <sip:agent1@127.0.0.1>
Call-ID: one
CSeq: 7 CANCEL
Content-Length: 0


"""


def test_messages_carry_microseconds_direction_and_what_they_are() -> None:
    messages = list(messages_of(LOG))
    assert [(m.what, m.of, m.sent) for m in messages] == [
        ("INVITE", "INVITE", False),
        ("180", "INVITE", True),
        ("CANCEL", "CANCEL", False),
    ]
    # 2026-11-22 20:52:34 UTC is 1795380754 s after 1970.
    assert messages[0].at_us == 1_795_380_754_162_005


def test_leg_rings_from_its_180_to_its_cancel() -> None:
    leg = Leg(party="PJSIP/agent1", messages=tuple(messages_of(LOG)))
    assert (leg.placed_call, leg.caller, leg.dialled) == (False, "0212345678", "agent1")
    assert leg.rang_at_us is not None
    assert leg.stopped_ringing_at_us is not None
    # 38.000001 - 34.165917 = 3.834084 s
    assert leg.stopped_ringing_at_us - leg.rang_at_us == 3_834_084
    assert leg.answered_at_us is None


@pytest.mark.parametrize(
    ("ringing_us", "rings"),
    [(0, 0), (1, 1), (2_999_999, 1), (3_000_000, 2), (8_999_999, 3), (9_000_000, 4), (19_500_000, 7)],
)
def test_a_ring_begins_every_three_seconds(ringing_us: int, rings: int) -> None:
    assert rings_in(ringing_us) == rings


def test_two_phones_at_once_count_once_and_a_pause_does_not_count() -> None:
    # 0 to 5 and 2 to 4 are 5; 6 to 8.5 is 2.5 more.
    assert union_us([(0, 5), (2, 4), (6, 8)]) == 7
    assert union_us([]) == 0

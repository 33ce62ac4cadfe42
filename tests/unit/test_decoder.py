"""Packets to typed events: only what is needed is read, and whatever is missing or mad becomes a harmless value."""

from __future__ import annotations

import pytest

from monitor.ami import events as e
from monitor.ami.decoder import DECODERS, Decoder
from monitor.calls.tracker import HANDLERS

STAMP = b"\r\nTimestamp: 1777852800.000001"
AT = 1_777_852_800_000_001


def decoded(text: str) -> e.Event | None:
    """The event in a packet whose lines are written with bare line ends."""
    return Decoder().decode(text.strip().replace("\n", "\r\n").encode())


def test_a_channel_is_read() -> None:
    event = decoded("""
Event: Newchannel
Privilege: call,all
Timestamp: 1777852800.000001
SystemName: pbx1
Channel: PJSIP/trunk-00000001
ChannelState: 4
CallerIDNum: 01012345678
Context: from-trunk
Exten: 15886565
Uniqueid: pbx1-1777852800.1
Linkedid: pbx1-1777852800.1
""")
    assert event == e.NewChannel(
        AT,
        "pbx1-1777852800.1",
        "pbx1-1777852800.1",
        "PJSIP/trunk-00000001",
        e.RING,
        "01012345678",
        "from-trunk",
        "15886565",
    )


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_an_event_without_any_header_raises_nothing(name: bytes) -> None:
    event = Decoder().decode(b"Event: " + name + DECODERS[name].only)
    assert event is not None
    assert event.at_us == 0


def test_whatever_is_decoded_is_handled() -> None:
    made = {type(Decoder().decode(b"Event: " + name + form.only)) for name, form in DECODERS.items()}
    assert made == set(HANDLERS)


@pytest.mark.parametrize("name", [b"VarSet", b"DeviceStateChange", b"RTCPSent", b"TestEvent", b"\xff\xfe", b""])
def test_what_nobody_needs_is_counted_and_let_go(name: bytes) -> None:
    decoder = Decoder()
    assert decoder.decode(b"Event: " + name + STAMP) is None
    assert decoder.counts == {name: 1}


def test_names_are_bounded() -> None:
    """Whoever makes names up fills no memory."""
    decoder = Decoder()
    for n in range(2_000):
        decoder.decode(b"Event: Made%d" % n)
    assert len(decoder.counts) == 501
    assert decoder.counts[b"other"] == 1_500


def test_unknown_numbers_of_callers_are_none() -> None:
    event = decoded("Event: NewCallerid\nCallerIDNum: <unknown>\nUniqueid: 1.1")
    assert event == e.NewCallerid(0, "1.1", "")


@pytest.mark.parametrize("state", ["", "x", "-1", "99999999999999", "\N{ARABIC-INDIC DIGIT FIVE}", "5.0"])
def test_a_state_that_is_no_number_is_down(state: str) -> None:
    event = decoded(f"Event: Newstate\nChannelState: {state}\nUniqueid: 1.1")
    assert event == e.NewState(0, "1.1", "", "", e.DOWN)


def test_a_member_in_both_spellings() -> None:
    told = decoded(
        "Event: QueueMemberStatus\nQueue: help\nMemberName: Kim\nInterface: PJSIP/a\nStatus: 1\nPaused: 1\nInCall: 0\n"
        "LastCall: 1777852700\nWrapuptime: 15"
    )
    asked = decoded(
        "Event: QueueMember\nQueue: help\nName: Kim\nLocation: PJSIP/a\nStatus: 1\nPaused: 1\nInCall: 0\n"
        "LastCall: 1777852700\nWrapuptime: 15"
    )
    assert told == asked == e.QueueMember(0, "help", "Kim", "PJSIP/a", 1, True, False, 1_777_852_700, 15, False)


def test_a_member_removed() -> None:
    event = decoded("Event: QueueMemberRemoved\nQueue: help\nMemberName: Kim\nInterface: PJSIP/a")
    assert isinstance(event, e.QueueMember)
    assert event.removed


@pytest.mark.parametrize(
    ("duration", "seconds"), [("00:01:40", 100), ("100:00:01", 360_001), ("1:40", 0), ("a:b:c", 0), ("", 0)]
)
def test_a_channels_age(duration: str, seconds: int) -> None:
    event = decoded(f"Event: CoreShowChannel\nUniqueid: 1.1\nDuration: {duration}")
    assert isinstance(event, e.CoreShowChannel)
    assert event.age_s == seconds


def test_consent_is_read_loosely() -> None:
    event = decoded("Event: UserEvent\nUserEvent: TransferConsent\nUniqueid: 1.1\nConsent:  YES ")
    assert event == e.UserEvent(0, "1.1", "", "TransferConsent", "yes", "", "", "")


def test_of_variables_only_the_file_of_a_recording_is_read() -> None:
    """Its name is told by no other event where a queue, a key or the manager began it."""
    set_by_queue = "Event: VarSet\nUniqueid: 1.1\nLinkedid: 1.0\nVariable: MIXMONITOR_FILENAME\nValue: /monitor/1.1.wav"
    assert decoded(set_by_queue) == e.Recorded(0, "1.1", "1.0", "/monitor/1.1.wav")
    assert decoded(set_by_queue.replace("FILENAME", "FILENAME_2")) is None
    assert decoded(set_by_queue.replace("MIXMONITOR_FILENAME", "QUEUESTATUS")) is None


# -- time --------------------------------------------------------------------------------------------------------------


def test_a_packets_own_time_goes_before_its_receipt() -> None:
    decoder = Decoder()
    event = decoder.decode(b"Event: Hangup" + STAMP, received_us=AT + 5)
    assert event is not None
    assert event.at_us == AT
    assert decoder.untimed == 0


@pytest.mark.parametrize("stamp", [b"", b"\r\nTimestamp: soon", b"\r\nTimestamp: "])
def test_without_a_stamp_the_time_of_receipt_holds_and_is_counted(stamp: bytes) -> None:
    decoder = Decoder()
    event = decoder.decode(b"Event: Hangup" + stamp, received_us=77)
    assert event is not None
    assert (event.at_us, decoder.untimed) == (77, 1)


def test_in_a_recording_the_last_stamp_holds() -> None:
    """Also that of an event nobody needs."""
    decoder = Decoder()
    decoder.decode(b"Event: VarSet\r\nTimestamp: 1777852801.5")
    event = decoder.decode(b"Event: Hangup\r\nUniqueid: 1.1")
    assert event is not None
    assert event.at_us == 1_777_852_801_500_000
    assert decoder.last_us == 1_777_852_801_500_000


# -- packets that are none ---------------------------------------------------------------------------------------------


def test_two_packets_grown_together_are_the_second() -> None:
    """The first lost its end, and with it headers; what it says may be half of it."""
    decoder = Decoder()
    event = decoder.decode(b"Event: Newstate\r\nUniqueid: 1.1\r\nEvent: Hangup\r\nUniqueid: 2.2" + STAMP)
    assert event == e.Hangup(AT, "2.2", "", "", 0)
    assert decoder.malformed == 1


def test_many_packets_grown_together_do_not_exhaust_the_stack() -> None:
    decoder = Decoder()
    glued = b"\r\n".join([b"Event: Newstate\r\nUniqueid: 1.1"] * 20_000)
    assert isinstance(decoder.decode(glued), e.NewState)


def test_a_user_event_may_carry_a_header_named_event() -> None:
    """The dialplan chooses the headers of its own events."""
    decoder = Decoder()
    event = decoder.decode(b"Event: UserEvent\r\nUserEvent: Survey\r\nEvent: Hangup\r\nUniqueid: 1.1")
    assert isinstance(event, e.UserEvent)
    assert decoder.malformed == 0


def test_responses_and_banners_are_no_events() -> None:
    decoder = Decoder()
    assert decoder.decode(b"Response: Success\r\nPing: Pong" + STAMP) is None
    assert decoder.decode(b"Asterisk Call Manager/11.0.0") is None
    assert decoder.counts == {}


def test_a_banner_begins_another_connection() -> None:
    """Perhaps to another system: its name is asked for anew."""
    decoder = Decoder()
    decoder.decode(b"Event: Hangup\r\nSystemName: pbx1" + STAMP)
    assert decoder.system == "pbx1"
    decoder.decode(b"Asterisk Call Manager/11.0.0")
    assert decoder.system is None
    decoder.decode(b"Event: Hangup\r\nSystemName: pbx2" + STAMP)
    assert decoder.system == "pbx2"

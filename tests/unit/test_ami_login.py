"""The conversation with Asterisk, without any I/O: what is asked, and what is concluded from the answers.

The packets are those a real Asterisk 22.10 sent.
"""

from __future__ import annotations

import pytest

from monitor.ami.filters import filters_by_name
from monitor.ami.login import Conversation, Phase, Step, StepKind
from monitor.ami.problems import Goodbye, LoginRefused, NoAnswer, NotAmi, ShutDown
from monitor.ami.protocol import PacketReader

WHERE = "Asterisk 'pbx1' at 10.0.0.5:5038"
ACCEPTED = b"Response: Success\r\nActionID: %d\r\nMessage: Authentication accepted"
BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 40\r\nLastReload: 40\r\nStatus: Fully Booted"
SETTINGS = b"Response: Success\r\nActionID: %d\r\nAMIversion: 11.0.0\r\nAsteriskVersion: %s\r\nSystemName: pbx1"


def plain(**changes: object) -> Conversation:
    arguments = {"where": WHERE, "name": "pbx1", "username": "monitor", "secret": "s3cret", "md5": False, **changes}
    return Conversation(**arguments)  # type: ignore[arg-type] # a dictionary of several types


def hear(conversation: Conversation, *packets: bytes) -> list[Step]:
    conversation.receive([(0, packet) for packet in packets])
    return conversation.steps()


def asked(conversation: Conversation) -> dict[str, bytes]:
    """Action → ActionID of everything that is to be sent now."""
    found = {}
    for _, packet in PacketReader().feed(conversation.data_to_send()):
        lines = dict(line.split(b": ", 1) for line in packet.split(b"\r\n"))
        found[lines[b"Action"].decode()] = lines[b"ActionID"]
    return found


def booted(**changes: object) -> tuple[Conversation, dict[str, bytes]]:
    """A conversation that waits for the answers about the present, and the numbers of its questions."""
    conversation = plain(**changes)
    conversation.data_to_send()
    hear(conversation, ACCEPTED % 1, BOOTED)
    return conversation, asked(conversation)


def live() -> Conversation:
    conversation, numbers = booted()
    for action, complete in (
        ("CoreShowChannels", b"CoreShowChannelsComplete"),
        ("QueueStatus", b"QueueStatusComplete"),
        ("BridgeList", b"BridgeListComplete"),
    ):
        hear(conversation, b"Event: %s\r\nActionID: %s\r\nEventList: Complete" % (complete, numbers[action]))
    assert conversation.phase is Phase.LIVE
    return conversation


def test_plain_login_asks_for_the_needed_classes_of_event() -> None:
    assert plain().data_to_send() == (
        b"Action: Login\r\nActionID: 1\r\nUsername: monitor\r\nSecret: s3cret\r\n"
        b"Events: system,call,agent,user,dialplan\r\n\r\n"
    )


def test_md5_answers_the_challenge_and_never_sends_the_secret() -> None:
    conversation = plain(md5=True)
    assert conversation.data_to_send() == b"Action: Challenge\r\nActionID: 1\r\nAuthType: MD5\r\n\r\n"
    hear(conversation, b"Response: Success\r\nActionID: 1\r\nChallenge: 143273253")
    sent = conversation.data_to_send()
    # printf 143273253s3cret | md5sum
    assert b"\r\nKey: c567e4d8f340a86c6163f06118e30f0c\r\n" in sent
    assert b"\r\nAuthType: MD5\r\n" in sent
    assert b"s3cret" not in sent


def test_a_refused_login_is_told_with_what_asterisk_said() -> None:
    conversation = plain()
    with pytest.raises(LoginRefused) as caught:
        hear(conversation, b"Response: Error\r\nActionID: 1\r\nMessage: Authentication failed")
    assert str(caught.value) == (
        "Asterisk 'pbx1' at 10.0.0.5:5038 refuses the login of 'monitor' (Authentication failed); "
        "see user name and secret, and `permit`/`deny` or `acl` of that account in its manager.conf."
    )


def test_a_booted_asterisk_is_observed_from_its_word_on() -> None:
    conversation = plain()
    # The link is up in front of packet 1, FullyBooted.
    assert hear(conversation, ACCEPTED % 1, BOOTED) == [Step(StepKind.UP, 1)]
    assert conversation.uptime_seconds == 40
    assert conversation.phase is Phase.RESYNC


def test_the_present_is_asked_for_only_after_booting() -> None:
    conversation = plain()
    conversation.data_to_send()
    hear(conversation, ACCEPTED % 1)
    assert set(asked(conversation)) == {"CoreSettings"}
    conversation.timed_out()  # 1 s: not booted
    assert conversation.steps() == [Step(StepKind.NOT_BOOTED, 0)]
    assert asked(conversation) == {}
    assert hear(conversation, BOOTED) == [Step(StepKind.UP, 0)]
    assert set(asked(conversation)) == {"Ping", "CoreShowChannels", "QueueStatus", "BridgeList"}
    assert "permissions" not in conversation.notes


def test_without_the_class_system_the_present_is_asked_for_after_a_while() -> None:
    conversation = plain()
    hear(conversation, ACCEPTED % 1)
    conversation.timed_out()
    conversation.timed_out()
    assert conversation.steps() == [Step(StepKind.NOT_BOOTED, 0), Step(StepKind.UP, 0)]
    assert conversation.missing_classes == {"system"}
    assert conversation.notes["permissions"].startswith(f"{WHERE} sends no events of class system; add it to `read`")
    # It was booting after all.
    assert hear(conversation, BOOTED) == [Step(StepKind.UP, 0)]
    assert conversation.missing_classes == set()
    assert "permissions" not in conversation.notes


def test_the_present_is_known_once_every_bridge_has_been_told() -> None:
    conversation, numbers = booted()
    steps = hear(
        conversation,
        b"Event: CoreShowChannelsComplete\r\nActionID: %s" % numbers["CoreShowChannels"],
        b"Event: QueueStatusComplete\r\nActionID: %s" % numbers["QueueStatus"],
        b"Event: BridgeListItem\r\nActionID: %s\r\nBridgeUniqueid: b1" % numbers["BridgeList"],
        b"Event: BridgeListItem\r\nActionID: %s\r\nBridgeUniqueid: b2" % numbers["BridgeList"],
        b"Event: BridgeListComplete\r\nActionID: %s" % numbers["BridgeList"],
    )
    assert steps == []
    sent = conversation.data_to_send()
    assert sent.count(b"Action: BridgeInfo\r\n") == 2
    first, second = (packet.split(b"ActionID: ")[1].split(b"\r\n")[0] for _, packet in PacketReader().feed(sent))
    assert hear(conversation, b"Event: BridgeInfoComplete\r\nActionID: " + first) == []
    # The second bridge has ended meanwhile; a packet of somebody else's comes behind.
    steps = hear(
        conversation,
        b"Response: Error\r\nActionID: " + second + b"\r\nMessage: Specified BridgeUniqueid not found",
        b"Event: Reload\r\nPrivilege: system,all",
    )
    assert steps == [Step(StepKind.RESYNCED, 1), Step(StepKind.RELOADED, 1)]
    assert conversation.refused == set()


def test_a_refused_question_is_not_an_empty_answer() -> None:
    conversation, numbers = booted()
    steps = hear(
        conversation,
        b"Response: Error\r\nActionID: %s\r\nMessage: Permission denied" % numbers["CoreShowChannels"],
        b"Event: QueueStatusComplete\r\nActionID: %s" % numbers["QueueStatus"],
        b"Event: BridgeListComplete\r\nActionID: %s" % numbers["BridgeList"],
    )
    assert steps == [Step(StepKind.RESYNCED, 3)]
    assert conversation.refused == {"CoreShowChannels"}
    assert "set `write = reporting` for account 'monitor'" in conversation.notes["permissions"]
    assert conversation.missing_classes == set()


def test_answers_that_never_come_are_given_up() -> None:
    conversation, numbers = booted()
    hear(conversation, b"Event: QueueStatusComplete\r\nActionID: %s" % numbers["QueueStatus"])
    assert conversation.limit_seconds == 30.0
    conversation.timed_out()
    assert conversation.steps() == [Step(StepKind.RESYNCED, 0)]
    assert conversation.refused == {"CoreShowChannels", "BridgeList"}
    assert conversation.limit_seconds is None


def test_booting_again_asks_for_the_present_again() -> None:
    conversation = live()
    conversation.data_to_send()
    assert hear(conversation, BOOTED) == [Step(StepKind.UP, 0)]
    assert set(asked(conversation)) == {"Ping", "CoreShowChannels", "QueueStatus", "BridgeList"}


@pytest.mark.parametrize(("answer", "restart"), [(b"True", True), (b"False", False)])
def test_a_shutdown_is_told(answer: bytes, restart: bool) -> None:
    with pytest.raises(ShutDown) as caught:
        hear(live(), b"Event: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\nRestart: " + answer)
    assert caught.value.restart is restart


def test_a_goodbye_is_told() -> None:
    with pytest.raises(Goodbye, match=r"ended the session \(Thanks for all the fish\.\)"):
        hear(live(), b"Response: Goodbye\r\nActionID: 9\r\nMessage: Thanks for all the fish.")


def test_filters_are_asked_for_by_name_and_silently_left_out_where_refused() -> None:
    conversation, _ = booted()
    hear(conversation, SETTINGS % (2, b"22.10.1+dfsg"))
    sent = conversation.data_to_send()
    assert sent.count(b"Action: Filter\r\n") == 5
    assert b"\r\nOperation: Add\r\nMatchCriteria: action(exclude),name(TestEvent)\r\n\r\n" in sent
    varset = b"\r\nMatchCriteria: action(exclude),name(VarSet),header(Variable),method(regex)\r\nFilter: ^([^M]|"
    assert varset in sent
    ids = [packet.split(b"ActionID: ")[1].split(b"\r\n")[0] for _, packet in PacketReader().feed(sent)]
    hear(conversation, b"Response: Success\r\nActionID: " + ids[0] + b"\r\nMessage: Success")
    hear(conversation, b"Response: Error\r\nActionID: " + ids[1] + b"\r\nMessage: Permission denied")
    assert conversation.filtered == {"VarSet"}
    assert conversation.notes == {}


@pytest.mark.parametrize(
    ("version", "takes"),
    [
        ("22.10.1+dfsg+~cs6", True),
        ("22.0.0", False),
        ("23.0.0", True),
        ("21.6.0", True),
        ("21.5.9", False),
        ("20.11.1", True),
        ("20.10.0", False),
        ("18.26.0", False),
        ("13.38.3", False),
        ("GIT-master-abc", False),
        ("", False),
        (None, False),
    ],
)
def test_filters_by_name_are_only_for_releases_that_know_them(version: str | None, takes: bool) -> None:
    assert filters_by_name(version) is takes


def test_another_system_name_is_told_once() -> None:
    conversation, _ = booted(name="seoul")
    assert hear(conversation, SETTINGS % (2, b"13.1")) == [Step(StepKind.NOTE, 0)]
    assert conversation.system == "pbx1"
    assert "calls itself 'pbx1'; make `name` here and `systemname`" in conversation.notes["system_name"]
    assert hear(conversation, b"Event: Newchannel\r\nSystemName: pbx1\r\nTimestamp: 1.0") == []


def test_missing_timestamps_are_told_by_the_first_event_for_everybody() -> None:
    conversation = live()
    # FullyBooted came without one, being made for us alone; so are answers. Neither tells anything.
    assert hear(conversation, b"Event: QueueMemberStatus\r\nActionID: 7") == []
    assert hear(conversation, b"Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/trunk-1") == [
        Step(StepKind.NOTE, 0)
    ]
    assert "set `timestampevents = yes`" in conversation.notes["timestamps"]


def test_events_with_timestamps_are_no_news() -> None:
    conversation = live()
    assert hear(conversation, b"Event: Newchannel\r\nPrivilege: call,all\r\nTimestamp: 1795359452.195035") == []
    assert conversation.notes == {}


@pytest.mark.parametrize(
    ("packet", "missing", "enough"),
    [
        (b"Event: Newchannel\r\nTimestamp: 1.0\r\nChannelState: 4\r\nExten: 6565", "dialplan", 4),
        (b"Event: Newexten\r\nTimestamp: 1.0\r\nApplication: Queue", "agent", 4),
        (b"Event: Newexten\r\nTimestamp: 1.0\r\nApplication: NoOp", "call", 51),
    ],
)
def test_a_class_is_missing_where_its_companion_comes_alone(packet: bytes, missing: str, enough: int) -> None:
    """A trunk's Newchannel has a Newexten behind it, a Queue application its QueueCallerJoin."""
    conversation = live()
    for _ in range(enough - 1):
        hear(conversation, packet)
    assert missing not in conversation.missing_classes
    assert Step(StepKind.NOTE, 1) in hear(conversation, packet)
    assert missing in conversation.missing_classes
    assert missing in conversation.notes["permissions"]


def test_a_class_that_comes_late_is_missing_no_more() -> None:
    conversation = live()
    for _ in range(4):
        hear(conversation, b"Event: Newchannel\r\nTimestamp: 1.0\r\nChannelState: 4\r\nExten: 6565")
    assert conversation.missing_classes == {"dialplan"}
    hear(conversation, b"Event: Newexten\r\nTimestamp: 1.0\r\nApplication: NoOp")
    assert conversation.missing_classes == set()
    assert "permissions" not in conversation.notes


def test_no_answer_to_the_login_is_told_by_what_was_heard() -> None:
    mute = plain()
    with pytest.raises(NoAnswer, match="did not greet as a manager interface within 5 s"):
        mute.timed_out()
    greeted = plain()
    greeted.greet(b"Asterisk Call Manager/11.0.0\r\n")
    with pytest.raises(NoAnswer, match="did not answer the login within 5 s"):
        greeted.timed_out()


def test_something_else_is_told_by_its_first_bytes() -> None:
    with pytest.raises(NotAmi):
        plain().greet(b"HTTP/1.1 400 Bad Request\r\n")
    piecewise = plain()
    piecewise.greet(b"Aster")
    with pytest.raises(NotAmi):
        piecewise.greet(b"oid Call Manager/1.0")

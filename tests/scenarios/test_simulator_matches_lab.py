"""The simulator writes, flow by flow, what a real Asterisk 22 wrote in the laboratory.

Each flow is simulated with the laboratory's cast, and its packets are compared with the recording of the same scenario:
the same events, each about the same parts (which phone's channel, the caller's, a half of a Local channel), with the
same headers in the same order and the same values where a value tells what happened (`TOLD`).

The order must be the same as well, but for pairs of events that independent threads of Asterisk write: those in
`MAY_SWAP` and no others. Two sequences are the same but for such swaps exactly where, for every pair of events that may
not swap, the sequences cut down to these two are equal (they are then one trace in Mazurkiewicz's sense).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from monitor.ami.protocol import PacketReader, event_name
from monitor.simulator.centre import Centre
from monitor.simulator.people import Phone, Queue
from monitor.simulator.plans import (
    Answers,
    CallOut,
    CallPlan,
    Consult,
    Declines,
    Forwards,
    HoldCaller,
    Ignores,
    Means,
    Menu,
    PassOn,
    Promise,
    Refuses,
    Reply,
    Step,
    Talk,
    ToPhones,
    ToQueue,
)

HERE = Path(__file__).parent
SECOND = 1_000_000
START_US = 1_795_359_452_000_000

KEPT_BACK = {b"VarSet", b"DeviceStateChange", b"TestEvent", b"RTCPSent", b"RTCPReceived", b"SuccessfulAuth"}
"""What the recommended manager.conf keeps back, and what the recording's own login wrote."""

TOLD = (
    "DialStatus",
    "Cause",
    "TechCause",
    "Reason",
    "Status",
    "Result",
    "IsExternal",
    "DestType",
    "UserEvent",
    "Consent",
    "Application",
)
"""Headers whose values are compared, beside the state in `Newstate`."""

BRIDGE_ALONE = {b"BridgeCreate", b"BridgeDestroy"}

PIECE = re.compile(
    r"^(?:PJSIP/(?:[a-z0-9_]+-)?(?P<phone>trunk|carrier|agent\d)-[0-9a-f]{8}|Local/.*-[0-9a-f]{8};(?P<half>[12]))$"
)


@dataclass(frozen=True)
class Letter:
    """One event, with everything in it that is compared."""

    kind: str
    parts: tuple[str, ...]
    """Whose channels it names, in the order of the headers."""
    told: tuple[str, ...]
    headers: tuple[str, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """What `MAY_SWAP` calls it: the kind, the part it is about, and what it tells."""
        return " ".join([self.kind, *self.parts[:1], *self.told])


def letters(stream: bytes) -> list[Letter]:
    """The events of a capture."""
    parts: dict[str, str] = {}
    bridges: dict[str, str] = {}
    seen: Counter[str] = Counter()
    found = []
    for _, packet in PacketReader().feed(stream):
        kind = event_name(packet)
        if kind is None or kind in KEPT_BACK or kind == b"FullyBooted":
            continue
        lines = [line.partition(": ") for line in packet.decode().split("\r\n")]
        named = []
        for key, _, value in lines:
            if key.endswith("Channel") and value:
                named.append(part_of(value, parts, seen))
        if kind in (b"BridgeEnter", b"BridgeLeave"):
            named.append(bridges[next(v for k, _, v in lines if k == "BridgeUniqueid")])
        told = [value for key, _, value in lines if key in TOLD or (kind == b"Newstate" and key == "ChannelStateDesc")]
        if kind == b"AgentComplete" and lines[4][0] == "Channel":
            # Asterisk leaves the caller's channel out where its own thread has ended it by then.
            named, lines = named[1:], lines[:4] + lines[18:]
        if kind in BRIDGE_ALONE:
            named.append(bridges.setdefault(lines[4][2], f"bridge{len(bridges) + 1}"))
        if kind == b"QueueMemberStatus":
            named.append(next(v for k, _, v in lines if k == "Interface").rpartition("-")[2].rpartition("/")[2])
        found.append(Letter(kind.decode(), tuple(named), tuple(told), tuple(key.rstrip(":") for key, _, _ in lines)))
    return found


def part_of(channel: str, parts: dict[str, str], seen: Counter[str]) -> str:
    """Whose channel it is: `trunk`, `agent1`, and `agent1/2` for the second channel of the same phone."""
    if channel not in parts:
        match = PIECE.match(channel)
        assert match, channel
        who = match["phone"] or f"local;{match['half']}"
        seen[who] += 1
        parts[channel] = who if seen[who] == 1 else f"{who}/{seen[who]}"
    return parts[channel]


def plan(
    asks_for: ToQueue | ToPhones,
    *replies: Reply,
    steps: tuple[Step, ...] = (Talk(for_us=2 * SECOND),),
    patience: float = 1000,
    menu: Menu | None = None,
    agent_hangs_up: bool = False,
    picked_up_after_us: int | None = None,
) -> CallPlan:
    return CallPlan(
        dialled="15886565",
        caller_number="01001234567",
        caller_name="홍길동",
        asks_for=asks_for,
        menu=menu,
        replies=replies,
        patience_us=int(patience * SECOND),
        conversation=steps,
        agent_hangs_up=agent_hangs_up,
        picked_up_after_us=picked_up_after_us,
    )


def after(seconds: float) -> Answers:
    return Answers(after_us=int(seconds * SECOND))


DIAL = ToPhones(endpoints=("agent1",))
QUEUE = ToQueue(queue="queue")
TALK = Talk(for_us=2 * SECOND)
SMS = PassOn(means=Means.REFER, to="202", replies=(after(4.4),))


@dataclass(frozen=True)
class Flow:
    """A scenario, acted by the simulator."""

    plan: CallPlan
    strategy: str = "ringall"
    members: tuple[str, ...] = ()
    ring: float = 60
    timeout: float = 300


def refer(*replies: Reply, to: str = "202", **more: object) -> PassOn:
    return PassOn(means=Means.REFER, to=to, replies=replies, **more)  # type: ignore[arg-type]  # passed on as given


FLOWS = {
    "answered_ring_1": Flow(plan(DIAL, after(1.5))),
    "answered_ring_2": Flow(plan(QUEUE, after(4.4), agent_hangs_up=True), members=("agent1",)),
    "answered_ring_3": Flow(plan(QUEUE, after(7.5), agent_hangs_up=True), members=("agent1",)),
    "answered_ring_4": Flow(plan(QUEUE, after(10.4), agent_hangs_up=True), members=("agent1",)),
    "answered_ring_7": Flow(plan(DIAL, after(19.5))),
    "no_answer_then_other": Flow(plan(QUEUE, Ignores(), after(3.5)), "linear", ("agent1", "agent2"), ring=5),
    "ringall": Flow(plan(QUEUE, after(4.4), Ignores()), "ringall", ("agent2", "agent1")),
    "dial_many": Flow(plan(ToPhones(endpoints=("agent1", "agent2")), Ignores(), after(7.5))),
    "menu_then_queue": Flow(plan(QUEUE, after(4.4), menu=Menu(for_us=2 * SECOND, digit="1")), members=("agent1",)),
    "promised": Flow(plan(DIAL, after(1.5), steps=(TALK, Promise(due_after_us=3600 * SECOND), TALK))),
    "hold_and_resume": Flow(
        plan(DIAL, after(1.5), steps=(TALK, HoldCaller(for_us=3 * SECOND), TALK), agent_hangs_up=True)
    ),
    "abandoned_menu": Flow(plan(QUEUE, menu=Menu(for_us=3 * SECOND, digit=None))),
    "abandoned_waiting": Flow(plan(QUEUE, menu=Menu(for_us=SECOND // 2, digit="1", spoken=False), patience=4)),
    "abandoned_ringing_within": Flow(plan(QUEUE, Ignores(), patience=4), members=("agent1",)),
    "abandoned_ringing_past": Flow(plan(DIAL, Ignores(), patience=10.5)),
    "queue_timeout": Flow(plan(QUEUE, Ignores()), members=("agent1",), timeout=8),
    "dial_timeout": Flow(plan(ToPhones(endpoints=("agent1",), timeout_us=10 * SECOND), Ignores())),
    "busy": Flow(plan(DIAL, Refuses(status=486))),
    "unreachable": Flow(plan(DIAL, Refuses(status=503))),
    "do_not_disturb": Flow(plan(QUEUE, Refuses(status=480), after(1.5)), "linear", ("agent1", "agent2")),
    "declined_then_other": Flow(plan(QUEUE, Declines(after_us=2_500_000), after(2.5)), "linear", ("agent1", "agent2")),
    "blind_refer": Flow(plan(DIAL, after(1.5), steps=(TALK, refer(after(4.4)), TALK), agent_hangs_up=True)),
    "blind_feature": Flow(
        plan(
            DIAL,
            after(1.5),
            steps=(TALK, PassOn(means=Means.FEATURE, to="202", replies=(after(4.4),)), TALK),
            agent_hangs_up=True,
        )
    ),
    "transfer_to_queue": Flow(
        plan(DIAL, after(1.5), steps=(TALK, refer(after(4.4), to="500"), TALK), agent_hangs_up=True),
        members=("agent2",),
    ),
    "transfer_no_answer": Flow(plan(DIAL, after(1.5), steps=(TALK, refer(Ignores())))),
    "transfer_busy": Flow(plan(DIAL, after(1.5), steps=(TALK, refer(Refuses(status=486))))),
    "transfer_caller_left": Flow(plan(DIAL, after(1.5), steps=(TALK, refer(Ignores(), patience_us=4 * SECOND)))),
    "transfer_back": Flow(
        plan(
            DIAL,
            after(1.5),
            steps=(TALK, refer(after(2.5)), TALK, refer(after(4.4), to="201"), TALK),
            agent_hangs_up=True,
        )
    ),
    "transfer_with_consent": Flow(
        plan(DIAL, after(1.5), steps=(TALK, refer(after(4.4), consent=True), TALK), agent_hangs_up=True)
    ),
    "attended_refer": Flow(
        plan(
            DIAL,
            after(1.5),
            steps=(TALK, Consult(means=Means.REFER, to="202", reply=after(2.5), talk_us=2 * SECOND), TALK),
            agent_hangs_up=True,
        )
    ),
    "attended_feature": Flow(
        plan(
            DIAL,
            after(1.5),
            steps=(TALK, Consult(means=Means.FEATURE, to="202", reply=after(2.5), talk_us=3 * SECOND), TALK),
            agent_hangs_up=True,
        )
    ),
    "attended_ami": Flow(
        plan(
            DIAL,
            after(1.5),
            steps=(TALK, Consult(means=Means.AMI, to="202", reply=after(2.5), talk_us=3 * SECOND), TALK),
            agent_hangs_up=True,
        )
    ),
    "attended_no_answer": Flow(
        plan(
            DIAL,
            after(1.5),
            steps=(TALK, Consult(means=Means.FEATURE, to="202", reply=Ignores(), talk_us=0), TALK),
            agent_hangs_up=True,
        )
    ),
    "pickup": Flow(plan(DIAL, Ignores(), agent_hangs_up=True, picked_up_after_us=4_400_000)),
    "pickup_queue": Flow(
        plan(QUEUE, Ignores(), agent_hangs_up=True, picked_up_after_us=7_500_000), members=("agent1",)
    ),
    "forward_302": Flow(plan(DIAL, Forwards(to="202"), after(4.4))),
    "blonde_feature": Flow(
        plan(
            DIAL,
            after(1.5),
            steps=(
                TALK,
                Consult(means=Means.FEATURE, to="202", reply=after(7.5), talk_us=0, lets_go_after_us=4 * SECOND),
                TALK,
            ),
            agent_hangs_up=True,
        )
    ),
}


CALLS_OUT: dict[str, Reply] = {
    "called_out": after(2.5),
    "called_out_unanswered": Ignores(),
    "called_out_busy": Refuses(status=486),
}
"""How the person outside replies whom agent1 calls."""


def called_out(reply: Reply) -> list[Letter]:
    agent = Phone("agent1", "201", "김서연", context="inside")
    centre = Centre(started_at_us=START_US, staff=({"agent1": agent}, {}))
    centre.world.network_us = (400, 900)
    plan = CallOut(endpoint="agent1", number="0212345678", reply=reply, patience_us=20 * SECOND, talk_us=2 * SECOND)
    centre.call_out(plan, START_US)
    return letters(b"".join(packet for _, packet in centre.advance(START_US + 1000 * SECOND)))


def simulated(flow: Flow) -> list[Letter]:
    phones = {
        name: Phone(name, number, person, context="inside", queues=("queue",) if name in flow.members else ())
        for name, number, person in (("agent1", "201", "김서연"), ("agent2", "202", "이준호"))
    }
    queue = Queue(
        name="queue",
        exten="500",
        strategy=flow.strategy,
        ring_us=int(flow.ring * SECOND),
        timeout_us=int(flow.timeout * SECOND),
        members=[phones[name] for name in flow.members],
    )
    centre = Centre(started_at_us=START_US, staff=(phones, {"queue": queue}))
    centre.world.network_us = (400, 900)
    centre.place(flow.plan, START_US)
    return letters(b"".join(packet for _, packet in centre.advance(START_US + 1000 * SECOND)))


PHONE = r"(?:agent\d(?:/2)?)"
"""Of a phone of the centre."""

MAY_SWAP: tuple[tuple[str, str, str], ...] = (
    (
        rf"QueueMemberStatus {PHONE} \d",
        rf"(?!QueueMemberStatus|Newstate {PHONE}|Hangup {PHONE}|Newchannel).*",
        "app_queue hears of device states through a thread of their own",
    ),
    (
        rf"(Newstate {PHONE} Ringing|Newexten {PHONE} AppQueue|NewConnectedLine {PHONE})",
        r"(AgentCalled trunk|DialBegin .*|DialState .* RINGING|NewConnectedLine (trunk|local;[12]))",
        "the phone's SIP session tells that it rings while the thread that dialled is still telling so",
    ),
    (
        r"(Newstate carrier Ringing|Hangup carrier .*)",
        r"(DialState agent1 RINGING|SoftHangupRequest agent1.*|Newexten agent1 Hangup|Hangup agent1.*)",
        "the carrier's SIP session tells of its channel, and the thread of who dialled of the dial",
    ),
    (
        rf"Hangup {PHONE} .*",
        (
            r"(Newexten trunk .*|Newstate trunk .*|SoftHangupRequest .*|Hangup (trunk|local).*|QueueCaller\w+ trunk"
            r"|BridgeLeave (trunk|local;[12])|BridgeDestroy .*|HangupRequest local.*"
            r"|NewConnectedLine trunk|UserEvent .*)"
        ),
        "a channel that is let go of is hung up by its own thread",
    ),
    (
        r"(SoftHangupRequest .*|Hangup trunk .*)",
        rf"(BridgeLeave {PHONE}|BridgeDestroy .*|AgentComplete .*)",
        "who is left in a bridge leaves it by a thread of its own",
    ),
    (
        r"AgentComplete .*",
        r"(BridgeLeave .*|BridgeDestroy .*)",
        "app_queue learns of the bridge's end while it ends",
    ),
    (
        rf"(BlindTransfer .*|BridgeLeave {PHONE}|Unhold {PHONE})",
        r"(Newexten trunk .*|BridgeLeave trunk|UserEvent .*|MusicOnHoldStop trunk)",
        "the transferring phone's thread tells of the transfer while the caller's thread goes where it was sent",
    ),
    (
        r"BlindTransfer .*",
        rf"BridgeLeave {PHONE}",
        "the transferring phone's SIP session tells of the transfer while its channel's thread leaves the bridge",
    ),
    (
        r"(NewConnectedLine (agent1|local;1)|BridgeEnter (local;1|agent1)|BridgeLeave agent1)",
        (
            r"(Newexten local;2 Dial|Newchannel agent2|Newexten agent2 AppDial|NewConnectedLine (agent2|local;2)"
            r"|DialBegin local;2|Newstate agent2 Ringing)"
        ),
        "the near half of a Local channel waits in a bridge while the far half dials",
    ),
    (
        r"(Newstate (local;1|trunk) Up|DialEnd (local;1|trunk) ANSWER|DialState local;1 RINGING)",
        (
            r"(BridgeCreate bridge3|BridgeEnter agent2|Newexten agent2 AppDial|Newstate local;2 Up|BridgeEnter local;2"
            r"|DialState local;2 RINGING)"
        ),
        "the near half of a Local channel tells of the answer while the far half is bridged",
    ),
    (
        r"(SoftHangupRequest trunk 16|Hangup trunk 16|BridgeLeave agent2)",
        r"(HangupRequest local;2 16|BridgeLeave local;[12]|SoftHangupRequest local;2 16|Hangup local;[12] 16)",
        "the ends of a chain through a Local channel are each hung up by their own thread",
    ),
    (
        r"BridgeDestroy .*",
        (
            r"(BridgeLeave (trunk|local;[12])|HangupRequest local;[12] 16|Hangup local;[12] 16"
            r"|UserEvent .*|NewConnectedLine .*"
            r"|Hangup trunk .*)"
        ),
        "an empty bridge is taken down by the thread that was last in it",
    ),
    (
        r"Hangup agent1 16",
        r"DialEnd trunk ANSWER",
        "the phone whose call was picked up is hung up by the thread of who took it, while the Dial sees it answered",
    ),
    (
        r"NewConnectedLine (trunk|agent2)",
        r"(NewConnectedLine local;1|Hangup agent1 16|Pickup .*)",
        "those that a transfer or pickup has joined are told of each other by their own threads",
    ),
)
"""Pairs of events, named as `Letter.name`, that independent threads of Asterisk write, and which threads these are."""


def may_swap(one: Letter, other: Letter) -> bool:
    """Whether two events belong to different threads; those about one and the same phone never do."""
    return any(
        (re.fullmatch(a, one.name) and re.fullmatch(b, other.name))
        or (re.fullmatch(b, one.name) and re.fullmatch(a, other.name))
        for a, b, _ in MAY_SWAP
    )


@pytest.mark.parametrize("name", [*FLOWS, *CALLS_OUT])
def test_simulator_writes_what_asterisk_wrote(name: str) -> None:
    recorded = letters((HERE / name / "events.ami").read_bytes())
    # A dialplan names the feature codes of its calls; a simulated one needs none.
    lab = [letter for letter in recorded if letter.name != "Newexten trunk Set"]
    simulator = simulated(FLOWS[name]) if name in FLOWS else called_out(CALLS_OUT[name])

    assert Counter(letter.name for letter in simulator) == Counter(letter.name for letter in lab)
    assert sorted(simulator, key=repr) == sorted(lab, key=repr)
    for one, other in combinations_with_replacement(sorted(set(lab), key=repr), 2):
        if one == other or not may_swap(one, other):
            pair = (one, other)
            assert [x.name for x in simulator if x in pair] == [x.name for x in lab if x in pair]

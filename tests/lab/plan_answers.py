"""Scenarios in which a call is answered, given up or refused without being sent on."""

from __future__ import annotations

from .scenario import LINE, Act, Caller, Phone, Scenario
from .sip import NEVER_MS, Script

QUEUE_AGENT1 = """strategy=ringall
timeout=60
retry=1
ringinuse=no
joinempty=yes
member => <agent1>,0,Kim Minji"""

MENU = """[menu-<name>]
exten => s,1,Answer()
 same => n,Background(demo-congrats)
 same => n,WaitExten(10)
 same => n,Hangup()
"""


def answers_after(ring_ms: int, talk_ms: int = NEVER_MS) -> Act:
    """A phone that rings, answers, and hangs up after a while."""
    return lambda script: script.awaits_call().rings(ring_ms).answers().talks(talk_ms).hangs_up()


def rings_on(script: Script) -> Script:
    """A phone that nobody answers."""
    return script.awaits_call().rings().answers()


def refuses_with(status: str, ring_ms: int = 0) -> Act:
    """A phone that refuses, at once or after it has rung."""
    if ring_ms:
        return lambda script: script.awaits_call().rings(ring_ms).refuses(status)
    return lambda script: script.awaits_call().refuses(status)


def calls_and_talks(talk_ms: int = NEVER_MS, number: str = LINE) -> Act:
    """A caller who waits for an answer and hangs up after a while."""
    return lambda script: script.calls(number).talks(talk_ms).hangs_up()


def gives_up_after(ms: int, number: str = LINE) -> Act:
    """A caller who hangs up unanswered."""
    return lambda script: script.calls(number, gives_up_after_ms=ms).talks().hangs_up()


def agent(name: str, number: str, does: Act, person: str = "Kim Minji") -> Phone:
    """A phone of the centre."""
    return Phone(name=name, number=number, does=does, person=person)


def incoming(*steps: str, number: str = LINE) -> str:
    """The dialplan for calls to the line: the steps, then a hang-up."""
    lines = [f"exten => {number},1,{steps[0]}", *(f" same => n,{step}" for step in steps[1:]), " same => n,Hangup()"]
    return "\n".join(lines)


def answered_in_queue(name: str, what: str, ring_ms: int) -> Scenario:
    """One call, one queue, one phone."""
    return Scenario(
        name=name,
        what=what,
        incoming=incoming("Queue(<queue>,tr)"),
        queue=QUEUE_AGENT1,
        phones=(agent("agent1", "201", answers_after(ring_ms, 2000)),),
        callers=(Caller(number="01012345678", does=calls_and_talks()),),
    )


ANSWERED = (
    Scenario(
        name="answered_ring_1",
        what="A plain Dial to one phone, answered 1.5 s into ringing; the caller hangs up after 2 s.",
        incoming=incoming("Dial(<agent1>,30,tT)"),
        phones=(agent("agent1", "201", answers_after(1500)),),
        callers=(Caller(number="0212345678", does=calls_and_talks(2000)),),
    ),
    answered_in_queue("answered_ring_2", "A queue, answered 4.4 s into ringing; the agent hangs up after 2 s.", 4400),
    answered_in_queue("answered_ring_3", "A queue, answered 7.5 s into ringing; the agent hangs up after 2 s.", 7500),
    answered_in_queue("answered_ring_4", "A queue, answered 10.4 s into ringing; the agent hangs up after 2 s.", 10400),
    Scenario(
        name="answered_ring_7",
        what="A plain Dial to one phone, answered 19.5 s into ringing; its recording keeps the VarSet events.",
        incoming=incoming("Dial(<agent1>,30,tT)"),
        phones=(agent("agent1", "201", answers_after(19500)),),
        callers=(Caller(number="0212345678", does=calls_and_talks(1500), name="홍길동"),),
        varset=True,
    ),
    Scenario(
        name="no_answer_then_other",
        what="A queue rings one phone for 5 s in vain, then another, which answers after 3.5 s.",
        incoming=incoming("Queue(<queue>,tr)"),
        queue="strategy=linear\ntimeout=5\nretry=1\nringinuse=no\njoinempty=yes\n"
        "member => <agent1>,0,Kim Minji\nmember => <agent2>,0,Lee Jiho",
        phones=(agent("agent1", "201", rings_on), agent("agent2", "202", answers_after(3500), "Lee Jiho")),
        callers=(Caller(number="01012345678", does=calls_and_talks(2000)),),
        varset=True,
    ),
    Scenario(
        name="ringall",
        what="A queue rings two phones at once; the second is answered after 4.4 s.",
        incoming=incoming("Queue(<queue>,tr)"),
        queue="strategy=ringall\ntimeout=30\nretry=1\nringinuse=no\njoinempty=yes\n"
        "member => <agent1>,0,Kim Minji\nmember => <agent2>,0,Lee Jiho",
        phones=(agent("agent1", "201", rings_on), agent("agent2", "202", answers_after(4400), "Lee Jiho")),
        callers=(Caller(number="01012345678", does=calls_and_talks(2000)),),
    ),
    Scenario(
        name="dial_many",
        what="A plain Dial to two phones; the second is answered after 7.5 s.",
        incoming=incoming("Dial(<agent1>&<agent2>,30,tT)"),
        phones=(agent("agent1", "201", rings_on), agent("agent2", "202", answers_after(7500), "Lee Jiho")),
        callers=(Caller(number="0212345678", does=calls_and_talks(2000)),),
    ),
    Scenario(
        name="menu_then_queue",
        what="A voice menu answers, the caller presses 1 after 2 s, and a queue's phone is answered after 4.4 s.",
        incoming=incoming("Goto(menu-<name>,s,1)"),
        contexts=MENU + "exten => 1,1,Queue(<queue>,t)\n same => n,Hangup()",
        queue=QUEUE_AGENT1,
        phones=(agent("agent1", "201", answers_after(4400)),),
        callers=(
            Caller(
                number="01012345678",
                does=lambda script: script.calls(LINE).talks(2000).presses("1").talks(6500).hangs_up(),
            ),
        ),
    ),
    Scenario(
        name="local_member",
        what="A queue member that is a Local channel to an extension, whose phone is answered after 4.4 s.",
        incoming=incoming("Queue(<queue>,tr)"),
        queue="strategy=ringall\ntimeout=60\nretry=1\nringinuse=no\njoinempty=yes\n"
        "member => Local/201@<inside>/n,0,Kim Minji,<agent1>",
        phones=(agent("agent1", "201", answers_after(4400)),),
        callers=(Caller(number="01012345678", does=calls_and_talks(2000)),),
    ),
    Scenario(
        name="local_member_optimised",
        what="The same without /n: the Local channel takes itself out once the phone has answered after 4.4 s.",
        incoming=incoming("Queue(<queue>,tr)"),
        queue="strategy=ringall\ntimeout=60\nretry=1\nringinuse=no\njoinempty=yes\n"
        "member => Local/201@<inside>,0,Kim Minji,<agent1>",
        # The Local channel waits for a frame to pass before it goes.
        phones=(
            agent(
                "agent1",
                "201",
                lambda script: script.awaits_call().rings(4400).answers().speaks().talks(),
            ),
        ),
        callers=(Caller(number="01012345678", does=calls_and_talks(2000)),),
    ),
    Scenario(
        name="waiting_then_ringing",
        what="Two calls to a queue with one phone: the second waits in silence until the first is over, then rings "
        "1.5 s.",
        incoming=incoming("Queue(<queue>,tr)"),
        queue=QUEUE_AGENT1,
        phones=(agent("agent1", "201", answers_after(1500, 5000)),),
        callers=(
            Caller(number="01012345678", does=calls_and_talks()),
            Caller(number="01087654321", does=lambda script: script.waits(3000).calls(LINE).talks().hangs_up()),
        ),
    ),
    Scenario(
        name="hold_and_resume",
        what="The agent puts the caller on hold for 3 s by re-INVITE and takes the caller back.",
        incoming=incoming("Dial(<agent1>,30,tT)"),
        phones=(
            agent(
                "agent1",
                "201",
                lambda script: (
                    script.awaits_call()
                    .rings(1500)
                    .answers()
                    .talks(1500)
                    .holds()
                    .talks(3000)
                    .resumes()
                    .talks(1500)
                    .hangs_up()
                ),
            ),
        ),
        callers=(Caller(number="0212345678", does=calls_and_talks()),),
    ),
    Scenario(
        name="two_lines",
        what="Two numbers of one system are called at once; only one of them is the line.",
        incoming=incoming("Dial(<agent1>,30,tT)") + "\n" + incoming("Dial(<agent2>,30,tT)", number="0215771000"),
        phones=(
            agent("agent1", "201", answers_after(1500)),
            agent("agent2", "202", answers_after(4400), "Lee Jiho"),
        ),
        callers=(
            Caller(number="0212345678", does=calls_and_talks(2000)),
            Caller(number="0311234567", does=calls_and_talks(2000, "0215771000")),
        ),
    ),
)

NOT_ANSWERED = (
    Scenario(
        name="abandoned_menu",
        what="A voice menu answers and the caller hangs up after 3 s without choosing.",
        incoming=incoming("Goto(menu-<name>,s,1)"),
        contexts=MENU,
        callers=(Caller(number="01012345678", does=calls_and_talks(3000)),),
    ),
    Scenario(
        name="abandoned_waiting",
        what="A queue without a phone; the caller hangs up after 4 s of music.",
        incoming=incoming("Answer()", "Queue(<queue>,t)"),
        queue="strategy=ringall\ntimeout=30\nretry=1\njoinempty=yes",
        callers=(Caller(number="01012345678", does=lambda script: script.calls(LINE).speaks().talks(4000).hangs_up()),),
    ),
    Scenario(
        name="abandoned_ringing_within",
        what="A queue's phone rings and the caller hangs up 4 s into it, within the rule.",
        incoming=incoming("Queue(<queue>,tr)"),
        queue=QUEUE_AGENT1,
        phones=(agent("agent1", "201", rings_on),),
        callers=(Caller(number="01012345678", does=gives_up_after(4000)),),
    ),
    Scenario(
        name="abandoned_ringing_past",
        what="A plain Dial to a phone; the caller hangs up 10.5 s into ringing, past the rule.",
        incoming=incoming("Dial(<agent1>,30,tT)"),
        phones=(agent("agent1", "201", rings_on),),
        callers=(Caller(number="0212345678", does=gives_up_after(10500)),),
    ),
    Scenario(
        name="queue_timeout",
        what="A queue's phone rings in vain until the queue gives the call up after 8 s.",
        incoming=incoming("Queue(<queue>,tr,,,8)"),
        queue=QUEUE_AGENT1,
        phones=(agent("agent1", "201", rings_on),),
        callers=(Caller(number="01012345678", does=calls_and_talks()),),
    ),
    Scenario(
        name="dial_timeout",
        what="A plain Dial gives up after its 10 s.",
        incoming=incoming("Dial(<agent1>,10,tT)"),
        phones=(agent("agent1", "201", rings_on),),
        callers=(Caller(number="0212345678", does=calls_and_talks()),),
    ),
    Scenario(
        name="busy",
        what="The only phone is busy (486) and never rings; the caller hears busy.",
        incoming=incoming("Dial(<agent1>,30,tT)", "Busy(3)"),
        phones=(agent("agent1", "201", refuses_with("486 Busy Here")),),
        callers=(Caller(number="0212345678", does=calls_and_talks()),),
    ),
    Scenario(
        name="do_not_disturb",
        what="In a queue the first phone is set to do-not-disturb (480) and never rings; the second is answered "
        "after 1.5 s.",
        incoming=incoming("Queue(<queue>,tr)"),
        queue="strategy=linear\ntimeout=10\nretry=1\nringinuse=no\njoinempty=yes\n"
        "member => <agent1>,0,Kim Minji\nmember => <agent2>,0,Lee Jiho",
        phones=(
            agent("agent1", "201", refuses_with("480 Temporarily Unavailable")),
            agent("agent2", "202", answers_after(1500), "Lee Jiho"),
        ),
        callers=(Caller(number="01012345678", does=calls_and_talks(2000)),),
    ),
    Scenario(
        name="declined_then_other",
        what="In a queue the first phone rings 2.5 s and is declined (603); the second is answered after 2.5 s more.",
        incoming=incoming("Queue(<queue>,tr)"),
        queue="strategy=linear\ntimeout=10\nretry=1\nringinuse=no\njoinempty=yes\n"
        "member => <agent1>,0,Kim Minji\nmember => <agent2>,0,Lee Jiho",
        phones=(
            agent("agent1", "201", refuses_with("603 Decline", 2500)),
            agent("agent2", "202", answers_after(2500), "Lee Jiho"),
        ),
        callers=(Caller(number="01012345678", does=calls_and_talks(2000)),),
    ),
    Scenario(
        name="unreachable",
        what="The only phone answers 503; the call fails without having rung.",
        incoming=incoming("Dial(<agent1>,30,tT)", "Congestion(3)"),
        phones=(agent("agent1", "201", refuses_with("503 Service Unavailable")),),
        callers=(Caller(number="0212345678", does=calls_and_talks()),),
    ),
)

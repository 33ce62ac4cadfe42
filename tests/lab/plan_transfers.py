"""Scenarios in which a call that a person answered is sent on to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .plan_answers import agent, answers_after, calls_and_talks, incoming, refuses_with, rings_on
from .scenario import Act, Caller, ManagerAct, Phone, Scenario

if TYPE_CHECKING:
    from .ami import Packet
    from .sip import Script

TO_AGENT1 = incoming("Dial(<agent1>,30,tT)")
"""Agents may transfer by feature code (t)."""


def answered(script: Script, *, ring_ms: int = 1500, talk_ms: int = 2000) -> Script:
    """The first agent answers and talks a while."""
    return script.awaits_call().rings(ring_ms).answers().talks(talk_ms)


def refers_to(number: str) -> Act:
    """An agent who answers, talks, and sends the caller on by REFER."""
    return lambda script: answered(script).refers(number)


def presses_keys(keys: str) -> Act:
    """An agent who answers, talks, and transfers by a feature code of Asterisk's; hangs up when hung up on."""
    return lambda script: answered(script).presses(keys).talks()


def consults(number: str, *, ring_and_talk_ms: int) -> Act:
    """An agent who begins an attended transfer by feature code and hangs up, which completes it, after a time."""
    return lambda script: answered(script).presses(f"*2{number}").talks(ring_and_talk_ms).hangs_up()


def consults_by_refer(script: Script) -> Script:
    """An agent's phone that holds the caller, calls 202 itself, and joins the two by REFER with Replaces."""
    return answered(script).holds().calls("202").speaks_for(2000).refers_to_consulted("202")


def transfer(
    name: str,
    what: str,
    first: Act,
    second: Act | None = None,
    *,
    others: tuple[Phone, ...] = (),
    caller: Act | None = None,
    inside: str = "",
    contexts: str = "",
    second_queue: str = "",
    acts: tuple[ManagerAct, ...] = (),
    dial_seconds: int = 30,
    varset: bool = False,
) -> Scenario:
    """A call answered by agent1 (201), who sends it on, mostly to agent2 (202)."""
    return Scenario(
        name=name,
        what=what,
        incoming=TO_AGENT1,
        inside=inside,
        contexts=contexts,
        second_queue=second_queue,
        phones=(
            agent("agent1", "201", first),
            *((agent("agent2", "202", second, "Lee Jiho"),) if second else ()),
            *others,
        ),
        callers=(Caller(number="0212345678", does=caller or calls_and_talks()),),
        acts=acts,
        dial_seconds=dial_seconds,
        varset=varset,
    )


def begins_talking(name: str, phone: str = "agent1") -> ManagerAct:
    """Ask for an attended transfer to 202 two seconds after agent1 has been bridged with the caller."""

    def entered(packet: Packet) -> bool:
        return packet.get("Event") == "BridgeEnter" and packet["Channel"].startswith(f"PJSIP/{name}-{phone}-")

    return ManagerAct(
        when=entered,
        action="Atxfer",
        values=lambda packet: {"Channel": packet["Channel"], "Exten": "202", "Context": f"inside-{name}"},
        after_seconds=2.0,
    )


BLIND = (
    transfer(
        "blind_refer",
        "Agent1 sends the caller to 202 by REFER without speaking to it; 202 is answered after 4.4 s.",
        refers_to("202"),
        answers_after(4400, 2000),
    ),
    transfer(
        "blind_feature",
        "Agent1 sends the caller to 202 by the feature code #1; 202 is answered after 4.4 s.",
        presses_keys("#1202"),
        answers_after(4400, 2000),
        varset=True,
    ),
    transfer(
        "transfer_to_queue",
        "Agent1 sends the caller by REFER to 500, a queue, whose phone is answered after 4.4 s.",
        refers_to("500"),
        answers_after(4400, 2000),
        inside="exten => 500,1,Queue(<queue2>,tr)\n same => n,Hangup()\n",
        second_queue="strategy=ringall\ntimeout=30\nretry=1\nringinuse=no\njoinempty=yes\n"
        "member => <agent2>,0,Lee Jiho",
    ),
    transfer(
        "transfer_no_answer",
        "Agent1 sends the caller to 202 by REFER; 202 rings 7 s in vain and the dialplan hangs up.",
        refers_to("202"),
        rings_on,
        dial_seconds=7,
    ),
    transfer(
        "transfer_busy",
        "Agent1 sends the caller to 202 by REFER; 202 is busy (486) and the dialplan hangs up.",
        refers_to("202"),
        refuses_with("486 Busy Here"),
    ),
    transfer(
        "transfer_caller_left",
        "Agent1 sends the caller to 202 by REFER; the caller hangs up while 202 rings.",
        refers_to("202"),
        rings_on,
        caller=calls_and_talks(6500),
    ),
    transfer(
        "transfer_back",
        "Agent1 sends the caller to 202 by REFER; 202 is answered and sends the caller back to 201, answered again.",
        lambda script: (
            script.awaits_call(second_differs=True)
            .rings(1500)
            .answers()
            .talks(2000)
            .refers("202")
            .from_second_call()
            .rings(4400)
            .answers()
            .talks(2000)
            .hangs_up()
        ),
        lambda script: answered(script, ring_ms=2500).refers("201"),
    ),
    transfer(
        "chain_of_two",
        "Agent1 sends the caller to 202 by REFER; agent2 consults 203 by feature code and hands the caller over.",
        refers_to("202"),
        lambda script: answered(script, ring_ms=2500).presses("*2203").talks(5500).hangs_up(),
        others=(agent("agent3", "203", answers_after(1500, 7000), "Park Seoyeon"),),
    ),
    transfer(
        "transfer_outside",
        "Agent1 sends the caller by REFER to 9 and an outside number, which is answered after 4.4 s.",
        refers_to("9025551234"),
        others=(
            Phone(name="carrier", number="025551234", does=answers_after(4400, 2000), person="Carrier", outside=True),
        ),
        inside="exten => _9X.,1,Dial(PJSIP/${EXTEN:1}@<endpoint:carrier>,30)\n same => n,Hangup()\n",
    ),
    transfer(
        "transfer_with_consent",
        "Agent1 sends the caller by REFER to 202, where the dialplan reports that the caller agreed.",
        refers_to("202"),
        answers_after(4400, 2000),
        inside="exten => 202,1,UserEvent(TransferConsent,Consent: yes)\n same => n,Dial(<agent2>,30,tT)\n"
        " same => n,Hangup()\n",
    ),
)

ATTENDED = (
    transfer(
        "attended_refer",
        "Agent1's phone holds the caller, calls 202 itself (answered after 2.5 s), speaks 2 s and joins them by REFER "
        "with Replaces.",
        consults_by_refer,
        answers_after(2500, 5000),
    ),
    transfer(
        "attended_feature",
        "Agent1 consults 202 by the feature code *2 (answered after 2.5 s) and hangs up, which joins them.",
        consults("202", ring_and_talk_ms=6000),
        answers_after(2500, 8000),
    ),
    transfer(
        "attended_ami",
        "A program asks for the attended transfer to 202 (AMI Atxfer); agent1 hangs up after consulting.",
        lambda script: script.awaits_call().rings(1500).answers().talks(9000).hangs_up(),
        answers_after(2500, 8000),
        acts=(begins_talking("attended_ami"),),
    ),
    transfer(
        "blonde_refer",
        "Agent1's phone holds the caller, calls 202 itself and joins them by REFER with Replaces while 202 still "
        "rings; 202 is answered 7.5 s into ringing.",
        lambda script: (
            answered(script).holds().begins_to_call("202").speaks_for(2500).refers_to_consulted("202", ringing=True)
        ),
        answers_after(7500, 2000),
    ),
    transfer(
        "blonde_feature",
        "Agent1 begins an attended transfer to 202 by feature code and hangs up while 202 still rings; 202 is "
        "answered 7.5 s into ringing.",
        consults("202", ring_and_talk_ms=4000),
        answers_after(7500, 2000),
    ),
    transfer(
        "blonde_ami",
        "The same, asked for by AMI Atxfer.",
        lambda script: script.awaits_call().rings(1500).answers().talks(5000).hangs_up(),
        answers_after(7500, 2000),
        acts=(begins_talking("blonde_ami"),),
    ),
    transfer(
        "blonde_returned",
        "A blonde transfer whose target does not answer within 9 s: Asterisk calls agent1 back, who answers again.",
        lambda script: (
            script.awaits_call(second_differs=True)
            .rings(1500)
            .answers()
            .talks(2000)
            .presses("*2202")
            .talks(4000)
            .hangs_up()
            .from_second_call()
            .rings(4400)
            .answers()
            .talks(2000)
            .hangs_up()
        ),
        rings_on,
    ),
    transfer(
        "attended_no_answer",
        "Agent1 consults 202 by feature code; 202 does not answer within 9 s and agent1 has the caller again.",
        lambda script: answered(script).presses("*2202").talks(13000).hangs_up(),
        rings_on,
    ),
    transfer(
        "attended_returned",
        "Agent1 consults 202 by feature code (answered), the target hangs up, and agent1 has the caller again.",
        lambda script: answered(script).presses("*2202").talks(10000).hangs_up(),
        answers_after(2500, 2000),
    ),
    transfer(
        "consulted_only",
        "Agent1's phone holds the caller, asks 202 in a call of its own, hangs that up and takes the caller back.",
        lambda script: (
            answered(script).holds().calls("202").speaks_for(2000).hangs_up(2).resumes().talks(2000).hangs_up()
        ),
        answers_after(2500),
    ),
)

"""Scenarios in which the centre calls a number outside, and in which a call back is promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .plan_answers import agent, answers_after, calls_and_talks, gives_up_after, incoming, refuses_with, rings_on
from .scenario import Act, Caller, ManagerAct, Phone, Scenario

if TYPE_CHECKING:
    from .ami import Packet

OUTSIDE = "exten => _9X.,1,Dial(PJSIP/${EXTEN:1}@<endpoint:carrier>,30)\n same => n,Hangup()\n"
PERSON = "0212345678"
DUE = "2037-01-02 17:00"
"""Far enough from any recording, and before the end of 32 bits."""


def carrier(does: Act) -> Phone:
    """The person outside, at the carrier's far end."""
    return Phone(name="carrier", number=PERSON, does=does, person="Carrier", outside=True)


def calls_out(name: str, what: str, does: Act, person: Act) -> Scenario:
    """Agent1 calls the person; no call to the line at all."""
    caller = Phone(name="agent1", number="201", person="Kim Minji", places_call=True, does=does)
    return Scenario(
        name=name, what=what, incoming=incoming("Hangup()"), inside=OUTSIDE, phones=(carrier(person), caller)
    )


def calls_back(name: str, how: str, **asked: str) -> Scenario:
    """When the caller has gone, a program has Asterisk ring agent1's phone, and then the caller's number."""

    def gone(packet: Packet) -> bool:
        return packet.get("Event") == "Hangup" and packet["Channel"].startswith(f"PJSIP/{name}-trunk-")

    return Scenario(
        name=name,
        what="A caller waits where nobody is and hangs up after 1.5 s; a program rings agent1's phone, who picks up "
        f"after 1 s, and has the caller's number dialled{how}, which is answered 1.5 s later.",
        incoming=incoming("Queue(<queue>,t)"),
        queue="joinempty=yes",
        inside=OUTSIDE,
        phones=(carrier(answers_after(1500, 2000)), agent("agent1", "201", answers_after(1000))),
        callers=(Caller(number=PERSON, does=gives_up_after(1500)),),
        acts=(
            ManagerAct(when=gone, action="Originate", values=lambda _: {**asked, "Async": "true"}, after_seconds=1.0),
        ),
    )


def by_extension(name: str) -> dict[str, str]:
    """The caller's number as an agent would dial it."""
    return {"Context": f"inside-{name}", "Exten": f"9{PERSON}", "Priority": "1"}


OUTGOING = (
    calls_out(
        "called_out_unanswered",
        "Agent1 calls an outside number, whose phone rings for 2.5 s; then agent1 hangs up.",
        gives_up_after(2500, f"9{PERSON}"),
        rings_on,
    ),
    calls_out(
        "called_out_busy",
        "Agent1 calls an outside number, which is busy.",
        calls_and_talks(number=f"9{PERSON}"),
        refuses_with("486 Busy Here"),
    ),
    calls_back("called_back", "", Channel="PJSIP/called_back-agent1", **by_extension("called_back")),
    calls_back(
        "called_back_local",
        " through a Local channel",
        Channel="Local/201@inside-called_back_local",
        **by_extension("called_back_local"),
    ),
    calls_back(
        "called_back_alone",
        " by Dial alone, without a dialplan",
        Channel="PJSIP/called_back_alone-agent1",
        Application="Dial",
        Data=f"PJSIP/{PERSON}@called_back_alone-carrier,30",
    ),
    Scenario(
        name="promised",
        what="Agent1 answers after 1.5 s, and presses a key by which a call back is promised; the caller hangs up.",
        incoming=incoming("Set(__DYNAMIC_FEATURES=promise-<name>)", "Dial(<agent1>,30,tT)"),
        files={
            "features.conf": f"[applicationmap]\npromise-<name> => *75,self/callee,UserEvent,"
            f'"CallbackPromised,Due: {DUE}"\n'
        },
        phones=(
            agent(
                "agent1",
                "201",
                lambda script: script.awaits_call().rings(1500).answers().speaks_for(1000).presses("*75").talks(),
            ),
        ),
        callers=(Caller(number=PERSON, does=calls_and_talks(4000)),),
    ),
)

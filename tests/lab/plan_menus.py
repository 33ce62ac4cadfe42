"""Scenarios in which a caller chooses a team in a menu, and calls that are recorded."""

from __future__ import annotations

from .plan_answers import MENU, QUEUE_AGENT1, agent, answers_after, incoming
from .scenario import LINE, Caller, Scenario

RECORDED = "monitor-format=wav\n"

MENUS = (
    Scenario(
        name="menu_remote",
        what="A voice menu answers and is recorded, the caller presses 9, which leads back into it, then 2, and a "
        "queue's phone is answered after 1.5 s.",
        incoming=incoming("MixMonitor(${CALLERID(num)}-${UNIQUEID}.wav,b)", "Goto(menu-<name>,s,1)"),
        contexts=MENU + "exten => 2,1,NoOp(remote support)\n same => n,Gosub(sub-<name>,1,1)\n"
        " same => n,Queue(<queue>,t)\n same => n,Hangup()\nexten => i,1,Goto(s,1)\n"
        "exten => 9,1,Goto(s,1)\n"
        "[sub-<name>]\nexten => 1,1,NoOp(a subroutine)\n same => n,Return()",
        queue=QUEUE_AGENT1,
        phones=(agent("agent1", "201", answers_after(1500)),),
        callers=(
            Caller(
                number="01012345678",
                does=lambda script: (
                    script.calls(LINE).talks(1000).presses("9").talks(1500).presses("2").talks(3000).hangs_up()
                ),
            ),
        ),
    ),
    Scenario(
        name="menu_read",
        what="Read() takes the caller's 2, the dialplan goes on there, and the queue itself has the call recorded.",
        incoming=incoming("Answer()", "Read(CHOICE,demo-congrats,1)", "Goto(read-<name>,${CHOICE},1)"),
        contexts="[read-<name>]\nexten => 2,1,Queue(<queue>,t)\n same => n,Hangup()",
        queue=RECORDED + QUEUE_AGENT1,
        phones=(agent("agent1", "201", answers_after(1500)),),
        callers=(
            Caller(
                number="01012345678",
                does=lambda script: script.calls(LINE).talks(1500).presses("2").talks(3000).hangs_up(),
            ),
        ),
    ),
    Scenario(
        name="menu_told",
        what="The dialplan reads an 8 in its own way and reports it as a choice of 2, then dials a phone.",
        incoming=incoming(
            "Answer()",
            "Read(CHOICE,demo-congrats,1)",
            "UserEvent(MenuChoice,Menu: told-<name>,Choice: $[${CHOICE} - 6])",
            "Dial(<agent1>,30,tT)",
        ),
        phones=(agent("agent1", "201", answers_after(1500)),),
        callers=(
            Caller(
                number="0212345678",
                does=lambda script: script.calls(LINE).talks(1500).presses("8").talks(3000).hangs_up(),
            ),
        ),
    ),
)

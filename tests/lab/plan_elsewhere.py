"""Scenarios in which a call goes elsewhere: conferences, parking, pickups, forwards, mobiles, and calls out."""

from __future__ import annotations

from .plan_answers import agent, answers_after, calls_and_talks, incoming, rings_on
from .plan_transfers import TO_AGENT1, refers_to, transfer
from .scenario import Caller, Phone, Scenario

ELSEWHERE = (
    transfer(
        "conference",
        "Agent1 sends the caller by REFER to 800, a conference in which agent2 waits already.",
        refers_to("800"),
        others=(
            Phone(
                name="agent2",
                number="202",
                person="Lee Jiho",
                places_call=True,
                does=lambda script: script.waits(500).calls("800").speaks().talks(9000).hangs_up(),
            ),
        ),
        inside="exten => 800,1,Answer()\n same => n,ConfBridge(<name>)\n same => n,Hangup()\n",
        caller=calls_and_talks(6000),
    ),
    transfer(
        "parking",
        "Agent1 parks the caller by REFER to 700; agent2 takes the call back from 701 about 3 s later.",
        refers_to("700"),
        others=(
            Phone(
                name="agent2",
                number="202",
                person="Lee Jiho",
                places_call=True,
                does=lambda script: script.waits(7000).calls("701").speaks().talks(2000).hangs_up(),
            ),
        ),
        inside="include => parkedcalls\n",
    ),
    Scenario(
        name="pickup",
        what="Agent1's phone rings 4.4 s; agent2 takes the call by dialling *8.",
        incoming=TO_AGENT1,
        phones=(
            agent("agent1", "201", rings_on),
            Phone(
                name="agent2",
                number="202",
                person="Lee Jiho",
                places_call=True,
                does=lambda script: script.waits(4400).calls("*8").speaks().talks(2000).hangs_up(),
            ),
        ),
        callers=(Caller(number="0212345678", does=calls_and_talks()),),
    ),
    Scenario(
        name="pickup_queue",
        what="A queue rings agent1 7.5 s; agent2 takes the call through the dialplan's Pickup of that phone.",
        incoming=incoming("Queue(<queue>,tr)"),
        queue="strategy=ringall\ntimeout=60\nretry=1\nringinuse=no\njoinempty=yes\nmember => <agent1>,0,Kim Minji",
        inside="exten => *7201,1,PickupChan(<agent1>)\n same => n,Hangup()\n",
        phones=(
            agent("agent1", "201", rings_on),
            Phone(
                name="agent2",
                number="202",
                person="Lee Jiho",
                places_call=True,
                does=lambda script: script.waits(7500).calls("*7201").speaks().talks(2000).hangs_up(),
            ),
        ),
        callers=(Caller(number="01012345678", does=calls_and_talks()),),
    ),
    Scenario(
        name="forward_302",
        what="Agent1's phone sends the call on to 202 by itself (302); 202 is answered after 4.4 s.",
        incoming=TO_AGENT1,
        phones=(
            agent("agent1", "201", lambda script: script.awaits_call().redirects("202")),
            agent("agent2", "202", answers_after(4400), "Lee Jiho"),
        ),
        callers=(Caller(number="0212345678", does=calls_and_talks(2000)),),
    ),
    Scenario(
        name="forward_302_queue",
        what="A queue's phone rings 2 s, then sends the call on to 202 by itself (302); 202 is answered after 2.5 s.",
        incoming=incoming("Queue(<queue>,tr)"),
        queue="strategy=ringall\ntimeout=60\nretry=1\nringinuse=no\njoinempty=yes\nmember => <agent1>,0,Kim Minji",
        phones=(
            agent("agent1", "201", lambda script: script.awaits_call().rings(2000).redirects("202")),
            agent("agent2", "202", answers_after(2500), "Lee Jiho"),
        ),
        callers=(Caller(number="01012345678", does=calls_and_talks(2000)),),
    ),
    Scenario(
        name="follow_me",
        what="FollowMe calls a mobile through the carrier, which rings 2.5 s, is picked up and presses 1 to accept 2 s "
        "later.",
        incoming=incoming("FollowMe(<name>)"),
        inside="exten => _9X.,1,Dial(PJSIP/${EXTEN:1}@<endpoint:mobile>,30)\n same => n,Hangup()\n",
        phones=(
            Phone(
                name="mobile",
                number="01055554444",
                person="Kim Minji mobile",
                outside=True,
                does=lambda script: script.awaits_call().rings(2500).answers().talks(2000).presses("1").talks(),
            ),
        ),
        files={"followme.conf": "\n[<name>]\ncontext=<inside>\nnumber=901055554444,20\n"},
        callers=(Caller(number="0212345678", does=calls_and_talks(12000)),),
    ),
    Scenario(
        name="confirmed_mobile",
        what="A mobile rings 2.5 s and is picked up, and is asked to press 1; 2 s later it does, and only then are "
        "the two joined.",
        incoming=incoming("Dial(PJSIP/01055554444@<endpoint:mobile>,30,U(confirm-<name>))"),
        contexts=(
            "[confirm-<name>]\nexten => s,1,Read(KEY,demo-congrats,1)\n"
            ' same => n,ExecIf($["${KEY}" != "1"]?Set(GOSUB_RESULT=CONTINUE))\n same => n,Return()\n'
        ),
        phones=(
            Phone(
                name="mobile",
                number="01055554444",
                person="Kim Minji mobile",
                outside=True,
                does=lambda script: script.awaits_call().rings(2500).answers().talks(2000).presses("1").talks(),
            ),
        ),
        callers=(Caller(number="0212345678", does=calls_and_talks(7000)),),
    ),
    Scenario(
        name="refused_mobile",
        what="The same, but the person presses 2: picked up, never joined; then agent2 is rung and answers.",
        incoming=incoming("Dial(PJSIP/01055554444@<endpoint:mobile>,30,U(confirm-<name>))", "Dial(<agent2>,30,tT)"),
        contexts=(
            "[confirm-<name>]\nexten => s,1,Read(KEY,demo-congrats,1)\n"
            ' same => n,ExecIf($["${KEY}" != "1"]?Set(GOSUB_RESULT=CONTINUE))\n same => n,Return()\n'
        ),
        phones=(
            Phone(
                name="mobile",
                number="01055554444",
                person="Kim Minji mobile",
                outside=True,
                does=lambda script: script.awaits_call().rings(2500).answers().talks(2000).presses("2").talks(),
            ),
            agent("agent2", "202", answers_after(1500, 2000), "Lee Jiho"),
        ),
        callers=(Caller(number="0212345678", does=calls_and_talks()),),
    ),
    Scenario(
        name="called_out",
        what="Agent1 calls an outside number; no call to the line at all.",
        incoming=incoming("Hangup()"),
        inside="exten => _9X.,1,Dial(PJSIP/${EXTEN:1}@<endpoint:carrier>,30)\n same => n,Hangup()\n",
        phones=(
            Phone(name="carrier", number="0212345678", does=answers_after(2500), person="Carrier", outside=True),
            Phone(
                name="agent1",
                number="201",
                person="Kim Minji",
                places_call=True,
                does=lambda script: script.calls("90212345678").talks(2000).hangs_up(),
            ),
        ),
    ),
)

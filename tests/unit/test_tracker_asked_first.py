"""Callers who are asked before they are passed on: what the dialplan does meanwhile, as a real Asterisk tells it.

Of the first step after a blind transfer Asterisk tells the new place with the application that still runs; so the lab
has it (`tests/lab/plan_consent.py`).
"""

from __future__ import annotations

from monitor.calls.facts import TransferResult

from .test_tracker_transfers import consents, only, passes_on
from .wire import Leg, Wire, read


def asked_in_queue(wire: Wire) -> tuple[Leg, Leg]:
    """A queue's agent1 answers at 2 and lets go at 10; from then on the caller is asked by a program."""
    caller = wire.enters()
    wire.joins(caller, "main")
    agent = wire.dials(caller, "PJSIP/agent1", queue="main")
    wire.rings(agent)
    wire.at(2).answers(caller, agent, queue="main")
    passes_on(wire.at(10), agent, caller, "202")
    wire.runs(caller, "Queue", "main,tr", exten="202", context="transfer")
    wire.at(10.1).runs(caller, "Set", "CALLMONITOR_CONSENT=", exten="202", context="transfer")
    wire.runs(caller, "AGI", "callmonitor-agi", exten="202", context="transfer")
    return caller, agent


def test_a_caller_who_hangs_up_while_asked_left() -> None:
    wire = Wire()
    caller, _ = asked_in_queue(wire)
    wire.at(13).ends(caller, by=caller)
    transfer = only(read(wire))
    assert (transfer.result, transfer.consent) == (TransferResult.CALLER_LEFT, None)


def test_a_target_that_nobody_answers_after_the_question_is_no_answer() -> None:
    """Who hangs up after that is told so by the centre: it gave up before."""
    wire = Wire()
    caller, _ = asked_in_queue(wire)
    consents(wire.at(14), caller, "yes")
    wire.runs(caller, "Dial", "PJSIP/agent2,30", exten="202", context="inside")
    target = wire.dials(caller, "PJSIP/agent2")
    wire.rings(target)
    wire.at(44).gives_up(caller, target)
    wire.runs(caller, "Playback", "sorry", exten="202", context="inside")
    wire.at(46).ends(caller, by=caller)
    transfer = only(read(wire))
    assert (transfer.result, transfer.consent) == (TransferResult.NO_ANSWER, True)


def test_a_first_step_that_dials_nobody_and_hangs_up_failed() -> None:
    """The transfer's only step was a Dial, told as the Dial before it; then the dialplan is at its end."""
    wire = Wire()
    caller = wire.enters()
    wire.runs(caller, "Dial", "PJSIP/agent1,30")
    agent = wire.dials(caller, "PJSIP/agent1")
    wire.rings(agent)
    wire.at(2).answers(caller, agent)
    passes_on(wire.at(10), agent, caller, "202")
    wire.runs(caller, "Dial", "PJSIP/agent1,30", exten="202", context="inside")
    wire.at(10.2).runs(caller, "Hangup", exten="202", context="inside")
    wire.ends(caller)
    assert only(read(wire)).result is TransferResult.FAILED


def test_a_caller_who_says_no_is_returned_and_no_targets_phone_rang() -> None:
    """Let go at 10; agent1's own phone rings again 14 to 18, which is nobody's target: 8 s to the answer, 0 rings."""
    wire = Wire()
    caller, _ = asked_in_queue(wire)
    consents(wire.at(14), caller, "no")
    wire.runs(caller, "Dial", "PJSIP/agent1,20,t", exten="202", context="transfer")
    again = wire.dials(caller, "PJSIP/agent1")
    wire.rings(again)
    wire.at(18).answers(caller, again)
    wire.at(25).ends(caller, again, by=caller)
    transfer = only(read(wire))
    assert (transfer.result, transfer.consent) == (TransferResult.RETURNED, False)
    assert (transfer.reconnect_us, transfer.reconnect_rings) == (8_000_000, 0)

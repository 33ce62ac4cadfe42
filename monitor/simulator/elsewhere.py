"""A call that another phone takes than the one that was rung: pickup (당겨받기), and a phone that forwards (302).

**Source:** Asterisk main/pickup.c, apps/app_directed_pickup.c, apps/app_dial.c (`do_forward`); the recordings pickup,
pickup_queue and forward_302 of the laboratory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import AttemptResult, TransferKind, TransferResult
from monitor.simulator.calls import CallInProgress, Flow, Leg
from monitor.simulator.exchange import DOWN, RING, RINGING, SECOND_US, UNKNOWN, UP, Channel
from monitor.simulator.people import IN_USE, RINGING_STATE
from monitor.simulator.plans import Answers, Forwards
from monitor.simulator.truth import TrueTransfer

if TYPE_CHECKING:
    from monitor.simulator.people import Queue

ANSWER_PAUSE_US = SECOND_US // 2
"""Asterisk waits so long for media after it has answered the phone that picks up."""


def pick_up(call: CallInProgress, caller: Channel, rung: Leg, queue: Queue | None) -> Flow[Leg]:
    """A colleague takes the call that rings at another's phone.

    Returns:
        The colleague's leg; the phone that rang has been let go of, and nobody is bridged yet.
    """
    thread, world = call.thread, call.world
    colleague = call.colleague
    assert colleague is not None  # noqa: S101 - held by whoever calls this
    colleague.engaged = True
    exten = "*8" if queue is None else f"*7{rung.phone.number}"
    name = world.exchange.phone_channel(colleague.endpoint)
    channel = thread.new_channel(name, RING, colleague.number, colleague.person, colleague.context, exten)
    if queue is not None:
        thread.new_exten(channel, "PickupChan", rung.phone.interface)
    thread.new_connected_line(channel, caller.caller_number, caller.caller_name)
    thread.new_state(channel, UP)
    call.status(colleague, IN_USE)
    until_us = thread.at_us + ANSWER_PAUSE_US
    yield until_us
    thread.wake(until_us)
    shown = channel.lines()
    channel.place(caller.exten)
    thread.new_exten(channel, "AppDial" if queue is None else "AppQueue", "(Outgoing Line)")
    thread.emit("Pickup", "call", shown + rung.channel.lines("Target"))
    thread.new_connected_line(caller, colleague.number, colleague.person)
    if queue is not None:
        thread.soft_hangup_request(rung.channel)
    call.let_go(rung, 16 if queue is None else 26)
    call.ends_ringing(rung, AttemptResult.ANSWERED_ELSEWHERE)
    call.truth.answered_by_pickup = True
    leg = Leg(colleague, channel, Answers(after_us=0), None, queue=queue)
    leg.stands_for = rung.phone
    leg.picked_up = True
    leg.ringing_since_us = rung.ringing_since_us
    if queue is None:
        channel.place("")
        thread.dial_end(caller, channel, "ANSWER")
        thread.new_state(caller, UP)
    return leg


def forward(call: CallInProgress, caller: Channel, leg: Leg) -> Flow[tuple[Leg, tuple[Channel, Channel]]]:  # noqa: PLR0915 - one step after the other, as Asterisk writes
    """A phone sends the call on by itself, and the phone it is sent to answers.

    Returns:
        The leg that answered, and the halves of the Local channel in between; nobody is bridged yet.
    """
    thread, world = call.thread, call.world
    assert isinstance(leg.reply, Forwards)  # noqa: S101 - held by whoever calls this
    exten, context = leg.reply.to, leg.channel.context
    target = world.by_number[exten]
    at_us = thread.hangup_request(leg.channel, 23, 302)
    name = world.exchange.local_channel(exten, context)
    one = thread.new_channel(f"{name};1", DOWN, UNKNOWN, UNKNOWN, context, exten, caller.linkedid)
    two = thread.new_channel(f"{name};2", RING, UNKNOWN, UNKNOWN, context, exten, caller.linkedid)
    thread.new_callerid(one, caller.exten, caller.exten)
    one.connect(caller.caller_number, caller.caller_name)
    thread.new_exten(one, "AppDial", "(Outgoing Line)")
    thread.new_connected_line(one)
    thread.new_callerid(two, caller.caller_number, caller.caller_name)
    thread.new_connected_line(two, caller.exten, caller.exten)
    thread.local_bridge(one, two, context, exten)
    data = f"{target.interface},30,tT"
    thread.new_exten(two, "Dial", data)
    thread.dial_end(caller, leg.channel, "CANCEL", forward=exten)
    call.ends_ringing(leg, AttemptResult.FORWARDED)
    thread.dial_begin(caller, one, f"{exten}@{context}")
    call.let_go(leg, 23, 302)
    transfer = TrueTransfer(kind=TransferKind.FORWARD, at_us=at_us, by=leg.phone.interface, to=exten, announced=False)
    call.truth.transfers.append(transfer)
    answering = call.new_leg(target, two, None)
    if not isinstance(answering.reply, Answers):
        answering.reply = Answers(after_us=5 * SECOND_US)
    call.note_attempt(answering)
    answering.channel.place(exten)
    answering.channel.connect(two.caller_number, two.caller_name)
    thread.new_exten(answering.channel, "AppDial", "(Outgoing Line)")
    thread.new_connected_line(answering.channel)
    thread.dial_begin(two, answering.channel, target.endpoint)
    thread.new_connected_line(two, target.number, target.person)
    thread.new_connected_line(caller, target.number, target.person)
    thread.pass_time(*world.network_us)
    yield thread.at_us
    thread.new_state(answering.channel, RINGING)
    call.begins_to_ring(answering)
    thread.new_state(one, RINGING)
    thread.new_callerid(one, target.number, target.person)
    thread.dial_state(two, answering.channel, "RINGING")
    thread.dial_state(caller, one, "RINGING")
    call.status(target, RINGING_STATE)
    yield from call.until_reply(answering)
    thread.new_state(answering.channel, UP)
    call.ends_ringing(answering, AttemptResult.ANSWERED)
    answering.channel.place("")
    thread.dial_end(two, answering.channel, "ANSWER")
    call.in_use(answering)
    thread.new_state(two, UP)
    transfer.result = TransferResult.COMPLETED
    return answering, (one, two)
